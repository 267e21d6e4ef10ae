//! What a call of a tool answers: what its steps wrote, or why it failed, and what goes on.

use pt_model::{ContainerStatus, Job, LogLine, OpenPort, ServiceStatus, Status, StepId, What};
use pt_server::AppError;
use serde_json::{Value, json};

use super::{LONGEST_CALL, Waited, lines};
use crate::answer::{Answer, End};
use crate::content::take_blocks;
use crate::digest::{Failed, is_part};
use crate::sandbox::Call;
use crate::server::Inner;

/// Characters of output in the structured content: the text holds all of it.
const STRUCTURED_OUTPUT: usize = 2000;

/// Lines of each step that are shown where what was called goes on: how it began is seldom of interest.
const SERVING_LINES: usize = 20;

/// Steps in the structured content.
const STRUCTURED_STEPS: usize = 50;

/// The answer. `before` is how the sandbox stood before the call.
pub(super) fn answer(server: &Inner, call: &Call, waited: &Waited, before: &Job) -> Result<Answer, AppError> {
    let view = call.job.view().only(&call.step);
    let mut written = Vec::new();
    for line in lines(server, call) {
        let line = line?;
        if view.job.steps.contains_key(&line.step) {
            written.push(line);
        }
    }
    let blocks = take_blocks(&mut written);
    let failed = has_failed(&view.job, &call.step);
    let most = if matches!(waited, Waited::Serving | Waited::Stuck(_)) { SERVING_LINES } else { usize::MAX };
    let output = output(&written, &call.step, call.awaited.as_deref(), most);
    let mut text = String::new();
    if failed {
        let masker = &server.sandbox.masker(&server.sandbox.project.get()?.scope)?;
        let digest = Failed { view: &view, lines: &written, findings: &call.findings, masker }.digest();
        text.push_str(&digest);
        let ended = view.job.steps.get(&call.step).is_none_or(|step| step.status.has_ended());
        let again = match ended {
            true => "call the tool again".to_owned(),
            // Called again, it would stand beside what is left of it, on the same volumes.
            false => {
                format!("call stop {} and then the tool again", json!({"step": call.step, "confirm": true}))
            }
        };
        text.extend([format!("More: get-container-logs, describe-step; mend the cause and {again}.\n")]);
    } else {
        text.push_str(output.trim_end_matches('\n'));
        if text.is_empty() {
            text.extend(result(&view.job, &call.step, call.awaited.as_deref()));
        }
        if text.is_empty() && blocks.is_empty() && *waited == Waited::Ended {
            text.push_str("Done, without output.");
        }
    }
    let left = left_running(&view.job, &call.step, waited)
        + &taken_over(&view.job, before, &call.job.state.borrow());
    if !left.is_empty() {
        text.push_str(if text.is_empty() || text.ends_with('\n') { "" } else { "\n\n" });
        text.push_str(left.trim_start_matches('\n'));
    }
    let warnings = warnings(server, call)?;
    if !warnings.is_empty() {
        text.push_str(if text.is_empty() || text.ends_with('\n') { "" } else { "\n" });
        text.push_str(&warnings);
    }
    let mut shown: Vec<char> = output.chars().collect();
    let cut = shown.split_off(shown.len().saturating_sub(STRUCTURED_OUTPUT));
    let steps = view.job.steps.iter().take(STRUCTURED_STEPS);
    let steps: Vec<Value> = steps.map(|(id, step)| json!({"id": id, "status": step.status})).collect();
    let structured = json!({
        "step": call.step,
        "status": view.job.steps.get(&call.step).map(|step| step.status),
        "steps": steps,
        "output": cut.into_iter().collect::<String>(),
    });
    // Of a failure the digest counts, which comes first; else how the output ends.
    let keep = if failed { End::Head } else { End::Tail };
    Ok(Answer { failed, blocks, keep, ..Answer::text(text) }.with(structured))
}

/// What the job warned of that its steps do beside each other: of this call.
fn warnings(server: &Inner, call: &Call) -> Result<String, AppError> {
    let begin = format!("Step {}", call.step);
    let of_call =
        |message: &str| message.strip_prefix(&begin).is_some_and(|rest| rest.starts_with([':', '.']));
    let mut text = String::new();
    for event in server.sandbox.app.store.events(&call.job.key, 0)? {
        if let What::Warned { step: None, message } = &event.what
            && of_call(message)
        {
            text.extend(["Warning: ", message, "\n"]);
        }
    }
    Ok(text)
}

