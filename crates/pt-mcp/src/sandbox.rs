//! Where everything runs that agents start.
//!
//! A sandbox is a project on a backend, and one job in it, which goes on until the server ends: each call adds its steps to
//! it, so that what one call starts is reached by the next. The job is opened by the first call, or is what the developer
//! runs with `--mcp`; if it is stopped from elsewhere, the next call opens another. The step that stands for a call has
//! the id of what was called, with a number if that is taken.

mod job;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pt_backend::Backend;
use pt_engine::Notice;
use pt_model::{Job, JobId, Masker, StepId};
use pt_plan::{Kind, Plan, Planned, Request};
use pt_server::{App, AppError, LoadedProject, RunRequest, Unset};
use pt_store::{Instance, Scope};
use tokio::sync::{OnceCell, mpsc};

use crate::project::CurrentProject;

pub(crate) use job::{JobView, Question, SandboxJob, belongs};

/// Where agents' calls run.
pub(crate) struct Sandbox {
    pub(crate) app: Arc<App>,
    pub(crate) project: CurrentProject,
    /// The checkout to run as, if it is not the project's own.
    isolated: Option<Instance>,
    backend: OnceCell<Arc<dyn Backend>>,
    job: Mutex<Option<SandboxJob>>,
    /// Held by whoever opens a job, so that two calls at once open one. Says whether one may be opened still.
    opening: tokio::sync::Mutex<MayOpen>,
    said: mpsc::UnboundedSender<Said>,
}

/// Whether a job may be opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum MayOpen {
    #[default]
    Yes,
    /// The server ends.
    Closed,
}

/// What a job of a sandbox said.
#[derive(Debug)]
pub struct Said {
    /// Which job.
    pub job: JobId,
    /// What.
    pub notice: Notice,
}

/// What a call started.
pub(crate) struct Call {
    pub(crate) job: SandboxJob,
    /// The step that stands for it.
    pub(crate) step: StepId,
    /// The steps after whose end the call returns; without, all.
    pub(crate) awaited: Option<Vec<StepId>>,
    /// What goes wrong before a step runs, rendered with its place.
    pub(crate) findings: String,
    /// The number of the first line of the job's log that may be of it.
    pub(crate) first_line: u64,
    /// What its steps ask a person.
    pub(crate) questions: mpsc::UnboundedReceiver<Question>,
}

/// What was asked of a sandbox could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The application could not do it.
    #[error("{0}")]
    App(#[from] AppError),
    /// The job is ending.
    #[error("Not started, since the sandbox is ending: {0}")]
    Ending(String),
}

impl Sandbox {
    /// An idle sandbox. What its jobs say goes to `said`.
    pub(crate) fn new(
        app: Arc<App>,
        project: CurrentProject,
        isolated: Option<Instance>,
        said: mpsc::UnboundedSender<Said>,
    ) -> Self {
        let (job, opening) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { app, project, isolated, backend: OnceCell::new(), job, opening, said }
    }

    /// Connects to the backend when it is first needed.
    ///
    /// # Errors
    /// It is not there.
    pub(crate) async fn backend(&self) -> Result<Arc<dyn Backend>, AppError> {
        self.backend.get_or_try_init(|| self.app.backend()).await.cloned()
    }

    /// Removes what earlier agents left whose servers were killed, in the checkout and in all sandboxes beside it: who comes
    /// next may run as another one than they did. What does not answer now is asked again when a job begins.
    pub(crate) async fn tidy(&self) {
        let Ok(project) = self.project.get() else { return };
        if self.app.abandoned_jobs(&project.instance).is_ok_and(|jobs| !jobs.is_empty())
            && let Ok(backend) = self.backend().await
        {
            self.app.clear_abandoned(&project.instance, &backend).await;
        }
    }

    /// The checkout that its jobs belong to.
    pub(crate) fn instance(&self, project: &LoadedProject) -> Instance {
        self.isolated.clone().unwrap_or_else(|| project.instance.clone())
    }

    /// Plans a request against the project as it stands now.
    ///
    /// # Errors
    /// The project or a value cannot be read.
    pub(crate) fn plan(&self, project: &LoadedProject, request: Request) -> Result<Planned, AppError> {
        self.app.plan(project, &[vec![request]], &Unset)
    }

