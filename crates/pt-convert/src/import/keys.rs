//! Every key of a service in the Compose specification, its shape, and what becomes of it.

use super::shape::Shape::{self, Any, Either, Flag, Keys, List, Names, Number, Scalar, Text, Word};
use super::shape::{ASSIGNMENTS, TEXT_OR_LIST, TEXTS};
use super::shapes;

/// What becomes of a key.
pub(super) enum Fate {
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

const AS_THE_ENGINE: &str = "the engine's own setting holds";

/// In the order of the specification.
pub(super) static KEYS: &[(&str, Shape, Fate)] = &[
    ("annotations", ASSIGNMENTS, Left("Annotations are left out", "")),
    // The output of every service is kept.
    ("attach", Flag, AsAlways),
    ("blkio_config", Names(&Any), Lost),
    ("build", shapes::BUILD, Read),
    ("cap_add", TEXTS, Left("Containers get no capabilities beyond the engine's: `cap_add` is left out", "")),
    ("cap_drop", TEXTS, Left("`cap_drop` is left out: the container keeps the engine's capabilities", "")),
    ("cgroup", Word(&["host", "private"]), Lost),
    ("cgroup_parent", Text, Lost),
    ("command", TEXT_OR_LIST, Read),
    ("configs", shapes::FILES, Read),
    ("container_name", Text, Read),
    ("cpu_count", Number, Lost),
    ("cpu_percent", Number, Lost),
    (
        "cpu_period",
        Number,
        Left("`cpu_period` cannot be carried over", "say `cpus` instead: it becomes a limit"),
    ),
    (
        "cpu_quota",
        Number,
        Left("`cpu_quota` cannot be carried over", "say `cpus` instead: it becomes a limit"),
    ),
    ("cpu_rt_period", Number, Lost),
    ("cpu_rt_runtime", Number, Lost),
    ("cpu_shares", Number, Lost),
    ("cpus", Number, Read),
    ("cpuset", Text, Lost),
    ("credential_spec", Keys(&[("config", Text), ("file", Text), ("registry", Text)]), Lost),
    ("depends_on", shapes::DEPENDS_ON, Read),
    ("deploy", shapes::DEPLOY, Read),
    (
        "develop",
        shapes::DEVELOP,
        Left("`develop` is left out: nothing is synchronised", "mount the code to work on it"),
    ),
    ("device_cgroup_rules", TEXTS, Lost),
    ("devices", List(&Any), Left("Devices of the machine are not passed on: `devices` is left out", "")),
    ("dns", TEXT_OR_LIST, Left("`dns` is left out", AS_THE_ENGINE)),
    ("dns_opt", TEXTS, Left("`dns_opt` is left out", AS_THE_ENGINE)),
    ("dns_search", TEXT_OR_LIST, Left("`dns_search` is left out", AS_THE_ENGINE)),
    ("domainname", Text, Lost),
    ("entrypoint", TEXT_OR_LIST, Read),
    ("env_file", shapes::ENV_FILE, Read),
    ("environment", ASSIGNMENTS, Read),
    ("expose", List(&Either(&[Text, Number])), Read),
    ("extends", shapes::EXTENDS, Read),
    (
        "external_links",
        TEXTS,
        Left("Containers outside of the job are not reached by name: `external_links` is left out", ""),
    ),
    (
        "extra_hosts",
        Either(&[TEXTS, Names(&TEXT_OR_LIST)]),
        Left("`extra_hosts` is left out: containers know each other and the internet", ""),
    ),
    (
        "gpus",
        Either(&[Word(&["all"]), List(&Names(&Any))]),
        Left("GPUs are not passed on: `gpus` is left out", ""),
    ),
    ("group_add", List(&Either(&[Text, Number])), Lost),
    ("healthcheck", shapes::HEALTHCHECK, Read),
    ("hostname", Text, Read),
    ("image", Text, Read),
    // An init runs in every container.
    ("init", Flag, AsAlways),
    ("ipc", Text, Lost),
    ("isolation", Text, Lost),
    ("label_file", TEXT_OR_LIST, Left("`label_file` is left out", "tags are written into the polytope file")),
    ("labels", ASSIGNMENTS, Read),
    ("links", TEXTS, Read),
    (
        "logging",
        Keys(&[("driver", Text), ("options", Names(&Scalar))]),
        Left("`logging` is left out: Polytope keeps the logs", "`pt logs` shows them"),
    ),
    ("mac_address", Text, Lost),
    ("mem_limit", Number, Read),
    ("mem_reservation", Number, Read),
    ("mem_swappiness", Number, Lost),
    ("memswap_limit", Number, Lost),
    (
        "models",
        Either(&[TEXTS, Names(&Keys(&[("endpoint_var", Text), ("model_var", Text)]))]),
        Left("Models are not run: `models` is left out", ""),
    ),
    ("network_mode", Text, Left("All services share the network of the job: `network_mode` is left out", "")),
    ("networks", shapes::NETWORKS, Read),
    ("oom_kill_disable", Flag, Lost),
    ("oom_score_adj", Number, Lost),
    ("pid", Text, Lost),
    ("pids_limit", Number, Lost),
    ("platform", Text, Left("`platform` is left out: the engine's own is used", "")),
    ("ports", shapes::PORTS, Read),
    (
        "post_start",
        shapes::HOOKS,
        Left("`post_start` is left out", "run it as a step: polytope/container!exec"),
    ),
    ("pre_start", shapes::HOOKS, Left("`pre_start` is left out", "run it as a step before")),
    (
        "pre_stop",
        shapes::HOOKS,
        Left("`pre_stop` is left out: nothing runs before a container is stopped", ""),
    ),
    ("privileged", Flag, Left("Containers are never privileged: `privileged` is left out", "")),
    ("profiles", TEXTS, Read),
    (
        "provider",
        Keys(&[("type", Text), ("options", Names(&Any))]),
        Left("What another program provides is not run: `provider` is left out", ""),
    ),
    ("pull_policy", Text, Read),
    ("pull_refresh_after", Text, Lost),
    ("read_only", Flag, Left("Containers can write to their own files: `read_only` is left out", "")),
    ("restart", Text, Read),
    ("runtime", Text, Left("`runtime` is left out", AS_THE_ENGINE)),
    ("scale", Number, Read),
    ("secrets", shapes::FILES, Read),
    ("security_opt", TEXTS, Read),
    ("shm_size", Number, Lost),
    ("stdin_open", Flag, Read),
    (
        "stop_grace_period",
        Text,
        Left("`stop_grace_period` is left out: containers have 10 seconds to end", ""),
    ),
    ("stop_signal", Text, Left("`stop_signal` is left out: the image's own is used", "")),
    ("storage_opt", Names(&Any), Lost),
    ("sysctls", ASSIGNMENTS, Lost),
    ("tmpfs", TEXT_OR_LIST, Read),
    ("tty", Flag, Read),
    ("ulimits", Names(&Either(&[Number, Keys(&[("hard", Number), ("soft", Number)])])), Lost),
    ("use_api_socket", Flag, Left("The engine's socket is not passed on: `use_api_socket` is left out", "")),
    ("user", Text, Read),
    ("userns_mode", Text, Lost),
    ("uts", Text, Lost),
    ("volumes", shapes::VOLUMES, Read),
    ("volumes_from", TEXTS, Left("`volumes_from` is left out", "mount the volumes by their names")),
    ("working_dir", Text, Read),
];
