//! Asking at the agent's side: its person for args that a tool needs and was not given, and its person or its model for
//! what the code of a step asks.

use pt_model::Data;
use pt_spec::{Definition, args_schema};
use rmcp::RoleServer;
use rmcp::model::{ClientCapabilities, ElicitRequestParams, ElicitationSchema};
use rmcp::service::Peer;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::arguments::{Arguments, kebab};
use crate::sandbox::Question;

/// The field of a form that asks for one thing only.
const ANSWER: &str = "answer";

/// Tokens that a model may answer with, unless the code says otherwise.
const TOKENS: u64 = 1000;

/// What is to be asked.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    /// The person is shown a form.
    Form(Form),
    /// The agent's model is told something, and says something.
    Model {
        /// What it is told.
        message: String,
        /// Who it is to be.
        system: Option<String>,
        /// How long its answer may be.
        max_tokens: u64,
    },
    /// The folders that the agent works in.
    Roots,
}

/// Fields that a person fills in.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    message: String,
    schema: ElicitationSchema,
    /// Whether there is one field only, which is the answer.
    plain: bool,
}

impl Form {
    /// The required params of a tool that were not given, if forms can ask for all of them.
    pub(crate) fn for_missing(tool: &Definition, given: &Arguments) -> Option<Self> {
        let missing = tool
            .params
            .iter()
            .filter(|param| !param.ty.is_optional() && given.get(&[&kebab(&param.id.text)]).is_none());
        let missing: Vec<_> = missing.cloned().collect();
        if missing.is_empty() {
            return None;
        }
        let ids: Vec<&str> = missing.iter().map(|param| param.id.text.as_str()).collect();
        let message = format!("The tool {} needs: {}", tool.id.text, ids.join(", "));
        Self::of_schema(message, args_schema(&missing), false)
    }

    /// The texts that a prompt needs and was not given: their ids, and what they are for.
    pub(crate) fn for_prompt(prompt: &str, missing: &[(String, Option<String>)]) -> Option<Self> {
        if missing.is_empty() {
            return None;
        }
        let ids: Vec<&str> = missing.iter().map(|(id, _)| id.as_str()).collect();
        let field = |(id, info): &(String, Option<String>)| {
            let mut field = json!({"type": "string"});
            if let Some(info) = info {
                field["description"] = json!(info);
            }
            (id.clone(), field)
        };
        let fields: Map<String, Value> = missing.iter().map(field).collect();
        let message = format!("The prompt {prompt} needs: {}", ids.join(", "));
        Self::of_schema(message, json!({"type": "object", "properties": fields, "required": ids}), false)
    }

    /// Forms have plain fields only: of other params, the tool itself says that they are missing.
    fn of_schema(message: String, schema: Value, plain: bool) -> Option<Self> {
        let Value::Object(schema) = schema else { return None };
        let schema = ElicitationSchema::from_json_schema(schema).ok()?;
        Some(Self { message, schema, plain })
    }

    /// What the person filled in; nothing if the person would not answer.
    pub(crate) async fn ask(self, peer: &Peer<RoleServer>) -> Option<Map<String, Value>> {
        match Ask::Form(Self { plain: false, ..self }).ask(peer).await? {
            Value::Object(filled) => Some(filled),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
        }
    }
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answered {
    /// This.
    With(Value),
    /// The person would not answer.
    Refused,
    /// What came is no answer to what was asked.
    Badly,
}

impl Ask {
    /// What code asks: for `form` the fields of its `schema`, of `model` a text, `roots`; else the person one text.
    pub(crate) fn of_code(kind: &str, options: &Data) -> Option<Self> {
        let message = options.get("message").as_str().unwrap_or(kind).to_owned();
        Some(match kind {
            "form" => {
                let schema = serde_json::to_value(options.get("schema")).ok()?;
                Self::Form(Form::of_schema(message, schema, false)?)
            }
            "model" => Self::Model {
                message,
                system: options.get("system").as_str().map(str::to_owned),
                max_tokens: json!(options.get("max-tokens")).as_u64().unwrap_or(TOKENS),
            },
            "roots" => Self::Roots,
            _ => {
                let schema = json!({
                    "type": "object",
                    "properties": {ANSWER: {"type": "string", "title": kind}},
                    "required": [ANSWER],
                });
                Self::Form(Form::of_schema(message, schema, true)?)
            }
        })
    }

