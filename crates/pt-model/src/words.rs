//! Splits a command line into words.

use crate::{Part, Secret, Text};

/// A quote that was opened and never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the quote {quote} is never closed")]
pub struct UnclosedQuote {
    /// The quotation mark.
    pub quote: char,
}

/// Splits as a POSIX shell splits words: quotes and backslashes are honoured; nothing is expanded, no operator is
/// known. Secrets are never split: they are taken whole into the word in which they stand.
///
/// # Errors
/// A quote that is not closed.
pub fn shell_words(line: &Text) -> Result<Vec<Text>, UnclosedQuote> {
    let mut splitter = Splitter::default();
    for part in line.parts() {
        match part {
            Part::Plain(text) => splitter.read(text),
            Part::Secret(secret) => splitter.take(secret),
        }
    }
    splitter.finish()
}

#[derive(Default)]
struct Splitter {
    words: Vec<Text>,
    word: Option<Vec<Part>>,
    quote: Option<char>,
    escaped: bool,
}

impl Splitter {
    fn read(&mut self, text: &str) {
        for c in text.chars() {
            match (self.quote, c) {
                _ if self.escaped => self.unescape(c),
                (None | Some('"'), '\\') => {
                    self.open();
                    self.escaped = true;
                }
                (Some(quote), c) if c == quote => self.quote = None,
                (Some(_), c) => self.push(c),
                (None, '"' | '\'') => {
                    self.open();
                    self.quote = Some(c);
                }
                (None, c) if c.is_whitespace() => self.end_word(),
                (None, c) => self.push(c),
            }
        }
    }

    /// Inside double quotes a backslash stays unless it escapes something there; a line end after it joins lines.
    fn unescape(&mut self, c: char) {
        self.escaped = false;
        if self.quote == Some('"') && !matches!(c, '"' | '\\' | '$' | '`' | '\n') {
            self.push('\\');
        }
        if c != '\n' {
            self.push(c);
        }
    }

    fn open(&mut self) -> &mut Vec<Part> {
        self.word.get_or_insert_default()
    }

    fn push(&mut self, c: char) {
        let parts = self.open();
        if let Some(Part::Plain(text)) = parts.last_mut() {
            text.push(c);
        } else {
            parts.push(Part::Plain(c.into()));
        }
    }

    fn take(&mut self, secret: &Secret) {
        self.open().push(Part::Secret(secret.clone()));
    }

    fn end_word(&mut self) {
        if let Some(parts) = self.word.take() {
            self.words.push(Text::from_parts(parts));
        }
    }

    fn finish(mut self) -> Result<Vec<Text>, UnclosedQuote> {
        if let Some(quote) = self.quote {
            return Err(UnclosedQuote { quote });
        }
        if self.escaped {
            self.push('\\');
        }
        self.end_word();
        Ok(self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_splits_them() {
        for (line, words) in [
            ("", vec![]),
            ("  a  b\tc\n", vec!["a", "b", "c"]),
            ("sh -c 'pip install -r /r.txt; python'", vec!["sh", "-c", "pip install -r /r.txt; python"]),
            (r#"echo "a \"b\" \n" c\ d"#, vec!["echo", r#"a "b" \n"#, "c d"]),
            (r#"a"b"'c'd"#, vec!["abcd"]),
            ("x '' \"\"", vec!["x", "", ""]),
            ("echo $HOME && a | b > c *", vec!["echo", "$HOME", "&&", "a", "|", "b", ">", "c", "*"]),
        ] {
            let split: Vec<String> =
                shell_words(&Text::from(line)).unwrap().iter().map(Text::expose).collect();
            assert_eq!(split, words, "{line}");
        }
        assert_eq!(shell_words(&Text::from("echo 'a")), Err(UnclosedQuote { quote: '\'' }));
    }

    #[test]
    fn a_secret_with_blanks_stays_one_word() {
        let line = Text::from_parts([
            Part::Plain("login --password=".into()),
            Part::Secret(Secret::new("password", "two words'")),
            Part::Plain(" --now".into()),
        ]);
        let words = shell_words(&line).unwrap();
        assert_eq!(words[1].expose(), "--password=two words'");
        assert_eq!(words[2].expose(), "--now");
    }
}
