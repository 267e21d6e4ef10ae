//! The functions every program has, by subject. One table, built once, serves all contexts.

mod agent;
mod array;
mod collection;
mod control;
mod edn;
mod function;
mod future;
mod json;
mod lazy;
mod map;
mod meta;
mod multi;
mod namespace;
mod number;
mod partition;
mod predicate;
mod printing;
mod regex;
mod seq;
mod set;
mod sort;
mod sorted;
mod state;
mod string;
mod text;
mod transduce;
mod transient;
mod types;
mod walk;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

pub(crate) use control::deref_var;
pub(crate) use future::run_next as run_next_future;
pub(crate) use meta::own_meta;
pub(crate) use multi::call_object;
pub(crate) use number::{as_f64, compare_numbers};
pub(crate) use predicate::identical;
pub(crate) use printing::uuid;
pub(crate) use sort::compare_with;
pub(crate) use types::record_of;

use crate::Value;
use crate::analyse::{MACROS, Macro, SPECIALS, Special};
use crate::context::Context;
use crate::equal::FxHasher;
use crate::exception::{Eval, Signal, class_of};
use crate::function::Native;

/// What a name of the core means.
#[derive(Clone, Copy)]
pub(crate) enum Core {
    Function(&'static Native),
    Macro(Macro),
    Special(Special),
    Value(fn() -> Value),
}

type Table = HashMap<&'static str, Core, BuildHasherDefault<FxHasher>>;

struct Registry {
    core: Table,
    others: HashMap<&'static str, Table>,
}

/// Any number of arguments.
const MANY: usize = usize::MAX;

/// A table of functions: name, least and most arguments, code.
macro_rules! natives {
    ($namespace:literal: $($name:literal $min:literal $max:tt $code:expr),* $(,)?) => {
        pub(super) static NATIVES: &[$crate::function::Native] = &[$($crate::function::Native {
            name: concat!($namespace, "/", $name),
            min: $min,
            max: $max,
            code: $code,
        }),*];
    };
}
use natives;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let mut registry = Registry { core: Table::default(), others: HashMap::new() };
    let subjects = [
        agent::NATIVES,
        array::NATIVES,
        collection::NATIVES,
        control::NATIVES,
        edn::NATIVES,
        function::NATIVES,
        future::NATIVES,
        json::NATIVES,
        lazy::NATIVES,
        map::NATIVES,
        meta::NATIVES,
        multi::NATIVES,
        namespace::NATIVES,
        number::NATIVES,
        partition::NATIVES,
        predicate::NATIVES,
        printing::NATIVES,
        regex::NATIVES,
        seq::NATIVES,
        set::NATIVES,
        sort::NATIVES,
        sorted::NATIVES,
        state::NATIVES,
        string::NATIVES,
        text::NATIVES,
        transduce::NATIVES,
        transient::NATIVES,
        types::NATIVES,
        walk::NATIVES,
    ];
    for native in subjects.into_iter().flatten() {
        let Some((namespace, name)) = native.name.split_once('/') else { continue };
        let table = match namespace {
            "clojure.core" => &mut registry.core,
            other => registry.others.entry(other).or_default(),
        };
        table.insert(name, Core::Function(native));
    }
    registry.core.extend(MACROS.iter().map(|(name, expand)| (*name, Core::Macro(*expand))));
    registry.core.extend(SPECIALS.iter().map(|(name, special)| (*name, Core::Special(*special))));
    registry.core.extend(lazy::VALUES.iter().map(|(name, value)| (*name, Core::Value(*value))));
    registry
});

/// What a name of a namespace means.
pub(crate) fn find(namespace: &str, name: &str) -> Option<Core> {
    match namespace {
        "clojure.core" => REGISTRY.core.get(name).copied(),
        other => REGISTRY.others.get(other)?.get(name).copied(),
    }
}

