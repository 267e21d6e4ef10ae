//! Asks a running job from another process.

use std::io;
use std::path::Path;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use pt_engine::Wait;
use pt_model::ContainerId;
use tokio::net::UnixStream;

use crate::api::Refusal;

/// A question that was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("the job's runner does not answer: {0}")]
    NoAnswer(#[from] io::Error),
    /// The connection broke.
    #[error("the connection to the job's runner broke: {0}")]
    Broken(#[from] hyper::Error),
    /// It was refused.
    #[error("the job's runner refused: {0}")]
    Refused(StatusCode),
    /// It was tried, in vain.
    #[error("{message}")]
    Failed {
        /// What was attempted, and why it failed.
        message: String,
        /// The way out; empty when there is none to name.
        hint: String,
    },
}

impl ClientError {
    /// What a runner says that refuses.
    pub(crate) fn refused(status: StatusCode, body: &[u8]) -> Self {
        match serde_json::from_slice(body) {
            Ok(Refusal { message, hint }) => Self::Failed { message, hint },
            Err(_) => Self::Refused(status),
        }
    }
}

/// Asks the runner behind this socket to stop its job.
///
/// # Errors
/// It does not answer, or refuses.
pub async fn stop_job(socket: &Path, kill: bool) -> Result<(), ClientError> {
    ask(Method::POST, socket, if kill { "/v1/stop?kill=true" } else { "/v1/stop" }).await.map(drop)
}

/// Asks the runner behind this socket to stop a container of its job and to start it once more. The job's state tells when
/// it has.
///
/// # Errors
/// It does not answer, or the container cannot be started again: there is none, it does not run, or the job is stopping.
pub async fn restart_in_job(socket: &Path, container: &ContainerId) -> Result<(), ClientError> {
    // Ids need no escaping.
    ask(Method::POST, socket, &format!("/v1/restart?container={container}")).await.map(drop)
}

/// Asks the runner behind this socket which steps of its job wait, and for what.
///
/// # Errors
/// It does not answer, or refuses.
pub async fn waits_of_job(socket: &Path) -> Result<Vec<Wait>, ClientError> {
    let answer = ask(Method::GET, socket, "/v1/waits").await?;
    Ok(serde_json::from_slice(&answer).map_err(io::Error::from)?)
}

/// Asks the runner behind this socket what can be counted and measured of its job, in the text format of Prometheus.
///
/// # Errors
/// It does not answer, or refuses.
pub async fn metrics_of_job(socket: &Path) -> Result<String, ClientError> {
    let answer = ask(Method::GET, socket, "/metrics").await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

async fn ask(method: Method, socket: &Path, uri: &str) -> Result<Bytes, ClientError> {
    let stream = UnixStream::connect(socket).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::builder().method(method).uri(uri).header("host", "localhost");
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| io::Error::other(error.to_string()))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let answer = response.into_body().collect().await?.to_bytes();
    drop(sender);
    connection.abort();
    if status.is_success() { Ok(answer) } else { Err(ClientError::refused(status, &answer)) }
}
