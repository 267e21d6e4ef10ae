//! The nouns of a running system.
//!
//! Everything that is stored, served or drawn has its one type here: the data that people write and code computes
//! ([`Data`]), text that may hold secrets ([`Text`]), the ids of things, the specs of containers and services, and the
//! [`Event`]s whose fold is a [`Job`]. Nothing here does I/O, reads a clock, or knows how a container is run.

mod container;
mod data;
mod data_size;
mod duration;
mod event;
mod id;
mod job;
mod label;
mod limits;
mod mask;
mod mount;
mod problem;
mod readiness;
mod received;
mod secret_name;
mod service;
mod spelling;
mod text;
mod trace;
mod words;

pub use container::{
    ContainerSpec, CreateContainer, EnvVar, Resources, Restart, RestartPolicy, SpecError, User,
};
pub use data::{Data, Key, Map};
pub use data_size::parse_data_size;
pub use duration::parse_duration;
pub use event::{ContainerChange, Event, LogLine, Stream, What};
pub use id::{ContainerId, InstanceId, JobId, ServiceId, StepId, TemplateId, VolumeId, id_of_dir};
pub use job::{Container, ContainerStatus, Failure, Job, Service, ServiceStatus, Status, Step};
pub use label::Labels;
pub use limits::{CodeLimits, duration_text, size_text};
pub use mask::Masker;
pub use mount::{CreateVolume, HostDirs, Mount, MountSource, VolumeScope};
pub use problem::{Problem, Rule};
pub use readiness::{Probe, Readiness};
pub use received::ReceivedSpan;
pub use secret_name::sounds_secret;
pub use service::{ExposedAs, OpenPort, PortSpec, Protocol, ServiceSpec};
pub use spelling::{VALUE_NAMES, camel, is_value_name, kebab};
pub use text::{Part, Secret, Text};
pub use trace::{Span, SpanKind, Trace};
pub use words::{UnclosedQuote, shell_words};
