//! Values and secrets that are not set.

use indexmap::IndexSet;
use pt_syntax::{Diagnostic, Span, count};

/// Which of the two a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Value,
    Secret,
}

/// How many places are shown.
const SHOWN: usize = 8;

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
    places: IndexSet<Span>,
}

/// All of them, in the order in which they were met.
#[derive(Debug, Default)]
pub(crate) struct AllMissing(Vec<Missing>);

impl AllMissing {
    /// Remembers a use; gives what the step that needs it fails with.
    pub(crate) fn add(&mut self, store: Store, name: &str, place: Span) -> Diagnostic {
        self.places(store, name).insert(place);
        diagnostic(store, name, [place])
    }

    /// Remembers the uses of another one.
    pub(crate) fn extend(&mut self, other: Self) {
        for missing in other.0 {
            self.places(missing.store, &missing.name).extend(missing.places);
        }
    }

    fn places(&mut self, store: Store, name: &str) -> &mut IndexSet<Span> {
        let known = self.0.iter().position(|missing| missing.store == store && missing.name == name);
        let at = known.unwrap_or_else(|| {
            self.0.push(Missing { store, name: name.to_owned(), places: IndexSet::new() });
            self.0.len() - 1
        });
        &mut self.0[at].places
    }

    /// One diagnostic for each name.
    pub(crate) fn diagnostics(&self) -> impl Iterator<Item = Diagnostic> {
        self.0.iter().map(|missing| diagnostic(missing.store, &missing.name, missing.places.iter().copied()))
    }
}

fn diagnostic(store: Store, name: &str, places: impl IntoIterator<Item = Span>) -> Diagnostic {
    let (id, command) = match store {
        Store::Value => ("missing-value", "values"),
        Store::Secret => ("missing-secret", "secrets"),
    };
    let mut diagnostic = Diagnostic::error(id, store.not_set(name));
    let mut places = places.into_iter();
    for (index, place) in places.by_ref().take(SHOWN).enumerate() {
        diagnostic = diagnostic.at(place, if index == 0 { "needed here" } else { "and here" });
    }
    let more = places.count();
    if more > 0 {
        diagnostic = diagnostic.note(format!("and at {}", count(more, "more place")));
    }
    diagnostic.hint(format!("pt {command} set {name} <data>"))
}

#[cfg(test)]
mod tests {
    use pt_syntax::SourceId;

    use super::*;

    #[test]
    fn of_many_places_the_first_are_shown() {
        let mut missing = AllMissing::default();
        for start in (0..20).chain(0..20) {
            missing.add(Store::Value, "tag", Span { source: SourceId(0), start, end: start + 1 });
        }
        let told: Vec<Diagnostic> = missing.diagnostics().collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].labels.len(), SHOWN);
        assert_eq!(told[0].notes, ["and at 12 more places"]);
    }
}
