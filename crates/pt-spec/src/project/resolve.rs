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
            Some((owner, _)) if self.standard.owns(owner) => {
                let parsed = ModuleRef::parse(reference);
                parsed.and_then(|parsed| match parsed {
                    ModuleRef::Remote { project, module, .. } => {
                        self.standard.module(&self.sources, &project, module.as_deref())
                    }
                    ModuleRef::Local(_) => None,
                })
            }
            Some(_) => return Err(Box::new(not_supported(reference))),
        };
        found.ok_or_else(|| Box::new(self.unknown(from, reference)))
    }

    fn own(&self, name: &str, wanted: Wanted) -> Option<&Definition> {
        let exact = |template: bool| {
            let names = if template { &self.templates } else { &self.callables };
            names.get(name).map(|at| &self.definitions[*at])
        };
        let similar = |template: bool| {
            let plain = |id: &str| id.replace('_', "-");
            self.definitions().find(|d| (d.kind == Kind::Template) == template && plain(&d.id.text) == plain(name))
        };
        let order: &[bool] = match wanted {
            Wanted::Any => &[false, true],
            Wanted::Template => &[true],
            Wanted::Target => &[true, false],
        };
        let find = |look: &dyn Fn(bool) -> Option<&_>| order.iter().find_map(|template| look(*template));
        find(&exact).or_else(|| find(&similar))
    }

    fn unknown(&self, from: Option<&Definition>, reference: &str) -> Diagnostic {
        let diagnostic = Diagnostic::error(
            "unknown-name",
            format!("No module, tool or template named '{reference}'."),
        );
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

fn not_supported(reference: &str) -> Diagnostic {
    Diagnostic::error("unknown-name", format!("No module, tool or template named '{reference}'."))
        .note("modules of other repositories are not supported yet; those of polytope/… are built in")
}
