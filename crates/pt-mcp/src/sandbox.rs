//! Where everything runs that agents start.
//!
//! A sandbox is a project on a backend, and the jobs that were started in it by this process. Each call of a tool is one
//! job today; who asks is told of all their steps, containers and services together. The ids of steps are unique in
//! their job only: where several jobs have one of the same name, the newest is meant, and `job/step` names any.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pt_backend::Backend;
use pt_engine::{Control, Notice};
use pt_model::{Job, JobId, Masker, StepId, What};
use pt_plan::{Does, Plan, Planned, Request, StepPlan};
use pt_server::{App, AppError, LoadedProject, RunRequest, Started, Unset};
use pt_store::{Instance, JobKey, Scope};
use tokio::sync::{OnceCell, mpsc, watch};
use tokio::task::JoinHandle;

use crate::project::CurrentProject;

/// Where agents' calls run.
pub struct Sandbox {
    pub(crate) app: Arc<App>,
    pub(crate) project: CurrentProject,
    /// The checkout to run as, if it is not the project's own.
    isolated: Option<Instance>,
    backend: OnceCell<Arc<dyn Backend>>,
    jobs: Mutex<Vec<SandboxJob>>,
    said: mpsc::UnboundedSender<Said>,
}

/// What a job of a sandbox said.
#[derive(Debug)]
pub struct Said {
    /// Which job.
    pub job: JobId,
    /// What.
    pub notice: Notice,
}

/// A job that was started in the sandbox. Cheap to copy about.
#[derive(Clone)]
pub(crate) struct SandboxJob {
    pub(crate) key: JobKey,
    pub(crate) state: watch::Receiver<Job>,
    pub(crate) control: Control,
    /// What the steps call, by their ids in the job.
    pub(crate) references: Arc<HashMap<StepId, String>>,
    /// The steps after whose end the call returns; without, all.
    pub(crate) awaited: Option<Arc<Vec<StepId>>>,
    /// What goes wrong before a step runs, rendered with its place.
    pub(crate) findings: Arc<String>,
    ended: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// A job that can be asked about, whoever runs it.
#[derive(Clone, Debug)]
pub(crate) struct JobView {
    pub(crate) key: JobKey,
    pub(crate) job: Job,
    /// Whether it runs in this sandbox.
    pub(crate) own: bool,
    pub(crate) references: Arc<HashMap<StepId, String>>,
}

impl Sandbox {
    /// An idle sandbox. What its jobs say goes to `said`.
    pub(crate) fn new(
        app: Arc<App>,
        project: CurrentProject,
        isolated: Option<Instance>,
        said: mpsc::UnboundedSender<Said>,
    ) -> Self {
        Self { app, project, isolated, backend: OnceCell::new(), jobs: Mutex::default(), said }
    }

