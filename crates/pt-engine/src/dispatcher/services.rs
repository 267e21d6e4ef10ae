//! Services: opened, replaced, closed.

use std::sync::Arc;

use pt_backend::{Door, PublishedPort};
use pt_model::{
    ContainerId, Data, Failure, OpenPort, PortSpec, ServiceId, ServiceSpec, ServiceStatus, StepId, What,
};

use tokio_util::task::AbortOnDropHandle;

use super::{Dispatcher, Message};
use crate::args::failure;
use crate::call::Reply;
use crate::port::open;

/// A service, beyond what its job shows of it.
#[derive(Debug)]
pub(super) struct ServiceState {
    /// Ports that were opened for it after its container had started; they close when dropped.
    _doors: Vec<Door>,
    /// Waits until it answers; gives up when dropped.
    _probe: AbortOnDropHandle<()>,
}

/// What became of the ports that a service wants opened.
#[derive(Debug)]
pub(crate) struct Opened {
    step: StepId,
    service: ServiceSpec,
    container: ContainerId,
    doors: Result<Vec<(PublishedPort, Door)>, String>,
    reply: Reply,
}

impl Dispatcher {
    /// Opens a service of the named container, or of the one that the step started last.
    pub(super) fn open_service(
        &mut self,
        step: &StepId,
        service: ServiceSpec,
        container: Option<ContainerId>,
        reply: Reply,
    ) {
        let last = || self.steps.get(step).and_then(|step| step.containers.last().cloned());
        let Some(container) = container.or_else(last) else {
            let message = format!("Service '{}' has no container: spawn one first.", service.id);
            return self.answer(reply, Err(failure(message)));
        };
        let is_taken_over = self.taken.services.contains(&service.id);
        if !is_taken_over
            || self.job.services.get(&service.id).is_some_and(|open| open.container != container)
        {
            self.close_service(&service.id);
        }
        let state = self.containers.get(&container);
        let is_missing = |port: &&PortSpec| {
            let (wished, udp) = (port.host_port(), port.protocol.is_udp());
            let published = state.map(|state| state.ports.as_slice()).unwrap_or_default();
            match open(port, published).map(|open| open.exposed_as) {
                None => true,
                // Published for another service as something else: that is not what this one wishes.
                Some(Some(exposed)) if exposed.port != wished => {
                    !state.is_some_and(|state| state.wished_ports.contains(&(port.port, wished, udp)))
                }
                Some(_) => false,
            }
        };
        let missing: Vec<PortSpec> = service.ports.iter().filter(is_missing).cloned().collect();
        self.say_its_name(step, &service.id, &container);
        let (step, messages) = (step.clone(), self.messages.0.clone());
        if missing.is_empty() {
            return self.ports_opened(Opened { step, service, container, doors: Ok(Vec::new()), reply });
        }
        let backend_id = match self.running_backend_id(&container) {
            Ok(id) => id,
            Err(failure) => return self.answer(reply, Err(failure)),
        };
        // Published when the container started, they would not need this.
        let backend = Arc::clone(&self.context.engine.backend);
        let stopping = self.stopping.clone();
        let missing: Vec<(PortSpec, Option<u16>)> =
            missing.into_iter().map(|port| (port.clone(), self.ports.asked(port.host_port()))).collect();
        tokio::spawn(async move {
            let opening = async {
                let mut doors = Vec::new();
                for (port, asked) in missing {
                    let udp = port.protocol.is_udp();
                    let host = match asked {
                        Some(host) => host,
                        None => backend.free_port(None, udp).await,
                    };
                    let wished = PublishedPort { container: port.port, host, udp };
                    let door =
                        backend.open_door(&backend_id, wished).await.map_err(|error| error.to_string())?;
                    doors.push((PublishedPort { host: door.host(), ..wished }, door));
                }
                Ok(doors)
            };
            let doors = tokio::select! {
                doors = opening => doors,
                () = stopping.cancelled() => Err("The job is stopping.".to_owned()),
            };
            // The dispatcher is gone only when the job is over.
            let _ = messages.send(Message::PortsOpened(Opened { step, service, container, doors, reply }));
        });
    }

