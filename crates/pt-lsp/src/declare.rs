//! The quick fix that declares a param which is used and not there.
#![expect(clippy::wildcard_enum_match_arm, reason = "few places can declare something")]

use std::path::{Path, PathBuf};

use ls_types::{CodeAction, CodeActionKind, Diagnostic, NumberOrString, TextEdit, WorkspaceEdit};
use pt_model::kebab;
use pt_spec::Kind;
use pt_syntax::{Format, Node, NodeKind, ReferenceKind, is_id};

use crate::diagnose::uri_of;
use crate::mention::{What, mentions};
use crate::shape;
use crate::site::{Keys, Role, Site, Within, sites};
use crate::text::Lines;
use crate::typing::understood;
use crate::workspace::{Texts, Workspace, format_of};

/// The fix for a diagnostic of a file, if it is about a param that is not declared.
pub(crate) fn fix(workspace: &Workspace<'_>, path: &Path, diagnostic: &Diagnostic) -> Option<CodeAction> {
    if diagnostic.code != Some(NumberOrString::String("unknown-param".to_owned())) {
        return None;
    }
    let text = workspace.text(path)?;
    let offset = Lines::of(&text).offset(diagnostic.range.start);
    let root = understood(path, &text);
    let used = sites(&root).iter().find_map(|site| used(workspace, path, &text, site, offset))?;
    let file = workspace.text(&used.file)?;
    let declaring = understood(&used.file, &file);
    let within = sites(&declaring).into_iter().find_map(|site| {
        site.within.filter(|within| within.kind == used.kind && within.id == Some(&used.definition))
    })?;
    let (at, new_text) = insertion(&file, format_of(&used.file), &within, &used.id, used.ty)?;
    let edit = TextEdit { range: Lines::of(&file).range(at, at), new_text };
    let changes = [(uri_of(&used.file)?, vec![edit])].into_iter().collect();
    Some(CodeAction {
        title: format!("Declare the param `{}` of '{}'", used.id, used.definition),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![diagnostic.clone()]),
        edit: Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }),
        ..CodeAction::default()
    })
}

/// A param that is used, and the definition that ought to have it.
struct Used {
    id: String,
    ty: &'static str,
    kind: Kind,
    definition: String,
    file: PathBuf,
}

fn used(workspace: &Workspace<'_>, path: &Path, text: &str, site: &Site<'_>, offset: usize) -> Option<Used> {
    let hit = |span: pt_syntax::Span| span.start as usize <= offset && offset <= span.end as usize;
    if !hit(site.span) {
        return None;
    }
    match &site.role {
        // An arg of a call: what is called lacks it.
        Role::Key(Keys::Inside(slot)) if slot.path.is_empty() => {
            let view = workspace.view(path, Texts::Sound);
            let callee = shape::callee(view.project(), slot.call)?;
            let value = site.map.and_then(|map| map.get(site.text));
            Some(Used {
                id: site.text.to_owned(),
                ty: value.map_or("str", type_of),
                kind: callee.kind,
                definition: callee.id.text.clone(),
                file: view.file(callee.id.span.source)?,
            })
        }
        Role::Value(_) | Role::Code => {
            let within = site.within?;
            let mention = mentions(site, text).into_iter().find(|mention| hit(mention.span))?;
            let id = match mention.what {
                What::Reference(ReferenceKind::Param) | What::Destructured { .. } => mention.name,
                What::CamelParam | What::Shorthand => kebab(&mention.name),
                What::Reference(_) | What::Function => return None,
            };
            Some(Used {
                id,
                ty: "str",
                kind: within.kind,
                definition: within.id?.to_owned(),
                file: path.to_owned(),
            })
        }
        _ => None,
    }
    .filter(|used| is_id(&used.id))
}

/// The type that a value suggests.
fn type_of(value: &Node) -> &'static str {
    match &value.kind {
        NodeKind::Int(_) => "int",
        NodeKind::Float(_) => "num",
        NodeKind::Bool(_) => "bool",
        NodeKind::List(_) | NodeKind::Map(_) => "any",
        NodeKind::Null | NodeKind::Str(_) | NodeKind::Form(_) => "str",
    }
}

/// Where to write what, so that the definition declares the param.
fn insertion(text: &str, format: Format, within: &Within<'_>, id: &str, ty: &str) -> Option<(usize, String)> {
    let key = if within.node.get("inputs").is_some() { "inputs" } else { "params" };
    let declared = within.node.get(key).filter(|node| !node.is_null());
    let Some(params) = declared else { return first(text, format, within, id, ty) };
    let keyed = !params.entries().is_empty();
    let last = match &params.kind {
        NodeKind::List(items) => items.last().map(|item| (item.span.start, item.span.end)),
        NodeKind::Map(entries) => entries.last().map(|entry| (entry.key_span.start, entry.value.span.end)),
        _ => return None,
    };
    let begun = text.get(params.span.start as usize..)?.chars().next()?;
    let is_flow = matches!(begun, '[' | '{');
    let written = item(format, keyed, id, ty);
    let Some((start, end)) = last else {
        return is_flow.then(|| (params.span.start as usize + 1, written));
    };
    let end = text[..end as usize].trim_end().len();
    if is_flow {
        let comma = if format == Format::Edn { " " } else { ", " };
        return Some((end, format!("{comma}{written}")));
    }
    let line = text[..start as usize].rfind('\n').map_or(0, |newline| newline + 1);
    let dash = if keyed { "" } else { "- " };
    let indent: String = text[line..].chars().take_while(|char| *char == ' ').collect();
    // The end of the last one's last line: a comment may follow it.
    let end = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
    Some((end, format!("\n{indent}{dash}{written}")))
}

/// The first param of a definition, after its first entry.
fn first(text: &str, format: Format, within: &Within<'_>, id: &str, ty: &str) -> Option<(usize, String)> {
    let entry = within.node.entries().first()?;
    let end = text[..entry.value.span.end as usize].trim_end().len();
    let written = item(format, false, id, ty);
    let begun = text.get(within.node.span.start as usize..)?.chars().next()?;
    if matches!(begun, '{') {
        let pair = match format {
            Format::Yaml => format!(", params: [{written}]"),
            Format::Json => format!(", \"params\": [{written}]"),
            Format::Edn => format!(" :params [{written}]"),
        };
        return Some((end, pair));
    }
    let line = text[..entry.key_span.start as usize].rfind('\n').map_or(0, |newline| newline + 1);
    let column = entry.key_span.start as usize - line;
    let indent = " ".repeat(column);
    let end = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
    Some((end, format!("\n{indent}params:\n{indent}- {written}")))
}

/// A declaration on one line.
fn item(format: Format, keyed: bool, id: &str, ty: &str) -> String {
    match (format, keyed) {
        (Format::Yaml, false) => format!("{{id: {id}, type: {ty}}}"),
        (Format::Yaml, true) => format!("{id}: {{type: {ty}}}"),
        (Format::Json, false) => format!("{{\"id\": \"{id}\", \"type\": \"{ty}\"}}"),
        (Format::Json, true) => format!("\"{id}\": {{\"type\": \"{ty}\"}}"),
        (Format::Edn, false) => format!("{{:id :{id} :type :{ty}}}"),
        (Format::Edn, true) => format!(":{id} {{:type :{ty}}}"),
    }
}
