//! References to modules, tools and templates.

use pt_syntax::{Diagnostic, ModuleRef, suggest};

use super::Project;
use crate::definition::{Definition, Kind, Wanted};

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
                None => self.own(reference, wanted),
            },
            Some((owner, _)) if self.standard.owns(owner) => match ModuleRef::parse(reference) {
                Ok(ModuleRef::Remote(remote)) => {
                    self.standard.module(&self.sources, &remote.project, remote.id.as_deref())
                }
                Ok(ModuleRef::Local(_)) | Err(_) => None,
            },
            Some(_) => return Err(Box::new(of_others(reference))),
        };
        found.ok_or_else(|| Box::new(self.unknown(from, reference)))
    }

    fn own(&self, name: &str, wanted: Wanted) -> Option<&Definition> {
        let order: &[bool] = match wanted {
            Wanted::Any => &[false, true],
            Wanted::Template => &[true],
            Wanted::Target => &[true, false],
        };
        let exact = order.iter().find_map(|template| {
            let names = if *template { &self.templates } else { &self.callables };
            names.get(name).map(|at| &self.definitions[*at])
        });
        // People write `get_dev_context` for `get-dev-context`.
        let plain = |id: &str| id.replace('_', "-");
        let like = |definition: &&Definition, template: bool| {
            (definition.kind == Kind::Template) == template && plain(&definition.id.text) == plain(name)
        };
        let similar = || {
            order
                .iter()
                .find_map(|template| self.definitions().find(|definition| like(definition, *template)))
        };
        exact.or_else(similar)
    }

    fn unknown(&self, from: Option<&Definition>, reference: &str) -> Diagnostic {
        let diagnostic =
            Diagnostic::error("unknown-name", format!("No module, tool or template named '{reference}'."));
        let in_standard = from.is_some_and(|definition| definition.origin.standard.is_some());
        let known: Vec<String> = if reference.contains('/') || in_standard {
            self.standard.references(&self.sources)
        } else {
            self.definitions().map(|definition| definition.id.text.clone()).collect()
        };
        match suggest(reference, known.iter().map(String::as_str)) {
            Some(near) => diagnostic.hint(format!("did you mean '{near}'?")),
            None => match self.standard.named(&self.sources, reference) {
                Some(standard) => diagnostic.hint(format!("did you mean '{standard}'?")),
                None => diagnostic,
            },
        }
    }
}

fn of_others(reference: &str) -> Diagnostic {
    let diagnostic =
        Diagnostic::error("unknown-name", format!("No module, tool or template named '{reference}'."));
    match ModuleRef::parse(reference) {
        Ok(_) => diagnostic
            .note("modules of other repositories are not supported; those of polytope/… are built in"),
        Err(bad) => diagnostic.note(bad.message),
    }
}
