//! What runs containers.
//!
//! A [`Backend`] creates, starts, watches, stops and removes what the engine asks for, and reports what it observes. It
//! never retries, restarts or schedules, and it decides nothing: requests say everything. Two exist: [`docker::Docker`], and
//! [`sim::Sim`], a small world in memory for tests; both pass the same suite, `tests/conformance`, and say the same words
//! about the same obstacles. Errors are of few kinds, each with one line for people and the way out.

mod archive;
mod backend;
pub mod docker;
mod hint;
mod ignored;
pub mod sim;

pub use archive::{ArchiveReader, archive_of, context_of};
pub use backend::{
    Backend, BackendError, BackendInfo, BuildRequest, Chunk, ContainerRequest, Door, ErrorKind, ExecOrder,
    ExecRequest, ExecSignal, Exit, FileInfo, FileSource, Found, FoundContainer, FoundNetwork, FoundVolume,
    ImagePolicy, Knock, MountRequest, PIECES, Progress, PublishedPort, Running, Usage,
};
