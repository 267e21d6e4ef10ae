//! Containers: asked for, reported on, let go of.

use std::mem;
use std::sync::Arc;

use pt_backend::{ContainerRequest, ImagePolicy, PublishedPort};
use pt_model::{
    ContainerChange, ContainerId, ContainerSpec, ContainerStatus, CreateContainer, Data, Failure, Readiness,
    ServiceSpec, StepId, User, What,
};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use super::{Dispatcher, Effect, Message, forward, labels};
use crate::args::failure;
use crate::call::{Reply, of_container};
use crate::container::{Beginning, ContainerTask, Report, Wish};
use crate::engine::Notice;
use crate::mount::Mounts;
use crate::ready::Voice;

/// A container, beyond what its job shows of it.
pub(super) struct ContainerState {
    /// What is wished for it; its task learns of it once what led to it is stored.
    pub(super) wish: Wish,
    pub(super) wishes: watch::Sender<Wish>,
    /// Notified when it is to be stopped and started once more.
    pub(super) restart: Arc<Notify>,
    pub(super) ports: Vec<PublishedPort>,
    pub(super) started: bool,
    pub(super) over: bool,
    pub(super) waiting_for_start: Vec<Reply>,
    pub(super) waiting_for_end: Vec<Reply>,
    /// The others of its kind that were asked for with it.
    pub(super) replicas: Vec<ContainerId>,
    /// Whether somebody was told why it failed.
    pub(super) told: bool,
    /// The ports that were wished for it when it started: of the container, of the host, whether UDP.
    pub(super) wished_ports: Vec<(u16, u16, bool)>,
    /// Its names in the network of the job.
    pub(super) aliases: Vec<String>,
    /// The one that takes its place when it is gone.
    pub(super) successor: Option<Box<Successor>>,
    /// What it says.
    pub(super) voice: Arc<Voice>,
    /// When it can be used, if it tells that itself; and what waits for it.
    pub(super) ready: Option<Readiness>,
    pub(super) probe: Option<AbortOnDropHandle<()>>,
}

pub(super) struct Successor {
    step: StepId,
    spawn: SpawnContainer,
    reply: Reply,
}

/// A container that code asks for.
#[derive(Clone, Debug)]
pub(crate) struct SpawnContainer {
    pub(crate) spec: ContainerSpec,
    pub(crate) mounts: Mounts,
}

impl Dispatcher {
    /// Starts a container, or finds the one that serves as well; the answer is its id.
    pub(super) async fn spawn(&mut self, step: &StepId, spawn: SpawnContainer, reply: Reply) {
        let wished = spawn.spec.id.clone().unwrap_or_else(|| "container".into());
        if let Some(id) = self.claim(step, &wished, &spawn).await {
            return self.answer(reply, Ok(Data::from(id.as_str())));
        }
        let there = self.containers.contains_key(&wished);
        let runs = there && !self.has_ended(&wished);
        match spawn.spec.create {
            Some(CreateContainer::Never) if !there => {
                let message = format!(
                    "There is no container '{wished}' in this job, and it may not be created (create: never)."
                );
                return self.answer(reply, Err(failure(message)));
            }
            Some(CreateContainer::Never) => {}
            Some(CreateContainer::WhenMissing) if runs => {}
            Some(CreateContainer::Always | CreateContainer::WhenMissing)
                if self.containers.get(&wished).is_some_and(|container| !container.over) =>
            {
                let successor = Successor { step: step.clone(), spawn, reply };
                return self.replace(&wished, successor);
            }
            Some(CreateContainer::Always | CreateContainer::WhenMissing) => {
                self.containers.remove(&wished);
                return self.spawn_all(step, wished, &spawn, reply).await;
            }
            None => {
                let id = self.free_container_id(&wished);
                return self.spawn_all(step, id, &spawn, reply).await;
            }
        }
        if let Some(step) = self.steps.get_mut(step)
            && !step.containers.contains(&wished)
        {
            step.containers.push(wished.clone());
        }
        self.answer(reply, Ok(Data::from(wished.as_str())));
    }

    /// Has a container stopped and removed, and another one take its place.
    fn replace(&mut self, id: &ContainerId, successor: Successor) {
        self.wish(id, Wish::Remove);
        let former = self.containers.get_mut(id).and_then(|container| {
            let former = container.successor.take();
            container.successor = Some(Box::new(successor));
            former
        });
        if let Some(Successor { reply, .. }) = former.map(|former| *former) {
            self.answer(reply, Err(failure(format!("Another container '{id}' was asked for meanwhile."))));
        }
    }

