//! What is mounted into a service.

use pt_model::{Data, Map};
use pt_syntax::{Node, NodeKind, Reading, Span, references};

use super::interpolation::between_colons;
use super::map;
use super::merge::scalar;
use super::service::Imports;

/// What `nocopy` keeps from happening.
const EMPTY: &str = "Volumes begin with what the image has there: `nocopy` is left out";

/// A mount, and where it stands.
type Placed = (Data, Span);

impl Imports<'_> {
    /// `volumes`, `tmpfs`, `configs` and `secrets`.
    pub(super) fn mounts(&mut self, service: &Node) -> Vec<Data> {
        let mut mounts: Vec<Placed> = Vec::new();
        for node in service.get("volumes").map(Node::items).unwrap_or_default() {
            let mount =
                if node.as_str().is_some() { self.short_volume(node) } else { self.long_volume(node) };
            mounts.extend(mount.map(|mount| (mount, node.span)));
        }
        for node in service.get("tmpfs").map(|node| listed(node)).unwrap_or_default() {
            let Some(text) = scalar(node) else { continue };
            let parts = between_colons(&text);
            let path = parts.first().copied().unwrap_or_default();
            self.in_memory(node.span, parts.len() > 1);
            let path = self.variables.refer(path, node.span);
            mounts.push((mount(&path, map([("type", Data::from("volume"))])), node.span));
        }
        for (section, dir) in [("configs", "/"), ("secrets", "/run/secrets/")] {
            for node in service.get(section).map(Node::items).unwrap_or_default() {
                mounts.extend(self.file(section, dir, node).map(|mount| (mount, node.span)));
            }
        }
        mounts.retain(|(mount, at)| {
            let path = mount.get("path").as_str().unwrap_or_default();
            // Code that gives a text stands for one that says what it is.
            let says = path.strip_prefix("pt.clj (str \"").unwrap_or(path);
            let is_absolute = says.starts_with('/') || (says == path && !is_literal(path));
            if !is_absolute {
                let message = format!("The mount at `{path}` is left out: that is no absolute path");
                self.notes.add(message, "", *at);
            }
            is_absolute
        });
        for (number, (mount, at)) in mounts.iter().enumerate() {
            let path = |mount: &Data| {
                mount.get("path").as_str().unwrap_or_default().trim_end_matches('/').to_owned()
            };
            if is_literal(&path(mount))
                && mounts[..number].iter().any(|(other, _)| path(other) == path(mount))
            {
                self.notes.refuse(format!("Something is mounted at `{}` already", path(mount)), *at);
            }
        }
        mounts.into_iter().map(|(mount, _)| mount).collect()
    }

    /// `source:path:options`, or a path alone.
    fn short_volume(&mut self, node: &Node) -> Option<Data> {
        let text = node.as_str()?;
        let mut parts = between_colons(text);
        if parts.iter().any(|part| part.is_empty()) {
            self.notes.refuse(format!("`{text}` has nothing between its colons"), node.span);
            return None;
        }
        // `c:\data` has a colon of its own.
        let is_drive = |parts: &[&str]| {
            parts.len() > 1
                && parts[0].len() == 1
                && parts[0].starts_with(|c: char| c.is_ascii_alphabetic())
                && parts[1].starts_with(['\\', '/'])
        };
        if is_drive(&parts) && parts.len() > 2 {
            let drive = &text[..parts[0].len() + 1 + parts[1].len()];
            parts.splice(0..2, [drive]);
        }
        let (source, path, options) = match parts.as_slice() {
            [path] => {
                let path = self.variables.refer(path, node.span);
                return Some(mount(&path, map([("type", Data::from("volume"))])));
            }
            [source, path] => (*source, *path, ""),
            [source, path, options] => (*source, *path, *options),
            _ => {
                self.notes.refuse(format!("`{text}` has too many colons"), node.span);
                return None;
            }
        };
        for option in self.variables.resolve(options).split(',') {
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
        let path = self.variables.refer(path, node.span);
        let resolved = self.variables.resolve(source);
        // What nobody has set is a path that somebody has to give.
        let is_path = resolved.starts_with(['.', '/', '~', '\\'])
            || resolved.is_empty()
            || resolved.contains([':', '/']);
        if is_path {
            return Some(mount(&path, host(&self.variables.refer(source, node.span))));
        }
        Some(mount(&path, self.named_volume(source, node)))
    }

    fn long_volume(&mut self, node: &Node) -> Option<Data> {
        let text = |key: &str| node.get(key).and_then(scalar);
        let (kind, source) = (node.get("type").and_then(|kind| self.decided(kind)), text("source"));
        let (Some(kind), Some(path)) = (kind, text("target")) else {
            self.notes.refuse("A mount needs a `type` and a `target`", node.span);
            return None;
        };
        let path = self.variables.refer(&path, node.span);
        if node.get("read_only").is_some_and(|read_only| self.flag(read_only)) {
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
        if let Some(create) = node.get("bind").and_then(|bind| bind.get("create_host_path"))
            && !self.flag(create)
        {
            let message = "A directory that is mounted must be there: `create_host_path` is left out";
            self.notes.add(message, "", create.span);
        }
        let tmpfs = node.get("tmpfs").filter(|tmpfs| !tmpfs.entries().is_empty());
        if kind == "tmpfs" || tmpfs.is_some() {
            self.in_memory(node.span, tmpfs.is_some());
        }
        Some(match (kind.as_str(), source) {
            ("bind", Some(source)) => mount(&path, host(&self.variables.refer(&source, node.span))),
            ("volume", Some(source)) if !source.is_empty() => mount(&path, self.named_volume(&source, node)),
            ("bind", None) => {
                self.notes.refuse("A mount of type `bind` needs a `source`", node.span);
                return None;
            }
            ("volume" | "tmpfs", source) => {
                if source.is_some_and(|source| !source.is_empty()) {
                    self.notes.add("A `tmpfs` has no source: it is left out", "", node.span);
                }
                mount(&path, map([("type", Data::from("volume"))]))
            }
            (kind, _) => {
                self.notes.add(format!("Mounts of type `{kind}` cannot be carried over"), "", node.span);
                return None;
            }
        })
    }

    fn in_memory(&mut self, at: Span, has_options: bool) {
        self.notes.add("What a `tmpfs` holds is on the disk here, not in memory", "", at);
        if has_options {
            self.notes.add("Size and mode of a `tmpfs` are left out", "", at);
        }
    }

    fn read_only(&mut self, node: &Node) {
        self.notes.add("Mounts can be written to: `ro` is left out", "", node.span);
    }

    /// A volume of the project, by the name that the file has for it.
    fn named_volume(&mut self, text: &str, at: &Node) -> Data {
        let text = Node { span: at.span, kind: NodeKind::Str(text.to_owned()) };
        let Some(name) = self.decided(&text) else { return map([("type", Data::from("volume"))]) };
        let declared = self.file.declared("volumes", &name);
        if declared.is_none() {
            self.notes.refuse(format!("There is no volume `{name}` in `volumes`"), at.span);
        }
        let id = self.renamed("volume", &name, at.span);
        let entries = [("type", "volume"), ("scope", "project"), ("id", &id)];
        map(entries.map(|(key, text)| (key, Data::from(text))))
    }

    /// A config or secret, as a file.
    fn file(&mut self, section: &str, dir: &str, node: &Node) -> Option<Data> {
        let source = if node.as_str().is_some() { Some(node) } else { node.get("source") };
        let Some(source) = source else {
            self.notes.refuse(format!("An entry of `{section}` needs a `source`"), node.span);
            return None;
        };
        let name = self.decided(source)?;
        self.others_of(node, section, &["source", "target"]);
        let target = node.get("target").and_then(|target| self.refer(target)).unwrap_or_else(|| name.clone());
        let is_whole = target.starts_with('/') || !is_literal(&target);
        let path = if is_whole { target } else { format!("{dir}{target}") };
        let Some(declared) = self.file.declared(section, &name) else {
            self.notes.refuse(format!("There is no `{name}` in `{section}`"), node.span);
            return None;
        };
        let part = |key: &str| declared.get(key).and_then(|node| Some((scalar(node)?, node.span)));
        let data = match (part("file"), part("content"), part("environment")) {
            (Some((file, at)), None, None) => {
                return Some(mount(&path, host(&self.variables.refer(&file, at))));
            }
            (None, Some((content, at)), None) => self.variables.refer(&content, at),
            (None, None, Some((variable, at))) => {
                self.hide_secret(section, &variable);
                self.variables.require(&variable, at)
            }
            (None, None, None) => {
                if !declared
                    .get("external")
                    .is_some_and(|external| !external.entries().is_empty() || self.flag(external))
                {
                    let message = format!("`{name}` in `{section}` has neither `file` nor `environment`");
                    self.notes.refuse(message, declared.span);
                }
                let variable = name.replace('-', "_");
                self.hide_secret(section, &variable);
                self.variables.require(&variable, node.span)
            }
            // Compose takes one of them.
            _ => {
                let message = format!("`{name}` in `{section}` comes from one place only");
                self.notes.refuse(message, declared.span);
                return None;
            }
        };
        Some(mount(&path, map([("type", Data::from("string")), ("data", Data::from(data))])))
    }
}

impl Imports<'_> {
    /// What Compose calls a secret is one, whatever its name is.
    fn hide_secret(&mut self, section: &str, variable: &str) {
        if section == "secrets" {
            self.variables.hide(variable);
        }
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
pub(super) fn is_literal(text: &str) -> bool {
    matches!(references(text), Reading::Literal)
}
