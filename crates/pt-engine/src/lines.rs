//! Output in pieces becomes lines.

/// Cuts what a container writes into lines. The last one needs no line end; nothing is dropped.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Bytes after which a line is cut although it has no end: whoever never ends a line must not fill the memory.
    const LONGEST: usize = 4 << 20;

    /// Takes a piece and gives the lines that it completes, without their ends.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut bytes = bytes;
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(&bytes[..end]);
            lines.push(self.cut());
            bytes = &bytes[end + 1..];
        }
        self.rest.extend_from_slice(bytes);
        if self.rest.len() >= Self::LONGEST {
            lines.push(self.cut());
        }
        lines
    }

    /// The last line, if it had no end.
    pub(crate) fn finish(&mut self) -> Option<String> {
        if self.rest.is_empty() { None } else { Some(self.cut()) }
    }

    /// The line in hand. Bytes that are no UTF-8 become U+FFFD.
    fn cut(&mut self) -> String {
        let line = std::mem::take(&mut self.rest);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        String::from_utf8_lossy(line).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_the_output_was_cut() {
        let output = "first\r\n\nzweite Zeile: ä\nlast";
        for size in 1..output.len() {
            let mut lines = Lines::default();
            let mut all: Vec<String> =
                output.as_bytes().chunks(size).flat_map(|piece| lines.take(piece)).collect();
            all.extend(lines.finish());
            assert_eq!(all, ["first", "", "zweite Zeile: ä", "last"], "in pieces of {size}");
        }
    }
}
