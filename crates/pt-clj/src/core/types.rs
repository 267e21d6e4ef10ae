//! Records, types, protocols: what `defrecord`, `deftype`, `defprotocol` and `reify` expand to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::{MANY, cast, natives, take};
use crate::Value;
use crate::class::{class_name, class_of, lineage};
use crate::context::Context;
use crate::exception::Eval;
use crate::function::boxed;
use crate::map::Map;
use crate::name::Name;
use crate::seq::Iter;
use crate::types::{Object, Protocol, Record, Type, locked};

natives! { "clojure.core":
    // name, fields, whether it is a record
    "type*" 3 3 |context, args| {
        let fields = Iter::new(context, take(args, 1))?.collect(context)?;
        let fields = fields.iter().filter_map(|field| if let Value::Symbol(name) = field { Some(name.clone()) } else { None });
        let name = crate::print::str(&args[0]);
        let made = new_type(&name, fields.map(|field| field.with_meta(None)).collect(), args[2].is_truthy());
        Ok(Object::Type(made).value())
    },
    // type, values of its fields
    "new*" 1 MANY |context, args| {
        let of = type_of(context, &args[0])?;
        // A record may be given metadata and further entries too.
        let extra = if of.is_record && of.fields.len() + 3 == args.len() { 2 } else { 0 };
        if of.fields.len() + extra != args.len() - 1 {
            return Err(context.wrong_arity(args.len() - 1, &format!("{}/->{}", context.spaces.current(), of.short())));
        }
        let fields = of.fields.iter().zip(&mut args[1..]).map(|(name, value)| (Value::Keyword(name.clone()), std::mem::take(value)));
        let mut fields: Map = fields.collect();
        let mut meta = None;
        if extra == 2 {
            meta = super::meta::as_meta(context, &take(args, of.fields.len() + 1))?;
            for (key, value) in args[of.fields.len() + 2].entries().into_iter().flatten() {
                fields.insert(key, value);
            }
        }
        Ok(Value::Record(Arc::new(Record { of: Arc::clone(&of), fields, meta })))
    },
    // type, map
    "from-map*" 2 2 |context, args| {
        let of = take(args, 0);
        record_of(context, of, take(args, 1))
    },
    "field*" 2 2 |_, args| Ok(match &args[0] {
        Value::Record(record) => record.fields.get(&args[1]).cloned().unwrap_or_default(),
        _ => Value::Nil,
    }),
    // type, protocol or interface, methods by keyword
    "implement*" 3 3 |context, args| {
        let of = type_of(context, &args[0])?;
        implement(context, &of, &args[1], &args[2])?;
        Ok(Value::Nil)
    },
    // protocol or interface, methods, …
    "reify*" 0 MANY |context, args| {
        context.gensym += 1;
        let of = new_type(&format!("{}$reify__{}", context.spaces.current().replace('-', "_"), context.gensym), Vec::new(), false);
        for pair in args.chunks_exact(2) {
            implement(context, &of, &pair[0], &pair[1])?;
        }
        Ok(Value::Record(Arc::new(Record { of, fields: Map::default(), meta: None })))
    },
    // name, methods, whether metadata may implement it
    "protocol*" 3 4 |context, args| {
        let methods = Iter::new(context, take(args, 1))?.collect(context)?;
        let names = methods.iter().filter_map(|method| if let Value::Symbol(name) = method { Some(name.clone()) } else { None });
        Ok(Object::Protocol(Protocol {
            name: Name::new(&crate::print::str(&args[0])),
            methods: names.collect(),
            by_metadata: args[2].is_truthy(),
            sigs: take(args, 3),
            implementations: Mutex::default(),
        }).value())
    },
    "protocol-fn*" 2 2 |_, args| {
        let (protocol, method) = (take(args, 0), crate::print::str(&args[1]));
        Ok(boxed(move |context, args| {
            let Value::Object(object) = &protocol else { return Ok(Value::Nil) };
            let Object::Protocol(protocol) = &**object else { return Ok(Value::Nil) };
            let Some(first) = args.first() else {
                let namespace = protocol.name.namespace().unwrap_or("user");
                return Err(context.wrong_arity(0, &format!("{namespace}/{method}")));
            };
            match implementation(context, protocol, first, &method) {
                Some(function) => context.call(&function, args),
                None => {
                    let class = if first.is_nil() { "nil".to_owned() } else { class_name(first) };
                    let message = format!(
                        "No implementation of method: :{method} of protocol: #'{} found for class: {class}",
                        protocol.name.as_str()
                    );
                    Err(context.error("IllegalArgumentException", message))
                }
            }
        }))
    },
    "extend" 1 MANY |context, args| {
        let key: Box<str> = match &args[0] {
            Value::Nil => "nil".into(),
            Value::Class(class) => class.full.into(),
            Value::Object(object) if let Object::Type(of) = &**object => of.name.clone(),
            other => return Err(cast(context, other, "java.lang.Class")),
        };
        for pair in args[1..].chunks_exact(2) {
            let protocol = protocol(context, &pair[0])?;
            let methods = named_methods(&pair[1]);
            locked(&protocol.implementations).insert(key.clone(), methods);
        }
        Ok(Value::Nil)
    },
    "satisfies?" 2 2 |context, args| {
        let protocol = protocol(context, &args[0])?;
        Ok(Value::Bool(satisfies(context, protocol, &args[1])))
    },
    "extends?" 2 2 |context, args| {
        let key = type_key(&args[1]);
        let protocol = protocol(context, &args[0])?;
        let listed = match &args[1] {
            Value::Object(object) if let Object::Type(of) = &**object => {
                locked(&of.listed).iter().any(|name| **name == *protocol.name.as_str())
            }
            _ => false,
        };
        Ok(Value::Bool(listed || locked(&protocol.implementations).contains_key(&*key)))
    },
    "extenders" 1 1 |context, args| {
        let protocol = protocol(context, &args[0])?;
        let keys = locked(&protocol.implementations).keys().map(|key| match crate::class::class_named(key) {
            Some(class) => Value::Class(class),
            None if &**key == "nil" => Value::Nil,
            None => Value::symbol(key),
        }).collect();
        Ok(crate::seq::chunk(keys, Value::Nil))
    },
    "record?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Record(record) if record.of.is_record))),
    "supers" 1 1 |context, args| Ok(match &args[0] {
        Value::Class(class) => Value::set(lineage(class).into_iter().skip(1).map(Value::Class)),
        Value::Object(object) if let Object::Type(of) = &**object => {
            let base = crate::class::known(if of.is_record { "Record" } else { "clojure.lang.Type" });
            let above = lineage(base).into_iter().skip(1).map(Value::Class);
            Value::set(above.chain(listed(context, of)))
        }
        _ => Value::Nil,
    }),
    "bases" 1 1 |context, args| Ok(match &args[0] {
        Value::Class(class) => crate::seq::chunk(class.above().map(Value::Class).collect(), Value::Nil),
        Value::Object(object) if let Object::Type(of) = &**object => {
            let base = crate::class::known(if of.is_record { "Record" } else { "clojure.lang.Type" });
            crate::seq::chunk(base.above().map(Value::Class).chain(listed(context, of)).collect(), Value::Nil)
        }
        _ => Value::Nil,
    }),
}

