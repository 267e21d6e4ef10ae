//! The machine as one case sees it.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::vary::Names;
use crate::{Result, docker};

/// What transcripts may use beside `pt`.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cases/bin");

/// How long one command of a case may take.
const SIM_LIMIT: Duration = Duration::from_secs(60);
/// An engine that many cases share is slow at times.
const DOCKER_LIMIT: Duration = Duration::from_secs(240);

/// How long processes may take to be gone once the last command has ended.
const ENDING: Duration = Duration::from_secs(15);

/// How often something is looked at that has no other way to tell.
const PAUSE: Duration = Duration::from_millis(5);

/// A home directory with a copy of the case in `project`, where its commands run.
pub(crate) struct World {
    temp: TempDir,
    docker: bool,
    names: Names,
}

impl World {
    /// Copies the case.
    pub(crate) fn new(case: &Path, docker: bool) -> Result<Self> {
        let temp =
            tempfile::Builder::new().prefix("case-").tempdir_in(std::env::temp_dir().canonicalize()?)?;
        let home = temp.path();
        copy(case, &home.join("project"))?;
        // Looking for the polytope file ends here.
        fs::create_dir(home.join("project/.git"))?;
        fs::create_dir(home.join("bin"))?;
        symlink(env!("CARGO_BIN_EXE_polytope"), home.join("bin/pt"))?;
        let names = Names::new(home);
        Ok(Self { temp, docker, names })
    }

    /// Runs a command line and gives what it showed.
    pub(crate) fn run(&self, line: &str) -> Result<String> {
        let shown = self.temp.path().join("shown");
        let file = File::create(&shown)?;
        let limit = if self.docker { DOCKER_LIMIT } else { SIM_LIMIT };
        let mut shell = self.shell(line);
        shell.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let status = wait(&mut shell.spawn()?, limit)?;
        let mut text = self.names.apply(&String::from_utf8_lossy(&fs::read(&shown)?));
        let Some(status) = status else {
            return Err(
                format!("`{line}` took longer than {limit:?} and was killed; it showed:\n{text}").into()
            );
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push_str("[no newline]\n");
        }
        Ok(match status.code() {
            Some(0) => text,
            Some(code) => format!("{text}[exit {code}]\n"),
            None => format!("{text}[killed]\n"),
        })
    }

    fn shell(&self, line: &str) -> Command {
        let home = self.temp.path();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        // A group of its own, to be killed as one.
        shell.args(["-c", line]).current_dir(home.join("project")).process_group(0);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if ["POLYTOPE_", "XDG_", "CARGO", "GIT_"].iter().any(|prefix| name.starts_with(prefix)) {
                shell.env_remove(&*name);
            }
        }
        shell.env_remove("UPDATE").env_remove("NO_COLOR").env_remove("COLUMNS");
        let bin = home.join("bin");
        shell.env("PATH", format!("{}:{TOOLS}:{path}", bin.display())).env("HOME", home);
        // What script(1) runs its command with.
        shell.env("SHELL", "/bin/sh");
        if !self.docker {
            shell.env("POLYTOPE_BACKEND", "sim");
        }
        shell
    }

    /// Ends what is left of the case, and says what that was.
    pub(crate) fn leftovers(&self) -> Result<Option<String>> {
        let home = self.temp.path();
        let deadline = Instant::now() + ENDING;
        let mut left = processes_of(home);
        while !left.is_empty() && Instant::now() < deadline {
            sleep(PAUSE);
            left = processes_of(home);
        }
        for (pid, _) in &left {
            kill(pid)?;
        }
        let mut left: Vec<String> =
            left.into_iter().map(|(pid, command)| format!("process {pid}: {command}")).collect();
        if self.docker {
            left.extend(docker::clear(home)?);
        }
        Ok(if left.is_empty() { None } else { Some(left.join("\n")) })
    }
}

/// Waits for the end of a process and those it started; after `limit` they are killed and nothing is given.
fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            kill(&format!("-{}", child.id()))?;
            child.wait()?;
            return Ok(None);
        }
        sleep(PAUSE);
    }
}

/// Kills a process, or with a minus in front a group of them.
fn kill(pid: &str) -> Result<()> {
    // It may just have ended by itself.
    Command::new("sh").args(["-c", &format!("kill -KILL {pid} 2>/dev/null || true")]).status()?;
    Ok(())
}

/// Pid and command line of every process that was started in this home directory. Only Linux tells.
fn processes_of(home: &Path) -> Vec<(String, String)> {
    let variable = format!("HOME={}", home.display());
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let read = |name| fs::read(entry.path().join(name)).unwrap_or_default();
        if read("environ").split(|byte| *byte == 0).any(|item| item == variable.as_bytes()) {
            let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            found.push((entry.file_name().to_string_lossy().into_owned(), command));
        }
    }
    found
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else if entry.file_name() != "transcript" {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
