//! The runner's side.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use pt_backend::{Backend, ExecOrder, Running};
use tokio::io::split;
use tokio::sync::mpsc;

use super::wire::{Told, read_order, write_told};
use super::{ExecCall, IN_FLIGHT, PROTOCOL};
use crate::api::{Api, refused};

/// Command lines are shorter.
const LONGEST_CALL: usize = 1 << 22;

/// Runs a command in a container of the job, for whoever is at the other end.
pub(crate) async fn exec(State(api): State<Api>, mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    let call: ExecCall = match to_bytes(request.into_body(), LONGEST_CALL).await {
        Ok(body) => match serde_json::from_slice(&body) {
            Ok(call) => call,
            Err(error) => return refused(format!("the call cannot be read: {error}"), ""),
        },
        Err(error) => return refused(format!("the call cannot be read: {error}"), ""),
    };
    let known = api.job.borrow().containers.values().any(|container| {
        container.backend_id.as_deref() == Some(call.container.as_str()) && !container.removed
    });
    if !known {
        return refused("the job has no such container any more".to_owned(), "");
    }
    match start(&api.backend, &call, upgrade).await {
        Ok(response) => response,
        Err(error) => refused(error.message, &error.hint),
    }
}

async fn start(
    backend: &Arc<dyn Backend>,
    call: &ExecCall,
    upgrade: OnUpgrade,
) -> Result<Response, pt_backend::BackendError> {
    let (tell, orders) = mpsc::channel(IN_FLIGHT);
    if let Some((columns, rows)) = call.size {
        // There is room for one.
        drop(tell.try_send(ExecOrder::Resize { columns, rows }));
    }
    let running = backend.exec_attended(&call.container, &call.request(), orders).await?;
    tokio::spawn(async move {
        // A caller who is gone before the command has begun has hung up: the orders end.
        if let Ok(connection) = upgrade.await {
            attend(connection, tell, running).await;
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, header::HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, header::HeaderValue::from_static(PROTOCOL));
    Ok(response)
}

/// Passes orders and output on until the command or its caller is gone.
async fn attend(connection: Upgraded, tell: mpsc::Sender<ExecOrder>, mut running: Running) {
    let (mut reader, mut writer) = split(TokioIo::new(connection));
    // Dropped with `tell` when the caller goes: so the command hears of it.
    let obeying = tokio::spawn(async move {
        while let Ok(Some(order)) = read_order(&mut reader).await {
            if tell.send(order).await.is_err() {
                break;
            }
        }
    });
    while let Some(chunk) = running.output.recv().await {
        if write_told(&mut writer, &Told::Output(chunk)).await.is_err() {
            return;
        }
    }
    if let Ok(exit) = running.exit.await {
        // Who is gone has no use for it.
        drop(write_told(&mut writer, &Told::Exit(exit)).await);
    }
    obeying.abort();
}
