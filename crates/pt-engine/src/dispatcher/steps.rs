//! Steps: how they start, and how they end.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pt_eval::Language;
use pt_model::{ContainerId, Data, Failure, Map, ServiceId, ServiceSpec, Status, StepId, What};
use pt_plan::{Allowance, Awaits, CodeCall, Does, Home, Request, RunWhen, Snippet, StepPlan, Terms};
use pt_store::KeptEnd;
use pt_syntax::{Sources, Span};
use tokio_util::sync::CancellationToken;

use super::retries::Tries;
use super::{Dispatcher, Effect, Message, forward};
use crate::args::failure;
use crate::call::Reply;
use crate::container::Wish;
use crate::engine::StopRequest;
use crate::guest::GuestSeat;
use crate::host::{StepHost, stopped};
use crate::outside::Planning;
use crate::step::StepThread;

/// A step, beyond what its job shows of it.
pub(super) struct StepState {
    does: Option<Does>,
    pub(super) run_when: Vec<RunWhen>,
    pub(super) terms: Terms,
    pub(super) tries: Tries,
    /// The group whose part it is, or the step whose code called it.
    pub(super) parent: Option<StepId>,
    /// Whether code called it and waits: how it ends is for that code to deal with.
    pub(super) is_called: bool,
    /// Its id in the plan it comes from.
    pub(super) planned_id: StepId,
    pub(super) origin: Arc<Origin>,
    parts: Option<Parts>,
    joins: bool,
    /// Set to stop its code wherever it is: while it computes, and while it waits.
    pub(super) interrupt: Arc<AtomicBool>,
    pub(super) token: CancellationToken,
    /// Of code that runs: whether it waits for nothing but time or the dispatcher.
    parked: Option<Arc<AtomicBool>>,
    /// Whether somebody asked this step to stop.
    pub(super) asked_to_stop: bool,
    /// Whether its code was stopped: the step ends with its containers.
    pub(super) is_stopped: bool,
    /// The services among its params, for the first container it starts.
    pub(super) services: Vec<ServiceSpec>,
    /// The services that it has opened.
    pub(super) opened: HashSet<ServiceId>,
    pub(super) containers: Vec<ContainerId>,
    pub(super) output: Data,
    /// What is kept of it when it has ended well.
    pub(super) to_keep: Option<Box<KeptEnd>>,
    failure: Option<Failure>,
    pub(super) values: Map,
    waiting: Vec<Waiting>,
}

impl StepState {
    /// The steps with whose end this one ends.
    pub(super) fn awaited(&self) -> &[StepId] {
        self.parts.as_ref().map(|parts| parts.awaited.as_slice()).unwrap_or_default()
    }
}

/// The steps of a group.
struct Parts {
    all: Vec<StepId>,
    /// Those with whose end the group ends.
    awaited: Vec<StepId>,
    /// How many of them have not ended.
    open: usize,
}

/// Where the plan of a step comes from.
pub(crate) struct Origin {
    pub(crate) planning: Arc<dyn Planning>,
    pub(crate) requests: Vec<Vec<Request>>,
    pub(crate) sources: Sources,
}

/// Who waits for the end of a step, and for what of it.
pub(super) enum Waiting {
    /// Its result, or why it failed.
    Result(Reply),
    /// How it ended.
    Status(Reply),
    /// Just the end.
    End(Reply),
}

/// Code that is to run as a step, and the files it comes from.
pub(crate) struct SpawnedCode {
    pub(crate) call: CodeCall,
    pub(crate) sources: Sources,
}

impl std::fmt::Debug for SpawnedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SpawnedCode").field(&self.call.module).finish()
    }
}

/// How long code may take to stop.
const PATIENCE: Duration = Duration::from_millis(90);

impl Dispatcher {
    pub(super) fn add_step(&mut self, plan: StepPlan, parent: Option<StepId>, origin: &Arc<Origin>) {
        let planned_id = plan.id.clone();
        self.add_step_as(plan, planned_id, parent, origin);
    }

