//! The protocol's requests, answered. A handler is made for each session, or for each request outside of any; what lasts
//! is in the server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::request::Parts;
use jiff::Timestamp;
use pt_model::Masker;
use pt_spec::{AgentPrompt, AgentPromptParam, AgentResource};
use pt_store::AgentCall;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, CompleteRequestParams,
    CompleteResult, CompletionInfo, ContentBlock, CustomRequest, CustomResult, ErrorCode,
    GetPromptRequestParams, GetPromptResponse, GetPromptResult, Implementation, InputRequiredResult,
    InputResponses, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ProgressNotificationParam, Prompt, PromptArgument, PromptMessage,
    ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Reference,
    Resource, ResourceContents, ResourceTemplate, Role, ServerCapabilities, ServerConfig,
    SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
};
#[expect(deprecated, reason = "clients of the revisions before 2026-07-28 ask for log messages")]
use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam, SetLevelRequestParams};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::arguments::{Arguments, kebab};
use crate::asking::{Answered, Ask, Form, ask_for_steps};
use crate::documents::DocumentError;
use crate::http::PlainJson;
use crate::listing::tools;
use crate::own::{self, Body, FileContents, Part};
use crate::project::tool;
use crate::rounds::{Ongoing, Round, requests};
use crate::server::{Inner, Server};
use crate::tools::{BuiltIn, Caller, Told, failed, run_target};
use crate::{prompts, sessions};

/// Lines of output that a call tells as log messages at most.
const TOLD_LINES: usize = 1000;

/// Characters of arguments that are recorded.
const RECORDED: usize = 1000;

/// Answers one client.
pub(crate) struct Handler {
    server: Server,
    #[expect(deprecated, reason = "see above")]
    level: Arc<Mutex<LoggingLevel>>,
    /// The files whose changes the client wants to hear of.
    watched: Mutex<HashMap<String, JoinHandle<()>>>,
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(JoinHandle::abort);
    }
}

impl Handler {
    #[expect(deprecated, reason = "see above")]
    pub(crate) fn new(server: Server) -> Self {
        Self { server, level: Arc::new(Mutex::new(LoggingLevel::Info)), watched: Mutex::default() }
    }

    fn inner(&self) -> &Inner {
        &self.server.inner
    }
}

