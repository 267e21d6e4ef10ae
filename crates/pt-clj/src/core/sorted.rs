//! Sorted maps and sets.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{MANY, cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::seq::{Iter, chunk};
use crate::sorted::Sorted;

natives! { "clojure.core":
    "sorted-map" 0 MANY |context, args| map(context, Value::Nil, args),
    "sorted-map-by" 1 MANY |context, args| {
        let by = take(args, 0);
        map(context, by, &mut args[1..])
    },
    "sorted-set" 0 MANY |context, args| set(context, Value::Nil, args),
    "sorted-set-by" 1 MANY |context, args| {
        let by = take(args, 0);
        set(context, by, &mut args[1..])
    },
    "comparator-of*" 1 1 |context, args| match &args[0] {
        Value::Sorted(sorted) if sorted.comparator().is_nil() => Ok(super::function("compare").map_or(Value::Nil, Value::Native)),
        Value::Sorted(sorted) => Ok(sorted.comparator().clone()),
        other => Err(cast(context, other, "clojure.lang.Sorted")),
    },
    "sorted?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Sorted(_)))),
    "subseq" 3 5 |context, args| part(context, args, true),
    "rsubseq" 3 5 |context, args| part(context, args, false),
    "rseq" 1 1 |context, args| Ok(match take(args, 0) {
        Value::Sorted(sorted) => chunk(sorted.items().rev().collect(), Value::Nil),
        vector @ Value::Vector(_) => {
            let mut items = Iter::new(context, vector)?.collect(context)?;
            items.reverse();
            chunk(items, Value::Nil)
        }
        other => return Err(cast(context, &other, "clojure.lang.Reversible")),
    }),
}

fn map(context: &mut Context<'_>, by: Value, args: &mut [Value]) -> Eval {
    let mut sorted = Sorted::new(by, false);
    if args.len() % 2 == 1 {
        let key = args.last().map(crate::print::pr_str).unwrap_or_default();
        return Err(context.error("IllegalArgumentException", format!("No value supplied for key: {key}")));
    }
    for pair in args.chunks_exact_mut(2) {
        sorted.insert(context, std::mem::take(&mut pair[0]), std::mem::take(&mut pair[1]))?;
    }
    Ok(Value::Sorted(Arc::new(sorted)))
}

fn set(context: &mut Context<'_>, by: Value, args: &mut [Value]) -> Eval {
    let mut sorted = Sorted::new(by, true);
    for arg in args {
        let member = std::mem::take(arg);
        if sorted.get(context, &member)?.is_none() {
            sorted.insert(context, member, Value::Nil)?;
        }
    }
    Ok(Value::Sorted(Arc::new(sorted)))
}

/// `(subseq sorted < key)`, `(subseq sorted > low < high)`
fn part(context: &mut Context<'_>, args: &mut [Value], ascending: bool) -> Eval {
    let Value::Sorted(sorted) = take(args, 0) else {
        return Err(context.error("ClassCastException", "subseq needs a sorted collection"));
    };
    let mut kept = Vec::new();
    'items: for (item, (key, _)) in sorted.items().zip(sorted.iter()) {
        for bound in args[1..].chunks_exact(2) {
            let order = sorted.compare(context, key, &bound[1])?;
            let order = Value::Int(match order {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            });
            if !context.call2(&bound[0], order, Value::Int(0))?.is_truthy() {
                continue 'items;
            }
        }
        kept.push(item);
    }
    if !ascending {
        kept.reverse();
    }
    Ok(chunk(kept, Value::Nil))
}
