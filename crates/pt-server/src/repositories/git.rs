//! The `git` command.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Pid;

/// A bare copy of a repository.
#[derive(Debug)]
pub(super) struct Git {
    pub(super) dir: PathBuf,
}

/// How long one command may take. A slow line and a large repository take minutes.
const LONGEST: Duration = Duration::from_secs(300);

/// How often is looked whether a command is over.
const LOOK: Duration = Duration::from_millis(5);

impl Git {
    /// Fetches a branch, tag or commit; gives the commit it is.
    pub(super) fn fetch(&self, url: &str, revision: &str) -> Result<String, String> {
        self.create()?;
        if is_commit(revision) && self.has(revision) {
            return Ok(revision.to_owned());
        }
        let commit = match self.fetch_only(url, revision) {
            Ok(()) => self.commit_of("FETCH_HEAD")?,
            Err(error) if may_be_short(revision) => {
                // Servers give commits by their full names only; with everything here, Git finds the short one.
                self.fetch_all(url).map_err(|_| error.clone())?;
                self.commit_of(revision).map_err(|_| error)?
            }
            Err(error) => return Err(error),
        };
        self.run(["update-ref", &remembered(revision), &commit])?;
        Ok(commit)
    }

    /// Fetches this very commit.
    pub(super) fn fetch_commit(&self, url: &str, commit: &str) -> Result<(), String> {
        self.create()?;
        if let Err(error) = self.fetch_only(url, commit) {
            self.fetch_all(url).map_err(|_| error.clone())?;
            self.commit_of(commit).map_err(|_| error)?;
        }
        self.run(["update-ref", &remembered(commit), commit]).map(drop)
    }

    /// The commit that a revision was when it was last fetched.
    pub(super) fn remembered(&self, revision: &str) -> Option<String> {
        self.commit_of(&remembered(revision)).ok()
    }

    /// Whether a commit is here.
    pub(super) fn has(&self, commit: &str) -> bool {
        self.dir.is_dir() && self.commit_of(commit).is_ok()
    }

    /// Writes the files of a commit into an empty directory.
    pub(super) fn write_files(&self, commit: &str, dir: &Path) -> Result<(), String> {
        let index = dir.with_extension("index");
        let mut command = self.command();
        command.env("GIT_INDEX_FILE", &index).arg("--work-tree").arg(dir);
        command.args(["checkout", "--quiet", "--force", commit, "--", "."]);
        let done = run(command);
        // Without an index there is nothing to remove.
        _ = std::fs::remove_file(&index);
        done.map(drop)
    }

    fn create(&self) -> Result<(), String> {
        if self.dir.join("HEAD").is_file() {
            return Ok(());
        }
        let mut command = plain();
        command.args(["init", "--quiet", "--bare", "--template="]).arg(&self.dir);
        run(command).map(drop)
    }

    fn fetch_only(&self, url: &str, revision: &str) -> Result<(), String> {
        self.run(["fetch", "--quiet", "--no-tags", "--depth=1", "--", url, revision]).map(drop)
    }

    fn fetch_all(&self, url: &str) -> Result<(), String> {
        let (heads, tags) = ("+refs/heads/*:refs/remotes/all/*", "+refs/tags/*:refs/tags/*");
        let shallow = self.dir.join("shallow").is_file();
        let depth: &[&str] = if shallow { &["--unshallow"] } else { &[] };
        self.run(["fetch", "--quiet"].iter().chain(depth).chain(&["--", url, heads, tags])).map(drop)
    }

    fn commit_of(&self, revision: &str) -> Result<String, String> {
        let name = format!("{revision}^{{commit}}");
        let commit = self.run(["rev-parse", "--quiet", "--verify", "--end-of-options", &name])?;
        Ok(commit.trim().to_owned())
    }

