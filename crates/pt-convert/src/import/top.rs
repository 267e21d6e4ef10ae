//! What stands at the top of a Compose file beside the services.

use pt_syntax::Entry;

use super::merge::scalar;
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
        for (key, at) in &file.left {
            self.notes.add(format!("`{key}` cannot be carried over"), "", *at);
        }
        for entry in &file.others {
            let key = entry.key.as_str();
            if let Some((_, read)) = SECTIONS.iter().find(|(section, _)| *section == key) {
                for declared in entry.value.entries() {
                    self.others_of(&declared.value, key, read);
                }
            } else if key == "networks" {
                self.top_level_networks(entry);
            } else if !matches!(key, "version" | "name") && !key.starts_with("x-") {
                self.notes.add(format!("`{key}` cannot be carried over"), "", entry.key_span);
            }
        }
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
            } else if setting.key != "name" && !setting.key.starts_with("x-") && !is_off {
                let message = format!("`{}` of networks is left out", setting.key);
                self.notes.add(message, "a job has one network of its own", setting.key_span);
            }
        }
    }
}
