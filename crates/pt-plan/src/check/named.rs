//! Names that are no mistake when they name nothing, but were hardly meant so.

use pt_spec::{Body, Definition, Kind, Name, Project, StepBody};
use pt_syntax::{Diagnostic, suggest};

use crate::expand::step_id;

/// `await`: names of no step.
pub(super) fn awaited(definition: &Definition) -> Vec<Diagnostic> {
    let (Some(names), Body::Steps(steps)) = (&definition.awaits, &definition.body) else { return Vec::new() };
    let ids: Vec<String> = steps
        .iter()
        .map(|step| match (&step.id, &step.does) {
            (Some(id), _) => id.text.clone(),
            (None, StepBody::Call { reference, .. }) => step_id(&reference.text),
            (None, StepBody::Code(_) | StepBody::Nothing) => "code".to_owned(),
        })
        .collect();
    let told = |name: &Name| {
        let word = definition.kind.word();
        Diagnostic::warning(
            "unknown-after",
            format!("The {word} '{}' has no step '{}' to await", definition.id.text, name.text),
        )
        .at(name.span, "ignored")
        .did_you_mean(suggest(&name.text, ids.iter().map(String::as_str)))
    };
    names.iter().filter(|name| !ids.contains(&name.text)).map(told).collect()
}

/// `mcp: {only: […]}`: names of no tool.
pub(super) fn tools_for_agents(project: &Project) -> Vec<Diagnostic> {
    let tools: Vec<&str> = project
        .definitions()
        .filter(|definition| definition.kind == Kind::Tool)
        .map(|definition| definition.id.text.as_str())
        .collect();
    let told = |name: &Name| {
        Diagnostic::warning("unknown-name", format!("There is no tool '{}' to show to agents", name.text))
            .at(name.span, "ignored")
            .did_you_mean(suggest(&name.text, tools.iter().copied()))
    };
    let same = |one: &str, other: &str| one.replace('_', "-") == other.replace('_', "-");
    let only = project.mcp_only().unwrap_or_default().iter();
    only.filter(|name| !tools.iter().any(|tool| same(tool, &name.text))).map(told).collect()
}
