//! Documents to definitions.
//!
//! Every generation of the syntax is read here, in any mixture, into the one form of [`crate::Definition`]. Lowering
//! never fails: what is wrong inside a definition is kept with it.

mod definition;
mod fields;
mod limits;
mod step;
mod trigger;

use pt_syntax::{Diagnostic, Node, NodeKind};

use crate::definition::{Definition, Kind, Name, Origin};
use crate::for_agents::ForAgents;
use crate::trigger::Trigger;
use definition::{lower_definition, words_of};
use fields::Fields;
pub use limits::lower_limits;
pub(crate) use step::as_code_step;
use trigger::lower_triggers;

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Lowered {
    pub(crate) definitions: Vec<Definition>,
    pub(crate) includes: Vec<Include>,
    pub(crate) instructions: Option<String>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) for_agents: ForAgents,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// An entry of `include`.
#[derive(Debug)]
pub(crate) enum Include {
    /// A directory or a file.
    Path(Name),
    /// A repository.
    Repo {
        /// Which.
        repo: Name,
        /// Branch, tag or commit, if not part of the name.
        revision: Option<String>,
        /// Directory or file inside, if not part of the name.
        path: Option<String>,
    },
}

/// Lowers the top level of a file.
pub(crate) fn lower_file(root: Node, origin: &Origin) -> Lowered {
    let mut lowered = Lowered::default();
    let span = root.span;
    if root.is_null() {
        return lowered;
    }
    let Some(mut fields) = Fields::of(root) else {
        lowered.diagnostics.push(
            Diagnostic::error("not-a-map", "A polytope file must be a map")
                .at(span, "this is not a map")
                .hint("begin with `modules:` or `templates:`"),
        );
        return lowered;
    };
    for (key, kind) in [("tools", Kind::Tool), ("modules", Kind::Module), ("templates", Kind::Template)] {
        if let Some(node) = fields.take(key) {
            lower_definitions(key, node, kind, origin, &mut lowered);
        }
    }
    if let Some(node) = fields.take("include") {
        lower_includes(node, &mut lowered);
    }
    if let Some(node) = fields.take("instructions") {
        lowered.instructions = node.as_str().map(str::to_owned);
        if lowered.instructions.is_none() {
            let wrong = Diagnostic::warning("wrong-shape", "`instructions` must be a text");
            lowered.diagnostics.push(wrong.at(node.span, "ignored"));
        }
    }
    if let Some(node) = fields.take("mcp") {
        lower_mcp(node, &mut lowered);
    }
    if let Some(node) = fields.take("triggers") {
        lower_triggers(node, origin, &mut lowered);
    }
    let known = ["modules", "templates", "tools", "triggers", "include", "instructions", "mcp"];
    lowered.diagnostics.extend(fields.unknown("at the top of a polytope file", &known));
    lowered
}

fn lower_mcp(node: Node, lowered: &mut Lowered) {
    let found = &mut lowered.diagnostics;
    let only = node.get("only").filter(|only| !only.is_null());
    let only = only.map(|only| words_of("only", "tools", only, found));
    lowered.for_agents = ForAgents::lower(&node, only, found);
    let span = node.span;
    let Some(mut fields) = Fields::of(node) else {
        let wrong = Diagnostic::warning("wrong-shape", "`mcp` must be a map");
        found.push(wrong.at(span, "ignored").hint("write `mcp: {only: [my-tool]}`"));
        return;
    };
    let known = ["only", "resources", "prompts"];
    known.iter().for_each(|key| drop(fields.take(key)));
    found.extend(fields.unknown("in `mcp`", &known));
}

fn lower_definitions(key: &str, node: Node, kind: Kind, origin: &Origin, lowered: &mut Lowered) {
    let span = node.span;
    match node.kind {
        NodeKind::List(items) => {
            for item in items {
                if !item.is_null() {
                    lower_definition(None, item, kind, origin, lowered);
                }
            }
        }
        NodeKind::Map(entries) => {
            for entry in entries {
                let id = Name { text: entry.key, span: entry.key_span };
                lower_definition(Some(id), entry.value, kind, origin, lowered);
            }
        }
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Int(_)
        | NodeKind::Float(_)
        | NodeKind::Str(_)
        | NodeKind::Form(_) => lowered.diagnostics.push(
            Diagnostic::error("wrong-shape", format!("'{key}' must be a list or a map"))
                .at(span, "this is neither"),
        ),
    }
}

fn lower_includes(node: Node, lowered: &mut Lowered) {
    let span = node.span;
    let items = match node.kind {
        NodeKind::List(items) => items,
        NodeKind::Str(_) | NodeKind::Map(_) => vec![node],
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_) | NodeKind::Form(_) => {
            lowered
                .diagnostics
                .push(Diagnostic::error("wrong-shape", "'include' must be a list").at(span, "this is none"));
            return;
        }
    };
    for item in items {
        let name = |node: &Node| node.as_str().map(|text| Name { text: text.to_owned(), span: node.span });
        let include = match (name(&item), item.get("repo").and_then(name), item.get("path").and_then(name)) {
            (Some(path), ..) => Include::Path(path),
            (None, Some(repo), path) => {
                let word = |key| item.get(key).and_then(name).map(|name| name.text);
                let revision = word("revision").or_else(|| word("rev"));
                Include::Repo { repo, revision, path: path.map(|path| path.text) }
            }
            (None, None, Some(path)) => Include::Path(path),
            (None, None, None) => {
                lowered.diagnostics.push(no_include(item));
                continue;
            }
        };
        lowered.includes.push(include);
    }
}

fn no_include(item: Node) -> Diagnostic {
    let wrong =
        Diagnostic::warning("wrong-shape", "An include must be a path, or a map with `path` or `repo`");
    for key in ["path", "repo"] {
        if let Some(node) = item.get(key) {
            return wrong.at(node.span, format!("`{key}` must be a text: ignored"));
        }
    }
    let span = item.span;
    let mut near = Fields::of(item);
    match near.as_mut().and_then(|fields| fields.take_near("path").or_else(|| fields.take_near("repo"))) {
        Some((span, key)) => wrong.at(span, "ignored").did_you_mean(Some(key)),
        None => wrong.at(span, "ignored"),
    }
}
