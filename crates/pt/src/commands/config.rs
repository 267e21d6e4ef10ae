//! `pt config`: the project as one polytope file.

mod spelling;

use clap::Args;
use pt_server::{App, Environment};

use crate::cli::{LockArgs, OutputArgs, ProjectArgs};
use crate::failure::Outcome;
use crate::targets;

/// Shows the project as one polytope file.
///
/// What is included stands beside what the root file declares, of equal names
/// only the one that counts, all in today's spelling. What it prints can be used
/// in place of the project's own files.
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
    let inside = project.definitions().flat_map(|definition| &definition.diagnostics);
    let findings: Vec<_> = loaded.diagnostics.iter().chain(inside).cloned().collect();
    targets::show(&findings, project.sources())?;
    args.output.print(&spelling::project(project))
}
