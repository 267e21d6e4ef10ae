//! Jobs and their events.

use std::fmt;

use jiff::Timestamp;
use pt_model::{Event, InstanceId, JobId};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::database::WriteError;
use crate::witness::Witness;
use crate::{JobSummary, Store, StoreError, private};

/// A job among all of a machine's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobKey {
    /// The project instance it belongs to.
    pub instance: InstanceId,
    /// Its id there.
    pub job: JobId,
}

impl JobKey {
    /// The job with this id in this instance.
    pub fn new(instance: InstanceId, job: JobId) -> Self {
        Self { instance, job }
    }
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.instance, self.job)
    }
}

/// Writes the events of a job. A job has one: its runner's. It knows the job's summary, which [`Store::append`] must read
/// each time.
#[derive(Debug)]
pub struct EventWriter {
    store: Store,
    job: JobKey,
    number: i64,
    summary: JobSummary,
    witness: Witness,
}

impl EventWriter {
    /// Appends events: all or none, numbered on from the ones before.
    pub fn append(&mut self, events: &[Event]) -> Result<(), StoreError> {
        let mut summary = self.summary.clone();
        self.store
            .database()
            .write("append events", |tx| write(tx, &self.job, self.number, &mut summary, events))?;
        self.summary = summary;
        self.witness.note(self.summary.events);
        Ok(())
    }
}

impl Store {
    /// Opens the events of a job for writing.
    pub fn event_writer(&self, job: &JobKey) -> Result<EventWriter, StoreError> {
        let (number, summary) = self.database().write("look a job up", |tx| self.load(tx, job))?;
        let witness = Witness::of(self, job)?;
        Ok(EventWriter { store: self.clone(), job: job.clone(), number, summary, witness })
    }

    /// Creates a job for a target, under the target's id and the next number: `stack-10`.
    pub fn create_job(
        &self,
        instance: &InstanceId,
        target: &str,
        at: Timestamp,
    ) -> Result<JobKey, StoreError> {
        self.database().write("create a job", |tx| {
            loop {
                let number: i64 = tx
                    .prepare_cached(
                        "INSERT INTO job_counter (instance, target, last) VALUES (?1, ?2, 1)
                         ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
                    )?
                    .query_row(params![instance.as_str(), target], |row| row.get(0))?;
                let job = JobKey::new(instance.clone(), JobId::new(format!("{target}-{number}")));
                // A log without a job is one that was lost with a database; it is not written on.
                if !self.has_log(&job) && insert(tx, &job, at)? {
                    return Ok(job);
                }
            }
        })
    }

    /// Creates a job under an id that somebody chose.
    pub fn create_job_named(&self, job: &JobKey, at: Timestamp) -> Result<(), StoreError> {
        self.database().write("create a job", |tx| {
            let taken = || StoreError::JobExists { job: job.job.clone() };
            if insert(tx, job, at)? { Ok(()) } else { Err(taken().into()) }
        })
    }

    /// Appends events to a job: all or none, numbered on from the ones before.
    pub fn append(&self, job: &JobKey, events: &[Event]) -> Result<(), StoreError> {
        self.database().write("append events", |tx| {
            let (number, mut summary) = self.load(tx, job)?;
            write(tx, job, number, &mut summary, events)
        })
    }

