//! Maps: what they are made of, merging, what lies nested in them.

use std::sync::Arc;

use super::collection::{assoc, conj};
use super::{MANY, cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::equal::realise;
use crate::eval::lookup;
use crate::exception::Eval;
use crate::map::Map;
use crate::seq::Iter;

natives! { "clojure.core":
    "merge" 0 MANY |context, args| {
        if args.iter().all(|arg| !arg.is_truthy()) {
            return Ok(Value::Nil);
        }
        let mut args = args.iter_mut().map(std::mem::take);
        let mut merged = args.next().unwrap_or_default();
        for next in args {
            merged = conj(context, if merged.is_truthy() { merged } else { Value::map([]) }, next)?;
        }
        Ok(merged)
    },
    "merge-with" 1 MANY |context, args| {
        let function = take(args, 0);
        let mut merged = Value::Nil;
        for arg in &mut args[1..] {
            let next = std::mem::take(arg);
            if next.is_nil() {
                continue;
            }
            if merged.is_nil() {
                merged = next;
                continue;
            }
            let mut entries = Iter::new(context, next)?;
            while let Some(pair) = entries.next(context)? {
                let (key, value) = (entry(context, &pair, 0)?, entry(context, &pair, 1)?);
                let value = match lookup(context, &merged, &key)? {
                    Some(old) => context.call2(&function, old, value)?,
                    None => value,
                };
                merged = assoc(context, merged, key, value)?;
            }
        }
        Ok(merged)
    },
    "select-keys" 2 2 |context, args| {
        let mut keys = Iter::new(context, take(args, 1))?;
        let mut map = Map::default();
        while let Some(key) = keys.next(context)? {
            if !args[0].is_nil() && !args[0].is_map() && !matches!(args[0], Value::Vector(_) | Value::Object(_)) {
                return Err(context.error("IllegalArgumentException", format!("find not supported on type: {}", crate::class::class_name(&args[0]))));
            }
            if let Some(value) = lookup(context, &args[0], &key)? {
                map.insert(key, value);
            }
        }
        Ok(Value::Map(Arc::new(map)))
    },
    "keys" 1 1 |context, args| parts(context, &args[0], 0),
    "vals" 1 1 |context, args| parts(context, &args[0], 1),
    "key" 1 1 |context, args| entry(context, &args[0], 0),
    "val" 1 1 |context, args| entry(context, &args[0], 1),
    "get-in" 2 3 |context, args| {
        let mut path = Iter::new(context, take(args, 1))?;
        let mut value = take(args, 0);
        while let Some(key) = path.next(context)? {
            match lookup(context, &value, &key)? {
                Some(inner) => value = inner,
                None => return Ok(take(args, 2)),
            }
        }
        Ok(value)
    },
    "assoc-in" 3 3 |context, args| {
        let path = Iter::new(context, take(args, 1))?.collect(context)?;
        let value = take(args, 2);
        in_path(context, take(args, 0), &path, &mut |_, _| Ok(value.clone()))
    },
    "update-in" 3 MANY |context, args| {
        let path = Iter::new(context, take(args, 1))?.collect(context)?;
        let (function, rest) = (args[2].clone(), args[3..].to_vec());
        in_path(context, take(args, 0), &path, &mut |context, old| applied(context, &function, old, &rest))
    },
    "update" 3 MANY |context, args| {
        let (map, key, function) = (take(args, 0), take(args, 1), take(args, 2));
        let old = lookup(context, &map, &key)?.unwrap_or_default();
        let value = applied(context, &function, old, &args[3..])?;
        assoc(context, map, key, value)
    },
    "update-vals" 2 2 |context, args| {
        let meta = super::meta::meta_of(context, &args[0]);
        let mut map = Map::default();
        if let Value::Vector(items) = &args[0]
            && !items.is_entry()
        {
            let updated = items.iter().map(|item| context.call1(&args[1], item.clone())).collect::<Eval<Vec<_>>>()?;
            return Ok(Value::vector(updated));
        }
        let mut entries = Iter::new(context, take(args, 0))?;
        while let Some(pair) = entries.next(context)? {
            let (key, value) = (entry(context, &pair, 0)?, entry(context, &pair, 1)?);
            map.insert(key, context.call1(&args[1], value)?);
        }
        map.meta = meta;
        Ok(Value::Map(Arc::new(map)))
    },
    "update-keys" 2 2 |context, args| {
        let meta = super::meta::meta_of(context, &args[0]);
        let mut map = Map::default();
        if let Value::Vector(items) = &args[0] {
            for (at, item) in items.iter().enumerate() {
                map.insert(context.call1(&args[1], Value::from(at))?, item.clone());
            }
            return Ok(Value::Map(Arc::new(map)));
        }
        let mut entries = Iter::new(context, take(args, 0))?;
        while let Some(pair) = entries.next(context)? {
            let (key, value) = (entry(context, &pair, 0)?, entry(context, &pair, 1)?);
            map.insert(context.call1(&args[1], key)?, value);
        }
        map.meta = meta;
        Ok(Value::Map(Arc::new(map)))
    },
    "zipmap" 2 2 |context, args| {
        let (mut keys, mut values) = (Iter::new(context, take(args, 0))?, Iter::new(context, take(args, 1))?);
        let mut map = Map::default();
        while let (Some(key), Some(value)) = (keys.next(context)?, values.next(context)?) {
            realise(context, &key)?;
            map.insert(key, value);
        }
        Ok(Value::Map(Arc::new(map)))
    },
}

fn applied(context: &mut Context<'_>, function: &Value, first: Value, rest: &[Value]) -> Eval {
    if rest.is_empty() {
        return context.call1(function, first);
    }
    let mut args: Vec<Value> = std::iter::once(first).chain(rest.iter().cloned()).collect();
    context.call(function, &mut args)
}

fn in_path(
    context: &mut Context<'_>,
    map: Value,
    path: &[Value],
    change: &mut dyn FnMut(&mut Context<'_>, Value) -> Eval,
) -> Eval {
    let Some((key, rest)) = path.split_first() else {
        return assoc_changed(context, map, Value::Nil, change);
    };
    let inner = lookup(context, &map, key)?.unwrap_or_default();
    if rest.is_empty() {
        return assoc_changed(context, map, key.clone(), change);
    }
    let value = context.nested(|context| in_path(context, inner, rest, change))?;
    assoc(context, map, key.clone(), value)
}

fn assoc_changed(
    context: &mut Context<'_>,
    map: Value,
    key: Value,
    change: &mut dyn FnMut(&mut Context<'_>, Value) -> Eval,
) -> Eval {
    let old = lookup(context, &map, &key)?.unwrap_or_default();
    let value = change(context, old)?;
    assoc(context, map, key, value)
}

fn parts(context: &mut Context<'_>, map: &Value, at: usize) -> Eval {
    let mut items = Iter::new(context, map.clone())?;
    let mut found = Vec::new();
    while let Some(pair) = items.next(context)? {
        found.push(entry(context, &pair, at)?);
    }
    Ok(crate::seq::chunk(found, Value::Nil))
}

/// Key (0) or value (1) of a map entry.
pub(super) fn entry(context: &Context<'_>, pair: &Value, at: usize) -> Eval {
    match pair {
        Value::Vector(items) if items.is_entry() => Ok(items.get(at).cloned().unwrap_or_default()),
        other => Err(cast(context, other, "java.util.Map$Entry")),
    }
}
