//! Whether a job is as it should be, from its events and its lines.

use std::collections::HashMap;

use pt_model::{ContainerChange, Event, Job, LogLine, Status, Stream, What};

use crate::kinds::Kind;

/// What is known of a job that has ended.
pub(crate) struct Ended<'a> {
    pub(crate) events: &'a [Event],
    pub(crate) lines: &'a [LogLine],
    /// Whether it was cleared away rather than brought to its end.
    pub(crate) cleared: bool,
}

/// Finds what is wrong with any job.
pub(crate) fn sound(ended: &Ended<'_>) -> Result<(), String> {
    numbered(ended)?;
    once(ended.events)
}

/// Finds what is wrong with one of this kind.
pub(crate) fn judge(kind: &Kind, ended: &Ended<'_>) -> Result<(), String> {
    sound(ended)?;
    let job = Job::fold(ended.events);
    if ended.cleared {
        return if job.status.has_ended() { Ok(()) } else { Err(format!("cleared, it is {:?}", job.status)) };
    }
    let lost = job.steps.values().any(|step| {
        step.failure.as_ref().is_some_and(|failure| failure.message.contains("is not run twice"))
    });
    if lost && !kind.acts {
        return Err("code was given up that could be run again".to_owned());
    }
    let expected = if lost { Status::Failed } else { kind.ends };
    if job.status != expected {
        return Err(format!("it is {:?} rather than {expected:?}", job.status));
    }
    for (container, out, err) in kind.containers {
        for (stream, count) in [(Stream::Stdout, *out), (Stream::Stderr, *err)] {
            let its = |line: &&LogLine| {
                line.stream == stream && line.container.as_ref().is_some_and(|id| id.as_str() == *container)
            };
            let told: Vec<&str> = ended.lines.iter().filter(its).map(|line| line.text.as_str()).collect();
            if told != kind.lines(count) {
                return Err(format!("{container} {stream:?} says {told:?}"));
            }
        }
    }
    let said = ended.lines.iter().filter(|line| line.text == "once").count();
    if kind.acts && said > 1 || kind.acts && said == 0 && !lost {
        return Err(format!("code spoke {said} times"));
    }
    Ok(())
}

/// Events and lines are numbered without gaps.
fn numbered(ended: &Ended<'_>) -> Result<(), String> {
    let events = ended.events.iter().map(|event| event.seq);
    let lines = ended.lines.iter().map(|line| line.seq);
    let whole = events.eq(0..ended.events.len() as u64) && lines.eq(0..ended.lines.len() as u64);
    if whole { Ok(()) } else { Err("numbers are missing".to_owned()) }
}

/// What happens once is told once.
fn once(events: &[Event]) -> Result<(), String> {
    let mut told: HashMap<String, usize> = HashMap::new();
    let mut count = |what: String| *told.entry(what).or_default() += 1;
    let mut restarts: HashMap<String, usize> = HashMap::new();
    for event in events {
        match &event.what {
            What::JobCreated { .. } => count("the job created".to_owned()),
            What::JobStarted => count("the job started".to_owned()),
            What::JobFinished { .. } => count("the job finished".to_owned()),
            What::StepAdded { step, .. } => count(format!("{step} added")),
            What::StepStarted { step } => count(format!("{step} started")),
            What::StepFinished { step, .. } => count(format!("{step} finished")),
            What::ContainerRequested { container, .. } => count(format!("{container} requested")),
            What::ContainerChanged { container, change } => match change {
                ContainerChange::Created { .. } => {}
                ContainerChange::Started => count(format!("{container} runs")),
                ContainerChange::Restarting { .. } => {
                    *restarts.entry(format!("{container} runs")).or_default() += 1;
                }
                ContainerChange::Exited { .. } | ContainerChange::Failed { .. } => {
                    count(format!("{container} ended"));
                }
                ContainerChange::Removed => count(format!("{container} removed")),
                ContainerChange::Pulling { .. } | ContainerChange::Ready | ContainerChange::Stopping => {}
            },
            What::JobTakenOver
            | What::JobStopping { .. }
            | What::StepActed { .. }
            | What::StepRetrying { .. }
            | What::StepKept { .. }
            | What::StepCompared { .. }
            | What::ServiceOpened { .. }
            | What::ServiceReady { .. }
            | What::ServiceClosed { .. }
            | What::Warned { .. } => {}
        }
    }
    for (what, count) in told {
        let most = 1 + restarts.get(&what).copied().unwrap_or_default();
        if count > most {
            return Err(format!("{what}: {count} times"));
        }
    }
    Ok(())
}
