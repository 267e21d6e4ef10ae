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
    Flow { node, diagnostics: findings.into_vec() }
}
