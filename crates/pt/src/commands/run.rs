//! `pt run`: runs templates and modules.

use std::process::{Command, Stdio};
use std::time::Duration;

use pt_model::{Job, Status};
use pt_server::{App, Environment, LoadedProject, RunRequest, Started};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::RunArgs;
use crate::failure::{Failure, Outcome};
use crate::targets;
use crate::watch::Watcher;

/// Runs the command.
pub(crate) fn run(args: &RunArgs) -> Outcome {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Failure::new(format!("Could not start: {error}")))?;
    runtime.block_on(run_job(args))
}

async fn run_job(args: &RunArgs) -> Outcome {
    let app = App::open(Environment::read()?)?;
    let groups = targets::read(&args.targets)?;
    let project = app.load(args.polytope_file.as_deref())?;
    let LoadedProject { loaded, instance } = targets::readable(project)?;
    let request = RunRequest {
        until: args.until.as_deref().map(Into::into),
        job: args.job_id.as_deref().map(Into::into),
    };
    let planned = pt_plan::plan(&loaded.project, &groups, &app.named(&instance));
    let Some(plan) = targets::startable(&loaded, planned)? else { return Err(Failure::silent(1)) };
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
        return detach(args, &app);
    }
    let started = app.start(plan, instance, request).await?;
    if args.runner {
        announce(&started)?;
    }
    let timeout = match &args.timeout {
        Some(text) => Some(targets::duration(text)?),
        None => None,
    };
    let (job, interrupted, timed_out) = follow(started, timeout, args.runner).await?;
    match job.status {
        _ if timed_out => Err(Failure::silent(1)),
        _ if interrupted => Err(Failure::silent(130)),
        Status::Success => Ok(()),
        Status::Queued
        | Status::Starting
        | Status::Running
        | Status::Stopping
        | Status::Failed
        | Status::Stopped
        | Status::Canceled => Err(Failure::silent(1)),
    }
}

/// Watches the job to its end. The first Ctrl-C stops it, the second kills it.
async fn follow(
    started: Started,
    timeout: Option<Duration>,
    quiet: bool,
) -> Result<(Job, bool, bool), Failure> {
    let Started { mut running, presence: _presence, .. } = started;
    let control = running.control.clone();
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    let mut interrupted = false;
    let mut timed_out = false;
    let deadline = async {
        match timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(deadline);
    let mut watcher = Watcher::new();
    loop {
        tokio::select! {
            notice = running.notices.recv() => match notice {
                Some(notice) if !quiet => watcher.show(notice)?,
                Some(_) => {}
                None => break,
            },
            Some(()) = interrupts.recv() => {
                if control.is_stopping() {
                    control.kill();
                } else {
                    control.stop("Ctrl-C was pressed (once more kills)");
                }
                interrupted = true;
            }
            Some(()) = terminations.recv() => {
                control.stop("the runner was asked to end");
                interrupted = true;
            }
            Some(()) = hangups.recv(), if !quiet => {
                control.stop("the terminal is gone");
                interrupted = true;
            }
            () = &mut deadline, if !timed_out => {
                control.stop("it took longer than --timeout allows");
                timed_out = true;
            }
        }
    }
    let job =
        running.done.await.map_err(|error| Failure::new(format!("The job's engine broke: {error}")))??;
    Ok((job, interrupted, timed_out))
}

/// Starts the same command again as a runner of its own, and waits until its job exists.
fn detach(args: &RunArgs, app: &App) -> Outcome {
    use std::io::{BufRead, BufReader};
    let this = std::env::current_exe()?;
    let mut command = Command::new(this);
    command.args(std::env::args_os().skip(1)).arg("--runner").current_dir(&app.environment.working_dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let Some(out) = child.stdout.take() else { return Err(Failure::new("The runner gives no answer.")) };
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    let job = line.trim();
    if job.is_empty() {
        let hint = format!("Run it without {} to see why.", if args.detach { "-d" } else { "--runner" });
        return Err(Failure::new("The runner ended before its job began.").hint(hint));
    }
    let mut err = anstream::stderr().lock();
    use std::io::Write;
    writeln!(
        err,
        "Job {job} runs in the background: `pt logs -f {job}` follows it, `pt stop {job}` stops it."
    )?;
    writeln!(anstream::stdout().lock(), "{job}")?;
    Ok(())
}

/// Tells the process that started this runner which job it runs, and leaves its session.
fn announce(started: &Started) -> Outcome {
    use std::io::Write;
    // Fails only when this is already the leader of a session, which serves as well.
    let _ = rustix::process::setsid();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", started.key.job)?;
    out.flush()?;
    Ok(())
}
