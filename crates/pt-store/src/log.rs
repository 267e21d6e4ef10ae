//! Logs: a file per job, a line of JSON per line of output.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use pt_model::{ContainerId, LogLine, StepId};

use crate::error::LOG_CURE as CURE;
use crate::witness::Witness;
use crate::{JobKey, Store, StoreError, private};

const BUFFER: usize = 1 << 18;

/// Writes the log of a job. A job has one: its runner's.
#[derive(Debug)]
pub struct LogWriter {
    file: BufWriter<File>,
    path: PathBuf,
    next_seq: u64,
    /// How much of the file readers were promised.
    kept: u64,
    witness: Witness,
}

impl LogWriter {
    /// The number of the line that is due.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Adds a line. It is on its way to the file until [`flush`](Self::flush), at the latest.
    pub fn append(&mut self, line: &LogLine) -> Result<(), StoreError> {
        let written =
            serde_json::to_writer(&mut self.file, line).map_err(|cause| match cause.io_error_kind() {
                Some(_) => StoreError::file("write the log", &self.path)(cause.into()),
                None => StoreError::Unwritable(cause),
            });
        let failed = StoreError::file("write the log", &self.path);
        let written = written.and_then(|()| self.file.write_all(b"\n").map_err(failed));
        if written.is_err() {
            self.give_up();
        }
        self.next_seq = line.seq + 1;
        written
    }

    /// Makes what was added visible to readers.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        let flushed = self.file.flush().and_then(|()| self.file.stream_position());
        match flushed {
            Ok(kept) => {
                self.kept = kept;
                self.witness.note_lines(self.next_seq);
            }
            Err(_) => self.give_up(),
        }
        flushed.map(drop).map_err(StoreError::file("write the log", &self.path))
    }

    /// Takes back what cannot be written as a whole, and was promised to nobody: it would be the last that fits a full disk, where
    /// there is more to be written down.
    fn give_up(&mut self) {
        let Ok(file) = self.file.get_ref().try_clone() else { return };
        // What waits to be written is left unwritten.
        drop(std::mem::replace(&mut self.file, BufWriter::with_capacity(BUFFER, file)).into_parts());
        // Where that fails, too, the torn line counts as not there.
        drop(self.file.get_ref().set_len(self.kept));
        drop(self.file.seek(SeekFrom::Start(self.kept)));
    }
}

/// Which lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Of this step only.
    pub step: Option<StepId>,
    /// Of this container only.
    pub container: Option<ContainerId>,
}

impl LogFilter {
    /// Whether the line is wanted.
    pub fn admits(&self, line: &LogLine) -> bool {
        self.step.as_ref().is_none_or(|step| *step == line.step)
            && self.container.as_ref().is_none_or(|id| line.container.as_ref() == Some(id))
    }
}

/// Reads the log of a job. At the end of what is there it gives `None`, and goes on from there when asked again later:
/// a line that is not whole yet counts as not there. A line that cannot be read is an error; the next ones come after it.
#[derive(Debug)]
pub struct LogReader {
    path: PathBuf,
    file: Option<BufReader<File>>,
    /// Where the next line begins.
    offset: u64,
    from_seq: u64,
    filter: LogFilter,
    line: Vec<u8>,
}

impl LogReader {
    /// The lines from here on, also those still to come. At the end of what is there, `is_over` is asked whether nothing
    /// more will follow; until then, the file is looked at again after `poll`.
    pub fn follow<F: FnMut() -> Result<bool, StoreError>>(self, poll: Duration, is_over: F) -> Follow<F> {
        Follow { reader: self, poll, is_over, over: false }
    }

    /// The lines that can be read.
    pub fn readable(self) -> impl Iterator<Item = Result<LogLine, StoreError>> {
        self.filter(|line| !line.as_ref().is_err_and(StoreError::is_damage))
    }