    /// Connects to the backend when it is first needed.
    ///
    /// # Errors
    /// It is not there.
    pub(crate) async fn backend(&self) -> Result<Arc<dyn Backend>, AppError> {
        self.backend.get_or_try_init(|| self.app.backend()).await.cloned()
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

    /// Runs a plan as a job of this sandbox.
    ///
    /// # Errors
    /// The backend is not there, or the store cannot be written.
    pub async fn start(
        &self,
        plan: Plan,
        project: &LoadedProject,
        request: RunRequest,
        findings: String,
    ) -> Result<JobId, AppError> {
        Ok(self.run(plan, project, request, findings).await?.key.job)
    }

    pub(crate) async fn run(
        &self,
        plan: Plan,
        project: &LoadedProject,
        request: RunRequest,
        findings: String,
    ) -> Result<SandboxJob, AppError> {
        let backend = self.backend().await?;
        let mut references = HashMap::new();
        plan.steps.iter().for_each(|step| add_reference(step, "", &mut references));
        let awaited = awaited(&plan);
        let project = LoadedProject { instance: self.instance(project), ..project.clone() };
        let started = self.app.start_on(backend, plan, project, request)?;
        let job = SandboxJob {
            key: started.key.clone(),
            state: started.running.job.clone(),
            control: started.running.control.clone(),
            references: Arc::new(references),
            awaited,
            findings: Arc::new(findings),
            ended: Arc::default(),
        };
        *job.ended.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(tokio::spawn(follow(started, self.said.clone())));
        self.own().push(job.clone());
        Ok(job)
    }

    /// The jobs that were started here, the newest first.
    pub(crate) fn jobs(&self) -> Vec<SandboxJob> {
        self.own().iter().rev().cloned().collect()
    }

    /// The job of this id that was started here.
    pub(crate) fn job(&self, id: &str) -> Option<SandboxJob> {
        self.own().iter().find(|job| job.key.job.as_str() == id).cloned()
    }

    /// All jobs that can be asked about: this sandbox's, the newest first, then those of the same checkout that others run.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn views(&self) -> Result<Vec<JobView>, AppError> {
        let own = self.jobs();
        let view = |job: &SandboxJob| JobView {
            key: job.key.clone(),
            job: job.state.borrow().clone(),
            own: true,
            references: Arc::clone(&job.references),
        };
        let mut views: Vec<JobView> = own.iter().map(view).collect();
        let instance = self.instance(&*self.project.get()?);
        for record in self.app.jobs(Some(&instance), false)? {
            if record.alive && !own.iter().any(|job| job.key == record.key) {
                let references = Arc::default();
                views.push(JobView { key: record.key, job: record.job, own: false, references });
            }
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

    /// Stops everything that runs here, and waits for its end.
    pub async fn close(&self, reason: &str) {
        let jobs = self.jobs();
        jobs.iter().for_each(|job| job.control.stop(reason));
        for job in jobs {
            job.ended().await;
        }
    }

    /// Whether something runs here.
    pub fn is_idle(&self) -> bool {
        self.jobs().iter().all(|job| job.state.borrow().status.has_ended())
    }

    /// Kills everything that runs here, at once.
    pub fn kill(&self) {
        self.jobs().iter().for_each(|job| job.control.kill());
    }

    /// How a job that was started here stands.
    pub fn job_state(&self, id: &JobId) -> Option<Job> {
        self.job(id.as_str()).map(|job| job.state.borrow().clone())
    }

    fn own(&self) -> std::sync::MutexGuard<'_, Vec<SandboxJob>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SandboxJob {
    /// Waits until the job is over and nothing of it is left.
    pub(crate) async fn ended(&self) {
        let task = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        match task {
            Some(task) => drop(task.await),
            // Somebody else waits for the task; the state ends with it.
            None => {
                let mut state = self.state.clone();
                while !state.borrow_and_update().status.has_ended() {
                    if tokio::time::timeout(Duration::from_secs(1), state.changed())
                        .await
                        .is_ok_and(|c| c.is_err())
                    {
                        return;
                    }
                }
            }
        }
    }
}

/// Passes on what a job says, and keeps its presence until its end.
async fn follow(started: Started, said: mpsc::UnboundedSender<Said>) {
    let Started { key, mut running, presence } = started;
    while let Some(notice) = running.notices.recv().await {
        let over = matches!(&notice, Notice::Event(event) if matches!(event.what, What::JobFinished { .. }));
        // Nobody may be listening.
        let _ = said.send(Said { job: key.job.clone(), notice });
        if over {
            break;
        }
    }
    // A broken engine has told those who watch the job's state by ending.
    drop(running.done.await);
    drop(presence);
}

fn add_reference(step: &StepPlan, within: &str, references: &mut HashMap<StepId, String>) {
    let id = format!("{within}{}", step.id);
    if let Does::Group(parts) = &step.does {
        parts.iter().for_each(|part| add_reference(part, &format!("{id}."), references));
    }
    let reference = step.chain.first().cloned().unwrap_or_else(|| "custom-code".to_owned());
    references.insert(StepId::new(id), reference);
}

/// The steps that a call of the plan's tool waits for.
fn awaited(plan: &Plan) -> Option<Arc<Vec<StepId>>> {
    let [only] = plan.steps.as_slice() else { return None };
    let awaits = only.awaits.as_ref()?;
    let within = |step: &StepId| StepId::new(format!("{}.{step}", only.id));
    Some(Arc::new(awaits.steps.iter().map(within).collect()))
}
