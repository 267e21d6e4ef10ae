//! `pt repl`: code line by line, at a terminal or from a pipe.

mod docs;
mod editor;
mod paint;
mod whole;

use std::cell::RefCell;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_eval::{EvalError, EvalErrorKind, Language, Limit, Limits, Scope, Talk};
use pt_model::{Failure as CodeFailure, Masker};
use pt_server::Environment;
use pt_syntax::{Code, Reading, references};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::ContextArgs;
use crate::commands::eval;
use crate::commands::eval::CodeLanguage;
use crate::commands::eval::sandbox::{Job, Sandbox};
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::targets;
use editor::Editor;

/// Evaluates code line by line.
///
/// What a line defines, the next ones see. A line with open brackets goes on in
/// the next one; Tab completes names; the history stays. Values and secrets of the
/// project are there. A line with a prefix (`#pt-js 1 + 1`) may be in another
/// language, which remembers what its lines define, too. The first call that needs a job (`pt/spawn`) begins one, which
/// ends when you leave; --job takes part in one that runs. What comes from a pipe
/// is evaluated likewise, and the values are printed.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct ReplArgs {
    #[command(flatten)]
    pub(crate) context: ContextArgs,
    /// Takes part in this running job, as a step of it.
    #[arg(long, value_name = "job", add = ArgValueCandidates::new(complete::jobs))]
    pub(crate) job: Option<String>,
    /// Tells the language [default: clj].
    #[arg(long, value_name = "language")]
    pub(crate) lang: Option<CodeLanguage>,
    /// Gives the code its params, a map in YAML or JSON.
    #[arg(long, value_name = "data")]
    pub(crate) params: Option<String>,
    /// Ends a line that takes longer, waiting apart [default: 1m for lines from a pipe].
    #[arg(long, value_name = "duration")]
    pub(crate) timeout: Option<String>,
}

/// How long a line from a pipe may take unless something else is said.
const TIME: Duration = Duration::from_mins(1);

/// Runs the command.
pub(crate) fn run(args: &ReplArgs, config: &Config) -> Outcome {
    let context = config.context(args.context.context.as_deref())?;
    let params = eval::params(args.params.as_deref())?;
    let language = language_of(&eval::code("", args.lang));
    let masker = Masker::default();
    let scope = Scope { params: &params, repo_ref: None, project_ref: None, masker: &masker };
    let limits = Limits::of_code().set(config.limits).shallow();
    let time = match &args.timeout {
        Some(time) => Some(targets::duration(time)?),
        // At a terminal there is somebody who can stop it.
        None => limits.time.or((!io::stdin().is_terminal()).then_some(TIME)),
    };
    let limits = Limits { time, ..limits };
    let job = args.job.as_deref().map(Job::visit).transpose()?;
    let mut sandbox = Sandbox::new(&context, &params, config.limits).talking().bounded(&limits).within(job);
    let screen = Screen { language, secrets: sandbox.secrets(), said: RefCell::default() };
    let interrupt = Arc::clone(&limits.interrupt);
    let talk = |talk: &mut Talk<'_>| {
        if io::stdin().is_terminal() {
            let history = Environment::read()?.state_dir.join(format!("repl-history.{}", screen.word()));
            let editor = Editor::new(language, history)?;
            // After the editor, which takes the signal as well and wants it only for itself.
            interrupt_with_ctrl_c(interrupt)?;
            at_terminal(talk, &screen, editor)
        } else {
            from_pipe(talk, &screen)
        }
    };
    pt_eval::repl(&scope, &limits, &mut sandbox, talk).map_err(|error| {
        let hint = error.hint.clone().unwrap_or_default();
        Failure::new(error.message).hint(hint)
    })?
}

/// What is shown, and what is not.
struct Screen {
    language: Language,
    /// The secrets that the code has asked for.
    secrets: Arc<Mutex<Masker>>,
    /// All that was evaluated, in whole lines: what places in mistakes are places of.
    said: RefCell<String>,
}

