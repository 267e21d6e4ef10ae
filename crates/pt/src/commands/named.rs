//! `pt values` and `pt secrets`: named texts that polytope files refer to. Secrets nobody sees who does not ask for them by
//! name.

mod given;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use pt_model::Secret;
use pt_server::{App, AppError};
use pt_store::{Scope, StoreError, same_name};
use pt_syntax::suggest;
use serde_json::{Value, json};

use crate::cli::{ContextArgs, OutputArgs};
use crate::commands::defaults::{self, DefaultsArgs};
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output::{Format, render};
use crate::table::Table;
use crate::targets;

/// What can be done with values, and likewise with secrets: the word stands in for `NOUN`.
#[derive(Debug, Subcommand)]
pub(crate) enum NamedCommand {
    #[command(alias = "add")]
    Set(SetArgs),
    Get(GetArgs),
    List(ListArgs),
    #[command(alias = "rm")]
    Delete(DeleteArgs),
    Defaults(DefaultsArgs),
}

/// Sets the value of a NOUN.
/// Overwrites the value if it already exists.
///
/// A specification in YAML/JSON/EDN format must be provided, using one of the
/// following methods:
///  - stdin (in combination with the `--stdin` flag)
///  - a file (in combination with the `--file` flag)
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct SetArgs {
    /// Its name.
    #[arg(value_name = "id")]
    pub(crate) id: Option<String>,
    /// Its text.
    #[arg(value_name = "data", conflicts_with_all = ["file", "stdin"], allow_hyphen_values = true)]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Reads a NOUN specification from a YAML/JSON/EDN file.
    #[arg(short, long, value_name = "path", conflicts_with = "stdin")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// If selected, reads a NOUN specification in YAML/JSON/EDN format from stdin.
    #[arg(long)]
    pub(crate) stdin: bool,
}

/// Shows the value of a NOUN.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct GetArgs {
    /// Its name.
    #[arg(value_name = "id")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Lists the NOUNs that are set.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Deletes a NOUN.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DeleteArgs {
    /// Its name.
    #[arg(value_name = "id")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
}

/// Runs the command.
pub(crate) fn run(noun: Noun, command: &NamedCommand, config: &Config) -> Outcome {
    match command {
        NamedCommand::Set(args) => set(noun, args, config),
        NamedCommand::Get(args) => get(noun, args, config),
        NamedCommand::List(args) => list(noun, args, config),
        NamedCommand::Delete(args) => delete(noun, args, config),
        NamedCommand::Defaults(args) => defaults::run(args, config),
    }
}

/// Says what was set; of secrets never to what.
fn set(noun: Noun, args: &SetArgs, config: &Config) -> Outcome {
    let assignments = given::assignments(args, noun)?;
    let (app, scope) = open(&args.context, config)?;
    for one in &assignments {
        let now = Timestamp::now();
        match noun {
            Noun::Value => app.store.set_value(&scope, &one.id, &one.data, now)?,
            Noun::Secret => {
                let secret = Secret::new(&one.id, one.data.clone());
                app.store.set_secret(&scope, &secret, now)?;
                targets::warn_if_short(&secret)?;
            }
        }
    }
    tell_if_outside(noun, &scope, &assignments)?;
    tell_of_others(noun, &app, &scope, &assignments)?;
    if args.output.raw {
        let shown = assignments.iter().filter(|_| noun == Noun::Value);
        return shown.into_iter().try_for_each(|one| Ok(writeln!(std::io::stdout(), "{}", one.data)?));
    }
    let stored: Vec<Value> = assignments
        .iter()
        .map(|one| match noun {
            Noun::Value => json!({"id": one.id, "data": one.data}),
            Noun::Secret => json!({"id": one.id}),
        })
        .collect();
    print(&if let [one] = stored.as_slice() { one.clone() } else { json!(stored) }, &args.output)
}

/// Says where it went if there is no project: nobody who makes one later finds it there.
fn tell_if_outside(noun: Noun, scope: &Scope, assignments: &[given::Assignment]) -> Outcome {
    if *scope != Scope::outside(scope.context.clone()) || assignments.is_empty() {
        return Ok(());
    }
    let word = noun.word();
    let them = if assignments.len() == 1 { format!("the {word} is") } else { format!("the {word}s are") };
    writeln!(
        anstream::stderr(),
        "There is no polytope file here or above: {them} kept for what runs outside of projects."
    )?;
    Ok(())
}

/// Says where the other noun has the same name: who wants to change the one easily sets the other.
fn tell_of_others(noun: Noun, app: &App, scope: &Scope, assignments: &[given::Assignment]) -> Outcome {
    let other = match noun {
        Noun::Value => Noun::Secret,
        Noun::Secret => Noun::Value,
    };
    let others = ids(other, app, scope)?;
    for one in assignments {
        let Some(there) = others.iter().find(|there| same_name(there, &one.id)) else { continue };
        let (word, other, id) = (noun.word(), other.word(), &one.id);
        writeln!(
            anstream::stderr(),
            "That is the {word}, which `pt.{word} {id}` reads. A {other} '{there}' exists and is unchanged: \
             `pt.{other} {there}` reads that; `pt {other}s set {there}` sets it, `pt {other}s delete {there}` removes it."
        )?;
    }
    Ok(())
}

