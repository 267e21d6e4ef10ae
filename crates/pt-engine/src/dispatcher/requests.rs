//! What those ask of a running job who started it: more steps, and that one of them stops or a container starts anew.

use std::sync::Arc;

use pt_model::{ContainerId, Data, StepId};
use pt_plan::Plan;
use tokio::sync::oneshot;

use super::Dispatcher;
use super::modules::as_one_step;
use super::steps::Origin;
use crate::args::failure;
use crate::call::{Reply, Target};
use crate::engine::Wait;
use crate::outside::Planning;

/// Something that is asked of a running job.
pub(crate) enum Asked {
    /// Run this, too. The answer is the id of the step that stands for it.
    Add { plan: Box<Plan>, project: Arc<dyn Planning>, reply: Reply },
    /// Stop this step, what it started and what it called. Answered when it has ended.
    StopStep { step: StepId, reply: Reply },
    /// Who waits for what?
    Waits(oneshot::Sender<Vec<Wait>>),
    /// Tell people this.
    Warn(String),
    /// Stop this container and start it once more.
    Restart { container: ContainerId, reply: Reply },
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Add { plan, .. } => f.debug_tuple("Add").field(&plan.target).finish(),
            Self::Waits(_) => f.write_str("Waits"),
            Self::Warn(message) => f.debug_tuple("Warn").field(message).finish(),
            Self::StopStep { step, .. } => f.debug_tuple("StopStep").field(step).finish(),
            Self::Restart { container, .. } => f.debug_tuple("Restart").field(container).finish(),
        }
    }
}

impl Dispatcher {
    pub(super) fn asked(&mut self, asked: Asked) {
        match asked {
            Asked::Add { reply, .. } | Asked::Restart { reply, .. } if self.is_stopping() => {
                self.answer(reply, Err(failure("The job is stopping.")));
            }
            Asked::Add { plan, project, reply } => {
                let id = self.add_plan(*plan, project);
                self.answer(reply, Ok(Data::from(id.as_str())));
            }
            // Who asked may be gone.
            Asked::Waits(reply) => drop(reply.send(self.all_waits())),
            Asked::Warn(message) => self.warn(message),
            Asked::StopStep { step, reply } => self.stop_target(Target::Step(step), reply),
            Asked::Restart { container, reply } => {
                let answer = self.running_backend_id(&container).map(|_| Data::Null);
                if answer.is_ok()
                    && let Some(state) = self.containers.get(&container)
                {
                    state.restart.notify_one();
                }
                self.answer(reply, answer);
            }
        }
    }

    fn add_plan(&mut self, plan: Plan, project: Arc<dyn Planning>) -> StepId {
        self.context.mask.learn(plan.secrets.iter().cloned());
        let sources = project.sources().clone();
        let origin = Arc::new(Origin { planning: project, requests: plan.requests.clone(), sources });
        let id = self.free_step_id(&plan.target_id);
        let step = as_one_step(plan, id.clone());
        self.add_called(step, None, false, &origin);
        id
    }
}
