//! Places as editors count them: lines from 0, columns in UTF-16 units.

use ls_types::{Position, Range};
use pt_syntax::Span;

/// A text and where its lines begin.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let ends = (0..bytes.len())
            .filter(|at| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n')));
        Self { text, starts: [0].into_iter().chain(ends.map(|at| at + 1)).collect() }
    }

    /// The byte at a position; positions beyond a line or the text mean its end.
    pub(crate) fn offset(&self, position: Position) -> usize {
        let line = position.line as usize;
        let Some(start) = self.starts.get(line) else { return self.text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let content = self.text[*start..end].trim_end_matches(['\n', '\r']);
        let mut units = 0;
        for (at, char) in content.char_indices() {
            if units >= position.character as usize {
                return start + at;
            }
            units += char.len_utf16();
        }
        start + content.len()
    }

    /// The position of a byte.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let units = self.text[self.starts[line]..offset].encode_utf16().count();
        Position { line: number(line), character: number(units) }
    }

    /// The range between two bytes.
    pub(crate) fn range(&self, start: usize, end: usize) -> Range {
        Range { start: self.position(start), end: self.position(end) }
    }

    /// The range of a span of this text.
    pub(crate) fn range_of(&self, span: Span) -> Range {
        self.range(span.start as usize, span.end as usize)
    }
}

/// Texts are at most 4 GiB.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_utf16_units() {
        let text = "a: é\r\nb: 😀x\rc: 漢\n";
        let lines = Lines::of(text);
        let table =
            [("é", 0, 3), ("\r\nb", 0, 4), ("b", 1, 0), ("😀", 1, 3), ("x", 1, 5), ("c", 2, 0), ("漢", 2, 3)];
        for (needle, line, character) in table {
            let offset = text.find(needle).unwrap();
            let position = Position { line, character };
            assert_eq!(lines.position(offset), position, "{needle}");
            assert_eq!(lines.offset(position), offset, "{needle}");
        }
        assert_eq!(lines.position(text.len()), Position { line: 3, character: 0 });
    }

    #[test]
    fn positions_beyond_the_end_mean_the_end() {
        let lines = Lines::of("ab\ncd");
        for (line, character, offset) in [(0, 9, 2), (1, 9, 5), (7, 0, 5)] {
            assert_eq!(lines.offset(Position { line, character }), offset);
        }
    }
}
