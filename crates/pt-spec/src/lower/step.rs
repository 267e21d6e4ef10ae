//! Steps and what they wait for.

use pt_syntax::{Diagnostic, Node, NodeKind, Reading, Span, is_id, references, suggest};

use super::definition::{lower_args, merge, name_of, not_an_id};
use super::fields::Fields;
use crate::definition::{After, Condition, Name, Step, StepBody, Terms, Wanted};

/// Lowers a list of steps; empty items are nothing.
pub(super) fn lower_steps(node: Node, found: &mut Vec<Diagnostic>) -> Vec<Step> {
    let span = node.span;
    match node.kind {
        NodeKind::List(items) => {
            items.into_iter().filter(|item| !item.is_null()).flat_map(lower_item).collect()
        }
        NodeKind::Str(text) => {
            let instead = |advice: &str, step: &str| {
                let list = format!("[{step}]");
                no_list(span).hint(format!("{advice}: `{list}`")).replace_by(list)
            };
            found.push(match as_code_step(&text) {
                Some(step) => instead("write a step that has the code", &step),
                None if text.contains('\n') => no_list(span),
                None => instead("write it as a list of one", &text),
            });
            Vec::new()
        }
        NodeKind::Map(_) => {
            found.push(no_list(span).hint("begin each step with a dash: `- module: my-module`"));
            Vec::new()
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_) | NodeKind::Form(_) => {
            found.push(no_list(span));
            Vec::new()
        }
    }
}

/// The step that somebody means who writes code where a step is named.
pub(crate) fn as_code_step(text: &str) -> Option<String> {
    let is_code = matches!(references(text), Reading::Code(_)) || text.trim_start().starts_with('(');
    is_code.then(|| format!("{{code: {}}}", serde_json::Value::from(text.trim_end())))
}

fn no_list(at: Span) -> Diagnostic {
    Diagnostic::error("wrong-shape", "`run` must be a list of steps").at(at, "this is none")
}

/// A step; or several, which somebody put in brackets of their own.
fn lower_item(node: Node) -> Vec<Step> {
    let names: Option<Vec<Name>> = match &node.kind {
        NodeKind::List(items) if !items.is_empty() => items.iter().cloned().map(name_of).collect(),
        NodeKind::List(_)
        | NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::Str(_)
        | NodeKind::Map(_)
        | NodeKind::Form(_) => None,
    };
    let Some(names) = names else { return vec![lower_step(node)] };
    let wrong = no_step(node.span, "this is a list");
    let wrong = match names.as_slice() {
        [only] => wrong.hint(format!("write `{}`", only.text)).replace_by(only.text.clone()),
        _ => wrong.hint("make each of them a step of its own"),
    };
    // Others may wait for them.
    names.into_iter().map(|name| Step { diagnostics: vec![wrong.clone()], ..calling(name) }).collect()
}

fn no_step(at: Span, label: &str) -> Diagnostic {
    Diagnostic::error("wrong-shape", "A step must name a module, or be a map with `module`").at(at, label)
}

/// A step that is a name and nothing else.
fn calling(reference: Name) -> Step {
    let span = reference.span;
    let does = StepBody::Call { reference, wanted: Wanted::Any, args: Vec::new() };
    let (after, terms, diagnostics) = (Vec::new(), Terms::default(), Vec::new());
    Step { id: None, info: None, does, after, terms, span, diagnostics }
}

fn lower_step(node: Node) -> Step {
    let span = node.span;
    let mut found = Vec::new();
    if let Some(text) = node.as_str() {
        return calling(Name { text: text.to_owned(), span });
    }
    let Some(mut fields) = Fields::of(node) else {
        found.push(no_step(span, "this is neither"));
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
    let info = fields.take_told(&["info", "ìnfo"], &mut found);
    let mut after = Vec::new();
    if let Some(id) = id.as_ref().filter(|id| !is_id(&id.text)) {
        found.push(not_an_id(id, "step"));
    }
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
        cache: fields.take("cache"),
    };
    let does = lower_does(&mut fields, &mut found);
    let known = [
        "id", "module", "tool", "template", "code", "args", "run-when", "after", "when", "for-each",
        "retries", "timeout", "lock", "cache",
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
    let mut calls = [("module", Wanted::Any), ("tool", Wanted::Any), ("template", Wanted::Template)]
        .into_iter()
        .filter_map(|(key, wanted)| Some((key, fields.take(key)?, wanted)));
    let first = calls.next();
    let second = calls.next();
    drop(calls);
    if let (Some((key, ..)), Some((other, node, _))) = (&first, second) {
        found.push(
            Diagnostic::error("ambiguous-body", "A step calls one thing")
                .at(node.span, format!("`{key}` calls something too"))
                .hint(format!("keep one of `{key}` and `{other}`")),
        );
        return StepBody::Nothing;
    }
    let call = first.map(|(_, node, wanted)| (node, wanted));
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
        (None, None) => {
            let missing = Diagnostic::error("missing-body", "The step does not say what it does");
            found.push(match ["module", "code", "template"].iter().find_map(|key| fields.take_near(key)) {
                Some((span, key)) => missing.at(span, "this is no key of a step").did_you_mean(Some(key)),
                None => missing.at(fields.span, "this one").hint("add `module: my-module`"),
            });
        }
    }
    StepBody::Nothing
}

