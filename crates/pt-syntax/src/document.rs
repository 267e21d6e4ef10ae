//! Documents: what was read, and where it stood.

use crate::{SourceId, Span};

/// The notations of polytope files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2, core schema.
    Yaml,
    /// JSON.
    Json,
    /// EDN, with Clojure's notation in code positions.
    Edn,
}

/// A text that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text.
    pub source: SourceId,
    /// The notation.
    pub format: Format,
    /// What it says; null for an empty text.
    pub root: Node,
}

/// A value and where it stood.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stood.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is. Keywords and symbols of EDN are strings, as in every position of the language.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a fraction, or beyond 64 bits.
    Float(f64),
    /// Text.
    Str(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the order it was written; of equal keys only the last is kept.
    Map(Vec<Entry>),
    /// A form of EDN that is code as it stands: `(pt/sleep "5s")`. The text of it, as written.
    Form(String),
}

/// An entry of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key; scalars that are no strings are keys by their text.
    pub key: String,
    /// Where the key stood.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The value under `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The entries, if this is a map.
    pub fn entries(&self) -> &[Entry] {
        if let NodeKind::Map(entries) = &self.kind { entries } else { &[] }
    }

    /// The items, if this is a list.
    pub fn items(&self) -> &[Self] {
        if let NodeKind::List(items) = &self.kind { items } else { &[] }
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        if let NodeKind::Str(text) = &self.kind { Some(text) } else { None }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, NodeKind::Null)
    }
}
