//! Starting a job, and the handle by which others follow and stop it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pt_backend::Backend;
use pt_model::{ContainerId, Data, Event, Failure, Job, JobId, LogLine, Status, Step, StepId};
use pt_plan::Plan;
use pt_store::{Instance, JobKey, Scope, Store, StoreError};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::args::failure;
use crate::counts::LineCounts;
use crate::dispatcher::{Asked, Beginning, Dispatcher, Message};
use crate::guest::{Guest, GuestSeat, guest};
use crate::log::Intake;
use crate::outside::{Outside, Planning};
use crate::reception::Reception;
use crate::remains::Remains;

/// What jobs run on.
#[derive(Clone)]
pub struct Engine {
    /// What runs their containers.
    pub backend: Arc<dyn Backend>,
    /// What remembers them.
    pub store: Store,
}

/// How one job is to be run.
#[derive(Clone)]
pub struct Options {
    /// The job, already created in the store.
    pub job: JobKey,
    /// The checkout it belongs to.
    pub instance: Instance,
    /// The project against which the plan was made.
    pub project: Arc<dyn Planning>,
    /// The world around the job.
    pub outside: Arc<dyn Outside>,
    /// Whose values and secrets it reads and sets.
    pub scope: Scope,
    /// Directory from which `pt` was called: what `./x` in host mounts is relative to.
    pub working_dir: PathBuf,
    /// The person who runs it.
    pub person: Person,
    /// Whether somebody is there to answer questions.
    pub interactive: bool,
    /// Whether steps may be added while it runs ([`Control::add`]): such a job goes on until it is stopped.
    pub open: bool,
    /// The step whose end ends the job.
    pub until: Option<StepId>,
    /// Whether steps that have a `cache` are run whatever has changed.
    pub no_cache: bool,
    /// Who receives what its containers tell of themselves, if anybody does.
    pub reception: Option<Reception>,
    /// The earlier job that this one resumes.
    pub resumes: Option<Earlier>,
    /// How long a container may take to stop before it is killed.
    pub grace: Duration,
}

/// What is left of an earlier job.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The job.
    pub job: JobId,
    /// The steps that need not run again, and their results.
    pub done: HashMap<StepId, Data>,
}

impl Earlier {
    /// Of a job that is over: the steps that ended well. Those whose services others may need run again, and those whose
    /// results held secrets, which are not kept.
    pub fn of(id: &JobId, job: &Job) -> Self {
        let serves = |id: &StepId| job.services.values().any(|service| service.step == *id);
        let ended_well = |(id, step): (&StepId, &Step)| {
            let is_done = step.status == Status::Success;
            let is_whole = !step.output.to_string().contains("[secret ");
            (is_done && is_whole && !serves(id)).then(|| (id.clone(), step.output.clone()))
        };
        Self { job: id.clone(), done: job.steps.iter().filter_map(ended_well).collect() }
    }
}

/// The person who runs a job.
#[derive(Clone, Debug)]
pub struct Person {
    /// User id, for `#pt-host`.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Name, for people.
    pub name: String,
    /// Home directory, for `~/…`.
    pub home: Option<PathBuf>,
}

/// A job that was started.
pub struct Running {
    /// What happens, in order, each thing once. Closed when the job is over.
    pub notices: mpsc::UnboundedReceiver<Notice>,
    /// Stops it.
    pub control: Control,
    /// Lets others take part in it.
    pub guests: Guests,
    /// The job's state, always current.
    pub job: watch::Receiver<Job>,
    /// How many lines it has said since its runner began.
    pub lines: LineCounts,
    /// Takes lines from others.
    pub intake: Intake,
    /// Ends with the job.
    pub done: JoinHandle<Result<Job, StoreError>>,
}

/// Something that those who watch a job are told.
#[derive(Debug)]
pub enum Notice {
    /// An event, already stored.
    Event(Event),
    /// Lines of output, already stored.
    Lines(Shown),
    /// Code asks the person who runs the job.
    Input(InputRequest),
    /// How an image pull goes; not kept.
    Progress {
        /// The container that waits for the image.
        container: ContainerId,
        /// A line for people.
        text: String,
    },
}

/// A question of code to a person. Dropped without an answer, the code hears that nobody answers.
#[derive(Debug)]
pub struct InputRequest {
    /// The step that asks.
    pub step: StepId,
    /// What is asked for: `str`, `code`…
    pub kind: String,
    /// What goes with it, as code gave it; `message` is what people read.
    pub options: Data,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Data>,
}

/// Lines on their way to those who watch. Dropping them makes room for others: who shows slowly is waited for.
#[derive(Debug)]
pub struct Shown {
    /// The lines.
    pub lines: Vec<LogLine>,
    pub(crate) _room: Option<OwnedSemaphorePermit>,
}

/// A step that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Wait {
    /// The step.
    pub step: StepId,
    /// For what, and why that is not so yet.
    pub why: String,
    /// The step, if it waits for the end of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of: Option<StepId>,
    /// Since when, in seconds.
    pub seconds: u64,
}

/// Stops a job, and changes what runs in it. Cheap to copy about.
#[derive(Clone, Debug)]
pub struct Control {
    requests: watch::Sender<StopRequest>,
    messages: mpsc::UnboundedSender<Message>,
}

