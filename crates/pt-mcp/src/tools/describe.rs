//! Everything about one thing, as YAML.

use pt_model::{ContainerId, ContainerStatus, ServiceId, ServiceStatus, Status, StepId};
use pt_server::AppError;
use pt_store::LogFilter;
use pt_syntax::suggest;
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::digest::Failed;
use crate::sandbox::{JobView, belongs};
use crate::server::Inner;
use crate::tools::list;

/// A thing of a job, by `id` or `job/id`: the newest job that has it.
pub(super) fn find<'v>(
    views: &'v [JobView],
    wanted: &str,
    has: impl Fn(&JobView, &str) -> bool,
) -> Option<(&'v JobView, String)> {
    if let Some(view) = views.iter().find(|view| has(view, wanted)) {
        return Some((view, wanted.to_owned()));
    }
    let (job, id) = wanted.split_once('/')?;
    let view = views.iter().find(|view| view.key.job.as_str() == job && has(view, id))?;
    Some((view, id.to_owned()))
}

/// A step, by `id` or `job/id`; where no step has that id, the newest that is the part `id` of another, or the one behind the
/// service or container `id`.
pub(super) fn find_step<'v>(views: &'v [JobView], wanted: &str) -> Option<(&'v JobView, StepId)> {
    let has = |view: &JobView, id: &str| view.job.steps.contains_key(&StepId::from(id));
    if let Some((view, id)) = find(views, wanted, has) {
        return Some((view, StepId::new(id)));
    }
    let (job, name) = wanted.split_once('/').map_or((None, wanted), |(job, name)| (Some(job), name));
    let suffix = format!(".{name}");
    let part =
        views.iter().filter(|view| job.is_none_or(|job| view.key.job.as_str() == job)).find_map(|view| {
            let step = view.job.steps.keys().rev().find(|step| step.as_str().ends_with(&suffix))?;
            Some((view, step.clone()))
        });
    let behind = || {
        let (view, container) =
            find_exact_container(views, wanted).or_else(|| behind_service(views, wanted))?;
        Some((view, view.job.containers.get(&container)?.step.clone()))
    };
    part.or_else(behind)
}

/// The newest call of what the step `wanted` called, or the same part of it: an agent that calls a tool again means that
/// call by its name. `job/id` means the step of that very id.
pub(super) fn find_newest_call<'v>(views: &'v [JobView], wanted: &str) -> Option<(&'v JobView, StepId)> {
    let (view, exact) = find_step(views, wanted)?;
    if !view.own || wanted.contains('/') || exact.as_str() != wanted {
        return Some((view, exact));
    }
    let (call, part) = wanted.split_once('.').map_or((wanted, ""), |(call, _)| (call, &wanted[call.len()..]));
    let called = view.references.get(&StepId::from(call));
    let newest = view.job.steps.keys().rev().find_map(|step| {
        let number = step.as_str().strip_prefix(call)?.strip_prefix('-')?;
        let same = is_number(number) && view.references.get(step) == called;
        let step = StepId::new(format!("{step}{part}"));
        (same && view.job.steps.contains_key(&step)).then_some(step)
    });
    Some((view, newest.unwrap_or(exact)))
}

/// What stands for a container in the newest call of the step that it is of: the one of the same id, but for a number. Two
/// calls with containers of two ids have nothing to do with each other.
pub(super) fn in_newest_call(view: &JobView, container: &ContainerId) -> Option<ContainerId> {
    let step = &view.job.containers.get(container)?.step;
    let (_, newest) = find_newest_call(std::slice::from_ref(view), step.as_str())?;
    if newest == *step {
        return None;
    }
    let base = without_number(container.as_str());
    let of_it = view.job.containers.iter().rev().filter(|(_, c)| belongs(&view.job, &c.step, &newest));
    of_it.map(|(id, _)| id.clone()).find(|id| id != container && without_number(id.as_str()) == base)
}

/// `box` of `box-2`.
fn without_number(id: &str) -> &str {
    id.rsplit_once('-').filter(|(_, number)| is_number(number)).map_or(id, |(base, _)| base)
}

fn find_exact_container<'v>(views: &'v [JobView], wanted: &str) -> Option<(&'v JobView, ContainerId)> {
    let has = |view: &JobView, id: &str| view.job.containers.contains_key(&ContainerId::from(id));
    find(views, wanted, has).map(|(view, id)| (view, ContainerId::new(id)))
}

/// The container behind a service.
pub(super) fn behind_service<'v>(views: &'v [JobView], wanted: &str) -> Option<(&'v JobView, ContainerId)> {
    let serves = |view: &JobView, id: &str| view.job.services.contains_key(&ServiceId::from(id));
    let (view, id) = find(views, wanted, serves)?;
    Some((view, view.job.services.get(&ServiceId::new(id))?.container.clone()))
}

