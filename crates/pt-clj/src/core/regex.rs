//! `re-find` and its like.

use super::{cast, natives, text};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::regex::{Regex, compile, gave_up};
use crate::types::{Object, locked};

natives! { "clojure.core":
    "re-pattern" 1 1 |context, args| match &args[0] {
        regex @ Value::Regex(_) => Ok(regex.clone()),
        other => compile(context, text(context, other)?).map(Value::Regex),
    },
    "re-find" 1 2 |context, args| {
        if let (Value::Object(object), 1) = (&args[0], args.len())
            && let Object::Matcher { regex, text, state } = &**object
        {
            let from = locked(state).0;
            let captures = regex.regex.captures_from_pos(text.as_str(), from.min(text.len())).map_err(|error| gave_up(context, &error))?;
            let found = captures.filter(|_| from <= text.len()).map(|captures| {
                let end = captures.get(0).map_or(text.len() + 1, |whole| if whole.end() == whole.start() { whole.end() + 1 } else { whole.end() });
                (end, groups(&captures))
            });
            let (end, groups) = found.unwrap_or((text.len() + 1, Value::Nil));
            *locked(state) = (end, groups.clone());
            return Ok(groups);
        }
        if args.len() == 1 {
            return Err(cast(context, &args[0], "java.util.regex.Matcher"));
        }
        let (regex, text) = (pattern(context, &args[0])?, text(context, &args[1])?);
        let captures = regex.regex.captures(text).map_err(|error| gave_up(context, &error))?;
        Ok(captures.map_or(Value::Nil, |captures| groups(&captures)))
    },
    "re-matches" 2 2 |context, args| {
        let (regex, text) = (pattern(context, &args[0])?, text(context, &args[1])?);
        matches(context, regex, text)
    },
    "re-matcher" 2 2 |context, args| match (&args[0], &args[1]) {
        (Value::Regex(regex), Value::Str(text)) => Ok(Object::Matcher {
            regex: std::sync::Arc::clone(regex),
            text: std::sync::Arc::clone(text),
            state: std::sync::Mutex::new((0, Value::Nil)),
        }.value()),
        (Value::Regex(_), other) => Err(cast(context, other, "java.lang.CharSequence")),
        (other, _) => Err(cast(context, other, "java.util.regex.Pattern")),
    },
    "re-groups" 1 1 |context, args| match &args[0] {
        Value::Object(object) if let Object::Matcher { state, .. } = &**object => match locked(state).1.clone() {
            Value::Nil => Err(context.error("IllegalStateException", "No match found")),
            groups => Ok(groups),
        },
        other => Err(cast(context, other, "java.util.regex.Matcher")),
    },
    "re-seq" 2 2 |context, args| {
        let (regex, text) = (pattern(context, &args[0])?, text(context, &args[1])?);
        let mut found = Vec::new();
        for captures in regex.regex.captures_iter(text) {
            found.push(groups(&captures.map_err(|error| gave_up(context, &error))?));
            context.tick()?;
            context.grown(4 * found.len())?;
        }
        Ok(crate::seq::chunk(found, Value::Nil))
    },
}

fn pattern<'a>(context: &Context<'_>, value: &'a Value) -> Eval<&'a Regex> {
    match value {
        Value::Regex(regex) => Ok(regex),
        other => Err(cast(context, other, "java.util.regex.Pattern")),
    }
}

/// The whole match, or a vector of it and its groups.
pub(super) fn groups(captures: &fancy_regex::Captures<'_, str>) -> Value {
    let group = |at: usize| captures.get(at).map_or(Value::Nil, |group| Value::str(group.as_str()));
    if captures.len() == 1 { group(0) } else { Value::vector((0..captures.len()).map(group).collect()) }
}

/// The whole text must match: another alternative may be needed for that, so the pattern says so.
pub(crate) fn matches(context: &Context<'_>, regex: &Regex, text: &str) -> Eval {
    let whole = compile(context, &format!("\\A(?:{})\\z", regex.pattern()))?;
    let captures = whole.regex.captures(text).map_err(|error| gave_up(context, &error))?;
    Ok(captures.map_or(Value::Nil, |captures| groups(&captures)))
}
