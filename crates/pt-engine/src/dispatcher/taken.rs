//! Going on with a job that another runner had begun.
//!
//! Its state is what its events say. Steps that have ended have ended, those whose turn has not come wait for it. Of a step whose
//! code ran, the code is gone: it is run again from its beginning if all it did was to start containers, to open services and to
//! wait, and finds the containers it had ([`Dispatcher::claim`]); otherwise it has failed. Containers are watched on, whoever
//! asked for them.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexSet;
use jiff::Timestamp;
use pt_backend::{ContainerRequest, FoundContainer, ImagePolicy};
use pt_model::{
    Container, ContainerChange, ContainerId, ContainerStatus, Failure, PortSpec, Service, ServiceId,
    ServiceSpec, ServiceStatus, Status, StepId, What,
};
use pt_plan::{CodeCall, Does, StepPlan};
use tokio::sync::{Notify, oneshot, watch};

use super::containers::{ContainerState, SpawnContainer};
use super::steps::Origin;
use super::{Dispatcher, Effect, Message, labels};
use crate::args::failure;
use crate::container::{Beginning, ContainerTask, Wish};
use crate::engine::StopRequest;
use crate::remains::{Remains, StepRemains, published_ports};

/// What another runner had begun.
#[derive(Default)]
pub(super) struct Taken {
    steps: HashMap<StepId, StepRemains>,
    /// The containers that code which runs again has not asked for yet, in the order in which it did.
    unclaimed: HashMap<StepId, Vec<ContainerId>>,
    /// Those of them that were asked for, but not made.
    unmade: HashSet<ContainerId>,
    /// Services that are open, and that nobody has opened again.
    pub(super) services: HashSet<ServiceId>,
    /// Steps that were begun, and that no plan knows.
    strays: IndexSet<StepId>,
    /// Groups whose steps are being planned once more.
    late: HashSet<StepId>,
}

/// How long ago that was.
pub(super) fn since(then: Timestamp) -> Duration {
    Timestamp::now().duration_since(then).try_into().unwrap_or_default()
}

impl Dispatcher {
    /// Takes up everything that was begun.
    pub(super) fn take_over(&mut self, remains: Remains, steps: Vec<StepPlan>, origin: &Arc<Origin>) {
        let Remains { job, steps: known, containers, failed_unheard, .. } = remains;
        self.failed_unheard = failed_unheard;
        self.watched.send_replace(job.clone());
        self.job = job;
        self.taken.steps = known;
        self.emit(What::JobTakenOver);
        let past: Vec<StepId> = self.job.steps.keys().cloned().collect();
        for id in past {
            let called = self.taken.steps.get(&id).is_some_and(|step| step.called);
            self.add_past_step(&id, called);
            if !self.status(&id).has_ended() {
                self.taken.strays.insert(id);
            }
        }
        self.restore_containers(containers);
        steps.into_iter().for_each(|step| self.add_step(step, None, origin));
        self.restore_services();
        if let Some(until) = self.context.options.until.clone()
            && self.status(&until).has_ended()
            && self.job.steps.contains_key(&until)
        {
            self.until_reached = true;
            self.stop(StopRequest::Stop { reason: format!("step '{until}' ended") });
        }
        if self.is_stopping() {
            self.stop(StopRequest::Stop { reason: String::new() });
        }
        self.stop_strays();
        let ids: Vec<ContainerId> = self.containers.keys().cloned().collect();
        ids.iter().for_each(|id| self.release_if_ended(id));
    }

    /// Takes a step up where it stood, if it has stood anywhere.
    pub(super) fn restore(&mut self, id: &StepId) {
        let Some(past) = self.job.steps.get(id).cloned() else { return };
        let known = self.taken.steps.get(id).cloned().unwrap_or_default();
        self.taken.strays.swap_remove(id);
        let is_its = |container: &ContainerId| {
            self.job.containers.get(container).is_some_and(|container| container.step == *id)
        };
        let containers = known.containers.iter().filter(|id| is_its(id)).cloned().collect();
        let opened = self.job.services.iter().filter(|(_, service)| service.step == *id);
        let opened = opened.map(|(service, _)| service.clone()).collect();
        let Some(step) = self.steps.get_mut(id) else { return };
        step.containers = containers;
        step.opened = opened;
        step.output = past.output;
        step.is_called = known.called;
        step.tries.retries = past.retries;
        if past.status == Status::Queued {
            return;
        }
        self.queued.swap_remove(id);
        if !past.status.has_ended() {
            self.resume(id, known);
        }
    }

