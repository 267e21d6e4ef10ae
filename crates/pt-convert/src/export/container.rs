//! The containers of a plan, and what waits for what.

use pt_model::{ContainerSpec, Data, Map, MountSource, Probe, ServiceSpec};
use pt_plan::{CodeCall, Does, Plan, StepPlan};
use pt_spec::Condition;

/// A container of a plan.
pub(super) struct Planned {
    /// Its id, which no other container of the plan has.
    pub(super) id: String,
    pub(super) spec: ContainerSpec,
    pub(super) services: Vec<ServiceSpec>,
    pub(super) replicas: i64,
    /// Containers that must have ended well, or be ready, before it starts.
    pub(super) after: Vec<(String, Until)>,
    /// Whether it is there to stay: it serves something, is started again whenever it ends, or there are several of it, for
    /// the end of which nothing waits.
    pub(super) stays: bool,
    /// Whether its step lasts as long as it does.
    is_awaited: bool,
    step: String,
}

/// How far a container must have come for another to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    Ended,
    Ready,
}

impl Planned {
    /// What tells that it can be used, if anything does but its ports.
    pub(super) fn probe(&self) -> Option<&Probe> {
        let of_services = self.services.iter().map(|service| &service.ready);
        of_services.chain([&self.spec.ready]).flatten().find_map(|ready| ready.probe.as_ref())
    }

    /// Whether a text that it is given speaks of a host of this name.
    pub(super) fn mentions(&self, host: &str) -> bool {
        let spec = &self.spec;
        let words = spec.cmd.iter().chain(&spec.entrypoint).flatten();
        let files = spec.mounts.iter().filter_map(|mount| match &mount.source {
            MountSource::String { data } => Some(data),
            MountSource::Host { .. }
            | MountSource::Repo { .. }
            | MountSource::Volume { .. }
            | MountSource::Dataset { .. } => None,
        });
        let mut texts = spec.env.iter().map(|var| &var.value).chain(words).chain(files);
        texts.any(|text| speaks_of(&text.masked(), host))
    }

    /// How long it may take until it can be used, in milliseconds.
    pub(super) fn patience_ms(&self) -> Option<u64> {
        let of_services = self.services.iter().map(|service| &service.ready);
        of_services.chain([&self.spec.ready]).flatten().find_map(|ready| ready.timeout_ms)
    }
}

/// Whether the name stands in a text by itself: not within a word, and not as a part of a path.
fn speaks_of(text: &str, host: &str) -> bool {
    let within = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.match_indices(host).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + host.len()..]);
        let is_path = before.ends_with('/') && !before.ends_with("//");
        !is_path && !before.ends_with(within) && !after.starts_with(within)
    })
}

/// An image that a step builds.
pub(super) struct Build {
    /// What the step is given.
    pub(super) params: Map,
    step: String,
}

impl Build {
    /// Whether it makes this image.
    pub(super) fn makes(&self, image: &str) -> bool {
        let tags = self.params.get("tags");
        matches!(tags, Some(Data::List(tags)) if tags.iter().any(|tag| tag.as_str() == Some(image)))
    }

    /// That nothing here builds it.
    pub(super) fn left_out(&self) -> String {
        format!("Step '{}' is left out: build its image and push it to your registry.", self.step)
    }
}

/// What of a plan other tools can run.
pub(super) struct Containers {
    pub(super) containers: Vec<Planned>,
    pub(super) builds: Vec<Build>,
    /// What of the plan these do not say.
    pub(super) notes: Vec<String>,
}

