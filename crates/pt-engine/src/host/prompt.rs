//! What code asks of the person who runs the job.

use std::collections::HashMap;

use pt_model::{Data, Failure};
use tokio::sync::oneshot;

use super::StepHost;
use crate::args::{Args, failure};
use crate::engine::{InputRequest, Notice};

/// The questions of one step that are open, by their ids.
pub(super) type Questions = HashMap<String, oneshot::Receiver<Data>>;

impl StepHost {
    /// Asks the person; gives the question's id.
    pub(super) fn request_user_input(&mut self, args: &Args<'_>) -> Result<Data, Failure> {
        let kind = args.at(0).as_str().unwrap_or("str").to_owned();
        let alone = || failure("Input requested, but running non-interactively.");
        if !self.context.options.interactive {
            return Err(alone());
        }
        let (answer, answered) = oneshot::channel();
        let id = format!("input-{}", self.questions.len() + 1);
        let request = InputRequest { step: self.step.clone(), kind, options: args.at(1).clone(), answer };
        let notices = self.context.notices.upgrade().ok_or_else(alone)?;
        notices.send(Notice::Input(request)).map_err(|_| alone())?;
        self.questions.insert(id.clone(), answered);
        Ok(Data::Str(id))
    }

    /// Waits for the answer.
    pub(super) fn await_user_input(&mut self, args: &Args<'_>) -> Result<Data, Failure> {
        let id = args.text(0, "request")?;
        let Some(answer) = self.questions.get_mut(&id) else {
            return Err(args.failure(format!("This step has asked no question '{id}', or has its answer.")));
        };
        let answer = std::mem::replace(answer, oneshot::channel().1);
        let gone = || failure("Nobody answers: the input has ended.");
        let data = self.wait(async { answer.await.map_err(|_| gone()) })?;
        let by: Data =
            [("id".to_owned(), Data::Str(self.context.options.person.name.clone()))].into_iter().collect();
        Ok([("data".to_owned(), data), ("by-user".to_owned(), by)].into_iter().collect())
    }
}
