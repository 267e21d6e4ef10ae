//! What is to be set: an argument, a specification, what was typed.

use std::io::{self, Read};

use pt_model::{VALUE_NAMES, is_value_name};
use pt_spec::plain;
use pt_syntax::{Node, NodeKind, Sources};

use super::Noun;
use super::SetArgs;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::prompt;

/// A name and the text to set it to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) id: String,
    pub(super) data: String,
}

/// What is to be set.
pub(super) fn assignments(args: &SetArgs, noun: Noun) -> Result<Vec<Assignment>, Failure> {
    let assignments = read_assignments(args, noun)?;
    match assignments.iter().find(|assignment| !is_value_name(&assignment.id)) {
        Some(bad) => {
            Err(Failure::usage(format!("'{}' is no name for a {}.", bad.id, noun.word())).hint(VALUE_NAMES))
        }
        None => Ok(assignments),
    }
}

fn read_assignments(args: &SetArgs, noun: Noun) -> Result<Vec<Assignment>, Failure> {
    let from_stdin = args.stdin || args.data.as_deref() == Some("-");
    let (name, text, format) = match (&args.file, from_stdin, &args.id, &args.data) {
        (Some(path), ..) => (path.display().to_string(), output::read_text(path)?, Format::of(path)),
        (None, true, ..) => {
            let text = read_stdin()?;
            let format = Format::of_text(&text);
            ("<stdin>".to_owned(), text, format)
        }
        (None, false, Some(id), data) => {
            let data = match data {
                Some(data) if args.output.raw => data.clone(),
                Some(data) => text_of_argument(data, noun)?,
                None => ask_for(id, noun)?,
            };
            return Ok(vec![Assignment { id: id.clone(), data }]);
        }
        (None, false, None, _) => {
            let noun = noun.word();
            return Err(Failure::usage(format!(
                "Which {noun}? Neither a name nor --file nor --stdin was given."
            ))
            .hint(format!("See: pt {noun}s set --help")));
        }
    };
    if let (Some(id), true) = (&args.id, args.output.raw) {
        return Ok(vec![Assignment { id: id.clone(), data: text }]);
    }
    if let Some(id) = &args.id
        && let Some(data) = text_as_it_stands(&text, format)?
    {
        return Ok(vec![Assignment { id: id.clone(), data }]);
    }
    let (document, sources) = output::read(&name, &text, format)?;
    specification(&document.root, args.id.as_deref(), &sources).map_err(|problem| {
        let noun = noun.word();
        Failure::usage(format!("{name} is no {noun} specification: {problem}.")).hint(
            "It is a map with `id` and `data`, a list of such maps, or a map from names to data. With --raw and an id, \
             all of it is the data.",
        )
    })
}

/// Text of several lines that is no list and no map, a key or a certificate say: YAML would make one line of it.
fn text_as_it_stands(text: &str, format: Format) -> Result<Option<String>, Failure> {
    let mut sources = Sources::default();
    let source = sources.add("<data>", text);
    let parsed = pt_syntax::parse(source, text, format.into());
    if parsed.has_errors() {
        // What is wrong is not shown with its place: it may be a secret.
        return Err(Failure::usage("The data could not be read.")
            .hint("With --raw it is taken as it stands, whatever it holds."));
    }
    let written = text.strip_suffix('\n').unwrap_or(text);
    let plain = matches!(parsed.document.root.kind, NodeKind::Str(_))
        && !written.trim_start().starts_with(['"', '\'', '|', '>', '!', '&', '*', '#']);
    Ok((plain && written.contains('\n')).then(|| written.to_owned()))
}

