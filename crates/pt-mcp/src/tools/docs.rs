//! The documentation, for agents whose programs show no resources.

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::documents::Document;
use crate::server::Inner;
use crate::tools::list::none_fits;

/// `docs`
pub(super) fn read(server: &Inner, given: &Arguments) -> Answer {
    let like = given.text(&["like"]);
    let Some(uri) = given.text(&["uri", "id", "path"]) else {
        let Some(like) = like else { return Answer::document(overview(server)) };
        let lower = like.to_lowercase();
        let documents = server.documents.list();
        let there = documents.len();
        let wanted = |text: &str| text.to_lowercase().contains(&lower);
        let rows: Vec<String> = documents
            .into_iter()
            .filter(|document| wanted(&document.uri) || wanted(&document.info))
            .map(|document| format!("{}  {}", document.uri, document.info))
            .collect();
        return Answer::document(match rows.is_empty() {
            true => none_fits(there, "documents", &format!("like '{like}'")),
            false => rows.join("\n"),
        });
    };
    match server.documents.read(&uri) {
        Ok(text) => Answer::document(like.map_or(text.clone(), |like| parts(&text, &like))),
        Err(error) => Answer::failure(format!("{error}. Without uri, docs lists what there is.")),
    }
}

/// Where the pages of standard modules are.
const MODULES: &str = "bluetext://polytope/standard-modules/";

/// All documents: a line each, but of standard modules, which say by their names what they are, the ids alone.
fn overview(server: &Inner) -> String {
    let documents = server.documents.list();
    let id = |document: &Document| document.uri.strip_prefix(MODULES).map(str::to_owned);
    let ids: Vec<String> = documents.iter().filter_map(id).collect();
    let mut rows: Vec<String> = documents
        .iter()
        .filter(|document| id(document).is_none())
        .map(|document| format!("{}  {}", document.uri, document.info))
        .collect();
    rows.push(format!("{MODULES}ID  a standard module, polytope/ID: {}", ids.join(", ")));
    rows.join("\n")
}

/// The sections of a text that contain a word.
fn parts(text: &str, like: &str) -> String {
    let mut sections: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        match sections.last_mut() {
            Some(section) if !line.starts_with('#') => section.push_str(line),
            _ => sections.push(line.to_owned()),
        }
    }
    let lower = like.to_lowercase();
    let there = sections.len();
    sections.retain(|section| section.to_lowercase().contains(&lower));
    if sections.is_empty() {
        return none_fits(there, "parts of it", &format!("like '{like}'"));
    }
    sections.concat()
}
