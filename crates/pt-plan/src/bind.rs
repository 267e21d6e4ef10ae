//! Args against params.
#![expect(clippy::wildcard_enum_match_arm, reason = "one shape is looked for, all others are passed over")]

use std::borrow::Cow;
use std::collections::BTreeMap;

use pt_model::{Data, Map, Problem, Rule};
use pt_spec::{Arg, DataPath, Definition, Name, Param, Segment, Type, TypeError};
use pt_syntax::{Diagnostic, Entry, Node, NodeKind, Reading, ReferenceKind, Sources, Span, references};

use crate::container::refused;
use crate::literal;
use crate::no_type::no_type;
use crate::partial::Partial;
use crate::prepared::Prepared;
use crate::provenance::{Origins, of_param};

/// Ids of args whose values are not known, and why.
pub(crate) type Unknown = BTreeMap<String, Vec<Diagnostic>>;

/// Evaluated args on their way to a definition.
#[derive(Debug, Default)]
pub(crate) struct Given<'p> {
    pub(crate) values: Map,
    /// The args as written, where they were.
    pub(crate) written: Vec<&'p Arg>,
    /// Args that depend on values that are not set, and why: what they are is not known.
    pub(crate) unknown: Unknown,
    /// Of args that are not known, what is; told only while a project is checked.
    pub(crate) partial: BTreeMap<String, Partial>,
    /// Where the call stands.
    pub(crate) call: Option<Span>,
    /// The definition in which it stands; of the command line none.
    pub(crate) written_in: Option<&'p Definition>,
    /// Args with other names than the params that they were probably meant for, and those params: these must be given.
    pub(crate) misspelt: Vec<(Name, String)>,
    /// Whether somebody typed it, rather than a file having it.
    pub(crate) typed: bool,
    /// Where the values came from, if that is kept.
    pub(crate) origins: Option<Origins>,
}

/// The param that an arg of another name must have been meant for: it has to be given, and is not.
pub(crate) fn meant_for(callee: &Definition, near: Option<&str>, args: &[Arg]) -> Option<String> {
    let param = callee.param(near?)?;
    let given = args.iter().any(|arg| arg.id.text == param.id.text);
    (!given && param.ty.check(&Data::Null).is_err()).then(|| param.id.text.clone())
}

/// Params with their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bound {
    pub(crate) values: Map,
    /// Params whose values are not known, and why.
    pub(crate) unknown: Unknown,
    /// Where the values came from, if that is kept.
    pub(crate) origins: Option<Origins>,
}

/// Gives every param of `definition` its value. Args that no param asks for are dropped.
///
/// `reference` is what the caller calls the definition.
pub(crate) fn bind(
    definition: &Definition,
    prepared: &Prepared,
    reference: &str,
    given: &Given<'_>,
    sources: &Sources,
) -> Result<Bound, Vec<Diagnostic>> {
    match bind_sound(definition, prepared, given, sources) {
        Some(bound) => Ok(bound),
        None => bind_each(definition, reference, given, sources),
    }
}

/// The same where nothing is wrong and nobody asks where values come from: only what is given is looked at.
fn bind_sound(
    definition: &Definition,
    prepared: &Prepared,
    given: &Given<'_>,
    sources: &Sources,
) -> Option<Bound> {
    let declared_twice = prepared.unset.len() != definition.params.len();
    if declared_twice || given.origins.is_some() {
        return None;
    }
    let mut values = prepared.unset.clone();
    let mut unknown = Unknown::new();
    let mut missing = prepared.required.len();
    for (id, value) in &given.values {
        let Some(at) = values.get_index_of(id) else { continue };
        let value = in_words(definition, id, value, given, sources);
        let value = definition.params[at].ty.check(&value).ok()?;
        if !refused(definition, id, &value).is_empty() {
            return None;
        }
        values[at] = value;
        missing -= usize::from(prepared.required.contains(&at));
    }
    for (id, why) in &given.unknown {
        let Some(at) = values.get_index_of(id.as_str()) else { continue };
        let is_sound = |partial: &Partial| {
            partial.errors(&definition.params[at].ty).is_empty()
                && refused(definition, id, &partial.value).is_empty()
        };
        if given.values.contains_key(id.as_str()) || !given.partial.get(id).is_none_or(is_sound) {
            return None;
        }
        values[at] = Data::Null;
        unknown.insert(id.clone(), why.clone());
        missing -= usize::from(prepared.required.contains(&at));
    }
    (missing == 0).then_some(Bound { values, unknown, origins: None })
}