    /// Opens the sandbox's job with these steps, which are the developer's.
    ///
    /// # Errors
    /// The backend is not there, or the store cannot be written.
    pub(crate) async fn open(
        &self,
        plan: Plan,
        project: &LoadedProject,
        request: RunRequest,
    ) -> Result<SandboxJob, AppError> {
        let backend = self.backend().await?;
        let references = job::references(&plan.steps, "");
        self.app.clear_abandoned(&project.instance, &backend).await;
        let project = LoadedProject { instance: self.instance(project), ..project.clone() };
        // Somebody may be there to answer: whoever called, or the developer.
        let request = RunRequest { open: true, interactive: true, ..request };
        let started = self.app.start_on(backend, plan, project, request)?;
        let job = SandboxJob::follow(started, references, self.said.clone());
        *self.slot() = Some(job.clone());
        Ok(job)
    }

    /// Runs a plan in the sandbox. `asks` says whether the caller can be asked something.
    ///
    /// # Errors
    /// The backend is not there, the store cannot be written, or the sandbox is ending.
    pub(crate) async fn run(
        &self,
        plan: Plan,
        project: &LoadedProject,
        findings: String,
        asks: bool,
    ) -> Result<Call, CallError> {
        let job = {
            let opening = self.opening.lock().await;
            match self.job().filter(SandboxJob::is_open) {
                Some(job) => job,
                None if *opening == MayOpen::Closed => {
                    return Err(CallError::Ending("the server ends.".to_owned()));
                }
                None => self.open(nothing(), project, RunRequest::default()).await?,
            }
        };
        job.call(plan, self.app.planning(project), findings, asks).await.map_err(CallError::Ending)
    }

    /// The job that calls add their steps to; the last one if none is open.
    pub(crate) fn job(&self) -> Option<SandboxJob> {
        self.slot().clone()
    }

    /// All jobs that can be asked about: this sandbox's, then those of the same checkout that others run, the newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn views(&self) -> Result<Vec<JobView>, AppError> {
        let own = self.job();
        let mut views: Vec<JobView> = own.iter().map(SandboxJob::view).collect();
        let instance = self.instance(&*self.project.get()?);
        let is_own = |key: &pt_store::JobKey| own.as_ref().is_some_and(|job| job.key == *key);
        for record in self.app.running_jobs(&instance, &|key| !is_own(key))? {
            let socket = record.runner.map(|runner| runner.socket);
            let references = Arc::default();
            views.push(JobView { key: record.key, job: record.job, own: false, references, socket });
        }
        Ok(views)
    }

    /// The same, and last the job that `wanted` names, as `job` or `job/id`, though it is over: whoever saw it in a list
    /// asks about it still.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn views_for(&self, wanted: &str) -> Result<Vec<JobView>, AppError> {
        let mut views = self.views()?;
        let named = wanted.split_once('/').map_or(wanted, |(job, _)| job);
        if views.iter().any(|view| view.key.job.as_str() == named) {
            return Ok(views);
        }
        let (store, instance) = (&self.app.store, self.instance(&*self.project.get()?).id);
        let ended = store.jobs(Some(&instance))?.into_iter().find(|job| job.id.as_str() == named);
        if let Some(ended) = ended.filter(|job| job.status.has_ended()) {
            let key = pt_store::JobKey::new(instance, ended.id);
            let job = Job::fold(&store.events(&key, 0)?);
            views.push(JobView { key, job, own: false, references: Arc::default(), socket: None });
        }
        Ok(views)
    }

    /// Finds all secrets that may turn up in what is shown.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub(crate) fn masker(&self, scope: &Scope) -> Result<Masker, AppError> {
        let mut masker = Masker::default();
        for secret in self.app.store.secrets(scope)? {
            if let Some(secret) = self.app.store.secret(scope, &secret.id)? {
                masker.add(secret);
            }
        }
        Ok(masker)
    }

    /// Stops everything that runs here, for good, and waits for its end.
    pub(crate) async fn close(&self, reason: &str) {
        *self.opening.lock().await = MayOpen::Closed;
        if let Some(job) = self.job() {
            job.control.stop(reason);
            job.ended().await;
        }
    }

    /// Kills everything that runs here, at once.
    pub(crate) fn kill(&self) {
        if let Some(job) = self.job() {
            job.control.kill();
        }
    }

    /// How its job stands.
    pub(crate) fn job_state(&self) -> Option<Job> {
        self.job().map(|job| job.state.borrow().clone())
    }

    fn slot(&self) -> MutexGuard<'_, Option<SandboxJob>> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a job of agents alone has as its target: nobody named one.
pub const TARGET: &str = "sandbox";

/// What a sandbox begins with.
fn nothing() -> Plan {
    Plan {
        target: TARGET.to_owned(),
        target_id: TARGET.to_owned(),
        kind: Kind::Template,
        args: Default::default(),
        requests: Vec::new(),
        steps: Vec::new(),
        secrets: Vec::new(),
        timeout: None,
    }
}
