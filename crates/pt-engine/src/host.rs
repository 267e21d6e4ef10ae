//! The runner API as the code of one step meets it: a call comes in on the step's thread, and what it must wait for it
//! waits for there.
//!
//! What concerns the job as a whole — its containers, services, steps — is asked of the dispatcher; the rest is done here.

mod alone;
mod container;
mod convert;
mod dataset;
mod http;
mod image;
mod log;
mod prompt;
mod repository;
mod standard;
mod steps;
mod value;

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use pt_eval::{Host, Limits};
use pt_model::{Data, Failure, StepId};
use pt_plan::CodeCall;
use pt_syntax::Sources;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::args::{Args, entry, failure};
use crate::call::{Call, Question, Target, container, target};
use crate::context::Context;
use crate::dispatcher::Message;
use crate::log::LogSender;
use crate::park;
pub use alone::Alone;
use image::Builds;
use prompt::Questions;

/// Answers the code of one step.
pub(crate) struct StepHost {
    pub(crate) step: StepId,
    pub(crate) call: Arc<CodeCall>,
    pub(crate) sources: Sources,
    pub(crate) limits: Limits,
    pub(crate) context: Context,
    /// Cancelled when the step is to stop: whatever it waits for ends then.
    token: CancellationToken,
    pub(crate) messages: mpsc::UnboundedSender<Message>,
    pub(crate) log: LogSender,
    /// Whether it has done what is not to be done twice.
    acted: Cell<bool>,
    /// The line that `log-chunk` has begun.
    line: String,
    /// Whether something was logged since the dispatcher was last asked.
    logged: Cell<bool>,
    builds: Builds,
    questions: Questions,
    /// How many pieces of code evaluate one another.
    evaluations: usize,
    /// Cancelled when a guest no longer wants to wait.
    unwanted: Option<CancellationToken>,
    /// Whether the code waits for nothing but time or the dispatcher.
    pub(crate) parked: Arc<AtomicBool>,
}

impl StepHost {
    pub(crate) fn new(
        step: StepId,
        call: CodeCall,
        sources: Sources,
        token: CancellationToken,
        context: Context,
        messages: mpsc::UnboundedSender<Message>,
        log: LogSender,
    ) -> Self {
        Self {
            step,
            call: Arc::new(call),
            sources,
            limits: Limits::default(),
            context,
            token,
            messages,
            log,
            acted: Cell::new(false),
            line: String::new(),
            logged: Cell::new(false),
            builds: Builds::default(),
            questions: Questions::default(),
            evaluations: 0,
            unwanted: None,
            parked: Arc::default(),
        }
    }

    /// Waits on this thread for what needs no runtime, until the time is over or the step is to stop. A job that stops ends
    /// the step where it stands, and lets its thread know later.
    fn park<T>(&self, answer: impl Future<Output = T>, end: Option<Instant>) -> Result<Option<T>, Failure> {
        // Where it stands: a future that is moved is on the stack twice.
        let first = pin!(async {
            tokio::select! {
                biased;
                () = self.token.cancelled() => Err(stopped()),
                () = cancelled(self.unwanted.as_ref()) => Err(failure("Interrupted.")),
                answer = answer => Ok(answer),
            }
        });
        self.parked.store(true, Ordering::Relaxed);
        let first = park::until(first, end);
        self.parked.store(false, Ordering::Relaxed);
        first.transpose()
    }

    /// Waits on this thread until something is there, or the step is to stop.
    fn wait<T>(&self, something: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        self.context.runtime.block_on(async {
            tokio::select! {
                done = something => done,
                () = self.token.cancelled() => Err(stopped()),
                () = cancelled(self.unwanted.as_ref()) => Err(failure("Interrupted.")),
            }
        })
    }

    /// Calls a function; what it waits for ends when the token is cancelled.
    pub(crate) fn call_until(
        &mut self,
        unwanted: CancellationToken,
        function: &str,
        args: Vec<Data>,
    ) -> Result<Data, Failure> {
        self.unwanted = Some(unwanted);
        let answer = self.call(function, args);
        self.unwanted = None;
        answer
    }

    /// Waits until what was logged has been told, so that it comes before what follows.
    pub(crate) fn settle(&self) {
        if self.logged.replace(false) {
            self.log.blocking_settle();
        }
    }

    /// Has it written down, before it is done, that the code does something that cannot be done twice unnoticed.
    #[inline(never)]
    fn acts(&self, args: &Args<'_>) -> Result<(), Failure> {
        if self.acted.get() || is_repeatable(args) {
            return Ok(());
        }
        self.acted.set(true);
        self.ask(Question::Act(args.function.to_owned())).map(drop)
    }

    /// Asks the dispatcher and waits for its answer. It and [`Self::sleep`] are kept apart, for the stack of thousands who wait.
    #[inline(never)]
    pub(crate) fn ask(&self, question: Question) -> Result<Data, Failure> {
        let (reply, answer) = oneshot::channel();
        self.settle();
        let call = Call { step: self.step.clone(), question, reply };
        self.messages.send(Message::Call(call)).map_err(|_| stopped())?;
        match self.park(answer, None)? {
            Some(Ok(answer)) => answer,
            Some(Err(_)) | None => Err(stopped()),
        }
    }
}

