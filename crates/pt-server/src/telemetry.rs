//! Traces of jobs, sent to whoever collects them: OpenTelemetry's protocol, as JSON over HTTP.

use std::time::Duration;

use pt_model::{ReceivedSpan, Span, Trace};
use pt_store::{JobKey, Store};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Where traces go, as the variables say that OpenTelemetry has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    endpoint: String,
    headers: Vec<(String, String)>,
    service: String,
    /// The trace, and the piece of it, that jobs are a part of.
    parent: Option<(String, String)>,
    /// Whether another protocol is wanted than the one that is spoken.
    speaks_grpc: bool,
}

/// How often the pieces that have ended are sent.
const PACE: Duration = Duration::from_secs(5);

/// How many received spans are sent at once: collectors take so many bytes.
const AT_ONCE: usize = 500;

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Telemetry {
    /// What the variables say; nothing if they name no collector.
    pub(crate) fn read(var: impl Fn(&str) -> Option<String>) -> Option<Self> {
        if var("OTEL_SDK_DISABLED").is_some_and(|disabled| disabled.eq_ignore_ascii_case("true")) {
            return None;
        }
        let endpoint = var("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| {
            var("OTEL_EXPORTER_OTLP_ENDPOINT").map(|base| format!("{}/v1/traces", base.trim_end_matches('/')))
        })?;
        let either = |name: &str| {
            var(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"))
                .or_else(|| var(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        let headers = either("HEADERS").unwrap_or_default();
        let header = |pair: &str| {
            let (name, value) = pair.split_once('=')?;
            Some((name.trim().to_owned(), percent_decoded(value.trim())))
        };
        Some(Self {
            endpoint,
            headers: headers.split(',').filter_map(header).collect(),
            service: var("OTEL_SERVICE_NAME").unwrap_or_else(|| "polytope".to_owned()),
            parent: var("TRACEPARENT").as_deref().and_then(parent),
            speaks_grpc: either("PROTOCOL").as_deref() == Some("grpc"),
        })
    }

    /// Pieces of a job's trace as a document of the protocol.
    pub fn document(&self, job: &JobKey, spans: &[Span], received: &[ReceivedSpan]) -> Value {
        document(job, spans, received, &self.service, self.parent.as_ref())
    }

    async fn send(&self, job: &JobKey, spans: &[Span], received: &[ReceivedSpan]) -> Result<(), String> {
        let body = self.document(job, spans, received).to_string().into_bytes();
        let mut headers = self.headers.clone();
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        pt_engine::post(&self.endpoint, &headers, body, PATIENCE).await
    }

    /// The same, but done with, too, is what the collector refuses; why it first did is kept, to be told once.
    async fn offer(
        &self,
        job: &JobKey,
        spans: &[Span],
        received: &[ReceivedSpan],
        refused: &mut Option<String>,
    ) -> Result<(), String> {
        match self.send(job, spans, received).await {
            Err(why) if self.is_refusal(&why) => {
                _ = refused.get_or_insert(why);
                Ok(())
            }
            sent => sent,
        }
    }

    /// Whether the collector would say the same again: it was there, and does not want what it was sent.
    fn is_refusal(&self, why: &str) -> bool {
        // The client tells the status in words only.
        let answer =
            why.strip_prefix(self.endpoint.as_str()).and_then(|rest| rest.strip_prefix(" answered "));
        let status = answer.and_then(|answer| answer.get(..3)?.parse::<u16>().ok());
        // 408 and 429 ask for patience.
        status.is_some_and(|status| (400..500).contains(&status) && status != 408 && status != 429)
    }
}

/// Pieces of a job's trace as a document of the protocol, of a service and within another trace, if there is one.
///
/// What services of the job's sent stays as it was sent, in traces of its own; what begins such a trace is linked to the container.
pub fn document(
    job: &JobKey,
    spans: &[Span],
    received: &[ReceivedSpan],
    service: &str,
    parent: Option<&(String, String)>,
) -> Value {
    let own_trace = digest(&job.to_string(), 32);
    let (trace, around) =
        parent.map_or((own_trace.as_str(), None), |(trace, span)| (trace, Some(span.as_str())));
    let id = |span: &str| digest(&format!("{own_trace} {span}"), 16);
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let nanos = |at: jiff::Timestamp| at.as_nanosecond().to_string();
    let spans: Vec<Value> = spans
        .iter()
        .filter_map(|span| {
            let mut attributes =
                vec![text("polytope.kind", span.kind.word()), text("polytope.job", job.job.as_str())];
            for (key, value) in [("polytope.detail", &span.detail), ("polytope.outcome", &span.outcome)] {
                attributes.extend((!value.is_empty()).then(|| text(key, value)));
            }
            let status =
                if span.failed { json!({"code": 2, "message": span.outcome}) } else { json!({"code": 1}) };
            let mut value = json!({
                "traceId": trace,
                "spanId": id(&span.id),
                "name": format!("{} {}", span.kind.word(), span.name),
                "kind": 1,
                "startTimeUnixNano": nanos(span.start),
                "endTimeUnixNano": nanos(span.end?),
                "attributes": attributes,
                "status": status,
            });
            let parent = span.parent.as_deref().map(id).or_else(|| around.map(str::to_owned));
            if let (Some(parent), Some(value)) = (parent, value.as_object_mut()) {
                value.insert("parentSpanId".to_owned(), parent.into());
            }
            Some(value)
        })
        .collect();
    let own = [text("service.name", service), text("polytope.instance", job.instance.as_str())];
    let mut of_resources = Vec::new();
    if received.is_empty() || !spans.is_empty() {
        of_resources.push(json!({
            "resource": {"attributes": own},
            "scopeSpans": [{"scope": {"name": "polytope", "version": env!("CARGO_PKG_VERSION")}, "spans": spans}],
        }));
    }
    let from_one = |a: &ReceivedSpan, b: &ReceivedSpan| {
        (&a.service, &a.scope, &a.container, &a.step) == (&b.service, &b.scope, &b.container, &b.step)
    };
    for of_one in received.chunk_by(from_one) {
        let first = &of_one[0];
        let known = [
            ("service.name", Some(first.service.as_str())),
            ("polytope.job", Some(job.job.as_str())),
            ("polytope.step", first.step.as_ref().map(|step| step.as_str())),
            ("polytope.container", first.container.as_ref().map(|container| container.as_str())),
        ];
        let known = known.into_iter().filter_map(|(key, value)| Some(text(key, value?)));
        let spans = of_one.iter().map(|span| linked(span, trace, id));
        of_resources.push(json!({
            "resource": {"attributes": known.collect::<Vec<_>>()},
            "scopeSpans": [{"scope": {"name": first.scope}, "spans": spans.collect::<Vec<_>>()}],
        }));
    }
    json!({"resourceSpans": of_resources})
}

/// A received span; one without another around it is linked to what sent it.
fn linked(span: &ReceivedSpan, trace: &str, id: impl Fn(&str) -> String) -> Value {
    let mut body = span.body.clone();
    if let (None, Some(sender), Some(body)) = (span.around(), span.senders().next(), body.as_object_mut()) {
        let links = body.entry("links").or_insert_with(|| json!([]));
        if let Some(links) = links.as_array_mut() {
            links.push(json!({"traceId": trace, "spanId": id(&sender)}));
        }
    }
    body
}

/// Sends the trace of a job while it runs. Dropped, it sends what there is, as long as the process lasts.
#[derive(Debug)]
pub struct Exporter {
    over: CancellationToken,
    task: Option<JoinHandle<Result<(), String>>>,
}

impl Exporter {
    pub(crate) fn start(telemetry: Option<Telemetry>, store: Store, job: JobKey) -> Self {
        let over = CancellationToken::new();
        let task = telemetry.map(|telemetry| tokio::spawn(export(telemetry, store, job, over.clone())));
        Self { over, task }
    }

    /// Sends what is left once the job is over.
    ///
    /// # Errors
    /// What could not be sent, and why.
    pub async fn finish(mut self) -> Result<(), String> {
        self.over.cancel();
        match self.task.take() {
            Some(task) => task.await.map_err(|error| error.to_string())?,
            None => Ok(()),
        }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.over.cancel();
    }
}

async fn export(
    telemetry: Telemetry,
    store: Store,
    job: JobKey,
    over: CancellationToken,
) -> Result<(), String> {
    if telemetry.speaks_grpc {
        return Err("OTEL_EXPORTER_OTLP_PROTOCOL says grpc; traces are sent over HTTP: let it say http/json and the endpoint be that of HTTP, mostly port 4318".to_owned());
    }
    let (mut trace, mut next, mut unsent) = (Trace::default(), 0, Vec::new());
    let (mut sent_spans, mut refused) = (0, None);
    loop {
        let is_over = tokio::select! {
            () = over.cancelled() => true,
            () = tokio::time::sleep(PACE) => false,
        };
        for event in store.events(&job, next).map_err(|error| error.to_string())? {
            next = event.seq + 1;
            trace.apply(&event);
        }
        unsent.extend(trace.take_ended());
        let mut sent = match unsent.is_empty() {
            true => Ok(()),
            false => telemetry.offer(&job, &unsent, &[], &mut refused).await,
        };
        if sent.is_ok() {
            unsent.clear();
        }
        let received = store.spans(&job, sent_spans).map_err(|error| error.to_string())?;
        for some in received.chunks(AT_ONCE) {
            if sent.is_ok() {
                sent = telemetry.offer(&job, &[], some, &mut refused).await;
                // Each of them has a number.
                sent_spans += if sent.is_ok() { u32::try_from(some.len()).unwrap_or(u32::MAX) } else { 0 };
            }
        }
        if is_over {
            return sent.and(refused.map_or(Ok(()), Err));
        }
    }
}

/// The trace and the span of a `TRACEPARENT`: `00-TRACE-SPAN-01`.
fn parent(text: &str) -> Option<(String, String)> {
    let mut parts = text.split('-').skip(1);
    let (trace, span) = (parts.next()?, parts.next()?);
    let is_hex =
        |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex(trace, 32) && is_hex(span, 16)).then(|| (trace.to_owned(), span.to_owned()))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let code = more.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The first digits of a digest: the same job has the same ids whoever tells of it.
fn digest(text: &str, digits: usize) -> String {
    blake3::hash(text.as_bytes()).to_hex().chars().take(digits).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use pt_model::{InstanceId, JobId};

    use super::*;

    #[tokio::test]
    async fn what_a_collector_refuses_is_not_offered_again() {
        let job = JobKey::new(InstanceId::new("shop"), JobId::new("stack-1"));
        for (status, refuses) in [(400, true), (413, true), (408, false), (429, false), (503, false)] {
            let status = StatusCode::from_u16(status).unwrap();
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let base = format!("http://{}", listener.local_addr().unwrap());
            let router = axum::Router::new().fallback(move || async move { status });
            tokio::spawn(async move { axum::serve(listener, router).await });
            let var = |name: &str| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| base.clone());
            let mut refused = None;
            let sent = Telemetry::read(var).unwrap().offer(&job, &[], &[], &mut refused).await;
            assert_eq!((sent.is_ok(), refused.is_some()), (refuses, refuses), "{status}: {sent:?}");
        }
    }

    #[test]
    fn the_usual_variables_say_where_traces_go() {
        let read = |vars: &[(&str, &str)]| {
            Telemetry::read(|name| {
                vars.iter().find(|(var, _)| *var == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(read(&[]), None);
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/");
        assert_eq!(read(&[base, ("OTEL_SDK_DISABLED", "true")]), None);
        let span = ("0af7651916cd43dd8448eb211c80319c".to_owned(), "b7ad6b7169203331".to_owned());
        let traceparent = format!("00-{}-{}-01", span.0, span.1);
        let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20eA==, x=y");
        let telemetry = read(&[base, headers, ("TRACEPARENT", &traceparent)]).unwrap();
        assert_eq!(telemetry.endpoint, "http://localhost:4318/v1/traces");
        assert_eq!(
            telemetry.headers,
            [("authorization".to_owned(), "Basic eA==".to_owned()), ("x".to_owned(), "y".to_owned())]
        );
        assert_eq!(telemetry.parent, Some(span));
        let own = read(&[
            base,
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/here"),
            ("TRACEPARENT", "00-1-2-01"),
        ]);
        let own = own.unwrap();
        assert_eq!(
            (own.endpoint.as_str(), own.parent, own.service.as_str()),
            ("http://t/here", None, "polytope")
        );
    }
}
