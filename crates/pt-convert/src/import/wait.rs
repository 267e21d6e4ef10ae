//! What a service waits for: `depends_on`, and the health checks that this refers to.

use pt_model::Data;
use pt_syntax::{Node, NodeKind, Span};

use super::id_of;
use super::merge::scalar;
use super::service::{Imports, Service};

/// A service that another waits for.
#[derive(Clone, Debug)]
pub(super) struct Wait {
    /// Its id.
    pub(super) on: String,
    pub(super) until: Until,
    /// Where that is said.
    pub(super) at: Span,
}

/// How far it must have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    Started,
    Healthy,
    /// It has run to its end, and well.
    Completed,
}

/// How to find out that a service is healthy.
#[derive(Clone, Debug)]
pub(super) struct Health {
    cmd: Data,
    interval_ms: u64,
    tries: u64,
    /// Where it is.
    pub(super) at: Span,
}

/// What Compose does where a health check does not say: how often it tries, how many failures it takes.
const INTERVAL_MS: u64 = 30_000;
const RETRIES: u64 = 3;

/// Trying costs little here, and who waits is glad to hear of it soon.
const SOON_MS: u64 = 1000;

impl Imports<'_> {
    /// What a service waits for.
    pub(super) fn waits(&mut self, service: &Node) -> Vec<Wait> {
        let Some(depends_on) = service.get("depends_on") else { return Vec::new() };
        let mut waits = Vec::new();
        for item in depends_on.items() {
            let on = scalar(item).map(|name| id_of(&name));
            waits.extend(on.map(|on| Wait { on, until: Until::Started, at: item.span }));
        }
        for entry in depends_on.entries() {
            let until = match entry.value.get("condition").and_then(Node::as_str) {
                Some("service_completed_successfully") => Until::Completed,
                Some("service_healthy") => Until::Healthy,
                _ => Until::Started,
            };
            if let Some(restart) = entry.value.get("restart") {
                self.notes.add(
                    "`restart` in `depends_on` is left out: services are restarted for themselves only",
                    "",
                    restart.span,
                );
            }
            waits.push(Wait { on: id_of(&entry.key), until, at: entry.key_span });
        }
        waits
    }

    /// A service's health check, if the file has one that can be carried over.
    pub(super) fn health(&mut self, service: &Node) -> Option<Health> {
        let check = service.get("healthcheck")?;
        if check.get("disable").is_some_and(|off| scalar(off).as_deref() == Some("true")) {
            return None;
        }
        let test = check.get("test")?;
        let shell = |command: String| [Data::from("sh"), Data::from("-c"), Data::from(command)];
        let cmd: Data = match &test.kind {
            NodeKind::List(items) => {
                let words: Vec<String> = items.iter().filter_map(scalar).collect();
                let (form, words) = words.split_first()?;
                match form.as_str() {
                    "CMD" => words.iter().map(|word| Data::from(self.variables.refer(word))).collect(),
                    "CMD-SHELL" => shell(self.variables.refer(&words.join(" "))).into_iter().collect(),
                    _ => return None,
                }
            }
            _ => shell(self.variables.refer(&scalar(test)?)).into_iter().collect(),
        };
        let time = |key: &str, otherwise: u64| {
            let text = check.get(key).and_then(scalar).map(|text| self.variables.resolve(&text));
            text.as_deref().and_then(milliseconds).unwrap_or(otherwise)
        };
        let (every, start) = (time("interval", INTERVAL_MS), time("start_period", 0));
        let retries = check.get("retries").and_then(scalar).map(|text| self.variables.resolve(&text));
        let retries = retries.and_then(|text| text.parse().ok()).unwrap_or(RETRIES);
        let interval_ms = every.clamp(1, SOON_MS);
        let tries = (start + every * retries).div_ceil(interval_ms).max(1);
        Some(Health { cmd, interval_ms, tries, at: check.span })
    }
}

/// The step in which a service is waited for, in a template that runs the services of these ids; nothing if that is waited
/// for by its end. It begins when the service does, so that it has not given up before.
pub(super) fn step(wait: &Wait, on: &Service, ids: &[&str]) -> Option<Data> {
    let mut args = vec![("container", Data::from(on.container.as_str()))];
    let health = on.health.as_ref().filter(|_| !on.is_scaled);
    if wait.until == Until::Healthy
        && let Some(health) = health
    {
        args.push(("cmd", health.cmd.clone()));
        args.push(("interval", Data::from(format!("{}ms", health.interval_ms))));
        args.push(("tries", Data::Int(i64::try_from(health.tries).unwrap_or(i64::MAX))));
    }
    let mut step = vec![
        ("id", Data::from(wait.step_id()?)),
        ("module", Data::from("polytope/container!await-healthy")),
        ("args", args.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
    ];
    step.extend(on.after(ids).map(|after| ("run-when", after)));
    Some(step.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

impl Wait {
    /// The id of the step in which this is waited for.
    pub(super) fn step_id(&self) -> Option<String> {
        match self.until {
            Until::Started => Some(format!("{}-started", self.on)),
            Until::Healthy => Some(format!("{}-healthy", self.on)),
            Until::Completed => None,
        }
    }
}

/// `1m30s`, `500ms`; without a unit they are nanoseconds, and too short to count.
fn milliseconds(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |next| digits + next);
        sum += number
            * match &rest[digits..unit] {
                "us" => 0.001,
                "ms" => 1.0,
                "s" => 1000.0,
                "m" => 60_000.0,
                "h" => 3_600_000.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Some(sum as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_compose() {
        for (text, ms) in [
            ("10s", Some(10_000)),
            ("1m30s", Some(90_000)),
            ("1.5s", Some(1500)),
            ("250ms", Some(250)),
            ("1h", Some(3_600_000)),
            ("10", None),
            ("soon", None),
        ] {
            assert_eq!(milliseconds(text), ms, "{text}");
        }
    }
}
