//! Containers while they run: attached from the first byte, watched to the end.

use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, InspectContainerOptions, LogsOptionsBuilder, StartContainerOptions,
    WaitContainerOptionsBuilder,
};
use futures_util::{Stream as Pieces, StreamExt};
use pt_model::Stream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::door::address_in;
use super::error::is_missing;
use super::network::ambiguous_network;
use super::wording::FirstWords;
use super::{Docker, wording};
use crate::backend::{BackendError, Chunk, Exit, Running};

/// Pieces of output on their way; a full way slows the writer.
pub(super) const OUTPUT_CHUNKS: usize = 64;

/// How often the engine is asked about a container whose output has ended and whose exit nobody told. Podman's wait can
/// miss the exit of a container that is quicker than the request.
pub(super) const RECHECK: Duration = Duration::from_secs(1);

/// How long output may stay silent after the exit before it counts as ended.
const DRAIN: Duration = Duration::from_secs(10);

/// How an engine writes the time of what did not happen.
const NEVER: &str = "0001-";

type Output = Pin<Box<dyn Pieces<Item = Result<LogOutput, Error>> + Send>>;

impl Docker {
    /// Attaches, then starts: what is written before the engine answers is not lost.
    pub(super) async fn start_attached(&self, id: &str) -> Result<Running, BackendError> {
        let failed = |error| self.failed("start the container", error);
        let start = || self.client.start_container(id, None::<StartContainerOptions>);
        let mut attached = self.attach(id).await.map_err(failed)?;
        // Whether it is reachable is asked the first time only; then it is known.
        let (mut started, _) = tokio::join!(start(), self.is_reachable());
        if let Some(network) = started.as_ref().err().and_then(ambiguous_network) {
            self.settle_on_one(network).await.map_err(failed)?;
            // The first one has ended with the start that failed.
            attached = self.attach(id).await.map_err(failed)?;
            started = start().await;
        }
        started.map_err(failed)?;

        let (output, chunks) = mpsc::channel(OUTPUT_CHUNKS);
        let (exit, exited) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let (seen, over) = oneshot::channel();
        tokio::spawn(pump(attached.output, wording::of_init, output, over, ended));
        tokio::spawn(watch(self.client.clone(), id.to_owned(), end, seen, exit));
        let (address, run) = self.whereabouts(id).await;
        Ok(Running { output: chunks, exit: exited, address, run })
    }

    async fn attach(&self, id: &str) -> Result<AttachContainerResults, Error> {
        let options = AttachContainerOptionsBuilder::new().stream(true).stdout(true).stderr(true).build();
        self.client.attach_container(id, Some(options)).await
    }

    /// An inspection waits for the container's lock, and so for a start that is under way; a list does not.
    pub(super) async fn has_begun(&self, id: &str) -> Result<bool, BackendError> {
        let found = self.client.inspect_container(id, None::<InspectContainerOptions>).await;
        let found = found.map_err(|error| self.failed("ask whether the container was started", error))?;
        Ok(found.state.and_then(|state| state.started_at).is_some_and(|began| !began.starts_with(NEVER)))
    }

    /// Reads what the engine has kept, and goes on with what comes.
    pub(super) async fn follow(&self, id: &str) -> Result<Running, BackendError> {
        let found = self.client.inspect_container(id, None::<InspectContainerOptions>).await;
        found.map_err(|error| self.failed("follow the container", error))?;
        self.is_reachable().await;
        let options = LogsOptionsBuilder::new().follow(true).stdout(true).stderr(true).build();
        let pieces: Output = Box::pin(self.client.logs(id, Some(options)));
        let (output, chunks) = mpsc::channel(OUTPUT_CHUNKS);
        let (exit, exited) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let (seen, over) = oneshot::channel();
        tokio::spawn(pump(pieces, wording::of_init, output, over, ended));
        tokio::spawn(watch(self.client.clone(), id.to_owned(), end, seen, exit));
        let (address, run) = self.whereabouts(id).await;
        Ok(Running { output: chunks, exit: exited, address, run })
    }

    /// The container's address, where this machine can use it, and which run of it that is. A container that is gone again has
    /// neither.
    async fn whereabouts(&self, id: &str) -> (Option<IpAddr>, u64) {
        let Ok(found) = self.client.inspect_container(id, None::<InspectContainerOptions>).await else {
            return (None, 0);
        };
        let run = found.state.as_ref().and_then(|state| state.started_at.as_deref()).map_or(0, run_of);
        let reachable = self.reachable.get() == Some(&true);
        (if reachable { address_in(found) } else { None }, run)
    }

    /// Whether this machine can reach addresses of containers.
    pub(super) async fn is_reachable(&self) -> bool {
        *self.reachable.get_or_init(|| self.reaches_containers()).await
    }

    /// Bridges are on this machine unless the engine is elsewhere, in a virtual machine, or has no root.
    async fn reaches_containers(&self) -> bool {
        if !cfg!(target_os = "linux") || !self.address.starts_with("unix://") {
            return false;
        }
        self.client.info().await.is_ok_and(|info| {
            let rootless = info.security_options.iter().flatten().any(|option| option.contains("rootless"));
            let desktop = info.operating_system.is_some_and(|system| system.contains("Docker Desktop"));
            !rootless && !desktop
        })
    }
}