    /// What a client must be able to do that is asked this.
    pub(crate) fn capability(&self) -> &'static str {
        match self {
            Self::Form(_) => "elicitation",
            Self::Model { .. } => "sampling",
            Self::Roots => "roots",
        }
    }

    /// Whether a client that can do this can be asked it.
    pub(crate) fn fits(&self, client: &ClientCapabilities) -> bool {
        match self {
            // Who says nothing of forms nor of addresses means forms.
            Self::Form(_) => {
                client.elicitation.as_ref().is_some_and(|modes| modes.form.is_some() || modes.url.is_none())
            }
            Self::Model { .. } => client.sampling.is_some(),
            Self::Roots => client.roots.is_some(),
        }
    }

    /// As a request of the protocol.
    pub(crate) fn request(&self) -> Value {
        match self {
            Self::Form(form) => json!({"method": "elicitation/create", "params": self.form_params(form)}),
            Self::Model { message, system, max_tokens } => {
                let said = json!({"role": "user", "content": {"type": "text", "text": message}});
                let mut params = json!({"messages": [said], "maxTokens": max_tokens});
                if let Some(system) = system {
                    params["systemPrompt"] = json!(system);
                }
                json!({"method": "sampling/createMessage", "params": params})
            }
            Self::Roots => json!({"method": "roots/list", "params": {}}),
        }
    }

    fn form_params(&self, form: &Form) -> ElicitRequestParams {
        ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: form.message.clone(),
            requested_schema: form.schema.clone(),
        }
    }

    /// What the client's result says.
    pub(crate) fn answered(&self, result: &Value) -> Answered {
        match self {
            Self::Form(form) => match (result.get("action").and_then(Value::as_str), result.get("content")) {
                (Some("accept"), Some(Value::Object(filled))) if form.plain => {
                    filled.get(ANSWER).map_or(Answered::Badly, |answer| Answered::With(answer.clone()))
                }
                (Some("accept"), Some(filled @ Value::Object(_))) => Answered::With(filled.clone()),
                (Some("decline" | "cancel"), _) => Answered::Refused,
                _ => Answered::Badly,
            },
            Self::Model { .. } => {
                let text = |block: &Value| Some(block.get("text")?.as_str()?.to_owned());
                let said = match result.get("content") {
                    Some(Value::Array(blocks)) => blocks.iter().map(text).collect::<Option<Vec<_>>>(),
                    Some(block) => text(block).map(|text| vec![text]),
                    None => None,
                };
                said.map_or(Answered::Badly, |said| Answered::With(json!(said.join("\n"))))
            }
            Self::Roots => match result.get("roots") {
                Some(roots @ Value::Array(_)) => Answered::With(roots.clone()),
                _ => Answered::Badly,
            },
        }
    }

    /// Asks within a session, as revisions of the protocol before 2026-07-28 do.
    #[expect(deprecated, reason = "the revisions that ask so are themselves the old ones")]
    async fn ask(&self, peer: &Peer<RoleServer>) -> Option<Value> {
        let result = match self {
            Self::Form(form) => {
                serde_json::to_value(peer.create_elicitation(self.form_params(form)).await.ok()?)
            }
            Self::Model { .. } => {
                let params = serde_json::from_value(self.request()["params"].take()).ok()?;
                serde_json::to_value(peer.create_message(params).await.ok()?)
            }
            Self::Roots => serde_json::to_value(peer.list_roots().await.ok()?),
        };
        match self.answered(&result.ok()?) {
            Answered::With(answer) => Some(answer),
            Answered::Refused | Answered::Badly => None,
        }
    }
}

