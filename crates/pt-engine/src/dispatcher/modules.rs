//! Steps that are planned while the job runs: those that code calls, and those whose args hold results of others.

use std::collections::HashMap;
use std::sync::Arc;

use pt_model::{Data, Failure, Status, StepId, What};
use pt_plan::{Does, Kind, Plan, Request, RunWhen, StepPlan, Terms};
use pt_syntax::{Diagnostic, Severity};

use super::steps::{Origin, Waiting, spawned, within};
use super::{Dispatcher, Message};
use crate::args::failure;
use crate::call::{Reply, SpawnDoes, SpawnStep};
use crate::outside::{Outside, no_outputs};

/// Something that was planned, and for whom.
pub(crate) enum Planned {
    /// A step that code called.
    Called { caller: Caller, result: Result<Box<(Plan, Arc<Origin>)>, Failure> },
    /// What a step does whose args hold results of others.
    Late { step: StepId, plan: Result<Box<StepPlan>, Failure> },
}

/// Who called, and what is to be answered.
#[derive(Debug)]
pub(crate) struct Caller {
    step: StepId,
    id: Option<String>,
    run_when: Vec<RunWhen>,
    /// Whether the answer is the result of the step rather than its id.
    waits: bool,
    reply: Reply,
}

impl std::fmt::Debug for Planned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Called { caller, .. } => f.debug_tuple("Called").field(caller).finish(),
            Self::Late { step, .. } => f.debug_tuple("Late").field(step).finish(),
        }
    }
}

impl Dispatcher {
    pub(super) fn call_module(&self, step: &StepId, request: Request, reply: Reply) {
        let caller = Caller { step: step.clone(), id: None, run_when: Vec::new(), waits: true, reply };
        self.plan_call(caller, request);
    }

    pub(super) fn spawn_step(&mut self, step: &StepId, spawn: SpawnStep, reply: Reply) {
        let SpawnStep { id, mut run_when, does } = spawn;
        run_when.iter_mut().flat_map(|when| &mut when.steps).for_each(|other| {
            if let Some(known) = self.find_step(step, other.as_str()) {
                *other = known;
            }
        });
        let unknown = run_when.iter().flat_map(|when| &when.steps).find(|id| !self.steps.contains_key(*id));
        if let Some(unknown) = unknown {
            let message = format!("pt/spawn-step: There is no step '{unknown}' in this job to wait for.");
            return self.answer(reply, Err(failure(message)));
        }
        match does {
            SpawnDoes::Call(request) => {
                let caller = Caller { step: step.clone(), id, run_when, waits: false, reply };
                self.plan_call(caller, request);
            }
            SpawnDoes::Code(code) => {
                let Some(planning) = self.steps.get(step).map(|step| Arc::clone(&step.origin.planning))
                else {
                    return;
                };
                let origin = Arc::new(Origin { planning, requests: Vec::new(), sources: code.sources });
                let id = self.free_step_id(id.as_deref().unwrap_or("code"));
                let plan = spawned(id.clone(), run_when, code.call);
                self.add_called((plan, id.clone()), Some(step), false, &origin);
                self.answer(reply, Ok(Data::from(id.as_str())));
            }
        }
    }

    /// The project is read and planned where that holds up nobody.
    fn plan_call(&self, caller: Caller, request: Request) {
        let outside = Arc::clone(&self.context.options.outside);
        let messages = self.messages.0.clone();
        self.context.runtime.spawn_blocking(move || {
            let result = planned(&*outside, request);
            // The dispatcher is gone only when the job is over.
            let _ = messages
                .send(Message::Planned(Box::new(Planned::Called { caller, result: result.map(Box::new) })));
        });
    }

