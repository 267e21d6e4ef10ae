//! Plans for people.

use std::fmt::Write;
use std::time::Duration;

use pt_model::Data;
use pt_spec::Condition;

use crate::plan::{CodeCall, Does, Plan, StepPlan};
use crate::terms::{Lock, Terms};

/// The plan as a tree: every step with what it waits for, the modules it passes through, and what it runs in the end.
/// Secrets show as `[secret NAME]`.
pub fn tree(plan: &Plan) -> String {
    let mut out = Tree { text: String::new(), indent: 0 };
    let timeout =
        plan.timeout.map(|timeout| format!(", which may take {}", shown(timeout))).unwrap_or_default();
    out.line(&format!("{} {}{timeout}", plan.kind.word(), plan.target));
    out.inside(|out| plan.steps.iter().for_each(|step| out.step(step)));
    out.text
}

struct Tree {
    text: String,
    indent: usize,
}

impl Tree {
    fn line(&mut self, text: &str) {
        // Writing to a string cannot fail.
        _ = writeln!(self.text, "{:indent$}{text}", "", indent = self.indent * 2);
    }

    fn inside(&mut self, draw: impl FnOnce(&mut Self)) {
        self.indent += 1;
        draw(self);
        self.indent -= 1;
    }

    fn step(&mut self, step: &StepPlan) {
        let mut head = step.id.to_string();
        for when in &step.run_when {
            let steps: Vec<&str> = when.steps.iter().map(|step| step.as_str()).collect();
            let how = match when.condition {
                Condition::Success => "",
                Condition::Always => ", however it ends",
                Condition::Failed => ", if it fails",
                Condition::Ready => ", as soon as it is ready",
            };
            _ = write!(head, " (after {}{how})", steps.join(", "));
        }
        self.line(&head);
        self.inside(|out| {
            out.terms(&step.terms);
            let chain = step.chain.join(" > ");
            match &step.does {
                // What follows below are steps too: this line is none.
                Does::Group(_) if step.joins => out.line("the steps of each item:"),
                Does::Group(_) if !chain.is_empty() => out.line(&format!("the steps of {chain}:")),
                Does::Code(_) | Does::Late | Does::Skip | Does::Fails(_) if !chain.is_empty() => {
                    out.line(&chain);
                }
                Does::Code(_) | Does::Late | Does::Skip | Does::Group(_) | Does::Fails(_) => {}
            }
            match &step.does {
                Does::Code(call) if call.module == "polytope/container" => out.container(call),
                Does::Code(call) => out.code(call),
                Does::Group(steps) => {
                    if let Some(awaits) = &step.awaits {
                        let steps: Vec<&str> = awaits.steps.iter().map(|step| step.as_str()).collect();
                        let when =
                            if steps.is_empty() { "the start of its steps" } else { &steps.join(", ") };
                        out.line(&format!("a call of it returns after {when}"));
                    }
                    steps.iter().for_each(|step| out.step(step));
                }
                Does::Skip => out.line("is not run: its `when` says no"),
                Does::Late => out.line("known when its turn comes: its args hold results of other steps"),
                Does::Fails(found) => {
                    found.iter().for_each(|diagnostic| out.line(&format!("fails: {}", diagnostic.message)));
                }
            }
        });
    }

    fn terms(&mut self, terms: &Terms) {
        if let Some(retries) = &terms.retries {
            let pause = shown(retries.delay);
            self.line(&format!("tried again {} times, after {pause} at first", retries.max));
        }
        if let Some(timeout) = terms.timeout {
            self.line(&format!("may take {}", shown(timeout)));
        }
        if terms.cache.is_some() {
            self.line("is run only when something has changed");
        }
        for Lock { id, limit } in &terms.locks {
            let beside = if *limit == 1 { "alone".to_owned() } else { format!("at most {limit} at once") };
            self.line(&format!("has the lock '{id}': {beside}"));
        }
    }

    fn code(&mut self, call: &CodeCall) {
        if call.module == "custom-code" {
            let first = call.snippet.text.trim().lines().next().unwrap_or_default();
            self.line(&format!("code: {first}"));
            return;
        }
        for (name, value) in call.params.iter().filter(|(_, value)| !value.is_null()) {
            self.line(&format!("{name}: {}", short(value)));
        }
    }

    fn container(&mut self, call: &CodeCall) {
        let param = |name: &str| call.params.get(name).unwrap_or(&Data::Null);
        for name in ["image", "id", "entrypoint", "cmd", "workdir", "user"] {
            if !param(name).is_null() {
                self.line(&format!("{name}: {}", words(param(name))));
            }
        }
        for service in &call.services {
            for port in &service.ports {
                let protocol = Data::from(format!("{:?}", port.protocol).to_lowercase().as_str());
                let to = if port.internal {
                    "inside only".to_owned()
                } else {
                    format!("localhost:{}", port.host_port())
                };
                let label = port.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
                self.line(&format!(
                    "service {}:{} {} -> {to}{label}",
                    service.id,
                    port.port,
                    words(&protocol)
                ));
            }
        }
        for mount in list(param("mounts")) {
            self.line(&format!("mount {} from {}", words(mount.get("path")), source(mount.get("source"))));
        }
        for var in list(param("env")) {
            if !var.get("value").is_null() {
                self.line(&format!(
                    "env {}={}",
                    words(var.get("name")),
                    one_line(&var.get("value").to_text().masked())
                ));
            }
        }
        let restart = param("restart");
        if let Some(policy) = restart.get("policy").as_str().filter(|policy| *policy != "never") {
            let most = restart.get("max-restarts");
            let limit = if most.is_null() { String::new() } else { format!(", at most {most} times") };
            self.line(&format!("restart {policy}{limit}"));
        }
    }
}

/// A duration as it is written: `90s`, `1500ms`.
fn shown(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

fn list(data: &Data) -> impl Iterator<Item = &Data> {
    data.as_list().into_iter().flatten().filter(|item| !item.is_null())
}

fn source(source: &Data) -> String {
    let named = |key: &str| {
        let value = source.get(key);
        if value.is_null() { String::new() } else { format!(" {}", one_line(&value.to_text().masked())) }
    };
    match source.get("type").as_str() {
        None => words(source),
        Some("volume") => match source.get("scope").as_str() {
            Some("project") => format!("project volume{}", named("id")),
            _ => format!("volume{}", named("id")),
        },
        Some("string") => {
            format!("text ({} bytes)", source.get("data").to_text().masked().len())
        }
        Some("repo") => format!("repository{}{}", named("repo"), named("path")),
        Some("dataset") => format!("dataset{}{}", named("dataset"), named("path")),
        Some(kind) => format!("{kind}{}", named("path")),
    }
}

/// A command line as one would type it, anything else as text.
fn words(data: &Data) -> String {
    let Some(items) = data.as_list() else { return one_line(&data.to_text().masked()) };
    let words = items.iter().filter(|item| !item.is_null()).map(|item| {
        let word = one_line(&item.to_text().masked());
        if word.is_empty() || word.contains([' ', '\'', '"']) { format!("'{word}'") } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn short(data: &Data) -> String {
    one_line(&data.as_text().map_or_else(|| data.to_string(), |text| text.masked()))
}

/// The first line of a text, and that there is more.
fn one_line(text: &str) -> String {
    match text.trim_end().split_once('\n') {
        Some((first, rest)) => format!("{first} … ({} more lines)", rest.lines().count()),
        None => text.trim_end().to_owned(),
    }
}
