//! Room: logs of jobs that are over are packed, and dropped when they take more than they may.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

use jiff::{SignedDuration, Timestamp};
use pt_model::{InstanceId, JobId};
use serde::{Deserialize, Serialize};

use super::SMALL;
use super::seal;
use super::segment::{Form, LogFiles, Segment};
use crate::job::encode;
use crate::{JobKey, Store, StoreError, private};

/// How much logs may take on the disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBudget {
    /// Those of all jobs together.
    pub all_b: u64,
    /// That of each job.
    pub job_b: u64,
}

impl Default for LogBudget {
    fn default() -> Self {
        Self { all_b: 10_000_000_000, job_b: 2_000_000_000 }
    }
}

/// What is not kept any more of the log of a job: its first lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Dropped {
    /// How many.
    pub lines: u64,
    /// When the last of them were dropped.
    pub at: Timestamp,
    /// What was to be kept within its bounds.
    pub bound: Bound,
    /// The bound, in bytes.
    pub bound_b: u64,
}

/// What was too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// The logs of all jobs together.
    All,
    /// The log of this job.
    Job,
}

impl Dropped {
    pub(super) fn of(files: &LogFiles) -> Result<Option<Self>, StoreError> {
        let path = files.dropped();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(StoreError::file("read", &path)(cause)),
        };
        // A damaged note is none: then what is missing is told as damage.
        Ok(serde_json::from_slice(&text).ok())
    }
}

/// A segment and what it takes on the disk.
type Sized = (Segment, u64);

impl Store {
    /// What was dropped of the log of a job.
    pub fn log_dropped(&self, job: &JobKey) -> Result<Option<Dropped>, StoreError> {
        Dropped::of(&self.log_files(job))
    }

    /// Packs what is left unpacked of jobs that are over, and drops lines of theirs, oldest first, until all fits the budget. Logs of
    /// jobs that are not over are never touched. Gives how many bytes it freed. Nothing is done where somebody else is at it, or did it
    /// less than this pause ago.
    pub fn sweep_logs(
        &self,
        budget: LogBudget,
        at: Timestamp,
        pause: SignedDuration,
    ) -> Result<u64, StoreError> {
        let path = self.dir().join("logs.lock");
        let lock = private::open_lock(&path)?;
        if lock.try_lock().is_err() || swept_at(&lock).is_some_and(|last| last <= at && at < last + pause) {
            return Ok(0);
        }
        let mut freed = 0;
        let mut total = 0;
        let mut over = Vec::new();
        let finished = self.finished_jobs()?;
        for (job, has_ended) in finished {
            let files = self.log_files(&job);
            let has_ended = has_ended && !self.runner_alive(&job)?;
            if has_ended {
                // Packing needs room, of which there may be none: it is tried again when some is.
                drop(pack_all(&files));
            }
            // What cannot be read of one job must not keep the others.
            let Ok(mut segments) = sized(&files) else { continue };
            if has_ended {
                freed += drop_oldest(&files, &mut segments, budget.job_b, at)?;
            }
            let size: u64 = segments.iter().map(|(_, size)| size).sum();
            total += size;
            if has_ended && size > 0 {
                over.push((job, files, segments, size));
            }
        }
        for (job, files, segments, size) in over {
            if total <= budget.all_b {
                break;
            }
            if self.runner_alive(&job)? {
                continue;
            }
            let end = super::writer::end(&files)?;
            let dropped = Dropped { lines: end, at, bound: Bound::All, bound_b: budget.all_b };
            note(&files, &dropped)?;
            segments.iter().try_for_each(|(segment, _)| private::delete(&segment.path))?;
            total -= size;
            freed += size;
        }
        let noted = lock.write_all_at(&at.as_second().to_le_bytes(), 0);
        noted.map_err(StoreError::file("write", &path))?;
        Ok(freed)
    }

    /// All jobs in the order in which they ended, and whether they have.
    fn finished_jobs(&self) -> Result<Vec<(JobKey, bool)>, StoreError> {
        self.database().read("look for old logs", |tx| {
            tx.prepare_cached(
                "SELECT instance, id, json_extract(summary, '$.status')
                 IN ('success', 'failed', 'stopped', 'canceled', 'skipped')
                 FROM job ORDER BY json_extract(summary, '$.finished-ts'), number",
            )?
            .query_map([], |row| {
                let (instance, id): (String, String) = (row.get(0)?, row.get(1)?);
                let key = JobKey::new(InstanceId::new(instance), JobId::new(id));
                Ok((key, row.get::<_, Option<bool>>(2)?.unwrap_or(false)))
            })?
            .collect()
        })
    }
}

/// When it was done last.
fn swept_at(lock: &File) -> Option<Timestamp> {
    let mut second = [0; 8];
    lock.read_exact_at(&mut second, 0).ok()?;
    Timestamp::from_second(i64::from_le_bytes(second)).ok()
}

/// Packs the segments that are text and not small, and removes texts that are packed.
fn pack_all(files: &LogFiles) -> Result<(), StoreError> {
    let segments = files.list()?;
    let last = segments.len().saturating_sub(1);
    for (at, segment) in segments.iter().enumerate() {
        let text = files.text(segment.first);
        match segment.form {
            Form::Packed => private::delete(&text)?,
            Form::Text => {
                let size = fs::metadata(&text).map_or(0, |file| file.len());
                if size >= SMALL || at < last {
                    seal::pack(files, segment)?;
                }
            }
        }
    }
    Ok(())
}

fn sized(files: &LogFiles) -> Result<Vec<Sized>, StoreError> {
    let with_size = |segment: Segment| {
        let size = fs::metadata(&segment.path).map_or(0, |file| file.len());
        (segment, size)
    };
    Ok(files.list()?.into_iter().map(with_size).collect())
}

/// Drops the first segments until the others fit; the last one stays.
fn drop_oldest(
    files: &LogFiles,
    segments: &mut Vec<Sized>,
    budget_b: u64,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let gone = Dropped::of(files)?.map_or(0, |dropped| dropped.lines);
    let total: u64 = segments.iter().map(|(_, size)| size).sum();
    let mut left = total;
    let too_many = segments.iter().take(segments.len().saturating_sub(1)).take_while(|(_, size)| {
        let drops = left > budget_b;
        left -= if drops { *size } else { 0 };
        drops
    });
    let count = too_many.count();
    // A sweep that was killed after its note leaves some, too.
    let count = count.max(segments.partition_point(|(segment, _)| segment.first < gone));
    if count == 0 {
        return Ok(0);
    }
    let lines = segments.get(count).map_or(gone, |(segment, _)| segment.first);
    if lines > gone {
        note(files, &Dropped { lines, at, bound: Bound::Job, bound_b: budget_b })?;
    }
    let mut freed = 0;
    for (segment, size) in segments.drain(..count) {
        private::delete(&segment.path)?;
        freed += size;
    }
    Ok(freed)
}

/// Written down before it is done: what is noted is not read any more.
fn note(files: &LogFiles, dropped: &Dropped) -> Result<(), StoreError> {
    private::create_dir(files.dir())?;
    private::write_whole(&files.dropped(), encode(dropped)?.as_bytes())
}
