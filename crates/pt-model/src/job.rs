//! A job's state: the fold of its events.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ContainerChange, ContainerId, ContainerSpec, Data, Event, JobId, OpenPort, ServiceId, StepId, What,
};

/// Status of a job or a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Waits for its turn.
    #[default]
    Queued,
    /// Was taken up; nothing of it runs yet.
    Starting,
    /// Runs.
    Running,
    /// Was asked to stop.
    Stopping,
    /// Ended well.
    Success,
    /// Ended badly.
    Failed,
    /// Was stopped before its end.
    Stopped,
    /// Never ran, and never will.
    Canceled,
    /// Was not to be run.
    Skipped,
}

impl Status {
    /// Whether it will not change any more.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Stopped | Self::Canceled | Self::Skipped)
    }

    /// The product's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Canceled => "canceled",
            Self::Skipped => "skipped",
        }
    }
}

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The message, first line short: what code reads that catches it.
    pub message: String,
    /// The lines for people that show the place and the cure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What goes with it, as `{exit-code: 3}`.
    #[serde(default, skip_serializing_if = "Data::is_null")]
    pub data: Data,
}

impl Failure {
    /// A failure in no particular place.
    pub fn new(message: impl Into<String>, data: Data) -> Self {
        Self { message: message.into(), place: None, data }
    }

    /// All that people are told: the message, and below it the place.
    pub fn told(&self) -> String {
        let place = self.place.iter().map(String::as_str);
        std::iter::once(self.message.trim_end()).chain(place).collect::<Vec<_>>().join("\n")
    }
}

/// A job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Job {
    /// Its id; empty before the first event.
    pub id: Option<JobId>,
    /// What was asked for, as typed.
    pub target: String,
    /// How it stands.
    pub status: Status,
    /// Why it is stopping or was stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// When it was created.
    pub created_ts: Option<Timestamp>,
    /// When its first step began.
    pub started_ts: Option<Timestamp>,
    /// When it was over.
    pub finished_ts: Option<Timestamp>,
    /// Its steps in the order of their declaration.
    pub steps: IndexMap<StepId, Step>,
    /// Its containers in the order in which they were asked for.
    pub containers: IndexMap<ContainerId, Container>,
    /// Its services in the order in which they were opened.
    pub services: IndexMap<ServiceId, Service>,
    /// Number of events applied.
    pub events: u64,
}

/// A step of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// How it stands.
    pub status: Status,
    /// The group whose part it is, or the step whose code called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<StepId>,
    /// When it began.
    pub started_ts: Option<Timestamp>,
    /// When it ended.
    pub finished_ts: Option<Timestamp>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What its code gave back.
    #[serde(default, skip_serializing_if = "Data::is_null")]
    pub output: Data,
    /// How often it was tried again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A container of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Container {
    /// The step that asked for it.
    pub step: StepId,
    /// What was asked for.
    pub spec: ContainerSpec,
    /// How it stands.
    pub status: ContainerStatus,
    /// The backend's id of it.
    pub backend_id: Option<String>,
    /// The exit code of its last run.
    pub exit_code: Option<i64>,
    /// How often it was started again.
    pub restarts: u32,
    /// Whether it can be used, as its own probe tells.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ready: bool,
    /// What the backend tells the run by whose end made it start again.
    #[serde(skip)]
    pub last_run: u64,
    /// Why it could not be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Whether it is gone from the backend.
    pub removed: bool,
}

/// Status of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerStatus {
    /// Its image is being pulled.
    Pulling,
    /// It is being created.
    Spawning,
    /// It runs.
    Running,
    /// It exited and will be started again.
    Restarting,
    /// It is being stopped.
    Stopping,
    /// It exited, whatever its code.
    Exited,
    /// It could not be started.
    Failed,
}

impl ContainerStatus {
    /// The product's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pulling => "pulling",
            Self::Spawning => "spawning",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Stopping => "stopping",
            Self::Exited => "exited",
            Self::Failed => "failed",
        }
    }
}

/// A service of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Service {
    /// The step that opened it.
    pub step: StepId,
    /// The container that serves it.
    pub container: ContainerId,
    /// How it stands.
    pub status: ServiceStatus,
    /// Whether its ports accept connections.
    #[serde(default)]
    pub ready: bool,
    /// Its ports.
    pub ports: Vec<OpenPort>,
}

