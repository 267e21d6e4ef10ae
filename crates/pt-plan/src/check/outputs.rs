//! Results of steps that are asked for where nobody has one.

use std::collections::{HashMap, HashSet};

use pt_model::StepId;
use pt_spec::{Body, Definition};
use pt_syntax::{Diagnostic, NodeKind, ReferenceKind, Sources, Span, references, suggest};

use super::written;
use crate::plan::StepPlan;

/// Warnings about `pt.output` in the steps of a plan of `definition`.
pub(super) fn check(definition: &Definition, steps: &[StepPlan], sources: &Sources) -> Vec<Diagnostic> {
    let Body::Steps(declared) = &definition.body else { return Vec::new() };
    let mut planned: HashMap<Span, &StepPlan> = HashMap::new();
    for step in steps {
        if let Some(span) = step.span {
            planned.entry(span).or_insert(step);
        }
    }
    let mut found = Vec::new();
    for step_as_written in declared {
        let Some(step) = planned.get(&step_as_written.span) else { continue };
        written::each_node_of(step_as_written, &mut |node| {
            let NodeKind::Str(text) = &node.kind else { return };
            for reference in references(text).references() {
                if reference.kind == ReferenceKind::Output {
                    let source = &sources.get(node.span.source).text;
                    let at = node.span_within(source, reference.name_range.clone());
                    found.extend(judge(steps, step, reference.name, at));
                }
            }
        });
    }
    found
}

fn judge(steps: &[StepPlan], step: &StepPlan, name: &str, at: Span) -> Option<Diagnostic> {
    let others = || steps.iter().filter(|other| other.id != step.id).map(|other| other.id.as_str());
    if !others().any(|other| other == name) {
        let message = format!("There is no step '{name}' whose result could be taken");
        let found = Diagnostic::warning("unknown-after", message).at(at, "this is null");
        return Some(found.did_you_mean(suggest(name, others())));
    }
    if before(steps, step).contains(name) {
        return None;
    }
    let message = format!("Step '{}' does not wait for '{name}', whose result it takes", step.id);
    let found = Diagnostic::warning("early-output", message).at(at, "this may be null");
    Some(found.hint(format!("add `after: {name}` to the step")))
}

/// The steps that have ended when a step begins.
fn before<'s>(steps: &'s [StepPlan], step: &'s StepPlan) -> HashSet<&'s str> {
    let mut found = HashSet::new();
    let mut open = vec![step];
    while let Some(step) = open.pop() {
        for id in step.run_when.iter().flat_map(|when| &when.steps) {
            if found.insert(StepId::as_str(id)) {
                open.extend(steps.iter().find(|other| other.id == *id));
            }
        }
    }
    found
}
