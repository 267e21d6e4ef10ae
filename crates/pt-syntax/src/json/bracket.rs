//! Which bracket is missing, which is one too many: told by those around them, and by how the lines are indented.

use super::Reader;

/// An open bracket.
pub(super) struct Open {
    pub(super) bracket: u8,
    pub(super) at: usize,
    line: usize,
    /// How far the line is indented.
    indent: usize,
}

impl Open {
    /// The bracket at a place, in the line that begins at another.
    pub(super) fn new(text: &str, at: usize, line: usize) -> Self {
        let indent = text[line..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        Self { bracket: text.as_bytes()[at], at, line, indent }
    }
}

/// What a closing bracket is that does not match the innermost open one.
pub(super) enum Closing {
    /// One too many.
    Surplus,
    /// The right number, of the wrong kind.
    Wrong,
    /// That of an outer one: the innermost is not closed.
    TooFew,
}

/// What closes a bracket.
pub(super) fn closing(bracket: u8) -> u8 {
    if bracket == b'{' { b'}' } else { b']' }
}

impl Reader<'_> {
    /// Whether a bracket like this is open further out.
    pub(super) fn is_within(&self, bracket: u8) -> bool {
        self.open.iter().rev().skip(1).any(|open| open.bracket == bracket)
    }

    /// What is wrong with the closing bracket that is read next. All that is open is to be closed in the rest of the text; if
    /// the lines tell, all that the next line has left in the rest of this one.
    pub(super) fn judge(&self) -> Closing {
        let rest = &self.text[self.at..];
        let line = rest.find('\n').filter(|_| self.by_lines);
        let next = line.and_then(|end| {
            let lines = &rest[end + 1..];
            let begin = lines.len() - lines.trim_start().len();
            let column = begin - lines[..begin].rfind('\n').map_or(0, |newline| newline + 1);
            Some((column, *lines.as_bytes().get(begin)?))
        });
        let (rest, wanted) = match (line, next) {
            (Some(end), Some((column, first))) => {
                let is_closing = matches!(first, b'}' | b']');
                let left = |open: &&Open| {
                    if is_closing { column < open.indent } else { column <= open.indent }
                };
                (&rest[..end], self.open.iter().skip(1).filter(left).count())
            }
            _ => (rest, self.open.len()),
        };
        match closings(rest).cmp(&wanted) {
            std::cmp::Ordering::Greater => Closing::Surplus,
            std::cmp::Ordering::Less if self.is_within(if rest.starts_with('}') { b'{' } else { b'[' }) => {
                Closing::TooFew
            }
            std::cmp::Ordering::Less | std::cmp::Ordering::Equal => Closing::Wrong,
        }
    }

    /// Whether what stands next begins a line that cannot be within the brackets any more: it stands as far left as the
    /// line in which they were opened, or further.
    pub(super) fn has_left(&self, open: &Open, next: u8) -> bool {
        if open.line == self.line || !self.begins_line(self.at) || self.open.len() == 1 {
            return false;
        }
        let column = self.at - self.line;
        if next == b'}' || next == b']' { column < open.indent } else { column <= open.indent }
    }

    /// Whether only blanks stand before a place in the line that is read.
    pub(super) fn begins_line(&self, at: usize) -> bool {
        self.text.get(self.line..at).is_some_and(|before| before.chars().all(char::is_whitespace))
    }
}

/// How many brackets a text closes that it does not open.
fn closings(text: &str) -> usize {
    let (mut depth, mut closed, mut in_text, mut is_escaped) = (0usize, 0usize, false, false);
    for byte in text.bytes() {
        if std::mem::take(&mut is_escaped) {
            continue;
        }
        match byte {
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'\n' => in_text = false,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text && depth > 0 => depth -= 1,
            b'}' | b']' if !in_text => closed += 1,
            _ => {}
        }
    }
    closed
}
