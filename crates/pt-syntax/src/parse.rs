//! The door to reading: a text in one of the notations becomes a document.

use crate::finding::Findings;
use crate::{Diagnostic, Document, Format, Node, NodeKind, Severity, SourceId, Span, edn, json, yaml};

/// How deep values may nest, aliases followed. Documents are trees that others walk by recursion.
pub(crate) const MAX_DEPTH: usize = 128;

/// What reading gave: what could be understood, and what is wrong.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What could be understood. Where the text breaks off, what stood before it.
    pub document: Document,
    /// What is wrong, in the order it was found.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether an error was found, and not only warnings.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Reads a text. Never fails; time and memory are bounded by a multiple of the text's length.
pub fn parse(source: SourceId, text: &str, format: Format) -> Parsed {
    let mut findings = Findings::default();
    let root = readable(source, text, &mut findings).map(|text| match format {
        Format::Yaml => yaml::read(source, text, 0, &mut findings),
        Format::Json => json::read(source, text, &mut findings),
        Format::Edn => edn::read(source, text, &mut findings),
    });
    let root = root.unwrap_or(Node { span: Span { source, start: 0, end: 0 }, kind: NodeKind::Null });
    Parsed { document: Document { source, format, root }, diagnostics: findings.into_vec() }
}

/// The text, unless no reader should see it.
fn readable<'t>(source: SourceId, text: &'t str, findings: &mut Findings) -> Option<&'t str> {
    if u32::try_from(text.len()).is_err() {
        findings.push(Diagnostic::error("file-too-large", "The file is larger than 4 GiB"));
        return None;
    }
    let Some(nul) = text.find('\0') else { return Some(text) };
    let diagnostic = Diagnostic::error("not-text", "The file is not text: it contains a NUL byte")
        .at(span(source, 0, nul, nul + 1), "here")
        .hint("check that this is the file you meant, and that it is saved as UTF-8");
    findings.push(diagnostic);
    None
}

/// A span from offsets into a text that begins at `base` of its source.
pub(crate) fn span(source: SourceId, base: usize, start: usize, end: usize) -> Span {
    // Texts are at most 4 GiB: checked before any reader runs.
    let offset = |at: usize| u32::try_from(base + at).unwrap_or(u32::MAX);
    Span { source, start: offset(start), end: offset(end.max(start)) }
}

/// Values nest too deep.
pub(crate) fn too_deep(at: Span) -> Diagnostic {
    Diagnostic::error("too-deep", format!("Values may nest at most {MAX_DEPTH} deep"))
        .at(at, "the next level begins here")
}
