//! The shapes of what stands in a Compose file, but for the keys of a service.

use super::shape::Shape::{self, Any, Apart, Either, Flag, Keys, List, Names, Number, Scalar, Text, Word};
use super::shape::{ASSIGNMENTS, TEXT_OR_LIST, TEXTS};

/// What stands at the top. `services` are judged one by one.
pub(super) static TOP: &[(&str, Shape)] = &[
    ("version", Either(&[Text, Number])),
    ("name", Text),
    ("include", List(&Either(&[Text, INCLUDE]))),
    ("services", Names(&Apart)),
    ("models", Names(&Names(&Any))),
    ("networks", Names(&NETWORK)),
    ("volumes", Names(&VOLUME)),
    ("secrets", Names(&SECRET)),
    ("configs", Names(&CONFIG)),
];

const INCLUDE: Shape =
    Keys(&[("path", TEXT_OR_LIST), ("env_file", TEXT_OR_LIST), ("project_directory", Text)]);

const EXTERNAL: Shape = Either(&[Flag, Keys(&[("name", Text)])]);

const NETWORK: Shape = Keys(&[
    ("name", Text),
    ("driver", Text),
    ("driver_opts", Names(&Scalar)),
    ("ipam", Names(&Any)),
    ("external", EXTERNAL),
    ("internal", Flag),
    ("enable_ipv4", Flag),
    ("enable_ipv6", Flag),
    ("attachable", Flag),
    ("labels", ASSIGNMENTS),
]);

const VOLUME: Shape = Keys(&[
    ("name", Text),
    ("driver", Text),
    ("driver_opts", Names(&Scalar)),
    ("external", EXTERNAL),
    ("labels", ASSIGNMENTS),
]);

const SECRET: Shape = Keys(&[
    ("name", Text),
    ("environment", Text),
    ("file", Text),
    ("external", EXTERNAL),
    ("labels", ASSIGNMENTS),
    ("driver", Text),
    ("driver_opts", Names(&Scalar)),
    ("template_driver", Text),
]);

const CONFIG: Shape = Keys(&[
    ("name", Text),
    ("content", Text),
    ("environment", Text),
    ("file", Text),
    ("external", EXTERNAL),
    ("labels", ASSIGNMENTS),
    ("template_driver", Text),
]);

pub(super) const EXTENDS: Shape = Either(&[Text, Keys(&[("service", Text), ("file", Text)])]);

pub(super) const BUILD: Shape = Either(&[
    Text,
    Keys(&[
        ("context", Text),
        ("dockerfile", Text),
        ("dockerfile_inline", Text),
        ("entitlements", TEXTS),
        ("args", ASSIGNMENTS),
        ("ssh", Either(&[TEXT_OR_LIST, ASSIGNMENTS])),
        ("labels", ASSIGNMENTS),
        ("cache_from", TEXTS),
        ("cache_to", TEXTS),
        ("no_cache", Flag),
        ("no_cache_filter", TEXT_OR_LIST),
        ("additional_contexts", ASSIGNMENTS),
        ("network", Text),
        ("provenance", Either(&[Text, Flag])),
        ("sbom", Either(&[Text, Flag])),
        ("pull", Flag),
        ("target", Text),
        ("shm_size", Number),
        ("extra_hosts", Either(&[TEXTS, Names(&TEXT_OR_LIST)])),
        ("isolation", Text),
        ("privileged", Flag),
        ("secrets", FILES),
        ("tags", TEXTS),
        ("ulimits", Names(&Any)),
        ("platforms", TEXTS),
    ]),
]);

pub(super) const DEPENDS_ON: Shape = Either(&[
    TEXTS,
    Names(&Keys(&[
        ("restart", Flag),
        ("required", Flag),
        ("condition", Word(&["service_started", "service_healthy", "service_completed_successfully"])),
    ])),
]);

pub(super) const ENV_FILE: Shape =
    Either(&[Text, List(&Either(&[Text, Keys(&[("path", Text), ("format", Text), ("required", Flag)])]))]);

