//! When what was started can be used.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Text;

/// When a container or a service can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Readiness {
    /// What tells it. Without, the ports of a service tell it: it is ready when they accept connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// How long it may take, milliseconds; without, as long as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// What tells that something is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// A command in the container exits with 0.
    Exec(Vec<Text>),
    /// A port answers a request for this path.
    Http {
        /// The path.
        path: String,
        /// The port in the container; of a service, its first one without.
        port: Option<u16>,
        /// The status it must answer with; without, one from 200 to 399.
        status: Option<u16>,
    },
    /// A port accepts connections.
    Tcp(u16),
    /// The container has written a line that holds this.
    Log(String),
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exec(cmd) => {
                let words: Vec<String> = cmd.iter().map(Text::masked).collect();
                write!(f, "`{}`", words.join(" "))
            }
            Self::Http { path, .. } => write!(f, "GET {path}"),
            Self::Tcp(port) => write!(f, "port {port}"),
            Self::Log(text) => write!(f, "a line with {text:?}"),
        }
    }
}
