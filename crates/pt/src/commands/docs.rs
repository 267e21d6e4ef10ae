//! `pt docs`: the documentation that agents read.

use std::io::Write;

use clap::Args;
use pt_mcp::Documents;
use pt_syntax::suggest;

use crate::failure::{Failure, Outcome};

/// Shows the documentation that agents read; without an address, what there is.
///
/// An address is as bluetext://intro; intro alone means the same.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DocsArgs {
    /// The document.
    #[arg(value_name = "uri")]
    pub(crate) uri: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &DocsArgs) -> Outcome {
    let documents = Documents::default();
    let mut out = anstream::stdout().lock();
    let Some(uri) = &args.uri else {
        let list = documents.list();
        let width = list.iter().map(|document| document.uri.len()).max().unwrap_or(0);
        for document in list {
            writeln!(out, "{:width$}   {}", document.uri, document.info)?;
        }
        return Ok(());
    };
    let full = if uri.contains("://") { uri.clone() } else { format!("bluetext://{uri}") };
    let text = documents.read(&full).map_err(|error| {
        let known: Vec<String> = documents.list().into_iter().map(|document| document.uri).collect();
        let near = suggest(&full, known.iter().map(String::as_str));
        let near = near.map(|near| format!("Did you mean '{near}'?\n")).unwrap_or_default();
        Failure::new(format!("{error}.")).hint(format!("{near}See: pt docs"))
    })?;
    out.write_all(text.as_bytes())?;
    Ok(())
}