fn bind_each(
    definition: &Definition,
    reference: &str,
    given: &Given<'_>,
    sources: &Sources,
) -> Result<Bound, Vec<Diagnostic>> {
    let mut bound = Bound::default();
    bound.values.reserve(definition.params.len());
    let mut found = Vec::new();
    for param in &definition.params {
        let id = &param.id.text;
        let wrong = |error: &TypeError| wrong_type(definition, reference, param, given, error, sources);
        if let Some(why) = given.unknown.get(id) {
            if let Some(partial) = given.partial.get(id) {
                let errors = beside(partial.errors(&param.ty), refused(definition, id, &partial.value));
                found.extend(partial.certain(errors, &param.ty).iter().map(&wrong));
            }
            bound.unknown.insert(id.clone(), why.clone());
            bound.values.insert(id.as_str().into(), Data::Null);
            continue;
        }
        let supplied = given.values.get(id.as_str()).unwrap_or(&Data::Null);
        let supplied = &*in_words(definition, id, supplied, given, sources);
        match param.ty.check(supplied) {
            Ok(value) => {
                found.extend(refused(definition, id, &value).iter().map(&wrong));
                if let Some(origins) = &given.origins {
                    let origin = of_param(origins, reference, param, supplied, &value);
                    bound.origins.get_or_insert_default().insert(id.clone(), origin);
                }
                bound.values.insert(id.as_str().into(), value);
            }
            Err(errors) => {
                let errors = beside(errors, refused(definition, id, supplied));
                found.extend(errors.iter().map(&wrong));
            }
        }
    }
    if found.is_empty() { Ok(bound) } else { Err(found) }
}

/// A command of a standard module, its numbers and truths as the words that somebody wrote: `[sleep, 1.50]`.
fn in_words<'d>(
    definition: &Definition,
    param: &str,
    value: &'d Data,
    given: &Given<'_>,
    sources: &Sources,
) -> Cow<'d, Data> {
    let is_command = definition.origin.standard.is_some() && matches!(param, "cmd" | "entrypoint");
    let is_no_word = |item: &Data| matches!(item, Data::Bool(_) | Data::Int(_) | Data::Float(_));
    let Data::List(items) = value else { return Cow::Borrowed(value) };
    if !is_command || !items.iter().any(is_no_word) {
        return Cow::Borrowed(value);
    }
    let written = given.written.iter().find(|arg| arg.id.text == param);
    let written = written.map(|arg| arg.value.items()).filter(|written| written.len() == items.len());
    let word = |(at, item): (usize, &Data)| {
        if !is_no_word(item) {
            return item.clone();
        }
        let node = written.map(|written| &written[at]);
        let node = node
            .filter(|node| matches!(node.kind, NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_)));
        node.map_or_else(|| Data::from(item.to_string()), |node| Data::from(sources.slice(node.span)))
    };
    Cow::Owned(Data::List(items.iter().enumerate().map(word).collect()))
}

/// These errors, and others that are of other places.
fn beside(mut errors: Vec<TypeError>, others: Vec<TypeError>) -> Vec<TypeError> {
    let known: Vec<DataPath> = errors.iter().map(|error| error.path.clone()).collect();
    let elsewhere = |other: &TypeError| {
        !known.iter().any(|path| path.0.starts_with(&other.path.0) || other.path.0.starts_with(&path.0))
    };
    errors.extend(others.into_iter().filter(elsewhere));
    errors
}

fn wrong_type(
    definition: &Definition,
    reference: &str,
    param: &Param,
    given: &Given<'_>,
    error: &TypeError,
    sources: &Sources,
) -> Diagnostic {
    // Of a list that matches no alternative, the item that keeps it from it.
    let inside = match &error.problem {
        Problem::Must { got, .. } => {
            let within = type_at(&param.ty, &error.path).and_then(|ty| ty.within_alternative(got));
            within.map(|within| {
                let path = DataPath(error.path.0.iter().chain(&within.path.0).cloned().collect());
                TypeError { path, problem: within.problem }
            })
        }
        Problem::Missing | Problem::UnknownType(_) | Problem::Other(_) => None,
    };
    let cause = inside.as_ref().unwrap_or(error);
    let head = Segment::Key(param.id.text.clone());
    let path = DataPath([head].into_iter().chain(error.path.0.iter().cloned()).collect());
    let message = match &error.problem {
        // What stands in for a value that is not set is nothing that anybody wrote as text.
        Problem::Must { rule, got: Data::Str(text) } if is_setting(text) => {
            format!("{reference}: {path}: {rule} (got a string: {text})")
        }
        problem => format!("{reference}: {path}: {problem}"),
    };
    if let Problem::UnknownType(unknown) = &error.problem {
        return no_type(message, param, unknown, sources);
    }
    let missing = error.path.0.is_empty() && error.problem == Problem::Missing;
    let mut diagnostic = Diagnostic::error(if missing { "missing-arg" } else { "type-mismatch" }, message);
    let written = given.written.iter().find(|arg| arg.id.text == param.id.text);
    let node = written.map(|arg| node_at(&arg.value, &cause.path));
    let misspelt = given.misspelt.iter().find(|(_, meant)| missing && *meant == param.id.text);
    if let Some((name, meant)) = misspelt {
        return diagnostic.at(name.span, "no param has this name").did_you_mean(Some(meant.as_str()));
    }
    let key = written.and_then(|arg| wrong_key(&arg.value, cause));
    if let Some(key) = key {
        diagnostic = diagnostic.at(key.key_span, "this key");
    }
    diagnostic = match (node.filter(|_| key.is_none()), given.call) {
        (Some(node), _) => diagnostic.at(node.span, wanted_at(&param.ty, &cause.path)),
        (None, Some(call)) if key.is_none() => {
            diagnostic.at(call, format!("'{}' is not given here", param.id.text))
        }
        (None, _) => diagnostic,
    };
    let declared = format!("{reference} declares '{}' as {}", param.id.text, param.ty);
    diagnostic = if definition.origin.standard.is_some() {
        diagnostic.note(declared)
    } else {
        diagnostic.at(param.span, "the param is declared here")
    };
    if missing && written.is_none() && given.typed {
        diagnostic = diagnostic.hint(format!("pt run '{reference}{{{}: …}}'", param.id.text));
    }
    if let (Some(Node { kind: NodeKind::Map(entries), .. }), Problem::Missing) = (node, &cause.problem)
        && let ([entry], Some(Segment::Key(last))) = (entries.as_slice(), cause.path.0.last())
        && let (Some(value), "name") = (entry.value.as_str(), last.as_str())
    {
        // As other programs write variables.
        return diagnostic.hint(format!("write `{{name: {}, value: {value}}}`", entry.key));
    }
    let literal = match node {
        Some(node) => node.as_str().is_none_or(|text| matches!(references(text), Reading::Literal)),
        None => given.call.is_none(),
    };
    if literal {
        let wanted = type_at(&param.ty, &cause.path);
        literal::cured(diagnostic, &cause.problem, wanted, node, sources)
    } else {
        with_conversion(diagnostic, error)
    }
}

