//! Jobs, from polytope files to what happens.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod containers;
mod docs;
mod http;
mod lifecycle;
mod open;
mod ready;
mod services;
mod steps;
mod taken;
mod text;
mod values;
mod world;
