//! Code as data and back: what `quote` gives, and what macros return.

use std::sync::Arc;

use pt_edn::{Form, FormKind, Span};

use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::name::Name;

/// The value a form stands for when it is not evaluated.
pub(crate) fn quoted(context: &mut Context<'_>, form: &Form) -> Eval {
    let value = plain(context, form)?;
    if form.meta.is_empty() {
        return Ok(value);
    }
    let meta = plain(context, &Form::new(FormKind::Map(form.meta.clone()), form.span))?;
    match crate::core::function("with-meta") {
        Some(native) if !matches!(value, Value::Nil | Value::Bool(_)) => {
            context.call_native(native, &mut [value.clone(), meta]).or(Ok(value))
        }
        _ => Ok(value),
    }
}

fn plain(context: &mut Context<'_>, form: &Form) -> Eval {
    let around = |context: &mut Context<'_>, name: &str, form: &Form| {
        Ok(Value::list(vec![Value::symbol(name), quoted(context, form)?]))
    };
    Ok(match &form.kind {
        FormKind::Nil => Value::Nil,
        FormKind::Bool(value) => Value::Bool(*value),
        FormKind::Int(value) => Value::Int(*value),
        FormKind::Float(value) => Value::Float(*value),
        FormKind::Char(value) => Value::Char(*value),
        FormKind::BigInt(value) => Value::big(value.clone()),
        FormKind::Ratio(parts) => Value::Ratio(Arc::new((**parts).clone())),
        FormKind::Decimal(digits) => match crate::decimal::Decimal::parse(digits) {
            Some(value) => Value::Decimal(Arc::new(value)),
            None => return Err(context.error("NumberFormatException", format!("Invalid number: {digits}M"))),
        },
        FormKind::String(text) => Value::str(&**text),
        FormKind::Regex(pattern) => Value::Regex(crate::regex::compile(context, pattern)?),
        FormKind::Symbol(name) => {
            embedded(context, name.as_str()).unwrap_or_else(|| Value::Symbol(Name::from(name.clone())))
        }
        FormKind::Keyword(name) => Value::Keyword(Name::from(name.clone())),
        FormKind::List(forms) => Value::list(all(context, forms)?),
        FormKind::Vector(forms) => Value::vector(all(context, forms)?),
        FormKind::Set(forms) => Value::set(all(context, forms)?),
        FormKind::Map(pairs) => {
            let mut map = crate::map::Map::with_capacity(pairs.len());
            for (key, value) in pairs {
                map.insert(quoted(context, key)?, quoted(context, value)?);
            }
            Value::Map(Arc::new(map))
        }
        FormKind::Tagged(tag, form) => {
            let value = quoted(context, form)?;
            return tagged(context, tag.as_str(), &value);
        }
        FormKind::Fn(_) => {
            let form = crate::analyse::short_fn(form);
            return quoted(context, &form);
        }
        FormKind::Quote(form) => return around(context, "quote", form),
        FormKind::Deref(form) => return around(context, "clojure.core/deref", form),
        FormKind::Var(form) => return around(context, "var", form),
        FormKind::SyntaxQuote(form) => {
            let form = crate::analyse::syntax_quote(context, form)?;
            return quoted(context, &form);
        }
        FormKind::Unquote(form) => return around(context, "clojure.core/unquote", form),
        FormKind::UnquoteSplicing(form) => return around(context, "clojure.core/unquote-splicing", form),
    })
}

fn all(context: &mut Context<'_>, forms: &[Form]) -> Eval<Vec<Value>> {
    forms.iter().map(|form| quoted(context, form)).collect()
}

