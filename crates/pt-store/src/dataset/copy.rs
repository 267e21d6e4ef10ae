//! Files of datasets, written out again.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::slice;

use rusqlite::params;

use super::chunk::Digest;
use super::pack::PackReader;
use super::tree::{Entry, Tree};
use crate::job::unknown;
use crate::key::random_name;
use crate::{Dataset, JobKey, Store, StoreError, private};

impl Store {
    /// The files of a version, as a path that a job can mount: a file or a directory. They belong to the store; nobody may
    /// change them. They stay until the job is over and somebody sweeps.
    pub fn unpack_dataset(&self, dataset: &Dataset, job: &JobKey) -> Result<PathBuf, StoreError> {
        let _lock = self.share_datasets()?;
        let path = self.copies().join(&dataset.digest);
        self.database().write("note who uses a dataset", |tx| {
            let noted = tx.execute(
                "INSERT INTO dataset_use (digest, job)
                 SELECT ?1, number FROM job WHERE instance = ?2 AND id = ?3 ON CONFLICT DO NOTHING",
                params![dataset.digest, job.instance.as_str(), job.job.as_str()],
            )?;
            let known = || {
                tx.query_row(
                    "SELECT 1 FROM job WHERE instance = ?1 AND id = ?2",
                    params![job.instance.as_str(), job.job.as_str()],
                    |_| Ok(()),
                )
            };
            if noted == 0 && known().is_err() { Err(unknown(job).into()) } else { Ok(()) }
        })?;
        match File::open(&path) {
            // Those that were used last go last.
            Ok(copy) => {
                let touched = copy.set_modified(std::time::SystemTime::now());
                touched.map_err(StoreError::file("touch", &path))?;
                Ok(path)
            }
            Err(_) => self.extract(dataset, &path).map(|()| path),
        }
    }

    /// Writes the files of a version to a path where nothing is yet.
    pub fn copy_dataset(&self, dataset: &Dataset, to: &Path) -> Result<(), StoreError> {
        let _lock = self.share_datasets()?;
        if to.symlink_metadata().is_ok() {
            let there = io::Error::from(io::ErrorKind::AlreadyExists);
            return Err(StoreError::file("write the dataset to", to)(there));
        }
        self.extract(dataset, to)
    }

    /// Writes the files of a version as a tar archive in which the dataset has this name.
    pub fn archive_dataset(
        &self,
        dataset: &Dataset,
        name: &str,
        to: &mut dyn Write,
    ) -> Result<(), StoreError> {
        let _lock = self.share_datasets()?;
        let (tree, packs) = (self.tree(&dataset.digest)?, self.packs());
        let mut pack = PackReader::new(&packs, self.database())?;
        let mut archive = tar::Builder::new(to);
        for (path, entry) in &tree.entries {
            let path = if path.is_empty() { name.to_owned() } else { format!("{name}/{path}") };
            append(&mut archive, &path, entry, &mut pack)
                .map_err(StoreError::file("write into an archive", Path::new(&path)))?;
        }
        archive.into_inner().map(drop).map_err(StoreError::file("write", Path::new("the archive")))
    }

    fn extract(&self, dataset: &Dataset, to: &Path) -> Result<(), StoreError> {
        let tree = self.tree(&dataset.digest)?;
        let dir = to.parent().unwrap_or(Path::new("."));
        private::create_dir(dir)?;
        let name = random_name().map_err(StoreError::file("name a file in", dir))?;
        let draft = dir.join(format!(".{name}.new"));
        let packs = self.packs();
        let mut pack = PackReader::new(&packs, self.database())?;
        let written = write_tree(&tree, &draft, &mut pack).and_then(|()| match fs::rename(&draft, to) {
            // Somebody else was quicker.
            Err(_) if to.is_dir() && to.starts_with(self.copies()) => remove(&draft),
            renamed => renamed.map_err(StoreError::file("write the dataset to", to)),
        });
        if written.is_err() {
            // The first error is the one to tell.
            drop(remove(&draft));
        }
        written
    }

