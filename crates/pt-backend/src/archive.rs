//! Files as tar archives, the form in which engines take and give them.

use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};

use crate::backend::{FileInfo, FileSource, MountRequest, PIECES};
use crate::ignored::Ignored;

/// A file or directory of this machine as an archive with one entry at its root, named like it.
///
/// # Errors
/// Something of it cannot be read.
pub fn archive_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut archive = builder();
    let name = path.file_name().unwrap_or("files".as_ref());
    if path.is_dir() {
        archive.append_dir_all(name, path)?;
    } else {
        archive.append_path_with_name(path, name)?;
    }
    archive.into_inner()
}

/// What is in a directory of this machine, or a file, as an archive.
pub(crate) fn contents_of(path: &Path) -> io::Result<Vec<u8>> {
    if !path.is_dir() {
        return archive_of(path);
    }
    let mut archive = builder();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            archive.append_dir_all(entry.file_name(), entry.path())?;
        } else {
            archive.append_path_with_name(entry.path(), entry.file_name())?;
        }
    }
    archive.into_inner()
}

/// Files as they would be mounted, as an archive to build an image from: without what the `.dockerignore` among them, or
/// that of this Dockerfile (`Dockerfile.dockerignore`), keeps out.
///
/// # Errors
/// Something cannot be read, or is a volume, whose files are elsewhere.
pub fn context_of(mounts: &[MountRequest], dockerfile: &str) -> io::Result<Vec<u8>> {
    let of_dockerfile = format!("{}.dockerignore", dockerfile.trim_start_matches("./"));
    let rules = match text_at(mounts, &of_dockerfile)? {
        Some(rules) => Some(rules),
        None => text_at(mounts, DOCKERIGNORE)?,
    };
    let mut context = Context {
        archive: builder(),
        ignored: rules.as_deref().map(Ignored::parse).unwrap_or_default(),
        // Builders read them, whatever they say.
        needed: [DOCKERIGNORE.to_owned(), dockerfile.trim_start_matches("./").to_owned()],
    };
    for MountRequest { path, source } in mounts {
        let at = path.trim_matches('/');
        match source {
            FileSource::Host { path, .. } if path.is_dir() => context.directory(at, path)?,
            FileSource::Host { path, .. } if context.takes(at) => {
                context.archive.append_path_with_name(path, at)?;
            }
            FileSource::File { content, mode } if context.takes(at) => {
                append_file(&mut context.archive, at, content.expose().as_bytes(), *mode)?;
            }
            FileSource::Host { .. } | FileSource::File { .. } => {}
            FileSource::Volume { .. } => {
                let message = format!("{path}: the files of a volume are not on this machine");
                return Err(io::Error::new(io::ErrorKind::Unsupported, message));
            }
        }
    }
    context.archive.into_inner()
}

/// Where builders look for what is to be kept out.
const DOCKERIGNORE: &str = ".dockerignore";

/// The text of a file among those that would be mounted.
fn text_at(mounts: &[MountRequest], wanted: &str) -> io::Result<Option<String>> {
    for MountRequest { path, source } in mounts {
        let at = path.trim_matches('/');
        let within = if at.is_empty() { Some(wanted) } else { wanted.strip_prefix(at) };
        let within = within.filter(|rest| at.is_empty() || rest.is_empty() || rest.starts_with('/'));
        let file = match (source, within) {
            (FileSource::File { content, .. }, Some("")) => return Ok(Some(content.expose())),
            (FileSource::Host { path, .. }, Some("")) => path.clone(),
            (FileSource::Host { path, .. }, Some(within)) => path.join(within.trim_start_matches('/')),
            _ => continue,
        };
        if file.is_file() {
            return fs::read_to_string(file).map(Some);
        }
    }
    Ok(None)
}

/// What an image is built from.
struct Context {
    archive: tar::Builder<Vec<u8>>,
    ignored: Ignored,
    needed: [String; 2],
}

impl Context {
    fn takes(&self, at: &str) -> bool {
        !self.ignored.has(at) || self.needed.iter().any(|needed| needed == at)
    }

