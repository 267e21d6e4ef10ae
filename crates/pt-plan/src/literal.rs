//! How to write a value that somebody wrote as another type.
#![expect(clippy::wildcard_enum_match_arm, reason = "a cure is known of few")]

use pt_model::{Data, Problem, Rule};
use pt_spec::{Atom, Type};
use pt_syntax::{Diagnostic, Node, Sources, suggest};

use crate::bind::inner;

/// The finding with its cure, if there is one: `problem` is what is wrong with what was written.
pub(crate) fn cured(
    diagnostic: Diagnostic,
    problem: &Problem,
    wanted: Option<&Type>,
    node: Option<&Node>,
    sources: &Sources,
) -> Diagnostic {
    let Problem::Must { rule, got } = problem else { return diagnostic };
    let shown = got.to_string();
    let text = got.as_str();
    let plain = matches!(got, Data::Bool(_) | Data::Int(_) | Data::Float(_));
    // As written, where that is known: `3.10` is not `3.1`.
    let written = node.map(|node| sources.slice(node.span)).filter(|_| plain).unwrap_or(&shown);
    let instead = |hint: &str, text: String| {
        let found = diagnostic.clone().hint(format!("{hint} `{text}`"));
        if node.is_some() { found.replace_by(text) } else { found }
    };
    match (rule, text) {
        _ if matches!(wanted, Some(Type::Atom(Atom::Duration))) => match got {
            Data::Int(number) => diagnostic.hint(format!("write it with a unit: `{number}s`")),
            _ => match text.and_then(duration) {
                Some(meant) => instead("write", meant),
                None => diagnostic,
            },
        },
        (_, Some(text)) if matches!(wanted, Some(Type::Atom(Atom::DataSize))) => {
            let meant: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            let right = Type::Atom(Atom::DataSize).check(&Data::from(meant.as_str())).is_ok();
            if right && meant != text { instead("write", meant) } else { diagnostic }
        }
        (Rule::Integer, Some(text)) if text.parse::<i64>().is_ok() => {
            instead("write it without quotes:", text.to_owned())
        }
        (Rule::Number, Some(text)) if text.parse::<f64>().is_ok() => {
            instead("write it without quotes:", text.to_owned())
        }
        (Rule::Boolean, Some(text)) => match truth(text) {
            Some(word) if word == text => instead("write it without quotes:", word.to_owned()),
            Some(word) => instead("write", word.to_owned()),
            None => diagnostic,
        },
        (Rule::Boolean, None) if matches!(got, Data::Int(0 | 1)) => {
            instead("write", (*got == Data::Int(1)).to_string())
        }
        (Rule::Text, None) if plain && wanted.is_none_or(|ty| ty.check(&Data::from(written)).is_ok()) => {
            instead("write it in quotes:", format!("\"{written}\""))
        }
        (Rule::List, _) if plain || text.is_some() => {
            let item = node.map_or(shown.as_str(), |node| sources.slice(node.span));
            if item.contains('\n') { diagnostic } else { instead("write it as a list:", format!("[{item}]")) }
        }
        (Rule::List, None) if got.as_map().is_some() && wanted.is_some_and(is_list_of_vars) => {
            diagnostic.hint("write each variable as an item: `- {name: A, value: b}`")
        }
        (Rule::List, None) if got.as_map().is_some() => {
            diagnostic.hint("make it a list with this one item: `- ` before it, the rest indented")
        }
        (Rule::Map, Some(text)) if matches!(wanted, Some(Type::Atom(Atom::EnvVar))) => {
            match text.split_once('=') {
                Some((name, value)) => instead("write", format!("{{name: {name}, value: \"{value}\"}}")),
                None => diagnostic.hint(format!("write `{{name: {text}, value: …}}`")),
            }
        }
        (Rule::Map, _) => match as_map(got, wanted) {
            Some(map) => instead("write it as a map:", map),
            None => diagnostic,
        },
        (Rule::AbsolutePath, Some(_)) => diagnostic.hint("begin it with `/`"),
        (Rule::Other(rule), Some(text)) if wanted.is_none() && rule.starts_with("Must be one of ") => {
            // What a service consists of is no type of the language.
            let words = rule.split('"').skip(1).step_by(2);
            diagnostic.did_you_mean(suggest(&text.to_ascii_lowercase(), words))
        }
        (_, Some(text)) => match wanted {
            Some(Type::Enum(words)) => {
                diagnostic.did_you_mean(suggest(text, words.iter().filter_map(Data::as_str)))
            }
            _ => diagnostic,
        },
        _ => diagnostic,
    }
}

