//! A Clojure evaluator that has never heard of Polytope.
//!
//! A [`Program`] is read from text and runs in a [`Context`]; what comes out is a [`Value`] or an [`Error`]. Code reaches
//! the outside only through the [`Host`] the embedder gives; it has no files, no network, no environment and no clock.
//!
//! ```
//! use pt_clj::{Context, Program, Value};
//! let mut context = Context::new();
//! context.bind("params", Value::map([(Value::keyword("port"), Value::Int(8080))]));
//! let value = Program::compile("(str \"localhost:\" (:port params))")?.run(&mut context)?;
//! assert_eq!(value.as_str(), Some("localhost:8080"));
//! # Ok::<(), pt_clj::Error>(())
//! ```
//!
//! Text becomes forms (`pt-edn`), forms become nodes with every name resolved (`analyse`), nodes are evaluated (`eval`).
//! Functions of the core stand by subject in `core`; there is one table of them for all contexts.
//!
//! An evaluation goes as deep as [`Limits::depth`] says on any thread: where a stack is short it goes on elsewhere.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a core function takes one or two of the kinds of value and refuses all others alike"
)]

mod analyse;
mod arithmetic;
mod class;
mod context;
mod convert;
mod core;
mod decimal;
mod deep;
mod equal;
mod error;
mod eval;
mod exception;
mod format;
mod function;
mod inst;
mod interop;
mod iter;
mod liveness;
mod map;
mod meter;
mod name;
mod namespace;
mod node;
mod prelude;
pub mod print;
mod program;
mod regex;
mod seq;
mod sorted;
mod stack;
mod state;
mod steps;
mod suggest;
mod text;
mod types;
mod value;
mod vector;

pub use context::{Context, Host, Limits};
pub use decimal::Decimal;
pub use error::{Error, ErrorKind};
pub use exception::{Class, ClassInfo, Exception, Stop};
pub use function::{Function, Native};
pub use map::{Map, Set};
pub use name::Name;
pub use program::Program;
pub use pt_edn::Span;
pub use regex::Regex;
pub use seq::{Lazy, Seq};
pub use sorted::Sorted;
pub use state::{Cell, Delay};
pub use text::Text;
pub use types::{Object, Record, Type};
pub use value::{Held, Value};
pub use vector::Vector;

/// The names of all functions, macros and special forms, those outside of `clojure.core` in full.
pub fn core_names() -> Vec<String> {
    let mut names: Vec<String> = core::names().collect();
    names.sort();
    names
}
