//! Transducers.

use std::sync::{Arc, Mutex, PoisonError};

use super::{natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::function::boxed;
use crate::seq::{CHUNK, Iter, chunk, lazy};
use crate::steps::{Action, Step, Stepper, stepped};

natives! { "clojure.core":
    "transduce" 3 4 |context, args| {
        let step = context.call1(&args[0], args[1].clone())?;
        let first = if args.len() == 4 { take(args, 2) } else { context.call(&args[1], &mut [])? };
        let items = Iter::new(context, args.last_mut().map(std::mem::take).unwrap_or_default())?;
        let value = super::seq::reduce(context, &step, first, items)?;
        context.call1(&step, value)
    },
    "completing" 1 2 |_, args| {
        let (function, finish) = (take(args, 0), args.get(1).cloned());
        Ok(boxed(move |context, args| match (args.len(), &finish) {
            (1, None) => Ok(take(args, 0)),
            (1, Some(finish)) => context.call(finish, args),
            _ => context.call(&function, args),
        }))
    },
    "cat" 1 1 |_, args| {
        let next = take(args, 0);
        Ok(boxed(move |context, args| {
            let [value, items] = args else { return context.call(&next, args) };
            let (value, mut items) = (std::mem::take(value), Iter::new(context, std::mem::take(items))?);
            each(context, &next, value, &mut items)
        }))
    },
    "ensure-reduced" 1 1 |_, args| Ok(match take(args, 0) {
        done @ Value::Reduced(_) => done,
        other => Value::reduced(other),
    }),
}

/// `(f arg)` gives a transducer, `(f arg items)` a lazy sequence.
pub(super) fn stepwise(
    context: &mut Context<'_>,
    args: &mut [Value],
    make: impl Fn(Value) -> Stepper + Send + Sync + 'static,
) -> Eval {
    acting(context, args, move |function| make(function).into())
}

/// The same for any action.
pub(super) fn acting(
    context: &mut Context<'_>,
    args: &mut [Value],
    make: impl Fn(Value) -> Action + Send + Sync + 'static,
) -> Eval {
    let function = take(args, 0);
    if args.len() == 1 {
        return Ok(transducer(move || make(function.clone())));
    }
    // Nothing of the items is computed before someone looks.
    let items = match take(args, 1) {
        items @ Value::Lazy(_) => Iter::Seq(items),
        items => Iter::new(context, items)?,
    };
    Ok(stepped(items, make(function)))
}

/// The same for functions without an argument of their own.
pub(super) fn stepwise_alone(
    context: &mut Context<'_>,
    args: &mut [Value],
    make: impl Fn() -> Stepper + Send + Sync + 'static,
) -> Eval {
    if args.is_empty() {
        return Ok(transducer(move || make().into()));
    }
    let items = Iter::new(context, take(args, 0))?;
    Ok(stepped(items, make()))
}

/// What a transducer makes of items, as it is asked for; the first at once, so that nothing is `()`.
pub(super) fn sequence(context: &mut Context<'_>, transducer: &Value, items: Value) -> Eval {
    let made = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&made);
    let step = boxed(move |_, args| {
        if let [_, item] = args {
            keep.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(item));
        }
        Ok(take(args, 0))
    });
    let step = context.call1(transducer, step)?;
    let mut pipe = Pipe { step, items: Some(Iter::new(context, items)?), made };
    pipe.fill(context, 1)?;
    if pipe.items.is_none() && pipe.made().is_empty() { Ok(Value::empty_list()) } else { Ok(pipe.sequence()) }
}

/// Items on their way through a transducer.
struct Pipe {
    step: Value,
    /// None once they have ended.
    items: Option<Iter>,
    /// What has come out, and was not taken yet.
    made: Arc<Mutex<Vec<Value>>>,
}

impl Pipe {
    fn made(&self) -> std::sync::MutexGuard<'_, Vec<Value>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until so many have come out, or all.
    fn fill(&mut self, context: &mut Context<'_>, wanted: usize) -> Eval<()> {
        while self.made().len() < wanted
            && let Some(items) = &mut self.items
        {
            context.tick()?;
            let done = match items.next(context)? {
                Some(item) => matches!(context.call2(&self.step, Value::Nil, item)?, Value::Reduced(_)),
                None => true,
            };
            if done {
                self.items = None;
                context.call1(&self.step, Value::Nil)?;
            }
        }
        Ok(())
    }

    fn sequence(mut self) -> Value {
        lazy(move |context| {
            self.fill(context, CHUNK)?;
            let out = std::mem::take(&mut *self.made());
            let rest = if self.items.is_none() { Value::Nil } else { self.sequence() };
            Ok(if out.is_empty() { rest } else { chunk(out, rest) })
        })
    }
}

