//! The job of a sandbox: calls join it, and what it says goes to whom it concerns.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pt_engine::{Control, InputRequest, Notice, Planning};
use pt_model::{Job, StepId, What};
use pt_plan::{Does, Plan, StepPlan};
use pt_server::Started;
use pt_store::JobKey;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::{Call, Said};

/// What code asks the person at the agent's side.
pub(crate) type Question = InputRequest;

/// What steps call, by their ids in the job.
type References = HashMap<StepId, String>;

/// A job that was started in the sandbox. Cheap to copy about.
#[derive(Clone)]
pub(crate) struct SandboxJob {
    pub(crate) key: JobKey,
    pub(crate) state: watch::Receiver<Job>,
    pub(crate) control: Control,
    shared: Arc<Shared>,
}

/// What a job has beyond what the engine knows of it.
struct Shared {
    references: Mutex<Arc<References>>,
    /// The steps that stand for agents' calls, and where their questions go; the others are the developer's. Locked while
    /// a call joins the job, so that no question of it comes too early.
    calls: tokio::sync::Mutex<HashMap<StepId, Option<mpsc::UnboundedSender<Question>>>>,
    /// How many lines its log has.
    lines: AtomicU64,
    ended: Mutex<Option<JoinHandle<()>>>,
}

/// A job that can be asked about, whoever runs it.
#[derive(Clone, Debug)]
pub(crate) struct JobView {
    pub(crate) key: JobKey,
    pub(crate) job: Job,
    /// Whether it is this sandbox's.
    pub(crate) own: bool,
    pub(crate) references: Arc<References>,
    /// Where the runner of another's job listens, if it runs.
    pub(crate) socket: Option<PathBuf>,
}

impl SandboxJob {
    /// Watches over a job that was started.
    pub(super) fn follow(
        started: Started,
        references: References,
        said: mpsc::UnboundedSender<Said>,
    ) -> Self {
        let shared = Arc::new(Shared {
            references: Mutex::new(Arc::new(references)),
            calls: tokio::sync::Mutex::default(),
            lines: AtomicU64::new(0),
            ended: Mutex::default(),
        });
        let job = Self {
            key: started.key.clone(),
            state: started.running.job.clone(),
            control: started.running.control.clone(),
            shared: Arc::clone(&shared),
        };
        let task = tokio::spawn(follow(started, job.state.clone(), Arc::clone(&shared), said));
        *lock(&shared.ended) = Some(task);
        job
    }

    /// Whether steps can be added.
    pub(super) fn is_open(&self) -> bool {
        !self.control.is_stopping() && !self.state.borrow().status.has_ended()
    }

    /// Adds the steps of a call.
    ///
    /// # Errors
    /// The job is ending.
    pub(super) async fn call(
        &self,
        plan: Plan,
        project: Arc<dyn Planning>,
        findings: String,
        asks: bool,
    ) -> Result<Call, String> {
        let first_line = self.shared.lines.load(Ordering::Relaxed);
        let steps = plan.steps.clone();
        let awaits = match steps.as_slice() {
            [only] => only.awaits.clone(),
            _ => None,
        };
        let wrapped = plan.kind == pt_plan::Kind::Template || steps.len() != 1;
        let target = plan.target.clone();
        let (ask, questions) = mpsc::unbounded_channel();
        let mut calls = self.shared.calls.lock().await;
        let step = self.control.add(plan, project).await.map_err(|failure| failure.message)?;
        calls.insert(step.clone(), asks.then_some(ask));
        drop(calls);
        let mut called = match steps.as_slice() {
            [only] if !wrapped => {
                let own = StepPlan { id: step.clone(), ..only.clone() };
                references(&[own], "")
            }
            several => references(several, &format!("{step}.")),
        };
        called.entry(step.clone()).or_insert(target);
        Arc::make_mut(&mut lock(&self.shared.references)).extend(called);
        let within = |part: &StepId| StepId::new(format!("{step}.{part}"));
        let awaited = awaits.map(|awaits| awaits.steps.iter().map(within).collect());
        Ok(Call { job: self.clone(), step, awaited, findings, first_line, questions })
    }

