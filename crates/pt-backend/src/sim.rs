//! A small world in memory that runs containers, for tests that need no engine.
//!
//! Containers run a tiny shell (see `sim/parse.rs` and `sim/commands.rs`); time is tokio's, so that a paused clock makes it
//! virtual. Nothing is random: ids are counted. Images exist unless their name contains `missing`; those whose name contains
//! `slow-pull` take a second to pull, once, or to be missed.

mod commands;
mod fault;
mod files;
mod kept;
mod parse;
mod shell;
mod terminal;
mod world;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use async_trait::async_trait;
use pt_model::{Labels, Text};
use tokio::sync::{mpsc, oneshot, watch};

use crate::backend::{
    Backend, BackendError, BackendInfo, BuildRequest, ContainerRequest, Door, ErrorKind, ExecOrder,
    ExecRequest, ExecSignal, Found, FoundContainer, FoundNetwork, FoundVolume, ImagePolicy, Knock, Progress,
    PublishedPort, Running, Usage,
};
use crate::hint;
use fault::Faults;
use files::absolute;
use kept::Kept;
use shell::{Process, Signal, Trap};
use terminal::Terminal;
use world::{Container, Peers, Shared, State, World, refused};

pub use fault::{Call, Fault, ScriptError};

/// How long an image takes whose name says that it is slow.
const SLOW_PULL: Duration = Duration::from_secs(1);

/// Pieces of output on their way; a full way slows the writer.
const OUTPUT_CHUNKS: usize = 64;

/// Where the search begins for a port instead of one that is taken.
const FIRST_OTHER_PORT: u16 = 40_000;

/// A simulated world.
#[derive(Debug)]
pub struct Sim {
    world: Shared,
}

/// What is special about a world.
#[derive(Clone, Debug, Default)]
pub struct SimOptions {
    /// Images that are not like all others.
    pub images: Vec<SimImage>,
    /// Ports of the host that somebody else uses.
    pub taken_ports: Vec<u16>,
    /// What fails.
    pub faults: Vec<Fault>,
    /// How long after a container's exit the engine says that it has stopped it.
    pub late_stops: Duration,
}

/// An image of a simulated world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimImage {
    /// Its name.
    pub name: String,
    /// Its entrypoint.
    pub entrypoint: Vec<String>,
    /// Its command.
    pub cmd: Vec<String>,
    /// Its environment.
    pub env: Vec<(String, String)>,
}

impl SimImage {
    /// An image like all others: without a command it is a service, which runs until it is stopped.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), entrypoint: Vec::new(), cmd: vec!["serve".to_owned()], env: Vec::new() }
    }
}

impl Sim {
    /// A world.
    pub fn new(options: SimOptions) -> Self {
        let world = World {
            images: options.images.into_iter().map(|image| (image.name.clone(), image)).collect(),
            taken_ports: options.taken_ports.into_iter().collect(),
            faults: Faults::new(options.faults),
            late_stops: options.late_stops,
            ..World::default()
        };
        Self { world: Shared::new(world) }
    }

    fn meet(&self, call: Call, attempt: &str) -> Result<(), BackendError> {
        self.world.lock().faults.meet(call, attempt)
    }

    async fn pull(&self, image: &str, progress: &Progress) {
        let tell = |line: String| drop(progress.send(line));
        tell(format!("pulling {image}"));
        for quarter in 1..=4 {
            tokio::time::sleep(SLOW_PULL / 4).await;
            tell(format!("{quarter} of 4 layers, {quarter}.0 of 4.0 MB"));
        }
        tell(format!("pulled {image}: 4 of 4 layers, 4.0 of 4.0 MB"));
        self.world.lock().pulled.insert(image.to_owned());
    }

    /// Signals a running container and waits until it has ended, or for `patience`. Says whether it has.
    async fn signal(&self, id: &str, signal: Signal, patience: Option<Duration>) -> bool {
        let mut over = match self.world.lock().containers.get(id).map(|container| &container.state) {
            Some(State::Running { signals, over }) => {
                signals.send_replace(signal);
                over.clone()
            }
            Some(State::Created | State::Exited(_)) | None => return true,
        };
        // Nothing is ever sent: the channel closes at the end.
        let ended = async { while over.changed().await.is_ok() {} };
        match patience {
            Some(patience) => tokio::time::timeout(patience, ended).await.is_ok(),
            None => {
                ended.await;
                true
            }
        }
    }
}

#[async_trait]
impl Backend for Sim {
    async fn info(&self) -> Result<BackendInfo, BackendError> {
        self.meet(Call::Info, "ask the engine what it is")?;
        Ok(BackendInfo {
            kind: "sim".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api_version: "1".to_owned(),
        })
    }

