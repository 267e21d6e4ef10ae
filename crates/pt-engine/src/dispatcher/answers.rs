//! What code is answered.

use pt_model::{Data, StepId, What};

use super::Dispatcher;
use super::modules::at_path;
use super::steps::Waiting;
use crate::args::failure;
use crate::call::{Extent, Question, Reply, Target};
use crate::engine::StopRequest;

impl Dispatcher {
    pub(super) async fn question(&mut self, step: &StepId, question: Question, reply: Reply) {
        match question {
            Question::Spawn(spawn) => self.spawn(step, *spawn, reply).await,
            Question::AwaitStarted(id) => self.await_started(&id, reply),
            Question::AwaitDone(id) => self.await_done(&id, reply),
            Question::BackendId(id) => {
                let found = self.backend_id(&id).map(Data::Str);
                self.answer(reply, found);
            }
            Question::Exec { container, request } => self.exec(step, &container, *request, reply),
            Question::AwaitExec(exec) => self.await_exec(&exec, reply),
            Question::ExecOutput(exec) => self.exec_output(&exec, reply),
            Question::OpenService { service, container } => {
                self.open_service(step, service, container, reply);
            }
            Question::AwaitService(id) => self.await_service(id, reply),
            Question::StopService(id) => {
                let stopped = self.stop_service(&id);
                self.answer(reply, stopped);
            }
            Question::Stop(target) => self.stop_target(target, reply),
            Question::CallModule(request) => self.call_module(step, request, reply),
            Question::SpawnStep(spawn) => self.spawn_step(step, *spawn, reply),
            Question::AwaitStep(id) => match self.find_step(step, id.as_str()) {
                Some(id) => self.wait_for_step(&id, Waiting::Status(reply)),
                None => self.answer(reply, Err(no_step(&id))),
            },
            Question::Output { step: name, path } => {
                let found = self.find_step(step, &name).filter(|id| self.status(id).has_ended());
                let output = found.and_then(|id| self.steps.get(&id)).map(|step| &step.output);
                let output = output.map(|output| at_path(output, path.as_deref())).unwrap_or_default();
                self.answer(reply, Ok(output));
            }
            Question::Act(function) => {
                self.emit(What::StepActed { step: step.clone(), function });
                self.answer(reply, Ok(Data::Null));
            }
            Question::Compared { same_as, reason } => {
                self.emit(What::StepCompared { step: step.clone(), same_as, reason });
                self.answer(reply, Ok(Data::Null));
            }
            Question::Keep(end) => {
                if let Some(step) = self.steps.get_mut(step) {
                    step.to_keep = Some(end);
                }
                self.answer(reply, Ok(Data::Null));
            }
            Question::Warn(message) => {
                self.emit(What::Warned { step: Some(step.clone()), message });
                self.answer(reply, Ok(Data::Null));
            }
            Question::Value { of, name } => {
                let value = self.value(step, of, &name);
                self.answer(reply, Ok(value));
            }
            Question::SetValue { of, name, data } => {
                let data = self.context.mask.find_in(data);
                match of {
                    Extent::Job => drop(self.values.insert(name.into(), data)),
                    Extent::Step => {
                        if let Some(step) = self.steps.get_mut(step) {
                            step.values.insert(name.into(), data);
                        }
                    }
                }
                self.answer(reply, Ok(Data::Null));
            }
        }
    }

    pub(super) fn stop_target(&mut self, target: Target, reply: Reply) {
        match target {
            Target::Container(id) => self.stop_containers(&id, reply),
            Target::Service(id) => {
                let stopped = self.stop_service(&id);
                self.answer(reply, stopped);
            }
            Target::Step(id) => {
                if self.steps.contains_key(&id) {
                    self.stop_step(&id);
                    self.wait_for_step(&id, Waiting::End(reply));
                } else {
                    self.answer(reply, Err(no_step(&id)));
                }
            }
            // The code that asked is stopped too, and hears no answer.
            Target::Job => self.stop(StopRequest::Stop { reason: "a step asked for it".to_owned() }),
        }
    }

    /// The value that was set for the job, or for the step or whoever called it.
    fn value(&self, step: &StepId, of: Extent, name: &str) -> Data {
        let mut values = match of {
            Extent::Job => return self.values.get(name).cloned().unwrap_or_default(),
            Extent::Step => self.steps.get(step),
        };
        while let Some(step) = values {
            if let Some(value) = step.values.get(name) {
                return value.clone();
            }
            values = step.parent.as_ref().and_then(|parent| self.steps.get(parent));
        }
        Data::Null
    }
}

fn no_step(id: &StepId) -> pt_model::Failure {
    failure(format!("There is no step '{id}' in this job."))
}
