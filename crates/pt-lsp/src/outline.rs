//! Symbols of a document, and the lenses that run its templates.

use std::path::Path;

use ls_types::{CodeLens, Command, DocumentSymbol, SymbolKind};
use pt_spec::Kind;
use serde_json::json;

use crate::names;
use crate::site::{Role, Within, sites};
use crate::text::Lines;
use crate::typing::understood;
use crate::workspace::Workspace;

/// Definitions, and in them params and steps.
pub(crate) fn symbols(workspace: &Workspace<'_>, path: &Path) -> Vec<DocumentSymbol> {
    let Some(text) = workspace.text(path) else { return Vec::new() };
    let lines = Lines::of(&text);
    let root = understood(path, &text);
    let mut symbols = Vec::new();
    for site in sites(&root) {
        let (Role::DefinitionId, Some(within)) = (&site.role, site.within) else { continue };
        let start = site.span.start.min(within.node.span.start) as usize;
        let end = site.span.end.max(within.node.span.end) as usize;
        let info = within.node.get("info").and_then(|info| info.as_str()).map(str::to_owned);
        symbols.push(DocumentSymbol {
            detail: Some(info.unwrap_or_else(|| within.kind.word().to_owned())),
            range: lines.range(start, end),
            children: Some(children(&lines, &within)),
            ..symbol(site.text, kind(within.kind), lines.range_of(site.span))
        });
    }
    symbols
}

fn kind(kind: Kind) -> SymbolKind {
    match kind {
        Kind::Module => SymbolKind::MODULE,
        Kind::Template => SymbolKind::CLASS,
        Kind::Tool => SymbolKind::FUNCTION,
    }
}

fn children(lines: &Lines<'_>, within: &Within<'_>) -> Vec<DocumentSymbol> {
    let param = |param: names::Declared<'_>| DocumentSymbol {
        detail: param.ty.map(|ty| ty.to_string()),
        ..symbol(param.id, SymbolKind::PROPERTY, lines.range_of(param.span))
    };
    let params = names::params(within).into_iter().map(param);
    let steps = names::steps(within).into_iter();
    params.chain(steps.map(|step| symbol(&step.id, SymbolKind::EVENT, lines.range_of(step.span)))).collect()
}

fn symbol(name: &str, kind: SymbolKind, range: ls_types::Range) -> DocumentSymbol {
    #[expect(deprecated, reason = "the protocol's type has the field still")]
    DocumentSymbol {
        name: name.to_owned(),
        detail: None,
        kind,
        tags: None,
        deprecated: None,
        range,
        selection_range: range,
        children: None,
    }
}

/// What can be done with the templates of a document: editors carry out `polytope.run` and `polytope.plan`.
pub(crate) fn lenses(workspace: &Workspace<'_>, path: &Path) -> Vec<CodeLens> {
    let Some(text) = workspace.text(path) else { return Vec::new() };
    let lines = Lines::of(&text);
    let root = understood(path, &text);
    let mut lenses = Vec::new();
    for site in sites(&root) {
        let (Role::DefinitionId, Some(Within { kind: Kind::Template, .. })) = (&site.role, site.within)
        else {
            continue;
        };
        for (title, command) in [("Run", "polytope.run"), ("Plan", "polytope.plan")] {
            let dir = path.parent().map(|dir| dir.display().to_string());
            let arguments = Some(vec![json!({ "target": site.text, "dir": dir })]);
            let command = Command { title: title.to_owned(), command: command.to_owned(), arguments };
            lenses.push(CodeLens { range: lines.range_of(site.span), command: Some(command), data: None });
        }
    }
    lenses
}
