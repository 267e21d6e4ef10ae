//! Transients: collections that are changed in place until they are made persistent.

use std::sync::Mutex;

use super::{MANY, cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::types::{Object, locked};

natives! { "clojure.core":
    "transient" 1 1 |context, args| match take(args, 0) {
        value @ (Value::Vector(_) | Value::Map(_) | Value::Set(_)) => Ok(Object::Transient(Mutex::new(Some(value))).value()),
        other => Err(cast(context, &other, "clojure.lang.IEditableCollection")),
    },
    "persistent!" 1 1 |context, args| {
        let object = take(args, 0);
        match held(context, &object)?.take() {
            Some(value) => super::meta::with_meta(context, value, None),
            None => Err(used(context)),
        }
    },
    "conj!" 0 MANY |context, args| match args.len() {
        0 => Ok(Object::Transient(Mutex::new(Some(Value::vector(Vec::new())))).value()),
        1 => Ok(take(args, 0)),
        _ => changed(context, args, super::function("conj")),
    },
    // A last key without a value gets nil here.
    "assoc!" 2 MANY |context, args| if args.len() % 2 == 0 {
        let mut all: Vec<Value> = args.iter_mut().map(std::mem::take).collect();
        all.push(Value::Nil);
        changed(context, &mut all, super::function("assoc"))
    } else {
        changed(context, args, super::function("assoc"))
    },
    "dissoc!" 2 MANY |context, args| changed(context, args, super::function("dissoc")),
    "disj!" 2 MANY |context, args| changed(context, args, super::function("disj")),
    "pop!" 1 1 |context, args| changed(context, args, super::function("pop")),
}

fn used(context: &Context<'_>) -> crate::exception::Signal {
    context.error("IllegalAccessError", "Transient used after persistent! call")
}

fn held<'a>(context: &Context<'_>, value: &'a Value) -> Eval<std::sync::MutexGuard<'a, Option<Value>>> {
    match value {
        Value::Object(object) if let Object::Transient(held) = &**object => Ok(locked(held)),
        other => Err(cast(context, other, "clojure.lang.ITransientCollection")),
    }
}

/// Does to what the transient holds what the function does to a collection; nobody else holds it.
fn changed(
    context: &mut Context<'_>,
    args: &mut [Value],
    function: Option<&'static crate::function::Native>,
) -> Eval {
    let object = take(args, 0);
    let Some(function) = function else { return Ok(object) };
    let Some(value) = held(context, &object)?.take() else { return Err(used(context)) };
    args[0] = value;
    let result = context.call_native(function, args)?;
    *held(context, &object)? = Some(result);
    Ok(object)
}