    /// As it stands now.
    pub(crate) fn view(&self) -> JobView {
        JobView {
            key: self.key.clone(),
            job: self.state.borrow().clone(),
            own: true,
            references: Arc::clone(&lock(&self.shared.references)),
            socket: None,
        }
    }

    /// The steps that stand for agents' calls.
    pub(crate) async fn calls(&self) -> Vec<StepId> {
        let calls = self.shared.calls.lock().await;
        let state = self.state.borrow();
        state.steps.keys().filter(|step| calls.contains_key(*step)).cloned().collect()
    }

    /// Waits until the job is over and nothing of it is left.
    pub(crate) async fn ended(&self) {
        let task = lock(&self.shared.ended).take();
        match task {
            Some(task) => drop(task.await),
            // Somebody else waits for the task; the state ends with it.
            None => {
                let mut state = self.state.clone();
                while !state.borrow_and_update().status.has_ended() {
                    if tokio::time::timeout(Duration::from_secs(1), state.changed())
                        .await
                        .is_ok_and(|changed| changed.is_err())
                    {
                        return;
                    }
                }
            }
        }
    }
}

impl JobView {
    /// What of the job belongs to a step.
    pub(crate) fn only(mut self, of: &StepId) -> Self {
        let whole = self.job.clone();
        self.job.steps.retain(|step, _| belongs(&whole, step, of));
        self.job.containers.retain(|_, container| belongs(&whole, &container.step, of));
        self.job.services.retain(|_, service| belongs(&whole, &service.step, of));
        self
    }
}

/// Whether a step is another one, a part of it, or was called by it.
pub(crate) fn belongs(job: &Job, step: &StepId, to: &StepId) -> bool {
    let mut step = Some(step);
    while let Some(id) = step {
        if id == to || crate::digest::is_part(id, to) {
            return true;
        }
        step = job.steps.get(id).and_then(|step| step.parent.as_ref());
    }
    false
}

/// Passes on what a job says, and keeps its presence until its end.
async fn follow(
    started: Started,
    state: watch::Receiver<Job>,
    shared: Arc<Shared>,
    said: mpsc::UnboundedSender<Said>,
) {
    let Started { key, mut running, presence, exporter, metrics: _, otlp: _ } = started;
    while let Some(notice) = running.notices.recv().await {
        let over = matches!(&notice, Notice::Event(event) if matches!(event.what, What::JobFinished { .. }));
        let notice = match notice {
            Notice::Lines(shown) => {
                if let Some(last) = shown.lines.last() {
                    shared.lines.store(last.seq + 1, Ordering::Relaxed);
                }
                Notice::Lines(shown)
            }
            Notice::Input(question) => {
                let calls = shared.calls.lock().await;
                let job = state.borrow();
                match calls.iter().find(|(call, _)| belongs(&job, &question.step, call)) {
                    None => Notice::Input(question),
                    // Where nobody can be asked it is dropped, and the code hears that nobody answers.
                    Some((_, ask)) => {
                        if let Some(ask) = ask {
                            drop(ask.send(question));
                        }
                        continue;
                    }
                }
            }
            Notice::Event(_) | Notice::Progress { .. } => notice,
        };
        // Nobody may be listening.
        let _ = said.send(Said { job: key.job.clone(), notice });
        if over {
            break;
        }
    }
    // A broken engine has told those who watch the job's state by ending.
    drop(running.done.await);
    // An agent can do nothing about a collector that does not answer.
    drop(exporter.finish().await);
    drop(presence);
}

/// What these steps and their parts call.
pub(super) fn references(steps: &[StepPlan], within: &str) -> References {
    let mut references = References::new();
    for step in steps {
        let id = format!("{within}{}", step.id);
        if let Does::Group(parts) = &step.does {
            references.extend(self::references(parts, &format!("{id}.")));
        }
        let reference = step.chain.first().cloned().unwrap_or_else(|| "custom-code".to_owned());
        references.insert(StepId::new(id), reference);
    }
    references
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
