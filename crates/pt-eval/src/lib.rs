//! Runs a piece of code over data and a host API.
//!
//! A [`Snippet`] — Clojure, JavaScript or Python, as it stands in a polytope file — is run in a [`Scope`]: the arguments of the
//! module, template or tool around it, under the names `params` and `inputs`, and the references of its repository and
//! project. What the code computes comes back as [`Data`].
//!
//! There are two occasions. Code in args is [evaluated](evaluate): it computes and looks things up, but starts nothing
//! and waits for nothing. Code of modules and steps is [run](run): it may call every [runner function](RunnerFunction),
//! and waits on the caller's thread until the [`Host`] has an answer.
//!
//! Each snippet runs in an environment of its own, without files, network, processes or environment variables. Secrets
//! among the params are open to the code; in whatever leaves it — results, arguments of host calls, printed lines,
//! messages of errors — they are marked or hidden again.

mod calls;
mod check;
mod clojure;
mod data;
mod error;
mod function;
mod host;
mod javascript;
mod limits;
mod memory;
mod python;
mod repl;
mod room;
mod secrets;
mod suggestion;

use pt_model::{Data, Map, Masker};

pub use check::{Mistake, MistakeKind, check, unreadable};
pub use clojure::help::help;
pub use error::{EvalError, EvalErrorKind, Limit};
pub use function::{Deed, FUNCTIONS, Occasion, RunnerFunction, called, near};
pub use host::{Host, NoHost};
pub use limits::{Limits, Waited};
pub use repl::{Lines, Talk, repl};

use host::Session;
use secrets::Secrets;

/// The languages of code in polytope files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `#pt-clj`, `pt.clj`.
    Clojure,
    /// `#pt-js`, `pt.js`.
    JavaScript,
    /// `#pt-py`, `pt.py`.
    Python,
}

impl Language {
    /// Its name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clojure => "Clojure",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        }
    }
}

/// A piece of code, without its prefix.
#[derive(Clone, Copy, Debug)]
pub struct Snippet<'a> {
    /// What it is written in.
    pub language: Language,
    /// The code. Ranges in errors are bytes of this text.
    pub text: &'a str,
    /// Whether the functions `value` and `secret` exist: with the prefixes `pt.clj`, `pt.js` and `pt.py` they do, with
    /// `#pt-clj`, `#pt-js` and `#pt-py` they do not.
    pub settings: bool,
}

/// What a piece of code sees.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The arguments of the module, template or tool around the code, under the names that its params were declared with.
    pub params: &'a Map,
    /// The repository that holds the definition.
    pub repo_ref: Option<&'a str>,
    /// The project that holds the definition.
    pub project_ref: Option<&'a str>,
    /// The secrets known so far; those among the params are looked for in any case.
    pub masker: &'a Masker,
}

/// The value of code in args. It has nobody to ask; what it prints is dropped.
pub fn evaluate(snippet: &Snippet<'_>, scope: &Scope<'_>, limits: &Limits) -> Result<Data, EvalError> {
    evaluate_with(snippet, scope, limits, &mut NoHost)
}

/// The value of code in args that may ask `host` for what does not wait and changes nothing: values, secrets, files of
/// repositories, data formats. Everything else is refused without asking.
pub fn evaluate_with(
    snippet: &Snippet<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    host: &mut dyn Host,
) -> Result<Data, EvalError> {
    in_session(snippet, scope, limits, Occasion::Args, host, |session| {
        in_language(snippet, scope, limits, session)
    })
}

/// Runs code to its end; waits wherever the host does, which may be asked from another thread.
pub fn run(
    snippet: &Snippet<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    host: &mut (dyn Host + Send),
) -> Result<Data, EvalError> {
    if snippet.language == Language::Python {
        let run = |session: &mut Session<'_, _>| python::run_parked(snippet, scope, limits, session);
        return in_session(snippet, scope, limits, Occasion::Code, host, run);
    }
    let host: &mut dyn Host = host;
    in_session(snippet, scope, limits, Occasion::Code, host, |session| {
        in_language(snippet, scope, limits, session)
    })
}

fn in_language(
    snippet: &Snippet<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    session: &mut Session<'_>,
) -> Result<Data, EvalError> {
    match snippet.language {
        Language::Clojure => clojure::run(snippet, scope, limits, session),
        Language::JavaScript => javascript::run(snippet, scope, limits, session),
        Language::Python => python::run(snippet, scope, limits, session),
    }
}

/// Kept apart, as all that is called once for each piece of code: thousands wait in code, each on a stack of its own.
#[inline(never)]
fn in_session<'h, H: Host + ?Sized>(
    snippet: &Snippet<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    occasion: Occasion,
    host: &'h mut H,
    run: impl FnOnce(&mut Session<'h, H>) -> Result<Data, EvalError>,
) -> Result<Data, EvalError> {
    let (secrets, settings) = (Secrets::of(scope), snippet.settings);
    let mut session = Session { host, secrets, occasion, settings, waited: limits.waited.clone() };
    let result = run(&mut session);
    session.secrets.close(result)
}

/// Whether a word stands anywhere in the text.
fn mentions(text: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(part_of_name) && !text[at + word.len()..].starts_with(part_of_name)
    })
}
