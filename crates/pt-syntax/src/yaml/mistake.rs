//! Mistakes in YAML's grammar, in plain words: what is wrong, where its cause stands, what to write instead.

use std::ops::Range;

use granit_parser::ErrorKind;

use super::opened::{Opened, opened};
use crate::parse::{MAX_DEPTH, span};
use crate::{Diagnostic, SourceId};

/// Where the parser gave up, and why.
#[derive(Clone, Debug)]
pub(super) struct Mistake {
    pub(super) kind: ErrorKind,
    pub(super) at: usize,
}

/// What was read before.
#[derive(Debug)]
pub(super) struct Context {
    /// End of the last event.
    pub(super) end: usize,
    /// Where the open brackets stand, the outermost first.
    pub(super) brackets: Vec<usize>,
}

/// A diagnostic in offsets of the text.
struct Finding {
    id: &'static str,
    message: String,
    place: Range<usize>,
    label: &'static str,
    /// A second place and what it has to do with it.
    other: Option<(Range<usize>, &'static str)>,
    hint: String,
}

impl Mistake {
    /// Whether only the depth of a line's indentation was wrong.
    pub(super) fn is_indentation(&self) -> bool {
        use ErrorKind::{InvalidFlowScalarIndent, InvalidIndentation, InvalidQuotedScalarIndent};
        matches!(self.kind, InvalidIndentation | InvalidFlowScalarIndent | InvalidQuotedScalarIndent)
    }

    /// Says it.
    pub(super) fn explain(&self, source: SourceId, text: &str, base: usize, context: &Context) -> Diagnostic {
        let finding = Explainer { text, at: self.at, context }.explain(&self.kind);
        let place = |place: &Range<usize>| span(source, base, place.start, place.end);
        let mut diagnostic =
            Diagnostic::error(finding.id, finding.message).at(place(&finding.place), finding.label);
        if let Some((other, label)) = &finding.other {
            diagnostic = diagnostic.at(place(other), *label);
        }
        if finding.hint.is_empty() { diagnostic } else { diagnostic.hint(finding.hint) }
    }
}

struct Explainer<'t> {
    text: &'t str,
    at: usize,
    context: &'t Context,
}

