//! One service of a Compose file.

use pt_model::{Data, Map};
use pt_spec::World;
use pt_syntax::{Diagnostic, Entry, Node, NodeKind, Span};

use super::file::ComposeFile;
use super::interpolation::{Piece, pieces};
use super::left::is_unconfined;
use super::merge::scalar;
use super::names::Names;
use super::notes::Notes;
use super::shape::flag;
use super::variable::{Param, Variables};
use super::wait::{Health, Wait};
use super::{map, module, template_id};

/// What the import of services needs and gathers.
pub(super) struct Imports<'a> {
    pub(super) world: &'a dyn World,
    pub(super) file: &'a ComposeFile,
    pub(super) names: &'a Names,
    pub(super) variables: &'a mut Variables,
    pub(super) notes: &'a mut Notes,
    /// What was built so far.
    pub(super) built: Vec<Built>,
}

/// An image that a module builds.
pub(super) struct Built {
    id: String,
    params: Vec<Param>,
    args: Data,
}

impl Built {
    /// Whether it makes this image.
    fn makes(&self, image: &str) -> bool {
        matches!(self.args.get("tags"), Data::List(tags) if tags.iter().any(|tag| tag.as_str() == Some(image)))
    }
}

/// What a service became.
pub(super) struct Service {
    pub(super) id: String,
    pub(super) profiles: Vec<String>,
    /// Its module, and before it the one that builds its image.
    pub(super) modules: Vec<Data>,
    /// What its image is called.
    image_name: String,
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
        let image_name = service.get("image").and_then(scalar).filter(|image| !image.is_empty());
        let is_named = image_name.is_some();
        let image_name = image_name.unwrap_or_else(|| self.built_image(name));
        self.networks_are_declared(service);
        let build = self.build(service, &image_name);
        let mut modules = Vec::new();
        let image = build.map(|args| {
            let made = Built { id: self.names.image_id(name), params: self.variables.take_params(), args };
            // What two services build alike is built once.
            if let Some(same) =
                self.built.iter().find(|built| built.args == made.args && built.params == made.params)
            {
                return (same.id.clone(), same.params.clone());
            }
            modules.push(module(&made.id, "polytope/build-image", &made.params, made.args.clone()));
            self.built.push(made);
            self.built.last().map(|built| (built.id.clone(), built.params.clone())).unwrap_or_default()
        });
        if image.is_none() && !is_named {
            let error =
                Diagnostic::error("compose-mistake", format!("Service '{name}' has neither image nor build"));
            return Err(vec![error.at(named.key_span, "this service")]);
        }
        let health = self.health(service).filter(|_| self.minds_health(name, service));
        let args = self.container(&id, name, service, &image_name, health.as_ref());
        let image_name = args.get("image").as_str().unwrap_or(&image_name).to_owned();
        let list = |data: &Data| if let Data::List(items) = data { items.clone() } else { Vec::new() };
        let has_ports =
            list(args.get("services")).iter().any(|service| !list(service.get("ports")).is_empty());
        let params = self.variables.take_params();
        modules.push(module(&id, "polytope/container", &params, args));
        let profiles = service.get("profiles").map(Node::items).unwrap_or_default();
        let waits = self.waits(service);
        self.other_keys(service);
        let profiles: Vec<String> = profiles.iter().filter_map(|profile| self.profile(profile)).collect();
        for (message, at) in self.variables.take_decided() {
            self.notes.add(message, "", at);
        }
        Ok(Some(Service { profiles, id, modules, image_name, image, params, health, has_ports, waits }))
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
        let image_at = service.get("image").map_or(service.span, |image| image.span);
        put("image", Some(Data::from(self.variables.refer(image, image_at))));
        put("id", Some(Data::from(container.as_str())));
        put("entrypoint", self.command(service.get("entrypoint")));
        put("cmd", self.command(service.get("command")));
        put("workdir", self.workdir(service));
        put("user", service.get("user").and_then(|user| self.refer(user)).map(Data::from));
        // Compose gives a terminal and an open input only to who asks for them; here they are there.
        let mut asks = |key: &str| service.get(key).is_some_and(|wanted| self.flag(wanted));
        let (has_terminal, is_open) = (asks("tty"), asks("stdin_open"));
        put("tty", (!has_terminal).then_some(Data::Bool(false)));
        put("no-stdin", (!is_open).then_some(Data::Bool(true)));
        let environment = self.environment(id, service);
        put("env", (!environment.is_empty()).then(|| environment.into_iter().collect()));
        let mounts = self.mounts(service);
        put("mounts", (!mounts.is_empty()).then(|| mounts.into_iter().collect()));
        put("services", self.services(id, name, &container, service));
        put("ready", health.map(|health| health.ready(self.is_awaited(name))));
        put("restart", self.restart(service));
        put("scaling", self.replicas(service));
        put("resources", self.resources(service));
        let pull = service.get("pull_policy").and_then(|policy| self.decided(policy));
        put("update-image", (pull.as_deref() == Some("always")).then_some(Data::Bool(true)));
        let options = service.get("security_opt").map(Node::items).unwrap_or_default();
        let unconfined = options.iter().filter_map(scalar).any(|option| is_unconfined(&option));
        put("unconfined", unconfined.then_some(Data::Bool(true)));
        put("tags", self.tags(service));
        Data::Map(Box::new(args))
    }

    /// What the container is called: programs see that as their host's name, and others reach it by it.
    fn container_id(&mut self, id: &str, service: &Node) -> String {
        let mut called = |key: &str, what: &str| {
            let node = service.get(key)?;
            let text = self.decided(node)?;
            Some((self.renamed(what, &text, node.span), node.span))
        };
        let (container, host) = (called("container_name", "container"), called("hostname", "hostname"));
        if let (Some((container, _)), Some((host, at))) = (&container, &host)
            && container != host
        {
            self.notes.add("A container is known by one name: `hostname` is left out", "", *at);
        }
        let Some((wished, at)) = container.or(host) else { return id.to_owned() };
        if self.names.is_of_other(&wished, id) {
            let message = format!("The name `{wished}` is left out: another service is called so");
            self.notes.add(message, "", at);
            return id.to_owned();
        }
        wished
    }

    /// Labels, as tags.
    fn tags(&mut self, service: &Node) -> Option<Data> {
        let labels = service.get("labels")?;
        let of_list = labels.items().iter().filter_map(|label| Some((scalar(label)?, label.span)));
        let of_list = of_list.map(|(label, at)| {
            let (name, value) = label.split_once('=').unwrap_or((&label, ""));
            (name.to_owned(), value.to_owned(), at)
        });
        let of_map = labels.entries().iter().map(|entry| {
            let value = scalar(&entry.value).unwrap_or_default();
            (entry.key.clone(), value, entry.value.span)
        });
        let tags: Vec<(String, String, Span)> = of_list.chain(of_map).collect();
        if tags.is_empty() {
            return None;
        }
        self.notes.add(
            "Labels become tags: programs that ask the engine for labels do not see them",
            "",
            labels.span,
        );
        let tag =
            |(name, value, at): (String, String, Span)| (name, Data::from(self.variables.refer(&value, at)));
        Some(tags.into_iter().map(tag).collect())
    }

    /// A command as a string or a list; an empty list removes the image's.
    fn command(&mut self, node: Option<&Node>) -> Option<Data> {
        let node = node?;
        Some(match &node.kind {
            NodeKind::List(items) => {
                items.iter().filter_map(|item| self.refer(item)).map(Data::from).collect()
            }
            _ => Data::from(self.refer(node)?),
        })
    }

    fn workdir(&mut self, service: &Node) -> Option<Data> {
        let node = service.get("working_dir")?;
        let resolved = self.variables.resolve(&scalar(node)?);
        if !resolved.is_empty() && !resolved.starts_with('/') {
            let message = format!("The directory `{resolved}` is left out: that is no absolute path");
            self.notes.add(message, "", node.span);
            return None;
        }
        self.refer(node).map(Data::from)
    }

    /// A profile, which a template is called after.
    fn profile(&mut self, node: &Node) -> Option<String> {
        let name = self.decided(node)?;
        let template = template_id(&name);
        if template != name {
            let message = format!("The template of the profile `{name}` is called `{template}`");
            self.notes.add(message, "", node.span);
        }
        Some(name)
    }

    /// Refuses networks that the file does not have.
    fn networks_are_declared(&mut self, service: &Node) {
        let Some(networks) = service.get("networks") else { return };
        let listed = networks.items().iter().filter_map(|item| Some((item.as_str()?, item.span)));
        let named = networks.entries().iter().map(|entry| (entry.key.as_str(), entry.key_span));
        for (name, at) in listed.chain(named) {
            // Compose refuses that. Here, what networks there are makes no difference.
            if name != "default" && !self.file.declares("networks", name) {
                let message = format!("There is no network `{name}` in `networks`: Compose refuses the file");
                self.notes.add(message, "declare it", at);
            }
        }
        if let Some(mode) = service.get("network_mode").filter(|mode| !mode.is_null()) {
            self.notes.refuse("A service has either a `network_mode` or `networks`", mode.span);
        }
    }

    /// The text of a node, with references in the place of variables.
    pub(super) fn refer(&mut self, node: &Node) -> Option<String> {
        Some(self.variables.refer(&scalar(node)?, node.span))
    }

    /// What a node says that is true or false.
    pub(super) fn flag(&mut self, node: &Node) -> bool {
        let Some(text) = self.decided(node) else { return false };
        flag(&text).unwrap_or_else(|| {
            self.notes.refuse(format!("`{text}` is neither true nor false"), node.span);
            false
        })
    }

    /// The text of what can only be decided now: names, and numbers that are written in another way. Nothing, if
    /// nobody has set what it is.
    pub(super) fn decided(&mut self, node: &Node) -> Option<String> {
        let text = scalar(node)?;
        let decided = self.variables.resolve(&text);
        if !pieces(&text).iter().any(|piece| matches!(piece, Piece::Variable(_))) {
            return Some(decided);
        }
        if decided.is_empty() {
            let message = format!("`{text}` is nothing now: what it stands for is left out");
            self.notes.add(message, "write down what it shall be", node.span);
            return None;
        }
        let message = format!("`{text}` is taken as it is now: `{decided}`");
        self.notes.add(message, "write down what it shall be", node.span);
        Some(decided)
    }

    /// Whether another service waits until this one is healthy.
    fn is_awaited(&self, name: &str) -> bool {
        self.file.services.iter().any(|other| {
            let condition = other.value.get("depends_on").and_then(|on| on.get(name)?.get("condition"));
            condition.and_then(Node::as_str) == Some("service_healthy")
        })
    }

    /// Whether a service that has a health check is ready only when it is healthy. If others wait for it and none of them for
    /// its health, Compose lets them begin as soon as it has started.
    fn minds_health(&mut self, name: &str, service: &Node) -> bool {
        let depends = |other: &&Entry| {
            let on = other.value.get("depends_on");
            let listed = on.map(Node::items).unwrap_or_default();
            listed.iter().any(|item| scalar(item).as_deref() == Some(name))
                || on.is_some_and(|on| on.get(name).is_some())
        };
        let Some(other) = self.file.services.iter().find(depends) else { return true };
        if self.is_awaited(name) {
            return true;
        }
        let message = format!(
            "The health check of `{name}` is left out: `{}` and whoever else depends on it begins when it has started",
            other.key
        );
        let hint = format!("let them wait for it: `depends_on: {{{name}: {{condition: service_healthy}}}}`");
        let at = service.get("healthcheck").map_or(service.span, |check| check.span);
        self.notes.add(message, &hint, at);
        false
    }
}

impl Service {
    /// All params of its modules.
    pub(super) fn params(&self) -> impl Iterator<Item = &Param> {
        self.image.iter().flat_map(|(_, params)| params).chain(&self.params)
    }

    /// Lets it wait for its image, if another service has that built.
    pub(super) fn find_image(&mut self, built: &[Built]) {
        if self.image.is_none()
            && let Some(built) = built.iter().find(|built| built.makes(&self.image_name))
        {
            self.image = Some((built.id.clone(), built.params.clone()));
        }
    }

    /// Its steps in a template that runs the services of these ids, and that builds these images already.
    pub(super) fn steps<'s>(&'s self, ids: &[&str], builds: &mut Vec<&'s str>) -> Vec<Data> {
        let mut steps = Vec::new();
        if let Some((id, params)) = &self.image
            && !builds.contains(&id.as_str())
        {
            builds.push(id);
            steps.push(step(id, params, None));
        }
        steps.push(step(&self.id, &self.params, self.after(ids)));
        steps
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
