//! `re-find` and its like.

use super::{cast, natives, text};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::regex::{Regex, compile, gave_up};

natives! { "clojure.core":
    "re-pattern" 1 1 |context, args| match &args[0] {
        regex @ Value::Regex(_) => Ok(regex.clone()),
        other => compile(context, text(context, other)?).map(Value::Regex),
    },
    "re-find" 2 2 |context, args| {
        let (regex, text) = (pattern(context, &args[0])?, text(context, &args[1])?);
        let captures = regex.regex.captures(text).map_err(|error| gave_up(context, &error))?;
        Ok(captures.map_or(Value::Nil, |captures| groups(&captures)))
    },
    "re-matches" 2 2 |context, args| {
        let (regex, text) = (pattern(context, &args[0])?, text(context, &args[1])?);
        matches(context, regex, text)
    },
    "re-seq" 2 2 |context, args| {
        let (regex, text) = (pattern(context, &args[0])?, text(context, &args[1])?);
        let mut found = Vec::new();
        for captures in regex.regex.captures_iter(text) {
            found.push(groups(&captures.map_err(|error| gave_up(context, &error))?));
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
