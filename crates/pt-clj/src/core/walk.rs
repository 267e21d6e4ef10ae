//! `clojure.walk`.

use super::natives;
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::seq::Iter;

natives! { "clojure.walk":
    "walk" 3 3 |context, args| {
        let inner = args[0].clone();
        let walked = each(context, &args[2], &mut |context, item| context.call1(&inner, item.clone()))?;
        context.call1(&args[1], walked)
    },
    "postwalk" 2 2 |context, args| {
        let function = args[0].clone();
        postwalk(context, &mut |context, value| context.call1(&function, value), &args[1])
    },
    "prewalk" 2 2 |context, args| prewalk(context, &args[0], args[1].clone()),
    "postwalk-replace" 2 2 |context, args| {
        let names = args[0].clone();
        postwalk(context, &mut |context, value| Ok(crate::eval::lookup(context, &names, &value)?.unwrap_or(value)), &args[1])
    },
    "keywordize-keys" 1 1 |context, args| postwalk(context, &mut |_, value| Ok(keys(value, |key| match key {
        Value::Str(text) => Value::keyword(text),
        other => other.clone(),
    })), &args[0]),
    "stringify-keys" 1 1 |context, args| postwalk(context, &mut |_, value| Ok(keys(value, |key| match key {
        Value::Keyword(name) => Value::str(name.as_str()),
        other => other.clone(),
    })), &args[0]),
}

fn keys(value: Value, change: fn(&Value) -> Value) -> Value {
    match value {
        Value::Map(map) => Value::map(map.iter().map(|(key, value)| (change(key), value.clone()))),
        Value::Sorted(sorted) if !sorted.is_set => {
            Value::map(sorted.iter().map(|(key, value)| (change(key), value.clone())))
        }
        other => other,
    }
}

type Visit<'v> = dyn FnMut(&mut Context<'_>, &Value) -> Eval + 'v;

/// The same collection with every item changed.
fn each(context: &mut Context<'_>, value: &Value, visit: &mut Visit<'_>) -> Eval {
    if !value.is_sequential() && !value.is_map() && !value.is_set() {
        return Ok(value.clone());
    }
    context.nested(|context| each_within(context, value, visit))
}

fn each_within(context: &mut Context<'_>, value: &Value, visit: &mut Visit<'_>) -> Eval {
    let mut items = Iter::new(context, value.clone())?;
    let mut changed = Vec::new();
    while let Some(item) = items.next(context)? {
        changed.push(visit(context, &item)?);
    }
    Ok(match value {
        Value::Vector(items) if items.is_entry() => match <[Value; 2]>::try_from(changed) {
            Ok([key, value]) => Value::entry(&key, &value),
            Err(changed) => Value::vector(changed),
        },
        Value::Vector(_) => Value::vector(changed),
        Value::Sorted(sorted) => {
            let mut all = Value::Sorted(std::sync::Arc::new(sorted.emptied()));
            for item in changed {
                all = super::collection::conj(context, all, item)?;
            }
            all
        }
        Value::Record(_) => {
            let mut all = value.clone();
            for item in changed {
                all = super::collection::conj(context, all, item)?;
            }
            all
        }
        Value::Set(_) => Value::set(changed),
        Value::Map(_) => {
            let mut map = Value::map([]);
            for entry in changed {
                map = super::collection::conj(context, map, entry)?;
            }
            map
        }
        _ => Value::list(changed),
    })
}

fn postwalk(
    context: &mut Context<'_>,
    change: &mut dyn FnMut(&mut Context<'_>, Value) -> Eval,
    value: &Value,
) -> Eval {
    let walked = each(context, value, &mut |context, item| postwalk(context, change, item))?;
    change(context, walked)
}

fn prewalk(context: &mut Context<'_>, function: &Value, value: Value) -> Eval {
    let changed = context.call1(function, value)?;
    each(context, &changed, &mut |context, item| prewalk(context, function, item.clone()))
}
