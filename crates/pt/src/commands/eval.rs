//! `pt eval`: the value of a piece of code.

pub(crate) mod sandbox;
mod size;

use std::io::{self, IsTerminal, Read, Write};
use std::ops::Range;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use pt_eval::{EvalError, EvalErrorKind, Limit, Limits, Scope, Snippet};
use pt_model::{Data, Map, Masker};
use pt_spec::plain;
use pt_syntax::{Code, Diagnostic, Language, Reading, Sources, Span, Style, references};

use crate::cli::{ContextArgs, OutputArgs};
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Format, render};
use crate::targets;
use sandbox::Sandbox;

/// Prints the value of a piece of code.
///
/// The code is Clojure, or what its prefix says, as in polytope files: `#pt-js`,
/// `#pt-py`. The name of a --file tells, too. Code that begins with `#pt-clj` and
/// its like may not ask for values and secrets, code without a prefix may.
///
/// What needs a job, such as starting containers, begins one, which ends with the
/// code. What the code prints goes to stderr.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct EvalArgs {
    /// The code; `-` is stdin.
    #[arg(value_name = "code", conflicts_with = "file", allow_hyphen_values = true)]
    pub(crate) code: Option<String>,
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Reads the code from a file.
    #[arg(short, long, value_name = "path")]
    pub(crate) file: Option<PathBuf>,
    /// Tells the language of code without a prefix [default: clj].
    #[arg(long, value_name = "language")]
    pub(crate) lang: Option<CodeLanguage>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Ends code whose data take more, as 512M or 2G [default: 256M].
    #[arg(long, value_name = "size", value_parser = size::read)]
    pub(crate) memory: Option<usize>,
    /// Gives the code its params, a map in YAML or JSON.
    #[arg(long, value_name = "data")]
    pub(crate) params: Option<String>,
    /// Ends code that takes longer, waiting included [default: 1m].
    #[arg(long, value_name = "duration")]
    pub(crate) timeout: Option<String>,
}

/// A language of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CodeLanguage {
    /// Clojure.
    #[value(alias = "clojure")]
    Clj,
    /// JavaScript.
    #[value(alias = "javascript")]
    Js,
    /// Python.
    #[value(alias = "python")]
    Py,
}

/// How long code may take unless something else is said.
const TIME: Duration = Duration::from_mins(1);

/// Bytes of the stack of a thread on which calls may go deep. Only touched pages cost memory.
const STACK: usize = 64 << 20;

/// What lets calls stand within one another more deeply.
const DEEPER: &str = "`POLYTOPE_LIMITS='{depth: 10000}'` before the command lets calls go deeper";

/// Runs the command.
pub(crate) fn run(args: &EvalArgs, config: &Config) -> Outcome {
    let context = config.context(args.context.context.as_deref())?;
    let (name, text) = written(args)?;
    let language = args.lang.or_else(|| args.file.as_deref().and_then(language_of));
    let params = params(args.params.as_deref())?;
    let code = code(&text, language);
    let masker = Masker::default();
    let scope = Scope { params: &params, repo_ref: None, project_ref: None, masker: &masker };
    let limits = Limits::of_code().set(config.limits);
    let time = match &args.timeout {
        Some(time) => targets::duration(time)?,
        None => limits.time.unwrap_or(TIME),
    };
    let end = Instant::now() + time;
    let limits = Limits { time: Some(time), memory: args.memory.unwrap_or(limits.memory), ..limits };
    let mut host = Sandbox::new(&context, &params, config.limits).limited(time).bounded(&limits);
    let result = if limits.depth.is_some() {
        with_much_stack(|| pt_eval::run(&snippet(&code), &scope, &limits, &mut host))?
    } else {
        pt_eval::run(&snippet(&code), &scope, &limits, &mut host)
    };
    let ended = host.close();
    match result {
        Ok(data) => show(&data, args),
        Err(error) => {
            ended?;
            let error = if Instant::now() >= end { too_late(error, time) } else { error };
            let error = match error.limit() {
                Some(Limit::Memory) => error.with_hint("`--memory` gives it more"),
                Some(Limit::Depth) if error.hint.is_none() => error.with_hint(DEEPER),
                Some(Limit::Depth | Limit::Time) | None => error,
            };
            complain(&error, &name, &text, &code, true)?;
            Err(Failure::silent(1))
        }
    }
}

/// Runs something on a thread with room for the deepest calls that may be allowed.
fn with_much_stack<R: Send>(run: impl FnOnce() -> R + Send) -> io::Result<R> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run)?;
        Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// What was interrupted because its time was over says so.
fn too_late(error: EvalError, time: Duration) -> EvalError {
    match error.kind {
        EvalErrorKind::Interrupted | EvalErrorKind::TimedOut => {
            let message = format!("The code ran longer than {time:?}.");
            // Where it was by then is chance.
            let error = EvalError { message, range: None, calls: Vec::new(), ..error };
            error.with_hint("`--timeout` gives it more time")
        }
        EvalErrorKind::Code | EvalErrorKind::Failed(_) | EvalErrorKind::OutOfMemory => error,
    }
}

