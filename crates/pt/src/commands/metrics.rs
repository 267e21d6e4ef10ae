//! `pt metrics`: what can be counted and measured of a job.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_server::metrics_of_job;

use super::logs::choose;
use crate::cli::ContextArgs;
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Outcome};

/// Prints the metrics of a job in the text format of Prometheus.
///
/// Without an id, those of the newest job. While it runs, they hold what its containers use up.
/// `pt run --metrics-port` serves the same over HTTP.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct MetricsArgs {
    /// A job, or the newest with this step or container.
    #[arg(value_name = "id", add = ArgValueCandidates::new(complete::logs))]
    what: Option<String>,
    #[command(flatten)]
    context: ContextArgs,
    /// Takes the project of this polytope file instead of the one around the working directory.
    #[arg(long, value_name = "path")]
    polytope_file: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &MetricsArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.polytope_file.as_deref())?;
    let (record, _) = choose(app.jobs_here(&instance, true)?, args.what.as_deref())?;
    let text = match record.runner.as_ref().filter(|_| record.alive) {
        Some(runner) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            match runtime.block_on(metrics_of_job(&runner.socket)) {
                Ok(text) => text,
                // It may just have ended.
                Err(_) if !app.store.runner_alive(&record.key)? => app.metrics_of(&record.key)?,
                Err(error) => {
                    let id = record.id();
                    return Err(Failure::new(format!("The metrics of job {id} cannot be told: {error}")));
                }
            }
        }
        None => app.metrics_of(&record.key)?,
    };
    write!(anstream::stdout().lock(), "{text}")?;
    Ok(())
}
