//! Questions about values, equality, names.

use super::{MANY, cast, natives, take, text};
use crate::Value;
use crate::context::Context;
use crate::equal::equal;
use crate::exception::{Eval, class_of, is_a};
use crate::name::Name;
use crate::types::Object;

natives! { "clojure.core":
    "=" 1 MANY |context, args| all_equal(context, args).map(Value::Bool),
    "not=" 1 MANY |context, args| all_equal(context, args).map(|equal| Value::Bool(!equal)),
    "identical?" 2 2 |_, args| Ok(Value::Bool(identical(&args[0], &args[1]))),
    "not" 1 1 |_, args| Ok(Value::Bool(!args[0].is_truthy())),
    "boolean" 1 1 |_, args| Ok(Value::Bool(args[0].is_truthy())),
    "nil?" 1 1 |_, args| Ok(Value::Bool(args[0].is_nil())),
    "some?" 1 1 |_, args| Ok(Value::Bool(!args[0].is_nil())),
    "any?" 1 1 |_, _| Ok(Value::Bool(true)),
    "true?" 1 1 |_, args| Ok(Value::Bool(args[0] == Value::Bool(true))),
    "false?" 1 1 |_, args| Ok(Value::Bool(args[0] == Value::Bool(false))),
    "boolean?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Bool(_)))),
    "string?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Str(_)))),
    "char?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Char(_)))),
    "keyword?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Keyword(_)))),
    "symbol?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Symbol(_)))),
    "ident?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Keyword(_) | Value::Symbol(_)))),
    "simple-keyword?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Keyword(name) if name.namespace().is_none()))),
    "qualified-keyword?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Keyword(name) if name.namespace().is_some()))),
    "simple-symbol?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Symbol(name) if name.namespace().is_none()))),
    "qualified-symbol?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Symbol(name) if name.namespace().is_some()))),
    "number?" 1 1 |_, args| Ok(Value::Bool(args[0].is_number())),
    "integer?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Int(_) | Value::BigInt(_)))),
    "int?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Int(_)))),
    "nat-int?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Int(0..)))),
    "pos-int?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Int(1..)))),
    "neg-int?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Int(..=-1)))),
    "float?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Float(_)))),
    "double?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Float(_)))),
    "ratio?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Ratio(_)))),
    "rational?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Int(_) | Value::BigInt(_) | Value::Ratio(_) | Value::Decimal(_)))),
    "NaN?" 1 1 |context, args| Ok(Value::Bool(super::as_f64(context, &args[0])?.is_nan())),
    "infinite?" 1 1 |context, args| Ok(Value::Bool(super::as_f64(context, &args[0])?.is_infinite())),
    "decimal?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Decimal(_)))),
    "map?" 1 1 |_, args| Ok(Value::Bool(args[0].is_map())),
    "vector?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Vector(_)))),
    "map-entry?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Vector(items) if items.is_entry()))),
    "set?" 1 1 |_, args| Ok(Value::Bool(args[0].is_set())),
    "list?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::List(seq) if seq.is_list()))),
    "seq?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::List(_) | Value::Lazy(_)))),
    "sequential?" 1 1 |_, args| Ok(Value::Bool(args[0].is_sequential())),
    "coll?" 1 1 |_, args| Ok(Value::Bool(args[0].is_sequential() || args[0].is_map() || args[0].is_set())),
    "associative?" 1 1 |_, args| Ok(Value::Bool(args[0].is_map() || matches!(args[0], Value::Vector(_)))),
    "seqable?" 1 1 |_, args| {
        let array = matches!(&args[0], Value::Object(object) if matches!(**object, Object::Array { .. }));
        Ok(Value::Bool(args[0].is_sequential() || args[0].is_map() || args[0].is_set() || array || matches!(args[0], Value::Nil | Value::Str(_))))
    },
    "counted?" 1 1 |_, args| Ok(Value::Bool(match &args[0] {
        Value::List(seq) => seq.known_count().is_some(),
        Value::Vector(_) => true,
        Value::Object(object) => matches!(**object, Object::Queue(..) | Object::Transient(_)),
        other if other.is_map() || other.is_set() => true,
        _ => false,
    })),
    "reversible?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Vector(_) | Value::Sorted(_)))),
    "indexed?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Vector(_)))),
    "fn?" 1 1 |_, args| Ok(Value::Bool(args[0].is_fn())),
    "ifn?" 1 1 |_, args| Ok(Value::Bool(args[0].is_fn() || matches!(
        args[0],
        Value::Keyword(_) | Value::Symbol(_) | Value::Map(_) | Value::Set(_) | Value::Vector(_) | Value::Var(_) | Value::Sorted(_)
    ) || match &args[0] {
        Value::Object(object) => matches!(**object, Object::Multi(_) | Object::Promise(_) | Object::Transient(_)),
        Value::Record(record) => record.of.method("invoke").is_some(),
        _ => false,
    })),
    "var?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Var(_)))),
    "uuid?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Uuid(_)))),
    "class?" 1 1 |_, args| Ok(Value::Bool(match &args[0] {
        Value::Object(object) => matches!(**object, Object::Type(_)),
        other => matches!(other, Value::Class(_)),
    })),
    "date-ms*" 1 1 |context, args| match &args[0] {
        Value::Object(object) if let Object::Inst(millis) = **object => Ok(Value::Int(millis)),
        other => Err(cast(context, other, "java.util.Date")),
    },
    "tagged-literal?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Object(object) if matches!(**object, Object::Tagged(..))))),
    "tagged-literal" 2 2 |context, args| match &args[0] {
        Value::Symbol(tag) => Ok(Object::Tagged(tag.clone(), args[1].clone()).value()),
        other => Err(cast(context, other, "clojure.lang.Symbol")),
    },
    "queue*" 0 MANY |_, args| Ok(Object::Queue(args.iter_mut().map(std::mem::take).collect(), None).value()),
    "type" 1 1 |context, args| {
        if let Some(meta) = super::meta::meta_of(context, &args[0])
            && let Some(named) = meta.get(&Value::keyword("type"))
        {
            return Ok(named.clone());
        }
        class(context, args)
    },
    "class" 1 1 class,
    "instance?" 2 2 |context, args| match (&args[0], &args[1]) {
        (_, Value::Nil) => Ok(Value::Bool(false)),
        (Value::Class(wanted), Value::Record(record)) => {
            let listed = crate::types::locked(&record.of.listed).iter().any(|name| **name == *wanted.full);
            Ok(Value::Bool(listed || is_a(class_of(&args[1]), wanted)))
        }
        (Value::Class(wanted), Value::Object(object)) if matches!(**object, Object::Protocol(_)) => Ok(Value::Bool(wanted.full == "java.lang.Object")),
        (Value::Class(wanted), value) => Ok(Value::Bool(is_a(class_of(value), wanted))),
        (Value::Object(object), value) => Ok(Value::Bool(match (&**object, value) {
            (Object::Type(of), Value::Record(record)) => std::sync::Arc::ptr_eq(of, &record.of),
            (Object::Protocol(protocol), Value::Record(record)) => {
                crate::types::locked(&record.of.listed).iter().any(|name| **name == *protocol.name.as_str())
            }
            _ => false,
        })),
        (other, _) => Err(cast(context, other, "java.lang.Class")),
    },
    "hash" 1 1 |context, args| {
        crate::equal::realise(context, &args[0])?;
        if let Value::Record(record) = &args[0]
            && !record.of.is_record
            && let Some(method) = record.of.method("hasheq").or_else(|| record.of.method("hashCode"))
        {
            return context.call1(&method, args[0].clone());
        }
        Ok(Value::Int(i64::from(crate::equal::hash(&args[0]) as i32)))
    },
    "name" 1 1 |context, args| match &args[0] {
        Value::Str(_) => Ok(take(args, 0)),
        Value::Keyword(name) | Value::Symbol(name) => Ok(Value::str(name.local())),
        other => Err(cast(context, other, "clojure.lang.Named")),
    },
    "namespace" 1 1 |context, args| match &args[0] {
        Value::Keyword(name) | Value::Symbol(name) => Ok(name.namespace().map_or(Value::Nil, Value::str)),
        other => Err(cast(context, other, "clojure.lang.Named")),
    },
    "keyword" 1 2 |context, args| named(context, args, Value::Keyword),
    "symbol" 1 2 |context, args| named(context, args, Value::Symbol),
    "find-keyword" 1 2 |context, args| named(context, args, Value::Keyword),
    "gensym" 0 1 |context, args| {
        let prefix = args.first().map_or_else(|| "G__".to_owned(), crate::print::str);
        context.gensym += 1;
        Ok(Value::symbol(&format!("{prefix}{}", context.gensym)))
    },
}

