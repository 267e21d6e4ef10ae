//! `pt values`: named texts that polytope files refer to.

use std::io::{IsTerminal, Write};

use jiff::Timestamp;
use serde_json::json;

use crate::cli::{DeleteArgs, GetArgs, ListArgs, NamedCommand, SetArgs};
use crate::commands::defaults;
use crate::commands::named::{self, Noun};
use crate::config::Config;
use crate::failure::Outcome;
use crate::output::{Format, render};
use crate::table::Table;

/// Runs the command.
pub(crate) fn run(command: &NamedCommand, config: &Config) -> Outcome {
    match command {
        NamedCommand::Set(args) => set(args, config),
        NamedCommand::Get(args) => get(args, config),
        NamedCommand::List(args) => list(args, config),
        NamedCommand::Delete(args) => delete(args, config),
        NamedCommand::Defaults(args) => defaults::run(args, config),
    }
}

fn set(args: &SetArgs, config: &Config) -> Outcome {
    let assignments = named::assignments(args, Noun::Value)?;
    let (app, scope) = named::open(&args.context, config)?;
    for one in &assignments {
        app.store.set_value(&scope, &one.id, &one.data, Timestamp::now())?;
    }
    let mut out = std::io::stdout();
    if args.output.raw {
        return assignments.iter().try_for_each(|one| Ok(writeln!(out, "{}", one.data)?));
    }
    let format = args.output.output.unwrap_or(Format::Yaml);
    let stored: Vec<_> = assignments.iter().map(|one| json!({"id": one.id, "data": one.data})).collect();
    let stored = if let [one] = stored.as_slice() { one.clone() } else { json!(stored) };
    Ok(write!(out, "{}", render(&stored, format, args.output.pretty())?)?)
}

fn get(args: &GetArgs, config: &Config) -> Outcome {
    let (app, scope) = named::open(&args.context, config)?;
    let Some(value) = app.store.value(&scope, &args.id)? else {
        let known = app.store.values(&scope)?;
        return Err(Noun::Value.missing(&args.id, known.iter().map(|value| value.id.as_str())));
    };
    let mut out = std::io::stdout();
    if args.output.raw {
        return Ok(writeln!(out, "{}", value.data)?);
    }
    let format = args.output.output.unwrap_or(Format::Yaml);
    Ok(write!(out, "{}", render(&value.data, format, args.output.pretty())?)?)
}

fn list(args: &ListArgs, config: &Config) -> Outcome {
    let (app, scope) = named::open(&args.context, config)?;
    let values = app.store.values(&scope)?;
    let mut out = std::io::stdout();
    if args.output.raw {
        return values.iter().try_for_each(|value| Ok(writeln!(out, "{}", value.id)?));
    }
    if args.output.output.is_none() && std::io::stdout().is_terminal() {
        let mut table = Table::new(&["ID", "DATA", "MODIFIED"]);
        for value in values {
            table.row(vec![value.id, value.data.replace('\n', "↩"), format!("{:.0}", value.modified_ts)]);
        }
        return Ok(write!(out, "{}", table.render())?);
    }
    Ok(write!(out, "{}", render(&values, args.output.output.unwrap_or(Format::Yaml), args.output.pretty())?)?)
}

fn delete(args: &DeleteArgs, config: &Config) -> Outcome {
    let (app, scope) = named::open(&args.context, config)?;
    if app.store.delete_value(&scope, &args.id)? {
        return Ok(writeln!(anstream::stderr(), "Value '{}' is deleted.", args.id)?);
    }
    let known = app.store.values(&scope)?;
    Err(Noun::Value.missing(&args.id, known.iter().map(|value| value.id.as_str())))
}
