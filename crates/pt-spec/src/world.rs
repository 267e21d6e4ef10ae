//! The files outside.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::repository::{Checkout, RepoRequest, RepositoryError};

/// What the language needs to know of the file system, and nothing more.
pub trait World {
    /// The text of a file.
    ///
    /// # Errors
    /// When there is none, or it cannot be read as text: then with [`NotText`] as its cause.
    fn read(&self, path: &Path) -> io::Result<String>;

    /// Whether there is a file or directory.
    fn exists(&self, path: &Path) -> bool;

    /// Whether there is a directory.
    fn is_dir(&self, path: &Path) -> bool;

    /// Another repository, so that its files can be read. A world that has none says so.
    ///
    /// # Errors
    /// It cannot be had, neither from where it is nor from an earlier time.
    fn repository(&self, request: &RepoRequest) -> Result<Checkout, RepositoryError> {
        let message = format!("Cannot fetch {}: other repositories cannot be reached here", request.url);
        Err(RepositoryError { message })
    }
}

/// Why a file is no text: what a world gives as the cause when it cannot [read](World::read) one, so that it can be shown
/// where in the file that is.
#[derive(Clone, Debug)]
pub struct NotText {
    /// Why, and what to do.
    pub message: String,
    /// What could be read, with U+FFFD for what could not.
    pub text: String,
    /// Where in `text` the first of these stands.
    pub at: usize,
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NotText {}

/// Names of polytope files; of several in one directory the first is meant.
pub const FILE_NAMES: [&str; 4] = ["polytope.yml", "polytope.yaml", "polytope.json", "polytope.edn"];

/// The polytope file of a directory.
pub fn file_in(world: &dyn World, dir: &Path) -> Option<PathBuf> {
    FILE_NAMES.iter().map(|name| dir.join(name)).find(|path| world.exists(path) && !world.is_dir(path))
}

/// The root polytope file for somebody who works in `cwd`: the highest one on the way up, which ends at the root of the
/// Git work tree.
pub fn find_root(world: &dyn World, cwd: &Path) -> Option<PathBuf> {
    let mut highest = None;
    for dir in cwd.ancestors() {
        highest = file_in(world, dir).or(highest);
        if world.exists(&dir.join(".git")) {
            break;
        }
    }
    // A directory in the place of the file cannot be read, which is better told than nothing.
    highest.or_else(|| FILE_NAMES.iter().map(|name| cwd.join(name)).find(|path| world.is_dir(path)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    struct Paths(BTreeSet<PathBuf>);

    impl World for Paths {
        fn read(&self, _: &Path) -> io::Result<String> {
            Ok(String::new())
        }

        fn exists(&self, path: &Path) -> bool {
            self.0.contains(path)
        }

        fn is_dir(&self, _: &Path) -> bool {
            false
        }
    }

    #[test]
    fn the_highest_file_below_the_work_tree_root_is_the_root_file() {
        for (files, cwd, root) in [
            ("/a/polytope.yml /a/b/polytope.yml", "/a/b/c", Some("/a/polytope.yml")),
            ("/a/polytope.yml /a/b/.git /a/b/polytope.edn", "/a/b/c", Some("/a/b/polytope.edn")),
            ("/a/polytope.json /a/polytope.yaml", "/a", Some("/a/polytope.yaml")),
            ("/a/b/.git /a/polytope.yml", "/a/b", None),
            ("", "/a/b", None),
        ] {
            let world = Paths(files.split_whitespace().map(PathBuf::from).collect());
            assert_eq!(find_root(&world, Path::new(cwd)), root.map(PathBuf::from), "{files}");
        }
    }
}
