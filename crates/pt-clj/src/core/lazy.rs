//! Sequences computed on demand.

use super::transduce;
use super::{MANY, as_f64, compare_numbers, count, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::map::Set;
use crate::seq::{CHUNK, Iter, chunk, cons, lazy, range, seq};
use crate::steps::{Action, Step, stepped};

natives! { "clojure.core":
    "map" 1 MANY map,
    "filter" 1 2 |context, args| transduce::acting(context, args, |function| Action::Keep(function, true)),
    "remove" 1 2 |context, args| transduce::acting(context, args, |function| Action::Keep(function, false)),
    "keep" 1 2 |context, args| transduce::stepwise(context, args, |function| Box::new(move |context, item| {
        Ok(match context.call1(&function, item)? {
            Value::Nil => Step::Skip,
            value => Step::Give(value),
        })
    })),
    "map-indexed" 1 2 |context, args| transduce::stepwise(context, args, |function| {
        let mut index = -1;
        Box::new(move |context, item| {
            index += 1;
            context.call2(&function, Value::Int(index), item).map(Step::Give)
        })
    }),
    "keep-indexed" 1 2 |context, args| transduce::stepwise(context, args, |function| {
        let mut index = -1;
        Box::new(move |context, item| {
            index += 1;
            Ok(match context.call2(&function, Value::Int(index), item)? {
                Value::Nil => Step::Skip,
                value => Step::Give(value),
            })
        })
    }),
    "take-while" 1 2 |context, args| transduce::stepwise(context, args, |function| Box::new(move |context, item| {
        Ok(if context.call1(&function, item.clone())?.is_truthy() { Step::Give(item) } else { Step::Stop })
    })),
    "drop-while" 1 2 |context, args| transduce::stepwise(context, args, |function| {
        let mut dropping = true;
        Box::new(move |context, item| {
            dropping = dropping && context.call1(&function, item.clone())?.is_truthy();
            Ok(if dropping { Step::Skip } else { Step::Give(item) })
        })
    }),
    "take" 1 2 |context, args| {
        let wanted = super::amount(context, &args[0])?;
        if wanted == 0 && args.len() == 2 {
            return Ok(Value::empty_list());
        }
        transduce::stepwise(context, args, move |_| {
            let mut left = wanted;
            Box::new(move |_, item| Ok(match left {
                0 => Step::Stop,
                1 => Step::Last(item),
                _ => {
                    left -= 1;
                    Step::Give(item)
                }
            }))
        })
    },
    "drop" 1 2 |context, args| {
        let unwanted = super::amount(context, &args[0])?;
        transduce::stepwise(context, args, move |_| {
            let mut left = unwanted;
            Box::new(move |_, item| Ok(if left == 0 { Step::Give(item) } else {
                left -= 1;
                Step::Skip
            }))
        })
    },
    "take-nth" 1 2 |context, args| {
        let every = super::int(context, &args[0])?;
        if every <= 0 && args.len() == 2 {
            return Ok(match super::seq::first(context, take(args, 1))? {
                Value::Nil => Value::empty_list(),
                first => forever(first),
            });
        }
        let every = usize::try_from(every.unsigned_abs()).unwrap_or(usize::MAX);
        transduce::stepwise(context, args, move |_| {
            let mut at = every.wrapping_sub(1);
            Box::new(move |context, item| {
                if every == 0 {
                    return Err(context.error("ArithmeticException", "Divide by zero"));
                }
                at = (at + 1) % every;
                Ok(if at == 0 { Step::Give(item) } else { Step::Skip })
            })
        })
    },
    "distinct" 0 1 |context, args| match args.first() {
        // It is taken apart as if it were a list, once someone looks.
        Some(unordered) if unordered.is_set() || unordered.is_map() => {
            let unordered = take(args, 0);
            Ok(lazy(move |context| Err(super::collection::no_nth(context, &unordered))))
        }
        _ => transduce::stepwise_alone(context, args, || {
        let mut seen = Set::default();
        Box::new(move |context, item| {
            crate::equal::realise(context, &item)?;
            Ok(if seen.contains(&item) { Step::Skip } else {
                seen.insert(item.clone());
                Step::Give(item)
            })
        })
        }),
    },
    "dedupe" 0 1 |context, args| transduce::stepwise_alone(context, args, || {
        let mut before: Option<Value> = None;
        Box::new(move |context, item| {
            let same = match &before {
                Some(before) => crate::equal::equal(context, before, &item)?,
                None => false,
            };
            before = Some(item.clone());
            Ok(if same { Step::Skip } else { Step::Give(item) })
        })
    }),
    "interpose" 1 2 |context, args| {
        let between = args[0].clone();
        transduce::stepwise(context, args, move |_| {
            let mut first = true;
            let between = between.clone();
            Box::new(move |_, item| Ok(if std::mem::take(&mut first) { Step::Give(item) } else { Step::Two(between.clone(), item) }))
        })
    },
    "mapcat" 1 MANY |context, args| {
        if args.len() == 1 {
            return transduce::mapcat(take(args, 0));
        }
        let mapped = map(context, args)?;
        // Clojure looks at the first three: what cannot be mapped is refused at once.
        let mut ahead = Iter::Seq(mapped.clone());
        for _ in 0..3 {
            if ahead.next(context)?.is_none() {
                break;
            }
        }
        Ok(cat(Iter::Seq(mapped), None))
    },
    "concat" 0 MANY |_, args| {
        let parts: Vec<Value> = args.iter_mut().map(std::mem::take).collect();
        Ok(cat(Iter::Owned(parts.into_iter()), None))
    },
    "for*" 2 2 |context, args| {
        let (function, items) = (take(args, 0), Iter::new(context, take(args, 1))?);
        Ok(stepped(items, Action::Other(Box::new(move |context, item| marked(context.call1(&function, item)?)))))
    },
    "forcat*" 2 2 |context, args| {
        let (function, items) = (take(args, 0), Iter::new(context, take(args, 1))?);
        Ok(cat(Iter::Seq(stepped(items, Action::Other(Box::new(move |context, item| marked(context.call1(&function, item)?))))), None))
    },
    "doseq*" 2 2 |context, args| {
        let (function, mut items) = (take(args, 0), Iter::new(context, take(args, 1))?);
        while let Some(item) = items.next(context)? {
            if let Step::Stop = marked(context.call1(&function, item)?)? {
                break;
            }
        }
        Ok(Value::Nil)
    },
    "skip*" 0 0 |_, _| Ok(Value::Nil),
    "stop*" 0 0 |_, _| Ok(Value::Nil),
    "lazy-seq*" 1 1 |_, args| {
        let function = take(args, 0);
        Ok(lazy(move |context| context.call(&function, &mut [])))
    },
    "range" 0 3 |context, args| match args {
        [] => Ok(range(0, i64::MAX, 1)),
        [Value::Int(end)] => Ok(some_or_empty(range(0, *end, 1))),
        [Value::Int(start), Value::Int(end)] => Ok(some_or_empty(range(*start, *end, 1))),
        [start, end, Value::Int(0)] => Ok(if crate::equal::equal(context, start, end)? {
            Value::empty_list()
        } else {
            forever(start.clone())
        }),
        [Value::Int(start), Value::Int(end), Value::Int(step)] => Ok(some_or_empty(range(*start, *end, *step))),
        [end] => number_range(context, Value::Int(0), end.clone(), Value::Int(1)),
        [start, end] => number_range(context, start.clone(), end.clone(), Value::Int(1)),
        [start, end, step, ..] => number_range(context, start.clone(), end.clone(), step.clone()),
    },
    "iterate" 2 2 |_, args| {
        let (function, first) = (take(args, 0), take(args, 1));
        Ok(iterate(function, first))
    },
    "repeat" 1 2 |context, args| Ok(if args.len() == 1 { forever(take(args, 0)) } else {
        let times = count(context, &args[0])?;
        let item = take(args, 1);
        some_or_empty(repeated(times, item))
    }),
    "repeatedly" 1 2 |context, args| Ok(if args.len() == 1 { calls(None, take(args, 0)) } else {
        let times = super::amount(context, &args[0])?;
        calls(Some(times), take(args, 1))
    }),
    "cycle" 1 1 |context, args| {
        let items = take(args, 0);
        if seq(context, items.clone())?.is_nil() {
            return Ok(Value::empty_list());
        }
        Ok(cycle(items.clone(), Iter::new(context, items)?))
    },
    "interleave" 0 MANY |context, args| {
        let mut all = Vec::new();
        for arg in args.iter_mut() {
            all.push(Iter::new(context, std::mem::take(arg))?);
        }
        Ok(interleave(all))
    },
    "reductions" 2 3 |context, args| {
        let function = take(args, 0);
        if args.len() == 3 {
            let (first, items) = (take(args, 1), Iter::new(context, take(args, 2))?);
            return Ok(reductions(function, first, items));
        }
        let items = take(args, 1);
        Ok(lazy(move |context| {
            let mut items = Iter::new(context, items)?;
            match items.next(context)? {
                Some(first) => Ok(reductions(function, first, items)),
                None => Ok(Value::list(vec![context.call(&function, &mut [])?])),
            }
        }))
    },
    "tree-seq" 3 3 |_, args| {
        let (branch, children, root) = (take(args, 0), take(args, 1), take(args, 2));
        Ok(tree(branch, children, None, vec![Iter::Owned(vec![root].into_iter())]))
    },
    "flatten" 1 1 |_, args| {
        let root = take(args, 0);
        Ok(if root.is_sequential() { flatten(vec![Iter::Seq(root)]) } else { Value::empty_list() })
    },
    "sequence" 1 MANY |context, args| if args.len() > 2 {
        let transducer = take(args, 0);
        let mut all = Vec::new();
        for arg in &mut args[1..] {
            all.push(Iter::new(context, std::mem::take(arg))?);
        }
        let conj = super::function("conj").map_or(Value::Nil, Value::Native);
        let step = context.call1(&transducer, conj)?;
        let mut value = Value::vector(Vec::new());
        'items: loop {
            let mut next = vec![value];
            for items in &mut all {
                match items.next(context)? {
                    Some(item) => next.push(item),
                    None => {
                        value = next.swap_remove(0);
                        break 'items;
                    }
                }
            }
            value = context.call(&step, &mut next)?;
            if let Value::Reduced(done) = &value {
                value = done.0.clone();
                break;
            }
        }
        let value = context.call1(&step, value)?;
        Ok(match seq(context, value)? {
            Value::Nil => Value::empty_list(),
            some => some,
        })
    } else if args.len() == 1 {
        match seq(context, take(args, 0))? {
            Value::Nil => Ok(Value::empty_list()),
            some => Ok(some),
        }
    } else {
        transduce::sequence(context, &args[0], args[1].clone())
    },
    "eduction" 1 MANY |context, args| {
        let mut items = args.last_mut().map(std::mem::take).unwrap_or_default();
        let last = args.len() - 1;
        for step in &args[..last] {
            items = Value::list(transduce::collect(context, step, items)?);
        }
        Ok(items)
    },
}