/// `run-when: {after: S, after-condition: C}`, or several of them.
fn lower_run_when(node: Node, after: &mut Vec<After>, found: &mut Vec<Diagnostic>) {
    let span = node.span;
    if let NodeKind::List(items) = node.kind {
        if items.iter().all(|item| matches!(item.kind, NodeKind::Map(_))) {
            items.into_iter().for_each(|item| lower_run_when(item, after, found));
        } else {
            found.push(
                Diagnostic::error("wrong-shape", "`run-when` must be a map")
                    .at(span, "this is a list")
                    .hint("write `run-when: {after: [STEP, …]}`"),
            );
        }
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
    let is_empty = fields.is_empty();
    let condition = take_condition(&mut fields, found);
    if fields.has("after") {
        if let Some(node) = fields.take("after") {
            lower_after(node, condition, after, found);
        }
    } else if !is_empty {
        let missing = Diagnostic::error("wrong-shape", "`run-when` must name a step with `after`");
        found.push(match fields.take_near("after").or_else(|| fields.take_near("step")) {
            Some((span, _)) => missing.at(span, "this is no key of `run-when`").did_you_mean(Some("after")),
            None => missing.at(span, "this names none").hint("write `run-when: {after: STEP}`"),
        });
    }
    found.extend(fields.unknown("in `run-when`", &["after", "after-condition", "condition"]));
}

/// `S`, `[S, …]`, `{step: S}`, `[{step: S}, …]`; maps may bring their own condition.
fn lower_after(node: Node, condition: Condition, after: &mut Vec<After>, found: &mut Vec<Diagnostic>) {
    let span = node.span;
    match node.kind {
        NodeKind::List(items) => {
            let mut names = Vec::new();
            for item in items {
                let own = item.get("condition").or_else(|| item.get("after-condition")).is_some();
                if own || matches!(item.kind, NodeKind::List(_)) {
                    lower_after(item, condition, after, found);
                    continue;
                }
                // One condition for all of them: of `failed`, one is enough.
                let mut same = Vec::new();
                lower_after(item, condition, &mut same, found);
                names.extend(same.into_iter().flat_map(|after| after.steps));
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
                None => {
                    let missing = Diagnostic::error("wrong-shape", "`after` must name a step");
                    found.push(match fields.take_near("step") {
                        Some((span, key)) => {
                            missing.at(span, "this is no key of `after`").did_you_mean(Some(key))
                        }
                        None => no_step_named(missing, &mut fields, span),
                    });
                }
            }
            found.extend(fields.unknown("in `after`", &["step", "condition", "after-condition"]));
        }
        NodeKind::Str(ref text) if text.contains(',') => {
            let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            let list = format!("[{}]", names.join(", "));
            found.push(
                Diagnostic::error("wrong-shape", "Several steps are a list")
                    .at(span, "this is one text")
                    .hint(format!("write `{list}`"))
                    .replace_by(list),
            );
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

/// What somebody means who waits for something that is no step.
fn no_step_named(missing: Diagnostic, fields: &mut Fields, at: Span) -> Diagnostic {
    let started = ["service", "container"].iter().find_map(|key| fields.take_entry(key));
    if let Some(entry) = started {
        let what = if entry.key == "service" { "its services are open" } else { "its container runs" };
        return missing.at(entry.key_span, "this is no step").hint(format!(
            "name the step that starts it, and wait until {what}: `after: {{step: STEP, condition: ready}}`"
        ));
    }
    let of_steps = ["module", "tool", "template", "id", "name"].iter().find_map(|key| fields.take_entry(key));
    match of_steps {
        Some(entry) => missing
            .at(entry.key_span, "this is no key of `after`")
            .hint("write `step`: the id of a step of this job"),
        None => missing.at(at, "this names none").hint("write `after: {step: my-step}`"),
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
            let words = ["success", "always", "failed", "ready"];
            let others =
                [("failure", "failed"), ("error", "failed"), ("ok", "success"), ("healthy", "ready")];
            let near = node.as_str().and_then(|word| {
                let other = others.iter().find(|(other, _)| *other == word).map(|(_, ours)| *ours);
                other.or_else(|| suggest(word, words))
            });
            found.push(
                Diagnostic::error(
                    "unknown-condition",
                    format!(r#"Must be one of "success", "always", "failed", "ready" (got {got})"#),
                )
                .at(node.span, "")
                .did_you_mean(near),
            );
            otherwise
        }
    }
}
