//! `pt schema`: what a polytope file looks like, for editors.

use std::io::Write;

use crate::failure::Outcome;

/// The JSON Schema, draft 2020-12.
const SCHEMA: &str = include_str!("schema.json");

/// Runs the command.
pub(crate) fn run() -> Outcome {
    anstream::stdout().write_all(SCHEMA.as_bytes())?;
    Ok(())
}
