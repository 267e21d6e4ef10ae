//! Multimethods and hierarchies.

use std::sync::{Arc, Mutex};

use super::{cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::map::Map;
use crate::name::Name;
use crate::types::{Multi, Object, locked};

natives! { "clojure.core":
    // name, dispatch function, default value, hierarchy
    "multi*" 4 4 |_, args| Ok(Object::Multi(Multi {
        name: Name::new(&crate::print::str(&args[0])),
        dispatch: take(args, 1),
        default: take(args, 2),
        hierarchy: take(args, 3),
        methods: Mutex::default(),
        prefers: Mutex::default(),
    }).value()),
    "multi?*" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Object(object) if matches!(**object, Object::Multi(_))))),
    // multimethod, dispatch value, function
    "add-method*" 3 3 |context, args| {
        let (value, function) = (take(args, 1), take(args, 2));
        locked(&multi(context, &args[0])?.methods).insert(value, function);
        Ok(take(args, 0))
    },
    "remove-method" 2 2 |context, args| {
        locked(&multi(context, &args[0])?.methods).remove(&args[1]);
        Ok(take(args, 0))
    },
    "remove-all-methods" 1 1 |context, args| {
        *locked(&multi(context, &args[0])?.methods) = Map::default();
        Ok(take(args, 0))
    },
    "methods" 1 1 |context, args| {
        let methods = locked(&multi(context, &args[0])?.methods).clone();
        Ok(Value::Map(Arc::new(methods)))
    },
    "get-method" 2 2 |context, args| {
        let object = Arc::clone(object(context, &args[0])?);
        let Object::Multi(multi) = &*object else { return Ok(Value::Nil) };
        Ok(method(context, multi, &args[1])?.unwrap_or_default())
    },
    "prefers" 1 1 |context, args| {
        let prefers = locked(&multi(context, &args[0])?.prefers).clone();
        Ok(Value::Map(Arc::new(prefers)))
    },
    "prefer-method" 3 3 |context, args| {
        let object = Arc::clone(object(context, &args[0])?);
        let Object::Multi(multi) = &*object else { return Ok(Value::Nil) };
        if preferred(context, multi, &args[2], &args[1])? {
            let (over, under) = (crate::print::pr_str(&args[2]), crate::print::pr_str(&args[1]));
            let message = format!("Preference conflict in multimethod '{}': {over} is already preferred to {under}", multi.name.local());
            return Err(context.error("IllegalStateException", message));
        }
        let mut prefers = locked(&multi.prefers);
        let mut under = prefers.get(&args[1]).cloned().unwrap_or_else(|| Value::set([]));
        if let Value::Set(set) = &mut under {
            Arc::make_mut(set).insert(args[2].clone());
        }
        prefers.insert(args[1].clone(), under);
        Ok(args[0].clone())
    },
    "isa?" 2 3 |context, args| match args {
        [hierarchy, child, parent] => is_a(context, hierarchy, child, parent).map(Value::Bool),
        [child, parent] => {
            let shared = shared_hierarchy(context);
            is_a(context, &shared, child, parent).map(Value::Bool)
        }
        _ => Ok(Value::Nil),
    },
}

fn object<'a>(context: &Context<'_>, value: &'a Value) -> Eval<&'a Arc<Object>> {
    match value {
        Value::Object(object) if matches!(**object, Object::Multi(_)) => Ok(object),
        other => Err(cast(context, other, "clojure.lang.MultiFn")),
    }
}

fn multi<'a>(context: &Context<'_>, value: &'a Value) -> Eval<&'a Multi> {
    match &**object(context, value)? {
        Object::Multi(multi) => Ok(multi),
        _ => Err(cast(context, value, "clojure.lang.MultiFn")),
    }
}

/// What all programs of a context derive in; nil while nothing is derived.
fn shared_hierarchy(context: &Context<'_>) -> Value {
    let at = context.names.get("clojure.core/global-hierarchy").copied();
    at.and_then(|at| context.globals.get(at as usize)).cloned().flatten().unwrap_or_default()
}

fn hierarchy(context: &mut Context<'_>, multi: &Multi) -> Eval {
    match &multi.hierarchy {
        Value::Nil => Ok(shared_hierarchy(context)),
        Value::Var(name) => super::deref_var(context, name),
        Value::Cell(cell) => Ok(cell.get()),
        other => Ok(other.clone()),
    }
}

/// Whether the hierarchy, the classes or equality make one the other.
fn is_a(context: &mut Context<'_>, hierarchy: &Value, child: &Value, parent: &Value) -> Eval<bool> {
    context.nested(|context| is_a_here(context, hierarchy, child, parent))
}

