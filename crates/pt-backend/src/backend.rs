//! The trait, and what goes in and out.

use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use pt_model::{Labels, Resources, Stream, Text};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::archive::{self, First};

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

    /// What tells an image from others that had or will have its name; none if it is not here.
    async fn image_id(&self, image: &str) -> Result<Option<String>, BackendError>;

    /// What tells a volume from others that had or will have its name; none if there is none.
    async fn volume_id(&self, name: &str) -> Result<Option<String>, BackendError>;

    /// Creates a network in which containers find each other by name. One that exists with the same labels is used.
    async fn create_network(&self, name: &str, labels: &Labels) -> Result<(), BackendError>;

    /// The address of this machine in a network, at which the containers there find it; none if they do not, or if that is not
    /// known.
    async fn host_address(&self, network: &str) -> Result<Option<IpAddr>, BackendError>;

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

    /// Whether a container was ever started. A start that is under way is waited for.
    async fn has_run(&self, id: &str) -> Result<bool, BackendError>;

    /// The output of a container that was started once, from its first byte on and over all its runs, as far as the backend has
    /// kept it; and its exit, if it has exited the last one. Other followers are not disturbed.
    async fn follow_container(&self, id: &str) -> Result<Running, BackendError>;

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

    /// What a container has used up since it was started; nothing if it does not run.
    async fn usage(&self, id: &str) -> Result<Option<Usage>, BackendError>;

    /// Runs a command in a running container; its output and exit come as from a container.
    async fn exec(&self, id: &str, request: &ExecRequest) -> Result<Running, BackendError>;

    /// The same for somebody who attends: what they type, the size of their window and their signals come as `orders`. A
    /// size that is there at once is the one it begins with. Who drops the orders has hung up.
    async fn exec_attended(
        &self,
        id: &str,
        request: &ExecRequest,
        orders: mpsc::Receiver<ExecOrder>,
    ) -> Result<Running, BackendError>;

    /// A path of a container as a tar archive, whether it runs or not: piece by piece, as they are taken. Who takes no more
    /// has had enough.
    async fn stream_path(
        &self,
        id: &str,
        path: &str,
        pieces: mpsc::Sender<Vec<u8>>,
    ) -> Result<(), BackendError>;

    /// The same as a whole.
    async fn read_path(&self, id: &str, path: &str) -> Result<Vec<u8>, BackendError> {
        let (tell, mut pieces) = mpsc::channel::<Vec<u8>>(PIECES);
        let mut archive = Vec::new();
        let gathered = async {
            while let Some(piece) = pieces.recv().await {
                archive.extend_from_slice(&piece);
            }
        };
        let (streamed, ()) = tokio::join!(self.stream_path(id, path, tell), gathered);
        streamed.map(|()| archive)
    }

    /// Unpacks a tar archive at a directory of a container, whether it runs or not, piece by piece, as they come. Directories
    /// that are missing are made.
    async fn stream_in(
        &self,
        id: &str,
        dir: &str,
        pieces: mpsc::Receiver<Vec<u8>>,
    ) -> Result<(), BackendError>;

    /// The same with an archive that is there as a whole.
    async fn put_archive(&self, id: &str, dir: &str, archive: Vec<u8>) -> Result<(), BackendError> {
        let (tell, pieces) = mpsc::channel(1);
        // Its only piece finds room.
        drop(tell.send(archive).await);
        drop(tell);
        self.stream_in(id, dir, pieces).await
    }

    /// What is at a path of a container, whether it runs or not: of a directory what is in it, of a file that itself.
    async fn list_path(&self, id: &str, path: &str) -> Result<Vec<FileInfo>, BackendError> {
        let archive = self.read_path(id, path).await?;
        archive::list(archive.as_slice(), path).map_err(|error| unreadable(path, &error.to_string()))
    }

    /// The content of a file of a container, whether it runs or not. Links are followed.
    async fn read_file(&self, id: &str, path: &str) -> Result<Vec<u8>, BackendError> {
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            let archive = self.read_path(id, &path).await?;
            match archive::first(&archive).map_err(|error| unreadable(&path, &error.to_string()))? {
                First::File(content) => return Ok(content),
                First::Link(target) if target.starts_with('/') => path = target,
                First::Link(target) => {
                    let (parent, _) = path.rsplit_once('/').unwrap_or_default();
                    path = format!("{parent}/{target}");
                }
                First::Directory => return Err(unreadable(&path, "it is a directory")),
                First::Other => return Err(unreadable(&path, "it is no file")),
            }
        }
        Err(unreadable(&path, "it is a link to itself"))
    }

    /// Writes a file of a container, whether it runs or not. Directories that are missing are made.
    async fn write_file(&self, id: &str, path: &str, content: &Text, mode: u32) -> Result<(), BackendError> {
        let mut archive = tar::Builder::new(Vec::new());
        let added = archive::append_file(&mut archive, path, content.expose().as_bytes(), mode);
        let archive = added.and_then(|()| archive.into_inner());
        let archive = archive.map_err(|error| BackendError {
            kind: ErrorKind::Refused,
            message: format!("cannot write {path}: {error}"),
            hint: String::new(),
        })?;
        self.put_archive(id, "/", archive).await
    }

    /// Copies a file of this machine, or what is in a directory of it, to a directory of a container.
    async fn copy_in(&self, id: &str, from: &Path, dir: &str) -> Result<(), BackendError> {
        let path = from.to_owned();
        let archive = match tokio::task::spawn_blocking(move || archive::contents_of(&path)).await {
            Ok(Ok(archive)) => archive,
            Ok(Err(error)) => return Err(unreadable(&from.display().to_string(), &error.to_string())),
            Err(_) => return Err(unreadable(&from.display().to_string(), "Polytope broke")),
        };
        self.put_archive(id, dir, archive).await
    }

    /// Builds an image; gives its digest. What the builder says goes to `output`, which never blocks.
    async fn build_image(&self, request: BuildRequest, output: Progress) -> Result<String, BackendError>;

    /// Tries once whether a port of a container answers; says why not. Where this machine does not reach the container it
    /// cannot tell, and says nothing against it.
    async fn knock(&self, id: &str, knock: &Knock) -> Result<(), String>;

    /// Opens a port of 127.0.0.1 that leads to a port of a running container: the wished one if it is free, else another.
    async fn open_door(&self, id: &str, port: PublishedPort) -> Result<Door, BackendError>;
}

