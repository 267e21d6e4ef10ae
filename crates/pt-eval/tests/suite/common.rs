//! What the tests share: a host that answers from a table and writes down what it was asked.

use std::fmt::Write;

use pt_eval::{EvalError, EvalErrorKind, Host, Language, Limits, Scope, Snippet};
use pt_model::{Data, Failure, Map, Masker};

/// Data from JSON.
pub(crate) fn data(json: &str) -> Data {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// A map from JSON.
pub(crate) fn map(json: &str) -> Map {
    match data(json) {
        Data::Map(map) => *map,
        Data::Null
        | Data::Bool(_)
        | Data::Int(_)
        | Data::Float(_)
        | Data::Str(_)
        | Data::Secret(_)
        | Data::List(_) => {
            panic!("{json} is no map")
        }
    }
}

/// A snippet from its text with prefix.
pub(crate) fn snippet(text: &str) -> Snippet<'_> {
    for (prefix, language, settings) in [
        ("#pt-clj", Language::Clojure, false),
        ("pt.clj", Language::Clojure, true),
        ("#pt-js", Language::JavaScript, false),
        ("pt.js", Language::JavaScript, true),
        ("#pt-py", Language::Python, false),
        ("pt.py", Language::Python, true),
    ] {
        if let Some(text) = text.strip_prefix(prefix) {
            return Snippet { language, text, settings };
        }
    }
    panic!("no prefix: {text}")
}

/// The result of code in args, as JSON or as `! message` with what it stands at and the hint.
pub(crate) fn evaluated(text: &str, params: &str) -> String {
    let params = map(params);
    let masker = Masker::default();
    let snippet = snippet(text);
    shown(&snippet, pt_eval::evaluate(&snippet, &scope(&params, &masker), &Limits::default()))
}

/// What happened when code ran: the calls and lines in order, then the result.
pub(crate) fn ran(text: &str, params: &str, answers: &[(&str, &str)]) -> String {
    let params = map(params);
    let masker = Masker::default();
    let snippet = snippet(text);
    let mut host = Script { answers, log: String::new() };
    let result = pt_eval::run(&snippet, &scope(&params, &masker), &Limits::default(), &mut host);
    host.log + &shown(&snippet, result)
}

pub(crate) fn scope<'a>(params: &'a Map, masker: &'a Masker) -> Scope<'a> {
    Scope { params, repo_ref: Some("my-repo"), project_ref: Some("my-project"), masker }
}

pub(crate) fn shown(snippet: &Snippet<'_>, result: Result<Data, EvalError>) -> String {
    let error = match result {
        Ok(data) => return data.to_string(),
        Err(error) => error,
    };
    let mut shown = match &error.kind {
        EvalErrorKind::Code | EvalErrorKind::OutOfMemory => format!("! {}", error.message),
        EvalErrorKind::Failed(failure) if failure.data.is_null() => format!("! failed: {}", failure.message),
        EvalErrorKind::Failed(failure) => format!("! failed: {} {}", failure.message, failure.data),
        kind @ (EvalErrorKind::Interrupted | EvalErrorKind::TimedOut) => {
            format!("! {kind:?}: {}", error.message)
        }
    };
    if let Some(range) = error.range {
        write!(shown, " @ {}", &snippet.text[range]).unwrap();
    }
    for call in error.calls {
        write!(shown, " < {}", &snippet.text[call]).unwrap();
    }
    if let Some(hint) = error.hint {
        write!(shown, " ({hint})").unwrap();
    }
    shown
}

/// Answers each function from a table, `! message` with a failure.
pub(crate) struct Script<'a> {
    pub(crate) answers: &'a [(&'a str, &'a str)],
    pub(crate) log: String,
}

impl Host for Script<'_> {
    fn call(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        let args: Vec<String> = args.iter().map(Data::to_string).collect();
        writeln!(self.log, "{function} {}", args.join(" ")).unwrap();
        if function == "fail" {
            let data = args.get(1).map_or(Data::Null, |json| data(json));
            return Err(Failure::new(data_text(&args[0]), data));
        }
        match self.answers.iter().find(|(name, _)| *name == function) {
            Some((_, answer)) => match answer.strip_prefix("! ") {
                Some(message) => Err(Failure::new(message, data(r#"{"exit-code":3}"#))),
                None => Ok(data(answer)),
            },
            None => Ok(Data::Null),
        }
    }

    fn print(&mut self, line: &str) {
        writeln!(self.log, "> {line}").unwrap();
    }
}

fn data_text(json: &str) -> String {
    data(json).as_str().unwrap().to_owned()
}
