//! Whether a piece of code is whole, or goes on in the next line.

use std::iter::Peekable;
use std::str::Chars;

use pt_eval::Language;
use pt_syntax::{Reading, references};

/// Whether every bracket and text in it is closed. What is closed too often is whole: it is a mistake to be told.
pub(super) fn is_whole(language: Language, text: &str) -> bool {
    if is_prefix(text) {
        return false;
    }
    if let Reading::Code(code) = references(text) {
        return is_whole(super::language_of(&code), code.body);
    }
    let mut depth = 0_usize;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (language, c) {
            (Language::Clojure, ';') | (Language::Python, '#') => skip_line(&mut chars),
            (Language::JavaScript, '/') if chars.peek() == Some(&'/') => skip_line(&mut chars),
            (Language::JavaScript, '/') if chars.peek() == Some(&'*') => {
                chars.next();
                let mut before = ' ';
                loop {
                    match chars.next() {
                        Some('/') if before == '*' => break,
                        Some(c) => before = c,
                        None => return false,
                    }
                }
            }
            // A character: `\(` opens nothing.
            (Language::Clojure, '\\') => drop(chars.next()),
            (Language::Python, '"' | '\'') if begins_text_of_lines(&mut chars, c) => {
                let is_closed = skip_text_of_lines(&mut chars, c);
                if !is_closed {
                    return false;
                }
            }
            (_, '"') | (Language::JavaScript, '\'' | '`') | (Language::Python, '\'') => {
                // Outside of templates a text of JavaScript ends with its line, closed or not: no line can mend it.
                let of_lines = c == '`' || language == Language::Clojure;
                loop {
                    match chars.next() {
                        Some('\\') => drop(chars.next()),
                        Some('\n') if !of_lines => break,
                        Some(end) if end == c => break,
                        Some(_) => {}
                        None => return false,
                    }
                }
            }
            (_, '(' | '[' | '{') => depth += 1,
            (_, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth == 0 && !(language == Language::Python && is_open_block(text))
}

/// Whether a text is nothing but the prefix of a language: its code follows.
fn is_prefix(text: &str) -> bool {
    text.trim().starts_with(['#', 'p'])
        && matches!(references(&format!("{} _", text.trim())), Reading::Code(code) if code.body.trim() == "_")
}

/// Whether two more quotes follow a first one; they are taken then.
fn begins_text_of_lines(chars: &mut Peekable<Chars<'_>>, quote: char) -> bool {
    let mut ahead = chars.clone();
    let begins = ahead.next() == Some(quote) && ahead.next() == Some(quote);
    if begins {
        *chars = ahead;
    }
    begins
}

/// To the end of a text in three quotes, if it has one.
fn skip_text_of_lines(chars: &mut Peekable<Chars<'_>>, quote: char) -> bool {
    let mut quotes = 0;
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c if c == quote => quotes += 1,
            _ => quotes = 0,
        }
        if quotes == 3 {
            return true;
        }
    }
    false
}

/// As in Python's own: what has an indented block ends with an empty line.
fn is_open_block(text: &str) -> bool {
    let opens = |line: &str| {
        let line = line.split(" #").next().unwrap_or_default().trim_end();
        line.ends_with(':') || line.starts_with('@')
    };
    let has_block = text.lines().any(opens);
    let last = text.rsplit('\n').next().unwrap_or_default();
    has_block && !(text.contains('\n') && last.trim().is_empty())
}

fn skip_line(chars: &mut impl Iterator<Item = char>) {
    for c in chars {
        if c == '\n' {
            return;
        }
    }
}

/// Whether there is nothing to evaluate: blanks and comments of their own lines.
pub(super) fn is_blank(language: Language, text: &str) -> bool {
    if matches!(references(text), Reading::Code(_)) {
        return false;
    }
    let comment = match language {
        Language::Clojure => ";",
        Language::JavaScript => "//",
        Language::Python => "#",
    };
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with(comment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_goes_on() {
        for (language, text, whole) in [
            (Language::Clojure, "(+ 1 2)", true),
            (Language::Clojure, "(+ 1", false),
            (Language::Clojure, "(str \"a)\"", false),
            (Language::Clojure, "(str \"a)\\\"\" \\( ) ; (", true),
            (Language::Clojure, "\"two\nlines", false),
            (Language::Clojure, "(a))", true),
            (Language::JavaScript, "const f = () => {", false),
            (Language::JavaScript, "`a\n${1}", false),
            (Language::JavaScript, "'it'.length // {", true),
            (Language::JavaScript, "/* {", false),
            (Language::JavaScript, "'open\n", true),
            (Language::Python, "x = [1,", false),
            (Language::Python, "x = {'a': 1} # [", true),
            (Language::Python, "def f():", false),
            (Language::Python, "def f():\n    return 1", false),
            (Language::Python, "def f():\n    return 1\n", true),
            (Language::Python, "@dataclass", false),
            (Language::Python, "\"\"\"two\nlines", false),
            (Language::Python, "\"\"\"two \\\"\"\" \nlines\"\"\" + 'it'", true),
            (Language::Python, "1", true),
        ] {
            assert_eq!(is_whole(language, text), whole, "{text}");
        }
    }
}
