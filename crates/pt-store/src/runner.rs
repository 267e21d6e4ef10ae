//! Runners: the processes that run jobs, and how to tell whether they live.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::job::{encode, unknown};
use crate::{JobKey, Store, StoreError, private};

/// Probing a lock holds it for an instant; a runner that comes just then tries again, this often and at this pace.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(5);

/// The process that runs a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Runner {
    /// Its process id.
    pub pid: u32,
    /// The Unix socket on which it serves.
    pub socket: PathBuf,
    /// When it took the job up.
    pub started_ts: Timestamp,
}

/// Held by the process that runs a job, as long as it lives: the kernel lets go of it however the process ends.
#[derive(Debug)]
pub struct RunnerLock {
    _file: File,
}

/// Whether any process runs a job.
pub(crate) fn any_alive(dir: &Path) -> Result<bool, StoreError> {
    let dir = dir.join("runners");
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(StoreError::file("read", &dir)(cause)),
    };
    for entry in entries {
        let path = entry.map_err(StoreError::file("read", &dir))?.path();
        if path.extension().is_some_and(|extension| extension == "lock") && is_held(&path)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a process holds the lock.
fn is_held(path: &Path) -> Result<bool, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(StoreError::file("open the lock", path)(cause)),
    };
    // Shared, so that two who ask at once do not take each other for the runner.
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(cause)) => Err(StoreError::file("lock", path)(cause)),
    }
}

impl Store {
    /// Takes a job up for this process. Refused while another process holds it.
    pub fn lock_runner(&self, job: &JobKey) -> Result<RunnerLock, StoreError> {
        let path = self.lock_file(job);
        private::create_dir(&self.dir().join("runners"))?;
        let file = private::open_lock(&path)?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(RunnerLock { _file: file }),
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Error(cause)) => return Err(StoreError::file("lock", &path)(cause)),
            }
        }
        Err(StoreError::Running { job: job.job.clone() })
    }

    /// Whether the process that runs the job lives.
    pub fn runner_alive(&self, job: &JobKey) -> Result<bool, StoreError> {
        is_held(&self.lock_file(job))
    }

    /// Writes down who runs the job.
    pub fn set_runner(&self, job: &JobKey, runner: &Runner) -> Result<(), StoreError> {
        let row = encode(runner)?;
        self.database().write("note the runner of a job", |tx| {
            let changed = tx.execute(
                "UPDATE job SET runner = ?3 WHERE instance = ?1 AND id = ?2",
                params![job.instance.as_str(), job.job.as_str(), row],
            )?;
            if changed == 0 { Err(unknown(job).into()) } else { Ok(()) }
        })
    }

    /// Who runs the job, or ran it last.
    pub fn runner(&self, job: &JobKey) -> Result<Option<Runner>, StoreError> {
        let row: Option<Option<String>> = self.database().read("read the runner of a job", |tx| {
            tx.prepare_cached("SELECT runner FROM job WHERE instance = ?1 AND id = ?2")?
                .query_row(params![job.instance.as_str(), job.job.as_str()], |row| row.get(0))
                .optional()
        })?;
        match row.ok_or_else(|| unknown(job))? {
            Some(text) => self.decode(&text, "the runner", job).map(Some),
            None => Ok(None),
        }
    }

    pub(crate) fn lock_file(&self, job: &JobKey) -> PathBuf {
        private::file_for(&self.dir().join("runners"), &format!("{}-{}", job.instance, job.job), ".lock")
    }
}
