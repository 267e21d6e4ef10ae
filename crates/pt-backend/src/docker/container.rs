//! Containers before and after they run: created with their files, stopped, removed, read from.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HostConfig, HostConfigLogConfig, Mount, MountType,
    NetworkingConfig, PortBinding,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, DownloadFromContainerOptionsBuilder, InspectContainerOptions,
    KillContainerOptionsBuilder, RemoveContainerOptionsBuilder, StopContainerOptionsBuilder,
    UploadToContainerOptionsBuilder,
};
use futures_util::{Stream, StreamExt, stream};
use pt_model::Text;
use tokio::sync::mpsc;

use super::error::{is_conflict, is_missing};
use super::{Docker, label_map};
use crate::archive::append_file;
use crate::backend::{BackendError, ContainerRequest, ErrorKind, FileSource, MountRequest, PublishedPort};

/// How long the engine may take, beyond the grace, to report a stop; and to end a removal that somebody else began.
const SLACK: Duration = Duration::from_secs(30);

/// How much of a container's output the engine keeps, in two files that take turns. Ours is captured by attaching; this is where
/// it is read again when nobody was attached for a while.
const LOG_SIZE: &str = "50m";

impl Docker {
    pub(super) async fn create_with_files(&self, request: &ContainerRequest) -> Result<String, BackendError> {
        let attempt = format!("create the container {}", request.name);
        let options = CreateContainerOptionsBuilder::new().name(&request.name).build();
        let created = self.client.create_container(Some(options), body(request)?).await;
        let id = created.map_err(|error| self.failed(image_in(&attempt, request), error))?.id;
        if let Err(error) = self.put_files(&id, request).await {
            // The first error is the one to report; what cannot be removed is found by its labels.
            drop(self.remove_by_force(&id).await);
            return Err(error);
        }
        Ok(id)
    }

    async fn put_files(&self, id: &str, request: &ContainerRequest) -> Result<(), BackendError> {
        let Some(archive) = archive(request).map_err(|error| unpackable(&request.name, &error))? else {
            return Ok(());
        };
        let uploaded = self.upload(id, "/", stream::iter([archive])).await;
        uploaded.map_err(|error| self.failed(format!("put files into the container {}", request.name), error))
    }

    pub(super) async fn upload(
        &self,
        id: &str,
        dir: &str,
        pieces: impl Stream<Item = Vec<u8>> + Send + 'static,
    ) -> Result<(), bollard::errors::Error> {
        let options =
            UploadToContainerOptionsBuilder::new().path(dir).no_overwrite_dir_non_dir("true").build();
        let archive = bollard::body_stream(pieces.map(Into::into));
        self.client.upload_to_container(id, Some(options), archive).await
    }

