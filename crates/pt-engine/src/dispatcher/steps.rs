//! When steps start, and how they end.

use std::sync::Arc;

use pt_model::{Data, Failure, Status, StepId, What};
use pt_plan::{CodeCall, Does};
use pt_store::StoreError;

use super::{Dispatcher, Surroundings, within};
use crate::call::failure;
use crate::engine::StopRequest;
use crate::schedule::{Turn, turn};
use crate::step::StepThread;

impl Dispatcher {
    /// Starts every step whose turn has come, until there is none.
    pub(super) fn start_steps(&mut self) -> Result<(), StoreError> {
        if self.is_stopping() {
            return Ok(());
        }
        loop {
            let next = self.steps.iter().find_map(|(id, step)| {
                let queued = self.status(id) == Status::Queued && step.does.is_some();
                let turn = if queued { turn(&step.run_when, |step| self.status(step)) } else { Turn::Wait };
                (turn != Turn::Wait).then(|| (id.clone(), turn))
            });
            match next {
                None => return Ok(()),
                Some((step, Turn::Never)) => self.end_step(&step, Status::Canceled, None)?,
                Some((step, _)) => self.start_step(&step)?,
            }
        }
    }

    pub(super) fn start_step(&mut self, id: &StepId) -> Result<(), StoreError> {
        self.emit(What::StepStarted { step: id.clone() })?;
        let does = self.steps.get_mut(id).and_then(|step| step.does.take());
        match does {
            None => Ok(()),
            Some(Does::Code(call)) => self.start_code(id, call),
            Some(Does::Group(steps)) => {
                for mut step in steps {
                    step.id = within(id, &step.id);
                    for condition in &mut step.run_when {
                        condition.steps.iter_mut().for_each(|other| *other = within(id, other));
                    }
                    let added = step.id.clone();
                    self.add_step(step, Some(id.clone()));
                    self.emit(What::StepAdded { step: added })?;
                }
                self.end_group(id)
            }
            Some(Does::Fails(diagnostics)) => {
                let messages: Vec<&str> =
                    diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
                self.end_step(id, Status::Failed, Some(failure(messages.join("\n"))))
            }
        }
    }

    pub(super) fn start_code(&mut self, id: &StepId, call: CodeCall) -> Result<(), StoreError> {
        let Some(step) = self.steps.get_mut(id) else { return Ok(()) };
        step.call = Some(Surroundings { home: call.home.clone(), services: call.services.clone() });
        let thread = StepThread {
            step: id.clone(),
            call,
            sources: self.options.sources.clone(),
            masker: self.masker.clone(),
            interrupt: Arc::clone(&step.interrupt),
            messages: self.messages.0.clone(),
            log: self.log.clone(),
            workshop: self.options.workshop.clone(),
        };
        match thread.start() {
            Ok(()) => Ok(()),
            Err(error) => {
                let message = format!("The system gives no thread to run the step's code: {error}");
                self.end_step(id, Status::Failed, Some(failure(message)))
            }
        }
    }

    pub(super) fn end_step(
        &mut self,
        id: &StepId,
        status: Status,
        failure: Option<Failure>,
    ) -> Result<(), StoreError> {
        let failure = failure.map(|failure| Failure {
            message: self.masker.mask(&failure.message),
            data: self.masker.find_in(failure.data),
        });
        self.emit(What::StepFinished { step: id.clone(), status, failure })?;
        let step = self.steps.get(id);
        for container in step.map(|step| step.containers.clone()).unwrap_or_default() {
            self.release_if_ended(&container);
        }
        if let Some(group) = self.steps.get(id).and_then(|step| step.group.clone()) {
            self.end_group(&group)?;
        }
        if self.options.until.as_ref() == Some(id) && !self.is_stopping() {
            self.until_reached = true;
            self.stop(StopRequest::Stop { reason: format!("step '{id}' ended") })?;
        }
        Ok(())
    }

    /// Ends a group when all its steps have ended.
    pub(super) fn end_group(&mut self, group: &StepId) -> Result<(), StoreError> {
        let parts = self.steps.iter().filter(|(_, step)| step.group.as_ref() == Some(group));
        let states: Vec<Status> = parts.map(|(id, _)| self.status(id)).collect();
        if !states.iter().all(|status| status.has_ended()) {
            return Ok(());
        }
        let status = match () {
            () if states.contains(&Status::Failed) => Status::Failed,
            () if states.contains(&Status::Stopped) => Status::Stopped,
            () if self.is_stopping() && states.contains(&Status::Canceled) => Status::Stopped,
            () => Status::Success,
        };
        let failure = (status == Status::Failed).then(|| failure("A step of it failed."));
        self.end_step(group, status, failure)
    }

    pub(super) fn code_ended(
        &mut self,
        id: &StepId,
        result: Result<Data, Failure>,
    ) -> Result<(), StoreError> {
        match result {
            Ok(output) => {
                if let Some(step) = self.steps.get_mut(id) {
                    step.output = output;
                }
                self.end_step(id, Status::Success, None)
            }
            Err(_) if self.is_stopping() => self.end_step(id, Status::Stopped, None),
            Err(failure) => self.end_step(id, Status::Failed, Some(failure)),
        }
    }
}
