//! `pt top`: what the containers of jobs use up.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::future::join_all;
use pt_backend::{Backend, Usage};
use pt_model::ContainerStatus;
use pt_server::{AppError, JobRecord};
use serde::Serialize;

use crate::cli::{ContextArgs, ProjectArgs};
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::table::Table;

/// Shows what the containers of running jobs use up: processor, memory, network, disk.
///
/// On a terminal, anew each second until Ctrl-C or until nothing runs any more.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct TopArgs {
    #[command(flatten)]
    context: ContextArgs,
    #[command(flatten)]
    project: ProjectArgs,
    /// Selects output format [default: table].
    #[arg(short, long, value_name = "format")]
    output: Option<Format>,
    /// Shows it once.
    #[arg(long)]
    once: bool,
}

/// From one look to the next: over this time the use of the processor is measured.
const PAUSE: Duration = Duration::from_secs(1);

/// What clears a terminal, and sets the cursor to its beginning.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// What a container uses up.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Row {
    job: String,
    step: String,
    container: String,
    /// Cores.
    cpu: f64,
    /// Bytes, all of them.
    memory: u64,
    memory_limit: Option<u64>,
    received: u64,
    sent: u64,
    read: u64,
    written: u64,
}

/// When was looked at a container, and what it had used up by then.
type Looks = HashMap<String, (Instant, Usage)>;

/// Runs the command.
pub(crate) fn run(args: &TopArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let once = args.once || args.output.is_some() || !io::stdout().is_terminal();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let backend = app.backend().await?;
        let instance = app.instance(args.project.polytope_file.as_deref())?;
        let mut looks = Looks::new();
        look(&*backend, &app.jobs_here(&instance, false)?, &mut looks).await?;
        loop {
            tokio::time::sleep(PAUSE).await;
            let rows = look(&*backend, &app.jobs_here(&instance, false)?, &mut looks).await?;
            let mut out = anstream::stdout().lock();
            if let Some(format) = args.output {
                write!(out, "{}", output::render(&rows, format, true)?)?;
                return Ok(());
            }
            if rows.is_empty() {
                writeln!(out, "No container runs here.")?;
                return Ok(());
            }
            write!(out, "{}{}", if once { "" } else { CLEAR }, table(&rows))?;
            out.flush()?;
            if once {
                return Ok(());
            }
        }
    })
}

/// Looks at all running containers. Of one that is looked at for the first time nobody knows how busy it is.
async fn look(backend: &dyn Backend, records: &[JobRecord], looks: &mut Looks) -> Result<Vec<Row>, Failure> {
    let mut running = Vec::new();
    for record in records.iter().filter(|record| !record.job.status.has_ended()) {
        for (id, container) in &record.job.containers {
            if let (ContainerStatus::Running, Some(backend_id)) = (container.status, &container.backend_id) {
                running.push((record, id, container, backend_id));
            }
        }
    }
    let asked = running.iter().map(|(.., backend_id)| backend.usage(backend_id));
    let mut rows = Vec::new();
    for ((record, id, container, backend_id), usage) in running.iter().zip(join_all(asked).await) {
        let Some(usage) = usage.map_err(AppError::from)? else { continue };
        let now = Instant::now();
        let before = looks.insert((*backend_id).clone(), (now, usage.clone()));
        rows.push(Row {
            job: record.id().to_string(),
            step: container.step.to_string(),
            container: id.to_string(),
            cpu: before.map_or(0.0, |(then, before)| {
                let used = usage.cpu.saturating_sub(before.cpu);
                used.as_secs_f64() / now.duration_since(then).as_secs_f64().max(f64::EPSILON)
            }),
            memory: usage.memory,
            memory_limit: usage.memory_limit,
            received: usage.received,
            sent: usage.sent,
            read: usage.read,
            written: usage.written,
        });
    }
    rows.sort_by(|one, other| other.cpu.total_cmp(&one.cpu));
    Ok(rows)
}

fn table(rows: &[Row]) -> String {
    let mut table = Table::new(&[
        "JOB",
        "STEP",
        "CONTAINER",
        "CPU",
        "MEMORY",
        "LIMIT",
        "NET IN",
        "OUT",
        "DISK READ",
        "WRITTEN",
    ]);
    for row in rows {
        table.row(vec![
            row.job.clone(),
            row.step.clone(),
            row.container.clone(),
            format!("{:.1} %", row.cpu * 100.0),
            size(row.memory),
            row.memory_limit.map_or_else(|| "–".to_owned(), size),
            size(row.received),
            size(row.sent),
            size(row.read),
            size(row.written),
        ]);
    }
    table.render()
}

fn size(bytes: u64) -> String {
    let mut number = bytes as f64;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if number < 1024.0 {
            break;
        }
        (number, unit) = (number / 1024.0, next);
    }
    if unit == "B" || number >= 100.0 { format!("{number:.0} {unit}") } else { format!("{number:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_or_so() {
        for (bytes, shown) in
            [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (200 << 20, "200 MiB"), (3 << 30, "3.0 GiB")]
        {
            assert_eq!(size(bytes), shown);
        }
    }
}
