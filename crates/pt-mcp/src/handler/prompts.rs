//! Prompts: those of the project, and the common workflows.

use pt_spec::{AgentPrompt, AgentPromptParam};
use rmcp::model::{
    CompleteRequestParams, CompleteResult, CompletionInfo, ContentBlock, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, ListPromptsResult, Prompt, PromptArgument, PromptMessage, Reference,
    Role,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};

use super::Handler;
use super::filling::{Filled, asks_in_results, fill};
use super::resources::resource_contents;
use super::safe::masked;
use crate::arguments::{Arguments, kebab};
use crate::asking::Form;
use crate::own::{self, Body, FileContents, Part};
use crate::prompts;

impl Handler {
    /// All of them.
    pub(super) fn prompts(&self) -> ListPromptsResult {
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
        ListPromptsResult::with_all_items(listed)
    }

    /// One, with its arguments filled in.
    pub(super) fn prompt(
        &self,
        request: GetPromptRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let invalid = |message: String| ErrorData::invalid_params(message, None);
        let mut given = Arguments::new(request.arguments.map(|given| {
            given
                .into_iter()
                .map(|(key, value)| (key, serde_json::to_value(value).unwrap_or_default()))
                .collect()
        }));
        if asks_in_results(context) {
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

    /// What an argument could be.
    pub(super) fn completions(&self, request: &CompleteRequestParams) -> Result<CompleteResult, ErrorData> {
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
