//! What is waited for: probes of what is to be ready, and who waits for what.

use std::sync::Arc;

use jiff::Timestamp;
use pt_backend::Backend;
use pt_model::{
    ContainerChange, ContainerId, ContainerStatus, Protocol, Readiness, ServiceSpec, ServiceStatus, Status,
    StepId, What,
};
use pt_plan::Condition;
use tokio_util::task::AbortOnDropHandle;

use super::{Dispatcher, Message};
use crate::args::failure;
use crate::engine::Wait;
use crate::ready::{Question, Subject};

impl Dispatcher {
    /// Waits until a service is ready.
    pub(super) fn probe_service(
        &self,
        service: &ServiceSpec,
        container: &ContainerId,
    ) -> AbortOnDropHandle<()> {
        let ports = service.ports.iter().filter(|port| port.protocol != Protocol::Udp);
        let ports = ports.map(|port| port.port).collect();
        let readiness = service.ready.clone().unwrap_or_default();
        self.probe(Subject::Service(service.id.clone()), readiness, container, ports)
    }

    /// Waits until a container is ready that says itself when it is.
    pub(super) fn probe_container(&mut self, id: &ContainerId) {
        let Some(state) = self.containers.get(id) else { return };
        let Some(readiness) = state.ready.clone().filter(|_| state.probe.is_none()) else { return };
        let probe = self.probe(Subject::Container(id.clone()), readiness, id, Vec::new());
        if let Some(state) = self.containers.get_mut(id) {
            state.probe = Some(probe);
        }
    }

    fn probe(
        &self,
        subject: Subject,
        readiness: Readiness,
        container: &ContainerId,
        ports: Vec<u16>,
    ) -> AbortOnDropHandle<()> {
        let messages = self.messages.0.clone();
        let backend: Arc<dyn Backend> = Arc::clone(&self.context.engine.backend);
        let voice = self.containers.get(container).map(|state| Arc::clone(&state.voice));
        let question = self.backend_id(container).ok().map(|backend_id| Question {
            subject: subject.clone(),
            readiness,
            ports,
            container: container.clone(),
            backend_id,
            backend,
            voice: voice.unwrap_or_default(),
            waits: self.waits.clone(),
            store: self.context.engine.store.clone(),
            key: self.context.options.job.clone(),
            log: self.log.clone(),
        });
        AbortOnDropHandle::new(tokio::spawn(async move {
            let answer = match question {
                Some(question) => question.answered().await,
                // What it is of is gone already; that is told elsewhere.
                None => return,
            };
            // The dispatcher is gone only when the job is over.
            let _ = messages.send(Message::Probed { subject, answer });
        }))
    }

    pub(super) fn probed(&mut self, subject: Subject, answer: Result<(), String>) {
        match (subject, answer) {
            (Subject::Service(id), Ok(())) => self.service_answers(id),
            (Subject::Container(id), Ok(())) => {
                self.look_at_queue = true;
                if self.job.containers.get(&id).is_some_and(|container| !container.ready) {
                    self.emit(What::ContainerChanged { container: id, change: ContainerChange::Ready });
                }
            }
            (Subject::Service(id), Err(why)) => {
                if let Some(step) = self.job.services.get(&id).map(|service| service.step.clone()) {
                    self.not_ready(&step, format!("Service {why}"));
                }
            }
            (Subject::Container(id), Err(why)) => {
                if let Some(step) = self.job.containers.get(&id).map(|container| container.step.clone()) {
                    self.not_ready(&step, format!("Container {why}"));
                }
            }
        }
    }

    /// What a step started was not ready in time: it is stopped, and has failed.
    fn not_ready(&mut self, step: &StepId, why: String) {
        if self.is_stopping() {
            return;
        }
        if self.status(step).has_ended() {
            let message = self.context.mask.mask(&why);
            self.emit(What::Warned { step: Some(step.clone()), message });
            self.failed_unheard = true;
            return;
        }
        if let Some(state) = self.steps.get_mut(step) {
            state.tries.lost = Some(failure(why));
        }
        self.stop_step(step);
        if let Some(state) = self.steps.get_mut(step) {
            // Nobody asked for it: it fails.
            state.asked_to_stop = false;
        }
    }

