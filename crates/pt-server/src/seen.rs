//! What was read of the files, so that nobody need read it again while it is the same.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use pt_spec::{Checkout, RepoRequest, RepositoryError, World};
use serde::{Deserialize, Serialize};

use crate::Disk;

/// What files said, and what there was.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Digests of the texts of files.
    texts: BTreeMap<PathBuf, String>,
    /// At which paths there was something, and whether a directory.
    places: BTreeMap<PathBuf, (bool, bool)>,
    /// Whether something was looked at that may change without a trace here.
    #[serde(skip)]
    is_open: bool,
}

impl Seen {
    /// Whether all of it can be looked at again.
    pub(crate) fn is_whole(&self) -> bool {
        !self.is_open
    }

    /// Whether the files say the same, and there is the same, as at that time.
    pub(crate) fn still_holds(&self) -> bool {
        let same_text = |(path, digest): (&PathBuf, &String)| {
            Disk.read(path).is_ok_and(|text| digest_of(&text) == *digest)
        };
        let same_place =
            |(path, was): (&PathBuf, &(bool, bool))| (Disk.exists(path), Disk.is_dir(path)) == *was;
        self.places.iter().all(same_place) && self.texts.iter().all(same_text)
    }
}

/// A world, and what was seen of it.
pub(crate) struct Watched<'s, W> {
    pub(crate) world: W,
    pub(crate) seen: &'s RefCell<Seen>,
}

impl<W: World> Watched<'_, W> {
    fn place(&self, path: &Path) -> (bool, bool) {
        let found = (self.world.exists(path), self.world.is_dir(path));
        self.seen.borrow_mut().places.insert(path.to_owned(), found);
        found
    }
}

impl<W: World> World for Watched<'_, W> {
    fn read(&self, path: &Path) -> io::Result<String> {
        let text = self.world.read(path);
        let mut seen = self.seen.borrow_mut();
        match &text {
            Ok(text) => drop(seen.texts.insert(path.to_owned(), digest_of(text))),
            Err(_) => seen.is_open = true,
        }
        text
    }

    fn exists(&self, path: &Path) -> bool {
        self.place(path).0
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.place(path).1
    }

    fn repository(&self, request: &RepoRequest) -> Result<Checkout, RepositoryError> {
        self.seen.borrow_mut().is_open = true;
        self.world.repository(request)
    }
}

fn digest_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_seen_holds_until_a_file_says_something_else_or_comes_or_goes() {
        let dir = tempfile::tempdir().unwrap();
        let (file, absent) = (dir.path().join("polytope.yml"), dir.path().join("absent"));
        fs::write(&file, "modules: []").unwrap();
        let seen = RefCell::default();
        let watched = Watched { world: Disk, seen: &seen };
        watched.read(&file).unwrap();
        assert!(!watched.exists(&absent));
        let seen = seen.take();
        assert!(seen.is_whole() && seen.still_holds());
        fs::write(&absent, "").unwrap();
        assert!(!seen.still_holds());
        fs::remove_file(&absent).unwrap();
        assert!(seen.still_holds());
        fs::write(&file, "modules: [ ]").unwrap();
        assert!(!seen.still_holds());
        fs::remove_file(&file).unwrap();
        assert!(!seen.still_holds());
    }

    #[test]
    fn what_cannot_be_read_is_looked_at_again() {
        let seen = RefCell::default();
        assert!(Watched { world: Disk, seen: &seen }.read(Path::new("/nowhere/at/all")).is_err());
        assert!(!seen.take().is_whole());
    }
}
