//! How much of a machine a service gets, and how many of it there are.

use pt_model::{Data, Map};
use pt_syntax::Node;

use super::map;
use super::merge::scalar;
use super::service::Imports;

/// So many containers a service can have.
const MOST: i64 = 100;

impl Imports<'_> {
    /// `deploy.resources`, `cpus`, `mem_limit` and `mem_reservation`.
    pub(super) fn resources(&mut self, service: &Node) -> Option<Data> {
        let deployed = |kind: &str, key: &str| service.get("deploy")?.get("resources")?.get(kind)?.get(key);
        self.same(deployed("limits", "cpus"), service.get("cpus"), "cpus", "deploy.resources.limits.cpus");
        for (kind, short) in [("limits", "mem_limit"), ("reservations", "mem_reservation")] {
            let long = format!("deploy.resources.{kind}.memory");
            self.same(deployed(kind, "memory"), service.get(short), short, &long);
        }
        let mut resources = Map::default();
        let cpu = [
            ("request", deployed("reservations", "cpus")),
            ("limit", deployed("limits", "cpus").or_else(|| service.get("cpus"))),
        ];
        let memory = [
            ("request", deployed("reservations", "memory").or_else(|| service.get("mem_reservation"))),
            ("limit", deployed("limits", "memory").or_else(|| service.get("mem_limit"))),
        ];
        for (name, parts, read) in
            [("cpu", cpu, cores as fn(&str) -> Option<Data>), ("memory", memory, bytes)]
        {
            let mut read_parts = Map::default();
            for (part, node) in parts {
                let Some(node) = node else { continue };
                let Some(text) = self.decided(node) else { continue };
                match read(&text) {
                    Some(value) => drop(read_parts.insert(part.into(), value)),
                    None => {
                        self.notes.refuse(format!("`{text}` is no amount of {name}"), node.span);
                    }
                }
            }
            if !read_parts.is_empty() {
                resources.insert(name.into(), Data::Map(Box::new(read_parts)));
            }
        }
        (!resources.is_empty()).then_some(Data::Map(Box::new(resources)))
    }

    /// `scale` or `deploy.replicas`, if it is more than one.
    pub(super) fn replicas(&mut self, service: &Node) -> Option<Data> {
        let deployed = service.get("deploy").and_then(|deploy| deploy.get("replicas"));
        self.same(deployed, service.get("scale"), "scale", "deploy.replicas");
        let node = service.get("scale").or(deployed)?;
        let text = self.decided(node)?;
        let Some(count) = text.parse().ok().filter(|count: &i64| *count >= 0) else {
            self.notes.refuse(format!("`{text}` is no number of replicas"), node.span);
            return None;
        };
        if count < 1 {
            let message = "A service of which there are none is run once";
            self.notes.add(message, "take its step out of the template", node.span);
        }
        if let Some(name) = service.get("container_name").filter(|_| count > 1) {
            self.notes.refuse("Several containers cannot have one `container_name`", name.span);
        }
        if count > MOST {
            self.notes.add(format!("Of {count} containers of a service, {MOST} are run"), "", node.span);
        }
        (count > 1).then_some(Data::Int(count.min(MOST)))
    }

    /// `deploy.restart_policy` or `restart`.
    pub(super) fn restart(&mut self, service: &Node) -> Option<Data> {
        let own = service.get("restart").filter(|own| !own.is_null());
        let deployed = service.get("deploy").and_then(|deploy| deploy.get("restart_policy"));
        let Some(deployed) =
            deployed.filter(|policy| policy.entries().iter().any(|entry| !entry.value.is_null()))
        else {
            let text = self.decided(own?)?;
            let (policy, count) =
                text.split_once(':').map_or((text.as_str(), None), |(policy, count)| (policy, Some(count)));
            return self.policy(policy, count, own?);
        };
        if let Some(own) = own {
            let message = "`restart` is left out: `deploy.restart_policy` holds in its stead";
            self.notes.add(message, "", own.span);
        }
        // Without a condition, a service is started again after any end.
        let condition = deployed.get("condition").and_then(|node| self.decided(node));
        let attempts = deployed.get("max_attempts").and_then(|node| self.decided(node));
        let policy = condition.as_deref().unwrap_or("any");
        let at = deployed.get("condition").unwrap_or(deployed);
        self.policy(policy, attempts.as_deref(), at)
    }

    fn policy(&mut self, policy: &str, count: Option<&str>, at: &Node) -> Option<Data> {
        let count = count.filter(|count| !count.is_empty());
        let count = count.map(|count| (count, count.parse::<i64>().ok().filter(|number| *number >= 0)));
        if let Some((text, None)) = count {
            self.notes.refuse(format!("`{text}` is no number of restarts"), at.span);
        }
        // None is as many as it takes.
        let count = count.and_then(|(_, number)| number).filter(|number| *number > 0);
        let restarts = match policy {
            "always" | "any" => "always",
            "unless-stopped" => {
                let message = "`unless-stopped` becomes `always`: what you stop here stays stopped anyway";
                self.notes.add(message, "", at.span);
                "always"
            }
            "on-failure" => "on-failure",
            "no" | "none" | "" => {
                if count.is_some() {
                    self.notes.add("What is never started again needs no number of restarts", "", at.span);
                }
                return None;
            }
            other => {
                self.notes.refuse(format!("There is no restart policy `{other}`"), at.span);
                return None;
            }
        };
        let policy = ("policy", Data::from(restarts));
        Some(match count {
            Some(count) => map([policy, ("max-restarts", Data::Int(count))]),
            None => map([policy]),
        })
    }

    /// Refuses what is said twice, and not the same.
    fn same(&mut self, long: Option<&Node>, short: Option<&Node>, key: &str, other: &str) {
        let (Some(long), Some(short)) = (long, short) else { return };
        let text = |node: &Node| scalar(node).map(|text| self.variables.resolve(&text));
        if text(long) != text(short) {
            let message = format!("`{key}` and `{other}` say different things");
            self.notes.refuse(message, short.span);
        }
    }
}

fn cores(text: &str) -> Option<Data> {
    text.parse().ok().map(Data::Int).or_else(|| text.parse().ok().map(Data::Float))
}

/// `512m`, `1.5gb`: Compose counts in 1024s, and so does `Mi`.
fn bytes(text: &str) -> Option<Data> {
    let text = text.to_ascii_lowercase();
    let digits = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim_end_matches('b').trim_end_matches('i') {
        "" => return number.parse().ok().filter(|bytes: &i64| *bytes > 0).map(Data::Int),
        "k" => "Ki",
        "m" => "Mi",
        "g" => "Gi",
        "t" => "Ti",
        _ => return None,
    };
    number.parse::<f64>().ok().map(|_| Data::from(format!("{number}{unit}")))
}
