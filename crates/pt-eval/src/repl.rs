//! Code line by line: what one defines, the next ones see.

use crate::host::Session;
use crate::secrets::Secrets;
use crate::{EvalError, Host, Language, Limits, Occasion, Scope, clojure, javascript, python};

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
/// # Errors
/// The language could not be started.
pub fn repl<R>(
    language: Language,
    scope: &Scope<'_>,
    limits: &Limits,
    host: &mut dyn Host,
    talk: impl FnOnce(&mut dyn Lines) -> R,
) -> Result<R, EvalError> {
    let (secrets, occasion, waited) = (Secrets::of(scope), Occasion::Code, limits.waited.clone());
    let mut session = Session { host, secrets, occasion, settings: true, waited };
    match language {
        Language::Clojure => Ok(clojure::repl::talk(scope, limits, &mut session, talk)),
        Language::JavaScript => javascript::repl::talk(scope, limits, &mut session, talk),
        Language::Python => Ok(python::repl::talk(scope, limits, &mut session, talk)),
    }
}
