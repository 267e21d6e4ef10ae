//! `pt repl`: code line by line, at a terminal or from a pipe.

mod docs;
mod editor;
mod paint;
mod whole;

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use clap::Args;
use clap_complete::ArgValueCandidates;
use pt_eval::{EvalError, Language, Limits, Lines, Scope};
use pt_model::Masker;
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
use editor::Editor;

/// Evaluates code line by line.
///
/// What a line defines, the next ones see. A line with open brackets goes on in
/// the next one; Tab completes names; the history stays. Values and secrets of the
/// project are there. A line with a prefix (`#pt-js 1 + 1`) may be in another
/// language. The first call that needs a job (`pt/spawn`) begins one, which
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
}

/// Runs the command.
pub(crate) fn run(args: &ReplArgs, config: &Config) -> Outcome {
    let context = config.context(args.context.context.as_deref())?;
    let params = eval::params(args.params.as_deref())?;
    let language = language_of(&eval::code("", args.lang));
    let masker = Masker::default();
    let scope = Scope { params: &params, repo_ref: None, project_ref: None, masker: &masker };
    let limits = Limits::of_code().set(config.limits).shallow();
    let job = args.job.as_deref().map(Job::visit).transpose()?;
    let mut sandbox =
        Sandbox::new(&context, &params, config.limits).talking().interrupting(&limits.interrupt).within(job);
    let screen = Screen { language, secrets: sandbox.secrets() };
    let interrupt = Arc::clone(&limits.interrupt);
    let talk = |lines: &mut dyn Lines| {
        if io::stdin().is_terminal() {
            let history = Environment::read()?.state_dir.join(format!("repl-history.{}", screen.word()));
            let editor = Editor::new(language, history)?;
            // After the editor, which takes the signal as well and wants it only for itself.
            interrupt_with_ctrl_c(interrupt)?;
            at_terminal(lines, &screen, editor)
        } else {
            from_pipe(lines, &screen)
        }
    };
    pt_eval::repl(language, &scope, &limits, &mut sandbox, talk).map_err(|error| {
        let hint = error.hint.clone().unwrap_or_default();
        Failure::new(error.message).hint(hint)
    })?
}

/// What is shown, and what is not.
struct Screen {
    language: Language,
    /// The secrets that the code has asked for.
    secrets: Arc<Mutex<Masker>>,
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
    fn evaluate(&self, lines: &mut dyn Lines, text: &str) -> Result<bool, Failure> {
        if let Reading::Code(code) = references(text) {
            return self.evaluate_prefixed(lines, &code, text);
        }
        if let Some(docs) = docs::of(self.language, text, || lines.names()) {
            writeln!(anstream::stdout().lock(), "{docs}")?;
            return Ok(true);
        }
        self.show(lines.evaluate(text), text)
    }

    fn show(&self, result: Result<String, EvalError>, text: &str) -> Result<bool, Failure> {
        match result {
            Ok(value) => {
                writeln!(anstream::stdout().lock(), "{}", paint::value(&self.mask(&value)))?;
                Ok(true)
            }
            Err(error) => {
                self.complain(&error, text)?;
                Ok(false)
            }
        }
    }

    /// A line with the prefix of another language is for `eval` of the runner, which knows them all.
    fn evaluate_prefixed(&self, lines: &mut dyn Lines, code: &Code<'_>, text: &str) -> Result<bool, Failure> {
        if language_of(code) == self.language {
            return self.evaluate(lines, code.body.trim_start());
        }
        let quoted = serde_json::Value::from(text);
        let result = lines.evaluate(&match self.language {
            Language::Clojure => format!("(pt/eval {quoted})"),
            Language::JavaScript | Language::Python => format!("pt.eval({quoted})"),
        });
        // A place in the call would be none in the line.
        self.show(result.map_err(|error| EvalError { range: None, calls: Vec::new(), ..error }), text)
    }

    fn complain(&self, error: &EvalError, text: &str) -> Outcome {
        let error = EvalError { message: self.mask(&error.message), ..error.clone() };
        let language = match self.language {
            Language::Clojure => pt_syntax::Language::Clojure,
            Language::JavaScript => pt_syntax::Language::JavaScript,
            Language::Python => pt_syntax::Language::Python,
        };
        let code = Code { language, body: text, body_offset: 0, late: true };
        eval::complain(&error, "<repl>", text, &code, false)
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

fn at_terminal(lines: &mut dyn Lines, screen: &Screen, mut editor: Editor) -> Outcome {
    let name = screen.language.name();
    let hint = "Ctrl-D leaves, Tab completes, Ctrl-C stops what runs";
    let docs = match screen.language {
        Language::Clojure => "(doc map)",
        Language::JavaScript | Language::Python => "doc(pt.sleep)",
    };
    writeln!(anstream::stderr(), "{name}. {hint}; {docs} tells what a name is.")?;
    editor.complete_with(lines.names());
    while let Some(text) = editor.read(&format!("{}> ", screen.word()))? {
        if text.trim().is_empty() {
            continue;
        }
        screen.evaluate(lines, &text)?;
        editor.complete_with(lines.names());
    }
    Ok(())
}

/// Each piece that is whole is evaluated when it is; it fails if one of them did.
fn from_pipe(lines: &mut dyn Lines, screen: &Screen) -> Outcome {
    let mut good = true;
    let mut text = String::new();
    for line in io::stdin().lock().lines() {
        text.push_str(&line?);
        text.push('\n');
        if whole::is_whole(screen.language, text.strip_suffix('\n').unwrap_or(&text)) {
            let piece = std::mem::take(&mut text);
            if !whole::is_blank(screen.language, &piece) {
                good &= screen.evaluate(lines, piece.trim_end())?;
            }
        }
    }
    if !whole::is_blank(screen.language, &text) {
        good &= screen.evaluate(lines, text.trim_end())?;
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
