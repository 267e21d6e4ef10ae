//! Walking sequences to an end: first and last, reducing, grouping.

use std::sync::Arc;

use super::collection::{conj, length};
use super::{MANY, count, natives, take};
use crate::Value;
use crate::context::Context;
use crate::equal::realise;
use crate::exception::{Eval, Exception};
use crate::map::Map;
use crate::seq::{Iter, chunk, cons, seq};

natives! { "clojure.core":
    "seq" 1 1 |context, args| seq(context, take(args, 0)),
    "first" 1 1 |context, args| first(context, take(args, 0)),
    "second" 1 1 |context, args| {
        let rest = next(context, take(args, 0))?;
        first(context, rest)
    },
    "ffirst" 1 1 |context, args| {
        let inner = first(context, take(args, 0))?;
        first(context, inner)
    },
    "fnext" 1 1 |context, args| {
        let rest = next(context, take(args, 0))?;
        first(context, rest)
    },
    "nnext" 1 1 |context, args| {
        let rest = next(context, take(args, 0))?;
        next(context, rest)
    },
    "nfirst" 1 1 |context, args| {
        let inner = first(context, take(args, 0))?;
        next(context, inner)
    },
    "rest" 1 1 |context, args| Ok(match seq(context, take(args, 0))? {
        Value::List(seq) => match seq.rest() {
            Value::Nil => Value::empty_list(),
            vector @ Value::Vector(_) => crate::seq::seq(context, vector)?,
            rest => rest,
        },
        _ => Value::empty_list(),
    }),
    "next" 1 1 |context, args| next(context, take(args, 0)),
    "last" 1 1 |context, args| match take(args, 0) {
        Value::Vector(items) => Ok(items.len().checked_sub(1).and_then(|at| items.get(at)).cloned().unwrap_or_default()),
        other => {
            let mut items = Iter::new(context, other)?;
            let mut last = Value::Nil;
            while let Some(item) = items.next(context)? {
                last = item;
            }
            Ok(last)
        }
    },
    "butlast" 1 1 |context, args| {
        let mut items = all(context, take(args, 0))?;
        items.pop();
        Ok(chunk(items, Value::Nil))
    },
    "drop-last" 1 2 |context, args| {
        let dropped = if args.len() == 2 { take(args, 0) } else { Value::Int(1) };
        let items = args.last_mut().map(std::mem::take).unwrap_or_default();
        let (Some(map), Some(drop)) = (super::function("map"), super::function("drop")) else { return Ok(Value::Nil) };
        let ahead = context.call_native(drop, &mut [dropped, items.clone()])?;
        let first = crate::function::boxed(|_, args| Ok(take(args, 0)));
        context.call_native(map, &mut [first, items, ahead])
    },
    "take-last" 2 2 |context, args| {
        let wanted = count(context, &args[0])?;
        let mut items = all(context, take(args, 1))?;
        Ok(chunk(items.split_off(items.len().saturating_sub(wanted)), Value::Nil))
    },
    "nthrest" 2 2 |context, args| {
        let mut rest = take(args, 0);
        if super::int(context, &args[1])? <= 0 {
            return Ok(rest);
        }
        for _ in 0..count(context, &args[1])? {
            let last = rest.clone();
            match seq(context, rest)? {
                Value::List(seq) => rest = match seq.rest() {
                    Value::Nil => Value::empty_list(),
                    rest => rest,
                },
                _ => return Ok(match last {
                    Value::Nil => Value::empty_list(),
                    other => other,
                }),
            }
        }
        Ok(if rest.is_nil() { Value::empty_list() } else { rest })
    },
    "nthnext" 2 2 |context, args| {
        if args[0].is_nil() {
            return Ok(Value::Nil);
        }
        let from = count(context, &args[1])?;
        crate::eval::rest_from(context, &args[0], from)
    },
    "cons" 2 2 |context, args| {
        let rest = match take(args, 1) {
            rest @ (Value::Nil | Value::List(_) | Value::Lazy(_)) => rest,
            other => seq(context, other)?,
        };
        let rest = if matches!(&rest, Value::List(list) if list.is_empty()) { Value::Nil } else { rest };
        Ok(cons(take(args, 0), rest))
    },
    "list*" 1 MANY |context, args| {
        let rest = args.last_mut().map(std::mem::take).unwrap_or_default();
        let rest = seq(context, rest)?;
        let last = args.len() - 1;
        Ok(chunk(args[..last].iter_mut().map(std::mem::take).collect(), rest))
    },
    "reverse" 1 1 |context, args| {
        let mut items = all(context, take(args, 0))?;
        items.reverse();
        Ok(Value::list(items))
    },
    "reduce" 2 3 |context, args| {
        let function = take(args, 0);
        let (first, items) = if args.len() == 3 {
            (take(args, 1), Iter::new(context, take(args, 2))?)
        } else {
            let mut items = Iter::new(context, take(args, 1))?;
            match items.next(context)? {
                Some(first) => (first, items),
                None => return context.call(&function, &mut []),
            }
        };
        reduce(context, &function, first, items)
    },
    "reduce-kv" 3 3 |context, args| {
        let (function, mut value) = (take(args, 0), take(args, 1));
        let pairs: Vec<(Value, Value)> = match &args[2] {
            Value::Nil => Vec::new(),
            Value::Map(map) => map.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            Value::Vector(items) if !items.is_entry() => items.iter().enumerate().map(|(at, item)| (Value::from(at), item.clone())).collect(),
            other if other.is_map() => other.entries().unwrap_or_default(),
            // Any sequence of entries will do.
            other => {
                let mut items = Iter::new(context, other.clone())?;
                let mut pairs = Vec::new();
                while let Some(pair) = items.next(context)? {
                    pairs.push((super::map::entry(context, &pair, 0)?, super::map::entry(context, &pair, 1)?));
                }
                pairs
            }
        };
        for (key, item) in pairs {
            value = context.call(&function, &mut [value, key, item])?;
            if let Value::Reduced(done) = &value {
                return Ok(done.0.clone());
            }
        }
        Ok(value)
    },
    "reduced" 1 1 |_, args| Ok(Value::reduced(take(args, 0))),
    "reduced?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Reduced(_)))),
    "unreduced" 1 1 |_, args| Ok(match take(args, 0) {
        Value::Reduced(done) => done.0.clone(),
        other => other,
    }),
    "into" 0 3 |context, args| match args.len() {
        0 => Ok(Value::vector(Vec::new())),
        1 => Ok(take(args, 0)),
        2 => {
            let (mut to, mut items) = (take(args, 0), Iter::new(context, take(args, 1))?);
            while let Some(item) = items.next(context)? {
                to = conj(context, to, item)?;
            }
            Ok(to)
        }
        _ => {
            let mut to = take(args, 0);
            for item in super::transduce::collect(context, &args[1], args[2].clone())? {
                to = conj(context, to, item)?;
            }
            Ok(to)
        }
    },
    "mapv" 2 MANY |context, args| if args.len() == 2 {
        let (function, mut items) = (take(args, 0), Iter::new(context, take(args, 1))?);
        let mut out = Vec::with_capacity(items.ready().min(1 << 16));
        while let Some(item) = items.next(context)? {
            out.push(context.call1(&function, item)?);
            context.grown(out.len())?;
        }
        Ok(Value::vector(out))
    } else {
        let map = super::function("map").map_or(Value::Nil, Value::Native);
        let mapped = context.call(&map, args)?;
        all(context, mapped).map(Value::vector)
    },
    "filterv" 2 2 |context, args| {
        let (function, mut items) = (take(args, 0), Iter::new(context, take(args, 1))?);
        let mut out = Vec::new();
        while let Some(item) = items.next(context)? {
            if context.call1(&function, item.clone())?.is_truthy() {
                out.push(item);
                context.grown(out.len())?;
            }
        }
        Ok(Value::vector(out))
    },
    "run!" 2 2 |context, args| {
        let (function, mut items) = (take(args, 0), Iter::new(context, take(args, 1))?);
        while let Some(item) = items.next(context)? {
            if let Value::Reduced(_) = context.call1(&function, item)? {
                break;
            }
        }
        Ok(Value::Nil)
    },
    "doall" 1 1 |context, args| {
        let value = take(args, 0);
        length(context, value.clone())?;
        Ok(value)
    },
    "dorun" 1 1 |context, args| length(context, take(args, 0)).map(|_| Value::Nil),
    "every?" 2 2 |context, args| Ok(Value::Bool(!any(context, args, |value| !value.is_truthy())?)),
    "not-every?" 2 2 |context, args| Ok(Value::Bool(any(context, args, |value| !value.is_truthy())?)),
    "not-any?" 2 2 |context, args| Ok(Value::Bool(!any(context, args, Value::is_truthy)?)),
    "some" 2 2 |context, args| {
        let (function, mut items) = (take(args, 0), Iter::new(context, take(args, 1))?);
        while let Some(item) = items.next(context)? {
            let value = context.call1(&function, item)?;
            if value.is_truthy() {
                return Ok(value);
            }
        }
        Ok(Value::Nil)
    },
    "group-by" 2 2 |context, args| {
        let (function, mut items) = (take(args, 0), Iter::new(context, take(args, 1))?);
        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
        let mut places = Map::default();
        let mut total = 0;
        while let Some(item) = items.next(context)? {
            total += 1;
            context.grown(total)?;
            let key = context.call1(&function, item.clone())?;
            realise(context, &key)?;
            match places.get(&key) {
                Some(Value::Int(at)) => groups[*at as usize].1.push(item),
                _ => {
                    places.insert(key.clone(), Value::from(groups.len()));
                    groups.push((key, vec![item]));
                }
            }
        }
        Ok(Value::map(groups.into_iter().map(|(key, group)| (key, Value::vector(group)))))
    },
    "frequencies" 1 1 |context, args| {
        let mut items = Iter::new(context, take(args, 0))?;
        let mut counts = Map::default();
        while let Some(item) = items.next(context)? {
            realise(context, &item)?;
            let count = if let Some(Value::Int(count)) = counts.get(&item) { count + 1 } else { 1 };
            counts.insert(item, Value::Int(count));
        }
        Ok(Value::Map(Arc::new(counts)))
    },
    "split-at" 2 2 |context, args| both(context, args, "take", "drop"),
    "split-with" 2 2 |context, args| both(context, args, "take-while", "drop-while"),
    "distinct?" 1 MANY |context, args| {
        let mut seen = crate::map::Set::default();
        for arg in args.iter_mut() {
            realise(context, arg)?;
            if seen.contains(arg) {
                return Ok(Value::Bool(false));
            }
            seen.insert(std::mem::take(arg));
        }
        Ok(Value::Bool(true))
    },
    "rand-nth" 1 1 |context, args| {
        if args[0].is_nil() {
            return Ok(Value::Nil);
        }
        let items = all(context, take(args, 0))?;
        if items.is_empty() {
            return Err(Exception::silent("IndexOutOfBoundsException").into());
        }
        Ok(items[(context.random() % items.len() as u64) as usize].clone())
    },
    "shuffle" 1 1 |context, args| {
        if matches!(args[0], Value::Nil | Value::Str(_)) || args[0].is_map() {
            return Err(super::cast(context, &args[0], "java.util.Collection"));
        }
        let mut items = all(context, take(args, 0))?;
        for at in (1..items.len()).rev() {
            let other = (context.random() % (at as u64 + 1)) as usize;
            items.swap(at, other);
        }
        Ok(Value::vector(items))
    },
    "bounded-count" 2 2 |context, args| {
        let most = count(context, &args[0])?;
        let counted = match &args[1] {
            Value::List(seq) => seq.known_count().is_some(),
            Value::Lazy(_) => false,
            _ => true,
        };
        if counted {
            return length(context, take(args, 1)).map(Value::from);
        }
        let mut items = Iter::new(context, take(args, 1))?;
        let mut counted = 0;
        while counted < most && items.next(context)?.is_some() {
            counted += 1;
        }
        Ok(Value::from(counted))
    },
    "realized?" 1 1 |context, args| Ok(Value::Bool(match &args[0] {
        Value::Lazy(lazy) => lazy.realised().is_some(),
        Value::Delay(delay) => super::future::is_done(context, &Arc::clone(delay))?,
        Value::Object(object) if let crate::types::Object::Promise(value) = &**object => {
            crate::types::locked(value).is_some()
        }
        // What Clojure computes lazily and we at once.
        Value::List(seq) if !seq.is_list() => true,
        other => return Err(super::cast(context, other, "clojure.lang.IPending")),
    })),
}

