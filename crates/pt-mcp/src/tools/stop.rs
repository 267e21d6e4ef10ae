//! Stopping what was started.

use pt_model::{ContainerStatus, StepId};
use pt_server::AppError;

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::sandbox::{JobView, belongs};
use crate::server::Inner;
use crate::tools::describe::{find_newest_call, find_step, missing, step_ids};

/// `stop`
pub(super) async fn stop(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let nothing = || Ok(Answer::text("Nothing of that runs."));
    let wanted = given.text(&["step", "id", "ref", "job"]);
    if let Some(wanted) = &wanted
        && let Some(answer) = of_others(server, wanted)?
    {
        return Ok(answer);
    }
    let Some(job) = server.sandbox.job() else {
        return match wanted {
            Some(wanted) => Ok(missing("step", &wanted, step_ids(&server.sandbox.views()?))),
            None => nothing(),
        };
    };
    let calls = job.calls().await;
    let view = job.view();
    let is_job = |id: &String| *id == view.key.job.as_str();
    let steps = match wanted.filter(|id| !is_job(id)) {
        Some(wanted) => {
            let views = std::slice::from_ref(&view);
            let running = |found: &(&JobView, StepId)| is_running(&view, &found.1);
            let newest = || find_newest_call(views, &wanted).filter(running);
            let found = find_step(views, &wanted)
                .map(|(_, id)| if is_running(&view, &id) { id } else { newest().map_or(id, |(_, id)| id) });
            let Some(id) = found else {
                return Ok(missing("step", &wanted, step_ids(std::slice::from_ref(&view))));
            };
            if !calls.iter().any(|call| belongs(&view.job, &id, call)) {
                return Ok(Answer::failure(format!(
                    "Not stopped: step {id} is the developer's. It is the developer's to stop; restart-container may help."
                )));
            }
            vec![id]
        }
        None => calls,
    };
    let running: Vec<StepId> = steps.into_iter().filter(|id| is_running(&view, id)).collect();
    if running.is_empty() {
        return nothing();
    }
    let ids: Vec<&str> = running.iter().map(StepId::as_str).collect();
    let ids = ids.join(", ");
    if !given.is_true("confirm") {
        return Ok(Answer::failure(format!(
            "Not stopped: {ids}. What their containers hold outside of volumes would be lost. Call stop again with \"confirm\": true."
        )));
    }
    for step in running {
        if let Err(failure) = job.control.stop_step(step.clone()).await {
            return Ok(Answer::failure(format!("Step {step} could not be stopped: {}", failure.message)));
        }
    }
    Ok(Answer::text(format!("Stopped: {ids}")))
}

/// Whether there is anything to stop: what a step has left running is stopped with it, though it has ended itself.
fn is_running(view: &JobView, id: &StepId) -> bool {
    let is_up = |status| !matches!(status, ContainerStatus::Exited | ContainerStatus::Failed);
    view.job.steps.get(id).is_some_and(|step| !step.status.has_ended())
        || view.job.containers.values().any(|c| is_up(c.status) && belongs(&view.job, &c.step, id))
}

/// The answer for what is no agent's to stop: a job that somebody else runs, or a step of one.
fn of_others(server: &Inner, wanted: &str) -> Result<Option<Answer>, AppError> {
    let views = server.sandbox.views_for(wanted)?;
    let whole = views.iter().find(|view| view.key.job.as_str() == wanted);
    let found = whole.or_else(|| find_step(&views, wanted).map(|(view, _)| view)).filter(|view| !view.own);
    Ok(found.map(|view| {
        let job = &view.key.job;
        if view.job.status.has_ended() {
            return Answer::text("Nothing of that runs.");
        }
        Answer::failure(format!(
            "Not stopped: somebody else runs job {job}. It is theirs to stop: pt stop {job}. restart-container may help."
        ))
    }))
}
