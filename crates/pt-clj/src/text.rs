//! Strings as values.

use crate::meter;

/// The text of a string. What it takes is counted while it lives.
pub struct Text(String);

impl Text {
    pub(crate) fn new(text: String) -> Self {
        meter::took(text.capacity());
        Self(text)
    }
}

impl std::ops::Deref for Text {
    type Target = String;

    fn deref(&self) -> &String {
        &self.0
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        meter::gave(self.0.capacity());
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}
