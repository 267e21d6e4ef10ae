//! `pt stop`: stops jobs, whoever runs them.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_server::{App, JobRecord, stop_job};
use pt_store::Instance;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use crate::cli::{ContextArgs, ProjectArgs};
use crate::commands::ps::sentence;
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::job_name::means;

/// Stops a job, whoever runs it; without an id, all of the project.
///
/// An MCP server goes on: its next call opens another sandbox. With --mcp the
/// project's servers end, and what runs in their sandboxes.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct StopArgs {
    /// The job.
    #[arg(value_name = "job", add = ArgValueCandidates::new(complete::live_jobs))]
    pub(crate) job: Option<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Kills it instead of asking it to stop.
    #[arg(long)]
    pub(crate) kill: bool,
    /// Ends the project's MCP servers, and what runs in their sandboxes.
    #[arg(long, conflicts_with_all = ["job", "kill"])]
    pub(crate) mcp: bool,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// How often is looked whether the job is over.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a runner may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// After how long it is said that a job is still stopping: longer than its containers may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Runs the command.
pub(crate) fn run(args: &StopArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.project.polytope_file.as_deref())?;
    if args.mcp {
        return end_servers(&app, &instance);
    }
    let mut records = app.jobs_here(&instance, args.job.is_some())?;
    if let Some(job) = &args.job {
        records = meant(records, job);
    }
    if let (Some(job), true) = (&args.job, records.is_empty()) {
        return Err(
            Failure::new(format!("No job '{job}' is known here.")).hint("`pt ps --all` lists the jobs.")
        );
    }
    if records.is_empty() {
        writeln!(anstream::stderr().lock(), "Nothing runs here.")?;
        return tell_of_servers(&app, &instance);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for record in &records {
        runtime.block_on(stop(&app, record, args.kill))?;
    }
    let is_sandbox = |record: &JobRecord| record.job.target == pt_mcp::TARGET;
    if args.job.is_none() || records.iter().any(is_sandbox) {
        tell_of_servers(&app, &instance)
    } else {
        Ok(())
    }
}

/// That servers go on, though what ran in them does not.
fn tell_of_servers(app: &App, instance: &Instance) -> Outcome {
    let mut err = anstream::stderr().lock();
    for server in app.store.servers(&instance.id)? {
        let goes_on = "and opens another sandbox at the next call. `pt stop --mcp` ends it.";
        writeln!(err, "{} {goes_on}", sentence(&server))?;
    }
    Ok(())
}

/// Ends the servers as Ctrl-C in their terminals would, and waits for it.
fn end_servers(app: &App, instance: &Instance) -> Outcome {
    let mut servers = app.store.servers(&instance.id)?;
    let mut err = anstream::stderr().lock();
    if servers.is_empty() {
        writeln!(err, "No MCP server of this project runs.")?;
    }
    for server in &servers {
        writeln!(err, "{}. Ending it…", sentence(server))?;
        let pid = i32::try_from(server.pid).ok().and_then(Pid::from_raw);
        // It may have ended just now.
        pid.map(|pid| kill_process(pid, Signal::TERM)).transpose().or_else(gone)?;
    }
    let asked = Instant::now();
    let mut patient = true;
    while !servers.is_empty() {
        thread::sleep(PAUSE);
        let alive = app.store.servers(&instance.id)?;
        let (going, ended): (Vec<_>, Vec<_>) = servers.into_iter().partition(|one| alive.contains(one));
        ended.iter().try_for_each(|_| writeln!(err, "The MCP server is over."))?;
        servers = going;
        if patient && asked.elapsed() > PATIENCE {
            patient = false;
            writeln!(
                err,
                "What it runs is still stopping: `pt ps` shows it, `pt stop --kill` waits for nothing."
            )?;
        }
    }
    Ok(())
}

/// Who is asked to end and is not there any more has done so.
fn gone(error: Errno) -> Result<Option<()>, Failure> {
    if error == Errno::SRCH {
        Ok(None)
    } else {
        Err(Failure::new(format!("The MCP server could not be ended: {error}")))
    }
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
    let id = record.shown();
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
    ask(app, record, kill).await?;
    let asked = Instant::now();
    let mut patient = true;
    while app.store.runner_alive(&record.key)? {
        thread::sleep(PAUSE);
        if patient && asked.elapsed() > PATIENCE {
            patient = false;
            let hint = if kill { "see `pt ps`" } else { "`pt stop --kill` waits for nothing" };
            writeln!(err, "Job {id} is still stopping: {hint}.")?;
        }
    }
    writeln!(err, "Job {id} is over.")?;
    Ok(())
}

/// Asks the runner, which may just have begun or just be ending.
async fn ask(app: &App, record: &JobRecord, kill: bool) -> Outcome {
    let asked = Instant::now();
    loop {
        let runner = app.store.runner(&record.key)?;
        let answer = stop_job(&runner.map(|runner| runner.socket).unwrap_or_default(), kill).await;
        match answer {
            Ok(()) => return Ok(()),
            Err(_) if !app.store.runner_alive(&record.key)? => return Ok(()),
            Err(_) if asked.elapsed() < ANSWER => thread::sleep(PAUSE),
            Err(error) => {
                let error = format!("Job {} could not be asked to stop: {error}", record.id());
                return Err(Failure::new(error));
            }
        }
    }
}