    fn next_line(&mut self) -> Result<Option<LogLine>, StoreError> {
        while self.read_line().map_err(StoreError::file("read the log", &self.path))? {
            let line: LogLine = serde_json::from_slice(&self.line).map_err(|cause| StoreError::Damaged {
                path: self.path.clone(),
                detail: format!("the line that ends at byte {} cannot be read ({cause})", self.offset),
                cure: CURE,
            })?;
            if line.seq >= self.from_seq && self.filter.admits(&line) {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// The next whole line into `self.line`; false at the end.
    fn read_line(&mut self) -> io::Result<bool> {
        let file = match &mut self.file {
            Some(file) => file,
            None => match File::open(&self.path) {
                Ok(file) => self.file.insert(BufReader::with_capacity(BUFFER, file)),
                // Nothing has been logged yet.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(cause) => return Err(cause),
            },
        };
        self.line.clear();
        let read = file.read_until(b'\n', &mut self.line)?;
        if self.line.last() == Some(&b'\n') {
            self.offset += read as u64;
            return Ok(true);
        }
        if read > 0 {
            // Torn: its writer is at it, or was killed and the next one will cut it off. Read it anew next time.
            file.seek(SeekFrom::Start(self.offset))?;
        }
        Ok(false)
    }
}

impl Iterator for LogReader {
    type Item = Result<LogLine, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_line().transpose()
    }
}

/// Reads the log of a job while it is written, until told that nothing more will come.
#[derive(Debug)]
pub struct Follow<F> {
    reader: LogReader,
    poll: Duration,
    is_over: F,
    over: bool,
}

impl<F: FnMut() -> Result<bool, StoreError>> Iterator for Follow<F> {
    type Item = Result<LogLine, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(line) = self.reader.next() {
                return Some(line);
            }
            if self.over {
                return None;
            }
            // Asked before reading once more, so that lines written just before the end are not missed.
            match (self.is_over)() {
                Ok(over) => self.over = over,
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            }
            if !self.over {
                thread::sleep(self.poll);
            }
        }
    }
}

impl Store {
    /// Opens the log of a job for writing, after the last whole line that is there.
    pub fn log_writer(&self, job: &JobKey) -> Result<LogWriter, StoreError> {
        let path = self.log_file(job);
        if let Some(dir) = path.parent() {
            private::create_dir(dir)?;
        }
        let opened = private::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(StoreError::file("open the log", &path))?;
        let last = cut_torn_line(&mut file).map_err(StoreError::file("read the log", &path))?;
        let next_seq = match last {
            Some(line) => match serde_json::from_slice::<LogLine>(&line) {
                Ok(line) => line.seq + 1,
                Err(_) => self.next_seq(job)?,
            },
            None => 0,
        };
        let kept = file.stream_position().map_err(StoreError::file("read the log", &path))?;
        Ok(LogWriter {
            file: BufWriter::with_capacity(BUFFER, file),
            path,
            next_seq,
            kept,
            witness: Witness::of(self, job)?,
        })
    }

    /// The number of the line that is due, where the last one cannot be read. Those that cannot be read count.
    fn next_seq(&self, job: &JobKey) -> Result<u64, StoreError> {
        self.read_logs(job, 0, LogFilter::default()).try_fold(0, |due, line| match line {
            Ok(line) => Ok(line.seq + 1),
            Err(error) if error.is_damage() => Ok(due + 1),
            Err(error) => Err(error),
        })
    }

    /// The lines of a job from this number on, as far as they are there.
    pub fn read_logs(&self, job: &JobKey, from_seq: u64, filter: LogFilter) -> LogReader {
        LogReader { path: self.log_file(job), file: None, offset: 0, from_seq, filter, line: Vec::new() }
    }

    pub(crate) fn log_file(&self, job: &JobKey) -> PathBuf {
        let dir = private::file_for(&self.dir().join("logs"), job.instance.as_str(), "");
        private::file_for(&dir, job.job.as_str(), ".log")
    }
}

/// Cuts off what follows the last line end, and gives the last line. The file stands at its end then.
fn cut_torn_line(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let length = file.metadata()?.len();
    // The tail that holds two line ends, or all of it.
    let mut window = 1 << 16;
    loop {
        let start = length.saturating_sub(window);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.take(length - start).read_to_end(&mut tail)?;
        let end = tail.iter().rposition(|byte| *byte == b'\n');
        let begin = end.and_then(|end| tail[..end].iter().rposition(|byte| *byte == b'\n'));
        if begin.is_none() && start > 0 {
            window *= 4;
            continue;
        }
        let whole = start + end.map_or(0, |end| end as u64 + 1);
        if whole < length {
            file.set_len(whole)?;
        }
        file.seek(SeekFrom::Start(whole))?;
        return Ok(end.map(|end| tail[begin.map_or(0, |begin| begin + 1)..end].to_vec()));
    }
}
