//! A small HTTP client: one request on one connection, redirects followed, both times taken.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, USER_AGENT,
};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct HttpRequest {
    pub(crate) uri: Uri,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) timeout: Duration,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) outcome: Result<HttpResponse, String>,
    /// From the first attempt to connect to the last byte.
    pub(crate) request_time: Duration,
    /// Of which connecting took.
    pub(crate) connection_time: Duration,
}

/// An answer of a server.
#[derive(Debug)]
pub(crate) struct HttpResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// How many redirects are followed.
const REDIRECTS: usize = 10;

/// How large an answer may be, in bytes.
const LARGEST: usize = 64 << 20;

/// Asks, and follows where the answers lead.
pub(crate) async fn ask(request: HttpRequest) -> HttpAnswer {
    let began = Instant::now();
    let mut connection_time = Duration::ZERO;
    let asked = timeout(request.timeout, follow(&request, &mut connection_time)).await;
    let late = |_| Err(format!("{} did not answer within {:?}", request.uri, request.timeout));
    HttpAnswer { outcome: asked.unwrap_or_else(late), request_time: began.elapsed(), connection_time }
}

/// Gives a body to somebody who wants no more than to have it.
///
/// # Errors
/// It could not be given, or was not taken, and why.
pub async fn post(
    address: &str,
    headers: &[(String, String)],
    body: Vec<u8>,
    timeout: Duration,
) -> Result<(), String> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("'{name}' is no name of a header"))?;
        // Values may be secrets.
        let value = HeaderValue::from_str(value)
            .map_err(|_| format!("the header '{name}' has a value that none can have"))?;
        map.insert(name, value);
    }
    let uri: Uri = address.parse().map_err(|error| format!("'{address}' is no address: {error}"))?;
    let request = HttpRequest { uri, method: Method::POST, headers: map, body: body.into(), timeout };
    let response = ask(request).await.outcome?;
    if response.status.is_success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&response.body);
    let first = said.lines().next().unwrap_or_default();
    Err(format!("{address} answered {}: {first}", response.status))
}

async fn follow(request: &HttpRequest, connection_time: &mut Duration) -> Result<HttpResponse, String> {
    let mut request = request.clone();
    for _ in 0..=REDIRECTS {
        let response = ask_once(&request, connection_time).await?;
        let location = response.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let (Some(location), true) = (location, response.status.is_redirection()) else {
            return Ok(response);
        };
        let uri =
            join(&request.uri, location).ok_or_else(|| format!("{} redirects to {location}", request.uri))?;
        // Who redirects elsewhere does not get to see for whom the credentials were.
        if uri.authority() != request.uri.authority() || uri.scheme() != request.uri.scheme() {
            request.headers.remove(hyper::header::AUTHORIZATION);
            request.headers.remove(hyper::header::COOKIE);
        }
        let keeps_method =
            matches!(response.status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        if !keeps_method && request.method != Method::HEAD {
            request.method = Method::GET;
            request.body = Bytes::new();
            request.headers.remove(CONTENT_TYPE);
        }
        request.uri = uri;
    }
    Err(format!("{} redirects more than {REDIRECTS} times", request.uri))
}

async fn ask_once(request: &HttpRequest, connection_time: &mut Duration) -> Result<HttpResponse, String> {
    let uri = &request.uri;
    let is_tls = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(format!("{uri} begins with neither http:// nor https://")),
    };
    let host = uri.host().ok_or_else(|| format!("{uri} names no host"))?;
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let began = Instant::now();
    let failed = |error: &dyn std::fmt::Display| format!("cannot connect to {host}:{port}: {error}");
    let stream = TcpStream::connect((name.as_str(), port)).await.map_err(|error| failed(&error))?;
    if !is_tls {
        *connection_time += began.elapsed();
        return converse(request, stream).await;
    }
    let server = ServerName::try_from(name).map_err(|error| failed(&error))?;
    let stream = tls()?.connect(server, stream).await.map_err(|error| failed(&error))?;
    *connection_time += began.elapsed();
    converse(request, stream).await
}

async fn converse<S>(request: &HttpRequest, stream: S) -> Result<HttpResponse, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let uri = &request.uri;
    let failed = |error: hyper::Error| format!("{uri} gave no answer: {error}");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let mut message = Request::new(Full::new(request.body.clone()));
    *message.method_mut() = request.method.clone();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    *message.uri_mut() = target.parse().map_err(|error| format!("{uri}: {error}"))?;
    message.headers_mut().clone_from(&request.headers);
    let headers = message.headers_mut();
    let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    if let Ok(host) = HeaderValue::from_str(authority) {
        headers.entry(HOST).or_insert(host);
    }
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static("polytope"));
    headers.remove(CONTENT_LENGTH);
    let conversation = async {
        let response = sender.send_request(message).await.map_err(failed)?;
        let (head, body) = response.into_parts();
        let body = http_body_util::Limited::new(body, LARGEST).collect().await;
        let body = body.map_err(|error| format!("{uri} broke off its answer: {error}"))?.to_bytes();
        Ok(HttpResponse { status: head.status, headers: head.headers, body })
    };
    tokio::pin!(conversation);
    tokio::pin!(connection);
    // The connection carries the conversation; one that ends early has told what it had to tell.
    tokio::select! {
        response = &mut conversation => response,
        _ = &mut connection => conversation.await,
    }
}

/// TLS as this machine trusts it.
fn tls() -> Result<TlsConnector, String> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|error| format!("TLS cannot be used: {error}"))?;
        Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
    });
    config.clone().map(TlsConnector::from)
}

/// Where a redirect leads.
fn join(from: &Uri, location: &str) -> Option<Uri> {
    let scheme_end = location.find("://");
    if scheme_end.is_some_and(|end| location[..end].bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return location.parse().ok();
    }
    let scheme = from.scheme_str()?;
    if let Some(rest) = location.strip_prefix("//") {
        return format!("{scheme}://{rest}").parse().ok();
    }
    let authority = from.authority()?;
    if location.starts_with('/') {
        return format!("{scheme}://{authority}{location}").parse().ok();
    }
    let (dir, _) = from.path().rsplit_once('/')?;
    format!("{scheme}://{authority}{dir}/{location}").parse().ok()
}

/// Text as it may stand in a query.
pub(crate) fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

/// A header as code names it.
pub(crate) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let name = name.parse::<HeaderName>().map_err(|_| format!("{name} is no name of a header"))?;
    let value = HeaderValue::from_str(value).map_err(|_| format!("the value of {name} cannot be sent"))?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_from_where_one_is() {
        for (location, expected) in [
            ("https://b/x", "https://b/x"),
            ("//b/x", "http://b/x"),
            ("/x?y=1", "http://a:80/x?y=1"),
            ("x", "http://a:80/p/x"),
        ] {
            let from = "http://a:80/p/q?r".parse().unwrap();
            assert_eq!(join(&from, location).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn what_a_query_may_not_hold_is_escaped() {
        assert_eq!(escaped("a b/ä&c=~"), "a%20b%2F%C3%A4%26c%3D~");
    }
}
