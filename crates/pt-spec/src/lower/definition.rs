//! Modules, templates and tools.

use pt_syntax::{Diagnostic, Entry, Node, NodeKind, Span, is_id};

use super::Lowered;
use super::fields::Fields;
use super::limits::lower_limits;
use super::step::lower_steps;
use crate::definition::{Arg, Body, Definition, Kind, Name, Origin, Param};
use crate::plain::plain;
use crate::ty::{Atom, Type, written};

/// The keys that people are told of; older spellings of some are known besides.
const KEYS: &[&str] = &[
    "id",
    "info",
    "params",
    "inputs",
    "module",
    "args",
    "code",
    "run",
    "steps",
    "default?",
    "api-version",
    "await",
    "timeout",
    "limits",
];

/// Lowers one definition. Those without an id are told of at once: nobody could ever use them.
pub(super) fn lower_definition(
    key: Option<Name>,
    node: Node,
    kind: Kind,
    origin: &Origin,
    lowered: &mut Lowered,
) {
    let span = node.span;
    let word = kind.word();
    let mut found = Vec::new();
    let called = node.as_str().map(str::to_owned);
    let steps = matches!(node.kind, NodeKind::List(_)).then(|| steps_in(&node));
    let Some(mut fields) = Fields::of(node) else {
        let found = Diagnostic::warning("wrong-shape", format!("A {word} must be a map")).at(span, "ignored");
        lowered.diagnostics.push(match (called, &key) {
            (Some(called), Some(id)) if kind != Kind::Template && !called.contains(' ') => {
                found.hint(format!("write `{}: {{module: {called}}}`", id.text))
            }
            (Some(called), None) if !called.contains(' ') => {
                found.hint(format!("write `{{id: my-id, module: {called}}}`"))
            }
            (None, Some(id)) => match steps {
                Some(steps) => found.hint(format!("write `{}: {{run: [{steps}]}}`", id.text)),
                None if kind == Kind::Module => {
                    found.hint(format!("write `{}: {{module: my-module}}`", id.text))
                }
                None => found.hint(format!("write `{}: {{run: [my-module]}}`", id.text)),
            },
            _ => found,
        });
        return;
    };
    let id = fields.take("id").map(name_of);
    let Some(id) = key.or(id.flatten()) else {
        lowered.diagnostics.push(
            Diagnostic::warning("missing-id", format!("A {word} must have an id"))
                .at(span, "nobody can ever run this one")
                .hint("give it one: `id: my-id`"),
        );
        return;
    };
    if !is_id(&id.text) {
        found.push(
            Diagnostic::error("invalid-id", format!("Must be a valid ID (got {:?})", id.text))
                .at(id.span, "")
                .hint("ids consist of a-z, 0-9, '_' and '-'"),
        );
    }
    let info = fields.take_told(&["info", "ìnfo"], &mut found);
    let name = fields.take_text(&["name"]);
    let api_version = fields.take("api-version").filter(|node| !node.is_null()).map(|node| plain(&node));
    // Where `pt config` says it found it.
    fields.take("origin");
    let is_default = fields.take("default?").is_some_and(|node| {
        if !matches!(node.kind, NodeKind::Bool(_)) {
            let wrong = Diagnostic::warning("wrong-shape", "`default?` must be `true` or `false`");
            found.push(wrong.at(node.span, "this counts as `false`"));
        }
        matches!(node.kind, NodeKind::Bool(true))
    });
    let mut args = fields.take_any(&["args", "parameters"]).map(|node| lower_args(node, &mut found));
    let calls = fields.has("module") || fields.has("tool");
    let mut params = match fields.take("params") {
        // The oldest files give their args under `params`. What calls nothing takes none.
        Some(node)
            if kind == Kind::Module
                && calls
                && matches!(node.kind, NodeKind::Map(_))
                && !are_declarations(&node) =>
        {
            merge(args.get_or_insert_default(), lower_args(node, &mut found));
            Vec::new()
        }
        Some(node) => lower_params(node, &mut found),
        None => Vec::new(),
    };
    if let Some(node) = fields.take("inputs") {
        params.extend(lower_params(node, &mut found));
    }
    let awaits = fields.take("await").map(|node| words_of("await", "steps", &node, &mut found));
    let timeout = if kind == Kind::Template { fields.take("timeout") } else { None };
    let limits = fields.take("limits").map(|node| lower_limits(node, &mut found)).unwrap_or_default();
    let body = lower_body(&mut fields, &id, kind, args, &mut found);
    found.extend(fields.unknown(&format!("in a {word}"), KEYS));
    let origin = origin.clone();
    lowered.definitions.push(Definition {
        id,
        kind,
        name,
        info,
        api_version,
        params,
        body,
        awaits,
        timeout,
        limits,
        is_default,
        origin,
        span,
        diagnostics: found,
    });
}

