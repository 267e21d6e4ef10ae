//! Streamable HTTP at `/mcp`, and what clients need that know less than it.
//!
//! Two of the SDK's services stand behind one address: one with sessions, for clients that initialize one, and one without,
//! which answers each request by itself with plain JSON. Which one a request goes to follows from the request alone.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::handler::Handler;
use crate::message::{Refusal, check};
use crate::server::Server;
use crate::{sessions, sse};

/// Bytes that a request may have.
const LARGEST_REQUEST: usize = 4 << 20;

/// Ports that are tried one after another.
const TRIED_PORTS: u16 = 100;

/// That a client takes plain JSON and nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainJson;

/// A server that listens. It stops when this is dropped.
pub struct Listening {
    /// The port.
    pub port: u16,
    end: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Listening {
    /// Where agents reach it.
    pub fn url(&self) -> String {
        format!("http://localhost:{}/mcp", self.port)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.end.cancel();
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

type Mcp = StreamableHttpService<Handler, LocalSessionManager>;

#[derive(Clone)]
struct Services {
    sessions: Mcp,
    single: Mcp,
}

impl Server {
    /// Listens on this port of this machine, or on the next free one.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn serve_http(&self, port: u16) -> io::Result<Listening> {
        let (port, listeners) = bind(port).await?;
        let end = CancellationToken::new();
        let service = |session_mode: bool| {
            let config = StreamableHttpServerConfig::default()
                .with_legacy_session_mode(session_mode)
                .with_json_response(!session_mode)
                .with_cancellation_token(end.child_token());
            let server = self.clone();
            let manager = Arc::new(LocalSessionManager::default());
            StreamableHttpService::new(move || Ok(Handler::new(server.clone())), manager, config)
        };
        let services = Services { sessions: service(true), single: service(false) };
        let legacy = sse::Streams::new(self.clone());
        let router = Router::new()
            .route("/mcp", any(answer).with_state(services))
            .route("/sse", get(sse::open).with_state(legacy.clone()))
            .route("/messages", post(sse::message).with_state(legacy))
            .layer(from_fn(local_only));
        let mut tasks = vec![sessions::watch(self), self.tidy()];
        for listener in listeners {
            let (router, end) = (router.clone(), end.clone());
            tasks.push(tokio::spawn(async move {
                let serving = axum::serve(listener, router);
                tokio::select! {
                    // What goes wrong on one connection is told to that client.
                    _ = async { serving.await } => {}
                    () = end.cancelled() => {}
                }
            }));
        }
        Ok(Listening { port, end, tasks })
    }
}

/// The first free port from this one on, for IPv4 and, where there is such a thing, IPv6. Port 0 stands for any.
async fn bind(first: u16) -> io::Result<(u16, Vec<TcpListener>)> {
    let mut last = None;
    for port in first..=first.saturating_add(TRIED_PORTS) {
        let v4 = match TcpListener::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)).await {
            Ok(listener) => listener,
            Err(error) => {
                last = Some(error);
                continue;
            }
        };
        let port = v4.local_addr()?.port();
        match TcpListener::bind(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port)).await {
            Ok(v6) => return Ok((port, vec![v4, v6])),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = Some(error),
            // This machine has no IPv6.
            Err(_) => return Ok((port, vec![v4])),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::other("there is no such port")))
}

/// Refuses what a page of another site sends through a browser.
async fn local_only(request: Request, next: Next) -> Response {
    if is_local(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "Forbidden: this server answers programs of this machine only.")
            .into_response()
    }
}

fn is_local(headers: &HeaderMap) -> bool {
    let local = |authority: &str| {
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
        };
        matches!(host, "localhost" | "127.0.0.1" | "::1") || host.ends_with(".localhost")
    };
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_ascii_lowercase();
    let host = headers.get(HOST).map(text);
    let origin = headers.get(ORIGIN).map(text);
    let from = |origin: String| origin.split_once("://").is_some_and(|(_, authority)| local(authority));
    host.is_some_and(|host| local(&host)) && origin.is_none_or(from)
}

/// Answers at `/mcp`.
async fn answer(State(services): State<Services>, request: Request) -> Response {
    if request.method() != Method::POST {
        let single = request.headers().get("mcp-session-id").is_none() && request.method() == Method::DELETE;
        let service = if single { services.single } else { services.sessions };
        return service.handle(request).await.map(Body::new);
    }
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST_REQUEST).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, &Refusal::no_message("the request is too large."));
    };
    let message: Value = match serde_json::from_slice(&bytes) {
        Ok(message) => message,
        Err(cause) => return refused(StatusCode::BAD_REQUEST, &Refusal::no_json(cause)),
    };
    if let Err(refusal) = check(&message) {
        return refused(StatusCode::BAD_REQUEST, &refusal);
    }
    let method = message.get("method").and_then(Value::as_str).unwrap_or_default();
    if REMOVED.contains(&method) && speaks_newest(&message) {
        let error = json!({"code": -32601, "message": format!("Unknown method: {method}")});
        let body = json!({"jsonrpc": "2.0", "id": message.get("id"), "error": error});
        return (StatusCode::NOT_FOUND, axum::Json(body)).into_response();
    }
    let accepts_stream = accepts(&parts.headers, "text/event-stream");
    if !accepts_stream {
        parts.extensions.insert(PlainJson);
    }
    // The SDK insists on both.
    parts.headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    if !parts.headers.contains_key(CONTENT_TYPE) {
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let initializes = method == "initialize";
    let in_session = parts.headers.contains_key("mcp-session-id");
    let service =
        if accepts_stream && (initializes || in_session) { services.sessions } else { services.single };
    service.handle(Request::from_parts(parts, Body::from(bytes))).await.map(Body::new)
}

/// What clients of older revisions ask, and no others may.
const REMOVED: &[&str] = &["initialize", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"];

/// Whether the request says that it is of the revision 2026-07-28 or a later one. They are dates, so they are in order.
fn speaks_newest(message: &Value) -> bool {
    let version = message.pointer("/params/_meta/io.modelcontextprotocol~1protocolVersion");
    version.and_then(Value::as_str).is_some_and(|version| version >= "2026-07-28")
}

fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    headers.get_all(ACCEPT).iter().any(|value| value.to_str().is_ok_and(|value| value.contains(wanted)))
}

/// The answer to what is no message.
fn refused(status: StatusCode, refusal: &Refusal) -> Response {
    (status, axum::Json(refusal.answer())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_machine_are_answered() {
        for (host, origin, local) in [
            ("localhost:31338", None, true),
            ("127.0.0.1:31338", Some("http://localhost:6274"), true),
            ("[::1]:31338", Some("http://[::1]:31338"), true),
            ("app.localhost", None, true),
            ("evil.example", None, false),
            ("localhost.evil.example:31338", None, false),
            ("localhost:31338", Some("https://evil.example"), false),
            ("localhost:31338", Some("null"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(is_local(&headers), local, "{host} {origin:?}");
        }
        assert!(!is_local(&HeaderMap::new()));
    }
}