/// The code, and what messages call the place where it stands.
fn written(args: &EvalArgs) -> Result<(String, String), Failure> {
    match (&args.file, args.code.as_deref()) {
        (Some(path), _) => Ok((path.display().to_string(), output::read_text(path)?)),
        (None, Some("-")) => {
            let mut text = String::new();
            let read = io::stdin().read_to_string(&mut text);
            read.map_err(|cause| Failure::new(format!("Could not read from stdin: {cause}")))?;
            Ok(("<stdin>".to_owned(), text))
        }
        (None, Some(code)) => Ok(("<code>".to_owned(), code.to_owned())),
        (None, None) => Err(Failure::usage("Which code? Write it, name a --file, or `-` for stdin.")
            .hint("See: pt eval --help")),
    }
}

/// The language that a file's name tells.
fn language_of(path: &Path) -> Option<CodeLanguage> {
    match path.extension()?.to_str()? {
        "clj" | "cljc" | "edn" => Some(CodeLanguage::Clj),
        "js" | "mjs" => Some(CodeLanguage::Js),
        "py" => Some(CodeLanguage::Py),
        _ => None,
    }
}

/// The params that an option gives.
pub(crate) fn params(text: Option<&str>) -> Result<Map, Failure> {
    let Some(text) = text else { return Ok(Map::default()) };
    let (document, _) = output::read("<params>", text, Format::of_text(text))?;
    match plain(&document.root) {
        Data::Map(map) => Ok(*map),
        Data::Null => Ok(Map::default()),
        other @ (Data::Bool(_)
        | Data::Int(_)
        | Data::Float(_)
        | Data::Str(_)
        | Data::Secret(_)
        | Data::List(_)) => {
            let kind = other.kind();
            Err(Failure::usage(format!("--params must be a map, as '{{port: 80}}'; this is {kind}.")))
        }
    }
}

/// The code as polytope files would read it: a prefix tells the language, unless it was told.
pub(crate) fn code(text: &str, language: Option<CodeLanguage>) -> Code<'_> {
    match (references(text), language) {
        (Reading::Code(code), _) => code,
        (Reading::Literal | Reading::Whole(_) | Reading::Interpolated(_), language) => {
            let language = language.unwrap_or(CodeLanguage::Clj).into();
            // Nothing says that it may not ask for values.
            Code { language, body: text, body_offset: 0, late: true }
        }
    }
}

impl From<CodeLanguage> for Language {
    fn from(language: CodeLanguage) -> Self {
        match language {
            CodeLanguage::Clj => Self::Clojure,
            CodeLanguage::Js => Self::JavaScript,
            CodeLanguage::Py => Self::Python,
        }
    }
}

pub(crate) fn snippet<'a>(code: &Code<'a>) -> Snippet<'a> {
    let language = match code.language {
        Language::Clojure => pt_eval::Language::Clojure,
        Language::JavaScript => pt_eval::Language::JavaScript,
        Language::Python => pt_eval::Language::Python,
    };
    Snippet { language, text: code.body, settings: code.late }
}

fn show(data: &Data, args: &EvalArgs) -> Outcome {
    let mut out = anstream::stdout().lock();
    if args.output.raw
        && let Some(text) = data.as_text()
    {
        return Ok(writeln!(out, "{}", text.masked())?);
    }
    let format = args.output.output.unwrap_or(Format::Yaml);
    Ok(out.write_all(render(data, format, args.output.pretty())?.as_bytes())?)
}

/// Shows what went wrong, and where in the code; also, unless there are many to come, where to read more.
pub(crate) fn complain(
    error: &EvalError,
    name: &str,
    text: &str,
    code: &Code<'_>,
    with_more: bool,
) -> Outcome {
    let mut sources = Sources::default();
    let source = sources.add(name, text);
    let mut found = Diagnostic::error("code-error", error.message.clone());
    let span = |range: &Range<usize>| {
        let offset = |at: usize| u32::try_from(at + code.body_offset).unwrap_or(u32::MAX);
        Span { source, start: offset(range.start), end: offset(range.end) }
    };
    if let Some(range) = &error.range {
        found = found.at(span(range), "");
    }
    for called in &error.calls {
        found = found.at(span(called), "called here");
    }
    if let EvalErrorKind::Failed(failure) = &error.kind
        && !failure.data.is_null()
    {
        found = found.note(format!("its data: {}", failure.data));
    }
    found = error.hint.iter().fold(found, |found, hint| found.hint(hint.clone()));
    if with_more {
        return targets::show(&[found], &sources);
    }
    let color = io::stderr().is_terminal();
    let shown = pt_syntax::render(&[found], &sources, Style { color, ..Style::default() });
    Ok(anstream::stderr().write_all(shown.as_bytes())?)
}
