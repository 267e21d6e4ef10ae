//! `pt export`: what would run, for other tools.

use std::io::Write;

use pt_convert::{Exported, export_compose, export_kubernetes};
use pt_model::{Secret, Text};
use pt_plan::{Named, Plan};
use pt_server::{App, Environment};

use crate::cli::{ExportArgs, ExportTo, LockArgs};
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format};
use crate::targets;

/// Runs the command.
pub(crate) fn run(args: &ExportArgs, config: &Config) -> Outcome {
    let (export, to): (fn(&Plan) -> Exported, _) = match &args.to {
        ExportTo::Compose(to) => (export_compose, to),
        ExportTo::Kubernetes(to) => (export_kubernetes, to),
    };
    let context = config.context(to.context.context.as_deref())?;
    let app = App::open(Environment::read()?)?;
    let mut project = targets::load(&app, &to.project, &LockArgs::default(), &context)?;
    let groups = targets::read(&to.targets, &mut project.loaded.project)?;
    let mut project = targets::readable(project)?;
    app.refer(&mut project, &groups);
    let planned = app.plan(&project, &groups, &AnySecret)?;
    let Some(plan) = targets::startable(&project.loaded, planned)? else { return Err(Failure::silent(1)) };
    let exported = export(&plan);
    let mut out = anstream::stdout().lock();
    for (number, document) in exported.documents.iter().enumerate() {
        let between = if number > 0 { "---\n" } else { "" };
        write!(out, "{between}{}", output::render(document, Format::Yaml, true)?)?;
    }
    let mut err = anstream::stderr().lock();
    exported.notes.iter().try_for_each(|note| writeln!(err, "Note: {note}"))?;
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
