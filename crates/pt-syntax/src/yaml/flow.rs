//! Values in flow notation: `{a: 1}`, alone in a text.

use crate::parse::span;
use crate::{Diagnostic, Node, NodeKind, SourceId};

/// A flow value and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The value, as far as it could be understood.
    pub node: Node,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the rest of `text` from `start` on as one YAML value in flow notation; JSON is such a value too.
///
/// Spans count from the start of `text`.
pub fn parse_flow(source: SourceId, text: &str, start: usize) -> Flow {
    let value = text.get(start..).unwrap_or_default();
    let mut findings = crate::finding::Findings::default();
    if let Some(nul) = value.find('\0') {
        let at = span(source, start, nul, nul + 1);
        findings.push(Diagnostic::error("not-text", "The text contains a NUL byte").at(at, ""));
        return Flow { node: Node { span: at, kind: NodeKind::Null }, diagnostics: findings.into_vec() };
    }
    let node = super::read(source, value, start, &mut findings);
    glued(&node, text, &mut findings);
    Flow { node, diagnostics: findings.into_vec() }
}

/// `{port:5433}` is the key `port:5433` without a value: never what was meant.
fn glued(node: &Node, text: &str, findings: &mut crate::finding::Findings) {
    for entry in node.entries() {
        let (start, end) = (entry.key_span.start as usize, entry.key_span.end as usize);
        let written = text.get(start..end).unwrap_or_default();
        let colon = written
            .find(':')
            .filter(|_| entry.value.is_null() && entry.value.span.start == entry.value.span.end);
        if let Some((key, value)) = colon.map(|colon| (&written[..colon], &written[colon + 1..])) {
            let diagnostic = Diagnostic::error("missing-space", "A space is missing after the colon")
                .at(entry.key_span, "")
                .hint(format!("write `{key}: {value}`"));
            findings.push(diagnostic);
        }
        glued(&entry.value, text, findings);
    }
    node.items().iter().for_each(|item| glued(item, text, findings));
}

/// Something that was opened and not closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    Quote(usize),
    Bracket(usize),
}

/// The quote, or else the innermost bracket, that is open at `until`. Reads on from `from`, where the given brackets are
/// open.
pub(super) fn opened(text: &str, from: usize, until: usize, brackets: &[usize]) -> Option<Opened> {
    let mut brackets = brackets.to_vec();
    let bytes = text.as_bytes();
    let mut at = from.min(until);
    // A quote opens only where a value may begin.
    let mut fresh = true;
    while at < until.max(from).min(bytes.len()) || (at == until && at < bytes.len() && is_quote(bytes[at])) {
        match bytes[at] {
            quote @ (b'"' | b'\'') if fresh => match closing(&bytes[at + 1..], quote) {
                Some(length) if at + 1 + length < until => at += length + 1,
                _ => return Some(Opened::Quote(at)),
            },
            b'#' if at == 0 || bytes[at - 1].is_ascii_whitespace() => {
                at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at);
                continue;
            }
            b'[' | b'{' if fresh || !brackets.is_empty() => brackets.push(at),
            b']' | b'}' => {
                brackets.pop();
            }
            _ => {}
        }
        fresh = matches!(bytes[at], b' ' | b'\t' | b'\n' | b'\r' | b'[' | b'{' | b',' | b':' | b'-');
        at += 1;
    }
    if let Some(bracket) = brackets.last() {
        return Some(Opened::Bracket(*bracket));
    }
    // At the end of the text the parser may stand on the bracket itself.
    bytes.get(until).is_some_and(|byte| matches!(byte, b'[' | b'{')).then_some(Opened::Bracket(until))
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

/// The distance to the closing quote.
fn closing(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            byte if byte == quote && quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
            byte if byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}
