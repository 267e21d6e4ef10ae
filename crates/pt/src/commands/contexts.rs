//! `pt contexts`: as whom, and where, commands run.

use std::fs;
use std::io::Write;
use std::path::Path;

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use pt_syntax::{Diagnostic, Severity, Style, render};
use serde_json::{Value, json};

use crate::cli::{GlobalArgs, OutputArgs};
use crate::complete;
use crate::config::{Config, Context, LOCAL, edit};
use crate::failure::{Failure, Outcome};
use crate::table::Table;

/// What can be done with contexts.
#[derive(Debug, Subcommand)]
pub(crate) enum ContextsCommand {
    List(ListContextsArgs),
    Get(GetContextArgs),
    Use(UseContextArgs),
    #[command(alias = "set")]
    Add(AddContextArgs),
    #[command(name = "rm", visible_alias = "delete")]
    Remove(RemoveContextArgs),
}

/// Lists the contexts; the current one is marked.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListContextsArgs {
    #[command(flatten)]
    output: OutputArgs,
}

/// Shows a context; without a name, the current one.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct GetContextArgs {
    /// Its name.
    #[arg(value_name = "name", add = ArgValueCandidates::new(complete::contexts))]
    name: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Makes a context the current one, which all commands mean that name no other.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct UseContextArgs {
    /// Its name.
    #[arg(value_name = "name", add = ArgValueCandidates::new(complete::contexts))]
    name: String,
}

/// Adds a context to the config file, or changes the one of this name.
///
/// Each has values, secrets, jobs and volumes of its own.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct AddContextArgs {
    /// Its name.
    #[arg(value_name = "name")]
    name: String,
    /// The address of its instance [default: this machine].
    #[arg(long, value_name = "address")]
    instance: Option<String>,
    /// As whom commands run [default: who is logged in].
    #[arg(long, value_name = "name")]
    user: Option<String>,
}

/// Removes a context from the config file. Its values and secrets stay.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct RemoveContextArgs {
    /// Its name.
    #[arg(value_name = "name", add = ArgValueCandidates::new(complete::contexts))]
    name: String,
}

/// Runs the command.
pub(crate) fn run(command: &ContextsCommand, global: &GlobalArgs) -> Outcome {
    let config = read(global)?;
    match command {
        ContextsCommand::List(args) => list(args, &config),
        ContextsCommand::Get(args) => {
            args.output.print(&describe(&config.find(args.name.as_deref())?, &config))
        }
        ContextsCommand::Use(args) => {
            let context = config.find(Some(&args.name))?;
            change(&config.path, |text| Some(edit::current(text, &args.name)))?;
            said(format_args!("The current context is {}.{}", args.name, not_yet(&context)))
        }
        ContextsCommand::Add(args) => {
            let (name, instance, user) = (args.name.clone(), args.instance.clone(), args.user.clone());
            let context = Context { name, instance, user };
            change(&config.path, |text| edit::with(text, &context))?;
            let path = config.path.display();
            said(format_args!("The context {} is in {path}.{}", args.name, not_yet(&context)))
        }
        ContextsCommand::Remove(args) => remove(args, &config),
    }
}

/// What is to be said of a context that nothing can run in.
fn not_yet(context: &Context) -> &'static str {
    if context.is_local() { "" } else { " Remote instances are not there yet: it cannot be used." }
}

/// The config, also if its current context is one that it does not have: that can be mended here.
fn read(global: &GlobalArgs) -> Result<Config, Failure> {
    let (config, findings, _) = Config::look(global)?;
    if findings.iter().any(is_serious) { Config::read(global) } else { Ok(config) }
}

/// Whether it is more than a current context that is not there.
fn is_serious(finding: &Diagnostic) -> bool {
    finding.severity == Severity::Error && finding.id != "unknown-name"
}

fn list(args: &ListContextsArgs, config: &Config) -> Outcome {
    let all = config.all();
    let described: Vec<Value> = all.iter().map(|context| describe(context, config)).collect();
    args.output.print_list(
        &described,
        |one| one["name"].as_str().unwrap_or_default().to_owned(),
        || {
            let mut table = Table::new(&["CONTEXT", "INSTANCE", "USER"]);
            for context in &all {
                let mark = if is_current(context, config) { " *" } else { "" };
                let text =
                    |text: &Option<String>, default: &str| text.clone().unwrap_or_else(|| default.to_owned());
                let (instance, user) = (text(&context.instance, "this machine"), text(&context.user, "–"));
                table.row(vec![format!("{}{mark}", context.name), instance, user]);
            }
            table.render()
        },
    )
}

fn describe(context: &Context, config: &Config) -> Value {
    json!({
        "name": context.name,
        "instance": context.instance.as_deref().unwrap_or(LOCAL),
        "user": context.user,
        "current": is_current(context, config),
    })
}

fn is_current(context: &Context, config: &Config) -> bool {
    config.current.as_deref().unwrap_or(LOCAL) == context.name
}

fn remove(args: &RemoveContextArgs, config: &Config) -> Outcome {
    let context = config.find(Some(&args.name))?;
    if is_current(&context, config) && context.name != LOCAL {
        return Err(Failure::new(format!("'{}' is the current context.", args.name))
            .hint("Choose another one first: `pt contexts use local`."));
    }
    if !config.contexts.contains(&context) {
        return Err(Failure::new(format!("'{}' is always there: it stands in no file.", args.name)));
    }
    change(&config.path, |text| edit::without(text, &args.name))?;
    said(format_args!("The context {} is removed.", args.name))
}

/// Writes the file anew. What comes out must be as good as what went in.
fn change(path: &Path, change: impl FnOnce(&str) -> Option<String>) -> Outcome {
    let before = match fs::read_to_string(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.map_err(|cause| Failure::unreadable(path.display(), &cause))?,
    };
    let unchangeable = || Failure::new(format!("Could not change {}: {}.", path.display(), edit::BY_HAND));
    // JSON is a map in braces, which YAML has too; EDN has its own.
    if path.extension().is_some_and(|extension| extension == "edn") {
        return Err(unchangeable());
    }
    let after = change(&before).ok_or_else(unchangeable)?;
    let (_, findings, sources) = crate::config::read_text(path, &after);
    if findings.iter().any(is_serious) {
        let shown = render(&findings, &sources, Style { color: false, ..Style::default() });
        return Err(Failure::new(format!("Could not change {}:\n{}", path.display(), shown.trim_end())));
    }
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(path, after)
        .map_err(|cause| Failure::new(format!("Could not write {}: {cause}", path.display())))
}

fn said(text: std::fmt::Arguments<'_>) -> Outcome {
    Ok(writeln!(anstream::stderr().lock(), "{text}")?)
}
