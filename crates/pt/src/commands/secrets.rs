//! `pt secrets`: named texts that nobody sees who does not ask for them by name.

use std::io::{IsTerminal, Write};

use jiff::Timestamp;
use pt_model::Secret;
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

/// Says what was set, never to what.
fn set(args: &SetArgs, config: &Config) -> Outcome {
    let assignments = named::assignments(args, Noun::Secret)?;
    let (app, scope) = named::open(&args.context, config)?;
    let mut ids = Vec::new();
    for one in assignments {
        app.store.set_secret(&scope, &Secret::new(&one.id, one.data), Timestamp::now())?;
        ids.push(json!({"id": one.id}));
    }
    if args.output.raw {
        return Ok(());
    }
    let stored = if let [one] = ids.as_slice() { one.clone() } else { json!(ids) };
    let format = args.output.output.unwrap_or(Format::Yaml);
    Ok(write!(std::io::stdout(), "{}", render(&stored, format, args.output.pretty())?)?)
}

fn get(args: &GetArgs, config: &Config) -> Outcome {
    let (app, scope) = named::open(&args.context, config)?;
    let Some(secret) = app.store.secret(&scope, &args.id)? else {
        let known = app.store.secrets(&scope)?;
        return Err(Noun::Secret.missing(&args.id, known.iter().map(|secret| secret.id.as_str())));
    };
    let mut out = std::io::stdout();
    if args.output.raw {
        return Ok(writeln!(out, "{}", secret.expose())?);
    }
    let format = args.output.output.unwrap_or(Format::Yaml);
    Ok(write!(out, "{}", render(&secret.expose(), format, args.output.pretty())?)?)
}

fn list(args: &ListArgs, config: &Config) -> Outcome {
    let (app, scope) = named::open(&args.context, config)?;
    let secrets = app.store.secrets(&scope)?;
    let mut out = std::io::stdout();
    if args.output.raw {
        return secrets.iter().try_for_each(|secret| Ok(writeln!(out, "{}", secret.id)?));
    }
    if args.output.output.is_none() && std::io::stdout().is_terminal() {
        let mut table = Table::new(&["ID", "MODIFIED"]);
        for secret in secrets {
            table.row(vec![secret.id, format!("{:.0}", secret.modified_ts)]);
        }
        return Ok(write!(out, "{}", table.render())?);
    }
    Ok(write!(
        out,
        "{}",
        render(&secrets, args.output.output.unwrap_or(Format::Yaml), args.output.pretty())?
    )?)
}

fn delete(args: &DeleteArgs, config: &Config) -> Outcome {
    let (app, scope) = named::open(&args.context, config)?;
    if app.store.delete_secret(&scope, &args.id)? {
        return Ok(writeln!(anstream::stderr(), "Secret '{}' is deleted.", args.id)?);
    }
    let known = app.store.secrets(&scope)?;
    Err(Noun::Secret.missing(&args.id, known.iter().map(|secret| secret.id.as_str())))
}
