//! `pt exec`: a command in a container that runs.

mod choose;
mod masked;
mod terminal;

use std::collections::VecDeque;
use std::io::{IsTerminal, Read};
use std::thread;

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_backend::{Chunk, ExecOrder, ExecSignal};
use pt_model::{Masker, Stream};
use pt_server::{App, ClientError, ExecCall, ExecSession, exec_in_job};
use pt_store::{Instance, Scope};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::cli::{ContextArgs, ProjectArgs};
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use masked::Masked;
use terminal::Raw;

/// Runs a command in a container of a running job.
///
/// The container is named by its id, by its step, or as the engine names it. On a
/// terminal the command has one, too; in pipes it has none, reads with -i only, and
/// secrets in its output are masked, as in logs. The exit code is the command's.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ExecArgs {
    /// The container.
    #[arg(value_name = "container", add = ArgValueCandidates::new(complete::live_containers))]
    container: String,
    /// The command, and its arguments.
    #[arg(value_name = "command", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
    #[command(flatten)]
    context: ContextArgs,
    /// Sets an environment variable; may be given again.
    #[arg(short, long, value_name = "name=value")]
    env: Vec<String>,
    /// Passes stdin on [default: if it is a terminal].
    #[arg(short, long)]
    interactive: bool,
    /// Takes the container of this job.
    #[arg(long, value_name = "job", add = ArgValueCandidates::new(complete::live_jobs))]
    job: Option<String>,
    /// Gives the command no terminal, though there is one.
    #[arg(short = 'T', long, conflicts_with = "tty")]
    no_tty: bool,
    #[command(flatten)]
    project: ProjectArgs,
    /// Passes its output on byte for byte, secrets in it too, as for a dump.
    #[arg(short, long)]
    raw: bool,
    /// Gives the command a terminal [default: if stdin and stdout are one].
    #[arg(short, long)]
    tty: bool,
    /// Runs it as this user.
    #[arg(short, long, value_name = "user")]
    user: Option<String>,
    /// Runs it in this directory.
    #[arg(short, long, value_name = "path")]
    workdir: Option<String>,
}

/// What a shell says of a program that the pipe's end has ended.
const BROKEN_PIPE: u8 = 141;

/// Runs the command.
pub(crate) fn run(args: &ExecArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.project.polytope_file.as_deref())?;
    let chosen = choose::container(&app, &instance, &args.container, args.job.as_deref())?;
    let (reads, shows) = (std::io::stdin().is_terminal(), std::io::stdout().is_terminal());
    let tty = args.tty || (!args.no_tty && reads && shows);
    let mut env = Vec::new();
    if let (true, Ok(kind)) = (tty, std::env::var("TERM")) {
        env.push(("TERM".to_owned(), kind));
    }
    for pair in &args.env {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Failure::usage(format!("--env: '{pair}' is no NAME=VALUE.")));
        };
        env.push((name.to_owned(), value.to_owned()));
    }
    let call = ExecCall {
        container: chosen.backend_id,
        cmd: args.command.clone(),
        env,
        workdir: args.workdir.clone(),
        user: args.user.clone(),
        tty,
        size: if tty { terminal::size() } else { None },
    };
    let input = args.interactive || reads;
    let masker = if tty || args.raw { Masker::default() } else { secrets(&app, &instance)? };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(async {
        let session = exec_in_job(&chosen.socket, &call).await.map_err(failure)?;
        attend(session, tty, input, &masker).await
    })?;
    // Somebody may still sit in a read of the terminal; it ends with the process.
    runtime.shutdown_background();
    if code == 0 { Ok(()) } else { Err(Failure::silent(u8::try_from(code & 0xff).unwrap_or(1))) }
}

fn failure(error: ClientError) -> Failure {
    match error {
        ClientError::Failed { message, hint } => {
            let failure = Failure::new(format!("{message}."));
            if hint.is_empty() { failure } else { failure.hint(hint) }
        }
        ClientError::NoAnswer(_) | ClientError::Broken(_) | ClientError::Refused(_) => {
            Failure::new(format!("The command could not be started: {error}."))
        }
    }
}

