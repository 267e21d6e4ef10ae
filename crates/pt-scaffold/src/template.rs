//! Files that are copied.

use std::fs;
use std::io;
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

impl Template {
    /// Reads a directory or a file. What Git keeps in `.git` is no part of it, and neither are empty directories.
    ///
    /// # Errors
    /// Something cannot be read, or is a link that leads out of the template.
    pub fn read(path: &Path) -> io::Result<Self> {
        let root = path.canonicalize()?;
        let mut template = Self::default();
        if root.is_dir() {
            template.read_dir(&root, &root, "")?;
        } else {
            template.read_file(&root, "")?;
        }
        template.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(template)
    }

    fn read_dir(&mut self, root: &Path, dir: &Path, name: &str) -> io::Result<()> {
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
                self.read_dir(root, &entry.path(), &within)?;
                continue;
            }
            if kind.is_symlink() {
                let leads_to = entry.path().canonicalize()?;
                if !leads_to.starts_with(root) || leads_to.is_dir() {
                    let message = format!("{within} is a link to a directory, or leads out of the template");
                    return Err(io::Error::other(message));
                }
            }
            self.read_file(&entry.path(), &within)?;
        }
        Ok(())
    }

    fn read_file(&mut self, path: &Path, name: &str) -> io::Result<()> {
        let executable = fs::metadata(path)?.permissions().mode() & 0o111 != 0;
        self.files.push(TemplateFile { path: name.to_owned(), content: fs::read(path)?, executable });
        Ok(())
    }
}
