//! Files of the simulated world, as a container sees them.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A tree of files, shared by those who see it. Paths have no slash in front; the root itself is not in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree(Arc<Mutex<BTreeMap<String, Node>>>);

#[derive(Clone, Debug)]
pub(super) enum Node {
    Directory,
    File { content: Vec<u8>, mode: u32 },
}

impl Tree {
    /// What is in an image.
    pub(super) fn of_image() -> Self {
        let tree = Self::default();
        for directory in ["bin", "etc", "home", "root", "tmp", "usr", "var"] {
            tree.lock().insert(directory.to_owned(), Node::Directory);
        }
        tree
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Node>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a directory and those above it.
    fn make_directories(&self, path: &str) {
        let mut tree = self.lock();
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends.filter(|end| *end > 0) {
            tree.entry(path[..end].to_owned()).or_insert(Node::Directory);
        }
    }
}

/// What is mounted over the image's files.
#[derive(Clone, Debug)]
pub(super) enum Mounted {
    Tree(Tree),
    Host { path: PathBuf, read_only: bool },
}

/// All files that a container sees.
#[derive(Clone, Debug)]
pub(super) struct Files {
    root: Tree,
    /// By absolute path, longest first.
    mounts: Vec<(String, Mounted)>,
}

/// A place in one tree or on the host.
enum Place<'a> {
    Tree(&'a Tree, String),
    Host(PathBuf, bool),
}

type Told<T> = Result<T, String>;

impl Files {
    pub(super) fn new(root: Tree, mut mounts: Vec<(String, Mounted)>) -> Self {
        mounts.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        for (path, _) in &mounts {
            root.make_directories(path.trim_matches('/'));
        }
        Self { root, mounts }
    }

    fn place(&self, path: &str) -> Place<'_> {
        for (at, mounted) in &self.mounts {
            let Some(below) = path.strip_prefix(at.trim_end_matches('/')) else { continue };
            if !below.is_empty() && !below.starts_with('/') {
                continue;
            }
            let below = below.trim_matches('/');
            return match mounted {
                Mounted::Tree(tree) => Place::Tree(tree, below.to_owned()),
                Mounted::Host { path, read_only } if below.is_empty() => {
                    Place::Host(path.clone(), *read_only)
                }
                Mounted::Host { path, read_only } => Place::Host(path.join(below), *read_only),
            };
        }
        Place::Tree(&self.root, path.trim_matches('/').to_owned())
    }

    pub(super) fn is_directory(&self, path: &str) -> bool {
        match self.place(path) {
            Place::Tree(_, path) if path.is_empty() => true,
            Place::Tree(tree, path) => matches!(tree.lock().get(&path), Some(Node::Directory)),
            Place::Host(path, _) => path.is_dir(),
        }
    }

    pub(super) fn is_file(&self, path: &str) -> bool {
        match self.place(path) {
            Place::Tree(tree, path) => matches!(tree.lock().get(&path), Some(Node::File { .. })),
            Place::Host(path, _) => path.is_file(),
        }
    }

    pub(super) fn read(&self, path: &str) -> Told<Vec<u8>> {
        if self.is_directory(path) {
            return Err("Is a directory".to_owned());
        }
        match self.place(path) {
            Place::Tree(tree, path) => match tree.lock().get(&path) {
                Some(Node::File { content, .. }) => Ok(content.clone()),
                Some(Node::Directory) | None => Err("No such file or directory".to_owned()),
            },
            Place::Host(path, _) => std::fs::read(path).map_err(|error| plain(&error)),
        }
    }

    /// Writes a file as a program does: its directory must be there, its mode stays.
    pub(super) fn write(&self, path: &str, bytes: &[u8], append: bool) -> Told<()> {
        let (parent, _) = path.rsplit_once('/').unwrap_or_default();
        if !self.is_directory(parent) {
            return Err("nonexistent directory".to_owned());
        }
        if self.is_directory(path) {
            return Err("Is a directory".to_owned());
        }
        match self.place(path) {
            Place::Tree(tree, path) => {
                let mut tree = tree.lock();
                let node = tree.entry(path).or_insert(Node::File { content: Vec::new(), mode: 0o644 });
                if let Node::File { content, .. } = node {
                    if !append {
                        content.clear();
                    }
                    content.extend_from_slice(bytes);
                }
                Ok(())
            }
            Place::Host(_, true) => Err("Read-only file system".to_owned()),
            Place::Host(path, false) => {
                let mut options = std::fs::OpenOptions::new();
                options.create(true).write(true).append(append).truncate(!append);
                let written = options.open(path).and_then(|mut file| io::Write::write_all(&mut file, bytes));
                written.map_err(|error| plain(&error))
            }
        }
    }

    /// Puts a file there, with the directories above it, as an engine does.
    pub(super) fn put(&self, path: &str, bytes: &[u8], mode: u32) -> Told<()> {
        if self.is_directory(path) {
            return Err(format!("{path} is a directory"));
        }
        match self.place(path) {
            Place::Tree(tree, path) => {
                if let Some((parent, _)) = path.rsplit_once('/') {
                    tree.make_directories(parent);
                }
                tree.lock().insert(path, Node::File { content: bytes.to_vec(), mode });
                Ok(())
            }
            Place::Host(..) => self.write(path, bytes, false),
        }
    }

    pub(super) fn make_directories(&self, path: &str) -> Told<()> {
        match self.place(path) {
            Place::Tree(tree, path) => {
                tree.make_directories(&path);
                Ok(())
            }
            Place::Host(_, true) => Err("Read-only file system".to_owned()),
            Place::Host(path, false) => std::fs::create_dir_all(path).map_err(|error| plain(&error)),
        }
    }

