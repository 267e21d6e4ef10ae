//! `clojure.set`.

use std::sync::Arc;

use super::collection::{conj, length};
use super::{MANY, cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::map::{Map, Set};
use crate::seq::Iter;

natives! { "clojure.set":
    "union" 0 MANY |context, args| {
        if let Some(sets) = plain(args) {
            return Ok(Value::set(sets.iter().flat_map(|set| set.iter().cloned())));
        }
        let mut all = largest(context, args, |count| count)?.into_iter();
        let first = all.next().unwrap_or_else(|| Value::set([]));
        all.try_fold(first, |whole, other| {
            let mut items = Iter::new(context, other)?;
            let mut whole = whole;
            while let Some(item) = items.next(context)? {
                whole = conj(context, whole, item)?;
            }
            Ok(whole)
        })
    },
    "intersection" 1 MANY |context, args| {
        if let Some(sets) = plain(args) {
            let (first, others) = (&sets[0], &sets[1..]);
            return Ok(Value::set(first.iter().filter(|item| others.iter().all(|other| other.contains(item))).cloned()));
        }
        let mut all = largest(context, args, |count| -count)?.into_iter();
        let first = all.next().unwrap_or_default();
        all.try_fold(first, |kept, other| {
            let (small, large) = smaller_first(context, kept, other)?;
            without(context, small, &large, false)
        })
    },
    "difference" 1 MANY |context, args| {
        if let Some(sets) = plain(args) {
            let (first, others) = (&sets[0], &sets[1..]);
            return Ok(Value::set(first.iter().filter(|item| !others.iter().any(|other| other.contains(item))).cloned()));
        }
        let mut all = args.iter_mut().map(std::mem::take);
        let first = all.next().unwrap_or_default();
        all.try_fold(first, |kept, other| {
            if length(context, kept.clone())? < length(context, other.clone())? {
                return without(context, kept, &other, true);
            }
            let (mut items, mut kept) = (Iter::new(context, other)?, kept);
            while let Some(item) = items.next(context)? {
                kept = core(context, "disj", &mut [kept, item])?;
            }
            Ok(kept)
        })
    },
    "subset?" 2 2 |context, args| {
        let (small, large) = (set(context, &args[0])?, set(context, &args[1])?);
        Ok(Value::Bool(small.iter().all(|item| large.contains(item))))
    },
    "superset?" 2 2 |context, args| {
        let (large, small) = (set(context, &args[0])?, set(context, &args[1])?);
        Ok(Value::Bool(small.iter().all(|item| large.contains(item))))
    },
    "select" 2 2 |context, args| {
        let mut kept = Set::default();
        for item in set(context, &args[1])?.iter() {
            if context.call1(&args[0], item.clone())?.is_truthy() {
                kept.insert(item.clone());
            }
        }
        Ok(Value::Set(Arc::new(kept)))
    },
    "rename-keys" 2 2 |context, args| renamed(context, &args[0], &args[1]),
    "rename" 2 2 |context, args| {
        let mut all = Set::default();
        for item in set(context, &args[0])?.iter() {
            all.insert(renamed(context, item, &args[1])?);
        }
        Ok(Value::Set(Arc::new(all)))
    },
    "map-invert" 1 1 |context, args| {
        let map = map(context, &args[0])?;
        Ok(Value::map(map.iter().map(|(key, value)| (value.clone(), key.clone()))))
    },
    "project" 2 2 |context, args| {
        let keys = Iter::new(context, take(args, 1))?.collect(context)?;
        let mut all = Set::default();
        for item in set(context, &args[0])?.iter() {
            let item = map(context, item)?;
            let kept = keys.iter().filter_map(|key| item.get_entry(key)).map(|(key, value)| (key.clone(), value.clone()));
            all.insert(Value::map(kept));
        }
        Ok(Value::Set(Arc::new(all)))
    },
    "index" 2 2 |context, args| {
        let keys = Iter::new(context, take(args, 1))?.collect(context)?;
        let mut index: Vec<(Value, Set)> = Vec::new();
        for item in set(context, &args[0])?.iter() {
            let row = map(context, item)?;
            let kept = keys.iter().filter_map(|key| row.get_entry(key)).map(|(key, value)| (key.clone(), value.clone()));
            let key = Value::map(kept);
            match index.iter_mut().find(|(other, _)| *other == key) {
                Some((_, rows)) => rows.insert(item.clone()),
                None => index.push((key, Set::from_iter([item.clone()]))),
            }
        }
        Ok(Value::map(index.into_iter().map(|(key, rows)| (key, Value::Set(Arc::new(rows))))))
    },
}

/// The sets, if all of them are plain ones: they keep the order in which they were written. With others among them it goes
/// as in Clojure, step by step, so that sorted ones stay sorted, and compare what they are asked for.
fn plain(args: &[Value]) -> Option<Vec<Arc<Set>>> {
    let plain = |arg: &Value| if let Value::Set(set) = arg { Some(Arc::clone(set)) } else { None };
    args.iter().map(plain).collect()
}

/// The one that counts most first; of three and more that count the same the last, of two the first.
fn largest(context: &mut Context<'_>, args: &mut [Value], weight: impl Fn(i64) -> i64) -> Eval<Vec<Value>> {
    let mut sets: Vec<Value> = args.iter_mut().map(std::mem::take).collect();
    let mut most: Option<(usize, i64)> = None;
    for (at, set) in sets.iter().enumerate() {
        let count = if sets.len() > 1 { length(context, set.clone())? } else { 0 };
        let counts = weight(i64::try_from(count).unwrap_or(i64::MAX));
        let better = most.is_none_or(|(_, most)| counts > most || (counts == most && sets.len() > 2));
        if better {
            most = Some((at, counts));
        }
    }
    if let Some((at, _)) = most {
        sets[..=at].rotate_right(1);
    }
    Ok(sets)
}

fn smaller_first(context: &mut Context<'_>, left: Value, right: Value) -> Eval<(Value, Value)> {
    let swap = length(context, right.clone())? < length(context, left.clone())?;
    Ok(if swap { (right, left) } else { (left, right) })
}

/// Without the members that another has, or that it has not.
fn without(context: &mut Context<'_>, set: Value, other: &Value, that_has: bool) -> Eval {
    let (mut items, mut kept) = (Iter::new(context, set.clone())?, set);
    while let Some(item) = items.next(context)? {
        let has = core(context, "contains?", &mut [other.clone(), item.clone()])?.is_truthy();
        if has == that_has {
            kept = core(context, "disj", &mut [kept, item])?;
        }
    }
    Ok(kept)
}

fn core(context: &mut Context<'_>, name: &str, args: &mut [Value]) -> Eval {
    match super::function(name) {
        Some(function) => context.call_native(function, args),
        None => Ok(Value::Nil),
    }
}

fn set(context: &Context<'_>, value: &Value) -> Eval<Arc<Set>> {
    match value {
        Value::Set(set) => Ok(Arc::clone(set)),
        Value::Sorted(sorted) if sorted.is_set => Ok(Arc::new(sorted.items().collect())),
        Value::Nil => Ok(Arc::default()),
        other => Err(cast(context, other, "clojure.lang.IPersistentSet")),
    }
}

fn map(context: &Context<'_>, value: &Value) -> Eval<Arc<Map>> {
    match value {
        Value::Map(map) => Ok(Arc::clone(map)),
        other if other.is_map() => Ok(Arc::new(other.entries().into_iter().flatten().collect())),
        Value::Nil => Ok(Arc::default()),
        other => Err(cast(context, other, "clojure.lang.IPersistentMap")),
    }
}

/// The old names go first, so that keys may trade places.
fn renamed(context: &mut Context<'_>, value: &Value, names: &Value) -> Eval {
    if value.is_nil() {
        return Ok(Value::Nil);
    }
    if let Value::Sorted(_) | Value::Record(_) = value {
        let (Some(dissoc), Some(assoc)) = (super::function("dissoc"), super::function("assoc")) else {
            return Ok(Value::Nil);
        };
        let names = map(context, names)?;
        let mut new = value.clone();
        for key in names.keys() {
            new = context.call_native(dissoc, &mut [new, key.clone()])?;
        }
        for (from, to) in names.iter() {
            if let Some(found) = crate::eval::lookup(context, value, from)? {
                new = context.call_native(assoc, &mut [new, to.clone(), found])?;
            }
        }
        return Ok(new);
    }
    let (old, names) = (map(context, value)?, map(context, names)?);
    let mut new = (*old).clone();
    names.keys().for_each(|key| drop(new.remove(key)));
    for (from, to) in names.iter() {
        if let Some(value) = old.get(from) {
            new.insert(to.clone(), value.clone());
        }
    }
    Ok(Value::Map(Arc::new(new)))
}
