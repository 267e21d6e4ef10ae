//! `pt run`: runs templates and modules.

mod detach;
mod go_on;
pub(crate) mod listing;
mod signals;
mod slow;

use std::io::{self, Write};
use std::iter;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;
use clap_complete::ArgValueCandidates;
use pt_engine::Earlier;
use pt_model::{Job, Status};
use pt_server::{App, RunRequest, Started, Unset};
use tokio::sync::watch;

pub(crate) use self::detach::begin_runner;
use self::detach::{announce, detach, tell_ports};
pub(crate) use self::go_on::go_on;
use self::signals::{Heard, Signals};
use self::slow::Slow;
use crate::ask;
use crate::cli::{ContextArgs, LockArgs, ProjectArgs};
use crate::commands::rerun;
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::prompt;
use crate::targets;
use crate::watch::Watcher;

/// Runs templates, modules and tools as one job.
///
/// A target is the name of a template, tool or module, with its arguments in
/// braces: `pt run stack 'polytope/postgres{port: 5433}'`. Several run in
/// parallel; what follows a comma waits until everything before it succeeded.
/// Without one, all targets of the project are listed.
///
/// On a terminal, arguments that are missing are asked for.
///
/// The first Ctrl-C stops the job, the second kills it.
#[derive(Clone, Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct RunArgs {
    /// What to run.
    #[arg(value_name = "target", add = ArgValueCandidates::new(complete::targets))]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Leaves the job running, and prints its id.
    #[arg(short, long = "background", alias = "detach", conflicts_with = "mcp")]
    pub(crate) detach: bool,
    /// With --mcp: gives agents a sandbox with networks, volumes and job ids of its own.
    #[arg(long, requires = "mcp")]
    pub(crate) isolated: bool,
    /// Sets the id of the job [default: that of the target and a number].
    #[arg(long, value_name = "id")]
    pub(crate) job_id: Option<String>,
    /// Lets coding agents work on the project: starts the MCP server, until stopped.
    #[arg(long)]
    pub(crate) mcp: bool,
    /// Port of the MCP server [default: 31338, or the next that is free].
    #[arg(long, value_name = "port", requires = "mcp")]
    pub(crate) mcp_port: Option<u16>,
    /// Tells the job's metrics to Prometheus at this port of this machine; 0 for any that is free.
    #[arg(long, value_name = "port", conflicts_with = "mcp")]
    pub(crate) metrics_port: Option<u16>,
    /// Runs steps that have a `cache` though nothing has changed.
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Prints lines only: asks nothing, draws nothing.
    #[arg(long, alias = "no-ui")]
    pub(crate) non_interactive: bool,
    /// Receives what services tell of themselves by OpenTelemetry; POLYTOPE_OTLP=1 does, too.
    #[arg(long, env = "POLYTOPE_OTLP", hide_env = true)]
    #[arg(value_parser = FalseyValueParser::new())]
    pub(crate) otlp: bool,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) locks: LockArgs,
    /// Runs again what a job was asked for, without the steps that ended well in it.
    #[arg(long, value_name = "job", conflicts_with_all = ["targets", "mcp"])]
    #[arg(add = ArgValueCandidates::new(complete::jobs))]
    pub(crate) resume: Option<String>,
    /// Runs a job for another process, which waits for its id.
    #[arg(long, hide = true)]
    pub(crate) runner: bool,
    /// Stops the job after this time, as 90s, 5m or 1h.
    #[arg(long, value_name = "duration", conflicts_with = "mcp")]
    pub(crate) timeout: Option<String>,
    /// Ends the job when this step ends, with the step's outcome.
    #[arg(long, value_name = "step")]
    pub(crate) until: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &RunArgs, config: &Config) -> Outcome {
    if let Some(job) = &args.resume {
        let (args, earlier) = rerun::resumed(args, job, config)?;
        return run_from(&args, Some(earlier), config);
    }
    run_from(args, None, config)
}

/// Runs a job that may go on where an earlier one ended.
pub(crate) fn run_from(args: &RunArgs, resumes: Option<Earlier>, config: &Config) -> Outcome {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Failure::new(format!("Could not start: {error}")))?;
    runtime.block_on(run_job(args, resumes, config))
}

