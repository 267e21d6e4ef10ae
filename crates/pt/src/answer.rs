//! Questions of a job's code, asked at the terminal.

use std::thread;

use pt_engine::InputRequest;
use pt_model::{Data, Map};

use crate::prompt;

/// Asks for a line, or for the fields of a form one after another; the job goes on meanwhile.
pub(crate) fn ask(request: InputRequest) {
    // Ends with the process if nobody answers. Without an answer the code hears that.
    thread::spawn(move || {
        let message = request.options.get("message").as_str().unwrap_or(&request.kind);
        let question = format!("{}: {message}", request.step);
        let line = |question: &str| prompt::ask(question, false).ok().flatten();
        let answer = if request.kind == "form" {
            fill_in(&question, request.options.get("schema"), line)
        } else {
            line(&question).map(Data::Str)
        };
        if let Some(answer) = answer {
            drop(request.answer.send(answer));
        }
    });
}

/// The fields of a form, as its JSON Schema names them. What is left empty has its default.
fn fill_in(question: &str, schema: &Data, line: impl Fn(&str) -> Option<String>) -> Option<Data> {
    let mut filled = Map::default();
    for (key, field) in schema.get("properties").as_map().into_iter().flatten() {
        let name = field.get("title").as_str().unwrap_or(key);
        let default = field.get("default");
        let shown =
            if default.is_null() { String::new() } else { format!(" [{}]", default.to_text().masked()) };
        let answer = line(&format!("{question}: {name}{shown}"))?;
        let value = if answer.is_empty() { default.clone() } else { read(field.get("type"), &answer) };
        if !value.is_null() {
            filled.insert(key.clone(), value);
        }
    }
    Some(Data::Map(Box::new(filled)))
}

/// What a line means in a field of this type. What does not fit stays a text: the code says what is wrong with it.
fn read(ty: &Data, line: &str) -> Data {
    let text = || Data::from(line);
    match ty.as_str() {
        Some("boolean") => Data::Bool(matches!(line.to_lowercase().as_str(), "y" | "yes" | "true")),
        Some("integer" | "number") => serde_json::from_str::<serde_json::Number>(line)
            .map_or_else(|_| text(), |n| serde_json::Value::Number(n).into()),
        Some("array") => Data::List(line.split(',').map(|item| Data::from(item.trim())).collect()),
        _ => text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_filled_in_line_by_line() {
        let schema: Data = serde_json::from_str(
            r#"{"type": "object", "properties": {
                "name": {"type": "string", "title": "Your name"}, "age": {"type": "integer", "default": 30},
                "score": {"type": "number"}, "sure": {"type": "boolean"}, "colors": {"type": "array"},
                "note": {"type": "string"}}}"#,
        )
        .unwrap();
        let filled = fill_in("a: Who?", &schema, |question| {
            let answers = [
                ("a: Who?: Your name", "Ann"),
                ("a: Who?: age [30]", ""),
                ("a: Who?: score", "1.5"),
                ("a: Who?: sure", "Yes"),
                ("a: Who?: colors", "red, blue"),
                ("a: Who?: note", ""),
            ];
            answers.iter().find(|(asked, _)| *asked == question).map(|(_, answer)| (*answer).to_owned())
        });
        let filled = filled.map(|filled| filled.to_string());
        assert_eq!(
            filled.as_deref(),
            Some(r#"{"name":"Ann","age":30,"score":1.5,"sure":true,"colors":["red","blue"]}"#)
        );
    }
}
