//! The caller's side.

use std::io;
use std::path::Path;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use pt_backend::{Chunk, ExecOrder, Exit};
use tokio::io::split;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};

use super::wire::{Told, read_told, write_order};
use super::{ExecCall, IN_FLIGHT, PROTOCOL};
use crate::ClientError;

/// A command that runs in a container of a job.
#[derive(Debug)]
pub struct ExecSession {
    /// What it is told. When this is dropped, its caller has hung up.
    pub orders: mpsc::Sender<ExecOrder>,
    /// What it writes, to its end.
    pub output: mpsc::Receiver<Chunk>,
    /// Its exit. Dropped without a value when the runner or the container went away.
    pub exit: oneshot::Receiver<Exit>,
}

/// Runs a command in a container of the job whose runner is behind this socket.
///
/// # Errors
/// The runner does not answer, or the command cannot be started.
pub async fn exec_in_job(socket: &Path, call: &ExecCall) -> Result<ExecSession, ClientError> {
    let stream = UnixStream::connect(socket).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());
    let body = serde_json::to_vec(call).map_err(io::Error::other)?;
    let request = Request::post("/v1/exec")
        .header(header::HOST, "localhost")
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, PROTOCOL)
        .body(Full::new(Bytes::from(body)))
        .map_err(io::Error::other)?;
    let response = sender.send_request(request).await?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        return Err(ClientError::refused(status, &body));
    }
    let (mut reader, mut writer) = split(TokioIo::new(hyper::upgrade::on(response).await?));
    let (orders, mut given) = mpsc::channel(IN_FLIGHT);
    let (tell_output, output) = mpsc::channel(IN_FLIGHT);
    let (tell_exit, exit) = oneshot::channel();
    let telling = tokio::spawn(async move {
        while let Some(order) = given.recv().await {
            if write_order(&mut writer, &order).await.is_err() {
                return; // The other side is gone; that is seen where it is read.
            }
        }
        // So that the other side sees that nothing more will come.
        drop(tokio::io::AsyncWriteExt::shutdown(&mut writer).await);
    });
    tokio::spawn(async move {
        while let Ok(Some(told)) = read_told(&mut reader).await {
            match told {
                Told::Output(chunk) => {
                    if tell_output.send(chunk).await.is_err() {
                        break; // Nobody reads.
                    }
                }
                Told::Exit(exit) => {
                    drop(tell_output);
                    tell_exit.send(exit).ok(); // Nobody may be waiting.
                    break;
                }
            }
        }
        telling.abort();
    });
    Ok(ExecSession { orders, output, exit })
}
