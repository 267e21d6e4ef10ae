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

/// What a health check says of when it is tried.
const TIMES: [&str; 5] = ["interval", "timeout", "retries", "start_period", "start_interval"];

impl Imports<'_> {
    /// What a service waits for.
    pub(super) fn waits(&mut self, service: &Node) -> Vec<Wait> {
        let depends_on = service.get("depends_on");
        let mut waits: Vec<Wait> = Vec::new();
        for item in depends_on.map(Node::items).unwrap_or_default() {
            let on = scalar(item).map(|name| self.names.id(&name));
            waits.extend(on.map(|on| Wait { on, until: Until::Started, at: item.span }));
        }
        for entry in depends_on.map(Node::entries).unwrap_or_default() {
            let until = match entry.value.get("condition").and_then(Node::as_str) {
                Some("service_completed_successfully") => Until::Completed,
                Some("service_healthy") => Until::Healthy,
                _ => Until::Started,
            };
            self.others_of(&entry.value, "depends_on", &["condition", "restart", "required"]);
            if let Some(required) = entry.value.get("required")
                && !self.flag(required)
            {
                let message = "`required: false` is left out: what a service waits for must not fail";
                self.notes.add(
                    message,
                    "`after` with the condition `always` waits for any end",
                    required.span,
                );
            }
            if let Some(restart) = entry.value.get("restart")
                && self.flag(restart)
            {
                self.notes.add(
                    "`restart` in `depends_on` is left out: services are restarted for themselves only",
                    "",
                    restart.span,
                );
            }
            waits.push(Wait { on: self.names.id(&entry.key), until, at: entry.key_span });
        }
        // Whoever is linked to is started before.
        for link in service.get("links").map(Node::items).unwrap_or_default() {
            let Some(text) = scalar(link) else { continue };
            let on = self.names.id(text.split(':').next().unwrap_or_default());
            if !waits.iter().any(|wait| wait.on == on) {
                waits.push(Wait { on, until: Until::Started, at: link.span });
            }
        }
        for wait in &waits {
            if !self.names.is_service(&wait.on) {
                let message = format!("There is no service `{}` to wait for", wait.on);
                self.notes.refuse(message, wait.at);
            }
        }
        waits
    }

    /// A service's health check, if the file has one that can be carried over.
    pub(super) fn health(&mut self, service: &Node) -> Option<Health> {
        let check = service.get("healthcheck")?;
        let known = ["test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"];
        self.others_of(check, "healthcheck", &known);
        let is_off = check.get("disable").is_some_and(|off| self.flag(off));
        let times: Vec<&Node> = TIMES.iter().filter_map(|key| check.get(key)).collect();
        for time in &times {
            self.notes.add(
                "How often a health check is tried, and for how long, is up to Polytope: what the file says is left out",
                "whoever waits for it does so for as long as all tries could take: that is the `timeout` of `ready`",
                time.span,
            );
        }
        let mut time = |key: &str, otherwise: u64| {
            let Some(node) = check.get(key) else { return otherwise };
            let Some(text) = self.decided(node) else { return otherwise };
            milliseconds(&text).unwrap_or_else(|| {
                self.notes.refuse(format!("`{text}` is no duration, such as 1m30s"), node.span);
                otherwise
            })
        };
        let (every, start) = (time("interval", INTERVAL_MS), time("start_period", 0));
        for key in ["timeout", "start_interval"] {
            time(key, 0);
        }
        let retries = match check.get("retries").and_then(|node| Some((self.decided(node)?, node.span))) {
            None => RETRIES,
            Some((text, at)) => text.parse().unwrap_or_else(|_| {
                self.notes.refuse(format!("`{text}` is no number of tries"), at);
                RETRIES
            }),
        };
        let Some(test) = check.get("test").filter(|test| !test.is_null() && !is_off) else {
            if !is_off {
                let message = "A health check of an image is not known here: when to try it is left out";
                self.notes.add(message, "write down its `test`, too", check.span);
            } else if let Some(test) = check.get("test") {
                self.notes.add("A health check that is disabled is left out", "", test.span);
            }
            return None;
        };
        let cmd = self.test(test)?;
        Some(Health {
            cmd,
            patience_ms: start.saturating_add(every.saturating_mul(retries)).clamp(1000, LONGEST_MS),
        })
    }

    /// The command of a health check.
    fn test(&mut self, test: &Node) -> Option<Data> {
        let shell = |command: String| [Data::from("sh"), Data::from("-c"), Data::from(command)];
        let NodeKind::List(items) = &test.kind else {
            let command = self.refer(test)?;
            return Some(shell(command).into_iter().collect());
        };
        let words: Vec<(String, Span)> =
            items.iter().filter_map(|item| Some((scalar(item)?, item.span))).collect();
        let (form, words) = words.split_first()?;
        match form.0.as_str() {
            "CMD" => {
                Some(words.iter().map(|(word, at)| Data::from(self.variables.refer(word, *at))).collect())
            }
            "CMD-SHELL" => {
                let command = words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ");
                Some(shell(self.variables.refer(&command, test.span)).into_iter().collect())
            }
            "NONE" => {
                if !words.is_empty() {
                    self.notes.add("A health check that is disabled is left out", "", test.span);
                }
                None
            }
            other => {
                let message =
                    format!("The test of a health check begins with CMD, CMD-SHELL or NONE, not `{other}`");
                self.notes.refuse(message, form.1);
                None
            }
        }
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

/// `1m30s`, `500ms`.
fn milliseconds(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |next| digits + next);
        sum += number
            * match &rest[digits..unit] {
                "ns" => 0.000_001,
                "us" => 0.001,
                "ms" => 1.0,
                "s" => 1000.0,
                "m" => 60_000.0,
                "h" => 3_600_000.0,
                "d" => 86_400_000.0,
                "w" => 604_800_000.0,
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
            ("", None),
            ("0", Some(0)),
            ("1d", Some(86_400_000)),
        ] {
            assert_eq!(milliseconds(text), ms, "{text}");
        }
    }
}
