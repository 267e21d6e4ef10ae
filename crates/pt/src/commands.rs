//! The commands, a file each.

pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod config;
pub(crate) mod defaults;
pub(crate) mod docs;
pub(crate) mod eval;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod fmt;
pub(crate) mod import;
pub(crate) mod include;
pub(crate) mod init;
pub(crate) mod logs;
pub(crate) mod lsp;
pub(crate) mod mcp;
pub(crate) mod modules;
pub(crate) mod named;
pub(crate) mod plan;
pub(crate) mod ps;
pub(crate) mod repl;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod stop;
pub(crate) mod version;
