//! Completion: what may stand where somebody types.

mod code;
mod text;

use std::path::Path;

use ls_types::{CompletionItem, CompletionItemKind, CompletionTextEdit, Position, TextEdit};
use pt_spec::{Atom, Kind, Wanted};
use pt_syntax::Format;

use crate::docs;
use crate::keys::{COMPOUNDS, CONDITIONS, known};
use crate::names;
use crate::shape;
use crate::site::{Keys, Role, Site, Slot};
use crate::text::Lines;
use crate::typing::{Typing, before, is_typed};
use crate::workspace::{Texts, View, Workspace, format_of};

/// Something that may stand there.
struct Offer {
    label: String,
    kind: CompletionItemKind,
    detail: Option<String>,
    info: String,
    /// What is written after the label.
    tail: &'static str,
}

impl Offer {
    fn new(label: impl Into<String>, kind: CompletionItemKind, info: impl Into<String>) -> Self {
        Self { label: label.into(), kind, detail: None, info: info.into(), tail: "" }
    }
}

/// What may stand at a position.
pub(crate) fn complete(workspace: &Workspace<'_>, path: &Path, position: Position) -> Vec<CompletionItem> {
    let Some(text) = workspace.text(path) else { return Vec::new() };
    let lines = Lines::of(&text);
    let offset = lines.offset(position);
    let Some(typing) = Typing::at(path, &text, offset) else { return Vec::new() };
    let Some(site) = typing.site() else { return Vec::new() };
    let view = workspace.view(path, Texts::Sound);
    let context =
        Context { workspace, view: &view, format: format_of(path), dir: path.parent().unwrap_or(path) };
    let (offers, is_word) = context.offers(&site);
    let head = &text[..offset];
    let word = head.len() - head.trim_end_matches(is_word).len();
    let range = lines.range(offset - word, offset);
    // A key that is there already keeps its colon.
    let has_colon = text[offset..].trim_start_matches(is_word).starts_with(':');
    let item = |(at, offer): (usize, Offer)| {
        let tail = if has_colon { "" } else { offer.tail };
        let new_text = format!("{}{tail}", offer.label);
        CompletionItem {
            label: offer.label,
            kind: Some(offer.kind),
            detail: offer.detail,
            documentation: docs::documentation(offer.info),
            sort_text: Some(format!("{at:04}")),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text })),
            ..CompletionItem::default()
        }
    };
    offers.into_iter().enumerate().map(item).collect()
}

type IsWord = fn(char) -> bool;

/// Ids, keys, types.
fn in_id(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '?')
}

/// One part of a path.
fn in_file_name(char: char) -> bool {
    in_id(char) || char == '.'
}

fn in_reference(char: char) -> bool {
    in_id(char) || matches!(char, '/' | '!' | '@' | '.')
}

struct Context<'w> {
    workspace: &'w Workspace<'w>,
    view: &'w View,
    format: Format,
    /// The directory of the file.
    dir: &'w Path,
}

