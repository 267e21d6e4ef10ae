//! `println` and its like, and what they print into.

use std::sync::Arc;

use super::{MANY, natives, text};
use crate::Value;
use crate::context::Context;
use crate::equal::realise;
use crate::exception::Eval;
use crate::print::Style;

natives! { "clojure.core":
    "pr-str" 0 MANY |context, args| joined(context, args, true).map(Value::str),
    "print-str" 0 MANY |context, args| joined(context, args, false).map(Value::str),
    "prn-str" 0 MANY |context, args| joined(context, args, true).map(|text| Value::str(text + "\n")),
    "println-str" 0 MANY |context, args| joined(context, args, false).map(|text| Value::str(text + "\n")),
    "pr" 0 MANY |context, args| printed(context, args, true, ""),
    "prn" 0 MANY |context, args| printed(context, args, true, "\n"),
    "print" 0 MANY |context, args| printed(context, args, false, ""),
    "println" 0 MANY |context, args| printed(context, args, false, "\n"),
    "newline" 0 0 |context, _| {
        context.print("\n");
        Ok(Value::Nil)
    },
    "flush" 0 0 |_, _| Ok(Value::Nil),
    "printf" 1 MANY |context, args| {
        let text = crate::format::format(context, args)?;
        context.print(&text);
        Ok(Value::Nil)
    },
    "with-out-str*" 1 1 |context, args| {
        context.captured.push(String::new());
        let height = context.captured.len();
        let result = context.call(&args[0], &mut []);
        context.captured.truncate(height);
        let printed = context.captured.pop().unwrap_or_default();
        result.map(|_| Value::str(printed))
    },
    "random-uuid" 0 0 |context, _| Ok(random_uuid(context)),
    "parse-uuid" 1 1 |context, args| Ok(uuid_as_java(text(context, &args[0])?).unwrap_or_default()),
}

fn joined(context: &mut Context<'_>, args: &[Value], readably: bool) -> Eval<String> {
    let mut out = String::new();
    let setting = |context: &Context<'_>, name: &str| {
        let at = context.names.get(name).copied();
        at.and_then(|at| context.globals.get(at as usize)).cloned().flatten()
    };
    let limit = |context: &Context<'_>, name: &str| match setting(context, name) {
        Some(Value::Int(limit)) => usize::try_from(limit).unwrap_or(0),
        _ => usize::MAX,
    };
    let readably =
        readably && setting(context, "clojure.core/*print-readably*").is_none_or(|on| on.is_truthy());
    let style = Style {
        readably,
        meta: readably && setting(context, "clojure.core/*print-meta*").is_some_and(|on| on.is_truthy()),
        length: limit(context, "clojure.core/*print-length*"),
        level: limit(context, "clojure.core/*print-level*").min(Style::DEEPEST),
    };
    for (index, arg) in args.iter().enumerate() {
        if style.length == usize::MAX {
            realise(context, arg)?;
        } else {
            realise_first(context, arg, style.length)?;
        }
        if index > 0 {
            out.push(' ');
        }
        crate::print::write(&mut out, arg, style);
        context.charge_text(out.len())?;
    }
    Ok(out)
}

/// Computes no more of a sequence than is going to be shown.
fn realise_first(context: &mut Context<'_>, value: &Value, length: usize) -> Eval<()> {
    if !matches!(value, Value::List(_) | Value::Lazy(_)) {
        return if value.is_sequential() || value.is_map() || value.is_set() {
            realise(context, value)
        } else {
            Ok(())
        };
    }
    context.nested(|context| {
        let mut items = crate::seq::Iter::new(context, value.clone())?;
        for _ in 0..=length {
            match items.next(context)? {
                Some(item) => realise_first(context, &item, length)?,
                None => break,
            }
        }
        Ok(())
    })
}

fn printed(context: &mut Context<'_>, args: &[Value], readably: bool, end: &str) -> Eval {
    let text = joined(context, args, readably)? + end;
    context.print(&text);
    // What is captured grows without anyone asking for memory.
    let captured = context.captured.last().map_or(0, String::len);
    context.charge_text(captured)?;
    Ok(Value::Nil)
}

pub(crate) fn random_uuid(context: &mut Context<'_>) -> Value {
    let bits = u128::from(context.random()) << 64 | u128::from(context.random());
    // Version 4, variant 1.
    let bits = bits & !(0xf000 << 64) & !(0b11 << 62) | 0x4000 << 64 | 0b10 << 62;
    Value::Uuid(Arc::new(bits))
}

/// As Java reads it: parts may be short, and too long ones are cut.
fn uuid_as_java(text: &str) -> Option<Value> {
    let parts: Vec<&str> = text.split('-').collect();
    if text.len() > 36 || parts.len() != 5 {
        return None;
    }
    let mut id = 0_u128;
    for (part, bits) in parts.iter().zip([32, 16, 16, 16, 48]) {
        let number =
            u128::from_str_radix(part, 16).ok().filter(|_| part.len() <= 16 && !part.starts_with('+'))?;
        id = id << bits | number & ((1 << bits) - 1);
    }
    Some(Value::Uuid(Arc::new(id)))
}

/// A UUID by its text.
pub(crate) fn uuid(text: &str) -> Option<Value> {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths = [8, 4, 4, 4, 12];
    let fits = parts.len() == 5 && parts.iter().zip(lengths).all(|(part, length)| part.len() == length);
    let hex = parts.concat();
    if !fits || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&hex, 16).ok().map(|id| Value::Uuid(Arc::new(id)))
}
