//! What somebody is typing: the word at the cursor in a document that is not finished.

use std::path::Path;

use pt_syntax::{Format, Node, Severity};

use crate::site::{Site, sites};
use crate::workspace::{format_of, read};

/// Stands where the cursor is; a private character that no text holds.
const MARK: char = '\u{E000}';

/// A document around a cursor, completed so that the word there has a place in it.
pub(crate) struct Typing {
    root: Node,
}

impl Typing {
    /// Reads a text with something typed at an offset; nothing if the cursor stands in a comment.
    ///
    /// What follows the cursor may contradict what is being typed, so less and less of it is believed; then lines before
    /// it that cannot be understood are passed over.
    pub(crate) fn at(path: &Path, text: &str, offset: usize) -> Option<Self> {
        Self::attempt(path, text, offset).or_else(|| {
            let mended = mended(path, &text[..offset]);
            Self::attempt(path, &format!("{mended}{}", &text[offset..]), offset)
        })
    }

    fn attempt(path: &Path, text: &str, offset: usize) -> Option<Self> {
        let (head, tail) = text.split_at(offset);
        let next = &tail[tail.find(['\n', '\r']).unwrap_or(tail.len())..];
        let quoted = tail.strip_prefix('"').unwrap_or(tail);
        let after: &[&str] = match format_of(path) {
            Format::Yaml => &["", ": ", "\"", "'", "\"}"],
            Format::Json => &["", "\": null", "\"", "\"}"],
            Format::Edn => &["", " nil", "\"", " nil}", "\"}"],
        };
        let mut partly = None;
        let mut rests = vec![tail, quoted, next, ""];
        rests.dedup();
        for (rest, after) in rests.into_iter().flat_map(|rest| after.iter().map(move |after| (rest, after))) {
            let parsed = read(path, &format!("{head}{MARK}{after}{rest}"));
            let sound = !parsed.has_errors();
            let typing = Self { root: parsed.document.root };
            if typing.site().is_none() {
                continue;
            }
            if sound {
                return Some(typing);
            }
            partly = partly.or(Some(typing));
        }
        partly
    }

    /// The word that is being typed.
    pub(crate) fn site(&self) -> Option<Site<'_>> {
        sites(&self.root).into_iter().find(|site| site.text.contains(MARK))
    }
}

/// What stands before the cursor in the word that is being typed.
pub(crate) fn before<'n>(site: &Site<'n>) -> &'n str {
    site.text.split(MARK).next().unwrap_or_default()
}

/// Whether a word is the one that is being typed.
pub(crate) fn is_typed(word: &str) -> bool {
    word.contains(MARK)
}

/// As much of a text as can be understood: lines that break it are passed over.
pub(crate) fn understood(path: &Path, text: &str) -> Node {
    let parsed = read(path, text);
    if parsed.has_errors() { read(path, &mended(path, text)).document.root } else { parsed.document.root }
}

/// The text with lines that break it blanked out, a few at most. All other places stay as they are.
fn mended(path: &Path, text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..4 {
        let found = read(path, &text).diagnostics;
        let error = found.iter().find(|found| found.severity == Severity::Error);
        let Some(label) = error.and_then(|error| error.labels.first()) else { break };
        let at = (label.span.start as usize).min(text.len());
        let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        if text[start..end].trim().is_empty() {
            break;
        }
        text.replace_range(start..end, &" ".repeat(end - start));
    }
    text
}
