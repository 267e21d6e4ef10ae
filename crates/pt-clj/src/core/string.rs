//! `clojure.string`.

use super::text::{push, units};
use super::{natives, take, text};
use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::regex::{Regex, gave_up};
use crate::seq::Iter;

natives! { "clojure.string":
    "join" 1 2 |context, args| {
        let between = if args.len() == 2 { crate::print::str(&args[0]) } else { String::new() };
        let mut items = Iter::new(context, args.last_mut().map(std::mem::take).unwrap_or_default())?;
        let mut out = String::new();
        let mut first = true;
        while let Some(item) = items.next(context)? {
            if !std::mem::take(&mut first) {
                out.push_str(&between);
            }
            push(context, &mut out, &item)?;
        }
        Ok(Value::str(out))
    },
    "upper-case" 1 1 |context, args| changed(context, &args[0], str::to_uppercase),
    "lower-case" 1 1 |context, args| changed(context, &args[0], str::to_lowercase),
    "capitalize" 1 1 |context, args| changed(context, &args[0], |text| {
        let mut chars = text.chars();
        let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
        first + &chars.as_str().to_lowercase()
    }),
    "reverse" 1 1 |context, args| Ok(Value::str(chars(context, &args[0])?.chars().rev().collect::<String>())),
    "trim" 1 1 |context, args| Ok(Value::str(chars(context, &args[0])?.trim_matches(is_space))),
    "triml" 1 1 |context, args| Ok(Value::str(chars(context, &args[0])?.trim_start_matches(is_space))),
    "trimr" 1 1 |context, args| Ok(Value::str(chars(context, &args[0])?.trim_end_matches(is_space))),
    "trim-newline" 1 1 |context, args| Ok(Value::str(chars(context, &args[0])?.trim_end_matches(['\n', '\r']))),
    "blank?" 1 1 |context, args| Ok(Value::Bool(args[0].is_nil() || chars(context, &args[0])?.chars().all(is_space))),
    "starts-with?" 2 2 |context, args| Ok(Value::Bool(own(context, &args[0])?.starts_with(text(context, &args[1])?))),
    "ends-with?" 2 2 |context, args| Ok(Value::Bool(own(context, &args[0])?.ends_with(text(context, &args[1])?))),
    "includes?" 2 2 |context, args| Ok(Value::Bool(own(context, &args[0])?.contains(text(context, &args[1])?))),
    "index-of" 2 3 |context, args| {
        let (whole, part) = (own(context, &args[0])?, crate::print::str(&args[1]));
        let from = args.get(2).map_or(Ok(0), |from| super::count(context, from))?;
        let start = whole.char_indices().map(|(at, _)| at).find(|at| units(&whole, *at) >= from).unwrap_or(whole.len());
        Ok(whole[start..].find(&part).map_or(Value::Nil, |at| Value::from(units(&whole, start + at))))
    },
    "last-index-of" 2 3 |context, args| {
        let (mut whole, part) = (own(context, &args[0])?, crate::print::str(&args[1]));
        if let Some(from) = args.get(2) {
            let last = super::int(context, from)?;
            let Ok(last) = usize::try_from(last) else { return Ok(Value::Nil) };
            let end = whole.char_indices().map(|(at, _)| at).find(|at| units(&whole, *at) >= last).unwrap_or(whole.len());
            let end = end.saturating_add(part.len()).min(whole.len());
            if whole.is_char_boundary(end) {
                whole.truncate(end);
            }
        }
        Ok(whole.rfind(&part).map_or(Value::Nil, |at| Value::from(units(&whole, at))))
    },
    "escape" 2 2 |context, args| {
        let mut out = String::new();
        for char in chars(context, &args[0])?.to_owned().chars() {
            match context.call1(&args[1], Value::Char(char))? {
                Value::Nil => out.push(char),
                other => crate::print::push_str(&mut out, &other),
            }
        }
        Ok(Value::str(out))
    },
    "replace" 3 3 |context, args| replace(context, args, usize::MAX),
    "replace-first" 3 3 |context, args| replace(context, args, 1),
    "re-quote-replacement" 1 1 |context, args| changed(context, &args[0], |text| text.replace('\\', "\\\\").replace('$', "\\$")),
    "split" 2 3 |context, args| {
        let limit = args.get(2).map_or(Ok(0), |limit| super::int(context, limit))?;
        let whole = chars(context, &args[0])?.to_owned();
        match &args[1] {
            Value::Regex(regex) => split(context, &whole, regex, limit).map(|parts| Value::vector(parts.into_iter().map(Value::str).collect())),
            other => Err(super::cast(context, other, "java.util.regex.Pattern")),
        }
    },
    "split-lines" 1 1 |context, args| {
        let mut lines: Vec<&str> = chars(context, &args[0])?.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        let only = lines.len() == 1;
        while !only && lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        Ok(Value::vector(lines.into_iter().map(Value::str).collect()))
    },
}

fn is_space(char: char) -> bool {
    (char.is_whitespace() && !matches!(char, '\u{a0}' | '\u{2007}' | '\u{202f}'))
        || ('\u{1c}'..='\u{1f}').contains(&char)
}

/// Most functions take anything and use its text.
fn own(context: &Context<'_>, value: &Value) -> Eval<String> {
    if value.is_nil() {
        return Err(super::cast(context, value, "java.lang.CharSequence"));
    }
    Ok(crate::print::str(value))
}

