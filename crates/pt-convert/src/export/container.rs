//! The containers of a plan, and what waits for what.

use pt_model::{ContainerSpec, Data, Map, ServiceSpec};
use pt_plan::{CodeCall, Does, Plan, StepPlan};
use pt_spec::Condition;

/// A container of a plan.
pub(super) struct Planned {
    /// Its id, which no other container of the plan has.
    pub(super) id: String,
    pub(super) spec: ContainerSpec,
    pub(super) services: Vec<ServiceSpec>,
    pub(super) replicas: i64,
    /// Containers that must have ended well before it starts.
    pub(super) after: Vec<String>,
    /// Whether it is there to stay: it serves something, or is started again whenever it ends.
    pub(super) stays: bool,
    step: String,
}

/// The containers of a plan, and what of it they do not say.
pub(super) fn containers(plan: &Plan) -> (Vec<Planned>, Vec<String>) {
    let mut found = Found::default();
    plan.steps.iter().for_each(|step| found.step(step, ""));
    let Found { mut containers, after, notes } = found;
    let mut lost = notes;
    for (step, before, condition) in after {
        let before: Vec<String> = containers
            .iter()
            .filter(|other| within(&other.step, &before))
            .map(|other| other.id.clone())
            .collect();
        let is_kept = condition == Condition::Success && !before.is_empty();
        for container in containers.iter_mut().filter(|container| within(&container.step, &step)) {
            if is_kept {
                container.after.extend(before.iter().filter(|id| **id != container.id).cloned());
            }
        }
        if !is_kept {
            lost.push(format!(
                "Step '{step}' no longer waits: only waiting for success of containers can be said."
            ));
        }
    }
    (containers, lost)
}

fn within(step: &str, group: &str) -> bool {
    step == group || step.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'))
}

#[derive(Default)]
struct Found {
    containers: Vec<Planned>,
    after: Vec<(String, String, Condition)>,
    notes: Vec<String>,
}

impl Found {
    fn step(&mut self, step: &StepPlan, group: &str) {
        let path = format!("{group}{}", step.id);
        for when in &step.run_when {
            let before = when.steps.iter().map(|before| format!("{group}{before}"));
            self.after.extend(before.map(|before| (path.clone(), before, when.condition)));
        }
        match &step.does {
            Does::Code(call) if call.module == "polytope/container" => self.container(call, path),
            Does::Code(call) if call.module == "polytope/build-image" => {
                self.notes.push(format!(
                    "Step '{path}' is left out: build its image and push it to your registry."
                ));
            }
            Does::Code(_) => self.notes.push(format!("Step '{path}' is left out: it runs code.")),
            Does::Skip => {
                self.notes.push(format!("Step '{path}' is left out: its `when` says no."));
            }
            Does::Late => {
                self.notes.push(format!("Step '{path}' is left out: its args hold results of other steps."));
            }
            Does::Group(steps) => steps.iter().for_each(|step| self.step(step, &format!("{path}."))),
            Does::Fails(found) => {
                let why = found.first().map(|finding| finding.message.as_str()).unwrap_or_default();
                self.notes.push(format!("Step '{path}' is left out: {why}"));
            }
        }
    }

    fn container(&mut self, call: &CodeCall, step: String) {
        let spec = match ContainerSpec::from_data(&Data::Map(Box::new(own_params(&call.params)))) {
            Ok(spec) => spec,
            Err(error) => return self.notes.push(format!("Step '{step}' is left out: {error}")),
        };
        let by_step = step.rsplit('.').next().unwrap_or(&step);
        let wished = spec.id.as_ref().map_or(by_step, |id| id.as_str()).to_owned();
        let taken = |id: &String| self.containers.iter().any(|other| other.id == *id);
        let numbered = (2..).map(|number| format!("{wished}-{number}"));
        let id = std::iter::once(wished.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or(wished);
        let replicas =
            if let Data::Int(count) = call.params.get("scaling").unwrap_or(&Data::Null) { *count } else { 1 };
        let services = call.services.clone();
        let stays = !services.is_empty() || spec.restart.policy == pt_model::RestartPolicy::Always;
        self.containers.push(Planned { id, spec, services, replicas, after: Vec::new(), stays, step });
    }
}

/// The params of `polytope/container` that are the container's own.
fn own_params(params: &Map) -> Map {
    let of_module = |key: &str| matches!(key, "services" | "datasets" | "await" | "scaling");
    let own = params.iter().filter(|(key, value)| !of_module(key) && !value.is_null());
    own.map(|(key, value)| (key.clone(), value.clone())).collect()
}