    /// Adds a step whose id in the job is not that of its plan.
    pub(super) fn add_step_as(
        &mut self,
        plan: StepPlan,
        planned_id: StepId,
        parent: Option<StepId>,
        origin: &Arc<Origin>,
    ) {
        let id = plan.id.clone();
        self.insert_step(plan, planned_id, parent, origin);
        self.queued.insert(id.clone());
        self.look_at_queue = true;
        self.restore(&id);
    }

    /// Adds a step that is known from the books alone: there is nothing that it does.
    pub(super) fn add_past_step(&mut self, id: &StepId, is_called: bool) {
        let planning = Arc::clone(&self.context.options.project);
        let origin = Origin { planning, requests: Vec::new(), sources: Sources::default() };
        let past = self.job.steps.get(id);
        let (parent, output) =
            past.map(|step| (step.parent.clone(), step.output.clone())).unwrap_or_default();
        let plan = step_that(id.clone(), Does::Skip);
        self.insert_step(plan, id.clone(), parent, &Arc::new(origin));
        if let Some(step) = self.steps.get_mut(id) {
            step.does = None;
            step.is_called = is_called;
            step.output = output;
        }
    }

    /// Takes what a step does, to begin with it.
    pub(super) fn take_deed(&mut self, id: &StepId) -> Option<Does> {
        self.steps.get_mut(id).and_then(|step| step.does.take())
    }

    fn insert_step(
        &mut self,
        plan: StepPlan,
        planned_id: StepId,
        parent: Option<StepId>,
        origin: &Arc<Origin>,
    ) {
        let parts = parts_of(plan.awaits);
        let token = parent.as_ref().and_then(|parent| self.steps.get(parent)).map(|parent| &parent.token);
        let state = StepState {
            does: Some(plan.does),
            run_when: plan.run_when,
            terms: plan.terms,
            tries: Tries::default(),
            planned_id,
            origin: Arc::clone(origin),
            parts,
            joins: plan.joins,
            interrupt: Arc::default(),
            token: token.unwrap_or(&self.code_waits).child_token(),
            parked: None,
            parent,
            is_called: false,
            asked_to_stop: false,
            is_stopped: false,
            services: Vec::new(),
            opened: HashSet::new(),
            containers: Vec::new(),
            output: Data::Null,
            to_keep: None,
            failure: None,
            values: Map::default(),
            waiting: Vec::new(),
        };
        self.steps.insert(plan.id, state);
    }

    /// The id, or the id with a number if it is taken.
    pub(super) fn free_step_id(&self, wished: &str) -> StepId {
        let numbered = (2..).map(|number| StepId::new(format!("{wished}-{number}")));
        let mut ids = [StepId::from(wished)].into_iter().chain(numbered);
        ids.find(|id| !self.steps.contains_key(id)).unwrap_or_else(|| wished.into())
    }

    pub(super) fn start_step(&mut self, id: &StepId) {
        if matches!(self.steps.get(id).and_then(|step| step.does.as_ref()), Some(Does::Skip)) {
            return self.end_step(id, Status::Skipped, None);
        }
        if self.keep_from_earlier(id) {
            return;
        }
        self.emit(What::StepStarted { step: id.clone() });
        self.begin_timeout(id);
        if let Some(does) = self.take_deed(id) {
            self.begin(id, does);
        }
    }

    /// Begins with what a step does.
    pub(super) fn begin(&mut self, id: &StepId, does: Does) {
        match does {
            Does::Code(call) => self.start_code(id, call),
            Does::Group(steps) => self.start_group(id, steps),
            Does::Late => self.plan_late(id),
            Does::Skip => self.end_step(id, Status::Skipped, None),
            Does::Fails(diagnostics) => {
                let messages: Vec<&str> =
                    diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
                self.end_step(id, Status::Failed, Some(failure(messages.join("\n"))));
            }
        }
    }

    /// Begins with a step whose plan was not known before its turn came.
    pub(super) fn begin_late(&mut self, id: &StepId, plan: StepPlan) {
        if let Some(failure) = self.why_timed_out(id) {
            return self.end_step(id, Status::Failed, Some(failure));
        }
        if let Some(step) = self.steps.get_mut(id) {
            step.parts = parts_of(plan.awaits);
            step.joins = plan.joins;
        }
        self.begin(id, plan.does);
    }

