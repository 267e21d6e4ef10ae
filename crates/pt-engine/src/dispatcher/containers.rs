//! Containers: asked for, reported on, let go of.

use std::mem;
use std::sync::Arc;

use pt_backend::{ContainerRequest, ImagePolicy};
use pt_model::{
    ContainerChange, ContainerId, ContainerSpec, ContainerStatus, Data, Failure, ServiceStatus, StepId, User,
    What,
};
use pt_store::StoreError;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{ContainerState, Dispatcher, Message, forward, labels, say};
use crate::call::failure;
use crate::container::{ContainerTask, Report, Wish};
use crate::engine::Notice;
use crate::mount::Places;

impl Dispatcher {
    pub(super) async fn spawn(
        &mut self,
        step: &StepId,
        spec: ContainerSpec,
    ) -> Result<Result<ContainerId, Failure>, StoreError> {
        let wished = spec.id.clone().unwrap_or_else(|| "container".into());
        let id = self.free_container_id(wished);
        let Some(state) = self.steps.get_mut(step) else { return Ok(Err(failure("The step is over."))) };
        let Some(surroundings) = &state.call else { return Ok(Err(failure("The step is over."))) };
        // The services of a step are those of the first container it starts.
        let services = if state.containers.is_empty() { surroundings.services.clone() } else { Vec::new() };
        let places = Places { options: &self.options, home: &surroundings.home, names: &self.names };
        let mounts = match places.resolve(&spec.mounts, &mut self.anonymous_volumes) {
            Ok(mounts) => mounts,
            Err(message) => return Ok(Err(failure(message))),
        };
        state.containers.push(id.clone());
        let ports = self.ports.choose(&*self.engine.backend, &services).await;
        let mut aliases: Vec<String> = services.iter().map(|service| service.id.to_string()).collect();
        aliases.push(id.to_string());
        aliases.dedup();
        let request = ContainerRequest {
            name: self.names.container(&id),
            labels: labels(&self.options).step(step).container(&id),
            image: spec.image.clone(),
            cmd: spec.cmd.clone(),
            entrypoint: spec.entrypoint.clone(),
            env: spec.env.iter().map(|var| (var.name.clone(), var.value.clone())).collect(),
            mounts: mounts.requests,
            workdir: spec.workdir.clone(),
            user: spec.user.as_ref().map(|user| self.user(user)),
            tty: spec.tty,
            stdin: !spec.no_stdin,
            resources: spec.resources,
            network: Some(self.network.name.clone()),
            aliases,
            ports: ports.clone(),
        };
        let (wish, wished) = watch::channel(Wish::Run);
        let task = ContainerTask {
            id: id.clone(),
            step: step.clone(),
            backend: Arc::clone(&self.engine.backend),
            network: Arc::clone(&self.network),
            request,
            volumes: mounts.volumes,
            image_policy: if spec.update_image { ImagePolicy::Newer } else { ImagePolicy::WhenMissing },
            restart: spec.restart,
            grace: self.options.grace,
            wish: wished,
            messages: self.messages.0.clone(),
            log: self.log.clone(),
        };
        let state = ContainerState {
            wish,
            ports,
            started: false,
            over: false,
            waiting_for_start: Vec::new(),
            waiting_for_end: Vec::new(),
        };
        let spec = Box::new(spec.masked(&self.masker));
        self.emit(What::ContainerRequested { container: id.clone(), step: step.clone(), spec })?;
        self.containers.insert(id.clone(), state);
        self.watch_over(&id, tokio::spawn(task.run()));
        Ok(Ok(id))
    }

