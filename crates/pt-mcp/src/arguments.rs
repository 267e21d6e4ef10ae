//! What a call was given, in whatever spelling: `poll-interval`, `poll_interval` and `pollInterval` are one name.

use pt_model::sounds_secret;
use pt_spec::Param;
use serde_json::{Map, Value};

/// The arguments of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments(Map<String, Value>);

impl Arguments {
    /// These arguments.
    pub(crate) fn new(given: Option<Map<String, Value>>) -> Self {
        Self(given.unwrap_or_default())
    }

    /// The first of these that was given.
    pub(crate) fn get(&self, names: &[&str]) -> Option<&Value> {
        let given = |name: &&str| {
            let same = |(key, _): &(&String, &Value)| kebab(key) == **name;
            self.0.get(*name).or_else(|| self.0.iter().find(same).map(|(_, value)| value))
        };
        names.iter().find_map(given).filter(|value| !value.is_null())
    }

    /// The text of the first of these that was given.
    pub(crate) fn text(&self, names: &[&str]) -> Option<String> {
        Some(match self.get(names)? {
            Value::String(text) => text.clone(),
            other
            @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                other.to_string()
            }
        })
    }

    /// The texts of the first of these that was given, as a list or as text with commas.
    pub(crate) fn texts(&self, names: &[&str]) -> Vec<String> {
        match self.get(names) {
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                .collect(),
            Some(Value::String(text)) => {
                text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
        }
    }

    /// The number of the first of these that was given, as a number or as text.
    pub(crate) fn number(&self, names: &[&str]) -> Option<usize> {
        match self.get(names)? {
            Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            Value::String(text) => text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Whether this was said to be true.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        matches!(self.get(&[name]), Some(Value::Bool(true)))
            || self.text(&[name]).is_some_and(|text| text == "true")
    }

    /// All but these.
    pub(crate) fn without(&self, names: &[&str]) -> Map<String, Value> {
        let others = self.0.iter().filter(|(key, _)| !names.contains(&kebab(key).as_str()));
        others.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// These, and others.
    pub(crate) fn and(mut self, others: Map<String, Value>) -> Self {
        self.0.extend(others);
        self
    }

    /// As JSON, without what sounds like a secret: that of a password is nobody's business.
    pub(crate) fn recorded(&self) -> String {
        let mut recorded = Value::Object(self.0.clone());
        hide(&mut recorded);
        recorded.to_string()
    }
}

/// What stands in place of what is not recorded.
const HIDDEN: &str = "[hidden]";

/// Hides what is under a name that sounds secret, be it a key or, as of environment variables, beside it.
fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(map) => {
            let name = ["name", "id", "key"].iter().find_map(|key| map.get(*key)?.as_str());
            let is_named_so = name.is_some_and(sounds_secret);
            for (key, value) in map {
                if sounds_secret(key) || (is_named_so && ["value", "data"].contains(&key.as_str())) {
                    hide_all(value);
                } else {
                    hide(value);
                }
            }
        }
        // Args may come as a text of JSON.
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            if let Ok(mut inner) = serde_json::from_str(text) {
                hide(&mut inner);
                *text = inner.to_string();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Hides all texts and numbers; a reference to a secret is none.
fn hide_all(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide_all),
        Value::Object(map) => map.values_mut().for_each(hide_all),
        Value::String(text) if text.starts_with("pt.") => {}
        Value::String(_) | Value::Number(_) => *value = HIDDEN.into(),
        Value::Null | Value::Bool(_) => {}
    }
}

/// The args for these params: each under the id of the param whose name it is in some spelling.
pub(crate) fn args_for(params: &[Param], given: Map<String, Value>) -> pt_model::Map {
    given
        .into_iter()
        .map(|(key, value)| {
            let exact = params.iter().any(|param| param.id.text == key);
            let same = params.iter().find(|param| kebab(&param.id.text) == kebab(&key));
            let id = match same {
                Some(param) if !exact => param.id.text.clone(),
                Some(_) | None => key,
            };
            (id.into(), value.into())
        })
        .collect()
}

/// The name in lower case with hyphens.
pub(crate) fn kebab(name: &str) -> String {
    pt_model::kebab(name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spellings_do_not_matter() {
        for (name, same) in [
            ("list_steps", "list-steps"),
            ("listSteps", "list-steps"),
            ("list-steps", "list-steps"),
            ("API_KEY", "api-key"),
            ("redpanda!console", "redpanda!console"),
        ] {
            assert_eq!(kebab(name), same);
        }
    }

    #[test]
    fn what_sounds_like_a_secret_is_not_recorded() {
        for (given, recorded) in [
            (json!({"user": "ada", "dbPassword": "x1"}), r#"{"user":"ada","dbPassword":"[hidden]"}"#),
            (
                json!({"args": {"tokens": ["a", 2, true]}}),
                r#"{"args":{"tokens":["[hidden]","[hidden]",true]}}"#,
            ),
            (
                json!({"env": [{"name": "API_KEY", "value": "x"}, {"name": "A", "value": "x"}]}),
                r#"{"env":[{"name":"API_KEY","value":"[hidden]"},{"name":"A","value":"x"}]}"#,
            ),
            (json!({"args": r#"{"password": "x"}"#}), r#"{"args":"{\"password\":\"[hidden]\"}"}"#),
            (json!({"password": "pt.secret db-password"}), r#"{"password":"pt.secret db-password"}"#),
        ] {
            let Value::Object(given) = given else { unreachable!() };
            assert_eq!(Arguments::new(Some(given)).recorded(), recorded);
        }
    }

    #[test]
    fn arguments_are_found_by_any_of_their_names() {
        let Value::Object(given) = json!({"pollInterval": "7", "quiet": true, "cmd": ["ls"], "none": null})
        else {
            unreachable!()
        };
        let given = Arguments::new(Some(given));
        assert_eq!(given.number(&["interval", "poll-interval"]), Some(7));
        assert!(given.is_true("quiet"));
        assert_eq!(given.get(&["none"]), None);
        assert_eq!(given.without(&["poll-interval", "quiet", "none"]).keys().collect::<Vec<_>>(), ["cmd"]);
    }
}
