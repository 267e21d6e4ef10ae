//! What is written in args and code: every text, wherever it stands.

use pt_spec::{Body, Definition, Step, StepBody, Terms};
use pt_syntax::{Node, NodeKind};

/// Every node inside the args of a definition and of its steps, and in their terms, outermost first.
pub(super) fn each_node<'d>(definition: &'d Definition, look: &mut dyn FnMut(&'d Node)) {
    definition.timeout.iter().for_each(|node| below(node, look));
    match &definition.body {
        Body::Call { args, .. } => args.iter().for_each(|arg| below(&arg.value, look)),
        Body::Steps(steps) => steps.iter().for_each(|step| each_node_of(step, look)),
        Body::Code(_) | Body::Nothing => {}
    }
}

/// The same of a step.
pub(super) fn each_node_of<'d>(step: &'d Step, look: &mut dyn FnMut(&'d Node)) {
    if let StepBody::Call { args, .. } = &step.does {
        args.iter().for_each(|arg| below(&arg.value, look));
    }
    let Terms { when, for_each, retries, timeout, lock, cache } = &step.terms;
    [when, for_each, retries, timeout, lock, cache].into_iter().flatten().for_each(|node| below(node, look));
}

fn below<'d>(node: &'d Node, look: &mut dyn FnMut(&'d Node)) {
    look(node);
    match &node.kind {
        NodeKind::List(items) => items.iter().for_each(|item| below(item, look)),
        NodeKind::Map(entries) => entries.iter().for_each(|entry| below(&entry.value, look)),
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::Str(_)
        | NodeKind::Form(_) => {}
    }
}

/// The nodes in the position of code: of the definition, and of its steps.
pub(super) fn bodies(definition: &Definition) -> Vec<&Node> {
    match &definition.body {
        Body::Code(node) => vec![node],
        Body::Steps(steps) => steps
            .iter()
            .filter_map(|step| match &step.does {
                StepBody::Code(node) => Some(node),
                StepBody::Call { .. } | StepBody::Nothing => None,
            })
            .collect(),
        Body::Call { .. } | Body::Nothing => Vec::new(),
    }
}
