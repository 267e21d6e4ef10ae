//! Asking the person at the agent's side for args that a tool needs and was not given.

use pt_spec::{Definition, args_schema};
use rmcp::RoleServer;
use rmcp::model::{ElicitRequestParams, ElicitationAction, ElicitationSchema};
use rmcp::service::{ElicitationMode, RequestContext};
use serde_json::{Map, Value};

use crate::arguments::{Arguments, kebab};

/// What is to be asked.
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
        let schema = args_schema(&missing).as_object()?.clone();
        // Forms have plain fields only: of other params, the tool itself says that they are missing.
        let schema = ElicitationSchema::from_json_schema(schema).ok()?;
        let ids: Vec<&str> = missing.iter().map(|param| param.id.text.as_str()).collect();
        let message = format!("The tool {} needs: {}", tool.id.text, ids.join(", "));
        Some(Self { message, schema })
    }

    /// What the person filled in; nothing if the program cannot ask, or the person would not answer.
    pub(crate) async fn ask(self, context: &RequestContext<RoleServer>) -> Option<Map<String, Value>> {
        if !context.peer.supported_elicitation_modes().contains(&ElicitationMode::Form) {
            return None;
        }
        let form = ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: self.message,
            requested_schema: self.schema,
        };
        let answer = context.peer.create_elicitation(form).await.ok()?;
        match (answer.action, answer.content) {
            (ElicitationAction::Accept, Some(Value::Object(filled))) => Some(filled),
            _ => None,
        }
    }
}