impl ServerHandler for Handler {
    #[expect(deprecated, reason = "see above")]
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_logging()
            .enable_completions()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        let options = &self.inner().options;
        let mut info = ServerConfig::new(capabilities);
        info.server_info = Implementation::new(&options.name, &options.version).with_title("Polytope");
        // A project that cannot be read has nothing to say; its tools say why.
        info.instructions = self.inner().instructions().ok();
        info
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.inner().sessions.notify(context.peer);
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools(self.inner())))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools(self.inner()).into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
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

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let own = |resource: &AgentResource| {
            let name = resource.name.clone().unwrap_or_else(|| resource.uri.clone());
            let mut listed = Resource::new(resource.uri.clone(), name);
            listed.description.clone_from(&resource.info);
            listed.mime_type.clone_from(&resource.mime_type);
            listed
        };
        let document = |document: crate::Document| {
            Resource::new(document.uri, document.name)
                .with_description(document.info)
                .with_mime_type("text/markdown")
        };
        let project = self.inner().sandbox.project.get().ok();
        let resources = project.iter().flat_map(|project| &project.loaded.project.for_agents().resources);
        let mut listed: Vec<Resource> =
            resources.filter(|resource| !own::is_template(&resource.uri)).map(own).collect();
        listed.extend(self.inner().documents.list().into_iter().map(document));
        Ok(ListResourcesResult::with_all_items(listed))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let project = self.inner().sandbox.project.get().ok();
        let resources = project.iter().flat_map(|project| &project.loaded.project.for_agents().resources);
        let own = resources.filter(|resource| own::is_template(&resource.uri)).map(|resource| {
            let name = resource.name.clone().unwrap_or_else(|| resource.uri.clone());
            let mut listed = ResourceTemplate::new(resource.uri.clone(), name);
            listed.description.clone_from(&resource.info);
            listed.mime_type.clone_from(&resource.mime_type);
            listed
        });
        let documents = crate::documents::TEMPLATES
            .iter()
            .map(|(uri, name)| ResourceTemplate::new(*uri, *name).with_mime_type("text/markdown"));
        Ok(ListResourceTemplatesResult::with_all_items(own.chain(documents).collect()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if let Some(own) = self.own_resource(&request.uri) {
            let contents =
                own.map_err(|error| ErrorData::resource_not_found(error, Some(json!({"uri": request.uri}))))?;
            let contents = ReadResourceResult::new(vec![resource_contents(request.uri, contents)]);
            return Ok(masked(self.inner(), contents)?.into());
        }
        let text = self.inner().documents.read(&request.uri).map_err(|error| match error {
            DocumentError::Scheme(_) => ErrorData::invalid_params(error.to_string(), None),
            DocumentError::Unknown(_) | DocumentError::Missing(_) => {
                ErrorData::resource_not_found(error.to_string(), Some(json!({"uri": request.uri})))
            }
        })?;
        let contents = ResourceContents::text(text, request.uri).with_mime_type("text/markdown");
        Ok(ReadResourceResult::new(vec![contents]).into())
    }

    // Documents do not change while the server runs; files of the project do.
    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let file = self.inner().sandbox.project.get().ok().and_then(|project| {
            let project = &project.loaded.project;
            own::resource(project, &request.uri).map(|(resource, _)| own::path(project, resource))
        });
        let Some(file) = file else {
            let read = self.inner().documents.read(&request.uri);
            return read.map(drop).map_err(|error| ErrorData::resource_not_found(error.to_string(), None));
        };
        let watching = sessions::watch_file(context.peer, request.uri.clone(), file);
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = watched.insert(request.uri, watching) {
            before.abort();
        }
        Ok(())
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watching) = watched.remove(&request.uri) {
            watching.abort();
        }
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let mut accepted = SubscriptionFilter::new();
        accepted.tools_list_changed = requested.tools_list_changed;
        Some(accepted)
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.inner().sessions.changes();
        loop {
            tokio::select! {
                changed = changes.changed() => {
                    if changed.is_err() || subscription.sink().notify_tool_list_changed().await.is_err() {
                        return Ok(());
                    }
                }
                () = subscription.cancelled() => return Ok(()),
            }
        }
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompt = |prompt: &prompts::Workflow| {
            let argument = |argument: &prompts::Argument| {
                PromptArgument::new(argument.name)
                    .with_description(argument.info)
                    .with_required(argument.required)
            };
            let arguments: Vec<PromptArgument> = prompt.arguments.iter().map(argument).collect();
            Prompt::new(prompt.name, Some(prompt.info), Some(arguments)).with_title(prompt.title)
        };
        let own = |prompt: &AgentPrompt| {
            let argument = |param: &AgentPromptParam| {
                let mut argument = PromptArgument::new(&param.id).with_required(true);
                argument.description.clone_from(&param.info);
                argument
            };
            let arguments: Vec<PromptArgument> = prompt.params.iter().map(argument).collect();
            let info = prompt.info.clone().unwrap_or_else(|| prompt.id.clone());
            Prompt::new(&prompt.id, Some(info), Some(arguments))
        };
        let project = self.inner().sandbox.project.get().ok();
        let of_project = project.iter().flat_map(|project| &project.loaded.project.for_agents().prompts);
        let mut listed: Vec<Prompt> = of_project.map(own).collect();
        let built_in = prompts::WORKFLOWS.iter().map(prompt);
        let new: Vec<Prompt> =
            built_in.filter(|prompt| !listed.iter().any(|own| own.name == prompt.name)).collect();
        listed.extend(new);
        Ok(ListPromptsResult::with_all_items(listed))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let invalid = |message: String| ErrorData::invalid_params(message, None);
        let mut given = Arguments::new(request.arguments.map(|given| {
            given
                .into_iter()
                .map(|(key, value)| (key, serde_json::to_value(value).unwrap_or_default()))
                .collect()
        }));
        if asks_in_results(&context) {
            let form = Form::for_prompt(&request.name, &self.missing_of_prompt(&request.name, &given));
            let client = context.client_capabilities().unwrap_or_default();
            match fill(form, &mut request.input_responses.unwrap_or_default(), &client)? {
                Filled::With(filled) => given = given.and(filled),
                Filled::Not => {}
                Filled::Asks(asks) => return Ok(asks.into()),
            }
        }
        if let Ok(project) = self.inner().sandbox.project.get() {
            let project = &project.loaded.project;
            if let Some(prompt) = project.for_agents().prompts.iter().find(|own| own.id == request.name) {
                let parts = own::parts(project, prompt, &given).map_err(invalid)?;
                let messages =
                    parts.into_iter().map(|part| PromptMessage::new(Role::User, part_content(part)));
                let mut result = GetPromptResult::new(messages.collect());
                result.description.clone_from(&prompt.info);
                return Ok(masked(self.inner(), result)?.into());
            }
        }
        let workflow = prompts::named(&request.name)
            .ok_or_else(|| invalid(format!("Unknown prompt: {}", request.name)))?;
        let text = workflow.text(&given).map_err(invalid)?;
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)])
            .with_description(workflow.info)
            .into())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let begun = &request.argument.value;
        let candidates = match &request.r#ref {
            Reference::Prompt(prompt) => {
                prompts::candidates(self.inner(), &prompt.name, &request.argument.name)
            }
            Reference::Resource(resource) => self.inner().documents.ids_for(&resource.uri),
            // Nothing else can be completed yet.
            _ => Vec::new(),
        };
        let mut values: Vec<String> =
            candidates.into_iter().filter(|value| value.contains(begun.as_str())).collect();
        values.sort_by_key(|value| !value.starts_with(begun.as_str()));
        let total = u32::try_from(values.len()).unwrap_or(u32::MAX);
        let has_more = values.len() > CompletionInfo::MAX_VALUES;
        values.truncate(CompletionInfo::MAX_VALUES);
        let completion = CompletionInfo::with_pagination(values, Some(total), has_more)
            .map_err(|error| ErrorData::internal_error(error, None))?;
        Ok(CompleteResult::new(completion))
    }

    #[expect(deprecated, reason = "see above")]
    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner) = request.level;
        Ok(())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        // The SDK takes a known method whose params it cannot read for an unknown one.
        let known = [
            "tools/call",
            "resources/read",
            "prompts/get",
            "completion/complete",
            "logging/setLevel",
            "initialize",
        ];
        let method = request.method;
        if known.contains(&method.as_str()) {
            return Err(ErrorData::invalid_params(format!("The params of {method} cannot be read."), None));
        }
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("Unknown method: {method}"), None))
    }
}

