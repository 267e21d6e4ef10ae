//! The config file as a text: what it says, and what is wrong with it.

use std::path::Path;

use pt_model::{CodeLimits, parse_data_size};
use pt_spec::lower_limits;
use pt_store::LogBudget;
use pt_syntax::{Diagnostic, Node, NodeKind, Severity, Sources, parse, suggest};

use super::{Config, Context, LOCAL};
use crate::output::Format;

/// Reads the text of the file.
pub(crate) fn read(path: &Path, text: &str) -> (Config, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let source = sources.add(path.display().to_string(), text);
    let parsed = parse(source, text, Format::of(path).into());
    let mut reader = Reader { findings: parsed.diagnostics };
    let mut config = reader.config(&parsed.document.root);
    path.clone_into(&mut config.path);
    (config, reader.findings, sources)
}

/// Reads limits that stand alone: `{time: 10s}`.
pub(super) fn read_limits(name: &str, text: &str) -> (CodeLimits, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let source = sources.add(name, text);
    let parsed = parse(source, text, Format::of_text(text).into());
    let mut reader = Reader { findings: parsed.diagnostics };
    let limits = reader.limits(&parsed.document.root);
    (limits, reader.findings, sources)
}

struct Reader {
    findings: Vec<Diagnostic>,
}

impl Reader {
    fn config(&mut self, root: &Node) -> Config {
        let mut config = Config::default();
        self.keys(
            root,
            "the config file",
            &["current-context", "contexts", "mcp", "docker", "jobs", "logs", "limits"],
        );
        config.current =
            root.get("current-context").and_then(|node| self.text(node, "the name of a context"));
        if let Some(contexts) = root.get("contexts") {
            self.is_map(contexts, "`contexts`");
            for entry in contexts.entries() {
                self.keys(&entry.value, "a context", &["instance", "user"]);
                let mut text = |key| entry.value.get(key).and_then(|node| self.text(node, "a text"));
                config.contexts.push(Context {
                    instance: text("instance"),
                    user: text("user"),
                    name: entry.key.clone(),
                });
            }
        }
        if let Some(mcp) = root.get("mcp") {
            self.keys(mcp, "`mcp`", &["port"]);
            config.mcp_port = mcp.get("port").and_then(|node| self.port(node));
        }
        if let Some(docker) = root.get("docker") {
            self.keys(docker, "`docker`", &["host"]);
            config.docker_host =
                docker.get("host").and_then(|node| self.text(node, "an address, as unix:///run/docker.sock"));
        }
        if let Some(jobs) = root.get("jobs") {
            self.keys(jobs, "`jobs`", &["keep"]);
            config.keep_jobs = jobs.get("keep").and_then(|node| self.number(node));
        }
        if let Some(logs) = root.get("logs") {
            self.keys(logs, "`logs`", &["keep", "keep-of-job"]);
            let mut size = |key| logs.get(key).and_then(|node| self.size(node));
            let LogBudget { all_b, job_b } = config.logs;
            config.logs = LogBudget {
                all_b: size("keep").unwrap_or(all_b),
                job_b: size("keep-of-job").unwrap_or(job_b),
            };
        }
        if let Some(limits) = root.get("limits").filter(|limits| !limits.is_null()) {
            config.limits = self.limits(limits);
        }
        if let (Some(current), Some(node)) = (&config.current, root.get("current-context"))
            && !config.all().iter().any(|context| context.name == *current)
        {
            let finding = Diagnostic::error("unknown-name", format!("There is no context `{current}`"))
                .at(node.span, "");
            let all = config.all();
            let near = suggest(current, all.iter().map(|context| context.name.as_str())).unwrap_or(LOCAL);
            self.findings
                .push(finding.hint(format!("did you mean `{near}`? Contexts are declared under `contexts`")));
        }
        config
    }

