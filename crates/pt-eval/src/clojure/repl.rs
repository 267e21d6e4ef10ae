//! Clojure, line by line.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pt_clj::{Context, Error, Exception, Program, Value, print};

use super::host::Runner;
use super::{NAMESPACE, bounds, data, fault};
use crate::host::Session;
use crate::limits::Clock;
use crate::repl::Lines;
use crate::{EvalError, FUNCTIONS, Language, Limits, Scope, Snippet};

/// Talks in one context.
pub(crate) fn talk<R>(
    scope: &Scope<'_>,
    limits: &Limits,
    session: &mut Session<'_>,
    talk: impl FnOnce(&mut dyn Lines) -> R,
) -> R {
    let params = data::map_to_clojure(scope.params);
    let mut runner = Runner::new(session, scope, limits);
    let clock = runner.clock();
    let mut context = Context::new().with_host(NAMESPACE, &mut runner);
    context.bind("params", params.clone());
    context.bind("inputs", params);
    let mut lines = Clojure { context, limits, clock, last: Default::default(), defined: BTreeSet::new() };
    lines.remember();
    lines.context.bind("clojure.core/*e", Value::Nil);
    let result = talk(&mut lines);
    drop(lines);
    runner.finish();
    result
}

struct Clojure<'c, 'l> {
    context: Context<'c>,
    limits: &'l Limits,
    clock: Rc<RefCell<Clock>>,
    /// The last values, newest first.
    last: [Value; 3],
    defined: BTreeSet<String>,
}

impl Clojure<'_, '_> {
    /// `*1`, `*2`, `*3`: as in Clojure they belong to its core, so that every namespace has them.
    fn remember(&mut self) {
        for (name, value) in ["clojure.core/*1", "clojure.core/*2", "clojure.core/*3"].iter().zip(&self.last)
        {
            self.context.bind(name, value.clone());
        }
    }
}

/// What `*e` is: an exception also where the text could not even be read.
fn thrown(error: &Error) -> Value {
    let exception = error.exception.clone();
    Value::Exception(
        exception.unwrap_or_else(|| Arc::new(Exception::new("RuntimeException", error.message.as_str()))),
    )
}

impl Lines for Clojure<'_, '_> {
    fn evaluate(&mut self, before: &str, text: &str) -> Result<String, EvalError> {
        self.limits.interrupt.store(false, Ordering::Relaxed);
        self.clock.replace(self.limits.clock());
        self.context.limit(bounds(self.limits, &self.clock.borrow()));
        let said = format!("{before}{text}");
        let snippet = Snippet { language: Language::Clojure, text: &said, settings: true };
        let fault = |error| fault(error, &snippet, self.limits);
        // Functions keep their places: so each must stand where nothing else has stood.
        let program = Program::compile(&format!("{}{text}", " ".repeat(before.len())));
        let value = match program.and_then(|program| program.run(&mut self.context)) {
            Ok(value) => value,
            Err(error) => {
                self.context.bind("clojure.core/*e", thrown(&error));
                return Err(fault(error));
            }
        };
        self.defined.extend(definitions(text).map(str::to_owned));
        let shown = print::pr_str(&value);
        self.last.rotate_right(1);
        self.last[0] = value;
        self.remember();
        Ok(shown)
    }

    fn names(&mut self) -> Vec<String> {
        let runner = FUNCTIONS.iter().map(|function| format!("{NAMESPACE}/{}", function.name));
        let values = ["params", "inputs", "pt/module-repo-ref", "pt/module-project-ref"].map(str::to_owned);
        pt_clj::core_names().into_iter().chain(runner).chain(values).chain(self.defined.clone()).collect()
    }

    fn about(&mut self, name: &str) -> Option<String> {
        if !self.defined.contains(name) {
            return None;
        }
        let tell = format!("(with-out-str (clojure.repl/doc {name}))");
        let said = Program::compile(&tell).and_then(|program| program.run(&mut self.context)).ok()?;
        // The first line is a rule.
        let said = said.as_str()?.split_once('\n')?.1.trim_end().to_owned();
        (!said.is_empty()).then_some(said)
    }
}

/// The names that a text defines: `(def x`, `(defn f`, `(defmacro m`.
fn definitions(text: &str) -> impl Iterator<Item = &str> {
    text.split('(').filter_map(|form| {
        let mut words = form.split([' ', '\n', '\t', '[', ')']).filter(|word| !word.is_empty());
        words.next().filter(|word| word.starts_with("def"))?;
        words.next()
    })
}
