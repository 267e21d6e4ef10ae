//! The language of polytope files.
//!
//! A [`Project`] is what a root polytope file makes known: its modules, templates and tools ([`Definition`]), those of
//! the files it includes, and the standard modules. Its files come through one narrow trait, [`World`]; documents are
//! lowered from nodes with spans, so that everything that is said about a project can point at its cause. A [`Type`]
//! says what a param's values must be.
//!
//! Reading never fails, and it is lazy: a mistake inside a definition is kept with the definition and told when
//! somebody uses it. Nothing here runs code, resolves references in strings, or knows what a container is.

mod cron;
mod data_path;
mod definition;
mod for_agents;
mod lower;
mod path;
mod plain;
mod project;
mod read;
mod repository;
mod standard;
mod trigger;
mod ty;
mod world;

pub use cron::{BadCron, Cron};
pub use data_path::{DataPath, Segment};
pub use definition::{
    After, Arg, Body, Condition, Definition, Kind, Name, Origin, Param, Step, StepBody, Terms, Wanted,
};
pub use for_agents::{AgentMessage, AgentPrompt, AgentPromptParam, AgentResource, ForAgents};
pub use lower::lower_limits;
pub use path::tidy;
pub use plain::plain;
pub use project::{Loaded, Project, Resolved};
pub use read::format_of;
pub use repository::{Checkout, RepoAddress, RepoRequest, Repository, RepositoryError};
pub use standard::{Standard, StandardFile, standard_files};
pub use trigger::{EventKind, Trigger, TriggerOn, TriggerTemplate};
pub use ty::{Atom, Pattern, Type, TypeError, args_schema};
pub use world::{FILE_NAMES, NotText, World, file_in, find_root};
