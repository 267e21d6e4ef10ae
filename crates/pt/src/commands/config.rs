//! `pt config`: the project as one polytope file.

mod spelling;

use clap::Args;
use pt_server::{App, Environment};
use pt_spec::{Body, Definition, Step};
use pt_syntax::{Diagnostic, Severity};

use crate::cli::{LockArgs, OutputArgs, ProjectArgs};
use crate::failure::{Failure, Outcome};
use crate::targets;

/// Shows the project as one polytope file.
///
/// What is included stands beside what the root file declares, of equal names
/// only the one that counts, all in today's spelling. What it prints can be used
/// in place of the project's own files. What could not be understood of them is
/// told, left out, and makes the command fail.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) locks: LockArgs,
}

/// Runs the command.
pub(crate) fn run(args: &ConfigArgs) -> Outcome {
    let app = App::open(Environment::read()?)?;
    let loaded = targets::readable(targets::project(&app, &args.project, &args.locks)?)?.loaded;
    let project = &loaded.project;
    let inside = project.definitions().flat_map(inside);
    let triggers = project.triggers().iter().flat_map(|trigger| &trigger.diagnostics);
    let findings: Vec<_> = loaded.diagnostics.iter().chain(inside).chain(triggers).cloned().collect();
    targets::show(&findings, project.sources())?;
    args.output.print(&spelling::project(project))?;
    if findings.iter().all(|found| found.severity == Severity::Warning) {
        return Ok(());
    }
    let lost = "The project is not shown as a whole: what could not be understood is left out.";
    Err(Failure::new(lost).hint("Mend what is told above first; `pt check` tells all."))
}

/// What was found wrong with a definition and its steps.
fn inside(definition: &Definition) -> impl Iterator<Item = &Diagnostic> {
    let steps: &[Step] = if let Body::Steps(steps) = &definition.body { steps } else { &[] };
    definition.diagnostics.iter().chain(steps.iter().flat_map(|step| &step.diagnostics))
}
