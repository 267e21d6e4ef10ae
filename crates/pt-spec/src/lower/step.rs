//! Steps and what they wait for.

use pt_syntax::{Diagnostic, Node, NodeKind};

use super::definition::{lower_args, merge, name_of};
use super::fields::Fields;
use crate::definition::{After, Condition, Name, Step, StepBody, Terms, Wanted};

/// Lowers a list of steps; empty items are nothing.
pub(super) fn lower_steps(node: Node, found: &mut Vec<Diagnostic>) -> Vec<Step> {
    let span = node.span;
    match node.kind {
        NodeKind::List(items) => items.into_iter().filter(|item| !item.is_null()).map(lower_step).collect(),
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::Str(_)
        | NodeKind::Map(_)
        | NodeKind::Form(_) => {
            found.push(
                Diagnostic::error("wrong-shape", "`run` must be a list of steps").at(span, "this is none"),
            );
            Vec::new()
        }
    }
}

fn lower_step(node: Node) -> Step {
    let span = node.span;
    let mut found = Vec::new();
    if let Some(text) = node.as_str() {
        let reference = Name { text: text.to_owned(), span };
        let does = StepBody::Call { reference, wanted: Wanted::Any, args: Vec::new() };
        let terms = Terms::default();
        return Step { id: None, info: None, does, after: Vec::new(), terms, span, diagnostics: found };
    }
    let Some(mut fields) = Fields::of(node) else {
        found.push(
            Diagnostic::error("wrong-shape", "A step must name a module, or be a map with `module`")
                .at(span, "this is neither"),
        );
        return Step {
            id: None,
            info: None,
            does: StepBody::Nothing,
            after: Vec::new(),
            terms: Terms::default(),
            span,
            diagnostics: found,
        };
    };
    let (id, name) = (fields.take("id"), fields.take("name"));
    let id = id.or(name).and_then(name_of);
    let info = fields.take_text(&["info", "ìnfo"]);
    let mut after = Vec::new();
    if let Some(node) = fields.take("run-when") {
        lower_run_when(node, &mut after, &mut found);
    }
    if let Some(node) = fields.take("after") {
        lower_after(node, Condition::Success, &mut after, &mut found);
    }
    let terms = Terms {
        when: fields.take("when"),
        for_each: fields.take("for-each"),
        retries: fields.take("retries"),
        timeout: fields.take("timeout"),
        lock: fields.take("lock"),
    };
    let does = lower_does(&mut fields, &mut found);
    let known = [
        "id", "module", "tool", "template", "code", "args", "run-when", "after", "when", "for-each",
        "retries", "timeout", "lock",
    ];
    found.extend(fields.unknown("in a step", &known));
    Step { id, info, does, after, terms, span, diagnostics: found }
}

fn lower_does(fields: &mut Fields, found: &mut Vec<Diagnostic>) -> StepBody {
    let mut args = Vec::new();
    for key in ["args", "parameters", "params"] {
        if let Some(node) = fields.take(key) {
            merge(&mut args, lower_args(node, found));
        }
    }
    let code = fields.take("code");
    let call = match fields.take_any(&["module", "tool"]) {
        Some(node) => Some((node, Wanted::Any)),
        None => fields.take("template").map(|node| (node, Wanted::Template)),
    };
    match (call, code) {
        (Some((node, wanted)), None) => {
            let span = node.span;
            if let Some(reference) = name_of(node) {
                return StepBody::Call { reference, wanted, args };
            }
            found.push(
                Diagnostic::error("wrong-shape", "A step must name what it runs").at(span, "this is no name"),
            );
        }
        (None, Some(code)) => return StepBody::Code(code),
        (Some(_), Some(code)) => found.push(
            Diagnostic::error("ambiguous-body", "A step either calls a module or runs code")
                .at(code.span, "it calls a module too"),
        ),
        (None, None) => found.push(
            Diagnostic::error("missing-body", "The step does not say what it does")
                .at(fields.span, "this one")
                .hint("add `module: my-module`"),
        ),
    }
    StepBody::Nothing
}

/// `run-when: {after: S, after-condition: C}`, or several of them.
fn lower_run_when(node: Node, after: &mut Vec<After>, found: &mut Vec<Diagnostic>) {
    let span = node.span;
    if let NodeKind::List(items) = node.kind {
        items.into_iter().for_each(|item| lower_run_when(item, after, found));
        return;
    }
    let Some(mut fields) = Fields::of(node) else {
        found.push(
            Diagnostic::error("wrong-shape", "`run-when` must be a map")
                .at(span, "this is none")
                .hint("write `run-when: {after: STEP}`"),
        );
        return;
    };
    let condition = take_condition(&mut fields, found);
    if let Some(node) = fields.take("after") {
        lower_after(node, condition, after, found);
    }
}

/// `S`, `[S, …]`, `{step: S}`, `[{step: S}, …]`; maps may bring their own condition.
fn lower_after(node: Node, condition: Condition, after: &mut Vec<After>, found: &mut Vec<Diagnostic>) {
    let span = node.span;
    match node.kind {
        NodeKind::List(items) => {
            let mut names = Vec::new();
            for item in items {
                if item.as_str().is_some() {
                    names.extend(name_of(item));
                } else {
                    lower_after(item, condition, after, found);
                }
            }
            if !names.is_empty() {
                after.push(After { steps: names, condition });
            }
        }
        NodeKind::Map(_) => {
            let Some(mut fields) = Fields::of(node) else { return };
            let condition = take_condition_or(&mut fields, condition, found);
            match fields.take_any(&["step", "after"]) {
                Some(step) => lower_after(step, condition, after, found),
                None => found.push(
                    Diagnostic::error("wrong-shape", "`after` must name a step")
                        .at(span, "this names none")
                        .hint("write `after: {step: my-step}`"),
                ),
            }
        }
        NodeKind::Str(_) | NodeKind::Int(_) => {
            if let Some(name) = name_of(node) {
                after.push(After { steps: vec![name], condition });
            }
        }
        NodeKind::Null => {}
        NodeKind::Bool(_) | NodeKind::Float(_) | NodeKind::Form(_) => {
            found.push(
                Diagnostic::error("wrong-shape", "`after` must name a step").at(span, "this is no name"),
            );
        }
    }
}

fn take_condition(fields: &mut Fields, found: &mut Vec<Diagnostic>) -> Condition {
    take_condition_or(fields, Condition::Success, found)
}

fn take_condition_or(fields: &mut Fields, otherwise: Condition, found: &mut Vec<Diagnostic>) -> Condition {
    let Some(node) = fields.take_any(&["after-condition", "condition"]) else { return otherwise };
    match node.as_str() {
        Some("success") => Condition::Success,
        Some("always") => Condition::Always,
        Some("failed") => Condition::Failed,
        Some("ready") => Condition::Ready,
        _ => {
            let got = crate::plain(&node);
            found.push(
                Diagnostic::error(
                    "unknown-condition",
                    format!(r#"Must be one of "success", "always", "failed", "ready" (got {got})"#),
                )
                .at(node.span, ""),
            );
            otherwise
        }
    }
}