    async fn ensure_image(
        &self,
        image: &str,
        policy: ImagePolicy,
        progress: Progress,
    ) -> Result<(), BackendError> {
        let attempt = format!("pull the image {image}");
        self.meet(Call::EnsureImage, &attempt)?;
        if image.contains("missing") {
            if image.contains("slow-pull") {
                tokio::time::sleep(SLOW_PULL).await;
            }
            let reason = "the registry has no such image, or does not show it to you";
            return Err(refused(ErrorKind::ImageNotFound, &attempt, reason, hint::LOGIN));
        }
        let here = self.world.lock().image(image).is_some();
        if !here || (policy == ImagePolicy::Newer && image.contains("slow-pull")) {
            self.pull(image, &progress).await;
        }
        Ok(())
    }

    async fn create_network(&self, name: &str, labels: &Labels) -> Result<(), BackendError> {
        let attempt = format!("create the network {name}");
        self.meet(Call::CreateNetwork, &attempt)?;
        let mut world = self.world.lock();
        let there = world.networks.entry(name.to_owned()).or_insert_with(|| labels.clone());
        if there.includes(labels) {
            return Ok(());
        }
        let reason = "one of this name exists that belongs to something else";
        Err(refused(ErrorKind::Refused, &attempt, reason, &format!("remove it: `docker network rm {name}`")))
    }

    /// Its containers are of this machine.
    async fn host_address(&self, _network: &str) -> Result<Option<IpAddr>, BackendError> {
        Ok(Some(IpAddr::V4(Ipv4Addr::LOCALHOST)))
    }

    async fn remove_network(&self, name: &str) -> Result<(), BackendError> {
        let mut world = self.world.lock();
        let used = |container: &Container| {
            container.is_running() && container.request.network.as_deref() == Some(name)
        };
        if world.containers.values().any(used) {
            let attempt = format!("remove the network {name}");
            return Err(refused(ErrorKind::Refused, &attempt, "containers are in it", ""));
        }
        world.networks.remove(name);
        Ok(())
    }

    async fn image_id(&self, image: &str) -> Result<Option<String>, BackendError> {
        Ok(self.world.lock().image(image).map(|_| image.to_owned()))
    }

    async fn volume_id(&self, name: &str) -> Result<Option<String>, BackendError> {
        Ok(self.world.lock().volumes.contains_key(name).then(|| name.to_owned()))
    }

    async fn create_volume(&self, name: &str, labels: &Labels) -> Result<bool, BackendError> {
        self.meet(Call::CreateVolume, &format!("create the volume {name}"))?;
        let mut world = self.world.lock();
        let new = !world.volumes.contains_key(name);
        if new {
            world.volumes.insert(name.to_owned(), (labels.clone(), files::Tree::default()));
        }
        Ok(new)
    }

    async fn remove_volume(&self, name: &str) -> Result<(), BackendError> {
        let mut world = self.world.lock();
        let mounts = |container: &Container| {
            container.request.mounts.iter().any(|mount| {
                matches!(&mount.source, crate::FileSource::Volume { name: mounted } if mounted == name)
            })
        };
        if world.containers.values().any(mounts) {
            let attempt = format!("remove the volume {name}");
            return Err(refused(ErrorKind::Refused, &attempt, "a container uses it", ""));
        }
        world.volumes.remove(name);
        Ok(())
    }

    async fn create_container(&self, request: &ContainerRequest) -> Result<String, BackendError> {
        self.meet(Call::CreateContainer, &format!("create the container {}", request.name))?;
        self.world.lock().create(request)
    }