/// A tagged literal.
pub(crate) fn tagged(context: &mut Context<'_>, tag: &str, value: &Value) -> Eval {
    let symbol = Value::symbol(tag);
    if let Value::Map(readers) = &context.readers.by_tag
        && let Some(reader) = readers.get(&symbol).cloned()
    {
        return context.call1(&reader, value.clone());
    }
    match (tag, value) {
        ("uuid", Value::Str(text)) => match crate::core::uuid(text) {
            Some(id) => Ok(id),
            None => Err(context.error("IllegalArgumentException", format!("Invalid UUID string: {text}"))),
        },
        ("inst", Value::Str(text)) => match crate::inst::parse(text) {
            Some(millis) => Ok(crate::types::Object::Inst(millis).value()),
            None => Err(context.error("RuntimeException", format!("Unrecognized date/time syntax: {text}"))),
        },
        _ if !context.readers.default.is_nil() => {
            let default = context.readers.default.clone();
            context.call2(&default, symbol, value.clone())
        }
        _ => {
            // `#user.Point{…}`
            if let Some((package, short)) = tag.rsplit_once('.')
                && let full = pt_edn::Name::new(&format!("{}/{short}", package.replace('_', "-")))
                && let Some(crate::analyse::Meaning::Global(at)) = crate::analyse::meaning(context, &full)?
                && let Some(of) = context.globals[at as usize].clone()
            {
                return crate::core::record_of(context, of, value.clone());
            }
            let reader = context.names.get("clojure.core/*default-data-reader-fn*").copied();
            match reader.and_then(|at| context.globals.get(at as usize)).cloned().flatten() {
                Some(reader) if !reader.is_nil() => context.call2(&reader, symbol, value.clone()),
                _ => Err(context.error("RuntimeException", format!("No reader function for tag {tag}"))),
            }
        }
    }
}

/// Functions and other values without a notation stand in code under names nobody can write.
const EMBEDDED: &str = "\0value ";

pub(crate) fn embedded(context: &Context<'_>, name: &str) -> Option<Value> {
    let at: usize = name.strip_prefix(EMBEDDED)?.parse().ok()?;
    context.embedded.get(at).cloned()
}

/// Code that a macro returned, at the place of its call.
pub(crate) fn form(context: &mut Context<'_>, value: &Value, span: Span) -> Eval<Form> {
    context.code(|context| form_here(context, value, span))
}

fn form_here(context: &mut Context<'_>, value: &Value, span: Span) -> Eval<Form> {
    let mut meta = Vec::new();
    let own = match value {
        Value::Symbol(name) => name.meta(),
        Value::List(seq) => &seq.1,
        Value::Vector(items) => &items.meta,
        Value::Map(map) => &map.meta,
        Value::Set(set) => set.meta(),
        _ => &None,
    };
    if let Some(own) = own {
        for (key, value) in own.iter() {
            meta.push((form(context, key, span)?, form(context, value, span)?));
        }
    }
    let kind = match value {
        Value::Nil => FormKind::Nil,
        Value::Bool(value) => FormKind::Bool(*value),
        Value::Int(value) => FormKind::Int(*value),
        Value::Float(value) => FormKind::Float(*value),
        Value::Char(value) => FormKind::Char(*value),
        Value::BigInt(value) => FormKind::BigInt((**value).clone()),
        Value::Ratio(parts) => FormKind::Ratio(Box::new((**parts).clone())),
        Value::Str(text) => FormKind::String(text.as_str().into()),
        Value::Symbol(name) => FormKind::Symbol(name.edn().clone()),
        Value::Keyword(name) => FormKind::Keyword(name.edn().clone()),
        Value::List(_) | Value::Lazy(_) => FormKind::List(forms(context, value, span)?),
        Value::Vector(_) => FormKind::Vector(forms(context, value, span)?),
        Value::Set(_) => FormKind::Set(forms(context, value, span)?),
        Value::Map(map) => {
            let mut pairs = Vec::with_capacity(map.len());
            for (key, value) in map.iter() {
                pairs.push((form(context, key, span)?, form(context, value, span)?));
            }
            FormKind::Map(pairs)
        }
        Value::Decimal(value) => FormKind::Decimal(value.to_string().into()),
        Value::Var(name) => FormKind::Var(Box::new(Form::new(FormKind::Symbol(name.edn().clone()), span))),
        Value::Native(_)
        | Value::Fn(_)
        | Value::Cell(_)
        | Value::Delay(_)
        | Value::Reduced(_)
        | Value::Exception(_)
        | Value::Regex(_)
        | Value::Class(_)
        | Value::Uuid(_)
        | Value::Sorted(_)
        | Value::Record(_)
        | Value::Object(_) => {
            let name = format!("{EMBEDDED}{}", context.embedded.len());
            context.embedded.push(value.clone());
            FormKind::Symbol(pt_edn::Name::new(&name))
        }
    };
    Ok(Form { kind, span, meta })
}

fn forms(context: &mut Context<'_>, value: &Value, span: Span) -> Eval<Vec<Form>> {
    let mut items = crate::seq::Iter::new(context, value.clone())?;
    let mut forms = Vec::new();
    while let Some(item) = items.next(context)? {
        forms.push(form(context, &item, span)?);
    }
    Ok(forms)
}
