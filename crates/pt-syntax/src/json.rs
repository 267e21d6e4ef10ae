//! JSON, strictly.

use jsonc_parser::ast::{ObjectProp, ObjectPropName, StringLit, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, ParseStringErrorKind, parse_to_ast};

use crate::finding::Findings;
use crate::parse::{MAX_DEPTH, span, too_deep};
use crate::{Diagnostic, Entry, Node, NodeKind, SourceId, Span, entries};

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Reads a JSON text.
pub(crate) fn read(source: SourceId, text: &str, findings: &mut Findings) -> Node {
    let bom = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader { source, text: &text[bom..], base: bom, findings, failed: false };
    match parse_to_ast(reader.text, &CollectOptions::default(), &STRICT) {
        Ok(result) => match result.value {
            Some(value) => reader.node(value, 0),
            None => reader.null(),
        },
        Err(error) => {
            let diagnostic = reader.explain(&error);
            reader.findings.push(diagnostic);
            reader.null()
        }
    }
}

struct Reader<'t, 'f> {
    source: SourceId,
    text: &'t str,
    base: usize,
    findings: &'f mut Findings,
    /// What the parser lets through is reported once; the rest of a text that is not JSON says little.
    failed: bool,
}

impl Reader<'_, '_> {
    fn span(&self, range: Range) -> Span {
        span(self.source, self.base, range.start, range.end)
    }

    fn null(&self) -> Node {
        Node { span: self.span(Range::new(0, 0)), kind: NodeKind::Null }
    }

    fn fail(&mut self, diagnostic: Diagnostic) {
        if !std::mem::replace(&mut self.failed, true) {
            self.findings.push(diagnostic);
        }
    }

    fn node(&mut self, value: Value<'_>, depth: usize) -> Node {
        let place = self.span(value.range());
        if depth >= MAX_DEPTH && matches!(value, Value::Array(_) | Value::Object(_)) {
            self.fail(too_deep(Span { end: place.start + 1, ..place }));
            return Node { span: place, kind: NodeKind::Null };
        }
        let kind = match value {
            Value::StringLit(text) => NodeKind::Str(self.string(text)),
            Value::NumberLit(number) => Self::number(number.value),
            Value::BooleanLit(value) => NodeKind::Bool(value.value),
            Value::NullKeyword(_) => NodeKind::Null,
            Value::Array(array) => {
                NodeKind::List(array.elements.into_iter().map(|item| self.node(item, depth + 1)).collect())
            }
            Value::Object(object) => {
                let entries = object.properties.into_iter().map(|entry| self.entry(entry, depth)).collect();
                NodeKind::Map(entries::unique(entries, self.findings))
            }
        };
        Node { span: place, kind }
    }

    fn entry(&mut self, entry: ObjectProp<'_>, depth: usize) -> Entry {
        let key_span = self.span(entry.name.range());
        let key = match entry.name {
            ObjectPropName::String(text) => self.string(text),
            ObjectPropName::Word(word) => word.value.to_owned(),
        };
        Entry { key, key_span, value: self.node(entry.value, depth + 1) }
    }

    /// The parser takes `'a'` and raw line ends whatever its options say.
    fn string(&mut self, text: StringLit<'_>) -> String {
        let written = text.range.text(self.text);
        let start = self.span(text.range).start;
        if written.starts_with('\'') {
            let at = Span { source: self.source, start, end: start + 1 };
            self.fail(single_quotes(at));
        } else if let Some(raw) = written.bytes().position(|byte| byte < 0x20) {
            let raw = self.span(Range::new(text.range.start + raw, text.range.start + raw + 1));
            self.fail(
                Diagnostic::error(
                    "raw-control-character",
                    "A JSON string cannot contain a line end or a tab",
                )
                .at(raw, "")
                .at(Span { start, end: start + 1, ..raw }, "the string begins here")
                .hint("write `\\n` or `\\t`, or close the string before the end of the line"),
            );
        }
        text.value.into_owned()
    }

    fn number(text: &str) -> NodeKind {
        let float = || text.parse().map_or(NodeKind::Null, NodeKind::Float);
        text.parse().map_or_else(|_| float(), NodeKind::Int)
    }

    fn explain(&self, error: &ParseError) -> Diagnostic {
        let range = error.range();
        let at = self.span(Range::new(range.start, range.end.max(range.start)));
        let first = Span { end: at.start + 1, ..at };
        use ParseErrorKind as E;
        let (id, message, hint) = match error.kind() {
            // The parser reads `017` as a zero and then a number.
            E::ExpectedComma | E::MultipleRootJsonValues if self.text[..range.start].ends_with('0') => (
                "leading-zero",
                "A number cannot begin with a zero",
                "remove the zero, or put the value in quotes",
            ),
            E::CommentsNotAllowed => {
                ("json-comment", "JSON has no comments", "remove it, or write the file in YAML")
            }
            E::TrailingCommasNotAllowed => {
                ("trailing-comma", "JSON allows no comma before a closing bracket", "remove it")
            }
            E::ExpectedComma => {
                ("missing-comma", "A comma is missing before this", "put a comma between two entries")
            }
            E::SingleQuotedStringsNotAllowed => return single_quotes(first),
            E::ExpectedStringObjectProperty => {
                ("unquoted-key", "A key must be in double quotes", "write it as `\"key\"`")
            }
            E::ExpectedColonAfterObjectKey => ("missing-colon", "A colon is missing after the key", ""),
            E::UnterminatedArray => return unclosed(first, "[", "]"),
            E::UnterminatedObject => return unclosed(first, "{", "}"),
            E::String(ParseStringErrorKind::UnterminatedStringLiteral) => {
                return Diagnostic::error("unclosed-quote", "This quote is never closed")
                    .at(first, "opened here")
                    .hint("close it with `\"`");
            }
            E::MultipleRootJsonValues => {
                ("second-document", "A polytope file holds one value", "remove the second one")
            }
            E::NestingDepthExceeded => return too_deep(at),
            E::BareDecimalPointNumbersNotAllowed
            | E::ExpectedObjectValue
            | E::ExpectedDigit
            | E::ExpectedDigitFollowingNegativeSign
            | E::ExpectedPlusMinusOrDigitInNumberLiteral
            | E::HexadecimalNumbersNotAllowed
            | E::NonFiniteNumbersNotAllowed
            | E::String(_)
            | E::UnaryPlusNumbersNotAllowed
            | E::UnexpectedCloseBrace
            | E::UnexpectedCloseBracket
            | E::UnexpectedColon
            | E::UnexpectedComma
            | E::UnexpectedToken
            | E::UnexpectedTokenInObject
            | E::UnexpectedWord
            | E::UnterminatedCommentBlock => {
                return Diagnostic::error(
                    "json-syntax",
                    format!("This is not JSON: {}", decapitalised(error.kind())),
                )
                .at(at, "");
            }
        };
        let diagnostic = Diagnostic::error(id, message).at(at, "");
        if hint.is_empty() { diagnostic } else { diagnostic.hint(hint) }
    }
}

fn unclosed(at: Span, open: &str, close: &str) -> Diagnostic {
    Diagnostic::error("unclosed-bracket", format!("This `{open}` is never closed"))
        .at(at, "opened here")
        .hint(format!("close it with `{close}`"))
}

fn single_quotes(at: Span) -> Diagnostic {
    Diagnostic::error("single-quotes", "JSON text stands in double quotes")
        .at(at, "")
        .hint("write `\"` instead of `'`")
}

fn decapitalised(kind: &ParseErrorKind) -> String {
    let text = kind.to_string();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
