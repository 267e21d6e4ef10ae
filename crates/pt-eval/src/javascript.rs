//! JavaScript, by QuickJS.
//!
//! Each snippet gets a runtime of its own: that costs no more than a context in a shared one, bounds its memory, and
//! leaves nothing behind. Only what cannot tell the difference runs in a [`shared`] one.

mod api;
mod bridge;
mod data;
mod equipment;
mod fault;
mod rejected;
pub(crate) mod repl;
mod scope;
mod shared;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use pt_model::{Data, Map, Masker};
use rquickjs::context::EvalOptions;
use rquickjs::{Context, Ctx, Exception, Promise, Runtime, Value};

use crate::check::Mistake;
use crate::host::Session;
use crate::limits::Clock;
use crate::room::with_room;
use crate::{EvalError, Limits, Occasion, Scope, Snippet, mentions};
use api::{Api, Failures};
use fault::Source;
use rejected::Rejections;

/// Bytes of machine stack for the script; running out of them is an error it can catch.
const STACK: usize = 512 << 10;

/// The value of a script.
#[inline(never)]
pub(crate) fn run(
    snippet: &Snippet<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    session: &mut Session<'_>,
) -> Result<Data, EvalError> {
    let occasion = session.occasion;
    if !mentions(snippet.text, "pt") && !mentions(snippet.text, "console") {
        // Steps have threads of their own, for one script each.
        let shared = || shared::evaluate(snippet.text, scope, limits);
        return match (occasion == Occasion::Args).then(shared).flatten() {
            Some(result) => result,
            None => evaluate(snippet, scope, limits, occasion, false),
        };
    }
    bridge::serving(session, || evaluate(snippet, scope, limits, occasion, true))
}

/// The names in a script that mean nothing.
pub(crate) fn unknown_names(snippet: &Snippet<'_>, names: &[&str]) -> Vec<Mistake> {
    with_room(snippet.text, || scope::unknown_names(snippet.text, names)).unwrap_or_default()
}

/// The mistake that keeps a script from being read, if there is one.
pub(crate) fn check(snippet: &Snippet<'_>) -> Option<EvalError> {
    if READER.with(|reader| reader.as_ref().is_none_or(|reader| reader.can_read(snippet.text))) {
        return None;
    }
    // What cannot be read does not run: so it is told in the words in which running it would be.
    let limits = Limits { time: Some(CHECK), ..Limits::default() };
    let masker = Masker::default();
    let scope = Scope { params: &Map::default(), repo_ref: None, project_ref: None, masker: &masker };
    evaluate(snippet, &scope, &limits, Occasion::Args, false).err()
}

/// How long reading a script may take.
const CHECK: Duration = Duration::from_secs(2);

thread_local! {
    /// Scripts are read one after the other: a context costs far more than to read most of them.
    static READER: Option<Reader> = Reader::new().ok();
}

/// A context in which nothing is meant to run.
struct Reader {
    deadline: Rc<Cell<Option<Instant>>>,
    context: Context,
}

impl Reader {
    fn new() -> rquickjs::Result<Self> {
        let runtime = Runtime::new()?;
        runtime.set_memory_limit(Limits::default().memory);
        runtime.set_max_stack_size(STACK);
        let deadline = Rc::new(Cell::new(None));
        let seen = Rc::clone(&deadline);
        let is_late = move || seen.get().is_some_and(|deadline| Instant::now() >= deadline);
        runtime.set_interrupt_handler(Some(Box::new(is_late)));
        Ok(Self { deadline, context: Context::full(&runtime)? })
    }

    /// Whether a script can be read as what a function does, which nobody calls.
    fn can_read(&self, text: &str) -> bool {
        self.deadline.set(Instant::now().checked_add(CHECK));
        self.context.with(|ctx| {
            let begin = if waits(text) { "async function" } else { "function" };
            let read = eval(&ctx, format!("({begin} () {{\n{text}\n}})").into_bytes(), false);
            if read.is_err() {
                // Nobody reads what it threw.
                ctx.catch();
            }
            read.is_ok()
        })
    }
}

