//! Going on with a job whose runner is gone.

use std::sync::Arc;

use pt_backend::Backend;
use pt_engine::{Engine, Remains, RemainsError};
use pt_plan::Plan;
use pt_store::{JobKey, JobRequest, RunnerLock};

use crate::app::{App, AppError, LoadedProject, Ports, Started, digest};
use crate::otlp::Receiver;

/// The right to go on with a job: nobody else can have it.
#[derive(Debug)]
pub struct Succession {
    key: JobKey,
    lock: RunnerLock,
    /// What the job was asked for.
    pub request: JobRequest,
}

impl App {
    /// Claims a job whose runner is gone.
    ///
    /// # Errors
    /// Its runner lives, or somebody else has claimed it; or what it was asked for is not known.
    pub fn claim(&self, key: &JobKey) -> Result<Succession, AppError> {
        let lock = self.store.lock_runner(key)?;
        let refused = |why: &str| AppError::NotTakenOver { job: key.job.clone(), why: why.to_owned() };
        if self.store.job(key)?.is_none_or(|job| job.status.has_ended()) {
            return Err(refused("it is over."));
        }
        let request = self.store.request(key)?;
        let request = request.ok_or_else(|| refused("what it was asked for has not been kept."))?;
        if request.groups.is_empty() {
            return Err(refused("all it did came from somebody who is gone, a REPL or an agent."));
        }
        Ok(Succession { key: key.clone(), lock, request })
    }

    /// Goes on with a job, and serves its API. The plan is that of what it was asked for.
    ///
    /// # Errors
    /// The backend does not answer, or the store cannot be written.
    pub async fn take_over(
        &self,
        succession: Succession,
        plan: Plan,
        project: LoadedProject,
    ) -> Result<Started, AppError> {
        let backend = self.backend().await?;
        self.take_over_on(backend, succession, plan, project).await
    }

    /// The same on this backend.
    ///
    /// # Errors
    /// The backend does not answer, or the store cannot be written.
    pub async fn take_over_on(
        &self,
        backend: Arc<dyn Backend>,
        succession: Succession,
        plan: Plan,
        project: LoadedProject,
    ) -> Result<Started, AppError> {
        let Succession { key, lock, request } = succession;
        let engine = Engine { backend: Arc::clone(&backend), store: self.store.clone() };
        let remains = Remains::of(&engine, &key).await.map_err(|error| match error {
            RemainsError::Store(error) => AppError::Store(error),
            RemainsError::Backend(error) => AppError::Backend(error),
        })?;
        // Somebody else may have a port by now: that is no reason to leave the job alone, nor to do without the other one.
        let mut missing = Vec::new();
        let mut had = |ports: Result<Ports, AppError>| {
            ports.unwrap_or_else(|error| {
                missing.push(error.to_string());
                Ports::default()
            })
        };
        let metrics = had(Ports::take(request.metrics_port, None)).metrics;
        let otlp = had(Ports::take(None, request.otlp_port)).otlp;
        let ports = Ports { metrics, otlp };
        let socket = self.seat(&key)?;
        let outside = self.outside(&project);
        let mut options = self.options(&key, project, outside);
        options.reception = ports.otlp.as_ref().map(Receiver::reception);
        options.until = request.until.as_deref().map(Into::into);
        let running = engine.take_over(plan, options, remains)?;
        for missing in missing {
            running.control.warn(&format!("{missing}."));
        }
        self.serve(key, running, socket, ports, lock, backend)
    }
}

impl Succession {
    /// Whether the project's files are others than when the job began: what it has not begun runs as they are now.
    pub fn files_changed(&self, project: &LoadedProject) -> bool {
        self.request.files.as_ref().is_some_and(|files| *files != digest(project.loaded.project.sources()))
    }

    /// Which job.
    pub fn key(&self) -> &JobKey {
        &self.key
    }
}