    fn start_group(&mut self, id: &StepId, steps: Vec<StepPlan>) {
        let Some(group) = self.steps.get(id) else { return };
        let origin = Arc::clone(&group.origin);
        let mut all = Vec::new();
        let inside: HashSet<StepId> = steps.iter().map(|step| step.id.clone()).collect();
        for mut step in steps {
            let planned_id = step.id.clone();
            step.id = within(id, &step.id);
            for condition in &mut step.run_when {
                for other in &mut condition.steps {
                    // A step may wait for one beside the group that it is in.
                    *other = match inside.contains(other) {
                        true => within(id, other),
                        false => self.find_step(id, other.as_str()).unwrap_or_else(|| other.clone()),
                    };
                }
            }
            let added = step.id.clone();
            let is_new = !self.job.steps.contains_key(&added);
            self.add_step_as(step, planned_id, Some(id.clone()), &origin);
            if is_new {
                self.emit(What::StepAdded { step: added.clone(), parent: Some(id.clone()), called: false });
            }
            all.push(added);
        }
        let Some(group) = self.steps.get_mut(id) else { return };
        let awaited = match &group.parts {
            Some(parts) => parts.awaited.iter().map(|step| within(id, step)).collect(),
            None => all.clone(),
        };
        let has_ended = |id: &StepId| self.job.steps.get(id).is_some_and(|step| step.status.has_ended());
        let open = awaited.iter().filter(|id| !has_ended(id)).count();
        group.parts = Some(Parts { open, all, awaited });
        self.end_group(id);
    }

    pub(super) fn start_code(&mut self, id: &StepId, call: CodeCall) {
        let Some(step) = self.steps.get_mut(id) else { return };
        step.services.clone_from(&call.services);
        if step.terms.retries.is_some() {
            step.tries.call = Some(call.clone());
        }
        let cache = step.terms.cache.clone().map(Box::new);
        let host = StepHost::new(
            id.clone(),
            call,
            step.origin.sources.clone(),
            step.token.clone(),
            Arc::clone(&self.context),
            self.messages.0.clone(),
            self.log.clone(),
        );
        let seat = self.guests.remove(id);
        // Who calls from outside hears how it ends.
        step.parked = Some(if seat.is_none() { Arc::clone(&host.parked) } else { Arc::default() });
        let thread = StepThread { host: Box::new(host), interrupt: Arc::clone(&step.interrupt), seat, cache };
        self.effects.push(Effect::Start(Box::new(thread)));
    }

    /// Adds the step as which a guest takes part. A job that stops takes none.
    pub(super) fn add_guest(&mut self, step: &str, seat: GuestSeat) {
        if self.is_stopping() {
            return;
        }
        let options = &self.context.options;
        let mut sources = Sources::default();
        let source = sources.add("guest", "");
        let call = CodeCall {
            module: "guest".to_owned(),
            snippet: Snippet { language: Language::Clojure, text: "".into(), settings: true },
            code_span: Span { source, start: 0, end: 0 },
            params: Map::default(),
            origins: None,
            services: Vec::new(),
            home: Home::of_dir(&options.instance.root),
            allowance: Allowance::default(),
        };
        let origin = Origin { planning: Arc::clone(&options.project), requests: Vec::new(), sources };
        let id = self.free_step_id(step);
        self.guests.insert(id.clone(), seat);
        self.add_step(spawned(id.clone(), Vec::new(), call), None, &Arc::new(origin));
        self.emit(What::StepAdded { step: id, parent: None, called: false });
    }

    pub(super) fn start_thread(&mut self, thread: StepThread) {
        let step = thread.host.step.clone();
        if let Err(error) = thread.start() {
            let message = format!("The system gives no thread to run the step's code: {error}");
            // Heard next.
            let _ = self.messages.0.send(Message::StepEnded { step, result: Err(failure(message)) });
        }
    }

