//! Which container is meant.

use std::path::PathBuf;

use pt_engine::container_name;
use pt_model::{Container, ContainerId, ContainerStatus};
use pt_server::{App, JobRecord};
use pt_store::Instance;
use pt_syntax::suggest;
use serde_json::json;

use crate::failure::Failure;
use crate::jobs_of::{self, orphaned};

/// A container that runs, and whom to ask.
pub(super) struct Chosen {
    pub(super) backend_id: String,
    pub(super) socket: PathBuf,
}

/// How much of the engine's id is enough to name a container.
const SHORTEST_ID: usize = 6;

/// The container of that id, step or name, of this job or of any that runs.
pub(super) fn container(
    app: &App,
    instance: &Instance,
    wanted: &str,
    job: Option<&str>,
) -> Result<Chosen, Failure> {
    let records = match job {
        Some(job) => {
            let record = jobs_of::find(app, instance, job)?;
            if record.job.status.has_ended() {
                let hint = format!("`pt rerun {}` runs it again.", record.id());
                return Err(
                    Failure::new(format!("Job {} is over: nothing of it runs.", record.id())).hint(hint)
                );
            }
            vec![record]
        }
        None => app.jobs_here(instance, false)?,
    };
    let named = |record: &JobRecord, id: &ContainerId, container: &Container| {
        let backend_id = container.backend_id.as_deref().unwrap_or_default();
        id.as_str() == wanted
            || container_name(&record.instance, record.id(), id) == wanted
            || (wanted.len() >= SHORTEST_ID && backend_id.starts_with(wanted))
    };
    let mut found = matching(&records, named);
    if found.is_empty() {
        found = matching(&records, |_, _, container| container.step.as_str() == wanted);
    }
    let live: Vec<_> = found
        .iter()
        .copied()
        .filter(|(_, _, container)| container.status == ContainerStatus::Running)
        .collect();
    match (live.as_slice(), found.as_slice()) {
        ([(record, _, container)], _) => chosen(record, container),
        ([], []) => Err(unknown(wanted, &records)),
        ([], [(record, id, container), ..]) => {
            let status = json!(container.status);
            let code = container.exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
            let message = format!(
                "Container {id} of job {} does not run: it is {}{code}.",
                record.id(),
                status.as_str().unwrap_or_default()
            );
            Err(Failure::new(message).hint(format!("`pt logs {id}` shows what it said.")))
        }
        (several, _) => {
            let names = several.iter().map(|(record, id, _)| format!("{id} of job {}", record.id()));
            let names: Vec<String> = names.collect();
            Err(Failure::new(format!("'{wanted}' may mean {}.", names.join(" or ")))
                .hint("Name the container by its id, and the job with --job."))
        }
    }
}

type Candidate<'r> = (&'r JobRecord, &'r ContainerId, &'r Container);

fn matching(
    records: &[JobRecord],
    is_meant: impl Fn(&JobRecord, &ContainerId, &Container) -> bool,
) -> Vec<Candidate<'_>> {
    let all = records
        .iter()
        .flat_map(|record| record.job.containers.iter().map(move |(id, one)| (record, id, one)));
    all.filter(|(record, id, container)| is_meant(record, id, container)).collect()
}

fn chosen(record: &JobRecord, container: &Container) -> Result<Chosen, Failure> {
    if record.is_orphan() {
        return Err(orphaned(record));
    }
    match (&record.runner, &container.backend_id) {
        (Some(runner), Some(id)) => Ok(Chosen { backend_id: id.clone(), socket: runner.socket.clone() }),
        _ => Err(Failure::new(format!("Job {} is only just beginning: try again.", record.id()))),
    }
}

fn unknown(wanted: &str, records: &[JobRecord]) -> Failure {
    let ids = || records.iter().flat_map(|record| record.job.containers.keys().map(ContainerId::as_str));
    let near = suggest(wanted, ids()).map(|near| format!("Did you mean '{near}'?\n")).unwrap_or_default();
    if records.is_empty() {
        return Failure::new("Nothing runs here.").hint("`pt run -d TARGET` starts a job in the background.");
    }
    Failure::new(format!("No container or step '{wanted}' runs here."))
        .hint(format!("{near}`pt containers list` lists those that run."))
}
