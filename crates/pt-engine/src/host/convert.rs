//! Data from text, and text from data.

use std::fmt::Write;

use pt_model::{Data, Failure, Map};
use pt_spec::plain;
use pt_syntax::{Format, Severity, Sources, parse};

use crate::args::Args;

/// `read-yaml`, `read-json`, `read-edn`: the data that a text says.
pub(super) fn read(args: &Args<'_>) -> Result<Data, Failure> {
    let text = args.text(0, "text")?;
    let format = match args.function {
        "read-json" => {
            let read: Result<serde_json::Value, _> = serde_json::from_str(&text);
            return read.map(Data::from).map_err(|error| args.failure(format!("This is no JSON: {error}")));
        }
        "read-edn" => Format::Edn,
        _ => Format::Yaml,
    };
    let mut sources = Sources::default();
    let source = sources.add("text", text.as_str());
    let parsed = parse(source, &text, format);
    let Some(error) = parsed.diagnostics.iter().find(|found| found.severity == Severity::Error) else {
        return Ok(plain(&parsed.document.root));
    };
    let place = error.labels.first().map(|label| sources.position(label.span));
    let place = place.map(|place| format!(" (line {}, column {})", place.line, place.column));
    Err(args.failure(format!("{}{}", error.message, place.unwrap_or_default())))
}

/// `write-yaml`, `write-json`, `write-edn`: data as text. Secrets are written in clear: the text is for whoever may have
/// them, and hidden like them wherever it is shown.
pub(super) fn write(args: &Args<'_>) -> Result<Data, Failure> {
    let data = opened(args.at(0));
    let text = match args.function {
        "write-json" => data.to_string(),
        "write-edn" => {
            let mut text = String::new();
            edn(&mut text, &data);
            text
        }
        _ => serde_saphyr::to_string(&data).map_err(|error| args.failure(error))?,
    };
    Ok(Data::Str(text))
}

/// The data with its secrets in clear.
pub(super) fn opened(data: &Data) -> Data {
    match data {
        Data::Secret(text) => Data::Str(text.expose()),
        Data::List(items) => Data::List(items.iter().map(opened).collect()),
        Data::Map(map) => {
            Data::Map(Box::new(map.iter().map(|(key, value)| (key.clone(), opened(value))).collect::<Map>()))
        }
        data @ (Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Str(_)) => data.clone(),
    }
}

fn edn(text: &mut String, data: &Data) {
    match data {
        Data::Null => text.push_str("nil"),
        Data::List(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { " " });
                edn(text, item);
            }
            text.push(']');
        }
        Data::Map(map) => {
            text.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                // Writing to a string cannot fail.
                _ = write!(text, "{}{} ", if at == 0 { "" } else { ", " }, Data::from(key.as_str()));
                edn(text, value);
            }
            text.push('}');
        }
        // What JSON has, EDN has.
        data @ (Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Str(_) | Data::Secret(_)) => {
            text.push_str(&data.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written() {
        let json = |data: &Data| data.to_string();
        for (function, text, expected) in [
            ("read-yaml", "a: [1, x]\nb:\n", Ok(r#"{"a":[1,"x"],"b":null}"#)),
            ("read-yaml", "a: off", Ok(r#"{"a":"off"}"#)),
            ("read-json", r#"{"a": 1.0, "b": [true]}"#, Ok(r#"{"a":1.0,"b":[true]}"#)),
            ("read-edn", "{:a/b [1 nil] \"k\" :x}", Ok(r#"{"a/b":[1,null],"k":"x"}"#)),
            (
                "read-json",
                "{",
                Err("pt/read-json: This is no JSON: EOF while parsing an object at line 1 column 1"),
            ),
        ] {
            let given = [Data::from(text)];
            let read = read(&Args { function, given: &given });
            let read = read.as_ref().map(json).map_err(|failure| failure.message.clone());
            assert_eq!(read, expected.map(str::to_owned).map_err(str::to_owned), "{function} {text}");
        }
        let data: Data = serde_json::from_str(r#"{"a": [1, 2.5, null], "b c": {"x": "q\"n"}}"#).unwrap();
        for (function, expected) in [
            ("write-json", r#"{"a":[1,2.5,null],"b c":{"x":"q\"n"}}"#),
            ("write-edn", r#"{"a" [1 2.5 nil], "b c" {"x" "q\"n"}}"#),
            ("write-yaml", "a:\n- 1\n- 2.5\n- null\nb c:\n  x: q\"n\n"),
        ] {
            let given = [data.clone()];
            let written = write(&Args { function, given: &given }).unwrap();
            assert_eq!(written, Data::from(expected), "{function}");
        }
    }
}
