//! What containers say, and commands in them.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use pt_backend::{ExecOrder, ExecRequest, ExecSignal, Running};
use pt_model::{ContainerId, ContainerStatus, LogLine, StepId, Text, parse_duration};
use pt_server::{AppError, ExecCall, ExecSession, exec_in_job};
use pt_store::LogFilter;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::sandbox::{JobView, belongs};
use crate::server::Inner;
use crate::tools::Caller;
use crate::tools::describe::{
    behind_service, find, find_container, find_newest_call, in_newest_call, missing,
};
use crate::tools::list::{self, none_fits};

/// Lines that are shown, unless another limit was given.
const LIMIT: usize = 100;

/// How long a command may take, unless another time was given.
const EXEC_SECONDS: usize = 60;

/// Bytes of a command's output that are kept.
const EXEC_BYTES: usize = 4_000_000;

/// `get-container-logs`
pub(super) fn logs(server: &Inner, given: &Arguments) -> Result<Answer, AppError> {
    let wanted = given.text(&["container", "step", "id", "ref", "job"]).unwrap_or_default();
    let views = server.sandbox.views_for(&wanted)?;
    let is_container = |view: &JobView, id: &str| view.job.containers.contains_key(&ContainerId::from(id));
    let container = find(&views, &wanted, is_container).map(|(view, id)| (view, ContainerId::new(id)));
    let exact = |view: &JobView, id: &str| view.job.steps.contains_key(&StepId::from(id));
    let step = find(&views, &wanted, exact).map(|(view, id)| (view, StepId::new(id)));
    // A service's lines are its container's; what is no id of a step may be a part of one.
    let container = match (container, &step) {
        (None, None) => behind_service(&views, &wanted),
        (container, _) => container,
    };
    // A name stands for its newest call; `job/id` for that very thing.
    let newest = container.as_ref().filter(|(view, _)| view.own && !wanted.contains('/'));
    let newest = newest.and_then(|(view, id)| Some((*view, in_newest_call(view, id)?)));
    let is_newer = newest.is_some();
    let container = newest.or(container);
    let step = step.filter(|_| wanted.contains('/')).or_else(|| find_newest_call(&views, &wanted));
    let whole = || views.iter().find(|view| view.key.job.as_str() == wanted);
    let Some(view) =
        container.as_ref().map(|(view, _)| *view).or(step.as_ref().map(|(view, _)| *view)).or_else(whole)
    else {
        let ids = views.iter().flat_map(|view| {
            let containers = view.job.containers.keys().map(ContainerId::as_str);
            let ids = view.job.steps.keys().map(StepId::as_str).chain(containers);
            ids.map(|id| list::named(view, id))
        });
        return Ok(missing("container or step", &wanted, ids));
    };
    let of_it = |line: &LogLine| match (&container, &step) {
        (Some((_, container)), _) => line.container.as_ref() == Some(container),
        (None, Some((view, step))) => belongs(&view.job, &line.step, step),
        (None, None) => true,
    };
    let before = given.number(&["before"]).map(|line| line as u64);
    let like = given.text(&["like"]);
    let said_since = given.text(&["since"]);
    let since = match said_since.as_deref().map(|text| (text, parse_duration(text))) {
        None => None,
        Some((_, Some(time))) => Timestamp::now().checked_sub(time).ok(),
        Some((text, None)) => {
            return Ok(Answer::failure(format!(
                "since: '{text}' is no time. Write a number and a unit, as 30s or 5m."
            )));
        }
    };
    let limit = given.number(&["limit", "tail", "lines"]).unwrap_or(LIMIT).max(1);
    let mut lines = Vec::new();
    let mut written: usize = 0;
    for line in server.sandbox.app.store.read_logs(&view.key, 0, LogFilter::default()) {
        let line = line?;
        written += usize::from(of_it(&line));
        if before.is_some_and(|before| line.seq >= before) {
            continue;
        }
        let recent = since.is_none_or(|since| line.at >= since);
        if of_it(&line) && recent && like.as_ref().is_none_or(|like| line.text.contains(like)) {
            lines.push(line);
        }
    }
    let shown = &lines[lines.len().saturating_sub(limit)..];
    let Some(first) = shown.first() else {
        if written == 0 {
            return Ok(Answer::text(format!("{wanted} has written nothing yet.")));
        }
        let filters = [
            like.map(|like| format!("like '{like}'")),
            said_since.map(|since| format!("since {since}")),
            before.map(|before| format!("before {before}")),
        ];
        let filters: Vec<String> = filters.into_iter().flatten().collect();
        let lines = format!("lines of {wanted}");
        return Ok(Answer::text(none_fits(written, &lines, &filters.join(" and "))));
    };
    let mut text = match (&container, &step) {
        (Some((view, id)), _) if is_newer => earlier(view, id.as_str(), &wanted),
        (None, Some((view, step))) if is_call_of(step.as_str(), &wanted) => {
            earlier(view, step.as_str(), &wanted)
        }
        _ => String::new(),
    };
    let left_out = lines.len() - shown.len();
    if left_out > 0 {
        let mut note = json!({"container": wanted, "limit": limit, "before": first.seq});
        for (key, said) in [("like", &like), ("since", &said_since)] {
            if let Some(said) = said {
                note[key] = json!(said);
            }
        }
        text.extend([format!("[{left_out} lines before these: get-container-logs {note}]\n")]);
    }
    let several = shown.iter().any(|line| line.step != first.step);
    for line in shown {
        if several {
            text.extend([format!("{} | ", line.step)]);
        }
        text.push_str(&line.text);
        text.push('\n');
    }
    Ok(Answer::text(text))
}

