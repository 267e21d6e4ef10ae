//! The commands, a file each.

pub(crate) mod clean;
pub(crate) mod logs;
pub(crate) mod lsp;
pub(crate) mod named;
pub(crate) mod plan;
pub(crate) mod ps;
pub(crate) mod run;
pub(crate) mod secrets;
pub(crate) mod stop;
pub(crate) mod values;
pub(crate) mod version;