    /// It must be a map of these keys, or nothing.
    fn keys(&mut self, node: &Node, what: &str, known: &[&str]) {
        self.is_map(node, what);
        for entry in node.entries().iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let finding =
                Diagnostic::error("unknown-key", format!("`{}` means nothing in {what}", entry.key));
            let hint = match suggest(&entry.key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", known.join(", ")),
            };
            self.findings.push(finding.at(entry.key_span, "").hint(hint));
        }
    }

    fn is_map(&mut self, node: &Node, what: &str) {
        if !matches!(node.kind, NodeKind::Map(_) | NodeKind::Null) {
            self.wrong(node, format!("{what} must be a map").as_str());
        }
    }

    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = node.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        if text.is_none() && !node.is_null() {
            self.wrong(node, &format!("this must be {what}"));
        }
        text
    }

    fn port(&mut self, node: &Node) -> Option<u16> {
        let mut port = None;
        if let NodeKind::Int(number) = node.kind {
            port = u16::try_from(number).ok().filter(|port| *port > 0);
        }
        if port.is_none() && !node.is_null() {
            self.wrong(node, "this must be a port, from 1 to 65535");
        }
        port
    }

    fn number(&mut self, node: &Node) -> Option<usize> {
        let mut number = None;
        if let NodeKind::Int(given) = node.kind {
            number = usize::try_from(given).ok();
        }
        if number.is_none() && !node.is_null() {
            self.wrong(node, "this must be a number, from 0 on");
        }
        number
    }

    fn size(&mut self, node: &Node) -> Option<u64> {
        let mut size = node.as_str().and_then(parse_data_size);
        if let NodeKind::Int(bytes) = node.kind {
            size = u64::try_from(bytes).ok();
        }
        if size.is_none() && !node.is_null() {
            self.wrong(node, "this must be a size, as 500MB or 10GB");
        }
        size
    }

    fn limits(&mut self, node: &Node) -> CodeLimits {
        let begun = self.findings.len();
        let limits = lower_limits(node.clone(), &mut self.findings);
        // Nobody shows the warnings of this file.
        self.findings[begun..].iter_mut().for_each(|finding| finding.severity = Severity::Error);
        limits
    }

    fn wrong(&mut self, node: &Node, message: &str) {
        let message =
            message.chars().next().map(|first| first.to_uppercase().chain(message.chars().skip(1)).collect());
        let message: String = message.unwrap_or_default();
        self.findings.push(Diagnostic::error("wrong-shape", message).at(node.span, ""));
    }
}

#[cfg(test)]
mod tests {
    use pt_syntax::{Style, render};

    use super::*;

    /// What the text says, or what is wrong with it.
    fn said(text: &str) -> String {
        let (config, findings, sources) = read(Path::new("config.yaml"), text);
        if findings.is_empty() {
            return format!(
                "{} of {}, mcp {:?}, docker {:?}",
                config.current.as_deref().unwrap_or("-"),
                config.all().iter().map(|context| context.name.as_str()).collect::<Vec<_>>().join(" "),
                config.mcp_port,
                config.docker_host
            );
        }
        render(&findings, &sources, Style { color: false, ..Style::default() })
            .lines()
            .filter(|line| line.contains("error") || line.contains("-->") || line.contains("help"))
            .map(|line| line.trim().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn it_says_which_contexts_there_are() {
        assert_eq!(said(""), "- of local, mcp None, docker None");
        let text = "current-context: lab\ncontexts:\n  lab: {user: me}\n  far: {instance: https://x}\nmcp: {port: 4000}\ndocker:\n  host: unix:///d\n";
        assert_eq!(said(text), "lab of local lab far, mcp Some(4000), docker Some(\"unix:///d\")");
    }

    #[test]
    fn sizes_of_logs_are_those_that_are_named() {
        let usual = LogBudget::default();
        for (text, logs) in [
            ("", usual),
            ("logs: {keep: 20GB}\n", LogBudget { all_b: 20_000_000_000, ..usual }),
            ("logs: {keep: 0, keep-of-job: 1GiB}\n", LogBudget { all_b: 0, job_b: 1 << 30 }),
        ] {
            let (config, findings, _) = read(Path::new("config.yaml"), text);
            assert!(findings.is_empty() && config.logs == logs, "{text}: {:?}", config.logs);
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, expected) in [
            ("contexts:\n  lab: {usr: me}\n", "config.yaml:2:9"),
            ("mcp: {port: 70000}\n", "config.yaml:1:13"),
            ("current-context: labb\ncontexts: {lab: {}}\n", "config.yaml:1:18"),
            ("contexts: [lab]\n", "config.yaml:1:11"),
            ("docker: {host: 3}\n", "config.yaml:1:16"),
            ("jobs: {keep: all}\n", "config.yaml:1:14"),
            ("logs: {keep: much}\n", "config.yaml:1:14"),
            ("logs: {kept: 1GB}\n", "config.yaml:1:8"),
            ("limits: {time: 10}\n", "config.yaml:1:16"),
            ("limits: {tim: 10s}\n", "config.yaml:1:10"),
            ("a: [\n", "config.yaml:1:4"),
        ] {
            assert!(said(text).contains(expected), "{text}: {}", said(text));
        }
    }
}
