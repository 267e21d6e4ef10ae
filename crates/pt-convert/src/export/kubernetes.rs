//! A plan as Kubernetes manifests.

use pt_model::{Data, EnvVar, MountSource, Part, RestartPolicy, Secret, Text, User};
use pt_plan::Plan;

use super::container::{Planned, containers};
use super::{Exported, present, variable};

/// The Kubernetes secret whose entries stand for the secrets of the plan.
const SECRETS: &str = "polytope-secrets";

/// The containers of a plan as manifests: what serves or always restarts as a deployment, the rest as a job; services,
/// claims of volumes, and config maps for files from strings. Secrets are read from a secret `polytope-secrets`, which
/// somebody has to make.
pub fn export_kubernetes(plan: &Plan) -> Exported {
    let (containers, mut notes) = containers(plan);
    let mut objects = Objects { documents: Vec::new(), claims: Vec::new(), secrets: Vec::new() };
    for container in &containers {
        if !container.after.is_empty() {
            let after = container.after.join(", ");
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
            ("securityContext", present([("runAsUser", run_as(&spec.user, &id, notes))])),
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
        let template = present([("metadata", present([("labels", labels(&id))])), ("spec", pod)]);
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
            object("batch/v1", "Job", &id, present([("backoffLimit", retries), ("template", template)]))
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
                MountSource::Volume { id: None, .. } => {
                    ("emptyDir", Data::Map(Box::new(pt_model::Map::default())))
                }
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

/// A numeric user; Kubernetes knows no others.
fn run_as(user: &Option<User>, id: &str, notes: &mut Vec<String>) -> Data {
    match user {
        None => Data::Null,
        Some(User::Named(user)) if user.parse::<i64>().is_ok() => user.parse().map_or(Data::Null, Data::Int),
        Some(_) => {
            notes.push(format!("'{id}' runs as the user of its image: Kubernetes takes numbers only."));
            Data::Null
        }
    }
}

/// A name of an object: no underscores.
fn name(id: &str) -> String {
    id.replace('_', "-").trim_matches('-').to_owned()
}
