//! Stdout for many lines: gathered, and written at once.

use std::io::{self, Write};

use anstream::adapter::strip_bytes;
use anstream::{AutoStream, ColorChoice};

/// Bytes that are gathered before they are written.
const GATHERED: usize = 1 << 16;

/// Gathers lines until there is nothing more to show at once. What was not flushed is written in the end, too.
#[derive(Debug, Default)]
pub(crate) struct LineOut(Vec<u8>);

impl LineOut {
    /// Says that a line is whole: after enough of them they are written.
    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        if self.0.len() < GATHERED { Ok(()) } else { self.flush() }
    }
}

impl Write for LineOut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let written = write(&self.0);
        self.0.clear();
        // One line may have been many megabytes.
        self.0.shrink_to(GATHERED * 2);
        written
    }
}

impl Drop for LineOut {
    fn drop(&mut self) {
        // Who does not read it cannot be told.
        drop(self.flush());
    }
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let out = io::stdout();
    let shows_all = || AutoStream::choice(&out) != ColorChoice::Never;
    if is_plain(bytes) || shows_all() {
        let mut out = out.lock();
        out.write_all(bytes)?;
        return out.flush();
    }
    // Line by line: what one leaves open must not swallow the next.
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let stripped: Vec<u8> = lines.flat_map(|line| strip_bytes(line).into_vec()).collect();
    let mut out = out.lock();
    out.write_all(&stripped)?;
    out.flush()
}

/// Whether there is nothing in it that is not shown everywhere: letters, spaces, line ends. Looked at in pieces that processors
/// compare at once: it is asked of every line.
fn is_plain(bytes: &[u8]) -> bool {
    let is_odd = |byte: &u8| !(0x20..0x7f).contains(byte) & (*byte != b'\n') & (*byte != b'\t');
    bytes.chunks(256).all(|piece| !piece.iter().fold(false, |odd, byte| odd | is_odd(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_everywhere_is_not_plain() {
        for (text, plain) in [
            ("", true),
            ("a ~\tb\n", true),
            ("\x1b[1mbold", false),
            ("bell\x07", false),
            ("ä", false),
            ("\x7f", false),
        ] {
            assert_eq!(is_plain(text.as_bytes()), plain, "{text:?}");
            let long = "x".repeat(1000) + text;
            assert_eq!(is_plain(long.as_bytes()), plain, "{text:?} after much");
        }
    }
}
