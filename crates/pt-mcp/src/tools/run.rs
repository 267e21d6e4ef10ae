//! Running a tool, module or template: what every call of a project's tool is, too.

mod outcome;

use std::time::Duration;

use pt_engine::Wait;
use pt_model::{Job, RestartPolicy, Service, ServiceStatus, Status, Step, StepId};
use pt_plan::{Does, Plan, Request, StepPlan};
use pt_server::{AppError, LoadedProject};
use pt_spec::Wanted;
use pt_store::{LogFilter, LogReader};
use pt_syntax::{Diagnostic, Severity, Style, render};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep, sleep_until};

use crate::answer::Answer;
use crate::arguments::{Arguments, args_for, kebab};
use crate::digest::is_part;
use crate::sandbox::{Call, CallError, belongs};
use crate::server::Inner;
use crate::tools::{Caller, Told};

/// After this long a call returns, although what it started goes on.
const LONGEST_CALL: Duration = Duration::from_secs(600);

/// When only services are left, and nothing happened for this long, a call returns.
const SETTLED: Duration = Duration::from_millis(500);

/// So long a call waits for services that accept no connections yet.
const GET_READY: Duration = Duration::from_secs(10);

/// The built-in tool `run`.
pub(super) async fn run(server: &Inner, given: &Arguments, caller: &Caller) -> Result<Answer, AppError> {
    const NAMES: &[&str] = &["tool", "module", "template", "name"];
    let Some(reference) = given.text(NAMES) else {
        return Ok(Answer::failure(
            "Which tool? Give `tool`: the id of a tool, module or template (list-tools).",
        ));
    };
    let mut args = match given.get(&["args", "arguments"]) {
        Some(Value::Object(args)) => args.clone(),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(args) => args,
            Err(_) => return Ok(Answer::failure("`args` must be a map: {\"param\": value}.")),
        },
        _ => Map::new(),
    };
    // What stands beside them is meant as args, too.
    let others = given.without(&[NAMES, &["args", "arguments"]].concat());
    for (key, value) in others {
        args.entry(key).or_insert(value);
    }
    call(server, &reference, args, caller).await
}

/// Runs a target with these args.
///
/// # Errors
/// The project, the store or the backend cannot be used.
pub(crate) async fn call(
    server: &Inner,
    reference: &str,
    args: Map<String, Value>,
    caller: &Caller,
) -> Result<Answer, AppError> {
    let wanted = Request { reference: reference.to_owned(), ..Request::default() };
    let project = server.sandbox.project.get_for(&wanted)?;
    let note = ignored(&project, reference, &args);
    let (plan, findings) = match prepare(server, &project, reference, args)? {
        Ok(prepared) => prepared,
        Err(answer) => return Ok(*answer),
    };
    let before = server.sandbox.job_state().unwrap_or_default();
    let mut call = match server.sandbox.run(plan, &project, findings, caller.asks.is_some()).await {
        Ok(call) => call,
        Err(CallError::App(error)) => return Err(error),
        Err(ending @ CallError::Ending(_)) => return Ok(Answer::failure(ending.to_string())),
    };
    let waited = wait(server, &mut call, caller).await?;
    let mut answer = outcome::answer(server, &call, &waited, &before)?;
    if let Some(note) = note {
        answer.text = match answer.failed {
            true => format!("{}{note}", answer.text),
            false => format!("{note}{}", answer.text),
        };
    }
    answer.job = Some(call.job.key.job.clone());
    Ok(answer)
}

/// Args that no param takes: a name that is misspelt would else be missed.
fn ignored(project: &LoadedProject, reference: &str, args: &Map<String, Value>) -> Option<String> {
    let params = &project.loaded.project.resolve(None, reference, Wanted::Target).ok()?.params;
    let ids: Vec<&str> = params.iter().map(|param| param.id.text.as_str()).collect();
    let is_known = |given: &str| ids.iter().any(|id| kebab(id) == kebab(given));
    let unknown: Vec<&str> = args.keys().map(String::as_str).filter(|given| !is_known(given)).collect();
    if unknown.is_empty() {
        return None;
    }
    let there = if ids.is_empty() { "it has none".to_owned() } else { format!("it has: {}", ids.join(", ")) };
    Some(format!("Ignored, since {reference} has no such param: {} ({there}).\n", unknown.join(", ")))
}

