//! Python, by monty.
//!
//! monty has no files, network, clock or environment of its own: where a script asks for one, or calls a function of `pt`,
//! it stops and hands over what it needs to go on. So calls to the runner are made here, on the caller's thread.

mod data;
mod fault;
pub(crate) mod repl;
mod runner;
mod scope;
mod watch;

use std::mem::take;
use std::rc::Rc;

use monty::{MontyRun, RunProgress};
use monty_types::{CompileOptions, MontyException, MontyObject, ResourceLimits, ResourceTracker};
use pt_model::Data;
use ruff_text_size::TextRange;

use crate::check::{Mistake, MistakeKind};
use crate::host::Session;
use crate::room::with_room;
use crate::{EvalError, Limits, Scope, Snippet, mentions};
use fault::Source;
use runner::Runner;
use watch::Watch;

/// The file that stack traces name.
const FILE: &str = "snippet";

/// Bytes of a single number, text or list that is made at once: what takes more memory is found out only afterwards.
const LARGEST: usize = 16 << 20;

/// Levels of calls.
const DEEPEST_CALL: usize = 1000;

/// The value of the last expression.
#[inline(never)]
pub(crate) fn run(
    snippet: &Snippet<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    session: &mut Session<'_>,
) -> Result<Data, EvalError> {
    let watch = Rc::new(Watch::start(limits));
    let source = Source::of(snippet);
    let mut runner = Runner::new(session);
    let result = watched(&watch, || execute(source, scope, limits, &watch, &mut runner));
    runner.hand_over(true);
    let Some(result) = result else { return Err(watch.stopped().unwrap_or_else(EvalError::interrupted)) };
    let result =
        result.unwrap_or_else(|error| Err(fault::from_exception(&error, source, runner.failures(), limits)));
    // Nothing that code catches or returns after it was told to stop counts.
    watch.ended().map_or(result, Err)
}

/// Runs something; nothing if a calculation with very large numbers was ended, which the script cannot see.
fn watched<R>(watch: &Rc<Watch>, run: impl FnOnce() -> R) -> Option<R> {
    let watch = Rc::clone(watch);
    num_bigint::watched(Rc::new(move || watch.stopped().is_none()), run)
}

/// The mistake that keeps a script from being read, if there is one.
pub(crate) fn check(snippet: &Snippet<'_>) -> Option<EvalError> {
    let source = Source::of(snippet);
    compile(source, Vec::new())
        .err()
        .map(|error| fault::from_exception(&error, source, &[], &Limits::default()))
}

/// The names in a script that mean nothing.
pub(crate) fn unknown_names(snippet: &Snippet<'_>, given: &[&str]) -> Vec<Mistake> {
    let source = Source::of(snippet);
    let given: Vec<&str> = ["params", "inputs", "pt"].iter().chain(given).copied().collect();
    let script = source.dedented();
    let (unknown, defined) = with_room(&script, || scope::unknown(&script, &given)).unwrap_or_default();
    let mistake = |(name, range): (String, TextRange)| {
        let meant = fault::nearest(&name, defined.iter().map(String::as_str)).map(str::to_owned);
        Mistake {
            kind: MistakeKind::UnknownName,
            message: format!("Nothing is named {name}"),
            range: Some(source.original(range.start().to_usize()..range.end().to_usize())),
            hint: meant.as_ref().map(|near| format!("did you mean {near}?")),
            meant,
        }
    };
    unknown.into_iter().map(mistake).collect()
}

fn compile(source: Source<'_>, names: Vec<String>) -> Result<MontyRun, MontyException> {
    MontyRun::new(source.dedented(), FILE, names, CompileOptions::default())
}

fn execute(
    source: Source<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    watch: &Rc<Watch>,
    runner: &mut Runner<'_, '_>,
) -> Result<Result<Data, EvalError>, MontyException> {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for name in ["params", "inputs"].into_iter().filter(|name| mentions(source.text, name)) {
        names.push(name.to_owned());
        values.push(data::map_to_python(scope.params));
    }
    if mentions(source.text, "pt") {
        names.push("pt".to_owned());
        values.push(runner::namespace(scope));
    }
    let tracked =
        ResourceLimits::default().max_memory(limits.memory.min(LARGEST)).max_recursion_depth(DEEPEST_CALL);
    let tracker = ResourceTracker::new(tracked).with_watch(Rc::<Watch>::clone(watch));
    let mut progress = compile(source, names)?.start(values, tracker, runner.writer());
    loop {
        let waiting = progress?;
        if let RunProgress::Complete(value) = waiting {
            return Ok(convert(&value));
        }
        if let Some(stopped) = watch.stopped() {
            return Ok(Err(stopped));
        }
        progress = resume(waiting, runner);
    }
}

fn convert(value: &MontyObject) -> Result<Data, EvalError> {
    data::from_python(value).map_err(|unfit| {
        let error = EvalError::code(unfit.message());
        data::hint(&unfit).into_iter().fold(error, EvalError::with_hint)
    })
}

/// Answers what the script stopped for.
fn resume(waiting: RunProgress, runner: &mut Runner<'_, '_>) -> Result<RunProgress, MontyException> {
    match waiting {
        RunProgress::FunctionCall(mut call) => {
            let (args, named) = (take(&mut call.args), take(&mut call.kwargs));
            let answer = runner.call(&call.function_name, call.object_id.is_some(), &args, &named);
            call.resume(answer, runner.writer())
        }
        RunProgress::NameLookup(lookup) => {
            let found = lookup.object_id().and_then(|_| runner.function(&lookup.name));
            lookup.resume(found, runner.writer())
        }
        RunProgress::OsCall(call) => call.resume_with(runner.writer(), |call| runner::system(&call)),
        // Calls to the runner are answered before the script goes on.
        RunProgress::ResolveFutures(_) => Err(MontyException::runtime_error("there is nothing to wait for")),
        done @ RunProgress::Complete(_) => Ok(done),
    }
}
