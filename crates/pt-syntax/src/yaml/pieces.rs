//! Large texts, read piece by piece on several threads.
//!
//! A polytope file with thousands of modules is a map of a few long lists. Before a dash at the column of such a list, or a
//! key at the left margin, nothing that stood before can still be open, except quotes and brackets; and a piece that ends
//! inside of those does not read cleanly. So where every piece reads without a finding the pieces together are what reading
//! all at once would give. Every other text is read all at once.

use std::num::NonZero;
use std::ops::Range;
use std::thread;

use super::{Attempt, strictly};
use crate::{Node, NodeKind, SourceId};

/// What is smaller is read before threads have started.
const SMALLEST: usize = 64 << 10;

/// More threads than this wait for memory, not for each other.
const MOST: usize = 8;

/// A part of a text that can be read alone.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    range: Range<usize>,
    /// Whether it begins with an item of the list that the piece before ends in; otherwise with a key of the root.
    continues: bool,
}

/// The root of a large text without mistakes; `None` for any other text.
pub(super) fn read(source: SourceId, text: &str, base: usize) -> Option<Node> {
    if text.len() < 2 * SMALLEST {
        return None;
    }
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
    if threads == 1 {
        return None;
    }
    read_by(source, text, base, (text.len() / threads).max(SMALLEST))
}

/// Reads in pieces of at least `size` bytes.
fn read_by(source: SourceId, text: &str, base: usize, size: usize) -> Option<Node> {
    let pieces = cut(text, size)?;
    let read = |piece: &Piece| {
        let levels_around = usize::from(piece.continues);
        strictly(source, &text[piece.range.clone()], base + piece.range.start, levels_around)
    };
    let (first, others) = pieces.split_first().filter(|(_, others)| !others.is_empty())?;
    let attempts = thread::scope(|scope| {
        let spawned: Vec<_> = others
            .iter()
            .map(|piece| thread::Builder::new().spawn_scoped(scope, move || read(piece)).ok())
            .collect();
        let first = read(first);
        let others = spawned.into_iter().map(|thread| thread?.join().ok());
        std::iter::once(Some(first)).chain(others).collect::<Option<Vec<Attempt>>>()
    })?;
    joined(attempts, &pieces)
}

/// The pieces of a text; `None` for one that does not begin with a key at the left margin, or has something else there
/// than keys and items.
fn cut(text: &str, size: usize) -> Option<Vec<Piece>> {
    if text.contains('\r') {
        return None;
    }
    let mut pieces: Vec<Piece> = Vec::new();
    // The column of the list that the last key of the root has as its value; not known right after the key.
    let (mut column, mut after_key, mut begun) = (None, false, false);
    let mut start = 0;
    let mut continues = false;
    let mut last = "";
    let mut at = 0;
    for line in text.split('\n') {
        let here = at;
        at += line.len() + 1;
        let indent = line.bytes().take_while(|byte| *byte == b' ').count();
        let rest = &line[indent..];
        if rest.is_empty() || rest.starts_with('#') {
            continue;
        }
        let item = rest == "-" || rest.starts_with("- ");
        let before = std::mem::replace(&mut last, rest);
        let key = indent == 0 && !item;
        let long = here - start >= size;
        // Nearly every line is neither a key nor far enough from the last cut.
        if !key && !long && begun && !after_key {
            continue;
        }
        // Where an empty block scalar stands depends on what follows: there no cut must be.
        let possible = begun && !before.contains(['|', '>']);
        let long_enough = possible && long;
        let mut next_continues = None;
        if key {
            let value = after_plain_key(rest)?;
            if continues && !possible {
                return None;
            }
            next_continues = (continues || long_enough).then_some(false);
            (column, after_key, begun) = (None, value.is_empty(), true);
        } else if !begun {
            return None;
        } else if after_key {
            (column, after_key) = (item.then_some(indent), false);
        } else if column == Some(indent) && item && long_enough {
            next_continues = Some(true);
        }
        if let Some(next) = next_continues {
            // Block scalars at the end reach to where something stands on the next line.
            pieces.push(Piece { range: start..here + indent, continues });
            (start, continues) = (here, next);
        }
    }
    pieces.push(Piece { range: start..text.len(), continues });
    Some(pieces)
}

/// What stands behind `key:` on its line.
fn after_plain_key(line: &str) -> Option<&str> {
    let (key, value) = line.split_once(':')?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let is_key = key.starts_with(|first: char| first.is_ascii_lowercase()) && key.bytes().all(plain);
    (is_key && (value.is_empty() || value.starts_with(' '))).then_some(value)
}

