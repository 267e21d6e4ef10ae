//! Text to nodes, by the name of the file.

use std::path::Path;

use pt_syntax::{Diagnostic, Format, Node, SourceId, Sources, parse};

/// The document at the top of a file, and what is wrong with it as a text.
pub(crate) fn read(sources: &Sources, source: SourceId, path: &Path) -> (Node, Vec<Diagnostic>) {
    let format = match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => Format::Json,
        Some("edn") => Format::Edn,
        _ => Format::Yaml,
    };
    let parsed = parse(source, &sources.get(source).text, format);
    (parsed.document.root, parsed.diagnostics)
}
