//! One service of a Compose file.

use pt_model::{Data, Map};
use pt_spec::World;
use pt_syntax::{Diagnostic, Entry, Node, NodeKind};

use super::file::ComposeFile;
use super::keys::is_unconfined;
use super::merge::scalar;
use super::names::{Names, id_of};
use super::notes::Notes;
use super::variable::{Param, Variables};
use super::wait::{Health, Wait};
use super::{map, module};

/// What the import of services needs and gathers.
pub(super) struct Imports<'a> {
    pub(super) world: &'a dyn World,
    pub(super) file: &'a ComposeFile,
    pub(super) names: &'a Names,
    pub(super) variables: &'a mut Variables,
    pub(super) notes: &'a mut Notes,
}

/// What a service became.
pub(super) struct Service {
    pub(super) id: String,
    pub(super) profiles: Vec<String>,
    /// Its module, and before it the one that builds its image.
    pub(super) modules: Vec<Data>,
    /// The module that builds its image, and the params of that.
    image: Option<(String, Vec<Param>)>,
    /// The params of its own module.
    params: Vec<Param>,
    pub(super) health: Option<Health>,
    /// Whether it has ports that others can connect to.
    pub(super) has_ports: bool,
    /// What it waits for.
    pub(super) waits: Vec<Wait>,
}

impl Imports<'_> {
    /// What a service becomes; nothing, if another program provides it.
    pub(super) fn service(&mut self, named: &Entry) -> Result<Option<Service>, Vec<Diagnostic>> {
        let (name, service) = (&named.key, &named.value);
        if let Some(provider) = service.get("provider").filter(|_| service.get("image").is_none()) {
            let message = format!("Service `{name}` is left out: another program provides it");
            self.notes.add(message, "give its address to those who need it", provider.span);
            return Ok(None);
        }
        let id = self.names.id(name);
        if id != *name {
            self.notes.add(
                format!("Service `{name}` is called `{id}`: ids have small letters, digits, - and _"),
                "others reach it by the new name",
                named.key_span,
            );
        }
        let image_name = service.get("image").and_then(scalar);
        let is_named = image_name.is_some();
        let image_name = image_name.unwrap_or_else(|| self.built_image(name));
        let build = self.build(service, &image_name);
        let mut modules = Vec::new();
        let image = build.map(|args| {
            let (id, params) = (self.names.image_id(name), self.variables.take_params());
            modules.push(module(&id, "polytope/build-image", &params, args));
            (id, params)
        });
        if image.is_none() && !is_named {
            let error =
                Diagnostic::error("compose-mistake", format!("Service '{name}' has neither image nor build"));
            return Err(vec![error.at(named.key_span, "this service")]);
        }
        let health = self.health(service);
        let args = self.container(&id, name, service, &image_name, health.as_ref());
        let list = |data: &Data| if let Data::List(items) = data { items.clone() } else { Vec::new() };
        let has_ports =
            list(args.get("services")).iter().any(|service| !list(service.get("ports")).is_empty());
        let params = self.variables.take_params();
        modules.push(module(&id, "polytope/container", &params, args));
        let profiles = service.get("profiles").map(Node::items).unwrap_or_default();
        let waits = self.waits(service);
        self.other_keys(service);
        let profiles = profiles.iter().filter_map(scalar).collect();
        Ok(Some(Service { profiles, id, modules, image, params, health, has_ports, waits }))
    }

    /// The args of `polytope/container`.
    fn container(
        &mut self,
        id: &str,
        name: &str,
        service: &Node,
        image: &str,
        health: Option<&Health>,
    ) -> Data {
        let container = self.container_id(id, service);
        let mut args = Map::default();
        let mut put = |key: &str, value: Option<Data>| {
            if let Some(value) = value {
                args.insert(key.into(), value);
            }
        };
        let text = |key: &str| service.get(key).and_then(scalar);
        put("image", Some(Data::from(self.variables.refer(image))));
        put("id", Some(Data::from(container.as_str())));
        put("entrypoint", self.command(service.get("entrypoint")));
        put("cmd", self.command(service.get("command")));
        put("workdir", text("working_dir").map(|dir| Data::from(self.variables.refer(&dir))));
        put("user", text("user").map(|user| Data::from(self.variables.refer(&user))));
        let environment = self.environment(service);
        put("env", (!environment.is_empty()).then(|| environment.into_iter().collect()));
        let mounts = self.mounts(service);
        put("mounts", (!mounts.is_empty()).then(|| mounts.into_iter().collect()));
        put("services", self.services(id, name, &container, service));
        put("ready", health.map(|health| health.ready(self.is_awaited(name))));
        put("restart", self.restart(service));
        put("scaling", self.replicas(service));
        put("resources", self.resources(service));
        put("update-image", (text("pull_policy").as_deref() == Some("always")).then_some(Data::Bool(true)));
        let options = service.get("security_opt").map(Node::items).unwrap_or_default();
        let unconfined = options.iter().filter_map(scalar).any(|option| is_unconfined(&option));
        put("unconfined", unconfined.then_some(Data::Bool(true)));
        put("tags", self.tags(service));
        Data::Map(Box::new(args))
    }

    /// What the container is called: programs see that as their host's name, and others reach it by it.
    fn container_id(&mut self, id: &str, service: &Node) -> String {
        let mut called = |key: &str| {
            let node = service.get(key)?;
            let text = self.decided(node)?;
            Some((id_of(&text), node.span))
        };
        let (container, host) = (called("container_name"), called("hostname"));
        if let (Some((container, _)), Some((host, at))) = (&container, &host)
            && container != host
        {
            self.notes.add("A container is known by one name: `hostname` is left out", "", *at);
        }
        let wished = container.or(host).map_or_else(|| id.to_owned(), |(name, _)| name);
        if self.names.is_of_other(&wished, id) { id.to_owned() } else { wished }
    }

    /// Labels, as tags.
    fn tags(&mut self, service: &Node) -> Option<Data> {
        let labels = service.get("labels")?;
        let of_list = labels.items().iter().filter_map(scalar).map(|label| {
            let (name, value) = label.split_once('=').unwrap_or((&label, ""));
            (name.to_owned(), value.to_owned())
        });
        let of_map = labels.entries().iter().map(|entry| {
            let value = scalar(&entry.value).unwrap_or_default();
            (entry.key.clone(), value)
        });
        let tags: Vec<(String, String)> = of_list.chain(of_map).collect();
        if tags.is_empty() {
            return None;
        }
        self.notes.add(
            "Labels become tags: programs that ask the engine for labels do not see them",
            "",
            labels.span,
        );
        Some(tags.into_iter().map(|(name, value)| (name, Data::from(self.variables.refer(&value)))).collect())
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

    /// The text of what can only be decided now: names, and numbers that are written in another way.
    pub(super) fn decided(&mut self, node: &Node) -> Option<String> {
        let text = scalar(node)?;
        let decided = self.variables.resolve(&text);
        if decided != text && !text.contains("$$") {
            self.notes.add(
                format!("`{text}` is taken as it is now"),
                "write down what it shall be",
                node.span,
            );
        }
        Some(decided)
    }

    /// Whether another service waits until this one is healthy.
    fn is_awaited(&self, name: &str) -> bool {
        self.file.services.iter().any(|other| {
            let condition = other.value.get("depends_on").and_then(|on| on.get(name)?.get("condition"));
            condition.and_then(Node::as_str) == Some("service_healthy")
        })
    }
}