    pub(super) fn code_ended(&mut self, id: &StepId, result: Result<Data, Failure>) {
        // Of a step that was ended while it waited, its code is heard once more.
        if self.status(id).has_ended() {
            return;
        }
        self.release_unclaimed(id);
        let Some(step) = self.steps.get_mut(id) else { return };
        let asked_to_stop = step.asked_to_stop;
        match result {
            Ok(output) => {
                step.output = output;
                // What the code did not wait for may have failed all the same.
                match self.unheard(id) {
                    Some(failure) => self.end_step(id, Status::Failed, Some(failure)),
                    None => self.end_step(id, Status::Success, None),
                }
            }
            Err(_) if step.tries.timed_out || step.tries.lost.is_some() => {
                step.is_stopped = true;
                self.end_if_stopped(id);
            }
            Err(_) if asked_to_stop || self.job.status == Status::Stopping => {
                step.is_stopped = true;
                self.end_if_stopped(id);
            }
            Err(failure) => self.fail_or_retry(id, failure),
        }
    }

    /// Ends a step whose code was stopped when its containers have ended.
    pub(super) fn end_if_stopped(&mut self, id: &StepId) {
        let Some(step) = self.steps.get(id).filter(|step| step.is_stopped) else { return };
        let is_its =
            |container: &ContainerId| self.job.containers.get(container).is_some_and(|c| c.step == *id);
        let left = step.containers.iter().any(|container| is_its(container) && !self.has_ended(container));
        if left || self.status(id).has_ended() {
            return;
        }
        match self.why_timed_out(id).or_else(|| self.why_lost(id)) {
            Some(failure) => self.fail_or_retry(id, failure),
            None => self.end_step(id, Status::Stopped, None),
        }
    }

    pub(super) fn end_step(&mut self, id: &StepId, status: Status, failure: Option<Failure>) {
        let failure = failure.map(|failure| self.context.mask.hide_failure(failure));
        self.queued.swap_remove(id);
        self.free_locks(id);
        self.look_at_queue = true;
        let output = match self.steps.get_mut(id) {
            Some(step) => {
                step.failure.clone_from(&failure);
                step.output = self.context.mask.find_in(std::mem::take(&mut step.output));
                // Other steps go on with numbers as they are.
                self.context.mask.hide_in(step.output.clone())
            }
            None => Data::Null,
        };
        if status == Status::Success {
            self.keep_end(id);
        }
        self.emit(What::StepFinished { step: id.clone(), status, failure, output });
        self.after_end(id);
    }

    /// Tells whoever waits for a step that it has ended, and does what follows from it.
    pub(super) fn after_end(&mut self, id: &StepId) {
        for waiting in
            self.steps.get_mut(id).map(|step| std::mem::take(&mut step.waiting)).unwrap_or_default()
        {
            self.tell_end(id, waiting);
        }
        let step = self.steps.get(id);
        for container in step.map(|step| step.containers.clone()).unwrap_or_default() {
            self.release_if_ended(&container);
        }
        if let Some(group) = self.steps.get(id).and_then(|step| step.parent.clone()) {
            self.part_ended(&group, id);
        }
        if self.context.options.until.as_ref() == Some(id) && !self.is_stopping() {
            self.until_reached = true;
            self.stop(StopRequest::Stop { reason: format!("step '{id}' ended") });
        }
    }

    fn part_ended(&mut self, group: &StepId, part: &StepId) {
        let Some(parts) = self.steps.get_mut(group).and_then(|group| group.parts.as_mut()) else { return };
        // Groups of very many steps await all of them.
        if parts.awaited.len() == parts.all.len() || parts.awaited.contains(part) {
            parts.open = parts.open.saturating_sub(1);
            self.end_group(group);
        }
    }

