//! Finds a key written twice, without comparing every pair.

use std::collections::HashSet;

use crate::{Form, FormKind};

/// The first form that equals an earlier one, as Clojure's `=` sees it.
pub(crate) fn first_duplicate<'a>(forms: impl Iterator<Item = &'a Form> + Clone) -> Option<&'a Form> {
    // Nearly all maps have a few keywords as keys: compare those directly.
    if forms.clone().take(9).count() <= 8 && forms.clone().all(|form| is_name(&form.kind)) {
        return forms
            .clone()
            .enumerate()
            .find(|(at, form)| forms.clone().take(*at).any(|other| other.kind == form.kind))
            .map(|(_, form)| form);
    }
    let mut seen = HashSet::new();
    forms.into_iter().find(|form| {
        let mut text = String::new();
        canonical(&form.kind, &mut text);
        !seen.insert(text)
    })
}

fn is_name(kind: &FormKind) -> bool {
    matches!(kind, FormKind::Keyword(_) | FormKind::Symbol(_) | FormKind::String(_))
}

/// Equal forms, equal text: lists as vectors, big integers as integers, members of sets and maps sorted.
fn canonical(kind: &FormKind, out: &mut String) {
    match kind {
        FormKind::BigInt(value) => out.push_str(&value.to_string()),
        FormKind::List(items) | FormKind::Vector(items) => {
            out.push('[');
            for item in items {
                canonical(&item.kind, out);
                out.push(' ');
            }
            out.push(']');
        }
        FormKind::Set(items) => sorted("#{", items.iter().map(|item| alone(&item.kind)), out),
        FormKind::Map(entries) => {
            sorted("{", entries.iter().map(|(key, value)| alone(&key.kind) + " " + &alone(&value.kind)), out);
        }
        FormKind::Nil
        | FormKind::Bool(_)
        | FormKind::Int(_)
        | FormKind::Float(_)
        | FormKind::Ratio(_)
        | FormKind::Decimal(_)
        | FormKind::Char(_)
        | FormKind::String(_)
        | FormKind::Regex(_)
        | FormKind::Symbol(_)
        | FormKind::Keyword(_)
        | FormKind::Tagged(..)
        | FormKind::Fn(_)
        | FormKind::Quote(_)
        | FormKind::Deref(_)
        | FormKind::SyntaxQuote(_)
        | FormKind::Unquote(_)
        | FormKind::UnquoteSplicing(_)
        | FormKind::Var(_) => out.push_str(&kind.to_string()),
    }
}

fn alone(kind: &FormKind) -> String {
    let mut text = String::new();
    canonical(kind, &mut text);
    text
}

fn sorted(open: &str, members: impl Iterator<Item = String>, out: &mut String) {
    let mut members: Vec<String> = members.collect();
    members.sort_unstable();
    out.push_str(open);
    out.push_str(&members.join(" "));
    out.push('}');
}
