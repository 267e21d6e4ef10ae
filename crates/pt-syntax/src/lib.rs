//! Text to documents with spans, and what to say when a text is wrong.
//!
//! YAML, JSON and EDN are read into one [`Document`] whose every [`Node`] knows where it stood. Reading never fails: it
//! gives what could be understood and the [`Diagnostic`]s of what could not. Nothing here does I/O or knows what a
//! module is.
//!
//! - [`parse`] turns a text into a document, [`TargetCall::parse`] an argument of the command line into a call.
//! - [`references`] says what a text in a document means: a reference, text with references, code, or itself.
//! - [`render`] draws diagnostics with their source lines.

mod code;
mod diagnostic;
mod document;
mod edn;
mod entries;
mod finding;
mod json;
mod list;
mod locate;
mod module_ref;
mod near_miss;
mod parse;
mod reference;
mod render;
mod scalar;
mod source;
mod suggest;
mod target;
mod yaml;

pub use code::{Code, Language};
pub use diagnostic::{Diagnostic, Label, Severity};
pub use document::{Document, Entry, Format, Node, NodeKind};
pub use list::{Counted, Listed, all_of, any_of, count};
pub use module_ref::{BadModuleRef, ModuleRef, RemoteRef, is_id};
pub use near_miss::{NearMiss, near_miss};
pub use parse::{Parsed, parse};
pub use reference::{Piece, Reading, Reference, ReferenceKind, references};
pub use render::{Style, render};
pub use scalar::scalar;
pub use source::{Position, Source, SourceId, Sources, Span};
pub use suggest::suggest;
pub use target::TargetCall;
pub use yaml::{Flow, parse_flow};