    /// Names in the network are given when a container starts; later ones are none.
    fn say_its_name(&mut self, step: &StepId, service: &ServiceId, container: &ContainerId) {
        let Some(state) = self.containers.get(container) else { return };
        if self.job.services.contains_key(service)
            || state.aliases.iter().any(|alias| alias == service.as_str())
        {
            return;
        }
        let message = format!(
            "Service '{service}' is opened after its container has started: other containers reach it as \
             '{container}', not as '{service}'.\nGive the container that id, or pass the service through a param of \
             type service-spec."
        );
        self.emit(What::Warned { step: Some(step.clone()), message });
    }

    pub(super) fn ports_opened(&mut self, opened: Opened) {
        let Opened { step, service, container, doors, reply } = opened;
        let doors = match doors {
            Ok(doors) => doors,
            Err(why) => {
                let message = format!(
                    "Service '{}' of container '{container}' could not be opened: {why}\nPass the service through a \
                     param of type service-spec: then its ports are published when the container starts.",
                    service.id
                );
                return self.answer(reply, Err(failure(message)));
            }
        };
        let mut published =
            self.containers.get(&container).map(|state| state.ports.clone()).unwrap_or_default();
        published.extend(doors.iter().map(|(port, _)| *port));
        let ports: Vec<OpenPort> = service.ports.iter().filter_map(|port| open(port, &published)).collect();
        let doors = doors.into_iter().map(|(_, door)| door).collect();
        let id = service.id.clone();
        if let Some(step) = self.steps.get_mut(&step) {
            step.opened.insert(id.clone());
        }
        let probe = self.probe_service(&service, &container);
        self.services.insert(id.clone(), ServiceState { _doors: doors, _probe: probe });
        let told = told(&ports);
        let ended = self.has_ended(&container);
        if !self.is_reopened(&id, &container, &ports) {
            self.emit(What::ServiceOpened { service: id.clone(), step, container, ports });
        }
        if ended {
            // It was quicker than the code that opens its service.
            self.close_service(&id);
        }
        self.answer(reply, Ok(Data::Null));
        for reply in self.waiting_for_services.remove(&id).unwrap_or_default() {
            self.answer(reply, Ok(told.clone()));
        }
    }

    pub(super) fn service_answers(&mut self, id: ServiceId) {
        let is_ready = self.job.services.get(&id).is_some_and(|service| service.ready);
        if self.services.contains_key(&id) && !is_ready {
            self.look_at_queue = true;
            self.emit(What::ServiceReady { service: id });
        }
    }

    /// Answers when the service is open.
    pub(super) fn await_service(&mut self, id: ServiceId, reply: Reply) {
        let open = self.job.services.get(&id).filter(|service| service.status == ServiceStatus::Running);
        match open.map(|service| told(&service.ports)) {
            Some(ports) => self.answer(reply, Ok(ports)),
            None => self.waiting_for_services.entry(id).or_default().push(reply),
        }
    }

    /// Closes a service; fine if it is closed already.
    pub(super) fn stop_service(&mut self, id: &ServiceId) -> Result<Data, Failure> {
        if !self.job.services.contains_key(id) {
            return Err(failure(format!("There is no service '{id}' in this job.")));
        }
        self.close_service(id);
        Ok(Data::Null)
    }

    fn close_service(&mut self, id: &ServiceId) {
        let is_open =
            self.job.services.get(id).is_some_and(|service| service.status == ServiceStatus::Running);
        if is_open {
            // Its doors close with it.
            self.services.remove(id);
            self.emit(What::ServiceClosed { service: id.clone() });
        }
    }

    /// Closes the services of a container that has exited.
    pub(super) fn close_services_of(&mut self, container: &ContainerId) {
        let serves = |service: &pt_model::Service| {
            service.container == *container && service.status == ServiceStatus::Running
        };
        let closed: Vec<_> =
            self.job.services.iter().filter(|(_, s)| serves(s)).map(|(id, _)| id.clone()).collect();
        for service in closed {
            self.services.remove(&service);
            self.emit(What::ServiceClosed { service });
        }
    }
}

/// Ports as the code of standard modules is told of them: `{port, protocol, exposed}`.
fn told(ports: &[OpenPort]) -> Data {
    let tell = |port: &OpenPort| {
        let exposed = port.exposed_as.map_or(Data::Null, |exposed| Data::Int(exposed.port.into()));
        let entries = [
            ("port", Data::Int(port.port.into())),
            ("protocol", Data::Str(port.protocol.word().to_owned())),
            ("exposed", exposed),
        ];
        entries.into_iter().collect()
    };
    Data::List(ports.iter().map(tell).collect())
}
