//! Documents as text, for tests.

use pt_syntax::{Node, NodeKind};

/// A node in one line: text in quotes, forms in backquotes.
pub(crate) fn show(node: &Node) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match &node.kind {
        NodeKind::Null => "null".to_owned(),
        NodeKind::Bool(value) => value.to_string(),
        NodeKind::Int(value) => value.to_string(),
        NodeKind::Float(value) => format!("{value:?}"),
        NodeKind::Str(text) => format!("{text:?}"),
        NodeKind::Form(text) => format!("`{text}`"),
        NodeKind::List(items) => format!("[{}]", joined(items.iter().map(show).collect())),
        NodeKind::Map(entries) => {
            format!(
                "{{{}}}",
                joined(
                    entries.iter().map(|entry| format!("{}: {}", entry.key, show(&entry.value))).collect()
                )
            )
        }
    }
}
