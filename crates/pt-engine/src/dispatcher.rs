//! The one owner of a job's state.
//!
//! It reads messages one by one: a question of a step's code, the end of a step, a change of a container, a request to
//! stop. Each becomes events, which are stored, then applied to the job, then told to those who watch.

mod answers;
mod containers;
mod ending;
mod steps;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use indexmap::IndexMap;
use jiff::Timestamp;
use pt_backend::PublishedPort;
use pt_model::{ContainerId, Data, Event, Failure, Job, Labels, Masker, ServiceSpec, Status, StepId, What};
use pt_plan::{Does, Plan, RunWhen, StepPlan};
use pt_store::StoreError;
use tokio::sync::{OnceCell, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::call::{Call, Question, Reply, failure};
use crate::container::{Network, Report, Wish};
use crate::engine::{Engine, Notice, Options, StopRequest};
use crate::log::{LogSender, keep_logs};
use crate::name::Names;
use crate::port::Ports;

/// What the dispatcher hears.
#[derive(Debug)]
pub(crate) enum Message {
    /// Code asks.
    Call(Call),
    /// Code has ended.
    StepEnded { step: StepId, result: Result<Data, Failure> },
    /// A container's task reports.
    Container { container: ContainerId, report: Report },
}

/// Carries out one job.
pub(crate) struct Dispatcher {
    engine: Engine,
    options: Options,
    names: Names,
    masker: Masker,
    job: watch::Sender<Job>,
    steps: IndexMap<StepId, StepState>,
    containers: HashMap<ContainerId, ContainerState>,
    ports: Ports,
    anonymous_volumes: u32,
    network: Arc<Network>,
    notices: mpsc::UnboundedSender<Notice>,
    asked: watch::Receiver<StopRequest>,
    /// Cancelled when the job begins to stop, and when it is killed: what answers are waiting for ends then.
    stopping: CancellationToken,
    killed: CancellationToken,
    /// Whether the step has ended with whose outcome the job ends.
    until_reached: bool,
    messages: (mpsc::UnboundedSender<Message>, mpsc::UnboundedReceiver<Message>),
    log: LogSender,
    keeper: JoinHandle<Result<(), StoreError>>,
}

/// A step, beyond what its job shows of it.
struct StepState {
    does: Option<Does>,
    run_when: Vec<RunWhen>,
    /// The group whose part it is.
    group: Option<StepId>,
    /// Set to stop its code wherever it is.
    interrupt: Arc<AtomicBool>,
    /// Where its definition stands, and what it will serve: for the containers it starts.
    call: Option<Surroundings>,
    containers: Vec<ContainerId>,
    output: Data,
}

struct Surroundings {
    home: pt_plan::Home,
    services: Vec<ServiceSpec>,
}

/// A container, beyond what its job shows of it.
struct ContainerState {
    wish: watch::Sender<Wish>,
    ports: Vec<PublishedPort>,
    started: bool,
    over: bool,
    waiting_for_start: Vec<Reply>,
    waiting_for_end: Vec<Reply>,
}

impl Dispatcher {
    pub(crate) fn new(
        engine: Engine,
        plan: Plan,
        options: Options,
        notices: mpsc::UnboundedSender<Notice>,
        asked: watch::Receiver<StopRequest>,
    ) -> Result<(Self, watch::Receiver<Job>), StoreError> {
        let masker = Masker::new(plan.secrets);
        let writer = engine.store.log_writer(&options.job)?;
        let (log, keeper) = keep_logs(writer, masker.clone(), notices.clone());
        let names = Names::new(&options.instance, &options.job.job);
        let network = Network { name: names.network(), labels: labels(&options), made: OnceCell::new() };
        let (job, watched) = watch::channel(Job::default());
        let mut dispatcher = Self {
            engine,
            options,
            names,
            masker,
            job,
            steps: IndexMap::new(),
            containers: HashMap::new(),
            ports: Ports::default(),
            anonymous_volumes: 0,
            network: Arc::new(network),
            notices,
            asked,
            stopping: CancellationToken::new(),
            killed: CancellationToken::new(),
            until_reached: false,
            messages: mpsc::unbounded_channel(),
            log,
            keeper,
        };
        let steps = plan.steps.iter().map(|step| step.id.clone()).collect();
        plan.steps.into_iter().for_each(|step| dispatcher.add_step(step, None));
        let job = dispatcher.options.job.job.clone();
        dispatcher.emit(What::JobCreated { job, target: plan.target, steps })?;
        Ok((dispatcher, watched))
    }

    /// Carries the job out to its end.
    pub(crate) async fn run(mut self) -> Result<Job, StoreError> {
        if let Err(error) = self.carry_out().await {
            self.abandon().await;
            return Err(error);
        }
        self.finish().await
    }

    async fn carry_out(&mut self) -> Result<(), StoreError> {
        self.emit(What::JobStarted)?;
        self.start_steps()?;
        let mut asked = self.asked.clone();
        while !self.is_over() {
            tokio::select! {
                Some(message) = self.messages.1.recv() => self.hear(message).await?,
                kept = &mut self.keeper => match kept {
                    // It ends before its senders only when it failed.
                    Ok(kept) => return kept,
                    Err(panic) => {
                        self.abandon().await;
                        std::panic::resume_unwind(panic.into_panic());
                    }
                },
                Ok(()) = asked.changed() => {
                    let request = asked.borrow_and_update().clone();
                    self.stop(request)?;
                }
            }
            self.start_steps()?;
        }
        Ok(())
    }

    fn add_step(&mut self, plan: StepPlan, group: Option<StepId>) {
        let state = StepState {
            does: Some(plan.does),
            run_when: plan.run_when,
            group,
            interrupt: Arc::default(),
            call: None,
            containers: Vec::new(),
            output: Data::Null,
        };
        self.steps.insert(plan.id, state);
    }

    async fn hear(&mut self, message: Message) -> Result<(), StoreError> {
        match message {
            Message::StepEnded { step, result } => self.code_ended(&step, result),
            Message::Container { container, report } => self.container_reports(&container, report),
            Message::Call(Call { step, function, args, reply }) => match Question::read(&function, &args) {
                Ok(question) if !self.is_stopping() || question.only_waits() => {
                    self.answer(&step, question, reply).await
                }
                Ok(_) => {
                    say(reply, Err(failure("The job is stopping.")));
                    Ok(())
                }
                Err(failure) => {
                    say(reply, Err(failure));
                    Ok(())
                }
            },
        }
    }

    fn status(&self, id: &StepId) -> Status {
        self.job.borrow().steps.get(id).map_or(Status::Canceled, |step| step.status)
    }

    /// Stores what happened, applies it, and tells.
    fn emit(&mut self, what: What) -> Result<(), StoreError> {
        let event = Event { seq: self.job.borrow().events, at: Timestamp::now(), what };
        self.engine.store.append(&self.options.job, std::slice::from_ref(&event))?;
        self.job.send_modify(|job| job.apply(&event));
        // Nobody may be watching any more.
        let _ = self.notices.send(Notice::Event(event));
        Ok(())
    }
}

fn labels(options: &Options) -> Labels {
    Labels::of_instance(&options.instance.id, &options.instance.root.display().to_string())
        .job(&options.job.job)
}

fn within(group: &StepId, step: &StepId) -> StepId {
    StepId::new(format!("{group}.{step}"))
}

/// Wishes only go forward.
fn forward(current: &mut Wish, wish: Wish) -> bool {
    let further = wish > *current;
    if further {
        *current = wish;
    }
    further
}

/// Gives the answer. The code that asked may have been stopped meanwhile; then nobody hears it.
fn say(reply: Reply, answer: Result<Data, Failure>) {
    let _ = reply.send(answer);
}