/// A record with the fields of a map, or with a vector of all its fields.
pub(crate) fn record_of(context: &mut Context<'_>, of: Value, fields: Value) -> Eval {
    let of = type_of(context, &of)?;
    let mut own: Map = of.fields.iter().map(|name| (Value::Keyword(name.clone()), Value::Nil)).collect();
    if let Value::Vector(values) = &fields {
        for (name, value) in of.fields.iter().zip(values.iter()) {
            own.insert(Value::Keyword(name.clone()), value.clone());
        }
    }
    for (key, value) in fields.entries().into_iter().flatten() {
        own.insert(key, value);
    }
    Ok(Value::Record(Arc::new(Record { of, fields: own, meta: None })))
}

pub(super) fn new_type(name: &str, fields: Vec<Name>, is_record: bool) -> Arc<Type> {
    Arc::new(Type {
        name: name.into(),
        fields,
        is_record,
        methods: Mutex::default(),
        listed: Mutex::default(),
    })
}

fn type_of(context: &Context<'_>, value: &Value) -> Eval<Arc<Type>> {
    match value {
        Value::Object(object) if let Object::Type(of) = &**object => Ok(Arc::clone(of)),
        other => Err(cast(context, other, "java.lang.Class")),
    }
}

fn protocol<'a>(context: &Context<'_>, value: &'a Value) -> Eval<&'a Protocol> {
    match value {
        Value::Object(object) if let Object::Protocol(protocol) = &**object => Ok(protocol),
        other => Err(context
            .error("IllegalArgumentException", format!("{} is not a protocol", crate::print::pr_str(other)))),
    }
}

