//! What a built-in tool was given, against its schema: nothing that an agent says is taken for nothing.

use pt_syntax::{all_of, suggest};
use serde_json::{Value, json};

use super::{BuiltIn, Does};
use crate::arguments::{Arguments, kebab};

/// Checks names and types.
///
/// # Errors
/// Which argument is wrong, and what it may be.
pub(super) fn arguments(tool: &BuiltIn, given: &Arguments) -> Result<(), String> {
    let properties = tool.schema().remove("properties").unwrap_or_default();
    for (key, value) in given.without(&[]) {
        let name = kebab(&key);
        let also = tool.also.iter().find(|(_, names)| names.contains(&name.as_str()));
        let property = also.map_or(name.as_str(), |(property, _)| property);
        match properties.get(property) {
            Some(schema) => fits(&key, property, &value, schema)?,
            None if is_known(tool, property) => {}
            None => return Err(unknown(tool, &key, &properties)),
        }
    }
    Ok(())
}

/// Whether it is an argument that is not told of: of an older name of the tool, or one of what `run` is to run.
fn is_known(tool: &BuiltIn, name: &str) -> bool {
    matches!(tool.does, Does::Run) || tool.also.iter().any(|(property, _)| *property == name)
}

fn unknown(tool: &BuiltIn, key: &str, properties: &Value) -> String {
    let names: Vec<&str> =
        properties.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let takes = match names.as_slice() {
        [] => "no arguments".to_owned(),
        names => all_of(names).to_string(),
    };
    let near = suggest(&kebab(key), names.iter().copied());
    let near = near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
    format!("{key}: {} has no such argument. It takes {takes}.{near}", tool.name)
}

/// Whether a value is of the type that a property has. Numbers and truths may come as text, lists as text with commas.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "few kinds of values are wanted, all others are refused alike"
)]
fn fits(key: &str, property: &str, value: &Value, schema: &Value) -> Result<(), String> {
    let wrong = |wanted: &str, example: Value| {
        Err(format!("{key}: must be {wanted}, and is {value}. For example: {}", json!({key: example})))
    };
    if value.is_null() {
        return Ok(());
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("integer") => {
            let number: Option<u64> = match value {
                Value::String(text) => text.trim().parse().ok(),
                Value::Number(number) => number.as_u64(),
                _ => None,
            };
            // A wait of no time is a look; a list of nothing is a slip.
            let least = u64::from(property == "limit");
            match number {
                Some(number) if number >= least => Ok(()),
                Some(_) | None => wrong(&format!("a whole number from {least} on"), json!(50)),
            }
        }
        Some("boolean") => match value {
            Value::Bool(_) => Ok(()),
            Value::String(text) if matches!(text.as_str(), "true" | "false") => Ok(()),
            _ => wrong("true or false", json!(true)),
        },
        Some("string") => match value {
            Value::Object(_) | Value::Array(_) => wrong("a text", json!("text")),
            _ => Ok(()),
        },
        Some("array") => match value {
            Value::Array(items) if items.iter().all(Value::is_string) => Ok(()),
            Value::String(_) => Ok(()),
            _ => wrong("a list of texts", json!(["text"])),
        },
        Some("object") => match value {
            Value::Object(_) => Ok(()),
            // Some programs send maps as text.
            Value::String(text) if serde_json::from_str::<serde_json::Map<String, Value>>(text).is_ok() => {
                Ok(())
            }
            _ => wrong("a map", json!({"name": "value"})),
        },
        // A command.
        None if schema.get("anyOf").is_some() => match value {
            Value::String(_) => Ok(()),
            Value::Array(words) if words.iter().all(Value::is_string) => Ok(()),
            _ => wrong("a text or a list of texts", json!(["ls", "-l"])),
        },
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told() {
        for (tool, given, expected) in [
            ("list-steps", json!({"like": "a", "limit": "7", "tags": "a,b", "job": "x"}), ""),
            ("list_steps", json!({"limit": null}), ""),
            (
                "list-steps",
                json!({"limit": "x"}),
                r#"limit: must be a whole number from 1 on, and is "x". For example: {"limit":50}"#,
            ),
            (
                "list-steps",
                json!({"limit": -1}),
                r#"limit: must be a whole number from 1 on, and is -1. For example: {"limit":50}"#,
            ),
            (
                "get-container-logs",
                json!({"container": "a", "tail": 1.5}),
                r#"tail: must be a whole number from 1 on, and is 1.5. For example: {"tail":50}"#,
            ),
            (
                "list-steps",
                json!({"limt": 5}),
                "limt: list-steps has no such argument. It takes `like`, `tags` and `limit`. Did you mean `limit`?",
            ),
            (
                "get-server-instructions",
                json!({"x": 5}),
                "x: get-server-instructions has no such argument. It takes no arguments.",
            ),
            (
                "describe-step",
                json!({"id": ["a"]}),
                r#"id: must be a text, and is ["a"]. For example: {"id":"text"}"#,
            ),
            ("describe-step", json!({"step": 5}), ""),
            (
                "stop",
                json!({"confirm": "yes"}),
                r#"confirm: must be true or false, and is "yes". For example: {"confirm":true}"#,
            ),
            (
                "list-tools",
                json!({"tags": [1]}),
                r#"tags: must be a list of texts, and is [1]. For example: {"tags":["text"]}"#,
            ),
            ("run", json!({"tool": "a", "port": 8080, "args": {"x": 1}}), ""),
            ("run", json!({"tool": "a", "args": "{\"x\": 1}"}), ""),
            (
                "run",
                json!({"args": 5}),
                r#"args: must be a map, and is 5. For example: {"args":{"name":"value"}}"#,
            ),
            ("exec", json!({"container": "a", "command": "ls", "timeout": 5}), ""),
            ("exec", json!({"container": "a", "cmd": ["ls", "-l"]}), ""),
            (
                "exec",
                json!({"container": "a", "cmd": 5}),
                r#"cmd: must be a text or a list of texts, and is 5. For example: {"cmd":["ls","-l"]}"#,
            ),
            (
                "exec",
                json!({"container": "a", "cmd": ["sleep", 5]}),
                r#"cmd: must be a text or a list of texts, and is ["sleep",5]. For example: {"cmd":["ls","-l"]}"#,
            ),
        ] {
            let tool = BuiltIn::named(tool).unwrap();
            let given = Arguments::new(given.as_object().cloned());
            assert_eq!(arguments(tool, &given).err().unwrap_or_default(), expected, "{}", tool.name);
        }
    }
}