    /// A task that broke must not leave everybody waiting for it.
    fn watch_over(&self, id: &ContainerId, task: JoinHandle<()>) {
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
    pub(super) fn free_container_id(&self, wished: ContainerId) -> ContainerId {
        let mut numbers = 2..;
        let mut id = wished.clone();
        while self.containers.contains_key(&id) {
            id = ContainerId::new(format!("{wished}-{}", numbers.next().unwrap_or(u32::MAX)));
        }
        id
    }

    pub(super) fn user(&self, user: &User) -> String {
        match user {
            User::Named(name) => name.clone(),
            User::Host => format!("{}:{}", self.options.person.uid, self.options.person.gid),
        }
    }

    pub(super) fn container_reports(&mut self, id: &ContainerId, report: Report) -> Result<(), StoreError> {
        match report {
            Report::Changed(change) => self.container_changed(id, change),
            Report::Ports(ports) => {
                if let Some(container) = self.containers.get_mut(id) {
                    self.ports.exchange(&mem::replace(&mut container.ports, ports.clone()), &ports);
                }
                Ok(())
            }
            Report::Trouble(message) => self.warn(message),
            Report::Progress(text) => {
                // Nobody may be watching.
                let _ = self.notices.send(Notice::Progress { container: id.clone(), text });
                Ok(())
            }
            Report::Mark(passed) => {
                drop(passed);
                Ok(())
            }
            Report::Over(problem) => {
                if let Some(container) = self.containers.get_mut(id) {
                    container.over = true;
                    self.ports.release(&mem::take(&mut container.ports));
                }
                problem.map_or(Ok(()), |message| self.warn(message))
            }
        }
    }

    /// Tells people something that ends nothing. Backends may quote what they were given.
    pub(super) fn warn(&mut self, message: String) -> Result<(), StoreError> {
        self.emit(What::Warned { step: None, message: self.masker.mask(&message) })
    }

    pub(super) fn container_changed(
        &mut self,
        id: &ContainerId,
        change: ContainerChange,
    ) -> Result<(), StoreError> {
        let change = match change {
            ContainerChange::Failed { message } => {
                ContainerChange::Failed { message: self.masker.mask(&message) }
            }
            ContainerChange::Pulling { image } => {
                ContainerChange::Pulling { image: self.masker.mask(&image) }
            }
            ContainerChange::Created { .. }
            | ContainerChange::Started
            | ContainerChange::Restarting { .. }
            | ContainerChange::Stopping
            | ContainerChange::Exited { .. }
            | ContainerChange::Removed => change,
        };
        self.emit(What::ContainerChanged { container: id.clone(), change: change.clone() })?;
        match change {
            ContainerChange::Started => {
                if let Some(container) = self.containers.get_mut(id) {
                    container.started = true;
                    let waiting = mem::take(&mut container.waiting_for_start);
                    waiting.into_iter().for_each(|reply| say(reply, Ok(Data::Bool(true))));
                }
                Ok(())
            }
            ContainerChange::Exited { .. } | ContainerChange::Failed { .. } => self.container_ended(id),
            ContainerChange::Pulling { .. }
            | ContainerChange::Created { .. }
            | ContainerChange::Restarting { .. }
            | ContainerChange::Stopping
            | ContainerChange::Removed => Ok(()),
        }
    }

    pub(super) fn container_ended(&mut self, id: &ContainerId) -> Result<(), StoreError> {
        let job = self.job.borrow();
        let serves = |service: &pt_model::Service| {
            service.container == *id && service.status == ServiceStatus::Running
        };
        let closed: Vec<_> =
            job.services.iter().filter(|(_, s)| serves(s)).map(|(id, _)| id.clone()).collect();
        drop(job);
        for service in closed {
            self.emit(What::ServiceClosed { service })?;
        }
        let Some(container) = self.containers.get_mut(id) else { return Ok(()) };
        let waiting_for_start = mem::take(&mut container.waiting_for_start);
        let waiting_for_end = mem::take(&mut container.waiting_for_end);
        for reply in waiting_for_start {
            say(reply, Err(self.why_not_started(id)));
        }
        for reply in waiting_for_end {
            say(reply, self.end_of(id));
        }
        self.release_if_ended(id);
        Ok(())
    }

    /// Lets go of a container that has ended and whose step, which might still read from it, has ended too.
    pub(super) fn release_if_ended(&self, id: &ContainerId) {
        let job = self.job.borrow();
        let step_ended = job
            .containers
            .get(id)
            .is_some_and(|c| job.steps.get(&c.step).is_some_and(|s| s.status.has_ended()));
        if let Some(container) = self.containers.get(id)
            && (self.is_stopping() || step_ended)
            && self.has_ended(id)
        {
            container.wish.send_if_modified(|wish| forward(wish, Wish::Remove));
        }
    }

    pub(super) fn has_ended(&self, id: &ContainerId) -> bool {
        let status = self.job.borrow().containers.get(id).map(|container| container.status);
        matches!(status, Some(ContainerStatus::Exited | ContainerStatus::Failed))
    }

    /// The exit code of a container that has ended.
    pub(super) fn end_of(&self, id: &ContainerId) -> Result<Data, Failure> {
        let job = self.job.borrow();
        let container = job.containers.get(id);
        let exited = container.filter(|container| container.status == ContainerStatus::Exited);
        match exited.and_then(|container| container.exit_code) {
            Some(code) => Ok(Data::Int(code)),
            None => Err(self.why_not_started(id)),
        }
    }

    /// What became of a container that has ended without an exit code, or before it was waited for.
    pub(super) fn why_not_started(&self, id: &ContainerId) -> Failure {
        let why = self.job.borrow().containers.get(id).and_then(|container| container.failure.clone());
        let started = self.containers.get(id).is_some_and(|container| container.started);
        match why {
            Some(why) if started => failure(format!("Container '{id}' failed: {why}")),
            Some(why) => failure(format!("Container '{id}' could not be started: {why}")),
            None => failure(format!("Container '{id}' exited before it was ready.")),
        }
    }

    pub(super) fn unknown(&self, id: &ContainerId) -> Failure {
        failure(format!("There is no container '{id}' in this job."))
    }
}
