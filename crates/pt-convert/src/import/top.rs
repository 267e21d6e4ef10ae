//! What stands at the top of a Compose file beside the services.

use pt_syntax::{Entry, Node};

use super::interpolation::between_colons;
use super::merge::scalar;
use super::names::id_of;
use super::service::Imports;

/// Sections, and which keys of their entries something reads; of `networks` all are spoken of.
const SECTIONS: [(&str, &[&str]); 3] = [
    ("volumes", &["name", "external", "driver", "driver_opts"]),
    ("configs", &["name", "external", "file", "content", "environment"]),
    ("secrets", &["name", "external", "file", "environment"]),
];

impl Imports<'_> {
    /// Says what is left out of what stands at the top.
    pub(super) fn other_sections(&mut self) {
        let file = self.file;
        for (message, hint, at) in &file.left {
            self.notes.add(message.as_str(), hint, *at);
        }
        for entry in &file.others {
            let key = entry.key.as_str();
            if let Some((_, read)) = SECTIONS.iter().find(|(section, _)| *section == key) {
                for declared in entry.value.entries() {
                    self.others_of(&declared.value, key, read);
                    self.declared(key, declared);
                }
            } else if key == "networks" {
                self.top_level_networks(entry);
            } else if key == "name" {
                // Images that are built here are called after it.
                let builds = file.services.iter().any(|service| service.value.get("build").is_some());
                if !builds {
                    let message = "`name` is left out: a project is called as its directory";
                    self.notes.add(message, "", entry.value.span);
                }
            } else if key != "version" && !key.starts_with("x-") {
                self.notes.add(format!("`{key}` cannot be carried over"), "", entry.key_span);
            }
        }
    }

    /// Says what nothing reads of what a section declares.
    fn declared(&mut self, section: &str, declared: &Entry) {
        let outside = declared.value.get("external").and_then(|external| external.get("name"));
        for name in declared.value.get("name").into_iter().chain(outside) {
            let message = format!("`name` in `{section}` is left out: it is `{}` here", id_of(&declared.key));
            self.notes.add(message, "", name.span);
        }
        let driver = declared.value.get("driver").filter(|driver| driver.as_str() != Some("local"));
        if section == "volumes" {
            for part in driver.into_iter().chain(declared.value.get("driver_opts")) {
                let message =
                    format!("The driver of volume `{}` is left out: it becomes a local one", declared.key);
                self.notes.add(message, "", part.span);
            }
        }
        let external = declared.value.get("external").filter(|external| !external.is_null());
        if let Some(external) = external
            && (!external.entries().is_empty() || self.flag(external))
        {
            let message = if section == "volumes" {
                format!(
                    "Volume `{}` becomes one of this project: what the external one holds is not in it",
                    declared.key
                )
            } else {
                format!("`{}` in `{section}` lives outside of the file: it becomes a setting", declared.key)
            };
            self.notes.add(message, "", external.span);
        }
        if !self.uses(section, &declared.key) {
            let message = format!("Nothing uses `{}` in `{section}`: it is left out", declared.key);
            self.notes.add(message, "", declared.key_span);
        }
    }

    /// Whether a service names an entry of a section.
    fn uses(&self, section: &str, name: &str) -> bool {
        let of_name = |node: &Node| {
            let source = node.as_str().map(|text| between_colons(text)[0]);
            let source = source.or_else(|| node.get("source").and_then(Node::as_str));
            source.is_some_and(|source| self.variables.resolve(source) == name)
        };
        let named = self.file.services.iter().filter_map(|service| service.value.get(section));
        named.flat_map(Node::items).any(of_name)
    }

    fn top_level_networks(&mut self, networks: &Entry) {
        let declared = networks.value.entries();
        if declared.len() > 1 {
            self.notes.add(
                "All services share one network: which of them cannot see each other is left out",
                "",
                networks.key_span,
            );
        }
        for (network, setting) in declared
            .iter()
            .flat_map(|network| network.value.entries().iter().map(move |entry| (network, entry)))
        {
            let is_off = scalar(&setting.value).as_deref() == Some("false");
            if setting.key == "external" && !is_off {
                let message = format!("The network `{}` outside of the project is not reached", network.key);
                self.notes.add(
                    message,
                    "services of other jobs are reached by their ports",
                    setting.key_span,
                );
            } else if !setting.key.starts_with("x-") && !setting.value.is_null() && !is_off {
                let message = format!("`{}` of networks is left out", setting.key);
                self.notes.add(message, "a job has one network of its own", setting.key_span);
            }
        }
    }
}
