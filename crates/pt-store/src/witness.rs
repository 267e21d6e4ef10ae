//! A witness outside of the database and the logs of how many events each job has, and how many lines: numbers in the file by which
//! its runner is known to live.
//!
//! A journal or a log that was cut off, or a database that was put back from an older copy, shows no damage: it only knows less. Who
//! opens the database after its user was killed compares, and who reads a log to its end.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::database::Database;
use crate::job::JobKey;
use crate::{Store, StoreError, private};

/// Where the number of lines is, after that of the events.
const LINES: u64 = 8;

/// Takes note of how many events and lines a job has.
#[derive(Debug)]
pub(crate) struct Witness(File);

impl Witness {
    pub(crate) fn of(store: &Store, job: &JobKey) -> Result<Self, StoreError> {
        let path = store.lock_file(job);
        private::create_dir(&store.dir().join("runners"))?;
        private::open_lock(&path).map(Self)
    }

    /// Takes note of it. Where that fails nothing is lost but a warning.
    pub(crate) fn note(&self, events: u64) {
        drop(self.0.write_all_at(&events.to_le_bytes(), 0));
    }

    pub(crate) fn note_lines(&self, lines: u64) {
        drop(self.0.write_all_at(&lines.to_le_bytes(), LINES));
    }
}

/// What the database does not know any more, a line for each job; known from here on.
pub(crate) fn missing(dir: &Path, database: &Database) -> Result<Vec<String>, StoreError> {
    let jobs: Vec<(String, String, String)> = database.read("list the jobs", |tx| {
        tx.prepare("SELECT instance, id, summary FROM job")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect()
    })?;
    let dir = dir.join("runners");
    let (mut missing, mut seen) = (Vec::new(), HashSet::new());
    for (instance, id, summary) in jobs {
        let path = private::file_for(&dir, &format!("{instance}-{id}"), ".lock");
        let noted = noted(&path);
        seen.insert(path.clone());
        let Some(noted) = noted else { continue };
        // A summary that cannot be read is told of by whoever needs it.
        let summary = serde_json::from_str::<crate::JobSummary>(&summary);
        let Ok(known) = summary.map(|summary| summary.events) else { continue };
        if known < noted {
            missing.push(format!("{} of the {noted} events of job {id}", noted - known));
            private::open_lock(&path).map(Witness)?.note(known);
        }
    }
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(missing),
        Err(cause) => return Err(StoreError::file("read", &dir)(cause)),
    };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| !seen.contains(path)) {
        let Some(noted) = noted(&path).filter(|noted| *noted > 0) else { continue };
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let id = name.split_once('-').map_or(name.as_str(), |(_, id)| id);
        missing.push(format!("all of the {noted} events of job {id}"));
        private::open_lock(&path).map(Witness)?.note(0);
    }
    Ok(missing)
}

impl Store {
    /// How many lines the log of a job has had, as far as somebody took note of it.
    pub fn lines_noted(&self, job: &JobKey) -> u64 {
        number_at(&self.lock_file(job), LINES).unwrap_or_default()
    }
}

fn noted(path: &Path) -> Option<u64> {
    number_at(path, 0)
}

fn number_at(path: &Path, offset: u64) -> Option<u64> {
    let mut bytes = [0; 8];
    File::open(path).ok()?.read_exact_at(&mut bytes, offset).ok()?;
    Some(u64::from_le_bytes(bytes))
}
