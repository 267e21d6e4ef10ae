//! Clojure, by the evaluator of pt-clj.

mod data;
pub(crate) mod help;
mod host;
mod programs;
pub(crate) mod repl;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use pt_clj::{Context, Error, ErrorKind, Program, Span, Stop, Value};
use pt_model::{Data, Failure, Map, Masker};

use crate::check::{self, Mistake, MistakeKind};
use crate::function::{self, Refusal};
use crate::host::{Host, NoHost, Session};
use crate::limits::Clock;
use crate::secrets::Secrets;
use crate::{EvalError, Limits, Occasion, Scope, Snippet};
use host::Runner;

/// The namespace of runner functions.
const NAMESPACE: &str = "pt";

/// The value of the last form.
#[inline(never)]
pub(crate) fn run(
    snippet: &Snippet<'_>,
    scope: &Scope<'_>,
    limits: &Limits,
    session: &mut Session<'_>,
) -> Result<Data, EvalError> {
    // Thousands of threads wait in programs: what is not needed meanwhile is not on their stacks.
    let program = read(snippet, limits, session)?;
    let is_step = session.occasion == Occasion::Code;
    let mut runner = Runner::boxed(session, scope, limits);
    let result = program.run(&mut context(&mut runner, scope, limits, is_step));
    runner.finish();
    come_to(result, &program, snippet, limits)
}

/// The program; it is told what was skipped in it.
#[inline(never)]
fn read(snippet: &Snippet<'_>, limits: &Limits, session: &mut Session<'_>) -> Result<Rc<Program>, EvalError> {
    // Code in args runs again with every call of what it stands in.
    let program = match session.occasion {
        Occasion::Args => programs::read(snippet.text),
        Occasion::Code => Program::compile(snippet.text).map(Rc::new),
    };
    let program = program.map_err(|error| fault(error, snippet, limits))?;
    for warning in program.warnings() {
        session.print(&format!("Warning: {}", warning.message));
    }
    Ok(program)
}

/// What a program came to.
#[inline(never)]
fn come_to(
    result: Result<Value, Error>,
    program: &Program,
    snippet: &Snippet<'_>,
    limits: &Limits,
) -> Result<Data, EvalError> {
    let value = result.map_err(|error| fault(error, snippet, limits))?;
    let last = program.last().map(|span| span.start..span.end);
    data::from_clojure(&value).map_err(|unfit| EvalError::code(unfit).at(last))
}

/// What a program runs in; boxed, since thousands of threads wait in programs.
#[inline(never)]
fn context<'r>(
    runner: &'r mut Runner<'_, '_>,
    scope: &Scope<'_>,
    limits: &Limits,
    is_step: bool,
) -> Box<Context<'r>> {
    let bounds = bounds(limits, &runner.clock().borrow());
    let context = Context::new().with_host(NAMESPACE, runner).with_limits(bounds);
    let mut context = Box::new(if is_step { context.sparing_stack() } else { context });
    let params = data::map_to_clojure(scope.params);
    context.bind("params", params.clone());
    context.bind("inputs", params);
    context
}

/// The limits of a program that runs by this clock.
fn bounds(limits: &Limits, clock: &Clock) -> pt_clj::Limits {
    let usual = pt_clj::Limits::default();
    pt_clj::Limits {
        deadline: clock.deadline(),
        interrupt: Some(Arc::clone(&limits.interrupt)),
        memory: Some(limits.memory),
        depth: limits.depth.unwrap_or(usual.depth),
        ..usual
    }
}

/// The mistake that keeps a program from being read, if there is one.
pub(crate) fn unreadable(snippet: &Snippet<'_>) -> Option<Mistake> {
    let error = Program::compile(snippet.text).err()?;
    Some(check::syntax(fault(error, snippet, &Limits::default())))
}