    async fn start_container(&self, id: &str) -> Result<Running, BackendError> {
        let attempt = "start the container";
        self.meet(Call::StartContainer, attempt)?;
        let mut world = self.world.lock();
        let Some(id) = world.id_of(id) else { return Err(no_container(attempt, id)) };
        let container = &world.containers[&id];
        if container.is_running() {
            return Err(refused(ErrorKind::Refused, attempt, "it runs already", ""));
        }
        let taken = container.request.ports.iter().find(|port| !world.is_port_free(port.host));
        if let Some(port) = taken {
            let reason = format!("port {} of this machine is already in use", port.host);
            return Err(refused(ErrorKind::PortTaken, attempt, &reason, hint::PORT));
        }
        let user = container.request.user.clone();
        let (output, chunks) = mpsc::channel(OUTPUT_CHUNKS);
        let (signals, signalled) = watch::channel(Signal::Run);
        let mut process = process(&self.world, &id, container, output, signalled, user.as_deref(), attempt)?;
        process.directory = absolute("/", container.request.workdir.as_deref().unwrap_or("/"));
        process.tty = container.request.tty;
        process.kept = container.kept.clone();
        let argv = argv(&container.request, &container.image);

        let (ending, over) = watch::channel(());
        let (exit, exited) = oneshot::channel();
        let mut run = 0;
        if let Some(container) = world.containers.get_mut(&id) {
            container.state = State::Running { signals: signals.clone(), over };
            container.runs += 1;
            run = container.runs;
        }
        let shared = self.world.clone();
        tokio::spawn(async move {
            let code = process.run_program(argv).await;
            // What was executed beside it ends with it.
            signals.send_replace(Signal::Kill);
            if let Some(container) = shared.lock().containers.get_mut(&id) {
                container.state = State::Exited(code);
            }
            drop(ending);
            exit.send(crate::Exit { code, out_of_memory: false, run }).ok(); // Nobody may be waiting.
        });
        Ok(Running { output: chunks, exit: exited, address: None, run })
    }

    async fn has_run(&self, id: &str) -> Result<bool, BackendError> {
        let attempt = "ask whether the container was started";
        self.meet(Call::FollowContainer, attempt)?;
        let world = self.world.lock();
        let Some(id) = world.id_of(id) else { return Err(no_container(attempt, id)) };
        Ok(world.containers[&id].runs > 0)
    }

    async fn follow_container(&self, id: &str) -> Result<Running, BackendError> {
        let attempt = "follow the container";
        self.meet(Call::FollowContainer, attempt)?;
        let shared = self.world.clone();
        let world = self.world.lock();
        let Some(id) = world.id_of(id) else { return Err(no_container(attempt, id)) };
        let container = &world.containers[&id];
        // That of one that does not run is closed already.
        let mut over = match &container.state {
            State::Running { over, .. } => over.clone(),
            State::Created | State::Exited(_) => watch::channel(()).1,
        };
        let (output, run) = (container.kept.follow(over.clone()), container.runs);
        let (exit, exited) = oneshot::channel();
        tokio::spawn(async move {
            while over.changed().await.is_ok() {}
            let exited = shared.lock().containers.get(&id).and_then(|it| Some((it.exit_code()?, it.runs)));
            if let Some((code, run)) = exited {
                exit.send(crate::Exit { code, out_of_memory: false, run }).ok(); // Nobody may be waiting.
            }
        });
        Ok(Running { output, exit: exited, address: None, run })
    }

    async fn stop_container(&self, id: &str, grace: Duration) -> Result<(), BackendError> {
        self.meet(Call::StopContainer, "stop the container")?;
        let Some(id) = self.world.lock().id_of(id) else { return Ok(()) };
        if grace.is_zero() || !self.signal(&id, Signal::Term, Some(grace)).await {
            self.signal(&id, Signal::Kill, None).await;
        }
        let late = self.world.lock().late_stops;
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        Ok(())
    }

    async fn remove_container(&self, id: &str) -> Result<(), BackendError> {
        self.meet(Call::RemoveContainer, "remove the container")?;
        let Some(id) = self.world.lock().id_of(id) else { return Ok(()) };
        self.signal(&id, Signal::Kill, None).await;
        self.world.lock().containers.remove(&id);
        Ok(())
    }

    async fn free_port(&self, wished: Option<u16>, _udp: bool) -> u16 {
        let world = self.world.lock();
        wished.into_iter().chain(FIRST_OTHER_PORT..).find(|port| world.is_port_free(*port)).unwrap_or(0)
    }

    async fn usage(&self, id: &str) -> Result<Option<Usage>, BackendError> {
        let world = self.world.lock();
        let runs = world.id_of(id).is_some_and(|id| world.containers[&id].is_running());
        // A simulated program is light.
        Ok(runs.then(Usage::default))
    }

    async fn find(&self, labels: &Labels) -> Result<Found, BackendError> {
        self.meet(Call::Find, "list what the engine holds")?;
        let world = self.world.lock();
        let containers = world.containers.iter().filter(|(_, found)| found.request.labels.includes(labels));
        let networks = world.networks.iter().filter(|(_, found)| found.includes(labels));
        let volumes = world.volumes.iter().filter(|(_, (found, _))| found.includes(labels));
        Ok(Found {
            containers: containers
                .map(|(id, container)| FoundContainer {
                    id: id.clone(),
                    name: container.request.name.clone(),
                    labels: container.request.labels.clone(),
                    running: container.is_running(),
                    exit_code: container.exit_code(),
                    volumes: container.volumes(),
                })
                .collect(),
            networks: networks
                .map(|(name, labels)| FoundNetwork { name: name.clone(), labels: labels.clone() })
                .collect(),
            volumes: volumes
                .map(|(name, (labels, _))| FoundVolume { name: name.clone(), labels: labels.clone() })
                .collect(),
        })
    }