fn eval<'js>(ctx: &Ctx<'js>, source: Vec<u8>, waits: bool) -> rquickjs::Result<Value<'js>> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.promise = waits;
    options.filename = Some(fault::FILE.to_owned());
    ctx.eval_with_options(source, options)
}

/// Runs a script; where it `reaches` for the runner it has to be served.
fn evaluate(
    snippet: &Snippet<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    occasion: Occasion,
    reaches: bool,
) -> Result<Data, EvalError> {
    let watch = Rc::new(Watch::new(limits));
    let result = prepare(limits, &watch, |runtime| equipment::context_for(snippet.text, runtime)).and_then(
        |(context, rejections)| {
            context.with(|ctx| {
                let api =
                    reaches.then(|| Api::new(Rc::clone(&watch), snippet.settings, occasion, snippet.text));
                let failures = api.as_ref().map(Api::failures).unwrap_or_default();
                let script = Script { ctx, snippet, limits, watch: &watch, failures, rejections };
                let result = script.run(scope, api);
                // What it left has to go before the runtime does.
                script.rejections.take(&script.ctx);
                result
            })
        },
    );
    // Nothing that code catches or returns after it was told to stop counts.
    match watch.check() {
        Some(Stop::Interrupted) => Err(EvalError::interrupted()),
        Some(Stop::TimedOut) if watch.was_told() || result.is_err() => Err(EvalError::timed_out(limits.time)),
        Some(Stop::TimedOut) | None => result.map_err(|error| {
            let clear = with_room(snippet.text, || scope::clearer(snippet.text, error.clone()));
            clear.unwrap_or(error)
        }),
    }
}

fn prepare(
    limits: &Limits,
    watch: &Rc<Watch>,
    context: impl FnOnce(&Runtime) -> rquickjs::Result<Context>,
) -> Result<(Context, Rejections), EvalError> {
    let prepare = || {
        let runtime = Runtime::new()?;
        runtime.set_memory_limit(limits.memory);
        runtime.set_max_stack_size(limits.stack(STACK));
        let watch = Rc::clone(watch);
        runtime.set_interrupt_handler(Some(Box::new(move || watch.tell())));
        let rejections = Rejections::of(&runtime);
        Ok((context(&runtime)?, rejections))
    };
    prepare().map_err(|_: rquickjs::Error| EvalError::memory(limits.memory))
}

struct Script<'a, 'js> {
    ctx: Ctx<'js>,
    snippet: &'a Snippet<'a>,
    limits: &'a Limits,
    watch: &'a Watch,
    failures: Rc<Failures>,
    rejections: Rejections,
}

/// Whether a script awaits something. `await` means that only where it is read so from the start.
fn waits(text: &str) -> bool {
    mentions(text, "await")
}