/// The data of an argument: what is no list and no map keeps its spelling, `1.10` and `#1`. A secret of one line is only read
/// if it begins with a bracket or a quote: `p@ss: word` is no map.
fn text_of_argument(text: &str, noun: Noun) -> Result<String, Failure> {
    let written = text.trim();
    let is_marked = written.starts_with(['[', '{', '"', '\'']);
    let is_line = !is_marked && !written.contains('\n');
    if is_line && noun == Noun::Secret {
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    let mut sources = Sources::default();
    let source = sources.add("<data>", text);
    let parsed = pt_syntax::parse(source, text, Format::Yaml.into());
    let root = &parsed.document.root;
    let is_scalar = parsed.has_errors() || !matches!(root.kind, NodeKind::List(_) | NodeKind::Map(_));
    if is_line && is_scalar {
        return Ok(written.to_owned());
    }
    if parsed.has_errors() {
        // What is wrong is not shown with its place: it may be a secret.
        return Err(Failure::usage("The data could not be read as YAML.")
            .hint("With --raw it is taken as it stands, whatever it holds."));
    }
    let as_written = !matches!(root.kind, NodeKind::List(_) | NodeKind::Map(_))
        && !written.starts_with(['"', '\'', '|', '>', '!', '&', '*', '#']);
    Ok(if as_written { written.to_owned() } else { text_of(root, &sources) })
}

/// The text that data is stored as: texts as they are, other scalars as they were written, the rest as JSON.
fn text_of(node: &Node, sources: &Sources) -> String {
    match &node.kind {
        NodeKind::Null => String::new(),
        NodeKind::Str(text) | NodeKind::Form(text) => text.clone(),
        NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_) => {
            sources.slice(node.span).trim().to_owned()
        }
        NodeKind::List(_) | NodeKind::Map(_) => plain(node).to_string(),
    }
}

/// What a specification sets; of what name, if it was said already.
fn specification(root: &Node, id: Option<&str>, sources: &Sources) -> Result<Vec<Assignment>, String> {
    if let Some(id) = id {
        let data = if is_specification(root) { root.get("data").unwrap_or(root) } else { root };
        return assignment(id, data, sources).map(|one| vec![one]);
    }
    match &root.kind {
        NodeKind::List(items) => items.iter().map(|item| specified(item, sources)).collect(),
        NodeKind::Map(_) if is_specification(root) => specified(root, sources).map(|one| vec![one]),
        NodeKind::Map(entries) => {
            entries.iter().map(|entry| assignment(&entry.key, &entry.value, sources)).collect()
        }
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::Str(_)
        | NodeKind::Form(_) => Err("it names nothing".to_owned()),
    }
}

/// Whether a map has `id` and `data`, or `data` alone, and nothing else.
fn is_specification(node: &Node) -> bool {
    node.get("data").is_some() && node.entries().iter().all(|entry| entry.key == "id" || entry.key == "data")
}

fn specified(node: &Node, sources: &Sources) -> Result<Assignment, String> {
    match (node.get("id"), node.get("data")) {
        (Some(id), Some(data)) => assignment(&text_of(id, sources), data, sources),
        (Some(id), None) => Err(format!("'{}' has no `data`", text_of(id, sources))),
        (None, _) => Err("a part of it has no `id`".to_owned()),
    }
}

fn assignment(id: &str, data: &Node, sources: &Sources) -> Result<Assignment, String> {
    if data.is_null() {
        return Err(format!("'{id}' has no data"));
    }
    Ok(Assignment { id: id.to_owned(), data: text_of(data, sources) })
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = io::stdin().read_to_string(&mut text);
    read.map_err(|cause| Failure::new(format!("Could not read from stdin: {cause}")))?;
    Ok(text)
}

/// The data that was left out: from the person, or from the pipe.
fn ask_for(id: &str, noun: Noun) -> Result<String, Failure> {
    let missing = || {
        let hint = format!("See: pt {}s set --help", noun.word());
        Failure::usage(format!("No data came for '{id}'.")).hint(hint)
    };
    if prompt::can_ask() {
        let question = match noun {
            Noun::Value => format!("Value of '{id}'"),
            Noun::Secret => format!("Value of '{id}' (not shown)"),
        };
        return prompt::ask(&question, noun == Noun::Secret)?.ok_or_else(missing);
    }
    let text = read_stdin()?;
    if text.is_empty() {
        return Err(missing());
    }
    // The line end is the shell's: `echo x | pt secrets set y`.
    Ok(text
        .strip_suffix('\n')
        .map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text))
        .to_owned())
}
