//! Whether a piece of code is whole, or goes on in the next line.

use pt_eval::Language;

/// Whether every bracket and text in it is closed. What is closed too often is whole: it is a mistake to be told.
pub(super) fn is_whole(language: Language, text: &str) -> bool {
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
    depth == 0
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
        ] {
            assert_eq!(is_whole(language, text), whole, "{text}");
        }
    }
}
