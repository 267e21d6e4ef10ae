//! Commands in containers of a running job, for another process: its runner carries them out, whatever it runs them on.
//!
//! A call is a request that asks to upgrade its connection. Refused, it is answered as any other; carried out, the
//! connection carries frames from then on (see [`wire`]): orders one way, output and exit the other.

mod client;
mod served;
mod wire;

use pt_backend::ExecRequest;
use pt_model::Text;
use serde::{Deserialize, Serialize};

pub use client::{ExecSession, exec_in_job};
pub(crate) use served::exec;

/// What the connection is upgraded to.
const PROTOCOL: &str = "polytope-exec";

/// Pieces of either direction on their way.
const IN_FLIGHT: usize = 64;

/// A command to run in a container.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct ExecCall {
    /// The container, by its id in the backend.
    pub container: String,
    /// The command and its arguments.
    pub cmd: Vec<String>,
    /// Further environment variables.
    pub env: Vec<(String, String)>,
    /// Working directory; the container's without.
    pub workdir: Option<String>,
    /// `name`, `uid` or `uid:gid`; the container's without.
    pub user: Option<String>,
    /// Whether it has a terminal.
    pub tty: bool,
    /// Columns and rows of that.
    pub size: Option<(u16, u16)>,
}

impl ExecCall {
    fn request(&self) -> ExecRequest {
        ExecRequest {
            cmd: self.cmd.iter().map(|word| Text::from(word.as_str())).collect(),
            env: self.env.iter().map(|(name, value)| (name.clone(), Text::from(value.as_str()))).collect(),
            workdir: self.workdir.clone(),
            user: self.user.clone(),
            tty: self.tty,
        }
    }
}
