//! Steps that wait for the end of what does not end.

use std::collections::HashMap;

use pt_model::{Data, Map, StepId};
use pt_spec::{Body, Condition, Definition, Project, Step, Wanted};
use pt_syntax::{Diagnostic, Span};

use crate::plan::{CodeCall, Does, StepPlan};

/// Warnings about the steps of a plan of `definition`.
pub(super) fn check(definition: &Definition, steps: &[StepPlan], project: &Project) -> Vec<Diagnostic> {
    let Body::Steps(declared) = &definition.body else { return Vec::new() };
    let mut all = Vec::new();
    flatten(steps, &mut all);
    let written: HashMap<Span, &Step> = declared.iter().map(|written| (written.span, written)).collect();
    let by_id: HashMap<&StepId, &StepPlan> = all.iter().map(|step| (&step.id, *step)).collect();
    let mut found = Vec::new();
    for step in &all {
        let Some(written) = step.span.and_then(|span| written.get(&span)) else { continue };
        let ends = step.run_when.iter().filter(|when| when.condition != Condition::Ready);
        for awaited in ends.flat_map(|when| &when.steps) {
            let Some(other) = by_id.get(awaited) else { continue };
            if never_ends(other, project) {
                found.push(told(step, other, place(written, other)));
            }
        }
    }
    found
}

fn told(step: &StepPlan, other: &StepPlan, at: Span) -> Diagnostic {
    let message = format!("Step '{}' waits for '{}', which does not end", step.id, other.id);
    let found = Diagnostic::warning("endless-wait", message).at(at, "this will wait forever");
    let found = match other.span {
        Some(span) => found.at(span, "its container serves until it is stopped"),
        None => found,
    };
    found
        .note("a step that starts a container ends when the container does; `after` waits for that end")
        .hint("start both at once: what needs the service can try until it answers")
        .hint(format!(
            "or write `after: {{step: {}, condition: ready}}`: then it waits for the services alone",
            other.id
        ))
        .hint("or give the container `await: false`, so that its step ends when its services are open")
}

fn flatten<'s>(steps: &'s [StepPlan], all: &mut Vec<&'s StepPlan>) {
    for step in steps {
        all.push(step);
        if let Does::Group(steps) = &step.does {
            flatten(steps, all);
        }
    }
}

fn never_ends(step: &StepPlan, project: &Project) -> bool {
    match &step.does {
        Does::Code(call) => serves(call),
        // A tool may say after which of its steps a call of it returns.
        Does::Group(steps) => {
            let tool = step.chain.last().and_then(|name| project.resolve(None, name, Wanted::Any).ok());
            tool.is_none_or(|tool| tool.awaits.is_none())
                && steps.iter().any(|step| never_ends(step, project))
        }
        Does::Late | Does::Skip | Does::Fails(_) => false,
    }
}

/// What [`check`] looks at among the params of a step's code.
pub(crate) fn looked_at(params: &Map) -> Map {
    let looked_at = ["await", "restart"].into_iter().filter_map(|id| params.get_key_value(id));
    looked_at.map(|(id, value)| (id.clone(), value.clone())).collect()
}

/// Whether a container has services, or is started again whenever it exits.
fn serves(call: &CodeCall) -> bool {
    let param = |name: &str| call.params.get(name);
    call.module == "polytope/container"
        && param("await").is_some_and(|awaits| *awaits != Data::Bool(false))
        && (!call.services.is_empty()
            || param("restart").is_some_and(|restart| restart.get("policy").as_str() == Some("always")))
}

/// Where the step names the other.
fn place(step: &Step, other: &StepPlan) -> Span {
    let mut names = step.after.iter().flat_map(|after| &after.steps);
    let named = names.clone().find(|name| other.id.as_str() == name.text);
    named.or_else(|| names.next()).map_or(step.span, |name| name.span)
}
