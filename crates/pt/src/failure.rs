//! A command that failed: what it says, and with which code the process exits.

use std::fmt::Display;
use std::io;

use pt_server::AppError;

/// How a command ends.
pub(crate) type Outcome = Result<(), Failure>;

/// A failed command. It is shown in one place, `main`.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What is said; nothing when all has been said already.
    pub(crate) message: Option<String>,
    /// The way out.
    pub(crate) hint: Option<String>,
    /// The exit code: 1 it failed, 2 it was called wrongly, 130 it was interrupted.
    pub(crate) code: u8,
}

impl Failure {
    /// A failure with this message.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), hint: None, code: 1 }
    }

    /// The command was called wrongly.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, ..Self::new(message) }
    }

    /// A file that was named cannot be read.
    pub(crate) fn unreadable(path: impl Display, cause: &io::Error) -> Self {
        let cause = cause.to_string();
        // The system's number for it tells nobody anything.
        let words = cause.split(" (os error").next().unwrap_or_default();
        Self::usage(format!("Could not read {path}: {words}."))
    }

    /// Everything has been said.
    pub(crate) fn silent(code: u8) -> Self {
        Self { message: None, hint: None, code }
    }

    /// With the way out.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        match &error {
            AppError::File { path, cause } => Self::unreadable(path, cause),
            AppError::Backend(_)
            | AppError::Store(_)
            | AppError::SimScript(_)
            | AppError::NotTakenOver { .. }
            | AppError::Port { .. }
            | AppError::Socket { .. } => {
                Self { hint: error.hint().map(str::to_owned), ..Self::new(error.to_string()) }
            }
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // Whoever read our output has gone, as `pt logs | head` does: nothing to say.
        if error.kind() == io::ErrorKind::BrokenPipe { Self::silent(0) } else { Self::new(error.to_string()) }
    }
}
