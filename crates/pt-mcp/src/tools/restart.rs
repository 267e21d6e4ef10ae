//! Starting a container once more.

use std::time::Duration;

use pt_model::ContainerStatus;
use pt_server::AppError;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::server::Inner;
use crate::tools::Caller;
use crate::tools::describe::find_container;

/// How long it may take: the grace of its stop, and its start.
const LONGEST: Duration = Duration::from_secs(60);

/// `restart-container`
pub(super) async fn restart(server: &Inner, given: &Arguments, caller: &Caller) -> Result<Answer, AppError> {
    let wanted = given.text(&["container", "id", "ref"]).unwrap_or_default();
    let Some(job) = server.sandbox.job() else {
        return Ok(Answer::failure("Nothing has run yet. Call a tool, or: list-tools"));
    };
    let view = job.view();
    let id = match find_container(std::slice::from_ref(&view), &wanted) {
        Ok((_, id)) => id,
        Err(answer) => return Ok(answer),
    };
    let restarts = view.job.containers.get(&id).map(|container| container.restarts).unwrap_or_default();
    if let Err(failure) = job.control.restart(id.clone()).await {
        return Ok(Answer::failure(format!("Not restarted: {} Run its tool again.", failure.message)));
    }
    let mut state = job.state.clone();
    let done = async {
        let mut ended = None;
        let changed = state.wait_for(|job| {
            let Some(container) = job.containers.get(&id) else { return true };
            let again = container.restarts > restarts && container.status == ContainerStatus::Running;
            let over = matches!(container.status, ContainerStatus::Exited | ContainerStatus::Failed);
            ended = over.then(|| container.failure.clone().unwrap_or_default());
            again || over
        });
        drop(changed.await);
        ended
    };
    tokio::select! {
        ended = timeout(LONGEST, done) => Ok(match ended {
            Ok(None) => Answer::text(format!("Container {id} runs again, with the same ports. Read on: get-container-logs")),
            Ok(Some(why)) => Answer::failure(format!("Container {id} did not start again. {why}")),
            Err(_) => Answer::failure(format!(
                "Container {id} has not started again after {} s: describe-container.",
                LONGEST.as_secs()
            )),
        }),
        () = caller.canceled.cancelled() => Ok(Answer::failure("The call was canceled.")),
    }
}
