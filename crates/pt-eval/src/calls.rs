//! Where code names functions of the runner, told by its text.

use std::ops::Range;

use crate::Language;

/// Names that are no functions.
const VALUES: [&str; 2] = ["pt/module-repo-ref", "pt/module-project-ref"];

/// What `pt` has in JavaScript beside the functions of the runner.
const LOOKUPS: [&str; 2] = ["pt.param", "pt.input"];

/// The places of `pt/NAME` in Clojure, of `pt.NAME(` in JavaScript and Python; texts and comments are no places.
pub(crate) fn runner_names(language: Language, text: &str) -> Vec<Range<usize>> {
    let prefix = if language == Language::Clojure { "pt/" } else { "pt." };
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if let Some(length) = skipped(language, &text[at..]) {
            at += length;
            continue;
        }
        let before = text[..at].chars().next_back();
        if text[at..].starts_with(prefix) && !before.is_some_and(|c| joins(language, c)) {
            let name: usize =
                text[at + 3..].chars().take_while(|c| in_name(language, *c)).map(char::len_utf8).sum();
            let range = at..at + 3 + name;
            let called = text[range.end..].trim_start().starts_with('(');
            let counts = match language {
                Language::JavaScript => called && !LOOKUPS.contains(&&text[range.clone()]),
                Language::Python => called,
                Language::Clojure => !VALUES.contains(&&text[range.clone()]),
            };
            if name > 0 && counts {
                found.push(range.clone());
            }
            at = range.end;
            continue;
        }
        at += text[at..].chars().next().map_or(1, char::len_utf8);
    }
    found
}

/// The length of the text or comment that begins here.
fn skipped(language: Language, text: &str) -> Option<usize> {
    let to = |end: &str, from: usize| text[from..].find(end).map_or(text.len(), |at| from + at + end.len());
    match language {
        Language::JavaScript if text.starts_with("//") => Some(to("\n", 2)),
        Language::JavaScript if text.starts_with("/*") => Some(to("*/", 2)),
        Language::JavaScript => {
            let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
            Some(quoted(text, quote))
        }
        Language::Python if text.starts_with('#') => Some(to("\n", 1)),
        Language::Python => {
            let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let triple = quote.to_string().repeat(3);
            Some(if text.starts_with(&triple) { to(&triple, 3) } else { quoted(text, quote) })
        }
        Language::Clojure if text.starts_with(';') => Some(to("\n", 1)),
        // A character: `\"`.
        Language::Clojure if text.starts_with('\\') => {
            Some(1 + text[1..].chars().next().map_or(0, char::len_utf8))
        }
        Language::Clojure => text.starts_with('"').then(|| quoted(text, '"')),
    }
}

/// The length of a text in quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn in_name(language: Language, c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || (language == Language::Clojure && "-?!*+<>=.'".contains(c))
}

/// Whether a character before `pt` makes it the end of another word.
fn joins(language: Language, c: char) -> bool {
    in_name(language, c) || c == '.' || (language == Language::Clojure && matches!(c, ':' | '/'))
}