    async fn exec(&self, id: &str, request: &ExecRequest) -> Result<Running, BackendError> {
        self.run_beside(id, request, None)
    }

    async fn exec_attended(
        &self,
        id: &str,
        request: &ExecRequest,
        orders: mpsc::Receiver<ExecOrder>,
    ) -> Result<Running, BackendError> {
        self.run_beside(id, request, Some(orders))
    }

    async fn stream_path(
        &self,
        id: &str,
        path: &str,
        pieces: mpsc::Sender<Vec<u8>>,
    ) -> Result<(), BackendError> {
        let attempt = format!("read {path} of the container {id}");
        let archive = {
            let world = self.world.lock();
            let Some(id) = world.id_of(id) else { return Err(no_container(&attempt, id)) };
            world.containers[&id].files.archive(&absolute("/", path))
        };
        match archive {
            Ok(Some(archive)) => {
                // Who takes no more has had enough.
                drop(pieces.send(archive).await);
                Ok(())
            }
            Ok(None) => Err(refused(ErrorKind::NotFound, &attempt, "it is not there", "")),
            Err(error) => Err(refused(ErrorKind::Other, &attempt, &error.to_string(), "")),
        }
    }

    async fn stream_in(
        &self,
        id: &str,
        dir: &str,
        mut pieces: mpsc::Receiver<Vec<u8>>,
    ) -> Result<(), BackendError> {
        let mut archive = Vec::new();
        while let Some(piece) = pieces.recv().await {
            archive.extend_from_slice(&piece);
        }
        let attempt = "put files into the container";
        let world = self.world.lock();
        let Some(id) = world.id_of(id) else { return Err(no_container(attempt, id)) };
        let unpacked = world.containers[&id].files.unpack(&absolute("/", dir), &archive);
        unpacked.map_err(|reason| refused(ErrorKind::Refused, attempt, &reason, hint::MOUNT))
    }

    /// Images are built without a look at what is done to them: the Dockerfile must be there, and an image that is
    /// `missing` cannot be built upon.
    async fn build_image(&self, request: BuildRequest, output: Progress) -> Result<String, BackendError> {
        let name = request.tags.first().map_or("an image", String::as_str);
        let attempt = format!("build the image {name}");
        let refused = |reason: &str| refused(ErrorKind::Refused, &attempt, reason, "");
        let dockerfile = files::text_in(&request.context, &request.dockerfile);
        let dockerfile = dockerfile
            .ok_or_else(|| refused(&format!("there is no {} in the context", request.dockerfile)))?;
        for line in dockerfile.lines().filter(|line| !line.trim().is_empty()) {
            drop(output.send(line.to_owned()));
            if line.starts_with("FROM") && line.contains("missing") {
                return Err(refused("the image that it is built upon is not here"));
            }
        }
        let mut world = self.world.lock();
        for tag in &request.tags {
            world.images.insert(tag.clone(), SimImage::new(tag));
        }
        world.created += 1;
        Ok(format!("sha256:{:064x}", world.created))
    }

    /// A container that runs answers at all its ports.
    async fn knock(&self, id: &str, knock: &Knock) -> Result<(), String> {
        let world = self.world.lock();
        let runs = world.id_of(id).is_some_and(|id| world.containers[&id].is_running());
        if runs { Ok(()) } else { Err(format!("port {} refuses", knock.port)) }
    }

    async fn open_door(&self, id: &str, port: PublishedPort) -> Result<Door, BackendError> {
        let attempt = "open a port of this machine";
        let runs = {
            let world = self.world.lock();
            world.id_of(id).is_some_and(|id| world.containers[&id].is_running())
        };
        if !runs {
            return Err(refused(ErrorKind::Refused, attempt, "the container is not running", ""));
        }
        Ok(Door::painted(self.free_port(Some(port.host), port.udp).await))
    }
}