/// What has been asked of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum StopRequest {
    /// Nothing: run.
    #[default]
    None,
    /// Stop in order.
    Stop {
        /// Why, in words.
        reason: String,
    },
    /// Kill everything at once.
    Kill,
}

impl Control {
    pub(crate) fn new(messages: mpsc::UnboundedSender<Message>) -> (Self, watch::Receiver<StopRequest>) {
        let (requests, asked) = watch::channel(StopRequest::None);
        (Self { requests, messages }, asked)
    }

    /// Runs a plan in the job, as one step; `project` is what it was made against. Gives the step's id.
    ///
    /// # Errors
    /// The job is stopping, or over.
    pub async fn add(&self, plan: Plan, project: Arc<dyn Planning>) -> Result<StepId, Failure> {
        let step = self.ask(|reply| Asked::Add { plan: Box::new(plan), project, reply }).await?;
        Ok(StepId::new(step.to_text().masked()))
    }

    /// Stops a step, what it started and what it called, and waits for its end.
    ///
    /// # Errors
    /// There is no such step, or the job is over.
    pub async fn stop_step(&self, step: StepId) -> Result<(), Failure> {
        self.ask(|reply| Asked::StopStep { step, reply }).await.map(drop)
    }

    /// Asks a container that runs to stop, and to start once more. The job's state tells when it has.
    ///
    /// # Errors
    /// There is no such container, it does not run, or the job is stopping.
    pub async fn restart(&self, container: ContainerId) -> Result<(), Failure> {
        self.ask(|reply| Asked::Restart { container, reply }).await.map(drop)
    }

    /// Who waits for what. Nobody, once it is over.
    pub async fn waits(&self) -> Vec<Wait> {
        let (reply, answer) = oneshot::channel();
        match self.messages.send(Message::Asked(Asked::Waits(reply))) {
            Ok(()) => answer.await.unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    /// Tells those who watch the job something that ends nothing. Fine if it is over.
    pub fn warn(&self, message: &str) {
        let _ = self.messages.send(Message::Asked(Asked::Warn(message.to_owned())));
    }

    async fn ask(
        &self,
        asked: impl FnOnce(oneshot::Sender<Result<Data, Failure>>) -> Asked,
    ) -> Result<Data, Failure> {
        let (reply, answer) = oneshot::channel();
        let over = || failure("The job is over.");
        self.messages.send(Message::Asked(asked(reply))).map_err(|_| over())?;
        answer.await.unwrap_or_else(|_| Err(over()))
    }

    /// Asks the job to stop: its containers get their stop signal and their grace. The first reason counts.
    pub fn stop(&self, reason: &str) {
        self.requests.send_if_modified(|request| {
            let first = *request == StopRequest::None;
            if first {
                *request = StopRequest::Stop { reason: reason.to_owned() };
            }
            first
        });
    }

    /// Kills everything the job runs, at once.
    pub fn kill(&self) {
        self.requests.send_replace(StopRequest::Kill);
    }

    /// Whether it was already asked to stop.
    pub fn is_stopping(&self) -> bool {
        *self.requests.borrow() != StopRequest::None
    }
}

/// Lets others take part in a job. Cheap to copy about.
#[derive(Clone, Debug)]
pub struct Guests(pub(crate) mpsc::UnboundedSender<Message>);

impl Guests {
    /// Takes part in the job as a step of this id, or if it is taken, of one like it.
    pub fn enter(&self, step: &str) -> Guest {
        let (guest, seat) = guest();
        // When the job is over the seat is dropped, and the guest hears it.
        let _ = self.0.send(Message::Guest { step: step.to_owned(), seat });
        guest
    }
}

impl Engine {
    /// Starts a job. It goes on by itself; dropping the handle does not stop it.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn start(&self, plan: Plan, options: Options) -> Result<Running, StoreError> {
        self.start_with(plan, options, None)
    }

    /// Goes on with a job whose runner is gone. The plan is that of what the job was asked for.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn take_over(&self, plan: Plan, options: Options, remains: Remains) -> Result<Running, StoreError> {
        self.run(plan, options, Beginning::From(Box::new(remains)))
    }

    /// Starts a job in which somebody takes part from the beginning, as a step beside those of the plan.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn start_with(
        &self,
        plan: Plan,
        options: Options,
        seat: Option<GuestSeat>,
    ) -> Result<Running, StoreError> {
        self.run(plan, options, seat.map_or(Beginning::Anew, Beginning::WithGuest))
    }

    fn run(&self, plan: Plan, options: Options, beginning: Beginning) -> Result<Running, StoreError> {
        let (notices_to, notices) = mpsc::unbounded_channel();
        let messages = mpsc::unbounded_channel();
        let (control, asked) = Control::new(messages.0.clone());
        let (dispatcher, job) =
            Dispatcher::new(self.clone(), plan, options, beginning, notices_to, asked, messages)?;
        let (guests, lines, intake) = (dispatcher.guests(), dispatcher.lines(), dispatcher.intake());
        let done = tokio::spawn(dispatcher.run());
        Ok(Running { notices, control, guests, job, lines, intake, done })
    }
}
