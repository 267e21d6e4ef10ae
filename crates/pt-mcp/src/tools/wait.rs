//! Waiting instead of asking again and again.

use std::time::Duration;

use pt_model::{ContainerStatus, Job, LogLine, ServiceId, ServiceStatus, Status, Step, StepId};
use pt_server::AppError;
use pt_store::LogFilter;
use tokio::time::{Instant, sleep};

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::digest::Failed;
use crate::sandbox::{JobView, belongs};
use crate::server::Inner;
use crate::tools::describe::{find_newest_call, find_service, missing, service_ids, step_ids};
use crate::tools::{Caller, Told, list};

/// Between two looks.
const POLL: Duration = Duration::from_millis(100);

/// The longest wait, in seconds.
const LONGEST: usize = 600;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Ready,
    Finished,
    Failed,
}

/// How what is waited for stands.
enum Seen {
    /// So it is.
    Yes(String),
    /// It never will be.
    Never(String),
    /// Not yet.
    Not(String),
}

/// `wait-until`
pub(super) async fn until(server: &Inner, given: &Arguments, caller: &Caller) -> Result<Answer, AppError> {
    let service = given.text(&["service"]);
    let Some(id) = service.clone().or_else(|| given.text(&["step", "id", "ref"])) else {
        return Ok(Answer::failure("Wait for what? Give `step` or `service`."));
    };
    let wanted = match given.text(&["state", "status"]).as_deref() {
        Some("ready" | "running") => Wanted::Ready,
        Some("finished" | "ended" | "done" | "success") => Wanted::Finished,
        Some("failed") => Wanted::Failed,
        None if service.is_some() => Wanted::Ready,
        None => Wanted::Finished,
        Some(other) => {
            return Ok(Answer::failure(format!("state: '{other}' must be ready, finished or failed.")));
        }
    };
    let seconds = given.number(&["timeout"]).unwrap_or(60).min(LONGEST);
    let deadline = Instant::now() + Duration::from_secs(seconds as u64);
    let begun = Instant::now();
    let mut first = true;
    loop {
        let views = server.sandbox.views_for(&id)?;
        let seen = match service {
            Some(_) => see_service(&views, &id, wanted),
            None => see_step(&views, &id, wanted).or_else(|| see_job(&views, &id, wanted)),
        };
        let not_yet = match seen {
            Some((_, Seen::Yes(text))) => return Ok(Answer::text(text)),
            Some((view, Seen::Never(text))) => return never(server, view, &id, text),
            Some((_, Seen::Not(text))) => text,
            None if service.is_none() => return Ok(missing("step", &id, step_ids(&views))),
            None => match may_open(&views, begun.elapsed()) {
                Some(step) => {
                    let there: Vec<String> = service_ids(&views).collect();
                    let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
                    format!("There is no service '{id}' yet (open: {there}); step {step} may still open it")
                }
                None if first || begun.elapsed() <= SETTLED + POLL => {
                    return Ok(missing("service", &id, service_ids(&views)));
                }
                None => {
                    return Ok(Answer::failure(format!(
                        "{id} did not come: no step is left that may open it."
                    )));
                }
            },
        };
        if let (true, Some(told)) = (first, &caller.told) {
            // Nobody may be listening any more.
            drop(told.send(Told::Progress { done: 0, total: 1, message: not_yet.clone() }));
        }
        first = false;
        if Instant::now() >= deadline {
            return Ok(Answer::failure(format!(
                "{not_yet} after {seconds} s. Wait again, or: get-container-logs."
            )));
        }
        tokio::select! {
            () = sleep(POLL) => {}
            () = caller.canceled.cancelled() => return Ok(Answer::failure("The call was canceled.")),
        }
    }
}

/// The time in which what has started opens its services.
const SETTLED: Duration = Duration::from_secs(1);

/// The first step that may still open a service: its turn has not come, or it has no container yet that runs. One that has
/// just got it is about to.
fn may_open(views: &[JobView], waited: Duration) -> Option<String> {
    views.iter().find_map(|view| {
        let job = &view.job;
        let may = |(step, state): &(&StepId, &Step)| {
            let mut own = job.containers.values().filter(|container| container.step == **step);
            let is_up = own.any(|container| container.status == ContainerStatus::Running);
            let has_parts = job.steps.keys().any(|other| other != *step && belongs(job, other, step));
            !state.status.has_ended() && !has_parts && (!is_up || waited < SETTLED)
        };
        job.steps.iter().find(may).map(|(step, _)| list::named(view, step.as_str()))
    })
}

