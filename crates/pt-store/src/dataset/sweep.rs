//! Room: what no dataset refers to goes, and copies that no job uses as far as the budget asks for it.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use pt_model::{InstanceId, JobId};
use rusqlite::params;
use serde::Serialize;

use super::chunk::Digest;
use super::copy::remove;
use super::pack::{self, PackReader};
use crate::{JobKey, Store, StoreError};

/// A pack whose chunks are used to less than this part, in percent of its bytes, is written anew.
const WORTH: u64 = 50;

/// What sweeping did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Swept {
    /// Bytes that were freed.
    pub freed_b: u64,
    /// Bytes of chunks that remain. All of them belong to datasets.
    pub kept_b: u64,
    /// Bytes of copies for jobs that remain.
    pub copies_b: u64,
}

/// The files of a dataset, written out for jobs.
struct DatasetCopy {
    path: PathBuf,
    digest: String,
    used: SystemTime,
    size_b: u64,
}

impl Store {
    /// Frees what no dataset refers to, and copies that no running job uses until what remains fits the budget in bytes. What
    /// datasets refer to is never freed, budget or not.
    pub fn sweep_datasets(&self, budget: Option<u64>) -> Result<Swept, StoreError> {
        let (lock, path) = self.datasets_lock()?;
        lock.lock().map_err(StoreError::file("lock", &path))?;
        let before = size_below(&self.datasets_dir())?;
        self.forget_chunks()?;
        self.rewrite_packs()?;
        self.delete_packs()?;
        self.delete_strangers()?;
        let kept_b = size_below(&self.packs())?;
        let copies_b = self.evict_copies(budget.map(|budget| budget.saturating_sub(kept_b)))?;
        let after = size_below(&self.datasets_dir())?;
        Ok(Swept { freed_b: before.saturating_sub(after), kept_b, copies_b })
    }

    /// Forgets the chunks of no dataset.
    fn forget_chunks(&self) -> Result<(), StoreError> {
        let mut live = HashSet::new();
        for digest in self.digests()? {
            live.extend(self.tree(&digest)?.chunks().copied());
        }
        self.database().write("forget chunks", |tx| {
            let all: Vec<Digest> = tx
                .prepare("SELECT digest FROM chunk")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let mut forget = tx.prepare("DELETE FROM chunk WHERE digest = ?1")?;
            for digest in all.iter().filter(|digest| !live.contains(*digest)) {
                forget.execute([digest])?;
            }
            Ok(())
        })
    }

    fn digests(&self) -> Result<HashSet<String>, StoreError> {
        self.database().read("list the datasets", |tx| {
            tx.prepare("SELECT DISTINCT digest FROM dataset")?.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// Takes what is used of packs that are mostly waste over into a new one.
    fn rewrite_packs(&self) -> Result<(), StoreError> {
        let used: Vec<(String, i64)> = self.database().read("look at the packs", |tx| {
            tx.prepare("SELECT pack, sum(stored_b) FROM chunk GROUP BY pack")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })?;
        for (name, used) in used {
            let path = self.packs().join(&name);
            let size = fs::metadata(&path).map_err(StoreError::file("read", &path))?.len();
            if used.cast_unsigned() * 100 >= size * WORTH {
                continue;
            }
            let digests: Vec<Digest> = self.database().read("look at a pack", |tx| {
                tx.prepare("SELECT digest FROM chunk WHERE pack = ?1")?
                    .query_map([&name], |row| row.get(0))?
                    .collect()
            })?;
            let packs = self.packs();
            let mut reader = PackReader::new(&packs, self.database())?;
            let ((), draft) = pack::write(&packs, self.database(), |pack| {
                digests
                    .iter()
                    .try_for_each(|digest| reader.read(digest).map(|content| pack.keep_again(content)))
            })?;
            self.database().write("rewrite a pack", |tx| {
                tx.execute("DELETE FROM chunk WHERE pack = ?1", params![name])?;
                draft.enter(tx)
            })?;
        }
        Ok(())
    }

    /// Deletes packs in which nothing is, and those that nobody finished.
    fn delete_packs(&self) -> Result<(), StoreError> {
        let used: HashSet<String> = self.database().read("look at the packs", |tx| {
            tx.prepare("SELECT DISTINCT pack FROM chunk")?.query_map([], |row| row.get(0))?.collect()
        })?;
        for path in children(&self.packs())? {
            let name = path.file_name().and_then(|name| name.to_str());
            if !name.is_some_and(|name| used.contains(name)) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    /// Deletes what versions before datasets were made of chunks have left.
    fn delete_strangers(&self) -> Result<(), StoreError> {
        let (_, lock) = self.datasets_lock()?;
        let known = [self.packs(), self.copies(), lock];
        children(&self.datasets_dir())?
            .iter()
            .filter(|path| !known.contains(path))
            .try_for_each(|path| remove(path))
    }

    /// Removes copies of no dataset, and others, the longest unused first, until the rest fits; gives its bytes.
    fn evict_copies(&self, budget: Option<u64>) -> Result<u64, StoreError> {
        let (known, in_use) = (self.digests()?, self.digests_in_use()?);
        let mut copies = Vec::new();
        for path in children(&self.copies())? {
            let digest = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let meta = fs::symlink_metadata(&path).map_err(StoreError::file("read", &path))?;
            let used = meta.modified().map_err(StoreError::file("read", &path))?;
            copies.push(DatasetCopy { size_b: size_below(&path)?, path, digest, used });
        }
        copies.sort_by_key(|copy| copy.used);
        let mut total: u64 = copies.iter().map(|copy| copy.size_b).sum();
        for copy in copies {
            let too_many = budget.is_some_and(|budget| total > budget);
            if !in_use.contains(&copy.digest) && (too_many || !known.contains(&copy.digest)) {
                remove(&copy.path)?;
                total -= copy.size_b;
            }
        }
        Ok(total)
    }

    /// What jobs use that are not over. What others used is noted no longer.
    fn digests_in_use(&self) -> Result<HashSet<String>, StoreError> {
        let uses: Vec<(String, i64, JobKey)> = self.database().read("look at who uses datasets", |tx| {
            tx.prepare(
                "SELECT digest, job, instance, id FROM dataset_use JOIN job ON job.number = dataset_use.job",
            )?
            .query_map([], |row| {
                let (instance, id): (String, String) = (row.get(2)?, row.get(3)?);
                Ok((row.get(0)?, row.get(1)?, JobKey::new(InstanceId::new(instance), JobId::new(id))))
            })?
            .collect()
        })?;
        let mut in_use = HashSet::new();
        for (digest, number, job) in uses {
            if self.job(&job)?.is_some_and(|job| job.finished_ts.is_none()) {
                in_use.insert(digest);
            } else {
                self.database().write("forget who used a dataset", |tx| {
                    tx.execute("DELETE FROM dataset_use WHERE job = ?1", [number])?;
                    Ok(())
                })?;
            }
        }
        Ok(in_use)
    }
}

fn children(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |cause| StoreError::file("list", dir)(cause);
    let entries = match fs::read_dir(dir) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>().map_err(failed)
}

/// The bytes of all files at and below a path.
fn size_below(path: &Path) -> Result<u64, StoreError> {
    let meta = match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(0),
        meta => meta.map_err(StoreError::file("read", path))?,
    };
    if !meta.is_dir() {
        return Ok(meta.len());
    }
    children(path)?.iter().map(|child| size_below(child)).sum()
}
