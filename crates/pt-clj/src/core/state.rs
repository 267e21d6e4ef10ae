//! Atoms, volatiles, delays.

use std::sync::Arc;

use super::{MANY, cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::state::{Cell, Delay, DelayState};

natives! { "clojure.core":
    "atom" 1 MANY |_, args| Ok(Value::Cell(Arc::new(Cell::new(take(args, 0), false)))),
    "volatile!" 1 1 |_, args| Ok(Value::Cell(Arc::new(Cell::new(take(args, 0), true)))),
    "deref" 1 1 |context, args| match &args[0] {
        Value::Cell(cell) => Ok(cell.get()),
        Value::Reduced(value) => Ok((**value).clone()),
        Value::Delay(delay) => force(context, delay),
        Value::Var(name) => super::deref_var(context, name),
        other => Err(cast(context, other, "clojure.lang.IDeref")),
    },
    "force" 1 1 |context, args| match &args[0] {
        Value::Delay(delay) => force(context, delay),
        other => Ok(other.clone()),
    },
    "delay*" 1 1 |_, args| Ok(Value::Delay(Arc::new(Delay::new(take(args, 0))))),
    "reset!" 2 2 |context, args| {
        let value = take(args, 1);
        cell(context, &args[0])?.set(value.clone());
        Ok(value)
    },
    "vreset!" 2 2 |context, args| {
        let value = take(args, 1);
        cell(context, &args[0])?.set(value.clone());
        Ok(value)
    },
    "reset-vals!" 2 2 |context, args| {
        let value = take(args, 1);
        let old = cell(context, &args[0])?.set(value.clone());
        Ok(Value::vector(vec![old, value]))
    },
    "swap!" 2 MANY |context, args| swap(context, args).map(|(_, value)| value),
    "vswap!" 2 MANY |context, args| swap(context, args).map(|(_, value)| value),
    "swap-vals!" 2 MANY |context, args| swap(context, args).map(|(old, value)| Value::vector(vec![old, value])),
    "compare-and-set!" 3 3 |context, args| {
        let cell = cell(context, &args[0])?;
        let same = cell.get() == args[1];
        if same {
            cell.set(args[2].clone());
        }
        Ok(Value::Bool(same))
    },
}

fn cell<'a>(context: &Context<'_>, value: &'a Value) -> Eval<&'a Arc<Cell>> {
    match value {
        Value::Cell(cell) => Ok(cell),
        other => Err(cast(context, other, "clojure.lang.Atom")),
    }
}

fn swap(context: &mut Context<'_>, args: &mut [Value]) -> Eval<(Value, Value)> {
    let cell = Arc::clone(cell(context, &args[0])?);
    let old = cell.get();
    let mut all: Vec<Value> = std::iter::once(old.clone()).chain(args[2..].iter().cloned()).collect();
    let value = context.call(&args[1], &mut all)?;
    cell.set(value.clone());
    Ok((old, value))
}

fn force(context: &mut Context<'_>, delay: &Arc<Delay>) -> Eval {
    match delay.state() {
        DelayState::Done(value) => Ok(value),
        DelayState::Pending(function) => {
            let value = context.call(&function, &mut [])?;
            delay.finish(value.clone());
            Ok(value)
        }
    }
}