/// Steps as they may be written between brackets.
fn steps_in(list: &Node) -> String {
    let names: Option<Vec<&str>> = list.items().iter().map(Node::as_str).collect();
    names.map_or_else(|| "…".to_owned(), |names| names.join(", "))
}

/// Whether a map can be nothing else than declarations of params: `{port: {type: int}}`.
fn are_declarations(params: &Node) -> bool {
    let is_one = |entry: &Entry| {
        let keys = ["type", "info", "ìnfo", "name", "default"];
        let ty = entry.value.get("type");
        ty.is_some_and(|ty| !matches!(Type::lower(ty), Type::Unknown(_)))
            && entry.value.entries().iter().all(|inner| keys.contains(&inner.key.as_str()))
    };
    !params.entries().is_empty() && params.entries().iter().all(is_one)
}

fn lower_body(
    fields: &mut Fields,
    id: &Name,
    kind: Kind,
    args: Option<Vec<Arg>>,
    found: &mut Vec<Diagnostic>,
) -> Body {
    let word = kind.word();
    let code = fields.take("code");
    let calls = taken(fields, &["module", "tool"]);
    let lists = taken(fields, &["run", "run-steps", "steps"]);
    if usize::from(code.is_some()) + calls.len() + lists.len() > 1 {
        let keys: Vec<&str> =
            code.iter().map(|_| "code").chain(calls.iter().chain(&lists).map(|(key, _)| *key)).collect();
        let cure = match keys.as_slice() {
            // Two spellings of the same.
            ["module", "tool"] | ["run" | "run-steps", ..] => keys.join("` and `"),
            _ => "code`, `module` and `run".to_owned(),
        };
        found.push(
            Diagnostic::error("ambiguous-body", format!("The {word} '{}' says twice what it does", id.text))
                .at(id.span, "this one")
                .hint(format!("keep one of `{cure}`")),
        );
        return Body::Nothing;
    }
    let (reference, steps) = (only(calls), only(lists));
    if let (Some(args), None) = (&args, &reference)
        && let Some(first) = args.first()
        && (code.is_some() || steps.is_some())
    {
        found.push(
            Diagnostic::error("args-without-module", "`args` goes with `module` only")
                .at(first.id.span, "nobody takes this"),
        );
    }
    if let Some(code) = code {
        return Body::Code(code);
    }
    if let Some(steps) = steps {
        return Body::Steps(lower_steps(steps, found));
    }
    let listed = reference.as_ref().map(steps_in).filter(|name| name != "…" && !name.is_empty());
    match reference.map(|node| (node.span, name_of(node))) {
        Some((_, Some(reference))) => return Body::Call { reference, args: args.unwrap_or_default() },
        Some((span, None)) => {
            let wrong =
                Diagnostic::error("wrong-shape", "`module` must name a module").at(span, "this is no name");
            found.push(match listed {
                Some(names) if names.contains(',') => wrong.hint(format!("write `run: [{names}]`")),
                Some(name) => wrong.hint(format!("write `module: {name}`")).replace_by(name),
                None => wrong.hint("what it is given stands in `args`"),
            });
        }
        None => {
            let near = ["module", "code", "run"].iter().find_map(|key| fields.take_near(key));
            if let Some((span, key)) = near {
                found.push(
                    Diagnostic::error(
                        "missing-body",
                        format!("The {word} '{}' does not say what it does", id.text),
                    )
                    .at(span, format!("this is no key of a {word}"))
                    .did_you_mean(Some(key)),
                );
                return Body::Nothing;
            }
            let cure = if kind == Kind::Module { "`module` or `code`" } else { "`run`" };
            found.push(
                Diagnostic::error(
                    "missing-body",
                    format!("The {word} '{}' does not say what it does", id.text),
                )
                .at(id.span, "this one")
                .hint(format!("add {cure}")),
            );
        }
    }
    Body::Nothing
}

