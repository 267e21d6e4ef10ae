//! Reads EDN and Clojure notation into forms that know where they stood.
//!
//! One reader serves two users: polytope files in EDN, and the Clojure evaluator. It reports the first thing it
//! cannot read, or goes on after it if asked to ([`Reader::recovering`]), and never panics, whatever the text.
//!
//! ```
//! let forms = pt_edn::read_edn("{:port 8080}")?;
//! assert_eq!(forms[0].to_string(), "{:port 8080}");
//! # Ok::<(), pt_edn::ReadError>(())
//! ```
//!
//! [`Reader`] turns text into [`Form`]s one at a time, so that a caller may run each form before the next is read.
//! Every form carries its [`Span`]. What Clojure's reader expands (`'x`, `#(…)`, `` `x ``) stays a form of its own
//! here: expanding is the evaluator's business.

mod bracket;
mod dispatch;
mod duplicate;
mod form;
mod literal;
mod name;
mod print;
mod reader;
mod recovery;

pub use bracket::{Closing, Notation, OpenBracket};
pub use form::{Form, FormKind, Span};
pub use name::Name;
pub use reader::{Mode, ReadError, ReadErrorKind, Reader};

/// Reads every form of an EDN text; Clojure-only syntax and duplicate keys are refused.
pub fn read_edn(text: &str) -> Result<Vec<Form>, ReadError> {
    Reader::edn(text).read_all()
}

/// Reads every form of a Clojure text; surplus closing brackets at top level are skipped.
pub fn read_clojure(text: &str) -> Result<Vec<Form>, ReadError> {
    Reader::new(text).read_all()
}