    /// Who waits for what, in the order of the steps.
    pub(super) fn all_waits(&self) -> Vec<Wait> {
        let mut waits = Vec::new();
        for id in &self.queued {
            let Some(step) = self.steps.get(id) else { continue };
            for condition in &step.run_when {
                for other in condition.steps.iter().filter(|other| !self.status(other).has_ended()) {
                    waits.extend(self.wait_for(id, other, condition.condition));
                }
            }
            for lock in &step.terms.locks {
                let holders = self.locks.get(&lock.id).map(Vec::as_slice).unwrap_or_default();
                if step.run_when.is_empty() && holders.len() >= lock.limit {
                    let holders: Vec<&str> = holders.iter().map(StepId::as_str).collect();
                    let why = format!("the lock '{}', which {} has", lock.id, holders.join(", "));
                    waits.push(Wait { step: id.clone(), why, end_of: None, seconds: self.age(id) });
                }
            }
        }
        // Paths and lines that are waited for may hold secrets.
        waits.iter_mut().for_each(|wait| wait.why = self.context.mask.mask(&wait.why));
        waits
    }

    fn wait_for(&self, id: &StepId, other: &StepId, condition: Condition) -> Vec<Wait> {
        let wait = |why: String, seconds| Wait { step: id.clone(), why, end_of: None, seconds };
        if condition != Condition::Ready {
            let wait = wait(format!("the end of {other}"), self.age(other));
            return vec![Wait { end_of: Some(other.clone()), ..wait }];
        }
        if self.status(other) == Status::Queued {
            return vec![wait(format!("{other}, which has not begun"), self.age(other))];
        }
        if self.is_ready(other) {
            return Vec::new();
        }
        let reasons = self.why_not_ready(other);
        match reasons.is_empty() {
            true => vec![wait(format!("{other} to be ready"), self.age(other))],
            false => reasons.into_iter().map(|(why, seconds)| wait(why, seconds)).collect(),
        }
    }

    /// What of a step is not ready, and since when it is waited for.
    fn why_not_ready(&self, id: &StepId) -> Vec<(String, u64)> {
        let Some(step) = self.steps.get(id) else { return Vec::new() };
        let mut reasons: Vec<(String, u64)> =
            step.awaited().iter().flat_map(|part| self.why_not_ready(part)).collect();
        for container in &step.containers {
            let state = self.job.containers.get(container);
            let doing = match state.map(|state| state.status) {
                Some(ContainerStatus::Pulling) => "its image is being pulled",
                Some(ContainerStatus::Spawning) => "it is being made",
                Some(ContainerStatus::Restarting) => "it has exited and is started again",
                _ => continue,
            };
            reasons.push((format!("{container}: {doing}"), self.age(id)));
        }
        let open = self.job.services.iter().filter(|(_, service)| {
            service.step == *id && service.status == ServiceStatus::Running && !service.ready
        });
        let subjects = open.map(|(id, service)| (Subject::Service(id.clone()), &service.container));
        let subjects: Vec<_> =
            subjects.chain(step.containers.iter().map(|id| (Subject::Container(id.clone()), id))).collect();
        for (subject, container) in subjects {
            let Some(waited) = self.waits.of(&subject) else { continue };
            let last = self.containers.get(container).map(|state| state.voice.last()).unwrap_or_default();
            let last = if last.is_empty() { String::new() } else { format!(", last line: {last}") };
            reasons.push((
                format!("{}: {}{last}", subject.name(), waited.why),
                waited.since.elapsed().as_secs(),
            ));
        }
        reasons
    }

    /// How long a step has run, or else its job, in seconds.
    fn age(&self, id: &StepId) -> u64 {
        let began = self.job.steps.get(id).and_then(|step| step.started_ts).or(self.job.started_ts);
        let seconds = began.map(|began| Timestamp::now().as_second() - began.as_second());
        seconds.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or_default()
    }
}
