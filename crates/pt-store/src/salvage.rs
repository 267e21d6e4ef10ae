//! Saves what can be read of a damaged database into a new one. The damaged one is kept beside it.
//!
//! Pages may be missing, or hold something else. Tables are trees of pages: each is read from its beginning until it cannot be read,
//! and then from its end; events are read job by job. A job is a fold of its events, so that of each only those are kept that
//! follow each other from the first on, and an event says what is missing.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use pt_model::{Data, Event, InstanceId, JobId, Status, What};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params, params_from_iter};

use crate::database::Database;
use crate::job::encode;
use crate::{JobSummary, StoreError, private};

/// The tables besides those of jobs and their events: what they hold, for people, and by what their rows are in order.
const TABLES: [(&str, &str, &str); 10] = [
    ("instance", "projects used", "id"),
    ("named_value", "values", "context, instance, name"),
    ("secret", "secrets", "context, instance, name"),
    ("job_counter", "numbers of jobs", "instance, target"),
    ("job_request", "what jobs were asked for", "job"),
    ("dataset", "datasets", "instance, id, version"),
    ("chunk", "pieces of datasets", "digest"),
    ("kept_end", "ends of steps that need not run again", "number"),
    ("dataset_use", "which jobs use which datasets", "digest, job"),
    ("span", "spans that services sent", "job, seq"),
];

/// What became of a damaged database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvage {
    /// The database.
    pub path: PathBuf,
    /// What it was like.
    pub state: Found,
    /// What is lost, a line each.
    pub lost: Vec<String>,
}

/// How a database was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Damaged; what could be read of it was saved.
    Damaged {
        /// Where it is kept as it was.
        kept_as: PathBuf,
    },
    /// Sound, but it does not know what it knew before.
    Behind,
    /// Gone, or emptied.
    Gone,
}

impl Salvage {
    /// Of a database that is gone, or emptied.
    pub(crate) fn of_nothing(path: &Path) -> Self {
        let logs = path.with_file_name("logs");
        let lost = format!("all jobs, values and secrets; the logs are kept in {}", logs.display());
        Self { path: path.to_owned(), state: Found::Gone, lost: vec![lost] }
    }

    /// Of a database that is sound, if anything is missing in it.
    pub(crate) fn of_missing(path: &Path, lost: Vec<String>) -> Option<Self> {
        (!lost.is_empty()).then(|| Self { path: path.to_owned(), state: Found::Behind, lost })
    }
}

impl fmt::Display for Salvage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.state {
            Found::Damaged { kept_as } => {
                let kept_as = kept_as.display();
                write!(f, "The database {path} was damaged. ")?;
                write!(f, "What could be read of it was saved; it is kept as {kept_as}.")?;
            }
            Found::Behind => {
                write!(
                    f,
                    "The database {path} knows less than it knew: its journal was damaged or removed, or it was put back "
                )?;
                f.write_str("from an older copy.")?;
            }
            Found::Gone => write!(f, "The database {path} is gone, or was emptied: a new one begins.")?,
        }
        match self.lost.is_empty() {
            true => f.write_str(" Nothing is known to be lost."),
            false => write!(f, " Lost: {}.", self.lost.join("; ")),
        }
    }
}

/// Writes a new database in place of the damaged one. The caller holds the directory's lock, and nobody has it open.
pub(crate) fn salvage(path: &Path) -> Result<Salvage, StoreError> {
    let draft = beside(path, ".saving");
    for file in [draft.clone(), beside(&draft, "-wal"), beside(&draft, "-shm")] {
        private::delete(&file)?;
    }
    drop(Database::open(&draft)?);
    let failed = |cause| StoreError::database("save what can be read", path)(cause);
    let lost = Saving::between(path, &draft).map_err(failed)?.all()?;
    let kept_as = free_name(path);
    // What it had not taken over from its journal goes with it.
    for journal in ["-wal", "-shm"] {
        let from = beside(path, journal);
        if from.exists() {
            let moved = fs::rename(&from, beside(&kept_as, journal));
            moved.map_err(StoreError::file("move aside", &from))?;
        }
    }
    fs::hard_link(path, &kept_as).map_err(StoreError::file("move aside", path))?;
    fs::rename(&draft, path).map_err(StoreError::file("replace", path))?;
    Ok(Salvage { path: path.to_owned(), state: Found::Damaged { kept_as }, lost })
}

