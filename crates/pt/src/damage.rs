//! What of the state is damaged, told in passing.

use std::io::Write;

use pt_model::LogLine;
use pt_store::StoreError;

use crate::failure::Failure;

/// A line of a log; nothing for one that cannot be read, which is told.
pub(crate) fn told(line: Result<LogLine, StoreError>) -> Result<Option<LogLine>, Failure> {
    match line {
        Ok(line) => Ok(Some(line)),
        Err(error) if error.is_damage() => {
            warn(&error.to_string());
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Says what ends nothing.
pub(crate) fn warn(message: &str) {
    // Who does not read it cannot be told.
    drop(writeln!(anstream::stderr().lock(), "Warning: {message}"));
}
