//! A container's life, seen through by one task: image, creation, start, output, exit, maybe start again, removal.

mod away;
mod following;
mod making;
mod meddling;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pt_backend::{
    Backend, BackendError, ContainerRequest, ErrorKind, Exit, ImagePolicy, PublishedPort, Running,
};
use pt_model::{ContainerChange, ContainerId, ContainerStatus, Labels, Restart, RestartPolicy, StepId};
use pt_store::{JobKey, Store};
use tokio::sync::{Notify, OnceCell, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep};

use crate::dispatcher::Message;
use crate::log::LogSender;
use crate::mount::NeededVolume;
use crate::ready::Voice;
use crate::reception::Reception;

use meddling::{Afterwards, Starter};

/// What is wished for a container. It only ever goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// That it runs.
    Run,
    /// That it stops, with its grace.
    Stop,
    /// That it is gone once it has exited by itself or been stopped.
    Remove,
    /// That it is gone, now.
    Kill,
}

/// What the task reports.
#[derive(Debug)]
pub(crate) enum Report {
    /// Its state changed.
    Changed(ContainerChange),
    /// Its ports on the host are others than first chosen.
    Ports(Vec<PublishedPort>),
    /// Something went wrong that ends nothing.
    Trouble(String),
    /// How the pull of its image goes.
    Progress(String),
    /// Let go of when everything reported before has been told.
    Mark(oneshot::Sender<()>),
    /// The task is over: the container is gone, or could not be removed, which the message says.
    Over(Option<String>),
}

/// The network of a job, made when the first container needs it.
pub(crate) struct Network {
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) made: OnceCell<()>,
    /// The volumes that its containers have used, by name.
    pub(crate) volumes: Mutex<HashSet<String>>,
    /// Whether it was told that the engine does not answer, to one that has not answered since.
    pub(crate) away: AtomicBool,
}

/// Where a container's life is taken up.
#[derive(Debug)]
pub(crate) enum Beginning {
    /// It is to be made.
    Make,
    /// It was started by another runner: it runs, or has exited.
    GoOn {
        /// The backend's id.
        id: String,
        /// How it stood when that runner was last heard of.
        status: ContainerStatus,
        /// Whether the backend's id was told.
        told: bool,
        /// How often it was started again.
        restarts: u32,
        /// What the backend told the run by whose end made it start again.
        last_run: u64,
        /// Whether it runs.
        running: bool,
    },
    /// Its end is known; it is there still.
    Ended {
        /// The backend's id.
        id: String,
    },
}

/// The longest pause between two tries to follow a container.
const FOLLOW_AGAIN: Duration = Duration::from_secs(1);

/// What comes next in a container's life.
enum Next {
    Start,
    /// Read what it wrote from its first byte, and go on with it; tell that it has started, if nobody knows.
    Follow {
        tell: bool,
    },
    /// It has exited. If that was the end of this run, it is known, and only what it wrote may not be.
    Drain {
        run: u64,
    },
}

/// Everything the task needs to know.
pub(crate) struct ContainerTask {
    pub(crate) beginning: Beginning,
    pub(crate) key: JobKey,
    pub(crate) store: Store,
    pub(crate) id: ContainerId,
    pub(crate) step: StepId,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) network: Arc<Network>,
    pub(crate) request: ContainerRequest,
    pub(crate) volumes: Vec<NeededVolume>,
    pub(crate) image_policy: ImagePolicy,
    pub(crate) restart: Restart,
    pub(crate) grace: Duration,
    pub(crate) wish: watch::Receiver<Wish>,
    /// Notified when it is to be stopped and started once more.
    pub(crate) restart_wished: Arc<Notify>,
    pub(crate) messages: mpsc::UnboundedSender<Message>,
    pub(crate) log: LogSender,
    /// Who receives what it tells of itself.
    pub(crate) reception: Option<Reception>,
    pub(crate) voice: Arc<Voice>,
}

impl ContainerTask {
    /// Sees the container through its life.
    pub(crate) async fn run(mut self) {
        let problem = match std::mem::replace(&mut self.beginning, Beginning::Make) {
            Beginning::Make => self.begin().await,
            Beginning::GoOn { id, status, told, restarts, last_run, running } => {
                // What it tells of itself goes where it went before.
                self.welcome().await;
                if !told {
                    self.change(ContainerChange::Created { backend_id: id.clone() });
                }
                let has_started = matches!(status, ContainerStatus::Running | ContainerStatus::Stopping);
                let next = if status == ContainerStatus::Restarting && !running {
                    Next::Drain { run: last_run }
                } else {
                    Next::Follow { tell: !has_started }
                };
                self.live(id, next, restarts).await
            }
            Beginning::Ended { id } => self.remove(&id).await,
        };
        self.report(Report::Over(problem));
    }

    async fn begin(&mut self) -> Option<String> {
        match self.make().await {
            Ok(Some(id)) => {
                self.change(ContainerChange::Created { backend_id: id.clone() });
                // Nothing it does may become known before it is.
                self.heard().await;
                self.live(id, Next::Start, 0).await
            }
            Ok(None) => {
                self.stopped_early();
                None
            }
            Err(error) => {
                self.change(ContainerChange::Failed { message: explain(&error) });
                None
            }
        }
    }

