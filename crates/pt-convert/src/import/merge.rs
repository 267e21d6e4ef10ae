//! What a service is that extends another, and paths seen from elsewhere.

use std::path::Path;

use pt_syntax::{Entry, Node, NodeKind, Span};

use super::interpolation::between_colons;

/// Keys whose value replaces the one below as a whole.
const REPLACED: [&str; 3] = ["command", "entrypoint", "test"];

/// Keys that stand as one text or as a list of them.
const LISTED: [&str; 5] = ["env_file", "label_file", "dns", "dns_search", "tmpfs"];

/// What tags say of how values are merged.
#[derive(Debug, Default)]
pub(super) struct Tags {
    /// `!reset`: neither this value nor the one below it.
    reset: Vec<Span>,
    /// `!override`: this value instead of the one below it.
    replacing: Vec<Span>,
}

impl Tags {
    /// Learns a tag that stands at a place in a document, and whether it is one of these.
    pub(super) fn learn(&mut self, tag: &str, at: Span, root: &Node) -> bool {
        let spans = match tag {
            "!reset" => &mut self.reset,
            "!override" => &mut self.replacing,
            _ => return false,
        };
        let tagged = first_after(root, at.end);
        spans.extend(tagged);
        tagged.is_some()
    }

    /// Takes away what is not to be.
    pub(super) fn take_away(&self, node: &mut Node) {
        match &mut node.kind {
            NodeKind::Map(entries) => {
                entries.retain(|entry| !self.reset.contains(&entry.value.span));
                entries.iter_mut().for_each(|entry| self.take_away(&mut entry.value));
            }
            NodeKind::List(items) => {
                items.retain(|item| !self.reset.contains(&item.span));
                items.iter_mut().for_each(|item| self.take_away(item));
            }
            _ => {}
        }
    }
}

/// The node that begins first from a place on; of several, the outermost.
fn first_after(node: &Node, at: u32) -> Option<Span> {
    let children = node.items().iter().chain(node.entries().iter().map(|entry| &entry.value));
    let own = (node.span.start >= at).then_some(node.span);
    own.into_iter().chain(children.filter_map(|child| first_after(child, at))).min_by_key(|span| span.start)
}

/// Lays entries over those of the same name.
pub(super) fn lay(below: &mut Vec<Entry>, over: Vec<Entry>, tags: &Tags) {
    for entry in over {
        let Some(at) = below.iter().position(|below| below.key == entry.key) else {
            below.push(entry);
            continue;
        };
        let key = entry.key.as_str();
        if tags.reset.contains(&entry.value.span) {
            below.remove(at);
        } else if REPLACED.contains(&key) || tags.replacing.contains(&entry.value.span) {
            below[at] = entry;
        } else {
            let (own, other) = (normal(key, below[at].value.clone()), normal(key, entry.value.clone()));
            let own = if key == "volumes" { without_targets_of(own, &other) } else { own };
            below[at] = Entry { value: merge(own, other, tags), ..entry };
        }
    }
}

/// `over` laid over `base`: maps are merged, lists follow each other, everything else is replaced.
pub(super) fn merge(base: Node, over: Node, tags: &Tags) -> Node {
    let (span, kind) = (over.span, over.kind);
    let kind = match (base.kind, kind) {
        (NodeKind::Map(mut merged), NodeKind::Map(entries)) => {
            lay(&mut merged, entries, tags);
            NodeKind::Map(merged)
        }
        (NodeKind::List(mut items), NodeKind::List(more)) => {
            let is_new = |item: &Node| {
                !items.iter().any(|known| scalar(item).is_some() && scalar(known) == scalar(item))
            };
            let more: Vec<Node> = more.into_iter().filter(is_new).collect();
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
        // Nothing takes nothing away.
        (kind, NodeKind::Null) => kind,
        (_, kind) => kind,
    };
    Node { span, kind }
}

/// A value in the longest of its forms.
fn normal(key: &str, node: Node) -> Node {
    let span = node.span;
    let entry = |key: &str, at: Span, kind: NodeKind| Entry {
        key: key.to_owned(),
        key_span: at,
        value: Node { span: at, kind },
    };
    let named = |items: &[Node], kind: &dyn Fn(Span) -> NodeKind| {
        let named = items.iter().filter_map(|item| Some(entry(item.as_str()?, item.span, kind(item.span))));
        NodeKind::Map(named.collect())
    };
    let kind = match (key, node.kind) {
        ("depends_on", NodeKind::List(items)) => named(&items, &|at| {
            NodeKind::Map(vec![entry("condition", at, NodeKind::Str("service_started".to_owned()))])
        }),
        ("networks" | "models", NodeKind::List(items)) => named(&items, &|_| NodeKind::Null),
        ("build", kind @ NodeKind::Str(_)) => NodeKind::Map(vec![entry("context", span, kind)]),
        (key, kind @ NodeKind::Str(_)) if LISTED.contains(&key) => NodeKind::List(vec![Node { span, kind }]),
        (_, kind) => kind,
    };
    Node { span, kind }
}

/// Mounts without those for which others take their place.
fn without_targets_of(mut mounts: Node, others: &Node) -> Node {
    let target = |mount: &Node| match mount.as_str() {
        Some(text) => match between_colons(text).as_slice() {
            [path] | [_, path, ..] => Some((*path).to_owned()),
            [] => None,
        },
        None => mount.get("target").and_then(scalar),
    };
    let taken: Vec<String> = others.items().iter().filter_map(target).collect();
    if let NodeKind::List(items) = &mut mounts.kind {
        items.retain(|item| target(item).is_none_or(|target| !taken.contains(&target)));
    }
    mounts
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
    if prefix.as_os_str().is_empty() {
        return;
    }
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

/// The same for `configs` and `secrets` at the top.
pub(super) fn rebase_section(section: &str, entries: &mut Node, prefix: &Path) {
    let NodeKind::Map(entries) = &mut entries.kind else { return };
    if prefix.as_os_str().is_empty() || !matches!(section, "configs" | "secrets") {
        return;
    }
    for entry in entries {
        let NodeKind::Map(parts) = &mut entry.value.kind else { continue };
        parts.iter_mut().filter(|part| part.key == "file").for_each(|part| put(&mut part.value, prefix));
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
