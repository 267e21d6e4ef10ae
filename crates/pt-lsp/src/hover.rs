//! Hover: what a word is.

use std::path::Path;

use ls_types::{Hover, HoverContents, Position};
use pt_syntax::ReferenceKind;

use crate::docs;
use crate::subject::{Subject, subjects};
use crate::text::Lines;
use crate::typing::understood;
use crate::workspace::{Texts, View, Workspace};

/// What to show of the word at a position.
pub(crate) fn hover(workspace: &Workspace<'_>, path: &Path, position: Position) -> Option<Hover> {
    let text = workspace.text(path)?;
    let lines = Lines::of(&text);
    let offset = lines.offset(position);
    let view = workspace.view(path, Texts::Sound);
    let root = understood(path, &text);
    let found = subjects(&view, path, &text, &root);
    let hit = |span: pt_syntax::Span| span.start as usize <= offset && offset <= span.end as usize;
    let found = found.into_iter().find(|found| hit(found.span))?;
    let shown = show(workspace, &view, &found.subject)?;
    let contents = HoverContents::Markup(docs::markdown(shown));
    Some(Hover { contents, range: Some(lines.range_of(found.span)) })
}

fn show(workspace: &Workspace<'_>, view: &View, subject: &Subject<'_>) -> Option<String> {
    Some(match subject {
        Subject::Definition(reference, definition) => docs::definition(reference, definition),
        Subject::Param(param) => docs::param(param),
        Subject::Named(kind, name) => {
            let root = view.project().root_dir();
            let set = match kind {
                ReferenceKind::Secret => workspace.surroundings.secrets(root),
                ReferenceKind::Param | ReferenceKind::Value | ReferenceKind::Output => {
                    workspace.surroundings.values(root)
                }
            };
            let value = match kind {
                // What a secret says is nobody's business.
                ReferenceKind::Value => workspace.surroundings.named(root).value(name),
                ReferenceKind::Param | ReferenceKind::Secret | ReferenceKind::Output => None,
            };
            let state = if let Some(value) = value {
                format!("Is set: `{}`", value.lines().next().unwrap_or_default().replace('`', "'"))
            } else if set.contains(name) {
                "Is set.".to_owned()
            } else {
                format!("Is not set: `pt {}s set {name} <data>`", kind.word())
            };
            format!("{} **{name}**\n\n{state}\n", kind.word())
        }
        Subject::Step(id, _) => format!("step **{id}**\n"),
        Subject::Function(function) => docs::function(function),
        Subject::Key(key) => format!("`{}`\n\n{}\n", key.word, key.info),
        Subject::Field(key, ty) => format!("`{key}`: {}\n", docs::ty(ty)),
        Subject::Type(word, info) => format!("type `{word}`\n\n{info}\n"),
        Subject::Include(_) => return None,
    })
}
