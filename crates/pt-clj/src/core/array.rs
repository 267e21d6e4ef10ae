//! Arrays of Java, as far as code that runs everywhere uses them.

use std::sync::Mutex;

use super::{MANY, cast, count, int, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::{Eval, Exception};
use crate::seq::Iter;
use crate::types::{Object, locked};

natives! { "clojure.core":
    "object-array" 1 1 |context, args| sized(context, args, "java.lang.Object", &Value::Nil),
    "int-array" 1 2 |context, args| sized(context, args, "int", &Value::Int(0)),
    "long-array" 1 2 |context, args| sized(context, args, "long", &Value::Int(0)),
    "short-array" 1 2 |context, args| sized(context, args, "short", &Value::Int(0)),
    "byte-array" 1 2 |context, args| sized(context, args, "byte", &Value::Int(0)),
    "double-array" 1 2 |context, args| sized(context, args, "double", &Value::Float(0.0)),
    "float-array" 1 2 |context, args| sized(context, args, "float", &Value::Float(0.0)),
    "boolean-array" 1 2 |context, args| sized(context, args, "boolean", &Value::Bool(false)),
    "char-array" 1 2 |context, args| sized(context, args, "char", &Value::Char('\0')),
    "to-array" 1 1 |context, args| {
        let items = Iter::new(context, take(args, 0))?.collect(context)?;
        Ok(array("java.lang.Object", items))
    },
    "into-array" 1 2 |context, args| {
        let of = match &args[0] {
            Value::Class(class) if args.len() == 2 => class.full,
            _ => "java.lang.Object",
        };
        let items = args.last_mut().map(std::mem::take).unwrap_or_default();
        let items = Iter::new(context, items)?.collect(context)?;
        Ok(array(of, items))
    },
    "make-array" 2 MANY |context, args| {
        let length = count(context, &args[1])?;
        if length > MOST {
            return Err(context.error("OutOfMemoryError", "Requested array size exceeds VM limit"));
        }
        context.charge(16 * length)?;
        Ok(array(if let Value::Class(class) = &args[0] { class.full } else { "java.lang.Object" }, vec![Value::Nil; length]))
    },
    "alength" 1 1 |context, args| Ok(Value::from(items(context, &args[0])?.len())),
    "aclone" 1 1 |context, args| {
        let copy = items(context, &args[0])?.clone();
        Ok(array("java.lang.Object", copy))
    },
    "aget" 2 MANY |context, args| {
        let mut value = take(args, 0);
        for index in &args[1..] {
            let at = int(context, index)?;
            let item = items(context, &value)?.get(usize::try_from(at).unwrap_or(usize::MAX)).cloned();
            let Some(item) = item else { return Err(outside(at)) };
            value = item;
        }
        Ok(value)
    },
    "aset" 3 MANY |context, args| {
        let value = args.last().cloned().unwrap_or_default();
        let (at, last) = (int(context, &args[1])?, args.len() - 1);
        if last > 2 {
            let inner = items(context, &args[0])?.get(usize::try_from(at).unwrap_or(usize::MAX)).cloned();
            let Some(inner) = inner else { return Err(outside(at)) };
            let mut rest: Vec<Value> = std::iter::once(inner).chain(args[2..].iter().cloned()).collect();
            return match super::function("aset") {
                Some(aset) => context.call_native(aset, &mut rest),
                None => Ok(Value::Nil),
            };
        }
        match items(context, &args[0])?.get_mut(usize::try_from(at).unwrap_or(usize::MAX)) {
            Some(slot) => *slot = value.clone(),
            None => return Err(outside(at)),
        }
        Ok(value)
    },
    "array?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Object(object) if matches!(**object, Object::Array { .. })))),
}

/// Items of the longest array, limit of memory or not.
const MOST: usize = 1 << 26;

fn outside(at: i64) -> crate::exception::Signal {
    Exception::new("ArrayIndexOutOfBoundsException", format!("Index {at} out of bounds")).into()
}

fn items<'a>(context: &Context<'_>, value: &'a Value) -> Eval<std::sync::MutexGuard<'a, Vec<Value>>> {
    match value {
        Value::Object(object) if let Object::Array { items, .. } = &**object => Ok(locked(items)),
        Value::Nil => Err(cast(context, value, "array")),
        _ => Err(context.error("IllegalArgumentException", "Argument is not an array")),
    }
}

pub(super) fn array(of: &'static str, items: Vec<Value>) -> Value {
    Object::Array { of, items: Mutex::new(items) }.value()
}

/// `(int-array 3)`, `(int-array 3 7)`, `(int-array [1 2])`
fn sized(context: &mut Context<'_>, args: &mut [Value], of: &'static str, zero: &Value) -> Eval {
    let items = match &args[0] {
        Value::Int(_) => {
            let length = int(context, &args[0])?;
            let Ok(length) = usize::try_from(length) else {
                return Err(context.error("NegativeArraySizeException", length.to_string()));
            };
            if length > MOST {
                return Err(context.error("OutOfMemoryError", "Requested array size exceeds VM limit"));
            }
            context.charge(length.saturating_mul(16))?;
            match args.get(1) {
                Some(first) if !first.is_number() && !matches!(first, Value::Bool(_) | Value::Char(_)) => {
                    let mut items = Iter::new(context, first.clone())?.collect(context)?;
                    items.resize(length, zero.clone());
                    items
                }
                first => vec![first.unwrap_or(zero).clone(); length],
            }
        }
        _ => Iter::new(context, take(args, 0))?.collect(context)?,
    };
    if matches!(of, "double" | "float") {
        let floats = items
            .iter()
            .map(|item| super::as_f64(context, item).map(Value::Float))
            .collect::<Eval<Vec<_>>>()?;
        return Ok(array(of, floats));
    }
    Ok(array(of, items))
}
