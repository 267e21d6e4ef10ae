//! Calls that ask, in the newest revision of the protocol: there a server asks nothing by itself. What a call asks is its
//! result, with a word by which the call is found again; the client calls once more with that word and the answers.
//!
//! Between two such requests the call goes on: it stands here, and its step waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pt_store::random_name;
use rmcp::ErrorData;
use rmcp::model::{
    ClientCapabilities, ErrorCode, InputRequest, InputRequests, InputRequiredResult, InputResponses,
};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::asking::{Answered, Ask};
use crate::sandbox::Question;

/// How long a step may take to ask all that it asks at once.
const GATHER: Duration = Duration::from_millis(100);

/// How long answers are waited for. Then the call is canceled.
const PATIENCE: Duration = Duration::from_secs(600);

/// Calls that wait for answers.
#[derive(Default)]
pub(crate) struct Rounds {
    waiting: Arc<Mutex<HashMap<String, Ongoing>>>,
}

/// A call that is under way. Nobody waits for it any more when this is dropped.
pub(crate) struct Ongoing {
    /// What is called.
    tool: String,
    call: JoinHandle<Option<Answer>>,
    /// Cancels it.
    canceled: CancellationToken,
    questions: mpsc::UnboundedReceiver<Question>,
    /// What was asked and not answered, by its key.
    open: Vec<(String, Ask, Question)>,
    /// How many questions there were.
    asked: usize,
    /// What the client would have had to be able to do.
    lacking: Map<String, Value>,
}

/// What came of a round.
pub(crate) enum Round {
    /// The call is over; without an answer there is no such tool.
    Over(Option<Answer>),
    /// It needs answers.
    Asks(InputRequiredResult),
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.call.abort();
    }
}

impl Rounds {
    /// The call that a client goes on with.
    ///
    /// # Errors
    /// There is none, or it is another tool's.
    pub(crate) fn resume(&self, state: &str, tool: &str) -> Result<Ongoing, ErrorData> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = waiting.get(state).is_some_and(|ongoing| ongoing.tool == tool);
        let found = is_it.then(|| waiting.remove(state)).flatten();
        found.ok_or_else(|| {
            let message = "This requestState belongs to no call that waits for answers: call the tool again without it.";
            ErrorData::invalid_params(message, None)
        })
    }

    fn park(&self, ongoing: Ongoing) -> Result<String, ErrorData> {
        // Who knows it may answer in the client's name.
        let state = random_name().map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(state.clone(), ongoing);
        let (waiting, late) = (Arc::clone(&self.waiting), state.clone());
        tokio::spawn(async move {
            sleep(PATIENCE).await;
            let given_up = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&late);
            given_up.inspect(|ongoing| ongoing.canceled.cancel());
        });
        Ok(state)
    }
}

impl Ongoing {
    /// A call that was started. Its questions come out of the receiver.
    pub(crate) fn new(
        tool: String,
        call: JoinHandle<Option<Answer>>,
        canceled: CancellationToken,
        questions: mpsc::UnboundedReceiver<Question>,
    ) -> Self {
        Self { tool, call, canceled, questions, open: Vec::new(), asked: 0, lacking: Map::new() }
    }

    /// Goes on with these answers, until the call is over or needs others. `gone` says that the client has left.
    ///
    /// # Errors
    /// It failed for want of a client that can be asked.
    pub(crate) async fn round(
        mut self,
        rounds: &Rounds,
        mut answers: InputResponses,
        client: &ClientCapabilities,
        gone: &CancellationToken,
    ) -> Result<Round, ErrorData> {
        for (key, ask, question) in std::mem::take(&mut self.open) {
            self.take(key, ask, question, &mut answers);
        }
        loop {
            tokio::select! {
                question = self.questions.recv() => match question {
                    Some(question) => self.hear(question, &mut answers, client),
                    // Whoever asked is done; its answer follows.
                    None => {
                        let over = (&mut self.call).await;
                        return self.over(over.ok().flatten());
                    }
                },
                over = &mut self.call => return self.over(over.ok().flatten()),
                () = gone.cancelled() => {
                    self.canceled.cancel();
                    let over = (&mut self.call).await;
                    return self.over(over.ok().flatten());
                }
                () = sleep(GATHER), if !self.open.is_empty() => {
                    let asks = self.open.iter().map(|(key, ask, _)| (key.clone(), ask));
                    let asks = requests(asks)?;
                    let state = rounds.park(self)?;
                    return Ok(Round::Asks(InputRequiredResult::new(Some(asks), Some(state))));
                }
            }
        }
    }

    fn hear(&mut self, question: Question, answers: &mut InputResponses, client: &ClientCapabilities) {
        // What cannot be asked is dropped, and the code hears that nobody answers.
        let Some(ask) = Ask::of_code(&question.kind, &question.options) else { return };
        if !ask.fits(client) {
            self.lacking.insert(ask.capability().to_owned(), json!({}));
            return;
        }
        self.asked += 1;
        let key = question.options.get("id").as_str().map(str::to_owned);
        let key = key.unwrap_or_else(|| format!("question-{}", self.asked));
        self.take(key, ask, question, answers);
    }

    /// Answers a question, or keeps it.
    fn take(&mut self, key: String, ask: Ask, question: Question, answers: &mut InputResponses) {
        match answers.remove(&key).map(|result| ask.answered(&result)) {
            // The step may have been stopped meanwhile.
            Some(Answered::With(answer)) => drop(question.answer.send(answer.into())),
            Some(Answered::Refused) => {}
            Some(Answered::Badly) | None => self.open.push((key, ask, question)),
        }
    }

    fn over(&self, answer: Option<Answer>) -> Result<Round, ErrorData> {
        match answer {
            Some(answer) if answer.failed && !self.lacking.is_empty() => {
                let lacking: Vec<&str> = self.lacking.keys().map(String::as_str).collect();
                let why = answer.text.lines().next().unwrap_or_default();
                let message = format!(
                    "{} asks something, for which the client must be able to do this: {}. {why}",
                    self.tool,
                    lacking.join(", ")
                );
                let data = json!({"requiredCapabilities": self.lacking});
                Err(ErrorData::new(ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY, message, Some(data)))
            }
            answer => Ok(Round::Over(answer)),
        }
    }
}

/// What is asked, as the protocol has it.
///
/// # Errors
/// The protocol has no such thing.
pub(crate) fn requests<'a>(
    asks: impl Iterator<Item = (String, &'a Ask)>,
) -> Result<InputRequests, ErrorData> {
    let request = |(key, ask): (String, &Ask)| {
        let request: InputRequest = serde_json::from_value(ask.request())?;
        Ok((key, request))
    };
    asks.map(request)
        .collect::<Result<_, serde_json::Error>>()
        .map_err(|error| ErrorData::internal_error(error.to_string(), None))
}
