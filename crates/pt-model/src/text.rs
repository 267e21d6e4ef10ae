//! Text that may hold secrets.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A secret's value together with its name.
///
/// It has no `Display`, and its `Debug` is `[secret NAME]`. Only evaluators and backends may [open](Secret::expose) it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    name: Arc<str>,
    value: Arc<Zeroizing<String>>,
}

impl Secret {
    /// The secret called `name` with its value.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Arc::new(Zeroizing::new(value.into())) }
    }

    /// The name under which it was set.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value in clear.
    pub fn expose(&self) -> &str {
        &self.value
    }
}

impl Hash for Secret {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.value.as_str().hash(state);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[secret {}]", self.name)
    }
}

/// A piece of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text that anyone may read.
    Plain(String),
    /// Text that nobody may read but who uses it.
    Secret(Secret),
}

/// A text of which parts may be secret: `postgres://app:` + `[secret db-password]` + `@db/app`.
///
/// Serialised and printed it shows `[secret NAME]` in place of each secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text {
    parts: Vec<Part>,
}

impl Text {
    /// The text made of these parts; neighbouring plain parts are joined, empty ones dropped.
    pub fn from_parts(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut text = Self::default();
        for part in parts {
            text.push(part);
        }
        text
    }

    fn push(&mut self, part: Part) {
        match (self.parts.last_mut(), part) {
            (_, Part::Plain(new)) if new.is_empty() => {}
            (Some(Part::Plain(last)), Part::Plain(new)) => last.push_str(&new),
            (_, part) => self.parts.push(part),
        }
    }

    /// The parts in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether any part is secret.
    pub fn is_secret(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Secret(_)))
    }

    /// The text in clear, secrets included.
    pub fn expose(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Plain(text) => text.as_str(),
                Part::Secret(secret) => secret.expose(),
            })
            .collect()
    }

    /// The text as anyone may see it: `[secret NAME]` for each secret.
    pub fn masked(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Plain(text) => text.clone(),
                Part::Secret(secret) => format!("{secret:?}"),
            })
            .collect()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from_parts([Part::Plain(text)])
    }
}

impl From<Secret> for Text {
    fn from(secret: Secret) -> Self {
        Self::from_parts([Part::Secret(secret)])
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.masked())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

impl<'de> Deserialize<'de> for Text {
    /// What was stored is what could be seen: a secret comes back as the text `[secret NAME]`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_shows_the_names_of_its_secrets_and_nothing_else() {
        let url = Text::from_parts([
            Part::Plain("postgres://app:".into()),
            Part::Secret(Secret::new("db-password", "hunter2")),
            Part::Plain("@db".into()),
        ]);
        assert_eq!(url.expose(), "postgres://app:hunter2@db");
        assert_eq!(url.masked(), "postgres://app:[secret db-password]@db");
        assert_eq!(serde_json::to_string(&url).unwrap(), "\"postgres://app:[secret db-password]@db\"");
        assert!(!format!("{url:?}{:?}", Secret::new("k", "hunter2")).contains("hunter2"));
    }
}
