//! Where containers tell of themselves.

use std::net::IpAddr;
use std::sync::Arc;

use pt_model::{ContainerId, Text};

/// Receives a container that is about to be made, or that is taken up: given its environment, and where its network finds this
/// machine, says what it is to be told.
pub type Reception = Arc<dyn Fn(&ContainerId, &[(String, Text)], Option<IpAddr>) -> Welcome + Send + Sync>;

/// What a container is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Welcome {
    /// Environment variables, for those that it does not have.
    pub env: Vec<(String, String)>,
    /// What people should know that stops nothing.
    pub trouble: Option<String>,
}
