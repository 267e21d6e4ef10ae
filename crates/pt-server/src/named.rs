//! The values and secrets that are set.

use std::cell::RefCell;

use pt_model::Text;
use pt_plan::Named;
use pt_store::{Scope, Store, StoreError};

/// No value and no secret.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unset;

impl Named for Unset {
    fn value(&self, _: &str) -> Option<String> {
        None
    }

    fn secret(&self, _: &str) -> Option<Text> {
        None
    }
}

/// Values and secrets as the store has them, else as they are assumed.
pub(crate) struct NamedInStore<'a> {
    store: &'a Store,
    scope: Scope,
    assumed: &'a dyn Named,
    /// The first that is set and cannot be read: nobody may take it for one that is not set.
    unreadable: RefCell<Option<StoreError>>,
}

impl<'a> NamedInStore<'a> {
    pub(crate) fn new(store: &'a Store, scope: Scope, assumed: &'a dyn Named) -> Self {
        Self { store, scope, assumed, unreadable: RefCell::default() }
    }

    /// What was found with its help, unless something that is set could not be read.
    pub(crate) fn checked<T>(self, found: T) -> Result<T, StoreError> {
        self.unreadable.into_inner().map_or(Ok(found), Err)
    }

    fn read<T>(&self, found: Result<Option<T>, StoreError>) -> Option<T> {
        found.unwrap_or_else(|error| {
            self.unreadable.borrow_mut().get_or_insert(error);
            None
        })
    }
}

impl Named for NamedInStore<'_> {
    fn value(&self, name: &str) -> Option<String> {
        let set = self.read(self.store.value(&self.scope, name)).map(|value| value.data);
        set.or_else(|| self.assumed.value(name))
    }

    fn secret(&self, name: &str) -> Option<Text> {
        let set = self.read(self.store.secret(&self.scope, name)).map(Text::from);
        set.or_else(|| self.assumed.secret(name))
    }
}
