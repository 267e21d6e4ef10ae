//! Completion inside code: functions of the runner, params.

use ls_types::CompletionItemKind;
use pt_eval::{Deed, FUNCTIONS, RunnerFunction};
use pt_model::camel;
use pt_syntax::{Language, Reading, references};

use super::Offer;
use crate::docs;
use crate::names;
use crate::site::{Site, Slot};
use crate::typing::before;

/// What makes a word of code.
pub(super) fn in_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '/' | '.' | ':')
}

/// Whether the value is code.
pub(super) fn is_code(site: &Site<'_>) -> bool {
    matches!(references(site.text), Reading::Code(_))
}

/// What may stand in a piece of code; in args only what may be called there.
pub(super) fn offers(site: &Site<'_>, slot: Option<&Slot<'_>>) -> Vec<Offer> {
    let (language, settings) = match references(site.text) {
        Reading::Code(code) => (code.language, code.late),
        Reading::Literal | Reading::Whole(_) | Reading::Interpolated(_) => (Language::Clojure, true),
    };
    let written = before(site);
    let word = &written[written.trim_end_matches(in_word).len()..];
    let clojure = language == Language::Clojure;
    if clojure && word.starts_with(':') {
        return params(site, |id| format!(":{id}"));
    }
    if !clojure
        && let Some(map) = ["params", "inputs"].iter().find(|map| word.starts_with(&format!("{map}.")))
    {
        return params(site, |id| format!("{map}.{}", camel(id)));
    }
    let allowed = |function: &&RunnerFunction| {
        (slot.is_none() || function.deed == Deed::Looks) && (settings || !function.settings)
    };
    let offer = |function: &RunnerFunction| {
        let name =
            if clojure { format!("pt/{}", function.name) } else { format!("pt.{}", camel(function.name)) };
        Offer::new(name, CompletionItemKind::FUNCTION, docs::function(function))
    };
    FUNCTIONS.iter().filter(allowed).map(offer).collect()
}

fn params(site: &Site<'_>, spell: impl Fn(&str) -> String) -> Vec<Offer> {
    let params = site.within.as_ref().map(names::params).unwrap_or_default();
    let offer = |param: names::Declared<'_>| Offer {
        detail: param.ty.map(|ty| ty.to_string()),
        ..Offer::new(spell(param.id), CompletionItemKind::VARIABLE, param.info.unwrap_or_default())
    };
    params.into_iter().map(offer).collect()
}
