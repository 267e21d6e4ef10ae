//! The state directory as a whole.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::database::Database;
use crate::error::DATABASE_CURE;
use crate::key::{SecretKey, random_name};
use crate::runner;
use crate::salvage::{Salvage, has_vanished, salvage};
use crate::witness;
use crate::{StoreError, private};

/// The database's file.
const FILE: &str = "polytope.db";

/// What it has not taken over yet.
const JOURNAL: &str = "polytope.db-wal";

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
    salvage: Option<Salvage>,
}

impl Store {
    /// Opens the state directory, made first where it is missing. Any number of processes may do so at once.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        private::create_dir(dir)?;
        // Who comes first makes the key and the database; the others wait the few milliseconds.
        let lock_path = dir.join("open.lock");
        let lock = private::open_lock(&lock_path)?;
        lock.lock().map_err(StoreError::file("lock", &lock_path))?;
        let (database, salvage) = open_database(dir)?;
        let key = SecretKey::open(&dir.join("secret.key"))?;
        drop(lock);
        Ok(Self { inner: Arc::new(Inner { dir: dir.to_owned(), database, key, fleeting: false, salvage }) })
    }

    /// A store for tests and simulations: its database is in memory, its logs and datasets in a temporary directory
    /// that goes when the last handle does.
    pub fn in_memory() -> Result<Self, StoreError> {
        let temporary = std::env::temp_dir();
        let name = random_name().map_err(StoreError::file("name a directory in", &temporary))?;
        let dir = temporary.join(format!("polytope-{name}"));
        private::create_dir(&dir)?;
        let (database, key) = (Database::in_memory()?, SecretKey::fleeting()?);
        Ok(Self { inner: Arc::new(Inner { dir, database, key, fleeting: true, salvage: None }) })
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// What became of the database, if it was damaged when it was opened.
    pub fn salvage(&self) -> Option<&Salvage> {
        self.inner.salvage.as_ref()
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(crate) fn key(&self) -> &SecretKey {
        &self.inner.key
    }
}

/// Opens the database. If it is damaged, or was found to be, what can be read of it is saved first; but not under those who have
/// it open, as long as a job runs.
fn open_database(dir: &Path) -> Result<(Database, Option<Salvage>), StoreError> {
    let path = dir.join(FILE);
    let had_vanished = has_vanished(&path);
    // Who closes the database in order leaves no journal.
    let was_left = fs::metadata(dir.join(JOURNAL)).is_ok_and(|journal| journal.len() > 0);
    let opened = Database::open(&path);
    let is_damaged = match &opened {
        Ok(database) => database.is_marked(),
        Err(StoreError::Damaged { cure: DATABASE_CURE, .. }) => true,
        Err(_) => false,
    };
    if !is_damaged && !had_vanished && !was_left || runner::any_alive(dir)? {
        return Ok((opened?, None));
    }
    if !is_damaged {
        let database = opened?;
        let found = match had_vanished {
            true => Some(Salvage::of_nothing(&path)),
            false => Salvage::of_missing(&path, witness::missing(dir, &database)?),
        };
        return Ok((database, found));
    }
    drop(opened);
    let salvage = salvage(&path)?;
    let database = Database::open(&path)?;
    database.unmark()?;
    Ok((database, Some(salvage)))
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
