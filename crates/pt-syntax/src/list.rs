//! Small values for messages: "`a`, `b` or `c`", "3 steps".

use std::fmt;

/// Shows words in backquotes, the last two joined by a word: "`a`, `b` or `c`".
#[derive(Clone, Copy, Debug)]
pub struct Listed<'w, W> {
    words: &'w [W],
    joint: &'static str,
}

/// "`a`, `b` or `c`": one of them.
pub fn any_of<W: AsRef<str>>(words: &[W]) -> Listed<'_, W> {
    Listed { words, joint: "or" }
}

/// "`a`, `b` and `c`": all of them.
pub fn all_of<W: AsRef<str>>(words: &[W]) -> Listed<'_, W> {
    Listed { words, joint: "and" }
}

impl<W: AsRef<str>> fmt::Display for Listed<'_, W> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.words.iter().enumerate() {
            match at {
                0 => {}
                _ if at + 1 == self.words.len() => write!(out, " {} ", self.joint)?,
                _ => out.write_str(", ")?,
            }
            write!(out, "`{}`", word.as_ref())?;
        }
        Ok(())
    }
}

/// Shows a number of things: "1 step", "3 steps".
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    number: usize,
    noun: &'static str,
}

/// "1 step", "3 steps". The noun takes a plain `s`.
pub fn count(number: usize, noun: &'static str) -> Counted {
    Counted { number, noun }
}

impl fmt::Display for Counted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}{}", self.number, self.noun, if self.number == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert_eq!(any_of::<&str>(&[]).to_string(), "");
        assert_eq!(any_of(&["a"]).to_string(), "`a`");
        assert_eq!(any_of(&["a", "b"]).to_string(), "`a` or `b`");
        assert_eq!(all_of(&["a".to_owned(), "b".to_owned(), "c".to_owned()]).to_string(), "`a`, `b` and `c`");
    }

    #[test]
    fn counts() {
        assert_eq!(
            format!("{}, {}, {}", count(0, "step"), count(1, "step"), count(2, "step")),
            "0 steps, 1 step, 2 steps"
        );
    }
}