/// The key under which is asked for what a call needs and was not given.
const ARGUMENTS: &str = "arguments";

/// What came of asking for what was not given.
enum Filled {
    With(serde_json::Map<String, Value>),
    /// There is nothing to ask, or nobody to answer.
    Not,
    Asks(InputRequiredResult),
}

/// What a person has filled in, or is to fill in.
fn fill(
    form: Option<Form>,
    answers: &mut InputResponses,
    client: &ClientCapabilities,
) -> Result<Filled, ErrorData> {
    let Some(ask) = form.map(Ask::Form).filter(|ask| ask.fits(client)) else { return Ok(Filled::Not) };
    Ok(match answers.remove(ARGUMENTS).map(|result| ask.answered(&result)) {
        Some(Answered::With(Value::Object(filled))) => Filled::With(filled),
        Some(Answered::Refused) => Filled::Not,
        Some(Answered::With(_) | Answered::Badly) | None => {
            let asks = requests([(ARGUMENTS.to_owned(), &ask)].into_iter())?;
            Filled::Asks(InputRequiredResult::from_input_requests(asks))
        }
    })
}

/// Whether the client speaks a revision of the protocol in which servers ask nothing by themselves.
fn asks_in_results(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

/// Whether the agent's program can be asked anything.
fn can_be_asked(client: &ClientCapabilities) -> bool {
    client.elicitation.is_some() || client.sampling.is_some() || client.roots.is_some()
}

/// Whether the client takes plain JSON only: it can be told nothing before the answer.
fn is_deaf(context: &RequestContext<RoleServer>) -> bool {
    let parts = context.extensions.get::<Parts>();
    parts.is_some_and(|parts| parts.extensions.get::<PlainJson>().is_some())
}

/// A file as the protocol has it.
fn resource_contents(uri: String, contents: FileContents) -> ResourceContents {
    match contents.body {
        Body::Text(text) => ResourceContents::text(text, uri),
        Body::Blob(blob) => ResourceContents::blob(blob, uri),
    }
    .with_mime_type(contents.mime_type)
}

/// A part of a prompt as the protocol has it.
fn part_content(part: Part) -> ContentBlock {
    match part {
        Part::Text(text) | Part::File(FileContents { body: Body::Text(text), .. }) => {
            ContentBlock::text(text)
        }
        Part::Resource(uri, contents) => ContentBlock::resource(resource_contents(uri, contents)),
        Part::File(FileContents { mime_type, body: Body::Blob(data) }) if mime_type.starts_with("audio/") => {
            ContentBlock::audio(data, mime_type)
        }
        Part::File(FileContents { mime_type, body: Body::Blob(data) }) => {
            ContentBlock::image(data, mime_type)
        }
    }
}

impl Handler {
    /// Calls a tool for a client that is asked in results.
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

    /// The params that a prompt needs and was not given.
    fn missing_of_prompt(&self, name: &str, given: &Arguments) -> Vec<(String, Option<String>)> {
        let is_missing = |(id, _): &(String, Option<String>)| given.get(&[&kebab(id)]).is_none();
        if let Ok(project) = self.inner().sandbox.project.get()
            && let Some(own) = project.loaded.project.for_agents().prompts.iter().find(|own| own.id == name)
        {
            let needed = own.params.iter().map(|param| (param.id.clone(), param.info.clone()));
            return needed.filter(is_missing).collect();
        }
        let Some(workflow) = prompts::named(name) else { return Vec::new() };
        let required = workflow.arguments.iter().filter(|argument| argument.required);
        required
            .map(|argument| (argument.name.to_owned(), Some(argument.info.to_owned())))
            .filter(is_missing)
            .collect()
    }

    /// What a person would have to be asked before a tool of the project can run.
    fn form(&self, name: &str, given: &Arguments) -> Option<Form> {
        let project = self.inner().sandbox.project.get().ok()?;
        Form::for_missing(tool(&project, name)?, given)
    }

    /// The project's own resource at this address.
    fn own_resource(&self, uri: &str) -> Option<Result<FileContents, String>> {
        let project = self.inner().sandbox.project.get().ok()?;
        let project = &project.loaded.project;
        let (resource, names) = own::resource(project, uri)?;
        Some(own::read(project, resource, &names))
    }

    /// Who calls, and the task that passes on what the one is told meanwhile.
    fn caller(&self, context: &RequestContext<RoleServer>) -> (Caller, Option<JoinHandle<()>>) {
        let parts = context.extensions.get::<Parts>();
        let name = match context.client_info() {
            Some(info) if !info.name.is_empty() && info.name != "rmcp" => {
                format!("{} {}", info.name, info.version)
            }
            _ => parts
                .and_then(|parts| parts.headers.get("user-agent"))
                .and_then(|agent| agent.to_str().ok())
                .unwrap_or("an agent")
                .to_owned(),
        };
        let (told, telling) = if is_deaf(context) { (None, None) } else { self.tell(context) };
        (Caller { name, canceled: context.ct.clone(), told, asks: None }, telling)
    }

    #[expect(deprecated, reason = "see above")]
    fn tell(
        &self,
        context: &RequestContext<RoleServer>,
    ) -> (Option<mpsc::UnboundedSender<Told>>, Option<JoinHandle<()>>) {
        let token = context.meta.get_progress_token();
        let in_session = context
            .extensions
            .get::<Parts>()
            .is_none_or(|parts| parts.headers.contains_key("mcp-session-id"));
        let level = context.meta.log_level();
        let session_level = *self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let wants = |level: &LoggingLevel| matches!(level, LoggingLevel::Debug | LoggingLevel::Info);
        let lines = level.as_ref().map_or(in_session && wants(&session_level), wants);
        if token.is_none() && !lines {
            return (None, None);
        }
        let (to, mut told) = mpsc::unbounded_channel();
        let peer = context.peer.clone();
        let telling = tokio::spawn(async move {
            let mut count: usize = 0;
            let mut progress: f64 = 0.0;
            while let Some(what) = told.recv().await {
                let sent = match what {
                    Told::Progress { done, total, message } => {
                        let Some(token) = &token else { continue };
                        // It must grow with each message, although a step's start ends no step.
                        progress = if done as f64 > progress { done as f64 } else { progress + 0.01 };
                        let param = ProgressNotificationParam::new(token.clone(), progress)
                            .with_total(total as f64)
                            .with_message(message);
                        peer.notify_progress(param).await
                    }
                    Told::Line { step, text } => {
                        count += 1;
                        if !lines || count > TOLD_LINES {
                            continue;
                        }
                        let text = if count == TOLD_LINES {
                            "… more: get-container-logs".to_owned()
                        } else {
                            text
                        };
                        let param =
                            LoggingMessageNotificationParam::new(LoggingLevel::Info, Value::String(text));
                        peer.notify_logging_message(param.with_logger(step)).await
                    }
                };
                if sent.is_err() {
                    return;
                }
            }
        });
        (Some(to), Some(telling))
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
    let masker = match server.sandbox.project.scope() {
        Some(scope) => server.sandbox.masker(&scope).ok(),
        // A project that was never read has no secret in any answer.
        None => Some(Masker::default()),
    };
    let mask = |text: String| match &masker {
        Some(masker) => masker.mask(&text),
        // Secrets that cannot be read cannot be found either, and so nothing is told.
        None => {
            "The project's secrets cannot be read, so nothing can be shown without risk. See: pt secrets list"
                .to_owned()
        }
    };
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

/// What the project's own files say, without secrets.
fn masked<T: Serialize + DeserializeOwned>(server: &Inner, answer: T) -> Result<T, ErrorData> {
    let unsafe_to_show =
        |_| ErrorData::internal_error("The project's secrets cannot be read, so nothing is shown.", None);
    let project =
        server.sandbox.project.get().map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    let masker = server.sandbox.masker(&project.scope).map_err(unsafe_to_show)?;
    let broken = |error: serde_json::Error| ErrorData::internal_error(error.to_string(), None);
    let value = serde_json::to_value(answer).map_err(broken)?;
    serde_json::from_value(json!(masker.find_in(value.into()))).map_err(broken)
}

/// Keeps the call in the list of calls.
fn record(server: &Inner, tool: &str, given: &Arguments, caller: &Caller, begun: Timestamp, answer: &Answer) {
    let Ok(project) = server.sandbox.project.get() else { return };
    // Where secrets cannot be found, what may hold them is left out.
    let masker = server.sandbox.masker(&project.scope).ok();
    let arguments = masker.map(|masker| masker.mask(&given.to_json())).unwrap_or_default();
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
