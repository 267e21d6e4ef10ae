//! Data on its way in and out: YAML, JSON and EDN.

mod edn;
pub(crate) mod findings;
#[cfg(test)]
mod laws;
mod line_out;

use std::fs;
use std::path::Path;

use clap::ValueEnum;
use pt_model::Data;
use pt_spec::plain;
use pt_syntax::{Document, Sources, Style, parse, render as render_diagnostics};
use serde::Serialize;

use crate::failure::Failure;
pub(crate) use line_out::LineOut;

/// A notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Yaml,
    Json,
    Edn,
}

impl From<Format> for pt_syntax::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Yaml => Self::Yaml,
            Format::Json => Self::Json,
            Format::Edn => Self::Edn,
        }
    }
}

impl Format {
    /// The notation that a file's name tells; YAML, which includes JSON, if it tells none.
    pub(crate) fn of(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Self::Json,
            Some("edn") => Self::Edn,
            _ => Self::Yaml,
        }
    }

    /// The notation that a text without a name seems to be in. EDN is known by its keywords; JSON is YAML, too.
    pub(crate) fn of_text(text: &str) -> Self {
        let inside = text.trim_start().trim_start_matches(['[', '{', ' ', '\n']);
        if text.trim_start().starts_with(['[', '{']) && inside.starts_with(':') {
            Self::Edn
        } else {
            Self::Yaml
        }
    }
}

/// Data as text that ends with a line end.
pub(crate) fn render(data: &impl Serialize, format: Format, pretty: bool) -> Result<String, Failure> {
    let mut text = match (format, pretty) {
        (Format::Yaml, _) => {
            let text = serde_saphyr::to_string(data);
            text.map_err(|cause| Failure::new(format!("Could not write the output: {cause}")))?
        }
        (Format::Json, true) => serde_json::to_string_pretty(data)?,
        (Format::Json, false) => serde_json::to_string(data)?,
        (Format::Edn, _) => edn::render(&serde_json::to_value(data)?, pretty),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

impl From<serde_json::Error> for Failure {
    fn from(cause: serde_json::Error) -> Self {
        Self::new(format!("Could not write the output: {cause}"))
    }
}

/// The data in a file.
pub(crate) fn read_file(path: &Path) -> Result<Data, Failure> {
    let text = read_text(path)?;
    let (document, _) = read(&path.display().to_string(), &text, Format::of(path))?;
    Ok(plain(&document.root))
}

/// The text of a file.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|cause| Failure::unreadable(path.display(), &cause))
}

/// Reads a text. What is wrong with it is told with its places.
pub(crate) fn read(name: &str, text: &str, format: Format) -> Result<(Document, Sources), Failure> {
    let mut sources = Sources::default();
    let source = sources.add(name, text);
    let parsed = parse(source, text, format.into());
    if parsed.has_errors() {
        let findings =
            render_diagnostics(&parsed.diagnostics, &sources, Style { color: false, ..Style::default() });
        return Err(Failure::usage(format!("Could not read {name}:\n{}", findings.trim_end())));
    }
    Ok((parsed.document, sources))
}
