//! What a root file says to coding agents alone: `mcp:`.

use pt_model::Data;
use pt_syntax::{Diagnostic, Node};

use crate::definition::Name;
use crate::plain::plain;

/// The `mcp:` of a root file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForAgents {
    /// Ids of the only tools that are listed.
    pub only: Option<Vec<Name>>,
    /// Files that agents can read.
    pub resources: Vec<AgentResource>,
    /// Workflows that people start from their agent's menu.
    pub prompts: Vec<AgentPrompt>,
    /// All of it, as written.
    pub written: Data,
}

/// A file of the project that agents can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentResource {
    /// Its address. Names in braces stand for any text without `/`: the same names in the file's text become that text.
    pub uri: String,
    /// Its name.
    pub name: Option<String>,
    /// What it is about.
    pub info: Option<String>,
    /// The file, relative to the root file.
    pub path: String,
    /// Its media type.
    pub mime_type: Option<String>,
}

/// A workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPrompt {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub info: Option<String>,
    /// What it must be given.
    pub params: Vec<AgentPromptParam>,
    /// What the agent is told. `{name}` in it stands for a param.
    pub messages: Vec<AgentMessage>,
}

/// Something that a workflow is given: always text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPromptParam {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub info: Option<String>,
}

/// Something that an agent is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentMessage {
    /// A text.
    Text(String),
    /// The resource at an address.
    Resource(String),
    /// The file at a path, relative to the root file: an image, a sound or a text.
    File(String),
}

impl ForAgents {
    /// Reads the value of `mcp:`. What is wrong with an entry is reported, and the entry left out.
    pub(crate) fn lower(node: &Node, only: Option<Vec<Name>>, found: &mut Vec<Diagnostic>) -> Self {
        let entries = |key: &str| {
            let items = node.get(key).map(Node::items).unwrap_or_default();
            items.iter().map(|item| (item.span, plain(item))).collect::<Vec<_>>()
        };
        let (resources, prompts) = (entries("resources"), entries("prompts"));
        let mut wrong = |span, what: &str, hint: &str| {
            found.push(Diagnostic::error("wrong-shape", what).at(span, "this one").hint(hint));
        };
        let resources = resources.into_iter().filter_map(|(span, data)| {
            let read = resource(&data);
            if read.is_none() {
                let hint = "write: {uri: 'docs://style', path: docs/style.md}";
                wrong(span, "A resource for agents must have `uri` and `path`", hint);
            }
            read
        });
        let resources = resources.collect();
        let prompts = prompts.into_iter().filter_map(|(span, data)| {
            let read = prompt(&data);
            if read.is_none() {
                let hint = "write: {id: review, text: Review {file}., params: [{id: file}]}";
                wrong(span, "A prompt for agents must have `id`, and `text` or `messages`", hint);
            }
            read
        });
        let prompts = prompts.collect();
        Self { only, resources, prompts, written: plain(node) }
    }
}

fn text(data: &Data, key: &str) -> Option<String> {
    data.get(key).as_str().map(str::to_owned)
}

fn resource(data: &Data) -> Option<AgentResource> {
    Some(AgentResource {
        uri: text(data, "uri").filter(|uri| uri.contains(':'))?,
        name: text(data, "name"),
        info: text(data, "info"),
        path: text(data, "path")?,
        mime_type: text(data, "mime-type"),
    })
}

fn prompt(data: &Data) -> Option<AgentPrompt> {
    let param = |data: &Data| {
        let id = data.as_str().map(str::to_owned).or_else(|| text(data, "id"))?;
        Some(AgentPromptParam { id, info: text(data, "info") })
    };
    let message = |data: &Data| {
        if let Some(text) = data.as_str() {
            return Some(AgentMessage::Text(text.to_owned()));
        }
        let resource = || text(data, "resource").map(AgentMessage::Resource);
        let file = || text(data, "file").map(AgentMessage::File);
        text(data, "text").map(AgentMessage::Text).or_else(resource).or_else(file)
    };
    let params = data.get("params").as_list().unwrap_or_default();
    let messages = match data.get("messages").as_list() {
        Some(messages) => messages.iter().map(message).collect::<Option<Vec<_>>>()?,
        None => vec![AgentMessage::Text(text(data, "text")?)],
    };
    Some(AgentPrompt {
        id: text(data, "id")?,
        info: text(data, "info"),
        params: params.iter().map(param).collect::<Option<Vec<_>>>()?,
        messages,
    })
}
