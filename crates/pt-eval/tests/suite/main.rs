//! Code in, data out.
#![expect(clippy::unwrap_used, reason = "clippy takes only the test functions themselves for tests")]

mod clojure;
mod common;
mod corpus;
mod javascript;
mod limits;
mod programs;
mod python;
mod secrets;
mod seed;
