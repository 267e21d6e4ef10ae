//! `pt config`: the project as one polytope file.

mod spelling;

use std::io::Write;

use pt_server::{App, Environment};

use crate::cli::ConfigArgs;
use crate::failure::Outcome;
use crate::output::{self, Format};
use crate::targets;

/// Runs the command.
pub(crate) fn run(args: &ConfigArgs) -> Outcome {
    let app = App::open(Environment::read()?)?;
    let loaded = targets::readable(targets::project(&app, &args.project, &args.locks)?)?.loaded;
    let project = &loaded.project;
    let inside = project.definitions().flat_map(|definition| &definition.diagnostics);
    let findings: Vec<_> = loaded.diagnostics.iter().chain(inside).cloned().collect();
    targets::show(&findings, project.sources())?;
    let text = output::render(&spelling::project(project), args.output.unwrap_or(Format::Yaml), true)?;
    anstream::stdout().write_all(text.as_bytes())?;
    Ok(())
}
