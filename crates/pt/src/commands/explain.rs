//! `pt explain`: the page of a kind of mistake.

use std::io::Write;

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_syntax::suggest;
use rust_embed::RustEmbed;

use crate::complete;
use crate::failure::{Failure, Outcome};

/// Explains a kind of mistake; without an id, lists all kinds.
///
/// The id is what stands in brackets: of `error[unknown-name]`, unknown-name.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ExplainArgs {
    /// The kind of mistake.
    #[arg(value_name = "id", add = ArgValueCandidates::new(complete::mistakes))]
    pub(crate) id: Option<String>,
}

#[derive(RustEmbed)]
#[folder = "../../docs/diagnostics"]
struct Pages;

/// Runs the command.
pub(crate) fn run(args: &ExplainArgs) -> Outcome {
    let mut out = anstream::stdout().lock();
    let Some(id) = &args.id else {
        out.write_all(list().as_bytes())?;
        return Ok(());
    };
    let id = id.trim_matches(['[', ']']);
    let page = page(id).ok_or_else(|| {
        let ids: Vec<String> = ids().collect();
        let near = suggest(id, ids.iter().map(String::as_str));
        let hint = near.map(|near| format!("Did you mean '{near}'?\n")).unwrap_or_default();
        Failure::new(format!("There is no kind of mistake '{id}'.")).hint(format!("{hint}See: pt explain"))
    })?;
    out.write_all(page.as_bytes())?;
    Ok(())
}

/// All ids in alphabetical order, each with what its page begins with.
fn list() -> String {
    let ids: Vec<String> = ids().collect();
    let width = ids.iter().map(String::len).max().unwrap_or(0);
    ids.iter().map(|id| format!("{id:width$}   {}\n", summary(&page(id).unwrap_or_default()))).collect()
}

/// The first sentence below the heading.
pub(crate) fn summary(page: &str) -> String {
    let lines = page.lines().skip(1).skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    let paragraph = lines.collect::<Vec<_>>().join(" ");
    paragraph.split_inclusive(". ").next().unwrap_or_default().trim_end().to_owned()
}

/// All ids, in alphabetical order.
pub(crate) fn ids() -> impl Iterator<Item = String> {
    Pages::iter().filter_map(|path| path.strip_suffix(".md").map(str::to_owned))
}

/// The page of a kind of mistake.
pub(crate) fn page(id: &str) -> Option<String> {
    Pages::get(&format!("{id}.md")).map(|file| String::from_utf8_lossy(&file.data).into_owned())
}
