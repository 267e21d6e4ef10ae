//! `pt export`: what would run, for other tools.

use std::io::Write;

use clap::{Args, Subcommand};
use pt_convert::{Exported, export_compose, export_kubernetes};
use pt_model::{Masker, Secret, Text};
use pt_plan::{Named, Plan};

use crate::cli::{ContextArgs, LockArgs, ProjectArgs};
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::targets;

/// Prints what would run as a file for another tool.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    pub(crate) to: ExportTo,
}

/// The other tools.
#[derive(Debug, Subcommand)]
pub(crate) enum ExportTo {
    /// Prints the containers of a plan as a Compose file.
    /// Secrets become variables. What cannot be said there is said on stderr.
    #[command(verbatim_doc_comment)]
    Compose(ExportedArgs),
    /// Prints the containers of a plan as Kubernetes manifests.
    /// Secrets are read from a Kubernetes secret. What cannot be said there is said on
    /// stderr.
    #[command(alias = "k8s", verbatim_doc_comment)]
    Kubernetes(ExportedArgs),
}

/// What is exported.
#[derive(Debug, Args)]
pub(crate) struct ExportedArgs {
    /// What would be run.
    #[arg(value_name = "target", required = true)]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// Runs the command.
pub(crate) fn run(args: &ExportArgs, config: &Config) -> Outcome {
    let (export, to): (fn(&Plan) -> Exported, _) = match &args.to {
        ExportTo::Compose(to) => (export_compose, to),
        ExportTo::Kubernetes(to) => (export_kubernetes, to),
    };
    let app = config.open(&to.context)?;
    let mut project = targets::load(&app, &to.project, &LockArgs::default())?;
    let groups = targets::read(&to.targets, &mut project.loaded.project)?;
    let mut project = targets::readable(project)?;
    app.refer(&mut project, &groups);
    let planned = app.plan(&project, &groups, &AnySecret)?;
    let Some(plan) = targets::startable(&project.loaded, planned)? else { return Err(Failure::silent(1)) };
    // Why is shown already. A file with less than was asked for is taken for all of it.
    if !targets::doomed(&plan).is_empty() {
        return Err(Failure::silent(1));
    }
    let mut masker = Masker::default();
    plan.secrets.iter().for_each(|secret| masker.add(secret.clone()));
    let exported = export(&plan);
    let mut out = anstream::stdout().lock();
    let mut hidden = false;
    for (number, document) in exported.documents.iter().enumerate() {
        let between = if number > 0 { "---\n" } else { "" };
        // Where neither tool takes a secret from elsewhere, its name is all that goes along.
        let rendered = output::render(document, Format::Yaml, true)?;
        let document = masker.mask(&rendered);
        hidden |= document != rendered;
        write!(out, "{between}{document}")?;
    }
    let mut err = anstream::stderr().lock();
    if hidden {
        writeln!(err, "Note: Where it says [secret NAME], no secret can be read: put something else there.")?;
    }
    exported.notes.iter().try_for_each(|note| writeln!(err, "Note: {}", masker.mask(note)))?;
    Ok(())
}

/// Secrets that are not set: what they are does not matter, since none goes along.
struct AnySecret;

impl Named for AnySecret {
    fn value(&self, _: &str) -> Option<String> {
        None
    }

    fn secret(&self, name: &str) -> Option<Text> {
        // What code gives back is searched for this text: it must stand for this secret and for nothing else.
        Some(Text::from(Secret::new(name, format!("\u{2}secret {name}\u{3}"))))
    }
}
