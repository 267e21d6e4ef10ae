//! Composes the parts into one [`App`] and serves its API.
//!
//! Everything outside the process is met here first: the environment, the user's files, the backend that was chosen,
//! the store. Commands and the MCP server, later the web service, are thin layers over the same `App`. While a job
//! runs, its process answers on a Unix socket ([`api`]), so that another `pt` can ask and stop it ([`client`]).

mod abandoned;
mod answers;
mod api;
mod app;
mod check;
mod clear;
mod client;
mod disk;
mod environment;
mod exec;
mod job_record;
mod metrics;
mod named;
mod otlp;
mod outside;
mod port;
mod reference;
mod repositories;
mod seen;
mod takeover;
mod telemetry;
mod visit;
mod volumes;
mod workshop;

pub use app::{App, AppError, LoadedProject, Presence, RunRequest, Started};
pub use client::{ClientError, metrics_of_job, restart_in_job, stop_job, waits_of_job};
pub use disk::Disk;
pub use environment::{BackendChoice, Environment};
pub use exec::{ExecCall, ExecSession, exec_in_job};
pub use job_record::JobRecord;
pub use named::{NamedInStore, Unset};
pub use reference::{Example, ParamReference, Reference};
pub use repositories::{LOCK_FILE, Repositories};
pub use takeover::Succession;
pub use telemetry::{Exporter, Telemetry, document as trace_document};
pub use visit::Visit;
pub use volumes::Volumes;