impl Explainer<'_> {
    fn explain(&self, kind: &ErrorKind) -> Finding {
        use ErrorKind as E;
        // The parser names a late consequence; the cause is often lexical and stands before it.
        #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is non-exhaustive")]
        match kind {
            E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => self.unclosed(),
            E::InvalidIndentation | E::InvalidFlowScalarIndent | E::InvalidQuotedScalarIndent => {
                self.unclosed()
            }
            E::UnclosedFlowCollection { .. }
            | E::UnexpectedEofFlowSequence
            | E::UnexpectedEofFlowMapping
            | E::UnexpectedEofImplicitFlowMapping => self.unclosed(),
            E::MismatchedFlowCollectionEnd { open, close } => self.mismatched(*open, *close),
            E::MisplacedFlowCollectionEnd => self.here(
                "unmatched-bracket",
                format!("This `{}` closes nothing", self.char_at(self.at)),
                "no bracket is open here",
                "remove it, or put the value in quotes if it is text",
            ),
            E::TabInBlockIndentation
            | E::TabInIndentation
            | E::TabNotAllowed
            | E::TabInPlainScalar
            | E::TabAtBlockScalarStart => self.tab(),
            E::SimpleKeyExpected
            | E::InvalidSimpleKey
            | E::MappingValueNotAllowed
            | E::ExpectedBlockMappingKey
            | E::ExpectedBlockSequenceEntry
            | E::MappingKeyNotAllowed
            | E::InvalidBlockScalarIndent
            | E::InvalidBlockEntryWhitespace => self.line(kind),
            E::ExpectedFlowMappingSeparator => self.separator('}'),
            E::ExpectedFlowSequenceSeparator => self.separator(']'),
            E::UnexpectedCharacter { character } => self.here(
                "unquoted-character",
                match character {
                    '`' => "A plain value cannot begin with a backquote".to_owned(),
                    _ => format!("A plain value cannot begin with `{}`", character.escape_default()),
                },
                "",
                "put the value in quotes",
            ),
            E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => {
                self.after_quote(kind)
            }
            E::UnknownQuotedScalarEscape => self.escape(),
            E::BlockSequenceEntryNotAllowed => self.here(
                "bad-indentation",
                "A list cannot begin on the line of its key",
                "",
                "begin the list on the next line, or put the value in quotes if it is text",
            ),
            E::InvalidBlockScalarHeader => self.here(
                "unquoted-character",
                format!("`{}` at the start of a value announces lines of text", self.char_at(self.at)),
                "nothing may follow it on this line",
                "put the value in quotes, or begin the text on the next line",
            ),
            E::CommentInterceptedScalar => self.here(
                "comment-in-text",
                "A comment cannot stand inside a text of several lines",
                "",
                "move the comment above the key, or put the text in quotes",
            ),
            E::RecursionLimitExceeded => self.here(
                "too-deep",
                format!("Values may nest at most {MAX_DEPTH} deep"),
                "the next level begins here",
                "",
            ),
            E::ExpectedDocumentStart => self.here(
                "text-after-end",
                "The value has ended before this",
                "nothing may follow here",
                "remove it, or put the whole value in quotes",
            ),
            other if other.to_string().starts_with("':' may not precede") => self.here(
                "missing-space",
                "A space is missing after the colon",
                "",
                "write a space between the colon and the bracket",
            ),
            other => self.here("yaml-syntax", format!("This is not YAML: {other}"), "", ""),
        }
    }

    fn here(
        &self,
        id: &'static str,
        message: impl Into<String>,
        label: &'static str,
        hint: impl Into<String>,
    ) -> Finding {
        let (place, hint) = (self.word(self.at), hint.into());
        Finding { id, message: message.into(), place, label, other: None, hint }
    }

    /// A quote or bracket before the place that was never closed, or else a line at a wrong depth.
    fn unclosed(&self) -> Finding {
        let Some(opened) = opened(self.text, self.context.end, self.at, &self.context.brackets) else {
            return self.indentation();
        };
        if let Opened::Bracket(_) = opened
            && let Some(finding) = self.surplus_comma()
        {
            return finding;
        }
        let (Opened::Quote(start) | Opened::Bracket(start)) = opened;
        let open = self.char_at(start);
        let later = self.at > start && self.at < self.text.trim_end().len();
        let (id, what, close) = match (&opened, open) {
            (Opened::Quote(_), quote) => ("unclosed-quote", "quote".to_owned(), quote),
            (Opened::Bracket(_), '{') => ("unclosed-bracket", "`{`".to_owned(), '}'),
            (Opened::Bracket(_), _) => ("unclosed-bracket", format!("`{open}`"), ']'),
        };
        let mut finding = Finding {
            id,
            message: format!("This {what} is never closed"),
            place: start..start + 1,
            label: "opened here",
            other: later.then(|| (self.word(self.at), "what follows seems to begin here")),
            hint: format!("close it with `{close}`"),
        };
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |end| start + end);
        let comment = self.text[start..line_end].find(" #").map(|at| start + at + 1);
        if let (Some(comment), Opened::Bracket(_)) = (comment, opened) {
            finding.other = Some((comment..line_end, "a comment"));
            "a `#` after a space begins a comment: put text that begins with it in quotes"
                .clone_into(&mut finding.hint);
        }
        finding
    }

    /// A comma with nothing before it.
    fn surplus_comma(&self) -> Option<Finding> {
        let before = self.text.get(..self.at)?.trim_end();
        let is_one = self.char_at(self.at) == ',' && before.ends_with([',', '[', '{']);
        is_one.then(|| Finding {
            id: "yaml-syntax",
            message: "Nothing stands before this comma".to_owned(),
            place: self.at..self.at + 1,
            label: "",
            other: None,
            hint: "remove it, or write `null` before it".to_owned(),
        })
    }

    fn mismatched(&self, open: char, close: char) -> Finding {
        let right = if open == '{' { '}' } else { ']' };
        let closing = self.text[self.at..].find(close).map(|at| self.at + at);
        Finding {
            id: "unclosed-bracket",
            message: format!("`{open}` is closed by `{close}`"),
            place: self.at..self.at + 1,
            label: "opened here",
            other: closing.map(|at| (at..at + 1, "closed here")),
            hint: format!("close it with `{right}`"),
        }
    }

    /// The tab is on this line or, for text of several lines, on one of the next.
    fn tab(&self) -> Finding {
        let mut start = self.line_start(self.at);
        for line in self.text[start..].split_inclusive('\n').take(100) {
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            if let Some(tab) = line[..indent].find('\t') {
                return Finding {
                    id: "tab-indentation",
                    message: "A tab cannot indent a line".to_owned(),
                    place: start + tab..start + indent,
                    label: "tab",
                    other: None,
                    hint: "indent with spaces".to_owned(),
                };
            }
            start += line.len();
        }
        self.here("tab-indentation", "A tab cannot stand here", "", "use spaces")
    }

    /// A line that is no entry where it stands.
    fn line(&self, kind: &ErrorKind) -> Finding {
        let start = self.line_start(self.at);
        let previous = self.text[..start].trim_end_matches(['\r', '\n']);
        for line in [start, self.line_start(previous.len())] {
            if let Some(colon) = glued_colon(self.line_at(line)) {
                let entry = self.line_at(line)[..colon].trim_start_matches([' ', '-']);
                return Finding {
                    id: "missing-space",
                    message: "A space is missing after the colon".to_owned(),
                    place: line + colon..line + colon + 1,
                    label: "",
                    other: None,
                    hint: format!("write `{entry}: {}`", self.line_at(line)[colon + 1..].trim_end()),
                };
            }
        }
        let line = self.line_at(start);
        let column = self.at - start;
        let content = column_of_content(line);
        if *kind == ErrorKind::MappingValueNotAllowed && line[..column.min(line.len())].contains(": ") {
            return self.here(
                "unquoted-colon",
                "A plain value cannot contain a colon and a space",
                "",
                "put the value in quotes",
            );
        }
        if *kind == ErrorKind::SimpleKeyExpected {
            return self.here(
                "missing-colon",
                "A key and a colon were expected",
                "no colon follows",
                match line.trim().trim_start_matches("- ").split_once(' ') {
                    Some((key, value)) if is_key(key) && !value.trim().contains(' ') => {
                        format!("write `{key}: {}`", value.trim())
                    }
                    _ => format!("write `{}: …`", line.trim()),
                },
            );
        }
        if line[content..].starts_with("- ") && *kind == ErrorKind::ExpectedBlockMappingKey {
            return self.stray_item(start, content);
        }
        self.indentation()
    }

    /// An item where a key should stand.
    fn stray_item(&self, start: usize, indent: usize) -> Finding {
        let finding = self.indentation();
        let line = self.line_at(start);
        if let Some(end) = flow_end(line) {
            let rest = &line[end..];
            return Finding {
                id: "text-after-end",
                message: "Text follows the closing bracket".to_owned(),
                place: start + end + rest.len() - rest.trim_start().len()..start + line.trim_end().len(),
                label: "after the bracket",
                other: None,
                hint: "remove it, or put the whole value in quotes if it is text".to_owned(),
            };
        }
        let items =
            self.text[..start].lines().rev().take(200).any(|line| line.trim_start().starts_with("- "));
        if items && self.nearest(start, indent).is_some() {
            return Finding {
                message: "This list item does not line up with anything above".to_owned(),
                ..finding
            };
        }
        let hint = "write every entry of a list with a dash, or every entry of a map with a key".to_owned();
        Finding { message: "A list item cannot stand among the keys of a map".to_owned(), hint, ..finding }
    }

    /// The line's indentation fits nothing above it.
    fn indentation(&self) -> Finding {
        let start = self.line_start(self.at);
        let line = self.line_at(start);
        let indent = column_of_content(line);
        let hint = match self.nearest(start, indent) {
            Some((number, wanted)) => {
                format!(
                    "indent it by {wanted} {} to line up with line {number}",
                    if wanted == 1 { "space" } else { "spaces" }
                )
            }
            None => "line it up with the other keys of its map".to_owned(),
        };
        Finding {
            id: "bad-indentation",
            message: "This line does not line up with anything above".to_owned(),
            place: start + indent..start + line.trim_end().len().max(indent),
            label: "",
            other: None,
            hint,
        }
    }

    /// The line above whose content begins closest to the column, and its column.
    fn nearest(&self, before: usize, indent: usize) -> Option<(usize, usize)> {
        let is_item = self.line_at(before)[indent..].starts_with("- ");
        // An item lines up with items, if there are any.
        let of_items = if is_item { self.nearest_of(before, indent, true) } else { None };
        of_items.or_else(|| self.nearest_of(before, indent, false))
    }

    fn nearest_of(&self, before: usize, indent: usize, only_items: bool) -> Option<(usize, usize)> {
        let is_item = self.line_at(before)[indent..].starts_with("- ");
        let mut best: Option<(usize, usize, usize)> = None;
        let mut limit = usize::MAX;
        for (back, line) in self.text[..before].lines().rev().take(200).enumerate() {
            let column = column_of_content(line);
            if line.trim().is_empty() || line[column..].starts_with('#') || column >= limit {
                continue;
            }
            limit = column;
            if only_items && !line[column..].starts_with("- ") {
                continue;
            }
            // Keys line up with the key after a dash, items with the dash.
            let candidate = match line[column..].strip_prefix("- ") {
                Some(rest) if !is_item => line.len() - rest.trim_start().len(),
                _ => column,
            };
            let distance = candidate.abs_diff(indent);
            if distance > 0 && best.is_none_or(|(least, ..)| distance < least) {
                best = Some((distance, back, candidate));
            }
        }
        let (_, back, wanted) = best?;
        Some((self.text[..before].lines().count() - back, wanted))
    }

    fn separator(&self, close: char) -> Finding {
        self.here(
            "missing-comma",
            format!("Expected `,` or `{close}`"),
            "",
            "put a comma between two entries, and quotes around text that holds `,`, `: `, brackets or braces",
        )
    }

    fn after_quote(&self, kind: &ErrorKind) -> Finding {
        let hint = if *kind == ErrorKind::InvalidTrailingSingleQuotedScalar {
            "put the whole value in quotes; a single quote inside single quotes is written twice: 'it''s'"
        } else {
            "put the whole value in single quotes; a double quote inside double quotes is written \\\""
        };
        self.here("text-after-quote", "Text follows the closing quote", "after the quote", hint)
    }

    fn escape(&self) -> Finding {
        let mut chars = self.text[self.at..].char_indices().skip(1);
        while let Some((at, char)) = chars.next() {
            if char != '\\' {
                continue;
            }
            let Some((_, escaped)) = chars.next() else { break };
            if !"0abt\tnvfre \"/\\N_LPxuU\r\n".contains(escaped) {
                let start = self.at + at;
                return Finding {
                    id: "invalid-escape",
                    message: format!("`\\{escaped}` means nothing inside double quotes"),
                    place: start..start + 1 + escaped.len_utf8(),
                    label: "",
                    other: None,
                    hint: format!(
                        "write `\\\\{escaped}`, or use single quotes, in which a backslash is plain text"
                    ),
                };
            }
        }
        self.here("invalid-escape", "A backslash stands before a character it cannot escape", "", "")
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn line_at(&self, start: usize) -> &str {
        self.text[start..].lines().next().unwrap_or_default()
    }

    fn char_at(&self, at: usize) -> char {
        self.text[at..].chars().next().unwrap_or(' ')
    }

    /// What stands at a place, up to the next blank; one character at least.
    fn word(&self, at: usize) -> Range<usize> {
        let rest = &self.text[at..];
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let first = rest.chars().next().map_or(0, |first| if first == '\n' { 0 } else { first.len_utf8() });
        at..at + end.max(first)
    }
}

