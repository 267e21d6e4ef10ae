//! JSON, strictly. A mistake ends nothing: it is told, and reading goes on as the text was probably meant.

mod bracket;
mod scalar;

use pt_edn::{Closing, Notation, OpenBracket};

use crate::finding::Findings;
use crate::parse::{MAX_DEPTH, span, too_deep};
use crate::{Diagnostic, Entry, Node, NodeKind, SourceId, Span, entries};

/// A text with more mistakes than this is no JSON.
const MOST: usize = 50;

/// Reads a JSON text.
pub(crate) fn read(source: SourceId, text: &str, findings: &mut Findings) -> Node {
    let (mut root, mut reader) = attempt(source, text, false);
    if reader.misses_brackets {
        // How the lines are indented often tells which bracket is missing.
        let (other, by_lines) = attempt(source, text, true);
        if by_lines.told <= reader.told {
            (root, reader) = (other, by_lines);
        }
    }
    reader.findings.into_vec().into_iter().for_each(|found| findings.push(found));
    root
}

fn attempt(source: SourceId, text: &str, by_lines: bool) -> (Node, Reader<'_>) {
    let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader {
        source,
        text,
        at,
        findings: Findings::default(),
        open: Vec::new(),
        told: 0,
        has_ended: false,
        misses_brackets: false,
        by_lines,
        line: at,
    };
    (reader.document(), reader)
}

struct Reader<'t> {
    source: SourceId,
    text: &'t str,
    at: usize,
    findings: Findings,
    /// The brackets around the place that is read.
    open: Vec<OpenBracket>,
    told: usize,
    /// Nothing more is said: the text has broken off, or is no JSON at all.
    has_ended: bool,
    misses_brackets: bool,
    /// Whether a line that stands further left than it should has left the brackets above it.
    by_lines: bool,
    /// Where the line of `at` begins.
    line: usize,
}

