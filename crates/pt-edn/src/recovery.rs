//! Going on after a mistake, so that one hides no others: each is kept, and reading continues as the text was probably meant.

use crate::reader::Item;
use crate::{Closing, Form, FormKind, Notation, OpenBracket, ReadError, ReadErrorKind, Reader, Span};

/// A text with more mistakes than this is no EDN.
const MOST: usize = 50;

/// What a reader that goes on keeps in mind.
#[derive(Default)]
pub(crate) struct Recovery {
    errors: Vec<ReadError>,
    /// The brackets around the place that is read.
    open: Vec<OpenBracket>,
    /// Whether a line that stands further left than it should has left the brackets above it.
    by_lines: bool,
    /// The text has broken off, or is no EDN at all: nothing more is kept.
    has_ended: bool,
}

impl<'t> Reader<'t> {
    /// A reader of a text that has mistakes: it keeps them and goes on. `by_lines` is whether the indentation of lines tells
    /// which brackets are missing.
    pub fn recovering(text: &'t str, by_lines: bool) -> Self {
        let mut reader = Self::new(text);
        reader.recovery = Some(Box::new(Recovery { by_lines, ..Recovery::default() }));
        reader
    }

    /// The mistakes after which reading went on.
    pub fn errors(&self) -> &[ReadError] {
        self.recovery.as_ref().map_or(&[], |recovery| &recovery.errors)
    }

    pub(crate) fn told(&self) -> usize {
        self.errors().len()
    }

    pub(crate) fn tell_unless_told_since(&mut self, told: usize, error: ReadError) {
        self.failed = false;
        if self.told() == told {
            self.tell(error);
        }
    }

    pub(crate) fn tell(&mut self, error: ReadError) {
        self.failed = false;
        let Some(recovery) = &mut self.recovery else { return };
        if recovery.has_ended {
            return;
        }
        recovery.errors.push(error);
        recovery.has_ended = recovery.errors.len() >= MOST;
    }

    /// In place of what could not be read stands nothing. Some mistakes leave nothing to go on with.
    pub(crate) fn recovered(&mut self, error: ReadError, start: usize) -> Result<Item, ReadError> {
        if matches!(error.kind, ReadErrorKind::TooDeep | ReadErrorKind::UnclosedString) {
            return Err(error);
        }
        let has_ended = self.at >= self.text.len();
        self.tell(error);
        if let Some(recovery) = &mut self.recovery {
            recovery.has_ended |= has_ended;
        }
        Ok(Item::Form(Form::new(FormKind::Nil, Span { start, end: self.at.max(start) })))
    }

    /// Reads to the closing bracket, or to where it should stand.
    pub(crate) fn sequence_recovering(&mut self, start: usize, close: u8) -> Result<Vec<Form>, ReadError> {
        let (text, at) = (self.text, start);
        if let Some(recovery) = &mut self.recovery {
            let column = if recovery.by_lines { limit(text, at) } else { 0 };
            recovery.open.push(OpenBracket { close, at, column });
        }
        let items = self.items(start, close);
        if let Some(recovery) = &mut self.recovery {
            recovery.open.pop();
        }
        items
    }

    fn items(&mut self, start: usize, close: u8) -> Result<Vec<Form>, ReadError> {
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.has_left() {
                let error = self.unclosed(start);
                self.tell(error);
                return Ok(items);
            }
            match self.item()? {
                Item::Form(form) => items.push(form),
                Item::Splice(forms) => items.extend(forms),
                Item::Nothing => {}
                Item::Close(bracket) if bracket == close => return Ok(items),
                Item::Close(bracket) => {
                    let at = self.at - 1;
                    // To judge takes a look at all that follows, which must not be done for ever.
                    let going_on = self.recovery.as_ref().filter(|recovery| !recovery.has_ended);
                    let closing = going_on.map_or(Closing::Wrong, |recovery| {
                        Notation::Edn.judge(&self.text[at..], &recovery.open, recovery.by_lines)
                    });
                    match closing {
                        Closing::Surplus => {
                            let mut error = self.unmatched(bracket, at);
                            error.kind = ReadErrorKind::Surplus;
                            self.tell(error);
                        }
                        Closing::TooFew => {
                            self.at = at;
                            let error = self.unclosed(start);
                            self.tell(error);
                            return Ok(items);
                        }
                        Closing::Wrong => {
                            let error = self.unmatched(bracket, at);
                            self.tell(error);
                            return Ok(items);
                        }
                    }
                }
                Item::End => {
                    let error = self.unclosed(start);
                    self.tell(error);
                    if let Some(recovery) = &mut self.recovery {
                        recovery.has_ended = true;
                    }
                    return Ok(items);
                }
            }
        }
    }

    fn unclosed(&mut self, start: usize) -> ReadError {
        // A map inside that took the bracket of this one, and so came to miss a value, is no mistake of its own.
        let follows = |error: &ReadError| error.kind == ReadErrorKind::OddMap && error.span.start > start;
        if let Some(recovery) = &mut self.recovery
            && recovery.errors.last().is_some_and(follows)
        {
            recovery.errors.pop();
        }
        let mut error = self.fail_as(ReadErrorKind::Unclosed, "EOF while reading", start);
        error.span.end = start + 1;
        error
    }

    /// Whether what stands next begins a line that cannot be within the brackets any more.
    fn has_left(&self) -> bool {
        let (Some(recovery), Some(next)) = (&self.recovery, self.peek()) else { return false };
        let Some(column) = column_if_first(self.text, self.at).filter(|_| recovery.by_lines) else {
            return false;
        };
        let [_, .., open] = recovery.open.as_slice() else { return false };
        open.at < self.at - column && open.is_left_by(column, next)
    }

    /// Whether a text that spans lines was meant to end in its first: a word follows its quote directly.
    pub(crate) fn swallowed(&self, start: usize) -> bool {
        let follows = self.text[self.at..].chars().next();
        follows.is_some_and(|next| next.is_alphanumeric() || matches!(next, '-' | '/' | '_' | '.' | ':'))
            && self.text[start..self.at].contains(['\n', ':', '}', ']'])
    }

    /// The text that begins at a place, as far as its line goes; without the brackets that close the line.
    pub(crate) fn string_of_line(&mut self, start: usize) -> Box<str> {
        let mut error = self.fail_as(ReadErrorKind::UnclosedString, "EOF while reading string", start);
        error.span.end = start + 1;
        self.tell(error);
        let line = self.text[start..].lines().next().unwrap_or_default();
        let kept = line.trim_end_matches([' ', '\t', ',', ')', ']', '}']).len().max(1);
        self.at = start + kept;
        if let Some(recovery) = &mut self.recovery {
            recovery.has_ended |= self.text[start + line.len()..].trim().is_empty();
        }
        line[1..kept].into()
    }
}

/// What is within a bracket that begins its line stands right of it; of any other, right of what its line begins with.
fn limit(text: &str, bracket: usize) -> usize {
    let line = &text[text[..bracket].rfind('\n').map_or(0, |newline| newline + 1)..bracket];
    line.len() - line.trim_start_matches([' ', '\t', '[', '{', '(']).len()
}

/// How far from the left a place is that nothing but blanks stand before.
fn column_if_first(text: &str, at: usize) -> Option<usize> {
    let column = text.as_bytes()[..at].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let before = text.as_bytes()[..at - column].last();
    before.is_none_or(|byte| *byte == b'\n').then_some(column)
}
