//! Stopping a job, and the end of it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use pt_backend::{BackendError, ErrorKind};
use pt_model::{Container, ContainerId, Data, Job, Status, StepId, What};
use pt_store::StoreError;
use tokio::time::{Instant, sleep};

use super::{Dispatcher, Effect, Message};
use crate::cleanup::{find_leftovers, remove_leftovers};
use crate::container::{Report, Wish};
use crate::engine::StopRequest;
use crate::log::LogSender;

/// How long the end of a job waits for the rest of its log to be packed.
const PACKING: Duration = Duration::from_millis(50);

/// How long code that waits is left to itself after its job is over. Longer than a process needs that ends with it: thousands
/// of threads that wake up would only be in its way.
const LEAVE: Duration = Duration::from_secs(5);

/// How long an engine that does not answer is waited for when all that is left to do is to clear up, and how often it is asked.
const LAST_PATIENCE: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_secs(1);

impl Dispatcher {
    pub(super) fn is_stopping(&self) -> bool {
        self.job.status == Status::Stopping
    }

    pub(super) fn stop(&mut self, request: StopRequest) {
        let wish = match &request {
            StopRequest::None => return,
            StopRequest::Stop { .. } => Wish::Stop,
            StopRequest::Kill => Wish::Kill,
        };
        if !self.is_stopping() {
            let reason = match request {
                StopRequest::Stop { reason } => reason,
                StopRequest::Kill | StopRequest::None => "killed".to_owned(),
            };
            self.emit(What::JobStopping { reason });
        }
        self.stopping.cancel();
        if wish == Wish::Kill {
            self.killed.cancel();
        }
        let ids: Vec<ContainerId> = self.containers.keys().cloned().collect();
        if wish == Wish::Kill {
            ids.iter().for_each(|id| self.wish(id, wish));
        } else {
            self.stop_in_order();
        }
        self.stop_code();
        let queued: Vec<StepId> = self.queued.drain(..).collect();
        for step in queued {
            if self.status(&step) == Status::Queued {
                self.end_step(&step, Status::Canceled, None);
            }
        }
        let between: Vec<StepId> = self.steps.keys().filter(|id| self.waits_for_retry(id)).cloned().collect();
        for step in between {
            if !self.status(&step).has_ended() {
                self.end_step(&step, Status::Stopped, None);
            }
        }
        ids.iter().for_each(|id| self.release_if_ended(id));
    }

    /// Asks those containers to stop that nobody needs who still runs: what waited for others, for their end or for them to be
    /// ready, ends before them. What does not depend on each other ends at once.
    pub(super) fn stop_in_order(&mut self) {
        let live: HashSet<&StepId> = self
            .job
            .containers
            .iter()
            .filter(|(id, _)| self.containers.contains_key(*id) && !self.has_ended(id))
            .map(|(_, container)| &container.step)
            .collect();
        let in_order = self.steps.values().any(|step| !step.run_when.is_empty());
        let runs =
            |id: &ContainerId| self.containers.get(id).is_some_and(|container| container.wish == Wish::Run);
        let is_next = |container: &Container| !in_order || !self.is_needed(&container.step, &live);
        let next = self.job.containers.iter().filter(|(id, container)| runs(id) && is_next(container));
        let next: Vec<ContainerId> = next.map(|(id, _)| id.clone()).collect();
        next.iter().for_each(|id| self.wish(id, Wish::Stop));
    }

    /// Whether a step that runs containers waited for this one, directly or by way of others.
    fn is_needed(&self, id: &StepId, live: &HashSet<&StepId>) -> bool {
        let within = |id: &StepId, around: &StepId| {
            let mut step = Some(id);
            while let Some(at) = step {
                if at == around {
                    return true;
                }
                step = self.steps.get(at).and_then(|state| state.parent.as_ref());
            }
            false
        };
        let mut needed: Vec<&StepId> = vec![id];
        let mut seen: HashSet<&StepId> = HashSet::new();
        while let Some(one) = needed.pop() {
            for (other, state) in &self.steps {
                let waits = state.run_when.iter().flat_map(|when| &when.steps).any(|on| within(one, on));
                if waits && other != id && seen.insert(other) {
                    if live.iter().any(|live| within(live, other)) {
                        return true;
                    }
                    needed.push(other);
                }
            }
        }
        false
    }

    pub(super) fn is_over(&self) -> bool {
        (!self.context.options.open || self.is_stopping())
            && self.steps.keys().all(|id| self.status(id).has_ended())
            && self.containers.values().all(|container| container.over)
    }

