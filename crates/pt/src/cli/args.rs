//! Arguments that many commands share.

use std::path::PathBuf;

use clap::{ArgAction, Args};
use clap_complete::ArgValueCandidates;
use serde::Serialize;

use crate::complete;
use crate::failure::{Failure, Outcome};
use crate::output::{Format, render};

/// Whose jobs, values and secrets.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ContextArgs {
    /// Runs as a specific user against a specific Polytope instance.
    #[arg(short, long, value_name = "context", add = ArgValueCandidates::new(complete::contexts))]
    pub(crate) context: Option<String>,
}

/// Which project.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ProjectArgs {
    /// Takes the project of this polytope file instead of the one around the working directory.
    #[arg(short = 'f', long, value_name = "path")]
    pub(crate) polytope_file: Option<PathBuf>,
}

/// Which commits of other repositories.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct LockArgs {
    /// Takes the newest commits of other repositories, and pins those in polytope.lock.
    #[arg(long)]
    pub(crate) update_locks: bool,
}

/// How data is printed.
#[derive(Clone, Debug, Args)]
pub(crate) struct OutputArgs {
    /// Selects output format [default: yaml].
    #[arg(short, long, value_name = "format")]
    pub(crate) output: Option<Format>,
    /// Pretty-prints output when supported [default: true].
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, overrides_with = "no_pretty")]
    #[arg(default_value_t = true, default_missing_value = "true")]
    pretty: bool,
    #[arg(long, hide = true)]
    no_pretty: bool,
    /// If the data is a string, number, or boolean, prints it as a raw string.
    #[arg(short, long)]
    pub(crate) raw: bool,
}

impl OutputArgs {
    /// Whether to print for people rather than for programs.
    pub(crate) fn pretty(&self) -> bool {
        self.pretty && !self.no_pretty
    }

    /// The data as text, in the notation that was chosen or else in YAML.
    pub(crate) fn text(&self, data: &impl Serialize) -> Result<String, Failure> {
        if self.raw {
            match serde_json::to_value(data)? {
                serde_json::Value::String(text) => return Ok(format!("{text}\n")),
                scalar @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => {
                    return Ok(format!("{scalar}\n"));
                }
                serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {}
            }
        }
        render(data, self.output.unwrap_or(Format::Yaml), self.pretty())
    }

    /// Prints data.
    pub(crate) fn print(&self, data: &impl Serialize) -> Outcome {
        use std::io::Write;
        Ok(anstream::stdout().lock().write_all(self.text(data)?.as_bytes())?)
    }

    /// Prints data: in words where nobody chose a notation and a terminal shows it.
    pub(crate) fn print_or(&self, data: &impl Serialize, words: impl FnOnce() -> String) -> Outcome {
        use std::io::{IsTerminal, Write};
        let in_words = self.output.is_none() && !self.raw && std::io::stdout().is_terminal();
        let text = if in_words { words() } else { self.text(data)? };
        Ok(anstream::stdout().lock().write_all(text.as_bytes())?)
    }

    /// Prints a list: as a table where nobody chose a notation and a terminal shows it, with `--raw` what is named only.
    pub(crate) fn print_list<T: Serialize>(
        &self,
        list: &[T],
        name: impl Fn(&T) -> String,
        table: impl FnOnce() -> String,
    ) -> Outcome {
        use std::io::{IsTerminal, Write};
        let mut out = anstream::stdout().lock();
        if self.raw {
            return list.iter().try_for_each(|one| Ok(writeln!(out, "{}", name(one))?));
        }
        let text = match self.output {
            None if std::io::stdout().is_terminal() => table(),
            None => render(&list, Format::Yaml, self.pretty())?,
            Some(format) => render(&list, format, self.pretty())?,
        };
        Ok(out.write_all(text.as_bytes())?)
    }
}
