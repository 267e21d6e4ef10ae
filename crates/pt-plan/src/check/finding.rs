//! Findings, each once.

use std::collections::HashSet;

use pt_syntax::{Diagnostic, Severity, SourceId, Sources, Span};

/// Collects findings of several passes. The same mistake seen from two sides is told once.
#[derive(Default)]
pub(super) struct Findings {
    list: Vec<Diagnostic>,
    seen: HashSet<(&'static str, Option<Span>, String)>,
}

impl Findings {
    pub(super) fn extend(&mut self, found: impl IntoIterator<Item = Diagnostic>) {
        for diagnostic in found {
            let mut is_new = self.seen.insert(key(&diagnostic));
            if diagnostic.id == "cyclic-after" {
                // Where a template is used twice, its steps get other names.
                let place = diagnostic.labels.first().map(|label| label.span);
                is_new &= self.seen.insert((diagnostic.id, place, String::new()));
            }
            if is_new {
                self.list.push(diagnostic);
            }
        }
    }

    /// Without what follows from a text that was not understood as it was meant.
    pub(super) fn without_follow_ups(mut self, loaded: &[Diagnostic], sources: &Sources) -> Self {
        let place = |found: &Diagnostic| found.labels.first().map(|label| label.span.source);
        let texts: Vec<SourceId> =
            loaded.iter().filter(|found| is_of_text(found)).filter_map(place).collect();
        // Whose names are not known because they stand in a file that is not there.
        let lost = loaded.iter().any(|found| ["missing-include", "missing-repository"].contains(&found.id));
        self.list.retain(|found| !(lost && found.id == "unknown-name" && !found.message.contains('/')));
        // Code whose language a tag was to tell.
        let tags: Vec<Span> = loaded
            .iter()
            .filter(|found| found.id == "unknown-tag")
            .filter_map(|found| Some(found.labels.first()?.span))
            .collect();
        let tag_of = |code: Span| {
            tags.iter().copied().find(|tag| {
                let between = Span { start: tag.end, end: code.start, ..*tag };
                let opens_text = |c: char| c.is_whitespace() || "\"'|>-+".contains(c);
                tag.source == code.source
                    && between.start <= between.end
                    && sources.slice(between).chars().all(opens_text)
            })
        };
        let mut at_fault = Vec::new();
        self.list.retain(|found| {
            let label = found.labels.first().filter(|_| found.id == "code-syntax");
            let tag = label.and_then(|label| tag_of(label.span));
            at_fault.extend(tag);
            tag.is_none()
        });
        let about_text = |found: &Diagnostic| is_of_text(found) && loaded.contains(found);
        self.list
            .retain(|found| about_text(found) || !place(found).is_some_and(|source| texts.contains(&source)));
        for found in self.list.iter_mut().filter(|found| found.id == "unknown-tag") {
            if found.labels.first().is_some_and(|label| at_fault.contains(&label.span)) {
                found.severity = Severity::Error;
            }
        }
        self
    }

    /// Without that a param is not used which a misspelt reference in its definition was meant for: that is told there.
    pub(super) fn without_params_meant(&mut self, definitions: &[Span]) {
        let place = |found: &Diagnostic| found.labels.first().map(|label| label.span);
        let meant: Vec<(Span, String)> = self
            .list
            .iter()
            .filter(|found| matches!(found.id, "unknown-param" | "near-reference"))
            .filter_map(|found| {
                let name = found.replacement.as_deref()?.trim_end_matches('}').rsplit(' ').next()?;
                Some((place(found)?, name.to_owned()))
            })
            .collect();
        if meant.is_empty() {
            return;
        }
        let is_within = |inner: Span, outer: &Span| {
            inner.source == outer.source && outer.start <= inner.start && inner.end <= outer.end
        };
        self.list.retain(|found| {
            let Some(at) = place(found).filter(|_| found.id == "unused-param") else { return true };
            let Some(around) = definitions.iter().find(|definition| is_within(at, definition)) else {
                return true;
            };
            let param = found.message.rsplit('\'').nth(1).unwrap_or_default();
            !meant.iter().any(|(at, name)| name == param && is_within(*at, around))
        });
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
