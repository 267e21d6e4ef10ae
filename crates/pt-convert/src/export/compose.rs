//! A plan as a Compose file.

use pt_model::{Data, MountSource, Part, PortSpec, Probe, RestartPolicy, Text, User, VolumeScope};
use pt_plan::Plan;

use super::container::{Build, Containers, Planned, Until, containers};
use super::{Exported, Variables, present};

/// The containers of a plan as a Compose file. Secrets become `${VARIABLES}`, and must be set where Compose runs.
pub fn export_compose(plan: &Plan) -> Exported {
    let Containers { containers, builds, mut notes } = containers(plan);
    let mut volumes = Vec::new();
    let mut configs = Vec::new();
    let (mut variables, mut host_ports) = (Variables::default(), Vec::new());
    let services = containers.iter().map(|container| {
        let mut service = Service {
            container,
            all: &containers,
            builds: &builds,
            volumes: &mut volumes,
            configs: &mut configs,
            variables: &mut variables,
            host_ports: &mut host_ports,
            notes: &mut notes,
        };
        (container.id.clone(), service.describe())
    });
    let services: Data = services.collect();
    let is_used = |build: &&Build| containers.iter().any(|container| build.makes(&container.spec.image));
    notes.extend(builds.iter().filter(|build| !is_used(build)).map(Build::left_out));
    if !variables.of.is_empty() {
        let names: Vec<&str> = variables.of.iter().map(|(_, variable)| variable.as_str()).collect();
        notes.push(format!("Set the secrets where Compose runs, or in `.env`: {}.", names.join(", ")));
    }
    let volumes = volumes.into_iter().map(|id| (id, present([]))).collect();
    let file =
        present([("services", services), ("volumes", volumes), ("configs", configs.into_iter().collect())]);
    Exported { documents: vec![file], notes }
}

struct Service<'a> {
    container: &'a Planned,
    all: &'a [Planned],
    builds: &'a [Build],
    volumes: &'a mut Vec<String>,
    configs: &'a mut Vec<(String, Data)>,
    variables: &'a mut Variables,
    /// The ports of this machine that are given away, and whether they are of UDP.
    host_ports: &'a mut Vec<(u16, bool)>,
    notes: &'a mut Vec<String>,
}

