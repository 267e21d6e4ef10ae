//! Carries out plans.
//!
//! [`Engine::start`] takes a plan and returns a [`Running`] job at once. One [dispatcher](dispatcher) owns the job's
//! state: it starts the steps whose time has come, answers what their code asks of it, hears what the containers do,
//! and turns all of it into events, each stored before anyone sees its effect. Code runs on a thread of its own
//! ([`step`]) and is answered by its [`host`], each container has a task that sees it through its life ([`container`]), and everything they write goes
//! through one [keeper of logs](log). Nothing here knows which backend runs the containers, and nothing prints.

mod args;
mod cache;
mod call;
mod cleanup;
mod container;
mod context;
mod counts;
mod dispatcher;
mod engine;
mod exec;
mod guest;
mod host;
mod http;
mod inside;
mod lines;
mod log;
mod mask;
mod mount;
mod name;
mod outside;
mod park;
mod port;
mod ready;
mod reception;
mod remains;
mod schedule;
mod step;

pub use cleanup::{Leftovers, find_leftovers, remove_leftovers};
pub use counts::{LineCounts, LineOrigin};
pub use engine::{
    Control, Earlier, Engine, Guests, InputRequest, Notice, Options, Person, Running, Shown, Wait,
};
pub use guest::{Guest, GuestSeat, guest};
pub use host::Alone;
pub use http::post;
pub use inside::inside;
pub use log::Intake;
pub use name::{container_name, volume_name};
pub use outside::{Outputs, Outside, Planning, RepositoryAt, no_outputs};
pub use reception::{Reception, Welcome};
pub use remains::{Remains, RemainsError};
