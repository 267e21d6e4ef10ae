//! Data: what people write in polytope files and what code computes from it.

use std::fmt;

use compact_str::CompactString;
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Text;

/// A map that keeps the order in which it was written. Many are made and few are large: hashing must cost little.
pub type Map = IndexMap<Key, Data, RandomState>;

/// The name of an entry. Nearly all are short enough to need no memory of their own.
pub type Key = CompactString;

/// Any value of the language: JSON's values, integers apart from decimals, and text that holds secrets.
///
/// Serialised it is plain data; secrets show as `[secret NAME]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text without secrets.
    Str(String),
    /// Text with at least one secret in it. The language treats it as text.
    Secret(Text),
    /// A list.
    List(Vec<Self>),
    /// A map.
    Map(Box<Map>),
}

impl Data {
    /// Whether a secret is in it, however deep.
    pub fn holds_secrets(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::List(items) => items.iter().any(Self::holds_secrets),
            Self::Map(map) => map.values().any(Self::holds_secrets),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Str(_) => false,
        }
    }

    /// What it is, in the words of messages: `a string`, `a list`…
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Str(_) | Self::Secret(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text of plain text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Secret(_)
            | Self::List(_)
            | Self::Map(_) => None,
        }
    }

    /// The text of any text, secrets included as such.
    pub fn as_text(&self) -> Option<Text> {
        match self {
            Self::Str(text) => Some(Text::from(text.as_str())),
            Self::Secret(text) => Some(text.clone()),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The text that a scalar becomes where text is wanted (environment variables, interpolation): `true`, `3030`,
    /// nothing for null, JSON for lists and maps.
    pub fn to_text(&self) -> Text {
        match self {
            Self::Null => Text::default(),
            Self::Str(text) => Text::from(text.as_str()),
            Self::Secret(text) => text.clone(),
            Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::List(_) | Self::Map(_) => {
                Text::from(self.to_string())
            }
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The entries of a map.
    pub fn as_map(&self) -> Option<&Map> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// The entry `key` of a map; null where there is none.
    pub fn get(&self, key: &str) -> &Self {
        self.as_map().and_then(|map| map.get(key)).unwrap_or(&Self::Null)
    }
}

impl From<Text> for Data {
    fn from(text: Text) -> Self {
        if text.is_secret() { Self::Secret(text) } else { Self::Str(text.masked()) }
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl From<i64> for Data {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Data {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl<K: Into<Key>> FromIterator<(K, Self)> for Data {
    fn from_iter<I: IntoIterator<Item = (K, Self)>>(entries: I) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value));
        Self::Map(Box::new(entries.collect()))
    }
}

impl FromIterator<Self> for Data {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

/// As JSON, secrets hidden.
impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&json)
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(yes) => serializer.serialize_bool(*yes),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Str(text) => serializer.serialize_str(text),
            Self::Secret(text) => text.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Value::deserialize(deserializer).map(Self::from)
    }
}

impl From<serde_json::Value> for Data {
    /// Integers beyond 64 bits become decimals.
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(yes) => Self::Bool(yes),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Self::Int(integer),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Self::Str(text),
            Value::Array(items) => items.into_iter().map(Self::from).collect(),
            Value::Object(map) => map.into_iter().map(|(key, value)| (key, Self::from(value))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_prints_as_json_in_the_order_it_was_written() {
        let text = r#"{"z":1,"a":[true,null,2.5,"x"],"m":{"k":"v"}}"#;
        let data: Data = serde_json::from_str(text).unwrap();
        assert_eq!(data.to_string(), text);
        assert_eq!(data.get("a").as_list().unwrap().len(), 4);
        assert!(data.get("absent").is_null());
    }
}
