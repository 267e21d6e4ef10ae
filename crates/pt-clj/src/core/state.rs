//! Atoms and their like, promises.

use std::sync::{Arc, Mutex};

use super::{MANY, cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::state::{Cell, CellKind};
use crate::types::{Object, locked};

natives! { "clojure.core":
    "atom" 1 MANY |context, args| made(context, args, CellKind::Atom),
    "ref" 1 MANY |context, args| made(context, args, CellKind::Ref),
    "agent" 1 MANY |context, args| made(context, args, CellKind::Agent),
    "volatile!" 1 1 |_, args| Ok(Value::Cell(Arc::new(Cell::new(take(args, 0), CellKind::Volatile)))),
    "volatile?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Cell(cell) if cell.kind == CellKind::Volatile))),
    "deref" 1 3 |context, args| match &args[0] {
        Value::Cell(cell) => Ok(cell.get()),
        Value::Reduced(value) => Ok(value.0.clone()),
        Value::Delay(delay) => super::future::force(context, delay),
        Value::Var(name) => super::deref_var(context, name),
        Value::Object(object) => match &**object {
            Object::Promise(value) => loop {
                if let Some(value) = &*locked(value) {
                    return Ok(value.clone());
                }
                // A future may deliver it.
                if super::future::run_next(context)? {
                    continue;
                }
                if args.len() == 3 {
                    return Ok(args[2].clone());
                }
                return Err(context.error("IllegalStateException", "Nobody can deliver this promise: code runs on one thread"));
            },
            _ => Err(cast(context, &args[0], "java.util.concurrent.Future")),
        },
        Value::Record(record) if let Some(method) = record.of.method("deref") => context.call1(&method, args[0].clone()),
        other => Err(cast(context, other, "java.util.concurrent.Future")),
    },
    "promise" 0 0 |_, _| Ok(Object::Promise(Mutex::new(None)).value()),
    "deliver" 2 2 |context, args| match &args[0] {
        Value::Object(object) if let Object::Promise(promise) = &**object => {
            let mut promise = locked(promise);
            if promise.is_some() {
                return Ok(Value::Nil);
            }
            *promise = Some(args[1].clone());
            drop(promise);
            Ok(take(args, 0))
        }
        other => Err(cast(context, other, "clojure.lang.IFn")),
    },
    "reset!" 2 2 |context, args| {
        if let Some(done) = own_method(context, args, "reset") {
            return done;
        }
        let value = take(args, 1);
        let cell = Arc::clone(cell(context, &args[0])?);
        change(context, &cell, value)
    },
    "vreset!" 2 2 |context, args| {
        let value = take(args, 1);
        cell(context, &args[0])?.set(value.clone());
        Ok(value)
    },
    "reset-vals!" 2 2 |context, args| {
        if let Some(done) = own_method(context, args, "resetVals") {
            return done;
        }
        let value = take(args, 1);
        let cell = Arc::clone(cell(context, &args[0])?);
        let old = cell.get();
        let new = change(context, &cell, value)?;
        Ok(Value::vector(vec![old, new]))
    },
    "swap!" 2 MANY |context, args| match own_method(context, args, "swap") {
        Some(done) => done,
        None => swap(context, args).map(|(_, value)| value),
    },
    "vswap!" 2 MANY |context, args| swap(context, args).map(|(_, value)| value),
    "swap-vals!" 2 MANY |context, args| match own_method(context, args, "swapVals") {
        Some(done) => done,
        None => swap(context, args).map(|(old, value)| Value::vector(vec![old, value])),
    },
    "compare-and-set!" 3 3 |context, args| {
        if let Some(done) = own_method(context, args, "compareAndSet") {
            return done;
        }
        let cell = Arc::clone(cell(context, &args[0])?);
        let same = super::predicate::identical(&cell.get(), &args[1]);
        if same {
            change(context, &cell, take(args, 2))?;
        }
        Ok(Value::Bool(same))
    },
    "set-validator!" 2 2 |context, args| {
        let validator = take(args, 1);
        match &args[0] {
            Value::Cell(cell) => {
                valid(context, &validator, &cell.get())?;
                cell.change_extras(|extras| extras.validator = validator);
            }
            Value::Var(_) => {}
            other => return Err(cast(context, other, "clojure.lang.IRef")),
        }
        Ok(Value::Nil)
    },
    "get-validator" 1 1 |context, args| match &args[0] {
        Value::Cell(cell) => Ok(cell.extras().map_or(Value::Nil, |extras| extras.validator)),
        Value::Var(_) => Ok(Value::Nil),
        other => Err(cast(context, other, "clojure.lang.IRef")),
    },
    "add-watch" 3 3 |context, args| {
        let (key, function) = (take(args, 1), take(args, 2));
        match &args[0] {
            Value::Cell(cell) => cell.change_extras(|extras| extras.watches.insert(key, function)),
            Value::Var(name) => {
                let watches = context.var_watches.entry(name.as_str().into()).or_default();
                watches.insert(key, function);
            }
            other => return Err(cast(context, other, "clojure.lang.IRef")),
        }
        Ok(take(args, 0))
    },
    "remove-watch" 2 2 |context, args| {
        match &args[0] {
            Value::Cell(cell) => cell.change_extras(|extras| drop(extras.watches.remove(&args[1]))),
            Value::Var(name) => {
                if let Some(watches) = context.var_watches.get_mut(name.as_str()) {
                    watches.remove(&args[1]);
                }
            }
            other => return Err(cast(context, other, "clojure.lang.IRef")),
        }
        Ok(take(args, 0))
    },
}

/// `(atom value :meta m :validator f)`
fn made(context: &mut Context<'_>, args: &mut [Value], kind: CellKind) -> Eval {
    let value = take(args, 0);
    let cell = Cell::new(value.clone(), kind);
    for option in args[1..].chunks_exact(2) {
        match (&option[0], &option[1]) {
            (Value::Keyword(name), meta) if name.as_str() == "meta" => {
                let meta = super::meta::as_meta(context, meta)?;
                cell.change_extras(|extras| extras.meta = meta);
            }
            (Value::Keyword(name), validator) if name.as_str() == "validator" && !validator.is_nil() => {
                valid(context, validator, &value)?;
                cell.change_extras(|extras| extras.validator = validator.clone());
            }
            (Value::Keyword(name), handler) if name.as_str() == "error-handler" => {
                cell.change_extras(|extras| extras.failing.handler = handler.clone());
            }
            (Value::Keyword(name), mode) if name.as_str() == "error-mode" => {
                cell.change_extras(|extras| extras.failing.mode = mode.clone());
            }
            _ => {}
        }
    }
    Ok(Value::Cell(Arc::new(cell)))
}

pub(super) fn valid(context: &mut Context<'_>, validator: &Value, value: &Value) -> Eval<()> {
    if !validator.is_nil() && !context.call1(validator, value.clone())?.is_truthy() {
        return Err(context.error("IllegalStateException", "Invalid reference state"));
    }
    Ok(())
}

pub(super) fn change(context: &mut Context<'_>, cell: &Arc<Cell>, value: Value) -> Eval {
    let Some(extras) = cell.extras() else {
        cell.set(value.clone());
        return Ok(value);
    };
    valid(context, &extras.validator, &value)?;
    let old = cell.set(value.clone());
    for (key, watch) in extras.watches.iter() {
        let mut args = [key.clone(), Value::Cell(Arc::clone(cell)), old.clone(), value.clone()];
        context.call(watch, &mut args)?;
    }
    Ok(value)
}

pub(super) fn cell<'a>(context: &Context<'_>, value: &'a Value) -> Eval<&'a Arc<Cell>> {
    match value {
        Value::Cell(cell) => Ok(cell),
        other => Err(cast(context, other, "clojure.lang.Atom")),
    }
}

/// What a type of the program does as an atom.
fn own_method(context: &mut Context<'_>, args: &mut [Value], name: &str) -> Option<Eval> {
    let Value::Record(record) = &args[0] else { return None };
    let method = record.of.method(name)?;
    Some(context.call(&method, args))
}

fn swap(context: &mut Context<'_>, args: &mut [Value]) -> Eval<(Value, Value)> {
    let cell = Arc::clone(cell(context, &args[0])?);
    let old = cell.get();
    let mut all: Vec<Value> =
        std::iter::once(old.clone()).chain(args[2..].iter_mut().map(std::mem::take)).collect();
    let value = context.call(&args[1], &mut all)?;
    change(context, &cell, value.clone())?;
    Ok((old, value))
}