/// The same thing, not only one that looks like it.
pub(crate) fn identical(left: &Value, right: &Value) -> bool {
    use std::sync::Arc;
    match (left, right) {
        (Value::Str(left), Value::Str(right)) => {
            Arc::ptr_eq(left, right) || (left.len() <= 256 && left == right)
        }
        (Value::Vector(left), Value::Vector(right)) => Arc::ptr_eq(left, right),
        (Value::Map(left), Value::Map(right)) => Arc::ptr_eq(left, right),
        (Value::Set(left), Value::Set(right)) => Arc::ptr_eq(left, right),
        (Value::List(left), Value::List(right)) => {
            Arc::ptr_eq(left, right) || (left.is_empty() && right.is_empty())
        }
        (Value::Lazy(left), Value::Lazy(right)) => Arc::ptr_eq(left, right),
        (Value::Sorted(left), Value::Sorted(right)) => Arc::ptr_eq(left, right),
        (Value::Record(left), Value::Record(right)) => Arc::ptr_eq(left, right),
        (Value::BigInt(left), Value::BigInt(right)) => Arc::ptr_eq(left, right),
        (Value::Ratio(left), Value::Ratio(right)) => Arc::ptr_eq(left, right),
        (Value::Decimal(left), Value::Decimal(right)) => Arc::ptr_eq(left, right),
        (Value::Uuid(left), Value::Uuid(right)) => Arc::ptr_eq(left, right),
        (Value::Float(left), Value::Float(right)) => left.to_bits() == right.to_bits(),
        (Value::Vector(_) | Value::List(_) | Value::Lazy(_) | Value::Map(_) | Value::Set(_), _) => false,
        _ => left == right,
    }
}

