//! Remembers jobs, events, logs, values, secrets and datasets.
//!
//! A [`Store`] is a state directory that belongs to one user and that any number of processes open at once: a SQLite
//! database in WAL mode for what is looked up, plain files for what grows (log lines, datasets), and lock files by
//! which the living tell themselves from the dead ([`RunnerLock`]). Everything in it is readable by its owner alone;
//! secrets are encrypted besides.
//!
//! What is stored are the types of pt-model themselves: a job is its events, and a [`JobSummary`] the part of their
//! fold that lists need. Calls are synchronous and short. The store reads no clock: who calls says when.
//!
//! What it finds damaged it names, and never starts afresh over somebody's data: of a damaged database what can be read is saved
//! into a new one ([`Salvage`]), and the damaged one is kept.

mod call;
mod database;
mod dataset;
mod error;
mod instance;
mod job;
mod kept;
mod key;
mod log;
mod mcp_server;
mod private;
mod request;
mod runner;
mod salvage;
mod scope;
mod secret;
mod settings;
mod span;
mod store;
mod summary;
mod value;
mod witness;

pub use call::AgentCall;
pub use dataset::{Dataset, DatasetDiff, DatasetSource, Lineage, Swept};
pub use error::StoreError;
pub use instance::{Apart, Instance};
pub use job::{EventWriter, JobKey};
pub use kept::{Inputs, KeptEnd};
pub use key::random_name;
pub use log::{Bound, Dropped, Follow, LogBudget, LogFilter, LogReader, LogWriter};
pub use mcp_server::{McpServer, ServerLock};
pub use request::JobRequest;
pub use runner::{Runner, RunnerLock};
pub use salvage::{Found, Salvage};
pub use scope::{Scope, same_name};
pub use secret::SecretInfo;
pub use store::Store;
pub use summary::JobSummary;
pub use value::Value;
