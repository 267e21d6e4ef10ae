//! The trait, and what goes in and out.

use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use pt_model::{Labels, Resources, Stream, Text};
use tokio::sync::{mpsc, oneshot};

/// Something that can run containers.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Asks whether it answers, and what it is.
    async fn info(&self) -> Result<BackendInfo, BackendError>;

    /// Makes sure that an image is there. Steps of a pull go to `progress`, which never blocks.
    async fn ensure_image(
        &self,
        image: &str,
        policy: ImagePolicy,
        progress: Progress,
    ) -> Result<(), BackendError>;

    /// Creates a network in which containers find each other by name. One that exists with the same labels is used.
    async fn create_network(&self, name: &str, labels: &Labels) -> Result<(), BackendError>;

    /// Removes a network; fine if there is none.
    async fn remove_network(&self, name: &str) -> Result<(), BackendError>;

    /// Creates a volume and says whether it is new; one that exists is left as it is.
    async fn create_volume(&self, name: &str, labels: &Labels) -> Result<bool, BackendError>;

    /// Removes a volume; fine if there is none.
    async fn remove_volume(&self, name: &str) -> Result<(), BackendError>;

    /// Creates a container without starting it, its files in place. Returns the backend's id. When it fails, nothing of
    /// the container is left.
    async fn create_container(&self, request: &ContainerRequest) -> Result<String, BackendError>;

    /// Starts a created or exited container, attached from its first byte on.
    async fn start_container(&self, id: &str) -> Result<Running, BackendError>;

    /// Asks a container to stop and kills it after `grace`. Fine if it does not run or is gone.
    async fn stop_container(&self, id: &str, grace: Duration) -> Result<(), BackendError>;

    /// Removes a container, killing it if it runs. Fine if there is none.
    async fn remove_container(&self, id: &str) -> Result<(), BackendError>;

    /// A port of 127.0.0.1 that nobody uses now: the wished one if it is free, else another. Somebody may take it before a
    /// container does; then the start of that container says so.
    async fn free_port(&self, wished: Option<u16>, udp: bool) -> u16 {
        free_local_port(wished, udp)
    }

    /// Everything that carries these labels.
    async fn find(&self, labels: &Labels) -> Result<Found, BackendError>;

    /// Runs a command in a running container; its output and exit come as from a container.
    async fn exec(&self, id: &str, request: &ExecRequest) -> Result<Running, BackendError>;

    /// A path of a container as a tar archive, whether it runs or not.
    async fn read_path(&self, id: &str, path: &str) -> Result<Vec<u8>, BackendError>;
}

/// Asks the system by taking the port for a moment. Port 0 stands for "no port can be had", which a start refuses.
fn free_local_port(wished: Option<u16>, udp: bool) -> u16 {
    let taken = |port: u16| {
        let local = (Ipv4Addr::LOCALHOST, port);
        if udp {
            UdpSocket::bind(local).and_then(|socket| socket.local_addr())
        } else {
            TcpListener::bind(local).and_then(|listener| listener.local_addr())
        }
    };
    let wished = wished.and_then(|port| taken(port).ok());
    wished.or_else(|| taken(0).ok()).map_or(0, |address| address.port())
}

/// What a backend is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendInfo {
    /// `docker`, `podman`, `sim`.
    pub kind: String,
    /// Its version.
    pub version: String,
    /// The version of the API spoken.
    pub api_version: String,
}

/// When an image is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImagePolicy {
    /// Only when it is not here.
    WhenMissing,
    /// Always look for a newer one; if that cannot be done but an image is here, it is used.
    Newer,
}

/// Where the steps of a pull go: lines for people, such as `4 of 7 layers, 31.2 of 87.5 MB`.
pub type Progress = mpsc::UnboundedSender<String>;

