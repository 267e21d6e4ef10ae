//! Paths as they are written.

use std::path::{Component, Path, PathBuf};

/// The path without `.` and `x/..`, so that one file is one path, and people read no detours. Nobody is asked whether
/// some part of it is a link.
pub fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(tidy.pop()),
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => tidy.push(part),
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detours() {
        for (path, expected) in
            [("/a/./b", "/a/b"), ("/a/x/../b", "/a/b"), ("a/../../b", "b"), ("/../a/", "/a"), ("./a", "a")]
        {
            assert_eq!(tidy(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
