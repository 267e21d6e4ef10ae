//! A container's life, seen through by one task: image, creation, start, output, exit, maybe start again, removal.

use std::sync::Arc;
use std::time::Duration;

use pt_backend::{
    Backend, BackendError, Chunk, ContainerRequest, ErrorKind, Exit, ImagePolicy, PublishedPort, Running,
};
use pt_model::{ContainerChange, ContainerId, CreateVolume, Restart, RestartPolicy, StepId, Stream};
use tokio::sync::{OnceCell, mpsc, watch};
use tokio::time::{Instant, sleep};

use crate::dispatcher::Message;
use crate::lines::Lines;
use crate::log::{LogSender, Written};
use crate::mount::NeededVolume;

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
    /// How the pull of its image goes.
    Progress(String),
    /// The task is over: the container is gone, or could not be removed, which the message says.
    Over(Option<String>),
}

/// The network of a job, made when the first container needs it.
pub(crate) struct Network {
    pub(crate) name: String,
    pub(crate) labels: pt_model::Labels,
    pub(crate) made: OnceCell<()>,
}

/// Everything the task needs to know.
pub(crate) struct ContainerTask {
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
    pub(crate) messages: mpsc::UnboundedSender<Message>,
    pub(crate) log: LogSender,
}

impl ContainerTask {
    /// Sees the container through its life.
    pub(crate) async fn run(mut self) {
        let mut wish = self.wish.clone();
        let made = tokio::select! {
            made = self.make() => Some(made),
            _ = wish.wait_for(|wish| *wish != Wish::Run) => None,
        };
        let problem = match made {
            Some(Ok(id)) => self.live(id).await,
            Some(Err(error)) => {
                self.change(ContainerChange::Failed { message: self.explain(&error) });
                None
            }
            // Stopped before it was made. What may be half made is found by its labels when the job is cleared away.
            None => {
                self.change(ContainerChange::Failed {
                    message: "It was stopped before it had started.".to_owned(),
                });
                None
            }
        };
        self.report(Report::Over(problem));
    }

    /// Image, network, volumes and the container itself. The image and the network do not wait for each other.
    async fn make(&mut self) -> Result<String, BackendError> {
        let (_, ()) = tokio::try_join!(self.network_made(), self.image())?;
        for volume in &self.volumes {
            self.volume(volume).await?;
        }
        self.backend.create_container(&self.request).await
    }

    async fn network_made(&self) -> Result<(), BackendError> {
        let network = &self.network;
        network.made.get_or_try_init(|| self.backend.create_network(&network.name, &network.labels)).await?;
        Ok(())
    }

    async fn image(&self) -> Result<(), BackendError> {
        let (progress, mut steps) = mpsc::unbounded_channel();
        let image = self.request.image.clone();
        let pull = self.backend.ensure_image(&image, self.image_policy, progress);
        tokio::pin!(pull);
        let mut pulling = false;
        loop {
            tokio::select! {
                done = &mut pull => return done,
                Some(text) = steps.recv() => {
                    if !pulling {
                        pulling = true;
                        self.change(ContainerChange::Pulling { image: image.clone() });
                    }
                    self.report(Report::Progress(text));
                }
            }
        }
    }

    async fn volume(&self, volume: &NeededVolume) -> Result<(), BackendError> {
        if volume.create == CreateVolume::Never {
            let found = self.backend.find(&volume.labels).await?;
            if !found.volumes.iter().any(|found| found.name == volume.name) {
                let id = volume.labels.get(pt_model::Labels::VOLUME).unwrap_or(&volume.name);
                return Err(BackendError {
                    kind: ErrorKind::NotFound,
                    message: format!(
                        "There is no volume '{id}', and it may not be created here (create: never)"
                    ),
                    hint: "Run what creates it first, or leave out `create`.".to_owned(),
                });
            }
            return Ok(());
        }
        self.backend.create_volume(&volume.name, &volume.labels).await?;
        Ok(())
    }

