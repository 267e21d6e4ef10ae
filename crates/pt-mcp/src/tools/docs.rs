//! The documentation, for agents whose programs show no resources.

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::server::Inner;

/// `docs`
pub(super) fn read(server: &Inner, given: &Arguments) -> Answer {
    let like = given.text(&["like"]);
    let Some(uri) = given.text(&["uri", "id", "path"]) else {
        let like = like.unwrap_or_default();
        let rows: Vec<String> = server
            .documents
            .list()
            .into_iter()
            .filter(|document| document.uri.contains(&like) || document.info.contains(&like))
            .map(|document| format!("{}  {}", document.uri, document.info))
            .collect();
        return Answer::document(rows.join("\n"));
    };
    match server.documents.read(&uri) {
        Ok(text) => Answer::document(like.map_or(text.clone(), |like| parts(&text, &like))),
        Err(error) => Answer::failure(format!("{error}. Without uri, docs lists what there is.")),
    }
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
    let like = like.to_lowercase();
    sections.retain(|section| section.to_lowercase().contains(&like));
    if sections.is_empty() { format!("No part of it contains '{like}'.") } else { sections.concat() }
}
