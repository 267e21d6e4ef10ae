//! What happened: facts in the past tense, in one order per job.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ContainerId, ContainerSpec, Data, Failure, JobId, OpenPort, ServiceId, Status, StepId};

/// Something that happened to a job. A [`Job`](crate::Job) is the fold of its events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Place in the order of the job's events, from 0 without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum What {
    /// A job was created with these steps, in the order of their declaration.
    JobCreated {
        /// The job.
        job: JobId,
        /// What was asked for, as typed.
        target: String,
        /// Its steps.
        steps: Vec<StepId>,
    },
    /// The job began to run its steps.
    JobStarted,
    /// Another runner goes on with the job: the one before was gone.
    JobTakenOver,
    /// Somebody asked the job to stop, or the step that ends it has ended.
    JobStopping {
        /// Why, in words.
        reason: String,
    },
    /// The job is over and nothing of it is left.
    JobFinished {
        /// How it ended.
        status: Status,
    },
    /// A step that another one calls, or that code started, joined the job.
    StepAdded {
        /// The step.
        step: StepId,
        /// The group whose part it is, or the step whose code called it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<StepId>,
        /// Whether the code that called it waits for its end, and deals with it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        called: bool,
    },
    /// A step began.
    StepStarted {
        /// The step.
        step: StepId,
    },
    /// The code of a step is about to do something that is seen outside of the job's containers and services, for the first
    /// time in this try: run once more, it would do it twice.
    StepActed {
        /// The step.
        step: StepId,
        /// What it calls.
        function: String,
    },
    /// A step failed and will be tried again.
    StepRetrying {
        /// The step.
        step: StepId,
        /// Which retry, from 1.
        retry: u32,
        /// Pause before it, milliseconds.
        delay_ms: u64,
        /// Why it failed.
        failure: Failure,
    },
    /// A step ended.
    StepFinished {
        /// The step.
        step: StepId,
        /// How: `success`, `failed`, `stopped` or `canceled`.
        status: Status,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
        /// What its code gave back, secrets masked.
        #[serde(default, skip_serializing_if = "Data::is_null")]
        output: Data,
    },
    /// What goes into a step that has a `cache` was compared with what went into it when it ended well.
    StepCompared {
        /// The step.
        step: StepId,
        /// The job in which the same went into it: the step is not run again. None if it is run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        same_as: Option<JobId>,
        /// Why it is run, or not.
        reason: String,
    },
    /// A step was not run: it ended well in an earlier job, which this one resumes.
    StepKept {
        /// The step.
        step: StepId,
        /// The earlier job.
        job: JobId,
        /// What its code gave back then.
        #[serde(default, skip_serializing_if = "Data::is_null")]
        output: Data,
    },
    /// A container was asked for.
    ContainerRequested {
        /// The container.
        container: ContainerId,
        /// The step that asked.
        step: StepId,
        /// What was asked for.
        spec: Box<ContainerSpec>,
    },
    /// A container's state changed.
    ContainerChanged {
        /// The container.
        container: ContainerId,
        /// How.
        #[serde(flatten)]
        change: ContainerChange,
    },
    /// A service can be used.
    ServiceOpened {
        /// The service.
        service: ServiceId,
        /// The step that opened it.
        step: StepId,
        /// The container that serves it.
        container: ContainerId,
        /// Its ports.
        ports: Vec<OpenPort>,
    },
    /// A service answers: all its ports accept connections.
    ServiceReady {
        /// The service.
        service: ServiceId,
    },
    /// A service is no longer there.
    ServiceClosed {
        /// The service.
        service: ServiceId,
    },
    /// Something a person should know that stops nothing.
    Warned {
        /// The step it concerns.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
        /// What, and what to do.
        message: String,
    },
}

/// How a container's state changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum ContainerChange {
    /// Its image is being pulled.
    Pulling {
        /// The image.
        image: String,
    },
    /// It was created in the backend, where it is known by this id.
    Created {
        /// The backend's id.
        backend_id: String,
    },
    /// It runs.
    Started,
    /// It can be used, as its own probe tells.
    Ready,
    /// It exited and will be started again.
    Restarting {
        /// The exit code that caused it.
        exit_code: i64,
        /// How often it was started again before.
        restarts: u32,
        /// Pause before the next start, milliseconds.
        delay_ms: u64,
        /// What the backend tells this run from others by.
        #[serde(default)]
        run: u64,
    },
    /// It is being stopped.
    Stopping,
    /// It exited for good.
    Exited {
        /// Its exit code: 128 + signal when killed.
        exit_code: i64,
        /// Whether the kernel killed it, or a part of it, for want of memory.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        out_of_memory: bool,
    },
    /// It could not be started.
    Failed {
        /// Why, and what to do.
        message: String,
    },
    /// It is gone from the backend.
    Removed,
}

/// A line of output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Place in the order of the job's lines, from 0 without gaps.
    pub seq: u64,
    /// When it was captured.
    pub at: Timestamp,
    /// The step it belongs to.
    pub step: StepId,
    /// The container that wrote it; none for code's own lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerId>,
    /// Where it was written.
    pub stream: Stream,
    /// Whether it is not the container's own output: a command wrote it that was run beside it, or its telemetry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
    /// The line without its end, secrets masked.
    pub text: String,
}

/// Where a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Standard output of a container; with a TTY all it writes.
    Stdout,
    /// Standard error of a container.
    Stderr,
    /// Printed or logged by code.
    Log,
    /// Sent as a log record of OpenTelemetry: a line of JSON.
    Otlp,
}

impl Stream {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Log => "log",
            Self::Otlp => "otlp",
        }
    }
}
