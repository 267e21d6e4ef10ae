//! Words that mean nothing, and what may have been meant.

use std::sync::Arc;

use pt_edn::{Name, Span};

use super::Analyser;
use crate::core;
use crate::exception::{Eval, Exception, Signal, Thrown};
use crate::suggest;

impl Analyser<'_, '_> {
    #[cold]
    pub(super) fn unresolved<T>(&self, name: &Name, span: Span) -> Eval<T> {
        let message = match name.namespace() {
            Some(namespace) if self.is_namespace(namespace) => format!("No such var: {name}"),
            Some(_) | None => format!("Unable to resolve symbol: {name}"),
        };
        let exception = Arc::new(Exception::new("RuntimeException", message));
        let suggestions = self.near(name);
        Err(Signal::Throw(Box::new(Thrown { span: Some(span), suggestions, ..Thrown::new(exception) })))
    }

    fn is_namespace(&self, alias: &str) -> bool {
        self.context.spaces.is_known(self.context.spaces.full(alias))
    }

    /// Names near it, as one would write them here.
    fn near(&self, name: &Name) -> Vec<String> {
        let Some(alias) = name.namespace() else {
            let locals = self.scopes.iter().flat_map(|scope| &scope.locals);
            let locals = locals.map(|local| local.name.clone().into_string());
            return suggest::near(name.as_str(), self.names().chain(locals).collect());
        };
        let local = name.local();
        if self.is_namespace(alias) {
            let near = suggest::near(local, self.names_of(self.context.spaces.full(alias)));
            return near.into_iter().map(|local| format!("{alias}/{local}")).collect();
        }
        let mut aliases = self.context.spaces.all_aliases();
        aliases.retain(|(_, full)| self.names_of(full).iter().any(|known| known == local));
        let near = suggest::near(alias, aliases.into_iter().map(|(alias, _)| alias.into_string()).collect());
        near.into_iter().map(|alias| format!("{alias}/{local}")).collect()
    }

    /// Those of the core, and what the program defined.
    fn names(&self) -> impl Iterator<Item = String> {
        let own = self.context.names.keys().filter(|name| !name.starts_with("clojure."));
        core::names().chain(own.map(|name| name.clone().into_string()))
    }

    fn names_of(&self, namespace: &str) -> Vec<String> {
        let local = |name: String| match name.split_once('/') {
            Some((of, local)) => (of == namespace).then(|| local.to_owned()),
            None => (namespace == "clojure.core").then_some(name),
        };
        self.names().filter_map(local).collect()
    }
}
