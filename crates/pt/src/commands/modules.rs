//! `pt modules`, `pt tools`, `pt templates`: what there is, and how it is used.

use std::io::{IsTerminal, Write};

use clap::{Args, Subcommand};
use pt_server::{App, Environment, ParamReference, Reference};
use pt_spec::{Definition, Kind, Project, Wanted};
use serde_json::json;

use crate::cli::{OutputArgs, ProjectArgs};
use crate::config::LOCAL;
use crate::failure::{Failure, Outcome};
use crate::output::{Format, render};
use crate::table::Table;
use crate::targets;

/// What can be done with definitions: the word stands in for `NOUN`.
#[derive(Debug, Subcommand)]
pub(crate) enum DefinitionsCommand {
    List(ListDefinitionsArgs),
    Get(GetDefinitionArgs),
}

/// Lists the NOUNs that can be run here, the project's own first.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListDefinitionsArgs {
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Shows a NOUN: its params, what it runs, and an example.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct GetDefinitionArgs {
    /// Its name, as polytope/postgres!simple.
    #[arg(value_name = "ref")]
    reference: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Runs the command.
pub(crate) fn run(command: &DefinitionsCommand, kind: Kind) -> Outcome {
    match command {
        DefinitionsCommand::List(args) => list(args, kind),
        DefinitionsCommand::Get(args) => get(args, kind),
    }
}

fn list(args: &ListDefinitionsArgs, kind: Kind) -> Outcome {
    let app = App::open(Environment::read()?)?;
    let project = targets::readable(app.load(args.project.polytope_file.as_deref(), LOCAL)?)?.loaded.project;
    let all = known(&project, kind);
    let mut out = anstream::stdout().lock();
    if args.output.raw {
        return all.iter().try_for_each(|(reference, _)| Ok(writeln!(out, "{reference}")?));
    }
    if args.output.output.is_none() && std::io::stdout().is_terminal() {
        if all.is_empty() {
            writeln!(out, "There are no {}s here.", kind.word())?;
            return Ok(());
        }
        let mut table = Table::new(&[&kind.word().to_uppercase(), "INFO"]);
        for (reference, definition) in all {
            table.row(vec![reference, first_sentence(definition)]);
        }
        return Ok(out.write_all(table.render().as_bytes())?);
    }
    let listed: Vec<_> = all
        .iter()
        .map(|(reference, definition)| {
            let params: Vec<&str> = definition.params.iter().map(|param| param.id.text.as_str()).collect();
            json!({"ref": reference, "info": first_sentence(definition), "params": params})
        })
        .collect();
    let format = args.output.output.unwrap_or(Format::Yaml);
    Ok(out.write_all(render(&listed, format, args.output.pretty())?.as_bytes())?)
}

/// What there is of a kind and how it is called: the project's own, then the standard modules.
fn known(project: &Project, kind: Kind) -> Vec<(String, &Definition)> {
    let own = project.definitions().filter(|definition| definition.kind == kind);
    let mut all: Vec<_> = own.map(|definition| (definition.id.text.clone(), definition)).collect();
    if kind == Kind::Module {
        for reference in project.standard().references(project.sources()) {
            if let Ok(definition) = project.resolve(None, &reference, Wanted::Any) {
                all.push((reference, definition));
            }
        }
    }
    all
}

fn first_sentence(definition: &Definition) -> String {
    let info = definition.info.as_deref().unwrap_or_default();
    let line = info.trim().lines().next().unwrap_or_default();
    line.split_once(". ").map_or_else(|| line.to_owned(), |(sentence, _)| format!("{sentence}."))
}

fn get(args: &GetDefinitionArgs, kind: Kind) -> Outcome {
    let app = App::open(Environment::read()?)?;
    let project = targets::readable(app.load(args.project.polytope_file.as_deref(), LOCAL)?)?.loaded.project;
    let wanted = if kind == Kind::Template { Wanted::Target } else { Wanted::Any };
    let definition = project.resolve(None, &args.reference, wanted).map_err(|found| {
        let see = format!("`pt {}s list` shows what there is.", kind.word());
        let near = found.hints.first().map(|hint| format!("{}\n", hint.replacen('d', "D", 1)));
        let near = near.unwrap_or_default();
        Failure::new(found.message).hint(format!("{near}{see}"))
    })?;
    let reference = Reference::new(&project, definition, &args.reference);
    let mut out = anstream::stdout().lock();
    if args.output.output.is_none() && std::io::stdout().is_terminal() {
        return Ok(out.write_all(shown(&reference).as_bytes())?);
    }
    let format = args.output.output.unwrap_or(Format::Yaml);
    Ok(out.write_all(render(&reference, format, args.output.pretty())?.as_bytes())?)
}

/// For people.
fn shown(reference: &Reference) -> String {
    let mut text = format!("{} ({})\n\n  {}\n", reference.reference, reference.kind, reference.info);
    if !reference.params.is_empty() {
        let mut table = Table::new(&["PARAM", "TYPE", "DEFAULT", "INFO"]);
        for ParamReference { id, info, ty, required, default, .. } in &reference.params {
            let default = match default {
                Some(default) => default.to_string(),
                None if *required => "(required)".to_owned(),
                None => String::new(),
            };
            table.row(vec![id.clone(), short(ty), short(&default), info.clone()]);
        }
        text.extend(["\n", &table.render()]);
    }
    if !reference.limits.is_null() {
        text.extend(["\nLIMITS\n  ", &reference.limits.to_string(), "\n"]);
    }
    text.extend(["\nEXAMPLE\n  $ ", &reference.example.command, "\n\n"]);
    for line in reference.example.file.lines() {
        text.extend(["  ", line, "\n"]);
    }
    text.push_str("\nWHAT IT RUNS\n");
    for line in reference.tree().lines() {
        text.extend(["  ", line, "\n"]);
    }
    text
}

/// What fits into a cell; `-o yaml` shows all of it.
fn short(text: &str) -> String {
    const WIDEST: usize = 40;
    if text.chars().count() <= WIDEST {
        text.to_owned()
    } else {
        text.chars().take(WIDEST - 1).chain(['…']).collect()
    }
}
