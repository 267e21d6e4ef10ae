//! A plan as Kubernetes manifests.

mod names;
mod pod;

use pt_model::{Data, RestartPolicy, ServiceSpec};
use pt_plan::Plan;

use super::container::{Build, Containers, Planned, containers};
use super::{Exported, Variables, present};
use names::{Names, port_names, secret_key};

/// The Kubernetes secret whose entries stand for the secrets of the plan.
const SECRETS: &str = "polytope-secrets";

/// The containers of a plan as manifests: what serves, always restarts or works in several replicas as a deployment, the rest as a job; services,
/// claims of volumes, and config maps for files from strings. Secrets are read from a secret `polytope-secrets`, which
/// somebody has to make.
pub fn export_kubernetes(plan: &Plan) -> Exported {
    let Containers { containers, builds, mut notes } = containers(plan);
    notes.extend(builds.iter().map(Build::left_out));
    let mut objects = Objects { notes, ..Objects::default() };
    // What serves has a name before what is only reached by its container's.
    for service in containers.iter().flat_map(|container| &container.services) {
        objects.names.of("Service", service.id.as_str());
    }
    for container in &containers {
        let id = objects.names.of("container", &container.id);
        if !container.after.is_empty() {
            let after: Vec<&str> = container.after.iter().map(|(id, _)| id.as_str()).collect();
            let after = after.join(", ");
            objects
                .notes
                .push(format!("'{id}' does not wait for {after}: Kubernetes starts everything at once."));
        }
        objects.container(container, &id, &containers);
    }
    let Objects { mut documents, claims, secrets, mut notes, .. } = objects;
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
        let literals: Vec<String> =
            secrets.iter().map(|name| format!("--from-literal={}=…", secret_key(name))).collect();
        notes.push(format!(
            "Make the secrets first: kubectl create secret generic {SECRETS} {}",
            literals.join(" ")
        ));
    }
    Exported { documents, notes }
}

#[derive(Default)]
struct Objects {
    documents: Vec<Data>,
    claims: Vec<String>,
    secrets: Vec<String>,
    variables: Variables,
    names: Names,
    /// The services that there are.
    serving: Vec<String>,
    notes: Vec<String>,
}

impl Objects {
    fn container(&mut self, container: &Planned, id: &str, containers: &[Planned]) {
        let spec = &container.spec;
        let (pod_containers, volumes) = self.pod(container, id);
        let restart = match (container.stays, spec.restart.policy) {
            (true, _) => Data::Null,
            (false, RestartPolicy::OnFailure | RestartPolicy::Always) => Data::from("OnFailure"),
            (false, RestartPolicy::Never) => Data::from("Never"),
        };
        let pod = present([("restartPolicy", restart), ("containers", pod_containers), ("volumes", volumes)]);
        let tags = self.annotations(container, id);
        let metadata = present([("labels", labels(id)), ("annotations", tags)]);
        let template = present([("metadata", metadata), ("spec", pod)]);
        if container.stays
            && (spec.restart.policy, spec.restart.max_restarts) != (RestartPolicy::Always, None)
        {
            self.notes.push(format!("'{id}' is started again whenever it ends: deployments always are."));
        }
        let document = if container.stays {
            let selector = present([("matchLabels", labels(id))]);
            let replicas = ("replicas", Data::Int(container.replicas));
            object(
                "apps/v1",
                "Deployment",
                id,
                present([replicas, ("selector", selector), ("template", template)]),
            )
        } else {
            let retries = match (spec.restart.policy, spec.restart.max_restarts) {
                (RestartPolicy::Never, _) => Data::Int(0),
                (_, Some(count)) => Data::Int(count.min(i32::MAX.unsigned_abs()).into()),
                (_, None) => Data::Null,
            };
            let replicas = if container.replicas > 1 { Data::Int(container.replicas) } else { Data::Null };
            object(
                "batch/v1",
                "Job",
                id,
                present([
                    ("completions", replicas.clone()),
                    ("parallelism", replicas),
                    ("backoffLimit", retries),
                    ("template", template),
                ]),
            )
        };
        self.documents.push(document);
        if !container.stays && id != container.id {
            self.notes.push(format!("'{}' is called '{id}'.", container.id));
        }
        for service in &container.services {
            self.service(service, id);
        }
        // Others reach a container by its own name, too: whoever is there to stay, and whoever they speak of.
        let is_spoken_of =
            containers.iter().any(|other| other.id != container.id && other.mentions(&container.id));
        if (container.stays || is_spoken_of)
            && !container.services.iter().any(|service| service.id.as_str() == container.id)
        {
            self.service_of(&container.id, id, Vec::new());
        }
    }

    fn service(&mut self, service: &ServiceSpec, pod: &str) {
        let wished: Vec<String> = service
            .ports
            .iter()
            .map(|port| port.label.clone().unwrap_or_else(|| format!("port-{}", port.port)))
            .collect();
        let names = port_names(wished.iter().map(String::as_str));
        let mut ports: Vec<(Data, Data)> = Vec::new();
        for ((port, label), name) in service.ports.iter().zip(&wished).zip(names) {
            let number = Data::Int(port.port.into());
            let at = present([("port", number), ("protocol", protocol(port.protocol.is_udp()))]);
            if ports.iter().any(|(known, _)| *known == at) {
                self.notes.push(format!("Service '{}' has port {} once.", service.id, port.port));
                continue;
            }
            if name != *label {
                self.notes
                    .push(format!("The port '{label}' of service '{}' is called '{name}'.", service.id));
            }
            ports.push((at, Data::from(name)));
        }
        let named = |(at, name): (Data, Data)| {
            let at = |key: &str| at.get(key).clone();
            present([("name", name), ("port", at("port")), ("protocol", at("protocol"))])
        };
        self.service_of(service.id.as_str(), pod, ports.into_iter().map(named).collect());
    }

    /// A service by the name of which a pod is reached; without ports, at all of them.
    fn service_of(&mut self, id: &str, pod: &str, ports: Vec<Data>) {
        let name = self.names.of("Service", id);
        if self.serving.contains(&name) {
            self.notes.push(format!("'{pod}' is not reached as '{id}': another container is."));
            return;
        }
        if name != id {
            self.notes.push(format!("'{id}' is reached as '{name}': change what names it."));
        }
        let at_its_address = if ports.is_empty() { Data::from("None") } else { Data::Null };
        let spec = present([
            ("clusterIP", at_its_address),
            ("selector", labels(pod)),
            ("ports", ports.into_iter().collect()),
        ]);
        self.documents.push(object("v1", "Service", &name, spec));
        self.serving.push(name);
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

fn protocol(is_udp: bool) -> Data {
    if is_udp { Data::from("UDP") } else { Data::Null }
}
