//! What a service is that extends another, and paths seen from elsewhere.

use std::path::Path;

use pt_syntax::{Entry, Node, NodeKind};

/// Keys whose value replaces the one below as a whole.
const REPLACED: [&str; 3] = ["command", "entrypoint", "test"];

/// `over` laid over `base`: maps are merged, lists follow each other, everything else is replaced.
pub(super) fn merge(base: Node, over: Node) -> Node {
    let (span, kind) = (over.span, over.kind);
    let kind = match (base.kind, kind) {
        (NodeKind::Map(mut merged), NodeKind::Map(entries)) => {
            for entry in entries {
                let below = merged.iter_mut().find(|below| below.key == entry.key);
                match below {
                    Some(below) if REPLACED.contains(&entry.key.as_str()) => below.value = entry.value,
                    Some(below) => {
                        let key = entry.key.clone();
                        *below = Entry { value: merge(below.value.clone(), entry.value), key, ..entry };
                    }
                    None => merged.push(entry),
                }
            }
            NodeKind::Map(merged)
        }
        (NodeKind::List(mut items), NodeKind::List(more)) => {
            items.extend(more);
            NodeKind::List(items)
        }
        // `environment` and others stand as a list or as a map.
        (NodeKind::List(mut items), NodeKind::Map(entries)) if !items.is_empty() => {
            items.extend(entries.iter().map(assignment));
            NodeKind::List(items)
        }
        (NodeKind::Map(entries), NodeKind::List(items)) if !entries.is_empty() => {
            NodeKind::List(entries.iter().map(assignment).chain(items).collect())
        }
        (_, kind) => kind,
    };
    Node { span, kind }
}

/// `NAME: value` as `NAME=value`.
fn assignment(entry: &Entry) -> Node {
    let text = match scalar(&entry.value) {
        Some(value) => format!("{}={value}", entry.key),
        None => entry.key.clone(),
    };
    Node { span: entry.value.span, kind: NodeKind::Str(text) }
}

/// A scalar as the text that programs get.
pub(super) fn scalar(node: &Node) -> Option<String> {
    match &node.kind {
        NodeKind::Str(text) => Some(text.clone()),
        NodeKind::Bool(yes) => Some(yes.to_string()),
        NodeKind::Int(number) => Some(number.to_string()),
        NodeKind::Float(number) => Some(number.to_string()),
        NodeKind::Null | NodeKind::List(_) | NodeKind::Map(_) | NodeKind::Form(_) => None,
    }
}

/// Puts a directory before the relative paths of a service that was written there.
pub(super) fn rebase(service: &mut Node, prefix: &Path) {
    let NodeKind::Map(entries) = &mut service.kind else { return };
    for entry in entries {
        match entry.key.as_str() {
            "build" => match &mut entry.value.kind {
                NodeKind::Map(build) => {
                    build
                        .iter_mut()
                        .filter(|part| part.key == "context")
                        .for_each(|part| put(&mut part.value, prefix));
                }
                _ => put(&mut entry.value, prefix),
            },
            "env_file" => match &mut entry.value.kind {
                NodeKind::List(files) => files.iter_mut().for_each(|file| put_file(file, prefix)),
                _ => put_file(&mut entry.value, prefix),
            },
            "volumes" => {
                let NodeKind::List(volumes) = &mut entry.value.kind else { continue };
                for volume in volumes {
                    match &mut volume.kind {
                        NodeKind::Str(text) if text.starts_with('.') => *text = prefixed(text, prefix),
                        NodeKind::Map(parts) => parts
                            .iter_mut()
                            .filter(|part| part.key == "source")
                            .filter(|part| part.value.as_str().is_some_and(|source| source.starts_with('.')))
                            .for_each(|part| put(&mut part.value, prefix)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

fn put_file(file: &mut Node, prefix: &Path) {
    if let NodeKind::Map(parts) = &mut file.kind {
        parts.iter_mut().filter(|part| part.key == "path").for_each(|part| put(&mut part.value, prefix));
    } else {
        put(file, prefix);
    }
}

fn put(path: &mut Node, prefix: &Path) {
    if let NodeKind::Str(text) = &mut path.kind {
        *text = prefixed(text, prefix);
    }
}

fn prefixed(path: &str, prefix: &Path) -> String {
    if path.starts_with(['/', '~']) || path.contains("://") {
        return path.to_owned();
    }
    let path = path.strip_prefix("./").unwrap_or(path);
    let joined = if path == "." { prefix.to_owned() } else { prefix.join(path) };
    format!("./{}", joined.display())
}
