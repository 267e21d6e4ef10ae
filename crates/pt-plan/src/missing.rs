//! Values and secrets that are not set.

use pt_syntax::{Diagnostic, Span};

/// Which of the two a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Value,
    Secret,
}

impl Store {
    /// That a name is not set.
    pub(crate) fn not_set(self, name: &str) -> String {
        match self {
            Self::Value => format!("Value '{name}' is not set."),
            Self::Secret => format!("Secret '{name}' is not set."),
        }
    }
}

/// A name that is not set, and every place where it is used.
#[derive(Debug)]
pub(crate) struct Missing {
    store: Store,
    name: String,
    places: Vec<Span>,
}

/// All of them, in the order in which they were met.
#[derive(Debug, Default)]
pub(crate) struct AllMissing(Vec<Missing>);

impl AllMissing {
    /// Remembers a use; gives what the step that needs it fails with.
    pub(crate) fn add(&mut self, store: Store, name: &str, place: Span) -> Diagnostic {
        match self.0.iter_mut().find(|missing| missing.store == store && missing.name == name) {
            Some(missing) if missing.places.contains(&place) => {}
            Some(missing) => missing.places.push(place),
            None => self.0.push(Missing { store, name: name.to_owned(), places: vec![place] }),
        }
        diagnostic(store, name, &[place])
    }

    /// One diagnostic for each name.
    pub(crate) fn diagnostics(&self) -> impl Iterator<Item = Diagnostic> {
        self.0.iter().map(|missing| diagnostic(missing.store, &missing.name, &missing.places))
    }
}

fn diagnostic(store: Store, name: &str, places: &[Span]) -> Diagnostic {
    let (id, command) = match store {
        Store::Value => ("missing-value", "values"),
        Store::Secret => ("missing-secret", "secrets"),
    };
    let mut diagnostic = Diagnostic::error(id, store.not_set(name));
    for (index, place) in places.iter().enumerate() {
        diagnostic = diagnostic.at(*place, if index == 0 { "needed here" } else { "and here" });
    }
    diagnostic.hint(format!("pt {command} set {name} <data>"))
}
