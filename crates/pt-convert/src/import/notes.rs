//! What could not be carried over, and what Compose itself would refuse.

use pt_syntax::{Diagnostic, Label, Span};

/// One note a cause, with all the places it concerns.
#[derive(Debug, Default)]
pub(super) struct Notes {
    all: Vec<Diagnostic>,
    refused: Vec<Diagnostic>,
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

    /// What Compose refuses, with its reason.
    pub(super) fn refuse(&mut self, reason: impl Into<String>, at: Span) {
        let mistake = refused(reason, at);
        if !self.refused.contains(&mistake) {
            self.refused.push(mistake);
        }
    }

    /// The notes, unless there is something that Compose refuses.
    pub(super) fn into_diagnostics(self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        if self.refused.is_empty() { Ok(self.all) } else { Err(self.refused) }
    }
}

/// What Compose refuses, with its reason.
pub(super) fn refused(reason: impl Into<String>, at: Span) -> Diagnostic {
    Diagnostic::error("compose-mistake", reason).at(at, "")
}
