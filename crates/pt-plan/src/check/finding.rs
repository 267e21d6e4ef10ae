//! Findings, each once.

use std::collections::HashSet;

use pt_syntax::{Diagnostic, Severity, SourceId, Span};

/// Collects findings of several passes. The same mistake seen from two sides is told once.
#[derive(Default)]
pub(super) struct Findings {
    list: Vec<Diagnostic>,
    seen: HashSet<(&'static str, Option<Span>, String)>,
}

impl Findings {
    pub(super) fn extend(&mut self, found: impl IntoIterator<Item = Diagnostic>) {
        for diagnostic in found {
            if self.seen.insert(key(&diagnostic)) {
                self.list.push(diagnostic);
            }
        }
    }

    /// Without what follows from a text that was not understood as it was meant.
    pub(super) fn without_follow_ups(mut self, loaded: &[Diagnostic]) -> Self {
        let place = |found: &Diagnostic| found.labels.first().map(|label| label.span.source);
        let texts: Vec<SourceId> =
            loaded.iter().filter(|found| is_of_text(found)).filter_map(place).collect();
        // Whose names are not known because they stand in a file that is not there.
        let lost = loaded.iter().any(|found| ["missing-include", "missing-repository"].contains(&found.id));
        self.list.retain(|found| !(lost && found.id == "unknown-name" && !found.message.contains('/')));
        let about_text = |found: &Diagnostic| is_of_text(found) && loaded.contains(found);
        self.list
            .retain(|found| about_text(found) || !place(found).is_some_and(|source| texts.contains(&source)));
        self
    }

    /// Those about texts alone.
    pub(super) fn of_texts(mut self) -> Self {
        self.list.retain(is_of_text);
        self
    }

    /// By file and place; what has no place comes first.
    pub(super) fn sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|diagnostic| diagnostic.labels.first().map(|label| label.span));
        self.list
    }
}

/// The files whose text could not be read as it was meant.
pub(super) fn broken_texts(loaded: &[Diagnostic]) -> Vec<SourceId> {
    let place = |found: &Diagnostic| found.labels.first().map(|label| label.span.source);
    let broken = loaded.iter().filter(|found| is_of_text(found) && found.severity == Severity::Error);
    broken.filter_map(place).collect()
}

/// Whether a finding of loading is about the text, not about what it says.
pub(super) fn is_of_text(found: &Diagnostic) -> bool {
    let of_language = [
        "not-a-map",
        "wrong-shape",
        "unreadable-file",
        "missing-id",
        "missing-include",
        "duplicate-id",
        "unknown-key",
    ];
    let harmless = found.severity == Severity::Warning && found.id != "missing-space";
    !harmless && !of_language.contains(&found.id)
}

fn key(diagnostic: &Diagnostic) -> (&'static str, Option<Span>, String) {
    let place = diagnostic.labels.first().map(|label| label.span);
    match diagnostic.id {
        // A cycle is one mistake, wherever one enters it.
        "module-cycle" | "cyclic-after" => {
            let Some((_, names)) = diagnostic.message.split_once(": ") else {
                return (diagnostic.id, place, diagnostic.message.clone());
            };
            let mut names: Vec<&str> = names.split(" -> ").collect();
            names.sort_unstable();
            names.dedup();
            (diagnostic.id, None, names.join(" "))
        }
        // Of a chain, each level is too deep for those that begin further up.
        "too-deep" if [" steps", "call each other"].iter().any(|it| diagnostic.message.contains(it)) => {
            (diagnostic.id, None, String::new())
        }
        // What was got there differs from call to call.
        "type-mismatch" => {
            let message = diagnostic.message.split(" (got ").next().unwrap_or_default();
            (diagnostic.id, place, message.to_owned())
        }
        id => (id, place, diagnostic.message.clone()),
    }
}