/// Some take nothing but texts.
fn chars<'a>(context: &Context<'_>, value: &'a Value) -> Eval<&'a str> {
    match value {
        Value::Str(text) => Ok(text),
        other => Err(super::cast(context, other, "java.lang.CharSequence")),
    }
}

fn changed(context: &mut Context<'_>, value: &Value, change: impl Fn(&str) -> String) -> Eval {
    Ok(Value::str(change(&own(context, value)?)))
}

/// As `String.split` of Java: a limit above zero bounds the parts, zero drops empty ones at the end.
pub(crate) fn split(context: &mut Context<'_>, whole: &str, regex: &Regex, limit: i64) -> Eval<Vec<String>> {
    let mut parts = Vec::new();
    let mut start = 0;
    for found in regex.regex.find_iter(whole) {
        let found = found.map_err(|error| gave_up(context, &error))?;
        context.tick()?;
        context.grown(2 * parts.len())?;
        if limit > 0 && parts.len() as i64 == limit - 1 {
            break;
        }
        // An empty match at the beginning gives no empty part.
        if found.end() == 0 {
            continue;
        }
        if found.start() == found.end() && found.start() >= whole.len() {
            continue;
        }
        parts.push(whole[start..found.start()].to_owned());
        start = found.end();
    }
    parts.push(whole[start..].to_owned());
    while limit == 0 && parts.len() > 1 && parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    Ok(parts)
}

fn replace(context: &mut Context<'_>, args: &mut [Value], most: usize) -> Eval {
    let whole = own(context, &args[0])?;
    let with = take(args, 2);
    let plain = match &args[1] {
        Value::Regex(_) => None,
        Value::Str(part) => Some(part.as_str().to_owned()),
        Value::Char(part) => Some(part.to_string()),
        other => {
            return Err(context.error(
                "IllegalArgumentException",
                format!("Invalid match arg: {}", crate::print::str(other)),
            ));
        }
    };
    if let Some(part) = plain {
        if !matches!((&args[1], &with), (Value::Str(_), Value::Str(_)) | (Value::Char(_), Value::Char(_))) {
            return Err(super::cast(
                context,
                &with,
                if matches!(args[1], Value::Char(_)) {
                    "java.lang.Character"
                } else {
                    "java.lang.CharSequence"
                },
            ));
        }
        let with = crate::print::str(&with);
        if most == 1 || part.is_empty() {
            let times = if most == 1 { 1 } else { whole.len() + 1 };
            context.charge_text(whole.len().saturating_add(times.saturating_mul(with.len())))?;
            let replaced =
                if most == 1 { whole.replacen(&part, &with, 1) } else { whole.replace(&part, &with) };
            return Ok(Value::str(replaced));
        }
        let (mut out, mut rest) = (String::with_capacity(whole.len()), whole.as_str());
        while let Some(at) = rest.find(&part) {
            let before = out.len();
            out.push_str(&rest[..at]);
            out.push_str(&with);
            rest = &rest[at + part.len()..];
            context.grown_text(before, out.len())?;
        }
        out.push_str(rest);
        return Ok(Value::str(out));
    }
    let Value::Regex(pattern) = &args[1] else { return Ok(Value::Nil) };
    let mut out = String::new();
    let mut start = 0;
    for captures in pattern.regex.captures_iter(whole.as_str()).take(most) {
        let captures = captures.map_err(|error| gave_up(context, &error))?;
        let Some(found) = captures.get(0) else { continue };
        context.tick()?;
        let before = out.len();
        out.push_str(&whole[start..found.start()]);
        match &with {
            Value::Str(template) => expand(context, &mut out, template, &captures)?,
            Value::Char(char) => out.push(*char),
            function => {
                let groups = super::regex::groups(&captures);
                let made = context.call1(function, groups)?;
                out.push_str(text(context, &made)?);
            }
        }
        context.grown_text(before, out.len())?;
        start = found.end();
    }
    out.push_str(&whole[start..]);
    Ok(Value::str(out))
}

/// `$1` and `${name}` stand for groups, a backslash for itself takes the next character as it is.
pub(crate) fn expand(
    context: &Context<'_>,
    out: &mut String,
    template: &str,
    captures: &fancy_regex::Captures<'_, str>,
) -> Eval<()> {
    let mut chars = template.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => out.extend(chars.next()),
            '$' => {
                let group = if chars.peek() == Some(&'{') {
                    chars.next();
                    let name: String = chars.by_ref().take_while(|char| *char != '}').collect();
                    captures.name(&name)
                } else {
                    let digit = chars.next().and_then(|char| char.to_digit(10));
                    let Some(mut number) =
                        digit.map(|digit| digit as usize).filter(|number| *number < captures.len())
                    else {
                        return Err(context.error("IllegalArgumentException", "Illegal group reference"));
                    };
                    // Further digits count as long as such a group exists.
                    while let Some(digit) = chars.peek().and_then(|char| char.to_digit(10)) {
                        let longer = number * 10 + digit as usize;
                        if longer >= captures.len() {
                            break;
                        }
                        number = longer;
                        chars.next();
                    }
                    captures.get(number)
                };
                out.push_str(group.map_or("", |group| group.as_str()));
            }
            plain => out.push(plain),
        }
    }
    Ok(())
}
