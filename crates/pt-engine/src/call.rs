//! What code may ask of the dispatcher: the runner API's functions that need the job.

use std::time::Duration;

use pt_model::{ContainerId, ContainerSpec, Data, Failure, ServiceSpec, SpecError, StepId, parse_duration};
use tokio::sync::oneshot;

/// A question of a step's code, and where the answer goes.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) step: StepId,
    pub(crate) function: String,
    pub(crate) args: Vec<Data>,
    pub(crate) reply: Reply,
}

/// Where an answer goes. The code waits for it.
pub(crate) type Reply = oneshot::Sender<Result<Data, Failure>>;

/// A question, understood.
#[derive(Debug)]
pub(crate) enum Question {
    /// Start this container.
    Spawn(Box<ContainerSpec>),
    /// Has it started?
    AwaitStarted(ContainerId),
    /// With which code did it exit?
    AwaitDone(ContainerId),
    /// Let this service be used.
    OpenService { service: ServiceSpec, container: Option<ContainerId> },
    /// Stop this container.
    Stop(ContainerId),
    /// Keep what is at a path of a container as a dataset.
    StoreDataset { container: ContainerId, path: String, dataset: String },
    /// Wait this long.
    Sleep(Duration),
}

impl Question {
    /// Whether it is about the end of something that a job which stops ends anyway.
    pub(crate) fn only_waits(&self) -> bool {
        match self {
            Self::AwaitStarted(_) | Self::AwaitDone(_) | Self::Stop(_) => true,
            Self::Spawn(_) | Self::OpenService { .. } | Self::StoreDataset { .. } | Self::Sleep(_) => false,
        }
    }

    /// Understands a call.
    ///
    /// # Errors
    /// The arguments make no sense, or there is no such function yet.
    pub(crate) fn read(function: &str, args: &[Data]) -> Result<Self, Failure> {
        let arg = |at: usize| args.get(at).unwrap_or(&Data::Null);
        let wrong = |error: SpecError| failure(format!("pt/{function}: {error}"));
        Ok(match function {
            "spawn" | "spawn-container" => Self::Spawn(Box::new(
                ContainerSpec::from_data(arg(0)).map_err(|error| failure(error.to_string()))?,
            )),
            "await-started" | "await-container-started" => Self::AwaitStarted(container(function, arg(0))?),
            "await-done" | "await-container-exited" => Self::AwaitDone(container(function, arg(0))?),
            "open-service" => Self::OpenService {
                service: ServiceSpec::from_data(arg(0)).map_err(wrong)?,
                container: ["container-id", "ref"]
                    .iter()
                    .find_map(|key| arg(0).get(key).as_str())
                    .map(ContainerId::from),
            },
            "stop" => Self::Stop(container(function, arg(0))?),
            "store-dataset" => Self::StoreDataset {
                container: container(function, arg(0).get("container-id"))?,
                path: text(function, "path", arg(0).get("path"))?,
                dataset: match arg(1).as_str() {
                    Some(dataset) => dataset.to_owned(),
                    None => text(function, "dataset", arg(1).get("dataset"))?,
                },
            },
            "sleep" => Self::Sleep(duration(arg(0)).ok_or_else(|| {
                failure(format!(
                    "pt/sleep: Must be a duration such as \"5s\", or milliseconds (got {})",
                    arg(0)
                ))
            })?),
            _ => return Err(failure(format!("The runner function pt/{function} is not supported yet."))),
        })
    }
}

/// A failure with nothing but a message.
pub(crate) fn failure(message: impl Into<String>) -> Failure {
    Failure { message: message.into(), data: Data::Null }
}

/// A container by its id, or by `{type, ref}`.
fn container(function: &str, data: &Data) -> Result<ContainerId, Failure> {
    if let Some(id) = data.as_str() {
        return Ok(id.into());
    }
    match data.get("type").as_str() {
        None | Some("deployment" | "container") => {
            text(function, "ref", data.get("ref")).map(ContainerId::new)
        }
        Some(other) => Err(failure(format!("pt/{function} of a {other} is not supported yet."))),
    }
}

fn text(function: &str, key: &str, data: &Data) -> Result<String, Failure> {
    let text = data.as_str().map(str::to_owned);
    text.ok_or_else(|| failure(format!("pt/{function}: {key}: Must be a string (got {data})")))
}

/// Milliseconds, or a number with a unit.
fn duration(data: &Data) -> Option<Duration> {
    if let Data::Int(ms) = data {
        return u64::try_from(*ms).ok().map(Duration::from_millis);
    }
    parse_duration(data.as_str()?)
}
