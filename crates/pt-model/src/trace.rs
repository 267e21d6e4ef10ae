//! Where a job's time went.

use std::collections::HashSet;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ContainerChange, ContainerId, Event, ReceivedSpan, ServiceId, Status, StepId, What};

/// A piece of a job's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Span {
    /// Unique in the job: `step build`.
    pub id: String,
    /// The piece that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// What people call it.
    pub name: String,
    /// What it is.
    pub kind: SpanKind,
    /// When it began.
    pub start: Timestamp,
    /// When it ended; none if it goes on.
    pub end: Option<Timestamp>,
    /// How it ended, in a word or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    /// Whether it ended badly.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// What else is to be known of it: the image of a container.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// What a [`Span`] is a piece of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpanKind {
    /// All of the job.
    Job,
    /// A step, from its turn to its end.
    Step,
    /// A container, from the moment it was asked for until it is no more.
    Container,
    /// The pull of a container's image.
    Pull,
    /// A run of a container: restarts begin others.
    Run,
    /// From the moment that a service was opened until it answered.
    Readiness,
    /// What a service of the user's sent, about itself.
    Received,
}

impl SpanKind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Step => "step",
            Self::Container => "container",
            Self::Pull => "pull",
            Self::Run => "run",
            Self::Readiness => "readiness",
            Self::Received => "span",
        }
    }
}

/// Where a job's time went: another fold of its events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    spans: IndexMap<String, Span>,
    parents: IndexMap<StepId, StepId>,
    /// Which run of its container is the present one.
    runs: IndexMap<ContainerId, u32>,
}

/// The id of the span of the whole job.
pub(crate) const JOB: &str = "job";

impl Trace {
    /// The trace of a job as far as these events tell.
    pub fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut trace = Self::default();
        events.into_iter().for_each(|event| trace.apply(event));
        trace
    }

    /// The pieces, in the order in which they began.
    pub fn spans(&self) -> impl Iterator<Item = &Span> {
        self.spans.values()
    }

    /// Adds what services of the user's have sent, in the order of its beginning: below the span around it, its container, its step,
    /// or the job, whichever is known first.
    pub fn add_received(&mut self, received: &[ReceivedSpan]) {
        let known: HashSet<String> = received.iter().map(ReceivedSpan::id).collect();
        let mut pieces: Vec<Span> = received
            .iter()
            .filter_map(|span| {
                let around = span.around().filter(|around| known.contains(around));
                let sender = || span.senders().find(|id| self.spans.contains_key(id));
                span.piece(around.or_else(sender).unwrap_or_else(|| JOB.to_owned()))
            })
            .collect();
        pieces.sort_by_key(|piece| piece.start);
        self.spans.extend(pieces.into_iter().map(|piece| (piece.id.clone(), piece)));
    }

    /// Takes the pieces that have ended, and will not change any more.
    pub fn take_ended(&mut self) -> Vec<Span> {
        let (ended, open) = self.spans.drain(..).partition(|(_, span)| span.end.is_some());
        self.spans = open;
        let ended: IndexMap<String, Span> = ended;
        ended.into_values().collect()
    }

    /// Takes over what an event says.
    pub fn apply(&mut self, event: &Event) {
        let at = event.at;
        match &event.what {
            What::JobCreated { job, target, steps: _ } => {
                self.begin(JOB.to_owned(), None, job.as_str(), SpanKind::Job, at, target);
            }
            What::JobFinished { status } => {
                let open: Vec<String> = self
                    .spans
                    .values()
                    .filter(|span| span.end.is_none())
                    .map(|span| span.id.clone())
                    .collect();
                open.iter().rev().for_each(|id| self.end(id, at, status.word(), *status == Status::Failed));
            }
            What::StepAdded { step, parent: Some(parent), .. } => {
                self.parents.insert(step.clone(), parent.clone());
            }
            What::StepStarted { step } => {
                let parent = self.parents.get(step).map_or(JOB.to_owned(), of_step);
                self.begin(of_step(step), Some(parent), step.as_str(), SpanKind::Step, at, "");
            }
            What::StepCompared { step, same_as: Some(job), .. } => {
                if let Some(span) = self.spans.get_mut(&of_step(step)) {
                    span.detail = format!("as in {job}");
                }
            }
            What::StepFinished { step, status, failure, .. } => {
                let why = failure.as_ref().and_then(|failure| failure.message.lines().next());
                self.end(&of_step(step), at, why.unwrap_or(status.word()), *status == Status::Failed);
            }
            What::ContainerRequested { container, step, spec } => {
                let parent = Some(of_step(step));
                self.begin(of(container), parent, container.as_str(), SpanKind::Container, at, &spec.image);
            }
            What::ContainerChanged { container, change } => self.container(container, change, at),
            What::ServiceOpened { service, container, .. } => {
                let parent = Some(of(container));
                self.begin(readiness(service), parent, service.as_str(), SpanKind::Readiness, at, "");
            }
            What::ServiceReady { service } => self.end(&readiness(service), at, "", false),
            // One that never answered was never ready.
            What::ServiceClosed { service } => {
                let id = readiness(service);
                if self.spans.get(&id).is_some_and(|span| span.end.is_none()) {
                    self.spans.shift_remove(&id);
                }
            }
            What::StepAdded { parent: None, .. }
            | What::StepCompared { same_as: None, .. }
            | What::StepActed { .. }
            | What::StepRetrying { .. }
            | What::StepKept { .. }
            | What::JobStarted
            | What::JobTakenOver
            | What::JobStopping { .. }
            | What::Warned { .. } => {}
        }
    }

    fn container(&mut self, id: &ContainerId, change: &ContainerChange, at: Timestamp) {
        let pull = format!("{} pull", of(id));
        match change {
            ContainerChange::Pulling { image } => {
                self.begin(pull, Some(of(id)), id.as_str(), SpanKind::Pull, at, image);
            }
            ContainerChange::Created { .. } => self.end(&pull, at, "", false),
            ContainerChange::Started => {
                *self.runs.entry(id.clone()).or_insert(0) += 1;
                let run = self.run(id);
                self.begin(run, Some(of(id)), id.as_str(), SpanKind::Run, at, "");
            }
            ContainerChange::Restarting { exit_code, .. } => {
                let run = self.run(id);
                self.end(&run, at, &exit(*exit_code), *exit_code != 0);
            }
            ContainerChange::Exited { exit_code, out_of_memory } => {
                let memory = if *out_of_memory { ", out of memory" } else { "" };
                let outcome = format!("{}{memory}", exit(*exit_code));
                let run = self.run(id);
                self.end(&run, at, &outcome, *exit_code != 0);
                self.end(&of(id), at, &outcome, *exit_code != 0);
            }
            ContainerChange::Failed { message } => {
                let first = message.lines().next().unwrap_or_default();
                self.end(&pull, at, first, true);
                self.end(&of(id), at, first, true);
            }
            ContainerChange::Removed => {
                let run = self.run(id);
                self.end(&run, at, "removed", false);
                self.end(&of(id), at, "removed", false);
            }
            ContainerChange::Stopping | ContainerChange::Ready => {}
        }
    }

    fn run(&self, id: &ContainerId) -> String {
        format!("{} run {}", of(id), self.runs.get(id).copied().unwrap_or(1))
    }

    fn begin(
        &mut self,
        id: String,
        parent: Option<String>,
        name: &str,
        kind: SpanKind,
        start: Timestamp,
        detail: &str,
    ) {
        let (name, detail) = (name.to_owned(), detail.to_owned());
        let span = Span {
            id: id.clone(),
            parent,
            name,
            kind,
            start,
            end: None,
            outcome: String::new(),
            failed: false,
            detail,
        };
        self.spans.insert(id, span);
    }

    /// Ends a piece that goes on.
    fn end(&mut self, id: &str, at: Timestamp, outcome: &str, failed: bool) {
        if let Some(span) = self.spans.get_mut(id).filter(|span| span.end.is_none()) {
            span.end = Some(at);
            outcome.clone_into(&mut span.outcome);
            span.failed = failed;
        }
    }
}

