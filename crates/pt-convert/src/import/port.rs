//! The ports of a service.

use pt_model::{Data, Map};
use pt_syntax::{Node, NodeKind};

use super::map;
use super::merge::scalar;
use super::service::Imports;

/// Ports that are nearly always spoken to in HTTP, so that their address is shown as a URL.
const HTTP: [&str; 14] = [
    "80", "81", "3000", "3001", "4200", "5000", "5173", "8000", "8080", "8081", "8090", "8888", "9000",
    "9090",
];
const HTTPS: [&str; 2] = ["443", "8443"];

impl Imports<'_> {
    /// `ports`, and `expose` as internal ones.
    pub(super) fn ports(&mut self, service: &Node) -> Vec<Data> {
        let mut ports: Vec<Data> = Vec::new();
        for node in service.get("ports").map(Node::items).unwrap_or_default() {
            ports.extend(self.published(node));
        }
        for node in service.get("expose").map(Node::items).unwrap_or_default() {
            let Some(text) = scalar(node) else { continue };
            let text = self.variables.refer(&text);
            let (port, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
            let known = ports.iter().any(|known| known.get("port") == &number(port));
            if !known {
                ports.push(self.port(port, None, protocol, true));
            }
        }
        ports
    }

    /// `"127.0.0.1:8080:80/tcp"`, or the long form.
    fn published(&mut self, node: &Node) -> Option<Data> {
        if let NodeKind::Map(_) = node.kind {
            let mut text = |key: &str| node.get(key).and_then(scalar).map(|text| self.variables.refer(&text));
            let (target, published, protocol) = (text("target")?, text("published"), text("protocol"));
            return Some(self.port(
                &target,
                published.as_deref(),
                protocol.as_deref().unwrap_or("tcp"),
                false,
            ));
        }
        let text = scalar(node)?;
        let text = self.variables.refer(&text);
        let (addresses, protocol) = text.rsplit_once('/').unwrap_or((&text, "tcp"));
        let mut parts = addresses.rsplitn(3, ':');
        let target = parts.next()?;
        let published = parts.next().filter(|published| !published.is_empty());
        if parts.next().is_some_and(|host| !matches!(host, "127.0.0.1" | "localhost" | "[::1]")) {
            self.notes.add(
                "Services are reachable on localhost only: the addresses before ports are left out",
                "",
                node.span,
            );
        }
        Some(self.port(target, published, protocol, false))
    }

    fn port(&mut self, port: &str, published: Option<&str>, protocol: &str, internal: bool) -> Data {
        let protocol = match protocol {
            "udp" => "udp",
            _ if HTTP.contains(&port) => "http",
            _ if HTTPS.contains(&port) => "https",
            _ => "tcp",
        };
        let mut entry = Map::default();
        let is_range = port.contains('-') && !port.contains("pt.");
        entry.insert(if is_range { "range" } else { "port" }.into(), number(port));
        entry.insert("protocol".into(), Data::from(protocol));
        if let Some(published) = published.filter(|published| *published != port) {
            entry.insert("expose-as".into(), number(published));
        }
        if internal {
            entry.insert("internal".into(), Data::Bool(true));
        }
        Data::Map(Box::new(entry))
    }

    /// The services of a container: one, by whose name the others reach it.
    pub(super) fn services(&mut self, id: &str, service: &Node) -> Option<Data> {
        let ports = self.ports(service);
        let ports: Data = if ports.is_empty() { return None } else { ports.into_iter().collect() };
        Some([map([("id", Data::from(id)), ("ports", ports)])].into_iter().collect())
    }
}

/// A number where it is one; references stay text.
fn number(text: &str) -> Data {
    text.parse().map_or_else(|_| Data::from(text), Data::Int)
}
