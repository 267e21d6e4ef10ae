//! The one owner of a job's state.
//!
//! It reads messages: a question of a step's code, the end of a step, a change of a container, a request to stop. Each
//! becomes events, and maybe something to do for others: an answer, a step to start. Of all messages that are there at
//! once, the events are stored in one go, then told to those who watch, and only then is the rest done: nobody sees an
//! effect of what is not stored.

mod answers;
mod containers;
mod ending;
mod execs;
mod kept;
mod modules;
mod order;
mod requests;
mod retries;
mod services;
mod steps;
mod taken;
mod waits;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indexmap::{IndexMap, IndexSet};
use jiff::Timestamp;
use pt_model::{ContainerId, Data, Event, Failure, Job, Labels, Map, ServiceId, Status, StepId, What};
use pt_plan::Plan;
use pt_store::{EventWriter, LogWriter, StoreError};
use tokio::runtime::Handle;
use tokio::sync::{OnceCell, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::args::failure;
use crate::call::{Call, Reply};
use crate::container::{ContainerTask, Network, Report, Wish};
use crate::context::{Context, JobContext};
use crate::counts::LineCounts;
use crate::engine::{Engine, Guests, Notice, Options, StopRequest};
use crate::guest::GuestSeat;
use crate::log::{Intake, LogSender, keep_logs};
use crate::mask::Mask;
use crate::name::Names;
use crate::port::Ports;
use crate::ready::{Subject, Waits};
use crate::step::StepThread;

use crate::remains::Remains;
use containers::ContainerState;
use execs::ExecState;
use modules::Planned;
use services::ServiceState;
use steps::{Origin, StepState};
use taken::Taken;

pub(crate) use containers::SpawnContainer;
pub(crate) use requests::Asked;
pub(crate) use steps::SpawnedCode;

/// What the dispatcher hears.
#[derive(Debug)]
pub(crate) enum Message {
    /// Code asks.
    Call(Call),
    /// Code has ended.
    StepEnded { step: StepId, result: Result<Data, Failure> },
    /// A container's task reports.
    Container { container: ContainerId, report: Report },
    /// A command in a container has ended: its exit code, unless the backend lost sight of it.
    ExecEnded { exec: String, code: Option<i64>, said: String },
    /// Something is ready, or was not in time: what stood in the way.
    Probed { subject: Subject, answer: Result<(), String> },
    /// A port was opened for a service, or could not be.
    PortsOpened(services::Opened),
    /// Somebody wants to take part as a step.
    Guest { step: String, seat: GuestSeat },
    /// Something was planned that a step asked for.
    Planned(Box<Planned>),
    /// A try of a step has taken as long as it may.
    TimedOut { step: StepId, retry: u32 },
    /// Code that was told to stop has had time enough: that of a step, or all.
    LeaveCode(Option<StepId>),
    /// The job has taken as long as it may.
    JobTimedOut(Duration),
    /// The pause before a retry is over.
    Retry { step: StepId },
    /// Who started the job wants something of it.
    Asked(Asked),
}

/// Where a job begins.
pub(crate) enum Beginning {
    /// At its beginning.
    Anew,
    /// At its beginning, with somebody who takes part.
    WithGuest(GuestSeat),
    /// Where another runner left it.
    From(Box<Remains>),
}

/// Carries out one job.
pub(crate) struct Dispatcher {
    context: Context,
    job: Job,
    /// What others see of the job.
    watched: watch::Sender<Job>,
    books: EventWriter,
    /// Events that are not stored yet, and what is to be done when they are.
    news: Vec<Event>,
    effects: Vec<Effect>,
    steps: IndexMap<StepId, StepState>,
    /// Who takes part, by the steps that have not started yet.
    guests: HashMap<StepId, GuestSeat>,
    /// Steps whose turn has not come, and whether it may have come for one of them.
    queued: IndexSet<StepId>,
    look_at_queue: bool,
    containers: HashMap<ContainerId, ContainerState>,
    services: HashMap<ServiceId, ServiceState>,
    /// Who waits for services that are not open.
    waiting_for_services: HashMap<ServiceId, Vec<Reply>>,
    execs: HashMap<String, ExecState>,
    ports: Ports,
    /// Why what is waited for is not ready.
    waits: Waits,
    values: Map,
    /// Which steps have which locks.
    locks: HashMap<String, Vec<StepId>>,
    network: Arc<Network>,
    notices: mpsc::UnboundedSender<Notice>,
    asked: watch::Receiver<StopRequest>,
    /// Cancelled when the job begins to stop, and when it is killed: what answers are waiting for ends then.
    stopping: CancellationToken,
    killed: CancellationToken,
    /// Cancelled to end what the code of steps waits for, all of them.
    code_waits: CancellationToken,
    /// Whether code that waits was left to itself when its step ended.
    left_waiting: bool,
    /// Whether a container failed after its step had ended.
    failed_unheard: bool,
    /// Whether the step has ended with whose outcome the job ends.
    until_reached: bool,
    /// What another runner had begun, as far as it matters still.
    taken: Taken,
    messages: (mpsc::UnboundedSender<Message>, mpsc::UnboundedReceiver<Message>),
    log: LogSender,
    lines: LineCounts,
    keeper: JoinHandle<Result<LogWriter, StoreError>>,
}

/// What is done once everything before it is stored.
enum Effect {
    /// The code hears the answer to its question. It may have been stopped meanwhile; then nobody hears it.
    Answer(Reply, Result<Data, Failure>),
    /// Somebody learns that what was reported before has been told.
    Passed(oneshot::Sender<()>),
    /// A container's task learns what is wished for it.
    Wish(watch::Sender<Wish>, Wish),
    /// Those who watch are told something that is not kept.
    Tell(Notice),
    /// A step's code starts.
    Start(Box<StepThread>),
    /// A container's life begins, or is taken up.
    Live(Box<ContainerTask>),
}

/// The most messages whose events are stored together.
const BATCH: usize = 4096;

/// How long messages are gathered while a job stops.
const BREATH: Duration = Duration::from_millis(5);

impl Dispatcher {
    pub(crate) fn new(
        engine: Engine,
        plan: Plan,
        options: Options,
        beginning: Beginning,
        notices: mpsc::UnboundedSender<Notice>,
        asked: watch::Receiver<StopRequest>,
        messages: (mpsc::UnboundedSender<Message>, mpsc::UnboundedReceiver<Message>),
    ) -> Result<(Self, watch::Receiver<Job>), StoreError> {
        let (seat, remains) = match beginning {
            Beginning::Anew => (None, None),
            Beginning::WithGuest(seat) => (Some(seat), None),
            Beginning::From(remains) => (None, Some(*remains)),
        };
        let mask = Mask::default();
        mask.learn(plan.secrets.iter().cloned());
        let books = engine.store.event_writer(&options.job)?;
        let writer = engine.store.log_writer(&options.job)?;
        let lines = LineCounts::default();
        let (log, keeper) = keep_logs(writer, mask.clone(), notices.clone(), lines.clone());
        let names = Names::new(&options.instance, &options.job.job);
        let network = Network {
            name: names.network(),
            labels: labels(&options),
            made: OnceCell::new(),
            volumes: Mutex::default(),
            away: AtomicBool::new(false),
        };
        let ports = Ports::of(&options.instance);
        let (watched, watching) = watch::channel(Job::default());
        let origin = Arc::new(Origin {
            sources: options.project.sources().clone(),
            planning: Arc::clone(&options.project),
            requests: plan.requests,
        });
        let context = JobContext {
            engine,
            options,
            names,
            mask,
            runtime: Handle::current(),
            notices: notices.downgrade(),
            anonymous_volumes: remains.as_ref().map_or(0, |remains| remains.anonymous_volumes).into(),
            datasets_read: Default::default(),
        };
        let mut dispatcher = Self {
            context: Arc::new(context),
            job: Job::default(),
            watched,
            books,
            news: Vec::new(),
            effects: Vec::new(),
            steps: IndexMap::new(),
            guests: HashMap::new(),
            queued: IndexSet::new(),
            look_at_queue: true,
            containers: HashMap::new(),
            services: HashMap::new(),
            waiting_for_services: HashMap::new(),
            execs: HashMap::new(),
            ports,
            waits: Waits::default(),
            values: Map::default(),
            locks: HashMap::new(),
            network: Arc::new(network),
            notices,
            asked,
            stopping: CancellationToken::new(),
            killed: CancellationToken::new(),
            code_waits: CancellationToken::new(),
            left_waiting: false,
            failed_unheard: false,
            until_reached: false,
            taken: Taken::default(),
            messages,
            log,
            lines,
            keeper,
        };
        let begun = remains.as_ref().and_then(|remains| remains.job.started_ts);
        if let Some(timeout) = plan.timeout {
            let left = timeout.saturating_sub(begun.map_or(Duration::ZERO, taken::since));
            dispatcher.send_after(left, Message::JobTimedOut(timeout));
        }
        if let Some(remains) = remains.filter(Remains::has_begun) {
            dispatcher.take_over(remains, plan.steps, &origin);
        } else {
            let steps = plan.steps.iter().map(|step| step.id.clone()).collect();
            plan.steps.into_iter().for_each(|step| dispatcher.add_step(step, None, &origin));
            let job = dispatcher.context.options.job.job.clone();
            dispatcher.emit(What::JobCreated { job, target: plan.target, steps });
        }
        if let Some(seat) = seat {
            dispatcher.add_guest("repl", seat);
        }
        dispatcher.publish()?;
        Ok((dispatcher, watching))
    }

    /// Where others ask to take part.
    pub(crate) fn guests(&self) -> Guests {
        Guests(self.messages.0.clone())
    }

    /// How many lines it has said.
    pub(crate) fn lines(&self) -> LineCounts {
        self.lines.clone()
    }

    /// Where others bring lines that belong to it.
    pub(crate) fn intake(&self) -> Intake {
        self.log.intake()
    }

    /// Carries the job out to its end.
    pub(crate) async fn run(mut self) -> Result<Job, StoreError> {
        if let Err(error) = self.carry_out().await {
            self.abandon(&error).await;
            return Err(error);
        }
        self.finish().await
    }

    async fn carry_out(&mut self) -> Result<(), StoreError> {
        if self.job.started_ts.is_none() {
            self.emit(What::JobStarted);
        }
        self.start_steps();
        self.publish()?;
        let mut asked = self.asked.clone();
        while !self.is_over() {
            tokio::select! {
                Some(message) = self.messages.1.recv() => {
                    if self.is_stopping() {
                        // Whatever runs ends now: what ends at once is stored at once.
                        tokio::time::sleep(BREATH).await;
                    }
                    self.hear(message).await;
                    for _ in 0..BATCH {
                        let Ok(message) = self.messages.1.try_recv() else { break };
                        self.hear(message).await;
                    }
                }
                kept = &mut self.keeper => match kept {
                    // It ends before its senders only when it failed.
                    Ok(kept) => return kept.map(drop),
                    Err(panic) => {
                        self.end_all().await;
                        std::panic::resume_unwind(panic.into_panic());
                    }
                },
                Ok(()) = asked.changed() => {
                    let request = asked.borrow_and_update().clone();
                    self.stop(request);
                }
            }
            self.start_steps();
            self.publish()?;
        }
        Ok(())
    }

    async fn hear(&mut self, message: Message) {
        match message {
            Message::StepEnded { step, result } => self.code_ended(&step, result),
            Message::Container { container, report } => self.container_reports(&container, report).await,
            Message::ExecEnded { exec, code, said } => self.exec_ended(&exec, code, said),
            Message::PortsOpened(opened) => self.ports_opened(opened),
            Message::Probed { subject, answer } => self.probed(subject, answer),
            Message::Guest { step, seat } => self.add_guest(&step, seat),
            Message::Planned(planned) => self.planned(*planned),
            Message::TimedOut { step, retry } => self.timed_out(&step, retry),
            Message::LeaveCode(step) => self.leave_code(step.as_ref()),
            Message::JobTimedOut(timeout) => self.job_timed_out(timeout),
            Message::Retry { step } => self.pause_over(&step),
            Message::Asked(asked) => self.asked(asked),
            Message::Call(Call { step, question, reply }) => match self.refusal(&step) {
                Some(refusal) => self.answer(reply, Err(refusal)),
                None => self.question(&step, question, reply).await,
            },
        }
    }

    /// Why the code of a step may ask for nothing more: what it asked for before it was stopped may be heard after.
    fn refusal(&self, step: &StepId) -> Option<Failure> {
        let asked_to_stop = || self.steps.get(step).is_some_and(|step| step.asked_to_stop);
        match () {
            () if self.is_stopping() => Some(failure("The job is stopping.")),
            () if asked_to_stop() => Some(failure("The step is stopping.")),
            () => None,
        }
    }

    fn status(&self, id: &StepId) -> Status {
        self.job.steps.get(id).map_or(Status::Canceled, |step| step.status)
    }

    /// Takes note of what happened.
    fn emit(&mut self, what: What) {
        let event = Event { seq: self.job.events, at: Timestamp::now(), what };
        self.job.apply(&event);
        self.news.push(event);
    }

    /// Stores what happened, tells it, and does what follows from it.
    fn publish(&mut self) -> Result<(), StoreError> {
        if !self.news.is_empty() {
            self.books.append(&self.news)?;
            self.watched.send_modify(|job| self.news.iter().for_each(|event| job.apply(event)));
            for event in self.news.drain(..) {
                // Nobody may be watching any more.
                let _ = self.notices.send(Notice::Event(event));
            }
        }
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Answer(reply, answer) => drop(reply.send(answer)),
                Effect::Passed(passed) => drop(passed),
                Effect::Wish(wishes, wish) => drop(wishes.send_if_modified(|current| forward(current, wish))),
                // Nobody may be watching any more.
                Effect::Tell(notice) => drop(self.notices.send(notice)),
                Effect::Start(thread) => self.start_thread(*thread),
                Effect::Live(task) => {
                    let id = task.id.clone();
                    self.watch_over(&id, tokio::spawn(task.run()));
                }
            }
        }
        Ok(())
    }

    /// Gives an answer, once what led to it is stored.
    fn answer(&mut self, reply: Reply, answer: Result<Data, Failure>) {
        self.effects.push(Effect::Answer(reply, answer));
    }
}

fn labels(options: &Options) -> Labels {
    Labels::of_instance(&options.instance.id, &options.instance.root.display().to_string())
        .job(&options.job.job)
}

/// Wishes only go forward.
fn forward(current: &mut Wish, wish: Wish) -> bool {
    let further = wish > *current;
    if further {
        *current = wish;
    }
    further
}
