//! What a service waits for: `depends_on`, and the health checks that this refers to.

use pt_model::Data;
use pt_syntax::{Node, NodeKind, Span};

use super::map;
use super::merge::scalar;
use super::service::Imports;

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
    /// After how long Compose would have given up.
    patience_ms: u64,
}

impl Health {
    /// When the container is ready. Nobody gives it up who does not wait for it.
    pub(super) fn ready(&self, is_awaited: bool) -> Data {
        let exec = ("exec", self.cmd.clone());
        match (is_awaited, self.patience_ms) {
            (false, _) => map([exec]),
            (true, ms) if ms.is_multiple_of(1000) => {
                map([exec, ("timeout", Data::from(format!("{}s", ms / 1000)))])
            }
            (true, ms) => map([exec, ("timeout", Data::from(format!("{ms}ms")))]),
        }
    }
}

/// What Compose does where a health check does not say: how often it tries, how many failures it takes.
const INTERVAL_MS: u64 = 30_000;
/// The longest patience, in milliseconds: a day.
const LONGEST_MS: u64 = 86_400_000;

const RETRIES: u64 = 3;

impl Imports<'_> {
    /// What a service waits for.
    pub(super) fn waits(&mut self, service: &Node) -> Vec<Wait> {
        let Some(depends_on) = service.get("depends_on") else { return Vec::new() };
        let mut waits = Vec::new();
        for item in depends_on.items() {
            let on = scalar(item).map(|name| self.names.id(&name));
            waits.extend(on.map(|on| Wait { on, until: Until::Started, at: item.span }));
        }
        for entry in depends_on.entries() {
            let until = match entry.value.get("condition").and_then(Node::as_str) {
                Some("service_completed_successfully") => Until::Completed,
                Some("service_healthy") => Until::Healthy,
                _ => Until::Started,
            };
            self.others_of(&entry.value, "depends_on", &["condition", "restart", "required"]);
            if let Some(restart) = entry.value.get("restart") {
                self.notes.add(
                    "`restart` in `depends_on` is left out: services are restarted for themselves only",
                    "",
                    restart.span,
                );
            }
            waits.push(Wait { on: self.names.id(&entry.key), until, at: entry.key_span });
        }
        waits
    }

    /// A service's health check, if the file has one that can be carried over.
    pub(super) fn health(&mut self, service: &Node) -> Option<Health> {
        let check = service.get("healthcheck")?;
        if check.get("disable").is_some_and(|off| scalar(off).as_deref() == Some("true")) {
            return None;
        }
        let Some(test) = check.get("test") else {
            let message = "A health check of an image is not known here: when to try it is left out";
            self.notes.add(message, "write down its `test`, too", check.span);
            return None;
        };
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
        let mut said = |key: &str| check.get(key).and_then(|node| self.decided(node));
        let mut time =
            |key: &str, otherwise: u64| said(key).as_deref().and_then(milliseconds).unwrap_or(otherwise);
        let (every, start) = (time("interval", INTERVAL_MS), time("start_period", 0));
        let retries = said("retries").and_then(|text| text.parse().ok()).unwrap_or(RETRIES);
        let known = ["test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"];
        self.others_of(check, "healthcheck", &known);
        Some(Health {
            cmd,
            patience_ms: start.saturating_add(every.saturating_mul(retries)).clamp(1000, LONGEST_MS),
        })
    }
}

impl Wait {
    /// What `after` says of it.
    pub(super) fn after(&self) -> Data {
        let on = Data::from(self.on.as_str());
        match self.until {
            Until::Completed => on,
            Until::Started | Until::Healthy => map([("step", on), ("condition", Data::from("ready"))]),
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
