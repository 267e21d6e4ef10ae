//! The layout of polytope files: text in, text out.
//!
//! [`format`] lays a YAML, JSON or EDN text out anew. It moves what is white and nothing else: indentation, blank lines, the
//! spaces inside `{a: b, c: [d, e]}`. Words, quotes, the order of keys, comments and the content of block scalars stay as
//! they are. Before a text is given back it is read again and held against what was given: the same data in the same
//! words, the same comments in the same order. A text for which that fails is refused, never changed.
//!
//! Nothing here does I/O.
//!
//! # The layout of YAML
//!
//! - Two spaces per level. Lists under a key stand at the column of the key or two further in, as most lists of the file
//!   do; in doubt, further in.
//! - At most one blank line in a row, none at either end; no blanks at the ends of lines; the last line ends.
//! - In brackets and braces no space inside, none before commas and colons, one after. Line breaks stay; what follows a
//!   bracket on its line aligns the lines below.
//! - A comment of its own line is indented like what it was aligned with; a comment behind something keeps its distance.
//! - Lines of a text that goes over several are moved together.
//!
//! # The layout of EDN
//!
//! - Line breaks stay, at most one blank line in a row. In brackets no space inside, one between; commas stay.
//! - Items stand below the first one of their bracket; a call, `(` and a name, is indented by two whatever it calls.
//! - Texts and comments as in YAML, but that lines of a text stay where they are: their blanks belong to it.

mod edn;
mod json;
mod yaml;

use pt_syntax::{Diagnostic, Format, Severity, SourceId, Span, parse};

/// The text, laid out well.
///
/// # Errors
/// The text has mistakes, or is written in a way that cannot be laid out without the risk of changing what it says.
pub fn format(source: SourceId, text: &str, notation: Format) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(source, text, notation);
    if parsed.has_errors() {
        let errors = parsed.diagnostics.into_iter().filter(|found| found.severity == Severity::Error);
        return Err(errors.collect());
    }
    let laid_out = match notation {
        Format::Yaml => yaml::format(text),
        Format::Json => json::format(text),
        Format::Edn => edn::format(text),
    };
    laid_out.map_err(|refusal| vec![refusal.diagnostic(source, text)])
}

/// Where a text ends that begins with its quote.
fn text_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Why a text is left as it is.
#[derive(Debug, PartialEq, Eq)]
struct Refusal {
    /// What about it.
    why: &'static str,
    /// Where, in bytes.
    at: usize,
}

impl Refusal {
    fn new(why: &'static str, at: usize) -> Self {
        Self { why, at }
    }

    fn diagnostic(&self, source: SourceId, text: &str) -> Diagnostic {
        let start = text.floor_char_boundary(self.at.min(text.len()));
        let end = text[start..].find('\n').map_or(text.len(), |end| start + end);
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Diagnostic::error("not-formatted", "This file cannot be formatted without the risk of changing it")
            .at(Span { source, start: offset(start), end: offset(end) }, self.why)
            .note("it was left as it is")
    }
}
