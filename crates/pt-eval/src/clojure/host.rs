//! The namespace `pt` and the output of Clojure code.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use pt_clj::{Exception, Host, Value};
use pt_model::{Data, Failure};

use super::data::{from_clojure, to_clojure};
use crate::function::Refusal;
use crate::host::Session;
use crate::limits::Clock;
use crate::{Limits, Scope};

/// The runner as Clojure code sees it.
pub(super) struct Runner<'s, 'h> {
    session: &'s mut Session<'h>,
    repo_ref: Value,
    project_ref: Value,
    /// The line that is being printed.
    line: String,
    /// Started anew for each line of a conversation.
    clock: Rc<RefCell<Clock>>,
}

impl<'s, 'h> Runner<'s, 'h> {
    pub(super) fn new(session: &'s mut Session<'h>, scope: &Scope<'_>, limits: &Limits) -> Self {
        let value = |reference: Option<&str>| reference.map_or(Value::Nil, Value::from);
        Self {
            session,
            repo_ref: value(scope.repo_ref),
            project_ref: value(scope.project_ref),
            line: String::new(),
            clock: Rc::new(RefCell::new(limits.clock())),
        }
    }

    #[inline(never)]
    pub(super) fn boxed(session: &'s mut Session<'h>, scope: &Scope<'_>, limits: &Limits) -> Box<Self> {
        Box::new(Self::new(session, scope, limits))
    }

    /// What tells when the code must end.
    pub(super) fn clock(&self) -> Rc<RefCell<Clock>> {
        Rc::clone(&self.clock)
    }

    /// Hands over the last line if nothing ended it.
    pub(super) fn finish(&mut self) {
        if !self.line.is_empty() {
            self.session.print(&self.line);
        }
    }
}

/// Arguments as the runner takes them. What comes before and after a call is kept apart: the call may wait.
#[inline(never)]
fn given(name: &str, args: &[Value]) -> Result<Vec<Data>, Exception> {
    let args: Result<Vec<Data>, String> = args.iter().map(from_clojure).collect();
    args.map_err(|message| {
        Exception::new("IllegalArgumentException", format!("{message} It is in the arguments of pt/{name}."))
    })
}

/// The runner's answer as Clojure takes it.
#[inline(never)]
fn answered(answer: Result<Data, Failure>) -> Result<Value, Exception> {
    match answer {
        Ok(answer) => Ok(to_clojure(&answer)),
        Err(failure) => Err(Exception::info(failure.message, to_clojure(&failure.data))),
    }
}

impl Host for Runner<'_, '_> {
    fn knows(&self, name: &str) -> bool {
        matches!(self.session.find(name), Ok(_) | Err(Refusal::NotInArgs))
    }

    fn call(&mut self, name: &str, args: Vec<Value>) -> Result<Value, Exception> {
        if self.session.find(name).is_err() {
            let message = format!("pt/{name} cannot be used in args");
            return Err(Exception::new("IllegalStateException", message));
        }
        answered(self.session.call(name, given(name, &args)?))
    }

    fn deadline(&self) -> Option<Instant> {
        self.clock.borrow().deadline()
    }

    fn value(&self, name: &str) -> Option<Value> {
        match name {
            "module-repo-ref" => Some(self.repo_ref.clone()),
            "module-project-ref" => Some(self.project_ref.clone()),
            _ => None,
        }
    }

    fn print(&mut self, text: &str) {
        self.line.push_str(text);
        if let Some(end) = self.line.rfind('\n') {
            let rest = self.line.split_off(end + 1);
            self.session.print(&self.line[..end]);
            self.line = rest;
        }
    }

    fn millis(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        i64::try_from(since).unwrap_or(i64::MAX)
    }
}
