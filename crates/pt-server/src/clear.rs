//! What jobs leave behind whose runners are gone, and its removal.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pt_backend::{Backend, BackendError};
use pt_engine::{Leftovers, find_leftovers, remove_leftovers};
use pt_model::{ContainerStatus, Data, Event, Job, Labels, Status, What};
use pt_store::{Instance, JobKey};

use crate::app::{App, AppError};
use crate::job_record::JobRecord;

/// The time in which an engine does what it was asked for by somebody who is gone.
const SETTLED: Duration = Duration::from_secs(3);

impl App {
    /// Removes what a dead runner left of its job, and closes its books. Gives what could not be removed.
    ///
    /// # Errors
    /// The backend does not answer, or the store cannot be written.
    pub async fn clear_away(
        &self,
        orphan: &JobRecord,
        backend: &Arc<dyn Backend>,
    ) -> Result<Vec<BackendError>, AppError> {
        // Whoever holds the runner's lock is the job's only writer; somebody may have written before.
        let _lock = self.store.lock_runner(&orphan.key)?;
        let events = self.store.events(&orphan.key, 0)?;
        let job = Job::fold(&events);
        let mut problems = remove_what_is_left(&orphan.key, backend).await?;
        let last = events.last().map(|event| event.at);
        if let Some(pause) = last.filter(|_| is_making(&job)).and_then(until_settled) {
            tokio::time::sleep(pause).await;
            problems = remove_what_is_left(&orphan.key, backend).await?;
        }
        if problems.is_empty() && !job.status.has_ended() {
            self.store.append(&orphan.key, &closing_events(&job))?;
        }
        Ok(problems)
    }

    /// What is left in the backend of this checkout's jobs although no runner of theirs lives.
    ///
    /// # Errors
    /// The backend does not answer, or the store cannot be read.
    pub async fn leftovers(&self, instance: &Instance, backend: &dyn Backend) -> Result<Leftovers, AppError> {
        let mut leftovers = find_leftovers(backend, &instance.id, None).await?;
        let mut alive = Vec::new();
        for job in leftovers.jobs() {
            if self.store.runner_alive(&JobKey::new(instance.id.clone(), job.clone()))? {
                alive.push(job);
            }
        }
        leftovers.retain(|job| !alive.contains(job));
        Ok(leftovers)
    }

    /// The volumes of project scope of a checkout, by their names in the backend.
    ///
    /// # Errors
    /// The backend does not answer.
    pub async fn project_volumes(
        &self,
        instance: &Instance,
        backend: &dyn Backend,
    ) -> Result<Vec<String>, AppError> {
        let found = backend.find(&Labels::default().with(Labels::INSTANCE, instance.id.as_str())).await?;
        let lasting = found.volumes.into_iter().filter(|volume| volume.labels.get(Labels::JOB).is_none());
        Ok(lasting.map(|volume| volume.name).collect())
    }
}

async fn remove_what_is_left(
    key: &JobKey,
    backend: &Arc<dyn Backend>,
) -> Result<Vec<BackendError>, BackendError> {
    let leftovers = find_leftovers(&**backend, &key.instance, Some(&key.job)).await?;
    Ok(remove_leftovers(backend, leftovers).await)
}

/// Whether the runner may have been waiting for the engine to make something.
fn is_making(job: &Job) -> bool {
    job.containers
        .values()
        .any(|container| matches!(container.status, ContainerStatus::Spawning | ContainerStatus::Pulling))
}

/// How long it may still take until all that a runner had asked of the engine before it was killed has come into being.
fn until_settled(last_heard: Timestamp) -> Option<Duration> {
    let passed = Duration::try_from(Timestamp::now().duration_since(last_heard)).unwrap_or_default();
    SETTLED.checked_sub(passed).filter(|left| !left.is_zero())
}

/// What ends a job whose runner is gone.
fn closing_events(job: &Job) -> Vec<Event> {
    let open = job.steps.iter().filter(|(_, step)| !step.status.has_ended());
    let steps = open.map(|(id, step)| {
        let status = if step.status == Status::Queued { Status::Canceled } else { Status::Stopped };
        What::StepFinished { step: id.clone(), status, failure: None, output: Data::Null }
    });
    let all = steps.chain([What::JobFinished { status: Status::Failed }]);
    let at = Timestamp::now();
    (job.events..).zip(all).map(|(seq, what)| Event { seq, at, what }).collect()
}
