//! The Docker engine, through its API (20.10 and newer; Podman where it is the same).
//!
//! [`Docker::connect`] finds the engine; the rest is the [`Backend`] trait, a file per group of deeds. Requests carry no
//! API version (the client library sends none), so each engine speaks its own newest.

mod build;
mod connect;
mod container;
mod door;
mod error;
mod exec;
mod image;
mod network;
mod port;
mod run;
mod subnet;
mod usage;
mod wording;

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::{ContainerSummaryStateEnum, MountPoint, SystemVersion, VolumeCreateRequest};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder, RemoveVolumeOptions,
};
use futures_util::stream;
use pt_model::Labels;
use tokio::sync::{Mutex, OnceCell, mpsc};

use crate::backend::{
    Backend, BackendError, BackendInfo, BuildRequest, ContainerRequest, Door, ExecOrder, ExecRequest, Found,
    FoundContainer, FoundNetwork, FoundVolume, ImagePolicy, Knock, Progress, PublishedPort, Running, Usage,
};
use error::{explain, is_missing};
use network::ambiguous_network;

pub use connect::DockerOptions;

/// A Docker engine.
#[derive(Debug)]
pub struct Docker {
    client: bollard::Docker,
    /// Where it listens, as people write it.
    address: String,
    /// Where the docker client keeps its settings, registry logins among them.
    config_dir: Option<PathBuf>,
    /// Networks are created one at a time: the engine does not mind two of one name.
    networks: Mutex<()>,
    /// Whether this machine can reach addresses of containers; asked once.
    reachable: OnceCell<bool>,
    /// Where containers were found lately whose ports somebody waits for.
    addresses: port::Addresses,
}

#[async_trait]
impl Backend for Docker {
    async fn info(&self) -> Result<BackendInfo, BackendError> {
        let asked = tokio::time::timeout(connect::PATIENCE, self.client.version()).await;
        let version = match asked {
            Ok(version) => version.map_err(|error| self.failed("ask the Docker engine what it is", error))?,
            Err(_) => return Err(connect::silent(&self.address)),
        };
        Ok(describe(version))
    }

    async fn ensure_image(
        &self,
        image: &str,
        policy: ImagePolicy,
        progress: Progress,
    ) -> Result<(), BackendError> {
        self.ensure_image_here(image, policy, &progress).await
    }

    async fn create_network(&self, name: &str, labels: &Labels) -> Result<(), BackendError> {
        let _one_at_a_time = self.networks.lock().await;
        self.create_bridge(name, labels).await
    }

    async fn host_address(&self, network: &str) -> Result<Option<IpAddr>, BackendError> {
        self.gateway(network).await
    }

