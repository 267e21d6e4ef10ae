//! The line that is being typed.

use std::fs;
use std::path::PathBuf;

use pt_eval::Language;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Behavior, CompletionType, Config, Context, Helper};

use super::whole::is_whole;
use crate::failure::{Failure, Outcome};

/// An editor with a history that stays.
pub(super) struct Editor {
    inner: rustyline::Editor<Typing, DefaultHistory>,
    history: PathBuf,
}

impl Editor {
    /// With the history of earlier sessions.
    pub(super) fn new(language: Language, history: PathBuf) -> Result<Self, Failure> {
        let config = Config::builder()
            .behavior(Behavior::PreferTerm)
            .completion_type(CompletionType::List)
            .history_ignore_space(true)
            .build();
        let mut inner = rustyline::Editor::with_config(config).map_err(unusable)?;
        inner.set_helper(Some(Typing { language, names: Vec::new() }));
        if history.exists() {
            inner.load_history(&history).map_err(unusable)?;
        }
        Ok(Self { inner, history })
    }

    /// What Tab offers from now on.
    pub(super) fn complete_with(&mut self, mut names: Vec<String>) {
        names.sort();
        names.dedup();
        if let Some(typing) = self.inner.helper_mut() {
            typing.names = names;
        }
    }

    /// Reads a whole piece of code; Ctrl-C begins anew, Ctrl-D ends.
    pub(super) fn read(&mut self, prompt: &str) -> Result<Option<String>, Failure> {
        loop {
            match self.inner.readline(prompt) {
                Ok(text) => {
                    self.remember(&text)?;
                    return Ok(Some(text));
                }
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ok(None),
                Err(error) => return Err(unusable(error)),
            }
        }
    }

    fn remember(&mut self, text: &str) -> Outcome {
        if self.inner.add_history_entry(text).map_err(unusable)? {
            if let Some(dir) = self.history.parent() {
                fs::create_dir_all(dir)?;
            }
            self.inner.append_history(&self.history).map_err(unusable)?;
        }
        Ok(())
    }
}

fn unusable(error: ReadlineError) -> Failure {
    Failure::new(format!("The terminal cannot be used: {error}"))
}

/// What the editor asks while somebody types.
struct Typing {
    language: Language,
    names: Vec<String>,
}

impl Helper for Typing {}
impl Highlighter for Typing {}

impl Hinter for Typing {
    type Hint = String;
}

impl Validator for Typing {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_whole(self.language, context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

impl Completer for Typing {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let before = &line[..at];
        let ends = |c: char| c.is_whitespace() || "()[]{}\"'`,;@^~#".contains(c);
        let start =
            before.rfind(ends).map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
        let word = &before[start..];
        if word.is_empty() {
            return Ok((at, Vec::new()));
        }
        let fits = self.names.iter().filter(|name| name.starts_with(word));
        Ok((start, fits.cloned().collect()))
    }
}
