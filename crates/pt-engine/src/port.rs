//! Which host ports a container's services get.

use std::collections::HashSet;

use pt_backend::{Backend, PublishedPort};
use pt_model::{ExposedAs, OpenPort, PortSpec, ServiceSpec};
use pt_store::Instance;

/// The ports of services on the host. Two containers of a job never get the same one.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    given: HashSet<(u16, bool)>,
    /// Whether the wished ones are left to others.
    leaves: bool,
}

impl Ports {
    /// Those of a job. What is isolated leaves the wished ones to the developer, who may come later.
    pub(crate) fn of(instance: &Instance) -> Self {
        Self { given: HashSet::new(), leaves: instance.isolated }
    }

    /// The port to ask for where this one is wished.
    pub(crate) fn asked(&self, wished: u16) -> Option<u16> {
        Some(wished).filter(|_| !self.leaves)
    }

    /// Chooses host ports for all ports of these services that are to be reached from outside: the wished one where it is
    /// free, another free one where it isn't.
    pub(crate) async fn choose(
        &mut self,
        backend: &dyn Backend,
        services: &[ServiceSpec],
    ) -> Vec<PublishedPort> {
        let mut chosen: Vec<PublishedPort> = Vec::new();
        for port in services.iter().flat_map(|service| &service.ports).filter(|port| !port.internal) {
            let udp = port.protocol.is_udp();
            let wished = port.host_port();
            if chosen.iter().any(|other| (other.container, other.udp, other.host) == (port.port, udp, wished))
            {
                continue;
            }
            let asked = self.asked(wished).filter(|wished| !self.given.contains(&(*wished, udp)));
            let mut host = backend.free_port(asked, udp).await;
            // 0 says that no port can be had: the start of the container will tell.
            while host != 0 && self.given.contains(&(host, udp)) {
                host = backend.free_port(None, udp).await;
            }
            self.given.insert((host, udp));
            chosen.push(PublishedPort { container: port.port, host, udp });
        }
        chosen
    }

    /// Takes note that a container got other ports than those chosen for it.
    pub(crate) fn exchange(&mut self, old: &[PublishedPort], new: &[PublishedPort]) {
        self.release(old);
        self.given.extend(new.iter().map(|port| (port.host, port.udp)));
    }

    /// Gives ports back.
    pub(crate) fn release(&mut self, ports: &[PublishedPort]) {
        for port in ports {
            self.given.remove(&(port.host, port.udp));
        }
    }
}

/// The port as it is on the host; none if the container does not publish it. Of several host ports for one container
/// port, the wished one is meant if it was given.
pub(crate) fn open(port: &PortSpec, published: &[PublishedPort]) -> Option<OpenPort> {
    let requested = port.host_port();
    let fitting = || published.iter().filter(|p| p.container == port.port && p.udp == port.protocol.is_udp());
    let host = fitting().find(|p| p.host == requested).or_else(|| fitting().next());
    let exposed_as = host.map(|host| ExposedAs { requested, port: host.host });
    if exposed_as.is_none() && !port.internal {
        return None;
    }
    let exposed_as = exposed_as.filter(|_| !port.internal);
    Some(OpenPort { port: port.port, protocol: port.protocol, label: port.label.clone(), exposed_as })
}