impl Sim {
    fn run_beside(
        &self,
        id: &str,
        request: &ExecRequest,
        orders: Option<mpsc::Receiver<ExecOrder>>,
    ) -> Result<Running, BackendError> {
        let attempt = "run a command in the container";
        self.meet(Call::Exec, attempt)?;
        let world = self.world.lock();
        let Some(id) = world.id_of(id) else { return Err(no_container(attempt, id)) };
        let container = &world.containers[&id];
        let State::Running { signals, .. } = &container.state else {
            return Err(refused(ErrorKind::Refused, attempt, "the container is not running", ""));
        };
        let user = request.user.as_ref().or(container.request.user.as_ref()).cloned();
        let (output, chunks) = mpsc::channel(OUTPUT_CHUNKS);
        let signalled = signals.subscribe();
        let mut process = process(&self.world, &id, container, output, signalled, user.as_deref(), attempt)?;
        let directory = request.workdir.as_ref().or(container.request.workdir.as_ref());
        process.directory = absolute("/", directory.map_or("/", String::as_str));
        process.env.extend(exposed_pairs(&request.env));
        process.tty = request.tty;
        process.trap = Trap::NotConcerned;
        let signalled = orders.map(|orders| process.attend(orders));
        let argv = request.cmd.iter().map(Text::expose).collect();
        let (exit, exited) = oneshot::channel();
        tokio::spawn(async move {
            let code = tokio::select! {
                code = process.run_program(argv) => code,
                Some(signal) = told(signalled) => 128 + i64::from(signal.number()),
            };
            exit.send(crate::Exit { code, out_of_memory: false, run: 0 }).ok(); // Nobody may be waiting.
        });
        Ok(Running { output: chunks, exit: exited, address: None, run: 0 })
    }
}

/// The signal that ends a command; without somebody who attends it, none does.
async fn told(signalled: Option<oneshot::Receiver<ExecSignal>>) -> Option<ExecSignal> {
    match signalled {
        // Who leaves without a word has hung up.
        Some(signalled) => Some(signalled.await.unwrap_or(ExecSignal::Hangup)),
        None => std::future::pending().await,
    }
}

fn no_container(attempt: &str, id: &str) -> BackendError {
    refused(ErrorKind::NotFound, attempt, &format!("No such container: {id}"), "")
}

/// A process of a container, at its root.
fn process(
    world: &Shared,
    id: &str,
    container: &Container,
    output: mpsc::Sender<crate::Chunk>,
    signals: watch::Receiver<Signal>,
    user: Option<&str>,
    attempt: &str,
) -> Result<Process, BackendError> {
    let uid = uid(user).ok_or_else(|| {
        let reason = format!("the image knows no user {}", user.unwrap_or_default());
        refused(ErrorKind::Refused, attempt, &reason, hint::USER)
    })?;
    let request = &container.request;
    let hostname = id.get(..12).unwrap_or(id).to_owned();
    let mut env = BTreeMap::from([
        ("PATH".to_owned(), "/bin".to_owned()),
        ("HOSTNAME".to_owned(), hostname.clone()),
        ("HOME".to_owned(), if uid == 0 { "/root" } else { "/" }.to_owned()),
    ]);
    env.extend(container.image.env.iter().cloned());
    env.extend(exposed_pairs(&request.env));
    Ok(Process {
        env,
        variables: BTreeMap::new(),
        directory: "/".to_owned(),
        uid,
        hostname,
        files: container.files.clone(),
        peers: Peers { world: world.clone(), network: request.network.clone() },
        output,
        kept: Kept::default(),
        tty: false,
        signals,
        trap: Trap::Die,
        status: 0,
        terminal: Terminal::default(),
    })
}

/// As Docker composes it: an entrypoint of the request puts the image's command away too.
fn argv(request: &ContainerRequest, image: &SimImage) -> Vec<String> {
    let exposed = |words: &Vec<Text>| words.iter().map(Text::expose).collect::<Vec<_>>();
    let entrypoint = request.entrypoint.as_ref().map(exposed);
    let own = entrypoint.as_ref().is_none_or(Vec::is_empty);
    let cmd = request.cmd.as_ref().map(exposed);
    let cmd = cmd.unwrap_or_else(|| if own { image.cmd.clone() } else { Vec::new() });
    let mut argv = entrypoint.unwrap_or_else(|| image.entrypoint.clone());
    argv.extend(cmd);
    argv
}

fn exposed_pairs(env: &[(String, Text)]) -> impl Iterator<Item = (String, String)> + '_ {
    env.iter().map(|(name, value)| (name.clone(), value.expose()))
}

fn uid(user: Option<&str>) -> Option<u32> {
    match user.and_then(|user| user.split(':').next()) {
        None | Some("" | "root") => Some(0),
        Some("nobody") => Some(65534),
        Some(user) => user.parse().ok(),
    }
}
