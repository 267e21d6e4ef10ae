//! New things between brackets: in JSON and EDN, where lines mean nothing.

use pt_syntax::{Format, Node, NodeKind};

use super::{Include, steps_of, tool_of};

/// How things between brackets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    Json,
    Edn,
}

impl Notation {
    /// Of a file whose collections are all in brackets.
    pub(super) fn of(format: Format) -> Option<Self> {
        match format {
            Format::Json => Some(Self::Json),
            Format::Edn => Some(Self::Edn),
            Format::Yaml => None,
        }
    }

    fn text(self, text: &str) -> String {
        match self {
            Self::Json => serde_json::Value::from(text).to_string(),
            Self::Edn => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    }

    fn entry(self, key: &str, value: &str) -> String {
        match self {
            Self::Json => format!("{}: {value}", self.text(key)),
            // What is no keyword is a text, which names the same key.
            Self::Edn if key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) => {
                format!(":{key} {value}")
            }
            Self::Edn => format!("{} {value}", self.text(key)),
        }
    }

    fn map(self, key: &str, value: &str) -> String {
        format!("{{{}}}", self.entry(key, value))
    }

    fn between(self) -> &'static str {
        match self {
            Self::Json => ",",
            Self::Edn => "",
        }
    }
}

/// A text in JSON or EDN, as it is laid out.
#[derive(Clone, Copy)]
pub(super) struct Braced<'t> {
    pub(super) text: &'t str,
    pub(super) notation: Notation,
}

impl Braced<'_> {
    /// The text with one more entry in `include`.
    pub(super) fn include(self, root: &Node, entry: Include<'_>) -> String {
        let item = match entry {
            Include::Path(path) => self.notation.text(path),
            Include::Repo(repo) => self.notation.map("repo", &self.notation.text(repo)),
        };
        match root.get("include") {
            None => self.add_entry(root, "include", &format!("[{item}]")),
            Some(list @ Node { kind: NodeKind::List(_), .. }) => self.add(list, &item),
            Some(nothing @ Node { kind: NodeKind::Null, .. }) => self.replace(nothing, &format!("[{item}]")),
            Some(only) => {
                let old = &self.text[only.span.start as usize..only.span.end as usize];
                self.replace(only, &format!("[{old}{} {item}]", self.notation.between()))
            }
        }
    }

    /// The text with one more step in a tool, whose steps are a list, or which is not there.
    pub(super) fn add_step(self, root: &Node, tool: &str, call: &str) -> String {
        let notation = self.notation;
        let step = notation.map("tool", &notation.text(call));
        let run = notation.entry("run", &format!("[{step}]"));
        let Some(tools) = root.get("tools") else {
            let new = notation.map(tool, &format!("{{{run}}}"));
            return self.add_entry(root, "tools", &new);
        };
        match tool_of(tools, tool) {
            None if tools.is_null() => self.replace(tools, &notation.map(tool, &format!("{{{run}}}"))),
            None if matches!(tools.kind, NodeKind::List(_)) => {
                let id = notation.entry("id", &notation.text(tool));
                self.add(tools, &format!("{{{id}{} {run}}}", notation.between()))
            }
            None => self.add_entry(tools, tool, &format!("{{{run}}}")),
            Some(found) => match steps_of(found) {
                Some(steps) => self.add(steps, &step),
                None => self.replace(found, &format!("{{{run}}}")),
            },
        }
    }

    fn replace(self, node: &Node, by: &str) -> String {
        let (start, end) = (node.span.start as usize, node.span.end as usize);
        format!("{}{by}{}", &self.text[..start], &self.text[end..])
    }

    fn add_entry(self, map: &Node, key: &str, value: &str) -> String {
        let entry = self.notation.entry(key, value);
        if map.is_null() {
            return match self.notation {
                Notation::Json => format!("{{\n  {entry}\n}}\n"),
                // Comments may stand there.
                Notation::Edn => format!("{}{{{entry}}}\n", self.text),
            };
        }
        self.add(map, &entry)
    }

    /// The text with something more behind the last thing in a collection: on a line of its own if that has one.
    fn add(self, collection: &Node, new: &str) -> String {
        let items = collection.items().iter().map(|item| (item.span.start, item.span.end));
        let entries = collection.entries().iter().map(|entry| (entry.key_span.start, entry.value.span.end));
        let children: Vec<(usize, usize)> =
            items.chain(entries).map(|(start, end)| (start as usize, end as usize)).collect();
        let text = self.text;
        let (open, close) = (collection.span.start as usize, collection.span.end as usize - 1);
        let Some((start, end)) = children.last().copied() else {
            let inside = &text[open + 1..close];
            let inside = if inside.trim().is_empty() { "" } else { inside };
            return format!("{}{new}{inside}{}", &text[..=open], &text[close..]);
        };
        let before = children.iter().rev().nth(1).map_or(open + 1, |(_, end)| *end);
        let between = self.notation.between();
        if !text[before..start].contains('\n') {
            return format!("{}{between} {new}{}", &text[..end], &text[end..]);
        }
        let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let indent: String =
            text[line..start].chars().map(|c| if c.is_whitespace() { c } else { ' ' }).collect();
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        // A comment behind the last thing stays where it is.
        let rest = text[end..close].split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let stays = rest.trim_start().is_empty() || rest.trim_start().starts_with(';');
        let at = if stays && end + rest.len() < close { end + rest.len() } else { end };
        format!("{}{between}{}{line_end}{indent}{new}{}", &text[..end], &text[end..at], &text[at..])
    }
}
