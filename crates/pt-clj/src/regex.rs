//! Regular expressions in Java's notation.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::context::Context;
use crate::exception::{Eval, Signal};

/// A compiled pattern.
pub struct Regex {
    pattern: String,
    pub(crate) regex: Arc<fancy_regex::Regex>,
}

impl Regex {
    /// The pattern as it was written.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }
}

/// Steps that a match may go back: some 15 milliseconds. What needs more is refused, since nothing interrupts a match.
const BACKTRACKS: usize = 500_000;

/// Bytes that a compiled pattern and what it remembers while it matches may take.
const COMPILED_SIZE: usize = 2 << 20;

/// How many patterns are remembered: compiling one takes longer than the code around it.
const REMEMBERED: usize = 256;

static COMPILED: LazyLock<Mutex<HashMap<String, Arc<fancy_regex::Regex>>>> = LazyLock::new(Mutex::default);

/// Compiles a pattern, or finds it among those compiled before.
pub(crate) fn compile(context: &Context<'_>, pattern: &str) -> Eval<Arc<Regex>> {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = compiled.get(pattern) {
        return Ok(Arc::new(Regex { pattern: pattern.to_owned(), regex: Arc::clone(regex) }));
    }
    let regex = fancy_regex::RegexBuilder::new(&translated(pattern))
        .backtrack_limit(BACKTRACKS)
        .delegate_size_limit(COMPILED_SIZE)
        .delegate_dfa_size_limit(COMPILED_SIZE)
        .build();
    let regex = regex
        .map_err(|error| context.error("PatternSyntaxException", format!("{error} in regex {pattern}")))?;
    if compiled.len() >= REMEMBERED {
        compiled.clear();
    }
    let regex = Arc::new(regex);
    compiled.insert(pattern.to_owned(), Arc::clone(&regex));
    Ok(Arc::new(Regex { pattern: pattern.to_owned(), regex }))
}

/// What matching said, as an exception where it gave up.
pub(crate) fn gave_up(context: &Context<'_>, error: &fancy_regex::Error) -> Signal {
    context.error("RuntimeException", format!("The regular expression could not be matched: {error}"))
}

/// Java's `\d`, `\w`, `\s` mean ASCII, `\Q…\E` quotes, `\p{Alpha}` names POSIX classes.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut class_depth = 0_usize;
    let mut chars = pattern.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '[' => class_depth += 1,
            ']' => class_depth = class_depth.saturating_sub(1),
            _ => {}
        }
        if char != '\\' {
            out.push(char);
            continue;
        }
        let Some((_, escaped)) = chars.next() else {
            out.push(char);
            break;
        };
        let set = match escaped {
            'd' | 'D' => "0-9",
            'w' | 'W' => "a-zA-Z0-9_",
            's' | 'S' => " \\t\\n\\x0B\\f\\r",
            'h' | 'H' => " \\t\\u{a0}",
            'Q' => {
                let rest = &pattern[at + 2..];
                let literal = rest.find("\\E").map_or(rest, |end| &rest[..end]);
                out.push_str(&fancy_regex::escape(literal));
                let skipped = literal.chars().count() + if literal.len() < rest.len() { 2 } else { 0 };
                if skipped > 0 {
                    chars.nth(skipped - 1);
                }
                continue;
            }
            'p' | 'P' => {
                let rest = &pattern[at + 2..];
                let name = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(name, _)| name);
                let Some((name, posix)) = name.and_then(|name| Some((name, posix(name)?))) else {
                    out.extend(['\\', escaped]);
                    continue;
                };
                chars.nth(name.chars().count() + 1);
                posix
            }
            // Java allows any punctuation to be escaped.
            other if other.is_ascii_punctuation() || !other.is_ascii() => {
                out.push_str(&fancy_regex::escape(&other.to_string()));
                continue;
            }
            other => {
                out.extend(['\\', other]);
                continue;
            }
        };
        let negated = if escaped.is_uppercase() { "^" } else { "" };
        if class_depth > 0 && negated.is_empty() {
            out.push_str(set);
        } else {
            for part in ["[", negated, set, "]"] {
                out.push_str(part);
            }
        }
    }
    out
}

fn posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "Alpha" => "a-zA-Z",
        "Digit" => "0-9",
        "Alnum" => "a-zA-Z0-9",
        "Punct" => "!-/:-@\\[-`{-~",
        "Space" => " \\t\\n\\x0B\\f\\r",
        "Blank" => " \\t",
        "XDigit" => "0-9a-fA-F",
        "Graph" => "!-~",
        "Print" => " -~",
        "Cntrl" => "\\x00-\\x1f\\x7f",
        "ASCII" => "\\x00-\\x7f",
        _ => return None,
    })
}
