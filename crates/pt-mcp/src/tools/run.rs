//! Running a tool, module or template: what every call of a project's tool is, too.

use std::time::Duration;

use pt_engine::Control;
use pt_model::{Job, LogLine, RestartPolicy, ServiceStatus, Status, StepId};
use pt_plan::{Does, Plan, Request, StepPlan};
use pt_server::{AppError, LoadedProject, RunRequest};
use pt_spec::Wanted;
use pt_store::LogFilter;
use pt_syntax::{Diagnostic, Severity, Style, render};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use crate::answer::Answer;
use crate::arguments::{Arguments, args_for};
use crate::content::take_blocks;
use crate::digest::{Failed, failed_steps};
use crate::sandbox::{JobView, SandboxJob};
use crate::server::Inner;
use crate::tools::{Caller, Told};

/// After this long a call returns, although what it started goes on.
const LONGEST_CALL: Duration = Duration::from_secs(600);

/// When only services are left, and nothing happened for this long, a call returns.
const SETTLED: Duration = Duration::from_millis(500);

/// Characters of output in the structured content: the text holds all of it.
const STRUCTURED_OUTPUT: usize = 2000;

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
    let job = {
        let wanted = Request { reference: reference.to_owned(), ..Request::default() };
        let project = server.sandbox.project.get_for(&wanted)?;
        match prepare(server, &project, reference, args)? {
            Ok((plan, findings)) => {
                server.sandbox.run(plan, &project, RunRequest::default(), findings).await?
            }
            Err(answer) => return Ok(*answer),
        }
    };
    let waited = wait(server, &job, caller).await?;
    let mut answer = outcome(server, &job, &waited)?;
    answer.job = Some(job.key.job.clone());
    Ok(answer)
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
    /// It took too long.
    TooLong,
    /// Nobody waits for the answer any more; its job was asked to stop.
    Canceled,
}

/// Between two looks at what was written, for who wants to hear of it.
const LISTEN: Duration = Duration::from_millis(200);

/// Waits for what a call waits for.
async fn wait(server: &Inner, job: &SandboxJob, caller: &Caller) -> Result<Waited, AppError> {
    let mut state = job.state.clone();
    let deadline = Instant::now() + LONGEST_CALL;
    let mut told = Vec::new();
    let listens = caller.told.is_some();
    let mut written = server.sandbox.app.store.read_logs(&job.key, 0, LogFilter::default());
    let mut serving_since = None;
    loop {
        let (ended, serving) = {
            let now = state.borrow_and_update();
            tell_progress(&now, &mut told, caller);
            let awaited_ended = |steps: &Vec<StepId>| {
                steps.iter().all(|id| now.steps.get(id).is_some_and(|step| step.status.has_ended()))
            };
            let ended =
                now.status.has_ended() || job.awaited.as_ref().is_some_and(|steps| awaited_ended(steps));
            (ended, job.awaited.is_none() && only_serves(&now))
        };
        if listens {
            for line in &mut written {
                let line = line?;
                caller.tell(Told::Line { step: line.step.to_string(), text: line.text });
            }
        }
        if ended {
            return Ok(Waited::Ended);
        }
        serving_since = if serving { serving_since.or_else(|| Some(Instant::now())) } else { None };
        let settled = serving_since.map(|since| since + SETTLED);
        tokio::select! {
            changed = state.changed() => if changed.is_err() { return Ok(Waited::Ended) },
            () = sleep_until(settled.unwrap_or(deadline)), if serving => return Ok(Waited::Serving),
            () = caller.canceled.cancelled() => {
                cancel(&job.control, caller);
                return Ok(Waited::Canceled);
            }
            () = sleep_until(deadline) => return Ok(Waited::TooLong),
            () = sleep(LISTEN), if listens => {}
        }
    }
}

fn cancel(control: &Control, caller: &Caller) {
    control.stop(&format!("{} canceled the call", caller.name));
}

fn tell_progress(job: &Job, told: &mut Vec<(StepId, Status)>, caller: &Caller) {
    for (id, step) in &job.steps {
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
        caller.tell(Told::Progress { done, total: job.steps.len(), message });
    }
}

