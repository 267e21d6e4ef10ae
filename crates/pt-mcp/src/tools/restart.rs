//! Starting a container once more.

use std::time::Duration;

use pt_model::{ContainerId, ContainerStatus};
use pt_server::{AppError, restart_in_job};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::sandbox::JobView;
use crate::server::Inner;
use crate::tools::describe::find_container;
use crate::tools::{Caller, list};

/// How long it may take: the grace of its stop, and its start.
const LONGEST: Duration = Duration::from_secs(60);

/// Between two looks at another's job.
const POLL: Duration = Duration::from_millis(100);

/// `restart-container`
pub(super) async fn restart(server: &Inner, given: &Arguments, caller: &Caller) -> Result<Answer, AppError> {
    let wanted = given.text(&["container", "id", "ref"]).unwrap_or_default();
    let views = server.sandbox.views()?;
    if views.is_empty() {
        return Ok(Answer::failure("Nothing has run yet. Call a tool, or: list-tools"));
    }
    let (view, id) = match find_container(&views, &wanted) {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let before = view.job.containers.get(&id).map(|container| container.restarts).unwrap_or_default();
    let job = view.key.job.as_str();
    if let Err(why) = ask(server, view, &id).await {
        let then = if view.own {
            "Run its tool again.".to_owned()
        } else {
            format!("Job {job} is the developer's to run again.")
        };
        return Ok(Answer::failure(format!("Not restarted: {why} {then}")));
    }
    let whose = list::named(view, id.as_str());
    let service = view.job.services.iter().find(|(_, service)| service.container == id);
    let next = match service {
        Some((service, _)) => {
            format!("Then: wait-until {}", json!({"service": list::named(view, service.as_str())}))
        }
        None => "Read on: get-container-logs".to_owned(),
    };
    let done = async {
        loop {
            let views = server.sandbox.views_for(job)?;
            let now = views.iter().find(|view| view.key.job.as_str() == job);
            let Some(container) = now.and_then(|view| view.job.containers.get(&id)) else { return Ok(None) };
            if container.restarts > before && container.status == ContainerStatus::Running {
                return Ok(None);
            }
            if matches!(container.status, ContainerStatus::Exited | ContainerStatus::Failed) {
                return Ok(Some(container.failure.clone().unwrap_or_default()));
            }
            sleep(POLL).await;
        }
    };
    tokio::select! {
        ended = timeout(LONGEST, done) => Ok(match ended {
            Ok(Err(error)) => return Err(error),
            Ok(Ok(None)) => Answer::text(format!("Container {whose} runs again, with the same ports. {next}")),
            Ok(Ok(Some(why))) => Answer::failure(format!("Container {whose} did not start again. {why}")),
            Err(_) => Answer::failure(format!(
                "Container {whose} has not started again after {} s: describe-container.",
                LONGEST.as_secs()
            )),
        }),
        () = caller.canceled.cancelled() => Ok(Answer::failure("The call was canceled.")),
    }
}

/// Asks the job's dispatcher, which may be another process.
async fn ask(server: &Inner, view: &JobView, container: &ContainerId) -> Result<(), String> {
    match (server.sandbox.job().filter(|_| view.own), &view.socket) {
        (Some(job), _) => job.control.restart(container.clone()).await.map_err(|failure| failure.message),
        (None, Some(socket)) => restart_in_job(socket, container)
            .await
            .map_err(|error| format!("{}.", error.to_string().trim_end_matches('.'))),
        (None, None) => Err(format!("job {} does not run any more.", view.key.job)),
    }
}
