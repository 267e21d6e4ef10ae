//! What changes: atoms, volatiles, delays.

use std::sync::{Mutex, PoisonError};

use crate::Value;

/// An atom or a volatile.
pub struct Cell {
    value: Mutex<Value>,
    pub(crate) volatile: bool,
}

impl Cell {
    pub(crate) fn new(value: Value, volatile: bool) -> Self {
        Self { value: Mutex::new(value), volatile }
    }

    /// What it holds now.
    pub fn get(&self) -> Value {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, value: Value) -> Value {
        std::mem::replace(&mut *self.value.lock().unwrap_or_else(PoisonError::into_inner), value)
    }
}

/// A computation done once, when it is asked for.
pub struct Delay(pub(crate) Mutex<DelayState>);

#[derive(Clone)]
pub(crate) enum DelayState {
    Pending(Value),
    Done(Value),
}

impl Delay {
    pub(crate) fn new(thunk: Value) -> Self {
        Self(Mutex::new(DelayState::Pending(thunk)))
    }

    pub(crate) fn state(&self) -> DelayState {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn finish(&self, value: Value) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = DelayState::Done(value);
    }
}
