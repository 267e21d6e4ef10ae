//! What the words of a file stand for.

use std::collections::HashMap;
use std::path::Path;

use pt_eval::{FUNCTIONS, RunnerFunction};
use pt_model::camel;
use pt_spec::{Atom, Definition, Kind, Param, Type, Wanted};
use pt_syntax::{Node, ReferenceKind, Span};

use crate::keys::{self, COMPOUNDS, Key};
use crate::mention::{What, mentions};
use crate::names;
use crate::shape;
use crate::site::{Call, Keys, Role, Site, Within, sites};
use crate::workspace::View;

/// What a word stands for.
#[derive(Clone)]
pub(crate) enum Subject<'v> {
    /// A module, template or tool, and how it is referred to.
    Definition(String, &'v Definition),
    /// A param of a definition.
    Param(&'v Param),
    /// A named value or secret.
    Named(ReferenceKind, String),
    /// A step of the same definition; where its id stands.
    Step(String, Span),
    /// A function of the runner.
    Function(&'static RunnerFunction),
    /// A key of the language.
    Key(&'static Key),
    /// A key inside an arg, and its type.
    Field(String, Type),
    /// A word of the language of types.
    Type(&'static str, &'static str),
    /// A file or directory to include.
    Include(String),
}

impl Subject<'_> {
    /// Whether both are the same thing.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Definition(_, one), Self::Definition(_, two)) => std::ptr::eq(*one, *two),
            (Self::Param(one), Self::Param(two)) => std::ptr::eq(*one, *two),
            (Self::Named(kind, one), Self::Named(other, two)) => kind == other && one == two,
            (Self::Step(_, one), Self::Step(_, two)) => one == two,
            _ => false,
        }
    }
}

/// A word and what it stands for.
pub(crate) struct Found<'v> {
    pub(crate) subject: Subject<'v>,
    pub(crate) span: Span,
    pub(crate) spelling: Spelling,
}

/// How a word spells what it stands for; renaming keeps to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As it is declared.
    Declared,
    /// In camel case.
    Camel,
    /// Where it is declared.
    Declaration,
    /// In `{:keys [port]} params`, where it names a local, too; `:keys` begins at this byte.
    Keys(u32),
    /// In `{ dbHost } = params`, where it names a variable, too.
    Shorthand,
}

/// The words of a file that stand for something.
pub(crate) fn subjects<'v>(view: &'v View, path: &Path, text: &str, root: &Node) -> Vec<Found<'v>> {
    let project = view.project();
    let mut own = HashMap::new();
    for definition in project.definitions() {
        own.insert((definition.kind, definition.id.text.as_str()), definition);
    }
    let file = project
        .definitions()
        .map(|definition| definition.origin.file)
        .find(|file| view.file(*file).as_deref() == Some(path));
    let reader = Reader { view, text, own, file };
    let mut found = Vec::new();
    for site in sites(root) {
        reader.site(&site, &mut found);
    }
    found
}

