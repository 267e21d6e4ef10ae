//! Completion inside texts: `pt.param x`, `{pt.value x}`.

use std::collections::BTreeSet;

use ls_types::CompletionItemKind;
use pt_syntax::ReferenceKind;

use super::{IsWord, Offer, in_reference};
use crate::keys::REFERENCES;
use crate::mention::{What, mentions};
use crate::names;
use crate::site::{Role, Site, sites};
use crate::workspace::{View, Workspace, read};

fn in_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.')
}

/// The beginnings of references.
pub(super) fn kinds() -> Vec<Offer> {
    let offer = |(word, info)| Offer {
        tail: " ",
        ..Offer::new(format!("pt.{word}"), CompletionItemKind::KEYWORD, info)
    };
    REFERENCES.map(offer).into()
}

/// What may follow `written`, if that ends in the beginning of a reference.
pub(super) fn offers(
    workspace: &Workspace<'_>,
    view: &View,
    site: &Site<'_>,
    written: &str,
) -> Option<(Vec<Offer>, IsWord)> {
    let open = written.rfind('{').map(|at| &written[at + 1..]);
    let begun = open.into_iter().chain([written.trim_start()]);
    let rest =
        begun.into_iter().find_map(|text| text.strip_prefix("pt.").or_else(|| text.strip_prefix("#pt-")))?;
    let Some((word, name)) = rest.split_once([' ', '\t']) else { return Some((kinds(), in_reference)) };
    if name.trim_start().contains([' ', '}', '\n']) {
        return None;
    }
    let word = word.strip_suffix('s').unwrap_or(word);
    let (_, kind) = ReferenceKind::WORDS.into_iter().find(|(known, _)| *known == word)?;
    let root = view.project().root_dir();
    let offers = match kind {
        ReferenceKind::Param => params(site),
        ReferenceKind::Value => named(workspace.surroundings.values(root), view, workspace, kind),
        ReferenceKind::Secret => named(workspace.surroundings.secrets(root), view, workspace, kind),
        ReferenceKind::Output => super::steps(site),
    };
    Some((offers, in_name))
}

fn params(site: &Site<'_>) -> Vec<Offer> {
    let params = site.within.as_ref().map(names::params).unwrap_or_default();
    let offer = |param: names::Declared<'_>| Offer {
        detail: param.ty.map(|ty| ty.to_string()),
        ..Offer::new(param.id, CompletionItemKind::VARIABLE, param.info.unwrap_or_default())
    };
    let params = params.into_iter().map(offer);
    // In a step for each item there are these, too.
    let repeats = site.within.is_some_and(|within| names::has_repeated_steps(&within));
    let of_items = [("item", "The item that the step is run for."), ("index", "Its number, from 0.")];
    let of_items = of_items.into_iter().filter(|_| repeats);
    params.chain(of_items.map(|(id, info)| Offer::new(id, CompletionItemKind::VARIABLE, info))).collect()
}

/// Names that are set, and names that the project's files use.
fn named(set: Vec<String>, view: &View, workspace: &Workspace<'_>, kind: ReferenceKind) -> Vec<Offer> {
    let mut used = BTreeSet::new();
    for file in &view.files {
        let Some(text) = workspace.text(file) else { continue };
        for site in sites(&read(file, &text).document.root) {
            if let Role::Value(_) = site.role {
                let found = mentions(&site, &text).into_iter();
                used.extend(
                    found.filter(|found| found.what == What::Reference(kind)).map(|found| found.name),
                );
            }
        }
    }
    let offer = |name: String, info: &str| Offer::new(name, CompletionItemKind::CONSTANT, info);
    let unset = used.into_iter().filter(|name| !set.contains(name)).collect::<Vec<_>>();
    let set = set.into_iter().map(|name| offer(name, "Is set."));
    set.chain(unset.into_iter().map(|name| offer(name, "Is used in this project, and not set."))).collect()
}
