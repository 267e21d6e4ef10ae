//! `pt stop`: stops jobs, whoever runs them.

use std::io::Write;
use std::thread;
use std::time::Duration;

use pt_server::{App, Environment, JobRecord, stop_job};

use crate::cli::StopArgs;
use crate::failure::{Failure, Outcome};
use crate::job_name::means;

/// Runs the command.
pub(crate) fn run(args: &StopArgs) -> Outcome {
    let app = App::open(Environment::read()?)?;
    let instance = app.instance()?;
    let mut records = app.jobs(Some(&instance))?;
    match &args.job {
        Some(job) => records = meant(records, job),
        None => records.retain(JobRecord::is_alive),
    }
    if let (Some(job), true) = (&args.job, records.is_empty()) {
        return Err(
            Failure::new(format!("No job '{job}' is known here.")).hint("`pt ps --all` lists the jobs.")
        );
    }
    if records.is_empty() {
        writeln!(anstream::stderr().lock(), "Nothing runs here.")?;
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for record in &records {
        runtime.block_on(stop(&app, record, args.kill))?;
    }
    Ok(())
}

/// The job of this id, or all of this target that are not over, or if there are none the newest.
fn meant(mut records: Vec<JobRecord>, job: &str) -> Vec<JobRecord> {
    records.retain(|record| means(job, record.id()));
    if let Some(exact) = records.iter().position(|record| record.id().as_str() == job) {
        return vec![records.swap_remove(exact)];
    }
    if records.iter().any(|record| !record.job.status.has_ended()) {
        records.retain(|record| !record.job.status.has_ended());
    } else {
        records.truncate(1);
    }
    records
}

async fn stop(app: &App, record: &JobRecord, kill: bool) -> Outcome {
    let id = record.id();
    let mut err = anstream::stderr().lock();
    if record.job.status.has_ended() {
        writeln!(err, "Job {id} is over already.")?;
        return Ok(());
    }
    if record.is_orphan() {
        let backend = app.backend().await?;
        let problems = app.clear_away(record, &backend).await?;
        if let Some(problem) = problems.first() {
            return Err(Failure::new(format!("Not everything of job {id} could be removed: {problem}")));
        }
        writeln!(err, "Job {id} had lost its runner; what was left of it is removed.")?;
        return Ok(());
    }
    writeln!(err, "Stopping job {id}…")?;
    let socket = record.runner.as_ref().map(|runner| runner.socket.clone()).unwrap_or_default();
    stop_job(&socket, kill).await.map_err(|error| Failure::new(error.to_string()))?;
    while app.store.runner_alive(&record.key)? {
        thread::sleep(Duration::from_millis(20));
    }
    writeln!(err, "Job {id} is over.")?;
    Ok(())
}
