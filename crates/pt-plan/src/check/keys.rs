//! Keys inside args that mean nothing there.

use pt_spec::{Atom, Body, Definition, Project, StepBody, Type, Wanted, plain};
use pt_syntax::{Diagnostic, Node, NodeKind, Reading, references, suggest};

use crate::bind::inner;

const OF_SERVICES: [&str; 6] = ["id", "ports", "port", "protocol", "info", "ready"];
const OF_READINESS: [&str; 7] = ["exec", "http", "tcp", "log", "port", "status", "timeout"];
const OF_PORTS: [&str; 6] = ["port", "range", "protocol", "expose-as", "internal", "label"];
const OF_VARS: [&str; 2] = ["name", "value"];

/// Warnings about the maps that a definition writes out.
pub(super) fn check(definition: &Definition, project: &Project) -> Vec<Diagnostic> {
    let mut calls = Vec::new();
    match &definition.body {
        Body::Call { reference, args } => calls.push((reference, Wanted::Any, args)),
        Body::Steps(steps) => {
            for step in steps {
                if let StepBody::Call { reference, wanted, args } = &step.does {
                    calls.push((reference, *wanted, args));
                }
            }
        }
        Body::Code(_) | Body::Nothing => {}
    }
    let mut found = Vec::new();
    for (reference, wanted, args) in calls {
        let Ok(callee) = project.resolve(Some(definition), &reference.text, wanted) else { continue };
        for arg in args {
            if let Some(param) = callee.param(&arg.id.text) {
                look(&arg.value, &param.ty, &mut found);
            }
        }
    }
    found
}

fn look(node: &Node, ty: &Type, found: &mut Vec<Diagnostic>) {
    match (ty, &node.kind) {
        (Type::Maybe(of) | Type::Default(of, _), _) => look(node, of, found),
        (Type::List(of), NodeKind::List(items)) => {
            if matches!(inner(of), Type::Atom(Atom::ServiceSpec)) {
                repeated(
                    items,
                    "id",
                    &|id| format!("There are two services named '{id}' in one container"),
                    found,
                );
            }
            items.iter().for_each(|item| look(item, of, found));
        }
        (Type::MapOf(_, of), NodeKind::Map(entries)) => {
            entries.iter().for_each(|entry| look(&entry.value, of, found));
        }
        (Type::Fields(fields), NodeKind::Map(entries)) => {
            let known: Vec<&str> = fields.iter().map(|(key, _)| key.as_str()).collect();
            unknown(node, &known, found);
            for entry in entries {
                if let Some((_, of)) = fields.iter().find(|(key, _)| *key == entry.key) {
                    look(&entry.value, of, found);
                }
            }
        }
        // Without a name it is told as a whole.
        (Type::Atom(Atom::EnvVar), NodeKind::Map(_)) if node.get("name").is_some() => {
            unknown(node, &OF_VARS, found);
        }
        (Type::Atom(Atom::ServiceSpec), NodeKind::Map(_)) => {
            unknown(node, &OF_SERVICES, found);
            if let Some(ready) = node.get("ready") {
                unknown(ready, &OF_READINESS, found);
            }
            let ports = node.get("ports").map(Node::items).unwrap_or_default();
            ports.iter().for_each(|port| unknown(port, &OF_PORTS, found));
            repeated(
                ports,
                "label",
                &|label| format!("There are two ports labelled '{label}' in one service"),
                found,
            );
            let is_udp = |port: &&Node| port.get("protocol").and_then(Node::as_str) == Some("udp");
            let (udp, tcp): (Vec<&Node>, Vec<&Node>) = ports.iter().partition(is_udp);
            for ports in [tcp, udp] {
                repeated(ports, "port", &|port| format!("Port {port} is there twice in one service"), found);
            }
        }
        _ => {}
    }
}

/// Warnings about entries of a list that say the same under a key, where each should have its own.
fn repeated<'n>(
    items: impl IntoIterator<Item = &'n Node>,
    key: &str,
    message: &dyn Fn(&str) -> String,
    found: &mut Vec<Diagnostic>,
) {
    let mut known: Vec<(String, &Node)> = Vec::new();
    for node in items.into_iter().filter_map(|item| item.get(key)) {
        let is_plain = node.as_str().is_none_or(|text| matches!(references(text), Reading::Literal));
        let is_scalar = node.items().is_empty() && node.entries().is_empty() && !node.is_null();
        if !is_plain || !is_scalar {
            continue;
        }
        let text = plain(node).to_text().masked();
        match known.iter().find(|(other, _)| *other == text) {
            None => known.push((text, node)),
            Some((_, first)) => found.push(
                Diagnostic::warning("duplicate-id", message(&text))
                    .at(node.span, "this one again")
                    .at(first.span, "the first one"),
            ),
        }
    }
}

fn unknown(map: &Node, known: &[&str], found: &mut Vec<Diagnostic>) {
    for entry in map.entries().iter().filter(|entry| !known.contains(&entry.key.as_str())) {
        let message = format!("The key '{}' is not known here", entry.key);
        let told = Diagnostic::warning("unknown-key", message).at(entry.key_span, "ignored");
        found.push(told.did_you_mean(suggest(&entry.key, known.iter().copied())));
    }
}
