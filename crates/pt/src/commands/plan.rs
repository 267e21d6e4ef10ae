//! `pt plan`: shows what would run. Nothing is started.

use std::collections::HashMap;
use std::io::Write;

use pt_model::{Data, Text};
use pt_plan::Named;
use pt_server::{App, Environment};

use crate::cli::PlanArgs;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::targets;

/// Runs the command.
pub(crate) fn run(args: &PlanArgs, config: &Config) -> Outcome {
    let context = config.context(args.context.context.as_deref())?;
    let app = App::open(Environment::read()?)?;
    let mut project = app.load(args.polytope_file.as_deref(), &context)?;
    let groups = targets::read(&args.targets, &mut project.loaded.project)?;
    let project = targets::readable(project)?;
    let planned = app.plan(&project, &groups, &Assumed::read(args)?)?;
    let plan = planned.plan.clone();
    let startable = targets::startable(&project.loaded, planned)?.is_some();
    let Some(plan) = &plan else { return Err(Failure::silent(1)) };
    let mut out = anstream::stdout().lock();
    match &args.output {
        Some(format) => out.write_all(output::render_json(&pt_plan::describe(plan), *format)?.as_bytes())?,
        None => out.write_all(pt_plan::tree(plan).as_bytes())?,
    }
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
            map.into_iter().flatten().map(|(name, data)| (name.clone(), data.to_text().masked())).collect()
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