impl Service<'_> {
    fn describe(&mut self) -> Data {
        let container = self.container;
        let spec = &container.spec;
        let limits = present([
            ("cpus", spec.resources.cpu_limit.map_or(Data::Null, |cores| Data::from(cores.to_string()))),
            ("memory", spec.resources.memory_limit.map_or(Data::Null, |bytes| Data::from(bytes.to_string()))),
        ]);
        let replicas = if container.replicas > 1 { Data::Int(container.replicas) } else { Data::Null };
        let reservations = present([
            ("cpus", spec.resources.cpu_request.map_or(Data::Null, |cores| Data::from(cores.to_string()))),
            (
                "memory",
                spec.resources.memory_request.map_or(Data::Null, |bytes| Data::from(bytes.to_string())),
            ),
        ]);
        let resources = present([("limits", limits), ("reservations", reservations)]);
        let unconfined = ["seccomp:unconfined", "apparmor:unconfined", "label:disable"];
        let unconfined = if spec.unconfined { unconfined.as_slice() } else { &[] };
        let yes = |wanted: bool| if wanted { Data::Bool(true) } else { Data::Null };
        let (mounts, configs) = self.mounts();
        let mut service = present([
            ("image", Data::from(escaped(&spec.image))),
            ("build", self.build()),
            ("pull_policy", if spec.update_image { Data::from("always") } else { Data::Null }),
            ("entrypoint", self.arguments(spec.entrypoint.as_deref())),
            ("command", self.arguments(spec.cmd.as_deref())),
            ("working_dir", spec.workdir.as_deref().map_or(Data::Null, |dir| Data::from(escaped(dir)))),
            ("user", self.user()),
            ("environment", self.environment()),
            ("ports", self.ports()),
            ("expose", self.internal_ports()),
            ("volumes", mounts),
            ("configs", configs),
            ("networks", self.names()),
            ("healthcheck", self.health()),
            ("depends_on", self.depends_on()),
            ("restart", self.restart()),
            ("deploy", present([("replicas", replicas), ("resources", resources)])),
            (
                "labels",
                spec.tags.iter().map(|(name, tag)| (name.clone(), Data::from(escaped(tag)))).collect(),
            ),
            ("security_opt", unconfined.iter().map(|option| Data::from(*option)).collect()),
            ("init", Data::Bool(true)),
            ("tty", yes(spec.tty)),
            ("stdin_open", yes(!spec.no_stdin)),
        ]);
        // An empty one takes the image's away.
        if let Data::Map(service) = &mut service {
            for (key, list) in [("entrypoint", &spec.entrypoint), ("command", &spec.cmd)] {
                if list.as_ref().is_some_and(Vec::is_empty) {
                    service.insert(key.into(), Data::List(Vec::new()));
                }
            }
        }
        service
    }

    fn environment(&mut self) -> Data {
        let env = &self.container.spec.env;
        env.iter().map(|var| (var.name.clone(), self.open(&var.value))).collect()
    }

    /// How its image is built, if a step does that of a directory.
    fn build(&mut self) -> Data {
        let Some(build) = self.builds.iter().find(|build| build.makes(&self.container.spec.image)) else {
            return Data::Null;
        };
        let params = &build.params;
        let dockerfile = params.get("dockerfile").and_then(Data::as_str).unwrap_or("Dockerfile");
        let context = params.get("sources").and_then(|sources| context(sources, dockerfile));
        let (Some(context), Some(tags)) = (context, params.get("tags")) else {
            self.notes.push(build.left_out());
            return Data::Null;
        };
        let image = self.container.spec.image.as_str();
        let others = tags.as_list().unwrap_or_default().iter().filter(|tag| tag.as_str() != Some(image));
        let tags: Data = others.map(|tag| self.open(&tag.to_text())).collect();
        let mut given = |key: &str| params.get(key).map_or(Data::Null, |data| self.open_all(data));
        let dockerfile = given("dockerfile");
        let (target, args, labels) = (given("target"), given("args"), given("labels"));
        let is_usual = context.dockerfile.is_some() || dockerfile.as_str() == Some("Dockerfile");
        let inline = context.dockerfile.map_or(Data::Null, |text| self.open(&text));
        present([
            ("context", Data::from(escaped(&context.at))),
            ("dockerfile", if is_usual { Data::Null } else { dockerfile }),
            ("dockerfile_inline", inline),
            ("target", target),
            ("args", args),
            ("labels", labels),
            ("tags", tags),
        ])
    }

    /// Text, or a map of texts, with variables in place of secrets.
    fn open_all(&mut self, data: &Data) -> Data {
        match data {
            Data::Null => Data::Null,
            Data::Map(map) => {
                map.iter().map(|(key, data)| (key.clone(), self.open(&data.to_text()))).collect()
            }
            Data::List(_)
            | Data::Bool(_)
            | Data::Int(_)
            | Data::Float(_)
            | Data::Str(_)
            | Data::Secret(_) => self.open(&data.to_text()),
        }
    }

    fn arguments(&mut self, arguments: Option<&[Text]>) -> Data {
        arguments.map_or(Data::Null, |arguments| arguments.iter().map(|text| self.open(text)).collect())
    }

    /// A text with variables in place of secrets.
    fn open(&mut self, text: &Text) -> Data {
        let part = |part: &Part| match part {
            Part::Plain(text) => escaped(text),
            Part::Secret(secret) => format!("${{{}}}", self.variables.of(secret.name())),
        };
        Data::from(text.parts().iter().map(part).collect::<String>())
    }

    /// A command that tells when it is healthy.
    fn health(&mut self) -> Data {
        match self.container.probe() {
            Some(Probe::Exec(cmd)) => {
                let words = cmd.iter().map(|word| self.open(word));
                let test = std::iter::once(Data::from("CMD")).chain(words).collect();
                // As long as it may take: a try each second.
                let tries = self.container.patience_ms().map_or(60, |ms| ms.div_ceil(1000).max(1));
                let tries = i64::try_from(tries).unwrap_or(i64::MAX);
                present([("test", test), ("interval", Data::from("1s")), ("retries", Data::Int(tries))])
            }
            Some(probe @ (Probe::Http { .. } | Probe::Tcp(_) | Probe::Log(_))) => {
                self.notes.push(format!(
                    "Nothing says when '{}' is ready: {probe} is no command in the container.",
                    self.container.id
                ));
                Data::Null
            }
            None => Data::Null,
        }
    }

    fn user(&mut self) -> Data {
        match &self.container.spec.user {
            None => Data::Null,
            Some(User::Named(name)) => Data::from(escaped(name)),
            Some(User::Host) => {
                self.notes.push(format!(
                    "Container '{}' runs as ${{UID}}: set it to your user's id.",
                    self.container.id
                ));
                Data::from("${UID}")
            }
        }
    }

    fn ports(&mut self) -> Data {
        let ports = self.container.services.iter().flat_map(|service| &service.ports);
        let mut published: Vec<&PortSpec> = Vec::new();
        for port in ports.filter(|port| !port.internal) {
            let at = |port: &PortSpec| (port.port, port.host_port(), port.protocol.is_udp());
            if !published.iter().any(|known| at(known) == at(port)) {
                published.push(port);
            }
        }
        published.into_iter().map(|port| self.port(port)).collect()
    }

    /// A port of this machine, if it is free for it.
    fn port(&mut self, port: &PortSpec) -> Data {
        let (udp, id) = (port.protocol.is_udp(), &self.container.id);
        let at = (port.host_port(), udp);
        let why = if self.container.replicas > 1 {
            Some("of several containers, each has its own")
        } else if self.host_ports.contains(&at) {
            Some("another container has it")
        } else {
            None
        };
        if let Some(why) = why {
            let (port, host) = (port.port, at.0);
            self.notes.push(format!("Port {port} of '{id}' is not at {host} of this machine: {why}."));
        } else {
            self.host_ports.push(at);
        }
        let host = why.map_or_else(|| at.0.to_string(), |_| String::new());
        let protocol = if udp { "udp" } else { "tcp" };
        let Some(label) = &port.label else {
            let end = if udp { "/udp" } else { "" };
            return Data::from(format!("127.0.0.1:{host}:{}{end}", port.port));
        };
        present([
            ("name", Data::from(label.as_str())),
            ("target", Data::Int(port.port.into())),
            ("published", if host.is_empty() { Data::Null } else { Data::from(host) }),
            ("host_ip", Data::from("127.0.0.1")),
            ("protocol", Data::from(protocol)),
        ])
    }

    fn internal_ports(&self) -> Data {
        let ports = self.container.services.iter().flat_map(|service| &service.ports);
        let internal = ports.filter(|port| port.internal).map(|port| {
            let udp = if port.protocol.is_udp() { "/udp" } else { "" };
            Data::from(format!("{}{udp}", port.port))
        });
        internal.collect()
    }

    /// The hostnames by which others reach it, beside its own.
    fn names(&self) -> Data {
        let names = self.container.services.iter().map(|service| service.id.as_str());
        let aliases: Data = names.filter(|name| *name != self.container.id).map(Data::from).collect();
        let network = present([("aliases", aliases)]);
        if network.as_map().is_some_and(|map| map.is_empty()) {
            Data::Null
        } else {
            present([("default", network)])
        }
    }

    fn depends_on(&self) -> Data {
        let condition = |(before, until): &(String, Until)| {
            let of = self.all.iter().find(|other| other.id == *before);
            let condition = match (until, of.and_then(Planned::probe)) {
                (Until::Ended, _) => "service_completed_successfully",
                (Until::Ready, Some(Probe::Exec(_))) => "service_healthy",
                (Until::Ready, Some(Probe::Http { .. } | Probe::Tcp(_) | Probe::Log(_)) | None) => {
                    "service_started"
                }
            };
            (before.clone(), present([("condition", Data::from(condition))]))
        };
        self.container.after.iter().map(condition).collect()
    }

    fn restart(&mut self) -> Data {
        let restart = self.container.spec.restart;
        if let (RestartPolicy::Always, Some(count)) = (restart.policy, restart.max_restarts) {
            let id = &self.container.id;
            self.notes.push(format!("'{id}' is started again any number of times, not {count} times."));
        }
        match (restart.policy, restart.max_restarts) {
            (RestartPolicy::Never, _) => Data::Null,
            (RestartPolicy::Always, _) => Data::from("always"),
            (RestartPolicy::OnFailure, None) => Data::from("on-failure"),
            (RestartPolicy::OnFailure, Some(0)) => Data::from("no"),
            (RestartPolicy::OnFailure, Some(count)) => Data::from(format!("on-failure:{count}")),
        }
    }

    /// Says what a volume does not hold.
    fn is_empty_at_first(&mut self, volume: &str, path: &str, has_source: bool) {
        if has_source {
            self.notes.push(format!("{volume} at {path} is empty at first: its source is left out."));
        }
    }

    /// Volumes and configs.
    fn mounts(&mut self) -> (Data, Data) {
        let (mut volumes, mut configs) = (Vec::new(), Vec::new());
        for (number, mount) in self.container.spec.mounts.iter().enumerate() {
            let path = mount.path.trim_end_matches('/');
            match &mount.source {
                MountSource::Host { path: source } => volumes.push(mounted("bind", &host(source), path)),
                MountSource::Repo { repo: None, path: source, revision: None } => {
                    let source = source.as_deref().unwrap_or_default();
                    volumes.push(mounted("bind", &host(source.trim_start_matches('/')), path));
                }
                MountSource::Volume { id: None, source, .. } => {
                    self.is_empty_at_first("The volume", path, source.is_some());
                    volumes.push(mounted("volume", "", path));
                }
                MountSource::Volume { id: Some(id), scope, source, .. } => {
                    if !self.volumes.iter().any(|known| known == id.as_str()) {
                        if *scope == VolumeScope::Job {
                            self.notes.push(format!(
                                "Volume '{id}' lasts until it is removed: `docker compose down -v`."
                            ));
                        }
                        self.is_empty_at_first(&format!("Volume '{id}'"), path, source.is_some());
                        self.volumes.push(id.to_string());
                    }
                    volumes.push(mounted("volume", id.as_str(), path));
                }
                MountSource::String { data } => {
                    let name = format!("{}-{}", self.container.id, number + 1);
                    let content = present([("content", self.open(data))]);
                    self.configs.push((name.clone(), content));
                    let target = Data::from(escaped(path));
                    configs.push(present([("source", Data::from(name)), ("target", target)]));
                }
                MountSource::Repo { .. } | MountSource::Dataset { .. } => {
                    let id = &self.container.id;
                    self.notes
                        .push(format!("Container '{id}' has nothing at {path}: it comes from elsewhere."));
                }
            }
        }
        (volumes.into_iter().collect(), configs.into_iter().collect())
    }
}

