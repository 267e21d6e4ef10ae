//! `pt plan`: shows what would run. Nothing is started.

use std::collections::HashMap;
use std::io::Write;

use pt_model::{Data, Text};
use pt_plan::Named;
use pt_server::{App, Environment, LoadedProject, NamedInStore};

use crate::cli::PlanArgs;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::targets;

/// Runs the command.
pub(crate) fn run(args: &PlanArgs) -> Outcome {
    let app = App::open(Environment::read()?)?;
    let groups = targets::read(&args.targets)?;
    let project = app.load(args.polytope_file.as_deref())?;
    let LoadedProject { loaded, instance } = targets::readable(project)?;
    let named = Assumed::read(args, app.named(&instance))?;
    let planned = pt_plan::plan(&loaded.project, &groups, &named);
    let plan = planned.plan.clone();
    let startable = targets::startable(&loaded, planned)?.is_some();
    let Some(plan) = &plan else { return Err(Failure::silent(1)) };
    let mut out = anstream::stdout().lock();
    match &args.output {
        Some(format) => out.write_all(output::render_json(&pt_plan::describe(plan), *format)?.as_bytes())?,
        None => out.write_all(pt_plan::tree(plan).as_bytes())?,
    }
    if startable { Ok(()) } else { Err(Failure::silent(1)) }
}

/// Values and secrets as set, and where they are not, as assumed.
struct Assumed<'a> {
    set: NamedInStore<'a>,
    values: HashMap<String, String>,
    secrets: HashMap<String, String>,
}

impl<'a> Assumed<'a> {
    fn read(args: &PlanArgs, set: NamedInStore<'a>) -> Result<Self, Failure> {
        let assumed = match &args.assume_values {
            Some(path) => output::read_file(path)?,
            None => Data::Null,
        };
        let texts = |key: &str| -> HashMap<String, String> {
            let map = assumed.get(key).as_map();
            map.into_iter().flatten().map(|(name, data)| (name.clone(), data.to_text().masked())).collect()
        };
        Ok(Self { set, values: texts("values"), secrets: texts("secrets") })
    }
}

impl Named for Assumed<'_> {
    fn value(&self, name: &str) -> Option<String> {
        self.set.value(name).or_else(|| find(&self.values, name))
    }

    fn secret(&self, name: &str) -> Option<Text> {
        self.set.secret(name).or_else(|| find(&self.secrets, name).map(Text::from))
    }
}

fn find(map: &HashMap<String, String>, name: &str) -> Option<String> {
    let near = || map.iter().find(|(other, _)| pt_store::same_name(other, name)).map(|(_, value)| value);
    map.get(name).or_else(near).cloned()
}
