//! The values and secrets that are set.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pt_model::{CodeLimits, Text};
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
///
/// The store is asked once for a name: a plan needs the same in thousands of places, and the same answer in all of them.
pub struct NamedInStore<'a> {
    store: &'a Store,
    scope: Scope,
    assumed: &'a (dyn Named + Sync),
    limits: CodeLimits,
    values: Answers<String>,
    secrets: Answers<Text>,
    /// The first that is set and cannot be read: nobody may take it for one that is not set.
    unreadable: Mutex<Option<StoreError>>,
}

/// What was answered, by what was asked for.
type Answers<T> = Mutex<HashMap<String, Option<T>>>;

impl<'a> NamedInStore<'a> {
    /// What is set in this scope, and what all code may use up.
    pub fn new(store: &'a Store, scope: Scope, assumed: &'a (dyn Named + Sync), limits: CodeLimits) -> Self {
        let (values, secrets) = (Answers::default(), Answers::default());
        Self { store, scope, assumed, limits, values, secrets, unreadable: Mutex::default() }
    }

    /// What was found with its help, unless something that is set could not be read.
    pub(crate) fn checked<T>(self, found: T) -> Result<T, StoreError> {
        let unreadable = self.unreadable.into_inner().unwrap_or_else(PoisonError::into_inner);
        unreadable.map_or(Ok(found), Err)
    }

    fn read<T>(&self, found: Result<Option<T>, StoreError>) -> Option<T> {
        found.unwrap_or_else(|error| {
            locked(&self.unreadable).get_or_insert(error);
            None
        })
    }
}

impl Named for NamedInStore<'_> {
    fn value(&self, name: &str) -> Option<String> {
        once(&self.values, name, || {
            let set = self.read(self.store.value(&self.scope, name)).map(|value| value.data);
            set.or_else(|| self.assumed.value(name))
        })
    }

    fn secret(&self, name: &str) -> Option<Text> {
        once(&self.secrets, name, || {
            let set = self.read(self.store.secret(&self.scope, name)).map(Text::from);
            set.or_else(|| self.assumed.secret(name))
        })
    }

    fn limits(&self) -> CodeLimits {
        self.limits
    }

    fn minds_order(&self) -> bool {
        self.assumed.minds_order()
    }
}

fn once<T: Clone>(answers: &Answers<T>, name: &str, ask: impl FnOnce() -> Option<T>) -> Option<T> {
    let mut answers = locked(answers);
    if let Some(known) = answers.get(name) {
        return known.clone();
    }
    answers.entry(name.to_owned()).or_insert(ask()).clone()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
