//! Comparing and sorting.

use std::cmp::Ordering;

use super::{MANY, cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::{Eval, class_of};
use crate::seq::Iter;
use crate::types::Object;

natives! { "clojure.core":
    "compare" 2 2 |context, args| distance(context, &args[0], &args[1]).map(Value::Int),
    "sort" 1 2 |context, args| {
        let by = if args.len() == 2 { Some(take(args, 0)) } else { None };
        let source = args.last_mut().map(std::mem::take).unwrap_or_default();
        let meta = super::meta::meta_of(context, &source);
        let items = Iter::new(context, source)?.collect(context)?;
        let pairs = items.into_iter().map(|item| (Value::Nil, item)).collect();
        let sorted = sorted(context, by.as_ref(), pairs, false)?;
        if meta.is_some() { super::meta::with_meta(context, sorted, meta) } else { Ok(sorted) }
    },
    "sort-by" 2 3 |context, args| {
        let key = take(args, 0);
        let by = if args.len() == 3 { Some(take(args, 1)) } else { None };
        let source = args.last_mut().map(std::mem::take).unwrap_or_default();
        let meta = super::meta::meta_of(context, &source);
        let mut items = Iter::new(context, source)?;
        let mut pairs = Vec::new();
        while let Some(item) = items.next(context)? {
            pairs.push((context.call1(&key, item.clone())?, item));
            context.grown(2 * pairs.len())?;
        }
        let sorted = sorted(context, by.as_ref(), pairs, true)?;
        if meta.is_some() { super::meta::with_meta(context, sorted, meta) } else { Ok(sorted) }
    },
    "max-key" 2 MANY |context, args| by_key(context, args, Ordering::Greater),
    "min-key" 2 MANY |context, args| by_key(context, args, Ordering::Less),
}

/// Stable; the comparison may run code.
fn sorted(
    context: &mut Context<'_>,
    by: Option<&Value>,
    mut pairs: Vec<(Value, Value)>,
    keyed: bool,
) -> Eval {
    merge_sort(&mut pairs, &mut |left, right| {
        context.tick()?;
        let (left, right) = if keyed { (&left.0, &right.0) } else { (&left.1, &right.1) };
        match by {
            None => compare(context, left, right),
            Some(by) => compare_by(context, by, left, right),
        }
    })?;
    // A sequence, which is no list.
    Ok(match crate::seq::chunk(pairs.into_iter().map(|(_, item)| item).collect(), Value::Nil) {
        Value::Nil => Value::empty_list(),
        sorted => sorted,
    })
}

/// The standard library's sort may panic when a comparison contradicts itself, as a program's may.
fn merge_sort<T: Clone>(items: &mut [T], compare: &mut dyn FnMut(&T, &T) -> Eval<Ordering>) -> Eval<()> {
    let middle = items.len() / 2;
    if middle == 0 {
        return Ok(());
    }
    merge_sort(&mut items[..middle], compare)?;
    merge_sort(&mut items[middle..], compare)?;
    let left = items[..middle].to_vec();
    let (mut next_left, mut next_right, mut at) = (0, middle, 0);
    while next_left < left.len() {
        if next_right < items.len() && compare(&left[next_left], &items[next_right])? == Ordering::Greater {
            items.swap(at, next_right);
            next_right += 1;
        } else {
            items[at] = left[next_left].clone();
            next_left += 1;
        }
        at += 1;
    }
    Ok(())
}

/// Compares by a function, or by `compare` where that is nil.
pub(crate) fn compare_with(
    context: &mut Context<'_>,
    by: &Value,
    left: &Value,
    right: &Value,
) -> Eval<Ordering> {
    if by.is_nil() { compare(context, left, right) } else { compare_by(context, by, left, right) }
}

/// A comparator gives a number, or whether the left comes first.
fn compare_by(context: &mut Context<'_>, by: &Value, left: &Value, right: &Value) -> Eval<Ordering> {
    match context.call2(by, left.clone(), right.clone())? {
        Value::Int(order) => Ok(order.cmp(&0)),
        Value::Float(order) => Ok(order.partial_cmp(&0.0).unwrap_or(Ordering::Equal)),
        Value::Bool(true) => Ok(Ordering::Less),
        Value::Bool(false) | Value::Nil => {
            let other = context.call2(by, right.clone(), left.clone())?;
            Ok(if other.is_truthy() { Ordering::Greater } else { Ordering::Equal })
        }
        other => Err(cast(context, &other, "java.lang.Number")),
    }
}

/// The number that `compare` gives: of texts and characters it tells how far they are apart.
fn distance(context: &mut Context<'_>, left: &Value, right: &Value) -> Eval<i64> {
    Ok(match (left, right) {
        (Value::Str(left), Value::Str(right)) => apart(left, right),
        (Value::Char(left), Value::Char(right)) => i64::from(u32::from(*left)) - i64::from(u32::from(*right)),
        (Value::Keyword(left), Value::Keyword(right)) | (Value::Symbol(left), Value::Symbol(right)) => {
            match (left.namespace(), right.namespace()) {
                (None, Some(_)) => -1,
                (Some(_), None) => 1,
                (Some(one), Some(other)) if one != other => apart(one, other),
                _ => apart(left.local(), right.local()),
            }
        }
        (Value::Vector(left), Value::Vector(right)) if left.len() == right.len() => {
            context.nested(|context| {
                for (left, right) in left.iter().zip(right.iter()) {
                    let distance = distance(context, left, right)?;
                    if distance != 0 {
                        return Ok(distance);
                    }
                }
                Ok(0)
            })?
        }
        _ => compare(context, left, right)? as i64,
    })
}

/// The distance of the first letters that differ, or of the lengths.
fn apart(left: &str, right: &str) -> i64 {
    let (mut one, mut other) = (left.encode_utf16(), right.encode_utf16());
    loop {
        match (one.next(), other.next()) {
            (Some(left), Some(right)) if left == right => {}
            (Some(left), Some(right)) => return i64::from(left) - i64::from(right),
            (Some(_), None) => return 1 + one.count() as i64,
            (None, Some(_)) => return -1 - other.count() as i64,
            (None, None) => return 0,
        }
    }
}

/// `compare`: nil first, numbers by size, texts by letters, vectors by length, then by items.
pub(crate) fn compare(context: &mut Context<'_>, left: &Value, right: &Value) -> Eval<Ordering> {
    Ok(match (left, right) {
        (Value::Nil, Value::Nil) => Ordering::Equal,
        (Value::Nil, _) => Ordering::Less,
        (_, Value::Nil) => Ordering::Greater,
        (Value::Str(left), Value::Str(right)) => left.encode_utf16().cmp(right.encode_utf16()),
        (Value::Char(left), Value::Char(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Keyword(left), Value::Keyword(right)) | (Value::Symbol(left), Value::Symbol(right)) => {
            left.namespace().cmp(&right.namespace()).then_with(|| left.local().cmp(right.local()))
        }
        (Value::Uuid(left), Value::Uuid(right)) => left.cmp(right),
        (Value::Vector(left), Value::Vector(right)) => {
            let mut order = left.len().cmp(&right.len());
            context.nested(|context| {
                let mut pairs = left.iter().zip(right.iter());
                while let (Ordering::Equal, Some((left, right))) = (order, pairs.next()) {
                    order = compare(context, left, right)?;
                }
                Ok(order)
            })?
        }
        (left, right) if left.is_number() && right.is_number() => {
            super::compare_numbers(context, left, right)?.unwrap_or(Ordering::Equal)
        }
        (Value::Object(one), Value::Object(other))
            if let (Object::Inst(one), Object::Inst(other)) = (&**one, &**other) =>
        {
            one.cmp(other)
        }
        (Value::Record(record), _) if let Some(method) = record.of.method("compareTo") => {
            compare_by(context, &method, left, right)?
        }
        (left, right) if super::predicate::identical(left, right) => Ordering::Equal,
        (left, right) => {
            let (left, right) = (class_of(left).full, class_of(right).full);
            let to = match left {
                "java.lang.Long" | "java.lang.Double" => "java.lang.Number",
                other if other == right => "java.lang.Comparable",
                other => other,
            };
            return Err(context.error(
                "ClassCastException",
                crate::eval::cannot_cast(if to == "java.lang.Comparable" { left } else { right }, to),
            ));
        }
    })
}

fn by_key(context: &mut Context<'_>, args: &mut [Value], wanted: Ordering) -> Eval {
    let key = take(args, 0);
    let mut best = take(args, 1);
    if args.len() == 2 {
        return Ok(best);
    }
    let mut best_key = context.call1(&key, best.clone())?;
    for (at, arg) in args[2..].iter_mut().enumerate() {
        let value = std::mem::take(arg);
        let value_key = context.call1(&key, value.clone())?;
        // Of equals the last one wins; NaN neither wins nor loses, but where it stands matters. All as in Clojure.
        let order = super::compare_numbers(context, &best_key, &value_key)?;
        let keep = if at == 0 { order == Some(wanted) } else { order.is_none() || order == Some(wanted) };
        if !keep {
            (best, best_key) = (value, value_key);
        }
    }
    Ok(best)
}
