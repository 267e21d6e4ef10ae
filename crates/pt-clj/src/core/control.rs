//! Exceptions, evaluation of data as code, vars.

use std::sync::Arc;

use super::{cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::{Eval, Exception};
use crate::name::Name;

natives! { "clojure.core":
    "ex-info" 2 3 |context, args| {
        let data = take(args, 1);
        if !matches!(data, Value::Map(_)) {
            return Err(context.error("IllegalArgumentException", "Additional data must be non-nil."));
        }
        let message = crate::print::str(&args[0]);
        let cause = if args.len() == 3 { take(args, 2) } else { Value::Nil };
        Ok(Value::Exception(Arc::new(Exception { cause, ..Exception::info(message, data) })))
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
    "construct*" 1 4 |context, args| crate::interop::construct(context, args),
    "eval" 1 1 |context, args| {
        let form = crate::convert::form(context, &args[0], pt_edn::Span::default())?;
        crate::program::eval(context, &form)
    },
    "var-get" 1 1 |context, args| match &args[0] {
        Value::Var(name) => deref_var(context, name),
        other => Err(cast(context, other, "clojure.lang.Var")),
    },
}

/// The value a var has now.
pub(crate) fn deref_var(context: &Context<'_>, name: &Name) -> Eval {
    if name.namespace() == Some("user") {
        let at = context.names.get(name.local()).copied();
        let value = at.and_then(|at| context.globals.get(at as usize)).cloned().flatten();
        return value.ok_or_else(|| {
            context.error("IllegalStateException", format!("Var #'{} is unbound.", name.as_str()))
        });
    }
    match super::lookup(name.edn()) {
        Some(super::Core::Function(native)) => Ok(Value::Native(native)),
        _ => Err(context.error("IllegalStateException", format!("Var #'{} is unbound.", name.as_str()))),
    }
}
