//! `pt rerun`, `pt jobs clone`: runs again what a job was asked for.

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_engine::Earlier;
use pt_server::JobRecord;

use crate::cli::{ContextArgs, LockArgs, ProjectArgs};
use crate::commands::run::{self, RunArgs};
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::jobs_of;

/// Runs again what a job was asked for, with the project as it is now.
///
/// Targets, arguments (those that were asked for, too), context and --until are
/// the job's. It gets an id of its own.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct RerunArgs {
    /// The job, by its id or its target: the newest.
    #[arg(value_name = "job", add = ArgValueCandidates::new(complete::jobs))]
    job: String,
    /// Leaves the job running, and prints its id.
    #[arg(short, long = "background", alias = "detach")]
    detach: bool,
    #[command(flatten)]
    context: ContextArgs,
    /// Sets the id of the new job [default: that of the target and a number].
    #[arg(long, value_name = "id")]
    job_id: Option<String>,
    /// Prints lines only: asks nothing, draws nothing.
    #[arg(long, alias = "no-ui")]
    non_interactive: bool,
    #[command(flatten)]
    project: ProjectArgs,
    /// Runs a job for another process, which waits for its id.
    #[arg(long, hide = true)]
    runner: bool,
    /// Stops the job after this time, as 90s, 5m or 1h.
    #[arg(long, value_name = "duration")]
    timeout: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &RerunArgs, config: &Config) -> Outcome {
    let record = find(&args.job, &args.context, &args.project, config)?;
    let again = RunArgs {
        targets: Vec::new(),
        context: ContextArgs { context: args.context.context.clone() },
        detach: args.detach,
        isolated: false,
        job_id: args.job_id.clone(),
        mcp: false,
        mcp_port: None,
        metrics_port: None,
        otlp: false,
        no_cache: false,
        non_interactive: args.non_interactive,
        project: ProjectArgs { polytope_file: args.project.polytope_file.clone() },
        locks: LockArgs::default(),
        resume: None,
        runner: args.runner,
        timeout: args.timeout.clone(),
        until: None,
    };
    run::run_from(&asked(again, &record, config)?, None, config)
}

/// What to run to resume a job, and what is left of it.
pub(crate) fn resumed(args: &RunArgs, job: &str, config: &Config) -> Result<(RunArgs, Earlier), Failure> {
    let record = find(job, &args.context, &args.project, config)?;
    let id = record.id();
    if !record.job.status.has_ended() && !record.is_orphan() {
        return Err(Failure::new(format!("Job {id} runs.")).hint(format!("`pt attach {id}` follows it.")));
    }
    let earlier = Earlier::of(id, &record.job);
    Ok((asked(args.clone(), &record, config)?, earlier))
}

fn find(
    job: &str,
    context: &ContextArgs,
    project: &ProjectArgs,
    config: &Config,
) -> Result<JobRecord, Failure> {
    let app = config.open(context)?;
    let instance = app.instance(project.polytope_file.as_deref())?;
    jobs_of::find(&app, &instance, job)
}

/// With what a job was asked for, where nothing else is said.
fn asked(args: RunArgs, record: &JobRecord, config: &Config) -> Result<RunArgs, Failure> {
    let Some(request) = config.open(&args.context)?.store.request(&record.key)? else {
        let id = record.id();
        return Err(Failure::new(format!(
            "What job {id} was asked for has not been kept: an older version ran it."
        )));
    };
    Ok(RunArgs {
        targets: request.groups.join(&",".to_owned()),
        context: ContextArgs { context: args.context.context.or(Some(request.context)) },
        project: ProjectArgs { polytope_file: args.project.polytope_file.or(request.root_file) },
        until: args.until.or(request.until),
        otlp: args.otlp || request.otlp_port.is_some(),
        ..args
    })
}