async fn cancelled(token: Option<&CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}

pub(crate) fn stopped() -> Failure {
    failure("The job was stopped.")
}

impl Host for StepHost {
    fn call(&mut self, function: &str, given: Vec<Data>) -> Result<Data, Failure> {
        let args = &Args { function, given: &given };
        self.acts(args)?;
        if function == "sleep" { self.sleep(args) } else { self.call_waiting(args) }
    }

    fn print(&mut self, line: &str) {
        self.print_line(line);
    }
}

impl StepHost {
    /// What code waits in for others.
    #[inline(never)]
    fn call_waiting(&mut self, args: &Args<'_>) -> Result<Data, Failure> {
        match args.function {
            "await-started" | "await-container-started" => match target(args, args.at(0))? {
                Target::Service(id) => self.ask(Question::AwaitService(id)).map(|_| Data::Bool(true)),
                Target::Container(_) | Target::Step(_) | Target::Job => {
                    self.ask(Question::AwaitStarted(container(args, args.at(0))?))
                }
            },
            "await-done" | "await-container-exited" => {
                self.ask(Question::AwaitDone(container(args, args.at(0))?))
            }
            "await-exec-exit" => self.ask(Question::AwaitExec(args.text(0, "exec")?)),
            "await-step" => self.ask(Question::AwaitStep(args.text(0, "step")?.as_str().into())),
            _ => self.call_other(args),
        }
    }

    /// What code hardly waits in. Kept apart, for the stack of the thousands who wait elsewhere.
    #[inline(never)]
    fn call_other(&mut self, args: &Args<'_>) -> Result<Data, Failure> {
        match args.function {
            "spawn" | "spawn-container" => self.spawn(args),
            "stop" => self.ask(Question::Stop(target(args, args.at(0))?)),
            "container-exec" => self.exec(args),
            "read-container-file" => self.read_file(args),
            "write-container-file" => self.write_file(args),
            "container-ls" => self.list_files(args),
            "open-service" => self.open_service(args),
            "stop-service" => self.stop_service(args),
            "call-module" | "call-tool" => self.call_module(args),
            "spawn-step" => self.spawn_step(args),
            "output" => self.output(args),
            "eval" => self.eval(args),
            "fail" => Err(asked_for(args.given)),
            "log" => Ok(self.log(args.given)),
            "log-chunk" => Ok(self.log_chunk(args.given)),
            "value" => self.value(args),
            "secret" => self.secret(args),
            "get-project-value" | "get-job-value" | "get-step-value" => self.get_value(args),
            "set-project-value" | "set-value" | "set-job-value" | "set-step-value" => self.set_value(args),
            "set-secret" => self.set_secret(args),
            "read-repo-file" => self.read_repo_file(args),
            "read-yaml" | "read-json" | "read-edn" => convert::read(args),
            "write-yaml" | "write-json" | "write-edn" => convert::write(args),
            "http-request" => self.http_request(args),
            "store-dataset" => self.store_dataset(args),
            "spawn-image-build" => self.spawn_image_build(args),
            "await-image-build" => self.await_image_build(args),
            "request-user-input" => self.request_user_input(args),
            "await-user-input" => self.await_user_input(args),
            "exec-output" | "container-output" | "service-address" | "scaffold" | "new-project"
            | "project-tools" | "read-code" => self.of_standard_modules(args),
            function => Err(unknown(function)),
        }
    }
}

/// Whether code may do this again when another runner goes on with its job: it looks, waits, or asks for containers and services
/// that it is given again. What is logged is found in the log.
fn is_repeatable(args: &Args<'_>) -> bool {
    match args.function {
        "spawn" | "spawn-container" | "open-service" | "stop-service" | "spawn-image-build"
        | "request-user-input" => true,
        "http-request" => {
            matches!(entry(args.at(0), &["method"]).as_str(), None | Some("get" | "GET" | "head" | "HEAD"))
        }
        "eval" | "fail" | "sleep" | "log" | "log-chunk" | "output" | "value" | "secret" | "container-ls" => {
            true
        }
        "exec-output" | "service-address" | "project-tools" | "write-yaml" | "write-json" | "write-edn" => {
            true
        }
        name => ["await-", "get-", "read-"].iter().any(|prefix| name.starts_with(prefix)),
    }
}

/// That there is no such function, and which was meant.
pub(crate) fn unknown(function: &str) -> Failure {
    let near = pt_eval::near(function).map(|near| format!(" Did you mean pt/{near}?"));
    failure(format!("The runner has no function pt/{function}.{}", near.unwrap_or_default()))
}

/// The failure that `pt/fail` was called with: a message and maybe data.
fn asked_for(given: &[Data]) -> Failure {
    let message = given.first().map_or_else(|| "Failed.".to_owned(), |message| message.to_text().masked());
    Failure::new(message, given.get(1).cloned().unwrap_or_default())
}
