//! `pt plan`: shows what would run. Nothing is started.

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_model::{Data, Text};
use pt_plan::Named;

use crate::cli::{ContextArgs, LockArgs, OutputArgs, ProjectArgs};
use crate::commands::run::listing;
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::targets;

/// Shows what would run, without starting anything.
///
/// It fails if a step of it would. Without a target, all targets of the project are
/// listed.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct PlanArgs {
    /// What would be run.
    #[arg(value_name = "target", add = ArgValueCandidates::new(complete::targets))]
    pub(crate) targets: Vec<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Takes unset values and secrets from the maps `values` and `secrets` of a file.
    #[arg(long, value_name = "path")]
    pub(crate) assume_values: Option<PathBuf>,
    /// Tells of each value where it came from: file, line and column, and the params it passed through.
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) locks: LockArgs,
}

/// Runs the command.
pub(crate) fn run(args: &PlanArgs, config: &Config) -> Outcome {
    let app = config.open(&args.context)?;
    let mut project = targets::load(&app, &args.project, &args.locks)?;
    let groups = targets::read(&args.targets, &mut project.loaded.project)?;
    let mut project = targets::readable(project)?;
    if groups.is_empty() {
        return listing::show(&project.loaded.project, "plan");
    }
    app.refer(&mut project, &groups);
    let assumed = Assumed::read(args)?;
    let planned = if args.explain {
        app.plan_with_provenance(&project, &groups, &assumed)?
    } else {
        app.plan(&project, &groups, &assumed)?
    };
    let startable = targets::show_findings(&project.loaded, &planned)?;
    let Some(plan) = &planned.plan else { return Err(Failure::silent(1)) };
    let mut out = anstream::stdout().lock();
    let sources = project.loaded.project.sources();
    let text = match (&args.output.output, args.explain) {
        (Some(_), false) => args.output.text(&pt_plan::describe(plan))?,
        (Some(_), true) => args.output.text(&pt_plan::explained(plan, sources))?,
        (None, false) => pt_plan::tree(plan),
        (None, true) => pt_plan::explain(plan, sources),
    };
    out.write_all(text.as_bytes())?;
    // A plan with a step that will fail is shown, but CI must hear of it.
    if startable && targets::doomed(plan).is_empty() { Ok(()) } else { Err(Failure::silent(1)) }
}

/// Values and secrets to take for those that are not set.
struct Assumed {
    values: HashMap<String, String>,
    secrets: HashMap<String, String>,
}

impl Assumed {
    fn read(args: &PlanArgs) -> Result<Self, Failure> {
        let assumed = match &args.assume_values {
            Some(path) => output::read_file(path)?,
            None => Data::Null,
        };
        let texts = |key: &str| -> HashMap<String, String> {
            let map = assumed.get(key).as_map();
            map.into_iter()
                .flatten()
                .map(|(name, data)| (name.to_string(), data.to_text().masked()))
                .collect()
        };
        Ok(Self { values: texts("values"), secrets: texts("secrets") })
    }
}

impl Named for Assumed {
    fn value(&self, name: &str) -> Option<String> {
        find(&self.values, name)
    }

    fn secret(&self, name: &str) -> Option<Text> {
        find(&self.secrets, name).map(Text::from)
    }
}

fn find(map: &HashMap<String, String>, name: &str) -> Option<String> {
    let near = || map.iter().find(|(other, _)| pt_store::same_name(other, name)).map(|(_, value)| value);
    map.get(name).or_else(near).cloned()
}