    /// Ends a group when all its steps that are awaited have ended. Its result is that of its last step.
    fn end_group(&mut self, group: &StepId) {
        let Some(Parts { all, awaited, open: 0 }) =
            self.steps.get(group).and_then(|group| group.parts.as_ref())
        else {
            return;
        };
        if self.status(group).has_ended() {
            return;
        }
        let states: Vec<Status> = awaited.iter().map(|id| self.status(id)).collect();
        let timed_out = self.why_timed_out(group);
        let status = match () {
            () if timed_out.is_some() || states.contains(&Status::Failed) => Status::Failed,
            () if states.contains(&Status::Stopped) => Status::Stopped,
            () if self.is_stopping() && states.contains(&Status::Canceled) => Status::Stopped,
            () => Status::Success,
        };
        let output_of = |id: &StepId| self.steps.get(id).map(|step| step.output.clone()).unwrap_or_default();
        let output = match self.steps.get(group).is_some_and(|group| group.joins) {
            true => Data::List(all.iter().map(output_of).collect()),
            false => all.last().map(output_of).unwrap_or_default(),
        };
        if let Some(group) = self.steps.get_mut(group) {
            group.output = output;
        }
        let failure =
            timed_out.or_else(|| (status == Status::Failed).then(|| failure("A step of it failed.")));
        self.end_step(group, status, failure);
    }

    /// Has somebody told when a step ends, at once if it has.
    pub(super) fn wait_for_step(&mut self, id: &StepId, waiting: Waiting) {
        if self.status(id).has_ended() {
            self.tell_end(id, waiting);
        } else if let Some(step) = self.steps.get_mut(id) {
            step.waiting.push(waiting);
        }
    }

    fn tell_end(&mut self, id: &StepId, waiting: Waiting) {
        let status = self.status(id);
        let (reply, answer) = match waiting {
            Waiting::End(reply) => (reply, Ok(Data::Null)),
            Waiting::Status(reply) => (reply, Ok(Data::from(status.word()))),
            Waiting::Result(reply) => {
                let output = self.steps.get(id).map(|step| step.output.clone()).unwrap_or_default();
                let answer = match status {
                    Status::Success | Status::Skipped => Ok(output),
                    Status::Failed => Err(self.why_failed(id)),
                    Status::Stopped | Status::Canceled => Err(failure(format!("Step '{id}' was stopped."))),
                    Status::Queued | Status::Starting | Status::Running | Status::Stopping => {
                        Err(failure(format!("Step '{id}' has not ended.")))
                    }
                };
                (reply, answer)
            }
        };
        self.answer(reply, answer);
    }

    /// The failure of a step; of a group, that of the first part that failed.
    fn why_failed(&self, id: &StepId) -> Failure {
        let step = self.steps.get(id);
        let parts = step.and_then(|step| step.parts.as_ref()).map(|parts| parts.awaited.as_slice());
        let culprit = parts.unwrap_or_default().iter().find(|part| self.status(part) == Status::Failed);
        match (culprit, step.and_then(|step| step.failure.clone())) {
            (Some(part), _) => self.why_failed(part),
            // Whoever called it has a place of its own.
            (None, Some(failure)) => Failure { place: None, ..failure },
            (None, None) => failure(format!("Step '{id}' failed.")),
        }
    }

    /// Stops a step, what it started and what it called.
    pub(super) fn stop_step(&mut self, id: &StepId) {
        let Some(step) = self.steps.get_mut(id) else { return };
        step.asked_to_stop = true;
        step.token.cancel();
        step.interrupt.store(true, Ordering::Relaxed);
        let runs_code = step.parked.is_some();
        for container in step.containers.clone() {
            self.wish(&container, Wish::Stop);
        }
        let parts: Vec<StepId> = self
            .steps
            .iter()
            .filter(|(_, step)| step.parent.as_ref() == Some(id))
            .map(|(id, _)| id.clone())
            .collect();
        for part in parts {
            self.stop_step(&part);
        }
        if runs_code && !self.status(id).has_ended() {
            self.leave_code_soon(Some(id.clone()));
        }
        if self.status(id) == Status::Queued {
            self.end_step(id, Status::Canceled, None);
        } else if self.waits_for_retry(id) {
            self.end_step(id, Status::Stopped, None);
        }
    }

