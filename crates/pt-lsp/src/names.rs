//! What can be referred to from a place.

use pt_spec::{Definition, Kind, Project, Type, Wanted};
use pt_syntax::{Node, Span, is_id};

use crate::site::Within;

/// A param as it stands in the text around the cursor.
pub(crate) struct Declared<'n> {
    pub(crate) id: &'n str,
    pub(crate) span: Span,
    pub(crate) ty: Option<Type>,
    pub(crate) info: Option<&'n str>,
}

/// The params of the definition around a place.
pub(crate) fn params<'n>(within: &Within<'n>) -> Vec<Declared<'n>> {
    let Some(node) = within.node.get("params").or_else(|| within.node.get("inputs")) else {
        return Vec::new();
    };
    let declared = |id: &'n str, span: Span, node: &'n Node| Declared {
        id,
        span,
        ty: node.get("type").map(Type::lower),
        info: node.get("info").and_then(Node::as_str),
    };
    let listed = node.items().iter().filter_map(|item| {
        let id = item.get("id")?;
        Some(declared(id.as_str()?, id.span, item))
    });
    let mapped = node.entries().iter().map(|entry| declared(&entry.key, entry.key_span, &entry.value));
    listed.chain(mapped.filter(|_| within.kind != Kind::Module || node.items().is_empty())).collect()
}

/// A step of the definition around a place.
pub(crate) struct StepName<'n> {
    pub(crate) id: String,
    /// Where the id stands; for a step without one, what it runs.
    pub(crate) span: Span,
    /// What it runs, if it has no id of its own.
    pub(crate) runs: Option<&'n str>,
}

/// The steps of the definition around a place.
pub(crate) fn steps<'n>(within: &Within<'n>) -> Vec<StepName<'n>> {
    let run = ["run", "run-steps", "steps"].iter().find_map(|key| within.node.get(key));
    let named = |step: &'n Node| {
        let own = ["id", "name"].iter().find_map(|key| step.get(key)).filter(|id| id.as_str().is_some());
        if let Some(node) = own {
            return Some(StepName { id: node.as_str()?.to_owned(), span: node.span, runs: None });
        }
        let node = ["module", "tool", "template"].iter().find_map(|key| step.get(key)).unwrap_or(step);
        let runs = node.as_str()?;
        let id = runs.rsplit(['!', '/']).next().filter(|id| is_id(id))?;
        Some(StepName { id: id.to_owned(), span: node.span, runs: Some(runs) })
    };
    run.map(Node::items).unwrap_or_default().iter().filter_map(named).collect()
}

/// Whether a step of the definition is run for each item of a list.
pub(crate) fn has_repeated_steps(within: &Within<'_>) -> bool {
    let run = ["run", "run-steps", "steps"].iter().find_map(|key| within.node.get(key));
    run.map(Node::items).unwrap_or_default().iter().any(|step| step.get("for-each").is_some())
}

/// Everything that a step or module may call, as it is referred to; the project's own first.
pub(crate) fn callable(project: &Project, wanted: Wanted) -> Vec<(String, &Definition)> {
    let fits = |definition: &&Definition| wanted != Wanted::Template || definition.kind == Kind::Template;
    let mut all: Vec<_> = project
        .definitions()
        .filter(fits)
        .map(|definition| (definition.id.text.clone(), definition))
        .collect();
    if wanted != Wanted::Template {
        let standard = project.standard().references(project.sources());
        all.extend(standard.into_iter().filter_map(|reference| {
            let definition = project.resolve(None, &reference, Wanted::Any).ok()?;
            Some((reference, definition))
        }));
    }
    all
}