/// A container to create. Everything is decided: paths are absolute, ports are chosen.
#[derive(Clone, Debug, Default)]
pub struct ContainerRequest {
    /// Name in the backend, unique.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// The image.
    pub image: String,
    /// Command; the image's without.
    pub cmd: Option<Vec<Text>>,
    /// Entrypoint; the image's without, none when empty.
    pub entrypoint: Option<Vec<Text>>,
    /// Environment variables.
    pub env: Vec<(String, Text)>,
    /// Mounts and files.
    pub mounts: Vec<MountRequest>,
    /// Working directory.
    pub workdir: Option<String>,
    /// `name`, `uid` or `uid:gid`.
    pub user: Option<String>,
    /// Whether it has a terminal.
    pub tty: bool,
    /// Whether its standard input is kept open.
    pub stdin: bool,
    /// What it may use.
    pub resources: Resources,
    /// The network to join; the backend's default without.
    pub network: Option<String>,
    /// Names under which it is found there.
    pub aliases: Vec<String>,
    /// Ports published on 127.0.0.1.
    pub ports: Vec<PublishedPort>,
}

/// A port of a container published on 127.0.0.1 of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublishedPort {
    /// Port in the container.
    pub container: u16,
    /// Port on the host, never 0.
    pub host: u16,
    /// UDP rather than TCP.
    pub udp: bool,
}

/// Something mounted.
#[derive(Clone, Debug)]
pub struct MountRequest {
    /// Absolute path in the container.
    pub path: String,
    /// What is there.
    pub source: FileSource,
}

/// Where files come from.
#[derive(Clone, Debug)]
pub enum FileSource {
    /// A path of the host, file or directory, absolute.
    Host {
        /// The path.
        path: PathBuf,
        /// Whether the container may not write.
        read_only: bool,
    },
    /// A volume, by its name in the backend.
    Volume {
        /// The name.
        name: String,
    },
    /// A file with this content, put into the container before it starts. Nothing of it touches the host's disk.
    File {
        /// The content.
        content: Text,
        /// Permission bits.
        mode: u32,
    },
}

/// A command to run in a container.
#[derive(Clone, Debug, Default)]
pub struct ExecRequest {
    /// The command.
    pub cmd: Vec<Text>,
    /// Further environment variables.
    pub env: Vec<(String, Text)>,
    /// Working directory.
    pub workdir: Option<String>,
    /// `name`, `uid` or `uid:gid`.
    pub user: Option<String>,
    /// Whether it has a terminal.
    pub tty: bool,
}

/// A container or command that runs.
#[derive(Debug)]
pub struct Running {
    /// What it writes, from the first byte to the last. Closed when there will be no more. Bounded: a slow reader slows
    /// the writer, nothing is dropped.
    pub output: mpsc::Receiver<Chunk>,
    /// Its exit. Dropped without a value when the backend lost sight of it.
    pub exit: oneshot::Receiver<Exit>,
    /// Its address in the network, where the host can use it.
    pub address: Option<IpAddr>,
}

/// A piece of output, cut anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Where it was written ([`Stream::Stdout`] for everything when there is a terminal).
    pub stream: Stream,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// How a container or command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit code: 128 + signal when killed.
    pub code: i64,
    /// Whether the kernel killed it, or a part of it, for want of memory.
    pub out_of_memory: bool,
}

/// What carries some labels.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Containers.
    pub containers: Vec<FoundContainer>,
    /// Networks.
    pub networks: Vec<FoundNetwork>,
    /// Volumes.
    pub volumes: Vec<FoundVolume>,
}

/// A container that was found.
#[derive(Clone, Debug)]
pub struct FoundContainer {
    /// The backend's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Whether it runs.
    pub running: bool,
    /// Its exit code, if it has exited.
    pub exit_code: Option<i64>,
}

/// A network that was found.
#[derive(Clone, Debug)]
pub struct FoundNetwork {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
}

/// A volume that was found.
#[derive(Clone, Debug)]
pub struct FoundVolume {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
}

/// Something a backend could not do: what was attempted, why not, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BackendError {
    /// What kind of obstacle it is; decides what a caller can do.
    pub kind: ErrorKind,
    /// What was attempted and why it failed, one line, for people.
    pub message: String,
    /// The way out, one line; empty when there is none to name.
    pub hint: String,
}

/// Kinds of obstacles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is no engine: not installed, or its socket does not exist.
    NotInstalled,
    /// The engine does not answer.
    NotRunning,
    /// The engine's socket may not be opened.
    NoPermission,
    /// The image cannot be had.
    ImageNotFound,
    /// A host port is taken.
    PortTaken,
    /// No space left.
    DiskFull,
    /// The thing is not there.
    NotFound,
    /// The request makes no sense to the engine: the command is not in the image, the user is unknown…
    Refused,
    /// Anything else.
    Other,
}