/// A mount in its short form, or in its long one, if a path has a colon.
fn mounted(kind: &str, source: &str, path: &str) -> Data {
    if source.contains(':') || path.contains(':') {
        return present([
            ("type", Data::from(kind)),
            ("source", if source.is_empty() { Data::Null } else { Data::from(escaped(source)) }),
            ("target", Data::from(escaped(path))),
        ]);
    }
    let between = if source.is_empty() { "" } else { ":" };
    Data::from(escaped(&format!("{source}{between}{path}")))
}

/// What an image is built of.
struct Context {
    /// Its directory, or the address of a repository.
    at: String,
    /// The text of its Dockerfile, if that is no file.
    dockerfile: Option<Text>,
}

/// The directory that an image is built of, if it is built of one: the sources stand in it as in the context.
fn context(sources: &Data, dockerfile: &str) -> Option<Context> {
    let (mut dirs, mut inline) = (Vec::new(), None);
    for one in sources.as_list()? {
        let (source, path) = (one.get("source"), one.get("path").as_str()?);
        if source.get("type").as_str() == Some("string") && path.trim_matches('/') == dockerfile {
            inline = Some(source.get("data").to_text());
        } else {
            dirs.push(root_of(source, path)?);
        }
    }
    dirs.dedup();
    // Without files there is no context at all.
    let [at] = dirs.as_slice() else { return None };
    Some(Context { at: at.clone(), dockerfile: inline })
}