    fn is_wanted(&self) -> bool {
        *self.wish.borrow() == Wish::Run && self.wish.has_changed().is_ok()
    }

    fn stopped_early(&self) {
        let message = "It was stopped before it had started.".to_owned();
        self.change(ContainerChange::Failed { message });
    }

    /// From the first start, or from where it was taken up, to the removal. Gives what stands in the way of the removal, if
    /// anything does.
    async fn live(&mut self, mut id: String, mut next: Next, mut restarts: u32) -> Option<String> {
        let mut pause = Pause::default();
        let mut last_run = None;
        loop {
            let started = Instant::now();
            let exited = match std::mem::replace(&mut next, Next::Start) {
                Next::Drain { run } => match self.follow(&id, run, Starter::Us).await {
                    Some(exit) if exit.run == run => continue,
                    exit => exit.map(|exit| (exit, false)),
                },
                Next::Start if !self.is_wanted() => {
                    self.stopped_early();
                    break;
                }
                Next::Start => {
                    let running = match self.start(&mut id).await {
                        Ok(running) => running,
                        Err(error) if self.is_waited_out(&error) => {
                            self.wait_out(&error).await;
                            // It may have started all the same.
                            next = match last_run {
                                Some(run) => Next::Drain { run },
                                None => Next::Follow { tell: true },
                            };
                            continue;
                        }
                        Err(error) => {
                            self.change(ContainerChange::Failed { message: self.explain(&id, &error) });
                            break;
                        }
                    };
                    self.change(ContainerChange::Started);
                    self.heard().await;
                    self.watch(&id, Some(running)).await
                }
                Next::Follow { tell } => {
                    if tell {
                        match self.start_unstarted(&mut id).await {
                            Ok(true) => {}
                            Ok(false) => {
                                self.stopped_early();
                                break;
                            }
                            Err(error) => {
                                self.change(ContainerChange::Failed { message: self.explain(&id, &error) });
                                break;
                            }
                        }
                        self.change(ContainerChange::Started);
                        self.heard().await;
                    }
                    self.watch(&id, None).await
                }
            };
            let Some((exit, again)) = exited else {
                let message = match self.is_wanted() {
                    true => "The container engine lost sight of it. Was it removed by hand?",
                    false => "It was asked to stop, and the container engine did not say how it ended.",
                };
                self.change(ContainerChange::Failed { message: message.to_owned() });
                break;
            };
            match self.afterwards(exit).await {
                Afterwards::Removed => {
                    let message = "It was removed from the container engine by somebody else.".to_owned();
                    self.change(ContainerChange::Failed { message });
                    break;
                }
                Afterwards::Restarted if !again => {
                    self.tell_restart();
                    next = Next::Follow { tell: false };
                    continue;
                }
                Afterwards::Exited | Afterwards::Restarted => {}
            }
            last_run = Some(exit.run);
            if !again && !self.starts_again(exit, restarts) {
                let Exit { code: exit_code, out_of_memory, .. } = exit;
                self.change(ContainerChange::Exited { exit_code, out_of_memory });
                break;
            }
            let delay = if again { Duration::ZERO } else { pause.next(started.elapsed()) };
            let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            self.change(ContainerChange::Restarting {
                exit_code: exit.code,
                restarts,
                delay_ms,
                run: exit.run,
            });
            restarts += 1;
            tokio::select! {
                () = sleep(delay) => {}
                () = unwanted(self.wish.clone()) => {}
            }
            if !self.is_wanted() {
                self.change(ContainerChange::Exited {
                    exit_code: exit.code,
                    out_of_memory: exit.out_of_memory,
                });
                break;
            }
        }
        self.remove(&id).await
    }

    /// Starts what the runner that had made it may not have started. False if nobody wants it to start any more.
    async fn start_unstarted(&mut self, id: &mut String) -> Result<bool, BackendError> {
        let mut told = false;
        loop {
            match self.backend.has_run(id).await {
                Ok(false) if self.is_wanted() => match self.start(id).await {
                    Err(error) if self.is_waited_out(&error) => self.wait_out(&error).await,
                    started => return started.map(|_| true),
                },
                Ok(has_run) => return Ok(has_run),
                // Whoever follows it tells that it is gone.
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(true),
                Err(error) => {
                    self.out_of_sight(id, &error, &mut told);
                    tokio::select! {
                        () = sleep(FOLLOW_AGAIN) => {}
                        () = unwanted(self.wish.clone()) => return Ok(false),
                    }
                }
            }
        }
    }

    /// Starts the container. A host port that somebody took since it was chosen is replaced by a free one, unless another runner
    /// had made the container: how it was made is not known then.
    async fn start(&mut self, id: &mut String) -> Result<Running, BackendError> {
        for _ in 0..3 {
            match self.start_networked(id).await {
                Err(error) if error.kind == ErrorKind::PortTaken && !self.request.image.is_empty() => {
                    self.backend.remove_container(id).await?;
                    for port in &mut self.request.ports {
                        let wished = Some(port.host);
                        port.host = self.backend.free_port(wished, port.udp).await;
                        if Some(port.host) == wished {
                            port.host = self.backend.free_port(None, port.udp).await;
                        }
                    }
                    self.report(Report::Ports(self.request.ports.clone()));
                    *id = self.create().await?;
                    self.change(ContainerChange::Created { backend_id: id.clone() });
                }
                other => return other,
            }
        }
        self.backend.start_container(id).await
    }