    /// Ends everything because the books cannot be kept. When the containers are gone there may be room for a last word; without it
    /// the job has no runner any more, which whoever looks at it is told.
    pub(super) async fn abandon(&mut self, error: &StoreError) {
        if !self.is_stopping() {
            self.emit(What::JobStopping { reason: format!("it cannot be written down: {error}") });
        }
        self.end_all().await;
        let open = self.job.steps.iter().filter(|(_, step)| !step.status.has_ended());
        let ends: Vec<What> = open
            .map(|(id, step)| {
                let status = if step.status == Status::Queued { Status::Canceled } else { Status::Stopped };
                What::StepFinished { step: id.clone(), status, failure: None, output: Data::Null }
            })
            .collect();
        ends.into_iter().for_each(|end| self.emit(end));
        self.emit(What::JobFinished { status: Status::Failed });
        // Who runs the job tells the error in any case.
        drop(self.publish());
    }

    /// Ends everything, and takes note of it only. What was to be done and is not stored is not done.
    pub(super) async fn end_all(&mut self) {
        self.stopping.cancel();
        self.killed.cancel();
        self.stop_code();
        self.code_waits.cancel();
        for effect in std::mem::take(&mut self.effects) {
            if let Effect::Live(task) = effect
                && let Some(container) = self.containers.get_mut(&task.id)
            {
                // Its life has not begun.
                container.over = true;
            }
        }
        // Code that waits hears that the job was stopped.
        self.forget_waiting();
        while self.containers.values().any(|container| !container.over) {
            let Some(Message::Container { container, report }) = self.messages.1.recv().await else {
                continue;
            };
            match report {
                Report::Over(_) => {
                    if let Some(container) = self.containers.get_mut(&container) {
                        container.over = true;
                    }
                }
                Report::Changed(change) => {
                    let change = self.masked(change);
                    self.emit(What::ContainerChanged { container, change });
                }
                // Nobody waits for what was reported before to be stored: it is not.
                Report::Ports(_) | Report::Trouble(_) | Report::Progress(_) | Report::Mark(_) => {}
            }
        }
        let (instance, job) = (&self.context.options.instance.id, &self.context.options.job.job);
        let backend = &self.context.engine.backend;
        if let Ok(leftovers) = find_leftovers(&**backend, instance, Some(job)).await {
            remove_leftovers(backend, leftovers).await;
        }
    }

    /// Verifies that nothing is left, and closes the books.
    pub(super) async fn finish(mut self) -> Result<Job, StoreError> {
        let backend = Arc::clone(&self.context.engine.backend);
        let mut asked = self.asked.clone();
        if !self.containers.is_empty() {
            let (instance, job) = (&self.context.options.instance.id, &self.context.options.job.job);
            let clear = async || match find_leftovers(&*backend, instance, Some(job)).await {
                Ok(leftovers) => remove_leftovers(&backend, leftovers).await,
                Err(error) => vec![error],
            };
            let mut problems = clear().await;
            let deadline = Instant::now() + LAST_PATIENCE;
            let is_away = |problem: &BackendError| problem.kind == ErrorKind::NotRunning;
            while problems.iter().any(is_away) && Instant::now() < deadline && !self.killed.is_cancelled() {
                tokio::select! {
                    () = sleep(ASK_AGAIN) => {}
                    Ok(()) = asked.changed() => {
                        if *asked.borrow_and_update() == StopRequest::Kill {
                            break;
                        }
                    }
                }
                problems = clear().await;
            }
            for problem in problems {
                self.warn(format!(
                    "Not everything of the job could be removed: {problem}\nRun `pt clean` to try again."
                ));
            }
        }
        if self.left_waiting {
            // It has nothing to say any more.
            self.log.end().await;
            let waits = self.code_waits.clone();
            // A process that ends with its job need not wait until they all have woken up.
            self.context.runtime.spawn(async move {
                sleep(LEAVE).await;
                waits.cancel();
            });
        }
        let Self { log, keeper, .. } = &mut self;
        log.close_intake();
        *log = LogSender::closed();
        let kept = match keeper.await {
            Ok(kept) => kept?,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        };
        let status = self.outcome();
        self.emit(What::JobFinished { status });
        self.publish()?;
        // The log is packed when all has been told. What is not packed by then is packed by a later job.
        drop(tokio::task::spawn_blocking(move || kept.finish(PACKING)).await);
        Ok(self.job)
    }

    fn outcome(&self) -> Status {
        match &self.context.options.until {
            Some(until) if self.until_reached && self.status(until) == Status::Success => Status::Success,
            Some(_) if self.until_reached => Status::Failed,
            _ if self.job.stop_reason.is_some() => Status::Stopped,
            _ if self
                .steps
                .keys()
                .any(|id| self.status(id) == Status::Failed && !self.is_answered_for(id)) =>
            {
                Status::Failed
            }
            _ if self.failed_unheard => Status::Failed,
            _ => Status::Success,
        }
    }

    /// Whether the step, or one around it, was called by code that waited: that code caught its failure, or failed itself.
    fn is_answered_for(&self, id: &StepId) -> bool {
        let mut step = self.steps.get(id);
        while let Some(state) = step {
            if state.is_called {
                return true;
            }
            step = state.parent.as_ref().and_then(|parent| self.steps.get(parent));
        }
        false
    }
}
