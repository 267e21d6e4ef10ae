//! Functions about functions.

use std::sync::{Mutex, PoisonError};

use super::{MANY, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::function::{Closure, FunctionKind, boxed};
use crate::map::Map;
use crate::seq::Iter;

natives! { "clojure.core":
    "identity" 1 1 |_, args| Ok(take(args, 0)),
    "constantly" 1 1 |_, args| {
        let value = take(args, 0);
        Ok(boxed(move |_, _| Ok(value.clone())))
    },
    "apply" 2 MANY |context, args| {
        let function = take(args, 0);
        let last = args.last_mut().map(std::mem::take).unwrap_or_default();
        let end = args.len() - 1;
        let mut all: Vec<Value> = args[1..end].iter_mut().map(std::mem::take).collect();
        // What takes any number of arguments as a sequence need not have them all now: they may be without end.
        if let Value::Lazy(_) | Value::List(_) = last {
            match &function {
                Value::Native(native) if native.name == "clojure.core/concat" => {
                    return Ok(super::lazy::concat(crate::seq::chunk(all, last)));
                }
                Value::Fn(made)
                    if let FunctionKind::Closure(closure) = &made.0
                        && let Some(params) = closure.code.most_params() =>
                {
                    return spread(context, &function, closure, params, (all, last));
                }
                _ => {}
            }
        }
        let mut items = Iter::new(context, last)?;
        while let Some(item) = items.next(context)? {
            all.push(item);
            context.grown(all.len())?;
        }
        context.call(&function, &mut all)
    },
    "partial" 1 MANY |_, args| {
        let function = take(args, 0);
        let first: Vec<Value> = args[1..].iter_mut().map(std::mem::take).collect();
        Ok(boxed(move |context, args| {
            let mut all: Vec<Value> = first.iter().cloned().chain(args.iter_mut().map(std::mem::take)).collect();
            context.call(&function, &mut all)
        }))
    },
    "comp" 0 MANY |_, args| {
        let functions: Vec<Value> = args.iter_mut().map(std::mem::take).collect();
        Ok(boxed(move |context, args| {
            let Some((last, before)) = functions.split_last() else { return Ok(take(args, 0)) };
            let value = context.call(last, args)?;
            before.iter().rev().try_fold(value, |value, function| context.call1(function, value))
        }))
    },
    "complement" 1 1 |_, args| {
        let function = take(args, 0);
        Ok(boxed(move |context, args| Ok(Value::Bool(!context.call(&function, args)?.is_truthy()))))
    },
    "juxt" 1 MANY |_, args| {
        let functions: Vec<Value> = args.iter_mut().map(std::mem::take).collect();
        Ok(boxed(move |context, args| {
            let mut values = Vec::with_capacity(functions.len());
            for function in &functions {
                values.push(context.call(function, &mut args.to_vec())?);
            }
            Ok(Value::vector(values))
        }))
    },
    "fnil" 2 4 |_, args| {
        let function = take(args, 0);
        let defaults: Vec<Value> = args[1..].iter_mut().map(std::mem::take).collect();
        Ok(boxed(move |context, args| {
            for (arg, default) in args.iter_mut().zip(&defaults) {
                if arg.is_nil() {
                    *arg = default.clone();
                }
            }
            context.call(&function, args)
        }))
    },
    "memoize" 1 1 |_, args| {
        let function = take(args, 0);
        let known: Mutex<Map> = Mutex::default();
        Ok(boxed(move |context, args| {
            let key = Value::vector(args.to_vec());
            crate::equal::realise(context, &key)?;
            if let Some(value) = known.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
                return Ok(value.clone());
            }
            let value = context.call(&function, args)?;
            known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value.clone());
            Ok(value)
        }))
    },
    "every-pred" 1 MANY |_, args| Ok(tested(args, true)),
    "some-fn" 1 MANY |_, args| Ok(tested(args, false)),
    "trampoline" 1 MANY |context, args| {
        let function = take(args, 0);
        let mut value = context.call(&function, &mut args[1..])?;
        while value.is_fn() {
            context.tick()?;
            value = context.call(&value, &mut [])?;
        }
        Ok(value)
    },
}

/// Calls a function that takes any number of arguments: of a sequence it computes only those that have names, and whether
/// there are more.
fn spread(
    context: &mut Context<'_>,
    function: &Value,
    closure: &Closure,
    params: usize,
    (mut all, mut rest): (Vec<Value>, Value),
) -> Eval {
    loop {
        rest = crate::seq::seq(context, rest)?;
        match &rest {
            Value::List(items) if all.len() < params => {
                let (first, others) = (items.first(), items.rest());
                all.push(first);
                rest = others;
            }
            Value::List(_) => break,
            _ => return context.call(function, &mut all),
        }
    }
    let further = all.split_off(params);
    all.push(crate::seq::chunk(further, rest));
    context.enter_with_rest(function, closure, all)
}

/// Every predicate holds for every argument, or the first truth any gives.
fn tested(args: &mut [Value], every: bool) -> Value {
    let tests: Vec<Value> = args.iter_mut().map(std::mem::take).collect();
    boxed(move |context: &mut Context<'_>, args: &mut [Value]| -> Eval {
        let mut last = if every { Value::Bool(true) } else { Value::Nil };
        for test in &tests {
            for arg in args.iter() {
                let value = context.call1(test, arg.clone())?;
                if value.is_truthy() != every {
                    return Ok(if every { Value::Bool(false) } else { value });
                }
                last = if every { Value::Bool(true) } else { value };
            }
        }
        Ok(last)
    })
}