fn see_service<'v>(views: &'v [JobView], id: &str, wanted: Wanted) -> Option<(&'v JobView, Seen)> {
    let (view, id) = find_service(views, id)?;
    let service = view.job.services.get(&id)?;
    let there = service.status == ServiceStatus::Running;
    let step = view.job.steps.get(&service.step).map(|step| step.status);
    let ports: Vec<String> = service.ports.iter().map(list::port).collect();
    let seen = match wanted {
        Wanted::Ready if there && service.ready => {
            Seen::Yes(format!("Service {id} is ready: {}", ports.join(", ")))
        }
        Wanted::Ready if there => {
            let ports: Vec<String> = service.ports.iter().map(|port| port.port.to_string()).collect();
            Seen::Not(format!(
                "{id} accepts no connections yet (does it listen on 0.0.0.0, at {}?)",
                ports.join(" and ")
            ))
        }
        Wanted::Ready => Seen::Never(format!("Service {id} is there no more.")),
        Wanted::Finished if !there => Seen::Yes(format!("Service {id} is closed.")),
        Wanted::Failed if step == Some(Status::Failed) => {
            Seen::Yes(format!("The step of service {id} failed."))
        }
        Wanted::Failed if !there => Seen::Never(format!("Service {id} is closed; its step did not fail.")),
        Wanted::Finished | Wanted::Failed => Seen::Not(format!("{id} still runs")),
    };
    Some((view, seen))
}

fn see_step<'v>(views: &'v [JobView], id: &str, wanted: Wanted) -> Option<(&'v JobView, Seen)> {
    let (view, id) = find_newest_call(views, id)?;
    let status = view.job.steps.get(&id)?.status;
    let word = status.word();
    let seen = match (wanted, status) {
        (Wanted::Finished | Wanted::Ready, Status::Success | Status::Skipped) => {
            Seen::Yes(format!("Step {id} finished."))
        }
        (Wanted::Failed, Status::Failed) => Seen::Yes(format!("Step {id} failed. Why: describe-step")),
        (_, Status::Failed | Status::Stopped | Status::Canceled | Status::Skipped | Status::Success) => {
            Seen::Never(format!("Step {id} has ended: {word}."))
        }
        (Wanted::Ready, Status::Running) if serves(&view.job, &id) => {
            Seen::Yes(format!("Step {id} is ready."))
        }
        (_, Status::Queued | Status::Starting | Status::Running | Status::Stopping) => {
            Seen::Not(format!("{id} is still {word}"))
        }
    };
    Some((view, seen))
}

/// How a whole job stands, which lists of jobs show.
fn see_job<'v>(views: &'v [JobView], id: &str, wanted: Wanted) -> Option<(&'v JobView, Seen)> {
    let view = views.iter().find(|view| view.key.job.as_str() == id)?;
    let status = view.job.status;
    let word = status.word();
    let seen = match (wanted, status) {
        (Wanted::Finished, Status::Success) => Seen::Yes(format!("Job {id} finished.")),
        (Wanted::Failed, Status::Failed) => {
            Seen::Yes(format!("Job {id} failed. Why: list-steps {{\"job\":\"{id}\"}}"))
        }
        (_, status) if status.has_ended() => Seen::Never(format!("Job {id} has ended: {word}.")),
        (Wanted::Ready, _)
            if view.job.services.values().all(|service| service.ready) && status == Status::Running =>
        {
            Seen::Yes(format!("Job {id} runs, and its services are ready."))
        }
        (_, _) => Seen::Not(format!("Job {id} is still {word}")),
    };
    Some((view, seen))
}

fn serves(job: &Job, step: &StepId) -> bool {
    let of_it = |other: &StepId| belongs(job, other, step);
    let mut open = job
        .services
        .values()
        .filter(|service| of_it(&service.step) && service.status == ServiceStatus::Running)
        .peekable();
    open.peek().is_some() && open.all(|service| service.ready)
}

/// It ended otherwise: why, if that is known.
fn never(server: &Inner, view: &JobView, id: &str, text: String) -> Result<Answer, AppError> {
    let of_job = std::slice::from_ref(view);
    let service = view.job.services.get(&ServiceId::new(id.rsplit('/').next().unwrap_or(id)));
    let step = service
        .map(|service| service.step.clone())
        .or_else(|| find_newest_call(of_job, id).map(|(_, step)| step));
    // Without a step it is the whole job.
    let only = step.map_or_else(|| view.clone(), |step| view.clone().only(&step));
    if !only.job.steps.values().any(|step| step.status == Status::Failed) {
        return Ok(Answer::failure(text));
    }
    let filter = LogFilter::default();
    let lines: Result<Vec<LogLine>, _> = server.sandbox.app.store.read_logs(&view.key, 0, filter).collect();
    let masker = &server.sandbox.masker(&server.sandbox.project.get()?.scope)?;
    let digest = Failed { view: &only, lines: &lines?, findings: "", masker }.digest();
    Ok(Answer::failure(format!("{digest}{text}")))
}
