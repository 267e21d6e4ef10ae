//! What a dataset holds: names, permissions, and of which chunks each file is made.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::chunk::{Digest, cut};
use super::pack::PackWriter;
use crate::StoreError;

/// The permissions that are kept.
const MODE: u32 = 0o7777;

/// The files of a dataset by their paths; it itself, a directory or a file, is at the empty one. Times are not part of it, and
/// owners only where they are others than root and come from a container: what holds the same is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Tree {
    pub(crate) entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum Entry {
    Directory {
        mode: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<Owner>,
    },
    File {
        mode: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<Owner>,
        size_b: u64,
        chunks: Vec<Digest>,
    },
    Link {
        target: String,
    },
}

/// User id and group id in a container.
pub(crate) type Owner = (u64, u64);

impl Tree {
    /// Keeps what a file or directory of this machine holds.
    pub(crate) fn of_path(path: &Path, pack: &mut PackWriter<'_>) -> Result<Self, StoreError> {
        let mut tree = Self::default();
        tree.add_path(path, String::new(), pack)?;
        Ok(tree)
    }

    fn add_path(&mut self, path: &Path, name: String, pack: &mut PackWriter<'_>) -> Result<(), StoreError> {
        let unreadable = |cause| StoreError::file("read", path)(cause);
        // What is named is meant, also through a link.
        let meta = if name.is_empty() { fs::metadata(path) } else { fs::symlink_metadata(path) };
        let meta = meta.map_err(unreadable)?;
        let mode = meta.permissions().mode() & MODE;
        let entry = if meta.is_dir() {
            for child in fs::read_dir(path).map_err(unreadable)? {
                let child = child.map_err(unreadable)?;
                let child_name = child.file_name();
                let child_name =
                    child_name.to_str().ok_or_else(|| odd(&child.path(), "has a name that is not UTF-8"))?;
                let below =
                    if name.is_empty() { child_name.to_owned() } else { format!("{name}/{child_name}") };
                self.add_path(&child.path(), below, pack)?;
            }
            Entry::Directory { mode, owner: None }
        } else if meta.is_file() {
            let file = File::open(path).map_err(unreadable)?;
            let (size_b, chunks) = keep(file, meta.len(), path, pack)?;
            Entry::File { mode, owner: None, size_b, chunks }
        } else if meta.is_symlink() {
            let target = fs::read_link(path).map_err(unreadable)?;
            Entry::Link { target: text(&target)? }
        } else {
            return Err(odd(path, "is neither a file nor a directory nor a link"));
        };
        self.entries.insert(name, entry);
        Ok(())
    }

    /// Keeps what a tar archive holds. In one of a single path, that path is the dataset and its name is not part of it.
    pub(crate) fn of_archive(archive: &mut dyn Read, pack: &mut PackWriter<'_>) -> Result<Self, StoreError> {
        let unreadable = |cause| StoreError::file("read", Path::new("the archive"))(cause);
        let mut tree = Self::default();
        let mut archive = tar::Archive::new(archive);
        for entry in archive.entries().map_err(unreadable)? {
            let mut entry = entry.map_err(unreadable)?;
            let path = entry.path().map_err(unreadable)?.into_owned();
            let name = local(&path)?;
            let mode = entry.header().mode().map_err(unreadable)? & MODE;
            let target = |entry: &tar::Entry<'_, _>| -> Result<_, StoreError> {
                let target = entry.link_name().map_err(unreadable)?;
                Ok(target.map(std::borrow::Cow::into_owned).unwrap_or_default())
            };
            let kind = entry.header().entry_type();
            // Archives need not say whose things are.
            let owner = (entry.header().uid().unwrap_or(0), entry.header().gid().unwrap_or(0));
            let owner = (owner != (0, 0)).then_some(owner);
            let kept = if kind.is_dir() {
                Entry::Directory { mode, owner }
            } else if kind.is_symlink() {
                Entry::Link { target: text(&target(&entry)?)? }
            } else if kind.is_hard_link() {
                let first = local(&target(&entry)?)?;
                tree.entries
                    .get(&first)
                    .cloned()
                    .ok_or_else(|| odd(&path, "is a link to a file that is not there"))?
            } else if kind.is_file() || kind.is_gnu_sparse() || kind.is_contiguous() {
                let size = entry.size();
                let (size_b, chunks) = keep(&mut entry, size, &path, pack)?;
                Entry::File { mode, owner, size_b, chunks }
            } else {
                return Err(odd(&path, "is neither a file nor a directory nor a link"));
            };
            tree.entries.insert(name, kept);
        }
        tree.entries.remove("");
        tree.check()?;
        Ok(tree.below_its_only_name())
    }

    /// Nothing lies below what is no directory: it would be written elsewhere.
    fn check(&self) -> Result<(), StoreError> {
        for name in self.entries.keys() {
            for (at, _) in name.match_indices('/') {
                if self
                    .entries
                    .get(&name[..at])
                    .is_some_and(|above| !matches!(above, Entry::Directory { .. }))
                {
                    return Err(odd(Path::new(name), "lies below what is no directory"));
                }
            }
        }
        Ok(())
    }

    fn below_its_only_name(self) -> Self {
        let first = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
        let Some(top) = self.entries.keys().next().map(|name| first(name)) else { return self };
        if self.entries.keys().any(|name| first(name) != top) {
            return self;
        }
        let entries = self.entries.into_iter().map(|(name, entry)| {
            let below = name.strip_prefix(&top).unwrap_or(&name).trim_start_matches('/');
            (below.to_owned(), entry)
        });
        Self { entries: entries.collect() }
    }

    /// Its files.
    pub(crate) fn files(&self) -> u64 {
        self.entries.values().filter(|entry| !matches!(entry, Entry::Directory { .. })).count() as u64
    }

    /// The bytes of its files.
    pub(crate) fn size(&self) -> u64 {
        let size = |entry: &Entry| match entry {
            Entry::File { size_b, .. } => *size_b,
            Entry::Directory { .. } | Entry::Link { .. } => 0,
        };
        self.entries.values().map(size).sum()
    }

    /// The chunks of its files.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = &Digest> {
        self.entries.values().flat_map(|entry| match entry {
            Entry::File { chunks, .. } => chunks.as_slice(),
            Entry::Directory { .. } | Entry::Link { .. } => &[],
        })
    }
}

fn keep(
    file: impl Read,
    size: u64,
    path: &Path,
    pack: &mut PackWriter<'_>,
) -> Result<(u64, Vec<Digest>), StoreError> {
    let (mut size_b, mut chunks) = (0, Vec::new());
    for piece in cut(file, size) {
        let piece = piece.map_err(StoreError::file("read", path))?;
        size_b += piece.len() as u64;
        chunks.push(pack.keep(piece)?);
    }
    Ok((size_b, chunks))
}

/// The path without what leads out of a directory.
fn local(path: &Path) -> Result<String, StoreError> {
    let mut name = String::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => {
                let part = part.to_str().ok_or_else(|| odd(path, "has a name that is not UTF-8"))?;
                if !name.is_empty() {
                    name.push('/');
                }
                name.push_str(part);
            }
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(odd(path, "leads out of the dataset")),
        }
    }
    Ok(name)
}

fn text(target: &Path) -> Result<String, StoreError> {
    target.to_str().map(str::to_owned).ok_or_else(|| odd(target, "is a target of a link that is not UTF-8"))
}

fn odd(path: &Path, what: &str) -> StoreError {
    StoreError::file("store", path)(io::Error::new(io::ErrorKind::InvalidInput, format!("it {what}")))
}