/// The directory that holds a source where the context has it.
fn root_of(source: &Data, path: &str) -> Option<String> {
    let there = source.get("path").as_str().unwrap_or_default();
    match (source.get("type").as_str(), source.get("repo").as_str()) {
        (Some("repo"), Some(repo)) => {
            (path == "/" && there.trim_matches('/').is_empty()).then(|| repo.to_owned())
        }
        (Some("repo"), None) => above(there.trim_start_matches('/'), path),
        (Some("host"), _) => above(there, path),
        _ => None,
    }
}

/// The directory in which a path is found as `path`.
fn above(there: &str, path: &str) -> Option<String> {
    let path = path.trim_matches('/');
    if path.is_empty() {
        return Some(host(there));
    }
    let there = there.trim_end_matches('/');
    let rest = there.strip_suffix(path)?;
    (rest.is_empty() || rest.ends_with('/')).then(|| match rest.trim_end_matches('/') {
        "" if rest.is_empty() => ".".to_owned(),
        "" => "/".to_owned(),
        rest => host(rest),
    })
}

/// A path of the machine as Compose writes it: seen from the file's directory.
fn host(path: &str) -> String {
    match path {
        "" => ".".to_owned(),
        path if path.starts_with(['/', '~', '.']) => path.to_owned(),
        path => format!("./{path}"),
    }
}

/// Compose reads `$` as the beginning of a variable.
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}