    pub(super) fn planned(&mut self, planned: Planned) {
        match planned {
            Planned::Called { caller, result: Err(failure) } => self.answer(caller.reply, Err(failure)),
            Planned::Called { caller, result: Ok(planned) } => match self.refusal(&caller.step) {
                Some(refusal) => self.answer(caller.reply, Err(refusal)),
                None => {
                    let (plan, origin) = *planned;
                    self.called(caller, plan, &origin);
                }
            },
            Planned::Late { step, plan } => {
                match plan {
                    _ if self.status(&step).has_ended() => {}
                    _ if self.refusal(&step).is_some() => self.end_step(&step, Status::Stopped, None),
                    Ok(plan) => self.begin_late(&step, *plan),
                    Err(failure) => self.end_step(&step, Status::Failed, Some(failure)),
                }
                self.planned_late(&step);
            }
        }
    }

    fn called(&mut self, caller: Caller, plan: Plan, origin: &Arc<Origin>) {
        self.context.mask.learn(plan.secrets.iter().cloned());
        let wished = caller.id.clone().unwrap_or_else(|| plan.target_id.clone());
        let id = self.free_step_id(&wished);
        let (mut step, planned_id) = as_one_step(plan, id.clone());
        step.run_when.extend(caller.run_when);
        self.add_called((step, planned_id), Some(&caller.step), caller.waits, origin);
        if caller.waits {
            if let Some(step) = self.steps.get_mut(&id) {
                step.is_called = true;
            }
            self.wait_for_step(&id, Waiting::Result(caller.reply));
        } else {
            self.answer(caller.reply, Ok(Data::from(id.as_str())));
        }
    }

    /// Adds a step to the running job, and the id that it has in its plan.
    pub(super) fn add_called(
        &mut self,
        (step, planned_id): (StepPlan, StepId),
        caller: Option<&StepId>,
        called: bool,
        origin: &Arc<Origin>,
    ) {
        let id = step.id.clone();
        self.add_step_as(step, planned_id, caller.cloned(), origin);
        self.emit(What::StepAdded { step: id, parent: caller.cloned(), called });
    }

    /// Plans a step once more, now that the results it waits for are there or will not be.
    pub(super) fn plan_late(&mut self, id: &StepId) {
        let Some(step) = self.steps.get(id) else { return };
        let origin = Arc::clone(&step.origin);
        let groups = self.groups_around(id);
        let mut path: Vec<StepId> = groups
            .iter()
            .chain([id])
            .filter_map(|id| self.steps.get(id))
            .map(|step| step.planned_id.clone())
            .collect();
        // The group that stands for a called template is not in the template's plan.
        let wrapped = path.first().is_some_and(|first| first.as_str().is_empty());
        if wrapped {
            path.remove(0);
        }
        let outputs: HashMap<StepId, Data> = self
            .steps
            .iter()
            .filter(|(id, _)| self.status(id).has_ended())
            .map(|(id, step)| (id.clone(), step.output.clone()))
            .collect();
        let messages = self.messages.0.clone();
        let step = id.clone();
        self.context.runtime.spawn_blocking(move || {
            let output = |level: usize, name: &str, at: Option<&str>| {
                let around = &groups[..(level + usize::from(wrapped)).min(groups.len())];
                let output = around
                    .iter()
                    .rev()
                    .map(|group| within(group, &name.into()))
                    .chain([name.into()])
                    .find_map(|id| outputs.get(&id));
                Some(output.map(|output| at_path(output, at)).unwrap_or_default())
            };
            let planned = origin.planning.plan(&origin.requests, &output);
            let found = planned.map_err(failure).and_then(|planned| {
                let steps = planned.plan.map(|plan| plan.steps).unwrap_or_default();
                let gone = || failure(format!("Step '{step}' cannot be planned once more."));
                find(steps, &path).map(Box::new).ok_or_else(gone)
            });
            let planned = Planned::Late { step, plan: found };
            // The dispatcher is gone only when the job is over.
            let _ = messages.send(Message::Planned(Box::new(planned)));
        });
    }

