//! Which bracket is missing, which is one too many: told by those around it, and by how the lines are indented.

use std::cmp::Ordering;
use std::mem;

/// A bracket that is open.
#[derive(Clone, Copy, Debug)]
pub struct OpenBracket {
    /// What closes it.
    pub close: u8,
    /// Where it stands, in bytes.
    pub at: usize,
    /// What stands further left than this, or as far, is not within the brackets.
    pub column: usize,
}

impl OpenBracket {
    /// Whether a line that begins so cannot be within the brackets any more.
    pub fn is_left_by(&self, column: usize, first: u8) -> bool {
        if matches!(first, b')' | b']' | b'}') { column < self.column } else { column <= self.column }
    }
}

/// What a closing bracket is that does not match the innermost open one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// One too many.
    Surplus,
    /// The right number, of the wrong kind.
    Wrong,
    /// That of an outer one: the innermost is not closed.
    TooFew,
}

/// The notation that decides where a bracket is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// `(` and `)` are brackets, too, `;` begins a comment, `\` a character.
    Edn,
    /// Texts end with their line.
    Json,
}

impl Notation {
    /// What is wrong with the closing bracket with which `rest` begins, within these. All that is open is to be closed in the
    /// rest of the text; if the lines tell, all that the next line has left in the rest of this one.
    pub fn judge(self, rest: &str, open: &[OpenBracket], by_lines: bool) -> Closing {
        let line = rest.find('\n').filter(|_| by_lines);
        let next = line.and_then(|end| {
            let lines = &rest[end + 1..];
            let begin = lines.len() - lines.trim_start().len();
            let column = begin - lines[..begin].rfind('\n').map_or(0, |newline| newline + 1);
            Some((column, *lines.as_bytes().get(begin)?))
        });
        let (looked_at, wanted) = match (line, next) {
            (Some(end), Some((column, first))) => {
                let left = open.iter().skip(1).filter(|open| open.is_left_by(column, first));
                (&rest[..end], left.count())
            }
            _ => (rest, open.len()),
        };
        let bracket = rest.as_bytes().first();
        let is_of_outer = || open.iter().rev().skip(1).any(|open| Some(&open.close) == bracket);
        match self.closings(looked_at).cmp(&wanted) {
            Ordering::Greater => Closing::Surplus,
            Ordering::Less if is_of_outer() => Closing::TooFew,
            Ordering::Less | Ordering::Equal => Closing::Wrong,
        }
    }

    /// How many brackets a text closes that it does not open.
    fn closings(self, text: &str) -> usize {
        let is_edn = self == Self::Edn;
        let (mut depth, mut closed, mut in_text, mut is_escaped, mut in_comment) =
            (0usize, 0usize, false, false, false);
        for byte in text.bytes() {
            if mem::take(&mut is_escaped) || in_comment && byte != b'\n' {
                continue;
            }
            match byte {
                b'\\' if in_text || is_edn => is_escaped = true,
                b'"' => in_text = !in_text,
                b'\n' => {
                    in_comment = false;
                    in_text &= is_edn;
                }
                b';' if is_edn && !in_text => in_comment = true,
                b'(' | b')' if !is_edn => {}
                b'{' | b'[' | b'(' if !in_text => depth += 1,
                b'}' | b']' | b')' if !in_text && depth > 0 => depth -= 1,
                b'}' | b']' | b')' if !in_text => closed += 1,
                _ => {}
            }
        }
        closed
    }
}
