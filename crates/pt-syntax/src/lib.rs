//! Text to documents with spans, and what to say when a text is wrong.
//!
//! YAML, JSON and EDN are read into one [`Document`] whose every [`Node`] knows where it stood. Reading never fails: it
//! gives what could be understood and the [`Diagnostic`]s of what could not. Nothing here does I/O or knows what a
//! module is.

mod diagnostic;
mod document;
mod source;

pub use diagnostic::{Diagnostic, Label, Severity};
pub use document::{Document, Entry, Format, Node, NodeKind};
pub use source::{Position, Source, SourceId, Sources, Span};