/// What one function keeps of a sequence, and what the other does.
fn both(context: &mut Context<'_>, args: &mut [Value], one: &str, other: &str) -> Eval {
    let mut halves = Vec::with_capacity(2);
    for name in [one, other] {
        if let Some(native) = super::function(name) {
            halves.push(context.call_native(native, &mut args.to_vec())?);
        }
    }
    Ok(Value::vector(halves))
}

pub(super) fn first(context: &mut Context<'_>, value: Value) -> Eval {
    match seq(context, value)? {
        Value::List(seq) => Ok(seq.first()),
        _ => Ok(Value::Nil),
    }
}

pub(super) fn next(context: &mut Context<'_>, value: Value) -> Eval {
    match seq(context, value)? {
        Value::List(list) => seq(context, list.rest()),
        _ => Ok(Value::Nil),
    }
}

pub(super) fn all(context: &mut Context<'_>, value: Value) -> Eval<Vec<Value>> {
    Iter::new(context, value)?.collect(context)
}

/// Reduces to an end or to the first `reduced` value.
pub(super) fn reduce(context: &mut Context<'_>, function: &Value, first: Value, mut items: Iter) -> Eval {
    let mut value = first;
    let adds = matches!(function, Value::Native(native) if native.name == "clojure.core/+");
    let mut walked = 0_u32;
    loop {
        let item = match items.next_ready() {
            Some(item) => item,
            None => match items.next(context)? {
                Some(item) => item,
                None => break,
            },
        };
        walked = walked.wrapping_add(1);
        if walked & 0xf == 0 {
            context.tick()?;
        }
        if adds
            && let (Value::Int(left), Value::Int(right)) = (&value, &item)
            && let Some(sum) = left.checked_add(*right)
        {
            value = Value::Int(sum);
            continue;
        }
        value = context.call(function, &mut [value, item])?;
        if let Value::Reduced(done) = &value {
            return Ok(done.0.clone());
        }
    }
    Ok(value)
}

fn any(context: &mut Context<'_>, args: &mut [Value], wanted: fn(&Value) -> bool) -> Eval<bool> {
    let (function, mut items) = (take(args, 0), Iter::new(context, take(args, 1))?);
    while let Some(item) = items.next(context)? {
        if wanted(&context.call1(&function, item)?) {
            return Ok(true);
        }
    }
    Ok(false)
}
