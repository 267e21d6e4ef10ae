//! Networks: one bridge per name, on the engine's addresses or on ours.

use std::net::IpAddr;

use bollard::errors::Error;
use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};
use bollard::query_parameters::{InspectNetworkOptions, ListNetworksOptions};
use pt_model::Labels;

use super::error::is_missing;
use super::subnet::{self, Subnet};
use super::{Docker, label_map, labels_of};
use crate::backend::{BackendError, ErrorKind};

/// How many subnets of our own are tried: each only fails when something unseen uses it.
const ATTEMPTS: usize = 16;

impl Docker {
    pub(super) async fn create_bridge(&self, name: &str, labels: &Labels) -> Result<(), BackendError> {
        match self.client.inspect_network(name, None::<InspectNetworkOptions>).await {
            Ok(network) if labels_of(network.labels.clone()).includes(labels) => return Ok(()),
            Ok(_) => return Err(not_ours(name)),
            Err(error) if is_missing(&error) => {}
            Err(error) if ambiguous_network(&error).is_some() => {
                let settled = self.settle_on_one(name).await;
                return settled.map_err(|error| self.failed(format!("look for the network {name}"), error));
            }
            Err(error) => return Err(self.failed(format!("look for the network {name}"), error)),
        }
        match self.client.create_network(bridge(name, labels, None)).await {
            Ok(_) => Ok(()),
            Err(error) if is_out_of_addresses(&error) => self.create_on_own_subnet(name, labels, error).await,
            Err(error) => Err(self.failed(format!("create the network {name}"), error)),
        }
    }

    /// The gateway of a network is this machine, where the engine is on it.
    pub(super) async fn gateway(&self, name: &str) -> Result<Option<IpAddr>, BackendError> {
        let network = self.client.inspect_network(name, None::<InspectNetworkOptions>).await;
        let network = network.map_err(|error| self.failed(format!("look at the network {name}"), error))?;
        let pools = network.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        // Some engines write the length of the prefix behind it.
        let address = |gateway: String| gateway.split('/').next()?.parse::<IpAddr>().ok();
        Ok(pools.into_iter().filter_map(|pool| address(pool.gateway?)).find(IpAddr::is_ipv4))
    }

    /// Removes all networks of this name but one that is in use, or else the first. Engines allow several: when a runner is
    /// killed while it asks for one, whoever goes on with its job may ask at the same moment. Of several none can be used.
    pub(super) async fn settle_on_one(&self, name: &str) -> Result<(), Error> {
        let mut ids = self.networks_named(name).await?;
        ids.sort();
        for spare in ids.iter().skip(1) {
            // Whoever uses it keeps it.
            drop(self.client.remove_network(spare).await);
        }
        Ok(())
    }

