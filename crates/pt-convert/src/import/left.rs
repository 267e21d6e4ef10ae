//! What of a service is left out, and told.

use pt_syntax::{Entry, Node};

use super::keys::Fate::{AsAlways, Left, Lost, Read};
use super::keys::KEYS;
use super::merge::scalar;
use super::names::id_of;
use super::service::Imports;

const ON_ITS_NETWORK: &str = "services of a job share one network, and find each other by name";

impl Imports<'_> {
    /// Says of each key of a service what nothing here reads.
    pub(super) fn other_keys(&mut self, service: &Node) {
        for entry in service.entries().iter().filter(|entry| says_something(entry)) {
            let key = entry.key.as_str();
            match KEYS.iter().find(|(known, ..)| *known == key).map(|(.., fate)| fate) {
                // What is not known is no key of Compose, and was refused.
                Some(Read | AsAlways) | None => {}
                Some(Left(message, hint)) => self.notes.add(*message, hint, entry.key_span),
                Some(Lost) => {
                    self.notes.add(format!("`{key}` cannot be carried over"), "", entry.key_span);
                }
            }
        }
        if let Some(init) = service.get("init").filter(|init| !init.is_null())
            && !self.flag(init)
        {
            self.notes.add("An init runs in every container: `init: false` is left out", "", init.span);
        }
        self.networks(service);
        self.options(service);
        self.deployment(service);
    }

    /// Says which keys of a part of a service are left out: all but these.
    pub(super) fn others_of(&mut self, part: &Node, name: &str, read: &[&str]) {
        for entry in part.entries().iter().filter(|entry| says_something(entry)) {
            if !read.contains(&entry.key.as_str()) {
                let message = format!("`{name}.{}` cannot be carried over", entry.key);
                self.notes.add(message, "", entry.key_span);
            }
        }
    }

    /// Says what is left out of how a service is on its networks.
    fn networks(&mut self, service: &Node) {
        for network in service.get("networks").map(Node::entries).unwrap_or_default() {
            for alias in network.value.get("aliases").map(Node::items).unwrap_or_default() {
                let Some(text) = scalar(alias).filter(|text| id_of(text) != *text) else { continue };
                let message = format!("The name `{text}` becomes `{}`", id_of(&text));
                self.notes.add(message, "names have small letters, digits, - and _", alias.span);
            }
            for entry in network.value.entries().iter().filter(|entry| entry.key != "aliases") {
                let message = format!("`{}` of a service on a network is left out", entry.key);
                self.notes.add(message, ON_ITS_NETWORK, entry.key_span);
            }
        }
    }

    /// Says which options of security, and which policies of pulling, are left out.
    fn options(&mut self, service: &Node) {
        let options = service.get("security_opt").map(Node::items).unwrap_or_default();
        // Whoever is unconfined is so in all respects.
        let unconfined = options.iter().filter_map(scalar).any(|option| is_unconfined(&option));
        let follows = |option: &str| {
            unconfined && matches!(option.replace('=', ":").as_str(), "apparmor:unconfined" | "label:disable")
        };
        for option in options {
            let Some(text) = scalar(option).filter(|text| !is_unconfined(text) && !follows(text)) else {
                continue;
            };
            self.notes.add(format!("The security option `{text}` is left out"), "", option.span);
        }
        if let Some(policy) = service.get("pull_policy")
            && let Some(text) = self.decided(policy)
            && !matches!(text.as_str(), "always" | "missing" | "if_not_present" | "build")
        {
            let known = ["never", "refresh", "daily", "weekly"].contains(&text.as_str());
            if !known && !text.starts_with("every_") {
                self.notes.refuse(format!("There is no `pull_policy: {text}`"), policy.span);
                return;
            }
            let message =
                format!("`pull_policy: {text}` is left out: images are pulled when they are missing");
            let hint = if text == "never" { "" } else { "`update-image: true` pulls each time" };
            self.notes.add(message, hint, policy.span);
        }
    }

    /// Says what is left out of how a service is deployed.
    fn deployment(&mut self, service: &Node) {
        let Some(deploy) = service.get("deploy") else { return };
        self.others_of(deploy, "deploy", &["replicas", "resources", "restart_policy", "mode"]);
        if let Some(mode) = deploy.get("mode").filter(|mode| mode.as_str() != Some("replicated")) {
            let message = format!("`deploy.mode: {}` is left out", scalar(mode).unwrap_or_default());
            self.notes.add(message, "", mode.span);
        }
        if let Some(policy) = deploy.get("restart_policy") {
            self.others_of(policy, "deploy.restart_policy", &["condition", "max_attempts"]);
        }
        let Some(resources) = deploy.get("resources") else { return };
        self.others_of(resources, "deploy.resources", &["limits", "reservations"]);
        for kind in ["limits", "reservations"] {
            if let Some(part) = resources.get(kind) {
                self.others_of(part, &format!("deploy.resources.{kind}"), &["cpus", "memory"]);
            }
        }
    }
}

/// Whether a security option lifts confinement, as `unconfined` does.
pub(super) fn is_unconfined(option: &str) -> bool {
    matches!(option, "seccomp:unconfined" | "seccomp=unconfined")
}

/// Whether an entry is more than a name: a piece for reuse, or a key without a value.
fn says_something(entry: &Entry) -> bool {
    let is_off = matches!(&entry.value.kind, pt_syntax::NodeKind::Bool(false));
    !entry.key.starts_with("x-") && !entry.value.is_null() && !is_off
}
