//! What is posted: in which notation, how compressed, and how large it may be.

use std::io::Read;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use flate2::read::MultiGzDecoder;
use prost::Message;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::message::{Answer, PartialSuccess};

/// Bytes that may be posted at once, as they come and when they are no longer compressed: an empty record has two, and takes a
/// hundred times as much memory.
const LARGEST: usize = 4 << 20;

/// How long it may take until all of them are there.
const PATIENCE: Duration = Duration::from_secs(10);

/// How something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    Protobuf,
    Json,
}

/// Why something was not taken: a status, and what is wrong.
#[derive(Debug)]
pub(super) struct Refused(pub(super) StatusCode, pub(super) String);

impl Notation {
    /// What the sender says that it is.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refused> {
        let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match said.split(';').next().unwrap_or_default().trim() {
            "application/x-protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            other => Err(Refused(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("The content type is '{other}': send application/x-protobuf or application/json."),
            )),
        }
    }

    pub(super) fn read<M: Message + Default + DeserializeOwned>(self, bytes: &[u8]) -> Result<M, Refused> {
        let read = match self {
            Self::Protobuf => M::decode(bytes).map_err(|error| error.to_string()),
            Self::Json => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
        };
        let what = match self {
            Self::Protobuf => "Protocol Buffers",
            Self::Json => "JSON",
        };
        read.map_err(|why| Refused(StatusCode::BAD_REQUEST, format!("This cannot be read as {what}: {why}")))
    }

    /// Says that it was taken, all but so many of these.
    pub(super) fn taken(self, of: &str, rejected: usize, why: Option<String>) -> Response {
        let why = why.unwrap_or_default();
        let all = rejected == 0 && why.is_empty();
        match self {
            Self::Protobuf => {
                let rejected = i64::try_from(rejected).unwrap_or(i64::MAX);
                let partial = PartialSuccess { rejected, error_message: why };
                let answer = Answer { partial_success: (!all).then_some(partial) };
                self.answer(StatusCode::OK, answer.encode_to_vec())
            }
            Self::Json if all => self.answer(StatusCode::OK, b"{}".to_vec()),
            Self::Json => {
                let rejected = (format!("rejected{of}"), rejected.to_string().into());
                let partial = [rejected, ("errorMessage".to_owned(), why.into())];
                let partial = serde_json::Value::Object(partial.into_iter().collect());
                self.answer(StatusCode::OK, json!({"partialSuccess": partial}).to_string().into_bytes())
            }
        }
    }

    fn answer(self, status: StatusCode, body: Vec<u8>) -> Response {
        let kind = match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        };
        (status, [(CONTENT_TYPE, kind)], body).into_response()
    }
}

impl IntoResponse for Refused {
    /// People read it, in the log of whoever sent it.
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

/// All that was posted, no longer compressed.
pub(super) async fn received(request: Request) -> Result<Vec<u8>, Refused> {
    let packed = match request.headers().get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?")) {
        None | Some("identity" | "") => false,
        Some("gzip") => true,
        Some(other) => {
            let why = format!("The content encoding is '{other}': send it as it is, or with gzip.");
            return Err(Refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
        }
    };
    let bytes = tokio::time::timeout(PATIENCE, to_bytes(request.into_body(), LARGEST)).await;
    let bytes =
        bytes.map_err(|_| Refused(StatusCode::REQUEST_TIMEOUT, "It took too long to come.".to_owned()))?;
    let bytes = bytes.map_err(|_| too_large())?;
    if packed { unpacked(&bytes) } else { Ok(bytes.to_vec()) }
}

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(LARGEST as u64 + 1).read_to_end(&mut unpacked);
    match read {
        Ok(read) if read > LARGEST => Err(too_large()),
        Ok(_) => Ok(unpacked),
        Err(error) => {
            Err(Refused(StatusCode::BAD_REQUEST, format!("This is not compressed with gzip: {error}")))
        }
    }
}

fn too_large() -> Refused {
    let why = format!("This is too large: at most {} MiB, compressed or not.", LARGEST >> 20);
    Refused(StatusCode::PAYLOAD_TOO_LARGE, why)
}
