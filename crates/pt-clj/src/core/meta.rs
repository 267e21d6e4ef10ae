//! Metadata: what a value says beside what it is.

use std::sync::Arc;

use super::{MANY, cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::function::{Closure, Function, FunctionKind};
use crate::map::{Map, Meta};
use crate::seq::{Repr, Seq};
use crate::types::Object;

natives! { "clojure.core":
    "meta" 1 1 |context, args| Ok(meta_of(context, &args[0]).map_or(Value::Nil, Value::Map)),
    "with-meta" 2 2 |context, args| {
        let meta = as_meta(context, &args[1])?;
        with_meta(context, take(args, 0), meta)
    },
    "vary-meta" 2 MANY |context, args| {
        let value = take(args, 0);
        let function = take(args, 1);
        let old = meta_of(context, &value).map_or(Value::Nil, Value::Map);
        let mut all: Vec<Value> = std::iter::once(old).chain(args[2..].iter_mut().map(std::mem::take)).collect();
        let new = context.call(&function, &mut all)?;
        let meta = as_meta(context, &new)?;
        with_meta(context, value, meta)
    },
    "alter-meta!" 2 MANY |context, args| {
        let old = meta_of(context, &args[0]).map_or(Value::Nil, Value::Map);
        let mut all: Vec<Value> = std::iter::once(old).chain(args[2..].iter_mut().map(std::mem::take)).collect();
        let new = context.call(&args[1], &mut all)?;
        set(context, &args[0], &new)
    },
    "reset-meta!" 2 2 |context, args| set(context, &args[0], &args[1]),
}

pub(super) fn as_meta(context: &Context<'_>, value: &Value) -> Eval<Meta> {
    match value {
        Value::Nil => Ok(None),
        Value::Map(map) => Ok(Some(Arc::clone(map))),
        other if other.is_map() => Ok(Some(Arc::new(other.entries().into_iter().flatten().collect()))),
        other => Err(cast(context, other, "clojure.lang.IPersistentMap")),
    }
}

fn set(context: &mut Context<'_>, target: &Value, new: &Value) -> Eval {
    let meta = as_meta(context, new)?;
    match target {
        Value::Cell(cell) => cell.change_extras(|extras| extras.meta = meta),
        Value::Var(name) => {
            if let Some(at) = context.slot_of(name) {
                context.var_meta.insert(at, meta.unwrap_or_default());
            }
        }
        Value::Object(object) if matches!(**object, Object::Namespace(_)) => {}
        other => return Err(cast(context, other, "clojure.lang.IReference")),
    }
    Ok(new.clone())
}

/// The metadata that a value carries with it.
pub(crate) fn own_meta(value: &Value) -> Meta {
    match value {
        Value::Vector(items) => items.meta.clone(),
        Value::Map(map) => map.meta.clone(),
        Value::Set(set) => set.meta().clone(),
        Value::List(seq) => seq.1.clone(),
        Value::Symbol(name) => name.meta().clone(),
        Value::Fn(function) => function.1.clone(),
        Value::Sorted(sorted) => sorted.meta.clone(),
        Value::Record(record) => record.meta.clone(),
        Value::Cell(cell) => cell.extras().and_then(|extras| extras.meta),
        Value::Object(object) => match &**object {
            Object::Queue(_, meta) => meta.clone(),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn meta_of(context: &Context<'_>, value: &Value) -> Meta {
    match value {
        Value::Var(name) => {
            let mut meta: Map = Map::default();
            if let Some(own) = context.slot_of(name).and_then(|at| context.var_meta.get(&at)) {
                own.iter().for_each(|(key, value)| meta.insert(key.clone(), value.clone()));
            }
            if context.slot_of(name).is_some_and(|at| context.macros.contains(&at)) {
                meta.insert(Value::keyword("macro"), Value::Bool(true));
            }
            let namespace = name.namespace().unwrap_or("clojure.core");
            meta.insert(Value::keyword("ns"), Object::Namespace(crate::name::Name::new(namespace)).value());
            meta.insert(Value::keyword("name"), Value::symbol(name.local()));
            Some(Arc::new(meta))
        }
        other => own_meta(other),
    }
}

pub(super) fn with_meta(context: &mut Context<'_>, value: Value, meta: Meta) -> Eval {
    Ok(match value {
        Value::Vector(items) if items.is_entry() => {
            return Err(cast(context, &Value::Vector(items), "clojure.lang.IObj"));
        }
        Value::Vector(mut items) => {
            Arc::make_mut(&mut items).meta = meta;
            Value::Vector(items)
        }
        Value::Map(mut map) => {
            Arc::make_mut(&mut map).meta = meta;
            Value::Map(map)
        }
        Value::Set(mut set) => {
            Arc::make_mut(&mut set).set_meta(meta);
            Value::Set(set)
        }
        Value::Symbol(name) => Value::Symbol(name.with_meta(meta)),
        Value::Sorted(mut sorted) => {
            Arc::make_mut(&mut sorted).meta = meta;
            Value::Sorted(sorted)
        }
        Value::Record(mut record) => {
            Arc::make_mut(&mut record).meta = meta;
            Value::Record(record)
        }
        Value::List(seq) => Seq::new(seq.0.shared(), meta).into(),
        lazy @ Value::Lazy(_) => match crate::seq::seq(context, lazy)? {
            Value::List(seq) => Seq::new(seq.0.shared(), meta).into(),
            _ => Seq::new(Repr::Empty, meta).into(),
        },
        Value::Fn(function) => {
            let kind = match &function.0 {
                FunctionKind::Closure(closure) => FunctionKind::Closure(Closure {
                    code: Arc::clone(&closure.code),
                    captures: closure.captures.clone(),
                }),
                FunctionKind::Host(name) => FunctionKind::Host(Arc::clone(name)),
                FunctionKind::Boxed(_) => {
                    let inner = Value::Fn(function);
                    FunctionKind::Boxed(Box::new(move |context, args| context.call(&inner, args)))
                }
            };
            Value::Fn(Arc::new(Function::new(kind, meta)))
        }
        native @ (Value::Native(_) | Value::Object(_)) if native.is_callable() => {
            let kind = FunctionKind::Boxed(Box::new(move |context, args| context.call(&native, args)));
            Value::Fn(Arc::new(Function::new(kind, meta)))
        }
        Value::Object(object) => match &*object {
            Object::Queue(items, _) => Object::Queue(items.clone(), meta).value(),
            _ => return Err(cast(context, &Value::Object(object), "clojure.lang.IObj")),
        },
        other => return Err(cast(context, &other, "clojure.lang.IObj")),
    })
}
