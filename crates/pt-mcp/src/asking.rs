//! Asking the person at the agent's side: for args that a tool needs and was not given, and what the code of a step asks.

use pt_model::Data;
use pt_spec::{Definition, args_schema};
use rmcp::RoleServer;
use rmcp::model::{ElicitRequestParams, ElicitationAction, ElicitationSchema};
use rmcp::service::{ElicitationMode, Peer};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::arguments::{Arguments, kebab};
use crate::sandbox::Question;

/// The field of a form that asks for one thing only.
const ANSWER: &str = "answer";

/// What is to be asked.
#[derive(Debug)]
pub(crate) struct Form {
    message: String,
    schema: ElicitationSchema,
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
        Self::of_schema(message, args_schema(&missing))
    }

    /// What code asks: for `form` the fields of its `schema`, else one text.
    fn for_question(kind: &str, options: &Data) -> Option<Self> {
        let message = options.get("message").as_str().unwrap_or(kind).to_owned();
        let schema = if kind == "form" {
            serde_json::to_value(options.get("schema")).ok()?
        } else {
            json!({
                "type": "object",
                "properties": {ANSWER: {"type": "string", "title": kind}},
                "required": [ANSWER],
            })
        };
        Self::of_schema(message, schema)
    }

    /// Forms have plain fields only: of other params, the tool itself says that they are missing.
    fn of_schema(message: String, schema: Value) -> Option<Self> {
        let Value::Object(schema) = schema else { return None };
        let schema = ElicitationSchema::from_json_schema(schema).ok()?;
        Some(Self { message, schema })
    }

    /// What the person filled in; nothing if the person would not answer.
    pub(crate) async fn ask(self, peer: &Peer<RoleServer>) -> Option<Map<String, Value>> {
        let form = ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: self.message,
            requested_schema: self.schema,
        };
        let answer = peer.create_elicitation(form).await.ok()?;
        match (answer.action, answer.content) {
            (ElicitationAction::Accept, Some(Value::Object(filled))) => Some(filled),
            _ => None,
        }
    }
}

/// Whether the agent's program can ask its person.
pub(crate) fn can_ask(peer: &Peer<RoleServer>) -> bool {
    peer.supported_elicitation_modes().contains(&ElicitationMode::Form)
}

/// Asks what the code of a call's steps asks, one question after another. A question that is dropped is one that nobody
/// answers.
pub(crate) fn ask_for_steps(peer: Peer<RoleServer>) -> (mpsc::UnboundedSender<Question>, JoinHandle<()>) {
    let (asks, mut questions) = mpsc::unbounded_channel::<Question>();
    let asking = tokio::spawn(async move {
        while let Some(question) = questions.recv().await {
            let Some(form) = Form::for_question(&question.kind, &question.options) else { continue };
            let Some(mut filled) = form.ask(&peer).await else { continue };
            let answer = match filled.remove(ANSWER) {
                Some(answer) if question.kind != "form" => answer,
                Some(field) => {
                    filled.insert(ANSWER.to_owned(), field);
                    Value::Object(filled)
                }
                None => Value::Object(filled),
            };
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
        let form = Form::for_question(kind, &options.into())?;
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
}
