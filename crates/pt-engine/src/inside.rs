//! Files of a repository lie in it.

use std::path::{Path, PathBuf};

/// Where a path below `root` leads to, links followed; nothing if there is nothing.
///
/// # Errors
/// It leads out of `root`: by `..`, or by a link that somebody has put into a repository.
pub fn inside(root: &Path, path: &Path) -> Result<Option<PathBuf>, String> {
    let (Ok(root), Ok(leads_to)) = (root.canonicalize(), path.canonicalize()) else { return Ok(None) };
    if leads_to.starts_with(root) {
        Ok(Some(leads_to))
    } else {
        Err(format!("It leads out of the repository, to {}", leads_to.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn paths_and_links_lead_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("repo");
        fs::create_dir_all(root.join("lib")).unwrap();
        fs::write(root.join("lib/x"), "").unwrap();
        fs::write(dir.path().join("theirs"), "").unwrap();
        symlink("lib/x", root.join("near")).unwrap();
        symlink("../theirs", root.join("away")).unwrap();
        for (path, expected) in [
            ("", "is there"),
            ("lib/x", "is there"),
            ("lib/../lib/x", "is there"),
            ("near", "is there"),
            ("none", "is not there"),
            ("away", "is refused"),
            ("lib/../../theirs", "is refused"),
            ("..", "is refused"),
        ] {
            let found = match inside(&root, &root.join(path)) {
                Ok(Some(_)) => "is there",
                Ok(None) => "is not there",
                Err(_) => "is refused",
            };
            assert_eq!(found, expected, "{path}");
        }
    }
}