/// What its analysis finds wrong, names of the runner apart.
pub(crate) fn check(snippet: &Snippet<'_>, occasion: Occasion, names: &[&str]) -> Vec<Mistake> {
    let limits = Limits { time: Some(CHECK), ..Limits::default() };
    let program = match Program::compile(snippet.text) {
        Ok(program) => program,
        Err(error) => return vec![check::syntax(fault(error, snippet, &limits))],
    };
    let (params, masker) = (Map::default(), Masker::default());
    let scope = Scope { params: &params, repo_ref: None, project_ref: None, masker: &masker };
    let settings = snippet.settings;
    let nobody: &mut dyn Host = &mut NoHost;
    let (secrets, waited) = (Secrets::of(&scope), limits.waited.clone());
    let mut session = Session { host: nobody, secrets, occasion, settings, waited };
    let mut runner = Runner::new(&mut session, &scope, &limits);
    let limits = bounds(&limits, &runner.clock().borrow());
    let mut context = Context::new().with_host(NAMESPACE, &mut runner).with_limits(limits);
    for name in ["params", "inputs"].iter().chain(names) {
        context.bind(name, data::map_to_clojure(&params));
    }
    let found = program.check(&mut context);
    drop(context);
    let ours = |error: &Error| error.message.contains(": pt/");
    found.into_iter().filter(|error| !ours(error)).map(|error| mistake(error, snippet)).collect()
}

/// How long the macros of a program may take while it is checked.
const CHECK: Duration = Duration::from_millis(300);

fn mistake(error: Error, snippet: &Snippet<'_>) -> Mistake {
    let unknown = ["Unable to resolve", "No such var"].iter().any(|head| error.message.starts_with(head));
    let kind = if unknown { MistakeKind::UnknownName } else { MistakeKind::Syntax };
    let meant = match &*error.suggestions {
        [only] if unknown && !error.message.contains(": pt/") => Some(only.clone()),
        _ => None,
    };
    let told = check::syntax(fault(error, snippet, &Limits::default()));
    Mistake { kind, meant: meant.filter(|_| told.hint.is_some()), ..told }
}

/// The error in the project's words.
fn fault(error: Error, snippet: &Snippet<'_>, limits: &Limits) -> EvalError {
    // A macro that the evaluator itself defines stands nowhere in the text.
    let range = |span: &Span| {
        (span.start <= snippet.text.len()).then(|| span.start..span.end.min(snippet.text.len()))
    };
    let described = match error.kind {
        ErrorKind::Stopped(Stop::Interrupted) => return EvalError::interrupted(),
        ErrorKind::Stopped(Stop::Memory) => EvalError::memory(limits.memory),
        ErrorKind::Stopped(Stop::Deadline | Stop::Fuel) => EvalError::timed_out(limits.time),
        // What calls to the runner throw, and `ex-info`, which authors throw for the same purpose.
        ErrorKind::Exception("clojure.lang.ExceptionInfo") => {
            let data = error.data().map(data::shown).unwrap_or_default();
            EvalError::failed(Failure::new(error.message, data))
        }
        ErrorKind::Read => unread(&error, snippet),
        ErrorKind::Exception("java.lang.StackOverflowError") if error.message == "StackOverflowError" => {
            let depth = limits.depth.unwrap_or(pt_clj::Limits::DEPTH);
            EvalError::code(format!("StackOverflowError: calls, or data, nest more than {depth} levels deep"))
        }
        ErrorKind::Exception(_) => code(&error, snippet),
    };
    described.at(error.span.as_ref().and_then(range)).called(error.calls.iter().filter_map(range))
}

/// Code that ends too early is said to lack what it lacks.
fn unread(error: &Error, snippet: &Snippet<'_>) -> EvalError {
    let opened = error.span.and_then(|span| snippet.text.get(span.start..)).unwrap_or_default();
    let brackets = [("#{", '}'), ("#(", ')'), ("(", ')'), ("[", ']'), ("{", '}'), ("#\"", '"'), ("\"", '"')];
    match brackets.iter().find(|(bracket, _)| error.message.starts_with("EOF") && opened.starts_with(bracket))
    {
        Some((bracket, end)) => EvalError::code(format!("This `{bracket}` is never closed"))
            .with_hint(format!("close it with `{end}`")),
        None => EvalError::code(&error.message),
    }
}