/// Passes output on until the stream ends, and then lets go of `ended`. After the exit (when the other end of `over` is let
/// go) it does not wait for ever: whoever inherited the pipe may hold it open.
pub(super) async fn pump(
    mut pieces: Output,
    wording: fn(&[u8]) -> FirstWords,
    output: mpsc::Sender<Chunk>,
    mut over: oneshot::Receiver<()>,
    ended: oneshot::Sender<()>,
) {
    let mut exited = false;
    // The first words, until it is known whose they are.
    let mut opening = Some(Vec::new());
    loop {
        let piece = tokio::select! {
            piece = pieces.next() => piece,
            _ = &mut over, if !exited => { exited = true; continue }
            () = sleep(DRAIN), if exited => None,
        };
        // A stream that breaks is a stream that ends: the exit is told by whoever watches.
        let Some(Ok(piece)) = piece else { break };
        let stream = match &piece {
            LogOutput::StdErr { .. } => Stream::Stderr,
            // A terminal has one stream, which comes without frames.
            LogOutput::StdOut { .. } | LogOutput::StdIn { .. } | LogOutput::Console { .. } => Stream::Stdout,
        };
        let bytes = piece.into_bytes();
        let chunk = match &mut opening {
            None => Chunk { stream, bytes: bytes.to_vec() },
            Some(begun) => {
                begun.extend_from_slice(&bytes);
                // Where a command could not be executed, its first words are not its own.
                match wording(begun) {
                    FirstWords::Unfinished => continue,
                    FirstWords::Own => Chunk { stream, bytes: opening.take().unwrap_or_default() },
                    FirstWords::Translated(bytes) => {
                        opening = None;
                        Chunk { stream: Stream::Stderr, bytes }
                    }
                }
            }
        };
        if output.send(chunk).await.is_err() {
            break; // Nobody reads.
        }
    }
    if let Some(bytes) = opening.filter(|begun| !begun.is_empty()) {
        // Nobody reads, or they are the last words, too.
        drop(output.send(Chunk { stream: Stream::Stderr, bytes }).await);
    }
    drop((output, ended));
}

/// Tells the exit once it is known; lets go of `exit` when the connection breaks before.
///
/// The wait is for "not running", asked after the start has been answered: it cannot miss the exit, where "next exit"
/// can, whose request may arrive too late.
async fn watch(
    client: bollard::Docker,
    id: String,
    output_ended: oneshot::Receiver<()>,
    seen: oneshot::Sender<()>,
    exit: oneshot::Sender<Exit>,
) {
    let told = tokio::select! {
        told = wait(&client, &id) => match told {
            Some(code) => Some(code),
            // With the wait the output has broken off: that the container has exited since is nothing to go by.
            None => return,
        },
        () = recheck(&client, &id, output_ended) => None,
    };
    let observed = observe_exit(&client, &id).await;
    // One that is removed as it exits has left only its code.
    let observed = observed.or(told.map(|code| Exit { code, out_of_memory: false, run: 0 }));
    drop(seen);
    if let Some(observed) = observed {
        exit.send(observed).ok(); // Nobody may be waiting.
    }
}

/// The exit code as the engine tells it when it happens; nothing when the wait broke.
async fn wait(client: &bollard::Docker, id: &str) -> Option<i64> {
    let options = WaitContainerOptionsBuilder::new().condition("not-running").build();
    match client.wait_container(id, Some(options)).next().await? {
        Ok(response) => Some(response.status_code),
        // The client calls a code other than 0 an error.
        Err(Error::DockerContainerWaitError { code, .. }) => Some(code),
        Err(_) => None,
    }
}

/// Returns when the container is seen not running, looked at from the end of its output on.
async fn recheck(client: &bollard::Docker, id: &str, output_ended: oneshot::Receiver<()>) {
    drop(output_ended.await);
    loop {
        sleep(RECHECK).await;
        if !matches!(observe(client, id).await, Observed::Running) {
            return;
        }
    }
}

enum Observed {
    Running,
    Exited(Exit),
    Gone,
    Unreachable,
}

async fn observe(client: &bollard::Docker, id: &str) -> Observed {
    match client.inspect_container(id, None::<InspectContainerOptions>).await {
        Ok(container) => match container.state {
            Some(state) if state.running != Some(true) => Observed::Exited(Exit {
                code: state.exit_code.unwrap_or_default(),
                out_of_memory: state.oom_killed.unwrap_or_default(),
                run: run_of(state.started_at.as_deref().unwrap_or_default()),
            }),
            Some(_) | None => Observed::Running,
        },
        Err(error) if is_missing(&error) => Observed::Gone,
        Err(_) => Observed::Unreachable,
    }
}

/// A number that tells runs apart, from the time when one began by the engine's clock: the digits of it, as far as they fit.
fn run_of(started: &str) -> u64 {
    let digits = started.chars().filter_map(|digit| digit.to_digit(10));
    digits.fold(0, |number: u64, digit| number.wrapping_mul(10).wrapping_add(digit.into()))
}

/// The exit as inspection shows it; it is waited for while the container runs.
async fn observe_exit(client: &bollard::Docker, id: &str) -> Option<Exit> {
    loop {
        match observe(client, id).await {
            Observed::Exited(exit) => return Some(exit),
            Observed::Running => sleep(RECHECK).await,
            Observed::Gone | Observed::Unreachable => return None,
        }
    }
}