pub(super) const HEALTHCHECK: Shape = Keys(&[
    ("disable", Flag),
    ("interval", Text),
    ("retries", Number),
    ("test", TEXT_OR_LIST),
    ("timeout", Text),
    ("start_period", Text),
    ("start_interval", Text),
]);

/// `configs` and `secrets` of a service.
pub(super) const FILES: Shape = List(&Either(&[
    Text,
    Keys(&[("source", Text), ("target", Text), ("uid", Text), ("gid", Text), ("mode", Number)]),
]));

pub(super) const PORTS: Shape = List(&Either(&[
    Number,
    Text,
    Keys(&[
        ("name", Text),
        ("mode", Text),
        ("host_ip", Text),
        ("target", Number),
        ("published", Number),
        ("protocol", Text),
        ("app_protocol", Text),
    ]),
]));

pub(super) const VOLUMES: Shape = List(&Either(&[
    Text,
    Keys(&[
        ("type", Word(&["bind", "volume", "tmpfs", "cluster", "npipe", "image"])),
        ("source", Text),
        ("target", Text),
        ("read_only", Flag),
        ("consistency", Text),
        (
            "bind",
            Keys(&[
                ("propagation", Text),
                ("create_host_path", Flag),
                ("recursive", Word(&["enabled", "disabled", "writable", "readonly"])),
                ("selinux", Word(&["z", "Z"])),
            ]),
        ),
        ("volume", Keys(&[("labels", ASSIGNMENTS), ("nocopy", Flag), ("subpath", Text)])),
        ("tmpfs", Keys(&[("size", Number), ("mode", Number)])),
        ("image", Keys(&[("subpath", Text)])),
    ]),
]));

pub(super) const NETWORKS: Shape = Either(&[
    TEXTS,
    Names(&Keys(&[
        ("aliases", TEXTS),
        ("interface_name", Text),
        ("ipv4_address", Text),
        ("ipv6_address", Text),
        ("link_local_ips", TEXTS),
        ("mac_address", Text),
        ("driver_opts", Names(&Scalar)),
        ("priority", Number),
        ("gw_priority", Number),
    ])),
]);

pub(super) const HOOKS: Shape = List(&Keys(&[
    ("command", TEXT_OR_LIST),
    ("image", Text),
    ("user", Text),
    ("privileged", Flag),
    ("working_dir", Text),
    ("environment", ASSIGNMENTS),
    ("per_replica", Flag),
]));

pub(super) const DEVELOP: Shape = Keys(&[(
    "watch",
    List(&Keys(&[
        ("ignore", TEXT_OR_LIST),
        ("include", TEXT_OR_LIST),
        ("path", Text),
        ("action", Word(&["rebuild", "sync", "restart", "sync+restart", "sync+exec"])),
        ("target", Text),
        ("exec", Names(&Any)),
        ("initial_sync", Flag),
    ])),
)]);

const UPDATE: Shape = Keys(&[
    ("parallelism", Number),
    ("delay", Text),
    ("failure_action", Text),
    ("monitor", Text),
    ("max_failure_ratio", Number),
    ("order", Word(&["start-first", "stop-first"])),
]);

pub(super) const DEPLOY: Shape = Keys(&[
    ("mode", Text),
    ("endpoint_mode", Text),
    ("replicas", Number),
    ("labels", ASSIGNMENTS),
    ("rollback_config", UPDATE),
    ("update_config", UPDATE),
    (
        "resources",
        Keys(&[
            ("limits", Keys(&[("cpus", Number), ("memory", Text), ("pids", Number)])),
            (
                "reservations",
                Keys(&[
                    ("cpus", Number),
                    ("memory", Text),
                    ("generic_resources", List(&Any)),
                    ("devices", List(&Any)),
                ]),
            ),
        ]),
    ),
    (
        "restart_policy",
        Keys(&[("condition", Text), ("delay", Text), ("max_attempts", Number), ("window", Text)]),
    ),
    (
        "placement",
        Keys(&[("constraints", TEXTS), ("preferences", List(&Any)), ("max_replicas_per_node", Number)]),
    ),
]);
