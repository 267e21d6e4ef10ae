//! What changes: atoms, volatiles, refs, agents, delays.

use std::sync::Mutex;

use crate::Value;
use crate::map::{Map, Meta};
use crate::types::locked;

/// Which kind of cell it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CellKind {
    /// `(atom x)`
    Atom,
    /// `(volatile! x)`
    Volatile,
    /// `(ref x)`
    Ref,
    /// `(agent x)`
    Agent,
}

impl CellKind {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Atom => "Atom",
            Self::Volatile => "Volatile",
            Self::Ref => "Ref",
            Self::Agent => "Agent",
        }
    }
}

/// Something that holds one value after another.
pub struct Cell {
    value: Mutex<Value>,
    pub(crate) kind: CellKind,
    /// What few cells have.
    extras: Mutex<Option<Box<Extras>>>,
}

/// Metadata, the function that must accept new values, and those that want to hear of them.
#[derive(Clone, Default)]
pub(crate) struct Extras {
    pub(crate) meta: Meta,
    pub(crate) validator: Value,
    pub(crate) watches: Map,
}

impl Cell {
    pub(crate) fn new(value: Value, kind: CellKind) -> Self {
        Self { value: Mutex::new(value), kind, extras: Mutex::new(None) }
    }

    /// What it holds now.
    pub fn get(&self) -> Value {
        locked(&self.value).clone()
    }

    pub(crate) fn set(&self, value: Value) -> Value {
        std::mem::replace(&mut *locked(&self.value), value)
    }

    pub(crate) fn extras(&self) -> Option<Extras> {
        locked(&self.extras).as_deref().cloned()
    }

    pub(crate) fn change_extras(&self, change: impl FnOnce(&mut Extras)) {
        change(locked(&self.extras).get_or_insert_default());
    }
}

/// A computation done once, when it is asked for.
pub struct Delay(pub(crate) Mutex<DelayState>);

#[derive(Clone)]
pub(crate) enum DelayState {
    Pending(Value),
    Done(Value),
    Failed(std::sync::Arc<crate::Exception>),
}

impl Delay {
    pub(crate) fn new(thunk: Value) -> Self {
        Self(Mutex::new(DelayState::Pending(thunk)))
    }

    pub(crate) fn state(&self) -> DelayState {
        locked(&self.0).clone()
    }

    pub(crate) fn finish(&self, state: DelayState) {
        *locked(&self.0) = state;
    }
}