/// The pieces as one tree, if all of them read cleanly and fit together.
fn joined(attempts: Vec<Attempt>, pieces: &[Piece]) -> Option<Node> {
    let mut root: Option<Node> = None;
    for (attempt, piece) in attempts.into_iter().zip(pieces) {
        if attempt.mistake.is_some() || !attempt.findings.is_empty() || attempt.anchors {
            return None;
        }
        let read = attempt.root;
        let Some(root) = &mut root else {
            root = matches!(read.kind, NodeKind::Map(_)).then_some(read);
            continue;
        };
        let NodeKind::Map(entries) = &mut root.kind else { return None };
        match (read.kind, piece.continues) {
            (NodeKind::Map(more), false) => {
                if more.iter().any(|new| entries.iter().any(|entry| entry.key == new.key)) {
                    return None;
                }
                entries.extend(more);
            }
            (NodeKind::List(more), true) => {
                let last = &mut entries.last_mut()?.value;
                let NodeKind::List(items) = &mut last.kind else { return None };
                items.extend(more);
                last.span = last.span.to(read.span);
            }
            _ => return None,
        }
        root.span = root.span.to(read.span);
    }
    root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::attempt;

    const SOURCE: SourceId = SourceId(0);

    /// The pieces of a text joined by bars.
    fn pieces(text: &str, size: usize) -> String {
        let Some(pieces) = cut(text, size) else { return "whole".to_owned() };
        pieces
            .iter()
            .map(|piece| text[piece.range.clone()].trim_end_matches(' '))
            .collect::<Vec<_>>()
            .join("|")
    }

    #[test]
    fn cuts_before_items_of_the_long_lists_and_before_keys_of_the_root() {
        let table = [
            ("a:\n- b\n- c\nd: e\n", "a:\n- b\n|- c\n|d: e\n"),
            ("# x\na:\n\n  # y\n  - b:\n    - c\n  - d\n", "# x\na:\n\n  # y\n  - b:\n    - c\n|  - d\n"),
            ("a: |\n  - b\n  - c\nd:\n  e: f\n", "a: |\n  - b\n  - c\n|d:\n  e: f\n"),
            ("a:\n- b\n- |\n  - c\n   d\n\n- e\n", "a:\n- b\n|- |\n  - c\n   d\n\n|- e\n"),
            ("a:\n- b\n---\nc:\n- d\n", "whole"),
            ("a: 'b\nc'\n", "whole"),
            ("a:\r\n- b\r\n- c\r\n", "whole"),
            ("? a\n: b\n", "whole"),
            ("\"a\":\n- b\n- c\n", "whole"),
        ];
        for (text, expected) in table {
            assert_eq!(pieces(text, 1), expected, "{text}");
        }
        assert_eq!(pieces("a:\n- b\n- c\n- d\n- e\n", 8), "a:\n- b\n- c\n|- d\n- e\n");
    }

    /// Whether the text was read in pieces; that they give what reading all at once gives.
    fn agrees(text: &str) -> bool {
        let Some(root) = read_by(SOURCE, text, 0, 1) else { return false };
        let whole = attempt(SOURCE, text, 0, true, 0);
        assert!(whole.mistake.is_none() && whole.findings.is_empty(), "{text}\n{:?}", whole.findings);
        assert_eq!(root, whole.root, "{text}");
        true
    }

    #[test]
    fn pieces_say_what_the_whole_says() {
        let table = [
            ("a:\n- b\n- c: d\n  e: [1,\n   2]\nf:\n  - g\n  - h\n", true),
            ("a:\n- b:\n-\n- \n- c:\n\n# d\n", true),
            ("a:\n  - |+\n    b\n\n  - >\n    c\n   \n  - d\n", true),
            ("a:\n- \"b\n  c\"\n- 'd\n\n  e'\n- f\n  g\n", true),
            // A quote that is open at a dash, an alias of another piece, a key twice, a list within no list.
            ("a:\n- \"b\n- c\"\n- d\n", false),
            ("a:\n- &b c\n- *b\n", false),
            ("a:\n- b\na:\n- c\n", false),
            ("a: \"\nb:\n- \"\n- c\n", false),
            ("a:\n- b\n- [\n- c\n", false),
        ];
        for (text, in_pieces) in table {
            assert_eq!(agrees(text), in_pieces, "{text}");
        }
        let deep = |levels: usize| format!("a:\n- b\n- {}{}\n", "[".repeat(levels), "]".repeat(levels));
        assert!(agrees(&deep(126)));
        assert!(!agrees(&deep(127)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_the_lines(lines in prop::collection::vec("(  )?(a:|b:|c: |- |-|- - |d: e|\"|'|x|- x|- \\||- >-|- b: \\|\\+|||  y|    y|- \\[|]|# z|&e |\\*e|- a:| f: |\t|,)", 1..12)) {
            agrees(&format!("a:\n  - b\n{}", lines.join("\n")));
            agrees(&format!("a:\n- b\n{}", lines.join("\n")));
            agrees(&(lines.join("\n") + "\n"));
        }
    }
}
