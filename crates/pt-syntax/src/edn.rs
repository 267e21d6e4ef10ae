//! EDN. Keywords, symbols and characters are text; sets are lists; a form in parentheses is code as it stands.

use pt_edn::{Form, FormKind, ReadError, ReadErrorKind, Reader};

use crate::finding::Findings;
use crate::parse::{span, too_deep};
use crate::{Diagnostic, Entry, Node, NodeKind, SourceId, Span, entries};

/// Of a text larger than this one mistake is told: it is no polytope file, and to read it again takes its time.
const LARGEST: usize = 32 << 20;

/// How the lines are indented says nothing where they are longer.
const LONGEST_LINE: usize = 2000;

/// A way to read that leaves text over has understood less than one that told some mistakes more.
const LEFT_OVER: usize = 100;

/// Reads an EDN text. A mistake ends nothing: it is told, and reading goes on as the text was probably meant.
pub(crate) fn read(source: SourceId, text: &str, findings: &mut Findings) -> Node {
    // Clojure's notation, because code stands raw in these files: `:code (map #(inc %) xs)`.
    let strict = attempt(source, text, Reader::new(text));
    let chosen = if text.len() > LARGEST
        || strict.error.as_ref().is_none_or(|error| error.kind == ReadErrorKind::TooDeep)
    {
        strict
    } else {
        drop(strict);
        let recovering = |by_lines| attempt(source, text, Reader::recovering(text, by_lines));
        let lines = text.lines().all(|line| line.len() <= LONGEST_LINE);
        // Only one at a time is kept: they may be large.
        let by_lines = lines.then(|| recovering(true).told);
        let plain = recovering(false);
        match by_lines.is_some_and(|told| told <= plain.told) {
            true => {
                drop(plain);
                recovering(true)
            }
            false => plain,
        }
    };
    chosen.findings.into_vec().into_iter().for_each(|found| findings.push(found));
    chosen.root.unwrap_or_else(|| Node { span: span(source, 0, 0, 0), kind: NodeKind::Null })
}

/// What came of reading a text in one way.
struct Attempt {
    root: Option<Node>,
    findings: Findings,
    /// What ended it.
    error: Option<ReadError>,
    /// How many mistakes of notation it told, and whether text was left over.
    told: usize,
}

fn attempt(source: SourceId, text: &str, mut reader: Reader<'_>) -> Attempt {
    let mut findings = Findings::default();
    let mut lowering = Lowering { source, text, findings: &mut findings };
    let (mut root, mut error, mut told) = (None, None, 0);
    while let Some(form) = reader.read_next() {
        match form {
            Ok(form) if root.is_none() => root = Some(lowering.node(form)),
            Ok(form) => {
                let diagnostic = Diagnostic::error("second-document", "A polytope file holds one value")
                    .at(lowering.span(form.span), "a second one begins here")
                    .hint("remove it, or move it into the map above");
                lowering.findings.push(diagnostic);
                told += LEFT_OVER;
                break;
            }
            Err(found) => error = Some(found),
        }
    }
    for found in reader.errors().iter().chain(&error) {
        let diagnostic = lowering.explain(found);
        lowering.findings.push(diagnostic);
    }
    for surplus in reader.warnings() {
        let diagnostic = closes_nothing(lowering.span(surplus.span));
        lowering.findings.push(diagnostic);
    }
    told += reader.errors().len() + reader.warnings().len() + usize::from(error.is_some());
    Attempt { root, findings, error, told }
}

fn closes_nothing(at: Span) -> Diagnostic {
    Diagnostic::error("unmatched-bracket", "This bracket closes nothing")
        .at(at, "")
        .hint("remove it, or check that brackets further up are not closed too early")
}

struct Lowering<'t, 'f> {
    source: SourceId,
    text: &'t str,
    findings: &'f mut Findings,
}

impl Lowering<'_, '_> {
    fn span(&self, place: pt_edn::Span) -> Span {
        span(self.source, 0, place.start, place.end)
    }

