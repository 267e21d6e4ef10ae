//! One service of a Compose file.

use pt_model::{Data, Map};
use pt_spec::World;
use pt_syntax::{Diagnostic, Entry, Node, NodeKind};

use super::file::ComposeFile;
use super::merge::scalar;
use super::notes::Notes;
use super::variable::Variables;
use super::wait::{Health, Wait};
use super::{id_of, map};

/// What the import of services needs and gathers.
pub(super) struct Imports<'a> {
    pub(super) world: &'a dyn World,
    pub(super) file: &'a ComposeFile,
    pub(super) variables: &'a mut Variables,
    pub(super) notes: &'a mut Notes,
}

/// What a service became.
pub(super) struct Service {
    pub(super) id: String,
    pub(super) profiles: Vec<String>,
    /// Its module, and before it the one that builds its image.
    pub(super) modules: Vec<Data>,
    /// The module that builds its image.
    image: Option<String>,
    /// The id of its container.
    pub(super) container: String,
    /// Whether there are several of its container.
    pub(super) is_scaled: bool,
    pub(super) health: Option<Health>,
    /// What it waits for.
    pub(super) waits: Vec<Wait>,
}

/// Keys of services that something here reads.
const CARRIED: [&str; 33] = [
    "image",
    "build",
    "command",
    "entrypoint",
    "environment",
    "env_file",
    "ports",
    "expose",
    "volumes",
    "tmpfs",
    "configs",
    "secrets",
    "depends_on",
    "healthcheck",
    "restart",
    "deploy",
    "scale",
    "cpus",
    "mem_limit",
    "mem_reservation",
    "working_dir",
    "user",
    "tty",
    "stdin_open",
    "container_name",
    "hostname",
    "profiles",
    "networks",
    "pull_policy",
    "security_opt",
    "init",
    "develop",
    "links",
];

/// Keys whose loss needs more words than that they are left out.
const LEFT: [(&str, &str, &str); 7] = [
    ("network_mode", "All services share the network of the job: `network_mode` is left out", ""),
    ("privileged", "Containers are never privileged: `privileged` is left out", ""),
    ("labels", "Labels are left out", "tags of a container are its labels in Polytope"),
    ("logging", "`logging` is left out: Polytope keeps the logs", "`pt logs` shows them"),
    ("platform", "`platform` is left out: the engine's own is used", ""),
    ("stop_signal", "`stop_signal` is left out: the image's own is used", ""),
    ("extra_hosts", "`extra_hosts` is left out: containers know each other and the internet", ""),
];

