//! Why code has no value.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use pt_model::Failure;

/// Why a piece of code has no value.
#[derive(Clone, Debug, PartialEq)]
pub struct EvalError {
    /// What kind of end it was.
    pub kind: EvalErrorKind,
    /// What went wrong, in a line.
    pub message: String,
    /// Where, in bytes of the snippet's text.
    pub range: Option<Range<usize>>,
    /// If that is in a function of the snippet: where it was called, and where its caller was, and so on; the last few.
    pub calls: Vec<Range<usize>>,
    /// The way out.
    pub hint: Option<String>,
}

/// The ways in which code can end without a value.
#[derive(Clone, Debug, PartialEq)]
pub enum EvalErrorKind {
    /// A mistake in the code: it cannot be read, or it threw.
    Code,
    /// `pt/fail`, or another call to the runner that failed, and nobody caught it.
    Failed(Box<Failure>),
    /// Stopped from outside.
    Interrupted,
    /// It ran longer than it may.
    TimedOut,
    /// Its data take more memory than they may.
    OutOfMemory,
}

/// What code has used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Its time.
    Time,
    /// Its memory.
    Memory,
    /// The levels of calls within calls.
    Depth,
}

impl Limit {
    /// The key of `limits` that sets it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Memory => "memory",
            Self::Depth => "depth",
        }
    }
}

/// How languages begin to say that calls stand within one another too deeply, and how deeply they may unless told otherwise.
/// Code can catch that.
const TOO_DEEP: [(&str, u32); 3] = [
    ("StackOverflowError", pt_clj::Limits::DEPTH),
    ("RangeError: Maximum call stack size exceeded", 1000),
    ("RecursionError: maximum recursion depth exceeded", 1000),
];

/// Calls that an error tells of.
const MOST_CALLS: usize = 5;

impl EvalError {
    pub(crate) fn new(kind: EvalErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), range: None, calls: Vec::new(), hint: None }
    }

    pub(crate) fn code(message: impl Into<String>) -> Self {
        Self::new(EvalErrorKind::Code, message)
    }

    pub(crate) fn failed(failure: Failure) -> Self {
        let message = failure.message.clone();
        Self::new(EvalErrorKind::Failed(Box::new(failure)), message)
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(EvalErrorKind::Interrupted, "The code was stopped.")
    }

    pub(crate) fn timed_out(time: Option<Duration>) -> Self {
        let limit = time.map_or_else(|| "it may".to_owned(), |time| format!("{time:?}"));
        Self::new(EvalErrorKind::TimedOut, format!("The code ran longer than {limit}."))
    }

    pub(crate) fn memory(bytes: usize) -> Self {
        let size = match bytes {
            _ if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
            _ if bytes.is_multiple_of(1_000_000) => format!("{} MB", bytes / 1_000_000),
            _ if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
            _ => format!("{bytes} bytes"),
        };
        Self::new(EvalErrorKind::OutOfMemory, format!("The code needs more than {size} of memory."))
    }

    /// What the code has used up, if that ended it.
    pub fn limit(&self) -> Option<Limit> {
        match self.kind {
            EvalErrorKind::TimedOut => Some(Limit::Time),
            EvalErrorKind::OutOfMemory => Some(Limit::Memory),
            EvalErrorKind::Code if self.usual_depth().is_some() => Some(Limit::Depth),
            EvalErrorKind::Code | EvalErrorKind::Failed(_) | EvalErrorKind::Interrupted => None,
        }
    }

    /// If calls went too deep: how deep its language lets them go where nobody said anything.
    pub fn usual_depth(&self) -> Option<u32> {
        TOO_DEEP.iter().find(|(head, _)| self.message.starts_with(head)).map(|(_, usual)| *usual)
    }

    /// The same with a way out.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With what was called where, from within outwards. Of what calls itself one place is enough.
    pub(crate) fn called(mut self, calls: impl IntoIterator<Item = Range<usize>>) -> Self {
        for call in calls {
            let known = self.calls.contains(&call) || self.range.as_ref() == Some(&call);
            if !known && self.calls.len() < MOST_CALLS {
                self.calls.push(call);
            }
        }
        self
    }

    pub(crate) fn at(mut self, range: Option<Range<usize>>) -> Self {
        self.range = range;
        self
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}
