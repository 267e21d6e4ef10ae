//! What code is answered.

use jiff::Timestamp;
use pt_model::ContainerId;
use pt_model::{Data, Failure, ServiceSpec, StepId, What};
use pt_store::StoreError;
use tokio::time::sleep;

use super::{Dispatcher, forward, say};
use crate::call::{Question, Reply, failure};
use crate::container::Wish;
use crate::engine::Engine;
use crate::port::open;

impl Dispatcher {
    pub(super) async fn answer(
        &mut self,
        step: &StepId,
        question: Question,
        reply: Reply,
    ) -> Result<(), StoreError> {
        match question {
            Question::Spawn(spec) => {
                let id = self.spawn(step, *spec).await?;
                say(reply, id.map(|id| Data::from(id.as_str())));
            }
            Question::AwaitStarted(id) => {
                let ended = self.has_ended(&id);
                match self.containers.get_mut(&id) {
                    Some(container) if container.started => say(reply, Ok(Data::Bool(true))),
                    Some(container) if !ended => container.waiting_for_start.push(reply),
                    Some(_) => say(reply, Err(self.why_not_started(&id))),
                    None => say(reply, Err(self.unknown(&id))),
                }
            }
            Question::AwaitDone(id) => {
                if !self.containers.contains_key(&id) {
                    say(reply, Err(self.unknown(&id)));
                } else if self.has_ended(&id) {
                    say(reply, self.end_of(&id));
                } else if let Some(container) = self.containers.get_mut(&id) {
                    container.waiting_for_end.push(reply);
                }
            }
            Question::OpenService { service, container } => {
                let opened = self.open_service(step, service, container)?;
                say(reply, opened.map(|()| Data::Null));
            }
            Question::Stop(id) => match self.containers.get_mut(&id) {
                Some(container) => {
                    container.wish.send_if_modified(|wish| forward(wish, Wish::Stop));
                    if self.has_ended(&id) {
                        say(reply, self.end_of(&id));
                    } else if let Some(container) = self.containers.get_mut(&id) {
                        container.waiting_for_end.push(reply);
                    }
                }
                None => say(reply, Err(self.unknown(&id))),
            },
            Question::StoreDataset { container, path, dataset } => {
                self.store_dataset(&container, path, dataset, reply);
            }
            Question::Sleep(time) => {
                let stopping = self.stopping.clone();
                tokio::spawn(async move {
                    let slept = tokio::select! {
                        () = sleep(time) => Ok(Data::Null),
                        () = stopping.cancelled() => Err(failure("The job is stopping.")),
                    };
                    say(reply, slept);
                });
            }
        }
        Ok(())
    }

    /// Opens a service of the named container, or of the one that the step started last.
    pub(super) fn open_service(
        &mut self,
        step: &StepId,
        service: ServiceSpec,
        container: Option<ContainerId>,
    ) -> Result<Result<(), Failure>, StoreError> {
        let last = || self.steps.get(step).and_then(|step| step.containers.last().cloned());
        let Some(container) = container.or_else(last) else {
            return Ok(Err(failure(format!("Service '{}' has no container: spawn one first.", service.id))));
        };
        let Some(state) = self.containers.get(&container) else { return Ok(Err(self.unknown(&container))) };
        let mut ports = Vec::new();
        for port in &service.ports {
            let Some(port) = open(port, &state.ports) else {
                return Ok(Err(failure(format!(
                    "Port {} of service '{}' is not published by container '{container}': ports are published when a \
                     container starts. Pass the service through a param of type service-spec.",
                    port.port, service.id
                ))));
            };
            ports.push(port);
        }
        self.emit(What::ServiceOpened { service: service.id, step: step.clone(), container, ports })?;
        Ok(Ok(()))
    }

    pub(super) fn store_dataset(&self, container: &ContainerId, path: String, dataset: String, reply: Reply) {
        let backend_id =
            self.job.borrow().containers.get(container).and_then(|container| container.backend_id.clone());
        let Some(backend_id) = backend_id else { return say(reply, Err(self.unknown(container))) };
        let Engine { backend, store } = self.engine.clone();
        let (instance, job) = (self.options.instance.id.clone(), self.options.job.job.clone());
        let killed = self.killed.clone();
        tokio::spawn(async move {
            let read = tokio::select! {
                read = backend.read_path(&backend_id, &path) => read,
                () = killed.cancelled() => return say(reply, Err(failure("The job was killed."))),
            };
            let stored = match read {
                Ok(tar) => store
                    .put_dataset(
                        &instance,
                        &dataset,
                        &mut tar.as_slice(),
                        Some(job.as_str()),
                        Timestamp::now(),
                    )
                    .map(|dataset| i64::from(dataset.version))
                    .map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            let why =
                |error| failure(format!("Dataset '{dataset}' could not be stored from {path}: {error}"));
            say(reply, stored.map(Data::Int).map_err(why));
        });
    }
}