impl Context<'_> {
    /// What may stand at a place, and which characters make a word there.
    fn offers(&self, site: &Site<'_>) -> (Vec<Offer>, IsWord) {
        match &site.role {
            Role::Key(keys) => (self.keys(keys, site), in_id),
            Role::Reference(wanted) => (self.references(*wanted), in_reference),
            Role::BareStep => {
                let mut offers = self.references(Wanted::Any);
                if !before(site).contains('/') {
                    offers.extend(self.keys(&Keys::Step, site));
                }
                (offers, in_reference)
            }
            Role::Value(slot) => self.value(slot, site),
            Role::Code => (code::offers(site, None), code::in_word),
            Role::Type { head } => (types(*head), in_id),
            Role::StepName => (steps(site), in_id),
            Role::Condition => {
                let offer = |(word, info)| Offer::new(word, CompletionItemKind::ENUM_MEMBER, info);
                (CONDITIONS.map(offer).into(), in_id)
            }
            Role::Flag => {
                let offer = |word| Offer::new(word, CompletionItemKind::KEYWORD, "");
                (["true", "false"].map(offer).into(), in_id)
            }
            Role::Include => (self.includes(site), in_file_name),
            Role::DefinitionId | Role::ParamId | Role::StepId | Role::Other => (Vec::new(), in_id),
        }
    }

    /// What can be included from the directory that is being typed: polytope files, and directories on the way to them.
    fn includes(&self, site: &Site<'_>) -> Vec<Offer> {
        let (begun, _) = before(site).rsplit_once('/').map_or(("", ""), |parts| parts);
        let dir = self.dir.join(begun);
        let is_file = |name: &String| {
            [".yml", ".yaml", ".json", ".edn"].iter().any(|end| name.ends_with(end)) || name.ends_with('/')
        };
        let offer = |name: String| {
            let kind =
                if name.ends_with('/') { CompletionItemKind::FOLDER } else { CompletionItemKind::FILE };
            Offer::new(name.trim_end_matches('/'), kind, "")
        };
        let names = self.workspace.surroundings.names_in(&dir).into_iter();
        names.filter(|name| !name.starts_with('.')).filter(is_file).map(offer).collect()
    }

    fn keys(&self, keys: &Keys<'_>, site: &Site<'_>) -> Vec<Offer> {
        let there = |word: &str| {
            site.map.is_some_and(|map| {
                map.entries().iter().any(|entry| entry.key == word && !is_typed(&entry.key))
            })
        };
        let tail = |block: bool| match (self.format, block) {
            (Format::Yaml, true) => ":",
            (Format::Yaml, false) => ": ",
            (Format::Json | Format::Edn, _) => "",
        };
        if let Keys::Inside(slot) = keys {
            let inside = self.inside(slot).into_iter().filter(|offer| !there(&offer.label));
            return inside.map(|offer| Offer { tail: tail(false), ..offer }).collect();
        }
        let offer = |key: &crate::keys::Key| Offer {
            tail: tail(key.block),
            ..Offer::new(key.word, CompletionItemKind::PROPERTY, key.info)
        };
        known(keys).iter().filter(|key| !there(key.word)).map(offer).collect()
    }

    /// The keys inside args: params of what is called, and what their types say.
    fn inside(&self, slot: &Slot<'_>) -> Vec<Offer> {
        let project = self.view.project();
        let Some(callee) = shape::callee(project, slot.call) else { return Vec::new() };
        if slot.path.is_empty() {
            let offer = |param: &pt_spec::Param| Offer {
                detail: Some(param.ty.to_string()),
                ..Offer::new(
                    &param.id.text,
                    CompletionItemKind::PROPERTY,
                    param.info.as_deref().unwrap_or_default(),
                )
            };
            return callee.params.iter().map(offer).collect();
        }
        let Some(ty) = shape::type_at(project, slot) else { return Vec::new() };
        let offer = |(key, ty): (String, pt_spec::Type)| Offer {
            detail: Some(ty.to_string()),
            ..Offer::new(key, CompletionItemKind::PROPERTY, "")
        };
        shape::keys(&ty).into_iter().map(offer).collect()
    }

    fn references(&self, wanted: Wanted) -> Vec<Offer> {
        let offer = |(reference, definition): (String, &pt_spec::Definition)| {
            let kind = match definition.kind {
                Kind::Module => CompletionItemKind::MODULE,
                Kind::Template => CompletionItemKind::CLASS,
                Kind::Tool => CompletionItemKind::FUNCTION,
            };
            let info = definition.info.clone().unwrap_or_default();
            Offer { detail: Some(definition.kind.word().to_owned()), ..Offer::new(reference, kind, info) }
        };
        names::callable(self.view.project(), wanted).into_iter().map(offer).collect()
    }

    fn value(&self, slot: &Slot<'_>, site: &Site<'_>) -> (Vec<Offer>, IsWord) {
        if code::is_code(site) {
            return (code::offers(site, Some(slot)), code::in_word);
        }
        let written = before(site);
        if let Some(found) = text::offers(self.workspace, self.view, site, written) {
            return found;
        }
        let mut offers = Vec::new();
        if let Some(ty) = shape::type_at(self.view.project(), slot) {
            let literal = |word| Offer::new(word, CompletionItemKind::ENUM_MEMBER, "");
            offers.extend(shape::literals(&ty).into_iter().map(literal));
            if !shape::keys(&ty).is_empty() {
                offers.extend(self.keys(&Keys::Inside(slot.clone()), site));
            }
        }
        if "pt.".starts_with(written.trim_start()) {
            offers.extend(text::kinds());
        }
        (offers, in_reference)
    }
}

fn types(head: bool) -> Vec<Offer> {
    let atom = |atom: &Atom| Offer::new(atom.word(), CompletionItemKind::TYPE_PARAMETER, "");
    let compound = |(word, info)| Offer::new(word, CompletionItemKind::KEYWORD, info);
    let compounds = COMPOUNDS.into_iter().filter(|_| head).map(compound);
    compounds.chain(Atom::ALL.iter().map(atom)).collect()
}

fn steps(site: &Site<'_>) -> Vec<Offer> {
    let steps = site.within.as_ref().map(names::steps).unwrap_or_default();
    steps.into_iter().map(|step| Offer::new(step.id, CompletionItemKind::REFERENCE, "")).collect()
}
