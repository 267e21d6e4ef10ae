//! What is wrong with a value.

use std::fmt;

use crate::Data;

/// Why a value is not what it must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// There is none.
    Missing,
    /// It is something else.
    Must {
        /// What it must be.
        rule: Rule,
        /// What it is.
        got: Data,
    },
    /// Nobody knows what it must be: there is no such type.
    UnknownType(String),
    /// Something else, in words.
    Other(String),
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list.
    List,
    /// A map.
    Map,
    /// A path that begins at the root.
    AbsolutePath,
    /// Something else, in words: `Must be a duration`.
    Other(String),
}

impl Problem {
    /// What is wrong with `got`, which must be something else.
    #[must_use]
    pub fn of(rule: Rule, got: &Data) -> Self {
        if got.is_null() { Self::Missing } else { Self::Must { rule, got: got.clone() } }
    }
}

impl From<&str> for Rule {
    fn from(words: &str) -> Self {
        Self::Other(words.to_owned())
    }
}

impl From<String> for Rule {
    fn from(words: String) -> Self {
        Self::Other(words)
    }
}

/// How many characters are shown of a value that is wrong.
const MOST_SHOWN: usize = 200;

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("Missing required value"),
            Self::Must { rule, got } => {
                let got = got.to_string();
                match got.char_indices().nth(MOST_SHOWN) {
                    Some((end, _)) => write!(f, "{rule} (got {}…)", &got[..end]),
                    None => write!(f, "{rule} (got {got})"),
                }
            }
            Self::UnknownType(text) => write!(f, "Unknown type: {text}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "Must be a string",
            Self::Integer => "Must be an integer",
            Self::Number => "Must be a number",
            Self::Boolean => "Must be a boolean",
            Self::List => "Must be a list",
            Self::Map => "Must be a map",
            Self::AbsolutePath => "Must be an absolute path",
            Self::Other(words) => words,
        })
    }
}
