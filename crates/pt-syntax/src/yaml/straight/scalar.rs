//! Scalars.

use std::borrow::Cow;

use super::{Key, Read, Reader};
use crate::NodeKind;
use crate::scalar::special;

/// A longer key needs a mark of its own.
const LONGEST_KEY: usize = 1000;

/// How a plain scalar ends on its line.
#[derive(PartialEq, Eq)]
enum End {
    /// With the line, or a comment.
    Line,
    /// With a colon: it is a key.
    Colon,
}

impl Reader<'_> {
    /// A key of a block map with its colon ahead; `None` if there is none. Where it stops then does not matter.
    pub(super) fn key(&mut self) -> Option<Key> {
        let start = self.at;
        let text = match self.byte()? {
            b'"' | b'\'' => self.quoted()?,
            _ => {
                self.begins_plain().then_some(())?;
                (self.plain_line() == End::Colon).then_some(())?;
                self.text[start..self.at].to_owned()
            }
        };
        let length = self.at - start;
        let colon = self.byte() == Some(b':') && self.blank_after(1);
        (colon && length <= LONGEST_KEY && text != "<<" && !text.ends_with(' '))
            .then(|| Key { text, span: self.span(start, self.at) })
    }

    /// Whether a plain scalar may begin here. The rare ones that begin with a sign of another meaning are left out.
    pub(super) fn begins_plain(&self) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        match rest {
            [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..] => self.at > self.line,
            [b'-', next, ..] => !matches!(next, b' ' | b'\n' | b',' | b'[' | b']' | b'{' | b'}'),
            [
                b'-' | b'?' | b':' | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|'
                | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' | b'\n' | b' ',
                ..,
            ]
            | [] => false,
            _ => true,
        }
    }

    /// To the end of what is plain on this line, blanks at the end left out.
    fn plain_line(&mut self) -> End {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut at = start;
        let end = loop {
            match bytes.get(at) {
                None | Some(b'\n') => break End::Line,
                Some(b':') if matches!(bytes.get(at + 1), None | Some(b' ' | b'\n')) => break End::Colon,
                Some(b'#') if at > start && bytes[at - 1] == b' ' => break End::Line,
                Some(_) => at += 1,
            }
        };
        self.at = at;
        if end == End::Line {
            self.at = start + self.text[start..at].trim_end_matches(' ').len();
        }
        end
    }

    /// A plain scalar of one or more lines, up to the next line that says something.
    pub(super) fn plain_lines(&mut self, parent: usize) -> Option<Read> {
        let start = self.at;
        self.begins_plain().then_some(())?;
        (self.plain_line() == End::Line).then_some(())?;
        let mut text = Cow::Borrowed(&self.text[start..self.at]);
        let mut end = self.at;
        // A comment ends it, whatever follows.
        while self.end_of_line() {
            let blank = self.skip_blank_lines();
            let deeper = self.at - self.line > parent;
            if !deeper || matches!(self.byte(), None | Some(b'#')) {
                break;
            }
            // What else it may look like is not worth the doubt.
            if matches!(self.byte(), Some(b'-' | b'?' | b':')) {
                return None;
            }
            let begun = self.at;
            (self.plain_line() == End::Line).then_some(())?;
            let text = text.to_mut();
            match blank {
                0 => text.push(' '),
                lines => text.extend(std::iter::repeat_n('\n', lines)),
            }
            text.push_str(&self.text[begun..self.at]);
            end = self.at;
        }
        self.at = end;
        let kind = special(&text).unwrap_or_else(|| NodeKind::Str(text.into_owned()));
        let read = self.read(kind, start, end);
        self.end_line()?;
        Some(read)
    }

    /// Goes to the beginning of the next line, if nothing stands before it.
    fn end_of_line(&mut self) -> bool {
        self.skip_spaces();
        let ends = self.byte() == Some(b'\n');
        if ends {
            self.at += 1;
            self.line = self.at;
        }
        ends
    }

    /// To the first text from the beginning of a line on; gives the number of blank lines before.
    fn skip_blank_lines(&mut self) -> usize {
        let mut lines = 0;
        self.line = self.at;
        while self.end_of_line() {
            lines += 1;
        }
        lines
    }

    /// The text of a scalar in quotes on one line.
    pub(super) fn quoted(&mut self) -> Option<String> {
        let quote = self.byte()?;
        let rest = &self.text[self.at + 1..];
        let mut text = String::new();
        // Up to where `text` has taken everything.
        let mut done = 0;
        let mut at = 0;
        let bytes = rest.as_bytes();
        loop {
            match *bytes.get(at)? {
                b'\n' => return None,
                b'\\' if quote == b'"' => {
                    text.push_str(&rest[done..at]);
                    text.push(match *bytes.get(at + 1)? {
                        b'n' => '\n',
                        b't' => '\t',
                        b'"' => '"',
                        b'\\' => '\\',
                        _ => return None,
                    });
                    at += 2;
                    done = at;
                }
                b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => {
                    text.push_str(&rest[done..=at]);
                    at += 2;
                    done = at;
                }
                byte if byte == quote => break,
                _ => at += 1,
            }
        }
        text.push_str(&rest[done..at]);
        self.at += at + 2;
        Some(text)
    }

    /// A scalar below `|` or `>`, up to the next line that says something.
    pub(super) fn block_scalar(&mut self, parent: usize) -> Option<Read> {
        let folded = self.byte() == Some(b'>');
        self.at += 1;
        let chomp = self.byte().filter(|byte| matches!(byte, b'-' | b'+'));
        self.at += usize::from(chomp.is_some());
        let header = self.at;
        self.skip_spaces();
        match self.byte()? {
            b'\n' => {}
            b'#' if self.at > header => {}
            _ => return None,
        }
        self.skip_line();
        let first = self.at;
        self.skip_blank_lines();
        let (start, indent) = (self.at, self.at - self.line);
        if indent <= parent || self.byte().is_none() {
            return None;
        }
        self.at = first;
        let mut text = String::new();
        // Line ends that may yet become a blank, and those of the blank lines after them.
        let (mut ends, mut blank) = (0, 0);
        let mut after_deeper = false;
        while let Some(line) = self.block_line(indent)? {
            if line.is_empty() {
                blank += 1;
                continue;
            }
            let deeper = line.starts_with(' ');
            if folded && ends > 0 && !after_deeper && !deeper {
                text.extend((blank == 0).then_some(' '));
            } else {
                text.extend(std::iter::repeat_n('\n', ends));
            }
            text.extend(std::iter::repeat_n('\n', blank));
            text.push_str(line);
            (ends, blank, after_deeper) = (1, 0, deeper);
        }
        if chomp != Some(b'-') {
            text.push('\n');
        }
        if chomp == Some(b'+') {
            self.byte()?;
            text.extend(std::iter::repeat_n('\n', blank));
        }
        let read = self.read(NodeKind::Str(text), start, self.at);
        self.at = self.line;
        self.next_line();
        Some(read)
    }

    /// The next line of a block scalar without its indentation; then `at` is behind it. Inside `None`: after the last,
    /// `at` is at what follows. `None` for lines that are blank and yet too long.
    fn block_line(&mut self, indent: usize) -> Option<Option<&str>> {
        self.line = self.at;
        self.skip_spaces();
        let spaces = self.at - self.line;
        match self.byte() {
            Some(b'\n') if spaces <= indent => {
                self.at += 1;
                return Some(Some(""));
            }
            // Blanks at the end of the text may be a part of it.
            None if spaces == 0 => return Some(None),
            Some(b'\n') | None => return None,
            Some(_) if spaces < indent => return Some(None),
            Some(_) => {}
        }
        let start = self.line + indent;
        self.skip_line();
        Some(Some(self.text[start..self.at].trim_end_matches('\n')))
    }
}