fn get(noun: Noun, args: &GetArgs, config: &Config) -> Outcome {
    let (app, scope) = open(&args.context, config)?;
    let found = match noun {
        Noun::Value => app.store.value(&scope, &args.id)?.map(|value| value.data),
        Noun::Secret => app.store.secret(&scope, &args.id)?.map(|secret| secret.expose().to_owned()),
    };
    match found {
        None => Err(missing(noun, &args.id, &app, &scope)?),
        Some(data) if args.output.raw => Ok(writeln!(std::io::stdout(), "{data}")?),
        Some(data) => print(&json!(data), &args.output),
    }
}

fn list(noun: Noun, args: &ListArgs, config: &Config) -> Outcome {
    let (app, scope) = open(&args.context, config)?;
    let mut out = std::io::stdout();
    if args.output.raw {
        return ids(noun, &app, &scope)?.iter().try_for_each(|id| Ok(writeln!(out, "{id}")?));
    }
    let as_table = args.output.output.is_none() && out.is_terminal();
    let date = |at: Timestamp| format!("{at:.0}");
    match noun {
        Noun::Value => {
            let values = app.store.values(&scope)?;
            if !as_table {
                return print(&json!(values), &args.output);
            }
            if values.is_empty() {
                return none(noun);
            }
            let mut table = Table::new(&["ID", "DATA", "MODIFIED"]);
            for value in values {
                table.row(vec![value.id, value.data.replace('\n', "↩"), date(value.modified_ts)]);
            }
            Ok(write!(out, "{}", table.render())?)
        }
        Noun::Secret => {
            let secrets = app.store.secrets(&scope)?;
            if !as_table {
                return print(&json!(secrets), &args.output);
            }
            if secrets.is_empty() {
                return none(noun);
            }
            let mut table = Table::new(&["ID", "MODIFIED"]);
            secrets.into_iter().for_each(|secret| table.row(vec![secret.id, date(secret.modified_ts)]));
            Ok(write!(out, "{}", table.render())?)
        }
    }
}

/// That there are none, for people.
fn none(noun: Noun) -> Outcome {
    let word = noun.word();
    let hint = format!("`pt {word}s set <id> <data>` sets one");
    Ok(writeln!(anstream::stderr(), "No {word}s are set here: {hint}.")?)
}

fn delete(noun: Noun, args: &DeleteArgs, config: &Config) -> Outcome {
    let (app, scope) = open(&args.context, config)?;
    let deleted = match noun {
        Noun::Value => app.store.delete_value(&scope, &args.id)?,
        Noun::Secret => app.store.delete_secret(&scope, &args.id)?,
    };
    if !deleted {
        return Err(missing(noun, &args.id, &app, &scope)?);
    }
    let word = match noun {
        Noun::Value => "Value",
        Noun::Secret => "Secret",
    };
    Ok(writeln!(anstream::stderr(), "{word} '{}' is deleted.", args.id)?)
}

fn print(data: &Value, output: &OutputArgs) -> Outcome {
    let format = output.output.unwrap_or(Format::Yaml);
    Ok(write!(std::io::stdout(), "{}", render(data, format, output.pretty())?)?)
}

fn ids(noun: Noun, app: &App, scope: &Scope) -> Result<Vec<String>, Failure> {
    Ok(match noun {
        Noun::Value => app.store.values(scope)?.into_iter().map(|value| value.id).collect(),
        Noun::Secret => app.store.secrets(scope)?.into_iter().map(|secret| secret.id).collect(),
    })
}

/// That there is none of this name.
fn missing(noun: Noun, id: &str, app: &App, scope: &Scope) -> Result<Failure, Failure> {
    let known = ids(noun, app, scope)?;
    let word = noun.word();
    let failure = Failure::new(format!("There is no {word} '{id}' here."));
    Ok(match suggest(id, known.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("Did you mean '{near}'?")),
        None => failure.hint(format!("`pt {word}s list` shows those that are set.")),
    })
}

/// Which of the two is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noun {
    Value,
    Secret,
}

impl Noun {
    /// The word for it.
    fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Secret => "secret",
        }
    }
}

/// The store, and whose values and secrets are meant: those of the project around the working directory, outside of any
/// those of the context's default project.
fn open(args: &ContextArgs, config: &Config) -> Result<(App, Scope), Failure> {
    let app = config.open(args)?;
    let scope = app.scope(&app.environment.context)?;
    Ok((app, scope))
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        AppError::from(error).into()
    }
}
