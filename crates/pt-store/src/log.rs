//! Logs: of each job its lines, in segments.
//!
//! The segment that grows is text, a line of JSON per line of output: what is torn or damaged in it costs no more than a line. The
//! others are packed: compressed in blocks that can be found by number, time and origin, and are held against digests when they
//! are read. Jobs that are over are packed whole, and dropped when all logs take more than their budget.

mod block;
mod budget;
mod packed;
mod reader;
mod seal;
mod segment;
#[cfg(test)]
mod tests;
mod text;
mod writer;

use std::path::PathBuf;

use jiff::Timestamp;
use pt_model::{ContainerId, LogLine, StepId, Stream};

pub use budget::{Bound, Dropped, LogBudget};
pub use reader::{Follow, LogReader};
pub use writer::LogWriter;

use crate::{JobKey, Store, StoreError, private};
use segment::LogFiles;

/// Bytes of text that are not worth packing.
const SMALL: u64 = 64 << 10;

/// Which lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Of this step only.
    pub step: Option<StepId>,
    /// Of this container only.
    pub container: Option<ContainerId>,
    /// Of the step or the container with this id only.
    pub part: Option<String>,
    /// Written there only.
    pub stream: Option<Stream>,
    /// From then on.
    pub since: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
}

impl LogFilter {
    /// Whether the line is wanted.
    pub fn admits(&self, line: &LogLine) -> bool {
        self.admits_time(line.at) && self.admits_origin(&line.step, line.container.as_ref(), line.stream)
    }

    fn admits_origin(&self, step: &StepId, container: Option<&ContainerId>, stream: Stream) -> bool {
        let is_part =
            |id: &String| step.as_str() == id || container.is_some_and(|container| container.as_str() == id);
        self.step.as_ref().is_none_or(|wanted| wanted == step)
            && self.container.as_ref().is_none_or(|wanted| Some(wanted) == container)
            && self.part.as_ref().is_none_or(is_part)
            && self.stream.is_none_or(|wanted| wanted == stream)
    }

    fn admits_time(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }
}

impl Store {
    /// Opens the log of a job for writing, after the last whole line that is there.
    pub fn log_writer(&self, job: &JobKey) -> Result<LogWriter, StoreError> {
        LogWriter::open(self, job)
    }

    /// The lines of a job from this number on, as far as they are there.
    pub fn read_logs(&self, job: &JobKey, from_seq: u64, filter: LogFilter) -> LogReader {
        LogReader::new(self.log_files(job), from_seq, filter)
    }

    /// The number of the line that follows the last one that is there.
    pub fn log_end(&self, job: &JobKey) -> Result<u64, StoreError> {
        writer::end(&self.log_files(job))
    }

    pub(crate) fn has_log(&self, job: &JobKey) -> bool {
        self.log_files(job).exist()
    }

    pub(crate) fn delete_log(&self, job: &JobKey) -> Result<(), StoreError> {
        self.log_files(job).delete()
    }

    fn log_files(&self, job: &JobKey) -> LogFiles {
        LogFiles::new(self.log_file(job))
    }

    fn log_file(&self, job: &JobKey) -> PathBuf {
        let dir = private::file_for(&self.dir().join("logs"), job.instance.as_str(), "");
        private::file_for(&dir, job.job.as_str(), ".log")
    }
}