fn named_methods(methods: &Value) -> HashMap<Box<str>, Value> {
    let named = methods.entries().into_iter().flatten();
    named
        .filter_map(
            |(key, value)| {
                if let Value::Keyword(name) = key { Some((name.local().into(), value)) } else { None }
            },
        )
        .collect()
}

fn implement(context: &Context<'_>, of: &Arc<Type>, what: &Value, methods: &Value) -> Eval<()> {
    let name: Box<str> = match what {
        Value::Class(class) => class.full.into(),
        Value::Object(object) if let Object::Protocol(protocol) = &**object => protocol.name.as_str().into(),
        other => {
            return Err(context.error(
                "IllegalArgumentException",
                format!("{} is not an interface", crate::print::pr_str(other)),
            ));
        }
    };
    locked(&of.listed).push(name);
    locked(&of.methods).extend(named_methods(methods));
    Ok(())
}

pub(super) fn type_key(class: &Value) -> Box<str> {
    match class {
        Value::Class(class) => class.full.into(),
        Value::Object(object) if let Object::Type(of) = &**object => of.name.clone(),
        _ => "nil".into(),
    }
}

/// Where a value finds what a protocol asks of it: itself, its metadata, its class, those above.
fn implementation(context: &Context<'_>, protocol: &Protocol, value: &Value, method: &str) -> Option<Value> {
    if let Value::Record(record) = value {
        if locked(&record.of.listed).iter().any(|name| **name == *protocol.name.as_str()) {
            return record.of.method(method);
        }
        if let Some(own) = locked(&protocol.implementations).get(&record.of.name) {
            return own.get(method).cloned();
        }
    }
    if protocol.by_metadata
        && let Some(meta) = super::meta::meta_of(context, value)
    {
        let namespace = protocol.name.namespace().unwrap_or("user");
        if let Some(found) = meta.get(&Value::symbol(&format!("{namespace}/{method}"))) {
            return Some(found.clone());
        }
    }
    let implementations = locked(&protocol.implementations);
    if value.is_nil() {
        return implementations.get("nil")?.get(method).cloned();
    }
    lineage(class_of(value))
        .iter()
        .find_map(|class| implementations.get(class.full))
        .and_then(|own| own.get(method))
        .cloned()
}

/// The protocols and interfaces that the definition of a type lists.
fn listed(context: &Context<'_>, of: &Type) -> Vec<Value> {
    let names = locked(&of.listed).clone();
    let found = names.iter().filter_map(|name| match crate::class::class_named(name) {
        Some(class) => Some(Value::Class(class)),
        None => {
            let at = context.names.get(crate::namespace::key_of(name))?;
            context.globals.get(*at as usize).cloned().flatten()
        }
    });
    found.collect()
}

fn satisfies(context: &Context<'_>, protocol: &Protocol, value: &Value) -> bool {
    if let Value::Record(record) = value
        && (locked(&record.of.listed).iter().any(|name| **name == *protocol.name.as_str())
            || locked(&protocol.implementations).contains_key(&record.of.name))
    {
        return true;
    }
    if protocol.by_metadata
        && protocol
            .methods
            .iter()
            .any(|method| implementation(context, protocol, value, method.as_str()).is_some())
    {
        return true;
    }
    let implementations = locked(&protocol.implementations);
    if value.is_nil() {
        return implementations.contains_key("nil");
    }
    lineage(class_of(value)).iter().any(|class| implementations.contains_key(class.full))
}
