//! Values in flow notation: `{a: 1}`, alone in a text.

use crate::finding::Findings;
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
    let mut findings = Findings::default();
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
fn glued(node: &Node, text: &str, findings: &mut Findings) {
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