/// The plan of a call and what is odd about it, or why there is nothing to start.
fn prepare(
    server: &Inner,
    project: &LoadedProject,
    reference: &str,
    args: Map<String, Value>,
) -> Result<Result<(Plan, String), Box<Answer>>, AppError> {
    let loaded = &project.loaded;
    let show = |found: &[Diagnostic]| render(found, loaded.project.sources(), Style::default());
    let errors: Vec<Diagnostic> =
        loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
    let refuse = |text: String| Ok(Err(Box::new(Answer::failure(text))));
    if !errors.is_empty() {
        return refuse(format!("NOT STARTED: the polytope file cannot be read.\n{}", show(&errors)));
    }
    let params = loaded.project.resolve(None, reference, Wanted::Target).map(|found| found.params.as_slice());
    let args = args_for(params.unwrap_or_default(), args);
    let planned = server
        .sandbox
        .plan(project, Request { reference: reference.to_owned(), args, ..Request::default() })?;
    let forbidden: Vec<Diagnostic> =
        planned.diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
    let plan = match planned.plan {
        Some(plan) if forbidden.is_empty() => plan,
        _ => {
            let unset =
                forbidden.iter().any(|found| found.id == "missing-value" || found.id == "missing-secret");
            let hint = if unset {
                "Try: set-value for values; ask the developer to set secrets: pt secrets set NAME DATA"
            } else {
                "Try: list-tools for what there is"
            };
            return refuse(format!("NOT STARTED: {reference}\n{}{hint}", show(&forbidden)));
        }
    };
    let mut findings = Vec::new();
    plan.steps.iter().for_each(|step| collect(step, &mut findings));
    if plan.steps.iter().all(|step| matches!(step.does, Does::Fails(_))) {
        let hint = "Try: correct the args (list-tools shows the params), or mend the polytope file";
        return refuse(format!("NOT STARTED: {reference}\n{}{hint}", show(&findings)));
    }
    Ok(Ok((plan, show(&findings))))
}

/// What is wrong with a step and its parts.
fn collect(step: &StepPlan, findings: &mut Vec<Diagnostic>) {
    match &step.does {
        Does::Fails(found) => {
            for finding in found {
                if !findings.contains(finding) {
                    findings.push(finding.clone());
                }
            }
        }
        Does::Group(steps) => steps.iter().for_each(|step| collect(step, findings)),
        Does::Code(_) | Does::Late | Does::Skip => {}
    }
}

/// Why a call returns.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Waited {
    /// What it waited for has ended.
    Ended,
    /// Only services are left.
    Serving,
    /// Only services are left, and steps that wait for the end of something.
    Stuck(Vec<Wait>),
    /// It took too long.
    TooLong,
    /// Nobody waits for the answer any more; its job was asked to stop.
    Canceled,
}

/// Between two looks at what was written, for who wants to hear of it.
const LISTEN: Duration = Duration::from_millis(200);

/// Waits for what a call waits for.
async fn wait(server: &Inner, call: &mut Call, caller: &Caller) -> Result<Waited, AppError> {
    let mut state = call.job.state.clone();
    let deadline = Instant::now() + LONGEST_CALL;
    let mut told = Vec::new();
    let listens = caller.told.is_some();
    let mut written = lines(server, call);
    let mut serving_since = None;
    let mut ready_since: Option<Instant> = None;
    let mut stuck_since: Option<Instant> = None;
    let mut asking = true;
    loop {
        let stuck = stuck(call).await;
        let (ended, serving, ready) = {
            let now = state.borrow_and_update();
            tell_progress(&now, &call.step, &mut told, caller);
            let has_ended = |id: &StepId| now.steps.get(id).is_some_and(|step| step.status.has_ended());
            let awaited_ended = |steps: &Vec<StepId>| steps.iter().all(has_ended);
            let ended = now.status.has_ended()
                || has_ended(&call.step)
                || call.awaited.as_ref().is_some_and(awaited_ended);
            let serving = call.awaited.is_none() && only_serves(&now, &call.step);
            (ended, serving, is_ready(&now, &call.step))
        };
        if listens {
            for line in &mut written {
                let line = line?;
                if belongs(&state.borrow(), &line.step, &call.step) {
                    caller.tell(Told::Line { step: line.step.to_string(), text: line.text });
                }
            }
        }
        if ended {
            return Ok(Waited::Ended);
        }
        stuck_since = if stuck.is_empty() { None } else { stuck_since.or_else(|| Some(Instant::now())) };
        serving_since = if serving { serving_since.or_else(|| Some(Instant::now())) } else { None };
        ready_since = if ready { ready_since.or_else(|| Some(Instant::now())) } else { None };
        // Who has just begun to listen may fall right after.
        let settled = serving_since.map(|since| match ready_since {
            Some(ready) => ready.max(since) + SETTLED,
            None => since + GET_READY,
        });
        tokio::select! {
            changed = state.changed() => if changed.is_err() { return Ok(Waited::Ended) },
            question = call.questions.recv(), if asking => match (question, &caller.asks) {
                // Who does not take it any more has gone: it is dropped, and the code hears that nobody answers.
                (Some(question), Some(asks)) => drop(asks.send(question)),
                (_, _) => asking = false,
            },
            () = sleep_until(settled.unwrap_or(deadline)), if serving => return Ok(Waited::Serving),
            () = sleep_until(stuck_since.map_or(deadline, |since| since + GET_READY)), if stuck_since.is_some() => {
                return Ok(Waited::Stuck(stuck));
            }
            () = caller.canceled.cancelled() => {
                let (control, step) = (call.job.control.clone(), call.step.clone());
                // Its end is nothing that anybody waits for.
                tokio::spawn(async move { drop(control.stop_step(step).await) });
                return Ok(Waited::Canceled);
            }
            () = sleep_until(deadline) => return Ok(Waited::TooLong),
            () = sleep(LISTEN), if listens => {}
        }
    }
}

