//! The state directory as a whole.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::database::Database;
use crate::key::{SecretKey, random_name};
use crate::{StoreError, private};

/// A state directory. Clones are handles of the same one.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    database: Database,
    key: SecretKey,
    fleeting: bool,
}

impl Store {
    /// Opens the state directory, made first where it is missing. Any number of processes may do so at once.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        private::create_dir(dir)?;
        // Who comes first makes the key and the database; the others wait the few milliseconds.
        let lock_path = dir.join("open.lock");
        let lock = private::open_lock(&lock_path)?;
        lock.lock().map_err(StoreError::file("lock", &lock_path))?;
        let database = Database::open(&dir.join("polytope.db"))?;
        let key = SecretKey::open(&dir.join("secret.key"))?;
        drop(lock);
        Ok(Self { inner: Arc::new(Inner { dir: dir.to_owned(), database, key, fleeting: false }) })
    }

    /// A store for tests and simulations: its database is in memory, its logs and datasets in a temporary directory
    /// that goes when the last handle does.
    pub fn in_memory() -> Result<Self, StoreError> {
        let temporary = std::env::temp_dir();
        let name = random_name().map_err(StoreError::file("name a directory in", &temporary))?;
        let dir = temporary.join(format!("polytope-{name}"));
        private::create_dir(&dir)?;
        let (database, key) = (Database::in_memory()?, SecretKey::fleeting()?);
        Ok(Self { inner: Arc::new(Inner { dir, database, key, fleeting: true }) })
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(crate) fn key(&self) -> &SecretKey {
        &self.inner.key
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.inner.dir.display())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.fleeting {
            // Nobody is left to tell, and the system clears its temporary files.
            drop(fs::remove_dir_all(&self.dir));
        }
    }
}
