//! Datasets: versioned archives.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pt_model::InstanceId;
use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::key::random_name;
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
    /// Size of the archive in bytes.
    pub size_b: u64,
    /// SHA-256 of the archive in hex digits.
    pub digest: String,
    /// The job and step that made it, as `job/step`; none if a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// When it was stored.
    pub created_ts: Timestamp,
    /// The archive: a tar file.
    pub path: PathBuf,
}

impl Store {
    /// Stores a tar archive as the dataset's next version. Readers never see half of one.
    pub fn put_dataset(
        &self,
        instance: &InstanceId,
        id: &str,
        archive: &mut dyn Read,
        created_by: Option<&str>,
        at: Timestamp,
    ) -> Result<Dataset, StoreError> {
        let dir = self.dataset_dir(instance, id);
        private::create_dir(&dir)?;
        let name = random_name().map_err(StoreError::file("name a file in", &dir))?;
        let draft = dir.join(name + ".new");
        let written = copy(archive, &draft).map_err(StoreError::file("write the dataset", &draft));
        let stored = written.and_then(|(size_b, digest)| {
            self.database().write("store a dataset", |tx| {
                let newest: u32 = tx
                    .prepare_cached(
                        "SELECT coalesce(max(version), 0) FROM dataset WHERE instance = ?1 AND id = ?2",
                    )?
                    .query_row([instance.as_str(), id], |row| row.get(0))?;
                let version = newest + 1;
                tx.prepare_cached(
                    "INSERT INTO dataset (instance, id, version, size_b, digest, created_by, created_ts)
                     VALUES (:instance, :id, :version, :size, :digest, :by, :at)",
                )?
                .execute(named_params! {
                    ":instance": instance.as_str(), ":id": id, ":version": version,
                    ":size": size_b.cast_signed(), ":digest": digest, ":by": created_by, ":at": at.to_string(),
                })?;
                // Before the commit: a row without its file would be worse than a file without its row.
                let path = archive_file(&dir, version);
                fs::rename(&draft, &path).map_err(StoreError::file("store the dataset", &path))?;
                let (id, created_by) = (id.to_owned(), created_by.map(str::to_owned));
                Ok(Dataset { id, version, size_b, digest, created_by, created_ts: at, path })
            })
        });
        if stored.is_err() {
            private::delete(&draft)?;
        }
        stored
    }

    /// A version of a dataset, or its newest.
    pub fn dataset(
        &self,
        instance: &InstanceId,
        id: &str,
        version: Option<u32>,
    ) -> Result<Option<Dataset>, StoreError> {
        self.database().read("look a dataset up", |tx| {
            tx.prepare_cached(
                "SELECT id, version, size_b, digest, created_by, created_ts FROM dataset
                 WHERE instance = :instance AND id = :id AND (:version IS NULL OR version = :version)
                 ORDER BY version DESC LIMIT 1",
            )?
            .query_map(
                named_params! { ":instance": instance.as_str(), ":id": id, ":version": version },
                |row| self.dataset_in(instance, row),
            )?
            .next()
            .transpose()
        })
    }

    /// The files of a version, unpacked beside its archive the first time they are wanted: what was stored, a file or a
    /// directory. They belong to the store; nobody may change them.
    pub fn unpack_dataset(&self, dataset: &Dataset) -> Result<PathBuf, StoreError> {
        let dir = dataset.path.with_extension("files");
        if !dir.is_dir() {
            let name = random_name().map_err(StoreError::file("name a directory for", &dir))?;
            let draft = dataset.path.with_extension(name);
            let unpacked = unpack(&dataset.path, &draft).and_then(|()| match fs::rename(&draft, &dir) {
                // Somebody else was quicker.
                Err(_) if dir.is_dir() => fs::remove_dir_all(&draft),
                renamed => renamed,
            });
            if let Err(cause) = unpacked {
                // The first error is the one to tell.
                drop(fs::remove_dir_all(&draft));
                return Err(StoreError::file("unpack the dataset", &dataset.path)(cause));
            }
        }
        // Archives of one path have it as their only entry; its name is not part of the dataset.
        let entries = fs::read_dir(&dir).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        match entries.map_err(StoreError::file("read", &dir))?.as_slice() {
            [only] => Ok(only.path()),
            _ => Ok(dir),
        }
    }

    /// All versions of all datasets of an instance.
    pub fn datasets(&self, instance: &InstanceId) -> Result<Vec<Dataset>, StoreError> {
        self.database().read("list the datasets", |tx| {
            tx.prepare_cached(
                "SELECT id, version, size_b, digest, created_by, created_ts FROM dataset
                 WHERE instance = ?1 ORDER BY id, version",
            )?
            .query_map([instance.as_str()], |row| self.dataset_in(instance, row))?
            .collect()
        })
    }

    /// Deletes a version of a dataset, or all of them; gives those that were there.
    pub fn delete_dataset(
        &self,
        instance: &InstanceId,
        id: &str,
        version: Option<u32>,
    ) -> Result<Vec<Dataset>, StoreError> {
        let mut deleted = self.datasets(instance)?;
        deleted
            .retain(|dataset| dataset.id == id && version.is_none_or(|version| dataset.version == version));
        self.database().write("delete a dataset", |tx| {
            tx.execute(
                "DELETE FROM dataset WHERE instance = :instance AND id = :id
                 AND (:version IS NULL OR version = :version)",
                named_params! { ":instance": instance.as_str(), ":id": id, ":version": version },
            )?;
            Ok(())
        })?;
        // After the rows: a file without its row harms nobody.
        for dataset in &deleted {
            private::delete(&dataset.path)?;
            let unpacked = dataset.path.with_extension("files");
            if unpacked.is_dir() {
                fs::remove_dir_all(&unpacked).map_err(StoreError::file("delete", &unpacked))?;
            }
        }
        Ok(deleted)
    }

    fn dataset_in(&self, instance: &InstanceId, row: &Row<'_>) -> rusqlite::Result<Dataset> {
        let (id, version): (String, u32) = (row.get(0)?, row.get(1)?);
        Ok(Dataset {
            path: archive_file(&self.dataset_dir(instance, &id), version),
            id,
            version,
            size_b: row.get::<_, i64>(2)?.cast_unsigned(),
            digest: row.get(3)?,
            created_by: row.get(4)?,
            created_ts: timestamp(row, 5)?,
        })
    }

    fn dataset_dir(&self, instance: &InstanceId, id: &str) -> PathBuf {
        private::file_for(&private::file_for(&self.dir().join("datasets"), instance.as_str(), ""), id, "")
    }
}

fn archive_file(dir: &Path, version: u32) -> PathBuf {
    dir.join(format!("{version}.tar"))
}

fn unpack(archive: &Path, dir: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(io::BufReader::new(File::open(archive)?));
    archive.set_preserve_permissions(true);
    fs::create_dir(dir)?;
    archive.unpack(dir)
}

fn copy(from: &mut dyn Read, to: &Path) -> io::Result<(u64, String)> {
    let mut file: File = private::options().write(true).create_new(true).open(to)?;
    let (mut size, mut hash) = (0, Sha256::new());
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            Err(cause) => return Err(cause),
        };
        hash.update(&buffer[..read]);
        file.write_all(&buffer[..read])?;
        size += read as u64;
    }
    file.sync_all()?;
    Ok((size, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}
