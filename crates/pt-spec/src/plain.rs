//! Nodes taken at their word.

use pt_model::Data;
use pt_syntax::{Node, NodeKind};

/// The data that a node is as it stands, references and code left as text.
pub fn plain(node: &Node) -> Data {
    match &node.kind {
        NodeKind::Null => Data::Null,
        NodeKind::Bool(yes) => Data::Bool(*yes),
        NodeKind::Int(number) => Data::Int(*number),
        NodeKind::Float(number) => Data::Float(*number),
        NodeKind::Str(text) | NodeKind::Form(text) => Data::Str(text.clone()),
        NodeKind::List(items) => items.iter().map(plain).collect(),
        NodeKind::Map(entries) => {
            entries.iter().map(|entry| (entry.key.clone(), plain(&entry.value))).collect()
        }
    }
}
