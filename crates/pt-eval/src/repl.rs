//! Code line by line: what one defines, the next ones see.

use std::cell::RefCell;

use pt_model::{Data, Failure};

use crate::host::Session;
use crate::secrets::Secrets;
use crate::{EvalError, Host, Language, Limits, Occasion, Scope, clojure, javascript, python};

/// Where lines of one language are evaluated, one after another.
pub trait Lines {
    /// The value of a piece of code, as its language prints it. An interrupt that came before is forgotten.
    ///
    /// `before` is what was said earlier, in whole lines. It is not evaluated again; but a mistake may be in a function that
    /// stands there: ranges of errors are bytes of both together.
    ///
    /// # Errors
    /// The code cannot be read, threw, was interrupted, or used up what it may. What was defined before stays.
    fn evaluate(&mut self, before: &str, text: &str) -> Result<String, EvalError>;

    /// The names that can be used, for completion: those of the language, the runner's, and what lines have defined.
    fn names(&mut self) -> Vec<String>;

    /// What is to be said of a name that lines have defined.
    fn about(&mut self, name: &str) -> Option<String>;
}

/// A talk in all languages: each remembers what its lines have defined.
pub struct Talk<'l> {
    clojure: &'l mut dyn Lines,
    javascript: &'l mut dyn Lines,
    python: &'l mut dyn Lines,
}

impl Talk<'_> {
    /// The lines of one language.
    pub fn lines(&mut self, language: Language) -> &mut dyn Lines {
        match language {
            Language::Clojure => self.clojure,
            Language::JavaScript => self.javascript,
            Language::Python => self.python,
        }
    }
}

/// Lets somebody talk in all languages. The code may call every runner function that `host` answers; each line may use up what
/// the limits say.
///
/// # Errors
/// A language could not be started.
pub fn repl<R>(
    scope: &Scope<'_>,
    limits: &Limits,
    host: &mut dyn Host,
    talk: impl FnOnce(&mut Talk<'_>) -> R,
) -> Result<R, EvalError> {
    let host = &RefCell::new(host);
    in_session(scope, limits, host, |session| {
        clojure::repl::talk(scope, limits, session, |clojure| {
            in_session(scope, limits, host, |session| {
                javascript::repl::talk(scope, limits, session, |javascript| {
                    in_session(scope, limits, host, |session| {
                        python::repl::talk(scope, limits, session, |python| {
                            talk(&mut Talk { clojure, javascript, python })
                        })
                    })
                })
            })
        })
    })
}

fn in_session<R>(
    scope: &Scope<'_>,
    limits: &Limits,
    host: &RefCell<&mut dyn Host>,
    talk: impl FnOnce(&mut Session<'_>) -> R,
) -> R {
    let mut turn = Turn(host);
    let (secrets, occasion, waited) = (Secrets::of(scope), Occasion::Code, limits.waited.clone());
    talk(&mut Session { host: &mut turn, secrets, occasion, settings: true, waited })
}

/// The host, in turn for each language: only one line is evaluated at a time.
struct Turn<'t, 'h>(&'t RefCell<&'h mut dyn Host>);

impl Host for Turn<'_, '_> {
    fn call(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        self.0.borrow_mut().call(function, args)
    }

    fn print(&mut self, line: &str) {
        self.0.borrow_mut().print(line);
    }
}
