//! Ids of things. An id is a type, so that a step's id is never passed where a container's is wanted.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The name of a directory made an id: what ids may not hold becomes `-`. A directory without a name is `project`.
pub fn id_of_dir(dir: &Path) -> String {
    let name = dir.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let allowed = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '_' | '-');
    let id: String = name.chars().map(|letter| if allowed(letter) { letter } else { '-' }).collect();
    let id = id.trim_matches('-');
    if id.is_empty() { "project".to_owned() } else { id.to_owned() }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id with this text. The text is not checked: ids that people write are checked where they are read.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}

ids! {
    /// A job, unique in its instance: target id and a counter, as `stack-10`.
    JobId
    /// A step, unique in its job.
    StepId
    /// A container, unique in its job.
    ContainerId
    /// A service, unique in its job; its hostname in the job's network.
    ServiceId
    /// A volume, unique in its scope.
    VolumeId
    /// A template of a project.
    TemplateId
    /// One checkout of a project on one machine: 16 hex digits that follow from the real path of its root.
    InstanceId
}
