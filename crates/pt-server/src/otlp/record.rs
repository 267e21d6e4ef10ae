//! What is kept of what was sent: of log records a line each, of spans what OpenTelemetry writes of them in JSON.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::json::hex;
use super::message::{AnyValue, KeyValue, Kind, LogRecord, Scope, Span};

/// Hides what nobody may see in a text.
pub(super) type Hide<'h> = &'h dyn Fn(&str) -> String;

/// A log record as a line of JSON: what every record has first, then its attributes by their names.
pub(super) fn line(record: &LogRecord, service: &str, scope: Option<&Scope>, hide: Hide<'_>) -> String {
    let mut line = Map::new();
    let at = [record.time_unix_nano, record.observed_time_unix_nano].into_iter().find(|at| *at > 0);
    if let Some(at) = at.and_then(|at| Timestamp::from_nanosecond(at.into()).ok()) {
        line.insert("time".to_owned(), at.to_string().into());
    }
    if let Some(level) = level(record) {
        line.insert("level".to_owned(), hide(&level).into());
    }
    let body = record.body.as_ref().map_or(Value::Null, |body| plain(body, hide));
    line.insert("message".to_owned(), body);
    let scope = scope.map_or("", |scope| scope.name.as_str());
    for (key, text) in [("event", record.event_name.as_str()), ("logger", scope), ("service", service)] {
        if !text.is_empty() {
            line.insert(key.to_owned(), hide(text).into());
        }
    }
    for (key, id) in [("trace_id", &record.trace_id), ("span_id", &record.span_id)] {
        if !id.is_empty() {
            line.insert(key.to_owned(), hex::text(id).into());
        }
    }
    for KeyValue { key, value } in &record.attributes {
        let key = hide(key);
        let key = if line.contains_key(&key) { format!("attributes.{key}") } else { key };
        line.insert(key, value.as_ref().map_or(Value::Null, |value| plain(value, hide)));
    }
    Value::Object(line).to_string()
}

/// How grave a record is, in the word of its sender or else in OpenTelemetry's.
fn level(record: &LogRecord) -> Option<String> {
    if !record.severity_text.is_empty() {
        return Some(record.severity_text.to_lowercase());
    }
    let word = match record.severity_number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        21..=24 => "fatal",
        _ => return None,
    };
    Some(word.to_owned())
}

/// A value as JSON has it.
fn plain(value: &AnyValue, hide: Hide<'_>) -> Value {
    match &value.value {
        None => Value::Null,
        Some(Kind::Text(text)) => hide(text).into(),
        Some(Kind::Bool(value)) => (*value).into(),
        // Digits can be a secret, too.
        Some(Kind::Int(number)) => number_or_hidden(&number.to_string(), (*number).into(), hide),
        Some(Kind::Double(number)) => number_or_hidden(&number.to_string(), (*number).into(), hide),
        Some(Kind::List(list)) => list.values.iter().map(|value| plain(value, hide)).collect(),
        Some(Kind::Map(list)) => {
            let entry = |KeyValue { key, value }: &KeyValue| {
                (hide(key), value.as_ref().map_or(Value::Null, |value| plain(value, hide)))
            };
            Value::Object(list.values.iter().map(entry).collect())
        }
        Some(Kind::Bytes(bytes)) => {
            // A text mostly, of a sender that knows of no texts.
            hide(&String::from_utf8_lossy(bytes)).into()
        }
    }
}

fn number_or_hidden(digits: &str, number: Value, hide: Hide<'_>) -> Value {
    let hidden = hide(digits);
    if hidden == digits { number } else { hidden.into() }
}

/// A span as it is kept; nothing if it lacks an id or a moment.
pub(super) fn span(span: &Span, hide: Option<Hide<'_>>) -> Option<Value> {
    let has_ids = span.trace_id.len() == 16 && span.span_id.len() == 8;
    let has_times = span.start_time_unix_nano > 0
        && [span.start_time_unix_nano, span.end_time_unix_nano]
            .into_iter()
            .all(|at| Timestamp::from_nanosecond(at.into()).is_ok());
    if !has_ids || !has_times || !matches!(span.parent_span_id.len(), 0 | 8) {
        return None;
    }
    let body = serde_json::to_value(span).ok()?;
    Some(match hide {
        Some(hide) => hidden(body, hide),
        None => body,
    })
}

/// The same with what nobody may see hidden, wherever a sender may have written it.
fn hidden(value: Value, hide: Hide<'_>) -> Value {
    match value {
        Value::String(text) => hide(&text).into(),
        Value::Array(items) => items.into_iter().map(|item| hidden(item, hide)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| field(key, value, hide)).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// The same of a field. Its key is the protocol's own: what senders name stands in values.
fn field(key: String, value: Value, hide: Hide<'_>) -> (String, Value) {
    match key.as_str() {
        // A short secret may be among their digits by chance, and the span would lose its place.
        "traceId" | "spanId" | "parentSpanId" | "startTimeUnixNano" | "endTimeUnixNano" | "timeUnixNano" => {
            (key, value)
        }
        // What is said in place of a number or of base64 is neither.
        "intValue" | "bytesValue" => {
            let shown = hidden(value.clone(), hide);
            let key = if shown == value { key } else { "stringValue".to_owned() };
            (key, shown)
        }
        _ => (key, hidden(value, hide)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_of_digits_leaves_a_span_where_it_is() {
        let span = json!({
            "traceId": "0042", "startTimeUnixNano": "1420", "kind": 42, "name": "order 42",
            "links": [{"spanId": "42"}],
            "attributes": [
                {"key": "pin", "value": {"intValue": "42"}},
                {"key": "size", "value": {"intValue": "7"}},
            ],
        });
        let expected = json!({
            "traceId": "0042", "startTimeUnixNano": "1420", "kind": 42, "name": "order [pin]",
            "links": [{"spanId": "42"}],
            "attributes": [
                {"key": "pin", "value": {"stringValue": "[pin]"}},
                {"key": "size", "value": {"intValue": "7"}},
            ],
        });
        assert_eq!(hidden(span, &|text| text.replace("42", "[pin]")), expected);
    }
}