async fn run_job(args: &RunArgs, resumes: Option<Earlier>, config: &Config) -> Outcome {
    let timeout = args.timeout.as_deref().map(targets::duration).transpose()?;
    let app = config.open(&args.context)?;
    let mut project = targets::load(&app, &args.project, &args.locks)?;
    let mut groups = targets::read(&args.targets, &mut project.loaded.project)?;
    let mut project = targets::readable(project)?;
    if groups.is_empty() {
        return listing::show(&project.loaded.project, "run");
    }
    app.refer(&mut project, &groups);
    // What runs in the background reads the command line anew, and knows of no answers.
    if prompt::can_ask() && !args.non_interactive && !args.detach && !args.runner {
        ask::missing_args(&project.loaded.project, &mut groups)?;
    }
    let request = RunRequest {
        until: args.until.as_deref().map(Into::into),
        job: args.job_id.as_deref().map(Into::into),
        interactive: !args.runner && !args.non_interactive && prompt::can_ask(),
        open: false,
        no_cache: args.no_cache,
        resumes,
        metrics_port: args.metrics_port,
        otlp: args.otlp,
    };
    let planned = app.plan(&project, &groups, &Unset)?;
    let Some(plan) = targets::startable(&project.loaded, planned)? else { return Err(Failure::silent(1)) };
    if let Some(until) = &request.until
        && !plan.steps.iter().any(|step| step.id == *until)
    {
        let steps: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
        return Err(Failure::usage(format!(
            "--until: There is no step '{until}'; there are: {}.",
            steps.join(", ")
        )));
    }
    if args.detach && !args.runner {
        return detach(&app, &project.instance);
    }
    let watcher = if args.runner { None } else { Some(Watcher::new(targets::doomed(&plan))) };
    // Heard from before there is anything to stop.
    let signals = Signals::new()?;
    let started = app.start(plan, project, request).await?;
    let said = if args.runner {
        announce(&started)
    } else {
        tell_ports(started.metrics.map(|address| address.port()), started.otlp.map(|address| address.port()))
    };
    if said.is_err() {
        started.running.control.stop("nobody waits for it");
    }
    let (job, interrupted) = follow(started, timeout, watcher, signals).await?;
    said?;
    match job.status {
        _ if interrupted => Err(Failure::silent(130)),
        Status::Success => Ok(()),
        Status::Queued
        | Status::Starting
        | Status::Running
        | Status::Stopping
        | Status::Failed
        | Status::Stopped
        | Status::Skipped
        | Status::Canceled => Err(Failure::silent(1)),
    }
}

/// Watches the job to its end; says whether a signal ended it. Without a watcher nothing is shown.
async fn follow(
    started: Started,
    timeout: Option<Duration>,
    mut watcher: Option<Watcher>,
    signals: Signals,
) -> Result<(Job, bool), Failure> {
    let Started { mut running, presence: _presence, exporter, .. } = started;
    // A task of its own: signals are heard even while nobody reads what is shown.
    let (tell, mut heard) = watch::channel(Heard::default());
    let hearing = tokio::spawn(signals.hear(running.control.clone(), watcher.is_some(), tell));
    let deadline = async {
        match timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(deadline);
    let mut timed_out = false;
    let mut look_again = tokio::time::Instant::now() + LOOK_AGAIN;
    let mut slow = Slow::default();
    let so_far = heard.clone();
    let mut unshown = None;
    loop {
        tokio::select! {
            notice = running.notices.recv() => {
                let Some(notice) = notice else { break };
                // Those that are there already come with it: looking around in between costs more than showing them.
                let more = iter::from_fn(|| running.notices.try_recv().ok()).take(AT_ONCE);
                let all = iter::once(notice).chain(more);
                let shown = match &mut watcher {
                    Some(watcher) => watcher.show_all(all),
                    None => {
                        all.for_each(drop);
                        Ok(())
                    }
                };
                slow.look(watcher.as_ref());
                if let Err(error) = shown {
                    // As for any program in a pipe, the job ends with its reader; but in order.
                    running.control.stop("nobody reads what it says");
                    watcher = None;
                    unshown = Some(error);
                }
            }
            Ok(given_up) = heard.wait_for(|heard| heard.interrupts > 2) => {
                drop(given_up);
                let hint = "`pt clean` removes what is left of it.";
                return Err(Failure { code: 130, ..Failure::new("The job was left while it was ending.").hint(hint) });
            }
            () = slow.told() => {
                let interrupts = so_far.borrow().interrupts;
                // After the second they are being killed; and where nobody reads it there is nobody to tell.
                let told = watcher.as_ref().filter(|_| interrupts < 2);
                let _ = told.map(|watcher| watcher.waiting(App::GRACE, interrupts > 0));
            }
            () = tokio::time::sleep_until(look_again), if watcher.is_some() => {
                look_again = tokio::time::Instant::now() + LOOK_AGAIN;
                let waits = running.control.waits().await;
                let told = watcher.as_mut().map(|watcher| watcher.waits(&waits));
                told.transpose()?;
            }
            () = &mut deadline, if !timed_out => {
                running.control.stop("it took longer than --timeout allows");
                timed_out = true;
            }
        }
    }
    let job =
        running.done.await.map_err(|error| Failure::new(format!("The job's engine broke: {error}")))??;
    if let Err(why) = exporter.finish().await
        && watcher.is_some()
    {
        writeln!(anstream::stderr(), "Warning: The job's trace was not sent: {why}.")?;
    }
    hearing.abort();
    let Heard { interrupts, ended } = *heard.borrow();
    let interrupted = interrupts > 0 || ended;
    match unshown {
        // Whoever read along has gone, and the job with them: as where the signal of a broken pipe ends a program.
        Some(error) if error.kind() == io::ErrorKind::BrokenPipe && job.status == Status::Stopped => {
            Err(Failure::silent(BROKEN_PIPE))
        }
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        Some(_) | None => Ok((job, interrupted)),
    }
}

/// Notices that are shown before anything else is looked at again.
const AT_ONCE: usize = 64;

/// After how long it is said what steps wait for, and how often it is looked.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The exit code of a program that SIGPIPE has ended.
const BROKEN_PIPE: u8 = 141;
