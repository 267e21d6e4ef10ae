//! The layout of help: one for all commands.

use clap::{Arg, Command};

/// A line of a description that begins with this stands at the margin; all others are indented.
pub(crate) const AT_THE_MARGIN: &str = "--  ";

/// Gives each command its help.
pub(crate) fn install(command: Command) -> Command {
    let globals: Vec<Arg> = options(&command, true).cloned().collect();
    install_below(command, "pt", &globals)
}

fn install_below(command: Command, path: &str, globals: &[Arg]) -> Command {
    let help = render(&command, path, globals);
    command.override_help(help).mut_subcommands(|sub| {
        let path = format!("{path} {}", sub.get_name());
        install_below(sub, &path, globals)
    })
}

/// The help of a command.
fn render(command: &Command, path: &str, globals: &[Arg]) -> String {
    let description = command.get_long_about().or(command.get_about()).map(ToString::to_string);
    let description = description.unwrap_or_default();
    let summary = description.lines().next().unwrap_or_default().trim_start_matches(AT_THE_MARGIN);
    let mut help =
        format!("{summary}\n\nUSAGE\n  $ {path}{} [optional flags]\n\nDESCRIPTION\n", usage(command));
    for line in description.lines() {
        help += if line.starts_with(AT_THE_MARGIN) { "" } else { "  " };
        help += line;
        help += "\n";
    }
    let commands = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    section(
        &mut help,
        "COMMANDS",
        commands.map(|sub| (format!("  {}", sub.get_name()), summary_of(sub))).collect(),
    );
    let mut own: Vec<&Arg> = options(command, false).collect();
    own.sort_by_key(|arg| arg.get_long());
    section(&mut help, "COMMAND OPTIONS", own.into_iter().map(option).collect());
    section(&mut help, "GLOBAL OPTIONS", globals.iter().map(option).collect());
    help
}

/// Adds a section of two columns, unless it is empty.
fn section(help: &mut String, title: &str, rows: Vec<(String, String)>) {
    let Some(width) = rows.iter().map(|(left, _)| left.chars().count()).max() else { return };
    help.extend(["\n", title, "\n"]);
    for (left, right) in rows {
        help.extend([format!("{left:width$}   {right}\n")]);
    }
}

fn summary_of(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    sentence(about.lines().next().unwrap_or_default())
}

/// `[<value-id>] [<data>]`: what follows the command's name.
fn usage(command: &Command) -> String {
    if command.has_subcommands() {
        return " <command>".to_owned();
    }
    let positional = |arg: &Arg| {
        let name = value_name(arg);
        let more = if arg.get_num_args().is_some_and(|count| count.max_values() > 1) { "..." } else { "" };
        if arg.is_required_set() { format!(" {name}{more}") } else { format!(" [{name}]{more}") }
    };
    command.get_positionals().map(positional).collect()
}

/// The options of a command itself, or those that it shares with all below it.
fn options(command: &Command, global: bool) -> impl Iterator<Item = &Arg> {
    let shown = move |arg: &&Arg| arg.is_global_set() == global && !arg.is_hide_set() && !arg.is_positional();
    command.get_arguments().filter(shown)
}

fn option(arg: &Arg) -> (String, String) {
    let short = arg.get_short().map_or("    ".to_owned(), |letter| format!("-{letter}, "));
    let long = arg.get_long().unwrap_or_default();
    // A value that may be left out is not shown: `--pretty`.
    let takes_value =
        arg.get_action().takes_values() && arg.get_num_args().is_none_or(|n| n.min_values() > 0);
    let value = if takes_value { format!("={}", value_name(arg)) } else { String::new() };
    let text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    (format!("  {short}--{long}{value}"), sentence(&text))
}

/// `<path>`, or the values to choose from: `<(yaml|json|edn)>`.
fn value_name(arg: &Arg) -> String {
    let choices: Vec<String> =
        arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if !choices.is_empty() {
        return format!("<({})>", choices.join("|"));
    }
    let name = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    format!("<{}>", name.unwrap_or_else(|| arg.get_id().to_string()))
}

/// With the full stop that doc comments lose on their way here.
fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}
