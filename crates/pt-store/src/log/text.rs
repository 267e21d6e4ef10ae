//! Segments that are text: read while they grow, and after their writer was killed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;

use pt_model::LogLine;

use super::LogFilter;
use super::segment::Segment;
use crate::StoreError;
use crate::error::LOG_CURE as CURE;

const BUFFER: usize = 1 << 18;

/// Reads a segment, also on when more was added to it. A line that is not whole yet counts as not there.
#[derive(Debug)]
pub(super) struct TextReader {
    path: PathBuf,
    file: BufReader<File>,
    /// Where the next line begins.
    offset: u64,
    due: u64,
    line: Vec<u8>,
}

impl TextReader {
    pub(super) fn open(segment: &Segment) -> io::Result<Self> {
        let file = BufReader::with_capacity(BUFFER, File::open(&segment.path)?);
        Ok(Self { path: segment.path.clone(), file, offset: 0, due: segment.first, line: Vec::new() })
    }

    /// The number of the line that is next. One that cannot be read stands for a line.
    pub(super) fn due(&self) -> u64 {
        self.due
    }

    /// The next line that is wanted, of these numbers; nothing at the end of them, or of what is there.
    pub(super) fn next(
        &mut self,
        range: &Range<u64>,
        filter: &LogFilter,
    ) -> Result<Option<LogLine>, StoreError> {
        while self.due < range.end
            && self.read_line().map_err(StoreError::file("read the log", &self.path))?
        {
            if let Some(seq) = number_of(&self.line).filter(|seq| *seq < range.start) {
                self.due = seq + 1;
                continue;
            }
            let line: LogLine = match serde_json::from_slice(&self.line) {
                Ok(line) => line,
                Err(_) if self.due < range.start => {
                    self.due += 1;
                    continue;
                }
                Err(cause) => {
                    self.due += 1;
                    let detail =
                        format!("the line that ends at byte {} cannot be read ({cause})", self.offset);
                    return Err(StoreError::Damaged { path: self.path.clone(), detail, cure: CURE });
                }
            };
            self.due = line.seq + 1;
            if range.contains(&line.seq) && filter.admits(&line) {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// Whether there is something after the last whole line.
    pub(super) fn is_torn(&self) -> bool {
        !self.line.is_empty() && self.line.last() != Some(&b'\n')
    }

    /// The next whole line into `self.line`; false at the end.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let read = self.file.read_until(b'\n', &mut self.line)?;
        if self.line.last() == Some(&b'\n') {
            self.offset += read as u64;
            return Ok(true);
        }
        if read > 0 {
            // Torn: its writer is at it, or was killed and the next one will cut it off. Read it anew next time.
            self.file.seek(SeekFrom::Start(self.offset))?;
        }
        Ok(false)
    }
}

/// The number that a line begins with, as they are written.
fn number_of(line: &[u8]) -> Option<u64> {
    let rest = line.strip_prefix(b"{\"seq\":")?;
    let end = rest.iter().position(|byte| *byte == b',')?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}

/// Cuts off what follows the last line end, and gives the last line. The file stands at its end then.
pub(super) fn cut_torn_line(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let length = file.metadata()?.len();
    let (whole, last) = last_line(file)?;
    if whole < length {
        file.set_len(whole)?;
    }
    file.seek(SeekFrom::Start(whole))?;
    Ok(last)
}

/// Where the last whole line ends, and the line.
pub(super) fn last_line(file: &mut File) -> io::Result<(u64, Option<Vec<u8>>)> {
    let length = file.metadata()?.len();
    // The tail that holds two line ends, or all of it.
    let mut window = 1 << 16;
    loop {
        let start = length.saturating_sub(window);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        Read::by_ref(file).take(length - start).read_to_end(&mut tail)?;
        let end = tail.iter().rposition(|byte| *byte == b'\n');
        let begin = end.and_then(|end| tail[..end].iter().rposition(|byte| *byte == b'\n'));
        if begin.is_none() && start > 0 {
            window *= 4;
            continue;
        }
        let whole = start + end.map_or(0, |end| end as u64 + 1);
        return Ok((whole, end.map(|end| tail[begin.map_or(0, |begin| begin + 1)..end].to_vec())));
    }
}
