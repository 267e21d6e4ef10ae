//! A plan as Kubernetes manifests.

use pt_model::{Data, EnvVar, MountSource, Part, Probe, RestartPolicy, Secret, Text, User};
use pt_plan::Plan;

use super::container::{Build, Containers, Planned, containers};
use super::{Exported, present, variable};

/// The Kubernetes secret whose entries stand for the secrets of the plan.
const SECRETS: &str = "polytope-secrets";

/// The containers of a plan as manifests: what serves or always restarts as a deployment, the rest as a job; services,
/// claims of volumes, and config maps for files from strings. Secrets are read from a secret `polytope-secrets`, which
/// somebody has to make.
pub fn export_kubernetes(plan: &Plan) -> Exported {
    let Containers { containers, builds, mut notes } = containers(plan);
    notes.extend(builds.iter().map(Build::left_out));
    let mut objects = Objects { documents: Vec::new(), claims: Vec::new(), secrets: Vec::new() };
    for container in &containers {
        if !container.after.is_empty() {
            let after: Vec<&str> = container.after.iter().map(|(id, _)| id.as_str()).collect();
            let after = after.join(", ");
            notes.push(format!(
                "'{}' does not wait for {after}: Kubernetes starts everything at once.",
                container.id
            ));
        }
        objects.container(container, &mut notes);
    }
    let Objects { mut documents, claims, secrets } = objects;
    documents.extend(claims.iter().map(|claim| {
        let storage = present([("requests", present([("storage", Data::from("1Gi"))]))]);
        let modes: Data = [Data::from("ReadWriteOnce")].into_iter().collect();
        object(
            "v1",
            "PersistentVolumeClaim",
            claim,
            present([("accessModes", modes), ("resources", storage)]),
        )
    }));
    if !claims.is_empty() {
        notes.push(format!("Each volume asks for 1Gi of storage: {}.", claims.join(", ")));
    }
    let mut ports =
        containers.iter().flat_map(|container| &container.services).flat_map(|service| &service.ports);
    if ports.any(|port| !port.internal) {
        notes.push(
            "Services are reached inside of the cluster only: `kubectl port-forward` opens a port here."
                .to_owned(),
        );
    }
    if !secrets.is_empty() {
        let literals: Vec<String> = secrets.iter().map(|name| format!("--from-literal={name}=…")).collect();
        notes.push(format!(
            "Make the secrets first: kubectl create secret generic {SECRETS} {}",
            literals.join(" ")
        ));
    }
    Exported { documents, notes }
}

struct Objects {
    documents: Vec<Data>,
    claims: Vec<String>,
    secrets: Vec<String>,
}

