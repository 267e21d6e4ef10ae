//! Asks a running job from another process.

use std::io;
use std::path::Path;

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

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

/// Asks the runner behind this socket to stop its job.
///
/// # Errors
/// It does not answer, or refuses.
pub async fn stop_job(socket: &Path, kill: bool) -> Result<(), ClientError> {
    let stream = UnixStream::connect(socket).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let uri = if kill { "/v1/stop?kill=true" } else { "/v1/stop" };
    let request = Request::post(uri).header("host", "localhost").body(Empty::<Bytes>::new());
    let request = request.map_err(|error| io::Error::other(error.to_string()))?;
    let status = sender.send_request(request).await?.status();
    drop(sender);
    connection.abort();
    if status.is_success() { Ok(()) } else { Err(ClientError::Refused(status)) }
}