/// Asks what the code of a call's steps asks, one question after another. A question that is dropped is one that nobody
/// answers.
pub(crate) fn ask_for_steps(
    peer: Peer<RoleServer>,
    client: ClientCapabilities,
) -> (mpsc::UnboundedSender<Question>, JoinHandle<()>) {
    let (asks, mut questions) = mpsc::unbounded_channel::<Question>();
    let asking = tokio::spawn(async move {
        while let Some(question) = questions.recv().await {
            let Some(ask) = Ask::of_code(&question.kind, &question.options) else { continue };
            if !ask.fits(&client) {
                continue;
            }
            let Some(answer) = ask.ask(&peer).await else { continue };
            // The step may have been stopped meanwhile.
            drop(question.answer.send(answer.into()));
        }
    });
    (asks, asking)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(kind: &str, options: Value) -> Option<(String, Value)> {
        let Ask::Form(form) = Ask::of_code(kind, &options.into())? else { return None };
        Some((form.message, serde_json::to_value(form.schema).ok()?))
    }

    #[test]
    fn questions_of_code_become_forms() {
        let one = json!({
            "type": "object",
            "properties": {"answer": {"type": "string", "title": "str"}},
            "required": ["answer"],
        });
        assert_eq!(
            form("str", json!({"message": "Which one?"})),
            Some(("Which one?".to_owned(), one.clone()))
        );
        assert_eq!(form("str", Value::Null), Some(("str".to_owned(), one)));
        let fields = json!({
            "type": "object",
            "properties": {
                "size": {"type": "string", "enum": ["s", "m"], "default": "m"},
                "count": {"type": "integer", "default": 3},
                "color": {"type": "string", "oneOf": [{"const": "r", "title": "Red"}]},
            },
        });
        assert_eq!(
            form("form", json!({"message": "A shirt", "schema": fields})),
            Some(("A shirt".to_owned(), fields))
        );
        assert_eq!(form("form", json!({"message": "No fields"})), None);
        assert_eq!(
            form("form", json!({"schema": {"type": "object", "properties": {"a": {"type": "object"}}}})),
            None
        );
    }

    #[test]
    fn answers_are_of_the_kind_that_was_asked_for() {
        let person = || Ask::of_code("str", &json!({"message": "Who?"}).into()).unwrap();
        let model = || Ask::of_code("model", &json!({"message": "Say hi"}).into()).unwrap();
        for (ask, result, answered) in [
            (person(), json!({"action": "accept", "content": {"answer": "me"}}), Answered::With(json!("me"))),
            (person(), json!({"action": "decline"}), Answered::Refused),
            (person(), json!({"action": "accept", "content": {"other": 1}}), Answered::Badly),
            (person(), json!(12345), Answered::Badly),
            (model(), json!({"content": {"type": "text", "text": "hi"}}), Answered::With(json!("hi"))),
            (model(), json!({"content": [{"type": "image"}]}), Answered::Badly),
            (
                Ask::Roots,
                json!({"roots": [{"uri": "file:///a"}]}),
                Answered::With(json!([{"uri": "file:///a"}])),
            ),
            (Ask::Roots, json!({}), Answered::Badly),
        ] {
            assert_eq!(ask.answered(&result), answered, "{result}");
        }
    }

    #[test]
    fn only_what_a_client_says_it_can_do_is_asked_of_it() {
        let ask = |kind: &str| Ask::of_code(kind, &json!({}).into()).unwrap();
        for (client, kind, fits) in [
            (json!({"elicitation": {}}), "str", true),
            (json!({"elicitation": {"form": {}, "url": {}}}), "str", true),
            (json!({"elicitation": {"url": {}}}), "str", false),
            (json!({"sampling": {}}), "str", false),
            (json!({"sampling": {}}), "model", true),
            (json!({"roots": {}}), "roots", true),
            (json!({}), "roots", false),
        ] {
            let can = serde_json::from_value(client.clone()).unwrap();
            assert_eq!(ask(kind).fits(&can), fits, "{client} {kind}");
        }
    }
}
