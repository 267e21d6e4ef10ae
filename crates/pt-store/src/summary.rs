//! What lists tell of a job.

use indexmap::IndexMap;
use jiff::Timestamp;
use pt_model::{Event, InstanceId, JobId, OpenPort, ServiceId, Status, StepId, What};
use serde::{Deserialize, Serialize};

/// A job in a list: the part of the fold of its events that can be kept beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct JobSummary {
    /// The project instance it belongs to.
    pub instance: InstanceId,
    /// Its id.
    pub id: JobId,
    /// What was asked for, as typed.
    pub target: String,
    /// How it stands, as far as was written down: a runner that was killed could not say so.
    pub status: Status,
    /// Why it is stopping or was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// When it was created.
    pub created_ts: Timestamp,
    /// When its first step began.
    pub started_ts: Option<Timestamp>,
    /// When it was over.
    pub finished_ts: Option<Timestamp>,
    /// How its steps stand.
    pub steps: IndexMap<StepId, Status>,
    /// The services that can be used.
    pub services: IndexMap<ServiceId, Vec<OpenPort>>,
    /// Number of events applied.
    pub events: u64,
}

impl JobSummary {
    pub(crate) fn new(instance: InstanceId, id: JobId, at: Timestamp) -> Self {
        Self {
            instance,
            id,
            target: String::new(),
            status: Status::Queued,
            stop_reason: None,
            created_ts: at,
            started_ts: None,
            finished_ts: None,
            steps: IndexMap::new(),
            services: IndexMap::new(),
            events: 0,
        }
    }

    /// Takes over what an event says, as [`pt_model::Job::apply`] does.
    pub(crate) fn apply(&mut self, event: &Event) {
        self.events = event.seq + 1;
        match &event.what {
            What::JobCreated { job: _, target, steps } => {
                self.target.clone_from(target);
                self.created_ts = event.at;
                self.steps = steps.iter().map(|step| (step.clone(), Status::default())).collect();
            }
            What::JobStarted => {
                self.status = Status::Running;
                self.started_ts = Some(event.at);
            }
            What::JobStopping { reason } => {
                self.status = Status::Stopping;
                self.stop_reason = Some(reason.clone());
            }
            What::JobFinished { status } => {
                self.status = *status;
                self.finished_ts = Some(event.at);
            }
            What::StepAdded { step, .. } => {
                self.steps.entry(step.clone()).or_default();
            }
            What::StepStarted { step } => {
                self.steps.insert(step.clone(), Status::Running);
            }
            What::StepKept { step, .. } => {
                self.steps.insert(step.clone(), Status::Success);
            }
            What::StepFinished { step, status, failure: _, output: _ } => {
                self.steps.insert(step.clone(), *status);
            }
            What::ServiceOpened { service, ports, .. } => {
                self.services.insert(service.clone(), ports.clone());
            }
            What::ServiceClosed { service } => {
                self.services.shift_remove(service);
            }
            What::StepRetrying { .. }
            | What::StepActed { .. }
            | What::StepCompared { .. }
            | What::JobTakenOver
            | What::ServiceReady { .. }
            | What::ContainerRequested { .. }
            | What::ContainerChanged { .. }
            | What::Warned { .. } => {}
        }
    }
}
