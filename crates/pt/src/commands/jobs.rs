//! `pt jobs`: the project's jobs.

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use pt_server::JobRecord;
use pt_store::StoreError;
use serde_json::{Value, json};
use std::io::Write;

use crate::cli::{ContextArgs, OutputArgs, ProjectArgs};
use crate::commands::rerun::{self, RerunArgs};
use crate::commands::stop::{self, StopArgs};
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::jobs_of::{self, orphaned};
use crate::table::Table;

/// What can be done with jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    List(ListJobsArgs),
    Get(GetJobArgs),
    Stop(StopArgs),
    #[command(alias = "rm")]
    Delete(DeleteJobsArgs),
    Clone(RerunArgs),
}

/// Lists the project's jobs that run.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ListJobsArgs {
    /// Shows past ones, too.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Shows all that is known of a job: its steps, containers and services.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct GetJobArgs {
    /// The job, by its id or its target.
    #[arg(value_name = "job", add = ArgValueCandidates::new(complete::jobs))]
    job: String,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Forgets jobs that are over: their events and their logs.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DeleteJobsArgs {
    /// The jobs, by their ids.
    #[arg(value_name = "job", required = true, add = ArgValueCandidates::new(complete::jobs))]
    jobs: Vec<String>,
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Runs the command.
pub(crate) fn run(command: &JobsCommand, config: &Config) -> Outcome {
    match command {
        JobsCommand::List(args) => list(args, config),
        JobsCommand::Get(args) => get(args, config),
        JobsCommand::Stop(args) => stop::run(args, config),
        JobsCommand::Delete(args) => delete(args, config),
        JobsCommand::Clone(args) => rerun::run(args, config),
    }
}

fn list(args: &ListJobsArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.project.polytope_file.as_deref())?;
    let records = app.jobs_here(&instance, args.all)?;
    let described: Vec<Value> = records.iter().map(summary).collect();
    args.output.print_list(
        &described,
        |one| one["id"].as_str().unwrap_or_default().to_owned(),
        || {
            if records.is_empty() {
                return "Nothing runs here. With --all, past jobs.\n".to_owned();
            }
            let mut table = Table::new(&["JOB", "STATUS", "TARGET", "CREATED", "FINISHED"]);
            for record in &records {
                let job = &record.job;
                let date =
                    |at: Option<jiff::Timestamp>| at.map_or_else(|| "–".to_owned(), |at| format!("{at:.0}"));
                let (created, finished) = (date(job.created_ts), date(job.finished_ts));
                table.row(vec![record.shown(), status(record), job.target.clone(), created, finished]);
            }
            table.render()
        },
    )
}

fn get(args: &GetJobArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.project.polytope_file.as_deref())?;
    let record = jobs_of::find(&app, &instance, &args.job)?;
    let mut described = describe(&record);
    if let Some(request) = app.store.request(&record.key)? {
        described["context"] = json!(request.context);
    }
    args.output.print(&described)
}

fn delete(args: &DeleteJobsArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.project.polytope_file.as_deref())?;
    let records = app.jobs_here(&instance, true)?;
    // All are looked up before one is deleted.
    let meant: Vec<&JobRecord> = args
        .jobs
        .iter()
        .map(|id| {
            let found = records.iter().find(|record| record.id().as_str() == id);
            let record = found.ok_or_else(|| jobs_of::unknown(id))?;
            if record.is_orphan() {
                return Err(orphaned(record)
                    .hint(format!("`pt stop {id}` removes what it left. Then it can be deleted.")));
            }
            if !record.job.status.has_ended() {
                return Err(running(id));
            }
            Ok(record)
        })
        .collect::<Result<_, Failure>>()?;
    for record in meant {
        match app.store.delete_job(&record.key) {
            // It is over, and its runner about to go.
            Err(StoreError::Running { job }) => return Err(running(job.as_str())),
            deleted => deleted?,
        }
        writeln!(anstream::stderr().lock(), "Job {} is deleted.", record.id())?;
    }
    Ok(())
}

fn running(id: &str) -> Failure {
    Failure::new(format!("Job {id} runs.")).hint(format!("`pt stop {id}` stops it. Then it can be deleted."))
}

/// The status of a job, and of a job without a runner that.
pub(crate) fn status(record: &JobRecord) -> String {
    if record.is_orphan() { "orphaned".to_owned() } else { record.job.status.word().to_owned() }
}

/// What a list tells of a job.
fn summary(record: &JobRecord) -> Value {
    let job = &record.job;
    let steps: serde_json::Map<String, Value> =
        job.steps.iter().map(|(id, step)| (id.to_string(), json!(step.status))).collect();
    let mut value = json!({
        "id": record.id(),
        "status": status(record),
        "target": job.target,
        "created-ts": job.created_ts,
        "started-ts": job.started_ts,
        "finished-ts": job.finished_ts,
        "steps": steps,
    });
    mark(&mut value, record);
    value
}

/// Marks what is not the checkout's own.
fn mark(value: &mut Value, record: &JobRecord) {
    if record.instance.isolated {
        value["isolated"] = json!(true);
    }
}

/// All that is known of a job.
pub(crate) fn describe(record: &JobRecord) -> Value {
    let mut value = json!(record.job);
    value["status"] = json!(status(record));
    value["project"] = json!(record.instance.root);
    mark(&mut value, record);
    let pid = record.runner.as_ref().map(|runner| runner.pid);
    value["runner"] = match record.alive {
        true => json!({"status": "alive", "pid": pid}),
        false if record.is_orphan() => json!({"status": "gone"}),
        false => json!({"status": "ended"}),
    };
    value
}
