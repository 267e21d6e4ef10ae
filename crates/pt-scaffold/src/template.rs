//! Files that are copied.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Files to be copied, in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// The files. A template that is one file has one without a name.
    pub files: Vec<TemplateFile>,
}

/// A file to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFile {
    /// Its path in the template, with `/`.
    pub path: String,
    /// What it holds.
    pub content: Vec<u8>,
    /// Whether it can be executed.
    pub executable: bool,
}

/// How much a template may be: whoever names the wrong directory must not fill the memory.
#[derive(Clone, Copy)]
struct Room {
    files: usize,
    bytes: u64,
}

impl Room {
    const MOST: Self = Self { files: 20_000, bytes: 256 << 20 };
}

impl Template {
    /// Reads a directory or a file. What Git keeps in `.git` is no part of it, and neither are empty directories.
    ///
    /// # Errors
    /// Something cannot be read, is a link that leads out of the template, or is more than anybody copies: 20,000 files
    /// or 256 MiB.
    pub fn read(path: &Path) -> io::Result<Self> {
        Self::read_at_most(path, Room::MOST)
    }

    fn read_at_most(path: &Path, room: Room) -> io::Result<Self> {
        let mut left = room;
        let root = path.canonicalize()?;
        let mut template = Self::default();
        if root.is_dir() {
            template.read_dir(&root, &root, "", &mut left)?;
        } else {
            template.read_file(&root, "", &mut left)?;
        }
        template.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(template)
    }

    fn read_dir(&mut self, root: &Path, dir: &Path, name: &str, left: &mut Room) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let file_name = entry.file_name().into_string().map_err(|name| {
                io::Error::other(format!("the name of {} is not text", Path::new(&name).display()))
            })?;
            if name.is_empty() && file_name == ".git" {
                continue;
            }
            let within = if name.is_empty() { file_name } else { format!("{name}/{file_name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.read_dir(root, &entry.path(), &within, left)?;
                continue;
            }
            if kind.is_symlink() {
                let leads_to = entry.path().canonicalize()?;
                if !leads_to.starts_with(root) || leads_to.is_dir() {
                    let message = format!("{within} is a link to a directory, or leads out of the template");
                    return Err(io::Error::other(message));
                }
            }
            self.read_file(&entry.path(), &within, left)?;
        }
        Ok(())
    }

    fn read_file(&mut self, path: &Path, name: &str, left: &mut Room) -> io::Result<()> {
        let about = fs::metadata(path)?;
        if !about.is_file() {
            let name = if name.is_empty() { "it" } else { name };
            return Err(io::Error::other(format!("{name} is no file that could be copied")));
        }
        let too_much = || {
            io::Error::other(format!(
                "it holds more than a template may: {} files, {} MiB",
                Room::MOST.files,
                Room::MOST.bytes >> 20
            ))
        };
        left.files = left.files.checked_sub(1).ok_or_else(too_much)?;
        let mut content = Vec::new();
        // One more byte than there is room for tells that there is more.
        fs::File::open(path)?.take(left.bytes + 1).read_to_end(&mut content)?;
        left.bytes = left.bytes.checked_sub(content.len() as u64).ok_or_else(too_much)?;
        let executable = about.permissions().mode() & 0o111 != 0;
        self.files.push(TemplateFile { path: name.to_owned(), content, executable });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_have_bounds() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            fs::write(dir.path().join(name), "1234").unwrap();
        }
        for (files, bytes, fits) in [(3, 12, true), (2, 12, false), (3, 11, false), (3, 3, false)] {
            let read = Template::read_at_most(dir.path(), Room { files, bytes });
            assert_eq!(read.is_ok(), fits, "{files} files, {bytes} bytes");
        }
        assert_eq!(
            Template::read(Path::new("/dev/zero")).unwrap_err().to_string(),
            "it is no file that could be copied"
        );
    }
}