/// Whether the database is gone, or emptied, that there was: jobs have left logs.
pub(crate) fn has_vanished(path: &Path) -> bool {
    let is_empty = fs::metadata(path).map_or(true, |file| file.len() == 0);
    is_empty && path.with_file_name("logs").exists()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn free_name(path: &Path) -> PathBuf {
    let first = beside(path, ".damaged");
    let mut others = (2..).map(|number| beside(path, &format!(".damaged-{number}")));
    if first.exists() { others.find(|name: &PathBuf| !name.exists()).unwrap_or(first) } else { first }
}

struct Saving {
    from: Connection,
    to: Connection,
    lost: Vec<String>,
}

/// A row of a job.
struct JobRow {
    number: i64,
    instance: String,
    id: String,
    summary: Option<JobSummary>,
    runner: Option<String>,
}

impl Saving {
    fn between(path: &Path, draft: &Path) -> rusqlite::Result<Self> {
        let from = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Otherwise a file that is too short for what it says of itself is not opened at all.
        from.pragma_update(None, "writable_schema", true)?;
        let to = Connection::open(draft)?;
        to.pragma_update(None, "foreign_keys", false)?;
        Ok(Self { from, to, lost: Vec::new() })
    }

    /// Saves everything there is. Gives what is lost.
    fn all(mut self) -> Result<Vec<String>, StoreError> {
        let draft = PathBuf::from(self.to.path().unwrap_or_default());
        let failed = |cause| StoreError::database("save what can be read", &draft)(cause);
        self.to.execute_batch("BEGIN").map_err(failed)?;
        for (table, what, key) in TABLES {
            if !self.table(table, key).map_err(failed)? {
                self.lost.push(format!("perhaps some of the {what}"));
            }
        }
        self.jobs(&draft)?;
        let orphans = "DELETE FROM job_request WHERE job NOT IN (SELECT number FROM job);
                       DELETE FROM dataset_use WHERE job NOT IN (SELECT number FROM job);
                       COMMIT";
        self.to.execute_batch(orphans).map_err(failed)?;
        let Self { from, to, lost } = self;
        to.close().map_err(|(_, cause)| failed(cause))?;
        // It is damaged: what its end could not tidy up stays where it is.
        drop(from.close());
        Ok(lost)
    }

    /// Copies a table; says whether all of it could be read.
    fn table(&self, table: &str, key: &str) -> rusqlite::Result<bool> {
        if self.copy(table, key)? {
            return Ok(true);
        }
        let backwards: Vec<String> = key.split(", ").map(|column| format!("{column} DESC")).collect();
        self.copy(table, &backwards.join(", "))?;
        Ok(false)
    }

    /// Copies rows in this order, until one cannot be read; says whether there was none.
    fn copy(&self, table: &str, order: &str) -> rusqlite::Result<bool> {
        let (mut columns, mut whole) = (Vec::new(), true);
        self.to.pragma(None, "table_info", table, |row| {
            columns.push(row.get::<_, String>("name")?);
            Ok(())
        })?;
        let marks = vec!["?"; columns.len()].join(", ");
        let columns = columns.join(", ");
        let mut add =
            self.to.prepare(&format!("INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})"))?;
        let Ok(mut select) = self.from.prepare(&format!("SELECT {columns} FROM {table} ORDER BY {order}"))
        else {
            return Ok(false);
        };
        let width = select.column_count();
        let Ok(mut rows) = select.query([]) else { return Ok(false) };
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(whole),
                Err(_) => return Ok(false),
            };
            let values: rusqlite::Result<Vec<Value>> = (0..width).map(|at| row.get(at)).collect();
            // What does not fit its column is not what was written there.
            whole &= values.is_ok_and(|values| add.execute(params_from_iter(values)).is_ok());
        }
    }

    fn jobs(&mut self, draft: &Path) -> Result<(), StoreError> {
        let failed = |cause| StoreError::database("save what can be read", draft)(cause);
        let (mut rows, whole) = self.job_rows("number");
        if !whole {
            let known: BTreeSet<i64> = rows.iter().map(|row| row.number).collect();
            let (others, _) = self.job_rows("number DESC");
            rows.extend(others.into_iter().filter(|row| !known.contains(&row.number)));
            rows.sort_by_key(|row| row.number);
            self.lost.push("perhaps some jobs; the logs of all are kept".to_owned());
        }
        for row in rows {
            let (events, whole) = self.events(row.number);
            self.job(row, events, whole)?.map_err(failed)?;
        }
        Ok(())
    }

    fn job_rows(&self, order: &str) -> (Vec<JobRow>, bool) {
        let mut jobs = Vec::new();
        let sql = format!("SELECT number, instance, id, summary, runner FROM job ORDER BY {order}");
        let Ok(mut select) = self.from.prepare(&sql) else { return (jobs, false) };
        let Ok(mut rows) = select.query([]) else { return (jobs, false) };
        let mut whole = true;
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return (jobs, whole),
                Err(_) => return (jobs, false),
            };
            let job = || -> rusqlite::Result<JobRow> {
                let summary: Option<String> = row.get(3).ok();
                Ok(JobRow {
                    number: row.get(0)?,
                    instance: row.get(1)?,
                    id: row.get(2)?,
                    summary: summary.and_then(|text| serde_json::from_str(&text).ok()),
                    runner: row.get(4).unwrap_or_default(),
                })
            };
            match job() {
                Ok(job) => jobs.push(job),
                Err(_) => whole = false,
            }
        }
    }

    /// The events of a job, as far as they follow each other; and whether that is all there is.
    fn events(&self, job: i64) -> (Vec<Event>, bool) {
        let mut events: Vec<Event> = Vec::new();
        let sql = "SELECT body FROM event WHERE job = ?1 ORDER BY seq";
        let Ok(mut select) = self.from.prepare_cached(sql) else { return (events, false) };
        let Ok(mut rows) = select.query([job]) else { return (events, false) };
        loop {
            let body: String = match rows.next() {
                Ok(Some(row)) => row.get(0).unwrap_or_default(),
                Ok(None) => return (events, true),
                Err(_) => return (events, false),
            };
            match serde_json::from_str::<Event>(&body) {
                Ok(event) if event.seq == events.len() as u64 => events.push(event),
                Ok(_) | Err(_) => return (events, false),
            }
        }
    }

    fn job(
        &mut self,
        row: JobRow,
        mut events: Vec<Event>,
        whole: bool,
    ) -> Result<rusqlite::Result<()>, StoreError> {
        let JobRow { number, instance, id, summary: known, runner } = row;
        let saved = events.len() as u64;
        let is_whole = whole && known.as_ref().is_some_and(|known| known.events == saved);
        if !is_whole {
            let all = known.as_ref().map(|known| known.events).filter(|all| *all > saved);
            let lost = match all {
                Some(all) => format!("{} of the {all} events of job {id}", all - saved),
                None if whole => format!("what lists told of job {id}"),
                None => format!("events of job {id}"),
            };
            let whats = closing(known.as_ref(), &lost, saved);
            let at = known.as_ref().and_then(|known| known.finished_ts);
            let at = at.or(events.last().map(|event| event.at)).unwrap_or_default();
            events.extend((saved..).zip(whats).map(|(seq, what)| Event { seq, at, what }));
            self.lost.push(lost);
        }
        let first = events.first().map(|event| event.at);
        let created = known.as_ref().map(|known| known.created_ts).or(first).unwrap_or_default();
        let mut summary = JobSummary::new(InstanceId::new(&instance), JobId::new(&id), created);
        if let Some(known) = &known {
            summary.target.clone_from(&known.target);
        }
        events.iter().for_each(|event| summary.apply(event));
        let summary = encode(&summary)?;
        let bodies: Vec<String> = events.iter().map(encode).collect::<Result<_, _>>()?;
        let insert = || -> rusqlite::Result<()> {
            let sql = "INSERT OR IGNORE INTO job (number, instance, id, summary, runner) VALUES (?1, ?2, ?3, ?4, ?5)";
            let added =
                self.to.prepare_cached(sql)?.execute(params![number, instance, id, summary, runner])?;
            if added == 0 {
                return Ok(());
            }
            let mut add = self.to.prepare_cached("INSERT INTO event (job, seq, body) VALUES (?1, ?2, ?3)")?;
            for (event, body) in events.iter().zip(&bodies) {
                add.execute(params![number, event.seq.cast_signed(), body])?;
            }
            Ok(())
        };
        Ok(insert())
    }
}

/// What is told of a job some of whose events are lost, and how it ended as far as that is known from elsewhere.
fn closing(known: Option<&JobSummary>, lost: &str, saved: u64) -> Vec<What> {
    let mut whats = Vec::new();
    let Some(known) = known else {
        let message = format!("The database was damaged: lost are {lost}.");
        return vec![What::Warned { step: None, message }];
    };
    if saved == 0 {
        let (target, steps) = (known.target.clone(), known.steps.keys().cloned().collect());
        whats.push(What::JobCreated { job: known.id.clone(), target, steps });
        whats.push(What::JobStarted);
    }
    whats.push(What::Warned { step: None, message: format!("The database was damaged: lost are {lost}.") });
    for (step, status) in known.steps.iter().filter(|(_, status)| status.has_ended()) {
        let (step, status) = (step.clone(), *status);
        whats.push(What::StepFinished { step, status, failure: None, output: Data::Null });
    }
    if known.status.has_ended() {
        whats.push(What::JobFinished { status: known.status });
    } else if known.status == Status::Stopping {
        whats.push(What::JobStopping { reason: known.stop_reason.clone().unwrap_or_default() });
    }
    whats
}
