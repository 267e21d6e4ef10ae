//! Which jobs a command is about.

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_server::{App, JobRecord};
use pt_store::Instance;

use crate::cli::{ContextArgs, ProjectArgs};
use crate::complete;
use crate::config::Config;
use crate::failure::Failure;
use crate::job_name::means;

/// Of which jobs things are listed.
#[derive(Debug, Args)]
pub(crate) struct JobsOfArgs {
    /// Shows those of past jobs, too.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    context: ContextArgs,
    /// Shows those of this job only, whether it runs or not.
    #[arg(long, value_name = "job", add = ArgValueCandidates::new(complete::jobs))]
    job: Option<String>,
    #[command(flatten)]
    project: ProjectArgs,
}

impl JobsOfArgs {
    /// The jobs, the newest first.
    pub(crate) fn records(&self, config: &Config) -> Result<Vec<JobRecord>, Failure> {
        let app = config.open(&self.context)?;
        let instance = app.instance(self.project.polytope_file.as_deref())?;
        match &self.job {
            Some(job) => Ok(vec![find(&app, &instance, job)?]),
            None => Ok(app.jobs_here(&instance, self.all)?),
        }
    }
}

/// The job of this id; or of this target the one that runs, or else the newest.
pub(crate) fn find(app: &App, instance: &Instance, name: &str) -> Result<JobRecord, Failure> {
    let mut records = app.jobs_here(instance, true)?;
    records.retain(|record| means(name, record.id()));
    let runs = |record: &JobRecord| !record.job.status.has_ended();
    let is_exact = |record: &JobRecord| record.id().as_str() == name;
    // An isolated one that runs is meant rather than one of the checkout that is over.
    let exact = records.iter().position(|record| is_exact(record) && runs(record));
    let exact = exact.or_else(|| records.iter().position(is_exact));
    let live = || records.iter().position(runs);
    match exact.or_else(live).or(if records.is_empty() { None } else { Some(0) }) {
        Some(at) => Ok(records.swap_remove(at)),
        None => Err(unknown(name)),
    }
}

/// Nothing is known of such a job.
pub(crate) fn unknown(name: &str) -> Failure {
    Failure::new(format!("No job '{name}' is known here.")).hint("`pt jobs list --all` lists the jobs.")
}

/// The runner of a job is gone before the job was over: what to do.
pub(crate) fn orphaned(record: &JobRecord) -> Failure {
    let id = record.id();
    Failure::new(format!("The runner of job {id} is gone: it was killed, or the machine was restarted.")).hint(format!(
        "`pt attach {id}` goes on with it; `pt stop {id}` removes what it left; then `pt run --resume {id}` runs the steps that \
         did not end well, `pt rerun {id}` all of them; `pt logs {id}` shows what it said."
    ))
}
