//! Source texts and places in them.

use std::sync::{Arc, OnceLock};

/// Which source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A piece of a source text: byte offsets, the end excluded. Small and copyable, so it travels with everything read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

impl Span {
    /// From the start of `self` to the end of `other`.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { end: other.end, ..self }
    }
}

/// A source text and its name: a path as the user would write it, or `<arguments>`.
#[derive(Debug)]
pub struct Source {
    /// Its name in messages.
    pub name: String,
    /// The text.
    pub text: String,
    /// Where its lines begin, once somebody has asked: thousands of places may be told of one text.
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// The number of the line that a byte is on, from 1, and where that line begins.
    pub(crate) fn line(&self, at: usize) -> (usize, usize) {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            [0].into_iter().chain(ends.map(|(end, _)| end + 1)).collect()
        });
        let line = lines.partition_point(|start| *start <= at);
        (line, lines[line - 1])
    }
}

/// A place as people count: line and column from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
}

/// All source texts that were read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    texts: Vec<Arc<Source>>,
}

impl Sources {
    /// Adds a text.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.texts.push(Arc::new(Source { name: name.into(), text: text.into(), lines: OnceLock::new() }));
        SourceId(u32::try_from(self.texts.len() - 1).expect("fewer than 2^32 files"))
    }

    /// The text with this id. Ids come from [`Sources::add`] of the same collection.
    pub fn get(&self, id: SourceId) -> &Arc<Source> {
        &self.texts[id.0 as usize]
    }

    /// The name of a text, if there is one with this id.
    pub fn name(&self, id: SourceId) -> Option<&str> {
        self.texts.get(id.0 as usize).map(|source| source.name.as_str())
    }

    /// All texts, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.texts.iter()
    }

    /// The text of a piece.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source).text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// Where a piece begins.
    pub fn position(&self, span: Span) -> Position {
        let source = self.get(span.source);
        // A place outside of the text is at its beginning.
        let at = source.text.get(..span.start as usize).map_or(0, str::len);
        let (line, start) = source.line(at);
        Position { line, column: source.text[start..at].chars().count() + 1 }
    }
}
