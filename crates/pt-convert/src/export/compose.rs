//! A plan as a Compose file.

use pt_model::{Data, MountSource, Part, Probe, RestartPolicy, Text, User, VolumeScope};
use pt_plan::Plan;

use super::container::{Build, Containers, Planned, Until, containers};
use super::{Exported, present, variable};

/// The containers of a plan as a Compose file. Secrets become `${VARIABLES}`, and must be set where Compose runs.
pub fn export_compose(plan: &Plan) -> Exported {
    let Containers { containers, builds, mut notes } = containers(plan);
    let mut volumes = Vec::new();
    let mut configs = Vec::new();
    let services = containers.iter().map(|container| {
        let mut service = Service {
            container,
            all: &containers,
            builds: &builds,
            volumes: &mut volumes,
            configs: &mut configs,
            notes: &mut notes,
        };
        (container.id.clone(), service.describe())
    });
    let services: Data = services.collect();
    let is_used = |build: &&Build| containers.iter().any(|container| build.makes(&container.spec.image));
    notes.extend(builds.iter().filter(|build| !is_used(build)).map(Build::left_out));
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
        present([
            ("image", Data::from(escaped(&spec.image))),
            ("build", self.build()),
            ("pull_policy", if spec.update_image { Data::from("always") } else { Data::Null }),
            ("entrypoint", arguments(spec.entrypoint.as_deref())),
            ("command", arguments(spec.cmd.as_deref())),
            ("working_dir", spec.workdir.as_deref().map_or(Data::Null, Data::from)),
            ("user", self.user()),
            ("environment", spec.env.iter().map(|var| (var.name.clone(), open(&var.value))).collect()),
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
        ])
    }

    /// How its image is built, if a step does that of a directory.
    fn build(&mut self) -> Data {
        let Some(build) = self.builds.iter().find(|build| build.makes(&self.container.spec.image)) else {
            return Data::Null;
        };
        let params = &build.params;
        let Some(context) = params.get("sources").and_then(context) else {
            self.notes.push(build.left_out());
            return Data::Null;
        };
        let given = |key: &str| params.get(key).cloned().unwrap_or(Data::Null);
        let dockerfile = Some(given("dockerfile")).filter(|file| file.as_str() != Some("Dockerfile"));
        present([
            ("context", Data::from(host(&context))),
            ("dockerfile", dockerfile.unwrap_or(Data::Null)),
            ("target", given("target")),
            ("args", given("args")),
            ("labels", given("labels")),
        ])
    }

    /// A command that tells when it is healthy.
    fn health(&mut self) -> Data {
        match self.container.probe() {
            Some(Probe::Exec(cmd)) => {
                let test = std::iter::once(Data::from("CMD")).chain(cmd.iter().map(open)).collect();
                present([("test", test), ("interval", Data::from("1s")), ("retries", Data::Int(60))])
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
            Some(User::Named(name)) => Data::from(name.as_str()),
            Some(User::Host) => {
                self.notes.push(format!(
                    "Container '{}' runs as ${{UID}}: set it to your user's id.",
                    self.container.id
                ));
                Data::from("${UID}")
            }
        }
    }

    fn ports(&self) -> Data {
        let ports = self.container.services.iter().flat_map(|service| &service.ports);
        let published = ports.filter(|port| !port.internal).map(|port| {
            let udp = if port.protocol.is_udp() { "/udp" } else { "" };
            Data::from(format!("127.0.0.1:{}:{}{udp}", port.host_port(), port.port))
        });
        published.collect()
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

    fn restart(&self) -> Data {
        let restart = self.container.spec.restart;
        match (restart.policy, restart.max_restarts) {
            (RestartPolicy::Never, _) => Data::Null,
            (RestartPolicy::Always, _) => Data::from("always"),
            (RestartPolicy::OnFailure, None) => Data::from("on-failure"),
            (RestartPolicy::OnFailure, Some(count)) => Data::from(format!("on-failure:{count}")),
        }
    }

    /// Volumes and configs.
    fn mounts(&mut self) -> (Data, Data) {
        let (mut volumes, mut configs) = (Vec::new(), Vec::new());
        for (number, mount) in self.container.spec.mounts.iter().enumerate() {
            let path = mount.path.trim_end_matches('/');
            match &mount.source {
                MountSource::Host { path: source } => {
                    volumes.push(Data::from(format!("{}:{path}", host(source))));
                }
                MountSource::Repo { repo: None, path: source, .. } => {
                    let source = source.as_deref().unwrap_or_default();
                    volumes.push(Data::from(format!("{}:{path}", host(source.trim_start_matches('/')))));
                }
                MountSource::Volume { id: None, .. } => volumes.push(Data::from(path)),
                MountSource::Volume { id: Some(id), scope, .. } => {
                    if *scope == VolumeScope::Job {
                        self.notes.push(format!(
                            "Volume '{id}' lasts until it is removed: `docker compose down -v`."
                        ));
                    }
                    if !self.volumes.iter().any(|known| known == id.as_str()) {
                        self.volumes.push(id.to_string());
                    }
                    volumes.push(Data::from(format!("{id}:{path}")));
                }
                MountSource::String { data } => {
                    let name = format!("{}-{}", self.container.id, number + 1);
                    self.configs.push((name.clone(), present([("content", open(data))])));
                    configs.push(present([("source", Data::from(name)), ("target", Data::from(path))]));
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

/// The directory that an image is built of, if it is built of one.
fn context(sources: &Data) -> Option<String> {
    let Data::List(sources) = sources else { return None };
    let [only] = sources.as_slice() else { return None };
    let source = only.get("source");
    let is_here = source.get("repo").is_null();
    match (source.get("type").as_str(), only.get("path").as_str()) {
        (Some("host"), Some("/")) => Some(source.get("path").as_str().unwrap_or_default().to_owned()),
        (Some("repo"), Some("/")) if is_here => {
            Some(source.get("path").as_str().unwrap_or_default().trim_start_matches('/').to_owned())
        }
        _ => None,
    }
}

/// A path of the machine as Compose writes it: seen from the file's directory.
fn host(path: &str) -> String {
    match path {
        "" => ".".to_owned(),
        path if path.starts_with(['/', '~', '.']) => path.to_owned(),
        path => format!("./{path}"),
    }
}

fn arguments(arguments: Option<&[Text]>) -> Data {
    arguments.map_or(Data::Null, |arguments| Data::List(arguments.iter().map(open).collect()))
}

/// A text with variables in place of secrets.
fn open(text: &Text) -> Data {
    let part = |part: &Part| match part {
        Part::Plain(text) => escaped(text),
        Part::Secret(secret) => format!("${{{}}}", variable(secret.name())),
    };
    Data::from(text.parts().iter().map(part).collect::<String>())
}

/// Compose reads `$` as the beginning of a variable.
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}
