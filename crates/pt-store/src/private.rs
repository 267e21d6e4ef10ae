//! Files and directories that nobody but their owner may read.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::StoreError;

const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

/// Creates the directory and its parents where they are missing. One that exists keeps its permissions: it may be
/// somebody's `/tmp`.
pub(crate) fn create_dir(path: &Path) -> Result<(), StoreError> {
    let made = DirBuilder::new().recursive(true).mode(DIR_MODE).create(path);
    made.map_err(StoreError::file("create the directory", path))
}

/// Options that create a file for its owner alone.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(FILE_MODE);
    options
}

/// Takes the file away from everyone but its owner, if others may touch it.
pub(crate) fn restrict(path: &Path) -> Result<(), StoreError> {
    let mode = fs::metadata(path).map_err(StoreError::file("read", path))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let restricted = fs::set_permissions(path, Permissions::from_mode(FILE_MODE));
    restricted.map_err(StoreError::file("restrict to its owner the file", path))
}

/// Writes a file whole or not at all: others see the old one or the new one, also after a crash.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let draft = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = options().write(true).create(true).truncate(true).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(StoreError::file("write", path))
}

/// Opens the lock file, creating it if need be. It is never deleted while someone may wait for it.
pub(crate) fn open_lock(path: &Path) -> Result<File, StoreError> {
    let opened = options().read(true).write(true).create(true).truncate(false).open(path);
    opened.map_err(StoreError::file("open the lock", path))
}

/// The file in `dir` for what has this id. Ids that people choose cannot lead out of the directory.
pub(crate) fn file_for(dir: &Path, id: &str, extension: &str) -> PathBuf {
    let mut name = String::with_capacity(id.len() + extension.len() + 1);
    for (at, byte) in id.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            b'.' if at > 0 => name.push('.'),
            _ => name.extend([format!("%{byte:02x}")]),
        }
    }
    dir.join(name + extension)
}

/// Deletes a file that may be gone already.
pub(crate) fn delete(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(StoreError::file("delete", path)(cause)),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_leads_out_of_its_directory() {
        for (id, file) in [
            ("stack-10", "d/stack-10.log"),
            ("polytope/postgres!simple-1", "d/polytope%2fpostgres%21simple-1.log"),
            ("..", "d/%2e..log"),
            ("v1.2", "d/v1.2.log"),
        ] {
            assert_eq!(file_for(Path::new("d"), id, ".log"), Path::new(file));
        }
    }
}
