//! Exceptions, evaluation of data as code, vars.

use std::sync::Arc;

use super::{MANY, natives, take};
use crate::Value;
use crate::analyse::Meaning;
use crate::context::Context;
use crate::exception::{Eval, Exception};
use crate::name::Name;

natives! { "clojure.core":
    "ex-info" 2 3 |context, args| {
        let data = take(args, 1);
        if !matches!(args[0], Value::Str(_) | Value::Nil) {
            return Err(super::cast(context, &args[0], "java.lang.String"));
        }
        if !data.is_map() && !data.is_nil() {
            return Err(super::cast(context, &data, "clojure.lang.IPersistentMap"));
        }
        if data.is_nil() {
            return Err(context.error("IllegalArgumentException", "Additional data must be non-nil."));
        }
        let mut exception = Exception::info("", data);
        exception.message = (!args[0].is_nil()).then(|| crate::print::str(&args[0]));
        exception.cause = if args.len() == 3 { take(args, 2) } else { Value::Nil };
        Ok(Value::Exception(Arc::new(exception)))
    },
    "ex-message" 1 1 |_, args| Ok(match &args[0] {
        Value::Exception(exception) => exception.message.as_deref().map_or(Value::Nil, Value::str),
        _ => Value::Nil,
    }),
    "ex-data" 1 1 |_, args| Ok(match &args[0] {
        Value::Exception(exception) => exception.data.clone(),
        _ => Value::Nil,
    }),
    "ex-cause" 1 1 |_, args| Ok(match &args[0] {
        Value::Exception(exception) => exception.cause.clone(),
        _ => Value::Nil,
    }),
    "construct*" 1 MANY |context, args| crate::interop::construct(context, args),
    "load-string" 1 1 |context, args| {
        let mut reader = pt_edn::Reader::new(super::text(context, &args[0])?);
        let before = context.spaces.current().to_owned();
        let mut result = Ok(Value::Nil);
        while let Some(form) = reader.read_next() {
            result = match form {
                Ok(form) => crate::program::eval(context, &form),
                Err(error) => Err(context.error("RuntimeException", error.message)),
            };
            if result.is_err() {
                break;
            }
        }
        context.spaces.enter(&before);
        result
    },
    "eval" 1 1 |context, args| {
        // Values within the code are needed until it is analysed.
        let embedded = context.embedded.len();
        let form = crate::convert::form(context, &args[0], pt_edn::Span::default())?;
        let result = crate::program::eval(context, &form);
        context.embedded.truncate(embedded);
        result
    },
}

/// The value a var has now.
pub(crate) fn deref_var(context: &mut Context<'_>, name: &Name) -> Eval {
    match crate::analyse::meaning(context, &full(name))? {
        Some(Meaning::Global(at)) => match context.globals.get(at as usize).cloned().flatten() {
            Some(value) => Ok(value),
            None => Ok(crate::types::Object::Unbound(name.clone()).value()),
        },
        Some(Meaning::Core(super::Core::Function(native))) => Ok(Value::Native(native)),
        Some(Meaning::Core(super::Core::Value(value))) => Ok(value()),
        _ => Err(context.error("IllegalStateException", format!("Var #'{} is unbound.", name.as_str()))),
    }
}

/// A full name always says its namespace, `user` too.
fn full(name: &Name) -> pt_edn::Name {
    name.edn().clone()
}