fn is_a_here(context: &mut Context<'_>, hierarchy: &Value, child: &Value, parent: &Value) -> Eval<bool> {
    if crate::equal::equal(context, child, parent)? {
        return Ok(true);
    }
    let ancestors = |of: &Value| match hierarchy {
        Value::Map(map) => match map.get(&Value::keyword("ancestors")) {
            Some(Value::Map(ancestors)) => {
                matches!(ancestors.get(of), Some(Value::Set(set)) if set.contains(parent))
            }
            _ => false,
        },
        _ => false,
    };
    if ancestors(child) {
        return Ok(true);
    }
    match (child, parent) {
        (Value::Class(class), Value::Class(above)) if crate::class::is_a(class, above) => Ok(true),
        (Value::Class(class), _) => {
            Ok(crate::class::lineage(class).into_iter().any(|class| ancestors(&Value::Class(class))))
        }
        (Value::Object(object), Value::Class(above)) if let Object::Type(of) = &**object => {
            let base = crate::class::known(if of.is_record { "Record" } else { "clojure.lang.Type" });
            Ok(crate::class::is_a(base, above) || locked(&of.listed).iter().any(|name| **name == *above.full))
        }
        (Value::Vector(left), Value::Vector(right)) if left.len() == right.len() => {
            for (child, parent) in left.iter().zip(right.iter()) {
                if !is_a(context, hierarchy, child, parent)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Whether one is preferred to another, directly or through what stands above them.
fn preferred(context: &mut Context<'_>, multi: &Multi, one: &Value, other: &Value) -> Eval<bool> {
    let prefers = locked(&multi.prefers).clone();
    if matches!(prefers.get(one), Some(Value::Set(under)) if under.contains(other)) {
        return Ok(true);
    }
    let hierarchy = hierarchy(context, multi)?;
    for (over, under) in prefers.iter() {
        if over != one && is_a(context, &hierarchy, one, over)? {
            let Value::Set(under) = under else { continue };
            for lower in under.iter() {
                if is_a(context, &hierarchy, other, lower)? {
                    return Ok(true);
                }
            }
        }
        if over == one
            && let Value::Set(under) = under
        {
            for lower in under.iter() {
                if lower != other && is_a(context, &hierarchy, other, lower)? {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

fn method(context: &mut Context<'_>, multi: &Multi, value: &Value) -> Eval<Option<Value>> {
    crate::equal::realise(context, value)?;
    let methods = locked(&multi.methods).clone();
    if let Some(exact) = methods.get(value) {
        return Ok(Some(exact.clone()));
    }
    let hierarchy = hierarchy(context, multi)?;
    let mut best: Option<(Value, Value)> = None;
    for (key, function) in methods.iter() {
        if !is_a(context, &hierarchy, value, key)? {
            continue;
        }
        best = match best {
            None => Some((key.clone(), function.clone())),
            Some((known, found)) => {
                let nearer = |context: &mut Context<'_>, one: &Value, other: &Value| -> Eval<bool> {
                    Ok(preferred(context, multi, one, other)? || is_a(context, &hierarchy, one, other)?)
                };
                if nearer(context, key, &known)? {
                    Some((key.clone(), function.clone()))
                } else if nearer(context, &known, key)? {
                    Some((known, found))
                } else {
                    let shown = crate::print::pr_str;
                    let message = format!(
                        "Multiple methods in multimethod '{}' match dispatch value: {} -> {} and {}, and neither is preferred",
                        multi.name.local(),
                        shown(value),
                        shown(key),
                        shown(&known)
                    );
                    return Err(context.error("IllegalArgumentException", message));
                }
            }
        };
    }
    if let Some((_, function)) = best {
        return Ok(Some(function));
    }
    Ok(methods.get(&multi.default).cloned())
}

/// Calls one of the rarer kinds of value.
pub(crate) fn call_object(
    context: &mut Context<'_>,
    this: &Value,
    object: &Arc<Object>,
    args: &mut [Value],
) -> Eval {
    match (&**object, args) {
        (Object::Multi(multi), args) => {
            context.tick()?;
            let value = context.nested(|context| context.call(&multi.dispatch, &mut args.to_vec()))?;
            match method(context, multi, &value)? {
                Some(function) => context.nested(|context| context.call(&function, args)),
                None => {
                    let value = crate::print::pr_str(&value);
                    let message = format!(
                        "No method in multimethod '{}' for dispatch value: {value}",
                        multi.name.local()
                    );
                    Err(context.error("IllegalArgumentException", message))
                }
            }
        }
        (Object::Transient(_), [key]) => Ok(crate::eval::lookup(context, this, key)?.unwrap_or_default()),
        (Object::Transient(_), [key, default]) => {
            Ok(crate::eval::lookup(context, this, key)?.unwrap_or_else(|| std::mem::take(default)))
        }
        (Object::Promise(promise), [value]) => {
            let mut promise = locked(promise);
            if promise.is_none() {
                *promise = Some(std::mem::take(value));
                drop(promise);
                return Ok(this.clone());
            }
            Ok(Value::Nil)
        }
        (Object::Unbound(name), _) => {
            let message = format!("Attempting to call unbound fn: #'{}", name.as_str());
            Err(context.error("IllegalStateException", message))
        }
        _ => Err(cast(context, this, "clojure.lang.IFn")),
    }
}
