//! `pt mcp` and `pt run --mcp`: the MCP server.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use pt_engine::Notice;
use pt_mcp::{Options, Said, Server};
use pt_model::JobId;
use pt_server::{App, RunRequest, Unset};
use pt_store::{McpServer, ServerLock};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::cli::{ContextArgs, ProjectArgs};
use crate::commands::run::RunArgs;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::watch::Watcher;
use crate::{prompt, targets};

/// Lets coding agents work on the project: an MCP server, until stopped.
///
/// Agents reach it at http://localhost:31338/mcp. With --stdio it speaks to the
/// one agent that started it. How to tell yours is in docs/mcp.md.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct McpArgs {
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Gives agents a sandbox with networks, volumes and job ids of its own.
    #[arg(long)]
    pub(crate) isolated: bool,
    /// Port of the server [default: 31338, or the next that is free].
    #[arg(long, value_name = "port", conflicts_with = "stdio")]
    pub(crate) mcp_port: Option<u16>,
    /// The name by which agents know the server [default: polytope].
    #[arg(long, value_name = "name")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// Speaks over stdin and stdout.
    #[arg(long)]
    pub(crate) stdio: bool,
}

/// The port unless another was chosen.
pub(crate) const PORT: u16 = 31338;

/// The name by which agents know the server.
const NAME: &str = "polytope";

/// Runs `pt mcp`.
pub(crate) fn run(args: &McpArgs, config: &Config) -> Outcome {
    let context = config.context(args.context.context.as_deref())?;
    runtime()?.block_on(async {
        let app = Arc::new(config.open(&args.context)?);
        let options =
            options(&app, args.name.as_deref(), args.project.polytope_file.clone(), context, args.isolated)?;
        let (server, said) = Server::new(Arc::clone(&app), options);
        let file = args.project.polytope_file.as_deref();
        if args.stdio {
            let _lock = note(&app, file, args.isolated, None);
            return stdio(&server, said).await;
        }
        let listening = listen(&server, args.mcp_port, config.mcp_port).await?;
        let _lock = note(&app, file, args.isolated, Some(listening.url()));
        until_stopped(&server, said, prompt::can_ask()).await
    })
}

/// Runs `pt run --mcp`: agents work beside what was asked to run.
pub(crate) fn run_beside(args: &RunArgs, config: &Config) -> Outcome {
    let context = config.context(args.context.context.as_deref())?;
    runtime()?.block_on(async {
        let app = Arc::new(config.open(&args.context)?);
        let file = args.project.polytope_file.clone();
        let options = options(&app, None, file, context.clone(), args.isolated)?;
        let (server, said) = Server::new(Arc::clone(&app), options);
        let planned = if args.targets.is_empty() {
            None
        } else {
            let mut project = targets::load(&app, &args.project, &args.locks)?;
            let groups = targets::read(&args.targets, &mut project.loaded.project)?;
            let mut project = targets::readable(project)?;
            app.refer(&mut project, &groups);
            let planned = app.plan(&project, &groups, &Unset)?;
            let Some(plan) = targets::startable(&project.loaded, planned)? else {
                return Err(Failure::silent(1));
            };
            Some((plan, project))
        };
        let listening = listen(&server, args.mcp_port, config.mcp_port).await?;
        let file = args.project.polytope_file.as_deref();
        let _lock = note(&app, file, args.isolated, Some(listening.url()));
        if let Some((plan, project)) = planned {
            let request = RunRequest {
                until: args.until.as_deref().map(Into::into),
                job: args.job_id.as_deref().map(Into::into),
                interactive: true,
                open: true,
                otlp: args.otlp,
                ..RunRequest::default()
            };
            server.start(plan, &project, request).await?;
        }
        until_stopped(&server, said, !args.non_interactive && prompt::can_ask()).await
    })
}

/// Writes down that agents are served. Where that cannot be written, they are served all the same.
fn note(app: &App, file: Option<&Path>, isolated: bool, address: Option<String>) -> Option<ServerLock> {
    let instance = app.instance(file).ok()?.id;
    let (pid, started_ts) = (std::process::id(), Timestamp::now());
    app.store.note_server(&McpServer { pid, instance, address, isolated, started_ts }).ok()
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(|error| Failure::new(format!("Could not start: {error}")))
}

