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

/// Appends a text in quotes, as Clojure and JSON write it.
pub(crate) fn quote(out: &mut String, text: &str) {
    quote_with(out, text, |out, char| out.push(char));
}

/// The same with a way to write control characters that have no short escape.
pub(crate) fn quote_with(out: &mut String, text: &str, control: impl Fn(&mut String, char)) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            low if u32::from(low) < 0x20 => control(out, low),
            plain => out.push(plain),
        }
    }
    out.push('"');
}
