//! Runs the cases in `cases/`: each is a directory with a polytope file and a `transcript` of what a user types and sees.
//!
//! A transcript has lines `$ command`, each followed by what it prints (stdout and stderr as a terminal shows them) and,
//! if it fails, `[exit N]`. Commands run in a copy of the directory, in `sh`, one after another, with `pt` on the path and
//! a state of their own. What varies is named by the harness: `[time]`, `[dir]`, `[id]`. `UPDATE=1` writes the transcripts
//! anew; read the difference before you commit it.
//!
//! Cases under `cases/docker` run on a Docker engine and are checked to leave nothing there; all others run on the
//! simulated backend.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases");
    let mut found = Vec::new();
    find(&root, &mut found);
    found.sort();
    assert!(!found.is_empty(), "no cases under {}", root.display());
    let engine = engine_answers();
    let trials = found
        .into_iter()
        .map(|dir| {
            let name = dir.strip_prefix(&root).expect("found below it").display().to_string();
            let docker = name.starts_with("docker/");
            let ignored = docker && !engine && std::env::var_os("POLYTOPE_TEST_DOCKER").is_none();
            let name = if ignored { format!("{name} (no Docker engine answers)") } else { name };
            Trial::test(name, move || run(&dir, docker)).with_ignored_flag(ignored)
        })
        .collect();
    libtest_mimic::run(&args, trials).exit_code()
}

fn engine_answers() -> bool {
    Command::new("docker").arg("version").output().is_ok_and(|output| output.status.success())
}

fn find(dir: &Path, found: &mut Vec<PathBuf>) {
    if dir.join("transcript").exists() {
        found.push(dir.to_owned());
        return;
    }
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            find(&entry.path(), found);
        }
    }
}

fn run(dir: &Path, docker: bool) -> Result<(), Failed> {
    let written = fs::read_to_string(dir.join("transcript"))?;
    let world = World::new(dir, docker)?;
    let mut seen = String::new();
    for line in written.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            seen.push_str(&format!("{line}\n{}", world.run(command)?));
        } else if line.starts_with('#') {
            seen.push_str(&format!("{line}\n"));
        }
    }
    world.leaves_nothing()?;
    if seen == written {
        return Ok(());
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(dir.join("transcript"), seen)?;
        return Ok(());
    }
    Err(difference(&written, &seen).into())
}

/// The machine as one case sees it.
struct World {
    temp: tempfile::TempDir,
    docker: bool,
}

impl World {
    fn new(case: &Path, docker: bool) -> Result<Self, Failed> {
        let temp = tempfile::Builder::new().prefix("case-").tempdir()?;
        copy(case, &temp.path().join("project"))?;
        fs::create_dir(temp.path().join("bin"))?;
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_polytope"), temp.path().join("bin/pt"))?;
        Ok(Self { temp, docker })
    }

    fn command(&self, program: &str) -> Command {
        let dir = self.temp.path();
        let path = format!("{}:{}", dir.join("bin").display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new(program);
        command.current_dir(dir.join("project")).env("PATH", path).env("HOME", dir);
        command.env("POLYTOPE_STATE_DIR", dir.join("state")).env_remove("XDG_DATA_HOME");
        if !self.docker {
            command.env("POLYTOPE_BACKEND", "sim");
        }
        command
    }

    fn run(&self, line: &str) -> Result<String, Failed> {
        let output = self.command("sh").args(["-c", &format!("exec 2>&1\n{line}")]).output()?;
        let mut text = self.name_what_varies(&String::from_utf8_lossy(&output.stdout));
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str("[no newline]\n");
        }
        match output.status.code() {
            Some(0) => {}
            Some(code) => text.push_str(&format!("[exit {code}]\n")),
            None => text.push_str("[killed]\n"),
        }
        Ok(text)
    }

    fn name_what_varies(&self, text: &str) -> String {
        let dir = self.temp.path().canonicalize().unwrap_or_else(|_| self.temp.path().to_owned());
        let text = text.replace(&dir.join("project").display().to_string(), "[dir]");
        let text = text.replace(&dir.display().to_string(), "[home]");
        let took = regex::Regex::new(r"after \d+\.\d s").expect("valid");
        let text = took.replace_all(&text, "after [time]");
        let since = regex::Regex::new(r"(running|stopping) \d+ s\b").expect("valid");
        let text = since.replace_all(&text, "$1 [time]");
        let id = regex::Regex::new(r"project-[0-9a-f]{6}-").expect("valid");
        id.replace_all(&text, "project-[id]-").into_owned()
    }

    /// No job of the case has left anything in the engine; volumes that outlive jobs are removed here.
    fn leaves_nothing(&self) -> Result<(), Failed> {
        if !self.docker {
            return Ok(());
        }
        let root = self.temp.path().canonicalize()?.join("project");
        let filter = format!("label=dev.polytope.project={}", root.display());
        let list = |args: &[&str]| -> Result<Vec<String>, Failed> {
            let output = Command::new("docker").args(args).args(["--filter", &filter]).output()?;
            Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
        };
        let containers = list(&["ps", "-aq"])?;
        let networks = list(&["network", "ls", "-q"])?;
        let volumes = list(&["volume", "ls", "-q"])?;
        for (kind, names) in [("container", &containers), ("network", &networks), ("volume", &volumes)] {
            if !names.is_empty() {
                let force: &[&str] = if kind == "container" { &["rm", "-f"] } else { &["rm"] };
                Command::new("docker").arg(kind).args(force).args(names).output()?;
            }
        }
        if containers.is_empty() && networks.is_empty() {
            Ok(())
        } else {
            Err(format!("left behind: containers {containers:?}, networks {networks:?}").into())
        }
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_name() == "transcript" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The lines that differ, `-` as written and `+` as seen, with the unchanged ones between them.
fn difference(written: &str, seen: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (written.lines().collect(), seen.lines().collect());
    let same_before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same_before;
    let same_after = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let mut text = String::from("the transcript differs (UPDATE=1 writes it anew):\n");
    let mut push =
        |mark: &str, lines: &[&str]| lines.iter().for_each(|line| text.push_str(&format!("{mark}{line}\n")));
    push("  ", &old[same_before.saturating_sub(3)..same_before]);
    push("- ", &old[same_before..old.len() - same_after]);
    push("+ ", &new[same_before..new.len() - same_after]);
    text
}