impl Objects {
    fn container(&mut self, container: &Planned, notes: &mut Vec<String>) {
        let id = name(&container.id);
        let spec = &container.spec;
        let mut env = Vec::new();
        // `$(NAME)` stands for a variable that was named before.
        let mut open = |text: &Text, env: &mut Vec<Data>| -> Data {
            let part = |part: &Part| match part {
                Part::Plain(text) => text.replace("$(", "$$("),
                Part::Secret(secret) => {
                    let variable = variable_of(secret, &spec.env);
                    if !env.iter().any(|known: &Data| known.get("name").as_str() == Some(&variable)) {
                        env.push(from_secret(&variable, secret.name()));
                    }
                    if !self.secrets.iter().any(|known| known == secret.name()) {
                        self.secrets.push(secret.name().to_owned());
                    }
                    format!("$({variable})")
                }
            };
            Data::from(text.parts().iter().map(part).collect::<String>())
        };
        let mut variables = Vec::new();
        for var in &spec.env {
            let value = open(&var.value, &mut env);
            variables.push(present([("name", Data::from(var.name.as_str())), ("value", value)]));
        }
        let mut arguments = |list: &Option<Vec<Text>>| -> Data {
            list.as_ref().map_or(Data::Null, |list| list.iter().map(|text| open(text, &mut env)).collect())
        };
        let (command, args) = (arguments(&spec.entrypoint), arguments(&spec.cmd));
        // A variable of the container that is the secret of its name needs no second one.
        variables.retain(|var: &Data| {
            let itself = format!("$({})", var.get("name").to_text().masked());
            var.get("value").as_str() != Some(&itself)
        });
        env.extend(variables);
        let (mounts, volumes) = self.mounts(container, &id, notes);
        let limits = present([
            ("cpu", spec.resources.cpu_limit.map_or(Data::Null, |cores| Data::from(cores.to_string()))),
            ("memory", spec.resources.memory_limit.map_or(Data::Null, |bytes| Data::from(bytes.to_string()))),
        ]);
        let requests = present([
            ("cpu", spec.resources.cpu_request.map_or(Data::Null, |cores| Data::from(cores.to_string()))),
            (
                "memory",
                spec.resources.memory_request.map_or(Data::Null, |bytes| Data::from(bytes.to_string())),
            ),
        ]);
        let ports = container.services.iter().flat_map(|service| &service.ports).map(|port| {
            present([
                ("containerPort", Data::Int(port.port.into())),
                ("protocol", protocol(port.protocol.is_udp())),
            ])
        });
        let pod_container = present([
            ("name", Data::from(id.as_str())),
            ("image", Data::from(spec.image.as_str())),
            ("command", command),
            ("args", args),
            ("workingDir", spec.workdir.as_deref().map_or(Data::Null, Data::from)),
            ("env", env.into_iter().collect()),
            ("ports", ports.collect()),
            ("volumeMounts", mounts),
            ("resources", present([("limits", limits), ("requests", requests)])),
            ("readinessProbe", readiness(container, &id, notes)),
            ("securityContext", security(container, &id, notes)),
            ("imagePullPolicy", if spec.update_image { Data::from("Always") } else { Data::Null }),
            ("tty", yes(spec.tty)),
            ("stdin", yes(!spec.no_stdin)),
        ]);
        let restart = match (container.stays, spec.restart.policy) {
            (true, _) => Data::Null,
            (false, RestartPolicy::OnFailure | RestartPolicy::Always) => Data::from("OnFailure"),
            (false, RestartPolicy::Never) => Data::from("Never"),
        };
        let pod = present([
            ("restartPolicy", restart),
            ("containers", [pod_container].into_iter().collect()),
            ("volumes", volumes),
        ]);
        let tags: Data =
            spec.tags.iter().map(|(name, tag)| (name.clone(), Data::from(tag.as_str()))).collect();
        let metadata = present([("labels", labels(&id)), ("annotations", tags)]);
        let template = present([("metadata", metadata), ("spec", pod)]);
        if container.stays
            && (spec.restart.policy, spec.restart.max_restarts) != (RestartPolicy::Always, None)
        {
            notes.push(format!("'{id}' is started again whenever it ends: deployments always are."));
        }
        self.documents.push(if container.stays {
            let selector = present([("matchLabels", labels(&id))]);
            let replicas = ("replicas", Data::Int(container.replicas));
            object(
                "apps/v1",
                "Deployment",
                &id,
                present([replicas, ("selector", selector), ("template", template)]),
            )
        } else {
            let retries = match (spec.restart.policy, spec.restart.max_restarts) {
                (RestartPolicy::Never, _) => Data::Int(0),
                (_, Some(count)) => Data::Int(count.into()),
                (_, None) => Data::Null,
            };
            let replicas = if container.replicas > 1 { Data::Int(container.replicas) } else { Data::Null };
            object(
                "batch/v1",
                "Job",
                &id,
                present([
                    ("completions", replicas.clone()),
                    ("parallelism", replicas),
                    ("backoffLimit", retries),
                    ("template", template),
                ]),
            )
        });
        for service in container.services.iter().filter(|service| !service.ports.is_empty()) {
            let ports = service.ports.iter().map(|port| {
                let label = port.label.clone().unwrap_or_else(|| format!("port-{}", port.port));
                let number = Data::Int(port.port.into());
                present([
                    ("name", Data::from(name(&label))),
                    ("port", number),
                    ("protocol", protocol(port.protocol.is_udp())),
                ])
            });
            let spec = present([("selector", labels(&id)), ("ports", ports.collect())]);
            self.documents.push(object("v1", "Service", &name(service.id.as_str()), spec));
        }
    }

    /// The mounts of a container, and the volumes of its pod.
    fn mounts(&mut self, container: &Planned, id: &str, notes: &mut Vec<String>) -> (Data, Data) {
        let (mut mounts, mut volumes): (Vec<Data>, Vec<Data>) = (Vec::new(), Vec::new());
        for (number, mount) in container.spec.mounts.iter().enumerate() {
            let volume = format!("mount-{}", number + 1);
            let mut sub_path = Data::Null;
            let source = match &mount.source {
                MountSource::Volume { id: Some(claim), .. } => {
                    let claim = name(claim.as_str());
                    if !self.claims.contains(&claim) {
                        self.claims.push(claim.clone());
                    }
                    ("persistentVolumeClaim", present([("claimName", Data::from(claim))]))
                }
                MountSource::Volume { id: None, .. } => ("emptyDir", Data::Map(Box::default())),
                MountSource::String { data } if !data.is_secret() => {
                    let file = format!("{id}-{}", number + 1);
                    let content = [("file".to_owned(), Data::from(data.masked()))].into_iter().collect();
                    let mut map = object("v1", "ConfigMap", &file, Data::Null);
                    if let Data::Map(map) = &mut map {
                        map.insert("data".into(), content);
                    }
                    self.documents.push(map);
                    sub_path = Data::from("file");
                    ("configMap", present([("name", Data::from(file))]))
                }
                MountSource::String { .. } => {
                    notes.push(format!("'{id}' has nothing at {}: the file holds secrets.", mount.path));
                    continue;
                }
                MountSource::Host { .. } | MountSource::Repo { .. } | MountSource::Dataset { .. } => {
                    notes.push(format!(
                        "'{id}' has nothing at {}: put these files into its image.",
                        mount.path
                    ));
                    continue;
                }
            };
            let path = Data::from(mount.path.as_str());
            mounts.push(present([
                ("name", Data::from(volume.as_str())),
                ("mountPath", path),
                ("subPath", sub_path),
            ]));
            let mut entry = present([("name", Data::from(volume))]);
            if let Data::Map(entry) = &mut entry {
                entry.insert(source.0.into(), source.1);
            }
            volumes.push(entry);
        }
        (mounts.into_iter().collect(), volumes.into_iter().collect())
    }
}

