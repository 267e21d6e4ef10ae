//! How to write a value that somebody wrote as another type.

use pt_model::Data;
use pt_spec::{Atom, Type};
use pt_syntax::{Diagnostic, Node, Sources, suggest};

/// The finding with its cure, if there is one: `message` says what is wrong with what was written.
pub(crate) fn cured(
    diagnostic: Diagnostic,
    message: &str,
    wanted: Option<&Type>,
    node: Option<&Node>,
    sources: &Sources,
) -> Diagnostic {
    let Some((rule, got)) = message.strip_suffix(')').and_then(|message| message.split_once(" (got ")) else {
        return diagnostic;
    };
    // As written, where that is known: `3.10` is not `3.1`.
    let plain = !got.starts_with(['{', '[', '"']);
    let written = node.map(|node| sources.slice(node.span)).filter(|_| plain).unwrap_or(got);
    let text = got.strip_prefix('"').and_then(|got| got.strip_suffix('"'));
    let instead = |hint: &str, text: String| {
        let hint = format!("{hint} `{text}`");
        let found = diagnostic.clone().hint(hint);
        if node.is_some() { found.replace_by(text) } else { found }
    };
    match (rule, text) {
        ("Must be an integer", Some(text)) if text.parse::<i64>().is_ok() => {
            instead("write it without quotes:", text.to_owned())
        }
        ("Must be a number", Some(text)) if text.parse::<f64>().is_ok() => {
            instead("write it without quotes:", text.to_owned())
        }
        ("Must be a boolean", Some(text)) => match truth(text) {
            Some(word) if word == text => instead("write it without quotes:", word.to_owned()),
            Some(word) => instead("write", word.to_owned()),
            None => diagnostic,
        },
        ("Must be a boolean", None) if got == "1" || got == "0" => {
            instead("write", if got == "1" { "true" } else { "false" }.to_owned())
        }
        ("Must be a string", None)
            if plain && wanted.is_none_or(|ty| ty.check(&Data::from(written)).is_ok()) =>
        {
            instead("write it in quotes:", format!("\"{written}\""))
        }
        ("Must be a list", _) if plain || text.is_some() => {
            let item = node.map_or(got, |node| sources.slice(node.span));
            if item.contains('\n') { diagnostic } else { instead("write it as a list:", format!("[{item}]")) }
        }
        ("Must be a list", None) if got.starts_with('{') && wanted.is_some_and(is_list_of_vars) => {
            diagnostic.hint("write each variable as an item: `- {name: A, value: b}`")
        }
        ("Must be a list", None) if got.starts_with('{') => {
            diagnostic.hint("make it a list with this one item: `- ` before it, the rest indented")
        }
        ("Must be an absolute path", Some(_)) => diagnostic.hint("begin it with `/`"),
        (_, Some(text)) => match wanted {
            Some(Type::Enum(words)) => {
                diagnostic.did_you_mean(suggest(text, words.iter().filter_map(Data::as_str)))
            }
            _ => diagnostic,
        },
        _ => diagnostic,
    }
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