    pub(super) async fn stop_within(&self, id: &str, grace: Duration) -> Result<(), BackendError> {
        let stopped = if grace.is_zero() {
            let options = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
            self.client.kill_container(id, Some(options)).await
        } else {
            // The engine counts in seconds.
            let seconds = grace.as_secs() + u64::from(grace.subsec_nanos() > 0);
            let options =
                StopContainerOptionsBuilder::new().t(i32::try_from(seconds).unwrap_or(i32::MAX)).build();
            self.client.clone().with_timeout(grace + SLACK).stop_container(id, Some(options)).await
        };
        match stopped {
            Err(error) if !is_missing(&error) && !is_conflict(&error) => {
                Err(self.failed(format!("stop the container {id}"), error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Volumes that the image declares and nobody named go with the container.
    pub(super) async fn remove_by_force(&self, id: &str) -> Result<(), BackendError> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match self.client.remove_container(id, Some(options)).await {
            Ok(()) => Ok(()),
            Err(error) if is_missing(&error) => Ok(()),
            // Somebody else is at it: gone is gone, but not before it is.
            Err(error) if is_conflict(&error) => match tokio::time::timeout(SLACK, self.gone(id)).await {
                Ok(()) => Ok(()),
                Err(_) => Err(self.failed(format!("remove the container {id}"), error)),
            },
            Err(error) => Err(self.failed(format!("remove the container {id}"), error)),
        }
    }

    async fn gone(&self, id: &str) {
        while self.client.inspect_container(id, None::<InspectContainerOptions>).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(super) async fn download(
        &self,
        id: &str,
        path: &str,
        taker: mpsc::Sender<Vec<u8>>,
    ) -> Result<(), BackendError> {
        let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
        let mut pieces = self.client.download_from_container(id, Some(options));
        while let Some(piece) = pieces.next().await {
            let piece =
                piece.map_err(|error| self.failed(format!("read {path} of the container {id}"), error))?;
            if taker.send(piece.into()).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// An error about the image should name it.
fn image_in(attempt: &str, request: &ContainerRequest) -> String {
    format!("{attempt} from the image {}", request.image)
}

fn body(request: &ContainerRequest) -> Result<ContainerCreateBody, BackendError> {
    let network = request.network.as_ref().map(|network| NetworkingConfig {
        endpoints_config: Some(HashMap::from([(
            network.clone(),
            EndpointSettings { aliases: Some(request.aliases.clone()), ..EndpointSettings::default() },
        )])),
    });
    Ok(ContainerCreateBody {
        image: Some(request.image.clone()),
        cmd: request.cmd.as_deref().map(exposed),
        entrypoint: request.entrypoint.as_deref().map(exposed),
        env: Some(environment(&request.env)),
        working_dir: request.workdir.clone(),
        user: request.user.clone(),
        tty: Some(request.tty),
        open_stdin: Some(request.stdin),
        labels: Some(label_map(&request.labels)),
        exposed_ports: Some(request.ports.iter().map(port_key).collect()),
        networking_config: network,
        host_config: Some(host_config(request)?),
        ..ContainerCreateBody::default()
    })
}

fn host_config(request: &ContainerRequest) -> Result<HostConfig, BackendError> {
    let bindings = request.ports.iter().map(|port| {
        let binding =
            PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some(port.host.to_string()) };
        (port_key(port), binding)
    });
    let mut ports: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
    for (key, binding) in bindings {
        ports.entry(key).or_default().get_or_insert_default().push(binding);
    }
    Ok(HostConfig {
        mounts: Some(request.mounts.iter().filter_map(mount).collect::<Result<_, _>>()?),
        network_mode: request.network.clone(),
        port_bindings: Some(ports),
        // Reaps what is orphaned and passes signals on, so that a stop takes no ten seconds.
        init: Some(true),
        nano_cpus: request.resources.cpu_limit.map(nano_cpus),
        security_opt: request.unconfined.then(|| {
            ["seccomp=unconfined", "apparmor=unconfined", "label=disable"].map(str::to_owned).to_vec()
        }),
        memory: request.resources.memory_limit.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(HashMap::from([
                ("max-size".to_owned(), LOG_SIZE.to_owned()),
                ("max-file".to_owned(), "2".to_owned()),
            ])),
        }),
        ..HostConfig::default()
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a number of cores is far below 2^33")]
fn nano_cpus(cores: f64) -> i64 {
    (cores * 1e9).round() as i64
}

pub(super) fn exposed(words: &[Text]) -> Vec<String> {
    words.iter().map(Text::expose).collect()
}

pub(super) fn environment(env: &[(String, Text)]) -> Vec<String> {
    env.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect()
}

fn port_key(port: &PublishedPort) -> String {
    format!("{}/{}", port.container, if port.udp { "udp" } else { "tcp" })
}

/// What the engine mounts; files are put in afterwards.
fn mount(request: &MountRequest) -> Option<Result<Mount, BackendError>> {
    let (typ, source, read_only) = match &request.source {
        FileSource::Host { path, read_only } => match path.to_str() {
            Some(path) => (MountType::BIND, path, *read_only),
            None => return Some(Err(unspeakable(request))),
        },
        FileSource::Volume { name } => (MountType::VOLUME, name.as_str(), false),
        FileSource::File { .. } => return None,
    };
    Some(Ok(Mount {
        target: Some(request.path.clone()),
        source: Some(source.to_owned()),
        typ: Some(typ),
        read_only: Some(read_only),
        ..Mount::default()
    }))
}

/// All files as one archive to be unpacked at the root; the engine creates directories that are missing.
fn archive(request: &ContainerRequest) -> io::Result<Option<Vec<u8>>> {
    let files = request.mounts.iter().filter_map(|mount| match &mount.source {
        FileSource::File { content, mode } => Some((mount.path.trim_start_matches('/'), content, *mode)),
        FileSource::Host { .. } | FileSource::Volume { .. } => None,
    });
    let mut archive = tar::Builder::new(Vec::new());
    let mut empty = true;
    for (path, content, mode) in files {
        append_file(&mut archive, path, content.expose().as_bytes(), mode)?;
        empty = false;
    }
    if empty { Ok(None) } else { archive.into_inner().map(Some) }
}

fn unpackable(name: &str, error: &io::Error) -> BackendError {
    BackendError {
        kind: ErrorKind::Refused,
        message: format!("cannot put files into the container {name}: {error}"),
        hint: "check the paths of the mounts".to_owned(),
    }
}

fn unspeakable(request: &MountRequest) -> BackendError {
    BackendError {
        kind: ErrorKind::Refused,
        message: format!("cannot mount at {}: the path on this machine is not UTF-8", request.path),
        hint: "rename it".to_owned(),
    }
}
