//! `http-request`.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "one or two kinds of data are accepted, all others refused alike"
)]

use std::time::Duration;

use hyper::header::{CONTENT_TYPE, HeaderMap};
use hyper::{Method, Uri};
use pt_model::{Data, Failure, Map};

use super::StepHost;
use crate::args::{Args, entry};
use crate::http::{HttpAnswer, HttpRequest, HttpResponse, ask, escaped, header};

/// How long an answer may take when nothing is said.
const TIMEOUT: Duration = Duration::from_secs(60);

impl StepHost {
    /// Asks a server. That it is not there or says no is an answer too.
    pub(super) fn http_request(&self, args: &Args<'_>) -> Result<Data, Failure> {
        self.wait(answer(args))
    }
}

/// What the server says that args name.
pub(super) async fn answer(args: &Args<'_>) -> Result<Data, Failure> {
    let request = request(args, args.at(0))?;
    Ok(response(ask(request).await))
}

fn request(args: &Args<'_>, wish: &Data) -> Result<HttpRequest, Failure> {
    let url = args.text_of(entry(wish, &["url"]), "url")?;
    let mut url = url.split('#').next().unwrap_or_default().to_owned();
    for (name, value) in entry(wish, &["query-params"]).as_map().into_iter().flatten() {
        let values = value.as_list().unwrap_or(std::slice::from_ref(value));
        for value in values.iter().filter(|value| !value.is_null()) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.extend([&escaped(name), "=", &escaped(&value.to_text().expose())]);
        }
    }
    let uri: Uri = url.parse().map_err(|_| args.wrong("url", "Must be a URL", &Data::from(url.as_str())))?;
    let method = match entry(wish, &["method"]) {
        Data::Null => Method::GET,
        method => {
            let name = args.text_of(method, "method")?.trim_start_matches(':').to_uppercase();
            Method::from_bytes(name.as_bytes())
                .map_err(|_| args.wrong("method", "Must be a method of HTTP", method))?
        }
    };
    let mut headers = HeaderMap::new();
    for (name, value) in
        entry(wish, &["headers"]).as_map().into_iter().flatten().filter(|(_, value)| !value.is_null())
    {
        let (name, value) = header(name, &value.to_text().expose()).map_err(|why| args.failure(why))?;
        headers.append(name, value);
    }
    let body = match entry(wish, &["body"]) {
        Data::Null => String::new(),
        body @ (Data::Map(_) | Data::List(_)) => {
            headers
                .entry(CONTENT_TYPE)
                .or_insert(hyper::header::HeaderValue::from_static("application/json"));
            super::convert::opened(body).to_string()
        }
        text => text.to_text().expose(),
    };
    let timeout = match entry(wish, &["timeout"]) {
        Data::Null => TIMEOUT,
        timeout => args.duration(timeout, "timeout")?,
    };
    Ok(HttpRequest { uri, method, headers, body: body.into(), timeout })
}

fn response(answer: HttpAnswer) -> Data {
    let ms = |time: Duration| Data::Int(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    let mut map = Map::default();
    match answer.outcome {
        Ok(HttpResponse { status, headers, body }) => {
            map.insert("status".into(), Data::Int(i64::from(status.as_u16())));
            map.insert("headers".into(), Data::Map(Box::new(texts(&headers))));
            map.insert("body".into(), Data::Str(String::from_utf8_lossy(&body).into_owned()));
        }
        Err(error) => drop(map.insert("error".into(), Data::Str(error))),
    }
    map.insert("request-time".into(), ms(answer.request_time));
    map.insert("connection-time".into(), ms(answer.connection_time));
    Data::Map(Box::new(map))
}

/// Headers by their names in lower case; those that come more than once are joined.
fn texts(headers: &HeaderMap) -> Map {
    let mut texts: Map = Map::default();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let joined = match texts.get(name.as_str()).and_then(Data::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.into_owned(),
        };
        texts.insert(name.to_string().into(), Data::Str(joined));
    }
    texts
}
