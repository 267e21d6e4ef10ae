//! What is the same at every call of a definition.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::fast::RandomState;
use pt_model::{Data, Key, Map};
use pt_spec::{Body, Definition, Project};
use pt_syntax::Diagnostic;

use crate::plan::{Home, Snippet};
use crate::snippet::snippet;

/// A definition as those need it who call it many times.
pub(crate) struct Prepared {
    /// What each param is when nothing is given for it; null where something must be given.
    pub(crate) unset: Map,
    /// Places of the params for which something must be given.
    pub(crate) required: Vec<usize>,
    /// What only code needs.
    of_code: OnceCell<OfCode>,
}

/// What is the same at every run of code.
pub(crate) struct OfCode {
    /// Places of the params whose values may hold services.
    pub(crate) serving: Vec<usize>,
    /// Where the code finds itself.
    pub(crate) home: Home,
    /// The definition's own code, if that is what it is.
    pub(crate) snippet: Option<Result<Snippet, Box<Diagnostic>>>,
}

/// The definitions of one project that were called so far. Planners of the same project can hand it on.
#[derive(Default)]
pub(crate) struct AllPrepared(HashMap<*const Definition, Rc<Prepared>, RandomState>);

impl AllPrepared {
    /// What there is to know of a definition.
    pub(crate) fn of(&mut self, definition: &Definition) -> Rc<Prepared> {
        let made = || Rc::new(Prepared::new(definition));
        Rc::clone(self.0.entry(std::ptr::from_ref(definition)).or_insert_with(made))
    }
}

impl Prepared {
    fn new(definition: &Definition) -> Self {
        let mut unset = Map::with_capacity_and_hasher(definition.params.len(), RandomState::default());
        let mut required = Vec::new();
        for (at, param) in definition.params.iter().enumerate() {
            let value = param.ty.check(&Data::Null).unwrap_or_else(|_| {
                required.push(at);
                Data::Null
            });
            unset.insert(Key::from(param.id.text.as_str()), value);
        }
        Self { unset, required, of_code: OnceCell::new() }
    }

    /// What there is to know of the code of a definition of `project`, or in it.
    pub(crate) fn of_code(&self, definition: &Definition, project: &Project) -> &OfCode {
        self.of_code.get_or_init(|| {
            let snippet = match &definition.body {
                Body::Code(node) => Some(snippet(node)),
                Body::Call { .. } | Body::Steps(_) | Body::Nothing => None,
            };
            let params = definition.params.iter().enumerate();
            let serving = params.filter(|(_, param)| param.ty.holds_services()).map(|(at, _)| at).collect();
            OfCode { serving, home: home(definition, project), snippet }
        })
    }
}

fn home(definition: &Definition, project: &Project) -> Home {
    let dir = Arc::clone(&definition.origin.dir);
    if let Some(repository) = definition.origin.repository.as_deref() {
        let reference: Arc<str> = repository.reference.as_str().into();
        return Home {
            dir,
            repo_ref: Some(Arc::clone(&reference)),
            project_ref: Some(reference),
            checkout: Some(Arc::clone(&repository.dir)),
            args: None,
        };
    }
    let (project_ref, repo_ref) = match &definition.origin.standard {
        Some(name) => (format!("polytope/{name}"), format!("polytope/{name}/{name}")),
        None => {
            let name = project.id();
            (format!("local/{name}"), format!("local/{name}/{name}"))
        }
    };
    Home {
        dir,
        repo_ref: Some(repo_ref.into()),
        project_ref: Some(project_ref.into()),
        checkout: None,
        args: None,
    }
}