    fn resume(&mut self, id: &StepId, known: StepRemains) {
        self.take_locks(id);
        let Some(step) = self.steps.get(id) else { return };
        if let Some(timeout) = step.terms.timeout.filter(|_| known.pause.is_none()) {
            let message = Message::TimedOut { step: id.clone(), retry: step.tries.retries };
            self.send_after(timeout.saturating_sub(since(known.since)), message);
        }
        match self.take_deed(id) {
            // What is known from the books alone is stopped when all that is planned is known.
            None => {}
            Some(Does::Code(call)) => self.resume_code(id, call, known),
            Some(Does::Late) if !self.is_stopping() => {
                self.taken.late.insert(id.clone());
                self.plan_late(id);
            }
            Some(Does::Late) => self.end_step(id, Status::Stopped, None),
            Some(does) => self.begin(id, does),
        }
    }

    fn resume_code(&mut self, id: &StepId, call: CodeCall, known: StepRemains) {
        let Some(step) = self.steps.get_mut(id) else { return };
        step.services.clone_from(&call.services);
        if step.terms.retries.is_some() {
            step.tries.call = Some(call.clone());
        }
        if self.is_stopping() {
            return self.stop_lost(id, None);
        }
        match (known.acted, known.pause) {
            (Some(acted), _) => {
                let message = format!(
                    "The job's runner was gone while the code of this step ran. It had already called {acted}, and is \
                     not run twice."
                );
                self.stop_lost(id, Some(failure(message)));
            }
            (None, Some(pause)) => {
                self.forsake_unmade(&known.containers);
                known.containers.iter().for_each(|container| self.wish(container, Wish::Remove));
                if let Some(step) = self.steps.get_mut(id) {
                    step.tries.wait();
                }
                self.send_after(
                    pause.saturating_sub(since(known.since)),
                    Message::Retry { step: id.clone() },
                );
            }
            (None, None) => {
                let job = &self.job;
                let is_there = |id: &ContainerId| job.containers.get(id).is_some_and(|it| !it.removed);
                let unclaimed = known.containers.into_iter().filter(is_there).collect();
                self.taken.unclaimed.insert(id.clone(), unclaimed);
                self.start_code(id, call);
            }
        }
    }

    /// Ends a step whose code is gone when its containers have ended.
    fn stop_lost(&mut self, id: &StepId, lost: Option<Failure>) {
        let Some(step) = self.steps.get_mut(id) else { return };
        step.is_stopped = true;
        step.tries.lost = lost;
        let containers = step.containers.clone();
        self.forsake_unmade(&containers);
        containers.iter().for_each(|container| self.wish(container, Wish::Stop));
        self.end_if_stopped(id);
    }

    /// What was not made, and nobody asks for any more, will not be.
    fn forsake_unmade(&mut self, containers: &[ContainerId]) {
        for id in containers {
            if self.taken.unmade.remove(id) {
                if let Some(container) = self.containers.get_mut(id) {
                    container.told = true;
                }
                let message = "The job's runner was gone before it was made.".to_owned();
                self.container_changed(id, ContainerChange::Failed { message });
            }
        }
    }

    /// Stops steps that were begun and that nobody can go on with: those that code had started, which is gone, and those that
    /// the project's files have no more.
    pub(super) fn stop_strays(&mut self) {
        let is_being_planned = |id: &StepId| {
            let mut step = self.steps.get(id);
            while let Some(parent) = step.and_then(|step| step.parent.as_ref()) {
                if self.taken.late.contains(parent) {
                    return true;
                }
                step = self.steps.get(parent);
            }
            false
        };
        let stray = |id: &&StepId| !is_being_planned(id);
        let strays: Vec<StepId> = self.taken.strays.iter().filter(stray).cloned().collect();
        for id in strays {
            self.taken.strays.swap_remove(&id);
            if self.status(&id) == Status::Queued {
                self.end_step(&id, Status::Canceled, None);
            } else if !self.status(&id).has_ended() {
                if !self.is_stopping() {
                    let message = "The step is stopped: the code that had started it is gone with the job's runner, or the \
                                   project's files have no such step any more."
                        .to_owned();
                    self.emit(What::Warned { step: Some(id.clone()), message });
                }
                self.stop_lost(&id, None);
            }
        }
    }

