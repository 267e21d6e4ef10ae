//! Messages of JSON-RPC, looked at before the SDK gets them: where it cannot read one, it answers without its id, and who
//! waits for that answer waits forever.

use serde_json::{Value, json};

/// Why a message is not passed on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    /// The request that is refused; null where that is not known.
    id: Value,
    code: i32,
    message: String,
}

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const INVALID_PARAMS: i32 = -32602;

impl Refusal {
    /// That what came is no JSON.
    pub(crate) fn no_json(why: impl std::fmt::Display) -> Self {
        Self { id: Value::Null, code: PARSE_ERROR, message: format!("Parse error: {why}") }
    }

    /// That what came is no message, although it is JSON; that it is too large, say.
    pub(crate) fn no_message(why: &str) -> Self {
        Self { id: Value::Null, code: INVALID_REQUEST, message: format!("Invalid request: {why}") }
    }

    /// As an answer.
    pub(crate) fn answer(&self) -> Value {
        json!({"jsonrpc": "2.0", "id": self.id, "error": {"code": self.code, "message": self.message}})
    }
}

/// Checks what all messages have in common. What a method wants of its params is not looked at here, but for what the SDK
/// does not look at either.
///
/// # Errors
/// It is none.
pub(crate) fn check(message: &Value) -> Result<(), Refusal> {
    let Value::Object(fields) = message else {
        return Err(Refusal::no_message("a message is a JSON object, one at a time."));
    };
    let id = match fields.get("id") {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => Value::Null,
    };
    let invalid = |why: String| Err(Refusal { id: id.clone(), ..Refusal::no_message(&why) });
    if fields.get("jsonrpc").is_none_or(|version| version != "2.0") {
        return invalid("this is no message of JSON-RPC 2.0: it has no \"jsonrpc\": \"2.0\".".to_owned());
    }
    let method = match fields.get("method") {
        Some(Value::String(method)) => method,
        // An answer of the client's to something that it was asked.
        None if fields.contains_key("result") || fields.contains_key("error") => return Ok(()),
        Some(_) | None => return invalid("`method` must be a text.".to_owned()),
    };
    // Notifications are not answered, whatever is wrong with them.
    let Some(given) = fields.get("id") else { return Ok(()) };
    if !(given.is_string() || given.is_i64() || given.is_u64()) {
        return invalid(format!("`id` must be a text or a whole number, and is {given}."));
    }
    let wrong = |message: String| Err(Refusal { id: id.clone(), code: INVALID_PARAMS, message });
    match fields.get("params") {
        // The SDK takes a cursor of another kind for none.
        Some(Value::Object(params)) if method.ends_with("/list") => match params.get("cursor") {
            Some(Value::String(_) | Value::Null) | None => Ok(()),
            Some(other) => wrong(format!("The cursor of {method} must be a text, and is {other}.")),
        },
        Some(Value::Object(_) | Value::Null) | None => Ok(()),
        Some(other) => wrong(format!("The params of {method} must be a map, and are {}.", kind(other))),
    }
}

/// What something is that is no map.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list",
        Value::String(_) => "a text",
        Value::Number(_) => "a number",
        Value::Bool(_) => "true or false",
        Value::Null | Value::Object(_) => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_refused_with_its_id() {
        for (message, id, code, says) in [
            (json!([{"jsonrpc": "2.0"}]), json!(null), -32600, "Invalid request: a message is a JSON object"),
            (json!("hello"), json!(null), -32600, "Invalid request: a message is a JSON object"),
            (json!({}), json!(null), -32600, "Invalid request: this is no message of JSON-RPC 2.0"),
            (
                json!({"jsonrpc": "1.0", "id": 7, "method": "ping"}),
                json!(7),
                -32600,
                "Invalid request: this is",
            ),
            (json!({"id": "a", "method": "ping"}), json!("a"), -32600, "Invalid request: this is"),
            (
                json!({"jsonrpc": "2.0", "id": 8}),
                json!(8),
                -32600,
                "Invalid request: `method` must be a text.",
            ),
            (json!({"jsonrpc": "2.0", "id": 8, "method": 1}), json!(8), -32600, "Invalid request: `method`"),
            (
                json!({"jsonrpc": "2.0", "id": null, "method": "ping"}),
                json!(null),
                -32600,
                "Invalid request: `id`",
            ),
            (
                json!({"jsonrpc": "2.0", "id": 1.5, "method": "ping"}),
                json!(1.5),
                -32600,
                "Invalid request: `id`",
            ),
            (
                json!({"jsonrpc": "2.0", "id": {}, "method": "ping"}),
                json!(null),
                -32600,
                "Invalid request: `id`",
            ),
            (
                json!({"jsonrpc": "2.0", "id": 9, "method": "tools/list", "params": [1]}),
                json!(9),
                -32602,
                "The params of tools/list must be a map, and are a list.",
            ),
            (
                json!({"jsonrpc": "2.0", "id": 9, "method": "prompts/list", "params": {"cursor": 5}}),
                json!(9),
                -32602,
                "The cursor of prompts/list must be a text, and is 5.",
            ),
        ] {
            let refusal = check(&message).unwrap_err();
            assert_eq!((&refusal.id, refusal.code), (&id, code), "{message}");
            assert!(refusal.message.starts_with(says), "{message}: {}", refusal.message);
        }
    }

    #[test]
    fn messages_are_passed_on() {
        for message in [
            json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}),
            json!({"jsonrpc": "2.0", "id": "a", "method": "nothing/known", "params": null}),
            json!({"jsonrpc": "2.0", "id": -1, "method": "tools/call", "params": {"name": 3}}),
            json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
            json!({"jsonrpc": "2.0", "method": "notifications/odd", "params": 5}),
            json!({"jsonrpc": "2.0", "id": 1, "result": {}}),
            json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": ""}}),
        ] {
            assert_eq!(check(&message), Ok(()), "{message}");
        }
    }
}