    /// From the first start to the removal. Gives what stands in the way of the removal, if anything does.
    async fn live(&mut self, mut id: String) -> Option<String> {
        self.change(ContainerChange::Created { backend_id: id.clone() });
        let mut pause = Pause::default();
        let mut restarts = 0;
        loop {
            let started = Instant::now();
            let running = match self.start(&mut id).await {
                Ok(running) => running,
                Err(error) => {
                    self.change(ContainerChange::Failed { message: self.explain(&error) });
                    break;
                }
            };
            self.change(ContainerChange::Started);
            let Some(exit) = self.watch(&id, running).await else {
                let message = "The container engine lost sight of it. Was it removed by hand?".to_owned();
                self.change(ContainerChange::Failed { message });
                break;
            };
            if !self.starts_again(exit, restarts) {
                let Exit { code: exit_code, out_of_memory } = exit;
                self.change(ContainerChange::Exited { exit_code, out_of_memory });
                break;
            }
            let delay = pause.next(started.elapsed());
            let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            self.change(ContainerChange::Restarting { exit_code: exit.code, restarts, delay_ms });
            restarts += 1;
            let mut wish = self.wish.clone();
            let stopped = tokio::select! {
                () = sleep(delay) => false,
                _ = wish.wait_for(|wish| *wish != Wish::Run) => true,
            };
            if stopped {
                self.change(ContainerChange::Exited {
                    exit_code: exit.code,
                    out_of_memory: exit.out_of_memory,
                });
                break;
            }
        }
        self.remove(&id).await
    }

    /// Starts the container. A host port that somebody took since it was chosen is replaced by a free one.
    async fn start(&mut self, id: &mut String) -> Result<Running, BackendError> {
        for _ in 0..3 {
            match self.backend.start_container(id).await {
                Err(error) if error.kind == ErrorKind::PortTaken => {
                    self.backend.remove_container(id).await?;
                    for port in &mut self.request.ports {
                        let wished = Some(port.host);
                        port.host = self.backend.free_port(wished, port.udp).await;
                        if Some(port.host) == wished {
                            port.host = self.backend.free_port(None, port.udp).await;
                        }
                    }
                    self.report(Report::Ports(self.request.ports.clone()));
                    *id = self.backend.create_container(&self.request).await?;
                    self.change(ContainerChange::Created { backend_id: id.clone() });
                }
                other => return other,
            }
        }
        self.backend.start_container(id).await
    }

    /// Passes the output on until there is no more, stops the container when that is wished, and gives its exit.
    async fn watch(&self, id: &str, running: Running) -> Option<Exit> {
        let Running { mut output, exit, .. } = running;
        let mut out = Lines::default();
        let mut err = Lines::default();
        let mut wish = self.wish.clone();
        let stopping = async {
            if wish.wait_for(|wish| *wish != Wish::Run).await.is_err() {
                return;
            }
            if *wish.borrow() != Wish::Kill {
                self.change(ContainerChange::Stopping);
                let asked = *wish.borrow();
                tokio::select! {
                    // When it cannot be stopped it is killed below, or removed at the end.
                    _ = self.backend.stop_container(id, self.grace) => {}
                    _ = wish.wait_for(|wish| *wish == Wish::Kill && asked != Wish::Kill) => {}
                }
            }
            if *wish.borrow() == Wish::Kill {
                let _ = self.backend.stop_container(id, Duration::ZERO).await;
            }
            std::future::pending::<()>().await;
        };
        let reading = async {
            while let Some(Chunk { stream, bytes }) = output.recv().await {
                let lines = if stream == Stream::Stderr { err.take(&bytes) } else { out.take(&bytes) };
                self.write(stream, lines).await;
            }
            self.write(Stream::Stdout, out.finish().into_iter().collect()).await;
            self.write(Stream::Stderr, err.finish().into_iter().collect()).await;
            self.log.settle().await;
            exit.await.ok()
        };
        tokio::pin!(stopping, reading);
        tokio::select! {
            exit = &mut reading => exit,
            () = &mut stopping => reading.await,
        }
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
        match self.backend.remove_container(id).await {
            Ok(()) => {
                self.change(ContainerChange::Removed);
                None
            }
            Err(error) => Some(format!("Container '{}' could not be removed: {error}", self.id)),
        }
    }

    fn explain(&self, error: &BackendError) -> String {
        if error.hint.is_empty() {
            error.message.clone()
        } else {
            format!("{}\n{}", error.message, error.hint)
        }
    }

    async fn write(&self, stream: Stream, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        let (step, container) = (self.step.clone(), Some(self.id.clone()));
        self.log.send(Written { step, container, stream, lines }).await;
    }

    fn change(&self, change: ContainerChange) {
        self.report(Report::Changed(change));
    }

    fn report(&self, report: Report) {
        // The dispatcher waits for all tasks to be over before it ends.
        let _ = self.messages.send(Message::Container { container: self.id.clone(), report });
    }
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
