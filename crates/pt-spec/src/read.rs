//! Text to nodes, by the name of the file.

use std::path::Path;

use pt_syntax::{Diagnostic, Format, Node, SourceId, Sources, parse};

/// The document at the top of a file, and what is wrong with it as a text.
pub(crate) fn read(sources: &Sources, source: SourceId, path: &Path) -> (Node, Vec<Diagnostic>) {
    let parsed = parse(source, &sources.get(source).text, format_of(path));
    (parsed.document.root, parsed.diagnostics)
}

/// The notation of a file, by its name: YAML unless that says otherwise.
pub fn format_of(path: &Path) -> Format {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => Format::Json,
        Some("edn") => Format::Edn,
        _ => Format::Yaml,
    }
}
