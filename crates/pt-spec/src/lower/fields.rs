//! Taking a map apart key by key.

use pt_syntax::{Diagnostic, Entry, Node, NodeKind, Span, suggest};

/// The entries of a map that were not taken yet.
pub(super) struct Fields {
    pub(super) span: Span,
    entries: Vec<Entry>,
}

impl Fields {
    /// The entries of a map; none for anything else.
    pub(super) fn of(node: Node) -> Option<Self> {
        match node.kind {
            NodeKind::Map(entries) => Some(Self { span: node.span, entries }),
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Int(_)
            | NodeKind::Float(_)
            | NodeKind::Str(_)
            | NodeKind::List(_)
            | NodeKind::Form(_) => None,
        }
    }

    /// The value under `key`; a key without a value is as good as none.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.swap_remove(at).value).filter(|node| !node.is_null())
    }

    /// The value under the first of these keys that is there.
    pub(super) fn take_any(&mut self, keys: &[&str]) -> Option<Node> {
        keys.iter().find_map(|key| self.take(key))
    }

    /// Text under the key; of anything that is no text, nothing.
    pub(super) fn take_text(&mut self, keys: &[&str]) -> Option<String> {
        self.take_any(keys).and_then(|node| node.as_str().map(str::to_owned))
    }

    /// A warning for each key that nobody took. `place` is where such keys are not known, `known` what is.
    pub(super) fn unknown(self, place: &str, known: &[&'static str]) -> Vec<Diagnostic> {
        let mut rest: Vec<_> = self.entries.into_iter().map(|entry| (entry.key, entry.key_span)).collect();
        rest.sort_by_key(|(_, span)| span.start);
        let warn = |(key, span): (String, Span)| {
            Diagnostic::warning("unknown-key", format!("The key '{key}' is not known {place}"))
                .at(span, "ignored")
                .did_you_mean(suggest(&key, known.iter().copied()))
        };
        rest.into_iter().map(warn).collect()
    }
}
