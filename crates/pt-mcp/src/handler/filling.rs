//! Asking for what a call needs and was not given.

use axum::http::request::Parts;
use rmcp::model::{ClientCapabilities, InputRequiredResult, InputResponses, ProtocolVersion};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::Value;

use crate::asking::{Answered, Ask, Form};
use crate::http::PlainJson;
use crate::rounds::requests;

/// The key under which is asked for what a call needs and was not given.
const ARGUMENTS: &str = "arguments";

/// What came of asking for what was not given.
pub(super) enum Filled {
    With(serde_json::Map<String, Value>),
    /// There is nothing to ask, or nobody to answer.
    Not,
    Asks(InputRequiredResult),
}

/// What a person has filled in, or is to fill in.
pub(super) fn fill(
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
pub(super) fn asks_in_results(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

/// Whether the agent's program can be asked anything.
pub(super) fn can_be_asked(client: &ClientCapabilities) -> bool {
    client.elicitation.is_some() || client.sampling.is_some() || client.roots.is_some()
}

/// Whether the client takes plain JSON only: it can be told nothing before the answer.
pub(super) fn is_deaf(context: &RequestContext<RoleServer>) -> bool {
    let parts = context.extensions.get::<Parts>();
    parts.is_some_and(|parts| parts.extensions.get::<PlainJson>().is_some())
}