/// Passes on what is typed and what is shown, until the command ends; gives its exit code.
async fn attend(session: ExecSession, tty: bool, input: bool, masker: &Masker) -> Result<i64, Failure> {
    let ExecSession { orders, mut output, exit } = session;
    let _raw = if tty && input && std::io::stdin().is_terminal() { Some(Raw::new()?) } else { None };
    let typed = if input { Some(keys()) } else { None };
    let telling = tokio::spawn(tell(orders, tty, typed));
    let (mut out, mut err) = (Masked::new(masker), Masked::new(masker));
    loop {
        let chunk = output.recv().await;
        let shown = match &chunk {
            Some(Chunk { stream: Stream::Stderr, bytes }) => err.show(bytes, &mut std::io::stderr().lock()),
            Some(Chunk { stream: Stream::Stdout | Stream::Log | Stream::Otlp, bytes }) => {
                out.show(bytes, &mut std::io::stdout().lock())
            }
            None => {
                let shown = err.finish(&mut std::io::stderr().lock());
                shown.and(out.finish(&mut std::io::stdout().lock()))
            }
        };
        if let Err(error) = shown {
            telling.abort();
            let code = if error.kind() == std::io::ErrorKind::BrokenPipe { BROKEN_PIPE } else { 1 };
            return Err(Failure::silent(code));
        }
        if chunk.is_none() {
            break;
        }
    }
    let gone = || Failure::new("The container went away while the command ran, or the job's runner did.");
    let exit = exit.await.map_err(|_| gone());
    telling.abort();
    Ok(exit?.code)
}

/// The project's secrets, which nobody is to see who reads along.
fn secrets(app: &App, instance: &Instance) -> Result<Masker, Failure> {
    let scope = Scope::new(&app.environment.context, instance.id.clone());
    let mut masker = Masker::default();
    for secret in app.store.secrets(&scope)? {
        app.store.secret(&scope, &secret.id)?.into_iter().for_each(|secret| masker.add(secret));
    }
    Ok(masker)
}

/// What stdin brings, to its end. A thread of its own reads it, which nothing can interrupt.
fn keys() -> mpsc::Receiver<Vec<u8>> {
    let (send, keys) = mpsc::channel(16);
    thread::spawn(move || {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            match std::io::stdin().lock().read(&mut buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    if send.blocking_send(buffer[..read].to_vec()).is_err() {
                        return;
                    }
                }
            }
        }
    });
    keys
}

/// Tells the command what is typed, how large the window is, and which signals came.
async fn tell(
    orders: mpsc::Sender<ExecOrder>,
    tty: bool,
    mut typed: Option<mpsc::Receiver<Vec<u8>>>,
) -> std::io::Result<()> {
    let mut resized = signal(SignalKind::window_change())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut ended = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut due = VecDeque::new();
    if typed.is_none() {
        due.push_back(ExecOrder::EndOfInput);
    }
    loop {
        while let Some(order) = due.pop_front() {
            if orders.send(order).await.is_err() {
                return Ok(()); // The command is over.
            }
        }
        let key = async {
            match &mut typed {
                Some(keys) => keys.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            key = key => match key {
                Some(bytes) => due.push_back(ExecOrder::Input(bytes)),
                None => {
                    typed = None;
                    due.push_back(ExecOrder::EndOfInput);
                }
            },
            Some(()) = resized.recv(), if tty => due.extend(terminal::size().map(|(columns, rows)| ExecOrder::Resize { columns, rows })),
            Some(()) = interrupted.recv() => due.push_back(ExecOrder::Signal(ExecSignal::Interrupt)),
            Some(()) = ended.recv() => due.push_back(ExecOrder::Signal(ExecSignal::Terminate)),
            Some(()) = hung_up.recv() => due.push_back(ExecOrder::Signal(ExecSignal::Hangup)),
            Some(()) = quit.recv() => due.push_back(ExecOrder::Signal(ExecSignal::Quit)),
        }
    }
}
