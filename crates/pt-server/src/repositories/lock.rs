//! Which commits of other repositories a project uses.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use pt_scaffold::replace;
use pt_spec::RepoRequest;

/// The pinned commits. In its file, every line is a URL, a revision (`HEAD` for the default branch) and a commit.
#[derive(Clone, Debug, Default)]
pub(super) struct Lock(BTreeMap<(String, String), String>);

const HEADER: &str = "\
# The commits of other repositories that this project uses: URL, revision, commit. Written by pt when it meets a new one.
# Keep this file under version control. Without a line, the newest commit is taken and pinned again.
";

impl Lock {
    /// Reads the file; without one, nothing is pinned.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
        };
        let mut lock = Self::default();
        for (at, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.rsplitn(3, ' ');
            match (words.next().filter(|commit| is_commit(commit)), words.next(), words.next()) {
                (Some(commit), Some(revision), Some(url)) => {
                    lock.0.insert((url.to_owned(), revision.to_owned()), commit.to_owned());
                }
                _ => {
                    let path = path.display();
                    return Err(format!("{path}:{}: must be a URL, a revision and a commit", at + 1));
                }
            }
        }
        Ok(lock)
    }

    /// The commit that is pinned for a revision.
    pub(super) fn commit(&self, request: &RepoRequest) -> Option<&str> {
        self.0.get(&key(request)).map(String::as_str)
    }

    /// With this commit pinned.
    pub(super) fn with(mut self, request: &RepoRequest, commit: &str) -> Self {
        self.0.insert(key(request), commit.to_owned());
        self
    }

    /// Writes the file, if that changes it.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = HEADER.to_owned();
        for ((url, revision), commit) in &self.0 {
            // Writing to a string cannot fail.
            _ = writeln!(text, "{url} {revision} {commit}");
        }
        if fs::read_to_string(path).is_ok_and(|written| written == text) {
            return Ok(());
        }
        replace(path, &text)
    }
}

fn key(request: &RepoRequest) -> (String, String) {
    (request.url.clone(), request.revision.clone().unwrap_or_else(|| "HEAD".to_owned()))
}

/// A commit is used as the name of a directory, so nothing else may stand there.
fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
