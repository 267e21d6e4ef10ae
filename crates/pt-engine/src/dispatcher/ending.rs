//! Stopping a job, and the end of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use pt_model::{ContainerId, Job, Status, StepId, What};
use pt_store::StoreError;

use super::{Dispatcher, Message, forward};
use crate::cleanup::{find_leftovers, remove_leftovers};
use crate::container::{Report, Wish};
use crate::engine::StopRequest;
use crate::log::LogSender;

impl Dispatcher {
    pub(super) fn is_stopping(&self) -> bool {
        self.job.borrow().status == Status::Stopping
    }

    pub(super) fn stop(&mut self, request: StopRequest) -> Result<(), StoreError> {
        let wish = match &request {
            StopRequest::None => return Ok(()),
            StopRequest::Stop { .. } => Wish::Stop,
            StopRequest::Kill => Wish::Kill,
        };
        if !self.is_stopping() {
            let reason = match request {
                StopRequest::Stop { reason } => reason,
                StopRequest::Kill | StopRequest::None => "killed".to_owned(),
            };
            self.emit(What::JobStopping { reason })?;
        }
        self.stopping.cancel();
        if wish == Wish::Kill {
            self.killed.cancel();
        }
        for container in self.containers.values() {
            container.wish.send_if_modified(|current| forward(current, wish));
        }
        for step in self.steps.values() {
            step.interrupt.store(true, Ordering::Relaxed);
        }
        let queued: Vec<StepId> =
            self.steps.keys().filter(|id| self.status(id) == Status::Queued).cloned().collect();
        for step in queued {
            self.end_step(&step, Status::Canceled, None)?;
        }
        let ids: Vec<ContainerId> = self.containers.keys().cloned().collect();
        ids.iter().for_each(|id| self.release_if_ended(id));
        Ok(())
    }

    pub(super) fn is_over(&self) -> bool {
        self.steps.keys().all(|id| self.status(id).has_ended())
            && self.containers.values().all(|container| container.over)
    }

    /// Ends everything although the books cannot be kept. Nobody can be told what goes wrong here; `pt clean` finds it.
    pub(super) async fn abandon(&mut self) {
        self.stopping.cancel();
        self.killed.cancel();
        for step in self.steps.values() {
            step.interrupt.store(true, Ordering::Relaxed);
        }
        for container in self.containers.values_mut() {
            container.wish.send_replace(Wish::Kill);
            // Code that waits hears that the job was stopped.
            container.waiting_for_start.clear();
            container.waiting_for_end.clear();
        }
        while self.containers.values().any(|container| !container.over) {
            if let Some(Message::Container { container, report: Report::Over(_) }) =
                self.messages.1.recv().await
                && let Some(container) = self.containers.get_mut(&container)
            {
                container.over = true;
            }
        }
        let (instance, job) = (&self.options.instance.id, &self.options.job.job);
        if let Ok(leftovers) = find_leftovers(&*self.engine.backend, instance, Some(job)).await {
            remove_leftovers(&self.engine.backend, leftovers).await;
        }
    }

    /// Verifies that nothing is left, and closes the books.
    pub(super) async fn finish(mut self) -> Result<Job, StoreError> {
        let backend = Arc::clone(&self.engine.backend);
        if !self.containers.is_empty() {
            let (instance, job) = (&self.options.instance.id, &self.options.job.job);
            let problems = match find_leftovers(&*backend, instance, Some(job)).await {
                Ok(leftovers) => remove_leftovers(&backend, leftovers).await,
                Err(error) => vec![error],
            };
            for problem in problems {
                self.warn(format!(
                    "Not everything of the job could be removed: {problem}\nRun `pt clean` to try again."
                ))?;
            }
        }
        let Self { log, keeper, .. } = &mut self;
        *log = LogSender::closed();
        match keeper.await {
            Ok(kept) => kept?,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
        let status = self.outcome();
        self.emit(What::JobFinished { status })?;
        Ok(self.job.borrow().clone())
    }

    pub(super) fn outcome(&self) -> Status {
        let job = self.job.borrow();
        let status = |id: &StepId| job.steps.get(id).map_or(Status::Canceled, |step| step.status);
        match &self.options.until {
            Some(until) if self.until_reached && status(until) == Status::Success => Status::Success,
            Some(_) if self.until_reached => Status::Failed,
            _ if job.stop_reason.is_some() => Status::Stopped,
            _ if job.steps.values().any(|step| step.status == Status::Failed) => Status::Failed,
            _ => Status::Success,
        }
    }
}
