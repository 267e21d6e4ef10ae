//! What is mounted into containers, as written.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Masker, Text, VolumeId};

/// A source mounted at an absolute path of the container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    /// Absolute path in the container.
    pub path: String,
    /// What is there.
    pub source: MountSource,
}

/// Where mounted files come from. Paths are as written; who runs the container knows what they are relative to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum MountSource {
    /// A path of the host: absolute, `~/…`, relative to the working directory (`./…`, `../…`, `.`), or relative to the
    /// directory of the root polytope file (anything else; empty means that directory itself).
    Host {
        /// The path.
        path: String,
    },
    /// Files of a repository. Without `repo` it is the project's own: its live working tree.
    Repo {
        /// Which repository.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        repo: Option<String>,
        /// Path in it: `/x` from its root, else from the directory of the declaring file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// Commit, branch or tag.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<String>,
    },
    /// Text as a file.
    String {
        /// The file's content.
        data: Text,
    },
    /// A volume.
    Volume {
        /// Its id; a fresh anonymous one of the job without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<VolumeId>,
        /// How long it lives.
        #[serde(default)]
        scope: VolumeScope,
        /// What to do when it is there already, or isn't.
        #[serde(default)]
        create: CreateVolume,
        /// What is copied in when it is created.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Box<Self>>,
    },
    /// A dataset, read-only.
    Dataset {
        /// Its id or reference.
        dataset: String,
        /// Path in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// Its version, from 1; the newest without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<i64>,
    },
}

/// What paths of the host are relative to.
#[derive(Clone, Copy, Debug)]
pub struct HostDirs<'a> {
    /// The home directory of who calls `pt`, if it is known.
    pub home: Option<&'a Path>,
    /// The directory from which `pt` is called.
    pub working_dir: &'a Path,
    /// The directory of the root polytope file.
    pub root: &'a Path,
}

impl HostDirs<'_> {
    /// Where a path of a host mount leads; nowhere if it begins with `~/` and there is no home.
    pub fn locate(&self, path: &str) -> Option<PathBuf> {
        if let Some(rest) = path.strip_prefix("~/") {
            return self.home.map(|home| home.join(rest));
        }
        let base = if Self::is_relative_to_call(path) { self.working_dir } else { self.root };
        Some(base.join(path))
    }

    /// Whether a path is relative to the directory from which `pt` is called.
    pub fn is_relative_to_call(path: &str) -> bool {
        matches!(path, "." | "..") || path.starts_with("./") || path.starts_with("../")
    }
}

impl MountSource {
    /// Hides the secrets in paths.
    pub(crate) fn hide(&mut self, masker: &Masker) {
        let hide = |text: &mut String| *text = masker.mask(text);
        match self {
            Self::Host { path } => hide(path),
            Self::Repo { repo, path, revision } => {
                [repo, path, revision].into_iter().flatten().for_each(hide);
            }
            Self::Dataset { dataset, path, .. } => {
                hide(dataset);
                path.iter_mut().for_each(hide);
            }
            Self::Volume { source, .. } => source.iter_mut().for_each(|source| source.hide(masker)),
            // A text that knows its secrets.
            Self::String { .. } => {}
        }
    }
}

/// How long a volume lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeScope {
    /// As long as its job.
    #[default]
    Job,
    /// Until somebody deletes it.
    Project,
}

/// When a volume is created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreateVolume {
    /// Only when there is none with this id.
    #[default]
    WhenMissing,
    /// Never: a missing one is a failure.
    Never,
    /// Always: if the id is taken, a number is appended.
    Always,
}
