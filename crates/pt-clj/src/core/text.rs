//! Strings and characters in `clojure.core`.

use super::{MANY, int, natives, take, text};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;

natives! { "clojure.core":
    "str" 0 MANY |context, args| {
        if let [Value::Str(_)] = args {
            return Ok(take(args, 0));
        }
        let mut out = String::with_capacity(args.iter().map(|arg| arg.as_str().map_or(4, str::len)).sum());
        for arg in args.iter() {
            // Its text is made of its hash.
            if matches!(arg, Value::Lazy(_)) {
                crate::equal::realise(context, arg)?;
            }
            push(context, &mut out, arg)?;
        }
        Ok(Value::str(out))
    },
    "subs" 2 3 |context, args| {
        text(context, &args[0])?;
        let from = super::index(context, &args[1])?;
        let to = args.get(2).map(|to| super::index(context, to)).transpose()?;
        substring(context, text(context, &args[0])?, from, to)
    },
    "format" 1 MANY |context, args| crate::format::format(context, args).map(Value::str),
    "char" 1 1 |context, args| match &args[0] {
        char @ Value::Char(_) => Ok(char.clone()),
        other => {
            let code = int(context, other)?;
            let char = u32::try_from(code).ok().filter(|code| *code <= 0xffff).and_then(char::from_u32);
            char.map(Value::Char)
                .ok_or_else(|| context.error("IllegalArgumentException", format!("Value out of range for char: {code}")))
        }
    },
    "read-string" 1 2 |context, args| super::edn::read(context, args, pt_edn::Mode::Clojure),
}

/// Appends what `str` makes of a value; sequences within collections are computed for it.
pub(super) fn push(context: &mut Context<'_>, out: &mut String, value: &Value) -> Eval<()> {
    if !matches!(value, Value::Lazy(_)) {
        crate::equal::realise(context, value)?;
    }
    if let Value::Record(record) = value
        && let Some(method) = record.of.method("toString")
    {
        let text = context.call1(&method, value.clone())?;
        crate::print::push_str(out, &text);
        return Ok(());
    }
    let before = out.len();
    if let Value::Str(text) = value {
        context.charge_text(before + text.len())?;
    }
    crate::print::push_str(out, value);
    context.grown_text(before, out.len())
}

/// Java counts in UTF-16 units; for most texts those are bytes.
fn offset(text: &str, units: usize) -> Option<usize> {
    if text.is_ascii() {
        return (units <= text.len()).then_some(units);
    }
    let mut seen = 0;
    for (at, char) in text.char_indices() {
        if seen >= units {
            return Some(at);
        }
        seen += char.len_utf16();
    }
    (seen >= units).then_some(text.len())
}

/// The UTF-16 units before a byte offset.
pub(crate) fn units(text: &str, at: usize) -> usize {
    let before = &text[..at];
    if before.is_ascii() { at } else { before.encode_utf16().count() }
}

pub(crate) fn substring(context: &Context<'_>, text: &str, from: i64, to: Option<i64>) -> Eval {
    let bounds = || -> Option<(usize, usize)> {
        let start = offset(text, usize::try_from(from).ok()?)?;
        let end = match to {
            Some(to) => offset(text, usize::try_from(to).ok()?)?,
            None => text.len(),
        };
        (start <= end).then_some((start, end))
    };
    match bounds() {
        Some((start, end)) => Ok(Value::str(&text[start..end])),
        None => {
            let length = units(text, text.len());
            let end = to.unwrap_or(length as i64);
            let message = format!("begin {from}, end {end}, length {length}");
            Err(context.error("StringIndexOutOfBoundsException", message))
        }
    }
}
