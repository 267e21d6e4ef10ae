//! Writes EDN.

use serde_json::Value;

/// The value in EDN: keys are keywords where they can be, everything else as in JSON.
pub(super) fn render(value: &Value, pretty: bool) -> String {
    let mut text = String::new();
    write(&mut text, value, pretty.then_some(0));
    text
}

/// `column` is where the value begins, if its parts go on lines of their own.
fn write(text: &mut String, value: &Value, column: Option<usize>) {
    let inner = column.map(|column| column + 1);
    match value {
        Value::Null => text.push_str("nil"),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => text.push_str(&value.to_string()),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(text, at, inner, "");
                write(text, item, inner);
            }
            text.push(']');
        }
        Value::Object(entries) => {
            text.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                separate(text, at, inner, ",");
                let key = keyword(key);
                text.push_str(&key);
                text.push(' ');
                write(text, value, inner.map(|column| column + key.chars().count() + 1));
            }
            text.push('}');
        }
    }
}

/// Between two parts: a line end and the indentation, or a blank.
fn separate(text: &mut String, at: usize, column: Option<usize>, comma: &str) {
    match (at, column) {
        (0, _) => {}
        (_, Some(column)) => {
            text.push_str(comma);
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', column));
        }
        (_, None) => {
            text.push_str(comma);
            text.push(' ');
        }
    }
}

fn keyword(key: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.!?*+".contains(letter);
    if key.starts_with(|first: char| first.is_ascii_alphabetic()) && key.chars().all(plain) {
        format!(":{key}")
    } else {
        Value::from(key).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn edn_has_keywords_for_keys_and_aligns_what_spans_lines() {
        let value = json!([{"id": "a b", "data": [1, 2.5, null]}, {"x y": {"k": true, "l": []}}]);
        assert_eq!(render(&value, false), r#"[{:id "a b", :data [1 2.5 nil]} {"x y" {:k true, :l []}}]"#);
        let pretty = r#"
[{:id "a b",
  :data [1
         2.5
         nil]}
 {"x y" {:k true,
         :l []}}]"#;
        assert_eq!(render(&value, true), pretty.trim_start());
    }
}