    async fn remove_network(&self, name: &str) -> Result<(), BackendError> {
        let removed = match self.client.remove_network(name).await {
            Err(error) if ambiguous_network(&error).is_some() => self.remove_networks_named(name).await,
            removed => removed,
        };
        match removed {
            Err(error) if !is_missing(&error) => {
                Err(self.failed(format!("remove the network {name}"), error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn image_id(&self, image: &str) -> Result<Option<String>, BackendError> {
        match self.client.inspect_image(image).await {
            Ok(found) => Ok(found.id),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.failed(format!("look for the image {image}"), error)),
        }
    }

    async fn volume_id(&self, name: &str) -> Result<Option<String>, BackendError> {
        match self.client.inspect_volume(name).await {
            // It has no id of its own; nobody makes two of one name in one moment.
            Ok(found) => Ok(Some(found.created_at.unwrap_or_default())),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(self.failed(format!("look for the volume {name}"), error)),
        }
    }

    async fn create_volume(&self, name: &str, labels: &Labels) -> Result<bool, BackendError> {
        match self.client.inspect_volume(name).await {
            Ok(_) => return Ok(false),
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(self.failed(format!("look for the volume {name}"), error)),
        }
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(label_map(labels)),
            ..VolumeCreateRequest::default()
        };
        match self.client.create_volume(request).await {
            Ok(_) => Ok(true),
            Err(error) => Err(self.failed(format!("create the volume {name}"), error)),
        }
    }

    async fn remove_volume(&self, name: &str) -> Result<(), BackendError> {
        match self.client.remove_volume(name, None::<RemoveVolumeOptions>).await {
            Err(error) if !is_missing(&error) => Err(self.failed(format!("remove the volume {name}"), error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn create_container(&self, request: &ContainerRequest) -> Result<String, BackendError> {
        self.create_with_files(request).await
    }

    async fn start_container(&self, id: &str) -> Result<Running, BackendError> {
        self.start_attached(id).await
    }

    async fn has_run(&self, id: &str) -> Result<bool, BackendError> {
        self.has_begun(id).await
    }

    async fn follow_container(&self, id: &str) -> Result<Running, BackendError> {
        self.follow(id).await
    }

    async fn stop_container(&self, id: &str, grace: Duration) -> Result<(), BackendError> {
        self.stop_within(id, grace).await
    }

    async fn remove_container(&self, id: &str) -> Result<(), BackendError> {
        self.remove_by_force(id).await
    }

    async fn find(&self, labels: &Labels) -> Result<Found, BackendError> {
        let wanted: Vec<String> = labels.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let filters = HashMap::from([("label", wanted)]);
        let containers = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let networks = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let volumes = ListVolumesOptionsBuilder::new().filters(&filters).build();
        let (containers, networks, volumes) = tokio::try_join!(
            self.client.list_containers(Some(containers)),
            self.client.list_networks(Some(networks)),
            self.client.list_volumes(Some(volumes)),
        )
        .map_err(|error| self.failed("list what the Docker engine holds", error))?;
        Ok(Found {
            containers: containers.into_iter().map(found_container).collect(),
            networks: networks
                .into_iter()
                .map(|network| FoundNetwork {
                    name: network.name.unwrap_or_default(),
                    labels: labels_of(network.labels),
                })
                .collect(),
            volumes: volumes
                .volumes
                .unwrap_or_default()
                .into_iter()
                .map(|volume| FoundVolume { name: volume.name, labels: labels_of(Some(volume.labels)) })
                .collect(),
        })
    }

    async fn usage(&self, id: &str) -> Result<Option<Usage>, BackendError> {
        self.usage_of(id).await
    }

    async fn exec(&self, id: &str, request: &ExecRequest) -> Result<Running, BackendError> {
        self.exec_attached(id, request, None).await
    }

    async fn exec_attended(
        &self,
        id: &str,
        request: &ExecRequest,
        orders: mpsc::Receiver<ExecOrder>,
    ) -> Result<Running, BackendError> {
        self.exec_attached(id, request, Some(orders)).await
    }

    async fn stream_path(
        &self,
        id: &str,
        path: &str,
        pieces: mpsc::Sender<Vec<u8>>,
    ) -> Result<(), BackendError> {
        self.download(id, path, pieces).await
    }

    async fn stream_in(
        &self,
        id: &str,
        dir: &str,
        pieces: mpsc::Receiver<Vec<u8>>,
    ) -> Result<(), BackendError> {
        let pieces = stream::unfold(pieces, async |mut pieces| Some((pieces.recv().await?, pieces)));
        self.upload(id, dir, pieces).await.map_err(|error| self.failed("put files into the container", error))
    }

    async fn build_image(&self, request: BuildRequest, output: Progress) -> Result<String, BackendError> {
        self.build(request, output).await
    }

    async fn knock(&self, id: &str, knock: &Knock) -> Result<(), String> {
        self.knock_once(id, knock).await
    }

    async fn open_door(&self, id: &str, port: PublishedPort) -> Result<Door, BackendError> {
        self.open_door_to(id, port).await
    }
}

impl Docker {
    /// What to tell when `attempt` failed.
    fn failed(&self, attempt: impl Into<String>, error: bollard::errors::Error) -> BackendError {
        explain(&attempt.into(), &self.address, &error)
    }
}

fn describe(version: SystemVersion) -> BackendInfo {
    let podman = version
        .components
        .iter()
        .flatten()
        .any(|component| component.name.to_ascii_lowercase().contains("podman"));
    BackendInfo {
        kind: if podman { "podman" } else { "docker" }.to_owned(),
        version: version.version.unwrap_or_default(),
        api_version: version.api_version.unwrap_or_default(),
    }
}

fn found_container(container: bollard::models::ContainerSummary) -> FoundContainer {
    use ContainerSummaryStateEnum as State;
    let running = matches!(container.state, Some(State::RUNNING | State::PAUSED | State::RESTARTING));
    let name = container.names.unwrap_or_default().into_iter().next().unwrap_or_default();
    FoundContainer {
        id: container.id.unwrap_or_default(),
        name: name.trim_start_matches('/').to_owned(),
        labels: labels_of(container.labels),
        running,
        exit_code: container.status.as_deref().and_then(exit_code_in),
        volumes: container.mounts.into_iter().flatten().filter_map(volume_of).collect(),
    }
}

/// The volume that is mounted there, if it is one.
fn volume_of(mount: MountPoint) -> Option<String> {
    mount.name.filter(|_| mount.typ.as_deref() == Some("volume"))
}

/// Lists tell exit codes only in words: `Exited (137) 3 minutes ago`.
fn exit_code_in(status: &str) -> Option<i64> {
    let (code, _) = status.strip_prefix("Exited (")?.split_once(')')?;
    code.parse().ok()
}

fn label_map(labels: &Labels) -> HashMap<String, String> {
    labels.0.clone().into_iter().collect()
}

fn labels_of(map: Option<HashMap<String, String>>) -> Labels {
    Labels(map.unwrap_or_default().into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_read_from_what_lists_say() {
        assert_eq!(exit_code_in("Exited (0) Less than a second ago"), Some(0));
        assert_eq!(exit_code_in("Exited (137) 3 minutes ago"), Some(137));
        assert_eq!(exit_code_in("Up 2 hours"), None);
        assert_eq!(exit_code_in("Created"), None);
    }
}
