//! Files of other tools, on the way in and on the way out.
//!
//! [`import`] reads a Compose file with what it includes and extends. Each service becomes a module around
//! `polytope/container`, the whole a template `stack`, and each profile a template of its name. `${VARIABLES}` with
//! a default become params, others values, and those that sound like passwords secrets; what the file or `.env` says of them
//! are their [defaults](Setting::default). What Polytope has no word for is said, with its place, and left out; what Compose
//! itself refuses is refused.
//!
//! [`export_compose`] and [`export_kubernetes`] turn the containers of a plan into a Compose file and into manifests.
//! Secrets never go along: they become variables, or entries of a Kubernetes secret that somebody has to fill.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a node is a map, a list or text, and every other kind is left alone"
)]

mod export;
mod import;

pub use export::{Exported, export_compose, export_kubernetes};
pub use import::{Imported, Setting, import};
