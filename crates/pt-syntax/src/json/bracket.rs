//! Brackets that are missing or one too many: what the reader knows of them.

use pt_edn::OpenBracket;

use super::Reader;

impl Reader<'_> {
    /// Remembers the bracket at a place of the line that is read.
    pub(super) fn open(&mut self, at: usize) {
        let line = self.text[self.line..].bytes();
        let column = line.take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let close = if self.text.as_bytes()[at] == b'{' { b'}' } else { b']' };
        self.open.push(OpenBracket { close, at, column });
    }

    /// Whether a bracket that is closed like this is open further out.
    pub(super) fn is_within(&self, close: u8) -> bool {
        self.open.iter().rev().skip(1).any(|open| open.close == close)
    }

    /// Whether what stands next begins a line that cannot be within the brackets any more: it stands as far left as the
    /// line in which they were opened, or further.
    pub(super) fn has_left(&self, open: &OpenBracket, next: u8) -> bool {
        let is_of_line = open.at >= self.line;
        !is_of_line
            && self.begins_line(self.at)
            && self.open.len() > 1
            && open.is_left_by(self.at - self.line, next)
    }

    /// Whether only blanks stand before a place in the line that is read.
    pub(super) fn begins_line(&self, at: usize) -> bool {
        self.text.get(self.line..at).is_some_and(|before| before.chars().all(char::is_whitespace))
    }
}