fn options(
    app: &App,
    name: Option<&str>,
    polytope_file: Option<std::path::PathBuf>,
    context: String,
    isolated: bool,
) -> Result<Options, Failure> {
    // Read once before anything listens: a file that was named must be there.
    let project = app.load(polytope_file.as_deref(), &context)?;
    let isolated = if isolated { Some(app.isolated_instance(&project.instance)?) } else { None };
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Options { name: name.unwrap_or(NAME).to_owned(), version, context, polytope_file, isolated })
}

/// Listens on the port that was asked for, or else on the usual one or the next that is free.
async fn listen(
    server: &Server,
    asked: Option<u16>,
    usual: Option<u16>,
) -> Result<pt_mcp::Listening, Failure> {
    let port = asked.or(usual).unwrap_or(PORT);
    // An agent that calls the next port may meet somebody else's server on this one.
    if let Some(Err(error)) = asked.map(|port| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))) {
        return Err(Failure::new(format!("The MCP server cannot listen on port {port}: {error}"))
            .hint("Name another port, or none: then it takes the next one that is free, and says which."));
    }
    let listening = server.serve_http(port).await.map_err(|error| {
        Failure::new(format!(
            "The MCP server can listen neither on port {port} nor on the next ones: {error}"
        ))
    })?;
    writeln!(anstream::stderr().lock(), "MCP server: {} (Ctrl-C stops it)", listening.url())?;
    Ok(listening)
}

/// Shows what the sandbox's job says, until a signal ends everything: the first Ctrl-C stops, the second kills, the third leaves.
async fn until_stopped(server: &Server, mut said: mpsc::UnboundedReceiver<Said>, asks: bool) -> Outcome {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    // One job at a time is the sandbox's.
    let mut shown: Option<(JobId, Watcher)> = None;
    let mut closing = None;
    let mut asked: u32 = 0;
    loop {
        tokio::select! {
            Some(Said { job, notice }) = said.recv() => {
                // What the developer's steps ask. Dropped, the code hears that nobody answers.
                if matches!(notice, Notice::Input(_)) && !asks {
                    continue;
                }
                if shown.as_ref().is_none_or(|(of, _)| *of != job) {
                    shown = None;
                }
                let (_, watcher) = shown.get_or_insert_with(|| (job, Watcher::new(Default::default())));
                // Agents work on, even if nobody reads what they do.
                drop(watcher.show(notice));
                continue;
            }
            Some(()) = interrupts.recv() => {}
            Some(()) = terminations.recv() => {}
            Some(()) = hangups.recv() => {}
            () = ended(&mut closing), if closing.is_some() => return Err(Failure::silent(130)),
        }
        asked += 1;
        match asked {
            1 => {
                let server = server.clone();
                closing = Some(tokio::spawn(async move {
                    server.close("the MCP server was asked to end (Ctrl-C once more kills)").await;
                }));
            }
            2 => server.kill(),
            _ => {
                let hint = "`pt clean` removes what is left of it.";
                return Err(Failure {
                    code: 130,
                    ..Failure::new("What ran was left while it was ending.").hint(hint)
                });
            }
        }
    }
}

async fn ended(closing: &mut Option<tokio::task::JoinHandle<()>>) {
    if let Some(task) = closing {
        drop(task.await);
    }
}

/// Speaks over stdin and stdout until the agent goes. Stdout is its alone: nothing else is shown.
async fn stdio(server: &Server, said: mpsc::UnboundedReceiver<Said>) -> Outcome {
    drop(said);
    let mut terminations = signal(SignalKind::terminate())?;
    let mut interrupts = signal(SignalKind::interrupt())?;
    let served = tokio::select! {
        served = server.serve_stdio() => served,
        _ = terminations.recv() => Ok(()),
        _ = interrupts.recv() => Ok(()),
    };
    server.close("the agent has gone").await;
    Ok(served?)
}