/// Status of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceStatus {
    /// It can be used.
    Running,
    /// It is no longer there.
    Stopped,
}

impl Job {
    /// The job that these events made.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut job = Self::default();
        events.into_iter().for_each(|event| job.apply(event));
        job
    }

    /// Takes over what an event says.
    pub fn apply(&mut self, event: &Event) {
        self.events = event.seq + 1;
        let at = event.at;
        match &event.what {
            What::JobCreated { job, target, steps } => {
                self.id = Some(job.clone());
                self.target.clone_from(target);
                self.created_ts = Some(at);
                self.steps = steps.iter().map(|id| (id.clone(), Step::default())).collect();
            }
            What::JobStarted => {
                self.status = Status::Running;
                self.started_ts = Some(at);
            }
            What::JobStopping { reason } => {
                self.status = Status::Stopping;
                self.stop_reason = Some(reason.clone());
            }
            What::JobFinished { status } => {
                self.status = *status;
                self.finished_ts = Some(at);
            }
            What::JobTakenOver | What::StepActed { .. } | What::StepCompared { .. } => {}
            What::StepAdded { step, parent, called: _ } => {
                self.steps.entry(step.clone()).or_default().parent.clone_from(parent);
            }
            What::StepStarted { step } => {
                let step = self.steps.entry(step.clone()).or_default();
                step.status = Status::Running;
                step.started_ts = Some(at);
            }
            What::StepRetrying { step, retry, .. } => {
                self.steps.entry(step.clone()).or_default().retries = *retry;
            }
            What::StepFinished { step, status, failure, output } => {
                let step = self.steps.entry(step.clone()).or_default();
                step.status = *status;
                step.finished_ts = Some(at);
                step.failure.clone_from(failure);
                step.output.clone_from(output);
            }
            What::StepKept { step, job: _, output } => {
                let step = self.steps.entry(step.clone()).or_default();
                step.status = Status::Success;
                step.finished_ts = Some(at);
                step.output.clone_from(output);
            }
            What::ContainerRequested { container, step, spec } => {
                self.containers.insert(container.clone(), Container::requested(step, spec));
            }
            What::ContainerChanged { container, change } => {
                if let Some(container) = self.containers.get_mut(container) {
                    container.apply(change);
                }
            }
            What::ServiceOpened { service, step, container, ports } => {
                let (step, container) = (step.clone(), container.clone());
                let (status, ports) = (ServiceStatus::Running, ports.clone());
                let opened = Service { step, container, status, ready: false, ports };
                self.services.insert(service.clone(), opened);
            }
            What::ServiceReady { service } => {
                if let Some(service) = self.services.get_mut(service) {
                    service.ready = true;
                }
            }
            What::ServiceClosed { service } => {
                if let Some(service) = self.services.get_mut(service) {
                    service.ready = false;
                    service.status = ServiceStatus::Stopped;
                }
            }
            What::Warned { .. } => {}
        }
    }
}

impl Container {
    fn requested(step: &StepId, spec: &ContainerSpec) -> Self {
        Self {
            step: step.clone(),
            spec: spec.clone(),
            status: ContainerStatus::Spawning,
            backend_id: None,
            exit_code: None,
            restarts: 0,
            ready: false,
            last_run: 0,
            failure: None,
            removed: false,
        }
    }

    fn apply(&mut self, change: &ContainerChange) {
        match change {
            ContainerChange::Pulling { .. } => self.status = ContainerStatus::Pulling,
            ContainerChange::Created { backend_id } => {
                self.status = ContainerStatus::Spawning;
                self.backend_id = Some(backend_id.clone());
            }
            ContainerChange::Started => self.status = ContainerStatus::Running,
            ContainerChange::Restarting { exit_code, restarts, run, .. } => {
                self.last_run = *run;
                self.status = ContainerStatus::Restarting;
                self.ready = false;
                self.exit_code = Some(*exit_code);
                self.restarts = restarts + 1;
            }
            ContainerChange::Stopping => self.status = ContainerStatus::Stopping,
            ContainerChange::Exited { exit_code, .. } => {
                self.status = ContainerStatus::Exited;
                self.exit_code = Some(*exit_code);
            }
            ContainerChange::Failed { message } => {
                self.status = ContainerStatus::Failed;
                self.failure = Some(message.clone());
            }
            ContainerChange::Ready => self.ready = true,
            ContainerChange::Removed => self.removed = true,
        }
    }
}
