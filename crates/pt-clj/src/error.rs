//! What the embedder hears when a program does not end with a value.

use std::sync::Arc;

use pt_edn::{ReadError, Span};

use crate::Value;
use crate::exception::{Exception, Signal, Stop};

/// Why a program has no value.
#[derive(Clone, Debug)]
pub struct Error {
    /// In Clojure's words.
    pub message: String,
    /// The innermost form at fault, in bytes of the source.
    pub span: Option<Span>,
    /// If that is in a function of the program: where it was called, and where its caller was, and so on; the last few.
    pub calls: Box<[Span]>,
    /// What was thrown, if something was.
    pub exception: Option<Arc<Exception>>,
    /// What kind of end it was.
    pub kind: ErrorKind,
    /// Names that are known and near one that is not.
    pub suggestions: Box<[String]>,
}

/// The kinds of end without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is not Clojure.
    Read,
    /// An exception nobody caught, with its class.
    Exception(&'static str),
    /// Stopped from outside.
    Stopped(Stop),
}

impl Error {
    /// The map of an `ex-info`.
    pub fn data(&self) -> Option<&Value> {
        self.exception.as_ref().map(|exception| &exception.data).filter(|data| !data.is_nil())
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self {
            message: error.message,
            span: Some(error.span),
            calls: Box::default(),
            exception: None,
            kind: ErrorKind::Read,
            suggestions: Box::default(),
        }
    }
}

impl From<Signal> for Error {
    fn from(signal: Signal) -> Self {
        let Signal::Throw(thrown) = signal else {
            let message = "Can only recur from tail position".to_owned();
            let kind = ErrorKind::Read;
            return Self {
                message,
                span: None,
                calls: Box::default(),
                exception: None,
                kind,
                suggestions: Box::default(),
            };
        };
        let exception = &thrown.exception;
        let kind = thrown.stop.map_or(ErrorKind::Exception(exception.class.full), ErrorKind::Stopped);
        Self {
            message: exception.message.clone().unwrap_or_else(|| exception.class.short().to_owned()),
            span: thrown.span,
            calls: thrown.calls.into(),
            exception: Some(Arc::clone(exception)),
            kind,
            suggestions: thrown.suggestions.into(),
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
