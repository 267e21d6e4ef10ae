//! References to modules, tools and templates.

use pt_syntax::{Diagnostic, ModuleRef, Reading, references, suggest};

use super::Project;
use crate::definition::{Definition, Kind, OWN, Wanted};
use crate::lower::as_code_step;

/// Users add this module to their own file; it is there without that, too.
const BOILERPLATE: &str = "boilerplate";

/// What some documents call a module that users add to their own file.
const UV_ADD: (&str, &str) = ("uv-add", "add-package-python");

/// How many targets are named to somebody who named none of them.
const MAX_TARGETS: usize = 12;

/// The definition a reference names, or why there is none. The diagnostic has no place yet: who holds the reference
/// knows where it stood.
pub type Resolved<'p> = Result<&'p Definition, Box<Diagnostic>>;

impl Project {
    /// The definition that `reference` names inside `from`, or on the command line when there is no `from`.
    ///
    /// # Errors
    /// A diagnostic without a place when nothing has that name.
    pub fn resolve(&self, from: Option<&Definition>, reference: &str, wanted: Wanted) -> Resolved<'_> {
        let found = match reference.split_once('/') {
            None => match from.and_then(|definition| definition.origin.standard.as_deref()) {
                Some(project) => self.standard.module(&self.sources, project, Some(reference)),
                None => {
                    let namespace = from.map_or(OWN, |definition| definition.origin.namespace);
                    let built_in = || self.standard.module(&self.sources, BOILERPLATE, None);
                    self.named(namespace, reference, wanted)
                        .or_else(|| if reference == BOILERPLATE { built_in() } else { None })
                        .or_else(|| {
                            let (alias, id) = UV_ADD;
                            (reference == alias).then(|| self.named(namespace, id, wanted)).flatten()
                        })
                }
            },
            Some((owner, _)) if self.standard.owns(owner) => match ModuleRef::parse(reference) {
                Ok(ModuleRef::Remote(remote)) => {
                    self.standard.module(&self.sources, &remote.project, remote.id.as_deref())
                }
                Ok(ModuleRef::Local(_)) | Err(_) => None,
            },
            Some(_) => return self.of_others(reference, wanted),
        };
        found.ok_or_else(|| Box::new(self.unknown(from, reference, wanted)))
    }

    /// What a name means in a namespace.
    pub(super) fn named(&self, namespace: usize, name: &str, wanted: Wanted) -> Option<&Definition> {
        let names = &self.namespaces[namespace];
        let order: &[bool] = match wanted {
            Wanted::Any => &[false, true],
            Wanted::Template => &[true],
            Wanted::Target => &[true, false],
        };
        let exact = order.iter().find_map(|template| {
            let names = if *template { &names.templates } else { &names.callables };
            names.get(name).map(|at| &self.definitions[*at])
        });
        // People write `get_dev_context` for `get-dev-context`.
        let plain = |id: &str| id.replace('_', "-");
        let similar = || {
            let name = plain(name);
            order.iter().find_map(|template| {
                let names = if *template { &names.templates } else { &names.callables };
                let like = names.iter().filter(|(id, _)| plain(id) == name).map(|(_, at)| *at);
                // The first declared, in whatever order the names come.
                like.min().map(|at| &self.definitions[at])
            })
        };
        exact.or_else(similar)
    }

    /// The module that stands for all of a namespace: its default one, the one named like the project, the only one.
    pub(super) fn main_of(&self, namespace: usize, project: &str) -> Option<&Definition> {
        let names = &self.namespaces[namespace].callables;
        let of_it = |(_, at): (&String, &usize)| *at;
        let default = names.iter().map(of_it).filter(|at| self.definitions[*at].is_default).min();
        let named = || names.get(project).copied();
        let only = || if names.len() == 1 { names.values().next().copied() } else { None };
        default.or_else(named).or_else(only).map(|at| &self.definitions[at])
    }

    /// What a reference to another repository names.
    fn of_others(&self, reference: &str, wanted: Wanted) -> Resolved<'_> {
        let unknown =
            || Diagnostic::error("unknown-name", format!("No module, tool or template named '{reference}'."));
        let remote = match ModuleRef::parse(reference) {
            Ok(ModuleRef::Remote(remote)) => remote,
            Ok(ModuleRef::Local(_)) => return Err(Box::new(unknown())),
            Err(bad) => return Err(Box::new(unknown().note(bad.message))),
        };
        let namespace = match self.remotes.get(without_id(reference)) {
            Some(Ok(namespace)) => *namespace,
            Some(Err(why)) => {
                let standard = self.standard.references(&self.sources);
                let near = suggest(reference, standard.iter().map(String::as_str));
                return Err(Box::new(match near {
                    Some(near) => unknown().did_you_mean(Some(near)),
                    None => unknown().note(why),
                }));
            }
            None => return Err(Box::new(unknown().note("the repository was not fetched"))),
        };
        let found = match &remote.id {
            Some(id) => self.named(namespace, id, wanted),
            None => self.main_of(namespace, &remote.project),
        };
        let unnamed = || match &remote.id {
            Some(id) => {
                let known = self.namespaces[namespace].callables.keys().map(String::as_str);
                let near = suggest(id, known).map(|near| format!("{}!{near}", without_id(reference)));
                unknown().did_you_mean(near)
            }
            None => unknown()
                .note("none of its modules is its default one")
                .hint(format!("name the module: {reference}!my-module")),
        };
        found.ok_or_else(|| Box::new(unnamed()))
    }

    /// With what there is to run instead: templates, or else modules and tools.
    fn with_targets(&self, diagnostic: Diagnostic) -> Diagnostic {
        let of = |template: bool| -> Vec<&str> {
            let kind = |definition: &&Definition| (definition.kind == Kind::Template) == template;
            self.definitions().filter(kind).map(|definition| definition.id.text.as_str()).collect()
        };
        let (templates, others) = (of(true), of(false));
        let (word, names) = if templates.is_empty() { ("module", others) } else { ("template", templates) };
        let shown = names.len().min(MAX_TARGETS);
        let more =
            if names.len() > shown { format!(" and {} more", names.len() - shown) } else { String::new() };
        match names.as_slice() {
            [] => diagnostic,
            [only] => diagnostic.hint(format!("there is one {word}: {only}")),
            _ => diagnostic.hint(format!("there are these {word}s: {}{more}", names[..shown].join(", "))),
        }
    }

    fn unknown(&self, from: Option<&Definition>, reference: &str, wanted: Wanted) -> Diagnostic {
        let diagnostic =
            Diagnostic::error("unknown-name", format!("No module, tool or template named '{reference}'."));
        let in_standard = from.is_some_and(|definition| definition.origin.standard.is_some());
        let known: Vec<String> = if reference.contains('/') || in_standard {
            self.standard.references(&self.sources)
        } else {
            self.definitions().map(|definition| definition.id.text.clone()).collect()
        };
        let near = near_reference(reference, &known);
        let near = near.or_else(|| self.standard.named(&self.sources, reference));
        // `kafka!connct`: a standard module is meant even without its owner.
        let is_telling = reference.contains('!') && !reference.contains('/');
        let near = near.or_else(|| {
            let known = self.standard.references(&self.sources);
            near_reference(&format!("polytope/{reference}"), &known).filter(|_| is_telling)
        });
        if let Some(step) = as_code_step(reference).filter(|_| wanted != Wanted::Target) {
            return diagnostic
                .hint(format!("code is no name of a module: write a step that has it, `{step}`"));
        }
        if !matches!(references(reference), Reading::Literal) {
            return diagnostic
                .hint("what is called must be written as it is: references are replaced in args only");
        }
        if near.is_none() && wanted == Wanted::Target && !reference.contains('/') {
            return self.with_targets(diagnostic);
        }
        diagnostic.did_you_mean(near)
    }
}

/// The one of these that was meant. What stands before the last `/` is said of all in a project, and makes none likelier.
fn near_reference(reference: &str, known: &[String]) -> Option<String> {
    let (project, name) = reference.rsplit_once('/').unwrap_or(("", reference));
    let within: Vec<&str> =
        known.iter().filter_map(|known| known.strip_prefix(project)?.strip_prefix('/')).collect();
    if within.is_empty() {
        return suggest(reference, known.iter().map(String::as_str)).map(str::to_owned);
    }
    suggest(name, within).map(|near| format!("{project}/{near}"))
}

/// A reference up to its `!id`: the project.
pub(super) fn without_id(reference: &str) -> &str {
    reference.split_once('!').map_or(reference, |(project, _)| project)
}