/// Whether a step is a later call of that name.
fn is_call_of(step: &str, name: &str) -> bool {
    step.strip_prefix(name.split('.').next().unwrap_or(name)).is_some_and(|rest| rest.starts_with('-'))
}

/// Which call is shown, and how to see the first one.
fn earlier(view: &JobView, shown: &str, wanted: &str) -> String {
    format!("[of {shown}, the newest; {}/{wanted} is the first]\n", view.key.job)
}

/// `exec`
pub(super) async fn exec(server: &Inner, given: &Arguments, caller: &Caller) -> Result<Answer, AppError> {
    let wanted = given.text(&["container", "id", "ref"]).unwrap_or_default();
    let cmd: Vec<String> = match given.get(&["cmd", "command"]) {
        Some(Value::Array(words)) if !words.is_empty() => {
            words.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(Value::String(line)) if !line.trim().is_empty() => {
            vec!["sh".to_owned(), "-c".to_owned(), line.clone()]
        }
        _ => return Ok(Answer::failure("Which command? Give `cmd`: a list of words, or a line for sh.")),
    };
    let (backend_id, socket) = {
        let views = server.sandbox.views()?;
        let (view, id) = match find_container(&views, &wanted) {
            Ok(found) => found,
            Err(answer) => return Ok(answer),
        };
        let container = view.job.containers.get(&id);
        let running = container.filter(|container| container.status == ContainerStatus::Running);
        let running = running.and_then(|container| container.backend_id.clone());
        let Some(backend_id) = running else {
            return Ok(Answer::failure(format!(
                "Container {wanted} does not run any more. Run its tool again, or read its lines: get-container-logs."
            )));
        };
        (backend_id, view.socket.clone())
    };
    let scope = server.sandbox.project.get()?.scope.clone();
    let mut running = match start(server, backend_id, socket, cmd).await {
        Ok(running) => running,
        Err(answer) => return Ok(answer),
    };
    // It has nothing to read. One that has ended hears nothing.
    drop(running.orders.send(ExecOrder::EndOfInput).await);
    let seconds = given.number(&["timeout"]).unwrap_or(EXEC_SECONDS).clamp(1, 600);
    let deadline = tokio::time::sleep(Duration::from_secs(seconds as u64));
    tokio::pin!(deadline);
    let mut output = Tail::default();
    let mut why_cut = None;
    loop {
        tokio::select! {
            chunk = running.output.recv() => match chunk {
                Some(chunk) => output.push(&chunk.bytes),
                None => break,
            },
            () = &mut deadline => {
                why_cut = Some(format!("It had not ended after {seconds} s"));
                break;
            }
            () = caller.canceled.cancelled() => {
                why_cut = Some("The call was canceled".to_owned());
                break;
            }
        }
    }
    let exit = match &mut why_cut {
        None => running.exit.await.ok(),
        Some(why) => {
            why.push_str(if end(&mut running).await {
                ": it was killed."
            } else {
                ", and it could not be killed: it goes on in the container. restart-container ends it."
            });
            None
        }
    };
    let masker = server.sandbox.masker(&scope)?;
    let output = masker.mask(&output.text());
    let code = exit.map(|exit| exit.code);
    let mut text = match (code, &why_cut) {
        (Some(0), _) => String::new(),
        (Some(code), _) => format!("Exit code {code}\n"),
        (None, Some(why)) => format!("{why}\n"),
        (None, None) => "The backend lost sight of the command.\n".to_owned(),
    };
    text.push_str(output.trim_end_matches('\n'));
    if text.is_empty() {
        text.push_str("Exit code 0, without output.");
    }
    let failed = code != Some(0);
    Ok(Answer { failed, ..Answer::text(text) }.with(json!({"exit-code": code})))
}

/// Starts a command in a container; in that of a job which somebody else runs, by its runner.
async fn start(
    server: &Inner,
    container: String,
    socket: Option<PathBuf>,
    cmd: Vec<String>,
) -> Result<ExecSession, Answer> {
    if let Some(socket) = socket {
        let call = ExecCall { container, cmd, ..ExecCall::default() };
        let started = exec_in_job(&socket, &call).await;
        return started.map_err(|error| Answer::failure(format!("FAILED: {error}")));
    }
    let cmd = cmd.iter().map(|word| Text::from(word.as_str())).collect();
    let request = ExecRequest { cmd, ..ExecRequest::default() };
    let backend = server.sandbox.backend().await.map_err(|error| crate::tools::failed(&error))?;
    let (orders, told) = mpsc::channel(2);
    let started = backend.exec_attended(&container, &request, told).await;
    let Running { output, exit, .. } = started.map_err(|error| crate::tools::failed(&error.into()))?;
    Ok(ExecSession { orders, output, exit })
}

/// How long a command may take to end that was asked to; then it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// Ends a command whose output nobody reads any more, with all that it started; whether it has ended.
async fn end(running: &mut ExecSession) -> bool {
    for signal in [ExecSignal::Terminate, ExecSignal::Kill] {
        // Who takes no orders any more has ended, which is seen below.
        drop(running.orders.send(ExecOrder::Signal(signal)).await);
        let ended = async { while running.output.recv().await.is_some() {} };
        if timeout(GRACE, ended).await.is_ok() {
            return true;
        }
    }
    false
}

/// The last bytes of what a command writes, from the beginning of a line on: a cut inside a line might leave the rest of a
/// secret, which nobody would recognize.
#[derive(Default)]
struct Tail {
    bytes: Vec<u8>,
    /// Whether the rest of a line is to be dropped that began before what is kept.
    torn: bool,
}

impl Tail {
    fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        if self.bytes.len() > 2 * EXEC_BYTES {
            self.bytes.drain(..self.bytes.len() - EXEC_BYTES);
            self.torn = true;
        }
        if self.torn {
            let line = self.bytes.iter().position(|byte| *byte == b'\n');
            self.bytes.drain(..line.map_or(self.bytes.len(), |end| end + 1));
            self.torn = line.is_none();
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_much_output_begins_with_a_line() {
        let mut tail = Tail::default();
        tail.push(b"first\n");
        for _ in 0..3 {
            tail.push(&b"hunter2-hunter2\n".repeat(EXEC_BYTES / 15));
        }
        let text = tail.text();
        assert!(text.len() <= 2 * EXEC_BYTES && text.starts_with("hunter2-hunter2\n"), "{}", &text[..20]);

        let mut endless = Tail::default();
        endless.push(&vec![b'x'; 2 * EXEC_BYTES + 1]);
        endless.push(b"the rest\nwhole\n");
        assert_eq!(endless.text(), "whole\n");
    }
}