    /// Removes a file, or a directory and all in it. The host's files are never removed.
    pub(super) fn remove(&self, path: &str) -> Told<()> {
        match self.place(path) {
            Place::Tree(tree, path) => {
                let below = format!("{path}/");
                let mut tree = tree.lock();
                let before = tree.len();
                tree.retain(|at, _| *at != path && !at.starts_with(&below));
                if tree.len() < before { Ok(()) } else { Err("No such file or directory".to_owned()) }
            }
            Place::Host(..) => Err("files of the host stay".to_owned()),
        }
    }

    /// Unpacks a tar archive at a directory, as an engine does.
    pub(super) fn unpack(&self, dir: &str, archive: &[u8]) -> Told<()> {
        let words = |error: io::Error| plain(&error);
        for entry in tar::Archive::new(archive).entries().map_err(words)? {
            let mut entry = entry.map_err(words)?;
            let path = absolute(dir, &entry.path().map_err(words)?.to_string_lossy());
            if entry.header().entry_type().is_dir() {
                self.make_directories(&path)?;
            } else {
                let mut content = Vec::new();
                io::Read::read_to_end(&mut entry, &mut content).map_err(words)?;
                self.put(&path, &content, entry.header().mode().map_err(words)?)?;
            }
        }
        Ok(())
    }

    /// A path as a tar archive, named after its last part, as Docker gives it.
    pub(super) fn archive(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let mut archive = tar::Builder::new(Vec::new());
        match self.place(path) {
            Place::Host(path, _) if path.is_dir() => archive.append_dir_all(name, path)?,
            Place::Host(path, _) if path.is_file() => archive.append_path_with_name(path, name)?,
            Place::Host(..) => return Ok(None),
            Place::Tree(tree, root) => {
                let tree = tree.lock();
                if !root.is_empty() && !tree.contains_key(&root) {
                    return Ok(None);
                }
                append_directory(&mut archive, name, root.is_empty())?;
                for (at, node) in tree.iter() {
                    let below = if root.is_empty() { Some(at.as_str()) } else { at.strip_prefix(&root) };
                    let Some(below) = below else { continue };
                    if !below.is_empty() && !root.is_empty() && !below.starts_with('/') {
                        continue;
                    }
                    let below = below.trim_start_matches('/');
                    let at = if below.is_empty() { name.to_owned() } else { format!("{name}/{below}") };
                    append(&mut archive, at.trim_start_matches('/'), node)?;
                }
            }
        }
        archive.into_inner().map(Some)
    }
}

fn append_directory(archive: &mut tar::Builder<Vec<u8>>, name: &str, wanted: bool) -> io::Result<()> {
    if wanted && !name.is_empty() { append(archive, name, &Node::Directory) } else { Ok(()) }
}

fn append(archive: &mut tar::Builder<Vec<u8>>, path: &str, node: &Node) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    match node {
        Node::Directory => {
            header.set_entry_type(tar::EntryType::Directory);
            header.set_size(0);
            header.set_mode(0o755);
            archive.append_data(&mut header, format!("{path}/"), io::empty())
        }
        Node::File { content, mode } => {
            header.set_size(content.len() as u64);
            header.set_mode(*mode);
            archive.append_data(&mut header, path, content.as_slice())
        }
    }
}

/// The text of a file in an archive.
pub(super) fn text_in(archive: &[u8], path: &str) -> Option<String> {
    let mut archive = tar::Archive::new(archive);
    let mut entries = archive.entries().ok()?.flatten();
    let mut entry = entries.find(|entry| {
        entry.path().is_ok_and(|found| absolute("/", &found.to_string_lossy()) == absolute("/", path))
    })?;
    let mut text = String::new();
    io::Read::read_to_string(&mut entry, &mut text).ok()?;
    Some(text)
}

/// An error in a shell's words.
fn plain(error: &io::Error) -> String {
    let known = [
        (io::ErrorKind::NotFound, "No such file or directory"),
        (io::ErrorKind::PermissionDenied, "Permission denied"),
        (io::ErrorKind::ReadOnlyFilesystem, "Read-only file system"),
    ];
    let words = known.into_iter().find(|(kind, _)| *kind == error.kind());
    words.map_or_else(|| error.to_string(), |(_, words)| words.to_owned())
}

/// An absolute path without `.` and `..`.
pub(super) fn absolute(directory: &str, path: &str) -> String {
    let joined = if path.starts_with('/') { path.to_owned() } else { format!("{directory}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_cover_what_is_below_them() {
        let volume = Tree::default();
        let files = Files::new(Tree::of_image(), vec![("/data".to_owned(), Mounted::Tree(volume.clone()))]);
        files.write("/data/x", b"in the volume", false).unwrap();
        files.put("/database/y", b"beside it", 0o644).unwrap();
        assert_eq!(files.read("/data/x").unwrap(), b"in the volume");
        assert!(volume.lock().contains_key("x"));
        assert!(!volume.lock().contains_key("y"));
        assert_eq!(files.write("/nowhere/x", b"", false), Err("nonexistent directory".to_owned()));
    }

    #[test]
    fn paths_are_made_absolute() {
        for (directory, path, expected) in
            [("/app", "x", "/app/x"), ("/", "../a/./b/", "/a/b"), ("/app", "/", "/"), ("/a/b", "..", "/a")]
        {
            assert_eq!(absolute(directory, path), expected);
        }
    }
}
