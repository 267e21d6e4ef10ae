//! Jobs in the background: two processes, and what they say to each other.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use pt_model::JobId;
use pt_server::{App, Started};
use pt_store::{Instance, JobKey};

use crate::failure::{Failure, Outcome};

/// Starts the same command again as a runner of its own, and waits until its job exists.
pub(super) fn detach(app: &App, instance: &Instance) -> Outcome {
    let job = begin_runner(app)?;
    let request = app.store.request(&JobKey::new(instance.id.clone(), JobId::new(job.as_str())))?;
    if let Some(request) = request {
        tell_ports(request.metrics_port, request.otlp_port)?;
    }
    writeln!(
        anstream::stderr().lock(),
        "Job {job} runs in the background: `pt attach {job}` follows it, `pt stop {job}` stops it."
    )?;
    writeln!(anstream::stdout().lock(), "{job}")?;
    Ok(())
}

/// Says where the job is asked for more than it shows.
pub(super) fn tell_ports(metrics: Option<u16>, otlp: Option<u16>) -> Outcome {
    if let Some(port) = metrics {
        writeln!(anstream::stderr().lock(), "Metrics: http://127.0.0.1:{port}/metrics")?;
    }
    if let Some(port) = otlp {
        writeln!(anstream::stderr().lock(), "OpenTelemetry: http://127.0.0.1:{port}")?;
    }
    Ok(())
}

/// Starts the same command again as a runner of its own, and waits until it tells its job.
pub(crate) fn begin_runner(app: &App) -> Result<String, Failure> {
    let mut args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    args.insert(end, "--runner".into());
    // Not a pipe: the runner outlives its reader.
    let (errors, mut said) = (nameless_file(app.store.dir())?, String::new());
    let mut command = Command::new(std::env::current_exe()?);
    command.args(args).current_dir(&app.environment.working_dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors.try_clone()?);
    let mut child = command.spawn()?;
    let Some(out) = child.stdout.take() else { return Err(Failure::new("The runner gives no answer.")) };
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    let job = line.trim();
    if job.is_empty() {
        child.wait()?;
        let mut errors = errors;
        errors.rewind()?;
        errors.read_to_string(&mut said)?;
        let why = said.trim().strip_prefix("Error: ").unwrap_or(said.trim());
        return Err(Failure::new(format!("The runner ended before its job began. {why}")));
    }
    Ok(job.to_owned())
}

/// A file that nobody else finds and that is gone when it is closed.
fn nameless_file(dir: &Path) -> io::Result<File> {
    let path = dir.join(format!("runner-{}.err", std::process::id()));
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    fs::remove_file(path)?;
    Ok(file)
}

/// Tells the process that started this runner which job it runs, and leaves its session.
pub(super) fn announce(started: &Started) -> Outcome {
    // Fails only when this is already the leader of a session, which serves as well.
    let _ = rustix::process::setsid();
    let mut out = io::stdout().lock();
    writeln!(out, "{}", started.key.job)?;
    out.flush()?;
    Ok(())
}