pub(crate) fn of_step(step: &StepId) -> String {
    format!("step {step}")
}

pub(crate) fn of(container: &ContainerId) -> String {
    format!("container {container}")
}

fn readiness(service: &ServiceId) -> String {
    format!("service {service} readiness")
}

fn exit(code: i64) -> String {
    format!("exit code {code}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ContainerSpec, Data, JobId};

    #[test]
    fn every_piece_has_its_time() {
        let (build, box_) = (StepId::new("build"), ContainerId::new("box"));
        let spec = ContainerSpec::from_data(&Data::from(serde_json::json!({"image": "alpine:3"}))).unwrap();
        let changed = |change| What::ContainerChanged { container: ContainerId::new("box"), change };
        let happened = [
            What::JobCreated { job: JobId::new("ci-1"), target: "ci".to_owned(), steps: vec![build.clone()] },
            What::StepStarted { step: build.clone() },
            What::ContainerRequested { container: box_, step: build, spec: Box::new(spec) },
            changed(ContainerChange::Pulling { image: "alpine:3".to_owned() }),
            changed(ContainerChange::Created { backend_id: "1".to_owned() }),
            changed(ContainerChange::Started),
            changed(ContainerChange::Exited { exit_code: 2, out_of_memory: false }),
        ];
        let at = |seconds: usize| Timestamp::new(i64::try_from(seconds).unwrap(), 0).unwrap();
        let events =
            happened.into_iter().enumerate().map(|(seq, what)| Event { seq: seq as u64, at: at(seq), what });
        let mut trace = Trace::of(&events.collect::<Vec<_>>());
        let told = |span: &Span| {
            let seconds = |at: Timestamp| at.as_second();
            let end = span.end.map_or("…".to_owned(), |end| seconds(end).to_string());
            format!("{} {}-{end} {}", span.id, seconds(span.start), span.outcome).trim_end().to_owned()
        };
        assert_eq!(
            trace.spans().map(told).collect::<Vec<_>>(),
            [
                "job 0-…",
                "step build 1-…",
                "container box 2-6 exit code 2",
                "container box pull 3-4",
                "container box run 1 5-6 exit code 2",
            ]
        );
        assert_eq!(trace.take_ended().len(), 3);
        let finished = What::JobFinished { status: Status::Stopped };
        trace.apply(&Event { seq: 7, at: at(7), what: finished });
        assert_eq!(
            trace.take_ended().iter().map(told).collect::<Vec<_>>(),
            ["job 0-7 stopped", "step build 1-7 stopped",]
        );
    }
}