type MakeValue = fn() -> Value;

/// What `for` puts in place of an item that does not count.
pub(super) const VALUES: &[(&str, MakeValue)] = &[("skip*", || mark("skip*")), ("stop*", || mark("stop*"))];

fn mark(name: &str) -> Value {
    NATIVES.iter().find(|native| native.name.ends_with(name)).map_or(Value::Nil, Value::Native)
}

fn marked(value: Value) -> Eval<Step> {
    Ok(match value {
        Value::Native(native) if native.name == "clojure.core/skip*" => Step::Skip,
        Value::Native(native) if native.name == "clojure.core/stop*" => Step::Stop,
        value => Step::Give(value),
    })
}

fn some_or_empty(value: Value) -> Value {
    if value.is_nil() { Value::empty_list() } else { value }
}

fn map(context: &mut Context<'_>, args: &mut [Value]) -> Eval {
    if args.len() == 1 {
        // Of several sequences a step gets an item each.
        let function = take(args, 0);
        return Ok(crate::function::boxed(move |_, args| {
            let (next, function) = (take(args, 0), function.clone());
            Ok(crate::function::boxed(move |context, args| match args {
                [value, items @ ..] if !items.is_empty() => {
                    let value = std::mem::take(value);
                    let item = context.call(&function, items)?;
                    context.call2(&next, value, item)
                }
                args => context.call(&next, args),
            }))
        }));
    }
    if args.len() <= 2 {
        return transduce::acting(context, args, Action::Map);
    }
    let function = take(args, 0);
    let mut all = Vec::new();
    for arg in &mut args[1..] {
        all.push(Iter::new(context, std::mem::take(arg))?);
    }
    Ok(map_many(function, all))
}

