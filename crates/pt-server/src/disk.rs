//! The user's files.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use pt_spec::{NotText, World};

/// The file system as projects are read from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// The most bytes a file may have that is read as text: whoever names the wrong one must not fill the memory.
const MOST: u64 = 256 << 20;

impl World for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        let bytes = read_at_most(path, MOST)?;
        String::from_utf8(bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, not_utf8(error.as_bytes())))
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}

fn read_at_most(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more byte than may be there tells that there is more.
    fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let message = format!("it is larger than {} MiB", most >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// Why bytes are no text, and from where on.
fn not_utf8(bytes: &[u8]) -> NotText {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let message = "it is UTF-16; save it as UTF-8".to_owned();
        return NotText { message, text: String::new(), at: 0 };
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    let at = bytes.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
    NotText { message: "it is not UTF-8; save it as UTF-8".to_owned(), text, at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_an_end_are_refused() {
        let error = read_at_most(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 1 MiB");
        assert_eq!(read_at_most(Path::new("/dev/null"), 0).unwrap(), b"");
    }
}