    /// Stops the container when somebody wants it started once more. While that is so, `wished` says it: the exit is often
    /// heard of before the engine has answered.
    async fn stop_for_restart(&self, id: &str, wished: &AtomicBool) {
        loop {
            self.restart_wished.notified().await;
            wished.store(true, Ordering::Relaxed);
            match self.backend.stop_container(id, self.grace).await {
                Ok(()) => return,
                Err(error) => {
                    wished.store(false, Ordering::Relaxed);
                    self.report(Report::Trouble(format!(
                        "Container '{}' could not be stopped to start it once more: {}",
                        self.id,
                        explain(&error)
                    )));
                }
            }
        }
    }

    /// Stops the container when that is wished, and kills it when that is wished or stopping failed.
    async fn stop_when_wished(&self, id: &str) -> Result<(), ()> {
        let mut wish = self.wish.clone();
        unwanted(wish.clone()).await;
        if *wish.borrow() != Wish::Kill && wish.has_changed().is_ok() {
            self.change(ContainerChange::Stopping);
            let stopped = tokio::select! {
                stopped = self.backend.stop_container(id, self.grace) => Some(stopped),
                _ = wish.wait_for(|wish| *wish == Wish::Kill) => None,
            };
            match stopped {
                Some(Ok(())) => return Ok(()),
                Some(Err(error)) => self.report(Report::Trouble(format!(
                    "Container '{}' could not be stopped and is killed: {}",
                    self.id,
                    self.explain(id, &error)
                ))),
                None => {}
            }
        }
        self.backend.stop_container(id, Duration::ZERO).await.map_err(|error| {
            let why = self.explain(id, &error);
            self.report(Report::Trouble(format!("Container '{}' could not be killed: {why}", self.id)));
        })
    }

    fn starts_again(&self, exit: Exit, restarts: u32) -> bool {
        let policy = match self.restart.policy {
            RestartPolicy::Never => false,
            RestartPolicy::Always => true,
            RestartPolicy::OnFailure => exit.code != 0,
        };
        policy
            && self.restart.max_restarts.is_none_or(|max| restarts < max)
            && *self.wish.borrow() == Wish::Run
    }

    /// Waits until the container is no longer wanted and removes it.
    async fn remove(&mut self, id: &str) -> Option<String> {
        // When nobody can wish any more the job is over, and so is the container.
        let _ = self.wish.wait_for(|wish| *wish >= Wish::Remove).await;
        match self.remove_patiently(id).await {
            Ok(()) => {
                self.change(ContainerChange::Removed);
                None
            }
            Err(error) => {
                let why = self.explain(id, &error);
                Some(format!("Container '{}' could not be removed: {why}", self.id))
            }
        }
    }

    /// What went wrong with the container that the backend calls `id`, a name that nobody else knows.
    fn explain(&self, id: &str, error: &BackendError) -> String {
        explain(error).replace(id, self.id.as_str())
    }

    fn change(&self, change: ContainerChange) {
        self.report(Report::Changed(change));
    }

    /// Waits until everything reported so far has been told, so that what is told next comes after it.
    async fn heard(&self) {
        let (mark, passed) = oneshot::channel();
        self.report(Report::Mark(mark));
        drop(passed.await);
    }

    fn report(&self, report: Report) {
        // The dispatcher waits for all tasks to be over before it ends.
        let _ = self.messages.send(Message::Container { container: self.id.clone(), report });
    }
}

/// Ends when the container is not wished to run any more. Who can no longer wish is gone, and wishes nothing.
async fn unwanted(mut wish: watch::Receiver<Wish>) {
    let _ = wish.wait_for(|wish| *wish != Wish::Run).await;
}

/// What went wrong and the way out.
pub(crate) fn explain(error: &BackendError) -> String {
    if error.hint.is_empty() { error.message.clone() } else { format!("{}\n{}", error.message, error.hint) }
}

/// The pause before a restart: 0.1 s, doubled up to 10 s, and 0.1 s again after 10 s without an exit.
struct Pause {
    next: Duration,
}

impl Default for Pause {
    fn default() -> Self {
        Self { next: Self::SHORTEST }
    }
}

impl Pause {
    const SHORTEST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(10);

    fn next(&mut self, ran: Duration) -> Duration {
        if ran >= Self::LONGEST {
            self.next = Self::SHORTEST;
        }
        let pause = self.next;
        self.next = (pause * 2).min(Self::LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_come_slower_and_slower_until_one_holds() {
        let mut pause = Pause::default();
        let short: Vec<u128> = (0..9).map(|_| pause.next(Duration::from_secs(1)).as_millis()).collect();
        assert_eq!(short, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert_eq!(pause.next(Duration::from_secs(11)).as_millis(), 100);
    }
}