/// What stands under these keys.
fn taken(fields: &mut Fields, keys: &[&'static str]) -> Vec<(&'static str, Node)> {
    keys.iter().filter_map(|key| Some((*key, fields.take(key)?))).collect()
}

fn only(found: Vec<(&'static str, Node)>) -> Option<Node> {
    found.into_iter().next().map(|(_, node)| node)
}

/// Args: a map, or a list of `{id, value}`.
pub(super) fn lower_args(node: Node, found: &mut Vec<Diagnostic>) -> Vec<Arg> {
    let span = node.span;
    match node.kind {
        NodeKind::Map(entries) => entries
            .into_iter()
            .map(|entry| Arg { id: Name { text: entry.key, span: entry.key_span }, value: entry.value })
            .collect(),
        NodeKind::List(items) => items.into_iter().filter_map(|item| lower_listed_arg(item, found)).collect(),
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::Str(_)
        | NodeKind::Form(_) => {
            found.push(Diagnostic::error("wrong-shape", "Args must be a map").at(span, "this is none"));
            Vec::new()
        }
    }
}

fn lower_listed_arg(item: Node, found: &mut Vec<Diagnostic>) -> Option<Arg> {
    let span = item.span;
    let mut fields = Fields::of(item);
    let id = fields.as_mut().and_then(|fields| fields.take("id")).and_then(name_of);
    let value = fields.and_then(|mut fields| fields.take("value"));
    let Some(id) = id else {
        found.push(
            Diagnostic::error("wrong-shape", "An arg in a list must have an id and a value")
                .at(span, "this has none"),
        );
        return None;
    };
    Some(Arg { id, value: value.unwrap_or(Node { span, kind: NodeKind::Null }) })
}

/// Adds the args that are not there yet.
pub(super) fn merge(args: &mut Vec<Arg>, more: Vec<Arg>) {
    for arg in more {
        if !args.iter().any(|other| other.id.text == arg.id.text) {
            args.push(arg);
        }
    }
}

/// Params: a list of declarations, or a map from ids to them.
fn lower_params(node: Node, found: &mut Vec<Diagnostic>) -> Vec<Param> {
    let span = node.span;
    match node.kind {
        NodeKind::List(items) => {
            items.into_iter().filter_map(|item| lower_param(None, item, found)).collect()
        }
        NodeKind::Map(entries) => entries
            .into_iter()
            .filter_map(|entry| {
                lower_param(Some(Name { text: entry.key, span: entry.key_span }), entry.value, found)
            })
            .collect(),
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::Str(_)
        | NodeKind::Form(_) => {
            found.push(
                Diagnostic::error("wrong-shape", "`params` must be a list")
                    .at(span, "this is none")
                    .hint("declare them as `params: [{id: my-param, type: str}]`"),
            );
            Vec::new()
        }
    }
}

fn lower_param(key: Option<Name>, node: Node, found: &mut Vec<Diagnostic>) -> Option<Param> {
    let span = node.span;
    // `{x: }` declares a param of whatever type.
    let node = match key {
        Some(_) if node.is_null() => Node { kind: NodeKind::Map(Vec::new()), ..node },
        Some(_) | None => node,
    };
    let written_type = node.as_str().and_then(Atom::from_word).map(Atom::word);
    let mut fields = Fields::of(node);
    let id = fields.as_mut().and_then(|fields| fields.take("id")).and_then(name_of);
    let Some(id) = key.or(id) else {
        found.push(
            Diagnostic::error("missing-id", "A param must have an id")
                .at(span, "this one has none")
                .hint("declare it as `{id: my-param, type: str}`"),
        );
        return None;
    };
    if !is_id(&id.text) {
        found.push(not_an_id(&id, "param"));
    }
    let Some(mut fields) = fields else {
        let wrong = Diagnostic::warning("wrong-shape", format!("The param '{}' must be a map", id.text));
        found.push(match written_type {
            Some(ty) => {
                let map = format!("{{type: {ty}}}");
                wrong
                    .at(span, "this param is ignored")
                    .hint(format!("write `{}: {map}`", id.text))
                    .replace_by(map)
            }
            None => {
                wrong.at(span, "this param is ignored").hint(format!("write `{}: {{type: str}}`", id.text))
            }
        });
        return None;
    };
    let together = fields.are_neighbours("type", "default");
    let ty = fields.take("type");
    let name = fields.take_told(&["name"], found);
    let info = fields.take_told(&["info", "ìnfo"], found);
    stray_keys(fields, ty.as_ref(), together, found);
    Some(Param {
        id,
        name,
        info,
        ty_span: ty.as_ref().map_or(span, |node| node.span),
        ty: ty.map_or(Type::Atom(Atom::Any), |node| Type::lower(&node)),
        span,
    })
}

/// Keys of a param that say nothing here, with what says it.
fn stray_keys(mut fields: Fields, ty: Option<&Node>, together: bool, found: &mut Vec<Diagnostic>) {
    let written = ty.map_or_else(|| "any".to_owned(), written);
    let told =
        |key: &str| Diagnostic::warning("unknown-key", format!("The key '{key}' is not known in a param"));
    if let Some(entry) = fields.take_entry("default") {
        let cure = format!("[default, {written}, {}]", self::written(&entry.value));
        let hint = format!("write `type: {cure}`");
        // Both entries at once, where nothing stands between them and the notation is that of the cure.
        let unquoted = entry.key_span.end - entry.key_span.start == 7;
        let together = ty.map(|ty| ty.span).filter(|_| unquoted && together);
        found.push(match together {
            Some(ty) => told("default")
                .at(Span { end: entry.value.span.end, ..ty }, "the default is ignored")
                .hint(hint)
                .replace_by(cure),
            None => told("default").at(entry.key_span, "ignored").hint(hint),
        });
    }
    for (key, optional) in [("required", false), ("optional", true), ("nullable", true)] {
        if let Some(entry) = fields.take_entry(key) {
            let found_here = told(key).at(entry.key_span, "ignored");
            found.push(if matches!(entry.value.kind, NodeKind::Bool(yes) if yes == optional) {
                found_here.hint(format!("write `type: [maybe, {written}]`"))
            } else {
                found_here.hint(
                    "remove it: a param must be given unless its type is `[maybe, …]` or `[default, …]`",
                )
            });
        }
    }
    found.extend(fields.unknown("in a param", &["id", "type", "info", "name"]));
}

/// That a name is no id. It may have worked so far.
pub(super) fn not_an_id(id: &Name, what: &str) -> Diagnostic {
    Diagnostic::warning("invalid-id", format!("The ID of a {what} must be a valid ID (got {:?})", id.text))
        .at(id.span, "")
        .hint("ids consist of a-z, 0-9, '_' and '-'")
}

/// A word or a list of words under `key`; what is neither is told of.
pub(super) fn words_of(key: &str, of: &str, node: &Node, found: &mut Vec<Diagnostic>) -> Vec<Name> {
    let is_list = matches!(node.kind, NodeKind::List(_));
    let wrong = |node: &&Node| node.as_str().is_none() && !node.is_null();
    let strangers: Vec<&Node> = if is_list {
        node.items().iter().filter(wrong).collect()
    } else {
        Some(node).filter(wrong).into_iter().collect()
    };
    for stranger in strangers {
        found.push(
            Diagnostic::warning("wrong-shape", format!("`{key}` must be a list of ids of {of}"))
                .at(stranger.span, "ignored"),
        );
    }
    words(node)
}

/// A word that names something; numbers are words too.
pub(super) fn name_of(node: Node) -> Option<Name> {
    let span = node.span;
    match node.kind {
        NodeKind::Str(text) => Some(Name { text, span }),
        NodeKind::Int(number) => Some(Name { text: number.to_string(), span }),
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Float(_)
        | NodeKind::List(_)
        | NodeKind::Map(_)
        | NodeKind::Form(_) => None,
    }
}

/// A word or a list of words.
pub(super) fn words(node: &Node) -> Vec<Name> {
    let name = |node: &Node| Some(Name { text: node.as_str()?.to_owned(), span: node.span });
    name(node).into_iter().chain(node.items().iter().filter_map(name)).collect()
}
