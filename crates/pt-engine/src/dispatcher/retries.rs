//! Steps and jobs that take too long, and steps that are tried again.

use std::sync::Arc;
use std::time::Duration;

use pt_model::{ContainerId, Data, Failure, StepId, What};
use pt_plan::CodeCall;

use super::{Dispatcher, Message};
use crate::args::failure;
use crate::container::Wish;
use crate::engine::StopRequest;

/// How often a step was tried.
#[derive(Default)]
pub(super) struct Tries {
    /// Retries so far.
    pub(super) retries: u32,
    /// What is run once more.
    pub(super) call: Option<CodeCall>,
    /// Whether this try was stopped for taking too long.
    pub(super) timed_out: bool,
    /// Why its code is gone, and will not be run again.
    pub(super) lost: Option<Failure>,
    /// Whether it waits for its next try, and whether the pause before it is over.
    waits: bool,
    pause_over: bool,
}

impl Tries {
    /// The pause before the next try has begun already.
    pub(super) fn wait(&mut self) {
        self.waits = true;
        self.pause_over = false;
    }
}

impl Dispatcher {
    /// Has a try of a step stopped when it takes too long.
    pub(super) fn begin_timeout(&self, id: &StepId) {
        let Some(step) = self.steps.get(id) else { return };
        let Some(timeout) = step.terms.timeout else { return };
        let message = Message::TimedOut { step: id.clone(), retry: step.tries.retries };
        self.send_after(timeout, message);
    }

    pub(super) fn send_after(&self, pause: Duration, message: Message) {
        let (messages, stopping) = (self.messages.0.clone(), self.stopping.clone());
        self.context.runtime.spawn(async move {
            tokio::select! {
                // The dispatcher is gone only when the job is over.
                () = tokio::time::sleep(pause) => drop(messages.send(message)),
                () = stopping.cancelled() => {}
            }
        });
    }

    pub(super) fn timed_out(&mut self, id: &StepId, retry: u32) {
        if self.status(id).has_ended() || self.refusal(id).is_some() {
            return;
        }
        let Some(step) =
            self.steps.get_mut(id).filter(|step| step.tries.retries == retry && !step.tries.waits)
        else {
            return;
        };
        step.tries.timed_out = true;
        self.stop_step(id);
        if let Some(step) = self.steps.get_mut(id) {
            // Nobody asked for it: it fails.
            step.asked_to_stop = false;
        }
    }

    pub(super) fn job_timed_out(&mut self, timeout: Duration) {
        if !self.is_stopping() {
            let reason = format!("it took longer than its timeout of {} s", timeout.as_secs_f64());
            self.stop(StopRequest::Stop { reason });
        }
    }

    /// Why a step failed that was stopped for taking too long.
    pub(super) fn why_timed_out(&self, id: &StepId) -> Option<Failure> {
        let step = self.steps.get(id).filter(|step| step.tries.timed_out)?;
        let seconds = step.terms.timeout.unwrap_or_default().as_secs_f64();
        Some(failure(format!("It took longer than its timeout of {seconds} s.")))
    }

    /// Why the code of a step is gone.
    pub(super) fn why_lost(&self, id: &StepId) -> Option<Failure> {
        self.steps.get(id)?.tries.lost.clone()
    }

    pub(super) fn fail_or_retry(&mut self, id: &StepId, failure: Failure) {
        let stopping = self.is_stopping();
        let again = self.steps.get_mut(id).and_then(|step| {
            let retries = step.terms.retries.filter(|retries| step.tries.retries < retries.max)?;
            step.tries.call.as_ref().filter(|_| !stopping && !step.asked_to_stop)?;
            step.tries.retries += 1;
            step.tries.waits = true;
            step.tries.pause_over = false;
            Some((step.tries.retries, retries.pause(step.tries.retries), step.containers.clone()))
        });
        let Some((retry, pause, containers)) = again else {
            return self.end_step(id, pt_model::Status::Failed, Some(failure));
        };
        let failure = self.context.mask.hide_failure(failure);
        let delay_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.emit(What::StepRetrying { step: id.clone(), retry, delay_ms, failure });
        // The next try begins with a clean table.
        containers.iter().for_each(|container| self.wish(container, Wish::Remove));
        self.send_after(pause, Message::Retry { step: id.clone() });
    }

    pub(super) fn pause_over(&mut self, id: &StepId) {
        if let Some(step) = self.steps.get_mut(id) {
            step.tries.pause_over = true;
        }
        self.retry_when_clear(id);
    }

    /// Begins the next try of a step whose pause is over, once nothing is left of the one before.
    pub(super) fn retry_when_clear(&mut self, id: &StepId) {
        let is_over = |id: &ContainerId| self.containers.get(id).is_none_or(|container| container.over);
        let Some(step) = self.steps.get(id).filter(|step| step.tries.waits && step.tries.pause_over) else {
            return;
        };
        if !step.containers.iter().all(is_over) || self.refusal(id).is_some() {
            return;
        }
        let token =
            step.parent.as_ref().and_then(|parent| self.steps.get(parent)).map(|parent| &parent.token);
        let token = token.unwrap_or(&self.code_waits).child_token();
        let Some(step) = self.steps.get_mut(id) else { return };
        let gone = std::mem::take(&mut step.containers);
        step.tries.waits = false;
        step.tries.timed_out = false;
        step.tries.lost = None;
        step.is_stopped = false;
        step.interrupt = Arc::default();
        step.token = token;
        step.opened.clear();
        step.output = Data::Null;
        let call = step.tries.call.clone();
        gone.iter().for_each(|container| drop(self.containers.remove(container)));
        self.begin_timeout(id);
        if let Some(call) = call {
            self.start_code(id, call);
        }
    }

    /// Whether a step waits for its next try.
    pub(super) fn waits_for_retry(&self, id: &StepId) -> bool {
        self.steps.get(id).is_some_and(|step| step.tries.waits)
    }
}
