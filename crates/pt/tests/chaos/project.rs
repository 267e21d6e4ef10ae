//! The project whose jobs are run, and what of it lies in the engine.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use pt_model::JobId;
use pt_store::{JobKey, Store};
use tempfile::TempDir;

use crate::kinds::FILE;

/// A directory with a polytope file, and state of its own.
pub(crate) struct Project {
    home: TempDir,
}

impl Project {
    pub(crate) fn new() -> Self {
        let home = tempfile::Builder::new().prefix("chaos-").tempdir().unwrap();
        let project = home.path().join("project");
        fs::create_dir_all(project.join(".git")).unwrap();
        fs::create_dir_all(project.join("runs")).unwrap();
        fs::write(project.join("polytope.yml"), FILE).unwrap();
        Self { home }
    }

    fn dir(&self) -> PathBuf {
        self.home.path().join("project")
    }

    /// A command of ours, which says nothing.
    pub(crate) fn pt(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_polytope"));
        command.args(args).current_dir(self.dir());
        command.env("HOME", self.home.path()).env("POLYTOPE_STATE_DIR", self.home.path().join("state"));
        command.env_remove("POLYTOPE_BACKEND");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.home.path().join("state")).unwrap()
    }

    pub(crate) fn key(&self, store: &Store, job: &str) -> JobKey {
        let instance = store.instance(&self.dir(), Timestamp::now()).unwrap();
        JobKey::new(instance.id, JobId::from(job))
    }

    /// How often something was run that leaves a line under this name.
    pub(crate) fn runs(&self, name: &str) -> usize {
        fs::read_to_string(self.dir().join("runs").join(name)).map_or(0, |text| text.lines().count())
    }

    /// The ids of the containers of a job that there are, each as often as there are.
    pub(crate) fn hosts(&self, job: &str) -> Vec<String> {
        let format = "{{.Label \"dev.polytope.container\"}}";
        let filter = format!("label=dev.polytope.job={job}");
        self.list(&["ps", "--all", "--no-trunc", "--format", format, "--filter", &filter])
    }

    /// What there is of this project in the engine.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        self.made().into_iter().map(|(_, name)| name).collect()
    }

    fn made(&self) -> Vec<(&'static str, String)> {
        let mut made = Vec::new();
        for (kind, list, name) in [
            ("container", &["ps", "--all"][..], "{{.Names}}"),
            ("network", &["network", "ls"], "{{.Name}}"),
            ("volume", &["volume", "ls"], "{{.Name}}"),
        ] {
            let found = self.list(&[list, &["--format", name]].concat());
            made.extend(found.into_iter().map(|name| (kind, name)));
        }
        made
    }

    fn list(&self, args: &[&str]) -> Vec<String> {
        let filter = format!("label=dev.polytope.project={}", self.dir().canonicalize().unwrap().display());
        let output = Command::new("docker").args(args).args(["--filter", &filter]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// After a failure: nothing of it stays in the engine.
    pub(crate) fn clear(&self) {
        for (kind, name) in self.made() {
            let remove: &[&str] = if kind == "container" { &["rm", "--force"] } else { &["rm"] };
            drop(Command::new("docker").arg(kind).args(remove).arg(name).output());
        }
    }
}
