//! Every key of a service in the Compose specification, and what becomes of it.

use pt_syntax::{Entry, Node, suggest};

use super::merge::scalar;
use super::names::id_of;
use super::service::Imports;

/// What becomes of a key.
enum Fate {
    /// Something here reads it, and says itself what of it is lost.
    Read,
    /// Polytope does so anyway.
    AsAlways,
    /// It is left out, which is said with these words, and this hint.
    Left(&'static str, &'static str),
    /// It is left out, and there is no more to say.
    Lost,
}

use Fate::{AsAlways, Left, Lost, Read};

const ON_ITS_NETWORK: &str = "services of a job share one network, and find each other by name";
const AS_THE_ENGINE: &str = "the engine's own setting holds";

/// In the order of the specification.
static KEYS: &[(&str, Fate)] = &[
    ("annotations", Left("Annotations are left out", "")),
    // The output of every service is kept.
    ("attach", AsAlways),
    ("blkio_config", Lost),
    ("build", Read),
    ("cap_add", Left("Containers get no capabilities beyond the engine's: `cap_add` is left out", "")),
    ("cap_drop", Left("`cap_drop` is left out: the container keeps the engine's capabilities", "")),
    ("cgroup", Lost),
    ("cgroup_parent", Lost),
    ("command", Read),
    ("configs", Read),
    ("container_name", Read),
    ("cpu_count", Lost),
    ("cpu_percent", Lost),
    ("cpu_period", Left("`cpu_period` cannot be carried over", "say `cpus` instead: it becomes a limit")),
    ("cpu_quota", Left("`cpu_quota` cannot be carried over", "say `cpus` instead: it becomes a limit")),
    ("cpu_rt_period", Lost),
    ("cpu_rt_runtime", Lost),
    ("cpu_shares", Lost),
    ("cpus", Read),
    ("cpuset", Lost),
    ("credential_spec", Lost),
    ("depends_on", Read),
    ("deploy", Read),
    ("develop", Left("`develop` is left out: nothing is synchronised", "mount the code to work on it")),
    ("device_cgroup_rules", Lost),
    ("devices", Left("Devices of the machine are not passed on: `devices` is left out", "")),
    ("dns", Left("`dns` is left out", AS_THE_ENGINE)),
    ("dns_opt", Left("`dns_opt` is left out", AS_THE_ENGINE)),
    ("dns_search", Left("`dns_search` is left out", AS_THE_ENGINE)),
    ("domainname", Lost),
    ("entrypoint", Read),
    ("env_file", Read),
    ("environment", Read),
    ("expose", Read),
    ("extends", Read),
    (
        "external_links",
        Left("Containers outside of the job are not reached by name: `external_links` is left out", ""),
    ),
    ("extra_hosts", Left("`extra_hosts` is left out: containers know each other and the internet", "")),
    ("gpus", Left("GPUs are not passed on: `gpus` is left out", "")),
    ("group_add", Lost),
    ("healthcheck", Read),
    ("hostname", Read),
    ("image", Read),
    // An init runs in every container.
    ("init", AsAlways),
    ("ipc", Lost),
    ("isolation", Lost),
    ("label_file", Left("`label_file` is left out", "tags are written into the polytope file")),
    ("labels", Read),
    ("links", Read),
    ("logging", Left("`logging` is left out: Polytope keeps the logs", "`pt logs` shows them")),
    ("mac_address", Lost),
    ("mem_limit", Read),
    ("mem_reservation", Read),
    ("mem_swappiness", Lost),
    ("memswap_limit", Lost),
    ("models", Left("Models are not run: `models` is left out", "")),
    ("network_mode", Left("All services share the network of the job: `network_mode` is left out", "")),
    ("networks", Read),
    ("oom_kill_disable", Lost),
    ("oom_score_adj", Lost),
    ("pid", Lost),
    ("pids_limit", Lost),
    ("platform", Left("`platform` is left out: the engine's own is used", "")),
    ("ports", Read),
    ("post_start", Left("`post_start` is left out", "run it as a step: polytope/container!exec")),
    ("pre_start", Left("`pre_start` is left out", "run it as a step before")),
    ("pre_stop", Left("`pre_stop` is left out: nothing runs before a container is stopped", "")),
    ("privileged", Left("Containers are never privileged: `privileged` is left out", "")),
    ("profiles", Read),
    ("provider", Left("What another program provides is not run: `provider` is left out", "")),
    ("pull_policy", Read),
    ("pull_refresh_after", Lost),
    ("read_only", Left("Containers can write to their own files: `read_only` is left out", "")),
    ("restart", Read),
    ("runtime", Left("`runtime` is left out", AS_THE_ENGINE)),
    ("scale", Read),
    ("secrets", Read),
    ("security_opt", Read),
    ("shm_size", Lost),
    // Standard input is open unless `no-stdin` closes it.
    ("stdin_open", AsAlways),
    ("stop_grace_period", Left("`stop_grace_period` is left out: containers have 10 seconds to end", "")),
    ("stop_signal", Left("`stop_signal` is left out: the image's own is used", "")),
    ("storage_opt", Lost),
    ("sysctls", Lost),
    ("tmpfs", Read),
    // There is a terminal unless `tty: false` takes it away.
    ("tty", AsAlways),
    ("ulimits", Lost),
    ("use_api_socket", Left("The engine's socket is not passed on: `use_api_socket` is left out", "")),
    ("user", Read),
    ("userns_mode", Lost),
    ("uts", Lost),
    ("volumes", Read),
    ("volumes_from", Left("`volumes_from` is left out", "mount the volumes by their names")),
    ("working_dir", Read),
];