impl Service {
    /// All params of its modules.
    pub(super) fn params(&self) -> impl Iterator<Item = &Param> {
        self.image.iter().flat_map(|(_, params)| params).chain(&self.params)
    }

    /// Its steps in a template that runs the services of these ids.
    pub(super) fn steps(&self, ids: &[&str]) -> Vec<Data> {
        let build = self.image.iter().map(|(id, params)| step(id, params, None));
        build.chain([step(&self.id, &self.params, self.after(ids))]).collect()
    }

    /// What it runs after in such a template.
    fn after(&self, ids: &[&str]) -> Option<Data> {
        let there = self.waits.iter().filter(|wait| ids.contains(&wait.on.as_str()));
        let after = there.map(Wait::after).chain(self.image.iter().map(|(id, _)| Data::from(id.as_str())));
        let mut after: Vec<Data> = after.collect();
        if after.len() > 1 { Some(after.into_iter().collect()) } else { after.pop() }
    }
}

/// A step that runs a module, and hands on what the template was given.
fn step(module: &str, params: &[Param], after: Option<Data>) -> Data {
    if params.is_empty() && after.is_none() {
        return Data::from(module);
    }
    let mut step = map([("module", Data::from(module))]);
    if let Data::Map(step) = &mut step {
        if !params.is_empty() {
            let arg = |param: &Param| (param.name.clone(), Data::from(format!("pt.param {}", param.of)));
            step.insert("args".into(), params.iter().map(arg).collect());
        }
        step.extend(after.map(|after| ("after".into(), after)));
    }
    step
}
