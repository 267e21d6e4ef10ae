//! `pt events`: what happened to a job.

use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCandidates;
use jiff::Timestamp;
use pt_model::{ContainerChange, Event, Failure as StepFailure, What};

use super::logs::choose;
use crate::cli::ContextArgs;
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};

/// Shows what happened to a job: every change of its steps, containers and services.
///
/// Without an id, the newest job. Times are seconds since the job was created;
/// with -o, moments.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct EventsArgs {
    /// A job, or the newest with this step or container.
    #[arg(value_name = "id", add = ArgValueCandidates::new(complete::logs))]
    pub(crate) what: Option<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Goes on until the job is over.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Selects output format [default: sentences].
    #[arg(short, long, value_name = "format")]
    pub(crate) output: Option<Format>,
    /// Takes the project of this polytope file instead of the one around the working directory.
    #[arg(long, value_name = "path")]
    pub(crate) polytope_file: Option<PathBuf>,
}

/// How often the events of a running job are looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs the command.
pub(crate) fn run(args: &EventsArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.polytope_file.as_deref())?;
    let (record, _) = choose(app.jobs_here(&instance, true)?, args.what.as_deref())?;
    let mut next = 0;
    let mut first = None;
    loop {
        // Asked before the events are read: what is appended between the two is read in the next turn.
        let goes_on = args.follow && app.store.runner_alive(&record.key)?;
        for event in app.store.events(&record.key, next)? {
            next = event.seq + 1;
            show(&event, *first.get_or_insert(event.at), args.output)?;
        }
        if !goes_on {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
}

fn show(event: &Event, first: Timestamp, format: Option<Format>) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match format {
        None => {
            let since = event.at.duration_since(first).as_secs_f64();
            writeln!(out, "{since:>9.3}  {}", sentence(&event.what))?;
        }
        // Event by event it is one list.
        Some(Format::Yaml) => write!(out, "{}", output::render(&[event], Format::Yaml, true)?)?,
        Some(format) => write!(out, "{}", output::render(event, format, false)?)?,
    }
    Ok(())
}

fn sentence(what: &What) -> String {
    match what {
        What::JobCreated { job, target, steps } => {
            let steps: Vec<&str> = steps.iter().map(|step| step.as_str()).collect();
            format!("job {job} created to run {target}: {}", steps.join(", "))
        }
        What::JobStarted => "job started".to_owned(),
        What::JobTakenOver => "job taken over by another runner".to_owned(),
        What::JobStopping { reason } => format!("job stopping: {reason}"),
        What::JobFinished { status } => format!("job ended: {}", status.word()),
        What::StepAdded { step, parent: Some(parent), .. } => format!("step {step} added by {parent}"),
        What::StepAdded { step, parent: None, .. } => format!("step {step} added"),
        What::StepStarted { step } => format!("step {step} started"),
        What::StepActed { step, function } => format!("step {step} calls {function}"),
        What::StepRetrying { step, retry, delay_ms, failure } => {
            format!("step {step} failed, retry {retry} in {delay_ms} ms{}", why(Some(failure)))
        }
        What::StepFinished { step, status, failure, .. } => {
            format!("step {step} ended: {}{}", status.word(), why(failure.as_ref()))
        }
        What::StepCompared { step, same_as: Some(_), reason } => format!("step {step} not run: {reason}"),
        What::StepCompared { step, same_as: None, reason } => format!("step {step} runs: {reason}"),
        What::StepKept { step, job, .. } => format!("step {step} not run: it ended well in {job}"),
        What::ContainerRequested { container, step, spec } => {
            format!("container {container} of {} asked for by {step}", spec.image)
        }
        What::ContainerChanged { container, change } => format!("container {container} {}", changed(change)),
        What::ServiceOpened { service, container, ports, .. } => {
            let ports: Vec<String> = ports.iter().map(|port| port.port.to_string()).collect();
            format!("service {service} opened by {container}: {}", ports.join(", "))
        }
        What::ServiceReady { service } => format!("service {service} ready"),
        What::ServiceClosed { service } => format!("service {service} closed"),
        What::Warned { step: Some(step), message } => format!("warning of {step}: {message}"),
        What::Warned { step: None, message } => format!("warning: {message}"),
    }
}

fn changed(change: &ContainerChange) -> String {
    match change {
        ContainerChange::Pulling { image } => format!("waits for the image {image}"),
        ContainerChange::Created { .. } => "created".to_owned(),
        ContainerChange::Started => "started".to_owned(),
        ContainerChange::Ready => "ready".to_owned(),
        ContainerChange::Restarting { exit_code, delay_ms, .. } => {
            format!("exited with {exit_code}, starts again in {delay_ms} ms")
        }
        ContainerChange::Stopping => "stopping".to_owned(),
        ContainerChange::Exited { exit_code, out_of_memory: false } => format!("exited with {exit_code}"),
        ContainerChange::Exited { exit_code, out_of_memory: true } => {
            format!("exited with {exit_code}, out of memory")
        }
        ContainerChange::Failed { message } => format!("failed: {message}"),
        ContainerChange::Removed => "removed".to_owned(),
    }
}

fn why(failure: Option<&StepFailure>) -> String {
    let first_line = failure.and_then(|failure| failure.message.lines().next());
    first_line.map(|line| format!(": {line}")).unwrap_or_default()
}
