//! `clojure.set`.

use std::sync::Arc;

use super::{MANY, cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::map::{Map, Set};
use crate::seq::Iter;

natives! { "clojure.set":
    "union" 0 MANY |context, args| {
        let mut all = Set::default();
        for arg in args.iter_mut() {
            let mut items = Iter::new(context, std::mem::take(arg))?;
            while let Some(item) = items.next(context)? {
                all.insert(item);
            }
        }
        Ok(Value::Set(Arc::new(all)))
    },
    "intersection" 1 MANY |context, args| {
        let others = args[1..].iter().map(|arg| set(context, arg)).collect::<Eval<Vec<_>>>()?;
        let first = set(context, &args[0])?;
        Ok(Value::set(first.iter().filter(|item| others.iter().all(|other| other.contains(item))).cloned()))
    },
    "difference" 1 MANY |context, args| {
        let others = args[1..].iter().map(|arg| set(context, arg)).collect::<Eval<Vec<_>>>()?;
        let first = set(context, &args[0])?;
        Ok(Value::set(first.iter().filter(|item| !others.iter().any(|other| other.contains(item))).cloned()))
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