    /// The events of a job from this number on.
    pub fn events(&self, job: &JobKey, from_seq: u64) -> Result<Vec<Event>, StoreError> {
        let bodies: Option<Vec<String>> = self.database().read("read the events of a job", |tx| {
            let Some(number) = number_of(tx, job)? else { return Ok(None) };
            tx.prepare_cached("SELECT body FROM event WHERE job = ?1 AND seq >= ?2 ORDER BY seq")?
                .query_map(params![number, from_seq.cast_signed()], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()
                .map(Some)
        })?;
        let bodies = bodies.ok_or_else(|| unknown(job))?;
        bodies.iter().map(|body| self.decode(body, "an event", job)).collect()
    }

    /// The jobs of an instance, or of all, in the order of their creation.
    pub fn jobs(&self, instance: Option<&InstanceId>) -> Result<Vec<JobSummary>, StoreError> {
        let rows: Vec<(String, String, String)> = self.database().read("list the jobs", |tx| {
            tx.prepare_cached(
                "SELECT instance, id, summary FROM job WHERE ?1 IS NULL OR instance = ?1 ORDER BY number",
            )?
            .query_map([instance.map(InstanceId::as_str)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect()
        })?;
        let summary = |(instance, id, summary): (String, String, String)| {
            self.decode(&summary, "the summary", &JobKey::new(InstanceId::new(instance), JobId::new(id)))
        };
        rows.into_iter().map(summary).collect()
    }

    /// The job as lists tell of it.
    pub fn job(&self, job: &JobKey) -> Result<Option<JobSummary>, StoreError> {
        let row: Option<String> = self.database().read("look a job up", |tx| {
            tx.prepare_cached("SELECT summary FROM job WHERE instance = ?1 AND id = ?2")?
                .query_row(params![job.instance.as_str(), job.job.as_str()], |row| row.get(0))
                .optional()
        })?;
        row.map(|summary| self.decode(&summary, "the summary", job)).transpose()
    }

    /// Forgets a job, its events and its log. Refused while it is run.
    pub fn delete_job(&self, job: &JobKey) -> Result<(), StoreError> {
        if self.runner_alive(job)? {
            return Err(StoreError::Running { job: job.job.clone() });
        }
        let deleted = self.database().write("delete a job", |tx| {
            Ok(tx.execute(
                "DELETE FROM job WHERE instance = ?1 AND id = ?2",
                params![job.instance.as_str(), job.job.as_str()],
            )?)
        })?;
        if deleted == 0 {
            return Err(unknown(job));
        }
        self.delete_log(job)?;
        private::delete(&self.lock_file(job))
    }

    /// Forgets the oldest jobs of an instance that are over, so that of these so many are left. Gives how many it forgot.
    pub fn keep_jobs(&self, instance: &InstanceId, keep: usize) -> Result<usize, StoreError> {
        let old: Vec<String> = self.database().read("look for old jobs", |tx| {
            tx.prepare_cached(
                "SELECT id FROM job WHERE instance = ?1 AND json_extract(summary, '$.status')
                 IN ('success', 'failed', 'stopped', 'canceled', 'skipped')
                 ORDER BY number DESC LIMIT -1 OFFSET ?2",
            )?
            .query_map(params![instance.as_str(), i64::try_from(keep).unwrap_or(i64::MAX)], |row| row.get(0))?
            .collect()
        })?;
        let mut forgotten = 0;
        for id in old {
            match self.delete_job(&JobKey::new(instance.clone(), JobId::new(id))) {
                Ok(()) => forgotten += 1,
                // Its runner is just about to go, or somebody else was quicker: next time.
                Err(StoreError::Running { .. } | StoreError::UnknownJob { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(forgotten)
    }

    fn load(&self, tx: &Transaction<'_>, job: &JobKey) -> Result<(i64, JobSummary), WriteError> {
        let row: Option<(i64, String)> = tx
            .prepare_cached("SELECT number, summary FROM job WHERE instance = ?1 AND id = ?2")?
            .query_row(params![job.instance.as_str(), job.job.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (number, summary) = row.ok_or_else(|| unknown(job))?;
        Ok((number, self.decode(&summary, "the summary", job)?))
    }

    pub(crate) fn decode<T: DeserializeOwned>(
        &self,
        text: &str,
        what: &str,
        job: &JobKey,
    ) -> Result<T, StoreError> {
        serde_json::from_str(text)
            .map_err(|cause| self.database().damaged(format!("{what} of job {job} cannot be read ({cause})")))
    }
}

fn write(
    tx: &Transaction<'_>,
    job: &JobKey,
    number: i64,
    summary: &mut JobSummary,
    events: &[Event],
) -> Result<(), WriteError> {
    let mut bodies = Vec::with_capacity(events.len());
    for event in events {
        if event.seq != summary.events {
            let (job, expected) = (job.job.clone(), summary.events);
            return Err(StoreError::Gap { job, expected, found: event.seq }.into());
        }
        summary.apply(event);
        bodies.push(encode(event)?);
    }
    let updated = tx
        .prepare_cached("UPDATE job SET summary = ?2 WHERE number = ?1")?
        .execute(params![number, encode(&summary)?])?;
    if updated == 0 {
        return Err(unknown(job).into());
    }
    let mut add = tx.prepare_cached("INSERT INTO event (job, seq, body) VALUES (?1, ?2, ?3)")?;
    for (event, body) in events.iter().zip(bodies) {
        add.execute(params![number, event.seq.cast_signed(), body])?;
    }
    Ok(())
}

fn insert(tx: &Transaction<'_>, job: &JobKey, at: Timestamp) -> Result<bool, WriteError> {
    let summary = JobSummary::new(job.instance.clone(), job.job.clone(), at);
    let inserted = tx
        .prepare_cached("INSERT INTO job (instance, id, summary) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute(params![job.instance.as_str(), job.job.as_str(), encode(&summary)?])?;
    Ok(inserted > 0)
}

fn number_of(tx: &Transaction<'_>, job: &JobKey) -> rusqlite::Result<Option<i64>> {
    tx.prepare_cached("SELECT number FROM job WHERE instance = ?1 AND id = ?2")?
        .query_row(params![job.instance.as_str(), job.job.as_str()], |row| row.get(0))
        .optional()
}

pub(crate) fn unknown(job: &JobKey) -> StoreError {
    StoreError::UnknownJob { job: job.job.clone() }
}

/// What is stored is what is served.
pub(crate) fn encode<T: Serialize>(thing: &T) -> Result<String, StoreError> {
    serde_json::to_string(thing).map_err(StoreError::Unwritable)
}
