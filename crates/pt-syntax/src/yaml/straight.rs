//! The notation that nearly all polytope files keep to, read straight into nodes.
//!
//! Block lists and maps of plain, quoted and block scalars, with lists and maps in brackets: for these a reader is simple,
//! and several times as quick as a parser of all of YAML. It says nothing about anything else: whatever is unusual, be it
//! a mistake, an anchor, a tag or a tab, makes it give up, and the parser reads the text from its beginning. Where it does
//! not give up, its tree is that of the parser.

mod flow;
mod scalar;

use super::Attempt;
use crate::parse::{MAX_DEPTH, span};
use crate::{Entry, Node, NodeKind, SourceId, Span, entries};

/// Reads a text that stands so many levels deep in a document; `None` if there is anything unusual in it.
pub(super) fn read(source: SourceId, text: &str, base: usize, levels_around: usize) -> Option<Attempt> {
    if !is_usual(text) {
        return None;
    }
    let mut reader = Reader { source, text, base, at: 0, line: 0, column: None, levels: levels_around };
    reader.next_line();
    let root = reader.block(reader.column?)?.node;
    let ended = reader.column.is_none();
    ended.then(|| Attempt { root, findings: Vec::new(), mistake: None, explained: None, anchors: false })
}

/// Whether all characters mean the same wherever they stand: no tabs, no other ends of lines, nothing invisible.
fn is_usual(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_plain = |byte: &u8| *byte == b'\n' || (b' '..=b'~').contains(byte);
    let is_usual_at = |at: usize| match bytes[at] {
        0xc2 => bytes.get(at + 1).is_some_and(|next| *next >= 0xa0),
        0xe2 => !matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])),
        0xef => !matches!(bytes.get(at + 1..at + 3), Some([0xbb, 0xbf] | [0xbf, 0xbe | 0xbf])),
        byte => byte >= 0x80 || is_plain(&byte),
    };
    // Without a way out in the middle of it, all bytes of a block are looked at at once.
    bytes.chunks(BLOCK).enumerate().all(|(block, chunk)| {
        let plain = chunk.iter().fold(true, |plain, byte| plain & is_plain(byte));
        plain || (block * BLOCK..block * BLOCK + chunk.len()).all(is_usual_at)
    })
}

/// How many bytes are looked at at once.
const BLOCK: usize = 64;

struct Reader<'t> {
    source: SourceId,
    text: &'t str,
    base: usize,
    /// Between nodes: where the next one begins, or the end of the text.
    at: usize,
    /// Where the line begins that `at` is on.
    line: usize,
    /// Between nodes: the column of the next line that says something; `None` at the end of the text.
    column: Option<usize>,
    /// How many collections are open.
    levels: usize,
}

/// A node, and where its text ends.
struct Read {
    node: Node,
    end: usize,
}

/// The text of a key, and where it stood.
struct Key {
    text: String,
    span: Span,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Whether what follows `length` bytes after `at` is a blank or the end of the line.
    fn blank_after(&self, length: usize) -> bool {
        matches!(self.text.as_bytes().get(self.at + length), None | Some(b' ' | b'\n'))
    }

    fn is_dash(&self) -> bool {
        self.byte() == Some(b'-') && self.blank_after(1)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        span(self.source, self.base, start, end)
    }

    fn read(&self, kind: NodeKind, start: usize, end: usize) -> Read {
        Read { node: Node { span: self.span(start, end), kind }, end }
    }

    fn skip_spaces(&mut self) {
        while self.byte() == Some(b' ') {
            self.at += 1;
        }
    }