/// A service, by `id` or `job/id`, or the newest of the container or step of that id.
pub(super) fn find_service<'v>(views: &'v [JobView], wanted: &str) -> Option<(&'v JobView, ServiceId)> {
    let has = |view: &JobView, id: &str| view.job.services.contains_key(&ServiceId::from(id));
    if let Some((view, id)) = find(views, wanted, has) {
        return Some((view, ServiceId::new(id)));
    }
    if let Some((view, container)) = find_exact_container(views, wanted) {
        let mut services = view.job.services.iter().rev();
        if let Some((id, _)) = services.find(|(_, service)| service.container == container) {
            return Some((view, id.clone()));
        }
    }
    let (view, step) = find_step(views, wanted)?;
    let of_it = view.job.services.iter().rev().find(|(_, service)| belongs(&view.job, &service.step, &step));
    of_it.map(|(id, _)| (view, id.clone()))
}

/// A container, by `id` or `job/id`; where none of that id runs, the one behind the service `id`, or of the step `id`, or of
/// the newest step that called the same. Where nothing runs, the last of them.
#[expect(clippy::result_large_err, reason = "an answer is what the agent gets, once per call")]
pub(super) fn find_container<'v>(
    views: &'v [JobView],
    wanted: &str,
) -> Result<(&'v JobView, ContainerId), Answer> {
    let named = find_exact_container(views, wanted);
    let of_service = behind_service(views, wanted);
    let newest_of = |view: &'v JobView, step: &StepId| {
        let of_it = view.job.containers.iter().rev().filter(|(_, c)| belongs(&view.job, &c.step, step));
        let container = of_it.clone().find(|(_, c)| !c.removed).or_else(|| of_it.clone().next())?;
        Some((view, container.0.clone()))
    };
    let of_step = find_step(views, wanted).and_then(|(view, step)| newest_of(view, &step));
    let again = views.iter().find_map(|view| {
        let same = |step: &&StepId| {
            step.as_str().strip_prefix(wanted).and_then(|rest| rest.strip_prefix('-')).is_some_and(is_number)
        };
        newest_of(view, view.job.steps.keys().rev().find(same)?)
    });
    let found = [named, of_service, of_step, again];
    let runs = |(view, id): &&(&JobView, ContainerId)| {
        view.job.containers.get(id).is_some_and(|container| container.status == ContainerStatus::Running)
    };
    let running = found.iter().flatten().find(runs).cloned();
    running.or_else(|| found.into_iter().flatten().next()).ok_or_else(|| {
        let known =
            views.iter().flat_map(|view| view.job.containers.keys().map(|id| list::named(view, id.as_str())));
        missing("container", wanted, known)
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// That there is no such thing, and what there is.
pub(super) fn missing(noun: &str, wanted: &str, known: impl Iterator<Item = String>) -> Answer {
    let known: Vec<String> = known.take(20).collect();
    let there = if known.is_empty() {
        "there are none".to_owned()
    } else {
        format!("there are: {}", known.join(", "))
    };
    if wanted.is_empty() {
        return Answer::failure(format!("Which {noun}? Give its id; {there}."));
    }
    let near = suggest(wanted, known.iter().map(String::as_str));
    let near = near.map(|near| format!(" Did you mean '{near}'?")).unwrap_or_default();
    Answer::failure(format!("There is no {noun} '{wanted}'; {there}.{near}"))
}

/// The steps that there are, as lists show them.
pub(super) fn step_ids(views: &[JobView]) -> impl Iterator<Item = String> {
    views.iter().flat_map(|view| view.job.steps.keys().map(|id| list::named(view, id.as_str())))
}

/// The services that there are, as lists show them.
pub(super) fn service_ids(views: &[JobView]) -> impl Iterator<Item = String> {
    views.iter().flat_map(|view| view.job.services.keys().map(|id| list::named(view, id.as_str())))
}

/// `describe-step`
pub(super) fn step(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let wanted = given.text(&["step", "id", "ref"]).unwrap_or_default();
    let views = server.sandbox.views_for(&wanted)?;
    let Some((view, id)) = find_newest_call(&views, &wanted) else {
        return Ok(missing("step", &wanted, step_ids(&views)));
    };
    let job = &view.job;
    let of_it = |step: &StepId| belongs(job, step, &id);
    let containers: Vec<_> =
        job.containers.iter().filter(|(_, c)| of_it(&c.step)).map(|(id, _)| id).collect();
    let services: Vec<_> = job.services.iter().filter(|(_, s)| of_it(&s.step)).map(|(id, _)| id).collect();
    let mut text = yaml(&json!({
        "id": id,
        "job": view.key.job,
        "calls": view.references.get(&id),
        "step": job.steps.get(&id),
        "containers": containers,
        "services": services,
    }));
    if job.steps.get(&id).is_some_and(|step| step.status == Status::Failed) {
        let filter = LogFilter::default();
        let lines: Result<Vec<_>, _> = server.sandbox.app.store.read_logs(&view.key, 0, filter).collect();
        let only = view.clone().only(&id);
        let masker = &server.sandbox.masker(&server.sandbox.project.get()?.scope)?;
        text.insert_str(0, &Failed { view: &only, lines: &lines?, findings: "", masker }.digest());
    }
    Ok(Answer::document(text))
}

/// `describe-service`
pub(super) fn service(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let wanted = given.text(&["service", "id", "ref"]).unwrap_or_default();
    let views = server.sandbox.views_for(&wanted)?;
    let Some((view, id)) = find_service(&views, &wanted) else {
        return Ok(missing("service", &wanted, service_ids(&views)));
    };
    let service = view.job.services.get(&id);
    let ports = service.map(|service| service.ports.iter().map(list::port).collect::<Vec<_>>());
    let text = yaml(&json!({
        "id": id,
        "job": view.key.job,
        "hostname-in-job": id,
        "status": service.map(list::state),
        "step": service.map(|service| &service.step),
        "container": service.map(|service| &service.container),
        "ports": ports,
    }));
    Ok(Answer::document(text))
}

/// `describe-container`
pub(super) fn container(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let wanted = given.text(&["container", "id", "ref"]).unwrap_or_default();
    let views = server.sandbox.views_for(&wanted)?;
    let (view, id) = match find_container(&views, &wanted) {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let container = view.job.containers.get(&id);
    Ok(Answer::document(yaml(&json!({"id": id, "job": view.key.job, "container": container}))))
}

/// `describe-sandbox`; of another job, how that stands.
pub(super) fn sandbox(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let project = server.sandbox.project.get()?;
    let (root, file) = (project.loaded.project.root_dir(), project.loaded.project.root_file());
    let wanted = given.text(&["job", "id"]).unwrap_or_default();
    let views = server.sandbox.views_for(&wanted)?;
    if !wanted.is_empty() {
        match views.iter().find(|view| view.key.job.as_str() == wanted) {
            Some(view) if view.own => {}
            Some(view) => return Ok(Answer::document(yaml(&in_short(view)))),
            None => {
                let known = views.iter().map(|view| view.key.job.to_string());
                return Ok(missing("job", &wanted, known));
            }
        }
    }
    let of_others: Vec<Value> = views.iter().filter(|view| !view.own).take(20).map(in_short).collect();
    let own = views.iter().find(|view| view.own);
    let counts = own.map(|view| {
        let job = &view.job;
        let services = job.services.values().filter(|service| service.status == ServiceStatus::Running);
        json!({
            "steps": job.steps.len(),
            "steps-running": job.steps.values().filter(|step| step.status == Status::Running).count(),
            "containers": job.containers.values().filter(|container| !container.removed).count(),
            "services": services.count(),
        })
    });
    let text = yaml(&json!({
        "path": root.display().to_string(),
        "polytope-file": if file.is_file() { file.display().to_string() } else { format!("none; make {}", file.display()) },
        "polytope-file-mistakes": project.loaded.diagnostics.len(),
        "revision": revision(root),
        "job": own.map(|view| &view.key.job),
        // Its job begins with the first call.
        "status": own.map_or("idle", |view| view.job.status.word()),
        "counts": counts,
        "jobs-of-others": (!of_others.is_empty()).then_some(of_others),
    }));
    Ok(Answer::document(text))
}

/// A job in a few numbers.
fn in_short(view: &JobView) -> Value {
    let job = &view.job;
    let running = job.steps.values().filter(|step| !step.status.has_ended()).count();
    json!({
        "id": view.key.job,
        "target": job.target,
        "status": job.status,
        "steps": job.steps.len(),
        "steps-running": running,
        "containers": job.containers.len(),
        "services": job.services.len(),
    })
}

/// The branch that is checked out, or the commit.
fn revision(root: &std::path::Path) -> Option<String> {
    let git = root.ancestors().map(|dir| dir.join(".git")).find(|git| git.exists())?;
    let head = std::fs::read_to_string(git.join("HEAD")).ok()?;
    let head = head.trim();
    Some(head.strip_prefix("ref: refs/heads/").unwrap_or(head).to_owned())
}

/// Data as YAML, without what is null.
fn yaml(data: &impl Serialize) -> String {
    let value = serde_json::to_value(data).map(without_nulls).unwrap_or_default();
    serde_saphyr::to_string(&value).unwrap_or_else(|_| value.to_string())
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_nulls(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}
