//! Vectors, maps, sets and lists: making, asking, changing.

use std::sync::Arc;

use super::{MANY, cast, count, int, natives, take};
use crate::Value;
use crate::context::Context;
use crate::equal::realise;
use crate::eval::lookup;
use crate::exception::{Eval, Exception};
use crate::map::{Map, Set};
use crate::seq::{Iter, Repr, Seq, seq};
use crate::vector::Vector;

natives! { "clojure.core":
    "vector" 0 MANY |_, args| Ok(Value::vector(args.iter_mut().map(std::mem::take).collect())),
    "list" 0 MANY |_, args| Ok(Value::list(args.iter_mut().map(std::mem::take).collect())),
    "hash-map" 0 MANY map_of,
    "array-map" 0 MANY map_of,
    "hash-set" 0 MANY |context, args| {
        let mut set = Set::default();
        for arg in args.iter_mut() {
            realise(context, arg)?;
            set.insert(std::mem::take(arg));
        }
        Ok(Value::Set(Arc::new(set)))
    },
    "vec" 1 1 |context, args| match take(args, 0) {
        vector @ Value::Vector(_) => Ok(vector),
        other => {
            let items = Iter::new(context, other)?.collect(context)?;
            Ok(Value::vector(items))
        }
    },
    "set" 1 1 |context, args| match take(args, 0) {
        set @ Value::Set(_) => Ok(set),
        other => {
            let mut items = Iter::new(context, other)?;
            let mut set = Set::default();
            while let Some(item) = items.next(context)? {
                realise(context, &item)?;
                set.insert(item);
            }
            Ok(Value::Set(Arc::new(set)))
        }
    },
    "count" 1 1 |context, args| length(context, take(args, 0)).map(Value::from),
    "empty?" 1 1 |context, args| Ok(Value::Bool(match &args[0] {
        Value::Str(text) => text.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Set(set) => set.is_empty(),
        _ => seq(context, take(args, 0))?.is_nil(),
    })),
    "not-empty" 1 1 |context, args| Ok(if seq(context, args[0].clone())?.is_nil() { Value::Nil } else { take(args, 0) }),
    "empty" 1 1 |_, args| Ok(match &args[0] {
        Value::Vector(_) => Value::vector(Vec::new()),
        Value::Map(_) => Value::map([]),
        Value::Set(_) => Value::set([]),
        Value::List(_) | Value::Lazy(_) => Value::empty_list(),
        _ => Value::Nil,
    }),
    "conj" 0 MANY |context, args| {
        let Some((collection, items)) = args.split_first_mut() else { return Ok(Value::vector(Vec::new())) };
        let mut collection = std::mem::take(collection);
        for item in items {
            collection = conj(context, collection, std::mem::take(item))?;
        }
        Ok(collection)
    },
    "get" 2 3 |context, args| {
        realise(context, &args[1])?;
        Ok(lookup(&args[0], &args[1]).unwrap_or_else(|| take(args, 2)))
    },
    "contains?" 2 2 |context, args| {
        realise(context, &args[1])?;
        match (&args[0], &args[1]) {
            (Value::Nil, _) => Ok(Value::Bool(false)),
            (Value::Map(_) | Value::Set(_) | Value::Vector(_) | Value::Str(_), key) => Ok(Value::Bool(lookup(&args[0], key).is_some())),
            (other, _) => {
                let class = crate::exception::class_of(other).full;
                Err(context.error("IllegalArgumentException", format!("contains? not supported on type: {class}")))
            }
        }
    },
    "find" 2 2 |_, args| Ok(match &args[0] {
        Value::Map(map) => map.get_entry(&args[1]).map(|(key, value)| Value::entry(key, value)).unwrap_or_default(),
        Value::Vector(_) => lookup(&args[0], &args[1]).map(|value| Value::entry(&args[1], &value)).unwrap_or_default(),
        _ => Value::Nil,
    }),
    "assoc" 3 MANY |context, args| {
        if args.len() % 2 == 0 {
            let message = "assoc expects even number of arguments after map/vector, found odd number";
            return Err(context.error("IllegalArgumentException", message));
        }
        let mut collection = take(args, 0);
        for pair in args[1..].chunks_exact_mut(2) {
            let (key, value) = (std::mem::take(&mut pair[0]), std::mem::take(&mut pair[1]));
            collection = assoc(context, collection, key, value)?;
        }
        Ok(collection)
    },
    "dissoc" 1 MANY |context, args| match take(args, 0) {
        Value::Nil => Ok(Value::Nil),
        Value::Map(mut map) => {
            for key in &args[1..] {
                if map.contains_key(key) {
                    Arc::make_mut(&mut map).remove(key);
                }
            }
            Ok(Value::Map(map))
        }
        other => Err(cast(context, &other, "clojure.lang.IPersistentMap")),
    },
    "disj" 1 MANY |context, args| match take(args, 0) {
        Value::Nil => Ok(Value::Nil),
        Value::Set(mut set) => {
            for key in &args[1..] {
                if set.contains(key) {
                    Arc::make_mut(&mut set).remove(key);
                }
            }
            Ok(Value::Set(set))
        }
        other => Err(cast(context, &other, "clojure.lang.IPersistentSet")),
    },
    "merge" 0 MANY |context, args| {
        let mut merged = Value::Nil;
        for arg in args.iter_mut() {
            merged = match (merged, std::mem::take(arg)) {
                (merged, Value::Nil) => merged,
                (Value::Nil, first) => first,
                (merged, next) => conj(context, merged, next)?,
            };
        }
        Ok(merged)
    },
    "merge-with" 1 MANY |context, args| {
        let function = take(args, 0);
        let mut merged: Option<Arc<Map>> = None;
        for arg in &args[1..] {
            let map = match arg {
                Value::Map(map) => map,
                Value::Nil => continue,
                other => return Err(cast(context, other, "clojure.lang.IPersistentMap")),
            };
            let Some(all) = &mut merged else {
                merged = Some(Arc::clone(map));
                continue;
            };
            for (key, value) in map.iter() {
                let value = match all.get(key) {
                    Some(old) => context.call2(&function, old.clone(), value.clone())?,
                    None => value.clone(),
                };
                Arc::make_mut(all).insert(key.clone(), value);
            }
        }
        Ok(merged.map_or(Value::Nil, Value::Map))
    },
    "select-keys" 2 2 |context, args| {
        let mut keys = Iter::new(context, take(args, 1))?;
        let mut map = Map::default();
        while let Some(key) = keys.next(context)? {
            if let Some(value) = lookup(&args[0], &key) {
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
            match lookup(&value, &key) {
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
        let old = lookup(&map, &key).unwrap_or_default();
        let value = applied(context, &function, old, &args[3..])?;
        assoc(context, map, key, value)
    },
    "update-vals" 2 2 |context, args| {
        let mut entries = Iter::new(context, take(args, 0))?;
        let mut map = Map::default();
        while let Some(pair) = entries.next(context)? {
            let (key, value) = (entry(context, &pair, 0)?, entry(context, &pair, 1)?);
            map.insert(key, context.call1(&args[1], value)?);
        }
        Ok(Value::Map(Arc::new(map)))
    },
    "update-keys" 2 2 |context, args| {
        let mut entries = Iter::new(context, take(args, 0))?;
        let mut map = Map::default();
        while let Some(pair) = entries.next(context)? {
            let (key, value) = (entry(context, &pair, 0)?, entry(context, &pair, 1)?);
            map.insert(context.call1(&args[1], key)?, value);
        }
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
    "peek" 1 1 |context, args| match &args[0] {
        Value::Vector(items) => Ok(items.len().checked_sub(1).and_then(|last| items.get(last)).cloned().unwrap_or_default()),
        Value::List(seq) => Ok(seq.first()),
        Value::Nil => Ok(Value::Nil),
        other => Err(cast(context, other, "clojure.lang.IPersistentStack")),
    },
    "pop" 1 1 |context, args| match take(args, 0) {
        Value::Vector(mut items) => match Arc::make_mut(&mut items).pop() {
            Some(_) => Ok(Value::Vector(items)),
            None => Err(context.error("IllegalStateException", "Can't pop empty vector")),
        },
        Value::List(list) if list.is_empty() => Err(context.error("IllegalStateException", "Can't pop empty list")),
        Value::List(list) => Ok(match list.rest() {
            Value::Nil => Value::empty_list(),
            rest => rest,
        }),
        Value::Nil => Ok(Value::Nil),
        other => Err(cast(context, &other, "clojure.lang.IPersistentStack")),
    },
    "subvec" 2 3 |context, args| match &args[0] {
        Value::Vector(items) => {
            let from = int(context, &args[1])?;
            let to = args.get(2).map_or(Ok(items.len() as i64), |to| int(context, to))?;
            match (usize::try_from(from), usize::try_from(to)) {
                (Ok(from), Ok(to)) if from <= to && to <= items.len() => Ok(Value::Vector(Arc::new(items.slice(from, to)))),
                _ => Err(Exception { message: None, ..Exception::new("IndexOutOfBoundsException", "") }.into()),
            }
        }
        other => Err(cast(context, other, "clojure.lang.IPersistentVector")),
    },
    "nth" 2 3 |context, args| nth(context, args, true),
    "nth*" 2 2 |context, args| nth(context, args, false),
    "rest-from*" 2 2 |context, args| {
        let from = count(context, &args[1])?;
        crate::eval::rest_from(context, &args[0], from)
    },
    "keyed*" 1 1 |context, args| match take(args, 0) {
        // Trailing arguments `:a 1 :b 2`, perhaps with a map after them.
        list @ (Value::List(_) | Value::Lazy(_)) => {
            let mut items = Iter::new(context, list)?.collect(context)?;
            match items.as_slice() {
                [only @ Value::Map(_)] => Ok(only.clone()),
                _ => map_of(context, &mut items),
            }
        }
        other => Ok(other),
    },
}

fn map_of(context: &mut Context<'_>, args: &mut [Value]) -> Eval {
    let mut map = Map::with_capacity(args.len() / 2);
    let mut pairs = args.chunks_exact_mut(2);
    for pair in &mut pairs {
        realise(context, &pair[0])?;
        map.insert(std::mem::take(&mut pair[0]), std::mem::take(&mut pair[1]));
    }
    match pairs.into_remainder() {
        [Value::Map(rest)] => rest.iter().for_each(|(key, value)| map.insert(key.clone(), value.clone())),
        [key, ..] => {
            let message = format!("No value supplied for key: {}", crate::print::pr_str(key));
            return Err(context.error("IllegalArgumentException", message));
        }
        [] => {}
    }
    Ok(Value::Map(Arc::new(map)))
}

/// How many items; walks what does not know its length.
pub(super) fn length(context: &mut Context<'_>, value: Value) -> Eval<usize> {
    Ok(match &value {
        Value::Nil => 0,
        Value::Vector(items) => items.len(),
        Value::Map(map) => map.len(),
        Value::Set(set) => set.len(),
        Value::Str(text) => {
            if text.is_ascii() {
                text.len()
            } else {
                text.encode_utf16().count()
            }
        }
        Value::List(_) | Value::Lazy(_) => {
            let mut total = 0;
            let mut rest = value;
            loop {
                match seq(context, rest)? {
                    Value::List(list) => match (list.known_count(), &list.0) {
                        (Some(known), _) => return Ok(total + known),
                        (None, Repr::Items { items, at, rest: next, .. }) => {
                            total += items.len() - at;
                            rest = next.clone();
                        }
                        (None, _) => {
                            context.tick()?;
                            total += 1;
                            rest = list.rest();
                        }
                    },
                    _ => return Ok(total),
                }
            }
        }
        other => {
            let class = crate::exception::class_of(other).full;
            return Err(context.error(
                "UnsupportedOperationException",
                format!("count not supported on this type: {}", class.rsplit('.').next().unwrap_or(class)),
            ));
        }
    })
}

/// Adds an item where the collection likes it best.
pub(super) fn conj(context: &mut Context<'_>, collection: Value, item: Value) -> Eval {
    Ok(match collection {
        Value::Vector(mut items) => {
            Arc::make_mut(&mut items).push(item);
            Value::Vector(items)
        }
        Value::Nil => Value::list(vec![item]),
        Value::Set(mut set) => {
            realise(context, &item)?;
            Arc::make_mut(&mut set).insert(item);
            Value::Set(set)
        }
        Value::Map(mut map) => {
            match item {
                Value::Nil => {}
                Value::Map(other) => {
                    let map = Arc::make_mut(&mut map);
                    other.iter().for_each(|(key, value)| map.insert(key.clone(), value.clone()));
                }
                Value::Vector(pair) if pair.len() == 2 => {
                    if let (Some(key), Some(value)) = (pair.get(0), pair.get(1)) {
                        realise(context, key)?;
                        Arc::make_mut(&mut map).insert(key.clone(), value.clone());
                    }
                }
                Value::Vector(_) => {
                    return Err(
                        context.error("IllegalArgumentException", "Vector arg to map conj must be a pair")
                    );
                }
                other => {
                    let mut entries = Iter::new(context, other)?;
                    let mut all = Value::Map(map);
                    while let Some(next) = entries.next(context)? {
                        if !matches!(next, Value::Vector(_)) {
                            return Err(cast(context, &next, "java.util.Map$Entry"));
                        }
                        all = conj(context, all, next)?;
                    }
                    return Ok(all);
                }
            }
            Value::Map(map)
        }
        Value::List(list) => {
            let count = if list.is_list() { list.known_count().map(|count| count + 1) } else { None };
            let rest = if list.is_empty() { Value::Nil } else { Value::List(list) };
            Seq(Repr::Cons { first: item, rest, count }).into()
        }
        lazy @ Value::Lazy(_) => crate::seq::cons(item, lazy),
        other => return Err(cast(context, &other, "clojure.lang.IPersistentCollection")),
    })
}

pub(super) fn assoc(context: &mut Context<'_>, collection: Value, key: Value, value: Value) -> Eval {
    match collection {
        Value::Map(mut map) => {
            realise(context, &key)?;
            Arc::make_mut(&mut map).insert(key, value);
            Ok(Value::Map(map))
        }
        Value::Nil => Ok(Value::map([(key, value)])),
        Value::Vector(mut items) => {
            let Value::Int(index) = key else {
                return Err(context.error("IllegalArgumentException", "Key must be integer"));
            };
            let out_of_bounds =
                || Exception { message: None, ..Exception::new("IndexOutOfBoundsException", "") }.into();
            let index = usize::try_from(index).map_err(|_| out_of_bounds())?;
            let all: &mut Vector = Arc::make_mut(&mut items);
            if index == all.len() {
                all.push(value);
            } else if !all.set(index, value) {
                return Err(out_of_bounds());
            }
            Ok(Value::Vector(items))
        }
        other => Err(cast(context, &other, "clojure.lang.Associative")),
    }
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
    context.check_stack()?;
    let Some((key, rest)) = path.split_first() else {
        return assoc_changed(context, map, Value::Nil, change);
    };
    let inner = lookup(&map, key).unwrap_or_default();
    if rest.is_empty() {
        return assoc_changed(context, map, key.clone(), change);
    }
    let value = in_path(context, inner, rest, change)?;
    assoc(context, map, key.clone(), value)
}

fn assoc_changed(
    context: &mut Context<'_>,
    map: Value,
    key: Value,
    change: &mut dyn FnMut(&mut Context<'_>, Value) -> Eval,
) -> Eval {
    let old = lookup(&map, &key).unwrap_or_default();
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
        Value::Vector(items) if items.len() == 2 => Ok(items.get(at).cloned().unwrap_or_default()),
        other => Err(cast(context, other, "java.util.Map$Entry")),
    }
}

fn nth(context: &mut Context<'_>, args: &mut [Value], strict: bool) -> Eval {
    let index = int(context, &args[1])?;
    let at = usize::try_from(index).ok();
    let found = match (&args[0], at) {
        (Value::Nil, _) if args.len() < 3 => return Ok(Value::Nil),
        (Value::Vector(items), at) => at.and_then(|at| items.get(at).cloned()),
        (Value::Str(text), at) => at.and_then(|at| text.chars().nth(at)).map(Value::Char),
        (Value::Nil | Value::List(_) | Value::Lazy(_), Some(at)) => {
            let mut items = Iter::new(context, args[0].clone())?;
            let mut found = items.next(context)?;
            for _ in 0..at {
                if found.is_none() {
                    break;
                }
                found = items.next(context)?;
            }
            found
        }
        (Value::Nil | Value::List(_) | Value::Lazy(_), None) => None,
        (other, _) => {
            let class = crate::exception::class_of(other);
            return Err(context.error(
                "UnsupportedOperationException",
                format!("nth not supported on this type: {}", class.short()),
            ));
        }
    };
    match found {
        Some(value) => Ok(value),
        None if args.len() == 3 => Ok(take(args, 2)),
        None if !strict => Ok(Value::Nil),
        None => {
            let message = if let Value::Str(_) = &args[0] {
                Some(format!("String index out of range: {index}"))
            } else {
                None
            };
            Err(Exception { message, ..Exception::new("IndexOutOfBoundsException", "") }.into())
        }
    }
}
