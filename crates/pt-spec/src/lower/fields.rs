//! Taking a map apart key by key.

use pt_syntax::{Diagnostic, Entry, Node, NodeKind, Span, suggest};

use crate::plain::plain;

/// Keys of other programs, and ours.
const STRANGERS: [(&str, &str); 24] = [
    ("retry", "retries"),
    ("max-retries", "retries"),
    ("depends_on", "after"),
    ("depends-on", "after"),
    ("dependsOn", "after"),
    ("needs", "after"),
    ("requires", "after"),
    ("if", "when"),
    ("foreach", "for-each"),
    ("with-items", "for-each"),
    ("matrix", "for-each"),
    ("mutex", "lock"),
    ("cached", "cache"),
    ("caching", "cache"),
    ("with", "args"),
    ("uses", "module"),
    ("jobs", "templates"),
    ("description", "info"),
    ("desc", "info"),
    ("doc", "info"),
    ("help", "info"),
    ("script", "code"),
    ("imports", "include"),
    ("includes", "include"),
];

/// What a container is made from: given as args to the module that makes it.
const OF_CONTAINERS: [&str; 19] = [
    "image",
    "cmd",
    "command",
    "entrypoint",
    "env",
    "environment",
    "mounts",
    "volumes",
    "services",
    "ports",
    "workdir",
    "working_dir",
    "user",
    "restart",
    "tty",
    "no-stdin",
    "scaling",
    "resources",
    "tags",
];

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

    /// Whether the key is there, with whatever value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Whether all entries were taken.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where a key stands that was probably meant for `known`, which it takes.
    pub(super) fn take_near<'k>(&mut self, known: &'k str) -> Option<(Span, &'k str)> {
        let at = self.entries.iter().position(|entry| suggest(&entry.key, [known]).is_some())?;
        Some((self.entries.swap_remove(at).key_span, known))
    }

    /// The entry under `key`.
    pub(super) fn take_entry(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.swap_remove(at))
    }

    /// Whether the entry of one key is followed by that of another, with nothing between them.
    pub(super) fn are_neighbours(&self, first: &str, second: &str) -> bool {
        let start =
            |key: &str| self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.key_span.start);
        let (Some(first), Some(second)) = (start(first), start(second)) else { return false };
        let between = |entry: &Entry| entry.key_span.start > first && entry.key_span.start < second;
        first < second && !self.entries.iter().any(between)
    }

    /// Text under the key; what is no text is told of.
    pub(super) fn take_told(&mut self, keys: &[&str], found: &mut Vec<Diagnostic>) -> Option<String> {
        let key = keys.iter().find(|key| self.has(key))?;
        let node = self.take(key)?;
        let text = node.as_str().map(str::to_owned);
        if text.is_none() {
            let written = match node.kind {
                NodeKind::List(_) | NodeKind::Map(_) => "a text".to_owned(),
                NodeKind::Null
                | NodeKind::Bool(_)
                | NodeKind::Int(_)
                | NodeKind::Float(_)
                | NodeKind::Str(_)
                | NodeKind::Form(_) => format!("a text: `{key}: \"{}\"`", plain(&node)),
            };
            found.push(
                Diagnostic::warning("wrong-shape", format!("`{key}` must be a text"))
                    .at(node.span, "ignored")
                    .hint(format!("write {written}")),
            );
        }
        text
    }

    /// A warning for each key that nobody took. `place` is where such keys are not known, `known` what is.
    pub(super) fn unknown(self, place: &str, known: &[&'static str]) -> Vec<Diagnostic> {
        let mut rest: Vec<_> = self.entries.into_iter().map(|entry| (entry.key, entry.key_span)).collect();
        rest.sort_by_key(|(_, span)| span.start);
        let warn = |(key, span): (String, Span)| {
            if let Some(found) = unparted(&key, span, known) {
                return found;
            }
            let stranger = STRANGERS.iter().find(|(stranger, ours)| *stranger == key && known.contains(ours));
            let meant = stranger.map(|(_, ours)| *ours).or_else(|| suggest(&key, known.iter().copied()));
            let found = Diagnostic::warning("unknown-key", format!("The key '{key}' is not known {place}"))
                .at(span, "ignored");
            match key.as_str() {
                "condition" | "after-condition" if known.contains(&"run-when") => found.hint(format!(
                    "it belongs to what the step waits for: `after: {{step: STEP, {key}: …}}`"
                )),
                "limits" if known.contains(&"run-when") => {
                    found.hint("limits are those of a whole definition: write them beside its `run`")
                }
                key if OF_CONTAINERS.contains(&key) && known.contains(&"args") => {
                    found.hint(format!("what a module is given stands in its args: `args: {{{key}: …}}`"))
                }
                _ => found.did_you_mean(meant.filter(|meant| *meant != key)),
            }
        };
        rest.into_iter().map(warn).collect()
    }
}

/// `args:{x` and `args {x`: a known key that nothing parts from its value.
fn unparted(key: &str, span: Span, known: &[&'static str]) -> Option<Diagnostic> {
    let end = key.find([':', ' ', '{', '['])?;
    let (word, rest) = key.split_at(end);
    if !known.contains(&word) {
        return None;
    }
    let value = rest.trim_start_matches([':', ' ']);
    let (id, message) = if rest.starts_with(':') {
        ("missing-space", "A space is missing after the colon")
    } else {
        ("missing-colon", "A colon is missing after the key")
    };
    Some(Diagnostic::error(id, message).at(span, "").hint(format!("write `{word}: {value}: …`")))
}
