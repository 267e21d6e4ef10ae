//! Output in pieces becomes lines.

use crate::mask::Mask;

/// Cuts what a container writes into lines. The last one needs no line end; nothing is dropped.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
    /// What must not be cut in two: the halves would be told in clear.
    mask: Mask,
}

impl Lines {
    /// Bytes after which a line is cut although it has no end: whoever never ends a line must not fill the memory.
    const LONGEST: usize = 4 << 20;

    pub(crate) fn new(mask: Mask) -> Self {
        Self { rest: Vec::new(), mask }
    }

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
            let rest = self.rest.split_off(self.mask.place_to_cut(&self.rest));
            if !self.rest.is_empty() {
                lines.push(self.cut());
            }
            self.rest = rest;
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

    #[test]
    fn a_line_that_is_too_long_is_cut_beside_secrets() {
        let mask = Mask::default();
        mask.learn([pt_model::Secret::new("token", "sw0rdfish")]);
        for before in Lines::LONGEST - 10..Lines::LONGEST {
            let output = format!("{}sw0rdfish and more", "x".repeat(before));
            let mut lines = Lines::new(mask.clone());
            let mut all = lines.take(&output.as_bytes()[..Lines::LONGEST]);
            all.extend(lines.take(&output.as_bytes()[Lines::LONGEST..]));
            all.extend(lines.finish());
            let told: String = all.iter().map(|line| mask.mask(line)).collect();
            assert!(all.len() > 1 && told.ends_with("x[secret token] and more"), "after {before}");
        }
    }
}
