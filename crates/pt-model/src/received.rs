//! Pieces of time that a job's own services tell of.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ContainerId, Span, SpanKind, StepId, trace};

/// A span that came from a container of a job, or from beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReceivedSpan {
    /// What its sender calls itself; empty if it does not say.
    pub service: String,
    /// The library that made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The step whose it is, if it is one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// The container that sent it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerId>,
    /// The span itself as OpenTelemetry writes it in JSON, secrets masked.
    pub body: Value,
}

impl ReceivedSpan {
    /// Its own id among all that a job has.
    pub fn id(&self) -> String {
        format!("span {} {}", self.text("traceId"), self.text("spanId"))
    }

    /// The id of the span around it, if its sender told one.
    pub fn around(&self) -> Option<String> {
        let parent = self.text("parentSpanId");
        (!parent.is_empty()).then(|| format!("span {} {parent}", self.text("traceId")))
    }

    /// The ids of the pieces of the job that it may be a part of, the nearest first.
    pub fn senders(&self) -> impl Iterator<Item = String> {
        let container = self.container.as_ref().map(trace::of);
        let step = self.step.as_ref().map(trace::of_step);
        container.into_iter().chain(step).chain([trace::JOB.to_owned()])
    }

    /// It as a piece of the job's time, within another one; nothing if its moments are none.
    pub fn piece(&self, parent: String) -> Option<Span> {
        let status = self.body.get("status");
        let said = status.and_then(|status| status.get("message")?.as_str()).unwrap_or_default();
        let failed = status.and_then(|status| status.get("code")?.as_i64()) == Some(FAILED);
        let outcome = if said.is_empty() && failed { "failed" } else { said };
        Some(Span {
            id: self.id(),
            parent: Some(parent),
            name: self.text("name").to_owned(),
            kind: SpanKind::Received,
            start: self.moment("startTimeUnixNano")?,
            end: Some(self.moment("endTimeUnixNano")?),
            outcome: outcome.lines().next().unwrap_or_default().to_owned(),
            failed,
            detail: self.service.clone(),
        })
    }

    fn text(&self, key: &str) -> &str {
        self.body.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn moment(&self, key: &str) -> Option<Timestamp> {
        Timestamp::from_nanosecond(self.text(key).parse().ok()?).ok()
    }
}

/// How OpenTelemetry says that a span ended badly.
const FAILED: i64 = 2;