fn map_many(function: Value, mut all: Vec<Iter>) -> Value {
    lazy(move |context| {
        let mut args = Vec::with_capacity(all.len());
        for items in &mut all {
            match items.next(context)? {
                Some(item) => args.push(item),
                None => return Ok(Value::Nil),
            }
        }
        let value = context.call(&function, &mut args)?;
        Ok(cons(value, map_many(function, all)))
    })
}

/// The items of sequences that come one after another.
pub(super) fn cat(mut outer: Iter, mut inner: Option<Iter>) -> Value {
    lazy(move |context| {
        loop {
            if let Some(items) = &mut inner
                && let Some(first) = items.next(context)?
            {
                let mut out = vec![first];
                while out.len() < CHUNK && items.ready() > 0 {
                    out.extend(items.next(context)?);
                }
                return Ok(chunk(out, cat(outer, inner)));
            }
            match outer.next(context)? {
                Some(items) => inner = Some(Iter::new(context, items)?),
                None => return Ok(Value::Nil),
            }
        }
    })
}

fn number_range(context: &mut Context<'_>, at: Value, end: Value, step: Value) -> Eval {
    let (here, there) =
        (compare_numbers(context, &step, &Value::Int(0))?, compare_numbers(context, &at, &end)?);
    let float = matches!(at, Value::Float(_)) || matches!(step, Value::Float(_));
    if here == there.map(std::cmp::Ordering::reverse) && here != Some(std::cmp::Ordering::Equal) {
        return Ok(lazy(move |context| {
            let add = super::function("+'");
            let next = if float {
                Value::Float(as_f64(context, &at)? + as_f64(context, &step)?)
            } else {
                add.map_or(Ok(Value::Nil), |add| context.call_native(add, &mut [at.clone(), step.clone()]))?
            };
            Ok(cons(at, number_range(context, next, end, step)?))
        }));
    }
    Ok(Value::empty_list())
}