    /// Starts as many of a kind as are wished.
    async fn spawn_all(&mut self, step: &StepId, id: ContainerId, spawn: &SpawnContainer, reply: Reply) {
        // The services of a step are those of the first container it starts; its replicas share their names, and the
        // first has the ports.
        let state = self.steps.get(step).filter(|state| state.containers.is_empty());
        let services = state.map(|state| state.services.clone()).unwrap_or_default();
        let mut replicas = Vec::new();
        for number in 2..=spawn.spec.replicas {
            let replica = self.free_container_id(&ContainerId::new(format!("{id}-{number}")));
            self.spawn_one(step, &replica, spawn, &services, Vec::new());
            replicas.push(replica);
        }
        let ports = self.ports.choose(&*self.context.engine.backend, &services).await;
        self.spawn_one(step, &id, spawn, &services, ports);
        if let Some(container) = self.containers.get_mut(&id) {
            container.replicas = replicas;
        }
        self.answer(reply, Ok(Data::from(id.as_str())));
    }

    pub(super) fn spawn_one(
        &mut self,
        step: &StepId,
        id: &ContainerId,
        spawn: &SpawnContainer,
        services: &[ServiceSpec],
        ports: Vec<PublishedPort>,
    ) {
        let SpawnContainer { spec, mounts } = spawn;
        if let Some(step) = self.steps.get_mut(step)
            && !step.containers.contains(id)
        {
            step.containers.push(id.clone());
        }
        let mut aliases: Vec<String> = services.iter().map(|service| service.id.to_string()).collect();
        aliases.push(id.to_string());
        aliases.dedup();
        let request = ContainerRequest {
            name: self.context.names.container(id),
            labels: labels(&self.context.options).step(step).container(id),
            image: spec.image.clone(),
            cmd: spec.cmd.clone(),
            entrypoint: spec.entrypoint.clone(),
            env: spec.env.iter().map(|var| (var.name.clone(), var.value.clone())).collect(),
            mounts: mounts.requests.clone(),
            workdir: spec.workdir.clone(),
            user: spec.user.as_ref().map(|user| self.user(user)),
            tty: spec.tty,
            stdin: !spec.no_stdin,
            resources: spec.resources,
            unconfined: spec.unconfined,
            network: Some(self.network.name.clone()),
            aliases: aliases.clone(),
            ports: ports.clone(),
        };
        let wished_ports = services.iter().flat_map(|service| &service.ports);
        let wished_ports =
            wished_ports.map(|port| (port.port, port.host_port(), port.protocol.is_udp())).collect();
        let (wishes, wished) = watch::channel(Wish::Run);
        let restart = Arc::new(Notify::new());
        let voice = Arc::new(Voice::default());
        let task = ContainerTask {
            beginning: Beginning::Make,
            key: self.context.options.job.clone(),
            store: self.context.engine.store.clone(),
            id: id.clone(),
            step: step.clone(),
            backend: Arc::clone(&self.context.engine.backend),
            network: Arc::clone(&self.network),
            request,
            volumes: mounts.volumes.clone(),
            image_policy: if spec.update_image { ImagePolicy::Newer } else { ImagePolicy::WhenMissing },
            restart: spec.restart,
            grace: self.context.options.grace,
            wish: wished,
            restart_wished: Arc::clone(&restart),
            messages: self.messages.0.clone(),
            log: self.log.clone(),
            reception: self.context.options.reception.clone(),
            voice: Arc::clone(&voice),
        };
        let state = ContainerState {
            wish: Wish::Run,
            wishes,
            restart,
            ports,
            started: false,
            over: false,
            waiting_for_start: Vec::new(),
            waiting_for_end: Vec::new(),
            replicas: Vec::new(),
            told: false,
            wished_ports,
            aliases,
            successor: None,
            voice,
            ready: spec.ready.clone(),
            probe: None,
        };
        // Another runner may have been asked for it, and gone before it made it.
        let is_known = self.job.containers.get(id).is_some_and(|known| {
            matches!(known.status, ContainerStatus::Pulling | ContainerStatus::Spawning)
                && known.step == *step
        });
        if !is_known {
            let spec = Box::new(spec.clone().masked(&self.context.mask.now()));
            self.emit(What::ContainerRequested { container: id.clone(), step: step.clone(), spec });
        }
        self.containers.insert(id.clone(), state);
        self.effects.push(Effect::Live(Box::new(task)));
    }

