//! Stopping what was started.

use pt_model::StepId;
use pt_server::AppError;

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::server::Inner;

/// `stop`
pub(super) async fn stop(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let wanted = given.text(&["job", "id", "step"]);
    let jobs = match &wanted {
        Some(id) => {
            // A step stands for its job.
            let id = id.split('/').next().unwrap_or(id);
            let of_step = || {
                let has = |job: &&crate::sandbox::SandboxJob| {
                    job.state.borrow().steps.contains_key(&StepId::from(id))
                };
                server.sandbox.jobs().iter().find(has).cloned()
            };
            let Some(job) = server.sandbox.job(id).or_else(of_step) else {
                return Ok(Answer::failure(format!(
                    "No job '{id}' was started here (describe-sandbox). Jobs that others started are theirs to stop."
                )));
            };
            vec![job]
        }
        None => server.sandbox.jobs(),
    };
    let running: Vec<_> = jobs.into_iter().filter(|job| !job.state.borrow().status.has_ended()).collect();
    if running.is_empty() {
        return Ok(Answer::text("Nothing of that runs."));
    }
    let ids: Vec<&str> = running.iter().map(|job| job.key.job.as_str()).collect();
    if !given.is_true("confirm") {
        return Ok(Answer::failure(format!(
            "Not stopped: {}. It would end their containers and delete their job volumes. Call stop again with \"confirm\": true.",
            ids.join(", ")
        )));
    }
    let text = format!("Stopped: {}", ids.join(", "));
    running.iter().for_each(|job| job.control.stop("an agent asked for it"));
    for job in &running {
        job.ended().await;
    }
    Ok(Answer::text(text))
}
