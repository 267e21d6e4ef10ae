//! The project whose jobs are run, and what of it lies in the engine.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pt_model::{Event, Job, JobId, LogLine};
use pt_store::{JobKey, LogFilter, Store};
use tempfile::TempDir;

use crate::kinds::FILE;
use crate::machine::Way;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A directory with a polytope file, and state of its own.
pub(crate) struct Project {
    home: TempDir,
    place: Place,
}

/// Where its jobs run.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// On this machine's engine.
    Here,
    /// In a simulated world.
    Nowhere,
    /// On the engine of a machine apart.
    Apart(Way),
    /// On this machine's engine, by somebody whose state is on the disk of a machine apart.
    OnDisk(Way),
}

/// What was said, by whom.
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

impl Project {
    pub(crate) fn new(place: Place) -> Self {
        let home = tempfile::Builder::new().prefix("chaos-").tempdir().unwrap();
        let project = home.path().join("project");
        fs::create_dir_all(project.join(".git")).unwrap();
        fs::create_dir_all(project.join("runs")).unwrap();
        fs::write(project.join("polytope.yml"), FILE).unwrap();
        Self { home, place }
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.home.path().join("project")
    }

    /// Its state, from outside.
    pub(crate) fn state(&self) -> PathBuf {
        match &self.place {
            Place::Here | Place::Nowhere | Place::Apart(_) => self.home.path().join("state"),
            Place::OnDisk(way) => way.disk_from_outside().join("state"),
        }
    }

    /// A command of ours, which shows nothing.
    pub(crate) fn pt(&self, args: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_polytope");
        let (mut command, state) = match &self.place {
            Place::Here | Place::Nowhere => (Command::new(program), self.state()),
            Place::Apart(way) => (way.command(program, &self.dir()), self.state()),
            Place::OnDisk(way) => (way.command(program, &self.dir()), way.disk().join("state")),
        };
        command.args(args).current_dir(self.dir());
        command.env("HOME", self.home.path()).env("POLYTOPE_STATE_DIR", state);
        match &self.place {
            Place::Here | Place::OnDisk(_) => command.env_remove("POLYTOPE_BACKEND"),
            Place::Nowhere => command.env("POLYTOPE_BACKEND", "sim"),
            Place::Apart(way) => command.env_remove("POLYTOPE_BACKEND").env("DOCKER_HOST", way.host()),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Has a command say what it has to say.
    pub(crate) fn say(&self, args: &[&str]) -> Said {
        Said::of(self.pt(args).stdout(Stdio::piped()).output().unwrap())
    }

    /// Runs a job.
    pub(crate) fn start(&self, target: &str, id: &str) -> Running {
        let said = self.home.path().join(format!("{id}.said"));
        let mut command = self.pt(&["run", target, "--job-id", id, "--non-interactive"]);
        Running { child: command.stderr(File::create(&said).unwrap()).spawn().unwrap(), said }
    }

    pub(crate) fn store(&self) -> Store {
        if let Place::OnDisk(_) = &self.place {
            // Seen from outside it has a name that SQLite does not know what to do with.
            let copy = self.home.path().join("state");
            drop(fs::remove_dir_all(&copy));
            let copied = Command::new("cp").arg("-r").arg(self.state()).arg(&copy).output().unwrap();
            assert!(copied.status.success() || !self.state().exists(), "{copied:?}");
            return Store::open(&copy).unwrap();
        }
        Store::open(&self.state()).unwrap()
    }

    pub(crate) fn key(&self, store: &Store, job: &str) -> JobKey {
        let instance = store.instance(&self.dir(), Timestamp::now()).unwrap();
        JobKey::new(instance.id, JobId::from(job))
    }

    /// What happened to a job so far; nothing if it is not there yet.
    pub(crate) fn events(&self, job: &str) -> Vec<Event> {
        let store = self.store();
        store.events(&self.key(&store, job), 0).unwrap_or_default()
    }

    pub(crate) fn lines(&self, job: &str) -> Vec<LogLine> {
        let store = self.store();
        store.read_logs(&self.key(&store, job), 0, LogFilter::default()).map(Result::unwrap).collect()
    }

    /// Waits until this is so of a job.
    pub(crate) fn wait_until(&self, job: &str, what: &str, is_so: impl Fn(&Job) -> bool) {
        let began = Instant::now();
        while !is_so(&Job::fold(&self.events(job))) {
            if began.elapsed() > PATIENCE {
                let said =
                    fs::read_to_string(self.home.path().join(format!("{job}.said"))).unwrap_or_default();
                panic!("{job}: {what} does not come about; it says {said}\n{:?}", self.events(job));
            }
            sleep(Duration::from_millis(10));
        }
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

    /// The engine's names of what there is of a job: containers, networks or volumes.
    pub(crate) fn names(&self, kind: &str, job: &str) -> Vec<String> {
        let filter = format!("label=dev.polytope.job={job}");
        let (all, name): (&[&str], _) = match kind {
            "container" => (&["--all"], "{{.Names}}"),
            _ => (&[], "{{.Name}}"),
        };
        self.list(&[&[kind, "ls", "--format", name, "--filter", &filter], all].concat())
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

    /// A command of the engine's.
    pub(crate) fn docker(&self, args: &[&str]) -> Said {
        let mut command = Command::new("docker");
        if let Place::Apart(way) = &self.place {
            command.env("DOCKER_HOST", way.host());
        }
        Said::of(command.args(args).output().unwrap())
    }

    fn list(&self, args: &[&str]) -> Vec<String> {
        let filter = format!("label=dev.polytope.project={}", self.dir().canonicalize().unwrap().display());
        let said = self.docker(&[args, &["--filter", &filter]].concat());
        said.out.lines().map(str::to_owned).collect()
    }

    /// After a failure: nothing of it stays in the engine.
    pub(crate) fn clear(&self) {
        for (kind, name) in self.made() {
            let remove: &[&str] = if kind == "container" { &["rm", "--force"] } else { &["rm"] };
            drop(self.docker(&[&[kind], remove, &[&name]].concat()));
        }
    }
}

/// A job that was started.
pub(crate) struct Running {
    child: Child,
    said: PathBuf,
}

impl Running {
    /// Waits for its end; gives what was said.
    pub(crate) fn said(mut self) -> String {
        let began = Instant::now();
        loop {
            let said = fs::read_to_string(&self.said).unwrap();
            if self.child.try_wait().unwrap().is_some() {
                return fs::read_to_string(&self.said).unwrap();
            }
            if began.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!("it does not end, and says {said}");
            }
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let is_engine_ours = matches!(self.place, Place::Here | Place::OnDisk(_));
        if std::thread::panicking() && is_engine_ours {
            self.clear();
        }
    }
}

impl Said {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self {
            out: text(&output.stdout),
            err: text(&output.stderr),
            code: output.status.code().unwrap_or(-1),
        }
    }
}
