//! Stdout for many lines: gathered, and written at once.

use std::io::{self, Write};

use anstream::adapter::strip_bytes;
use anstream::{AutoStream, ColorChoice};

/// Bytes that are gathered before they are written.
const GATHERED: usize = 1 << 16;

/// Gathers lines until there is nothing more to show at once. What was not flushed is written in the end, too.
#[derive(Debug)]
pub(crate) struct LineOut {
    gathered: Vec<u8>,
    styled: bool,
}

impl LineOut {
    /// Whether colours and the like are shown. Otherwise they would be taken out again.
    pub(crate) fn is_styled(&self) -> bool {
        self.styled
    }

    /// Says that a line is whole: after enough of them they are written.
    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        if self.gathered.len() < GATHERED { Ok(()) } else { self.flush() }
    }
}

impl Default for LineOut {
    fn default() -> Self {
        let styled = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
        Self { gathered: Vec::new(), styled }
    }
}

impl Write for LineOut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let written = if self.styled || is_plain(&self.gathered) {
            write(&self.gathered)
        } else {
            write(&stripped(&self.gathered))
        };
        self.gathered.clear();
        // One line may have been many megabytes.
        self.gathered.shrink_to(GATHERED * 2);
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
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Lines without escape sequences, each by itself: what one leaves open must not swallow the next.
fn stripped(lines: &[u8]) -> Vec<u8> {
    let mut stripped = Vec::with_capacity(lines.len());
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        stripped.extend(strip_bytes(line).into_vec());
    }
    stripped
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
    fn a_line_without_its_end_does_not_swallow_the_next() {
        let lines = "\u{1b}[1mbold\u{1b}[0m ä\n\u{1b}[\nHello\u{7}\n";
        assert_eq!(String::from_utf8(stripped(lines.as_bytes())).unwrap(), "bold ä\n\nHello\n");
    }

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
