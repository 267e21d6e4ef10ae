//! The SQLite file: opened by many processes at once, brought up to date by whoever comes first.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::DATABASE_CURE;
use crate::{StoreError, private};

/// How long to wait for another process to finish writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// The steps from an empty file to the present format, oldest first. Steps that were ever released are not changed.
const MIGRATIONS: [&str; 6] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
];

/// The database. One connection serves a process: its operations take microseconds.
pub(crate) struct Database {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl Database {
    /// Opens the file, made first if there is none. The caller holds the directory's lock.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let created = private::options().write(true).create(true).truncate(false).open(path);
        created.map_err(StoreError::file("open the database", path))?;
        private::restrict(path)?;
        Self::prepare(Connection::open(path), path)
    }

    /// A database that lasts as long as the process.
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Connection::open_in_memory(), Path::new(":memory:"))
    }

    fn prepare(connection: rusqlite::Result<Connection>, path: &Path) -> Result<Self, StoreError> {
        let failed = |cause| StoreError::database("open what is kept", path)(cause);
        let mut connection = connection.map_err(failed)?;
        set_up(&connection).map_err(failed)?;
        migrate(&mut connection, path)?;
        Ok(Self { connection: Mutex::new(connection), path: path.to_owned() })
    }

    /// Reads in one transaction: what is seen belongs together.
    pub(crate) fn read<T>(
        &self,
        attempt: &'static str,
        read: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let failed = |cause| self.marked(StoreError::database(attempt, &self.path)(cause));
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction().map_err(failed)?;
        read(&transaction).map_err(failed)
    }

    /// Writes in one transaction: all of it or nothing. An error of the closure undoes everything.
    ///
    /// The lock is taken at the start: a transaction that begins as a reader is refused when it wants to write after
    /// another process did, however long it would wait.
    pub(crate) fn write<T>(
        &self,
        attempt: &'static str,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, WriteError>,
    ) -> Result<T, StoreError> {
        let failed = |cause| self.marked(StoreError::database(attempt, &self.path)(cause));
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let result = write(&transaction).map_err(|error| match error {
            WriteError::Sql(cause) => failed(cause),
            WriteError::Refused(error) => error,
        })?;
        transaction.commit().map_err(failed)?;
        Ok(result)
    }

    /// Says that a row does not hold what it should.
    pub(crate) fn damaged(&self, detail: String) -> StoreError {
        self.marked(StoreError::Damaged { path: self.path.clone(), detail, cure: DATABASE_CURE })
    }

    /// Leaves a mark where damage was found, for whoever opens the database next. It says nothing that the error does not.
    fn marked(&self, error: StoreError) -> StoreError {
        if error.is_damage() && self.path.is_absolute() {
            drop(fs::write(self.mark(), ""));
        }
        error
    }

    fn mark(&self) -> PathBuf {
        self.path.with_extension("db.is-damaged")
    }

    /// Whether damage was found in it.
    pub(crate) fn is_marked(&self) -> bool {
        self.mark().exists()
    }

    /// The damage is mended.
    pub(crate) fn unmark(&self) -> Result<(), StoreError> {
        private::delete(&self.mark())
    }
}

/// Why a transaction was undone.
pub(crate) enum WriteError {
    Sql(rusqlite::Error),
    Refused(StoreError),
}

impl From<rusqlite::Error> for WriteError {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Sql(cause)
    }
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Otherwise a statement is prepared anew for every value that it is given, in case another plan suits that better.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // With WAL this survives the death of every process; only a power cut may take the last moments.
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "foreign_keys", true)
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |cause| StoreError::database("bring up to date what is kept", path)(cause);
    let known = MIGRATIONS.len();
    let version = |connection: &Connection| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, "user_version", |row| row.get(0))
    };
    let found = version(connection).map_err(failed)?;
    let known_version = i64::try_from(known).unwrap_or(i64::MAX);
    if found == known_version {
        return Ok(());
    }
    if found > known_version {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: known_version });
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let found = usize::try_from(version(&transaction).map_err(failed)?).unwrap_or(known);
    for migration in MIGRATIONS.iter().skip(found) {
        transaction.execute_batch(migration).map_err(failed)?;
    }
    transaction.pragma_update(None, "user_version", known_version).map_err(failed)?;
    transaction.commit().map_err(failed)
}