    /// A task that broke must not leave everybody waiting for it.
    pub(super) fn watch_over(&self, id: &ContainerId, task: JoinHandle<()>) {
        let (container, messages) = (id.clone(), self.messages.0.clone());
        tokio::spawn(async move {
            if task.await.is_err() {
                let message = "Polytope broke while it ran this container. This is a bug.".to_owned();
                let change = Report::Changed(ContainerChange::Failed { message: message.clone() });
                for report in [change, Report::Over(Some(message))] {
                    // The dispatcher has gone only if it broke too.
                    let _ = messages.send(Message::Container { container: container.clone(), report });
                }
            }
        });
    }

    /// The id, or the id with a number if it is taken.
    fn free_container_id(&self, wished: &ContainerId) -> ContainerId {
        let mut numbers = 2..;
        let mut id = wished.clone();
        while self.containers.contains_key(&id) {
            id = ContainerId::new(format!("{wished}-{}", numbers.next().unwrap_or(u32::MAX)));
        }
        id
    }

    fn user(&self, user: &User) -> String {
        match user {
            User::Named(name) => name.clone(),
            User::Host => format!("{}:{}", self.context.options.person.uid, self.context.options.person.gid),
        }
    }

    pub(super) async fn container_reports(&mut self, id: &ContainerId, report: Report) {
        match report {
            Report::Changed(change) => self.container_changed(id, change),
            Report::Ports(ports) => {
                if let Some(container) = self.containers.get_mut(id) {
                    self.ports.exchange(&mem::replace(&mut container.ports, ports.clone()), &ports);
                }
            }
            Report::Trouble(message) => self.warn(message),
            Report::Progress(text) => {
                self.effects.push(Effect::Tell(Notice::Progress { container: id.clone(), text }));
            }
            Report::Mark(passed) => self.effects.push(Effect::Passed(passed)),
            Report::Over(problem) => {
                let successor = self.containers.get_mut(id).and_then(|container| {
                    container.over = true;
                    self.ports.release(&mem::take(&mut container.ports));
                    container.successor.take()
                });
                if let Some(message) = problem {
                    self.warn(message);
                }
                if let Some(successor) = successor {
                    self.succeed(id, *successor).await;
                }
                if let Some(step) = self.job.containers.get(id).map(|container| container.step.clone()) {
                    self.retry_when_clear(&step);
                }
            }
        }
    }

    async fn succeed(&mut self, id: &ContainerId, successor: Successor) {
        let Successor { step, spawn, reply } = successor;
        if let Some(refusal) = self.refusal(&step) {
            return self.answer(reply, Err(refusal));
        }
        self.containers.remove(id);
        self.spawn_all(&step, id.clone(), &spawn, reply).await;
    }

    /// Tells people something that ends nothing. Backends may quote what they were given.
    pub(super) fn warn(&mut self, message: String) {
        let message = self.context.mask.mask(&message);
        self.emit(What::Warned { step: None, message });
    }

    /// The change as it may be told: backends quote what they were given.
    pub(super) fn masked(&self, change: ContainerChange) -> ContainerChange {
        let mask = &self.context.mask;
        match change {
            ContainerChange::Failed { message } => ContainerChange::Failed { message: mask.mask(&message) },
            ContainerChange::Pulling { image } => ContainerChange::Pulling { image: mask.mask(&image) },
            ContainerChange::Created { .. }
            | ContainerChange::Started
            | ContainerChange::Restarting { .. }
            | ContainerChange::Ready
            | ContainerChange::Stopping
            | ContainerChange::Exited { .. }
            | ContainerChange::Removed => change,
        }
    }

    pub(super) fn container_changed(&mut self, id: &ContainerId, change: ContainerChange) {
        let change = self.masked(change);
        self.emit(What::ContainerChanged { container: id.clone(), change: change.clone() });
        match change {
            ContainerChange::Started => {
                self.look_at_queue = true;
                if let Some(container) = self.containers.get_mut(id) {
                    container.started = true;
                    for reply in mem::take(&mut container.waiting_for_start) {
                        self.answer(reply, Ok(Data::Bool(true)));
                    }
                }
                self.probe_container(id);
            }
            ContainerChange::Exited { .. } | ContainerChange::Failed { .. } => self.container_ended(id),
            // Whether it can be used is asked anew when it has started.
            ContainerChange::Restarting { .. } => {
                if let Some(container) = self.containers.get_mut(id) {
                    container.probe = None;
                }
            }
            ContainerChange::Pulling { .. }
            | ContainerChange::Created { .. }
            | ContainerChange::Ready
            | ContainerChange::Stopping
            | ContainerChange::Removed => {}
        }
    }