    /// The step that code of another means: one beside it, or one beside the groups around it.
    pub(super) fn find_step(&self, from: &StepId, name: &str) -> Option<StepId> {
        let groups = self.groups_around(from);
        let near = groups.iter().rev().map(|group| within(group, &name.into()));
        near.chain([name.into()]).find(|id| self.steps.contains_key(id))
    }
}

/// What a plan does as one step with this id, and the id that the step has in the plan.
pub(super) fn as_one_step(plan: Plan, id: StepId) -> (StepPlan, StepId) {
    let mut steps = plan.steps;
    // A template is called as one step that has its steps.
    let mut step = match steps.pop() {
        Some(only) if steps.is_empty() && plan.kind != Kind::Template => only,
        last => {
            steps.extend(last);
            StepPlan {
                id: StepId::new(""),
                run_when: Vec::new(),
                chain: vec![plan.target],
                does: Does::Group(steps),
                terms: Terms::default(),
                joins: false,
                awaits: None,
                templates: Vec::new(),
                span: None,
            }
        }
    };
    let planned_id = std::mem::replace(&mut step.id, id);
    (step, planned_id)
}

fn planned(outside: &dyn Outside, request: Request) -> Result<(Plan, Arc<Origin>), Failure> {
    let name = request.reference.clone();
    let requests = vec![vec![request]];
    let planning = outside.project(&name).map_err(failure)?;
    let planned = planning.plan(&requests, &no_outputs).map_err(failure)?;
    let Some(plan) = planned.plan else {
        let why = planned.diagnostics.iter().find(|found| found.severity == Severity::Error);
        let unknown = || format!("No module, tool or template named '{name}'.");
        return Err(failure(why.map_or_else(unknown, in_words)));
    };
    let sources = planning.sources().clone();
    Ok((plan, Arc::new(Origin { planning, requests, sources })))
}

/// A finding without its place: its message and its first hint, as sentences.
fn in_words(found: &Diagnostic) -> String {
    let Some(hint) = found.hints.first() else { return found.message.clone() };
    let first = hint.chars().take(1).flat_map(char::to_uppercase);
    let hint: String = first.chain(hint.chars().skip(1)).collect();
    let end = if hint.ends_with(['?', '.']) { "" } else { "." };
    format!("{} {hint}{end}", found.message)
}

fn find(steps: Vec<StepPlan>, path: &[StepId]) -> Option<StepPlan> {
    let (first, rest) = path.split_first()?;
    let step = steps.into_iter().find(|step| step.id == *first)?;
    match step.does {
        _ if rest.is_empty() => Some(step),
        Does::Group(steps) => find(steps, rest),
        Does::Code(_) | Does::Late | Does::Skip | Does::Fails(_) => None,
    }
}

/// What is at a path such as `domains[0].domain` in data; null where there is nothing.
pub(super) fn at_path(data: &Data, path: Option<&str>) -> Data {
    let mut found = data;
    for piece in path.unwrap_or_default().split(['.', '[']).filter(|piece| !piece.is_empty()) {
        let index = piece.strip_suffix(']').and_then(|index| index.parse::<usize>().ok());
        found = match (found, index) {
            (Data::List(items), Some(index)) => items.get(index).unwrap_or(&Data::Null),
            (found, _) => found.get(piece),
        };
    }
    found.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_into_data() {
        let data: Data =
            serde_json::from_str(r#"{"domains": [{"domain": "a.b"}], "base-url": "http://x"}"#).unwrap();
        for (path, found) in [
            (Some("domains[0].domain"), r#""a.b""#),
            (Some("base-url"), r#""http://x""#),
            (Some("domains[1].domain"), "null"),
            (Some("base-url.x"), "null"),
            (None, r#"{"domains":[{"domain":"a.b"}],"base-url":"http://x"}"#),
        ] {
            assert_eq!(at_path(&data, path).to_string(), found, "{path:?}");
        }
    }
}
