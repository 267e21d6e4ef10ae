//! Definition, references, rename.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ls_types::{Location, Position, TextEdit};
use pt_model::camel;
use pt_spec::Kind;
use pt_syntax::{Span, is_id};
use serde::Serialize;

use crate::diagnose::uri_of;
use crate::subject::{Found, Spelling, Subject, subjects};
use crate::text::Lines;
use crate::typing::understood;
use crate::workspace::{Texts, View, Workspace};

/// What the word at a position stands for.
fn subject_at<'v>(
    workspace: &Workspace<'_>,
    view: &'v View,
    path: &Path,
    position: Position,
) -> Option<Subject<'v>> {
    let text = workspace.text(path)?;
    let offset = Lines::of(&text).offset(position);
    let root = understood(path, &text);
    let hit = |span: Span| span.start as usize <= offset && offset <= span.end as usize;
    let found = subjects(view, path, &text, &root);
    found.into_iter().find(|found| hit(found.span)).map(|found| found.subject)
}

/// Where the thing at a position was declared.
pub(crate) fn definition(workspace: &Workspace<'_>, path: &Path, position: Position) -> Option<Location> {
    let view = workspace.view(path, Texts::Sound);
    let place = |span: Span| {
        let own = view.file(span.source);
        let file = own.or_else(|| {
            let source = view.project().sources().get(span.source);
            workspace.surroundings.standard_file(&source.name, &source.text)
        })?;
        let uri = uri_of(&file)?;
        Some(Location { uri, range: Lines::of(view.source(span)).range_of(span) })
    };
    match subject_at(workspace, &view, path, position)? {
        Subject::Definition(_, definition) => place(definition.id.span),
        Subject::Param(param) => place(param.id.span),
        // Steps belong to the document itself.
        Subject::Step(_, span) => {
            let text = workspace.text(path)?;
            Some(Location { uri: uri_of(path)?, range: Lines::of(&text).range_of(span) })
        }
        Subject::Include(named) => {
            let dirs = [path.parent()?, view.project().root_dir()];
            let file = dirs.iter().find_map(|dir| workspace.polytope_file(&dir.join(&named)))?;
            Some(Location { uri: uri_of(&file)?, range: ls_types::Range::default() })
        }
        Subject::Named(..)
        | Subject::Function(_)
        | Subject::Key(_)
        | Subject::Field(..)
        | Subject::Type(..) => None,
    }
}

/// A word of the project that stands for the thing.
struct Occurrence {
    path: PathBuf,
    range: ls_types::Range,
    spelling: Spelling,
    /// What renaming replaces, and what it writes before and after the new name.
    edit: (ls_types::Range, String, String),
}

/// What renaming replaces where a word also names a variable, which stays.
fn edit(lines: &Lines<'_>, text: &str, found: &Found<'_>) -> (ls_types::Range, String, String) {
    let (start, end) = (found.span.start as usize, found.span.end as usize);
    let word = text.get(start..end).unwrap_or_default();
    match found.spelling {
        Spelling::Declared | Spelling::Camel | Spelling::Declaration => {
            (lines.range(start, end), String::new(), String::new())
        }
        Spelling::Shorthand => (lines.range(start, end), String::new(), format!(": {word}")),
        Spelling::Keys(from) => {
            let before = text.get(from as usize..start).unwrap_or_default();
            let first = before.ends_with('[');
            let rest = text.get(end..).unwrap_or_default();
            let end = if first { text.len() - rest.trim_start().len() } else { end };
            let after = format!(" {}", before.trim_end());
            (lines.range(from as usize, end), format!("{word} :"), after)
        }
    }
}

fn occurrences(
    workspace: &Workspace<'_>,
    view: &View,
    subject: &Subject<'_>,
    path: &Path,
) -> Vec<Occurrence> {
    let mut all = Vec::new();
    for file in &view.files {
        // Steps are known inside their own file only; their places mean nothing elsewhere.
        if matches!(subject, Subject::Step(..)) && file != path {
            continue;
        }
        let Some(text) = workspace.text(file) else { continue };
        let lines = Lines::of(&text);
        let root = understood(file, &text);
        for found in subjects(view, file, &text, &root) {
            if found.subject.is(subject) {
                let range = lines.range_of(found.span);
                let edit = edit(&lines, &text, &found);
                all.push(Occurrence { path: file.clone(), range, spelling: found.spelling, edit });
            }
        }
    }
    all.sort_by(|one, two| (&one.path, one.range.start).cmp(&(&two.path, two.range.start)));
    all
}

