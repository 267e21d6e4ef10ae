//! Sequences cut into parts.

use super::{count, natives, take, transduce};
use crate::Value;
use crate::seq::{Iter, cons, lazy, seq};

natives! { "clojure.core":
    "partition" 2 4 |context, args| {
        let size = count(context, &args[0])?;
        let step = if args.len() > 2 { count(context, &args[1])? } else { size };
        let pad = if args.len() == 4 { Some(take(args, 2)) } else { None };
        if pad.is_none() && matches!(args[0], Value::Int(..=-1)) {
            return Ok(Value::empty_list());
        }
        let items = args.last_mut().map(std::mem::take).unwrap_or_default();
        Ok(partition(size, step, Rest::from(pad), items))
    },
    "partition-all" 1 3 |context, args| {
        let size = count(context, &args[0])?;
        if args.len() == 1 {
            return transduce::partition_all(size.max(1));
        }
        let step = if args.len() == 3 { count(context, &args[1])? } else { size };
        let items = args.last_mut().map(std::mem::take).unwrap_or_default();
        Ok(partition(size, step, Rest::Keep, items))
    },
    "partition-by" 1 2 |context, args| {
        let function = take(args, 0);
        if args.len() == 1 {
            return transduce::partition_by(function);
        }
        let items = Iter::new(context, take(args, 1))?;
        Ok(partition_by(function, items, None))
    },
}

/// What becomes of a last part that is too short.
enum Rest {
    Drop,
    Keep,
    Pad(Value),
}

impl From<Option<Value>> for Rest {
    fn from(pad: Option<Value>) -> Self {
        pad.map_or(Self::Drop, Self::Pad)
    }
}

fn partition(size: usize, step: usize, rest: Rest, items: Value) -> Value {
    lazy(move |context| {
        let start = seq(context, items)?;
        let mut iter = Iter::Seq(start.clone());
        let mut part = Vec::with_capacity(size.min(1024));
        while part.len() < size {
            match iter.next(context)? {
                Some(item) => part.push(item),
                None => break,
            }
            context.grown(part.len())?;
        }
        if part.len() < size || start.is_nil() {
            return match rest {
                _ if part.is_empty() => Ok(Value::Nil),
                Rest::Drop => Ok(Value::Nil),
                Rest::Keep => {
                    let mut next = Iter::Seq(start);
                    for _ in 0..step {
                        next.next(context)?;
                    }
                    Ok(cons(Value::list(part), partition(size, step, rest, next.remaining())))
                }
                Rest::Pad(pad) => {
                    let mut pad = Iter::new(context, pad)?;
                    while part.len() < size {
                        match pad.next(context)? {
                            Some(item) => part.push(item),
                            None => break,
                        }
                    }
                    Ok(Value::list(vec![Value::list(part)]))
                }
            };
        }
        let next = if step == size {
            iter.remaining()
        } else {
            let mut next = Iter::Seq(start);
            for _ in 0..step {
                next.next(context)?;
            }
            next.remaining()
        };
        Ok(cons(Value::list(part), partition(size, step, rest, next)))
    })
}

fn partition_by(function: Value, mut items: Iter, pending: Option<(Value, Value)>) -> Value {
    lazy(move |context| {
        let (first, key) = match pending {
            Some(pending) => pending,
            None => match items.next(context)? {
                Some(item) => {
                    let key = context.call1(&function, item.clone())?;
                    (item, key)
                }
                None => return Ok(Value::Nil),
            },
        };
        let mut part = vec![first];
        while let Some(item) = items.next(context)? {
            let next = context.call1(&function, item.clone())?;
            if !crate::equal::equal(context, &key, &next)? {
                return Ok(cons(Value::list(part), partition_by(function, items, Some((item, next)))));
            }
            part.push(item);
            context.grown(part.len())?;
        }
        Ok(Value::list(vec![Value::list(part)]))
    })
}
