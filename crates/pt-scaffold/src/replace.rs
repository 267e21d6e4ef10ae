//! Writing files as a whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Writes a file as a whole or not at all. A link stays a link, and a file that is replaced keeps who may do what with it.
///
/// # Errors
/// It cannot be written; then it is as it was, and nothing is left beside it.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut beside = path.clone().into_os_string();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::write(&beside, text)
        .and_then(|()| {
            fs::metadata(&path).map_or(Ok(()), |old| fs::set_permissions(&beside, old.permissions()))
        })
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // What failed is what matters.
        drop(fs::remove_file(&beside));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_whole_and_nothing_stays_beside_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("polytope.yml");
        for (name, text) in
            [("polytope.yml", "old"), ("polytope.yml.new", "mine"), ("polytope.yml.formatted", "mine")]
        {
            fs::write(dir.path().join(name), text).unwrap();
        }
        std::os::unix::fs::symlink(&path, dir.path().join("link.yml")).unwrap();
        fs::create_dir(dir.path().join("taken")).unwrap();
        replace(&dir.path().join("link.yml"), "new").unwrap();
        assert!(replace(&dir.path().join("taken"), "new").is_err());

        let mut found: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        found.sort();
        let expected = ["link.yml", "polytope.yml", "polytope.yml.formatted", "polytope.yml.new", "taken"];
        assert_eq!(found, expected);
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_to_string(dir.path().join("polytope.yml.new")).unwrap(), "mine");
    }
}
