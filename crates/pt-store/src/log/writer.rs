//! Writing a log: lines are gathered, written as text, and segment by segment packed.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use pt_model::LogLine;

use super::budget::Dropped;
use super::packed::PackedReader;
use super::seal::Sealer;
use super::segment::{Form, LogFiles, Segment};
use super::text::{TextReader, cut_torn_line, last_line};
use super::{LogFilter, SMALL};
use crate::witness::Witness;
use crate::{JobKey, Store, StoreError, private};

/// Bytes that are written at once.
const BUFFER: usize = 1 << 18;

/// Bytes of text after which the next segment begins.
const SEGMENT: u64 = 16 << 20;

/// Writes the log of a job. A job has one: its runner's.
#[derive(Debug)]
pub struct LogWriter {
    file: File,
    path: PathBuf,
    /// Whole lines that are to be written.
    gathered: Vec<u8>,
    head: LineHead,
    next_seq: u64,
    /// The number of the segment's first line.
    first: u64,
    /// How much of the segment is written.
    kept: u64,
    pub(super) segment_b: u64,
    files: LogFiles,
    witness: Witness,
    sealer: Sealer,
}

impl LogWriter {
    pub(super) fn open(store: &Store, job: &JobKey) -> Result<Self, StoreError> {
        let files = store.log_files(job);
        if let Some(dir) = files.text(0).parent() {
            private::create_dir(dir)?;
        }
        let (file, path, first, next_seq, kept) = loop {
            let (first, due) = match files.list()?.pop() {
                Some(Segment { first, form: Form::Text, .. }) => (first, None),
                packed => {
                    let end = packed.as_ref().map(end_of_packed).transpose()?.flatten();
                    let dropped = Dropped::of(&files)?.map_or(0, |dropped| dropped.lines);
                    // Of one that is damaged at its end, somebody knows how many lines it had.
                    let noted = if packed.is_some() && end.is_none() { store.lines_noted(job) } else { 0 };
                    // It has at least a line, also where nobody can tell which one is its last.
                    let least = packed.as_ref().map_or(0, |packed| packed.first + 1);
                    let due = end.unwrap_or(0).max(dropped).max(noted).max(least);
                    (due, Some(due))
                }
            };
            let path = files.text(first);
            let Some(mut file) = grow(&files, first)? else { continue };
            let last = cut_torn_line(&mut file).map_err(StoreError::file("read the log", &path))?;
            let next_seq = match (due, last) {
                (Some(due), _) => due,
                (None, None) => first,
                (None, Some(line)) => {
                    number_after(&line, &Segment { first, form: Form::Text, path: path.clone() })?
                }
            };
            let kept = file.stream_position().map_err(StoreError::file("read the log", &path))?;
            break (file, path, first, next_seq, kept);
        };
        Ok(Self {
            file,
            path,
            gathered: Vec::with_capacity(BUFFER),
            head: LineHead::default(),
            next_seq,
            first,
            kept,
            segment_b: SEGMENT,
            sealer: Sealer::new(files.clone()),
            files,
            witness: Witness::of(store, job)?,
        })
    }

    /// The number of the line that is due.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Adds a line. It is on its way to the file until [`flush`](Self::flush), at the latest.
    pub fn append(&mut self, line: &LogLine) -> Result<(), StoreError> {
        let whole = self.gathered.len();
        if let Err(cause) = self.head.write(line, &mut self.gathered) {
            self.gathered.truncate(whole);
            return Err(StoreError::Unwritable(cause));
        }
        self.next_seq = line.seq + 1;
        if self.gathered.len() < BUFFER { Ok(()) } else { self.flush() }
    }

    /// Makes what was added visible to readers.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&self.gathered);
        if written.is_ok() {
            self.kept += self.gathered.len() as u64;
            self.witness.note_lines(self.next_seq);
        } else {
            self.take_back();
        }
        self.gathered.clear();
        // One line may have been many megabytes.
        self.gathered.shrink_to(BUFFER);
        written.map_err(StoreError::file("write the log", &self.path))?;
        if self.kept >= self.segment_b {
            self.begin_segment();
        }
        Ok(())
    }

    /// Takes back what could not be written as a whole, and was promised to nobody: it would be the last that fits a full disk, where
    /// there is more to be written down.
    fn take_back(&mut self) {
        // Where that fails, too, the torn line counts as not there.
        drop(self.file.set_len(self.kept));
        drop(self.file.seek(SeekFrom::Start(self.kept)));
    }

    /// Goes on in a new segment, and has the old one packed. If there is no room for a new one, the old one goes on.
    fn begin_segment(&mut self) {
        let Ok(Some(file)) = grow(&self.files, self.next_seq) else { return };
        let old = self.first;
        (self.file, self.path) = (file, self.files.text(self.next_seq));
        (self.first, self.kept) = (self.next_seq, 0);
        self.sealer.seal(old);
    }

    /// Ends the log: what is not small is packed, and waited for a while. What is not packed then, for whatever reason, stays text, and
    /// is packed by whoever sweeps the logs.
    pub fn finish(mut self, patience: Duration) -> Result<(), StoreError> {
        let flushed = self.flush();
        let mut sealer = std::mem::replace(&mut self.sealer, Sealer::new(self.files.clone()));
        let (kept, first) = (self.kept, self.first);
        // With the file goes its lock.
        drop(self);
        if kept >= SMALL {
            sealer.seal(first);
        }
        sealer.finish(patience);
        flushed
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        // Whoever wants to know whether it can be written flushes it before.
        drop(self.flush());
    }
}