    /// The reader bounds the depth of forms.
    fn node(&mut self, form: Form) -> Node {
        let at = self.span(form.span);
        let kind = match form.kind {
            FormKind::Nil => NodeKind::Null,
            FormKind::Bool(value) => NodeKind::Bool(value),
            FormKind::Int(value) => NodeKind::Int(value),
            FormKind::Float(value) => NodeKind::Float(value),
            FormKind::BigInt(value) => {
                let text = value.to_string();
                text.parse()
                    .map(NodeKind::Int)
                    .or_else(|_| text.parse().map(NodeKind::Float))
                    .unwrap_or(NodeKind::Null)
            }
            FormKind::Decimal(digits) => digits.parse().map_or(NodeKind::Null, NodeKind::Float),
            FormKind::Ratio(_) => {
                let diagnostic = Diagnostic::error("ratio", "A ratio is not data")
                    .at(at, "")
                    .hint("write a decimal number, or put the value in quotes");
                self.findings.push(diagnostic);
                NodeKind::Null
            }
            FormKind::Char(value) => NodeKind::Str(value.to_string()),
            FormKind::String(text) | FormKind::Regex(text) => NodeKind::Str(text.into_string()),
            FormKind::Symbol(name) | FormKind::Keyword(name) => NodeKind::Str(name.as_str().to_owned()),
            FormKind::Vector(items) | FormKind::Set(items) => {
                NodeKind::List(items.into_iter().map(|item| self.node(item)).collect())
            }
            FormKind::Map(pairs) => {
                let entries = pairs.into_iter().map(|(key, value)| self.entry(key, value)).collect();
                NodeKind::Map(entries::unique(entries, self.findings))
            }
            // `:port #pt-param port`: what is text elsewhere is a tag here.
            FormKind::Tagged(tag, value) if tag.as_str().starts_with("pt-") => {
                if let FormKind::String(text) = &value.kind {
                    NodeKind::Str(format!("#{tag} {text}"))
                } else {
                    NodeKind::Str(self.written(form.span).to_owned())
                }
            }
            FormKind::Tagged(tag, value) => {
                let diagnostic =
                    Diagnostic::warning("unknown-tag", format!("The tag `#{tag}` means nothing here"))
                        .at(at, "the value is read as if the tag were not there")
                        .hint("remove the tag, or put the value in quotes");
                self.findings.push(diagnostic);
                return self.node(*value);
            }
            FormKind::List(_)
            | FormKind::Fn(_)
            | FormKind::Quote(_)
            | FormKind::Deref(_)
            | FormKind::SyntaxQuote(_)
            | FormKind::Unquote(_)
            | FormKind::UnquoteSplicing(_)
            | FormKind::Var(_) => NodeKind::Form(self.written(form.span).to_owned()),
        };
        Node { span: at, kind }
    }

    fn entry(&mut self, key: Form, value: Form) -> Entry {
        let key_span = self.span(key.span);
        let text = match key.kind {
            FormKind::Keyword(name) | FormKind::Symbol(name) => name.as_str().to_owned(),
            FormKind::String(text) => text.into_string(),
            FormKind::Char(value) => value.to_string(),
            FormKind::Nil
            | FormKind::Bool(_)
            | FormKind::Int(_)
            | FormKind::BigInt(_)
            | FormKind::Float(_)
            | FormKind::Decimal(_) => self.written(key.span).to_owned(),
            FormKind::Ratio(_)
            | FormKind::Regex(_)
            | FormKind::List(_)
            | FormKind::Vector(_)
            | FormKind::Map(_)
            | FormKind::Set(_)
            | FormKind::Tagged(..)
            | FormKind::Fn(_)
            | FormKind::Quote(_)
            | FormKind::Deref(_)
            | FormKind::SyntaxQuote(_)
            | FormKind::Unquote(_)
            | FormKind::UnquoteSplicing(_)
            | FormKind::Var(_) => {
                let diagnostic = Diagnostic::error("complex-key", "A key must be a keyword or text")
                    .at(key_span, "")
                    .hint("check that every key of this map has one value");
                self.findings.push(diagnostic);
                self.written(key.span).to_owned()
            }
        };
        Entry { key: text, key_span, value: self.node(value) }
    }

    fn written(&self, place: pt_edn::Span) -> &str {
        self.text.get(place.start..place.end).unwrap_or_default()
    }

    fn explain(&self, error: &ReadError) -> Diagnostic {
        let at = self.span(error.span);
        let first = self.written(error.span).chars().next().unwrap_or(' ');
        let unclosed = |closing: char| {
            Diagnostic::error("unclosed-bracket", format!("This `{first}` is never closed"))
                .at(Span { end: at.start + 1, ..at }, "opened here")
                .hint(format!("close it with `{closing}`"))
        };
        use ReadErrorKind as E;
        match error.kind {
            E::Unclosed if first == '{' => unclosed('}'),
            E::Unclosed if first == '[' => unclosed(']'),
            E::Unclosed if first == '(' => unclosed(')'),
            E::UnclosedString => Diagnostic::error("unclosed-quote", "This quote is never closed")
                .at(Span { end: at.start + 1, ..at }, "opened here")
                .hint("close it with `\"`; a quote inside text is written `\\\"`"),
            E::OddMap if matches!(first, '{' | '[' | '(' | '#') => {
                Diagnostic::error("odd-map", "A key of this map has no value")
                    .at(Span { end: at.start + 1, ..at }, "this stands where a key should")
                    .hint("check that every key before this has one value")
            }
            E::OddMap => Diagnostic::error("odd-map", "A key of this map has no value")
                .at(at, "no value stands behind this")
                .hint("write every entry as a key and a value"),
            E::Surplus => closes_nothing(at),
            E::Unmatched => {
                Diagnostic::error("unmatched-bracket", "This bracket does not match the open one").at(at, "")
            }
            E::TooDeep => too_deep(at),
            E::Duplicate => {
                let key = self.written(error.span);
                Diagnostic::error("duplicate-key", format!("The key `{key}` is written twice"))
                    .at(at, "a second time")
                    .hint("remove one of them")
            }
            E::Unclosed | E::Other => {
                Diagnostic::error("edn-syntax", format!("This is not EDN: {error}")).at(at, "")
            }
        }
    }
}
