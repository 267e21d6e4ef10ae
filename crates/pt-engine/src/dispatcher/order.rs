//! When the turns of steps come.

use pt_model::{Status, StepId};

use super::Dispatcher;
use crate::schedule::{Turn, turn};

impl Dispatcher {
    /// Starts every step whose turn has come, until there is none.
    pub(super) fn start_steps(&mut self) {
        while self.look_at_queue && !self.is_stopping() {
            self.look_at_queue = false;
            let due: Vec<(StepId, Turn)> = self
                .queued
                .iter()
                .filter_map(|id| {
                    let step = self.steps.get(id)?;
                    let turn = turn(&step.run_when, |step| self.status(step));
                    (turn != Turn::Wait).then(|| (id.clone(), turn))
                })
                .collect();
            for (id, turn) in due {
                // It may have been stopped by what was started before it.
                if self.status(&id) != Status::Queued || self.is_stopping() {
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
}