    fn directory(&mut self, at: &str, path: &Path) -> io::Result<()> {
        if !at.is_empty() && self.takes(at) {
            self.archive.append_dir(at, path)?;
        }
        let mut entries: Vec<fs::DirEntry> = fs::read_dir(path)?.collect::<io::Result<_>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let within = Path::new(at).join(&name);
            let within = within.to_string_lossy();
            if entry.file_type()?.is_dir() {
                let holds_needed = self.needed.iter().any(|needed| needed.starts_with(&format!("{within}/")));
                if self.takes(&within) || self.ignored.has_exceptions() || holds_needed {
                    self.directory(&within, &entry.path())?;
                }
            } else if self.takes(&within) {
                self.archive.append_path_with_name(entry.path(), &*within)?;
            }
        }
        Ok(())
    }
}

fn builder() -> tar::Builder<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    archive.follow_symlinks(false);
    // Engines refuse the entries in which only the holes of a file are told.
    archive.sparse(false);
    archive
}

/// Adds a file with this content, written now.
pub(crate) fn append_file(
    archive: &mut tar::Builder<Vec<u8>>,
    path: &str,
    content: &[u8],
    mode: u32,
) -> io::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(mode);
    header.set_mtime(now);
    archive.append_data(&mut header, path.trim_start_matches('/'), content)
}

/// What the first entry of an archive is.
pub(crate) enum First {
    File(Vec<u8>),
    Link(String),
    Directory,
    Other,
}

/// Reads the first entry of an archive.
pub(crate) fn first(archive: &[u8]) -> io::Result<First> {
    let mut archive = tar::Archive::new(archive);
    let Some(entry) = archive.entries()?.next() else { return Ok(First::Other) };
    let mut entry = entry?;
    let kind = entry.header().entry_type();
    if kind.is_dir() {
        return Ok(First::Directory);
    }
    if kind.is_symlink() {
        let target = entry.link_name()?.map(|target| target.to_string_lossy().into_owned());
        return Ok(target.map_or(First::Other, First::Link));
    }
    if !kind.is_file() {
        return Ok(First::Other);
    }
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    Ok(First::File(content))
}

