//! Where a case runs: a backend, names of its own, and a broom.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use pt_backend::docker::{Docker, DockerOptions};
use pt_backend::sim::{Sim, SimImage, SimOptions};
use pt_backend::{Backend, ContainerRequest, Exit, FileSource, MountRequest, Running};
use pt_model::{Labels, Stream, Text};
use tokio::sync::mpsc;

use crate::image;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A backend for one case.
pub(crate) struct Bed {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) labels: Labels,
    name: String,
}

type Case = for<'a> fn(&'a Bed) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Runs a case in a world of its own.
pub(crate) async fn on_sim(case: &str, run: Case) {
    let entry = SimImage { entrypoint: words(&["echo", "entry"]), ..SimImage::new(image::ENTRY) };
    let sim = Sim::new(SimOptions { images: vec![entry], ..SimOptions::default() });
    run_and_sweep(Arc::new(sim), case, run).await;
}

/// Runs a case on the engine of this machine.
pub(crate) async fn on_docker(case: &str, run: Case) {
    let options = DockerOptions { host: std::env::var("DOCKER_HOST").ok(), ..DockerOptions::default() };
    match Docker::connect(options).await {
        Ok(docker) => {
            image::ensure().await;
            run_and_sweep(Arc::new(docker), case, run).await;
        }
        Err(error) if std::env::var("POLYTOPE_TEST_DOCKER").is_ok_and(|value| value == "require") => {
            panic!("{error}\n{}", error.hint)
        }
        Err(error) => println!("skipped: {error}"),
    }
}

async fn run_and_sweep(backend: Arc<dyn Backend>, case: &str, run: Case) {
    let name = format!("pt-test-{}-{case}", std::process::id());
    let labels = Labels::default().with("dev.polytope.test", &name);
    let bed = Bed { backend, labels, name };
    let outcome = tokio::time::timeout(PATIENCE * 2, AssertUnwindSafe(run(&bed)).catch_unwind()).await;
    bed.sweep().await;
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(_) => panic!("{case} hangs"),
    }
}

impl Bed {
    /// A name in the backend that no other case uses.
    pub(crate) fn name(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.name)
    }

    /// A container that runs `script`.
    pub(crate) fn shell(&self, script: &str) -> ContainerRequest {
        self.argv(&["sh", "-c", script])
    }

    /// A container that runs a command.
    pub(crate) fn argv(&self, argv: &[&str]) -> ContainerRequest {
        ContainerRequest {
            name: self.name("c"),
            labels: self.labels.clone(),
            image: image::SHELL.to_owned(),
            cmd: Some(argv.iter().map(|word| Text::from(*word)).collect()),
            ..ContainerRequest::default()
        }
    }

    /// Creates and starts.
    pub(crate) async fn start(&self, request: &ContainerRequest) -> (String, Running) {
        let id = self.backend.create_container(request).await.unwrap();
        let running = self.backend.start_container(&id).await.unwrap();
        (id, running)
    }

    /// Creates, starts, and reads to the end.
    pub(crate) async fn run(&self, request: &ContainerRequest) -> Ended {
        let (_, running) = self.start(request).await;
        Ended::of(running).await
    }

    /// Creates, starts, reads to the end, and removes.
    pub(crate) async fn run_once(&self, request: &ContainerRequest) -> Ended {
        let (id, running) = self.start(request).await;
        let ended = Ended::of(running).await;
        self.backend.remove_container(&id).await.unwrap();
        ended
    }

    async fn sweep(&self) {
        let left = self.backend.find(&self.labels).await.unwrap();
        for container in left.containers {
            self.backend.remove_container(&container.id).await.unwrap();
        }
        for network in left.networks {
            self.backend.remove_network(&network.name).await.unwrap();
        }
        for volume in left.volumes {
            self.backend.remove_volume(&volume.name).await.unwrap();
        }
        let left = self.backend.find(&self.labels).await.unwrap();
        let none = left.containers.is_empty() && left.networks.is_empty() && left.volumes.is_empty();
        assert!(none, "{left:?} is left");
    }
}

/// What a container wrote and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i64,
}

impl Ended {
    pub(crate) async fn of(mut running: Running) -> Self {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let read = async {
            while let Some(chunk) = running.output.recv().await {
                match chunk.stream {
                    Stream::Stdout => stdout.extend(chunk.bytes),
                    Stream::Stderr => stderr.extend(chunk.bytes),
                    Stream::Log | Stream::Otlp => panic!("containers do not log"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, read).await.expect("the output ends");
        let exit = exit(running.exit).await;
        Self {
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
            code: exit.code,
        }
    }

    pub(crate) fn with(stdout: &str, code: i64) -> Self {
        Self { stdout: stdout.to_owned(), stderr: String::new(), code }
    }
}

/// Waits for an exit.
pub(crate) async fn exit(exit: tokio::sync::oneshot::Receiver<Exit>) -> Exit {
    tokio::time::timeout(PATIENCE, exit).await.expect("the exit is told").expect("the exit is known")
}

/// Reads until `text` has been written.
pub(crate) async fn read_until(running: &mut Running, text: &str) {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let chunk = tokio::time::timeout(PATIENCE, running.output.recv()).await.expect("output comes");
        read.extend(chunk.unwrap_or_else(|| panic!("{text} is written before the end")).bytes);
    }
}

/// A pull's lines, which nobody reads.
pub(crate) fn no_progress() -> mpsc::UnboundedSender<String> {
    mpsc::unbounded_channel().0
}

pub(crate) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub(crate) fn volume(name: &str, path: &str) -> MountRequest {
    MountRequest { path: path.to_owned(), source: FileSource::Volume { name: name.to_owned() } }
}

pub(crate) fn host(source: &std::path::Path, path: &str, read_only: bool) -> MountRequest {
    MountRequest { path: path.to_owned(), source: FileSource::Host { path: source.to_owned(), read_only } }
}

pub(crate) fn file(path: &str, content: &str, mode: u32) -> MountRequest {
    MountRequest { path: path.to_owned(), source: FileSource::File { content: content.into(), mode } }
}
