//! Copies templates into a project, and makes what they bring known to it.
//!
//! A [`Template`] is files, from wherever. An [`Action`] says where they go and what is to become of them: words in
//! double braces are filled in, files that are there already stay, are replaced, or are a reason to stop. [`scaffold`]
//! decides everything before it writes anything, and gives a [`Report`] for people and agents. Polytope files are
//! [edited](edit) as texts: comments and layout stay as they are.
//!
//! Nothing here fetches a repository, runs a container or knows what a job is.

mod action;
pub mod edit;
mod fill;
mod replace;
mod scaffold;
mod template;
mod tree;

pub use action::{Action, Conflict, ToolStep};
pub use replace::replace;
pub use scaffold::{Place, Report, ScaffoldError, scaffold};
pub use template::{Template, TemplateFile};
