//! Where in a text new lines go.

use pt_syntax::{Entry, Node, NodeKind};

use super::{NotEdited, refused};

/// A text in YAML, as it is laid out.
#[derive(Clone, Copy)]
pub(super) struct Layout<'t> {
    pub(super) text: &'t str,
}

impl Layout<'_> {
    /// The text with a new key at its end.
    pub(super) fn append(self, key: &str, lines: &[String], root: &Node) -> Result<String, NotEdited> {
        if self.is_flow(root) {
            return refused("it is written in braces");
        }
        let end = self.line_end();
        let before = self.text.trim_end();
        let gap = if before.is_empty() { String::new() } else { format!("{end}{end}") };
        Ok(format!("{before}{gap}{key}:{end}{}{end}", lines.join(end)))
    }

    /// The text with lines below the line in which a key without a value ends.
    pub(super) fn fill(self, key_end: usize, lines: &[String]) -> Result<String, NotEdited> {
        let at = self.end_of_line(key_end);
        let rest = self.text[key_end..at].trim_start_matches(['"', '\'', ':', ' ', '\t']);
        // `~`, `null` or a tag stand there, or it is inside of braces.
        if !rest.is_empty() && !rest.starts_with('#') {
            return refused("a value that is empty is written in an unusual way");
        }
        Ok(self.insert(at, lines))
    }

    /// The text with another item in a list. The item may have lines.
    pub(super) fn add_item(self, list: &Node, item: &str) -> Result<String, NotEdited> {
        let Some(last) = list.items().last() else {
            let start = list.span.start as usize;
            if !self.text[start..].starts_with('[') {
                return refused("an empty list is written in an unusual way");
            }
            let rest = &self.text[start + 1..];
            return Ok(format!("{}{}{rest}", &self.text[..=start], self.in_flow(item)?));
        };
        let end = self.end_of(last);
        if self.is_flow(list) {
            return Ok(format!("{}, {}{}", &self.text[..end], self.in_flow(item)?, &self.text[end..]));
        }
        let first = list.items().first().map_or(0, |first| first.span.start as usize);
        let before = self.text[..first].trim_end();
        if !before.ends_with('-') {
            return refused("a list is written in an unusual way");
        }
        let indent = self.column(before.len() - 1);
        let mut lines = item.lines();
        let head = format!("{:indent$}- {}", "", lines.next().unwrap_or_default());
        let below = lines.map(|line| format!("{:indent$}  {line}", ""));
        Ok(self.insert(self.end_of_line(end), &std::iter::once(head).chain(below).collect::<Vec<_>>()))
    }

    /// The text with another entry in a map. The entry has lines.
    pub(super) fn add_entry(self, map: &Node, entry: &str) -> Result<String, NotEdited> {
        let (Some(first), false) = (map.entries().first(), self.is_flow(map)) else {
            return refused("`tools` is written in braces");
        };
        let indent = self.column(first.key_span.start as usize);
        let lines: Vec<String> = entry.lines().map(|line| format!("{:indent$}{line}", "")).collect();
        Ok(self.insert(self.end_of_line(self.end_of(map)), &lines))
    }

    /// How far the line at a place is indented.
    pub(super) fn indent_of(self, at: usize) -> usize {
        self.column(at)
    }

    /// In brackets an item stands on one line: only plain words and pairs fit.
    fn in_flow(self, item: &str) -> Result<String, NotEdited> {
        match item.split_once(": ") {
            _ if item.contains('\n') => refused("a list is written in brackets"),
            Some(_) => Ok(format!("{{{item}}}")),
            None => Ok(item.to_owned()),
        }
    }

    /// Puts lines behind the line that ends at a place.
    fn insert(self, at: usize, lines: &[String]) -> String {
        let end = self.line_end();
        format!("{}{end}{}{}", &self.text[..at], lines.join(end), &self.text[at..])
    }

    /// Where what a node says ends, without blanks and comments behind it.
    fn end_of(self, node: &Node) -> usize {
        if self.is_flow(node) {
            return node.span.end as usize;
        }
        let of_entry = |entry: &Entry| match entry.value.is_null() {
            true => self.colon_behind(entry.key_span.end as usize),
            false => self.end_of(&entry.value),
        };
        let last = node.items().last().map(|item| self.end_of(item));
        let last = last.or_else(|| node.entries().last().map(of_entry));
        last.unwrap_or_else(|| self.text[..node.span.end as usize].trim_end().len())
    }

    fn colon_behind(self, key_end: usize) -> usize {
        self.text[key_end..].find(':').map_or(key_end, |colon| key_end + colon + 1)
    }

    fn is_flow(self, node: &Node) -> bool {
        let is_collection = matches!(node.kind, NodeKind::List(_) | NodeKind::Map(_));
        is_collection && self.text[node.span.start as usize..].starts_with(['[', '{'])
    }

    fn column(self, at: usize) -> usize {
        let line = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        self.text[line..at].chars().count()
    }

    /// The end of the line around a place, before its line break.
    fn end_of_line(self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline);
        if self.text[..end].ends_with('\r') { end - 1 } else { end }
    }

    fn line_end(self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }
}