impl Screen {
    /// The language, as in `--lang`.
    fn word(&self) -> &'static str {
        match self.language {
            Language::Clojure => "clj",
            Language::JavaScript => "js",
            Language::Python => "py",
        }
    }

    fn mask(&self, text: &str) -> String {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).mask(text)
    }

    /// Evaluates a piece of code and shows what came of it; whether that was a value.
    fn evaluate(&self, talk: &mut Talk<'_>, text: &str) -> Result<bool, Failure> {
        let code = match references(text) {
            Reading::Code(code) => Some((language_of(&code), code.body.trim_start_matches(' '))),
            Reading::Literal | Reading::Whole(_) | Reading::Interpolated(_) => None,
        };
        let (language, text) = code.unwrap_or((self.language, text));
        let lines = talk.lines(language);
        let docs = docs::of(language, text, lines);
        let before = self.say(text);
        if let Some(docs) = docs {
            writeln!(anstream::stdout().lock(), "{docs}")?;
            return Ok(true);
        }
        match lines.evaluate(&before, text) {
            Ok(value) => {
                writeln!(anstream::stdout().lock(), "{}", paint::value(&self.mask(&value)))?;
                Ok(true)
            }
            Err(error) => {
                self.complain(error)?;
                Ok(false)
            }
        }
    }

    /// Adds to what was said; gives what was said before.
    fn say(&self, text: &str) -> String {
        let mut said = self.said.borrow_mut();
        let before = said.clone();
        said.push_str(text);
        said.push('\n');
        before
    }

    /// Adds so many empty lines.
    fn say_lines(&self, lines: usize) {
        self.said.borrow_mut().push_str(&"\n".repeat(lines));
    }

    /// The error as anyone may see it.
    fn hidden(&self, error: EvalError) -> EvalError {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let mask = |text: String| secrets.mask(&text);
        let kind = match error.kind {
            EvalErrorKind::Failed(failure) => EvalErrorKind::Failed(Box::new(CodeFailure {
                message: mask(failure.message),
                place: failure.place.map(mask),
                data: secrets.hide_in(failure.data),
            })),
            other @ (EvalErrorKind::Code
            | EvalErrorKind::Interrupted
            | EvalErrorKind::TimedOut
            | EvalErrorKind::OutOfMemory) => other,
        };
        EvalError { kind, message: mask(error.message), hint: error.hint.map(mask), ..error }
    }

    fn complain(&self, error: EvalError) -> Outcome {
        let error = self.hidden(error);
        let error = match error.limit() {
            Some(Limit::Time) => error.with_hint("`--timeout` gives each line more time"),
            Some(Limit::Memory) => error.with_hint("`limits: {memory: …}` in the config file gives it more"),
            Some(Limit::Depth) => {
                error.with_hint("`limits: {depth: …}` in the config file lets calls go deeper")
            }
            None => error,
        };
        let said = self.said.borrow();
        let language = pt_syntax::Language::Clojure;
        let code = Code { language, body: &said, body_offset: 0, late: true };
        eval::complain(&error, "<repl>", &said, &code, false)
    }
}

/// The language of a line with a prefix.
fn language_of(code: &Code<'_>) -> Language {
    match code.language {
        pt_syntax::Language::Clojure => Language::Clojure,
        pt_syntax::Language::JavaScript => Language::JavaScript,
        pt_syntax::Language::Python => Language::Python,
    }
}

fn at_terminal(talk: &mut Talk<'_>, screen: &Screen, mut editor: Editor) -> Outcome {
    let name = screen.language.name();
    let hint = "Ctrl-D leaves, Tab completes, Ctrl-C stops what runs";
    let docs = match screen.language {
        Language::Clojure => "(doc map)",
        Language::JavaScript | Language::Python => "doc(pt.sleep)",
    };
    writeln!(anstream::stderr(), "{name}. {hint}; {docs} tells what a name is.")?;
    editor.complete_with(talk.lines(screen.language).names());
    while let Some(text) = editor.read(&format!("{}> ", screen.word()))? {
        if text.trim().is_empty() {
            continue;
        }
        screen.evaluate(talk, &text)?;
        editor.complete_with(talk.lines(screen.language).names());
    }
    Ok(())
}

/// Each piece that is whole is evaluated when it is; it fails if one of them did.
fn from_pipe(talk: &mut Talk<'_>, screen: &Screen) -> Outcome {
    let mut good = true;
    let mut text = String::new();
    for line in io::stdin().lock().lines() {
        text.push_str(&line?);
        text.push('\n');
        if whole::is_whole(screen.language, text.strip_suffix('\n').unwrap_or(&text)) {
            let piece = std::mem::take(&mut text);
            if whole::is_blank(screen.language, &piece) {
                screen.say(piece.trim_end());
            } else {
                good &= screen.evaluate(talk, piece.trim_end())?;
            }
            // So that lines are counted as in the pipe.
            let lines = |text: &str| text.matches('\n').count();
            screen.say_lines(lines(&piece) - lines(piece.trim_end()) - 1);
        }
    }
    if !whole::is_blank(screen.language, &text) {
        good &= screen.evaluate(talk, text.trim_end())?;
    }
    if good { Ok(()) } else { Err(Failure::silent(1)) }
}

/// Ctrl-C stops what is being evaluated. While a line is edited, the editor sees the key.
fn interrupt_with_ctrl_c(flag: Arc<AtomicBool>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut interrupts = {
        let _inside = runtime.enter();
        signal(SignalKind::interrupt())?
    };
    let hear = move || {
        runtime.block_on(async {
            while interrupts.recv().await.is_some() {
                flag.store(true, Ordering::Relaxed);
            }
        });
    };
    // It ends with the process.
    thread::Builder::new().name("ctrl-c".to_owned()).spawn(hear)?;
    Ok(())
}
