//! The API of a running job, on a Unix socket in the state directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, UPGRADE};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use hyper_util::rt::TokioIo;
use pt_backend::Backend;
use pt_engine::{Control, Guests, LineCounts, Wait};
use pt_model::{ContainerId, Job};
use serde::{Deserialize, Serialize};
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::exec::exec;
use crate::metrics;
use crate::visit;

/// A served socket; it is closed and removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Served {
    path: PathBuf,
    server: JoinHandle<()>,
}

/// What requests are answered from.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) job: watch::Receiver<Job>,
    pub(crate) control: Control,
    pub(crate) guests: Guests,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) lines: LineCounts,
}

#[derive(Deserialize)]
struct StopQuery {
    /// Kill at once instead of stopping in order.
    #[serde(default)]
    kill: bool,
}

#[derive(Deserialize)]
struct RestartQuery {
    container: String,
}

/// Why a request was refused.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    pub(crate) hint: String,
}

pub(crate) fn refused(message: String, hint: &str) -> Response {
    (StatusCode::CONFLICT, Json(Refusal { message, hint: hint.to_owned() })).into_response()
}

/// A socket that waits for its job. Who connects meanwhile is answered as soon as the job is there.
pub(crate) struct Socket {
    path: PathBuf,
    listener: UnixListener,
}

impl Socket {
    /// Takes the path.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub(crate) fn bind(path: &Path) -> io::Result<Self> {
        if let Err(error) = fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        Ok(Self { path: path.to_owned(), listener: UnixListener::bind(path)? })
    }

    /// Serves a running job's API.
    pub(crate) fn serve(self, api: Api) -> Served {
        let Self { path, listener } = self;
        let router = Router::new()
            .route("/v1/job", get(show))
            .route("/v1/stop", post(stop))
            .route("/v1/restart", post(restart))
            .route("/v1/waits", get(waits))
            .route("/v1/exec", post(exec))
            .route("/v1/guest", get(enter))
            .route("/metrics", get(metrics::show))
            .with_state(api);
        let server = tokio::spawn(async move {
            // Ends with the process; what goes wrong on one connection is told to that client.
            let _ = axum::serve(listener, router).await;
        });
        Served { path, server }
    }
}

async fn show(State(api): State<Api>) -> Json<Job> {
    let job = api.job.borrow().clone();
    Json(job)
}

async fn waits(State(api): State<Api>) -> Json<Vec<Wait>> {
    Json(api.control.waits().await)
}

async fn stop(State(api): State<Api>, Query(query): Query<StopQuery>) -> Json<Job> {
    if query.kill {
        api.control.kill();
    } else {
        api.control.stop("`pt stop` was called");
    }
    show(State(api)).await
}

/// Asks a container that runs to stop and to start once more.
async fn restart(State(api): State<Api>, Query(query): Query<RestartQuery>) -> Response {
    match api.control.restart(ContainerId::new(query.container)).await {
        Ok(()) => show(State(api)).await.into_response(),
        Err(failure) => refused(failure.message, ""),
    }
}

/// Somebody takes part in the job as long as the connection stands.
async fn enter(State(api): State<Api>, request: Request) -> Response {
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        // A connection that broke is a guest who left.
        if let Ok(connection) = upgrade.await {
            let guest = api.guests.enter("repl");
            let _ = visit::serve(TokioIo::new(connection), &guest).await;
        }
    });
    let switching = StatusCode::SWITCHING_PROTOCOLS;
    (switching, [(CONNECTION, "upgrade"), (UPGRADE, visit::PROTOCOL)]).into_response()
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
        // Already gone is fine; anything else is cleared away by the next job that wants the path.
        let _ = fs::remove_file(&self.path);
    }
}