fn object(version: &str, kind: &str, name: &str, spec: Data) -> Data {
    present([
        ("apiVersion", Data::from(version)),
        ("kind", Data::from(kind)),
        ("metadata", present([("name", Data::from(name))])),
        ("spec", spec),
    ])
}

fn labels(id: &str) -> Data {
    present([("app.kubernetes.io/name", Data::from(id))])
}

fn from_secret(variable: &str, secret: &str) -> Data {
    let key = present([("name", Data::from(SECRETS)), ("key", Data::from(secret))]);
    present([("name", Data::from(variable)), ("valueFrom", present([("secretKeyRef", key)]))])
}

/// The variable of a container that holds a secret: named as the secret, unless the container means something else by that.
fn variable_of(secret: &Secret, env: &[EnvVar]) -> String {
    let name = variable(secret.name());
    let is_secret =
        |value: &Text| matches!(value.parts(), [Part::Secret(only)] if only.name() == secret.name());
    let taken = env.iter().any(|var| var.name == name && !is_secret(&var.value));
    if taken { format!("SECRET_{name}") } else { name }
}

fn protocol(is_udp: bool) -> Data {
    if is_udp { Data::from("UDP") } else { Data::Null }
}

/// What tells that it can be used.
fn readiness(container: &Planned, id: &str, notes: &mut Vec<String>) -> Data {
    let of_services =
        container.services.iter().find_map(|service| Some(i64::from(service.ports.first()?.port)));
    let http = |path: &str, port: Option<u16>| {
        let port = port.map(i64::from).or(of_services).unwrap_or(80);
        present([("httpGet", present([("path", Data::from(path)), ("port", Data::Int(port))]))])
    };
    match container.probe() {
        None => Data::Null,
        Some(Probe::Exec(cmd)) if cmd.iter().any(Text::is_secret) => {
            notes.push(format!("Nothing says when '{id}' is ready: the command for it holds secrets."));
            Data::Null
        }
        Some(Probe::Exec(cmd)) => {
            let words = cmd.iter().map(|word| Data::from(word.masked())).collect();
            present([("exec", present([("command", words)]))])
        }
        Some(Probe::Http { path, port, status: None }) => http(path, *port),
        Some(Probe::Http { path, port, status: Some(status) }) => {
            notes.push(format!("'{id}' is ready with any good answer, not with status {status} alone."));
            http(path, *port)
        }
        Some(Probe::Tcp(port)) => present([("tcpSocket", present([("port", Data::Int(i64::from(*port)))]))]),
        Some(probe @ Probe::Log(_)) => {
            notes.push(format!("Nothing says when '{id}' is ready: Kubernetes does not wait for {probe}."));
            Data::Null
        }
    }
}

/// As whom it runs, and whether it is confined.
fn security(container: &Planned, id: &str, notes: &mut Vec<String>) -> Data {
    let spec = &container.spec;
    let profile = if spec.unconfined { present([("type", Data::from("Unconfined"))]) } else { Data::Null };
    let (user, group) = run_as(spec.user.as_ref(), id, notes);
    present([("runAsUser", user), ("runAsGroup", group), ("seccompProfile", profile)])
}

/// A numeric user and group; Kubernetes knows no others.
fn run_as(user: Option<&User>, id: &str, notes: &mut Vec<String>) -> (Data, Data) {
    let number = |text: &str| text.parse().ok().map(Data::Int);
    let known = match user {
        None => return (Data::Null, Data::Null),
        Some(User::Named(user)) => match user.split_once(':') {
            None => number(user).map(|user| (user, Data::Null)),
            Some((user, group)) => number(user).zip(number(group)),
        },
        Some(User::Host) => None,
    };
    known.unwrap_or_else(|| {
        notes.push(format!("'{id}' runs as the user of its image: Kubernetes takes numbers only."));
        (Data::Null, Data::Null)
    })
}

fn yes(wanted: bool) -> Data {
    if wanted { Data::Bool(true) } else { Data::Null }
}

/// A name of an object: no underscores.
fn name(id: &str) -> String {
    id.replace('_', "-").trim_matches('-').to_owned()
}