fn code(error: &Error, snippet: &Snippet<'_>) -> EvalError {
    let heads = ["Unable to resolve symbol: ", "No such var: "];
    let unresolved = heads.iter().find_map(|head| error.message.strip_prefix(head)).unwrap_or_default();
    if let Some(("pt", name)) = unresolved.split_once(['/', '.']) {
        // Asked as for code: what exists but may not be called in args is resolved.
        return match function::find(name, Occasion::Code, snippet.settings) {
            Err(Refusal::NeedsSettings) => EvalError::code(&error.message).with_hint(format!(
                "Only code that begins with `pt.clj` reads values and secrets. Begin it so, or pass it through args as \
                 a param (`pt.{name} …`) and use `params`."
            )),
            Err(Refusal::Unknown { near: Some(near) }) => {
                EvalError::code(format!("Unknown runner function pt/{name}; did you mean pt/{near}?"))
            }
            Err(Refusal::Unknown { near: None }) => EvalError::code(format!("Unknown runner function pt/{name}.")),
            Err(Refusal::NotInArgs) | Ok(_) => {
                EvalError::code(&error.message).with_hint(format!("Runner functions are called as (pt/{name} …)."))
            }
        };
    }
    let described = EvalError::code(without_modules(&error.message));
    if let Some(way) = elsewhere(&error.message).or_else(|| meant(&error.message)) {
        return described.with_hint(way);
    }
    match &*error.suggestions {
        // Everything short is near to everything else that is short.
        _ if unresolved.chars().count() < 3 => described,
        [] => described,
        near => described.with_hint(format!("Did you mean {}?", near.join(" or "))),
    }
}

/// Java's words about a value of the wrong class, without where it keeps its classes.
fn without_modules(message: &str) -> &str {
    match message.split_once(" (") {
        Some((cast, modules))
            if cast.contains(" cannot be cast to class ") && modules.contains(" loader ") =>
        {
            cast
        }
        _ => message,
    }
}

/// What code elsewhere calls, and what does the same here.
fn elsewhere(message: &str) -> Option<&'static str> {
    let heads = ["Unable to resolve", "Could not locate", "No matching method", "No such namespace"];
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    Some(match () {
        () if says(&["(code reaches no files)"]) => FILES,
        () if !heads.iter().any(|head| message.starts_with(head)) => return None,
        () if says(&["yaml"]) => "(pt/read-yaml text) and (pt/write-yaml data) are there",
        () if says(&["java.shell", "java/shell", "babashka"]) => {
            "Programs run in containers: (pt/spawn {:image … :cmd …})"
        }
        () if says(&["http"]) => "(pt/http-request {:url …}) asks a server",
        () if says(&[": spit", ": load-file", "java.io", "java/io", "classname: File"]) => FILES,
        () if says(&["sleep found for class Thread"]) => "(pt/sleep \"1s\") waits",
        () if says(&["exit found for class System"]) => "(pt/fail message) ends the step",
        () if message.starts_with("Could not locate") => {
            "There are clojure.string, clojure.set, clojure.walk, clojure.edn, clojure.math and clojure.data.json"
        }
        () => return None,
    })
}

const FILES: &str = "Code reaches no files but those of the project, (pt/read-repo-file path), and of containers, \
                     (pt/read-container-file id path)";

/// What stands behind the exceptions that beginners meet.
fn meant(message: &str) -> Option<&'static str> {
    match () {
        () if message.starts_with("Cannot invoke") => {
            Some("Something here is nil; a param that was not given, perhaps")
        }
        () if message.contains("class java.lang.String cannot be cast to class java.lang.Number") => {
            Some("(parse-long text) makes a number of a text")
        }
        () if message.contains("cannot be cast to class clojure.lang.IFn") => {
            Some("What follows a `(` is called, and this is no function")
        }
        () => None,
    }
}