/// Whether all that has not ended is there to stay: it serves, or is started again whenever it exits.
fn only_serves(job: &Job) -> bool {
    let mut left = job.steps.iter().filter(|(_, step)| !step.status.has_ended()).peekable();
    left.peek().is_some()
        && left.all(|(id, step)| {
            let serves = job
                .services
                .values()
                .any(|service| service.step == *id && service.status == ServiceStatus::Running);
            let stays = job.containers.values().any(|container| {
                container.step == *id && container.spec.restart.policy == RestartPolicy::Always
            });
            let is_group = job.steps.keys().any(|part| crate::digest::is_part(part, id));
            step.status == Status::Running && (serves || stays || is_group)
        })
}

/// What the call answers.
fn outcome(server: &Inner, job: &SandboxJob, waited: &Waited) -> Result<Answer, AppError> {
    let view = JobView {
        key: job.key.clone(),
        job: job.state.borrow().clone(),
        own: true,
        references: std::sync::Arc::clone(&job.references),
    };
    let mut lines = Vec::new();
    for line in server.sandbox.app.store.read_logs(&job.key, 0, LogFilter::default()) {
        lines.push(line?);
    }
    let blocks = take_blocks(&mut lines);
    let state = &view.job;
    let failed = !failed_steps(state).is_empty()
        || matches!(state.status, Status::Failed | Status::Stopped | Status::Canceled);
    let output = output(&lines, job.awaited.as_ref().map(|steps| steps.as_slice()));
    let mut text = String::new();
    if failed {
        text.push_str(&Failed { view: &view, lines: &lines, findings: &job.findings }.digest());
        text.extend([format!(
            "More: get-container-logs, describe-step {{\"step\": \"{}/ID\"}}; mend the cause and call the tool again.\n",
            job.key.job
        )]);
    } else {
        text.push_str(output.trim_end_matches('\n'));
        if text.is_empty() && blocks.is_empty() && *waited == Waited::Ended {
            text.push_str("Done, without output.");
        }
    }
    let left = left_running(&view, waited);
    if !left.is_empty() {
        text.push_str(if text.is_empty() || text.ends_with('\n') { "" } else { "\n\n" });
        text.push_str(&left);
    }
    let mut shown: Vec<char> = output.chars().collect();
    let cut = shown.split_off(shown.len().saturating_sub(STRUCTURED_OUTPUT));
    let steps: Vec<Value> =
        state.steps.iter().map(|(id, step)| json!({"id": id, "status": step.status})).take(50).collect();
    let structured = json!({
        "job": job.key.job,
        "status": state.status,
        "steps": steps,
        "output": cut.into_iter().collect::<String>(),
    });
    Ok(Answer { failed, blocks, ..Answer::text(text) }.with(structured))
}

/// What goes on although the call returns.
fn left_running(view: &JobView, waited: &Waited) -> String {
    let job = &view.job;
    if job.status.has_ended() {
        return String::new();
    }
    let id = &view.key.job;
    let mut text = match waited {
        Waited::Ended | Waited::Serving => format!("Job {id} goes on."),
        Waited::TooLong => {
            format!("Job {id} is not done after {} s and goes on: wait-until.", LONGEST_CALL.as_secs())
        }
        Waited::Canceled => format!("Job {id} stops, since the call was canceled."),
    };
    for (service, state) in &job.services {
        let addresses: Vec<String> = state.ports.iter().filter_map(pt_model::OpenPort::address).collect();
        let at = if addresses.is_empty() { "in its network only".to_owned() } else { addresses.join(", ") };
        text.extend([format!("\nService {service}: {at}")]);
    }
    text
}

/// What steps wrote: those that the call waits for, or all. Where several did, each under its name.
fn output(lines: &[LogLine], awaited: Option<&[StepId]>) -> String {
    let wanted = |step: &StepId| {
        awaited.is_none_or(|steps| {
            steps.iter().any(|awaited| step == awaited || crate::digest::is_part(step, awaited))
        })
    };
    let mut steps: Vec<&StepId> = Vec::new();
    for line in lines.iter().filter(|line| wanted(&line.step)) {
        if !steps.contains(&&line.step) {
            steps.push(&line.step);
        }
    }
    let mut text = String::new();
    for step in &steps {
        if steps.len() > 1 {
            text.extend([format!("== {step} ==\n")]);
        }
        for line in lines.iter().filter(|line| line.step == **step) {
            text.push_str(&line.text);
            text.push('\n');
        }
    }
    text
}
