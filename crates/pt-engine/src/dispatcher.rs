//! The one owner of a job's state.
//!
//! It reads messages one by one: a question of a step's code, the end of a step, a change of a container, a request to
//! stop. Each becomes events, which are stored, then applied to the job, then told to those who watch.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indexmap::IndexMap;
use jiff::Timestamp;
use pt_backend::{ContainerRequest, ImagePolicy, PublishedPort};
use pt_eval::{EvalError, EvalErrorKind};
use pt_model::{
    ContainerChange, ContainerId, ContainerSpec, ContainerStatus, Data, Event, Failure, Job, Labels, Masker,
    ServiceSpec, ServiceStatus, Status, StepId, User, What,
};
use pt_plan::{CodeCall, Does, Plan, RunWhen, StepPlan};
use pt_store::StoreError;
use tokio::sync::{OnceCell, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::call::{Call, Question, Reply, failure};
use crate::cleanup::{find_leftovers, remove_leftovers};
use crate::container::{ContainerTask, Network, Report, Wish};
use crate::engine::{Engine, Notice, Options, StopRequest};
use crate::log::{LogSender, keep_logs};
use crate::mount::Places;
use crate::name::Names;
use crate::port::{Ports, open};
use crate::schedule::{Turn, turn};
use crate::step::StepThread;

/// What the dispatcher hears.
#[derive(Debug)]
pub(crate) enum Message {
    /// Code asks.
    Call(Call),
    /// Code has ended.
    StepEnded { step: StepId, result: Result<Data, EvalError> },
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
        self.emit(What::JobStarted)?;
        self.start_steps()?;
        let mut asked = self.asked.clone();
        while !self.is_over() {
            tokio::select! {
                Some(message) = self.messages.1.recv() => self.hear(message).await?,
                Ok(()) = asked.changed() => {
                    let request = asked.borrow_and_update().clone();
                    self.stop(request)?;
                }
            }
            self.start_steps()?;
        }
        self.finish().await
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

    // -- steps

    /// Starts every step whose turn has come, until there is none.
    fn start_steps(&mut self) -> Result<(), StoreError> {
        if self.is_stopping() {
            return Ok(());
        }
        loop {
            let next = self.steps.iter().find_map(|(id, step)| {
                let queued = self.status(id) == Status::Queued && step.does.is_some();
                let turn = if queued { turn(&step.run_when, |step| self.status(step)) } else { Turn::Wait };
                (turn != Turn::Wait).then(|| (id.clone(), turn))
            });
            match next {
                None => return Ok(()),
                Some((step, Turn::Never)) => self.end_step(&step, Status::Canceled, None)?,
                Some((step, _)) => self.start_step(&step)?,
            }
        }
    }

    fn start_step(&mut self, id: &StepId) -> Result<(), StoreError> {
        self.emit(What::StepStarted { step: id.clone() })?;
        let does = self.steps.get_mut(id).and_then(|step| step.does.take());
        match does {
            None => Ok(()),
            Some(Does::Code(call)) => self.start_code(id, call),
            Some(Does::Group(steps)) => {
                for mut step in steps {
                    step.id = within(id, &step.id);
                    for condition in &mut step.run_when {
                        condition.steps.iter_mut().for_each(|other| *other = within(id, other));
                    }
                    let added = step.id.clone();
                    self.add_step(step, Some(id.clone()));
                    self.emit(What::StepAdded { step: added })?;
                }
                self.end_group(id)
            }
            Some(Does::Fails(diagnostics)) => {
                let messages: Vec<&str> =
                    diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
                self.end_step(id, Status::Failed, Some(failure(messages.join("\n"))))
            }
        }
    }

    fn start_code(&mut self, id: &StepId, call: CodeCall) -> Result<(), StoreError> {
        let Some(step) = self.steps.get_mut(id) else { return Ok(()) };
        step.call = Some(Surroundings { home: call.home.clone(), services: call.services.clone() });
        let thread = StepThread {
            step: id.clone(),
            call,
            masker: self.masker.clone(),
            interrupt: Arc::clone(&step.interrupt),
            messages: self.messages.0.clone(),
            log: self.log.clone(),
        };
        match thread.start() {
            Ok(()) => Ok(()),
            Err(error) => {
                let message = format!("The system gives no thread to run the step's code: {error}");
                self.end_step(id, Status::Failed, Some(failure(message)))
            }
        }
    }

    fn end_step(&mut self, id: &StepId, status: Status, failure: Option<Failure>) -> Result<(), StoreError> {
        let failure = failure.map(|failure| Failure {
            message: self.masker.mask(&failure.message),
            data: self.masker.find_in(failure.data),
        });
        self.emit(What::StepFinished { step: id.clone(), status, failure })?;
        let step = self.steps.get(id);
        for container in step.map(|step| step.containers.clone()).unwrap_or_default() {
            self.release_if_ended(&container);
        }
        if let Some(group) = self.steps.get(id).and_then(|step| step.group.clone()) {
            self.end_group(&group)?;
        }
        if self.options.until.as_ref() == Some(id) && !self.is_stopping() {
            self.stop(StopRequest::Stop { reason: format!("step '{id}' ended") })?;
        }
        Ok(())
    }

    /// Ends a group when all its steps have ended.
    fn end_group(&mut self, group: &StepId) -> Result<(), StoreError> {
        let parts = self.steps.iter().filter(|(_, step)| step.group.as_ref() == Some(group));
        let states: Vec<Status> = parts.map(|(id, _)| self.status(id)).collect();
        if !states.iter().all(|status| status.has_ended()) {
            return Ok(());
        }
        let status = match () {
            () if states.contains(&Status::Failed) => Status::Failed,
            () if states.contains(&Status::Stopped) => Status::Stopped,
            () => Status::Success,
        };
        let failure = (status == Status::Failed).then(|| failure("A step of it failed."));
        self.end_step(group, status, failure)
    }

    fn code_ended(&mut self, id: &StepId, result: Result<Data, EvalError>) -> Result<(), StoreError> {
        match result {
            Ok(output) => {
                if let Some(step) = self.steps.get_mut(id) {
                    step.output = output;
                }
                self.end_step(id, Status::Success, None)
            }
            Err(_) if self.is_stopping() => self.end_step(id, Status::Stopped, None),
            Err(EvalError { kind: EvalErrorKind::Failed(failure), .. }) => {
                self.end_step(id, Status::Failed, Some(failure))
            }
            Err(error) => {
                let hint = error.hint.map(|hint| format!("\n{hint}")).unwrap_or_default();
                self.end_step(id, Status::Failed, Some(failure(format!("{}{hint}", error.message))))
            }
        }
    }

    // -- what comes in

    async fn hear(&mut self, message: Message) -> Result<(), StoreError> {
        match message {
            Message::StepEnded { step, result } => self.code_ended(&step, result),
            Message::Container { container, report } => self.container_reports(&container, report),
            Message::Call(Call { step, function, args, reply }) => match Question::read(&function, &args) {
                Ok(question) if !self.is_stopping() => self.answer(&step, question, reply).await,
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

    async fn answer(&mut self, step: &StepId, question: Question, reply: Reply) -> Result<(), StoreError> {
        match question {
            Question::Spawn(spec) => {
                let id = self.spawn(step, *spec).await?;
                say(reply, id.map(|id| Data::from(id.as_str())));
            }
            Question::AwaitStarted(id) => match self.containers.get_mut(&id) {
                Some(container) if container.started => say(reply, Ok(Data::Bool(true))),
                Some(_) if self.has_ended(&id) => say(reply, Err(self.why_not_started(&id))),
                Some(container) => container.waiting_for_start.push(reply),
                None => say(reply, Err(self.unknown(&id))),
            },
            Question::AwaitDone(id) => {
                if !self.containers.contains_key(&id) {
                    say(reply, Err(self.unknown(&id)));
                } else if self.has_ended(&id) {
                    say(reply, self.end_of(&id));
                } else if let Some(container) = self.containers.get_mut(&id) {
                    container.waiting_for_end.push(reply);
                }
            }
            Question::OpenService { service, container } => {
                let opened = self.open_service(step, service, container)?;
                say(reply, opened.map(|()| Data::Null));
            }
            Question::Stop(id) => match self.containers.get_mut(&id) {
                Some(container) => {
                    container.wish.send_if_modified(|wish| forward(wish, Wish::Stop));
                    container.waiting_for_end.push(reply);
                }
                None => say(reply, Err(self.unknown(&id))),
            },
            Question::StoreDataset { container, path, dataset } => {
                self.store_dataset(&container, path, dataset, reply)
            }
            Question::Sleep(time) => {
                tokio::spawn(async move {
                    sleep(time).await;
                    say(reply, Ok(Data::Null));
                });
            }
        }
        Ok(())
    }

    // -- containers

    async fn spawn(
        &mut self,
        step: &StepId,
        spec: ContainerSpec,
    ) -> Result<Result<ContainerId, Failure>, StoreError> {
        let wished = spec.id.clone().unwrap_or_else(|| "container".into());
        let id = self.free_container_id(wished);
        let Some(state) = self.steps.get_mut(step) else { return Ok(Err(failure("The step is over."))) };
        let Some(surroundings) = &state.call else { return Ok(Err(failure("The step is over."))) };
        // The services of a step are those of the first container it starts.
        let services = if state.containers.is_empty() { surroundings.services.clone() } else { Vec::new() };
        let places = Places { options: &self.options, home: &surroundings.home, names: &self.names };
        let mounts = match places.resolve(&spec.mounts, &mut self.anonymous_volumes) {
            Ok(mounts) => mounts,
            Err(message) => return Ok(Err(failure(message))),
        };
        state.containers.push(id.clone());
        let ports = self.ports.choose(&*self.engine.backend, &services).await;
        let mut aliases: Vec<String> = services.iter().map(|service| service.id.to_string()).collect();
        aliases.push(id.to_string());
        aliases.dedup();
        let request = ContainerRequest {
            name: self.names.container(&id),
            labels: labels(&self.options).step(step).container(&id),
            image: spec.image.clone(),
            cmd: spec.cmd.clone(),
            entrypoint: spec.entrypoint.clone(),
            env: spec.env.iter().map(|var| (var.name.clone(), var.value.clone())).collect(),
            mounts: mounts.requests,
            workdir: spec.workdir.clone(),
            user: spec.user.as_ref().map(|user| self.user(user)),
            tty: spec.tty,
            stdin: !spec.no_stdin,
            resources: spec.resources,
            network: Some(self.network.name.clone()),
            aliases,
            ports: ports.clone(),
        };
        let (wish, wished) = watch::channel(Wish::Run);
        let task = ContainerTask {
            id: id.clone(),
            step: step.clone(),
            backend: Arc::clone(&self.engine.backend),
            network: Arc::clone(&self.network),
            request,
            volumes: mounts.volumes,
            image_policy: if spec.update_image { ImagePolicy::Newer } else { ImagePolicy::WhenMissing },
            restart: spec.restart,
            grace: self.options.grace,
            wish: wished,
            messages: self.messages.0.clone(),
            log: self.log.clone(),
        };
        let state = ContainerState {
            wish,
            ports,
            started: false,
            over: false,
            waiting_for_start: Vec::new(),
            waiting_for_end: Vec::new(),
        };
        self.containers.insert(id.clone(), state);
        self.emit(What::ContainerRequested {
            container: id.clone(),
            step: step.clone(),
            spec: Box::new(spec),
        })?;
        tokio::spawn(task.run());
        Ok(Ok(id))
    }

    /// The id, or the id with a number if it is taken.
    fn free_container_id(&self, wished: ContainerId) -> ContainerId {
        let mut numbers = 2..;
        let mut id = wished.clone();
        while self.containers.contains_key(&id) {
            id = ContainerId::new(format!("{wished}-{}", numbers.next().unwrap_or(u32::MAX)));
        }
        id
    }

    fn user(&self, user: &User) -> String {
        match user {
            User::Named(name) => name.clone(),
            User::Host => format!("{}:{}", self.options.person.uid, self.options.person.gid),
        }
    }

    fn container_reports(&mut self, id: &ContainerId, report: Report) -> Result<(), StoreError> {
        match report {
            Report::Changed(change) => self.container_changed(id, change),
            Report::Ports(ports) => {
                if let Some(container) = self.containers.get_mut(id) {
                    self.ports.release(&mem::replace(&mut container.ports, ports));
                }
                Ok(())
            }
            Report::Progress(text) => {
                // Nobody may be watching.
                let _ = self.notices.send(Notice::Progress { container: id.clone(), text });
                Ok(())
            }
            Report::Over(problem) => {
                if let Some(container) = self.containers.get_mut(id) {
                    container.over = true;
                    self.ports.release(&mem::take(&mut container.ports));
                }
                match problem {
                    Some(message) => self.emit(What::Warned { step: None, message }),
                    None => Ok(()),
                }
            }
        }
    }

    fn container_changed(&mut self, id: &ContainerId, change: ContainerChange) -> Result<(), StoreError> {
        self.emit(What::ContainerChanged { container: id.clone(), change: change.clone() })?;
        match change {
            ContainerChange::Started => {
                if let Some(container) = self.containers.get_mut(id) {
                    container.started = true;
                    let waiting = mem::take(&mut container.waiting_for_start);
                    waiting.into_iter().for_each(|reply| say(reply, Ok(Data::Bool(true))));
                }
                Ok(())
            }
            ContainerChange::Exited { .. } | ContainerChange::Failed { .. } => self.container_ended(id),
            ContainerChange::Pulling { .. }
            | ContainerChange::Created { .. }
            | ContainerChange::Restarting { .. }
            | ContainerChange::Stopping
            | ContainerChange::Removed => Ok(()),
        }
    }

    fn container_ended(&mut self, id: &ContainerId) -> Result<(), StoreError> {
        let job = self.job.borrow();
        let serves = |service: &pt_model::Service| {
            service.container == *id && service.status == ServiceStatus::Running
        };
        let closed: Vec<_> =
            job.services.iter().filter(|(_, s)| serves(s)).map(|(id, _)| id.clone()).collect();
        drop(job);
        for service in closed {
            self.emit(What::ServiceClosed { service })?;
        }
        let Some(container) = self.containers.get_mut(id) else { return Ok(()) };
        let waiting_for_start = mem::take(&mut container.waiting_for_start);
        let waiting_for_end = mem::take(&mut container.waiting_for_end);
        for reply in waiting_for_start {
            say(reply, Err(self.why_not_started(id)));
        }
        for reply in waiting_for_end {
            say(reply, self.end_of(id));
        }
        self.release_if_ended(id);
        Ok(())
    }

    /// Lets go of a container that has ended and whose step, which might still read from it, has ended too.
    fn release_if_ended(&self, id: &ContainerId) {
        let job = self.job.borrow();
        let step_ended = job
            .containers
            .get(id)
            .is_some_and(|c| job.steps.get(&c.step).is_some_and(|s| s.status.has_ended()));
        if let Some(container) = self.containers.get(id)
            && (self.is_stopping() || step_ended)
            && self.has_ended(id)
        {
            container.wish.send_if_modified(|wish| forward(wish, Wish::Remove));
        }
    }

    fn has_ended(&self, id: &ContainerId) -> bool {
        let status = self.job.borrow().containers.get(id).map(|container| container.status);
        matches!(status, Some(ContainerStatus::Exited | ContainerStatus::Failed))
    }

    /// The exit code of a container that has ended.
    fn end_of(&self, id: &ContainerId) -> Result<Data, Failure> {
        let code = self.job.borrow().containers.get(id).and_then(|container| container.exit_code);
        match code {
            Some(code) if self.containers.get(id).is_some_and(|container| container.started) => {
                Ok(Data::Int(code))
            }
            _ => Err(self.why_not_started(id)),
        }
    }

    fn why_not_started(&self, id: &ContainerId) -> Failure {
        let why = self.job.borrow().containers.get(id).and_then(|container| container.failure.clone());
        match why {
            Some(why) => failure(format!("Container '{id}' could not be started: {why}")),
            None => failure(format!("Container '{id}' exited before it was ready.")),
        }
    }

    fn unknown(&self, id: &ContainerId) -> Failure {
        failure(format!("There is no container '{id}' in this job."))
    }

    // -- services and datasets

    /// Opens a service of the named container, or of the one that the step started last.
    fn open_service(
        &mut self,
        step: &StepId,
        service: ServiceSpec,
        container: Option<ContainerId>,
    ) -> Result<Result<(), Failure>, StoreError> {
        let last = || self.steps.get(step).and_then(|step| step.containers.last().cloned());
        let Some(container) = container.or_else(last) else {
            return Ok(Err(failure(format!("Service '{}' has no container: spawn one first.", service.id))));
        };
        let Some(state) = self.containers.get(&container) else { return Ok(Err(self.unknown(&container))) };
        let mut ports = Vec::new();
        for port in &service.ports {
            let Some(port) = open(port, &state.ports) else {
                return Ok(Err(failure(format!(
                    "Port {} of service '{}' is not published by container '{container}': ports are published when a \
                     container starts. Pass the service through a param of type service-spec.",
                    port.port, service.id
                ))));
            };
            ports.push(port);
        }
        self.emit(What::ServiceOpened { service: service.id, step: step.clone(), container, ports })?;
        Ok(Ok(()))
    }

    fn store_dataset(&self, container: &ContainerId, path: String, dataset: String, reply: Reply) {
        let backend_id =
            self.job.borrow().containers.get(container).and_then(|container| container.backend_id.clone());
        let Some(backend_id) = backend_id else { return say(reply, Err(self.unknown(container))) };
        let Engine { backend, store } = self.engine.clone();
        let (instance, job) = (self.options.instance.id.clone(), self.options.job.job.clone());
        tokio::spawn(async move {
            let stored = match backend.read_path(&backend_id, &path).await {
                Ok(tar) => store
                    .put_dataset(
                        &instance,
                        &dataset,
                        &mut tar.as_slice(),
                        Some(job.as_str()),
                        Timestamp::now(),
                    )
                    .map(|dataset| i64::from(dataset.version))
                    .map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            let why =
                |error| failure(format!("Dataset '{dataset}' could not be stored from {path}: {error}"));
            say(reply, stored.map(Data::Int).map_err(why));
        });
    }

    // -- stopping and ending

    fn is_stopping(&self) -> bool {
        self.job.borrow().status == Status::Stopping
    }

    fn stop(&mut self, request: StopRequest) -> Result<(), StoreError> {
        let wish = match &request {
            StopRequest::None => return Ok(()),
            StopRequest::Stop { .. } => Wish::Stop,
            StopRequest::Kill => Wish::Kill,
        };
        if !self.is_stopping() {
            let reason = match request {
                StopRequest::Stop { reason } => reason,
                StopRequest::Kill | StopRequest::None => "killed".to_owned(),
            };
            self.emit(What::JobStopping { reason })?;
        }
        for container in self.containers.values() {
            container.wish.send_if_modified(|current| forward(current, wish));
        }
        for step in self.steps.values() {
            step.interrupt.store(true, Ordering::Relaxed);
        }
        let queued: Vec<StepId> =
            self.steps.keys().filter(|id| self.status(id) == Status::Queued).cloned().collect();
        for step in queued {
            self.end_step(&step, Status::Canceled, None)?;
        }
        let ids: Vec<ContainerId> = self.containers.keys().cloned().collect();
        ids.iter().for_each(|id| self.release_if_ended(id));
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.steps.keys().all(|id| self.status(id).has_ended())
            && self.containers.values().all(|container| container.over)
    }

    /// Verifies that nothing is left, and closes the books.
    async fn finish(mut self) -> Result<Job, StoreError> {
        let backend = Arc::clone(&self.engine.backend);
        if !self.containers.is_empty() {
            let (instance, job) = (&self.options.instance.id, &self.options.job.job);
            let problems = match find_leftovers(&*backend, instance, Some(job)).await {
                Ok(leftovers) => remove_leftovers(&backend, leftovers).await,
                Err(error) => vec![error],
            };
            for problem in problems {
                let message = format!(
                    "Not everything of the job could be removed: {problem}\nRun `pt clean` to try again."
                );
                self.emit(What::Warned { step: None, message })?;
            }
        }
        let Self { log, keeper, .. } = &mut self;
        *log = mpsc::channel(1).0;
        match keeper.await {
            Ok(kept) => kept?,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
        let status = self.outcome();
        self.emit(What::JobFinished { status })?;
        Ok(self.job.borrow().clone())
    }

    fn outcome(&self) -> Status {
        let job = self.job.borrow();
        let status = |id: &StepId| job.steps.get(id).map_or(Status::Canceled, |step| step.status);
        match &self.options.until {
            Some(until) if matches!(status(until), Status::Success | Status::Failed) => status(until),
            Some(until) if status(until) == Status::Canceled && job.stop_reason.is_none() => Status::Failed,
            _ if job.stop_reason.is_some() => Status::Stopped,
            _ if job.steps.values().any(|step| step.status == Status::Failed) => Status::Failed,
            _ => Status::Success,
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
