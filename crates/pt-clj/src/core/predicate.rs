//! Questions about values, equality, names.

use super::{MANY, cast, natives, take, text};
use crate::Value;
use crate::context::Context;
use crate::equal::equal;
use crate::exception::{Eval, class_of, is_a};
use crate::name::Name;

natives! { "clojure.core":
    "=" 1 MANY |context, args| all_equal(context, args).map(Value::Bool),
    "not=" 1 MANY |context, args| all_equal(context, args).map(|equal| Value::Bool(!equal)),
    "identical?" 2 2 |_, args| Ok(Value::Bool(args[0] == args[1])),
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
    "rational?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Int(_) | Value::BigInt(_) | Value::Ratio(_)))),
    "NaN?" 1 1 |context, args| Ok(Value::Bool(super::as_f64(context, &args[0])?.is_nan())),
    "infinite?" 1 1 |context, args| Ok(Value::Bool(super::as_f64(context, &args[0])?.is_infinite())),
    "map?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Map(_)))),
    "vector?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Vector(_)))),
    "map-entry?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Vector(items) if items.len() == 2))),
    "set?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Set(_)))),
    "list?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::List(seq) if seq.is_list()))),
    "seq?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::List(_) | Value::Lazy(_)))),
    "sequential?" 1 1 |_, args| Ok(Value::Bool(args[0].is_sequential())),
    "coll?" 1 1 |_, args| Ok(Value::Bool(args[0].is_sequential() || matches!(args[0], Value::Map(_) | Value::Set(_)))),
    "associative?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Map(_) | Value::Vector(_)))),
    "seqable?" 1 1 |_, args| {
        Ok(Value::Bool(args[0].is_sequential() || matches!(args[0], Value::Nil | Value::Str(_) | Value::Map(_) | Value::Set(_))))
    },
    "counted?" 1 1 |_, args| Ok(Value::Bool(match &args[0] {
        Value::List(seq) => seq.known_count().is_some(),
        Value::Map(_) | Value::Vector(_) | Value::Set(_) => true,
        _ => false,
    })),
    "reversible?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Vector(_)))),
    "indexed?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Vector(_)))),
    "fn?" 1 1 |_, args| Ok(Value::Bool(args[0].is_fn())),
    "ifn?" 1 1 |_, args| Ok(Value::Bool(args[0].is_fn() || matches!(
        args[0],
        Value::Keyword(_) | Value::Symbol(_) | Value::Map(_) | Value::Set(_) | Value::Vector(_) | Value::Var(_)
    ))),
    "var?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Var(_)))),
    "delay?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Delay(_)))),
    "uuid?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Uuid(_)))),
    "class?" 1 1 |_, args| Ok(Value::Bool(matches!(args[0], Value::Class(_)))),
    "type" 1 1 class,
    "class" 1 1 class,
    "instance?" 2 2 |context, args| match &args[0] {
        Value::Class(wanted) => {
            let class = class_of(&args[1]);
            let wide = matches!((wanted.short(), &args[1]), ("Object" | "IFn", value) if !value.is_nil() && (wanted.short() == "Object" || value.is_fn()));
            let same = matches!((wanted.short(), class.short()), ("CharSequence", "String"));
            Ok(Value::Bool(!args[1].is_nil() && (wide || same || is_a(class, wanted))))
        }
        other => Err(cast(context, other, "java.lang.Class")),
    },
    "hash" 1 1 |context, args| {
        crate::equal::realise(context, &args[0])?;
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

fn all_equal(context: &mut Context<'_>, args: &[Value]) -> Eval<bool> {
    for pair in args.windows(2) {
        if !equal(context, &pair[0], &pair[1])? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn class(_: &mut Context<'_>, args: &mut [Value]) -> Eval {
    Ok(if args[0].is_nil() { Value::Nil } else { Value::Class(class_of(&args[0])) })
}

fn named(context: &mut Context<'_>, args: &mut [Value], make: fn(Name) -> Value) -> Eval {
    match args {
        [Value::Keyword(name) | Value::Symbol(name) | Value::Var(name)] => Ok(make(name.clone())),
        [Value::Str(text)] => Ok(make(Name::new(text))),
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
