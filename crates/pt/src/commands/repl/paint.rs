//! Values in colour.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

/// A value as Clojure or JavaScript prints it, with a colour for each kind of word. Where no terminal reads it, the
/// stream takes the colours out.
pub(super) fn value(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => text_length(rest),
            c if in_word(c) => rest.find(|c| !in_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let (word, after) = rest.split_at(length);
        match colour(word) {
            Some(colour) => {
                let style = Style::new().fg_color(Some(colour.into()));
                // Writing to a string cannot fail.
                _ = write!(out, "{style}{word}{style:#}");
            }
            None => out.push_str(word),
        }
        rest = after;
    }
    out
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, ':' | '-' | '_' | '.' | '/' | '?' | '!' | '*' | '+')
}

fn text_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    text.len()
}

fn colour(word: &str) -> Option<AnsiColor> {
    let unsigned = word.trim_start_matches('-');
    if word.starts_with('"') {
        Some(AnsiColor::Green)
    } else if unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        Some(AnsiColor::Cyan)
    } else if word.starts_with(':') && word.len() > 1 {
        Some(AnsiColor::Magenta)
    } else if ["nil", "true", "false", "null", "undefined"].contains(&word) {
        Some(AnsiColor::Yellow)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_words_have_colours() {
        let shown = value(r#"{:a "x\"1", :b [nil -2.5 (f)]}"#);
        let named =
            [("\x1b[35m", "<kw>"), ("\x1b[32m", "<str>"), ("\x1b[36m", "<num>"), ("\x1b[33m", "<word>")];
        let named = named.iter().fold(shown, |text, (code, name)| text.replace(code, name));
        let expected = r#"{<kw>:a</> <str>"x\"1"</>, <kw>:b</> [<word>nil</> <num>-2.5</> (f)]}"#;
        assert_eq!(named.replace("\x1b[0m", "</>"), expected);
    }
}
