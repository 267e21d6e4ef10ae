//! What to say about a user's file.

use crate::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing stops.
    Warning,
    /// It cannot work.
    Error,
}

/// A finding in a user's file: a short message, a label at the cause, a hint with the cure.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// A kebab-case noun that one can search for: `unknown-param`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One line, without a full stop unless its wording is known with one.
    pub message: String,
    /// Where: the first is the cause, the others are places that explain it.
    pub labels: Vec<Label>,
    /// Further facts.
    pub notes: Vec<String>,
    /// How to mend it.
    pub hints: Vec<String>,
    /// What to write instead of what the first label marks, where that alone mends it.
    pub replacement: Option<String>,
}

/// A place and what to say about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What about it; may be empty.
    pub text: String,
}

impl Diagnostic {
    /// An error.
    pub fn error(id: &'static str, message: impl Into<String>) -> Self {
        let (labels, notes, hints) = (Vec::new(), Vec::new(), Vec::new());
        let (severity, message) = (Severity::Error, message.into());
        Self { id, severity, message, labels, notes, hints, replacement: None }
    }

    /// A warning.
    pub fn warning(id: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(id, message) }
    }

    /// With a place.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// With a further fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// With the word that was probably meant where the first label is, if there is one.
    #[must_use]
    pub fn did_you_mean(self, near: Option<impl Into<String>>) -> Self {
        match near.map(Into::into) {
            Some(near) => self.hint(format!("did you mean '{near}'?")).replace_by(near),
            None => self,
        }
    }

    /// With what to write instead of what the first label marks.
    #[must_use]
    pub fn replace_by(mut self, text: impl Into<String>) -> Self {
        self.replacement = Some(text.into());
        self
    }

    /// With a cure.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hints.push(text.into());
        self
    }
}
