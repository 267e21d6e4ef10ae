//! Services: ports of containers that others may use.

use serde::{Deserialize, Serialize};

use crate::{Readiness, ServiceId};

/// What a service should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// Its id and its hostname in the job's network.
    pub id: ServiceId,
    /// Its ports; ranges are already spread out.
    pub ports: Vec<PortSpec>,
    /// When it can be used; without, when its ports accept connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Readiness>,
}

/// One port of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PortSpec {
    /// Port in the container.
    pub port: u16,
    /// What is spoken there.
    #[serde(default)]
    pub protocol: Protocol,
    /// Wished port on the host; the same as `port` without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expose_as: Option<u16>,
    /// Reachable from the job's network only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub internal: bool,
    /// A name that tells ports of one service apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl PortSpec {
    /// The wished port on the host.
    pub fn host_port(&self) -> u16 {
        self.expose_as.unwrap_or(self.port)
    }
}

/// A port of a service that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OpenPort {
    /// Port in the container.
    pub port: u16,
    /// What is spoken there.
    pub protocol: Protocol,
    /// A name that tells ports of one service apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Where it is on the host; nowhere for an internal one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposed_as: Option<ExposedAs>,
}

/// Where a port is on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposedAs {
    /// The port that was wished for.
    pub requested: u16,
    /// The port it got.
    pub port: u16,
}

impl OpenPort {
    /// Where it is reached from this machine; nothing for an internal one.
    pub fn address(&self) -> Option<String> {
        let port = self.exposed_as?.port;
        Some(match self.protocol {
            Protocol::Http => format!("http://localhost:{port}"),
            Protocol::Https => format!("https://localhost:{port}"),
            Protocol::Tcp => format!("localhost:{port}"),
            Protocol::Udp => format!("localhost:{port} (udp)"),
        })
    }
}

/// What is spoken at a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Anything over TCP.
    #[default]
    Tcp,
    /// Datagrams.
    Udp,
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Protocol {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Whether the port is one of UDP rather than of TCP.
    pub fn is_udp(self) -> bool {
        self == Self::Udp
    }
}
