//! Asks for the args that targets lack, at a terminal.

use std::io::Write;

use pt_model::{Data, sounds_secret};
use pt_plan::Request;
use pt_spec::{Definition, Param, Project, Type, Wanted, plain};
use pt_syntax::{Format, Sources, any_of, parse};

use crate::failure::{Failure, Outcome};
use crate::prompt;

/// Asks for each required arg that a target was not given, until the answer is of its type. Whoever answers nothing (with
/// Ctrl-D) is told what is missing when the plan is made.
pub(crate) fn missing_args(project: &Project, groups: &mut [Vec<Request>]) -> Outcome {
    for request in groups.iter_mut().flatten() {
        // What names nothing, or something broken, has a message of its own.
        let Ok(definition) = project.resolve(None, &request.reference, Wanted::Target) else { continue };
        if definition.is_broken() || is_refused(definition, request) {
            continue;
        }
        if !ask_for_all(definition, request)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether something that was given cannot be: nobody is to answer questions first. What is to be evaluated is seen later.
fn is_refused(definition: &Definition, request: &Request) -> bool {
    definition.params.iter().any(|param| {
        let given = request.args.get(param.id.text.as_str()).unwrap_or(&Data::Null);
        let is_literal = !given.to_string().contains("pt.") && !given.to_string().contains("#pt");
        !given.is_null() && is_literal && param.ty.check(given).is_err()
    })
}

/// Whether all were answered.
fn ask_for_all(definition: &Definition, request: &mut Request) -> Result<bool, Failure> {
    for param in &definition.params {
        let id = &param.id.text;
        let given = request.args.get(id.as_str()).unwrap_or(&Data::Null);
        if !given.is_null() || param.ty.check(&Data::Null).is_ok() {
            continue;
        }
        introduce(&request.reference, param)?;
        let Some(answer) = answer(param)? else { return Ok(false) };
        request.args.insert(id.clone().into(), answer);
    }
    Ok(true)
}

fn introduce(reference: &str, param: &Param) -> Outcome {
    let info = param.info.as_ref().or(param.name.as_ref());
    let info = info.map(|info| format!(" {}", info.trim())).unwrap_or_default();
    writeln!(anstream::stderr(), "{reference} needs '{}'.{info}", param.id.text)?;
    Ok(())
}

/// The answer, asked for again while it is not of the type.
fn answer(param: &Param) -> Result<Option<Data>, Failure> {
    let question = format!("{} ({})", param.id.text, wanted(&param.ty));
    loop {
        let Some(text) = prompt::ask(&question, sounds_secret(&param.id.text))? else {
            writeln!(anstream::stderr())?;
            return Ok(None);
        };
        match understand(&param.ty, &text) {
            Ok(data) => return Ok(Some(data)),
            Err(reason) => writeln!(anstream::stderr(), "{reason}")?,
        }
    }
}

/// What can be answered: `y/n`, the choices, or the type.
fn wanted(ty: &Type) -> String {
    if is_bool(ty) {
        return "y/n".to_owned();
    }
    match ty {
        Type::Enum(words) => words.iter().map(|word| word.to_text().masked()).collect::<Vec<_>>().join(" | "),
        Type::Default(of, value) => format!("{} [{value}]", wanted(of)),
        Type::Atom(_)
        | Type::List(_)
        | Type::Fields(_)
        | Type::AnyMap
        | Type::MapOf(..)
        | Type::Maybe(_)
        | Type::Either(_)
        | Type::Regex(_)
        | Type::Unknown(_) => ty.describe(),
    }
}

fn is_bool(ty: &Type) -> bool {
    ty.describe() == "bool"
}

/// An answer as data: as on the command line, but that text needs no quotes.
fn understand(ty: &Type, text: &str) -> Result<Data, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("A value is needed here. For an empty text type \"\", to leave Ctrl-C.".to_owned());
    }
    if is_bool(ty) {
        return match text.to_lowercase().as_str() {
            "y" | "yes" | "true" => Ok(Data::Bool(true)),
            "n" | "no" | "false" => Ok(Data::Bool(false)),
            _ => Err("Answer y or n.".to_owned()),
        };
    }
    let literal = Data::from(if text == "\"\"" { "" } else { text });
    let mut sources = Sources::default();
    let parsed = parse(sources.add("<answer>", text), text, Format::Yaml);
    let read = if parsed.has_errors() { literal.clone() } else { plain(&parsed.document.root) };
    let mut readings = [read, literal];
    if ty.is_text() {
        readings.reverse();
    }
    let [first, second] = readings;
    let Err(wrong) = ty.check(&first) else { return Ok(first) };
    if ty.check(&second).is_ok() {
        return Ok(second);
    }
    if let Type::Enum(words) = ty {
        let words: Vec<String> = words.iter().map(|word| word.to_text().masked()).collect();
        return Err(format!("Must be {}.", any_of(&words)));
    }
    let shown = wrong.iter().map(|error| match error.path.0.is_empty() {
        true => format!("{}.", error.problem),
        false => format!("{}: {}.", error.path, error.problem),
    });
    Err(shown.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_by_their_type() {
        for (ty, answer, expected) in [
            ("str", "8080", "\"8080\""),
            ("str", "a: b", "\"a: b\""),
            ("str", "\"\"", "\"\""),
            ("str", "", "A value is needed here. For an empty text type \"\", to leave Ctrl-C."),
            ("int", " 8080 ", "8080"),
            ("int", "many", "Must be an integer (got \"many\")."),
            ("bool", "Y", "true"),
            ("bool", "no", "false"),
            ("bool", "1", "Answer y or n."),
            ("[enum, debug, info]", "info", "\"info\""),
            ("[enum, debug, info]", "warn", "Must be `debug` or `info`."),
            ("[enum, 1, 2]", "2", "2"),
            ("[str]", "[a, b]", "[\"a\",\"b\"]"),
            ("[str]", "[a, 1]", "[1]: Must be a string (got 1)."),
            ("{port: int}", "{port: x}", "port: Must be an integer (got \"x\")."),
            ("[either, int, str]", "12", "12"),
            ("[either, int, str]", "{", "\"{\""),
        ] {
            let mut sources = Sources::default();
            let parsed = parse(sources.add("type", ty), ty, Format::Yaml);
            let of = Type::lower(&parsed.document.root);
            let shown = match understand(&of, answer) {
                Ok(data) => data.to_string(),
                Err(reason) => reason,
            };
            assert_eq!(shown, expected, "{ty}: {answer}");
        }
    }
}
