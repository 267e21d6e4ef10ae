//! Nothing that leaves holds a secret.

use pt_model::Masker;
use rmcp::ErrorData;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::server::Inner;

/// What is told where secrets cannot be found.
pub(super) const UNSAFE: &str =
    "The project's secrets cannot be read, so nothing can be shown without risk. See: pt secrets list";

/// What finds the project's secrets; nothing if they cannot be read.
pub(super) fn masker(server: &Inner) -> Option<Masker> {
    match server.sandbox.project.scope() {
        Some(scope) => server.sandbox.masker(&scope).ok(),
        // A project that was never read has no secret in any answer.
        None => Some(Masker::default()),
    }
}

/// What the project's own files say, without secrets.
pub(super) fn masked<T: Serialize + DeserializeOwned>(server: &Inner, answer: T) -> Result<T, ErrorData> {
    let unsafe_to_show =
        |_| ErrorData::internal_error("The project's secrets cannot be read, so nothing is shown.", None);
    let project =
        server.sandbox.project.get().map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    let masker = server.sandbox.masker(&project.scope).map_err(unsafe_to_show)?;
    let broken = |error: serde_json::Error| ErrorData::internal_error(error.to_string(), None);
    let value = serde_json::to_value(answer).map_err(broken)?;
    serde_json::from_value(json!(masker.find_in(value.into()))).map_err(broken)
}
