//! A step's code, on a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use pt_eval::{EvalError, EvalErrorKind, Host, Limits, Scope};
use pt_model::{Data, Failure, Masker, StepId, Stream};
use pt_plan::{CodeCall, Home};
use pt_syntax::{Diagnostic, Sources, Span, Style, render};
use tokio::sync::{mpsc, oneshot};

use crate::call::{Call, failure};
use crate::dispatcher::Message;
use crate::engine::Workshop;
use crate::log::{LogSender, Written};

/// Stack of the thread on which code runs, in bytes. Only touched pages cost memory.
const STACK: usize = 64 << 20;

/// What code needs to run as a step.
pub(crate) struct StepThread {
    pub(crate) step: StepId,
    pub(crate) call: CodeCall,
    pub(crate) sources: Sources,
    pub(crate) masker: Masker,
    pub(crate) interrupt: Arc<AtomicBool>,
    pub(crate) messages: mpsc::UnboundedSender<Message>,
    pub(crate) log: LogSender,
    pub(crate) workshop: Option<Arc<dyn Workshop>>,
}

impl StepThread {
    /// Starts the code. Its end comes as [`Message::StepEnded`].
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(self) -> std::io::Result<()> {
        thread::Builder::new().name(format!("step {}", self.step)).stack_size(STACK).spawn(|| self.run())?;
        Ok(())
    }

    fn run(self) {
        let Self { step, call, sources, masker, interrupt, messages, log, workshop } = self;
        let scope = Scope {
            params: &call.params,
            repo_ref: call.home.repo_ref.as_deref(),
            project_ref: call.home.project_ref.as_deref(),
            masker: &masker,
        };
        let limits = Limits { interrupt, ..Limits::default() };
        let mut host = StepHost {
            step: step.clone(),
            messages: messages.clone(),
            log: log.clone(),
            workshop,
            home: call.home.clone(),
        };
        let code = call.snippet.as_code();
        // An evaluator that broke must not leave the job waiting.
        let run = AssertUnwindSafe(|| pt_eval::run(&code, &scope, &limits, &mut host));
        let result = match catch_unwind(run) {
            Ok(result) => result.map_err(|error| explain(error, &call, &sources)),
            Err(_) => Err(failure("Polytope broke while it ran the step's code. This is a bug.")),
        };
        log.blocking_settle();
        // The dispatcher outlives its steps; when it is gone the process ends.
        let _ = messages.send(Message::StepEnded { step, result });
    }
}

/// Answers the code of one step: asks the dispatcher and waits.
struct StepHost {
    step: StepId,
    messages: mpsc::UnboundedSender<Message>,
    log: LogSender,
    workshop: Option<Arc<dyn Workshop>>,
    home: Home,
}

impl Host for StepHost {
    fn call(&mut self, function: &str, args: Vec<Data>) -> Result<Data, Failure> {
        let stopped = || Failure { message: "The job was stopped.".to_owned(), data: Data::Null };
        match function {
            "fail" => Err(asked_for(args)),
            "log" => Ok(self.log(args)),
            "scaffold" | "new-project" | "project-tools" | "read-code" => self.in_workshop(function, &args),
            _ => {
                let (reply, answer) = oneshot::channel();
                let call = Call { step: self.step.clone(), function: function.to_owned(), args, reply };
                self.messages.send(Message::Call(call)).map_err(|_| stopped())?;
                answer.blocking_recv().unwrap_or_else(|_| Err(stopped()))
            }
        }
    }

    fn print(&mut self, text: &str) {
        let lines = text.lines().map(str::to_owned).collect();
        let written = Written { step: self.step.clone(), container: None, stream: Stream::Log, lines };
        self.log.blocking_send(written);
    }
}

impl StepHost {
    /// Files of the project are changed here, where nobody else has to wait for it.
    fn in_workshop(&self, function: &str, args: &[Data]) -> Result<Data, Failure> {
        let is_standard =
            self.home.project_ref.as_deref().is_some_and(|project| project.starts_with("polytope/"));
        match &self.workshop {
            _ if !is_standard => {
                let message = format!("pt/{function} is for the standard modules alone.");
                Err(failure(message))
            }
            Some(workshop) => workshop.carry_out(&self.home, function, args),
            None => Err(failure(format!("pt/{function}: there is no project here to change."))),
        }
    }

    /// `(pt/log "text")` or `(pt/log :warn "text")`; gives back the text.
    fn log(&mut self, args: Vec<Data>) -> Data {
        let (level, texts) = match args.as_slice() {
            [level, rest @ ..] if !rest.is_empty() => (Some(level.to_text().masked()), rest),
            texts => (None, texts),
        };
        let text: Vec<String> = texts.iter().map(|data| data.to_text().masked()).collect();
        let text = text.join(" ");
        match level.as_deref() {
            Some(level @ ("error" | "warn" | "warning" | "debug")) => self.print(&format!("{level}: {text}")),
            Some("info") | None => self.print(&text),
            Some(other) => self.print(&format!("{other} {text}")),
        }
        Data::Str(text)
    }
}

/// What code asked for, or where it broke and why: below the first line comes the place in the user's file.
fn explain(error: EvalError, call: &CodeCall, sources: &Sources) -> Failure {
    if let EvalErrorKind::Failed(failure) = error.kind {
        return *failure;
    }
    let (first, rest) = error.message.split_once('\n').unwrap_or((&error.message, ""));
    let span = match error.range {
        Some(range) => call.place(sources, range),
        None => Span { end: call.code_span.start, ..call.code_span },
    };
    let mut diagnostic = Diagnostic::error("code-error", first).at(span, "");
    diagnostic = rest.lines().fold(diagnostic, Diagnostic::note);
    diagnostic = error.hint.into_iter().fold(diagnostic, Diagnostic::hint);
    let rendered = render(&[diagnostic], sources, Style::default());
    // Its heading says the message once more.
    let place: Vec<&str> = rendered.lines().skip(1).collect();
    failure(format!("{first}\n{}", place.join("\n")))
}

/// The failure that `pt/fail` was called with: a message and maybe data.
fn asked_for(args: Vec<Data>) -> Failure {
    let mut args = args.into_iter();
    let message = args.next().map_or_else(|| "Failed.".to_owned(), |message| message.to_text().masked());
    Failure { message, data: args.next().unwrap_or_default() }
}
