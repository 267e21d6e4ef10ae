//! A step's code, on a thread of its own.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use pt_eval::{EvalError, EvalErrorKind, Limits, Scope};
use pt_model::{Data, Failure, Masker};
use pt_plan::{Cache, CodeCall};
use pt_syntax::{Diagnostic, Sources, Span, Style, render};

use crate::args::failure;
use crate::cache;
use crate::dispatcher::Message;
use crate::guest::GuestSeat;
use crate::host::StepHost;

/// Stack of the thread on which code runs, in bytes. Only touched pages cost memory.
const STACK: usize = 64 << 20;

/// What code needs to run as a step.
pub(crate) struct StepThread {
    /// Boxed: the thread's stack would hold it twice, and thousands of them wait.
    pub(crate) host: Box<StepHost>,
    /// Set to stop it while it computes.
    pub(crate) interrupt: Arc<AtomicBool>,
    /// Whose calls it makes in place of the code's.
    pub(crate) seat: Option<GuestSeat>,
    /// What must have changed for it to be run again.
    pub(crate) cache: Option<Box<Cache>>,
}

impl StepThread {
    /// Starts the code. Its end comes as [`Message::StepEnded`].
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(self) -> std::io::Result<()> {
        // Names of threads are short.
        let name = self.host.step.as_str().chars().take(15).collect();
        thread::Builder::new().name(name).stack_size(STACK).spawn(|| self.run())?;
        Ok(())
    }

    fn run(self) {
        let mut work = Work::of(self);
        let result = work.result();
        work.end(result);
    }
}

/// The code at work. Whatever waits deep within it keeps all the frames above on its stack, and thousands wait: so it is
/// boxed, and what comes before and after the code has frames of its own.
struct Work {
    host: Box<StepHost>,
    call: Arc<CodeCall>,
    masker: Masker,
    limits: Limits,
    seat: Option<GuestSeat>,
    cache: Option<Box<Cache>>,
}

impl Work {
    #[inline(never)]
    fn of(thread: StepThread) -> Box<Self> {
        let StepThread { mut host, interrupt, seat, cache } = thread;
        let (call, masker) = (Arc::clone(&host.call), host.context.mask.now());
        let limits = Limits { interrupt, ..Limits::of_code().set(call.allowance.limits) };
        host.limits = limits.clone();
        Box::new(Self { host, call, masker, limits, seat, cache })
    }

    #[inline(never)]
    fn result(&mut self) -> Result<Data, Failure> {
        // An evaluator that broke must not leave the job waiting.
        let run = AssertUnwindSafe(|| self.run());
        catch_unwind(run)
            .unwrap_or_else(|_| Err(failure("Polytope broke while it ran the step's code. This is a bug.")))
    }

    fn run(&mut self) -> Result<Data, Failure> {
        let Self { host, call, masker, limits, seat, cache } = self;
        match (seat.take(), cache) {
            (Some(seat), _) => seat.serve(host, &limits.interrupt),
            (None, None) => evaluate(call, masker, limits, host),
            (None, Some(cache)) => {
                cache::unless_unchanged(cache, host, |host| evaluate(call, masker, limits, host))
            }
        }
    }

    #[inline(never)]
    fn end(&mut self, result: Result<Data, Failure>) {
        let host = &mut self.host;
        host.finish_line();
        host.settle();
        // The dispatcher outlives its steps; when it is gone the process ends.
        let _ = host.messages.send(Message::StepEnded { step: host.step.clone(), result });
    }
}

#[inline(never)]
fn evaluate(call: &CodeCall, masker: &Masker, limits: &Limits, host: &mut StepHost) -> Result<Data, Failure> {
    let scope = Scope {
        params: &call.params,
        repo_ref: call.home.repo_ref.as_deref(),
        project_ref: call.home.project_ref.as_deref(),
        masker,
    };
    pt_eval::run(&call.snippet.as_code(), &scope, limits, host)
        .map_err(|error| explain(error, call, &host.sources))
}

/// What code asked for, or where it broke and why, with the place in the user's file.
#[inline(never)]
pub(crate) fn explain(error: EvalError, call: &CodeCall, sources: &Sources) -> Failure {
    let error = call.allowance.advise(error);
    let span = match error.range.clone() {
        Some(range) => call.place(sources, range),
        None => Span { end: call.code_span.start, ..call.code_span },
    };
    if let EvalErrorKind::Failed(failed) = error.kind {
        // One place is enough, and nobody is told of places in our modules.
        let elsewhere = failed.place.is_some() || error.range.is_none();
        if elsewhere || sources.get(span.source).name.starts_with(STANDARD) {
            return *failed;
        }
        let place = below_heading(located(span, error.calls, call, sources), sources);
        return Failure { place: Some(place), ..*failed };
    }
    let diagnostic = error.hint.into_iter().fold(located(span, error.calls, call, sources), Diagnostic::hint);
    Failure { place: Some(below_heading(diagnostic, sources)), ..failure(error.message) }
}

/// Names of the sources of modules that come with the runner begin so.
const STANDARD: &str = "polytope/";

/// A finding at the place in the user's file, with the places around it.
fn located(span: Span, calls: Vec<Range<usize>>, call: &CodeCall, sources: &Sources) -> Diagnostic {
    let diagnostic = Diagnostic::error("code-error", "").at(span, "");
    calls
        .into_iter()
        .fold(diagnostic, |diagnostic, called| diagnostic.at(call.place(sources, called), "called here"))
}

/// Its rendering without the heading, which says nothing.
fn below_heading(diagnostic: Diagnostic, sources: &Sources) -> String {
    let rendered = render(&[diagnostic], sources, Style::default());
    rendered.lines().skip(1).collect::<Vec<_>>().join("\n")
}
