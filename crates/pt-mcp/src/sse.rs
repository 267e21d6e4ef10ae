//! The transport before streamable HTTP: a stream of events at `/sse`, which names the address for messages.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use pt_store::random_name;
use rmcp::ServiceExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, WriteHalf, split};

use crate::handler::Handler;
use crate::message::{Refusal, check};
use crate::server::Server;

/// Bytes on their way to a client or from it.
const ROOM: usize = 1 << 16;

/// The open streams.
#[derive(Clone)]
pub(crate) struct Streams {
    server: Server,
    open: Arc<Mutex<HashMap<String, Writer>>>,
}

type Writer = Arc<tokio::sync::Mutex<WriteHalf<DuplexStream>>>;

/// Which stream a message belongs to.
#[derive(Deserialize)]
pub(crate) struct MessageQuery {
    #[serde(rename = "sessionId")]
    session: String,
}

impl Streams {
    pub(crate) fn new(server: Server) -> Self {
        Self { server, open: Arc::default() }
    }
}

/// Takes a stream out of the list when its client goes.
struct Gone {
    id: String,
    open: Arc<Mutex<HashMap<String, Writer>>>,
}

impl Drop for Gone {
    fn drop(&mut self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

/// Opens a stream.
pub(crate) async fn open(
    State(streams): State<Streams>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, (StatusCode, String)> {
    // Who knows it may speak in the client's name.
    let id = random_name().map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let (ours, theirs) = tokio::io::duplex(ROOM);
    let (reader, writer) = split(ours);
    let writer = Arc::new(tokio::sync::Mutex::new(writer));
    streams.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), writer);
    let gone = Gone { id: id.clone(), open: Arc::clone(&streams.open) };
    let handler = Handler::new(streams.server);
    tokio::spawn(async move {
        // Ends with the stream; what goes wrong is told to the client in it.
        if let Ok(service) = handler.serve(theirs).await {
            drop(service.waiting().await);
        }
    });
    let endpoint = Event::default().event("endpoint").data(format!("/messages?sessionId={id}"));
    let lines = stream::unfold((BufReader::new(reader).lines(), gone), |(mut lines, gone)| async move {
        let line = lines.next_line().await.ok().flatten()?;
        Some((Event::default().event("message").data(line), (lines, gone)))
    });
    let events = stream::once(async { endpoint }).chain(lines).map(Ok);
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// Takes a message. Its answer comes in the stream, unless it is none.
pub(crate) async fn message(
    State(streams): State<Streams>,
    Query(query): Query<MessageQuery>,
    body: Bytes,
) -> Response {
    let writer = streams.open.lock().unwrap_or_else(PoisonError::into_inner).get(&query.session).cloned();
    let Some(writer) = writer else {
        return (StatusCode::NOT_FOUND, "There is no such stream.").into_response();
    };
    let read = serde_json::from_slice::<Value>(&body).map_err(Refusal::no_json);
    if let Err(refusal) = read.and_then(|message| check(&message)) {
        return (StatusCode::BAD_REQUEST, Json(refusal.answer())).into_response();
    }
    // Messages are lines in the stream; line ends inside of JSON are blanks.
    let mut line: Vec<u8> =
        body.iter().map(|byte| if *byte == b'\n' || *byte == b'\r' { b' ' } else { *byte }).collect();
    line.push(b'\n');
    match writer.lock().await.write_all(&line).await {
        Ok(()) => (StatusCode::ACCEPTED, "Accepted").into_response(),
        Err(_) => (StatusCode::GONE, "The stream is closed.").into_response(),
    }
}
