//! Segments that are packed: blocks one after the other, never changed.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use pt_model::LogLine;
use zstd::bulk::{Compressor, Decompressor};

use super::LogFilter;
use super::block::{Block, Draft, HEAD, Head, MAGIC, compressor};
use super::segment::Segment;
use crate::StoreError;
use crate::error::LOG_CURE as CURE;

/// Bytes of lines in a block, more or less: read in a millisecond, and compressed about as well as all at once.
const BLOCK: usize = 1 << 19;

/// Writes a packed segment.
pub(super) struct PackedWriter<W> {
    output: W,
    draft: Draft,
    compressor: Compressor<'static>,
}

impl<W: Write> PackedWriter<W> {
    pub(super) fn new(output: W) -> io::Result<Self> {
        Ok(Self { output, draft: Draft::default(), compressor: compressor()? })
    }

    /// Adds the line that follows the ones before; says whether it could.
    pub(super) fn add(&mut self, line: &LogLine) -> io::Result<bool> {
        if self.draft.add(line).is_err() {
            return Ok(false);
        }
        if self.draft.size() >= BLOCK {
            self.write()?;
        }
        Ok(true)
    }

    /// Writes what is left, and gives back what it was written to.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.write()?;
        Ok(self.output)
    }

    fn write(&mut self) -> io::Result<()> {
        match self.draft.pack(&mut self.compressor)? {
            Some(block) => self.output.write_all(&block),
            None => Ok(()),
        }
    }
}

/// Reads a packed segment. What is damaged is an error; what comes after it is read.
pub(super) struct PackedReader {
    path: PathBuf,
    file: File,
    /// Where the next head begins.
    at: u64,
    length: u64,
    /// The number of the line that is next; nothing where nobody can tell any more.
    due: Option<u64>,
    block: Option<Block>,
    decompressor: Decompressor<'static>,
    bytes: Vec<u8>,
}

impl PackedReader {
    pub(super) fn open(segment: &Segment) -> io::Result<Self> {
        let file = File::open(&segment.path)?;
        let length = file.metadata()?.len();
        let decompressor = Decompressor::new()?;
        let (path, due) = (segment.path.clone(), Some(segment.first));
        Ok(Self { path, file, at: 0, length, due, block: None, decompressor, bytes: Vec::new() })
    }

    /// The number of the line that is next, where that is known.
    pub(super) fn due(&self) -> Option<u64> {
        self.due
    }

    /// The next line that is wanted, of these numbers; nothing at the end.
    pub(super) fn next(
        &mut self,
        range: &Range<u64>,
        filter: &LogFilter,
    ) -> Result<Option<LogLine>, StoreError> {
        loop {
            if let Some(block) = &mut self.block {
                match block.next(range, filter) {
                    Ok(Some(line)) => return Ok(Some(line)),
                    Ok(None) => self.block = None,
                    Err(why) => {
                        let first = block.due();
                        self.block = None;
                        return Err(self.lines_damaged(first, &why));
                    }
                }
            }
            if self.due.is_some_and(|due| due >= range.end) {
                return Ok(None);
            }
            let Some(head) = self.head()? else { return Ok(None) };
            if head.may_hold(range, filter) {
                self.enter(head, filter)?;
            } else {
                self.pass_over(&head);
            }
        }
    }

    /// The number of the line that follows the last one, as far as heads can be read.
    pub(super) fn end(mut self) -> Result<Option<u64>, StoreError> {
        loop {
            match self.head() {
                Ok(Some(head)) => self.pass_over(&head),
                Ok(None) => return Ok(self.due),
                Err(error) if error.is_damage() => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn pass_over(&mut self, head: &Head) {
        self.at += self.bytes.len() as u64 + head.packed as u64;
        self.due = Some(head.end());
    }

    /// Opens the block of this head.
    fn enter(&mut self, head: Head, filter: &LogFilter) -> Result<(), StoreError> {
        let start = self.at + self.bytes.len() as u64;
        self.pass_over(&head);
        let first = head.first;
        let mut packed = vec![0; head.packed];
        let read = if self.at > self.length {
            Err("they are cut off".to_owned())
        } else {
            let read = self.file.read_exact_at(&mut packed, start);
            read.map_err(|cause| self.unreadable(cause))?;
            head.open(&packed, filter, &mut self.decompressor)
        };
        self.block = Some(read.map_err(|why| self.lines_damaged(first, &why))?);
        Ok(())
    }

    /// The head that is next, its bytes left in `self.bytes`.
    fn head(&mut self) -> Result<Option<Head>, StoreError> {
        if self.at >= self.length {
            return Ok(None);
        }
        let head = self.head_at(self.at).map_err(|cause| self.unreadable(cause))?;
        let Some(head) = head else { return Err(self.look_for_head()?) };
        match self.due {
            Some(due) if due < head.first => {
                self.due = Some(head.first);
                Err(self.damaged(format!("its {} are missing", numbers(due, head.first))))
            }
            _ => Ok(Some(head)),
        }
    }

    fn head_at(&mut self, at: u64) -> io::Result<Option<Head>> {
        let mut head = [0; HEAD];
        if self.length - at < HEAD as u64 {
            return Ok(None);
        }
        self.file.read_exact_at(&mut head, at)?;
        let Some(origins) = Head::origins_after(&head) else { return Ok(None) };
        if self.length - at < HEAD as u64 + origins as u64 {
            return Ok(None);
        }
        self.bytes.clear();
        self.bytes.extend(head);
        self.bytes.resize(HEAD + origins, 0);
        self.file.read_exact_at(&mut self.bytes[HEAD..], at + HEAD as u64)?;
        Ok(Head::read(&self.bytes))
    }

    /// Goes on with the next head that can be read. Gives what is to be told.
    fn look_for_head(&mut self) -> Result<StoreError, StoreError> {
        let damaged_at = self.at;
        let mut rest = vec![0; usize::try_from(self.length - damaged_at).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut rest, damaged_at).map_err(|cause| self.unreadable(cause))?;
        let mut from = 1;
        let found = loop {
            let next = rest.get(from..).and_then(|rest| rest.windows(MAGIC.len()).position(|at| at == MAGIC));
            let Some(next) = next else { break None };
            let at = damaged_at + (from + next) as u64;
            if let Some(head) = self.head_at(at).map_err(|cause| self.unreadable(cause))? {
                break Some((at, head));
            }
            from += next + 1;
        };
        let lost = match (&found, self.due) {
            (Some((_, head)), Some(due)) => format!("its {} cannot be read", numbers(due, head.first)),
            _ => format!("what it holds from byte {damaged_at} on cannot be read"),
        };
        self.at = found.as_ref().map_or(self.length, |(at, _)| *at);
        self.due = found.map(|(_, head)| head.first);
        Ok(self.damaged(lost))
    }

    fn unreadable(&self, cause: io::Error) -> StoreError {
        StoreError::file("read the log", &self.path)(cause)
    }

    fn lines_damaged(&self, first: u64, why: &str) -> StoreError {
        let lines = self.due.map_or_else(|| "lines".to_owned(), |end| numbers(first, end));
        self.damaged(format!("its {lines} cannot be read ({why})"))
    }

    fn damaged(&self, detail: String) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), detail, cure: CURE }
    }
}

/// The lines from one number to before another, counted from 1 as people do.
pub(super) fn numbers(first: u64, end: u64) -> String {
    if first + 1 == end { format!("line {end}") } else { format!("lines {} to {end}", first + 1) }
}

impl std::fmt::Debug for PackedReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PackedReader({}, at {})", self.path.display(), self.at)
    }
}