/// What a container has used up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Time of all processors together.
    pub cpu: Duration,
    /// Bytes of memory that it has now, without those that the kernel keeps for it as long as nobody needs them.
    pub memory: u64,
    /// The most it may have; without a limit of its own, what there is.
    pub memory_limit: Option<u64>,
    /// Bytes that came over networks.
    pub received: u64,
    /// Bytes that went over networks.
    pub sent: u64,
    /// Bytes that were read from disks.
    pub read: u64,
    /// Bytes that were written to disks.
    pub written: u64,
}

/// Pieces of an archive that wait to be taken, at most.
pub const PIECES: usize = 16;

/// What a port of a container is to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knock {
    /// The port in the container, of TCP.
    pub port: u16,
    /// The path of an HTTP request, and the status it must be answered with: without one, any from 200 to 399. Without a path
    /// it is enough that the port accepts connections.
    pub http: Option<(String, Option<u16>)>,
}

/// How many links are followed to a file.
const LINKS: usize = 16;

fn unreadable(path: &str, why: &str) -> BackendError {
    BackendError {
        kind: ErrorKind::Refused,
        message: format!("cannot read {path}: {why}"),
        hint: String::new(),
    }
}

/// A port of this machine that leads into a container. It closes when this is dropped.
#[derive(Debug)]
pub struct Door {
    host: u16,
    /// Who passes connections on.
    keeper: Option<JoinHandle<()>>,
}

impl Door {
    /// A door that is open as long as this task runs.
    pub(crate) fn kept_by(host: u16, keeper: JoinHandle<()>) -> Self {
        Self { host, keeper: Some(keeper) }
    }

    /// A door that only the simulated world knows.
    pub(crate) fn painted(host: u16) -> Self {
        Self { host, keeper: None }
    }

    /// The port of this machine.
    pub fn host(&self) -> u16 {
        self.host
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Some(keeper) = &self.keeper {
            keeper.abort();
        }
    }
}

/// A file of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInfo {
    /// Its name.
    pub name: String,
    /// `file`, `dir`, `symlink`, `fifo` or `unknown`.
    pub kind: &'static str,
    /// Its size in bytes.
    pub size: u64,
    /// Its permissions.
    pub mode: u32,
    /// Whose it is: a name, or a number where no name is known.
    pub user: String,
    /// Whose group's it is.
    pub group: String,
    /// Where a link leads.
    pub target: Option<String>,
    /// When it was last read, in seconds since 1970; unknown to most engines.
    pub accessed: Option<i64>,
    /// When it was last written.
    pub modified: Option<i64>,
    /// When something about it was last changed.
    pub changed: Option<i64>,
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
    /// Whether it runs without seccomp and AppArmor or SELinux confinement.
    pub unconfined: bool,
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

/// What a command that somebody attends is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecOrder {
    /// Bytes for its standard input.
    Input(Vec<u8>),
    /// Its standard input ends here.
    EndOfInput,
    /// Its terminal has this size from now on.
    Resize {
        /// Characters in a line.
        columns: u16,
        /// Lines.
        rows: u16,
    },
    /// A signal for it and for what it has started.
    Signal(ExecSignal),
}

/// A signal that people send to what they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecSignal {
    /// The terminal is gone.
    Hangup,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-\\.
    Quit,
    /// The request to end.
    Terminate,
    /// The end.
    Kill,
}

impl ExecSignal {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::Hangup, Self::Interrupt, Self::Quit, Self::Terminate, Self::Kill];

    /// Its number, on every system that runs containers.
    pub fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Kill => 9,
            Self::Terminate => 15,
        }
    }
}

/// An image to build.
#[derive(Clone, Debug, Default)]
pub struct BuildRequest {
    /// The build context, a tar archive.
    pub context: Vec<u8>,
    /// Path of the Dockerfile in it.
    pub dockerfile: String,
    /// Names of the image.
    pub tags: Vec<String>,
    /// Its labels.
    pub labels: Vec<(String, String)>,
    /// The stage to build; the last without.
    pub target: Option<String>,
    /// Values of the Dockerfile's `ARG`s.
    pub args: Vec<(String, String)>,
}

/// A container or command that runs.
#[derive(Debug)]
pub struct Running {
    /// What it writes, from the first byte to the last. Closed when there will be no more. Bounded: a slow reader slows
    /// the writer, nothing is dropped.
    pub output: mpsc::Receiver<Chunk>,
    /// Its exit. Dropped without a value when the backend lost sight of it: its output may have broken off.
    pub exit: oneshot::Receiver<Exit>,
    /// Its address in the network, where the host can use it.
    pub address: Option<IpAddr>,
    /// Tells this run from the other runs of the same container, as [`Exit::run`] does; 0 where nobody knows.
    pub run: u64,
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
    /// Tells the run that ended from the other runs of the same container; 0 where nobody knows.
    pub run: u64,
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
    /// The volumes that are mounted in it, by their names in the backend.
    pub volumes: Vec<String>,
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
