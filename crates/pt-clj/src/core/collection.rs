//! Vectors, maps, sets and lists: making, asking, changing.

use std::sync::Arc;

use super::map::entry;
use super::{MANY, cast, count, natives, take};
use crate::Value;
use crate::context::Context;
use crate::equal::realise;
use crate::eval::lookup;
use crate::exception::{Eval, Exception};
use crate::map::{Map, Set};
use crate::seq::{Iter, Repr, Seq, seq};
use crate::types::Object;
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
        Value::Vector(items) if items.is_entry() || items.meta.is_some() => {
            Ok(Value::vector(items.iter().cloned().collect()))
        }
        vector @ Value::Vector(_) => Ok(vector),
        other if matches!(other, Value::Keyword(_) | Value::Symbol(_) | Value::Bool(_) | Value::Char(_)) || other.is_number() => {
            let message = format!("Unable to convert: class {} to Object[]", crate::class::class_of(&other).full);
            Err(context.error("RuntimeException", message))
        }
        other => {
            let items = Iter::new(context, other)?.collect(context)?;
            Ok(Value::vector(items))
        }
    },
    "set" 1 1 |context, args| match take(args, 0) {
        set @ Value::Set(_) => Ok(set),
        Value::Sorted(sorted) if sorted.is_set => crate::sorted::changed(sorted, |set| {
            set.meta = None;
            Ok(())
        }),
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
        Value::Sorted(sorted) => sorted.is_empty(),
        _ => seq(context, take(args, 0))?.is_nil(),
    })),
    "not-empty" 1 1 |context, args| Ok(if seq(context, args[0].clone())?.is_nil() { Value::Nil } else { take(args, 0) }),
    "empty" 1 1 |context, args| {
        let empty = match &args[0] {
            Value::Vector(items) if items.is_entry() => return Ok(Value::Nil),
            Value::Vector(_) => Value::vector(Vec::new()),
            Value::Map(_) => Value::map([]),
            Value::Set(_) => Value::set([]),
            Value::List(_) => Value::empty_list(),
            Value::Lazy(_) => return Ok(Value::empty_list()),
            Value::Sorted(sorted) => return Ok(Value::Sorted(Arc::new(sorted.emptied()))),
            Value::Record(record) if record.of.is_record => {
                let message = format!("Can't create empty: {}", record.of.name);
                return Err(context.error("UnsupportedOperationException", message));
            }
            Value::Object(object) => match &**object {
                Object::Queue(_, meta) => return Ok(Object::Queue(imbl::Vector::new(), meta.clone()).value()),
                _ => return Ok(Value::Nil),
            },
            _ => return Ok(Value::Nil),
        };
        match super::meta::meta_of(context, &args[0]) {
            None => Ok(empty),
            meta => super::meta::with_meta(context, empty, meta),
        }
    },
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
        if args.len() == 3 {
            let default = take(args, 2);
            return crate::eval::lookup_or(context, &args[0], &args[1], default);
        }
        Ok(lookup(context, &args[0], &args[1])?.unwrap_or_default())
    },
    "contains?" 2 2 |context, args| {
        realise(context, &args[1])?;
        match (&args[0], &args[1]) {
            (Value::Nil, _) => Ok(Value::Bool(false)),
            (Value::Str(_), key) if !matches!(key, Value::Int(_)) => {
                Err(context.error("IllegalArgumentException", "contains? not supported on type: java.lang.String"))
            }
            (Value::Map(_) | Value::Set(_) | Value::Vector(_) | Value::Str(_) | Value::Sorted(_) | Value::Record(_), key) => {
                Ok(Value::Bool(lookup(context, &args[0], key)?.is_some()))
            }
            (Value::Object(object), key) if matches!(**object, Object::Array { .. }) && !matches!(key, Value::Int(_)) => {
                Err(context.error("IllegalArgumentException", "contains? not supported on type: array"))
            }
            (Value::Object(object), key) if matches!(**object, Object::Transient(_) | Object::Array { .. }) => {
                Ok(Value::Bool(lookup(context, &args[0], key)?.is_some()))
            }
            (other, _) => {
                let class = crate::class::class_name(other);
                Err(context.error("IllegalArgumentException", format!("contains? not supported on type: {class}")))
            }
        }
    },
    "find" 2 2 |context, args| Ok(match &args[0] {
        Value::Map(map) => map.get_entry(&args[1]).map(|(key, value)| Value::entry(key, value)).unwrap_or_default(),
        Value::Record(record) => record.fields.get_entry(&args[1]).map(|(key, value)| Value::entry(key, value)).unwrap_or_default(),
        Value::Sorted(sorted) if !sorted.is_set => {
            sorted.get(context, &args[1])?.map(|(key, value)| Value::entry(&key, &value)).unwrap_or_default()
        }
        Value::Vector(_) => lookup(context, &args[0], &args[1])?.map(|value| Value::entry(&args[1], &value)).unwrap_or_default(),
        Value::Object(object) if matches!(**object, Object::Transient(_)) => {
            lookup(context, &args[0], &args[1])?.map(|value| Value::entry(&args[1], &value)).unwrap_or_default()
        }
        Value::Nil => Value::Nil,
        other => {
            let class = crate::class::class_name(other);
            return Err(context.error("IllegalArgumentException", format!("find not supported on type: {class}")));
        }
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
        Value::Sorted(mut sorted) if !sorted.is_set => {
            for key in &args[1..] {
                Arc::make_mut(&mut sorted).remove(context, key)?;
            }
            Ok(Value::Sorted(sorted))
        }
        Value::Record(mut record) if record.of.is_record => {
            // Without one of its own fields it is a record no more.
            let own = |key: &Value| matches!(key, Value::Keyword(name) if record.of.fields.iter().any(|field| field.as_str() == name.as_str()));
            if args[1..].iter().any(own) {
                let mut map = record.fields.clone();
                args[1..].iter().for_each(|key| drop(map.remove(key)));
                map.meta = record.meta.clone();
                return Ok(Value::Map(Arc::new(map)));
            }
            let changed = Arc::make_mut(&mut record);
            args[1..].iter().for_each(|key| drop(changed.fields.remove(key)));
            Ok(Value::Record(record))
        }
        other => Err(cast(context, &other, "clojure.lang.IPersistentMap")),
    },
    "disj" 1 MANY |context, args| match take(args, 0) {
        Value::Nil => Ok(Value::Nil),
        set if args.len() == 1 => Ok(set),
        Value::Set(mut set) => {
            for key in &args[1..] {
                if set.contains(key) {
                    Arc::make_mut(&mut set).remove(key);
                }
            }
            Ok(Value::Set(set))
        }
        Value::Sorted(mut sorted) if sorted.is_set => {
            for key in &args[1..] {
                Arc::make_mut(&mut sorted).remove(context, key)?;
            }
            Ok(Value::Sorted(sorted))
        }
        other => Err(cast(context, &other, "clojure.lang.IPersistentSet")),
    },
    "peek" 1 1 |context, args| match &args[0] {
        Value::Vector(items) => Ok(items.len().checked_sub(1).and_then(|last| items.get(last)).cloned().unwrap_or_default()),
        Value::List(seq) if seq.is_list() => Ok(seq.first()),
        Value::Nil => Ok(Value::Nil),
        Value::Object(object) => match &**object {
            Object::Queue(items, _) => Ok(items.front().cloned().unwrap_or_default()),
            _ => Err(cast(context, &args[0], "clojure.lang.IPersistentStack")),
        },
        other => Err(cast(context, other, "clojure.lang.IPersistentStack")),
    },
    "pop" 1 1 |context, args| match take(args, 0) {
        Value::Vector(mut items) => match Arc::make_mut(&mut items).pop() {
            Some(_) => Ok(Value::Vector(items)),
            None => Err(context.error("IllegalStateException", "Can't pop empty vector")),
        },
        Value::List(list) if list.is_empty() => Err(context.error("IllegalStateException", "Can't pop empty list")),
        Value::List(list) if list.is_list() => match (list.rest(), &list.1) {
            (Value::Nil, None) => Ok(Value::empty_list()),
            (Value::Nil, meta) => super::meta::with_meta(context, Value::empty_list(), meta.clone()),
            (rest, None) => Ok(rest),
            (rest, meta) => super::meta::with_meta(context, rest, meta.clone()),
        },
        Value::Nil => Ok(Value::Nil),
        Value::Object(object) => match &*object {
            Object::Queue(items, meta) => {
                let mut items = items.clone();
                items.pop_front();
                Ok(Object::Queue(items, meta.clone()).value())
            }
            _ => Err(cast(context, &Value::Object(object), "clojure.lang.IPersistentStack")),
        },
        other => Err(cast(context, &other, "clojure.lang.IPersistentStack")),
    },
    "subvec" 2 3 |context, args| match &args[0] {
        Value::Vector(items) => {
            let from = super::index(context, &args[1])?;
            let to = args.get(2).map_or(Ok(items.len() as i64), |to| super::index(context, to))?;
            match (usize::try_from(from), usize::try_from(to)) {
                (Ok(from), Ok(to)) if from <= to && to <= items.len() => Ok(Value::Vector(Arc::new(items.slice(from, to)))),
                _ => Err(Exception::silent("IndexOutOfBoundsException").into()),
            }
        }
        other => Err(cast(context, other, "clojure.lang.IPersistentVector")),
    },
    "nth" 2 3 |context, args| nth(context, args, true),
    "nth*" 2 2 |context, args| nth(context, args, false),
    // What `[a & more]` takes apart: also what has no order of its own.
    "walked*" 1 1 |context, args| match take(args, 0) {
        vector @ Value::Vector(_) => Ok(vector),
        other => seq(context, other),
    },
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
        Value::Sorted(sorted) => sorted.len(),
        Value::Record(record) if record.of.is_record => record.fields.len(),
        Value::Record(record) => match record.of.method("count") {
            Some(method) => {
                let count = context.call1(&method, value)?;
                return super::count(context, &count);
            }
            None => return Err(uncountable(context, &value)),
        },
        Value::Object(object) => match &**object {
            Object::Array { items, .. } => crate::types::locked(items).len(),
            Object::Queue(items, _) => items.len(),
            Object::Transient(inner) => {
                let inner = crate::types::locked(inner).clone().unwrap_or_default();
                length(context, inner)?
            }
            _ => return Err(uncountable(context, &value)),
        },
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
        other => return Err(uncountable(context, other)),
    })
}

