//! Code line by line: what one defines, the next ones see.

use crate::host::Session;
use crate::secrets::Secrets;
use crate::{EvalError, Host, Language, Limits, Occasion, Scope, clojure, javascript};

/// Where lines are evaluated, one after another.
pub trait Lines {
    /// The value of a piece of code, as its language prints it. An interrupt that came before is forgotten.
    ///
    /// # Errors
    /// The code cannot be read, threw, or was interrupted. What was defined before stays.
    fn evaluate(&mut self, text: &str) -> Result<String, EvalError>;

    /// The names that can be used, for completion: those of the language, the runner's, and what lines have defined.
    fn names(&mut self) -> Vec<String>;
}

/// Lets somebody talk with a language. The code may call every runner function that `host` answers.
///
/// `talk` may run on a thread of its own.
///
/// # Errors
/// The language is not supported line by line.
pub fn repl<R: Send>(
    language: Language,
    scope: &Scope<'_>,
    limits: &Limits,
    host: &mut dyn Host,
    talk: impl FnOnce(&mut dyn Lines) -> R + Send,
) -> Result<R, EvalError> {
    let mut session = Session { host, secrets: Secrets::of(scope), occasion: Occasion::Code, settings: true };
    match language {
        Language::Clojure => Ok(clojure::repl::talk(scope, limits, &mut session, talk)),
        Language::JavaScript => javascript::repl::talk(scope, limits, &mut session, talk),
        Language::Python => Err(EvalError::unsupported("There is no REPL for Python yet.")
            .with_hint("`pt eval --lang py` evaluates one piece of code.")),
    }
}