/// The map that somebody means who writes the short form of other programs: a port, a mount, a word for one of its keys.
fn as_map(got: &Data, wanted: Option<&Type>) -> Option<String> {
    // What a service consists of is no type of the language: a number where a map must be is a port.
    if let (Some(Type::Atom(Atom::ServiceSpec)), Some(id)) = (wanted, got.as_str()) {
        return Some(format!("{{id: {id}, ports: [{{port: 80, protocol: http}}]}}"));
    }
    let Some(wanted) = wanted else {
        return matches!(got, Data::Int(_)).then(|| format!("{{port: {got}}}"));
    };
    let Type::Fields(fields) = wanted else { return None };
    let limit = fields.iter().find(|(key, _)| key == "limit");
    if limit.is_some_and(|(_, ty)| ty.check(got).is_ok()) {
        return Some(format!("{{limit: {}}}", got.to_text().masked()));
    }
    let text = got.as_str()?;
    let of = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, ty)| ty);
    if let (Some(Type::Atom(Atom::MountSource)), Some((source, path))) =
        (of("source"), text.split_once(':').filter(|(_, path)| path.starts_with('/')))
    {
        let path = path.split(':').next()?;
        return Some(match source.starts_with(['/', '.', '~']) {
            true => format!("{{path: {path}, source: {{type: host, path: {source}}}}}"),
            false => format!("{{path: {path}, source: {{type: volume, id: {source}}}}}"),
        });
    }
    let has = |(_, ty): &&(String, Type)| words(ty).is_some_and(|words| words.contains(got));
    let (key, _) = fields.iter().find(has)?;
    Some(format!("{{{key}: {text}}}"))
}

/// What somebody means who writes `5 minutes` or `1.5s`.
fn duration(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.')?);
    let (unit, smaller, times) = match unit.trim() {
        "ms" | "milliseconds" | "millis" => ("ms", "", 0.0),
        "s" | "sec" | "secs" | "second" | "seconds" => ("s", "ms", 1000.0),
        "m" | "min" | "mins" | "minute" | "minutes" => ("m", "s", 60.0),
        "h" | "hr" | "hrs" | "hour" | "hours" => ("h", "m", 60.0),
        "d" | "day" | "days" => ("d", "h", 24.0),
        "w" | "week" | "weeks" => ("w", "d", 7.0),
        "mo" | "month" | "months" => ("mo", "d", 30.0),
        "y" | "year" | "years" => ("y", "d", 365.0),
        _ => return None,
    };
    if let Ok(whole) = number.parse::<u32>() {
        return Some(format!("{whole}{unit}"));
    }
    let part = number.split_once('.').and_then(|_| number.parse::<f64>().ok())? * times;
    (part >= 1.0 && part.fract() == 0.0).then(|| format!("{part}{smaller}"))
}

fn words(ty: &Type) -> Option<&[Data]> {
    if let Type::Enum(words) = inner(ty) { Some(words) } else { None }
}

fn is_list_of_vars(ty: &Type) -> bool {
    match ty {
        Type::List(of) | Type::Maybe(of) | Type::Default(of, _) => is_list_of_vars(of),
        Type::Atom(atom) => *atom == Atom::EnvVar,
        Type::Fields(_)
        | Type::AnyMap
        | Type::MapOf(..)
        | Type::Either(_)
        | Type::Enum(_)
        | Type::Regex(_)
        | Type::Unknown(_) => false,
    }
}

/// What somebody means who writes a boolean as other programs do.
fn truth(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Some("true"),
        "false" | "no" | "off" | "n" => Some("false"),
        _ => None,
    }
}
