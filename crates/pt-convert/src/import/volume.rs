//! What is mounted into a service.

use pt_model::{Data, Map};
use pt_syntax::{Node, NodeKind, Reading, Span, references};

use super::map;
use super::merge::scalar;
use super::names::id_of;
use super::service::Imports;

/// What `nocopy` keeps from happening.
const EMPTY: &str = "Volumes begin with what the image has there: `nocopy` is left out";

impl Imports<'_> {
    /// `volumes`, `tmpfs`, `configs` and `secrets`.
    pub(super) fn mounts(&mut self, service: &Node) -> Vec<Data> {
        let mut mounts: Vec<Data> = Vec::new();
        for node in service.get("volumes").map(Node::items).unwrap_or_default() {
            mounts.extend(if node.as_str().is_some() {
                self.short_volume(node)
            } else {
                self.long_volume(node)
            });
        }
        mounts.retain(|mount| {
            let path = mount.get("path").as_str().unwrap_or_default();
            let is_absolute = path.starts_with('/') || !is_literal(path);
            if !is_absolute && let Some(volumes) = service.get("volumes") {
                let message = format!("The mount at `{path}` is left out: that is no absolute path");
                self.notes.add(message, "", volumes.span);
            }
            is_absolute
        });
        for node in service.get("tmpfs").map(|node| listed(node)).unwrap_or_default() {
            let Some(path) = scalar(node) else { continue };
            let (path, options) = path.split_once(':').unwrap_or((&path, ""));
            if !options.is_empty() {
                self.in_memory(node.span);
            }
            let path = self.variables.refer(path);
            mounts.push(mount(&path, map([("type", Data::from("volume"))])));
        }
        for (section, dir) in [("configs", "/"), ("secrets", "/run/secrets/")] {
            for node in service.get(section).map(Node::items).unwrap_or_default() {
                mounts.extend(self.file(section, dir, node));
            }
        }
        mounts
    }

    /// `source:path:options`, or a path alone.
    fn short_volume(&mut self, node: &Node) -> Option<Data> {
        let text = self.variables.refer(node.as_str()?);
        let (source, path, options) = match text.split(':').collect::<Vec<_>>().as_slice() {
            [path] => return Some(mount(path, map([("type", Data::from("volume"))]))),
            [source, path] => ((*source).to_owned(), (*path).to_owned(), String::new()),
            [source, path, options, ..] => ((*source).to_owned(), (*path).to_owned(), (*options).to_owned()),
            [] => return None,
        };
        for option in options.split(',') {
            match option {
                "ro" => self.read_only(node),
                "nocopy" => self.notes.add(EMPTY, "", node.span),
                // Labels of SELinux and hints to other systems; without them, mounts work here.
                "" | "rw" | "z" | "Z" | "cached" | "delegated" | "consistent" => {}
                other => {
                    let message = format!("The option `{other}` of a mount is left out");
                    self.notes.add(message, "", node.span);
                }
            }
        }
        let is_path = source.starts_with(['.', '/', '~']) || source.contains('/') || !is_literal(&source);
        Some(mount(&path, if is_path { host(&source) } else { self.named_volume(&source, node) }))
    }

    fn long_volume(&mut self, node: &Node) -> Option<Data> {
        let mut text = |key: &str| node.get(key).and_then(scalar).map(|text| self.variables.refer(&text));
        let (kind, source, path) = (text("type"), text("source"), text("target")?);
        if matches!(node.get("read_only").map(|node| &node.kind), Some(NodeKind::Bool(true))) {
            self.read_only(node);
        }
        self.others_of(
            node,
            "volumes",
            &["type", "source", "target", "read_only", "consistency", "bind", "volume", "tmpfs"],
        );
        for (part, read) in [("bind", ["create_host_path", "selinux"].as_slice()), ("volume", &[])] {
            if let Some(options) = node.get(part) {
                self.others_of(options, &format!("volumes.{part}"), read);
            }
        }
        if kind.as_deref() == Some("tmpfs") && node.get("tmpfs").is_some() {
            self.in_memory(node.span);
        }
        Some(match (kind.as_deref(), source) {
            (Some("bind"), Some(source)) => mount(&path, host(&source)),
            (None | Some("volume"), Some(source)) => mount(&path, self.named_volume(&source, node)),
            (None | Some("volume" | "tmpfs"), None) | (Some("tmpfs"), Some(_)) => {
                mount(&path, map([("type", Data::from("volume"))]))
            }
            (kind, _) => {
                let kind = kind.unwrap_or("bind");
                self.notes.add(format!("Mounts of type `{kind}` cannot be carried over"), "", node.span);
                return None;
            }
        })
    }

    fn in_memory(&mut self, at: Span) {
        let message = "Temporary files are on the disk: size and mode of a `tmpfs` are left out";
        self.notes.add(message, "", at);
    }

    fn read_only(&mut self, node: &Node) {
        self.notes.add("Mounts can be written to: `ro` is left out", "", node.span);
    }

    fn named_volume(&mut self, name: &str, at: &Node) -> Data {
        let declared = self.file.declared("volumes", name);
        if declared.is_some_and(|volume| {
            volume.get("driver_opts").is_some()
                || volume.get("driver").is_some_and(|driver| driver.as_str() != Some("local"))
        }) {
            self.notes.add(
                format!("The driver of volume `{name}` is left out: it becomes a local one"),
                "",
                at.span,
            );
        }
        if declared.is_some_and(|volume| volume.get("external").is_some()) {
            let message = format!(
                "Volume `{name}` becomes one of this project: what the external one holds is not in it"
            );
            self.notes.add(message, "", at.span);
        }
        let entries = [("type", "volume"), ("scope", "project"), ("id", &id_of(name))];
        map(entries.map(|(key, text)| (key, Data::from(text))))
    }

    /// A config or secret, as a file.
    fn file(&mut self, section: &str, dir: &str, node: &Node) -> Option<Data> {
        let name = node.as_str().or_else(|| node.get("source").and_then(Node::as_str))?;
        self.others_of(node, section, &["source", "target"]);
        let target = node.get("target").and_then(Node::as_str).unwrap_or(name);
        let path = if target.starts_with('/') { target.to_owned() } else { format!("{dir}{target}") };
        let Some(declared) = self.file.declared(section, name) else {
            self.notes.add(
                format!("`{name}` is not declared in `{section}`: it is not mounted"),
                "",
                node.span,
            );
            return None;
        };
        let text = |key: &str| declared.get(key).and_then(scalar);
        let data = match (text("file"), text("content"), text("environment")) {
            (Some(file), ..) => return Some(mount(&path, host(&self.variables.refer(&file)))),
            (None, Some(content), _) => self.variables.refer(&content),
            (None, None, Some(variable)) => self.variables.require(&variable),
            (None, None, None) => {
                let message =
                    format!("`{name}` in `{section}` lives outside of the file: it becomes a setting");
                self.notes.add(message, "", node.span);
                self.variables.require(&name.replace('-', "_"))
            }
        };
        Some(mount(&path, map([("type", Data::from("string")), ("data", Data::from(data))])))
    }
}

/// A list, or the one thing that stands in its place.
pub(super) fn listed(node: &Node) -> Vec<&Node> {
    if let NodeKind::List(items) = &node.kind { items.iter().collect() } else { vec![node] }
}

fn mount(path: &str, source: Data) -> Data {
    let mut mount = Map::default();
    mount.insert("path".into(), Data::from(path));
    mount.insert("source".into(), source);
    Data::Map(Box::new(mount))
}

/// A path of the machine. Compose means paths from its file's directory, and so does a path without a dot in front.
pub(super) fn host(path: &str) -> Data {
    let path = match path.strip_prefix("./") {
        Some(path) => path,
        None if path == "." => "",
        None => path,
    };
    map([("type", Data::from("host")), ("path", Data::from(path.trim_end_matches('/')))])
}

/// Whether a text is what it says.
fn is_literal(text: &str) -> bool {
    matches!(references(text), Reading::Literal)
}
