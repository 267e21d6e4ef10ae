//! The container of a pod, and what it mounts.

use pt_model::{Data, EnvVar, MountSource, Part, Probe, Secret, Text, User, VolumeScope};

use super::super::container::Planned;
use super::super::present;
use super::names::{escaped, is_key, is_variable, secret_key};
use super::{Objects, SECRETS, object, protocol};

/// The largest number of a user.
const LAST_USER: i64 = 2_147_483_647;

impl Objects {
    /// The pod of a container: how it runs, and what is mounted. It has no policy of restarting yet.
    pub(super) fn pod(&mut self, container: &Planned, id: &str) -> (Data, Data) {
        let spec = &container.spec;
        let mut env = Vec::new();
        let mut variables = Vec::new();
        for var in &spec.env {
            if !is_variable(&var.name) {
                self.notes
                    .push(format!("'{id}' has no variable `{}`: Kubernetes takes no such name.", var.name));
                continue;
            }
            let value = self.open(&var.value, &spec.env, &mut env);
            variables.push(present([("name", Data::from(var.name.as_str())), ("value", value)]));
        }
        let mut arguments = |list: &Option<Vec<Text>>, key: &str| -> Data {
            let Some(list) = list else { return Data::Null };
            if list.is_empty() {
                self.notes
                    .push(format!("'{id}' runs the {key} of its image: Kubernetes cannot take it away."));
            }
            list.iter().map(|text| self.open(text, &spec.env, &mut env)).collect()
        };
        let (command, args) = (arguments(&spec.entrypoint, "entrypoint"), arguments(&spec.cmd, "command"));
        // A variable of the container that is the secret of its name needs no second one.
        variables.retain(|var: &Data| {
            let itself = format!("$({})", var.get("name").to_text().masked());
            var.get("value").as_str() != Some(&itself)
        });
        env.extend(variables);
        let (mounts, volumes) = self.mounts(container, id);
        let mut ports: Vec<Data> = Vec::new();
        for port in container.services.iter().flat_map(|service| &service.ports) {
            let number = ("containerPort", Data::Int(port.port.into()));
            let port = present([number, ("protocol", protocol(port.protocol.is_udp()))]);
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        let pod_container = present([
            ("name", Data::from(id)),
            ("image", Data::from(spec.image.as_str())),
            ("command", command),
            ("args", args),
            ("workingDir", spec.workdir.as_deref().map_or(Data::Null, Data::from)),
            ("env", env.into_iter().collect()),
            ("ports", ports.into_iter().collect()),
            ("volumeMounts", mounts),
            ("resources", self.resources(container, id)),
            ("readinessProbe", self.readiness(container, id)),
            ("securityContext", self.security(container, id)),
            ("imagePullPolicy", if spec.update_image { Data::from("Always") } else { Data::Null }),
            ("tty", yes(spec.tty)),
            ("stdin", yes(!spec.no_stdin)),
        ]);
        ([pod_container].into_iter().collect(), volumes)
    }

    /// Tags, as annotations.
    pub(super) fn annotations(&mut self, container: &Planned, id: &str) -> Data {
        let mut kept = Vec::new();
        for (name, tag) in &container.spec.tags {
            if is_key(name) {
                kept.push((name.clone(), Data::from(tag.as_str())));
            } else {
                self.notes.push(format!("'{id}' has no annotation `{name}`: Kubernetes takes no such key."));
            }
        }
        kept.into_iter().collect()
    }

    /// A text with variables in place of secrets.
    fn open(&mut self, text: &Text, own: &[EnvVar], env: &mut Vec<Data>) -> Data {
        let part = |part: &Part| match part {
            Part::Plain(text) => escaped(text),
            Part::Secret(secret) => {
                let variable = self.variable_of(secret, own);
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
    }

    /// The variable of a container that holds a secret: named as the secret, unless the container means something else
    /// by that.
    fn variable_of(&mut self, secret: &Secret, env: &[EnvVar]) -> String {
        let name = self.variables.of(secret.name());
        let is_secret =
            |value: &Text| matches!(value.parts(), [Part::Secret(only)] if only.name() == secret.name());
        let taken = env.iter().any(|var| var.name == name && !is_secret(&var.value));
        if taken { format!("SECRET_{name}") } else { name }
    }

    fn resources(&mut self, container: &Planned, id: &str) -> Data {
        let resources = &container.spec.resources;
        let text = |number: Option<String>| number.map_or(Data::Null, Data::from);
        let (mut cpu, mut memory) = (resources.cpu_request, resources.memory_request);
        if cpu.zip(resources.cpu_limit).is_some_and(|(request, limit)| request > limit) {
            self.notes.push(format!("'{id}' asks for no cores: it may not use as many."));
            cpu = None;
        }
        if memory.zip(resources.memory_limit).is_some_and(|(request, limit)| request > limit) {
            self.notes.push(format!("'{id}' asks for no memory: it may not use as much."));
            memory = None;
        }
        let limits = present([
            ("cpu", text(resources.cpu_limit.map(|cores| cores.to_string()))),
            ("memory", text(resources.memory_limit.map(|bytes| bytes.to_string()))),
        ]);
        let requests = present([
            ("cpu", text(cpu.map(|cores| cores.to_string()))),
            ("memory", text(memory.map(|bytes| bytes.to_string()))),
        ]);
        present([("limits", limits), ("requests", requests)])
    }

    /// The mounts of a container, and the volumes of its pod.
    fn mounts(&mut self, container: &Planned, id: &str) -> (Data, Data) {
        let (mut mounts, mut volumes): (Vec<Data>, Vec<Data>) = (Vec::new(), Vec::new());
        for (number, mount) in container.spec.mounts.iter().enumerate() {
            if mount.path.contains(':') {
                self.notes
                    .push(format!("'{id}' has nothing at {}: Kubernetes takes no such path.", mount.path));
                continue;
            }
            let volume = format!("mount-{}", number + 1);
            let mut sub_path = Data::Null;
            let source = match &mount.source {
                MountSource::Volume { id: Some(volume), scope, source, .. } => {
                    let claim = self.names.of("PersistentVolumeClaim", volume.as_str());
                    if !self.claims.contains(&claim) {
                        if *scope == VolumeScope::Job {
                            self.notes.push(format!("Volume '{claim}' lasts until it is deleted."));
                        }
                        if source.is_some() {
                            self.notes
                                .push(format!("Volume '{claim}' is empty at first: its source is left out."));
                        }
                        self.claims.push(claim.clone());
                    }
                    ("persistentVolumeClaim", present([("claimName", Data::from(claim))]))
                }
                MountSource::Volume { id: None, source, .. } => {
                    if source.is_some() {
                        self.notes
                            .push(format!("'{id}' has nothing at {}: the source is left out.", mount.path));
                    }
                    ("emptyDir", Data::Map(Box::default()))
                }
                MountSource::String { data } if !data.is_secret() => {
                    let file = self.names.of("ConfigMap", &format!("{id}-{}", number + 1));
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
                    self.notes.push(format!("'{id}' has nothing at {}: the file holds secrets.", mount.path));
                    continue;
                }
                MountSource::Host { .. } | MountSource::Repo { .. } | MountSource::Dataset { .. } => {
                    self.notes.push(format!(
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

    /// What tells that it can be used.
    fn readiness(&mut self, container: &Planned, id: &str) -> Data {
        let of_services =
            container.services.iter().find_map(|service| Some(i64::from(service.ports.first()?.port)));
        let http = |path: &str, port: Option<u16>| {
            let port = port.map(i64::from).or(of_services).unwrap_or(80);
            present([("httpGet", present([("path", Data::from(path)), ("port", Data::Int(port))]))])
        };
        if container.patience_ms().is_some() {
            self.notes.push(format!("'{id}' may take any time to get ready: `timeout` is left out."));
        }
        match container.probe() {
            None => Data::Null,
            Some(Probe::Exec(cmd)) if cmd.iter().any(Text::is_secret) => {
                self.notes
                    .push(format!("Nothing says when '{id}' is ready: the command for it holds secrets."));
                Data::Null
            }
            Some(Probe::Exec(cmd)) => {
                let words = cmd.iter().map(|word| self.open(word, &[], &mut Vec::new())).collect();
                present([("exec", present([("command", words)]))])
            }
            Some(Probe::Http { path, port, status: None }) => http(path, *port),
            Some(Probe::Http { path, port, status: Some(status) }) => {
                self.notes
                    .push(format!("'{id}' is ready with any good answer, not with status {status} alone."));
                http(path, *port)
            }
            Some(Probe::Tcp(port)) => {
                present([("tcpSocket", present([("port", Data::Int(i64::from(*port)))]))])
            }
            Some(probe @ Probe::Log(_)) => {
                self.notes.push(format!(
                    "Nothing says when '{id}' is ready: Kubernetes does not wait for {probe}."
                ));
                Data::Null
            }
        }
    }

    /// As whom it runs, and whether it is confined.
    fn security(&mut self, container: &Planned, id: &str) -> Data {
        let spec = &container.spec;
        let profile =
            if spec.unconfined { present([("type", Data::from("Unconfined"))]) } else { Data::Null };
        let (user, group) = self.run_as(spec.user.as_ref(), id);
        present([("runAsUser", user), ("runAsGroup", group), ("seccompProfile", profile)])
    }

    /// A numeric user and group; Kubernetes knows no others.
    fn run_as(&mut self, user: Option<&User>, id: &str) -> (Data, Data) {
        let number = |text: &str| {
            let number = text.parse().ok().filter(|number| (0..=LAST_USER).contains(number));
            number.map(Data::Int)
        };
        let known = match user {
            None => return (Data::Null, Data::Null),
            Some(User::Named(user)) => match user.split_once(':') {
                None => number(user).map(|user| (user, Data::Null)),
                Some((user, group)) => number(user).zip(number(group)),
            },
            Some(User::Host) => None,
        };
        known.unwrap_or_else(|| {
            self.notes.push(format!(
                "'{id}' runs as the user of its image: Kubernetes takes numbers up to {LAST_USER} only."
            ));
            (Data::Null, Data::Null)
        })
    }
}

fn from_secret(variable: &str, secret: &str) -> Data {
    let key = present([("name", Data::from(SECRETS)), ("key", Data::from(secret_key(secret)))]);
    present([("name", Data::from(variable)), ("valueFrom", present([("secretKeyRef", key)]))])
}

fn yes(wanted: bool) -> Data {
    if wanted { Data::Bool(true) } else { Data::Null }
}