/// Every place of the project where the thing at a position is named.
pub(crate) fn references(
    workspace: &Workspace<'_>,
    path: &Path,
    position: Position,
    with_declaration: bool,
) -> Vec<Location> {
    let view = workspace.view(path, Texts::Sound);
    let Some(subject) = subject_at(workspace, &view, path, position) else { return Vec::new() };
    occurrences(workspace, &view, &subject, path)
        .into_iter()
        .filter(|found| with_declaration || found.spelling != Spelling::Declaration)
        .filter_map(|found| Some(Location { uri: uri_of(&found.path)?, range: found.range }))
        .collect()
}

/// The range of the word at a position, if it can be renamed.
pub(crate) fn renamable(
    workspace: &Workspace<'_>,
    path: &Path,
    position: Position,
) -> Result<ls_types::Range, String> {
    let view = workspace.view(path, Texts::Sound);
    let subject = subject_at(workspace, &view, path, position).ok_or(NOTHING)?;
    check(&view, &subject)?;
    let within = |range: ls_types::Range| range.start <= position && position <= range.end;
    let all = occurrences(workspace, &view, &subject, path);
    let here = all.into_iter().find(|found| found.path == path && within(found.range));
    here.map(|found| found.range).ok_or_else(|| NOTHING.to_owned())
}

const NOTHING: &str = "Nothing here has a name that can be changed.";

fn check(view: &View, subject: &Subject<'_>) -> Result<(), String> {
    let own = |span: Span| view.file(span.source).is_some();
    match subject {
        Subject::Definition(reference, definition) if !own(definition.id.span) => {
            Err(format!("{reference} is a standard module: its name cannot be changed."))
        }
        Subject::Param(param) if !own(param.id.span) => {
            Err(format!("'{}' is a param of a standard module: its name cannot be changed.", param.id.text))
        }
        Subject::Named(kind, name) => Err(format!(
            "The {} '{name}' is stored outside the project's files: set it under its new name with `pt {}s set`.",
            kind.word(),
            kind.word()
        )),
        Subject::Definition(..) | Subject::Param(_) | Subject::Step(..) => Ok(()),
        Subject::Function(_)
        | Subject::Key(_)
        | Subject::Field(..)
        | Subject::Type(..)
        | Subject::Include(_) => Err(NOTHING.to_owned()),
    }
}

/// What to change in which file: `WorkspaceEdit` of the protocol, in a certain order.
#[derive(Default, Serialize)]
pub(crate) struct Edits {
    changes: BTreeMap<String, Vec<TextEdit>>,
}

/// The edits that give the thing at a position a new name, in all files of its project.
pub(crate) fn rename(
    workspace: &Workspace<'_>,
    path: &Path,
    position: Position,
    name: &str,
) -> Result<Edits, String> {
    let view = workspace.view(path, Texts::Sound);
    let subject = subject_at(workspace, &view, path, position).ok_or(NOTHING)?;
    check(&view, &subject)?;
    if !is_id(name) {
        return Err(format!("Must be a valid ID (got {name:?}): a-z, 0-9, '_' and '-'."));
    }
    taken(&view, &subject, name)?;
    let mut edits = Edits::default();
    for found in occurrences(workspace, &view, &subject, path) {
        let spelled = match found.spelling {
            Spelling::Camel | Spelling::Shorthand => camel(name),
            Spelling::Declared | Spelling::Declaration | Spelling::Keys(_) => name.to_owned(),
        };
        let (range, before, after) = found.edit;
        let new_text = format!("{before}{spelled}{after}");
        let uri = uri_of(&found.path).ok_or(NOTHING)?;
        let of_file = edits.changes.entry(uri.as_str().to_owned()).or_default();
        of_file.push(TextEdit { range, new_text });
    }
    Ok(edits)
}

/// A new name must not be somebody else's.
fn taken(view: &View, subject: &Subject<'_>, name: &str) -> Result<(), String> {
    let mut definitions = view.project().definitions();
    let other = match subject {
        Subject::Definition(_, definition) => {
            let template = definition.kind == Kind::Template;
            definitions.any(|other| (other.kind == Kind::Template) == template && other.id.text == name)
        }
        Subject::Param(param) => definitions
            .find(|of| of.params.iter().any(|other| std::ptr::eq(other, *param)))
            .is_some_and(|of| of.param(name).is_some()),
        Subject::Step(..)
        | Subject::Named(..)
        | Subject::Function(_)
        | Subject::Key(_)
        | Subject::Field(..)
        | Subject::Type(..)
        | Subject::Include(_) => false,
    };
    if other { Err(format!("There is one named '{name}' already.")) } else { Ok(()) }
}
