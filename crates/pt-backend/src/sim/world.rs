//! The state of the simulated world.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pt_model::Labels;
use tokio::sync::watch;

use super::SimImage;
use super::fault::Faults;
use super::files::{Files, Mounted, Tree};
use super::kept::Kept;
use super::shell::Signal;
use crate::backend::{BackendError, ContainerRequest, ErrorKind, FileSource};
use crate::hint;

/// The world, shared with the containers that run in it. Nobody waits while holding it.
#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(super) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
pub(super) struct World {
    /// Images that are not like all others.
    pub(super) images: BTreeMap<String, SimImage>,
    /// Images with a slow pull that have been pulled.
    pub(super) pulled: BTreeSet<String>,
    /// Ports of the host that somebody else uses.
    pub(super) taken_ports: BTreeSet<u16>,
    pub(super) faults: Faults,
    /// How long after an exit the answer to a stop comes.
    pub(super) late_stops: Duration,
    pub(super) containers: BTreeMap<String, Container>,
    pub(super) networks: BTreeMap<String, Labels>,
    pub(super) volumes: BTreeMap<String, (Labels, Tree)>,
    /// How many containers there have been.
    pub(super) created: u64,
}

#[derive(Debug)]
pub(super) struct Container {
    pub(super) request: ContainerRequest,
    pub(super) image: SimImage,
    pub(super) files: Files,
    pub(super) state: State,
    pub(super) kept: Kept,
    /// How often it was started.
    pub(super) runs: u64,
}

#[derive(Debug)]
pub(super) enum State {
    Created,
    /// `over` closes when it has ended.
    Running {
        signals: watch::Sender<Signal>,
        over: watch::Receiver<()>,
    },
    Exited(i64),
}

impl Container {
    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// The volumes mounted in it, by name.
    pub(super) fn volumes(&self) -> Vec<String> {
        let volumes = self.request.mounts.iter().filter_map(|mount| match &mount.source {
            FileSource::Volume { name } => Some(name.clone()),
            FileSource::Host { .. } | FileSource::File { .. } => None,
        });
        volumes.collect()
    }

    pub(super) fn exit_code(&self) -> Option<i64> {
        match self.state {
            State::Exited(code) => Some(code),
            State::Created | State::Running { .. } => None,
        }
    }
}

impl World {
    /// The image called so, if it is here.
    pub(super) fn image(&self, name: &str) -> Option<SimImage> {
        if name.contains("missing") || (name.contains("slow-pull") && !self.pulled.contains(name)) {
            return None;
        }
        Some(self.images.get(name).cloned().unwrap_or_else(|| SimImage::new(name)))
    }

    /// The id of a container, by id or name.
    pub(super) fn id_of(&self, name: &str) -> Option<String> {
        if self.containers.contains_key(name) {
            return Some(name.to_owned());
        }
        let named = self.containers.iter().find(|(_, container)| container.request.name == name);
        named.map(|(id, _)| id.clone())
    }

    pub(super) fn create(&mut self, request: &ContainerRequest) -> Result<String, BackendError> {
        let attempt = format!("create the container {} from the image {}", request.name, request.image);
        let Some(image) = self.image(&request.image) else {
            return Err(refused(ErrorKind::ImageNotFound, &attempt, "the image is not here", hint::TAG));
        };
        if self.id_of(&request.name).is_some() {
            let reason = format!("there is a container called {} already", request.name);
            return Err(refused(ErrorKind::Refused, &attempt, &reason, hint::LEFTOVER));
        }
        if let Some(network) = request.network.as_ref().filter(|name| !self.networks.contains_key(*name)) {
            return Err(refused(ErrorKind::NotFound, &attempt, &format!("network {network} not found"), ""));
        }
        let files = self.files(request, &attempt)?;
        self.created += 1;
        let id = format!("{:012x}{:052x}", self.created, 0);
        let container = Container {
            request: request.clone(),
            image,
            files,
            state: State::Created,
            kept: Kept::default(),
            runs: 0,
        };
        self.containers.insert(id.clone(), container);
        Ok(id)
    }

    fn files(&mut self, request: &ContainerRequest, attempt: &str) -> Result<Files, BackendError> {
        let mut mounts = Vec::new();
        for mount in &request.mounts {
            let mounted = match &mount.source {
                FileSource::Host { path, .. } if !path.exists() => {
                    let reason = format!("{} does not exist on this machine", path.display());
                    return Err(refused(ErrorKind::Refused, attempt, &reason, hint::MOUNT));
                }
                FileSource::Host { path, read_only } => {
                    Mounted::Host { path: path.clone(), read_only: *read_only }
                }
                // One that nobody created is created, as Docker does.
                FileSource::Volume { name } => {
                    Mounted::Tree(self.volumes.entry(name.clone()).or_default().1.clone())
                }
                FileSource::File { .. } => continue,
            };
            mounts.push((mount.path.clone(), mounted));
        }
        let files = Files::new(Tree::of_image(), mounts);
        for mount in &request.mounts {
            if let FileSource::File { content, mode } = &mount.source {
                let put = files.put(&mount.path, content.expose().as_bytes(), *mode);
                put.map_err(|reason| {
                    let attempt = format!("put files into the container {}", request.name);
                    refused(ErrorKind::Refused, &attempt, &reason, hint::MOUNT)
                })?;
            }
        }
        let directory = request.workdir.as_deref().unwrap_or("/");
        files.make_directories(directory).map_err(|reason| {
            refused(ErrorKind::Refused, attempt, &format!("no working directory {directory}: {reason}"), "")
        })?;
        Ok(files)
    }

    /// Whether a port of the host can be had.
    pub(super) fn is_port_free(&self, port: u16) -> bool {
        let published = self
            .containers
            .values()
            .filter(|container| container.is_running())
            .any(|container| container.request.ports.iter().any(|published| published.host == port));
        !published && !self.taken_ports.contains(&port)
    }
}

/// Whom a container can reach.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    pub(super) world: Shared,
    pub(super) network: Option<String>,
}

impl Peers {
    /// Whether a running container of the same network goes by that name.
    pub(super) fn answers(&self, name: &str) -> bool {
        let Some(network) = &self.network else { return false };
        self.world.lock().containers.values().any(|container| {
            let request = &container.request;
            container.is_running()
                && request.network.as_ref() == Some(network)
                && (request.name == name || request.aliases.iter().any(|alias| alias == name))
        })
    }
}

/// An error in the words of the Docker backend.
pub(super) fn refused(kind: ErrorKind, attempt: &str, reason: &str, hint: &str) -> BackendError {
    BackendError { kind, message: format!("cannot {attempt}: {reason}"), hint: hint.to_owned() }
}