    /// From the beginning of a line to the next text that is no comment.
    fn next_line(&mut self) {
        loop {
            self.line = self.at;
            self.skip_spaces();
            match self.byte() {
                None => {
                    self.column = None;
                    return;
                }
                Some(b'\n') => self.at += 1,
                Some(b'#') => self.skip_line(),
                Some(_) => {
                    self.column = Some(self.at - self.line);
                    return;
                }
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
    }

    /// From the end of a node to the next one, if nothing else but a comment is left on the line.
    fn end_line(&mut self) -> Option<()> {
        let end = self.at;
        self.skip_spaces();
        match self.byte() {
            None | Some(b'\n') => {}
            Some(b'#') if self.at > end => {}
            Some(_) => return None,
        }
        self.skip_line();
        self.next_line();
        Some(())
    }

    /// A list or map in the column where it begins.
    fn block(&mut self, column: usize) -> Option<Read> {
        if self.is_dash() {
            return self.list(column);
        }
        let key = self.key()?;
        self.map(column, key)
    }

    fn open(&mut self) -> Option<()> {
        self.levels += 1;
        (self.levels <= MAX_DEPTH).then_some(())
    }

    fn list(&mut self, column: usize) -> Option<Read> {
        self.open()?;
        let start = self.at;
        let mut end = start;
        let mut items = Vec::new();
        while self.column == Some(column) && self.is_dash() {
            self.at += 1;
            let item = self.item(column)?;
            end = end.max(item.end);
            items.push(item.node);
            // What stands deeper than the list belongs to nothing.
            if self.column > Some(column) {
                return None;
            }
        }
        self.levels -= 1;
        Some(self.read(NodeKind::List(items), start, end))
    }

    /// What stands behind a dash.
    fn item(&mut self, column: usize) -> Option<Read> {
        if self.byte() != Some(b' ') {
            return self.below(column, self.at, false);
        }
        self.skip_spaces();
        // Where an empty item ends is the parser's affair.
        if matches!(self.byte(), None | Some(b'\n' | b'#')) {
            return None;
        }
        self.column = Some(self.at - self.line);
        self.nested(column)
    }

    /// A node that may be a list or map beginning here.
    fn nested(&mut self, parent: usize) -> Option<Read> {
        let column = self.column?;
        if self.is_dash() {
            return self.list(column);
        }
        let (start, begun) = (self.at, self.line);
        if let Some(key) = self.key() {
            return self.map(column, key);
        }
        (self.at, self.line) = (start, begun);
        self.inline(parent)
    }

    /// A node on the lines below what it belongs to, or nothing at `nothing`.
    fn below(&mut self, parent: usize, nothing: usize, after_key: bool) -> Option<Read> {
        self.end_line()?;
        if self.column > Some(parent) {
            return self.nested(parent);
        }
        if after_key && self.column == Some(parent) && self.is_dash() {
            return self.list(parent);
        }
        Some(self.read(NodeKind::Null, nothing, nothing))
    }

    fn map(&mut self, column: usize, first: Key) -> Option<Read> {
        self.open()?;
        let start = (first.span.start as usize) - self.base;
        let mut end = start;
        let mut entries = Vec::new();
        let mut key = first;
        loop {
            let value = self.value(column)?;
            end = end.max(value.end).max(key.span.end as usize - self.base);
            entries.push(Entry { key: key.text, key_span: key.span, value: value.node });
            if self.column < Some(column) {
                break;
            }
            if self.column > Some(column) {
                return None;
            }
            key = self.key()?;
        }
        self.levels -= 1;
        let sound = !entries::any_repeated(&entries);
        sound.then(|| self.read(NodeKind::Map(entries), start, end))
    }

    /// What stands behind a colon.
    fn value(&mut self, column: usize) -> Option<Read> {
        let colon = self.at;
        self.at += 1;
        self.skip_spaces();
        match self.byte() {
            None | Some(b'\n' | b'#') => {
                self.at = colon + 1;
                self.below(column, colon, true)
            }
            Some(b'-') if self.blank_after(1) => None,
            Some(_) => self.inline(column),
        }
    }

    /// A node that begins and is no block list or map, up to the next line that says something.
    fn inline(&mut self, parent: usize) -> Option<Read> {
        let read = match self.byte()? {
            b'|' | b'>' => self.block_scalar(parent)?,
            b'[' | b'{' => {
                let read = self.flow(parent)?;
                self.end_line()?;
                read
            }
            b'"' | b'\'' => {
                let start = self.at;
                let text = self.quoted()?;
                let read = self.read(NodeKind::Str(text), start, self.at);
                self.end_line()?;
                read
            }
            _ => self.plain_lines(parent)?,
        };
        (self.column <= Some(parent)).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::attempt;

    const SOURCE: SourceId = SourceId(0);

    /// Whether the text was read straight; that the parser reads it likewise.
    fn agrees(text: &str) -> bool {
        let Some(read) = read(SOURCE, text, 0, 0) else { return false };
        let parsed = attempt(SOURCE, text, 0, true, 0);
        assert!(parsed.mistake.is_none() && parsed.findings.is_empty(), "{text}\n{:?}", parsed.findings);
        assert!(!parsed.anchors, "{text}");
        // As text, since no number is equal to what is none.
        assert_eq!(format!("{:#?}", read.root), format!("{:#?}", parsed.root), "{text}");
        true
    }

    #[test]
    fn what_is_usual_is_read_straight() {
        let table = [
            "a: b\nc:\n  d: 1\n  e: ~\n  f:\n",
            "# c\na:\n- b # d\n-\n# e\n- - f\n  - g\n-  h: i\n   j: k",
            "a:\n  - b:\n    - c\n    d: e\n  # f\n  - g\nh:\n  i",
            "a: [1, b c, 'd', {e: f, \"g\": [h]}, i:j, -1, .5]\nb: {}\nc: []\nd: [a,]\ne: [\n  a,\n  b\n  ]\n",
            "a: 'it''s'\n'b c': \"d\\n\\\"e\\\"\"\n\"f\": '#'\n",
            "a: |\n\n  b\n   c\n\n  # d\n\n# e\nf: |-\n  g\nh: |+\n  i\n\nj: k\n",
            "a: >\n b\n c\n\n d\n  e\n f\n\n\n g\nb: >-\n   h\n   i",
            "a: b\n  c\n\n  d # e\nf: g:h i#j\n",
            "a: #pt-clj\nb: \"#pt-clj (inc 1)\"\nc: pt.param d\n",
            "é: ü\nz: [日本, 𝄞]\n",
            "1: a\ntrue: b\nnull: c\n",
        ];
        for text in table {
            assert!(agrees(text), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        let table = [
            "",
            "a",
            "- ",
            "- # a",
            "a: &b c\nd: *b\n",
            "a: !b c\n",
            "---\na: b\n",
            "a: b\n...\n",
            "a:\tb\n",
            "a: b\r\n",
            "a: b\na: c\n",
            "a: {b}\n",
            "a: {b:c}\n",
            "a: [b: c]\n",
            "a: b: c\n",
            "a: [b]c\n",
            "a: 'b\n  c'\n",
            "? a\n",
            "a: - b\n",
            "a:\n b\nc\n",
            "a: [\n]\n",
            "a: {<<: b}\n",
            "<<: a\n",
            "a : b\n",
            "a: |2\n   b\n",
            "a: |\n   b\n  c\n",
            "a: |-\n b\n  ",
            "a: \"\\x41\"\n",
            "a: b\n c: d\n",
            "a:\n  b: c\n d: e\n",
            "a: \u{85}",
            "\u{feff}a: b",
            "%a: b\n",
            "a: @b\n",
        ];
        for text in table {
            assert!(!agrees(text), "{text}");
        }
        let deep = |levels: usize| format!("a: {}{}\n", "[".repeat(levels), "]".repeat(levels));
        assert!(agrees(&deep(127)));
        assert!(!agrees(&deep(128)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_lines(lines in prop::collection::vec("( ){0,4}(a:|b: |c: |- |-|- - |- d: |d: e|\"f\": |'g h': i|\"|'|x|x y|- x|- \\||- >-|- b: \\|\\+|b: >|d: \\||b: \\|-|\\||  |    y|[\\[] *x,|- [\\[{]a: [\\]},]|[\\]}]|[\\[{]x[,:]? ?[}\\]]|\\{a: b, c: \\[d\\]\\}|# z|x # z|x #z|x: # z|&e |\\*e|- a:|~|\t|,|1|--|---|:|: x|\\?|a:b|\\{a:b\\}|é|#|\"\\\\n\"|'''')( [x#])?", 1..9)) {
            agrees(&lines.join("\n"));
            agrees(&format!("a:\n{}\n", lines.join("\n")));
            agrees(&format!("a:\n  - b\n{}\n", lines.join("\n")));
            agrees(&format!("a: |\n{}\nb: c", lines.join("\n")));
        }

        #[test]
        fn whatever_the_signs(text in "[a-c \\n:\\-#\\[\\]{},'\"|>?&*!%@`~\\\\.1é]{1,24}") {
            agrees(&text);
            agrees(&format!("a: {text}"));
            agrees(&format!("a: [{text}]"));
            agrees(&format!("- {text}"));
            agrees(&format!("a:\n  b: |\n   c\n{text}"));
        }
    }
}
