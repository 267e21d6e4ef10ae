//! `pt datasets`: files that jobs and people have stored, in versions.

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use jiff::Timestamp;
use pt_server::App;
use pt_store::{Dataset, DatasetSource, Instance, Lineage};
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
    Put(PutDatasetArgs),
    Log(DatasetLogArgs),
    Diff(DatasetDiffArgs),
    #[command(name = "rm", visible_alias = "delete")]
    Remove(RemoveDatasetsArgs),
    Gc(SweepDatasetsArgs),
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

/// Shows a version of a dataset: its size, who made it and of what; with --to, writes its files.
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
    /// Writes the files there: a path where nothing is yet.
    #[arg(long, value_name = "path")]
    to: Option<PathBuf>,
}

/// Stores a file or directory as the next version of a dataset.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct PutDatasetArgs {
    /// The dataset.
    #[arg(value_name = "dataset", add = ArgValueCandidates::new(complete::datasets))]
    dataset: String,
    /// What is stored.
    #[arg(value_name = "path")]
    path: PathBuf,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Tells of the versions of a dataset, the newest first: who made them, of what, and what storing them took.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DatasetLogArgs {
    /// The dataset.
    #[arg(value_name = "dataset", add = ArgValueCandidates::new(complete::datasets))]
    dataset: String,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Tells which files two versions of a dataset do not have in common.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DatasetDiffArgs {
    /// The dataset.
    #[arg(value_name = "dataset", add = ArgValueCandidates::new(complete::datasets))]
    dataset: String,
    /// The earlier version [default: the one before the later].
    #[arg(value_name = "from")]
    from: Option<u32>,
    /// The later version [default: the newest].
    #[arg(value_name = "to")]
    to: Option<u32>,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Frees what no dataset of this machine has, and copies for jobs that are over.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct SweepDatasetsArgs {
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Keeps copies until all together take so much, as in 20GB [default: none].
    #[arg(long, value_name = "size", value_parser = budget)]
    budget: Option<u64>,
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
        DatasetsCommand::Put(args) => put(args, config),
        DatasetsCommand::Log(args) => log(args, config),
        DatasetsCommand::Diff(args) => diff(args, config),
        DatasetsCommand::Remove(args) => remove(args, config),
        DatasetsCommand::Gc(args) => sweep(args, config),
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
            let mut table = Table::new(&["DATASET", "VERSION", "FILES", "SIZE", "MADE BY", "CREATED"]);
            for one in &all {
                let by = one.created_by.clone().unwrap_or_else(|| "–".to_owned());
                let (version, files) = (one.version.to_string(), one.files.to_string());
                let created = format!("{:.0}", one.created_ts);
                table.row(vec![one.id.clone(), version, files, size(one.size_b), by, created]);
            }
            table.render()
        },
    )
}

fn get(args: &GetDatasetArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    let found = version(&app, &instance, &args.dataset, args.of)?;
    let Some(to) = &args.to else { return args.output.print(&found) };
    app.store.copy_dataset(&found, to)?;
    let (count, of) = (counted(found.files, "file"), size(found.size_b));
    writeln!(
        anstream::stderr().lock(),
        "The dataset {}, version {}, is at {}: {count}, {of}.",
        found.id,
        found.version,
        to.display()
    )?;
    Ok(())
}

fn put(args: &PutDatasetArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    if !is_id(&args.dataset) {
        return Err(Failure::usage(format!("'{}' is no id of a dataset.", args.dataset))
            .hint("Ids are made of letters, digits, `-`, `_` and `.`."));
    }
    let path = std::path::absolute(&args.path)?;
    let lineage = Lineage { path: Some(path.clone()), ..Lineage::default() };
    let source = DatasetSource::Path(&path);
    let stored = app.store.put_dataset(&instance.id, &args.dataset, source, &lineage, Timestamp::now())?;
    args.output.print_or(&stored, || {
        let (count, of, added) = (counted(stored.files, "file"), size(stored.size_b), size(stored.added_b));
        format!(
            "{}, version {}: {count}, {of}, of which {added} are new on the disk.\n",
            stored.id, stored.version
        )
    })
}

