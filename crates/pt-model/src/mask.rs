//! Finds secrets in text that comes from outside and hides them, in one place.

use crate::{Data, Part, Secret, Text};

/// Knows the secrets of a job, and hides or marks them where they turn up.
///
/// Secrets shorter than [`Masker::SHORTEST`] bytes are not looked for inside longer text: hiding every `1` of a log
/// would hide the log, not the secret.
#[derive(Clone, Debug, Default)]
pub struct Masker {
    /// Longest first, so that a secret that contains another is hidden whole.
    secrets: Vec<Secret>,
}

impl Masker {
    /// Length in bytes from which on a secret is looked for inside other text.
    pub const SHORTEST: usize = 4;

    /// A masker for these secrets.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut masker = Self::default();
        secrets.into_iter().for_each(|secret| masker.add(secret));
        masker
    }

    /// Looks for `secret` too from now on. The lines of a secret that spans several are looked for one by one as well,
    /// since logs come in lines.
    pub fn add(&mut self, secret: Secret) {
        let lines: Vec<&str> = secret.expose().lines().collect();
        if lines.len() > 1 {
            let name = secret.name().to_owned();
            let each: Vec<Secret> = lines.iter().map(|line| Secret::new(&name, line.trim())).collect();
            each.into_iter().for_each(|line| self.insert(line));
        }
        // In JSON a quote or a backslash is written otherwise.
        let in_json = serde_json::Value::from(secret.expose()).to_string();
        let in_json = &in_json[1..in_json.len() - 1];
        if in_json != secret.expose() {
            self.insert(Secret::new(secret.name(), in_json));
        }
        self.insert(secret);
    }

    fn insert(&mut self, secret: Secret) {
        if secret.expose().is_empty() || self.secrets.contains(&secret) {
            return;
        }
        let at = self.secrets.partition_point(|other| other.expose().len() >= secret.expose().len());
        self.secrets.insert(at, secret);
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The text with its secrets marked as such.
    pub fn find(&self, text: &str) -> Text {
        if let Some(secret) = self.secrets.iter().find(|secret| secret.expose() == text) {
            return Text::from(secret.clone());
        }
        let mut parts = vec![Part::Plain(text.to_owned())];
        for secret in self.secrets.iter().filter(|secret| secret.expose().len() >= Self::SHORTEST) {
            parts = parts.into_iter().flat_map(|part| split(part, secret)).collect();
        }
        Text::from_parts(parts)
    }

    /// The text as anyone may see it.
    pub fn mask(&self, text: &str) -> String {
        if self.secrets.is_empty() { text.to_owned() } else { self.find(text).masked() }
    }

    /// The data with the secrets in its texts marked as such.
    pub fn find_in(&self, data: Data) -> Data {
        match data {
            Data::Str(text) => Data::from(self.find(&text)),
            Data::List(items) => Data::List(items.into_iter().map(|item| self.find_in(item)).collect()),
            Data::Map(map) => Data::Map(
                map.into_iter().map(|(key, value)| (self.mask(&key), self.find_in(value))).collect(),
            ),
            other @ (Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Secret(_)) => other,
        }
    }
}

fn split(part: Part, secret: &Secret) -> Vec<Part> {
    let Part::Plain(text) = &part else { return vec![part] };
    if !text.contains(secret.expose()) {
        return vec![part];
    }
    let mut parts = Vec::new();
    for (index, piece) in text.split(secret.expose()).enumerate() {
        if index > 0 {
            parts.push(Part::Secret(secret.clone()));
        }
        parts.push(Part::Plain(piece.to_owned()));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let masker = Masker::new([
            Secret::new("password", "hunter2"),
            Secret::new("url", "http://hunter2@x"),
            Secret::new("pin", "1"),
            Secret::new("key", "-----BEGIN\nabcdef\n"),
        ]);
        for (text, shown) in [
            ("nothing here", "nothing here"),
            ("hunter2", "[secret password]"),
            ("a hunter2, a hunter2!", "a [secret password], a [secret password]!"),
            ("see http://hunter2@x/", "see [secret url]/"),
            ("1", "[secret pin]"),
            ("11 of 12", "11 of 12"),
            ("> abcdef <", "> [secret key] <"),
        ] {
            assert_eq!(masker.mask(text), shown);
        }
    }
}