    pub(super) fn copies(&self) -> PathBuf {
        self.datasets_dir().join("copies")
    }
}

fn write_tree(tree: &Tree, root: &Path, pack: &mut PackReader<'_>) -> Result<(), StoreError> {
    if let Some(entry @ (Entry::File { .. } | Entry::Link { .. })) = tree.entries.get("") {
        return write_entry(entry, root, pack);
    }
    fs::create_dir(root).map_err(StoreError::file("create", root))?;
    for (name, entry) in tree.entries.iter().filter(|(name, _)| !name.is_empty()) {
        let path = root.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(StoreError::file("create", parent))?;
        }
        write_entry(entry, &path, pack)?;
    }
    // When all is written: some directories cannot be written to.
    for (name, entry) in tree.entries.iter().rev() {
        if let Entry::Directory { mode, .. } = entry {
            let path = if name.is_empty() { root.to_owned() } else { root.join(name) };
            let set = fs::set_permissions(&path, Permissions::from_mode(*mode));
            set.map_err(StoreError::file("set the permissions of", &path))?;
        }
    }
    Ok(())
}

fn write_entry(entry: &Entry, path: &Path, pack: &mut PackReader<'_>) -> Result<(), StoreError> {
    let failed = |cause| StoreError::file("write", path)(cause);
    match entry {
        Entry::Directory { .. } => fs::create_dir_all(path).map_err(failed),
        Entry::Link { target } => symlink(target, path).map_err(failed),
        Entry::File { mode, chunks, .. } => {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            let mut file = file.map_err(failed)?;
            for chunk in chunks {
                file.write_all(&pack.read(chunk)?).map_err(failed)?;
            }
            file.set_permissions(Permissions::from_mode(*mode)).map_err(failed)
        }
    }
}

fn append(
    archive: &mut tar::Builder<&mut dyn Write>,
    path: &str,
    entry: &Entry,
    pack: &mut PackReader<'_>,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    let mut set = |kind, mode, owner: Option<(u64, u64)>, size| {
        let (user, group) = owner.unwrap_or_default();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(user);
        header.set_gid(group);
        header.set_size(size);
    };
    match entry {
        Entry::Directory { mode, owner } => {
            set(tar::EntryType::Directory, *mode, *owner, 0);
            archive.append_data(&mut header, path, io::empty())
        }
        Entry::Link { target } => {
            set(tar::EntryType::Symlink, 0o777, None, 0);
            archive.append_link(&mut header, path, target)
        }
        Entry::File { mode, owner, size_b, chunks } => {
            set(tar::EntryType::Regular, *mode, *owner, *size_b);
            archive.append_data(
                &mut header,
                path,
                Chunks { left: chunks.iter(), pack, chunk: Vec::new(), taken: 0 },
            )
        }
    }
}

/// The content of a file, chunk by chunk.
struct Chunks<'a, 'p> {
    left: slice::Iter<'a, Digest>,
    pack: &'a mut PackReader<'p>,
    chunk: Vec<u8>,
    taken: usize,
}

impl Read for Chunks<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.chunk.len() {
            let Some(next) = self.left.next() else { return Ok(0) };
            (self.chunk, self.taken) = (self.pack.read(next).map_err(io::Error::other)?, 0);
        }
        let read = (&self.chunk[self.taken..]).read(buffer)?;
        self.taken += read;
        Ok(read)
    }
}

/// Removes files or a directory, also where permissions keep from writing to it.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    let failed = |cause| StoreError::file("remove", path)(cause);
    let Ok(meta) = path.symlink_metadata() else { return Ok(()) };
    if !meta.is_dir() {
        return private::delete(path);
    }
    fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed)?;
    for child in fs::read_dir(path).map_err(failed)? {
        remove(&child.map_err(failed)?.path())?;
    }
    fs::remove_dir(path).map_err(failed)
}
