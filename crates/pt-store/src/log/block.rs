//! Blocks: lines that are compressed together, with a head that says which ones they are.
//!
//! The head tells numbers, times and origins of the lines, so that who looks for some passes over blocks without opening them. It
//! and the lines are held against digests each time they are read.

use std::ops::Range;

use jiff::Timestamp;
use pt_model::{ContainerId, LogLine, StepId, Stream};
use serde::{Deserialize, Serialize};
use zstd::bulk::{Compressor, Decompressor};

use super::LogFilter;

/// What a head begins with: where one is damaged, the next is found by it.
pub(super) const MAGIC: [u8; 8] = *b"\0ptlog1\n";

/// Bytes of a head, before the origins.
pub(super) const HEAD: usize = 88;

/// Bytes of a digest that are kept: enough against accidents.
const DIGEST: usize = 16;

/// Where in a head its own digest stands; it is one of all that follows it.
const OWN_DIGEST: usize = MAGIC.len();
const FIELDS: usize = OWN_DIGEST + DIGEST;

/// In nanoseconds.
const SECOND: i64 = 1_000_000_000;

/// How hard lines are compressed: 3 is quicker than they are written, and gains a fifth on 1.
const LEVEL: i32 = 3;

/// Whose a line is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Origin {
    step: StepId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    container: Option<ContainerId>,
    stream: Stream,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    beside: bool,
}

impl Origin {
    fn is_of(&self, line: &LogLine) -> bool {
        self.stream == line.stream
            && self.beside == line.beside
            && self.container == line.container
            && self.step == line.step
    }
}

/// What cannot be written as a block: a gap in the numbers, or a time beyond the year 2262.
#[derive(Debug)]
pub(super) struct Unfit;

/// Lines on their way into a block.
#[derive(Debug, Default)]
pub(super) struct Draft {
    first: u64,
    lines: u32,
    /// In nanoseconds.
    began: i64,
    earliest: i64,
    latest: i64,
    last: i64,
    origins: Vec<Origin>,
    bytes: Vec<u8>,
}

impl Draft {
    /// Bytes of lines so far.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Adds the line that follows the ones before.
    pub(super) fn add(&mut self, line: &LogLine) -> Result<(), Unfit> {
        let at = i64::try_from(line.at.as_nanosecond()).map_err(|_| Unfit)?;
        if self.lines == 0 {
            self.first = line.seq;
            (self.began, self.earliest, self.latest, self.last) = (at, at, at, at);
        }
        if line.seq != self.first + u64::from(self.lines) {
            return Err(Unfit);
        }
        let known = self.origins.iter().rposition(|origin| origin.is_of(line));
        let origin = known.unwrap_or_else(|| {
            let LogLine { step, container, stream, beside, .. } = line.clone();
            self.origins.push(Origin { step, container, stream, beside });
            self.origins.len() - 1
        });
        put_number(&mut self.bytes, origin as u64);
        put_number(&mut self.bytes, zigzag(at.checked_sub(self.last).ok_or(Unfit)?));
        put_number(&mut self.bytes, line.text.len() as u64);
        self.bytes.extend_from_slice(line.text.as_bytes());
        self.last = at;
        self.earliest = self.earliest.min(at);
        self.latest = self.latest.max(at);
        self.lines = self.lines.checked_add(1).ok_or(Unfit)?;
        Ok(())
    }

    /// The block, head and all; nothing if there are no lines. The draft is empty then.
    pub(super) fn pack(&mut self, compressor: &mut Compressor<'static>) -> std::io::Result<Option<Vec<u8>>> {
        let Self { first, lines, began, earliest, latest, last: _, origins, bytes } = std::mem::take(self);
        if lines == 0 {
            return Ok(None);
        }
        let packed = compressor.compress(&bytes)?;
        let origins = serde_json::to_vec(&origins)?;
        let size = |of: &[u8]| u32::try_from(of.len()).map_err(std::io::Error::other);
        let mut block = Vec::with_capacity(HEAD + origins.len() + packed.len());
        block.extend(MAGIC);
        block.extend([0; DIGEST]);
        block.extend(first.to_le_bytes());
        for number in [lines, size(&origins)?, size(&packed)?, size(&bytes)?] {
            block.extend(number.to_le_bytes());
        }
        block.extend(earliest.to_le_bytes());
        block.extend(latest.to_le_bytes());
        block.extend(digest(&packed));
        block.extend(began.to_le_bytes());
        block.extend(origins);
        let own = digest(&block[FIELDS..]);
        block[OWN_DIGEST..FIELDS].copy_from_slice(&own);
        block.extend(packed);
        Ok(Some(block))
    }
}

/// A compressor for blocks.
pub(super) fn compressor() -> std::io::Result<Compressor<'static>> {
    Compressor::new(LEVEL)
}

/// What the head of a block says.
#[derive(Debug)]
pub(super) struct Head {
    /// The number of its first line.
    pub(super) first: u64,
    /// How many lines there are.
    pub(super) lines: u32,
    /// Bytes of the lines, compressed.
    pub(super) packed: usize,
    size: usize,
    began: i64,
    earliest: i64,
    latest: i64,
    digest: [u8; DIGEST],
    origins: Vec<Origin>,
}

impl Head {
    /// How many bytes of origins follow the head; nothing if this is none.
    pub(super) fn origins_after(head: &[u8; HEAD]) -> Option<usize> {
        (head[..OWN_DIGEST] == MAGIC).then(|| number(head, FIELDS + 12) as usize)
    }

