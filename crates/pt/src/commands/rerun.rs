//! `pt rerun`, `pt jobs clone`: runs again what a job was asked for.

use clap::Args;
use clap_complete::ArgValueCandidates;

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
    let app = config.open(&args.context)?;
    let instance = app.instance(args.project.polytope_file.as_deref())?;
    let record = jobs_of::find(&app, &instance, &args.job)?;
    let Some(request) = app.store.request(&record.key)? else {
        let id = record.id();
        return Err(Failure::new(format!(
            "What job {id} was asked for has not been kept: an older version ran it."
        )));
    };
    let run = RunArgs {
        targets: request.groups.join(&",".to_owned()),
        context: ContextArgs { context: args.context.context.clone().or(Some(request.context)) },
        detach: args.detach,
        isolated: false,
        job_id: args.job_id.clone(),
        mcp: false,
        mcp_port: None,
        non_interactive: args.non_interactive,
        project: ProjectArgs { polytope_file: args.project.polytope_file.clone().or(request.root_file) },
        locks: LockArgs::default(),
        runner: args.runner,
        timeout: args.timeout.clone(),
        until: request.until,
    };
    run::run(&run, config)
}
