//! Ends of steps that need not come twice: kept from an earlier job, and for later ones.

use pt_model::{StepId, What};

use super::Dispatcher;

impl Dispatcher {
    /// Keeps how a step ended, so that it need not run again while nothing changes.
    pub(super) fn keep_end(&mut self, id: &StepId) {
        let Some(step) = self.steps.get_mut(id) else { return };
        let Some(mut end) = step.to_keep.take() else { return };
        let containers = step.containers.clone();
        end.output.clone_from(&step.output);
        let store = &self.context.engine.store;
        let why_not = match () {
            () if end.output.holds_secrets() => "its result holds a secret".to_owned(),
            () if containers.iter().any(|container| !self.has_ended(container)) => {
                "a container of it runs on".to_owned()
            }
            () => match store.keep_end(&self.context.options.instance.id, id, &end) {
                Ok(()) => return,
                Err(error) => error.to_string(),
            },
        };
        let message = format!("The step will be run again next time, whatever changes: {why_not}.");
        self.emit(What::Warned { step: Some(id.clone()), message });
    }

    /// Takes a step for ended that ended well in the job that this one resumes.
    pub(super) fn keep_from_earlier(&mut self, id: &StepId) -> bool {
        let Some(earlier) = &self.context.options.resumes else { return false };
        let Some(output) = earlier.done.get(id).cloned() else { return false };
        let job = earlier.job.clone();
        if let Some(step) = self.steps.get_mut(id) {
            step.output = output.clone();
        }
        self.free_locks(id);
        self.look_at_queue = true;
        self.emit(What::StepKept { step: id.clone(), job, output });
        self.after_end(id);
        true
    }
}