fn log(args: &DatasetLogArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    let all = app.store.datasets(&instance.id)?;
    let versions: Vec<&Dataset> = all.iter().rev().filter(|one| one.id == args.dataset).collect();
    if versions.is_empty() {
        return Err(unknown(&args.dataset, None, &all));
    }
    args.output.print_or(&versions, || {
        let mut text = String::new();
        for one in versions.iter() {
            let by = one.created_by.as_deref().unwrap_or("a person");
            let (count, of, added) = (counted(one.files, "file"), size(one.size_b), size(one.added_b));
            // Writing to a string cannot fail.
            _ = writeln!(text, "version {}, {:.0}, by {by}", one.version, one.created_ts);
            _ = writeln!(text, "  {count}, {of}, {added} of it new; content {}", &one.digest[..12]);
            let of = &one.lineage;
            let facts = [
                ("module", of.module.clone()),
                ("path", of.path.as_ref().map(|path| path.display().to_string())),
                ("inputs", (!of.inputs.is_empty()).then(|| of.inputs.join(", "))),
                ("revision", of.revision.clone()),
            ];
            for (name, fact) in facts {
                if let Some(fact) = fact {
                    _ = writeln!(text, "  {name} {fact}");
                }
            }
        }
        text
    })
}

fn diff(args: &DatasetDiffArgs, config: &Config) -> Outcome {
    let (app, instance) = open(&args.context, &args.project, config)?;
    let later = version(&app, &instance, &args.dataset, args.to)?;
    let before = || {
        let all = app.store.datasets(&instance.id)?;
        let earlier = all.into_iter().rfind(|one| one.id == args.dataset && one.version < later.version);
        earlier.ok_or_else(|| {
            Failure::new(format!("There is no version of '{}' before {}.", args.dataset, later.version))
        })
    };
    let earlier = match args.from {
        Some(from) => version(&app, &instance, &args.dataset, Some(from))?,
        None => before()?,
    };
    let diff = app.store.diff_datasets(&earlier, &later)?;
    args.output.print_or(&diff, || {
        let lines = |sign: char, names: &[String]| -> String {
            names.iter().map(|name| format!("{sign} {name}\n")).collect()
        };
        let all = [lines('+', &diff.added), lines('-', &diff.removed), lines('~', &diff.changed)].concat();
        if all.is_empty() {
            let (from, to) = (earlier.version, later.version);
            return format!("Versions {from} and {to} hold the same.\n");
        }
        all
    })
}

fn sweep(args: &SweepDatasetsArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let swept = app.store.sweep_datasets(Some(args.budget.unwrap_or(0)))?;
    args.output.print_or(&swept, || {
        let (freed, kept, copies) = (size(swept.freed_b), size(swept.kept_b), size(swept.copies_b));
        format!("Freed {freed}. Datasets take {kept}, copies of them for jobs {copies}.\n")
    })
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
    app.store.sweep_datasets(None)?;
    Ok(())
}

fn version(app: &App, instance: &Instance, id: &str, version: Option<u32>) -> Result<Dataset, Failure> {
    match app.store.dataset(&instance.id, id, version)? {
        Some(found) => Ok(found),
        None => Err(unknown(id, version, &app.store.datasets(&instance.id)?)),
    }
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

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A size as people write it: 500MB, 20 GB; bytes without a unit.
fn budget(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 5] =
        [("tb", 1_000_000_000_000), ("gb", 1_000_000_000), ("mb", 1_000_000), ("kb", 1000), ("b", 1)];
    let lower = text.trim().to_ascii_lowercase();
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((lower.strip_suffix(unit)?, *factor)))
        .unwrap_or((lower.as_str(), 1));
    let number: u64 =
        number.trim().parse().map_err(|_| "a size is a number and a unit, as in 20GB".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "it is too large".to_owned())
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
