//! `pt datasets`: archives that jobs have stored.

use std::io::Write;

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use pt_server::App;
use pt_store::{Dataset, Instance};
use pt_syntax::suggest;

use crate::cli::{ContextArgs, OutputArgs, ProjectArgs};
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::table::Table;

/// What can be done with datasets.
#[derive(Debug, Subcommand)]
pub(crate) enum DatasetsCommand {
    List(ListDatasetsArgs),
    Get(GetDatasetArgs),
    #[command(name = "rm", visible_alias = "delete")]
    Remove(RemoveDatasetsArgs),
}

/// Lists the project's datasets, with all their versions.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListDatasetsArgs {
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Shows a version of a dataset: its size, who made it, where its archive lies.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct GetDatasetArgs {
    /// The dataset.
    #[arg(value_name = "dataset", add = ArgValueCandidates::new(complete::datasets))]
    dataset: String,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
    /// Its version [default: the newest].
    #[arg(long = "dataset-version", value_name = "number")]
    of: Option<u32>,
}

/// Deletes datasets: all their versions, or one.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct RemoveDatasetsArgs {
    /// The datasets.
    #[arg(value_name = "dataset", required = true, add = ArgValueCandidates::new(complete::datasets))]
    datasets: Vec<String>,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    project: ProjectArgs,
    /// Only this version.
    #[arg(long = "dataset-version", value_name = "number")]
    of: Option<u32>,
}

/// Runs the command.
pub(crate) fn run(command: &DatasetsCommand, config: &Config) -> Outcome {
    match command {
        DatasetsCommand::List(args) => list(args, config),
        DatasetsCommand::Get(args) => get(args, config),
        DatasetsCommand::Remove(args) => remove(args, config),
    }
}

fn list(args: &ListDatasetsArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    let all = app.store.datasets(&instance.id)?;
    args.output.print_list(
        &all,
        |one| one.id.clone(),
        || {
            if all.is_empty() {
                return "This project has no datasets.\n".to_owned();
            }
            let mut table = Table::new(&["DATASET", "VERSION", "SIZE", "MADE BY", "CREATED"]);
            for one in &all {
                let by = one.created_by.clone().unwrap_or_else(|| "–".to_owned());
                let (version, size) = (one.version.to_string(), size(one.size_b));
                table.row(vec![one.id.clone(), version, size, by, format!("{:.0}", one.created_ts)]);
            }
            table.render()
        },
    )
}

fn get(args: &GetDatasetArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    let found = app.store.dataset(&instance.id, &args.dataset, args.of)?;
    match found {
        Some(found) => args.output.print(&found),
        None => Err(unknown(&args.dataset, args.of, &app.store.datasets(&instance.id)?)),
    }
}

fn remove(args: &RemoveDatasetsArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    for id in &args.datasets {
        if app.store.dataset(&instance.id, id, args.of)?.is_none() {
            return Err(unknown(id, args.of, &app.store.datasets(&instance.id)?));
        }
    }
    for id in &args.datasets {
        let versions: Vec<String> = app
            .store
            .delete_dataset(&instance.id, id, args.of)?
            .iter()
            .map(|one| one.version.to_string())
            .collect();
        let word = if versions.len() == 1 { "version" } else { "versions" };
        writeln!(anstream::stderr().lock(), "The dataset {id}, {word} {}, is deleted.", versions.join(", "))?;
    }
    Ok(())
}

fn open(context: &ContextArgs, project: &ProjectArgs, config: &Config) -> Result<(App, Instance), Failure> {
    let app = config.open(context)?;
    let instance = app.instance(project.polytope_file.as_deref())?;
    Ok((app, instance))
}

fn unknown(id: &str, version: Option<u32>, all: &[Dataset]) -> Failure {
    let near = suggest(id, all.iter().map(|one| one.id.as_str())).filter(|near| *near != id);
    let near = near.map(|near| format!("Did you mean '{near}'?\n")).unwrap_or_default();
    let version = version.map(|version| format!(", version {version}")).unwrap_or_default();
    Failure::new(format!("This project has no dataset '{id}'{version}."))
        .hint(format!("{near}`pt datasets list` lists them."))
}

/// Bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let (mut number, mut unit) = (bytes as f64 / 1000.0, 0);
    while number >= 999.95 && unit + 1 < UNITS.len() {
        number /= 1000.0;
        unit += 1;
    }
    format!("{number:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        for (bytes, shown) in
            [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_990, "1.0 MB"), (2_500_000_000, "2.5 GB")]
        {
            assert_eq!(size(bytes), shown);
        }
    }
}