impl<'js> Script<'_, 'js> {
    fn run(&self, scope: &Scope<'_>, api: Option<Api>) -> Result<Data, EvalError> {
        let source = Source::script(self.snippet.text);
        let result = api::install(&self.ctx, scope, api)
            .and_then(|()| self.eval_text(self.snippet.text))
            .map_err(|error| self.fault(error, &source));
        // `return` outside of a function is no JavaScript, but means the same to everyone. Such a script was not begun.
        if let Err(error) = &result
            && error.message == "SyntaxError: return not in a function"
        {
            let source = Source::function(self.snippet.text);
            let wrapped = source.wrapped(waits(self.snippet.text));
            let result = self.eval(wrapped, false).and_then(|value| self.settle(value));
            return self.finish(result.map_err(|error| self.fault(error, &source))?, &source);
        }
        self.finish(result?, &source)
    }

    /// The value, unless something failed on the way to it that nobody has heard of.
    fn finish(&self, value: Value<'js>, source: &Source<'_>) -> Result<Data, EvalError> {
        self.unheard(source)?;
        let data = self.convert(value, source)?;
        // Getters may have begun something.
        self.unheard(source)?;
        Ok(data)
    }

    fn unheard(&self, source: &Source<'_>) -> Result<(), EvalError> {
        match self.rejections.take(&self.ctx) {
            Some((reason, stack)) => Err(self.thrown(&reason, stack.as_deref(), source)),
            None => Ok(()),
        }
    }

    /// The completion value of the whole text, after all that it has begun.
    fn eval_text(&self, text: &str) -> rquickjs::Result<Value<'js>> {
        let waits = waits(text);
        let value = self.settle(self.eval(text.as_bytes().to_vec(), waits)?)?;
        match value.as_object() {
            // What it awaits, nothing settles any more.
            Some(_) if value.is_promise() => Ok(value),
            // What was awaited comes as from an iterator.
            Some(done) if waits => self.settle(done.get("value")?),
            _ => Ok(value),
        }
    }

    /// Does what was put off; a promise is what it comes to. There is nothing else that could settle it later.
    fn settle(&self, value: Value<'js>) -> rquickjs::Result<Value<'js>> {
        while self.ctx.execute_pending_job() {
            if self.watch.check().is_some() {
                return Err(Exception::throw_message(&self.ctx, "The code was stopped."));
            }
        }
        match value.as_promise().and_then(Promise::result) {
            Some(result) => result,
            None => Ok(value),
        }
    }

    fn eval(&self, source: Vec<u8>, waits: bool) -> rquickjs::Result<Value<'js>> {
        eval(&self.ctx, source, waits)
    }

    fn convert(&self, value: Value<'js>, source: &Source<'_>) -> Result<Data, EvalError> {
        data::from_js(&value, self.limits.memory).map_err(|trouble| match trouble {
            data::Trouble::TooLarge => EvalError::memory(self.limits.memory),
            data::Trouble::Unfit(unfit) => {
                let text = self.snippet.text;
                let error = EvalError::code(unfit.message())
                    .at(with_room(text, || scope::last_statement(text)).flatten());
                if value.is_function() {
                    error.with_hint("call it, and its result is the value")
                } else {
                    error
                }
            }
            data::Trouble::Threw(error) => self.fault(error, source),
        })
    }

    fn fault(&self, error: rquickjs::Error, source: &Source<'_>) -> EvalError {
        if error.is_exception() {
            let thrown = self.ctx.catch();
            self.thrown(&thrown, fault::uncaught_stack(&self.ctx).as_deref(), source)
        } else if matches!(error, rquickjs::Error::InvalidString(_)) {
            EvalError::code("The code holds a NUL character.")
        } else {
            EvalError::code(error.to_string())
        }
    }

    /// The error for what was thrown, with the stack of where, which only errors keep themselves.
    fn thrown(&self, thrown: &Value<'js>, stack: Option<&str>, source: &Source<'_>) -> EvalError {
        fault::failure(thrown, source, &self.failures)
            .unwrap_or_else(|| fault::from_thrown(thrown, stack, source, self.snippet.settings, self.limits))
    }
}

/// Why a script has to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Interrupted,
    TimedOut,
}

/// Looks whether the script has to stop, and does not forget it.
struct Watch {
    limits: Limits,
    clock: RefCell<Clock>,
    stop: Cell<Option<Stop>>,
    /// Whether the interpreter knows.
    told: Cell<bool>,
}

impl Watch {
    fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            clock: RefCell::new(limits.clock()),
            stop: Cell::new(None),
            told: Cell::new(false),
        }
    }

    /// Watches another script.
    fn restart(&self) {
        self.stop.set(None);
        self.told.set(false);
        self.clock.replace(self.limits.clock());
    }

    /// Whether the interpreter has to stop: what it computes from then on is worth nothing.
    fn tell(&self) -> bool {
        let stop = self.check().is_some();
        self.told.set(self.told.get() || stop);
        stop
    }

    fn was_told(&self) -> bool {
        self.told.get()
    }

    fn check(&self) -> Option<Stop> {
        if self.stop.get().is_none() {
            if self.limits.interrupted() {
                self.stop.set(Some(Stop::Interrupted));
            } else if self.clock.borrow().is_over(Instant::now()) {
                self.stop.set(Some(Stop::TimedOut));
            }
        }
        self.stop.get()
    }
}