struct Reader<'v, 't> {
    view: &'v View,
    text: &'t str,
    own: HashMap<(Kind, &'v str), &'v Definition>,
    file: Option<pt_syntax::SourceId>,
}

impl<'v> Reader<'v, '_> {
    fn site(&self, site: &Site<'_>, found: &mut Vec<Found<'v>>) {
        let span = bare(self.text, site.span);
        let mut add = |subject: Option<Subject<'v>>, spelling| {
            found.extend(subject.map(|subject| Found { subject, span, spelling }));
        };
        match &site.role {
            Role::Key(keys) => add(self.key(keys, site.text), Spelling::Declared),
            Role::DefinitionId => {
                let definition = site.within.and_then(|within| self.definition(within));
                let subject = definition.map(|of| Subject::Definition(of.id.text.clone(), of));
                add(subject, Spelling::Declaration);
            }
            Role::ParamId => {
                add(self.param(site.within, |id| id == site.text), Spelling::Declaration);
            }
            Role::Reference(wanted) => add(self.reference(site.text, *wanted), Spelling::Declared),
            Role::BareStep => add(self.reference(site.text, Wanted::Any), Spelling::Declared),
            Role::Type { .. } => add(type_word(site.text), Spelling::Declared),
            Role::StepId => add(Some(Subject::Step(site.text.to_owned(), span)), Spelling::Declaration),
            Role::StepName => add(self.step(site.within, site.text), Spelling::Declared),
            Role::Include => add(Some(Subject::Include(site.text.to_owned())), Spelling::Declared),
            Role::Value(_) | Role::Code => self.text(site, found),
            Role::Condition | Role::Flag | Role::Other => {}
        }
    }

    fn key(&self, keys: &Keys<'_>, word: &str) -> Option<Subject<'v>> {
        let Keys::Inside(slot) = keys else {
            return keys::known(keys).iter().find(|key| key.word == word).map(Subject::Key);
        };
        let project = self.view.project();
        if slot.path.is_empty() {
            return shape::callee(project, slot.call)?.param(word).map(Subject::Param);
        }
        let (_, ty) =
            shape::keys(&shape::type_at(project, slot)?).into_iter().find(|(key, _)| key == word)?;
        Some(Subject::Field(word.to_owned(), ty))
    }

    fn definition(&self, within: Within<'_>) -> Option<&'v Definition> {
        let definition = *self.own.get(&(within.kind, within.id?))?;
        (Some(definition.origin.file) == self.file).then_some(definition)
    }

    fn param(&self, within: Option<Within<'_>>, is: impl Fn(&str) -> bool) -> Option<Subject<'v>> {
        let params = &self.definition(within?)?.params;
        params.iter().find(|param| is(&param.id.text)).map(Subject::Param)
    }

    fn reference(&self, text: &str, wanted: Wanted) -> Option<Subject<'v>> {
        let definition = shape::callee(self.view.project(), Call { reference: Some(text), wanted })?;
        Some(Subject::Definition(text.to_owned(), definition))
    }

    /// A step without an id of its own is called like what it runs.
    fn step(&self, within: Option<Within<'_>>, name: &str) -> Option<Subject<'v>> {
        let step = names::steps(&within?).into_iter().find(|step| step.id == name)?;
        match step.runs {
            Some(reference) => self.reference(reference, Wanted::Any),
            None => Some(Subject::Step(step.id, bare(self.text, step.span))),
        }
    }

    fn text(&self, site: &Site<'_>, found: &mut Vec<Found<'v>>) {
        for mention in mentions(site, self.text) {
            let name = mention.name;
            let mut spelling = Spelling::Declared;
            let subject = match mention.what {
                What::Reference(ReferenceKind::Param) => self.param(site.within, |id| id == name),
                What::Reference(kind @ (ReferenceKind::Value | ReferenceKind::Secret)) => {
                    Some(Subject::Named(kind, name))
                }
                What::Reference(ReferenceKind::Output) => self.step(site.within, &name),
                What::CamelParam | What::Shorthand => {
                    let shorthand = mention.what == What::Shorthand;
                    spelling = if shorthand { Spelling::Shorthand } else { Spelling::Camel };
                    self.param(site.within, |id| camel(id) == name || id == name)
                }
                What::Destructured { from } => {
                    spelling = Spelling::Keys(from);
                    self.param(site.within, |id| id == name)
                }
                What::Function => {
                    FUNCTIONS.iter().find(|function| function.name == name).map(Subject::Function)
                }
            };
            found.extend(subject.map(|subject| Found { subject, span: mention.span, spelling }));
        }
    }
}

/// The place of a word without its quotes, or the colon of a keyword.
fn bare(text: &str, span: Span) -> Span {
    let written = text.get(span.start as usize..span.end as usize).unwrap_or_default();
    match written.as_bytes() {
        [b'"', .., b'"'] | [b'\'', .., b'\''] => Span { start: span.start + 1, end: span.end - 1, ..span },
        [b':', ..] => Span { start: span.start + 1, ..span },
        _ => span,
    }
}

fn type_word(word: &str) -> Option<Subject<'static>> {
    if let Some((word, info)) = COMPOUNDS.iter().find(|(compound, _)| *compound == word) {
        return Some(Subject::Type(word, info));
    }
    Atom::from_word(word).map(|atom| Subject::Type(atom.word(), ""))
}
