//! What could not be carried over.

use pt_syntax::{Diagnostic, Label, Span};

/// One note a cause, with all the places it concerns.
#[derive(Debug, Default)]
pub(super) struct Notes {
    all: Vec<Diagnostic>,
}

impl Notes {
    /// What is left out, as a whole sentence; `hint` may be empty.
    pub(super) fn add(&mut self, message: impl Into<String>, hint: &str, at: Span) {
        let message = message.into();
        match self.all.iter_mut().find(|note| note.message == message) {
            // What several services extend stands in one place.
            Some(note) if note.labels.iter().any(|label| label.span == at) => {}
            Some(note) => note.labels.push(Label { span: at, text: String::new() }),
            None => {
                let mut note = Diagnostic::warning("not-carried-over", message).at(at, "");
                if !hint.is_empty() {
                    note = note.hint(hint);
                }
                self.all.push(note);
            }
        }
    }

    /// The same of what concerns most services: one place is enough.
    pub(super) fn once(&mut self, message: &str, hint: &str, at: Span) {
        if !self.all.iter().any(|note| note.message == message) {
            self.add(message, hint, at);
        }
    }

    /// What has no one place.
    pub(super) fn of_file(&mut self, message: String) {
        self.all.push(Diagnostic::warning("not-carried-over", message));
    }

    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.all
    }
}