    /// Stops the code of all steps: where it computes, it ends within moments. Where it only waits it could do nothing any
    /// more, so its step ends now; its thread wakes up when all is over, lest thousands of them keep the dispatcher from
    /// noting their ends.
    pub(super) fn stop_code(&mut self) {
        let mut waiting = Vec::new();
        for (id, step) in &self.steps {
            step.interrupt.store(true, Ordering::Relaxed);
            match &step.parked {
                Some(parked) if parked.load(Ordering::Relaxed) => waiting.push(id.clone()),
                Some(_) => step.token.cancel(),
                None => {}
            }
        }
        for id in waiting.iter().filter(|id| !self.status(id).has_ended()).cloned().collect::<Vec<_>>() {
            self.left_waiting = true;
            self.code_ended(&id, Err(stopped()));
        }
        self.leave_code_soon(None);
    }

    /// Gives code that was told to stop a moment more. Nearly all of it needs less; what computes one thing for long does not
    /// hear of it before that is done.
    fn leave_code_soon(&self, step: Option<StepId>) {
        let messages = self.messages.0.clone();
        self.context.runtime.spawn(async move {
            tokio::time::sleep(PATIENCE).await;
            // The job may be over.
            drop(messages.send(Message::LeaveCode(step)));
        });
    }

    /// Ends steps whose code was told to stop and has not: whatever it asks for is refused, so it has no effect any more.
    pub(super) fn leave_code(&mut self, only: Option<&StepId>) {
        let was_told = |step: &StepState| {
            self.is_stopping() || step.asked_to_stop || step.tries.timed_out || step.tries.lost.is_some()
        };
        let runs = |id: &StepId, step: &StepState| {
            // The end of a try that was left could be taken for that of the next, if there is one.
            let is_last = self.is_stopping() || step.terms.retries.is_none();
            step.parked.is_some()
                && is_last
                && !step.is_stopped
                && was_told(step)
                && !self.status(id).has_ended()
        };
        let left: Vec<StepId> = match only {
            Some(id) => vec![id.clone()],
            None => self.steps.keys().cloned().collect(),
        };
        let left = left.into_iter().filter(|id| self.steps.get(id).is_some_and(|step| runs(id, step)));
        for id in left.collect::<Vec<_>>() {
            self.left_waiting = true;
            self.code_ended(&id, Err(stopped()));
        }
    }

    /// Lets nobody wait any more.
    pub(super) fn forget_waiting(&mut self) {
        self.effects.clear();
        self.steps.values_mut().for_each(|step| step.waiting.clear());
        for container in self.containers.values_mut() {
            container.wishes.send_if_modified(|wish| forward(wish, Wish::Kill));
            container.waiting_for_start.clear();
            container.waiting_for_end.clear();
        }
        self.execs.values_mut().for_each(|exec| exec.waiting.clear());
    }

    /// The groups around a step, outermost first.
    pub(super) fn groups_around(&self, id: &StepId) -> Vec<StepId> {
        let mut around = Vec::new();
        let mut step = self.steps.get(id);
        while let Some(parent) = step.and_then(|step| step.parent.clone()) {
            step = self.steps.get(&parent).filter(|group| group.parts.is_some());
            if step.is_some() {
                around.push(parent);
            }
        }
        around.reverse();
        around
    }
}

/// The parts of a group that are awaited, before there are any.
fn parts_of(awaits: Option<Awaits>) -> Option<Parts> {
    awaits.map(|awaits| Parts { all: Vec::new(), awaited: awaits.steps, open: 0 })
}

pub(super) fn within(group: &StepId, step: &StepId) -> StepId {
    StepId::new(format!("{group}.{step}"))
}

/// What a spawned step needs beside its plan: code from code has the home of the code that spawned it.
pub(super) fn spawned(id: StepId, run_when: Vec<RunWhen>, call: CodeCall) -> StepPlan {
    let span = Some(call.code_span);
    StepPlan { run_when, span, ..step_that(id, Does::Code(call)) }
}

/// A step that does this at once, on no terms.
fn step_that(id: StepId, does: Does) -> StepPlan {
    StepPlan {
        id,
        run_when: Vec::new(),
        chain: Vec::new(),
        does,
        terms: Terms::default(),
        joins: false,
        awaits: None,
        templates: Vec::new(),
        span: None,
    }
}