/// Values and secrets are text, so a number that comes from one must be converted; seeds show how.
fn with_conversion(diagnostic: Diagnostic, error: &TypeError) -> Diagnostic {
    let Problem::Must { rule: Rule::Integer | Rule::Number, got } = &error.problem else { return diagnostic };
    let numeric = match got {
        Data::Str(text) => text.parse::<f64>().is_ok() || is_setting(text),
        Data::Secret(_) => true,
        Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::List(_) | Data::Map(_) => false,
    };
    if !numeric {
        return diagnostic;
    }
    diagnostic
        .note("values (`pt.value`) and secrets are always strings")
        .hint("hand the string to a `str` param of a module of your own, and convert it there: \"#pt-js parseInt(params['port'])\"")
        .hint("the same in Clojure: \"#pt-clj (parse-long (:port params))\"")
}

/// Whether a text is `pt.value x` or `pt.secret x`: what stands in for a value that is not set while a project is checked.
fn is_setting(text: &str) -> bool {
    matches!(references(text), Reading::Whole(reference)
        if matches!(reference.kind, ReferenceKind::Value | ReferenceKind::Secret))
}

/// What the part of a type at `path` wants, for the label at the value.
/// The key at fault, if a key is.
fn wrong_key<'n>(value: &'n Node, error: &TypeError) -> Option<&'n Entry> {
    let (Problem::Must { got: Data::Str(got), .. }, Some((Segment::Key(key), around))) =
        (&error.problem, error.path.0.split_last())
    else {
        return None;
    };
    let map = node_at(value, &DataPath(around.to_vec()));
    let entry = map.entries().iter().find(|entry| entry.key == *key)?;
    (got == key && entry.value.as_str() != Some(key.as_str())).then_some(entry)
}

fn wanted_at(ty: &Type, path: &DataPath) -> String {
    type_at(ty, path).map(|ty| format!("must be {ty}")).unwrap_or_default()
}

/// The part of a type at `path`, without what says that it may be left out.
fn type_at<'t>(ty: &'t Type, path: &DataPath) -> Option<&'t Type> {
    let mut ty = ty;
    for segment in &path.0 {
        ty = match (inner(ty), segment) {
            (Type::List(of) | Type::MapOf(_, of), _) => of,
            (Type::Fields(fields), Segment::Key(key)) => field(fields, key)?,
            (Type::Either(types), Segment::Index(_)) => types.iter().map(inner).find_map(|ty| match ty {
                Type::List(of) => Some(&**of),
                _ => None,
            })?,
            _ => return None,
        };
    }
    Some(inner(ty))
}

/// The type of a key.
pub(crate) fn field<'t>(fields: &'t [(String, Type)], key: &str) -> Option<&'t Type> {
    fields.iter().find(|(name, _)| name == key).map(|(_, ty)| ty)
}

/// The type of a value that is given, which may be left out.
pub(crate) fn inner(ty: &Type) -> &Type {
    match ty {
        Type::Maybe(of) | Type::Default(of, _) => inner(of),
        Type::Atom(_)
        | Type::List(_)
        | Type::Fields(_)
        | Type::AnyMap
        | Type::MapOf(..)
        | Type::Either(_)
        | Type::Enum(_)
        | Type::Regex(_)
        | Type::Unknown(_) => ty,
    }
}

/// The deepest written node on the way to `path`: inside what a reference or code gives there is nothing written.
fn node_at<'n>(node: &'n Node, path: &DataPath) -> &'n Node {
    let mut node = node;
    for segment in &path.0 {
        let next = match (&node.kind, segment) {
            (NodeKind::List(items), Segment::Index(index)) => items.get(*index),
            (NodeKind::Map(_), Segment::Key(key)) => node.get(key),
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node
}
