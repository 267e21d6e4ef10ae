//! Python, by monty.
//!
//! monty has no files, network, clock or environment of its own: where a script asks for one, or calls a function of `pt`,
//! it stops and hands over what it needs to go on. So calls to the runner are made here, on the caller's thread.

mod data;
mod fault;
pub(crate) mod repl;
mod runner;
mod scope;
mod stretch;
mod watch;

use std::mem::take;
use std::rc::Rc;

use monty::{MontyRun, RunProgress};
use monty_types::{
    AssertMessageAnnotations, CompileOptions, DateTimeSource, ExtFunctionResult, MontyException, ObjectRef,
    OsPolicy, ResourceLimits, ResourceTracker, SleepMode,
};
use pt_model::Data;
use ruff_text_size::TextRange;

use crate::check::{Mistake, MistakeKind};
use crate::host::{Host, Session};
use crate::limits::Clock;
use crate::room::with_room;
use crate::{EvalError, Limits, Scope, Snippet, mentions};
use fault::Source;
use runner::Runner;
use watch::Watch;

/// The file that stack traces name.
const FILE: &str = "snippet";

/// Bytes of a single number, text or list that is made at once: what takes more memory is found out only afterwards.
const LARGEST: usize = 16 << 20;

/// Levels of calls, unless other limits are set.
const DEEPEST_CALL: usize = 1000;

/// The value of the last expression.
#[inline(never)]
pub(crate) fn run<H: Host + ?Sized>(
    snippet: &Snippet<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    session: &mut Session<'_, H>,
) -> Result<Data, EvalError> {
    let source = Source::of(snippet);
    let mut runner = Runner::new(session);
    let begun = Begun::Not { source, scope };
    let ran = watched_run(begun, limits, limits.clock(), &mut runner, |_, _| None::<()>);
    end(ran, source, limits, &mut runner)
}

/// The same; while the script waits, it takes little memory.
pub(crate) fn run_parked<H: Host + Send + ?Sized>(
    snippet: &Snippet<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    session: &mut Session<'_, H>,
) -> Result<Data, EvalError> {
    if !mentions(snippet.text, "pt") {
        return run(snippet, scope, limits, session);
    }
    let source = Source::of(snippet);
    let mut runner = Runner::new(session);
    let ran = stretch::run(Begun::Not { source, scope }, limits, &mut runner);
    end(ran, source, limits, &mut runner)
}

fn end<A, H: Host + ?Sized>(
    ran: Ran<A>,
    source: Source<'_>,
    limits: &Limits,
    runner: &mut Runner<'_, '_, H>,
) -> Result<Data, EvalError> {
    runner.hand_over(true);
    match ran {
        Ran::Done(result) => result,
        Ran::Unfit(error) => {
            let script = source.dedented();
            let last = with_room(&script, || scope::last_statement(&script)).flatten();
            Err(error.at(last.map(|range| source.original(range.start().to_usize()..range.end().to_usize()))))
        }
        Ran::Raised(error) => Err(fault::from_exception(&error, source, runner.failures(), limits)),
        // Whoever takes nothing aside is never left with something.
        Ran::Aside(_) => Err(EvalError::interrupted()),
    }
}

/// How far a script is.
enum Begun<'a> {
    Not {
        source: Source<'a>,
        scope: &'a Scope<'a>,
    },
    /// It waits for the answer to a call, which has come.
    Waiting(Box<[u8]>, ExtFunctionResult),
}

/// Where a script has come to.
enum Ran<A> {
    Done(Result<Data, EvalError>),
    /// Its value is no data.
    Unfit(EvalError),
    Raised(MontyException),
    /// It waits for the answer to a call, and was taken aside.
    Aside(A),
}