#[cold]
fn uncountable(context: &Context<'_>, value: &Value) -> crate::exception::Signal {
    let class = crate::class::class_name(value);
    let short = class.rsplit('.').next().unwrap_or(&class);
    context.error("UnsupportedOperationException", format!("count not supported on this type: {short}"))
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
                other @ (Value::Sorted(_) | Value::Record(_)) if other.is_map() => {
                    let map = Arc::make_mut(&mut map);
                    other.entries().into_iter().flatten().for_each(|(key, value)| map.insert(key, value));
                }
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
                        if !matches!(&next, Value::Vector(items) if items.is_entry()) {
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
            let meta = list.1.clone();
            let rest = if list.is_empty() { Value::Nil } else { Value::List(list) };
            Seq::new(Repr::Cons { first: item, rest, count }, meta).into()
        }
        lazy @ Value::Lazy(_) => crate::seq::cons(item, lazy),
        Value::Sorted(sorted) if sorted.is_set => {
            realise(context, &item)?;
            if sorted.get(context, &item)?.is_some() {
                return Ok(Value::Sorted(sorted));
            }
            return crate::sorted::changed(sorted, |sorted| sorted.insert(context, item, Value::Nil));
        }
        map @ (Value::Sorted(_) | Value::Record(_)) if map.is_map() => match item {
            Value::Nil => map,
            other if other.is_map() => {
                let entries = other.entries().unwrap_or_default();
                entries.into_iter().try_fold(map, |map, (key, value)| assoc(context, map, key, value))?
            }
            Value::Vector(pair) if pair.len() == 2 => {
                let (key, value) =
                    (pair.get(0).cloned().unwrap_or_default(), pair.get(1).cloned().unwrap_or_default());
                assoc(context, map, key, value)?
            }
            Value::Vector(_) => {
                return Err(
                    context.error("IllegalArgumentException", "Vector arg to map conj must be a pair")
                );
            }
            other => {
                let mut entries = Iter::new(context, other)?;
                let mut all = map;
                while let Some(next) = entries.next(context)? {
                    let (key, value) = (entry(context, &next, 0)?, entry(context, &next, 1)?);
                    all = assoc(context, all, key, value)?;
                }
                all
            }
        },
        Value::Record(record) => match record.of.method("cons") {
            Some(method) => context.call2(&method, Value::Record(record), item)?,
            None => return Err(cast(context, &Value::Record(record), "clojure.lang.IPersistentCollection")),
        },
        Value::Object(object) => match &*object {
            Object::Queue(items, meta) => {
                let mut items = items.clone();
                items.push_back(item);
                Object::Queue(items, meta.clone()).value()
            }
            _ => return Err(cast(context, &Value::Object(object), "clojure.lang.IPersistentCollection")),
        },
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
        Value::Nil => {
            realise(context, &key)?;
            Ok(Value::map([(key, value)]))
        }
        Value::Sorted(sorted) if !sorted.is_set => {
            crate::sorted::changed(sorted, |sorted| sorted.insert(context, key, value))
        }
        Value::Record(mut record) if record.of.is_record => {
            realise(context, &key)?;
            Arc::make_mut(&mut record).fields.insert(key, value);
            Ok(Value::Record(record))
        }
        Value::Vector(mut items) => {
            let Value::Int(index) = key else {
                return Err(context.error("IllegalArgumentException", "Key must be integer"));
            };
            let out_of_bounds = || Exception::silent("IndexOutOfBoundsException").into();
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

#[cold]
pub(super) fn no_nth(context: &Context<'_>, value: &Value) -> crate::exception::Signal {
    let class = crate::class::class_name(value);
    let short = class.rsplit('.').next().unwrap_or(&class);
    context.error("UnsupportedOperationException", format!("nth not supported on this type: {short}"))
}

fn nth(context: &mut Context<'_>, args: &mut [Value], strict: bool) -> Eval {
    let index = super::index(context, &args[1])?;
    if index < 0 && args.len() == 3 {
        return Ok(take(args, 2));
    }
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
        (Value::Object(object), at) => match (&**object, at) {
            (Object::Array { items, .. }, Some(at)) => crate::types::locked(items).get(at).cloned(),
            (Object::Queue(items, _), Some(at)) => items.get(at).cloned(),
            (Object::Transient(inner), Some(at)) => match &*crate::types::locked(inner) {
                Some(Value::Vector(items)) => items.get(at).cloned(),
                _ => None,
            },
            (Object::Array { .. } | Object::Queue(..) | Object::Transient(_), None) => None,
            (Object::Matcher { state, .. }, at) => match (&crate::types::locked(state).1, at) {
                (Value::Vector(groups), Some(at)) => groups.get(at).cloned(),
                (whole, Some(0)) => Some(whole.clone()),
                _ => None,
            },
            _ => return Err(no_nth(context, &args[0])),
        },
        (other, _) => return Err(no_nth(context, other)),
    };
    match found {
        Some(value) => Ok(value),
        None if args.len() == 3 => Ok(take(args, 2)),
        None if !strict => Ok(Value::Nil),
        None => {
            let class = "IndexOutOfBoundsException";
            Err(match &args[0] {
                Value::Str(_) => Exception::new(class, format!("String index out of range: {index}")),
                _ => Exception::silent(class),
            }
            .into())
        }
    }
}
