//! What is written in args and code: every text, wherever it stands.

use pt_spec::{Body, Definition, StepBody};
use pt_syntax::{Node, NodeKind};

use super::all_args;

/// Every node inside the args of a definition, outermost first.
pub(super) fn each_node<'d>(definition: &'d Definition, look: &mut dyn FnMut(&'d Node)) {
    for arg in all_args(definition) {
        below(&arg.value, look);
    }
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