/// What an archive of a path lists: of a directory what is in it, of anything else that itself.
pub(crate) fn list(archive: impl Read, path: &str) -> io::Result<Vec<FileInfo>> {
    let mut archive = tar::Archive::new(archive);
    let mut files = Vec::new();
    // Archives of a path begin with it, those of `/` need not.
    let mut root = path.trim_matches('/').is_empty().then_some(0);
    for (at, entry) in archive.entries()?.enumerate() {
        let entry = entry?;
        let path = entry.path()?.into_owned();
        let depth = path.components().filter(|part| matches!(part, Component::Normal(_))).count();
        match root {
            None if at == 0 && entry.header().entry_type().is_dir() => root = Some(depth),
            Some(root) if depth != root + 1 => {}
            Some(_) | None => files.push(info(&entry, &path)?),
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn info<R: Read>(entry: &tar::Entry<'_, R>, path: &Path) -> io::Result<FileInfo> {
    let header = entry.header();
    let name = |name: Result<Option<&str>, std::str::Utf8Error>, id: u64| match name {
        Ok(Some(name)) if !name.is_empty() => name.to_owned(),
        Ok(_) | Err(_) => id.to_string(),
    };
    let of = header.entry_type();
    let kind = match () {
        () if of.is_file() || of.is_contiguous() || of.is_gnu_sparse() || of.is_hard_link() => "file",
        () if of.is_dir() => "dir",
        () if of.is_symlink() => "symlink",
        () if of.is_fifo() => "fifo",
        () => "unknown",
    };
    let target = entry.link_name()?.filter(|_| header.entry_type().is_symlink());
    Ok(FileInfo {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        kind,
        size: header.size()?,
        mode: header.mode()? & 0o7777,
        user: name(header.username(), header.uid().unwrap_or_default()),
        group: name(header.groupname(), header.gid().unwrap_or_default()),
        target: target.map(|target| target.to_string_lossy().into_owned()),
        // Archives of engines do not tell more.
        accessed: None,
        modified: header.mtime().ok().and_then(|time| i64::try_from(time).ok()),
        changed: None,
    })
}

/// An archive that comes in pieces, read where that holds up nobody else.
#[derive(Debug)]
pub struct ArchiveReader {
    pieces: mpsc::Receiver<Vec<u8>>,
    whole: Option<oneshot::Receiver<()>>,
    piece: Vec<u8>,
    taken: usize,
}

impl ArchiveReader {
    /// A reader, where its pieces go, and whom to tell that they were all. Without that word the archive has broken off.
    pub fn channel() -> (mpsc::Sender<Vec<u8>>, oneshot::Sender<()>, Self) {
        let (tell, pieces) = mpsc::channel(PIECES);
        let (done, whole) = oneshot::channel();
        (tell, done, Self { pieces, whole: Some(whole), piece: Vec::new(), taken: 0 })
    }
}

impl Read for ArchiveReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.piece.len() {
            match self.pieces.blocking_recv() {
                Some(piece) => (self.piece, self.taken) = (piece, 0),
                None => {
                    return match self.whole.take().map(oneshot::Receiver::blocking_recv) {
                        Some(Err(_)) => Err(io::ErrorKind::UnexpectedEof.into()),
                        Some(Ok(())) | None => Ok(0),
                    };
                }
            }
        }
        let read = (&self.piece[self.taken..]).read(buffer)?;
        self.taken += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_holes_is_packed_like_any_other() {
        let dir = tempfile::tempdir().unwrap();
        fs::File::create(dir.path().join("holes")).unwrap().set_len(1 << 20).unwrap();
        let packed = contents_of(dir.path()).unwrap();
        let mut archive = tar::Archive::new(packed.as_slice());
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!((entry.header().entry_type(), entry.size()), (tar::EntryType::Regular, 1 << 20));
    }

    #[test]
    fn a_build_is_given_what_dockerignore_leaves() {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in [
            (".dockerignore", "Dockerfile\n*.log\nout\n!out/keep"),
            ("Dockerfile", "FROM a"),
            ("a.log", ""),
            ("out/keep", ""),
            ("out/drop", ""),
            ("src/a.log", ""),
        ] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let host = |path: &str, at: &str| MountRequest {
            path: at.to_owned(),
            source: FileSource::Host { path: dir.path().join(path), read_only: true },
        };
        let names = |mounts: &[MountRequest]| {
            let context = context_of(mounts, "Dockerfile").unwrap();
            let mut archive = tar::Archive::new(context.as_slice());
            let path = |entry: io::Result<tar::Entry<'_, &[u8]>>| {
                entry.unwrap().path().unwrap().display().to_string()
            };
            archive.entries().unwrap().map(path).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(&[host("", "/")]), ".dockerignore Dockerfile out/keep src src/a.log");
        assert_eq!(names(&[host("src", "/x"), host("a.log", "/b.log")]), "x x/a.log b.log");
        let rules = MountRequest {
            path: "/.dockerignore".to_owned(),
            source: FileSource::File { content: "x".into(), mode: 0o644 },
        };
        assert_eq!(names(&[host("src", "/x"), host("a.log", "/b.log"), rules]), "b.log .dockerignore");
    }

    #[test]
    fn a_directory_is_listed_and_a_file_lists_itself() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("sub/deep"), "x").unwrap();
        fs::write(dir.path().join("b"), "four").unwrap();
        std::os::unix::fs::symlink("b", dir.path().join("a")).unwrap();
        let names = |archive: Vec<u8>| -> Vec<(String, &str, u64)> {
            list(archive.as_slice(), "/some/where")
                .unwrap()
                .into_iter()
                .map(|file| (file.name, file.kind, file.size))
                .collect()
        };
        assert_eq!(
            names(archive_of(dir.path()).unwrap()),
            [("a".to_owned(), "symlink", 0), ("b".to_owned(), "file", 4), ("sub".to_owned(), "dir", 0)]
        );
        assert_eq!(names(archive_of(&dir.path().join("b")).unwrap()), [("b".to_owned(), "file", 4)]);
    }
}
