//! Names of symbols, keywords and tags.

/// A name with or without a namespace: `map`, `clojure.string/join`, `/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    text: Box<str>,
    slash: Option<u32>,
}

impl Name {
    /// Splits at the first slash; a lone `/` and a slash at the end are no separators.
    pub fn new(text: &str) -> Self {
        let slash = text.find('/').filter(|&at| at + 1 < text.len()).and_then(|at| u32::try_from(at).ok());
        Self { text: text.into(), slash }
    }

    /// What stands before the slash.
    pub fn namespace(&self) -> Option<&str> {
        self.slash.map(|at| &self.text[..at as usize])
    }

    /// What stands after the slash, or all of it.
    pub fn local(&self) -> &str {
        self.slash.map_or(&self.text, |at| &self.text[at as usize + 1..])
    }

    /// The whole name as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text)
    }
}
