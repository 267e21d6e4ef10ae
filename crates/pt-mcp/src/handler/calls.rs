//! Calls of tools: at once, or in rounds with a client that is asked in results.

use jiff::Timestamp;
use pt_store::AgentCall;
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Handler;
use super::filling::{Filled, asks_in_results, can_be_asked, fill, is_deaf};
use super::safe::{UNSAFE, masker};
use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::asking::{Ask, Form, ask_for_steps};
use crate::project::tool;
use crate::rounds::{Ongoing, Round};
use crate::server::Inner;
use crate::tools::{BuiltIn, Caller, failed, run_target};

/// Characters of arguments that are recorded.
const RECORDED: usize = 1000;

impl Handler {
    /// Calls a tool.
    pub(super) async fn call(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if asks_in_results(&context) {
            return self.call_in_rounds(request, context).await;
        }
        let begun = Timestamp::now();
        let (mut caller, telling) = self.caller(&context);
        let mut given = Arguments::new(request.arguments);
        let mut asking = None;
        let client = context.client_capabilities().unwrap_or_default();
        // Who takes plain JSON only hears no question.
        if !is_deaf(&context) && can_be_asked(&client) {
            if let Some(form) = self.form(&request.name, &given)
                && Ask::Form(form.clone()).fits(&client)
                && let Some(filled) = form.ask(&context.peer).await
            {
                given = given.and(filled);
            }
            let (asks, task) = ask_for_steps(context.peer.clone(), client);
            caller.asks = Some(asks);
            asking = Some(task);
        }
        let answer = call(self.inner(), &request.name, &given, &caller).await;
        let Some(answer) = answer else {
            return Err(ErrorData::invalid_params(format!("Unknown tool: {}", request.name), None));
        };
        record(self.inner(), &request.name, &given, &caller, begun, &answer);
        drop(caller);
        // Nobody hears an answer to what is still asked.
        if let Some(asking) = asking {
            asking.abort();
        }
        // What was told stands before the answer.
        if let Some(telling) = telling {
            drop(telling.await);
        }
        Ok(result(self.inner(), answer).into())
    }

    /// The same for a client that is asked in results.
    async fn call_in_rounds(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let client = context.client_capabilities().unwrap_or_default();
        let mut answers = request.input_responses.unwrap_or_default();
        let ongoing = match request.request_state {
            Some(state) => self.inner().rounds.resume(&state, &request.name)?,
            None => {
                let mut given = Arguments::new(request.arguments);
                match fill(self.form(&request.name, &given), &mut answers, &client)? {
                    Filled::With(filled) => given = given.and(filled),
                    Filled::Not => {}
                    Filled::Asks(asks) => return Ok(asks.into()),
                }
                self.begin(&request.name, given, &context)
            }
        };
        match ongoing.round(&self.inner().rounds, answers, &client, &context.ct).await? {
            Round::Asks(asks) => Ok(asks.into()),
            Round::Over(Some(answer)) => Ok(result(self.inner(), answer).into()),
            Round::Over(None) => {
                Err(ErrorData::invalid_params(format!("Unknown tool: {}", request.name), None))
            }
        }
    }

    /// Starts a call that may outlast its request.
    fn begin(&self, name: &str, given: Arguments, context: &RequestContext<RoleServer>) -> Ongoing {
        let begun = Timestamp::now();
        let (mut caller, telling) = self.caller(context);
        let (asks, questions) = mpsc::unbounded_channel();
        caller.asks = Some(asks);
        let canceled = CancellationToken::new();
        caller.canceled = canceled.clone();
        let (server, tool) = (self.server.clone(), name.to_owned());
        let call = tokio::spawn(async move {
            let answer = call(&server.inner, &tool, &given, &caller).await?;
            record(&server.inner, &tool, &given, &caller, begun, &answer);
            drop(caller);
            // What was told stands before the answer.
            if let Some(telling) = telling {
                drop(telling.await);
            }
            Some(answer)
        });
        Ongoing::new(name.to_owned(), call, canceled, questions)
    }

    /// What a person would have to be asked before a tool of the project can run.
    fn form(&self, name: &str, given: &Arguments) -> Option<Form> {
        let project = self.inner().sandbox.project.get().ok()?;
        Form::for_missing(tool(&project, name)?, given)
    }
}

/// Calls the project's tool of this name, else the built-in one.
async fn call(server: &Inner, name: &str, given: &Arguments, caller: &Caller) -> Option<Answer> {
    let own = match server.sandbox.project.get() {
        Ok(project) => tool(&project, name).map(|tool| tool.id.text.clone()),
        Err(error) => return Some(failed(&error)),
    };
    if let Some(own) = own {
        let answer = run_target(server, &own, given.without(&[]), caller).await;
        return Some(answer.unwrap_or_else(|error| failed(&error)));
    }
    Some(BuiltIn::named(name)?.call(server, given, caller).await)
}

/// The answer as the protocol has it: bounded, and without secrets.
fn result(server: &Inner, answer: Answer) -> CallToolResult {
    let masker = masker(server);
    // Secrets that cannot be read cannot be found either, and so nothing is told.
    let mask = |text: String| masker.as_ref().map_or_else(|| UNSAFE.to_owned(), |masker| masker.mask(&text));
    let structured = answer.structured.map(|value| match &masker {
        Some(masker) => json!(masker.find_in(value.into())),
        None => Value::Null,
    });
    let taken = structured.as_ref().map_or(0, |value| value.to_string().chars().count());
    let text = server.cut.bound(mask(answer.text), answer.keep, taken);
    let blocks = answer.blocks.into_iter().filter_map(|block| match &masker {
        Some(masker) => serde_json::from_value(json!(masker.find_in(block.into()))).ok(),
        None => None,
    });
    let text = (!text.is_empty()).then(|| ContentBlock::text(text));
    let content: Vec<ContentBlock> = text.into_iter().chain(blocks).collect();
    let mut result =
        if answer.failed { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = structured;
    result
}

/// Keeps the call in the list of calls.
fn record(server: &Inner, tool: &str, given: &Arguments, caller: &Caller, begun: Timestamp, answer: &Answer) {
    let Ok(project) = server.sandbox.project.get() else { return };
    // Where secrets cannot be found, what may hold them is left out.
    let masker = server.sandbox.masker(&project.scope).ok();
    let arguments = masker.map(|masker| masker.mask(&given.recorded())).unwrap_or_default();
    let arguments: String = arguments.chars().take(RECORDED).collect();
    let took = Timestamp::now().duration_since(begun).as_millis();
    let call = AgentCall {
        at: begun,
        caller: caller.name.clone(),
        tool: tool.to_owned(),
        arguments,
        took_ms: u64::try_from(took).unwrap_or(0),
        failed: answer.failed,
        job: answer.job.clone(),
    };
    // A full disk keeps nobody from being answered.
    drop(server.sandbox.app.store.record_call(&server.sandbox.instance(&project).id, &call));
}
