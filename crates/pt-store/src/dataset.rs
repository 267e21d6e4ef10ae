//! Datasets: versions of files, kept as chunks that versions and datasets share.

mod chunk;
mod copy;
mod pack;
mod sweep;
mod tree;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pt_model::{InstanceId, JobId, StepId};
use rusqlite::{OptionalExtension, Row, named_params, params};
use serde::{Deserialize, Serialize};

pub use sweep::Swept;

use self::chunk::Digest;
use self::tree::{Entry, Tree};
use crate::value::timestamp;
use crate::{Store, StoreError, private};

/// A version of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Dataset {
    /// The dataset's id in its project.
    pub id: String,
    /// The version, from 1.
    pub version: u32,
    /// The number of its files.
    pub files: u64,
    /// Their size in bytes.
    pub size_b: u64,
    /// The bytes that storing it took: of what was there already nothing, of the rest what compressing left.
    pub added_b: u64,
    /// The name of its content, in hex digits: versions that hold the same have the same.
    pub digest: String,
    /// The job and step that made it, as `job/step`; none if a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// What it was made of.
    #[serde(default, skip_serializing_if = "Lineage::is_unknown")]
    pub lineage: Lineage,
    /// When it was stored.
    pub created_ts: Timestamp,
}

/// What a dataset was made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lineage {
    /// The job that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The step whose code stored it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// The module the step ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The file or directory of this machine that was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// The versions of datasets that the job had read by then, as `id@version`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// The commit of the project's repository, with `+` behind it if files differed from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

impl Lineage {
    fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// Where the files of a dataset come from.
pub enum DatasetSource<'a> {
    /// A tar archive. In one of a single path, that path is the dataset, and its name is not part of it.
    Archive(&'a mut dyn Read),
    /// A file or directory of this machine.
    Path(&'a Path),
}

/// How two versions differ. All names in order; `.` is the dataset itself, a directory or a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DatasetDiff {
    /// Only in the later one.
    pub added: Vec<String>,
    /// Only in the earlier one.
    pub removed: Vec<String>,
    /// In both, with another content, owner or target, or with other permissions.
    pub changed: Vec<String>,
}

const COLUMNS: &str = "id, version, files, size_b, added_b, digest, created_by, lineage, created_ts";

impl Store {
    /// Stores files as the dataset's next version. Readers never see half of one.
    pub fn put_dataset(
        &self,
        instance: &InstanceId,
        id: &str,
        source: DatasetSource<'_>,
        lineage: &Lineage,
        at: Timestamp,
    ) -> Result<Dataset, StoreError> {
        let _lock = self.share_datasets()?;
        let (tree, draft) = pack::write(&self.packs(), self.database(), |pack| match source {
            DatasetSource::Archive(archive) => Tree::of_archive(archive, pack),
            DatasetSource::Path(path) => Tree::of_path(path, pack),
        })?;
        let text = serde_json::to_vec(&tree).map_err(StoreError::Unwritable)?;
        let packed = zstd::bulk::compress(&text, 0).map_err(StoreError::file("compress", &self.packs()))?;
        let created_by = lineage.job.as_ref().map(|job| match &lineage.step {
            Some(step) => format!("{job}/{step}"),
            None => job.to_string(),
        });
        let mut dataset = Dataset {
            id: id.to_owned(),
            version: 0,
            files: tree.files(),
            size_b: tree.size(),
            added_b: draft.size_b,
            digest: Digest::of(&text).to_string(),
            created_by,
            lineage: lineage.clone(),
            created_ts: at,
        };
        let lineage = serde_json::to_string(lineage).map_err(StoreError::Unwritable)?;
        self.database().write("store a dataset", |tx| {
            let newest: u32 = tx
                .prepare_cached("SELECT coalesce(max(version), 0) FROM dataset WHERE instance = ?1 AND id = ?2")?
                .query_row([instance.as_str(), id], |row| row.get(0))?;
            dataset.version = newest + 1;
            tx.prepare_cached(
                "INSERT INTO dataset
                 (instance, id, version, digest, tree, files, size_b, added_b, created_by, lineage, created_ts)
                 VALUES (:instance, :id, :version, :digest, :tree, :files, :size, :added, :by, :lineage, :at)",
            )?
            .execute(named_params! {
                ":instance": instance.as_str(), ":id": id, ":version": dataset.version,
                ":digest": dataset.digest, ":tree": packed, ":files": dataset.files.cast_signed(),
                ":size": dataset.size_b.cast_signed(), ":added": dataset.added_b.cast_signed(),
                ":by": dataset.created_by, ":lineage": lineage, ":at": at.to_string(),
            })?;
            draft.enter(tx)
        })?;
        Ok(dataset)
    }

