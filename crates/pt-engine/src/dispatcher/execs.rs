//! Commands that code runs in containers.

use std::sync::Arc;

use pt_backend::ExecRequest;
use pt_model::{ContainerId, Data, StepId};

use super::Dispatcher;
use crate::args::failure;
use crate::call::Reply;
use crate::exec::ExecTask;

/// A command, and who waits for its end.
#[derive(Debug, Default)]
pub(super) struct ExecState {
    /// Its exit code; none of a command that was lost sight of.
    ended: Option<Option<i64>>,
    /// What it said, or the end of it.
    said: String,
    pub(super) waiting: Vec<Reply>,
}

impl Dispatcher {
    pub(super) fn exec(
        &mut self,
        step: &StepId,
        container: &ContainerId,
        request: ExecRequest,
        reply: Reply,
    ) {
        let backend_id = match self.running_backend_id(container) {
            Ok(id) => id,
            Err(failure) => return self.answer(reply, Err(failure)),
        };
        let exec = format!("exec-{}", self.execs.len() + 1);
        self.execs.insert(exec.clone(), ExecState::default());
        let task = ExecTask {
            exec,
            step: step.clone(),
            container: container.clone(),
            backend_id,
            backend: Arc::clone(&self.context.engine.backend),
            request,
            reply,
            log: self.log.clone(),
            messages: self.messages.0.clone(),
        };
        tokio::spawn(task.run());
    }

    pub(super) fn await_exec(&mut self, exec: &str, reply: Reply) {
        match self.execs.get_mut(exec) {
            Some(ExecState { ended: None, waiting, .. }) => waiting.push(reply),
            Some(ExecState { ended: Some(code), .. }) => {
                let code = *code;
                self.answer_exec(exec, code, reply);
            }
            None => {
                let message = format!("No command '{exec}' was run in a container of this job.");
                self.answer(reply, Err(failure(message)));
            }
        }
    }

    /// What a command has said that ended.
    pub(super) fn exec_output(&mut self, exec: &str, reply: Reply) {
        let said = self.execs.get(exec).map(|state| Data::Str(state.said.clone())).unwrap_or_default();
        self.answer(reply, Ok(said));
    }

    pub(super) fn exec_ended(&mut self, exec: &str, code: Option<i64>, said: String) {
        let Some(state) = self.execs.get_mut(exec) else { return };
        state.ended = Some(code);
        state.said = said;
        for reply in std::mem::take(&mut state.waiting) {
            self.answer_exec(exec, code, reply);
        }
    }

    fn answer_exec(&mut self, exec: &str, code: Option<i64>, reply: Reply) {
        let lost =
            || failure(format!("The command '{exec}' ended with its container, or was lost sight of."));
        self.answer(reply, code.map(Data::Int).ok_or_else(lost));
    }
}
