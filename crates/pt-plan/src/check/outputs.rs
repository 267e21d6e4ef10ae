//! Results of steps that are asked for where nobody has one.

use std::collections::{HashMap, HashSet};

use pt_model::StepId;
use pt_spec::{Body, Definition, Step, StepBody};
use pt_syntax::{
    Diagnostic, Node, NodeKind, Piece, Reading, Reference, ReferenceKind, Sources, Span, references, suggest,
};

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
    for written in declared {
        let Some(step) = planned.get(&written.span) else { continue };
        let mut told = |name: &str, span: Span| found.extend(judge(steps, step, name, span));
        for node in values(written) {
            each_output(node, sources, &mut told);
        }
    }
    found
}

fn values(step: &Step) -> Vec<&Node> {
    match &step.does {
        StepBody::Call { args, .. } => args.iter().map(|arg| &arg.value).collect(),
        StepBody::Code(_) | StepBody::Nothing => Vec::new(),
    }
}

fn each_output(node: &Node, sources: &Sources, told: &mut impl FnMut(&str, Span)) {
    let mut tell = |reference: &Reference<'_>| {
        if reference.kind == ReferenceKind::Output {
            let text = &sources.get(node.span.source).text;
            told(reference.name, node.span_within(text, reference.name_range.clone()));
        }
    };
    match &node.kind {
        NodeKind::Str(text) => match references(text) {
            Reading::Whole(reference) => tell(&reference),
            Reading::Interpolated(pieces) => {
                for piece in &pieces {
                    if let Piece::Reference(reference) = piece {
                        tell(reference);
                    }
                }
            }
            Reading::Code(_) | Reading::Literal => {}
        },
        NodeKind::List(items) => items.iter().for_each(|item| each_output(item, sources, told)),
        NodeKind::Map(entries) => {
            entries.iter().for_each(|entry| each_output(&entry.value, sources, told));
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_) | NodeKind::Form(_) => {}
    }
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