impl Imports<'_> {
    pub(super) fn service(&mut self, named: &Entry) -> Result<Service, Vec<Diagnostic>> {
        let (name, service) = (&named.key, &named.value);
        let id = id_of(name);
        if id != *name {
            self.notes.add(
                format!("Service `{name}` is called `{id}`: ids have small letters, digits, - and _"),
                "others reach it by the new name",
                named.key_span,
            );
        }
        let image = service.get("image").and_then(scalar);
        let image_name = image.clone().unwrap_or_else(|| self.built_image(name));
        let build = self.build(service, &image_name);
        if image.is_none() && build.is_none() {
            let error =
                Diagnostic::error("compose-mistake", format!("Service '{name}' has neither image nor build"));
            return Err(vec![error.at(named.key_span, "this service")]);
        }
        let text = |key: &str| service.get(key).and_then(scalar);
        let container =
            text("container_name").or_else(|| text("hostname")).map(|name| self.variables.resolve(&name));
        let container = container.map_or_else(|| id.clone(), |name| id_of(&name));
        let args = self.container(&id, &container, name, service, &image_name);
        let mut modules = Vec::new();
        let image_module = build.as_ref().map(|_| format!("{id}-image"));
        if let (Some(id), Some(args)) = (&image_module, build) {
            modules.push(module(id, "polytope/build-image", args));
        }
        modules.push(module(&id, "polytope/container", args));
        let profiles = service.get("profiles").map(Node::items).unwrap_or_default();
        let (waits, health) = (self.waits(service), self.health(service));
        self.networks(service);
        self.unknown(service);
        Ok(Service {
            profiles: profiles.iter().filter_map(scalar).collect(),
            id,
            modules,
            image: image_module,
            container,
            is_scaled: self.replicas(service).is_some(),
            health,
            waits,
        })
    }

    /// The args of `polytope/container`.
    fn container(&mut self, id: &str, container: &str, name: &str, service: &Node, image: &str) -> Data {
        let mut args = Map::default();
        let mut put = |key: &str, value: Option<Data>| {
            if let Some(value) = value {
                args.insert(key.into(), value);
            }
        };
        let text = |key: &str| service.get(key).and_then(scalar);
        put("image", Some(Data::from(self.variables.refer(image))));
        put("id", Some(Data::from(container)));
        put("entrypoint", self.command(service.get("entrypoint")));
        put("cmd", self.command(service.get("command")));
        put("workdir", text("working_dir").map(|dir| Data::from(self.variables.refer(&dir))));
        put("user", text("user").map(|user| Data::from(self.variables.refer(&user))));
        let environment = self.environment(service);
        put("env", (!environment.is_empty()).then(|| environment.into_iter().collect()));
        let mounts = self.mounts(service);
        put("mounts", (!mounts.is_empty()).then(|| mounts.into_iter().collect()));
        put("services", self.services(id, service));
        put("restart", self.restart(service));
        put("scaling", self.replicas(service));
        put("resources", self.resources(service));
        put("update-image", (text("pull_policy").as_deref() == Some("always")).then_some(Data::Bool(true)));
        let unconfined =
            |node: &&Node| matches!(node.as_str(), Some("seccomp:unconfined" | "seccomp=unconfined"));
        let options = service.get("security_opt").map(Node::items).unwrap_or_default();
        put("unconfined", options.iter().any(|node| unconfined(&node)).then_some(Data::Bool(true)));
        let networks = service.get("networks");
        let aliases = networks
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| entry.value.get("aliases"));
        for aliases in aliases {
            self.notes.add(
                format!("Service `{name}` has no other names: `aliases` is left out"),
                "give it a service for each name",
                aliases.span,
            );
        }
        Data::Map(Box::new(args))
    }

    /// A command as a string or a list; an empty list removes the image's.
    fn command(&mut self, node: Option<&Node>) -> Option<Data> {
        let node = node?;
        Some(match &node.kind {
            NodeKind::List(items) => {
                items.iter().filter_map(scalar).map(|text| Data::from(self.variables.refer(&text))).collect()
            }
            _ => Data::from(self.variables.refer(&scalar(node)?)),
        })
    }

    /// Says what is left out of how a service is on its networks.
    fn networks(&mut self, service: &Node) {
        for network in service.get("networks").map(Node::entries).unwrap_or_default() {
            for entry in network.value.entries().iter().filter(|entry| entry.key != "aliases") {
                let message = format!("`{}` of a service on a network is left out", entry.key);
                self.notes.add(message, "all services of a job share one network", entry.key_span);
            }
        }
    }

    /// Says what nothing here reads.
    fn unknown(&mut self, service: &Node) {
        for entry in service.entries() {
            let key = entry.key.as_str();
            if CARRIED.contains(&key) || key.starts_with("x-") || entry.value.is_null() {
                continue;
            }
            match LEFT.iter().find(|(left, ..)| *left == key) {
                Some((_, message, hint)) => self.notes.add(*message, hint, entry.key_span),
                None => self.notes.add(format!("`{key}` cannot be carried over"), "", entry.key_span),
            }
        }
    }

    /// Says what is left out of what stands at the top.
    pub(super) fn unknown_top_level(&mut self) {
        const CARRIED: [&str; 6] = ["version", "name", "volumes", "configs", "secrets", "networks"];
        for entry in &self.file.others {
            if entry.key == "networks" {
                self.top_level_networks(entry);
            } else if !CARRIED.contains(&entry.key.as_str()) && !entry.key.starts_with("x-") {
                self.notes.add(format!("`{}` cannot be carried over", entry.key), "", entry.key_span);
            }
        }
    }
}

impl Imports<'_> {
    fn top_level_networks(&mut self, networks: &Entry) {
        let declared = networks.value.entries();
        if declared.len() > 1 {
            self.notes.add(
                "All services share one network: which of them cannot see each other is left out",
                "",
                networks.key_span,
            );
        }
        for (network, setting) in declared
            .iter()
            .flat_map(|network| network.value.entries().iter().map(move |entry| (network, entry)))
        {
            let is_off = scalar(&setting.value).as_deref() == Some("false");
            if setting.key == "external" && !is_off {
                let message = format!("The network `{}` outside of the project is not reached", network.key);
                self.notes.add(
                    message,
                    "services of other jobs are reached by their ports",
                    setting.key_span,
                );
            } else if setting.key != "name" && !setting.key.starts_with("x-") && !is_off {
                let message = format!("`{}` of networks is left out", setting.key);
                self.notes.add(message, "a job has one network of its own", setting.key_span);
            }
        }
    }
}

impl Service {
    /// Its steps in a template that runs the services of these ids.
    pub(super) fn steps(&self, ids: &[&str]) -> Vec<Data> {
        let build = self.image.as_deref().map(Data::from);
        let after = self.after(ids);
        let own = match &after {
            None => Data::from(self.id.as_str()),
            Some(after) => map([("module", Data::from(self.id.as_str())), ("run-when", after.clone())]),
        };
        build.into_iter().chain([own]).collect()
    }

    /// What it runs after in such a template, as `run-when` has it.
    pub(super) fn after(&self, ids: &[&str]) -> Option<Data> {
        let there = self.waits.iter().filter(|wait| ids.contains(&wait.on.as_str()));
        let after = there.map(|wait| wait.step_id().unwrap_or_else(|| wait.on.clone()));
        let after: Vec<Data> = after.chain(self.image.clone()).map(Data::from).collect();
        let after = match after.len() {
            0 => return None,
            1 => after.into_iter().next()?,
            _ => after.into_iter().collect(),
        };
        Some(map([("after", after)]))
    }
}

fn module(id: &str, module: &str, args: Data) -> Data {
    map([("id", Data::from(id)), ("module", Data::from(module)), ("args", args)])
}
