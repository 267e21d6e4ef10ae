//! What code may ask of the dispatcher: what concerns the job as a whole.

use pt_backend::ExecRequest;
use pt_model::{ContainerId, Data, Failure, JobId, ServiceId, ServiceSpec, StepId};
use pt_plan::{Request, RunWhen};
use pt_store::KeptEnd;
use tokio::sync::oneshot;

use crate::args::{Args, entry, local_id};
use crate::dispatcher::{SpawnContainer, SpawnedCode};

/// A question of a step's code, and where the answer goes.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) step: StepId,
    pub(crate) question: Question,
    pub(crate) reply: Reply,
}

/// Where an answer goes. The code waits for it.
pub(crate) type Reply = oneshot::Sender<Result<Data, Failure>>;

/// A question.
#[derive(Debug)]
pub(crate) enum Question {
    /// Start this container.
    Spawn(Box<SpawnContainer>),
    /// Has it started?
    AwaitStarted(ContainerId),
    /// With which code did it exit?
    AwaitDone(ContainerId),
    /// The backend's id of it.
    BackendId(ContainerId),
    /// Run a command in it.
    Exec { container: ContainerId, request: Box<ExecRequest> },
    /// With which code did the command exit?
    AwaitExec(String),
    /// What did the command say?
    ExecOutput(String),
    /// Let this service be used.
    OpenService { service: ServiceSpec, container: Option<ContainerId> },
    /// Is it open? The answer tells its ports.
    AwaitService(ServiceId),
    /// Let it not be used any more.
    StopService(ServiceId),
    /// Stop this.
    Stop(Target),
    /// Run this as a step, and say what it gave.
    CallModule(Request),
    /// Run this as a step.
    SpawnStep(Box<SpawnStep>),
    /// How did it end?
    AwaitStep(StepId),
    /// What did it give?
    Output { step: String, path: Option<String> },
    /// May I call this, which is not to be done twice?
    Act(String),
    /// Take note of why it is run, or not.
    Compared { same_as: Option<JobId>, reason: String },
    /// Keep how it ends, if it ends well.
    Keep(Box<KeptEnd>),
    /// Tell people this of the step.
    Warn(String),
    /// What was set for the job or the step?
    Value { of: Extent, name: String },
    /// Set it.
    SetValue { of: Extent, name: String, data: Data },
}

/// Something that can be stopped.
#[derive(Debug)]
pub(crate) enum Target {
    Container(ContainerId),
    Service(ServiceId),
    Step(StepId),
    Job,
}

/// How far a value reaches that is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Job,
    /// A step and what it called.
    Step,
}

/// A step that code asks for.
#[derive(Debug)]
pub(crate) struct SpawnStep {
    pub(crate) id: Option<String>,
    pub(crate) run_when: Vec<RunWhen>,
    pub(crate) does: SpawnDoes,
}

/// What that step is to do.
#[derive(Debug)]
pub(crate) enum SpawnDoes {
    Call(Request),
    Code(Box<SpawnedCode>),
}

/// A container by its id, or by `{type, ref}`.
pub(crate) fn container(args: &Args<'_>, data: &Data) -> Result<ContainerId, Failure> {
    match target(args, data)? {
        Target::Container(id) => Ok(id),
        Target::Service(_) | Target::Step(_) | Target::Job => {
            Err(args.wrong("type", r#"Must be "deployment" or "container""#, data.get("type")))
        }
    }
}

/// What code reads of a failure of a container: which it was, and the exit code if it had one.
pub(crate) fn of_container(id: &ContainerId, exit_code: Option<i64>) -> Data {
    let id = ("container-id", Data::from(id.as_str()));
    let entries = [id].into_iter().chain(exit_code.map(|code| ("exit-code", Data::Int(code))));
    entries.map(|(key, value)| (key.to_owned(), value)).collect()
}

/// What `{type, ref}` names; a text is the id of a container.
pub(crate) fn target(args: &Args<'_>, data: &Data) -> Result<Target, Failure> {
    if let Some(id) = data.as_str() {
        return Ok(Target::Container(local_id(id).into()));
    }
    if !matches!(data, Data::Map(_)) {
        return Err(args.wrong("", "Must be the id of a container, or {type, ref}", data));
    }
    let kind = data.get("type");
    let id = args.text_of(entry(data, &["ref", "id", "container-id"]), "ref");
    Ok(match kind.as_str() {
        None if kind.is_null() => Target::Container(local_id(&id?).into()),
        Some("deployment" | "container") => Target::Container(local_id(&id?).into()),
        Some("service") => Target::Service(local_id(&id?).into()),
        Some("step") => Target::Step(local_id(&id?).into()),
        Some("job") => Target::Job,
        _ => {
            let kinds = r#"Must be one of "deployment", "container", "service", "step", "job""#;
            return Err(args.wrong("type", kinds, kind));
        }
    })
}