    /// A version of a dataset, or its newest.
    pub fn dataset(
        &self,
        instance: &InstanceId,
        id: &str,
        version: Option<u32>,
    ) -> Result<Option<Dataset>, StoreError> {
        self.database().read("look a dataset up", |tx| {
            tx.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM dataset
                 WHERE instance = :instance AND id = :id AND (:version IS NULL OR version = :version)
                 ORDER BY version DESC LIMIT 1"
            ))?
            .query_row(
                named_params! { ":instance": instance.as_str(), ":id": id, ":version": version },
                dataset_in,
            )
            .optional()
        })
    }

    /// All versions of all datasets of an instance.
    pub fn datasets(&self, instance: &InstanceId) -> Result<Vec<Dataset>, StoreError> {
        self.database().read("list the datasets", |tx| {
            tx.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM dataset WHERE instance = ?1 ORDER BY id, version"
            ))?
            .query_map([instance.as_str()], dataset_in)?
            .collect()
        })
    }

    /// Forgets a version of a dataset, or all of them; gives those that were there. Sweeping frees their room.
    pub fn delete_dataset(
        &self,
        instance: &InstanceId,
        id: &str,
        version: Option<u32>,
    ) -> Result<Vec<Dataset>, StoreError> {
        let _lock = self.share_datasets()?;
        self.database().write("delete a dataset", |tx| {
            let mut deleted: Vec<Dataset> = tx
                .prepare_cached(&format!(
                    "DELETE FROM dataset
                     WHERE instance = :instance AND id = :id AND (:version IS NULL OR version = :version)
                     RETURNING {COLUMNS}"
                ))?
                .query_map(
                    named_params! { ":instance": instance.as_str(), ":id": id, ":version": version },
                    dataset_in,
                )?
                .collect::<rusqlite::Result<_>>()?;
            deleted.sort_by_key(|dataset| dataset.version);
            Ok(deleted)
        })
    }

    /// How a version differs from an earlier one.
    pub fn diff_datasets(&self, earlier: &Dataset, later: &Dataset) -> Result<DatasetDiff, StoreError> {
        let (mut before, after) = (self.tree(&earlier.digest)?, self.tree(&later.digest)?);
        let mut diff = DatasetDiff::default();
        let shown = |name: String| if name.is_empty() { ".".to_owned() } else { name };
        for (name, entry) in after.entries {
            match before.entries.remove(&name) {
                None => diff.added.push(shown(name)),
                Some(old) if old != entry => diff.changed.push(shown(name)),
                Some(_) => {}
            }
        }
        diff.removed = before.entries.into_keys().map(shown).collect();
        Ok(diff)
    }

    /// The names of a version's files and their sizes in bytes. A dataset that is one file has it without a name.
    pub fn dataset_files(&self, dataset: &Dataset) -> Result<Vec<(String, u64)>, StoreError> {
        let files = self.tree(&dataset.digest)?.entries.into_iter().filter_map(|(name, entry)| match entry {
            Entry::File { size_b, .. } => Some((name, size_b)),
            Entry::Link { .. } => Some((name, 0)),
            Entry::Directory { .. } => None,
        });
        Ok(files.collect())
    }

    fn tree(&self, digest: &str) -> Result<Tree, StoreError> {
        let packed: Option<Vec<u8>> = self.database().read("read what a dataset holds", |tx| {
            tx.prepare_cached("SELECT tree FROM dataset WHERE digest = ?1 LIMIT 1")?
                .query_row(params![digest], |row| row.get(0))
                .optional()
        })?;
        let damaged =
            |why: String| self.database().damaged(format!("the dataset of the content {digest} {why}"));
        let packed = packed.ok_or_else(|| damaged("is not there".to_owned()))?;
        let text = zstd::stream::decode_all(packed.as_slice())
            .map_err(|cause| damaged(format!("cannot be read ({cause})")))?;
        if Digest::of(&text).to_string() != digest {
            return Err(damaged("is not what was stored".to_owned()));
        }
        serde_json::from_slice(&text).map_err(|cause| damaged(format!("cannot be read ({cause})")))
    }

    fn datasets_dir(&self) -> PathBuf {
        self.dir().join("datasets")
    }

    fn packs(&self) -> PathBuf {
        self.datasets_dir().join("packs")
    }

    /// Keeps the sweeper out as long as the file is open.
    fn share_datasets(&self) -> Result<File, StoreError> {
        let (lock, path) = self.datasets_lock()?;
        lock.lock_shared().map_err(StoreError::file("lock", &path))?;
        Ok(lock)
    }

    fn datasets_lock(&self) -> Result<(File, PathBuf), StoreError> {
        private::create_dir(&self.datasets_dir())?;
        let path = self.datasets_dir().join("sweep.lock");
        Ok((private::open_lock(&path)?, path))
    }
}

fn dataset_in(row: &Row<'_>) -> rusqlite::Result<Dataset> {
    let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let lineage: String = row.get(7)?;
    Ok(Dataset {
        id: row.get(0)?,
        version: row.get(1)?,
        files: number(2)?,
        size_b: number(3)?,
        added_b: number(4)?,
        digest: row.get(5)?,
        created_by: row.get(6)?,
        lineage: serde_json::from_str(&lineage).map_err(|cause| {
            rusqlite::Error::FromSqlConversionFailure(7, rusqlite::types::Type::Text, Box::new(cause))
        })?,
        created_ts: timestamp(row, 8)?,
    })
}