impl Reader<'_> {
    fn document(&mut self) -> Node {
        self.space();
        if self.peek().is_none() {
            return Node { span: self.span(0, 0), kind: NodeKind::Null };
        }
        let begins_well = self.peek().is_some_and(|byte| b"{[\"'".contains(&byte));
        let root = self.value();
        // What is YAML in truth is told once.
        self.has_ended |= !begins_well && self.told > 0;
        self.space();
        while let Some(b'}' | b']') = self.peek().filter(|_| !self.has_ended) {
            self.tell(closes_nothing(self.here()));
            self.at += 1;
            self.space();
        }
        if self.peek().is_some() && !self.has_ended {
            // A way to read that leaves text over has understood less than one that told some mistakes more.
            self.told += 2 * MOST;
            self.tell(
                Diagnostic::error("second-document", "A polytope file holds one value")
                    .at(self.here(), "a second one begins here")
                    .hint("remove it, or move it into the value above"),
            );
        }
        root
    }

    fn value(&mut self) -> Node {
        let start = self.at;
        let kind = match self.peek() {
            Some(bracket @ (b'{' | b'[')) if self.open.len() < MAX_DEPTH => {
                self.open(start);
                self.at += 1;
                let kind = if bracket == b'{' { self.object() } else { self.array() };
                self.open.pop();
                kind
            }
            Some(b'{' | b'[') => {
                self.tell(too_deep(self.here()));
                self.has_ended = true;
                NodeKind::Null
            }
            Some(b'"' | b'\'') => NodeKind::Str(self.string()),
            Some(byte @ (b',' | b':' | b'}' | b']')) => {
                let message = format!("This is not JSON: a value is missing before this `{}`", byte as char);
                self.tell(Diagnostic::error("json-syntax", message).at(self.here(), ""));
                NodeKind::Null
            }
            Some(_) => self.word(),
            None => NodeKind::Null,
        };
        Node { span: self.span(start, self.at), kind }
    }

    fn array(&mut self) -> NodeKind {
        let mut items = Vec::new();
        let mut comma = None;
        while let Some(byte) = self.next_of_container(comma) {
            let start = self.at;
            if byte == b',' || byte == b':' {
                self.value();
                self.at += 1;
                continue;
            }
            if !items.is_empty() && comma.is_none() {
                self.miss_comma();
            }
            let item = self.value();
            self.space();
            if self.peek() == Some(b':') && !self.has_ended {
                if self.begins_line(start) && self.is_within(b'}') {
                    self.miss_bracket();
                    self.at = comma.unwrap_or(start);
                    break;
                }
                self.tell(
                    Diagnostic::error("json-syntax", "This is not JSON: a list has no keys")
                        .at(item.span, "a colon follows")
                        .hint("write a map in braces: `{\"key\": …}`"),
                );
                self.at += 1;
                self.space();
                self.value();
                self.space();
            }
            items.push(item);
            comma = self.comma();
        }
        NodeKind::List(items)
    }

    fn object(&mut self) -> NodeKind {
        let mut found: Vec<Entry> = Vec::new();
        let mut comma = None;
        while let Some(byte) = self.next_of_container(comma) {
            match byte {
                b',' => {
                    let message = "This is not JSON: an entry is missing before this `,`";
                    self.tell(Diagnostic::error("json-syntax", message).at(self.here(), ""));
                    comma = self.comma();
                    continue;
                }
                b':' => {
                    let message = "This is not JSON: a key is missing before this `:`";
                    self.tell(Diagnostic::error("json-syntax", message).at(self.here(), ""));
                    self.at += 1;
                    self.space();
                    if !matches!(self.peek(), Some(b',' | b'}' | b']')) {
                        self.value();
                    }
                }
                b'{' if self.begins_line(self.at) && self.is_within(b']') => {
                    self.miss_bracket();
                    self.at = comma.unwrap_or(self.at);
                    break;
                }
                b'{' | b'[' => {
                    self.tell(
                        Diagnostic::error(
                            "json-syntax",
                            "This is not JSON: a key is missing before this value",
                        )
                        .at(self.here(), ""),
                    );
                    self.value();
                }
                _ => {
                    if !found.is_empty() && comma.is_none() {
                        self.miss_comma();
                    }
                    found.push(self.entry());
                }
            }
            self.space();
            comma = self.comma();
        }
        let mut findings = Findings::default();
        let unique = entries::unique(found, &mut findings);
        findings.into_vec().into_iter().for_each(|found| self.findings.push(found));
        NodeKind::Map(unique)
    }

    fn entry(&mut self) -> Entry {
        let start = self.at;
        let key = self.key();
        let key_span = self.span(start, self.at);
        self.space();
        match self.peek() {
            Some(b':') => self.at += 1,
            Some(_) => {
                let hint = "write `\"key\": value`";
                let found = Diagnostic::error("missing-colon", "A colon is missing after the key");
                self.tell(found.at(self.here(), "").at(key_span, "the key").hint(hint));
                if self.peek() == Some(b'=') {
                    self.at += 1;
                } else if matches!(self.peek(), Some(b',' | b'}' | b']')) {
                    return Entry { key, key_span, value: self.nothing() };
                }
            }
            None => {}
        }
        self.space();
        Entry { key, key_span, value: self.value() }
    }

    /// What stands next in the innermost brackets; nothing at their end, which is passed.
    fn next_of_container(&mut self, comma: Option<usize>) -> Option<u8> {
        loop {
            self.space();
            if self.has_ended {
                return None;
            }
            let open = *self.open.last()?;
            let Some(byte) = self.peek() else {
                self.miss_bracket();
                self.has_ended = true;
                return None;
            };
            if self.by_lines && self.has_left(&open, byte) {
                self.miss_bracket();
                // The comma parts what is around the brackets.
                self.at = comma.unwrap_or(self.at);
                return None;
            }
            if byte == open.close {
                if let Some(comma) = comma {
                    let found =
                        Diagnostic::error("trailing-comma", "JSON allows no comma before a closing bracket");
                    self.tell(found.at(self.span(comma, comma + 1), "").hint("remove it"));
                }
                self.at += 1;
                return None;
            }
            if byte != b'}' && byte != b']' {
                return Some(byte);
            }
            match Notation::Json.judge(&self.text[self.at..], &self.open, self.by_lines) {
                Closing::Surplus => {
                    self.tell(closes_nothing(self.here()));
                    self.at += 1;
                }
                Closing::TooFew => {
                    self.miss_bracket();
                    return None;
                }
                Closing::Wrong => {
                    let (opened, close) = (self.span(open.at, open.at + 1), open.close as char);
                    self.misses_brackets = true;
                    self.tell(
                        Diagnostic::error("unmatched-bracket", "This bracket does not match the open one")
                            .at(self.here(), "")
                            .at(opened, "opened here")
                            .hint(format!("write `{close}`")),
                    );
                    self.at += 1;
                    return None;
                }
            }
        }
    }

    /// The innermost bracket is not closed where it should be.
    fn miss_bracket(&mut self) {
        self.misses_brackets = true;
        let Some(open) = self.open.last() else { return };
        let (bracket, close) = (self.text.as_bytes()[open.at] as char, open.close as char);
        self.tell(
            Diagnostic::error("unclosed-bracket", format!("This `{bracket}` is never closed"))
                .at(self.span(open.at, open.at + 1), "opened here")
                .hint(format!("close it with `{close}`")),
        );
    }

    fn miss_comma(&mut self) {
        let found = Diagnostic::error("missing-comma", "A comma is missing before this");
        self.tell(found.at(self.here(), "").hint("put a comma between two entries"));
    }

    fn comma(&mut self) -> Option<usize> {
        (self.peek() == Some(b',')).then(|| {
            self.at += 1;
            self.at - 1
        })
    }

    /// Passes blanks; and comments, which are told, neighbouring ones once.
    fn space(&mut self) {
        let mut has_told = false;
        loop {
            let rest = &self.text[self.at..];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            if let Some(newline) = rest[..blanks].rfind('\n') {
                self.line = self.at + newline + 1;
            }
            self.at += blanks;
            let rest = &self.text[self.at..];
            let length = if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else if rest.starts_with("//") || rest.starts_with('#') {
                rest.find(['\n', '\r']).unwrap_or(rest.len())
            } else {
                return;
            };
            if !std::mem::replace(&mut has_told, true) {
                let found = Diagnostic::error("json-comment", "JSON has no comments");
                let place = self.span(self.at, self.at + length);
                self.tell(found.at(place, "").hint("remove it, or write the file in YAML"));
            }
            self.at += length;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn nothing(&self) -> Node {
        Node { span: self.span(self.at, self.at), kind: NodeKind::Null }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        span(self.source, 0, start, end)
    }

    /// The character that is read next.
    fn here(&self) -> Span {
        let length = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        self.span(self.at, self.at + length)
    }

    fn tell(&mut self, found: Diagnostic) {
        if self.has_ended {
            return;
        }
        self.told += 1;
        self.has_ended = self.told >= MOST;
        self.findings.push(found);
    }
}

fn closes_nothing(at: Span) -> Diagnostic {
    Diagnostic::error("unmatched-bracket", "This bracket closes nothing")
        .at(at, "")
        .hint("remove it, or check that brackets further up are not closed too early")
}
