//! `pt ps`: what is running.

use std::io::Write;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use pt_engine::Wait;
use pt_model::{Job, ServiceStatus, Status};
use pt_server::{JobRecord, waits_of_job};
use pt_store::McpServer;

use crate::cli::{ContextArgs, OutputArgs, ProjectArgs};
use crate::commands::jobs;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::table::Table;

/// Shows what is running.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct PsArgs {
    /// Shows ended jobs too, and those of other projects.
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// How long a runner may take to say what its steps wait for.
const ANSWER: Duration = Duration::from_millis(500);

/// Runs the command.
pub(crate) fn run(args: &PsArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let instance = app.instance(args.project.polytope_file.as_deref())?;
    let records = if args.all { app.jobs(None, true)? } else { app.jobs_here(&instance, false)? };
    if args.output.output.is_some() {
        let jobs: Vec<_> = records.iter().map(jobs::describe).collect();
        return args.output.print(&jobs);
    }
    let mut out = anstream::stdout().lock();
    if args.output.raw {
        return records.iter().try_for_each(|record| Ok(writeln!(out, "{}", record.id())?));
    }
    let servers = app.store.servers(&instance.id)?;
    if records.is_empty() && servers.is_empty() {
        writeln!(
            out,
            "{}",
            if args.all {
                "No jobs."
            } else {
                "Nothing runs here. `pt ps --all` shows ended jobs, and those of other projects."
            }
        )?;
        return Ok(());
    }
    for server in &servers {
        writeln!(out, "{}, which `pt stop --mcp` ends", sentence(server))?;
    }
    if records.is_empty() {
        return Ok(());
    }
    let mut jobs = Table::new(&["JOB", "STATUS", "STEP", "STATUS", "CONTAINER", "SERVICES"]);
    for record in &records {
        rows(&mut jobs, record, args.all);
    }
    out.write_all(jobs.render().as_bytes())?;
    for record in records.iter().filter(|record| record.alive) {
        for wait in waits(record)? {
            writeln!(out, "{} waits for {}, {} s", wait.step, wait.why, wait.seconds)?;
        }
    }
    if records.iter().any(JobRecord::is_orphan) {
        writeln!(
            anstream::stderr().lock(),
            "A runner is gone before its job was over: `pt attach JOB` goes on with it, `pt clean` removes what it left."
        )?;
    }
    Ok(())
}

/// What a server is, for people.
pub(crate) fn sentence(server: &McpServer) -> String {
    let kind = if server.isolated { "An isolated MCP server" } else { "An MCP server" };
    match &server.address {
        Some(address) => format!("{kind} serves agents at {address}"),
        None => format!("{kind} serves the agent that started it"),
    }
}

/// Which steps of a job wait, and for what. A runner that is just going does not say.
fn waits(record: &JobRecord) -> Result<Vec<Wait>, Failure> {
    let Some(runner) = &record.runner else { return Ok(Vec::new()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = async { tokio::time::timeout(ANSWER, waits_of_job(&runner.socket)).await };
    Ok(runtime.block_on(asked).ok().and_then(Result::ok).unwrap_or_default())
}

fn rows(table: &mut Table, record: &JobRecord, with_project: bool) {
    let job = &record.job;
    let id = if with_project {
        format!("{} ({})", record.shown(), record.instance.root.display())
    } else {
        record.shown()
    };
    let mut first = vec![id, status_of(record)];
    for (step_id, step) in &job.steps {
        let containers =
            job.containers.iter().filter(|(_, container)| container.step == *step_id && !container.removed);
        let containers: Vec<String> =
            containers.map(|(id, container)| format!("{id} ({})", container.spec.image)).collect();
        let mut row = std::mem::replace(&mut first, vec![String::new(), String::new()]);
        row.extend([
            step_id.to_string(),
            step.status.word().to_owned(),
            containers.join(", "),
            services(job, step_id),
        ]);
        table.row(row);
    }
    if first.iter().any(|cell| !cell.is_empty()) {
        table.row(first);
    }
}

fn services(job: &Job, step: &pt_model::StepId) -> String {
    let open = job
        .services
        .iter()
        .filter(|(_, service)| service.step == *step && service.status == ServiceStatus::Running);
    let addresses: Vec<String> = open
        .flat_map(|(id, service)| {
            service.ports.iter().filter_map(move |port| Some(format!("{id} {}", port.address()?)))
        })
        .collect();
    addresses.join(", ")
}

fn status_of(record: &JobRecord) -> String {
    if record.is_orphan() {
        return "orphaned".to_owned();
    }
    let job = &record.job;
    let word = job.status.word();
    match (job.status, job.started_ts) {
        (Status::Running | Status::Stopping, Some(started)) => format!("{word} {}", since(started)),
        _ => word.to_owned(),
    }
}

fn since(start: Timestamp) -> String {
    let seconds = (Timestamp::now().as_second() - start.as_second()).max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}
