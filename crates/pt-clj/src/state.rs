//! What changes: atoms, volatiles, refs, agents, delays and futures.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::Value;
use crate::deep::drop_flat;
use crate::exception::Exception;
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
    pub(crate) failing: Failing,
}

/// What an agent does with an exception of an action, and the one that stopped it.
#[derive(Clone, Default)]
pub(crate) struct Failing {
    pub(crate) error: Value,
    pub(crate) handler: Value,
    /// `:continue` or `:fail`; nil where nobody said.
    pub(crate) mode: Value,
}

impl Drop for Cell {
    fn drop(&mut self) {
        drop_flat(std::mem::take(&mut *locked(&self.value)));
    }
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

/// A computation done once, when it is asked for: a delay, or a future, whose turn comes at the latest when the code ends.
pub struct Delay {
    state: Mutex<DelayState>,
    pub(crate) is_future: bool,
    /// Whether somebody wanted to know if a future is done.
    asked: AtomicBool,
}

#[derive(Clone)]
pub(crate) enum DelayState {
    Pending(Value),
    Done(Value),
    Failed(Arc<Exception>),
    Cancelled,
}

impl Drop for Delay {
    fn drop(&mut self) {
        drop_flat(std::mem::replace(&mut *locked(&self.state), DelayState::Cancelled));
    }
}

impl Delay {
    pub(crate) fn new(thunk: Value) -> Self {
        Self::made(thunk, false)
    }

    pub(crate) fn future(thunk: Value) -> Self {
        Self::made(thunk, true)
    }

    fn made(thunk: Value, is_future: bool) -> Self {
        Self { state: Mutex::new(DelayState::Pending(thunk)), is_future, asked: AtomicBool::new(false) }
    }

    pub(crate) fn state(&self) -> DelayState {
        locked(&self.state).clone()
    }

    pub(crate) fn finish(&self, state: DelayState) {
        *locked(&self.state) = state;
    }

    pub(crate) fn is_pending(&self) -> bool {
        matches!(*locked(&self.state), DelayState::Pending(_))
    }

    /// Remembers that somebody asked; whether that was so before.
    pub(crate) fn ask(&self) -> bool {
        self.asked.swap(true, Ordering::Relaxed)
    }
}
