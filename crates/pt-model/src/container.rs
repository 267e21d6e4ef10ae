//! Containers, as asked for.

mod read;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{ContainerId, Masker, Mount, Probe, Readiness, Text};

pub use read::SpecError;

/// What a container should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ContainerSpec {
    /// Its id; `container` without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ContainerId>,
    /// The image's name.
    pub image: String,
    /// Its command as an argument list; the image's own without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<Text>>,
    /// Its entrypoint as an argument list; the image's own without, none when empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<Text>>,
    /// Environment variables in the order of their first mention, a name once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvVar>,
    /// What is mounted where, a path once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
    /// Working directory, absolute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// As whom it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// Whether it has a terminal.
    pub tty: bool,
    /// Whether its standard input is closed.
    pub no_stdin: bool,
    /// When it is started again.
    pub restart: Restart,
    /// Whether to ask for a newer image even if one is here.
    pub update_image: bool,
    /// How much of the machine it may use.
    #[serde(skip_serializing_if = "Resources::is_unlimited")]
    pub resources: Resources,
    /// What to do when the job has a container with this id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create: Option<CreateContainer>,
    /// How many of its kind.
    #[serde(skip_serializing_if = "is_one")]
    pub replicas: u32,
    /// Whether it runs without seccomp and AppArmor or SELinux confinement.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unconfined: bool,
    /// When it can be used; without, when it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<Readiness>,
    /// Tags for people.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub tags: IndexMap<String, String>,
}

impl Default for ContainerSpec {
    fn default() -> Self {
        Self {
            id: None,
            image: String::new(),
            cmd: None,
            entrypoint: None,
            env: Vec::new(),
            mounts: Vec::new(),
            workdir: None,
            user: None,
            tty: false,
            no_stdin: false,
            restart: Restart::default(),
            update_image: false,
            resources: Resources::default(),
            create: None,
            replicas: 1,
            unconfined: false,
            ready: None,
            tags: IndexMap::new(),
        }
    }
}

impl ContainerSpec {
    /// The spec as anyone may see it: names and paths are opened when a spec is read, and may hold secrets. Ids stay as
    /// they are: others refer to them.
    #[must_use]
    pub fn masked(mut self, masker: &Masker) -> Self {
        let hide = |text: &mut String| *text = masker.mask(text);
        hide(&mut self.image);
        self.workdir.iter_mut().for_each(hide);
        if let Some(User::Named(name)) = &mut self.user {
            hide(name);
        }
        for mount in &mut self.mounts {
            hide(&mut mount.path);
            mount.source.hide(masker);
        }
        self.tags.values_mut().for_each(hide);
        match self.ready.as_mut().and_then(|ready| ready.probe.as_mut()) {
            Some(Probe::Http { path, .. }) => hide(path),
            Some(Probe::Log(text)) => hide(text),
            Some(Probe::Exec(_) | Probe::Tcp(_)) | None => {}
        }
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_one(replicas: &u32) -> bool {
    *replicas == 1
}

/// What to do when a job has a container with the id that is wished for a new one. Without a word, the new one gets
/// another id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreateContainer {
    /// The one that runs is used.
    WhenMissing,
    /// It is stopped and removed, and the new one takes its place.
    Always,
    /// The one there is is used; a missing one is a failure.
    Never,
}

/// An environment variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Text,
}

/// As whom a container runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum User {
    /// A name, a number, or `uid:gid`, as the image knows it.
    Named(String),
    /// The person who runs the job (`#pt-host`).
    Host,
}

/// When a container that exits is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Restart {
    /// After which exits.
    pub policy: RestartPolicy,
    /// How often at most; no limit without.
    pub max_restarts: Option<u32>,
}

/// After which exits a container is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// After none.
    #[default]
    Never,
    /// After any.
    Always,
    /// After one with a code other than 0.
    OnFailure,
}

/// How much of the machine a container may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Resources {
    /// Processor time, in cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_limit: Option<f64>,
    /// Memory, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<u64>,
    /// Processor time it hopes for, in cores. Informative.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_request: Option<f64>,
    /// Memory it hopes for, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_request: Option<u64>,
}

impl Resources {
    /// Whether nothing was asked for.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }
}