/// The lines of the job from the call's first one on.
fn lines(server: &Inner, call: &Call) -> LogReader {
    server.sandbox.app.store.read_logs(&call.job.key, call.first_line, LogFilter::default())
}

fn tell_progress(job: &Job, call: &StepId, told: &mut Vec<(StepId, Status)>, caller: &Caller) {
    let of_it = || job.steps.iter().filter(|(id, _)| belongs(job, id, call));
    let total = of_it().count();
    for (id, step) in of_it() {
        let known = told.iter().position(|(other, _)| other == id);
        if known.is_some_and(|at| told[at].1 == step.status) || step.status == Status::Queued {
            continue;
        }
        match known {
            Some(at) => told[at].1 = step.status,
            None => told.push((id.clone(), step.status)),
        }
        let done = told.iter().filter(|(_, status)| status.has_ended()).count();
        let message = format!("{id}: {}", step.status.word());
        caller.tell(Told::Progress { done, total, message });
    }
}

/// Whether all services of a call accept connections.
fn is_ready(job: &Job, call: &StepId) -> bool {
    let open =
        |service: &&Service| service.status == ServiceStatus::Running && belongs(job, &service.step, call);
    job.services.values().filter(open).all(|service| service.ready)
}

/// The waits of what has not begun of a call, if all else of it is there to stay and none of them can come to an end.
async fn stuck(call: &Call) -> Vec<Wait> {
    let queued: Vec<StepId> = {
        let now = call.job.state.borrow();
        let of_it =
            now.steps.iter().filter(|(id, step)| !step.status.has_ended() && belongs(&now, id, &call.step));
        let (queued, begun): (Vec<_>, Vec<_>) = of_it.partition(|(_, step)| step.status == Status::Queued);
        // Of a group nothing is seen but what its steps do.
        let parts = begun.iter().filter(|(id, _)| !now.steps.keys().any(|part| is_part(part, id)));
        let mut parts = parts.peekable();
        if queued.is_empty() || parts.peek().is_none() || !parts.all(|(id, step)| stays(&now, id, step)) {
            return Vec::new();
        }
        queued.into_iter().map(|(id, _)| id.clone()).collect()
    };
    let waits = call.job.control.waits().await;
    let ends = |step: &StepId| waits.iter().find(|wait| wait.step == *step && wait.end_of.is_some()).cloned();
    // A part of a group that has not begun waits with that.
    let alone = queued.iter().filter(|step| !queued.iter().any(|group| is_part(step, group)));
    alone.map(ends).collect::<Option<Vec<Wait>>>().unwrap_or_default()
}

/// Whether a step that runs is there to stay: it serves, or is started again whenever it exits.
fn stays(job: &Job, id: &StepId, step: &Step) -> bool {
    let mut services = job.services.values();
    let serves = services.any(|service| service.step == *id && service.status == ServiceStatus::Running);
    let stays = job
        .containers
        .values()
        .any(|container| container.step == *id && container.spec.restart.policy == RestartPolicy::Always);
    step.status == Status::Running && (serves || stays)
}

/// Whether all of a call that has not ended is there to stay: it serves, or is started again whenever it exits.
fn only_serves(job: &Job, call: &StepId) -> bool {
    let of_it = |id: &StepId| belongs(job, id, call);
    let mut left = job.steps.iter().filter(|(id, step)| !step.status.has_ended() && of_it(id)).peekable();
    left.peek().is_some()
        && left.all(|(id, step)| {
            let has_parts = job.steps.keys().any(|part| part != id && belongs(job, part, id));
            stays(job, id, step) || (step.status == Status::Running && has_parts)
        })
}
