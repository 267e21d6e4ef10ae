//! Ports of this machine that lead into containers that run already.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::InspectContainerOptions;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Docker;
use crate::backend::{BackendError, Door, ErrorKind, PublishedPort};

/// After how long it is tried again to let somebody in.
const PAUSE: Duration = Duration::from_millis(100);

impl Docker {
    /// Listens on the port, or on a free one if it is taken, and passes connections on. Where the container is is asked
    /// for each connection: it may have been started again since.
    pub(super) async fn open_door_to(&self, id: &str, port: PublishedPort) -> Result<Door, BackendError> {
        if port.udp {
            return Err(closed(port, "ports of UDP are published only when a container starts"));
        }
        if !self.is_reachable().await || address(&self.client, id).await.is_none() {
            return Err(closed(port, "this machine does not reach the addresses of the engine's containers"));
        }
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port.host)).await {
            Ok(listener) => Ok(listener),
            Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await,
        };
        let listener = listener.map_err(|error| closed(port, &error.to_string()))?;
        let host = listener.local_addr().map_err(|error| closed(port, &error.to_string()))?.port();
        let (client, id) = (self.client.clone(), id.to_owned());
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    Ok((visitor, _)) = listener.accept() => {
                        let (client, id) = (client.clone(), id.clone());
                        connections.spawn(async move { pass_on(&client, &id, port.container, visitor).await });
                    }
                    Some(_) = connections.join_next() => {}
                    // Nobody can be let in, for lack of open files say, and nobody is inside whose leaving would help.
                    else => sleep(PAUSE).await,
                }
            }
        });
        Ok(Door::kept_by(host, task))
    }
}

/// Connects a visitor with the container. One that refuses hangs up on its visitor, as it would without us.
async fn pass_on(client: &bollard::Docker, id: &str, port: u16, mut visitor: TcpStream) {
    let Some(address) = address(client, id).await else { return };
    if let Ok(mut container) = TcpStream::connect((address, port)).await {
        drop(tokio::io::copy_bidirectional(&mut visitor, &mut container).await);
    }
}

/// A running container's address in its network.
pub(super) async fn address(client: &bollard::Docker, id: &str) -> Option<IpAddr> {
    address_in(client.inspect_container(id, None::<InspectContainerOptions>).await.ok()?)
}

/// The same of one that was inspected.
pub(super) fn address_in(container: ContainerInspectResponse) -> Option<IpAddr> {
    let networks = container.network_settings?.networks?;
    networks.into_values().find_map(|network| network.ip_address?.parse().ok())
}

fn closed(port: PublishedPort, why: &str) -> BackendError {
    BackendError {
        kind: ErrorKind::Refused,
        message: format!(
            "cannot open a port of this machine for port {} of the container: {why}",
            port.container
        ),
        hint: String::new(),
    }
}
