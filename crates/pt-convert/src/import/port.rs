//! The ports of a service.

use pt_model::{Data, Map};
use pt_syntax::{Node, NodeKind, Span};

use super::interpolation::between_colons;
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

/// A port or several of them, as they are written.
struct Ports<'a> {
    published: Option<&'a str>,
    target: &'a str,
    protocol: Option<&'a str>,
}

impl Imports<'_> {
    /// `ports`, and `expose` as internal ones.
    pub(super) fn ports(&mut self, service: &Node) -> Vec<Data> {
        let mut ports: Vec<Data> = Vec::new();
        for node in service.get("ports").map(Node::items).unwrap_or_default() {
            ports.extend(self.published(node));
        }
        for node in service.get("expose").map(Node::items).unwrap_or_default() {
            let Some(text) = scalar(node) else { continue };
            let (target, protocol) = with_protocol(&text);
            let Some(port) = self.port(&Ports { published: None, target, protocol }, true, node.span) else {
                continue;
            };
            let is_same = |known: &&Data| {
                let same = |key: &str| known.get(key) == port.get(key);
                let udp = |port: &Data| port.get("protocol").as_str() == Some("udp");
                same("port") && same("range") && udp(known) == udp(&port)
            };
            if !ports.iter().any(|known| is_same(&known)) {
                ports.push(port);
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
        let (addresses, protocol) = with_protocol(&text);
        let mut parts = between_colons(addresses);
        let target = parts.pop()?;
        let published = parts.pop().filter(|published| !published.is_empty());
        // An address of IPv6 may stand without its brackets.
        let host = (!parts.is_empty()).then(|| parts.join(":"));
        self.address(host.as_deref(), node.span);
        self.port(&Ports { published, target, protocol }, false, node.span)
    }

    fn long_port(&mut self, node: &Node) -> Option<Data> {
        let text = |key: &str| node.get(key).and_then(scalar);
        let (Some(target), published, protocol) = (text("target"), text("published"), text("protocol"))
        else {
            self.notes.refuse("A port names no `target`", node.span);
            return None;
        };
        let host = node.get("host_ip").and_then(|host| self.decided(host));
        let label = node.get("name").and_then(|name| Some((self.decided(name)?, name.span)));
        let spoken = node.get("app_protocol").and_then(|spoken| Some((self.decided(spoken)?, spoken.span)));
        self.address(host.as_deref(), node.span);
        self.others_of(
            node,
            "ports",
            &["target", "published", "host_ip", "protocol", "app_protocol", "name"],
        );
        let ports = Ports {
            published: published.as_deref().filter(|published| !published.is_empty()),
            target: &target,
            protocol: protocol.as_deref(),
        };
        let mut port = self.port(&ports, false, node.span)?;
        let is_tcp = port.get("protocol").as_str() != Some("udp");
        let Data::Map(entries) = &mut port else { return Some(port) };
        match spoken {
            Some((spoken, _)) if is_tcp && matches!(spoken.as_str(), "http" | "https") => {
                entries.insert("protocol".into(), Data::from(spoken));
            }
            Some((spoken, at)) => {
                self.notes.add(format!("What is spoken at a port is left out: `{spoken}`"), "", at);
            }
            None => {}
        }
        if let Some((label, at)) = label {
            let label = self.renamed("port", &label, at);
            entries.insert("label".into(), Data::from(label));
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

    fn port(&mut self, ports: &Ports<'_>, internal: bool, at: Span) -> Option<Data> {
        let published = self.checked(ports, at)?;
        let target = self.variables.refer(ports.target, at);
        let published = published.map(|published| self.variables.refer(&published, at));
        let protocol = ports.protocol.map(|protocol| self.variables.resolve(protocol).to_lowercase());
        let protocol = match protocol.as_deref() {
            Some("udp") => "udp",
            Some("sctp") => {
                self.notes.add("SCTP is not passed on: the port is one of TCP", "", at);
                "tcp"
            }
            Some("tcp" | "") | None => match target.as_str() {
                target if HTTP.contains(&target) => "http",
                target if HTTPS.contains(&target) => "https",
                _ => "tcp",
            },
            Some(other) => {
                self.notes.refuse(format!("A port has no protocol `{other}`"), at);
                return None;
            }
        };
        let mut entry = Map::default();
        let is_range = range(&target).is_some_and(|(first, last)| first != last);
        entry.insert(if is_range { "range" } else { "port" }.into(), number(&target));
        entry.insert("protocol".into(), Data::from(protocol));
        if let Some(published) = published.filter(|published| *published != target) {
            entry.insert("expose-as".into(), number(&published));
        }
        if internal {
            entry.insert("internal".into(), Data::Bool(true));
        }
        Some(Data::Map(Box::new(entry)))
    }

    /// Where a port is published, if it is one that Compose takes.
    fn checked(&mut self, ports: &Ports<'_>, at: Span) -> Option<Option<String>> {
        let mut read = |text: &str, what: &str| {
            // What nobody has set is anything.
            let is_known = self.variables.knows(text);
            let text = self.variables.resolve(text);
            let known = range(&text);
            if known.is_none() && is_known && !text.is_empty() {
                self.notes
                    .refuse(format!("`{text}` is no {what}: that is a number up to 65535, or a range"), at);
                return Err(());
            }
            Ok(known)
        };
        let target = read(ports.target, "port of a container").ok()?;
        if ports.target.is_empty() {
            self.notes.refuse("A port of the container is missing", at);
            return None;
        }
        let Some(text) = ports.published else { return Some(None) };
        if text == "0" {
            let message =
                "Which port of this machine is free is not asked: a port is taken that the container has";
            self.notes.add(message, "if it is taken, the next one is", at);
            return Some(None);
        }
        let published = read(text, "port of this machine").ok()?;
        let (Some((from, to)), Some((first, last))) = (published, target) else {
            return Some(Some(text.to_owned()));
        };
        if to - from == last - first {
            return Some(Some(text.to_owned()));
        }
        if first != last {
            let message = format!("As many ports must be published as the container has: `{text}`");
            self.notes.refuse(message, at);
            return None;
        }
        let message = format!("Of the ports {from}-{to}, {from} is taken: Compose takes one that is free");
        self.notes.add(message, "", at);
        Some(Some(from.to_string()))
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

    /// A name as an id, which is said where it is another.
    pub(super) fn renamed(&mut self, of: &str, name: &str, at: Span) -> String {
        let id = id_of(name);
        if id != name {
            let message = format!("The {of} `{name}` becomes `{id}`");
            self.notes.add(message, "ids have small letters, digits, - and _", at);
        }
        id
    }
}

/// `53/udp` in its parts.
fn with_protocol(text: &str) -> (&str, Option<&str>) {
    text.rsplit_once('/').map_or((text, None), |(ports, protocol)| (ports, Some(protocol)))
}

/// `80` or `8000-8002`: the first and the last.
fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (0 < first && first <= last).then_some((first, last))
}

/// A number where it is one; references stay text.
fn number(text: &str) -> Data {
    text.parse().map_or_else(|_| Data::from(text), Data::Int)
}
