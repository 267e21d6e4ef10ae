//! How much of a machine a service gets, and how many of it there are.

use pt_model::{Data, Map};
use pt_syntax::Node;

use super::map;
use super::service::Imports;

impl Imports<'_> {
    /// `deploy.resources`, `cpus`, `mem_limit` and `mem_reservation`.
    pub(super) fn resources(&mut self, service: &Node) -> Option<Data> {
        let deployed = |kind: &str, key: &str| service.get("deploy")?.get("resources")?.get(kind)?.get(key);
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
                        let message =
                            format!("`{text}` is no amount that is understood here: it is left out");
                        self.notes.add(message, "", node.span);
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
        let node = service.get("scale").or_else(|| service.get("deploy")?.get("replicas"))?;
        let count: i64 = self.decided(node)?.parse().ok()?;
        if count < 1 {
            let message = "A service of which there are none is run once";
            self.notes.add(message, "take its step out of the template", node.span);
        }
        (count > 1).then_some(Data::Int(count))
    }

    /// `restart` or `deploy.restart_policy`.
    pub(super) fn restart(&mut self, service: &Node) -> Option<Data> {
        let deployed = service.get("deploy").and_then(|deploy| deploy.get("restart_policy"));
        let condition = deployed.and_then(|policy| policy.get("condition"));
        let node = service.get("restart").or(condition)?;
        let text = self.decided(node)?;
        let (policy, count) = text.split_once(':').unwrap_or((&text, ""));
        let policy = match policy {
            "always" | "any" => "always",
            "unless-stopped" => {
                let message = "`unless-stopped` becomes `always`: what you stop here stays stopped anyway";
                self.notes.add(message, "", node.span);
                "always"
            }
            "on-failure" => "on-failure",
            "no" | "none" | "false" => return None,
            other => {
                self.notes.add(format!("The restart policy `{other}` is left out"), "", node.span);
                return None;
            }
        };
        let attempts = deployed.and_then(|policy| policy.get("max_attempts"));
        let count = match (count, attempts) {
            ("", Some(attempts)) => self.decided(attempts).unwrap_or_default(),
            _ => count.to_owned(),
        };
        let policy = ("policy", Data::from(policy));
        Some(match count.parse() {
            Ok(count) => map([policy, ("max-restarts", Data::Int(count))]),
            Err(_) => map([policy]),
        })
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
        "" => return number.parse().ok().map(Data::Int),
        "k" => "Ki",
        "m" => "Mi",
        "g" => "Gi",
        "t" => "Ti",
        _ => return None,
    };
    number.parse::<f64>().ok().map(|_| Data::from(format!("{number}{unit}")))
}
