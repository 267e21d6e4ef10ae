//! From a place in a decoded text back to the place where it was written.

use std::ops::Range;
use std::str::Chars;

use crate::{Node, NodeKind, Span};

impl Node {
    /// Where a piece of this node's text stands in its source. `range` counts bytes of the decoded text.
    ///
    /// Exact for plain, quoted and block text: indentation, line ends and folding change only blanks, so the characters
    /// between them are counted. Where that fails, the whole node; for a range of blanks alone, what
    /// follows the text before them.
    #[must_use]
    pub fn span_within(&self, source_text: &str, range: Range<usize>) -> Span {
        self.piece(source_text, range).unwrap_or(self.span)
    }

    fn piece(&self, source_text: &str, range: Range<usize>) -> Option<Span> {
        let (NodeKind::Str(text) | NodeKind::Form(text)) = &self.kind else { return None };
        let wanted = text.get(range.clone())?;
        let start = range.start + wanted.len() - wanted.trim_start().len();
        let end = range.start + wanted.trim_end().len();
        if start >= end {
            // Blanks alone stand behind what stands before them.
            let (at, letter) = text[..range.start].char_indices().rfind(|(_, char)| !char.is_whitespace())?;
            let before = self.piece(source_text, at..at + letter.len_utf8())?;
            let end = before.end.saturating_add(1).min(self.span.end);
            return Some(Span { start: before.end.min(end), end, ..before });
        }
        let written = source_text.get(self.span.start as usize..self.span.end as usize)?;
        let mut letters = Letters::new(written);
        let (mut first, mut last) = (None, 0..0);
        for (at, letter) in text.char_indices().filter(|(_, char)| !char.is_whitespace()) {
            if at >= end {
                break;
            }
            let (place, found) = letters.next()?;
            if found != letter {
                return None;
            }
            if at >= start && first.is_none() {
                first = Some(place.start);
            }
            last = place;
        }
        let offset = |at: usize| Some(self.span.start + u32::try_from(at).ok()?);
        Some(Span { start: offset(first?)?, end: offset(last.end)?, ..self.span })
    }
}

/// The characters of a written scalar that are not blanks, escapes resolved, each with its place.
struct Letters<'t> {
    written: &'t str,
    chars: Chars<'t>,
    quote: Option<char>,
}

impl<'t> Letters<'t> {
    fn new(written: &'t str) -> Self {
        let quote = written.chars().next().filter(|first| matches!(first, '"' | '\''));
        // Keywords of EDN and patterns; headers of block scalars where the span has them.
        let skipped = match written.as_bytes() {
            [b'"' | b'\'' | b':', ..] => 1,
            [b'#', b'"', ..] => 2,
            [b'|' | b'>', ..] => written.find('\n').unwrap_or(written.len()),
            _ => 0,
        };
        Self { written, chars: written[skipped..].chars(), quote }
    }

    fn offset(&self) -> usize {
        self.written.len() - self.chars.as_str().len()
    }

    fn escape(&mut self) -> Option<char> {
        match self.chars.next()? {
            'n' | '\n' | '\r' | 't' | '\t' | 'r' => Some(' '),
            same @ (' ' | '"' | '\\' | '/') => Some(same),
            _ => None,
        }
    }

    fn next(&mut self) -> Option<(Range<usize>, char)> {
        loop {
            let start = self.offset();
            let letter = match (self.chars.next()?, self.quote) {
                ('\\', Some('"')) => self.escape()?,
                ('\'', Some('\'')) => self.chars.next().filter(|second| *second == '\'')?,
                (char, _) => char,
            };
            if !letter.is_whitespace() {
                return Some((start..self.offset(), letter));
            }
        }
    }
}
