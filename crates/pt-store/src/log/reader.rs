//! Reading a log from segment to segment, also while it is written and packed.
//!
//! A segment is held open until its end, so that neither its packing nor its removal takes anything from under a reader. What
//! comes after it is found by number: nothing is read twice, nothing left out.

use std::io;
use std::ops::Range;
use std::thread;
use std::time::Duration;

use pt_model::LogLine;

use super::LogFilter;
use super::budget::Dropped;
use super::packed::{PackedReader, numbers};
use super::segment::{Form, LogFiles, Segment};
use super::text::TextReader;
use crate::StoreError;
use crate::error::LOG_CURE as CURE;

/// Reads the log of a job. At the end of what is there it gives `None`, and goes on from there when asked again later:
/// a line that is not whole yet counts as not there. What cannot be read is an error; the next lines come after it.
#[derive(Debug)]
pub struct LogReader {
    files: LogFiles,
    open: Option<Open>,
    range: Range<u64>,
    filter: LogFilter,
}

/// The segment that is read.
#[derive(Debug)]
struct Open {
    segment: Segment,
    lines: Lines,
    /// Whether nothing is added to it any more.
    sealed: bool,
}

#[derive(Debug)]
enum Lines {
    Text(Box<TextReader>),
    Packed(Box<PackedReader>),
}

impl Open {
    fn next(&mut self, range: &Range<u64>, filter: &LogFilter) -> Result<Option<LogLine>, StoreError> {
        match &mut self.lines {
            Lines::Text(lines) => lines.next(range, filter),
            Lines::Packed(lines) => lines.next(range, filter),
        }
    }

    fn due(&self) -> Option<u64> {
        match &self.lines {
            Lines::Text(lines) => Some(lines.due()),
            Lines::Packed(lines) => lines.due(),
        }
    }
}

impl LogReader {
    pub(super) fn new(files: LogFiles, from_seq: u64, filter: LogFilter) -> Self {
        Self { files, open: None, range: from_seq..u64::MAX, filter }
    }

    /// The lines before this number only.
    #[must_use]
    pub fn before(mut self, seq: u64) -> Self {
        self.range.end = seq;
        self
    }

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
        loop {
            let Some(open) = &mut self.open else {
                // There is none as long as nothing was logged.
                let Some((first, due)) = self.first()? else { return Ok(None) };
                let (path, begins) = (first.segment.path.clone(), first.segment.first);
                self.open = Some(first);
                if due < begins {
                    let detail = format!("the {} before it are missing", numbers(due, begins));
                    return Err(StoreError::Damaged { path, detail, cure: CURE });
                }
                continue;
            };
            if let Some(line) = open.next(&self.range, &self.filter)? {
                return Ok(Some(line));
            }
            if open.due().is_some_and(|due| due >= self.range.end) {
                return Ok(None);
            }
            let Some(next) = Self::after(&self.files, open.segment.first)? else { return Ok(None) };
            if !open.sealed {
                // What was added before the next one began is read first.
                open.sealed = true;
                continue;
            }
            let (due, before) = (open.due(), open.segment.path.clone());
            let begins = next.segment.first;
            self.open = Some(next);
            if let Some(due) = due.filter(|due| (*due).max(self.range.start) < begins)
                && Dropped::of(&self.files)?.is_none_or(|dropped| dropped.lines < begins)
            {
                let detail = format!("the {} after what can be read of it are missing", numbers(due, begins));
                return Err(StoreError::Damaged { path: before, detail, cure: CURE });
            }
        }
    }

    /// The segment with the line to begin with, and the number of that line.
    fn first(&self) -> Result<Option<(Open, u64)>, StoreError> {
        let kept = Dropped::of(&self.files)?.map_or(0, |dropped| dropped.lines);
        let from = self.range.start.max(kept);
        loop {
            let segments = self.files.list()?;
            let before = segments.iter().rposition(|segment| segment.first <= from).unwrap_or(0);
            // What was dropped may not have been removed yet.
            let mut wanted = segments[before.min(segments.len())..].iter();
            let Some(segment) = wanted.find(|segment| segment.first >= kept) else { return Ok(None) };
            if let Some(open) = open(segment)? {
                return Ok(Some((open, from)));
            }
        }
    }

    fn after(files: &LogFiles, first: u64) -> Result<Option<Open>, StoreError> {
        loop {
            let segments = files.list()?;
            let Some(segment) = segments.iter().find(|segment| segment.first > first) else {
                return Ok(None);
            };
            if let Some(open) = open(segment)? {
                return Ok(Some(open));
            }
        }
    }
}

/// Opens a segment; nothing if it was packed or removed meanwhile.
fn open(segment: &Segment) -> Result<Option<Open>, StoreError> {
    let (lines, sealed) = match segment.form {
        Form::Text => (TextReader::open(segment).map(Box::new).map(Lines::Text), false),
        Form::Packed => (PackedReader::open(segment).map(Box::new).map(Lines::Packed), true),
    };
    match lines {
        Ok(lines) => Ok(Some(Open { segment: segment.clone(), lines, sealed })),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(StoreError::file("read the log", &segment.path)(cause)),
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
