//! Python, line by line.

use std::collections::BTreeSet;
use std::mem::take;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use monty::{MontyRepl, ReplProgress, ReplStartError};
use monty_types::{MontyException, MontyObject};

use super::fault::{self, Source};
use super::runner::{self, Runner};
use super::watch::Watch;
use super::{data, scope, tracker, watched};
use crate::function::{FUNCTIONS, called};
use crate::host::Session;
use crate::repl::Lines;
use crate::{EvalError, Language, Limits, Scope, Snippet};

/// Talks in one namespace.
pub(crate) fn talk<R>(
    scope: &Scope<'_>,
    limits: &Limits,
    session: &mut Session<'_>,
    talk: impl FnOnce(&mut dyn Lines) -> R,
) -> R {
    let watch = Rc::new(Watch::start(limits));
    let given = ["params", "inputs"].map(|name| (name.to_owned(), data::map_to_python(scope.params)));
    let given: Vec<_> = given.into_iter().chain([("pt".to_owned(), runner::namespace(scope))]).collect();
    let mut lines = Python {
        state: Some(interpreter(limits, &watch)),
        given: given.clone(),
        all_given: given,
        runner: Runner::new(session),
        watch,
        limits,
        defined: BTreeSet::new(),
    };
    talk(&mut lines)
}

fn interpreter(limits: &Limits, watch: &Rc<Watch>) -> MontyRepl {
    MontyRepl::new(super::FILE, tracker(limits, watch), super::options()).with_os_policy(super::policy())
}

/// What monty calls the lines, each with a number behind.
const FILES: &str = "<python-input-";

struct Python<'l, 's, 'h> {
    /// Always there between lines.
    state: Option<MontyRepl>,
    /// What the first line is given, as long as it has not come; and all of it, should there be another first line.
    given: Vec<(String, MontyObject)>,
    all_given: Vec<(String, MontyObject)>,
    runner: Runner<'s, 'h>,
    watch: Rc<Watch>,
    limits: &'l Limits,
    defined: BTreeSet<String>,
}

impl Python<'_, '_, '_> {
    /// Runs a line to its end.
    fn feed(&mut self, script: &str) -> Result<MontyObject, MontyException> {
        let Some(state) = self.state.take() else {
            return Err(MontyException::runtime_error("the interpreter is gone"));
        };
        let mut progress = state.feed_start(script, take(&mut self.given), self.runner.writer());
        loop {
            match progress {
                Ok(ReplProgress::Complete { repl, value }) => {
                    self.state = Some(repl);
                    return Ok(value);
                }
                Ok(waiting) if self.watch.stopped().is_some() => {
                    self.state = Some(waiting.into_repl());
                    return Err(MontyException::runtime_error("stopped"));
                }
                Ok(waiting) => progress = self.answer(waiting),
                Err(stopped) => {
                    let ReplStartError { repl, error } = *stopped;
                    self.state = Some(repl);
                    return Err(error);
                }
            }
        }
    }

    /// Answers what a line stopped for.
    fn answer(&mut self, waiting: ReplProgress) -> Result<ReplProgress, Box<ReplStartError>> {
        let runner = &mut self.runner;
        match waiting {
            ReplProgress::FunctionCall(mut call) => {
                let args = take(&mut call.args);
                let answer = runner.call(&call.function_name, call.object_id.is_some(), &args);
                call.resume(answer, runner.writer())
            }
            ReplProgress::NameLookup(lookup) => {
                let found = lookup.object_id().and_then(|_| runner.function(&lookup.name));
                lookup.resume(found.into(), runner.writer())
            }
            ReplProgress::OsCall(call) => call.resume_with(runner.writer(), |call| runner::system(&call)),
            // Calls to the runner are answered before the script goes on.
            ReplProgress::ResolveFutures(waiting) => Err(Box::new(ReplStartError {
                repl: waiting.into_repl(),
                error: MontyException::runtime_error("there is nothing to wait for"),
            })),
            done @ ReplProgress::Complete { .. } => Ok(done),
        }
    }
}

impl Lines for Python<'_, '_, '_> {
    fn evaluate(&mut self, before: &str, text: &str) -> Result<String, EvalError> {
        self.limits.interrupt.store(false, Ordering::Relaxed);
        self.watch.restart();
        let snippet = Snippet { language: Language::Python, text, settings: true };
        let script = Source::of(&snippet).dedented();
        let said = format!("{before}{script}");
        let source = Source::of_talk(&said, FILES);
        // Functions keep their places: so each must stand where nothing else has stood.
        let script = format!("{}{script}", "\n".repeat(before.matches('\n').count()));
        let watch = Rc::clone(&self.watch);
        let Some(result) = watched(&watch, || self.feed(&script)) else {
            // Ended amid a calculation, the interpreter is lost with all that was defined in it.
            self.state = Some(interpreter(self.limits, &watch));
            self.given.clone_from(&self.all_given);
            self.defined.clear();
            return Err(watch.stopped().unwrap_or_else(EvalError::interrupted));
        };
        self.runner.hand_over(true);
        self.defined.extend(scope::defined(&script));
        let shown = result
            .map(|value| value.py_repr())
            .map_err(|error| fault::from_exception(&error, source, self.runner.failures(), self.limits));
        self.watch.ended().map_or(shown, Err)
    }

    fn names(&mut self) -> Vec<String> {
        let runner = FUNCTIONS.iter().map(|function| called(function.name, Language::Python));
        let built_in = fault::BUILTINS.split_whitespace().map(str::to_owned);
        built_in.chain(runner).chain(self.defined.clone()).collect()
    }

    fn about(&mut self, name: &str) -> Option<String> {
        self.defined.contains(name).then(|| format!("{name} was defined here."))
    }
}
