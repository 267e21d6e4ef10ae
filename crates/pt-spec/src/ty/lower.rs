//! Nodes to types.

use fancy_regex::Regex;
use pt_syntax::{Node, NodeKind};

use super::{Atom, Pattern, Type};
use crate::plain::plain;

impl Type {
    /// The type that a node describes. What is no type becomes [`Type::Unknown`], which says so when it is used.
    pub fn lower(node: &Node) -> Self {
        match &node.kind {
            NodeKind::Str(word) => Atom::from_word(word).map_or_else(|| unknown(node), Self::Atom),
            NodeKind::List(items) => lower_list(node, items),
            NodeKind::Map(entries) => match entries.as_slice() {
                [] => Self::AnyMap,
                [entry] if entry.key == "str" => {
                    Self::MapOf(Box::new(Self::Atom(Atom::Str)), Box::new(Self::lower(&entry.value)))
                }
                _ => Self::Fields(
                    entries.iter().map(|entry| (entry.key.clone(), Self::lower(&entry.value))).collect(),
                ),
            },
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Int(_)
            | NodeKind::Float(_)
            | NodeKind::Form(_) => unknown(node),
        }
    }
}

fn lower_list(node: &Node, items: &[Node]) -> Type {
    let boxed = |node: &Node| Box::new(Type::lower(node));
    let head = items.first().and_then(Node::as_str).unwrap_or_default();
    match (head, items) {
        ("list", [_, of]) => Type::List(boxed(of)),
        ("map", [_, key, value]) => Type::MapOf(boxed(key), boxed(value)),
        ("maybe", [_, of]) => Type::Maybe(boxed(of)),
        ("default", [_, of, value]) => Type::Default(boxed(of), plain(value)),
        ("either", [_, types @ ..]) if !types.is_empty() => {
            Type::Either(types.iter().map(Type::lower).collect())
        }
        ("enum", [_, words @ ..]) if !words.is_empty() => Type::Enum(words.iter().map(plain).collect()),
        ("regex", [_, pattern]) => match pattern.as_str().and_then(Pattern::new) {
            Some(pattern) => Type::Regex(pattern),
            None => unknown(node),
        },
        ("list" | "map" | "maybe" | "default" | "either" | "enum" | "regex", _) => unknown(node),
        (_, [of]) => Type::List(boxed(of)),
        _ => unknown(node),
    }
}

fn unknown(node: &Node) -> Type {
    Type::Unknown(written(node))
}

/// The node as a type would be written.
pub(crate) fn written(node: &Node) -> String {
    match &node.kind {
        NodeKind::Str(text) | NodeKind::Form(text) => text.clone(),
        NodeKind::List(items) => {
            let items: Vec<String> = items.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        NodeKind::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|entry| format!("{}: {}", entry.key, written(&entry.value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_) => plain(node).to_string(),
    }
}

impl Pattern {
    /// The pattern, if it is one.
    pub fn new(text: &str) -> Option<Self> {
        // By itself, too: its brackets must not close ours.
        Regex::new(text).ok()?;
        let whole = Regex::new(&format!("^(?:{text})$")).ok()?;
        Some(Self { text: text.to_owned(), whole })
    }

    /// Why a text is no pattern, in a line.
    pub fn why_not(text: &str) -> Option<String> {
        let error = Regex::new(text).err()?.to_string();
        error.lines().last().map(|line| line.trim().trim_start_matches("error: ").to_owned())
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text).unwrap_or(false)
    }
}
