//! YAML: the text is walked along the events of the parser, and printed token by token.

mod frame;
mod print;
mod scalar;
mod walk;

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{Event, Parser};

use crate::Refusal;
use walk::{ListStyle, Walk};

/// Lays a text out that is known to be YAML.
pub(crate) fn format(text: &str) -> Result<String, Refusal> {
    let crlf = text.matches("\r\n").count() * 2 > text.matches('\n').count();
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    // Once there were lines that ended with half of that.
    let unix: Cow<'_, str> = match text.contains('\r') {
        true => text[mark..].replace("\r\n", "\n").replace('\r', "\n").into(),
        false => text[mark..].into(),
    };
    let laid_out = lay_out(&unix).map_err(|refusal| Refusal {
        at: mark + refusal.at + if crlf { unix[..refusal.at].matches('\n').count() } else { 0 },
        ..refusal
    })?;
    Ok(if crlf { laid_out.replace('\n', "\r\n") } else { laid_out })
}

fn lay_out(text: &str) -> Result<String, Refusal> {
    let given = Read::of(text).ok_or(Refusal::new("this cannot be read", 0))?;
    let walked = Walk::along(text, &given.events, ListStyle::Indented)?;
    let walked = if walked.flat_lists > walked.indented_lists {
        Walk::along(text, &given.events, ListStyle::Flat)?
    } else {
        walked
    };
    let result = Read::of(&walked.text).ok_or(Refusal::new("what would come out is no YAML", 0))?;
    given.must_equal(&result)?;
    Ok(walked.text)
}

/// An event and where it stood.
type Placed<'t> = (Event<'t>, Range<usize>);

/// What must not change: all that a text says, and its comments.
struct Read<'t> {
    events: Vec<Placed<'t>>,
    comments: Vec<(String, usize)>,
}

impl<'t> Read<'t> {
    fn of(text: &'t str) -> Option<Self> {
        Self::attempt(text, true).or_else(|| Self::attempt(text, false))
    }

    fn attempt(text: &'t str, strict_indentation: bool) -> Option<Self> {
        let options = granit_parser::options! {
            strict_indentation: strict_indentation,
            emit_comments: true,
            emit_unresolved_aliases: true,
        };
        let mut read = Self { events: Vec::new(), comments: Vec::new() };
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, place) = event.ok()?;
            let place = place.byte_range()?;
            if let Event::Comment(comment, _) = &event {
                read.comments.push((comment.trim_end().to_owned(), place.start));
            } else {
                read.events.push((event, place));
            }
        }
        Some(read)
    }

    fn must_equal(&self, result: &Read<'_>) -> Result<(), Refusal> {
        for (at, (event, place)) in self.events.iter().enumerate() {
            if result.events.get(at).is_none_or(|(other, _)| other != event) {
                return Err(Refusal::new("this would change", place.start));
            }
        }
        for (at, (comment, place)) in self.comments.iter().enumerate() {
            if result.comments.get(at).is_none_or(|(other, _)| other != comment) {
                return Err(Refusal::new("this comment would be lost", *place));
            }
        }
        if self.events.len() != result.events.len() || self.comments.len() != result.comments.len() {
            return Err(Refusal::new("something would be added", 0));
        }
        Ok(())
    }
}