impl Imports<'_> {
    /// Says of each key of a service what nothing here reads.
    pub(super) fn other_keys(&mut self, service: &Node) {
        for entry in service.entries().iter().filter(|entry| says_something(entry)) {
            let key = entry.key.as_str();
            match KEYS.iter().find(|(known, _)| *known == key).map(|(_, fate)| fate) {
                Some(Read | AsAlways) => {}
                Some(Left(message, hint)) => self.notes.add(*message, hint, entry.key_span),
                Some(Lost) => {
                    self.notes.add(format!("`{key}` cannot be carried over"), "", entry.key_span);
                }
                None => {
                    let near = suggest(key, KEYS.iter().map(|(known, _)| *known));
                    let hint = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                    let message = format!("Services in Compose files have no `{key}`: it is left out");
                    self.notes.add(message, &hint, entry.key_span);
                }
            }
        }
        self.networks(service);
        self.options(service);
        self.deployment(service);
    }

    /// Says which keys of a part of a service are left out: all but these.
    pub(super) fn others_of(&mut self, part: &Node, name: &str, read: &[&str]) {
        for entry in part.entries().iter().filter(|entry| says_something(entry)) {
            if !read.contains(&entry.key.as_str()) {
                let message = format!("`{name}.{}` cannot be carried over", entry.key);
                self.notes.add(message, "", entry.key_span);
            }
        }
    }

    /// Says what is left out of how a service is on its networks.
    fn networks(&mut self, service: &Node) {
        for network in service.get("networks").map(Node::entries).unwrap_or_default() {
            for alias in network.value.get("aliases").map(Node::items).unwrap_or_default() {
                let Some(text) = scalar(alias).filter(|text| id_of(text) != *text) else { continue };
                let message = format!("The name `{text}` becomes `{}`", id_of(&text));
                self.notes.add(message, "names have small letters, digits, - and _", alias.span);
            }
            for entry in network.value.entries().iter().filter(|entry| entry.key != "aliases") {
                let message = format!("`{}` of a service on a network is left out", entry.key);
                self.notes.add(message, ON_ITS_NETWORK, entry.key_span);
            }
        }
    }

    /// Says which options of security, and which policies of pulling, are left out.
    fn options(&mut self, service: &Node) {
        let options = service.get("security_opt").map(Node::items).unwrap_or_default();
        // Whoever is unconfined is so in all respects.
        let unconfined = options.iter().filter_map(scalar).any(|option| is_unconfined(&option));
        let follows = |option: &str| {
            unconfined && matches!(option.replace('=', ":").as_str(), "apparmor:unconfined" | "label:disable")
        };
        for option in options {
            let Some(text) = scalar(option).filter(|text| !is_unconfined(text) && !follows(text)) else {
                continue;
            };
            self.notes.add(format!("The security option `{text}` is left out"), "", option.span);
        }
        if let Some(policy) = service.get("pull_policy")
            && let Some(text) = scalar(policy)
            && !matches!(text.as_str(), "always" | "missing" | "if_not_present" | "build")
        {
            let message =
                format!("`pull_policy: {text}` is left out: images are pulled when they are missing");
            let hint = if text == "never" { "" } else { "`update-image: true` pulls each time" };
            self.notes.add(message, hint, policy.span);
        }
    }

    /// Says what is left out of how a service is deployed.
    fn deployment(&mut self, service: &Node) {
        let Some(deploy) = service.get("deploy") else { return };
        self.others_of(deploy, "deploy", &["replicas", "resources", "restart_policy", "mode"]);
        if let Some(mode) = deploy.get("mode").filter(|mode| mode.as_str() != Some("replicated")) {
            let message = format!("`deploy.mode: {}` is left out", scalar(mode).unwrap_or_default());
            self.notes.add(message, "", mode.span);
        }
        if let Some(policy) = deploy.get("restart_policy") {
            self.others_of(policy, "deploy.restart_policy", &["condition", "max_attempts"]);
        }
        let Some(resources) = deploy.get("resources") else { return };
        self.others_of(resources, "deploy.resources", &["limits", "reservations"]);
        for kind in ["limits", "reservations"] {
            if let Some(part) = resources.get(kind) {
                self.others_of(part, &format!("deploy.resources.{kind}"), &["cpus", "memory"]);
            }
        }
    }
}

/// Whether a security option lifts confinement, as `unconfined` does.
pub(super) fn is_unconfined(option: &str) -> bool {
    matches!(option, "seccomp:unconfined" | "seccomp=unconfined")
}

/// Whether an entry is more than a name: a piece for reuse, or a key without a value.
fn says_something(entry: &Entry) -> bool {
    let is_off = matches!(&entry.value.kind, pt_syntax::NodeKind::Bool(false));
    !entry.key.starts_with("x-") && !entry.value.is_null() && !is_off
}