    pub(super) async fn remove_networks_named(&self, name: &str) -> Result<(), Error> {
        for id in self.networks_named(name).await? {
            match self.client.remove_network(&id).await {
                Err(error) if !is_missing(&error) => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// The engine's ids of the networks of this name.
    async fn networks_named(&self, name: &str) -> Result<Vec<String>, Error> {
        let networks = self.client.list_networks(None::<ListNetworksOptions>).await?;
        let named = networks.into_iter().filter(|network| network.name.as_deref() == Some(name));
        Ok(named.filter_map(|network| network.id).collect())
    }

    async fn create_on_own_subnet(
        &self,
        name: &str,
        labels: &Labels,
        mut last: Error,
    ) -> Result<(), BackendError> {
        let taken = self.taken_subnets().await?;
        for subnet in subnet::free(&taken).take(ATTEMPTS) {
            match self.client.create_network(bridge(name, labels, Some(subnet))).await {
                Ok(_) => return Ok(()),
                Err(error) if overlaps(&error) => last = error,
                Err(error) => return Err(self.failed(format!("create the network {name}"), error)),
            }
        }
        Err(self.failed(format!("create the network {name}"), last))
    }

    /// Addresses of the engine's networks, and those this machine has routes to.
    async fn taken_subnets(&self) -> Result<Vec<Subnet>, BackendError> {
        let networks = self
            .client
            .list_networks(None::<ListNetworksOptions>)
            .await
            .map_err(|error| self.failed("list the networks", error))?;
        let mut taken: Vec<Subnet> = networks
            .into_iter()
            .filter_map(|network| network.ipam?.config)
            .flatten()
            .filter_map(|config| Subnet::parse(&config.subnet?))
            .collect();
        // Only Linux has the table; elsewhere the engine's networks must do.
        if let Ok(table) = tokio::fs::read_to_string("/proc/net/route").await {
            taken.extend(subnet::routes(&table));
        }
        Ok(taken)
    }
}

fn bridge(name: &str, labels: &Labels, subnet: Option<Subnet>) -> NetworkCreateRequest {
    NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        labels: Some(label_map(labels)),
        ipam: subnet.map(|subnet| Ipam {
            config: Some(vec![IpamConfig { subnet: Some(subnet.to_string()), ..IpamConfig::default() }]),
            ..Ipam::default()
        }),
        ..NetworkCreateRequest::default()
    }
}

fn is_out_of_addresses(error: &Error) -> bool {
    says(error, "non-overlapping IPv4 address pool") || says(error, "fully subnetted")
}

/// Which network it is of which there are several.
pub(super) fn ambiguous_network(error: &Error) -> Option<&str> {
    let Error::DockerResponseServerError { message, .. } = error else { return None };
    let (_, from_name) = message.split_once("network ")?;
    from_name.split_once(" is ambiguous").map(|(name, _)| name)
}

fn overlaps(error: &Error) -> bool {
    says(error, "overlaps with other one on this address space") || says(error, "already used")
}

fn says(error: &Error, words: &str) -> bool {
    matches!(error, Error::DockerResponseServerError { message, .. } if message.contains(words))
}

fn not_ours(name: &str) -> BackendError {
    BackendError {
        kind: ErrorKind::Refused,
        message: format!(
            "cannot create the network {name}: one of this name exists that belongs to something else"
        ),
        hint: format!("remove it: `docker network rm {name}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Backend;
    use crate::docker::DockerOptions;

    /// As after the engine has said that its supply is used up, which no test should bring about for others.
    #[tokio::test]
    async fn on_docker_a_network_can_have_a_small_subnet_of_ours() {
        let Some(docker) = engine().await else { return };
        let name = format!("pt-test-{}-subnet", std::process::id());
        let labels = Labels::default().with("dev.polytope.test", &name);
        let exhausted = Error::RequestTimeoutError;
        docker.create_on_own_subnet(&name, &labels, exhausted).await.unwrap();
        let network = docker.client.inspect_network(&name, None::<InspectNetworkOptions>).await;
        docker.remove_network(&name).await.unwrap();
        let subnet = network.unwrap().ipam.unwrap().config.unwrap().remove(0).subnet.unwrap();
        assert!(subnet.ends_with("/26"), "{subnet}");
    }

    /// As after a runner was killed while it asked for the network that the next one asks for, too.
    #[tokio::test]
    async fn on_docker_of_networks_with_one_name_one_is_settled_on() {
        let Some(docker) = engine().await else { return };
        let name = format!("pt-test-{}-twins", std::process::id());
        let labels = Labels::default().with("dev.polytope.test", &name);
        for _ in 0..2 {
            docker.client.create_network(bridge(&name, &labels, None)).await.unwrap();
        }
        let one = docker.client.inspect_network(&name, None::<InspectNetworkOptions>).await;
        assert_eq!(one.as_ref().err().and_then(ambiguous_network), Some(name.as_str()), "{one:?}");
        docker.settle_on_one(&name).await.unwrap();
        assert_eq!(docker.networks_named(&name).await.unwrap().len(), 1);
        docker.client.create_network(bridge(&name, &labels, None)).await.unwrap();
        docker.remove_network(&name).await.unwrap();
        assert_eq!(docker.networks_named(&name).await.unwrap(), Vec::<String>::new());
    }

    async fn engine() -> Option<Docker> {
        let host = std::env::var("DOCKER_HOST").ok();
        match Docker::connect(DockerOptions { host, ..DockerOptions::default() }).await {
            Ok(docker) => Some(docker),
            Err(error) if std::env::var("POLYTOPE_TEST_DOCKER").is_ok_and(|value| value == "require") => {
                panic!("{error}")
            }
            Err(error) => {
                println!("skipped: {error}");
                None
            }
        }
    }
}