fn iterate(function: Value, first: Value) -> Value {
    let next = first.clone();
    cons(
        first,
        lazy(move |context| {
            let next = context.call1(&function, next)?;
            Ok(iterate(function, next))
        }),
    )
}

fn repeated(times: usize, item: Value) -> Value {
    let here = times.min(CHUNK);
    let rest = if times > here {
        let item = item.clone();
        lazy(move |_| Ok(repeated(times - here, item)))
    } else {
        Value::Nil
    };
    chunk(vec![item; here], rest)
}

fn forever(item: Value) -> Value {
    let again = item.clone();
    cons(item, lazy(move |_| Ok(forever(again))))
}

fn calls(times: Option<usize>, function: Value) -> Value {
    lazy(move |context| {
        if times == Some(0) {
            return Ok(Value::Nil);
        }
        let value = context.call(&function, &mut [])?;
        Ok(cons(value, calls(times.map(|times| times - 1), function)))
    })
}

/// Flat, however often it comes round.
fn cycle(all: Value, mut rest: Iter) -> Value {
    lazy(move |context| {
        let first = match rest.next(context)? {
            Some(first) => first,
            None => {
                rest = Iter::new(context, all.clone())?;
                rest.next(context)?.unwrap_or_default()
            }
        };
        let mut out = vec![first];
        while out.len() < CHUNK && rest.ready() > 0 {
            out.extend(rest.next(context)?);
        }
        Ok(chunk(out, cycle(all, rest)))
    })
}

fn interleave(mut all: Vec<Iter>) -> Value {
    lazy(move |context| {
        let mut out = Vec::with_capacity(all.len());
        for items in &mut all {
            match items.next(context)? {
                Some(item) => out.push(item),
                None => return Ok(Value::Nil),
            }
        }
        Ok(chunk(out, interleave(all)))
    })
}

/// The items of the items of a sequence.
pub(super) fn concat(parts: Value) -> Value {
    cat(Iter::Seq(parts), None)
}

fn reductions(function: Value, value: Value, mut items: Iter) -> Value {
    if let Value::Reduced(last) = &value {
        return Value::list(vec![last.0.clone()]);
    }
    let before = value.clone();
    cons(
        value,
        lazy(move |context| match items.next(context)? {
            None => Ok(Value::Nil),
            Some(item) => match context.call2(&function, before, item)? {
                Value::Reduced(last) => Ok(Value::list(vec![last.0.clone()])),
                next => Ok(reductions(function, next, items)),
            },
        }),
    )
}

/// The node given last, whose children come next; then what is open above it.
fn tree(branch: Value, children: Value, last: Option<Value>, mut open: Vec<Iter>) -> Value {
    lazy(move |context| {
        if let Some(node) = last
            && context.call1(&branch, node.clone())?.is_truthy()
        {
            let below = context.call1(&children, node)?;
            open.push(Iter::new(context, below)?);
        }
        while let Some(nodes) = open.last_mut() {
            if let Some(node) = nodes.next(context)? {
                return Ok(cons(node.clone(), tree(branch, children, Some(node), open)));
            }
            open.pop();
        }
        Ok(Value::Nil)
    })
}

fn flatten(mut open: Vec<Iter>) -> Value {
    lazy(move |context| {
        while let Some(items) = open.last_mut() {
            match items.next(context)? {
                None => {
                    open.pop();
                }
                Some(inner) if inner.is_sequential() => {
                    let inner = Iter::new(context, inner)?;
                    open.push(inner);
                }
                Some(item) => return Ok(cons(item, flatten(open))),
            }
        }
        Ok(Value::Nil)
    })
}