    fn container_ended(&mut self, id: &ContainerId) {
        self.close_services_of(id);
        let Some(container) = self.containers.get_mut(id) else { return };
        container.probe = None;
        let waiting_for_start = mem::take(&mut container.waiting_for_start);
        let waiting_for_end = mem::take(&mut container.waiting_for_end);
        container.told |= !waiting_for_start.is_empty() || !waiting_for_end.is_empty();
        for reply in waiting_for_start {
            let why = self.why_not_started(id);
            self.answer(reply, Err(why));
        }
        for reply in waiting_for_end {
            let end = self.end_of(id);
            self.answer(reply, end);
        }
        let step = self.job.containers.get(id).map(|container| container.step.clone());
        // Before it is to be removed: what is wished away has not failed.
        if let Some(step) = step.as_ref().filter(|step| self.status(step).has_ended()) {
            self.tell_unheard(step);
        }
        self.release_if_ended(id);
        if self.is_stopping() {
            self.stop_in_order();
        }
        if let Some(step) = step {
            self.end_if_stopped(&step);
        }
    }

    /// A container of the step that failed without anybody hearing of it, and why.
    pub(super) fn unheard(&mut self, step: &StepId) -> Option<Failure> {
        let failed = |id: &&ContainerId| {
            let is_its = self.job.containers.get(*id).is_some_and(|container| {
                container.status == ContainerStatus::Failed && container.step == *step
            });
            // What was asked to stop has not failed.
            is_its && self.containers.get(*id).is_some_and(|c| !c.told && c.wish == Wish::Run)
        };
        let id = self.steps.get(step)?.containers.iter().find(failed)?.clone();
        self.containers.get_mut(&id)?.told = true;
        Some(self.why_not_started(&id))
    }

    /// Says of a step that has ended that a container of it has failed.
    fn tell_unheard(&mut self, step: &StepId) {
        if self.is_stopping() {
            return;
        }
        if let Some(Failure { message, .. }) = self.unheard(step) {
            let message = self.context.mask.mask(&message);
            self.emit(What::Warned { step: Some(step.clone()), message });
            self.failed_unheard = true;
        }
    }

    /// Wishes something of a container.
    pub(super) fn wish(&mut self, id: &ContainerId, wish: Wish) {
        if let Some(container) = self.containers.get_mut(id)
            && forward(&mut container.wish, wish)
        {
            self.effects.push(Effect::Wish(container.wishes.clone(), wish));
        }
    }

    /// Lets go of a container that has ended and whose step, which might still read from it, has ended too.
    pub(super) fn release_if_ended(&mut self, id: &ContainerId) {
        let step = self.job.containers.get(id).map(|container| &container.step);
        let step_ended =
            step.and_then(|step| self.job.steps.get(step)).is_some_and(|step| step.status.has_ended());
        if (self.is_stopping() || step_ended) && self.has_ended(id) {
            self.wish(id, Wish::Remove);
        }
    }

    pub(super) fn await_started(&mut self, id: &ContainerId, reply: Reply) {
        let Some(reply) = self.for_all_replicas(id, reply, Self::await_started) else { return };
        let ended = self.has_ended(id);
        let has_failed = self.job.containers.get(id).map(|it| it.status) == Some(ContainerStatus::Failed);
        match self.containers.get_mut(id) {
            Some(container) if container.started && !has_failed => self.answer(reply, Ok(Data::Bool(true))),
            Some(container) if !ended => container.waiting_for_start.push(reply),
            Some(container) => {
                container.told = true;
                let why = self.why_not_started(id);
                self.answer(reply, Err(why));
            }
            None => self.answer(reply, Err(unknown(id))),
        }
    }

    pub(super) fn await_done(&mut self, id: &ContainerId, reply: Reply) {
        let Some(reply) = self.for_all_replicas(id, reply, Self::await_done) else { return };
        if !self.containers.contains_key(id) {
            self.answer(reply, Err(unknown(id)));
        } else if self.has_ended(id) {
            if let Some(container) = self.containers.get_mut(id) {
                container.told = true;
            }
            let end = self.end_of(id);
            self.answer(reply, end);
        } else if let Some(container) = self.containers.get_mut(id) {
            container.waiting_for_end.push(reply);
        }
    }

