//! What can go wrong with the state directory: what was attempted, why it failed, what to do.

use std::io;
use std::path::{Path, PathBuf};

use pt_model::JobId;
use rusqlite::ErrorCode;
use thiserror::Error;

/// Why the store could not do what was asked. The message is whole: attempt, cause and cure.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file could not be read or written.
    #[error("Could not {attempt} {path}: {cause}.{}", io_cure(.cause.kind()))]
    File {
        /// What was attempted: `write`, `create`…
        attempt: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        cause: io::Error,
    },
    /// The database refused.
    #[error("Could not {attempt} in the database {path}: {cause}.{cure}")]
    Database {
        /// What was attempted.
        attempt: &'static str,
        /// Its file.
        path: PathBuf,
        /// Why it failed.
        cause: rusqlite::Error,
        /// What to do; nothing, or a sentence after a space.
        cure: &'static str,
    },
    /// A file of ours does not hold what it should.
    #[error("{path} is damaged: {detail}. It was left as it is. {cure}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
        /// What to do.
        cure: &'static str,
    },
    /// The database was made by a later version.
    #[error(
        "The database {path} was written by a newer version of polytope (its format is {found}, this version knows \
         {known}). Use that version, or name another state directory in POLYTOPE_STATE_DIR."
    )]
    Newer {
        /// Its file.
        path: PathBuf,
        /// The format it has.
        found: i64,
        /// The newest format known here.
        known: i64,
    },
    /// A secret cannot be decrypted.
    #[error(
        "The secret '{name}' cannot be decrypted: it is damaged, or was encrypted with another key than the one in \
         {key}. Set it again: pt secrets set {name}"
    )]
    UnreadableSecret {
        /// Its name.
        name: String,
        /// The key's file.
        key: PathBuf,
    },
    /// There is no such job.
    #[error("There is no job '{job}' here.")]
    UnknownJob {
        /// The id asked for.
        job: JobId,
    },
    /// The id is taken.
    #[error("There is a job '{job}' here already. Choose another id, or leave it to be chosen.")]
    JobExists {
        /// The id asked for.
        job: JobId,
    },
    /// An event does not follow the ones before it.
    #[error("Event {found} of job '{job}' came where event {expected} was due.")]
    Gap {
        /// The job.
        job: JobId,
        /// The number due.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// Somebody else runs the job.
    #[error("Job '{job}' is being run by another process.")]
    Running {
        /// The job.
        job: JobId,
    },
    /// Something has no written form.
    #[error("Could not write something down: {0}")]
    Unwritable(serde_json::Error),
}

/// What to do with a damaged file.
pub(crate) const CURE: &str =
    "Restore it from a backup, or move it aside to start afresh without what it holds.";

/// What is done about a damaged log.
pub(crate) const LOG_CURE: &str = "What comes before and after it is read.";

/// What becomes of a damaged database.
pub(crate) const DATABASE_CURE: &str =
    "The next command saves what can be read of it, once no job runs (`pt ps`), and tells what is lost.";

/// As little space as this is none.
const NO_SPACE: u64 = 256 << 10;

impl StoreError {
    /// Whether a part of a file cannot be read, and the rest may be.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }

    pub(crate) fn file(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::File { attempt, path: path.to_owned(), cause }
    }

    pub(crate) fn database(attempt: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        move |cause| match cause.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                let is_foreign = cause.sqlite_error_code() == Some(ErrorCode::NotADatabase);
                let cure = if is_foreign { CURE } else { DATABASE_CURE };
                Self::Damaged { path: path.to_owned(), detail: cause.to_string(), cure }
            }
            _ => {
                let cure = database_cure(&cause, path);
                Self::Database { attempt, path: path.to_owned(), cause, cure }
            }
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only these kinds have a cure to tell")]
fn io_cure(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::PermissionDenied => {
            " It must belong to you; if it was made by another user (by sudo, say), give it back with chown."
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            " The disk is full: free some space (pt clean, docker system prune), then try again."
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            " The file system is read-only: name a state directory elsewhere in POLYTOPE_STATE_DIR."
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            " Something else lies in its place: move it aside."
        }
        _ => "",
    }
}

/// What a database says where the disk is full is not always that it is.
fn is_full(path: &Path) -> bool {
    let dir = path.parent().unwrap_or(path);
    rustix::fs::statvfs(dir).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < NO_SPACE)
}

fn database_cure(cause: &rusqlite::Error, path: &Path) -> &'static str {
    match cause.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => io_cure(io::ErrorKind::StorageFull),
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) if is_full(path) => {
            io_cure(io::ErrorKind::StorageFull)
        }
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
            io_cure(io::ErrorKind::PermissionDenied)
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            " Another process has kept it locked; is one suspended? (pt ps)"
        }
        _ => "",
    }
}
