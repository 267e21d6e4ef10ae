//! A command in a container, seen through by one task: its start, its output, its exit.

use std::sync::Arc;

use pt_backend::{Backend, Chunk, ExecRequest, Running};
use pt_model::{ContainerId, Data, Failure, StepId, Stream};
use tokio::sync::mpsc;

use crate::call::{Reply, of_container};
use crate::dispatcher::Message;
use crate::log::{LogSender, Written};

/// Everything the task needs to know.
pub(crate) struct ExecTask {
    pub(crate) exec: String,
    pub(crate) step: StepId,
    pub(crate) container: ContainerId,
    pub(crate) backend_id: String,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) request: ExecRequest,
    /// Answered with the id of the command when it has started.
    pub(crate) reply: Reply,
    pub(crate) log: LogSender,
    pub(crate) messages: mpsc::UnboundedSender<Message>,
}

impl ExecTask {
    /// Sees the command through. Whoever asked for it may have been stopped meanwhile; it ends with its container.
    pub(crate) async fn run(self) {
        let Self { exec, step, container, backend_id, backend, request, reply, log, messages } = self;
        let (code, said) = match backend.exec(&backend_id, &request).await {
            Ok(running) => {
                drop(reply.send(Ok(Data::from(exec.as_str()))));
                watch(running, &step, &container, &log).await
            }
            Err(error) => {
                let why = error.to_string().replace(&backend_id, container.as_str());
                let message = format!("The command could not be run in container '{container}': {why}");
                drop(reply.send(Err(Failure::new(message, of_container(&container, None)))));
                (None, String::new())
            }
        };
        // The dispatcher is gone only when the job is over.
        let _ = messages.send(Message::ExecEnded { exec, code, said });
    }
}

/// The most that is remembered of what a command says, in bytes: its end.
const REMEMBERED: usize = 256 << 10;

/// Keeps the end of what was said.
pub(crate) fn forget_beginning(said: &mut String) {
    if let Some(cut) = said.len().checked_sub(REMEMBERED) {
        let cut = (cut..said.len()).find(|at| said.is_char_boundary(*at)).unwrap_or(said.len());
        said.drain(..cut);
    }
}

/// Passes the output on, and gives the exit code when there is no more of it, and what the command said.
async fn watch(
    running: Running,
    step: &StepId,
    container: &ContainerId,
    log: &LogSender,
) -> (Option<i64>, String) {
    let mut said = String::new();
    let Running { mut output, exit, .. } = running;
    let mut write = async |stream, lines: Vec<String>| {
        for line in &lines {
            said.extend([line.as_str(), "\n"]);
        }
        forget_beginning(&mut said);
        if !lines.is_empty() {
            let (step, container) = (step.clone(), Some(container.clone()));
            log.send(Written { step, container, stream, lines, beside: true }).await;
        }
    };
    let (mut out, mut err) = (log.lines(), log.lines());
    while let Some(Chunk { stream, bytes }) = output.recv().await {
        let lines = if stream == Stream::Stderr { err.take(&bytes) } else { out.take(&bytes) };
        write(stream, lines).await;
    }
    write(Stream::Stdout, out.finish().into_iter().collect()).await;
    write(Stream::Stderr, err.finish().into_iter().collect()).await;
    log.settle().await;
    (exit.await.ok().map(|exit| exit.code), said)
}
