//! What code may use up.

use std::time::Duration;

use pt_model::{CodeLimits, parse_data_size, parse_duration};
use pt_syntax::{Diagnostic, Node, NodeKind, Reading, references};

use super::fields::Fields;
use crate::plain::plain;

/// The keys of `limits`.
const KEYS: &[&str] = &["time", "memory", "depth"];

/// What other programs call them, and we do.
const STRANGERS: [(&str, &str); 8] = [
    ("timeout", "time"),
    ("cpu", "time"),
    ("duration", "time"),
    ("mem", "memory"),
    ("ram", "memory"),
    ("heap", "memory"),
    ("stack", "depth"),
    ("recursion", "depth"),
];

/// The least memory that code can be given: an interpreter of JavaScript alone takes some hundred kilobytes.
const LEAST_MEMORY: u64 = 1_000_000;

/// What code may use up: `{time: 10s, memory: 256MB, depth: 500}`.
pub fn lower_limits(node: Node, found: &mut Vec<Diagnostic>) -> CodeLimits {
    let span = node.span;
    let Some(mut fields) = Fields::of(node) else {
        found.push(
            Diagnostic::error("wrong-shape", "`limits` must be a map")
                .at(span, "this is none")
                .hint("write `limits: {time: 10s, memory: 256MB, depth: 500}`, or some of these"),
        );
        return CodeLimits::default();
    };
    let mut limits = CodeLimits::default();
    if let Some(node) = fields.take("time") {
        limits.time = node.as_str().and_then(parse_duration).filter(|time| *time > Duration::ZERO);
        if limits.time.is_none() {
            found.push(wrong(&node, "time", "Must be a duration above zero, as 10s or 5m"));
        }
    }
    if let Some(node) = fields.take("memory") {
        limits.memory = bytes(&node).filter(|bytes| *bytes >= LEAST_MEMORY);
        if limits.memory.is_none() {
            found.push(wrong(&node, "memory", "Must be a data size from 1MB on, as 256MB or 1GiB"));
        }
    }
    if let Some(node) = fields.take("depth") {
        limits.depth = match node.kind {
            NodeKind::Int(depth @ 1..) => {
                u32::try_from(depth).ok().filter(|depth| *depth <= CodeLimits::DEEPEST)
            }
            NodeKind::Int(_)
            | NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Float(_)
            | NodeKind::Str(_)
            | NodeKind::List(_)
            | NodeKind::Map(_)
            | NodeKind::Form(_) => None,
        };
        if limits.depth.is_none() {
            found.push(wrong(
                &node,
                "depth",
                &format!("Must be a number of calls from 1 to {}", CodeLimits::DEEPEST),
            ));
        }
    }
    found.extend(fields.unknown("in `limits`", KEYS).into_iter().map(meant));
    limits
}

fn bytes(node: &Node) -> Option<u64> {
    match &node.kind {
        NodeKind::Int(bytes) => u64::try_from(*bytes).ok(),
        NodeKind::Str(text) => parse_data_size(text),
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Float(_)
        | NodeKind::List(_)
        | NodeKind::Map(_)
        | NodeKind::Form(_) => None,
    }
}

fn wrong(node: &Node, key: &str, must: &str) -> Diagnostic {
    let got = plain(node);
    let found =
        Diagnostic::error("type-mismatch", format!("limits.{key}: {must} (got {got})")).at(node.span, "");
    let refers = node.as_str().is_some_and(|text| !matches!(references(text), Reading::Literal));
    let number = if let NodeKind::Int(number @ 1..) = node.kind { Some(number) } else { None };
    match (key, number) {
        ("time", Some(number)) => found.hint(format!("for seconds, write `time: {number}s`")),
        ("memory", Some(number)) => found.hint(format!("for megabytes, write `memory: {number}MB`")),
        _ if refers => found.hint("write it here: limits hold before any param, value or code is known"),
        _ => found,
    }
}

/// Names the key that was meant where only its meaning tells.
fn meant(found: Diagnostic) -> Diagnostic {
    let stranger =
        STRANGERS.iter().find(|(stranger, _)| found.message.starts_with(&format!("The key '{stranger}' ")));
    match stranger {
        Some((_, ours)) if found.replacement.is_none() => found.did_you_mean(Some(*ours)),
        _ => found,
    }
}
