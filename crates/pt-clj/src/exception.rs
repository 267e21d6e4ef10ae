//! Exceptions, and the classes they and other values say they are.

use std::sync::Arc;

use pt_edn::Span;

use crate::Value;
pub use crate::class::{Class, ClassInfo};
pub(crate) use crate::class::{class_named, class_of, is_a};

/// An exception as Clojure code sees it.
#[derive(Clone)]
pub struct Exception {
    /// Its class, such as `clojure.lang.ExceptionInfo`.
    pub class: Class,
    /// What went wrong.
    pub message: Option<String>,
    /// The map of an `ex-info`; nil otherwise.
    pub data: Value,
    /// The exception that led to it; nil if none.
    pub cause: Value,
}

impl Exception {
    /// An exception of a class named as in Clojure, `RuntimeException` for an unknown name.
    pub fn new(class: &str, message: impl Into<String>) -> Self {
        let class = crate::class::known(class);
        Self { class, message: Some(message.into()), data: Value::Nil, cause: Value::Nil }
    }

    /// What `(ex-info message data)` makes.
    pub fn info(message: impl Into<String>, data: Value) -> Self {
        let mut exception = Self::new("ExceptionInfo", message);
        exception.data = data;
        exception
    }

    /// One that says nothing.
    pub(crate) fn silent(class: &str) -> Self {
        Self { class: crate::class::known(class), message: None, data: Value::Nil, cause: Value::Nil }
    }

    /// The same as the consequence of another.
    #[must_use]
    pub(crate) fn by(mut self, cause: Value) -> Self {
        self.cause = cause;
        self
    }
}

impl std::fmt::Debug for Exception {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {:?}", self.class.full, self.message)
    }
}

impl Drop for Exception {
    fn drop(&mut self) {
        for value in [&mut self.data, &mut self.cause] {
            if crate::deep::holds_others(value) {
                crate::deep::drop_flat(std::mem::take(value));
            }
        }
    }
}

/// A thrown exception on its way.
#[derive(Clone)]
pub(crate) struct Thrown {
    pub(crate) exception: Arc<Exception>,
    pub(crate) span: Option<Span>,
    /// Where the functions were called that it left, from within outwards.
    pub(crate) calls: Vec<Span>,
    /// Whether it has left a function whose call has not been noted.
    pub(crate) left: bool,
    /// Set when the embedder stops the program: no `catch` sees it.
    pub(crate) stop: Option<Stop>,
    /// Names near one that could not be resolved.
    pub(crate) suggestions: Vec<String>,
}

impl Thrown {
    pub(crate) fn new(exception: Arc<Exception>) -> Self {
        Self { exception, span: None, calls: Vec::new(), left: false, stop: None, suggestions: Vec::new() }
    }
}

/// Why a program was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The interrupt flag was set.
    Interrupted,
    /// The deadline passed.
    Deadline,
    /// The fuel was used up.
    Fuel,
    /// The values took more memory than they may.
    Memory,
}

/// Why evaluation of a node did not end with a value.
pub(crate) enum Signal {
    /// Back to the nearest `loop` or function.
    Recur,
    Throw(Box<Thrown>),
}

impl From<Box<Thrown>> for Signal {
    fn from(thrown: Box<Thrown>) -> Self {
        Self::Throw(thrown)
    }
}

impl From<Exception> for Signal {
    #[cold]
    fn from(exception: Exception) -> Self {
        Arc::new(exception).into()
    }
}

impl From<Arc<Exception>> for Signal {
    #[cold]
    fn from(exception: Arc<Exception>) -> Self {
        Self::Throw(Box::new(Thrown::new(exception)))
    }
}

pub(crate) type Eval<T = Value> = Result<T, Signal>;