/// Whether the call failed, as far as it has come: the failure of a step that code called is that code's to deal with.
fn has_failed(job: &Job, call: &StepId) -> bool {
    let ended_badly = |status: Status| matches!(status, Status::Failed | Status::Stopped | Status::Canceled);
    job.steps.get(call).is_none_or(|step| ended_badly(step.status))
        || job.steps.iter().any(|(id, step)| is_part(id, call) && step.status == Status::Failed)
}

/// What a call gave whose steps wrote nothing: the data that its code returned, as YAML.
fn result(job: &Job, call: &StepId, awaited: Option<&[StepId]>) -> Option<String> {
    let last = awaited.and_then(|steps| steps.last()).unwrap_or(call);
    let output = &job.steps.get(last)?.output;
    if output.is_null() {
        return None;
    }
    let text = output.as_str().map(str::to_owned);
    text.or_else(|| serde_saphyr::to_string(output).ok()).map(|text| text.trim_end().to_owned())
}

/// What goes on although the call returns.
fn left_running(job: &Job, call: &StepId, waited: &Waited) -> String {
    let ended = job.steps.get(call).is_none_or(|step| step.status.has_ended());
    let mut text = match waited {
        Waited::Canceled => return format!("Step {call} stops, since the call was canceled."),
        Waited::TooLong => {
            format!("Step {call} is not done after {} s and goes on: wait-until.", LONGEST_CALL.as_secs())
        }
        Waited::Stuck(waits) => {
            let waits = waits.iter().map(|wait| {
                let on =
                    wait.end_of.as_ref().map(|step| step.as_str().rsplit('.').next().unwrap_or_default());
                format!(
                    "\nStep {} has not begun: it waits for {}, which stays. If that is to be ready only: \
                     `after: {{step: {}, condition: ready}}`.",
                    wait.step,
                    wait.why,
                    on.unwrap_or_default()
                )
            });
            format!("Step {call} goes on.{}", waits.collect::<String>())
        }
        Waited::Ended | Waited::Serving if ended => String::new(),
        Waited::Ended | Waited::Serving => format!("Step {call} goes on."),
    };
    for (service, state) in job.services.iter().filter(|(_, s)| s.status == ServiceStatus::Running) {
        let addresses: Vec<String> = state.ports.iter().filter_map(OpenPort::address).collect();
        let at = if addresses.is_empty() { "in the sandbox only".to_owned() } else { addresses.join(", ") };
        let not_yet = if state.ready {
            String::new()
        } else {
            format!(" (accepts no connections yet: wait-until {{\"service\":\"{service}\"}})")
        };
        text.extend([format!("\nService {service}: {at}{not_yet}")]);
    }
    text
}

/// Services that this call took over from what still runs: both answer to the name.
fn taken_over(job: &Job, before: &Job, now: &Job) -> String {
    let mut text = String::new();
    for (id, service) in &job.services {
        let former = before.services.get(id).filter(|former| former.container != service.container);
        let Some(former) = former else { continue };
        let container = now.containers.get(&former.container);
        if container.is_some_and(|container| container.status == ContainerStatus::Running) {
            text.extend([format!(
                "\nService {id} was step {}'s, which still runs and answers to that name, too: stop it.",
                former.step
            )]);
        }
    }
    text
}

/// What steps wrote: those that the call waits for, or all; of each the last lines, no more than `most`. Where several did,
/// each under its name in the call.
fn output(lines: &[LogLine], call: &StepId, awaited: Option<&[StepId]>, most: usize) -> String {
    let wanted = |step: &StepId| {
        awaited.is_none_or(|steps| steps.iter().any(|awaited| step == awaited || is_part(step, awaited)))
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
            let name = step.as_str().strip_prefix(call.as_str()).and_then(|name| name.strip_prefix('.'));
            text.extend([format!("== {} ==\n", name.unwrap_or(step.as_str()))]);
        }
        let of_it: Vec<&LogLine> = lines.iter().filter(|line| line.step == **step).collect();
        let left_out = of_it.len().saturating_sub(most);
        if left_out > 0 {
            let note = json!({"container": step, "before": of_it[left_out].seq});
            text.extend([format!("[{left_out} lines before these: get-container-logs {note}]\n")]);
        }
        for line in &of_it[left_out..] {
            text.push_str(&line.text);
            text.push('\n');
        }
    }
    text
}
