//! Types as JSON Schema, for agents and editors.

use pt_model::Data;
use serde_json::{Value, json};

use super::{Atom, Type};
use crate::definition::Param;

impl Type {
    /// The JSON Schema (2020-12) of the values that the type accepts.
    ///
    /// It describes data: references and code, which may stand for values in a polytope file, are no part of it. Where the
    /// rules of a type go beyond what schemas can say, it accepts more than [`Type::check`].
    pub fn json_schema(&self) -> Value {
        match self {
            Self::Atom(atom) => atom.json_schema(),
            Self::List(of) => json!({"type": "array", "items": of.json_schema()}),
            Self::Fields(fields) => {
                let fields = fields.iter().map(|(key, of)| (key.as_str(), of, of.entry_schema()));
                object(fields)
            }
            Self::AnyMap => json!({"type": "object"}),
            Self::MapOf(key, value) => {
                let mut schema = json!({"type": "object", "additionalProperties": value.json_schema()});
                if !matches!(**key, Self::Atom(Atom::Str | Atom::Any)) {
                    schema["propertyNames"] = key.json_schema();
                }
                schema
            }
            Self::Maybe(of) => or_null(of.json_schema()),
            Self::Default(of, value) => {
                let mut schema = or_null(of.json_schema());
                schema["default"] = json!(value);
                schema
            }
            Self::Either(types) => json!({"anyOf": types.iter().map(Self::json_schema).collect::<Vec<_>>()}),
            Self::Enum(words) => {
                let mut schema = json!({"enum": words});
                let mut types = words.iter().map(|word| type_of(&json!(word)));
                if let Some(first) = types.next().flatten()
                    && types.all(|other| other == Some(first))
                {
                    schema["type"] = json!(first);
                }
                schema
            }
            Self::Regex(pattern) => json!({"type": "string", "pattern": format!("^(?:{})$", pattern.text)}),
            // No value is right.
            Self::Unknown(_) => json!({"not": {}}),
        }
    }

    /// The schema of an entry of a map with this type. Null, which stands for an entry that is left out, is not told of: many
    /// programs cannot read schemas with several types, and agents leave out what they do not need.
    fn entry_schema(&self) -> Value {
        match self {
            Self::Maybe(of) => of.entry_schema(),
            Self::Default(of, value) => {
                let mut schema = of.entry_schema();
                schema["default"] = json!(value);
                schema
            }
            Self::Atom(_)
            | Self::List(_)
            | Self::Fields(_)
            | Self::AnyMap
            | Self::MapOf(..)
            | Self::Either(_)
            | Self::Enum(_)
            | Self::Regex(_)
            | Self::Unknown(_) => self.json_schema(),
        }
    }
}