/// Runs a script to its end, or to a call that is taken aside. Nothing that code catches or returns after it was told to stop
/// counts.
#[inline(never)]
fn watched_run<A, H: Host + ?Sized>(
    begun: Begun<'_>,
    limits: &Limits,
    clock: Clock,
    runner: &mut Runner<'_, '_, H>,
    aside: impl Fn(&mut RunProgress, &Runner<'_, '_, H>) -> Option<A>,
) -> Ran<A> {
    let watch = Rc::new(Watch::by(limits, clock));
    let ran = watched(&watch, || execute(begun, limits, &watch, runner, aside));
    let ran = ran.map_or_else(
        || Ran::Done(Err(watch.stopped().unwrap_or_else(EvalError::interrupted))),
        |ran| ran.unwrap_or_else(Ran::Raised),
    );
    match (ran, watch.ended()) {
        (Ran::Done(_) | Ran::Unfit(_) | Ran::Raised(_), Some(stopped)) => Ran::Done(Err(stopped)),
        (ran, _) => ran,
    }
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
    MontyRun::new(source.dedented(), FILE, names, options()).map(|script| script.with_os_policy(policy()))
}

/// An assertion says what its author wrote, and nothing more.
fn options() -> CompileOptions {
    CompileOptions { assert_message_annotations: AssertMessageAnnotations::Off, ..CompileOptions::default() }
}

/// The clock and its zone are this machine's, and nobody sleeps but in `pt.sleep`.
fn policy() -> OsPolicy {
    OsPolicy { datetime: DateTimeSource::CallHost, sleep: SleepMode::CallHost, ..OsPolicy::default() }
}

fn execute<A, H: Host + ?Sized>(
    begun: Begun<'_>,
    limits: &Limits,
    watch: &Rc<Watch>,
    runner: &mut Runner<'_, '_, H>,
    aside: impl Fn(&mut RunProgress, &Runner<'_, '_, H>) -> Option<A>,
) -> Result<Ran<A>, MontyException> {
    let mut progress = match begun {
        Begun::Not { source, scope } => begin(source, scope, limits, watch, runner),
        Begun::Waiting(packed, answer) => {
            let mut call = stretch::unpack(&packed)?;
            let tracker = take(call.tracker_mut()).with_watch(Rc::<Watch>::clone(watch));
            *call.tracker_mut() = tracker;
            call.resume(answer, runner.writer())
        }
    };
    loop {
        let mut waiting = progress?;
        if let RunProgress::Complete(value) = waiting {
            return Ok(convert(value.as_ref()).map_or_else(Ran::Unfit, |data| Ran::Done(Ok(data))));
        }
        if let Some(stopped) = watch.stopped() {
            return Ok(Ran::Done(Err(stopped)));
        }
        if let Some(aside) = aside(&mut waiting, runner) {
            return Ok(Ran::Aside(aside));
        }
        progress = resume(waiting, runner);
    }
}

/// Reads a script and runs it until it asks for something.
#[inline(never)]
fn begin<H: Host + ?Sized>(
    source: Source<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    watch: &Rc<Watch>,
    runner: &mut Runner<'_, '_, H>,
) -> Result<RunProgress, MontyException> {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for name in ["params", "inputs"].into_iter().filter(|name| mentions(source.text, name)) {
        names.push(name.to_owned());
        values.push(data::map_to_python(scope.params));
    }
    if mentions(source.text, "pt") {
        names.push("pt".to_owned());
        values.push(runner::namespace(scope));
    }
    compile(source, names)?.start(values, tracker(limits, watch), runner.writer())
}

/// What monty itself looks at.
fn tracker(limits: &Limits, watch: &Rc<Watch>) -> ResourceTracker {
    let deepest = limits.depth.and_then(|depth| usize::try_from(depth).ok()).unwrap_or(DEEPEST_CALL);
    let tracked =
        ResourceLimits::default().max_memory(limits.memory.min(LARGEST)).max_recursion_depth(deepest);
    ResourceTracker::new(tracked).with_watch(Rc::<Watch>::clone(watch))
}

fn convert(value: ObjectRef<'_>) -> Result<Data, EvalError> {
    data::from_python(value).map_err(|unfit| {
        let error = EvalError::code(unfit.message());
        data::hint(&unfit).into_iter().fold(error, EvalError::with_hint)
    })
}

/// Answers what the script stopped for.
fn resume<H: Host + ?Sized>(
    waiting: RunProgress,
    runner: &mut Runner<'_, '_, H>,
) -> Result<RunProgress, MontyException> {
    match waiting {
        RunProgress::FunctionCall(mut call) => {
            let args = take(&mut call.args);
            let answer = runner.call(&call.function_name, call.object_id.is_some(), &args);
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