/// What lines that come together have in common, as it is written: all but the number and the text.
#[derive(Debug, Default)]
struct LineHead {
    of: Option<LogLine>,
    text: Vec<u8>,
}

impl LineHead {
    /// Writes a line as its JSON.
    fn write(&mut self, line: &LogLine, to: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let is_same = |of: &LogLine| {
            (of.at, of.stream, of.beside) == (line.at, line.stream, line.beside)
                && of.step == line.step
                && of.container == line.container
        };
        if !self.of.as_ref().is_some_and(is_same) {
            let LogLine { at, step, container, stream, beside, .. } = line.clone();
            let of = LogLine { seq: 0, at, step, container, stream, beside, text: String::new() };
            // `{"seq":0` before it, `""}` after it.
            let whole = serde_json::to_vec(&of)?;
            self.text = whole[BEFORE.len() + 1..whole.len() - AFTER.len()].to_vec();
            self.of = Some(of);
        }
        to.extend_from_slice(BEFORE);
        serde_json::to_writer(&mut *to, &line.seq)?;
        to.extend_from_slice(&self.text);
        serde_json::to_writer(&mut *to, &line.text)?;
        to.extend_from_slice(b"}\n");
        Ok(())
    }
}

const BEFORE: &[u8] = b"{\"seq\":";
const AFTER: &[u8] = b"\"\"}";

/// Opens the text of a segment for writing on, and shares its lock; nothing if it was packed meanwhile.
fn grow(files: &LogFiles, first: u64) -> Result<Option<File>, StoreError> {
    let path = files.text(first);
    if first > 0 {
        private::create_dir(files.dir())?;
    }
    let opened = private::options().read(true).write(true).create(true).truncate(false).open(&path);
    let file = opened.map_err(StoreError::file("open the log", &path))?;
    file.lock_shared().map_err(StoreError::file("lock the log", &path))?;
    // Whoever packed it has removed it, or is about to.
    let is_there = |file: &File| -> io::Result<bool> {
        let (this, that) = (file.metadata()?, fs::metadata(&path)?);
        Ok((this.dev(), this.ino()) == (that.dev(), that.ino()))
    };
    let stays = !files.packed(first).exists() && is_there(&file).unwrap_or(false);
    if !stays && files.packed(first).exists() {
        // Also what a killed packer left: its lines are in the packed one.
        private::delete(&path)?;
    }
    Ok(stays.then_some(file))
}

fn end_of_packed(segment: &Segment) -> Result<Option<u64>, StoreError> {
    PackedReader::open(segment).map_err(StoreError::file("read the log", &segment.path))?.end()
}

/// The number of the line after the last one of a text. Where that one cannot be read, those before are counted, and each that
/// cannot be read counts.
fn number_after(last: &[u8], segment: &Segment) -> Result<u64, StoreError> {
    if let Ok(line) = serde_json::from_slice::<LogLine>(last) {
        return Ok(line.seq + 1);
    }
    let mut lines = TextReader::open(segment).map_err(StoreError::file("read the log", &segment.path))?;
    loop {
        match lines.next(&(0..u64::MAX), &LogFilter::default()) {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(lines.due()),
            Err(error) if error.is_damage() => {}
            Err(error) => return Err(error),
        }
    }
}

/// The number of the line that follows the last whole one.
pub(super) fn end(files: &LogFiles) -> Result<u64, StoreError> {
    let dropped = Dropped::of(files)?.map_or(0, |dropped| dropped.lines);
    loop {
        let Some(segment) = files.list()?.pop() else { return Ok(dropped) };
        let end = match segment.form {
            Form::Packed => PackedReader::open(&segment).map(PackedReader::end),
            Form::Text => {
                File::open(&segment.path).and_then(|mut file| last_line(&mut file)).map(|(_, last)| {
                    last.map_or(Ok(segment.first), |line| number_after(&line, &segment)).map(Some)
                })
            }
        };
        match end {
            Ok(end) => return Ok(end?.unwrap_or(segment.first).max(dropped)),
            // It was packed meanwhile.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(StoreError::file("read the log", &segment.path)(cause)),
        }
    }
}
