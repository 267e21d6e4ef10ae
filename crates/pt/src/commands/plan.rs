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
    let mut project = targets::load(&app, &args.project, &args.locks, &context)?;
    let groups = targets::read(&args.targets, &mut project.loaded.project)?;
    if groups.is_empty() {
        return Err(Failure::usage("Which target? Name a template or module: `pt plan stack`."));
    }
    let mut project = targets::readable(project)?;
    app.refer(&mut project, &groups);
    let assumed = Assumed::read(args)?;
    let planned = if args.explain {
        app.plan_with_provenance(&project, &groups, &assumed)?
    } else {
        app.plan(&project, &groups, &assumed)?
    };
    let plan = planned.plan.clone();
    let startable = targets::startable(&project.loaded, planned)?.is_some();
    let Some(plan) = &plan else { return Err(Failure::silent(1)) };
    let mut out = anstream::stdout().lock();
    let sources = project.loaded.project.sources();
    let text = match (&args.output, args.explain) {
        (Some(format), false) => output::render_json(&pt_plan::describe(plan), *format)?,
        (Some(format), true) => output::render_json(&pt_plan::explained(plan, sources), *format)?,
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