/// JSON Schema's word for the type of a value.
fn type_of(value: &Value) -> Option<&'static str> {
    match value {
        Value::String(_) => Some("string"),
        Value::Bool(_) => Some("boolean"),
        Value::Number(number) if number.is_f64() => Some("number"),
        Value::Number(_) => Some("integer"),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The JSON Schema of the args for these params.
pub fn args_schema(params: &[Param]) -> Value {
    object(params.iter().map(|param| {
        let mut schema = param.ty.entry_schema();
        for (key, text) in [("title", &param.name), ("description", &param.info)] {
            if let Some(text) = text {
                schema[key] = json!(text.trim());
            }
        }
        (param.id.text.as_str(), &param.ty, schema)
    }))
}

impl Atom {
    fn json_schema(self) -> Value {
        let matching = |pattern: &str| json!({"type": "string", "pattern": pattern});
        match self {
            Self::Str | Self::InstanceType | Self::Code => json!({"type": "string"}),
            Self::Bool => json!({"type": "boolean"}),
            Self::Int => json!({"type": "integer"}),
            Self::Num => json!({"type": "number"}),
            Self::Any => json!({}),
            Self::Id => matching("^[a-z0-9_-]+$"),
            Self::DockerImage => json!({"type": "string", "minLength": 1}),
            Self::AbsolutePath | Self::UrlPath => matching("^/"),
            Self::ServiceRef => {
                matching("^([a-z0-9_-]+|[a-z0-9_-]+/[a-z0-9_-]+>[a-z0-9_-]+#([a-z0-9_-]+)?:[a-z0-9_-]+)$")
            }
            Self::Duration => matching("^[0-9]+(ms|s|m|h|d|w|mo|y)$"),
            Self::DataSize => json!({"anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?([kKMGT]i?)?B?$"},
            ]}),
            Self::HttpMethod => matching(
                "^([Gg][Ee][Tt]|[Hh][Ee][Aa][Dd]|[Pp][Oo][Ss][Tt]|[Pp][Uu][Tt]|[Pp][Aa][Tt][Cc][Hh]|[Dd][Ee][Ll][Ee][Tt][Ee]|[Oo][Pp][Tt][Ii][Oo][Nn][Ss]|[Tt][Rr][Aa][Cc][Ee])$",
            ),
            Self::EnvVar => json!({
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "value": {"type": ["string", "number", "boolean", "null"]},
                },
                "required": ["name"],
            }),
            Self::DatasetSink => json!({"anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"dataset": {"type": "string"}, "info": {"type": "string"}},
                    "required": ["dataset"],
                },
            ]}),
            Self::MountSource => json!({"anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "type": {"enum": ["host", "repo", "string", "volume", "dataset"]},
                        "path": {"type": "string"},
                        "repo": {},
                        "revision": {"type": "string"},
                        "data": {"type": "string"},
                        "id": {"type": "string"},
                        "scope": {"enum": ["job", "project"]},
                        "create": {"enum": ["when-missing", "never", "always"]},
                        "source": {},
                        "dataset": {"type": "string"},
                        "version": {},
                    },
                    "required": ["type"],
                },
            ]}),
            Self::ServiceSpec => service(),
        }
    }
}

fn service() -> Value {
    let port = json!({"anyOf": [
        {"type": "integer", "minimum": 1, "maximum": 65535},
        {"type": "string", "pattern": "^[0-9]+$"},
    ]});
    json!({
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "port": port,
            "ready": {"type": ["object", "null"], "properties": {
                "exec": {"type": ["string", "array", "null"]},
                "http": {"type": ["string", "null"], "pattern": "^/"},
                "tcp": {"type": ["integer", "string", "null"]},
                "log": {"type": ["string", "null"]},
                "port": {"type": ["integer", "string", "null"]},
                "status": {"type": ["integer", "null"]},
                "timeout": {"type": ["string", "null"], "pattern": "^[0-9]+(ms|s|m|h|d|w|mo|y)$"},
            }},
            "ports": {"type": "array", "items": {
                "type": "object",
                "properties": {
                    "port": port,
                    "range": {"type": "string"},
                    "protocol": {"enum": ["tcp", "udp", "http", "https", null]},
                    "expose-as": {"type": ["integer", "string", "null"]},
                    "internal": {"type": ["boolean", "null"]},
                    "label": {"type": ["string", "null"]},
                },
            }},
        },
        "required": ["id"],
    })
}

/// A map with these keys; what may be left out is not required.
fn object<'a>(fields: impl Iterator<Item = (&'a str, &'a Type, Value)>) -> Value {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for (key, of, schema) in fields {
        if of.check(&Data::Null).is_err() {
            required.push(key);
        }
        properties.insert(key.to_owned(), schema);
    }
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The schema that accepts null besides, as short as it can be said.
fn or_null(mut schema: Value) -> Value {
    if let Some(one) = schema.get_mut("type")
        && one.is_string()
    {
        *one = json!([one.take(), "null"]);
    }
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        if !words.contains(&Value::Null) {
            words.push(Value::Null);
        }
        return schema;
    }
    if let Some(alternatives) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        alternatives.push(json!({"type": "null"}));
        return schema;
    }
    match schema.get_mut("type") {
        Some(Value::Array(types)) if !types.contains(&json!("null")) => types.push(json!("null")),
        // It is there, or anything goes, or nothing does.
        Some(_) | None => {}
    }
    schema
}