    /// Reads a head with its origins; nothing if it is damaged.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let fields = bytes.get(FIELDS..).filter(|fields| fields.len() >= HEAD - FIELDS)?;
        if bytes[..OWN_DIGEST] != MAGIC || digest(fields) != bytes[OWN_DIGEST..FIELDS] {
            return None;
        }
        Some(Self {
            first: long(fields, 0).cast_unsigned(),
            lines: number(fields, 8),
            packed: number(fields, 16) as usize,
            size: number(fields, 20) as usize,
            earliest: long(fields, 24),
            latest: long(fields, 32),
            digest: fields[40..40 + DIGEST].try_into().ok()?,
            began: long(fields, 40 + DIGEST),
            origins: serde_json::from_slice(&bytes[HEAD..]).ok()?,
        })
    }

    /// The number of the line that follows its last.
    pub(super) fn end(&self) -> u64 {
        self.first + u64::from(self.lines)
    }

    /// Whether lines that are wanted may be in it.
    pub(super) fn may_hold(&self, range: &Range<u64>, filter: &LogFilter) -> bool {
        self.end() > range.start
            && self.first < range.end
            && filter.since.is_none_or(|since| nanoseconds(since) <= self.latest)
            && filter.until.is_none_or(|until| nanoseconds(until) >= self.earliest)
            && self.origins.iter().any(|origin| origin.is_wanted(filter))
    }

    /// Opens the block whose compressed lines these are; fails with what is wrong with them.
    pub(super) fn open(
        self,
        packed: &[u8],
        filter: &LogFilter,
        decompressor: &mut Decompressor<'static>,
    ) -> Result<Block, String> {
        if digest(packed) != self.digest {
            return Err("they are not what was written".to_owned());
        }
        let bytes = decompressor.decompress(packed, self.size).map_err(|cause| cause.to_string())?;
        let wanted = self.origins.iter().map(|origin| origin.is_wanted(filter)).collect();
        Ok(Block { due: self.first, last: self.began, head: self, at: 0, bytes, wanted })
    }
}

impl Origin {
    fn is_wanted(&self, filter: &LogFilter) -> bool {
        filter.admits_origin(&self.step, self.container.as_ref(), self.stream)
    }
}

/// A time as heads hold it: one that is too far away counts as the farthest there is.
fn nanoseconds(at: Timestamp) -> i64 {
    let farthest = if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX };
    i64::try_from(at.as_nanosecond()).unwrap_or(farthest)
}

/// An open block.
#[derive(Debug)]
pub(super) struct Block {
    head: Head,
    bytes: Vec<u8>,
    at: usize,
    due: u64,
    last: i64,
    wanted: Vec<bool>,
}

impl Block {
    /// The next line that is wanted, of these numbers; nothing at the end.
    pub(super) fn next(&mut self, range: &Range<u64>, filter: &LogFilter) -> Result<Option<LogLine>, String> {
        loop {
            if self.at == self.bytes.len() || self.due >= range.end {
                return Ok(None);
            }
            let Some((origin, at, text)) = self.take() else {
                self.at = self.bytes.len();
                return Err("a line in them is cut off".to_owned());
            };
            let seq = self.due;
            self.due += 1;
            if seq < range.start || !self.wanted[origin] {
                continue;
            }
            let at = Timestamp::new(at.div_euclid(SECOND), at.rem_euclid(SECOND) as i32);
            let at = at.map_err(|cause| cause.to_string())?;
            if !filter.admits_time(at) {
                continue;
            }
            let text = String::from_utf8(self.bytes[text].to_vec()).map_err(|cause| cause.to_string())?;
            let Origin { step, container, stream, beside } = self.head.origins[origin].clone();
            return Ok(Some(LogLine { seq, at, step, container, stream, beside, text }));
        }
    }

    /// The number of the line that is next.
    pub(super) fn due(&self) -> u64 {
        self.due
    }

    fn take(&mut self) -> Option<(usize, i64, Range<usize>)> {
        let origin = usize::try_from(take_number(&self.bytes, &mut self.at)?).ok()?;
        let later = unzigzag(take_number(&self.bytes, &mut self.at)?);
        let length = usize::try_from(take_number(&self.bytes, &mut self.at)?).ok()?;
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        let text = self.at..end;
        self.at = end;
        self.last = self.last.checked_add(later)?;
        (origin < self.wanted.len()).then_some((origin, self.last, text))
    }
}

fn digest(bytes: &[u8]) -> [u8; DIGEST] {
    let mut short = [0; DIGEST];
    short.copy_from_slice(&blake3::hash(bytes).as_bytes()[..DIGEST]);
    short
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn long(bytes: &[u8], at: usize) -> i64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    i64::from_le_bytes(number)
}

/// Small numbers take few bytes: seven bits in each, the highest says that more follow.
fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(number);
        }
        shift += 7;
    }
}

/// Numbers near zero made small, whatever their sign.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_as_they_went() {
        for number in [0, 1, -1, 63, -64, 64, 1 << 40, i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, zigzag(number));
            let mut at = 0;
            assert_eq!(take_number(&bytes, &mut at).map(unzigzag), Some(number));
            assert_eq!(at, bytes.len(), "{number}");
            assert_eq!(take_number(&bytes[..at - 1], &mut 0), None, "{number}, cut off");
        }
    }
}
