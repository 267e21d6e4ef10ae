//! Other repositories, fetched with Git and kept.
//!
//! The `git` command does the fetching, so that keys, credentials and proxies work as people have set them up. Below the
//! state directory every repository has a bare copy and a directory of files for each commit that was used. Which commit
//! a project uses is pinned in `polytope.lock` beside its root file: what is pinned and was fetched once needs no network.

mod git;
mod lock;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use pt_spec::{Checkout, RepoRequest, RepositoryError, World};

use crate::disk::Disk;
use git::Git;
pub(crate) use git::revision_of_work_tree;
use lock::Lock;

/// The name of the file that pins commits.
pub const LOCK_FILE: &str = "polytope.lock";

/// The world of a project: the file system, and the repositories it refers to.
#[derive(Debug)]
pub struct Repositories {
    /// Where copies are kept.
    dir: PathBuf,
    /// Without, nothing is pinned.
    lock_file: Option<PathBuf>,
    /// Whether pinned commits are asked for anew.
    update: bool,
    /// Whether commits are pinned that were not.
    pin: bool,
    /// Whether only what was fetched before is used.
    fetched_only: bool,
    /// What was asked for before: one load may mention a repository often.
    known: RefCell<HashMap<RepoRequest, Result<Checkout, RepositoryError>>>,
}

/// A commit, and how it was come by.
struct Found {
    commit: String,
    /// Whether where the repository is said that this is the revision's commit.
    is_fresh: bool,
    warning: Option<String>,
}

impl Repositories {
    /// The world of the project whose root file is in `root`.
    pub fn new(state_dir: &Path, root: &Path) -> Self {
        Self {
            dir: state_dir.join("repositories"),
            lock_file: Some(root.join(LOCK_FILE)),
            update: false,
            pin: true,
            fetched_only: false,
            known: RefCell::default(),
        }
    }

    /// Repositories as they are now, whatever a project has pinned.
    pub fn without_lock(state_dir: &Path) -> Self {
        Self { lock_file: None, ..Self::new(state_dir, Path::new("")) }
    }

    /// Takes the newest commits instead of the pinned ones, and pins those.
    #[must_use]
    pub fn updating(self) -> Self {
        Self { update: true, ..self }
    }

    /// Pins nothing: what somebody merely tries is not what the project uses.
    #[must_use]
    pub fn unpinned(self) -> Self {
        Self { pin: false, ..self }
    }

    /// Fetches nothing: what a project pins and was fetched before is all there is.
    #[must_use]
    pub fn fetched_only(self) -> Self {
        Self { fetched_only: true, ..self }
    }

    /// The files of a revision of a repository on this machine. Nothing is pinned: the repository is the project's own.
    pub(crate) fn revision_of(&self, root: &Path, revision: &str) -> Result<PathBuf, String> {
        let url = format!("file://{}", root.display());
        let home = self.dir.join(file_name(&url));
        let git = Git { dir: home.join("git") };
        let commit =
            git.fetch(&url, revision).map_err(|error| format!("{revision} is not to be had: {error}"))?;
        let dir = home.join(&commit);
        if !dir.is_dir() {
            files_of(&git, &commit, &home, &dir)?;
        }
        Ok(dir)
    }

    fn checkout(&self, request: &RepoRequest) -> Result<Checkout, String> {
        let home = self.dir.join(file_name(&request.url));
        let git = Git { dir: home.join("git") };
        let lock = self.lock_file.as_deref().map_or_else(|| Ok(Lock::default()), Lock::read)?;
        let pinned = lock.commit(request).filter(|_| !self.update).map(str::to_owned);
        let is_here = |commit: &String| home.join(commit).is_dir();
        if self.fetched_only && !pinned.as_ref().is_some_and(is_here) {
            return Err("it was not fetched yet; `pt check` fetches it".to_owned());
        }
        let mut found = match pinned {
            Some(commit) => pinned_commit(&git, &home, &request.url, commit)?,
            None => newest_commit(&git, request)?,
        };
        let dir = home.join(&found.commit);
        if !dir.is_dir() {
            files_of(&git, &found.commit, &home, &dir)?;
        }
        if found.is_fresh
            && self.pin
            && let Some(lock_file) = &self.lock_file
            && let Err(error) = lock.with(request, &found.commit).write(lock_file)
        {
            let message = format!("Cannot write {}: {error}", lock_file.display());
            found.warning = found.warning.or(Some(message));
        }
        Ok(Checkout { dir, warning: found.warning })
    }
}

impl World for Repositories {
    fn read(&self, path: &Path) -> io::Result<String> {
        Disk.read(path)
    }

    fn exists(&self, path: &Path) -> bool {
        Disk.exists(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        Disk.is_dir(path)
    }

    fn repository(&self, request: &RepoRequest) -> Result<Checkout, RepositoryError> {
        if let Some(known) = self.known.borrow().get(request) {
            return known.clone();
        }
        let found = self.checkout(request).map_err(|message| RepositoryError {
            message: format!("{} is not to be had: {message}", without_password(&request.url)),
        });
        self.known.borrow_mut().insert(request.clone(), found.clone());
        found
    }
}

/// The commit that the project has pinned.
fn pinned_commit(git: &Git, home: &Path, url: &str, commit: String) -> Result<Found, String> {
    if !home.join(&commit).is_dir() && !git.has(&commit) {
        git.fetch_commit(url, &commit).map_err(|error| format!("{error} ({LOCK_FILE} wants {commit})"))?;
    }
    Ok(Found { commit, is_fresh: false, warning: None })
}

/// The commit that a revision is now; if nobody answers, what it was when somebody did.
fn newest_commit(git: &Git, request: &RepoRequest) -> Result<Found, String> {
    let revision = request.revision.as_deref().unwrap_or("HEAD");
    let error = match git.fetch(&request.url, revision) {
        Ok(commit) => return Ok(Found { commit, is_fresh: true, warning: None }),
        Err(error) => error,
    };
    let commit = git.remembered(revision).ok_or_else(|| error.clone())?;
    let url = without_password(&request.url);
    let short = commit.get(..SHORT).unwrap_or(&commit);
    let warning = Some(format!("{url} cannot be reached, an older copy of it is used ({short}): {error}"));
    Ok(Found { commit, is_fresh: false, warning })
}

/// How much of a commit people are shown.
const SHORT: usize = 8;

/// Writes the files of a commit. They appear at once or not at all, whoever else does the same.
fn files_of(git: &Git, commit: &str, home: &Path, dir: &Path) -> Result<(), String> {
    let scratch = home.join(format!("{commit}.{}", process::id()));
    let written = fs::create_dir_all(&scratch)
        .map_err(|error| format!("cannot create {}: {error}", scratch.display()))
        .and_then(|()| git.write_files(commit, &scratch));
    let moved = written.and_then(|()| {
        match fs::rename(&scratch, dir) {
            Err(_) if dir.is_dir() => fs::remove_dir_all(&scratch),
            moved => moved,
        }
        .map_err(|error| format!("cannot create {}: {error}", dir.display()))
    });
    if moved.is_err() {
        // What is left over is in nobody's way; that it could not be removed either is not the news.
        _ = fs::remove_dir_all(&scratch);
    }
    moved
}

/// The URL as the name of one file; different URLs give different names.
fn file_name(url: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02x}"),
    };
    url.bytes().map(escaped).collect()
}

/// The URL as it may be shown.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let Some((_, host)) = host.rsplit_once('@') else { return url.to_owned() };
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}