pub(crate) fn is_namespace(name: &str) -> bool {
    name == "clojure.core" || REGISTRY.others.contains_key(name) || crate::prelude::is_namespace(name)
}

/// The names of a namespace that every program has.
pub(crate) fn names_of(namespace: &str) -> Vec<String> {
    let natives = match namespace {
        "clojure.core" => Some(&REGISTRY.core),
        other => REGISTRY.others.get(other),
    };
    let natives = natives.into_iter().flat_map(|table| table.keys().map(|name| (*name).to_owned()));
    let written = crate::prelude::names()
        .filter_map(|name| name.split_once('/'))
        .filter(|(space, _)| *space == namespace);
    natives
        .chain(written.map(|(_, name)| name.to_owned()))
        .filter(|name| name.len() == 1 || !name.ends_with('*'))
        .collect()
}

/// A function of `clojure.core` by name.
pub(crate) fn function(name: &str) -> Option<&'static Native> {
    match REGISTRY.core.get(name)? {
        Core::Function(native) => Some(native),
        Core::Macro(_) | Core::Special(_) | Core::Value(_) => None,
    }
}

/// All names, those of other namespaces in full.
pub(crate) fn names() -> impl Iterator<Item = String> {
    let core = REGISTRY.core.keys().map(|name| (*name).to_owned());
    let others = REGISTRY
        .others
        .iter()
        .flat_map(|(namespace, table)| table.keys().map(move |name| format!("{namespace}/{name}")));
    let written =
        crate::prelude::names().map(|name| name.strip_prefix("clojure.core/").unwrap_or(name).to_owned());
    core.chain(others).chain(written)
}

/// Takes an argument out of the slice.
fn take(args: &mut [Value], at: usize) -> Value {
    args.get_mut(at).map(std::mem::take).unwrap_or_default()
}

#[cold]
fn cast(context: &Context<'_>, value: &Value, to: &str) -> Signal {
    if value.is_nil() {
        return context.error("NullPointerException", "Cannot invoke a method because the value is null");
    }
    context.error("ClassCastException", crate::eval::cannot_cast(class_of(value).full, to))
}

/// An integer argument.
pub(crate) fn int(context: &Context<'_>, value: &Value) -> Eval<i64> {
    match value {
        Value::Int(value) => Ok(*value),
        Value::Float(value) => Ok(*value as i64),
        Value::BigInt(value) => i64::try_from(&**value).map_err(|_| {
            context.error("IllegalArgumentException", format!("Value out of range for long: {value}"))
        }),
        Value::Decimal(value) => value.to_i64().ok_or_else(|| {
            context.error("IllegalArgumentException", format!("Value out of range for long: {value}"))
        }),
        Value::Ratio(parts) => i64::try_from(&parts.0 / &parts.1)
            .map_err(|_| context.error("IllegalArgumentException", "Value out of range for long")),
        other => Err(cast(context, other, "java.lang.Number")),
    }
}

/// An index as Java has it: 32 bits.
fn index(context: &Context<'_>, value: &Value) -> Eval<i64> {
    let index = int(context, value)?;
    if i32::try_from(index).is_err() {
        return Err(context.error("ArithmeticException", "integer overflow"));
    }
    Ok(index)
}

/// How many to take: a part of one counts as one more.
fn amount(context: &Context<'_>, value: &Value) -> Eval<usize> {
    match value {
        Value::Int(_) | Value::BigInt(_) => count(context, value),
        other => Ok(as_f64(context, other)?.ceil().max(0.0) as usize),
    }
}

/// A count or index; below zero counts as zero.
fn count(context: &Context<'_>, value: &Value) -> Eval<usize> {
    Ok(usize::try_from(int(context, value)?).unwrap_or(0))
}

/// A string argument.
fn text<'a>(context: &Context<'_>, value: &'a Value) -> Eval<&'a str> {
    match value {
        Value::Str(text) => Ok(text),
        other => Err(cast(context, other, "java.lang.String")),
    }
}