fn all_equal(context: &mut Context<'_>, args: &[Value]) -> Eval<bool> {
    for pair in args.windows(2) {
        if !equal(context, &pair[0], &pair[1])? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn class(_: &mut Context<'_>, args: &mut [Value]) -> Eval {
    Ok(match &args[0] {
        Value::Nil => Value::Nil,
        Value::Record(record) => Object::Type(std::sync::Arc::clone(&record.of)).value(),
        other => Value::Class(class_of(other)),
    })
}

fn named(context: &mut Context<'_>, args: &mut [Value], make: fn(Name) -> Value) -> Eval {
    match args {
        [Value::Keyword(name) | Value::Symbol(name) | Value::Var(name)] => Ok(make(name.clone())),
        [Value::Str(text)] => Ok(make(Name::new(text))),
        [Value::Nil] if matches!(make(Name::new("x")), Value::Symbol(_)) => {
            Err(context.error("IllegalArgumentException", "no conversion to symbol"))
        }
        [_] => Ok(Value::Nil),
        [Value::Nil, name] => Ok(make(Name::new(text(context, name)?))),
        [
            Value::Keyword(namespace) | Value::Symbol(namespace),
            Value::Keyword(name) | Value::Symbol(name),
        ] => Ok(make(Name::new(&format!("{}/{}", namespace.as_str(), name.as_str())))),
        [namespace, name] => {
            Ok(make(Name::new(&format!("{}/{}", text(context, namespace)?, text(context, name)?))))
        }
        [other, ..] => Err(cast(context, other, "java.lang.String")),
        [] => Ok(Value::Nil),
    }
}