/// The containers of a plan.
pub(super) fn containers(plan: &Plan) -> Containers {
    let mut found = Found::default();
    plan.steps.iter().for_each(|step| found.step(step, ""));
    let Found { mut containers, builds, after, notes } = found;
    let mut lost = notes;
    if plan.timeout.is_some() {
        lost.push("How long all of it may take is left out.".to_owned());
    }
    for (step, before, condition) in after {
        let is_built = builds.iter().any(|build| within(&build.step, &before));
        // A step that does not wait for its container ends when that runs.
        let before: Vec<(String, bool)> = containers
            .iter()
            .filter(|other| within(&other.step, &before))
            .map(|other| (other.id.clone(), other.is_awaited))
            .collect();
        let until = match condition {
            Condition::Success => Some(Until::Ended),
            Condition::Ready => Some(Until::Ready),
            Condition::Failed | Condition::Always => None,
        };
        let Some(until) = until.filter(|_| is_built || !before.is_empty()) else {
            lost.push(format!(
                "Step '{step}' no longer waits: only waiting for success or readiness of containers can be said."
            ));
            continue;
        };
        for container in containers.iter_mut().filter(|container| within(&container.step, &step)) {
            let others = before.iter().filter(|(id, _)| *id != container.id);
            let of = |is_awaited: bool| if is_awaited { until } else { Until::Ready };
            for (id, is_awaited) in others {
                // Of two steps that it waits for, the later counts.
                match container.after.iter_mut().find(|(known, _)| known == id) {
                    Some((_, known)) if of(*is_awaited) == Until::Ended => *known = Until::Ended,
                    Some(_) => {}
                    None => container.after.push((id.clone(), of(*is_awaited))),
                }
            }
        }
    }
    let is_waited_for = |id: &str| {
        let mut all = containers.iter().flat_map(|container| &container.after);
        all.any(|(other, until)| other == id && *until == Until::Ended)
    };
    let several = |one: &Planned| one.replicas > 1 && !is_waited_for(&one.id);
    let workers: Vec<String> =
        containers.iter().filter(|one| several(one)).map(|one| one.id.clone()).collect();
    for worker in containers.iter_mut().filter(|one| workers.contains(&one.id)) {
        worker.stays = true;
    }
    Containers { containers, builds, notes: lost }
}

fn within(step: &str, group: &str) -> bool {
    step == group || step.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'))
}

#[derive(Default)]
struct Found {
    containers: Vec<Planned>,
    builds: Vec<Build>,
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
        self.terms(step, &path);
        match &step.does {
            Does::Code(call) if call.module == "polytope/container" => self.container(call, path),
            Does::Code(call) if call.module == "polytope/build-image" => {
                self.builds.push(Build { params: call.params.clone(), step: path });
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

    /// Says what is left out of how a step is run.
    fn terms(&mut self, step: &StepPlan, path: &str) {
        let terms = &step.terms;
        let lost = [
            (terms.retries.is_some(), "is not tried again: `retries` is left out"),
            (terms.timeout.is_some(), "may take as long as it likes: `timeout` is left out"),
            (!terms.locks.is_empty(), "runs beside the others: `lock` is left out"),
        ];
        let lost = lost.iter().filter(|(is_lost, _)| *is_lost);
        self.notes.extend(lost.map(|(_, what)| format!("Step '{path}' {what}.")));
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
        for (key, what) in [
            ("datasets", "stores no datasets"),
            ("instance-type", "runs on any machine: `instance-type` is left out"),
            ("output", "gives no result: `output` is left out"),
            ("create", "is always a new one: `create` is left out"),
        ] {
            let says_something = |value: &Data| !matches!(value, Data::Null | Data::Bool(false));
            if call.params.get(key).is_some_and(says_something) {
                self.notes.push(format!("Container '{id}' {what}."));
            }
        }
        let services = call.services.clone();
        let stays = !services.is_empty() || spec.restart.policy == pt_model::RestartPolicy::Always;
        let is_awaited = call.params.get("await") != Some(&Data::Bool(false));
        let after = Vec::new();
        self.containers.push(Planned { id, spec, services, replicas, after, stays, is_awaited, step });
    }
}

/// The params of `polytope/container` that are the container's own.
fn own_params(params: &Map) -> Map {
    let of_module = |key: &str| matches!(key, "services" | "datasets" | "await" | "scaling" | "output");
    let own = params.iter().filter(|(key, value)| !of_module(key) && !value.is_null());
    own.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_words_and_paths() {
        for text in ["cache", "redis://cache:6379", "u:p@cache/0", "--at=cache:1", "ping -c 1 cache"] {
            assert!(speaks_of(text, "cache"), "{text}");
        }
        for text in ["caches", "my-cache", "/var/cache", "cache.d", "a_cache", "/cache/x"] {
            assert!(!speaks_of(text, "cache"), "{text}");
        }
    }
}