    pub(super) fn stop_containers(&mut self, id: &ContainerId, reply: Reply) {
        if !self.containers.contains_key(id) {
            return self.answer(reply, Err(unknown(id)));
        }
        let replicas =
            self.containers.get(id).map(|container| container.replicas.clone()).unwrap_or_default();
        replicas.iter().chain([id]).for_each(|id| self.wish(id, Wish::Stop));
        let (ended, end) = oneshot::channel();
        self.await_done(id, ended);
        tokio::spawn(async move {
            // Whichever way it ended.
            drop(end.await);
            drop(reply.send(Ok(Data::Null)));
        });
    }

    /// Asks of each replica what is asked of the first; the answer comes when all have answered. A failure, and an exit
    /// code other than 0, is the answer of all. Gives the reply back if there is only the one.
    fn for_all_replicas(
        &mut self,
        id: &ContainerId,
        reply: Reply,
        ask: fn(&mut Self, &ContainerId, Reply),
    ) -> Option<Reply> {
        let replicas =
            self.containers.get(id).map(|container| container.replicas.clone()).unwrap_or_default();
        if replicas.is_empty() {
            return Some(reply);
        }
        let mut answers = Vec::new();
        let (of_first, first) = oneshot::channel();
        for replica in replicas {
            let (ask_one, answer) = oneshot::channel();
            ask(self, &replica, ask_one);
            answers.push(answer);
        }
        tokio::spawn(async move {
            let mut all = Ok(Data::Null);
            for answer in [first].into_iter().chain(answers) {
                // Who does not answer any more is gone, and so is who asks.
                let Ok(answer) = answer.await else { return };
                let is_bad = |answer: &Result<Data, Failure>| {
                    !matches!(answer, Ok(Data::Null | Data::Int(0) | Data::Bool(true)))
                };
                if !is_bad(&all) {
                    all = answer;
                }
            }
            drop(reply.send(all));
        });
        Some(of_first)
    }

    pub(super) fn has_ended(&self, id: &ContainerId) -> bool {
        let status = self.job.containers.get(id).map(|container| container.status);
        matches!(status, Some(ContainerStatus::Exited | ContainerStatus::Failed))
    }

    /// The exit code of a container that has ended.
    fn end_of(&self, id: &ContainerId) -> Result<Data, Failure> {
        let container = self.job.containers.get(id);
        let exited = container.filter(|container| container.status == ContainerStatus::Exited);
        match exited.and_then(|container| container.exit_code) {
            Some(code) => Ok(Data::Int(code)),
            None => Err(self.why_not_started(id)),
        }
    }

    /// What became of a container that has ended without an exit code, or before it was waited for.
    fn why_not_started(&self, id: &ContainerId) -> Failure {
        let why = self.job.containers.get(id).and_then(|container| container.failure.clone());
        let started = self.containers.get(id).is_some_and(|container| container.started);
        let message = match why {
            Some(why) if started => format!("Container '{id}' failed: {why}"),
            Some(why) => format!("Container '{id}' could not be started: {why}"),
            None => format!("Container '{id}' exited before it was ready."),
        };
        let exit_code = self.job.containers.get(id).and_then(|container| container.exit_code);
        Failure::new(message, of_container(id, exit_code))
    }

    /// The backend's id of a container, whether it runs or not.
    pub(super) fn backend_id(&self, id: &ContainerId) -> Result<String, Failure> {
        let Some(container) = self.job.containers.get(id) else { return Err(unknown(id)) };
        match &container.backend_id {
            Some(_) if container.removed => Err(failure(format!("Container '{id}' is gone."))),
            Some(backend_id) => Ok(backend_id.clone()),
            None if self.has_ended(id) => Err(self.why_not_started(id)),
            None => {
                Err(failure(format!("Container '{id}' has not started yet: pt/await-started waits for it.")))
            }
        }
    }

    pub(super) fn running_backend_id(&self, id: &ContainerId) -> Result<String, Failure> {
        let backend_id = self.backend_id(id)?;
        match self.job.containers.get(id).map(|container| container.status) {
            Some(ContainerStatus::Running) => Ok(backend_id),
            _ => Err(failure(format!("Container '{id}' is not running."))),
        }
    }
}

fn unknown(id: &ContainerId) -> Failure {
    failure(format!("There is no container '{id}' in this job."))
}
