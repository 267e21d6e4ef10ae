//! Code in, data out.

mod clojure;
mod common;
mod corpus;
mod javascript;
mod limits;
mod secrets;
mod seed;