    /// A step was planned once more, or cannot be.
    pub(super) fn planned_late(&mut self, id: &StepId) {
        if self.taken.late.remove(id) {
            self.stop_strays();
        }
    }

    fn restore_containers(&mut self, mut found: HashMap<ContainerId, FoundContainer>) {
        let known: Vec<(ContainerId, Container)> =
            self.job.containers.iter().map(|(id, container)| (id.clone(), container.clone())).collect();
        for (id, container) in known {
            let found = found.remove(&id).filter(|_| !container.removed);
            self.restore_container(&id, container, found);
        }
    }

    fn restore_container(&mut self, id: &ContainerId, container: Container, found: Option<FoundContainer>) {
        use ContainerStatus::{Exited, Failed, Pulling, Restarting, Running, Spawning, Stopping};
        let ports = found.as_ref().map(|found| published_ports(&found.labels)).unwrap_or_default();
        let beginning = match (container.status, found) {
            _ if container.removed => None,
            (Exited | Failed, Some(found)) => Some(Beginning::Ended { id: found.id }),
            (Exited | Failed, None) => {
                if container.backend_id.is_some() {
                    let change = ContainerChange::Removed;
                    self.emit(What::ContainerChanged { container: id.clone(), change });
                }
                None
            }
            (Pulling | Spawning, None) => {
                self.taken.unmade.insert(id.clone());
                None
            }
            (status, Some(FoundContainer { id, running, .. })) => {
                let told = container.backend_id.as_ref() == Some(&id);
                let (restarts, last_run) = (container.restarts, container.last_run);
                Some(Beginning::GoOn { id, status, told, restarts, last_run, running })
            }
            (Running | Stopping | Restarting, None) => None,
        };
        let is_gone = beginning.is_none() && matches!(container.status, Running | Stopping | Restarting);
        self.ports.exchange(&[], &ports);
        let (wishes, wished) = watch::channel(Wish::Run);
        let state = ContainerState {
            wish: Wish::Run,
            wishes,
            restart: Arc::new(Notify::new()),
            ports: ports.clone(),
            started: matches!(container.status, Running | Stopping | Restarting | Exited),
            over: beginning.is_none(),
            waiting_for_start: Vec::new(),
            waiting_for_end: Vec::new(),
            replicas: Vec::new(),
            told: container.status == Failed,
            wished_ports: Vec::new(),
            aliases: vec![id.to_string()],
            successor: None,
            voice: Arc::default(),
            ready: container.spec.ready.clone(),
            probe: None,
        };
        if let Some(beginning) = beginning {
            let request = ContainerRequest {
                name: self.context.names.container(id),
                labels: labels(&self.context.options).step(&container.step).container(id),
                ports,
                ..ContainerRequest::default()
            };
            let task = ContainerTask {
                beginning,
                key: self.context.options.job.clone(),
                store: self.context.engine.store.clone(),
                id: id.clone(),
                step: container.step.clone(),
                backend: Arc::clone(&self.context.engine.backend),
                network: Arc::clone(&self.network),
                request,
                volumes: Vec::new(),
                image_policy: ImagePolicy::WhenMissing,
                restart: container.spec.restart,
                grace: self.context.options.grace,
                wish: wished,
                restart_wished: Arc::clone(&state.restart),
                messages: self.messages.0.clone(),
                log: self.log.clone(),
                reception: self.context.options.reception.clone(),
                voice: Arc::clone(&state.voice),
            };
            self.effects.push(Effect::Live(Box::new(task)));
        }
        let asks = state.started && !container.ready && !container.removed;
        self.containers.insert(id.clone(), state);
        if is_gone && !container.removed {
            let message = "It is gone from the container engine: while no runner was there to see it, somebody removed it, \
                           or the engine lost it."
                .to_owned();
            return self.container_changed(id, ContainerChange::Failed { message });
        }
        if asks && matches!(container.status, Running | Stopping | Restarting) {
            self.probe_container(id);
        }
    }