fn column_of_content(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// Where the brackets end that an item begins with, if text follows them.
fn flow_end(line: &str) -> Option<usize> {
    let content = line.trim_start().strip_prefix("- ")?.trim_start();
    if !content.starts_with(['{', '[']) {
        return None;
    }
    let (mut depth, mut quote) = (0, None);
    for (at, char) in content.char_indices() {
        match (quote, char) {
            (Some(open), _) if open == char => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(char),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => depth -= 1,
            (None, _) => {}
        }
        if depth == 0 {
            let rest = &content[at + 1..];
            let follows =
                !rest.trim().is_empty() && !rest.starts_with(" #") && !rest.trim_start().starts_with(':');
            return follows.then_some(line.len() - rest.len());
        }
    }
    None
}

/// The colon of `key:value`, if the line is that and no more.
fn glued_colon(line: &str) -> Option<usize> {
    let content = line.trim_start_matches([' ', '-']);
    let colon = content.find(':')?;
    let (key, value) = (&content[..colon], &content[colon + 1..]);
    let glued = value.starts_with(|first: char| !first.is_whitespace()) && !value.starts_with("//");
    (is_key(key) && glued && !value.contains(": ")).then_some(line.len() - content.len() + colon)
}

fn is_key(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'?');
    !text.is_empty() && text.bytes().all(part)
}
