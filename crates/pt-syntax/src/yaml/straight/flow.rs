//! Lists and maps in brackets.

use super::{Key, Read, Reader};
use crate::scalar::special;
use crate::{Entry, NodeKind, entries};

impl Reader<'_> {
    /// A list or map in brackets, whose lines must stand deeper than `parent`.
    pub(super) fn flow(&mut self, parent: usize) -> Option<Read> {
        self.open()?;
        let start = self.at;
        let list = self.byte() == Some(b'[');
        let close = if list { b']' } else { b'}' };
        self.at += 1;
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        loop {
            self.skip_in_flow(parent)?;
            if self.byte() == Some(close) {
                break;
            }
            if list {
                items.push(self.flow_node(parent)?.node);
            } else {
                let key = self.flow_key()?;
                self.skip_in_flow(parent)?;
                let value = self.flow_node(parent)?.node;
                entries.push(Entry { key: key.text, key_span: key.span, value });
            }
            self.skip_in_flow(parent)?;
            match self.byte()? {
                b',' => self.at += 1,
                byte if byte == close => break,
                _ => return None,
            }
        }
        self.at += 1;
        self.levels -= 1;
        if entries::any_repeated(&entries) {
            return None;
        }
        let kind = if list { NodeKind::List(items) } else { NodeKind::Map(entries) };
        Some(self.read(kind, start, self.at))
    }

    fn flow_node(&mut self, parent: usize) -> Option<Read> {
        let start = self.at;
        match self.byte()? {
            b'[' | b'{' => self.flow(parent),
            b'"' | b'\'' => {
                let text = self.quoted()?;
                Some(self.read(NodeKind::Str(text), start, self.at))
            }
            _ => {
                let text = self.flow_plain()?;
                let kind = special(text).unwrap_or_else(|| NodeKind::Str(text.to_owned()));
                let end = start + text.len();
                Some(self.read(kind, start, end))
            }
        }
    }

    /// A key, its colon and the blank after it.
    fn flow_key(&mut self) -> Option<Key> {
        let start = self.at;
        let text = match self.byte()? {
            b'"' | b'\'' => self.quoted()?,
            _ => self.flow_plain()?.to_owned(),
        };
        let key = Key { text, span: self.span(start, self.at) };
        if self.byte() != Some(b':') || !self.blank_after(1) || key.text == "<<" {
            return None;
        }
        self.at += 1;
        Some(key)
    }

    /// What is plain up to the next sign of the notation, blanks at the end left out.
    fn flow_plain(&mut self) -> Option<&str> {
        self.begins_plain().then_some(())?;
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut at = start;
        loop {
            match *bytes.get(at)? {
                b',' | b']' | b'}' | b'\n' => break,
                b'[' | b'{' => return None,
                b':' => match *bytes.get(at + 1)? {
                    b' ' | b'\n' => break,
                    b',' | b'[' | b']' | b'{' | b'}' => return None,
                    _ => at += 1,
                },
                b'#' if bytes[at - 1] == b' ' => return None,
                _ => at += 1,
            }
        }
        let text = self.text[start..at].trim_end_matches(' ');
        self.at = start + text.len();
        Some(text)
    }

    /// Skips blanks, and the ends of lines before lines that are neither blank nor comments.
    fn skip_in_flow(&mut self, parent: usize) -> Option<()> {
        self.skip_spaces();
        if self.byte() == Some(b'\n') {
            self.at += 1;
            self.line = self.at;
            self.skip_spaces();
            if self.at - self.line <= parent {
                return None;
            }
        }
        (!matches!(self.byte(), None | Some(b'\n' | b'#'))).then_some(())
    }
}
