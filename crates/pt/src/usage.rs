//! What to say to who called a command wrongly.

use std::error::Error;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use pt_syntax::suggest;

use crate::cli;
use crate::failure::Failure;

/// The failure that a command line leads to which could not be read.
pub(crate) fn failure(error: &clap::Error, args: &[OsString]) -> Failure {
    let message = message(error, args).unwrap_or_else(|| first_line(error));
    let pairs = [
        (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
        (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
    ];
    let mut hints: Vec<String> =
        pairs.into_iter().filter_map(|(wrong, near)| nearest(error, wrong, near)).collect();
    hints.extend(nearest_command(error, args).filter(|_| hints.is_empty()));
    let path = path_of(args);
    hints.extend(option_meant(error, &path));
    hints.push(format!("See: {path} --help"));
    Failure::usage(message).hint(hints.join("\n"))
}

/// Commands, and the option by which they take what is often written without one.
const MEANT: [(&str, &str); 6] = [
    ("pt volumes snapshot", "--dataset"),
    ("pt volumes restore", "--dataset"),
    ("pt logs", "--tail"),
    ("pt check", "--polytope-file"),
    ("pt mcp", "--mcp-port"),
    ("pt contexts add", "--instance"),
];

/// What to write for a word that has no place.
fn option_meant(error: &clap::Error, path: &str) -> Option<String> {
    let word = texts(error, ContextKind::InvalidArg).into_iter().next()?;
    let is_word = error.kind() == ErrorKind::UnknownArgument && !word.starts_with('-');
    let (_, option) = MEANT.iter().find(|(command, _)| is_word && *command == path)?;
    Some(format!("Did you mean {option}={word}?"))
}

/// Of what clap offers, the closest to what was written.
fn nearest(error: &clap::Error, wrong: ContextKind, near: ContextKind) -> Option<String> {
    let (written, offered) = (texts(error, wrong), texts(error, near));
    let closest = suggest(written.first()?, offered.iter().map(String::as_str));
    closest.map(|near| format!("Did you mean '{near}'?"))
}

/// The command closest to what was written, also where clap sees no likeness.
fn nearest_command(error: &clap::Error, args: &[OsString]) -> Option<String> {
    let written = texts(error, ContextKind::InvalidSubcommand);
    let commands = command_of(args);
    let names = commands.get_subcommands().map(clap::Command::get_name);
    suggest(written.first()?, names).map(|near| format!("Did you mean '{near}'?"))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "clap has more kinds than occur here, and may add some")]
fn message(error: &clap::Error, args: &[OsString]) -> Option<String> {
    let first = |kind| texts(error, kind).into_iter().next();
    // As in the help: `--tail=<count>`.
    let shown = |argument: &String| argument.replace(" <", "=<");
    let argument = first(ContextKind::InvalidArg).map(|argument| shown(&argument));
    Some(match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!("There is no command '{}'.", first(ContextKind::InvalidSubcommand)?)
        }
        ErrorKind::UnknownArgument => {
            let argument = argument?;
            let what = if argument.starts_with('-') { "There is no option" } else { "There is no place for" };
            format!("{what} '{argument}' here.")
        }
        ErrorKind::InvalidValue => {
            let (argument, value) = (argument?, first(ContextKind::InvalidValue)?);
            let choices = texts(error, ContextKind::ValidValue);
            match (value.is_empty(), choices.is_empty()) {
                (true, true) => format!("The option '{argument}' needs a value."),
                (true, false) => format!("The option '{argument}' needs a value: {}.", choices.join(", ")),
                (false, _) => format!("'{value}' is no value for '{argument}': {}.", choices.join(", ")),
            }
        }
        ErrorKind::ValueValidation => {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("'{}' is no value for '{}'{cause}.", first(ContextKind::InvalidValue)?, argument?)
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = texts(error, ContextKind::InvalidArg);
            let missing: Vec<&str> = missing.iter().map(|name| name.trim_end_matches("...")).collect();
            let choices = choices(&command_of(args), &missing);
            let choices = if choices.is_empty() { choices } else { format!(": {choices}") };
            format!("{} is missing{choices}.", missing.join(", "))
        }
        ErrorKind::ArgumentConflict => {
            let other = first(ContextKind::PriorArg)?;
            let (argument, other) = (argument?, shown(&other));
            if argument == other {
                format!("'{argument}' is given twice.")
            } else {
                format!("'{argument}' and '{other}' do not go together.")
            }
        }
        _ => return None,
    })
}

/// What the one argument can be that is missing, if that is a matter of choice.
fn choices(command: &clap::Command, missing: &[&str]) -> String {
    let [only] = missing else { return String::new() };
    let argument = command.get_positionals().find(|argument| argument.to_string() == *only);
    let values = argument.map(clap::Arg::get_possible_values).unwrap_or_default();
    let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
    names.join(", ")
}

/// clap's own words.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// `pt values set`: how the command is called whose help tells more.
fn path_of(args: &[OsString]) -> String {
    let mut path = "pt".to_owned();
    let mut command = cli::tree();
    for arg in args.iter().skip(1) {
        if let Some(sub) = command.find_subcommand(arg).cloned() {
            path = format!("{path} {}", sub.get_name());
            command = sub;
        }
    }
    path
}

/// The command of that path.
fn command_of(args: &[OsString]) -> clap::Command {
    args.iter().skip(1).fold(cli::tree(), |command, arg| match command.find_subcommand(arg) {
        Some(sub) => sub.clone(),
        None => command,
    })
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::StyledStr(text)) => vec![text.to_string()],
        _ => Vec::new(),
    }
}
