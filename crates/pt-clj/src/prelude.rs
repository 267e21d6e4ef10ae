//! The part of the core that is written in Clojure: read when the first program asks for it, defined in a context when
//! one of its names is used.

use std::collections::HashMap;
use std::sync::LazyLock;

use pt_edn::{Form, FormKind, Reader};

use crate::context::Context;
use crate::eval::NOWHERE;
use crate::exception::Eval;

static SOURCES: &[(&str, &str)] = &[
    ("clojure.core", include_str!("prelude/core.clj")),
    ("clojure.core", include_str!("prelude/macros.clj")),
    ("clojure.core", include_str!("prelude/types.clj")),
    ("clojure.set", include_str!("prelude/set.clj")),
    ("clojure.walk", include_str!("prelude/walk.clj")),
    ("clojure.string", include_str!("prelude/string.clj")),
    ("clojure.template", include_str!("prelude/template.clj")),
    ("clojure.math", include_str!("prelude/math.clj")),
    ("clojure.repl", include_str!("prelude/repl.clj")),
];

/// Definitions by full name.
static DEFINITIONS: LazyLock<HashMap<String, Form>> = LazyLock::new(|| {
    let mut definitions = HashMap::new();
    for (namespace, source) in SOURCES {
        let mut reader = Reader::new(source);
        while let Some(form) = reader.read_next() {
            let form = match form {
                Ok(form) => form,
                Err(error) => {
                    debug_assert!(false, "{namespace}: {error} at {:?}", error.span);
                    break;
                }
            };
            if let Some(name) = defined(&form) {
                let name = format!("{namespace}/{name}");
                definitions.insert(name, nowhere(form));
            }
        }
    }
    definitions
});

/// The form without its places, which are none in what people write.
fn nowhere(mut form: Form) -> Form {
    move_nowhere(&mut form);
    form
}

fn move_nowhere(form: &mut Form) {
    form.span = NOWHERE;
    match &mut form.kind {
        FormKind::List(forms) | FormKind::Vector(forms) | FormKind::Set(forms) | FormKind::Fn(forms) => {
            forms.iter_mut().for_each(move_nowhere);
        }
        FormKind::Map(pairs) => pairs.iter_mut().for_each(|(key, value)| {
            move_nowhere(key);
            move_nowhere(value);
        }),
        FormKind::Tagged(_, form)
        | FormKind::Quote(form)
        | FormKind::Deref(form)
        | FormKind::SyntaxQuote(form)
        | FormKind::Unquote(form)
        | FormKind::UnquoteSplicing(form)
        | FormKind::Var(form) => move_nowhere(form),
        FormKind::Nil
        | FormKind::Bool(_)
        | FormKind::Int(_)
        | FormKind::BigInt(_)
        | FormKind::Float(_)
        | FormKind::Ratio(_)
        | FormKind::Decimal(_)
        | FormKind::Char(_)
        | FormKind::String(_)
        | FormKind::Regex(_)
        | FormKind::Symbol(_)
        | FormKind::Keyword(_) => {}
    }
}

/// The name that `(def… name …)` defines.
fn defined(form: &Form) -> Option<String> {
    let FormKind::List(items) = &form.kind else { return None };
    match &items.get(1)?.kind {
        FormKind::Symbol(name) => Some(name.as_str().to_owned()),
        _ => None,
    }
}

/// All full names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    DEFINITIONS.keys().map(String::as_str)
}

pub(crate) fn is_namespace(name: &str) -> bool {
    SOURCES.iter().any(|(namespace, _)| *namespace == name)
}

/// Defines a name in a context; its slot.
pub(crate) fn load(context: &mut Context<'_>, full: &str) -> Eval<Option<u32>> {
    if let Some(at) = context.names.get(full) {
        return Ok(Some(*at));
    }
    let Some(form) = DEFINITIONS.get(full) else { return Ok(None) };
    let namespace = full.split_once('/').map_or("clojure.core", |(namespace, _)| namespace);
    let before = context.spaces.switch(namespace);
    let result = crate::program::eval(context, form);
    context.spaces.switch_back(before);
    if result.is_err() {
        context.names.remove(full);
    }
    result?;
    Ok(context.names.get(full).copied())
}