    fn run(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<String, String> {
        let mut command = self.command();
        command.args(args);
        run(command)
    }

    fn command(&self) -> Command {
        let mut command = plain();
        command.arg("--git-dir").arg(&self.dir);
        command
    }
}

/// The commit of a work tree, with `+` behind it if files differ from it.
pub(crate) fn revision_of_work_tree(dir: &Path) -> Option<String> {
    let ask = |args: &[&str]| {
        let mut command = plain();
        command.args(["--no-optional-locks", "-C"]).arg(dir).args(args);
        run(command).ok()
    };
    let commit = ask(&["rev-parse", "--verify", "HEAD"])?;
    let changed = !ask(&["status", "--porcelain"])?.is_empty();
    Some(format!("{}{}", commit.trim(), if changed { "+" } else { "" }))
}

/// Git without whatever a surrounding Git has set, and without questions: nobody may be there to answer.
fn plain() -> Command {
    let mut command = Command::new("git");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"] {
        command.env_remove(name);
    }
    command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    command.args(["-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", "-c", "gc.auto=0"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a command says, or why it failed.
fn run(command: Command) -> Result<String, String> {
    run_within(command, LONGEST)
}

fn run_within(mut command: Command, longest: Duration) -> Result<String, String> {
    let mut child = command.spawn().map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            "the command `git` is not installed".to_owned()
        } else {
            format!("git did not start: {error}")
        }
    })?;
    let out = read(child.stdout.take());
    let err = read(child.stderr.take());
    let start = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|error| format!("git was lost: {error}"))? {
            Some(status) => break status,
            None if start.elapsed() > longest => {
                kill_with_its_own(&mut child);
                return Err(format!("git did not end within {} seconds", longest.as_secs()));
            }
            None => thread::sleep(LOOK),
        }
    };
    let said = |thread: thread::JoinHandle<String>| thread.join().unwrap_or_default();
    let (out, err) = (said(out), said(err));
    if status.success() {
        return Ok(out);
    }
    let line =
        err.lines().map(str::trim).find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    let line = line.or_else(|| err.lines().next_back()).unwrap_or("git failed and did not say why");
    if line.contains("could not read Username") {
        // What GitHub says of a repository that does not exist.
        return Err("there is no such repository, or only those see it who log in".to_owned());
    }
    Err(line.trim_start_matches("fatal: ").trim_start_matches("error: ").to_owned())
}

/// Kills Git and what it has started: the transfer is a process of its own, which outlives it. They are no process group,
/// for then Ctrl-C would not reach them, nor could ssh ask for a passphrase.
fn kill_with_its_own(child: &mut Child) {
    let own = descendants(child.id());
    // Any of them may have ended just now; then there is nothing to kill.
    _ = child.kill();
    _ = child.wait();
    for pid in own {
        _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

/// The processes that a process has started, and those that they have. Where there is no `ps`, none is known.
fn descendants(of: u32) -> Vec<Pid> {
    let listed = Command::new("ps").args(["-A", "-o", "pid=", "-o", "ppid="]).stderr(Stdio::null()).output();
    let text = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let pairs: Vec<(u32, u32)> = text
        .lines()
        .filter_map(|line| {
            let (pid, parent) = line.trim().split_once(' ')?;
            Some((pid.parse().ok()?, parent.trim().parse().ok()?))
        })
        .collect();
    let mut family = vec![of];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(pairs.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    family.into_iter().skip(1).filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).collect()
}

fn read(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before a pipe broke is what there is to tell.
            _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The reference under which the commit of a revision is remembered.
fn remembered(revision: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
        _ => format!("_{byte:02x}"),
    };
    revision.bytes().fold(String::from("refs/polytope/"), |name, byte| name + &escaped(byte))
}

fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && may_be_short(revision)
}

fn may_be_short(revision: &str) -> bool {
    (4..=40).contains(&revision.len()) && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_has_started_ends_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        let mut command = Command::new("sh");
        // The last command is there so that no shell is replaced by the one before.
        command.args(["-c", "sh -c 'echo $$ > \"$0\"; sleep 1000; true' \"$0\"; true"]).arg(&file);
        let error = run_within(command, Duration::from_secs(2)).unwrap_err();
        assert_eq!(error, "git did not end within 2 seconds");

        let pid = std::fs::read_to_string(file).unwrap();
        let state = || {
            let output = Command::new("ps").args(["-o", "stat=", "-p", pid.trim()]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let gone = || state().trim().is_empty() || state().starts_with('Z');
        let start = Instant::now();
        while !gone() && start.elapsed() < Duration::from_secs(30) {
            thread::sleep(LOOK);
        }
        assert!(gone(), "{}", state());
    }
}
