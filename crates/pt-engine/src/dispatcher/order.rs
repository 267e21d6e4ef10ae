//! When the turns of steps come.

use pt_model::{ContainerId, ServiceSpec, Status, StepId};
use pt_plan::Lock;

use super::Dispatcher;
use crate::schedule::{Turn, turn};

impl Dispatcher {
    /// Starts every step whose turn has come, until there is none.
    pub(super) fn start_steps(&mut self) {
        while self.look_at_queue && !self.is_stopping() {
            self.look_at_queue = false;
            let mut due: Vec<(StepId, Turn)> = self
                .queued
                .iter()
                .filter_map(|id| {
                    let step = self.steps.get(id)?;
                    let turn = turn(&step.run_when, |step| self.status(step), |step| self.is_ready(step));
                    (turn != Turn::Wait).then(|| (id.clone(), turn))
                })
                .collect();
            // First come, first served.
            due.sort_by_cached_key(|(id, _)| self.steps.get_index_of(id));
            for (id, turn) in due {
                // It may have been stopped by what was started before it.
                if self.status(&id) != Status::Queued || self.is_stopping() {
                    continue;
                }
                if turn == Turn::Go && !self.take_locks(&id) {
                    continue;
                }
                self.queued.swap_remove(&id);
                if turn == Turn::Never {
                    self.end_step(&id, Status::Canceled, None);
                } else {
                    self.start_step(&id);
                }
            }
        }
    }

    /// Whether what a step has started can be used: its services, or else its containers. Of a group, all its steps.
    pub(super) fn is_ready(&self, id: &StepId) -> bool {
        let Some(step) = self.steps.get(id).filter(|_| self.status(id) == Status::Running) else {
            return false;
        };
        let running = |service: &ServiceSpec| {
            // Another step may have opened it since, under the same name.
            let is_ready = self.job.services.get(&service.id).is_some_and(|service| service.ready);
            is_ready && step.opened.contains(&service.id)
        };
        match (step.services.as_slice(), step.containers.as_slice()) {
            ([], []) => {
                let mut parts = step.awaited().iter().peekable();
                let ready = |part: &StepId| {
                    matches!(self.status(part), Status::Success | Status::Skipped) || self.is_ready(part)
                };
                parts.peek().is_some() && parts.all(ready)
            }
            ([], containers) => containers.iter().all(|id| self.is_container_ready(id)),
            (services, containers) => {
                services.iter().all(running) && containers.iter().all(|id| self.is_container_ready(id))
            }
        }
    }

    /// Whether a container has started and, if it tells itself when it can be used, has told.
    fn is_container_ready(&self, id: &ContainerId) -> bool {
        let ready = || self.job.containers.get(id).is_some_and(|container| container.ready);
        self.containers.get(id).is_some_and(|state| state.started && (state.ready.is_none() || ready()))
    }

    /// Gives a step the locks it needs, if all of them are free.
    pub(super) fn take_locks(&mut self, id: &StepId) -> bool {
        let Some(step) = self.steps.get(id) else { return true };
        let held = |lock: &Lock| self.locks.get(&lock.id).map_or(0, Vec::len);
        if step.terms.locks.iter().any(|lock| held(lock) >= lock.limit) {
            return false;
        }
        for lock in step.terms.locks.clone() {
            self.locks.entry(lock.id).or_default().push(id.clone());
        }
        true
    }

    /// Others may have the locks of a step that has ended.
    pub(super) fn free_locks(&mut self, id: &StepId) {
        self.locks.values_mut().for_each(|holders| holders.retain(|holder| holder != id));
    }
}