    /// Gives code that runs again the container that it had asked for, if it had. Without its spec nobody could make it anew.
    pub(super) async fn claim(
        &mut self,
        step: &StepId,
        wished: &ContainerId,
        spawn: &SpawnContainer,
    ) -> Option<ContainerId> {
        let unclaimed = self.taken.unclaimed.get_mut(step)?;
        let is_numbered = |id: &ContainerId, of: &ContainerId| {
            let rest = id.as_str().strip_prefix(of.as_str()).and_then(|rest| rest.strip_prefix('-'));
            rest.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let exact = unclaimed.iter().position(|id| id == wished);
        let at = exact.or_else(|| unclaimed.iter().position(|id| is_numbered(id, wished)))?;
        let id = unclaimed.remove(at);
        let mut replicas = Vec::new();
        for _ in 1..spawn.spec.replicas {
            let Some(at) = unclaimed.iter().position(|other| is_numbered(other, &id)) else { break };
            replicas.push(unclaimed.remove(at));
        }
        // The services of a step are those of the first container it asked for.
        let state = self.steps.get(step)?;
        let first = state.containers.iter().find(|other| !replicas.contains(other));
        let services = if first == Some(&id) { state.services.clone() } else { Vec::new() };
        for replica in &replicas {
            self.make_or_name(step, replica, spawn, &services, false).await;
        }
        self.make_or_name(step, &id, spawn, &services, true).await;
        if let Some(container) = self.containers.get_mut(&id) {
            container.replicas = replicas;
        }
        Some(id)
    }

    async fn make_or_name(
        &mut self,
        step: &StepId,
        id: &ContainerId,
        spawn: &SpawnContainer,
        services: &[ServiceSpec],
        publishes: bool,
    ) {
        if self.taken.unmade.remove(id) {
            let backend = Arc::clone(&self.context.engine.backend);
            let ports = if publishes { self.ports.choose(&*backend, services).await } else { Vec::new() };
            self.containers.remove(id);
            self.spawn_one(step, id, spawn, services, ports);
        } else if let Some(container) = self.containers.get_mut(id) {
            container.know_services(services);
        }
    }

    /// Lets go of what code that ran again did not ask for again.
    pub(super) fn release_unclaimed(&mut self, step: &StepId) {
        let unclaimed = self.taken.unclaimed.remove(step).unwrap_or_default();
        self.forsake_unmade(&unclaimed);
        for id in unclaimed {
            if !self.has_ended(&id) {
                self.warn(format!(
                    "Container '{id}' is removed: the code of step '{step}', run again by another runner, did not ask for it."
                ));
            }
            self.wish(&id, Wish::Remove);
        }
    }

    /// Services of code that runs again are opened by it; the others stay open, and ports that the runner kept open itself are
    /// opened again.
    fn restore_services(&mut self) {
        let open = self.job.services.iter().filter(|(_, service)| service.status == ServiceStatus::Running);
        let open: Vec<(ServiceId, Service)> =
            open.map(|(id, service)| (id.clone(), service.clone())).collect();
        for (id, service) in open {
            if self.has_ended(&service.container) {
                self.close_services_of(&service.container);
                continue;
            }
            self.taken.services.insert(id.clone());
            if self.taken.unclaimed.contains_key(&service.step) || self.is_stopping() {
                continue;
            }
            let ports = service.ports.iter().map(|port| PortSpec {
                port: port.port,
                protocol: port.protocol,
                expose_as: port.exposed_as.map(|exposed| exposed.port),
                internal: port.exposed_as.is_none(),
                label: port.label.clone(),
            });
            let spec = ServiceSpec { id, ports: ports.collect(), ready: None };
            // Nobody waits for the answer.
            let (reply, _) = oneshot::channel();
            self.open_service(&service.step, spec, Some(service.container), reply);
        }
    }

    /// Whether a service that was opened again is as it was: then there is nothing to tell.
    pub(super) fn is_reopened(
        &mut self,
        id: &ServiceId,
        container: &ContainerId,
        ports: &[pt_model::OpenPort],
    ) -> bool {
        let place = |port: &pt_model::OpenPort| (port.port, port.exposed_as.map(|exposed| exposed.port));
        self.taken.services.remove(id)
            && self.job.services.get(id).is_some_and(|service| {
                service.container == *container && service.ports.iter().map(place).eq(ports.iter().map(place))
            })
    }
}

impl ContainerState {
    /// The services for which it was made.
    fn know_services(&mut self, services: &[ServiceSpec]) {
        let ports = services.iter().flat_map(|service| &service.ports);
        self.wished_ports = ports.map(|port| (port.port, port.host_port(), port.protocol.is_udp())).collect();
        let own = mem::take(&mut self.aliases);
        self.aliases = services.iter().map(|service| service.id.to_string()).chain(own).collect();
    }
}