/// A function from one reducing function to another; each use has a step of its own.
fn transducer(make: impl Fn() -> Action + Send + Sync + 'static) -> Value {
    boxed(move |_, args| {
        let next = take(args, 0);
        let action = Mutex::new(make());
        Ok(boxed(move |context, args| {
            let [value, item] = args else { return context.call(&next, args) };
            let (value, item) = (std::mem::take(value), std::mem::take(item));
            let made = {
                let mut action = action.lock().unwrap_or_else(PoisonError::into_inner);
                action.step(context, item)?
            };
            match made {
                Step::Give(item) => context.call2(&next, value, item),
                Step::Two(first, second) => match context.call2(&next, value, first)? {
                    done @ Value::Reduced(_) => Ok(done),
                    value => context.call2(&next, value, second),
                },
                Step::Skip => Ok(value),
                Step::Last(item) => Ok(match context.call2(&next, value, item)? {
                    done @ Value::Reduced(_) => done,
                    value => Value::reduced(value),
                }),
                Step::Stop => Ok(Value::reduced(value)),
            }
        }))
    })
}

fn each(context: &mut Context<'_>, next: &Value, mut value: Value, items: &mut Iter) -> Eval {
    while let Some(item) = items.next(context)? {
        value = context.call2(next, value, item)?;
        if let Value::Reduced(_) = value {
            break;
        }
    }
    Ok(value)
}

/// `(mapcat f)`
pub(super) fn mapcat(function: Value) -> Eval {
    Ok(boxed(move |_, args| {
        let (next, function) = (take(args, 0), function.clone());
        Ok(boxed(move |context, args| {
            let [value, item] = args else { return context.call(&next, args) };
            let (value, item) = (std::mem::take(value), std::mem::take(item));
            let items = context.call1(&function, item)?;
            let mut items = Iter::new(context, items)?;
            each(context, &next, value, &mut items)
        }))
    }))
}

/// `(partition-all n)`
pub(super) fn partition_all(size: usize) -> Eval {
    grouping(move |_, part, _| Ok(part.len() == size))
}

/// `(partition-by f)`
pub(super) fn partition_by(function: Value) -> Eval {
    grouping(move |context, part, item| {
        let Some(last) = part.last() else { return Ok(false) };
        let (before, now) =
            (context.call1(&function, last.clone())?, context.call1(&function, item.clone())?);
        Ok(!crate::equal::equal(context, &before, &now)?)
    })
}

/// A transducer that collects items into parts; the closure says when an item begins a new part.
fn grouping(
    begins: impl Fn(&mut Context<'_>, &[Value], &Value) -> Eval<bool> + Send + Sync + 'static,
) -> Eval {
    let begins = Arc::new(begins);
    Ok(boxed(move |_, args| {
        let (next, begins) = (take(args, 0), Arc::clone(&begins));
        let part: Mutex<Vec<Value>> = Mutex::default();
        Ok(boxed(move |context, args| match args {
            [value, item] => {
                let mut open = std::mem::take(&mut *part.lock().unwrap_or_else(PoisonError::into_inner));
                let (mut value, item) = (std::mem::take(value), std::mem::take(item));
                if begins(context, &open, &item)? {
                    value = context.call2(&next, value, Value::vector(std::mem::take(&mut open)))?;
                }
                open.push(item);
                context.grown(open.len())?;
                *part.lock().unwrap_or_else(PoisonError::into_inner) = open;
                Ok(value)
            }
            [value] => {
                let open = std::mem::take(&mut *part.lock().unwrap_or_else(PoisonError::into_inner));
                let mut value = std::mem::take(value);
                if !open.is_empty() {
                    value = match context.call2(&next, value, Value::vector(open))? {
                        Value::Reduced(value) => value.0.clone(),
                        value => value,
                    };
                }
                context.call1(&next, value)
            }
            args => context.call(&next, args),
        }))
    }))
}

/// All items a transducer makes of items.
pub(super) fn collect(context: &mut Context<'_>, transducer: &Value, items: Value) -> Eval<Vec<Value>> {
    let conj = super::function("conj").map_or(Value::Nil, Value::Native);
    let step = context.call1(transducer, conj)?;
    let items = Iter::new(context, items)?;
    let value = super::seq::reduce(context, &step, Value::vector(Vec::new()), items)?;
    match context.call1(&step, value)? {
        Value::Vector(items) => Ok(items.iter().cloned().collect()),
        other => Iter::new(context, other)?.collect(context),
    }
}
