//! The ports of a service.

use pt_model::{Data, Map};
use pt_syntax::{Node, NodeKind, Span};

use super::map;
use super::merge::scalar;
use super::names::id_of;
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
            return self.long_port(node);
        }
        let text = scalar(node)?;
        let text = self.variables.refer(&text);
        let (addresses, protocol) = text.rsplit_once('/').unwrap_or((&text, "tcp"));
        // A reference has no colons, and an address of IPv6 stands in brackets.
        let mut parts = addresses.rsplitn(3, ':');
        let target = parts.next()?;
        let published = parts.next().filter(|published| !published.is_empty());
        self.address(parts.next(), node.span);
        Some(self.port(target, published, protocol, false))
    }

    fn long_port(&mut self, node: &Node) -> Option<Data> {
        let mut text = |key: &str| node.get(key).and_then(scalar).map(|text| self.variables.refer(&text));
        let (target, published) = (text("target")?, text("published"));
        let (host, protocol, spoken) = (text("host_ip"), text("protocol"), text("app_protocol"));
        let label = text("name");
        self.address(host.as_deref(), node.span);
        self.others_of(
            node,
            "ports",
            &["target", "published", "host_ip", "protocol", "app_protocol", "name", "mode"],
        );
        let spoken = spoken.filter(|spoken| matches!(spoken.as_str(), "http" | "https"));
        let mut port = self.port(&target, published.as_deref(), protocol.as_deref().unwrap_or("tcp"), false);
        if let Data::Map(port) = &mut port {
            port.extend(spoken.map(|spoken| ("protocol".into(), Data::from(spoken))));
            port.extend(label.map(|label| ("label".into(), Data::from(id_of(&label)))));
        }
        Some(port)
    }

    /// Says where a port is reachable that is not where the file wants it.
    fn address(&mut self, host: Option<&str>, at: Span) {
        match host {
            Some("127.0.0.1" | "localhost" | "[::1]" | "::1") => {}
            None | Some("" | "0.0.0.0" | "[::]" | "::") => self.notes.once(
                "Ports are reachable from this machine only: Compose opens those without an address to others, too",
                "",
                at,
            ),
            Some(other) => {
                let message = format!("Ports are reachable from this machine only: the address {other} is left out");
                self.notes.add(message, "", at);
            }
        }
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

    /// The services of a container: one with its ports, by whose name the others reach it, and one for each other name.
    pub(super) fn services(&mut self, id: &str, name: &str, container: &str, service: &Node) -> Option<Data> {
        let ports = self.ports(service);
        let mut services: Vec<Data> = Vec::new();
        // A container is reached by its own id.
        if !ports.is_empty() || container != id {
            services.push(map([("id", Data::from(id)), ("ports", ports.into_iter().collect())]));
        }
        let aliases = self.names.aliases(name).filter(|alias| *alias != container && *alias != id);
        let no_ports = || Data::List(Vec::new());
        services.extend(aliases.map(|alias| map([("id", Data::from(alias)), ("ports", no_ports())])));
        (!services.is_empty()).then(|| services.into_iter().collect())
    }
}

/// A number where it is one; references stay text.
fn number(text: &str) -> Data {
    text.parse().map_or_else(|_| Data::from(text), Data::Int)
}
