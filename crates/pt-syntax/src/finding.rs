//! The diagnostics of one text while it is read.

use crate::{Diagnostic, Severity};

/// Beyond this many the rest says nothing new: the text is not what its name promises.
const MAX_FINDINGS: usize = 200;

/// Collects diagnostics; a hostile text cannot make it grow without end.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Diagnostic>,
}

impl Findings {
    /// Adds one. Errors are always kept: readers stop soon after one.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.list.len() < MAX_FINDINGS || diagnostic.severity == Severity::Error {
            self.list.push(diagnostic);
        }
    }

    /// What was found.
    pub(crate) fn into_vec(self) -> Vec<Diagnostic> {
        self.list
    }
}
