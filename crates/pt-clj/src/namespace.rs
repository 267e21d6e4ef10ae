//! Namespaces: what a name without one belongs to, what aliases stand for, what is referred to.
//!
//! Programs live in `user` and rarely leave it; its names are kept without their namespace, so nothing is spent on the
//! rest until a program says `ns`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use pt_edn::Name;

/// Where programs begin.
pub(crate) const USER: &str = "user";

/// The namespaces of a context.
#[derive(Default)]
pub(crate) struct Namespaces {
    /// The current one; none means `user`.
    current: Option<Box<str>>,
    known: BTreeSet<Box<str>>,
    /// By namespace and alias.
    aliases: BTreeMap<(Box<str>, Box<str>), Box<str>>,
    /// By namespace and name: the full name it stands for.
    refers: BTreeMap<(Box<str>, Box<str>), Name>,
    /// Names that a namespace took out again.
    unmapped: BTreeSet<Box<str>>,
}

/// Aliases that every namespace has from the start.
const PRESET: &[(&str, &str)] = &[
    ("str", "clojure.string"),
    ("string", "clojure.string"),
    ("set", "clojure.set"),
    ("walk", "clojure.walk"),
    ("edn", "clojure.edn"),
    ("json", "clojure.data.json"),
    ("cheshire.core", "clojure.data.json"),
];

fn preset(alias: &str) -> Option<&'static str> {
    PRESET.iter().find(|(preset, _)| *preset == alias).map(|(_, full)| *full)
}

impl Namespaces {
    pub(crate) fn current(&self) -> &str {
        self.current.as_deref().unwrap_or(USER)
    }

    pub(crate) fn enter(&mut self, name: &str) {
        self.current = (name != USER).then(|| name.into());
        self.known.insert(name.into());
    }

    /// Goes elsewhere for a while; gives what [`Self::switch_back`] needs.
    pub(crate) fn switch(&mut self, name: &str) -> Option<Box<str>> {
        std::mem::replace(&mut self.current, (name != USER).then(|| name.into()))
    }

    pub(crate) fn switch_back(&mut self, before: Option<Box<str>>) {
        self.current = before;
    }

    pub(crate) fn create(&mut self, name: &str) {
        self.known.insert(name.into());
    }

    pub(crate) fn remove(&mut self, name: &str) -> bool {
        self.known.remove(name)
    }

    pub(crate) fn is_known(&self, name: &str) -> bool {
        name == USER || name == "clojure.core" || self.known.contains(name) || crate::core::is_namespace(name)
    }

    pub(crate) fn all(&self) -> Vec<Box<str>> {
        let mut all: BTreeSet<Box<str>> = self.known.clone();
        all.extend([USER.into(), "clojure.core".into()]);
        all.into_iter().collect()
    }

    /// The full name of a namespace, by itself or by an alias.
    pub(crate) fn full<'a>(&'a self, alias: &'a str) -> &'a str {
        if !self.aliases.is_empty()
            && let Some(full) = self.aliases.get(&(self.current().into(), alias.into()))
        {
            return full;
        }
        if self.known.contains(alias) { alias } else { preset(alias).unwrap_or(alias) }
    }

    pub(crate) fn alias(&mut self, alias: &str, full: &str) {
        self.aliases.insert((self.current().into(), alias.into()), full.into());
    }

    pub(crate) fn unalias(&mut self, namespace: &str, alias: &str) {
        self.aliases.remove(&(namespace.into(), alias.into()));
    }

    /// The aliases of a namespace.
    pub(crate) fn aliases(&self, namespace: &str) -> Vec<(Box<str>, Box<str>)> {
        let own = self.aliases.iter().filter(|((of, _), _)| **of == *namespace);
        own.map(|((_, alias), full)| (alias.clone(), full.clone())).collect()
    }

    /// Those of the current namespace, and those that every namespace has.
    pub(crate) fn all_aliases(&self) -> Vec<(Box<str>, Box<str>)> {
        let mut aliases = self.aliases(self.current());
        aliases.extend(PRESET.iter().map(|(alias, full)| ((*alias).into(), (*full).into())));
        aliases
    }

    pub(crate) fn refer(&mut self, name: &str, full: Name) {
        self.refers.insert((self.current().into(), name.into()), full);
    }

    /// What a plain name was referred to from elsewhere.
    pub(crate) fn referred(&self, name: &str) -> Option<&Name> {
        if self.refers.is_empty() {
            return None;
        }
        self.refers.get(&(self.current().into(), name.into()))
    }

    /// The names referred to in a namespace.
    pub(crate) fn refers(&self, namespace: &str) -> Vec<(Box<str>, Name)> {
        let own = self.refers.iter().filter(|((of, _), _)| **of == *namespace);
        own.map(|((_, name), full)| (name.clone(), full.clone())).collect()
    }

    pub(crate) fn unmap(&mut self, namespace: &str, name: &str) {
        self.refers.remove(&(namespace.into(), name.into()));
        self.unmapped.insert(format!("{namespace}/{name}").into());
    }

    /// Whether the current namespace does without a name that others have.
    pub(crate) fn is_unmapped(&self, name: &str) -> bool {
        !self.unmapped.is_empty() && self.unmapped.contains(&*format!("{}/{name}", self.current()))
    }

    /// Under which key the table of globals has a name.
    pub(crate) fn key<'a>(&'a self, name: &'a Name) -> Cow<'a, str> {
        match name.namespace() {
            None => self.own_key(name.as_str()),
            Some(alias) => match self.full(alias) {
                USER => Cow::Borrowed(name.local()),
                full if full == alias => Cow::Borrowed(name.as_str()),
                full => Cow::Owned(format!("{full}/{}", name.local())),
            },
        }
    }

    /// The same for a name that is defined in the current namespace.
    pub(crate) fn own_key<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match &self.current {
            None => Cow::Borrowed(name),
            Some(current) => Cow::Owned(format!("{current}/{name}")),
        }
    }
}

/// The full name of what a key of the table of globals names.
pub(crate) fn full_name(key: &str) -> Cow<'_, str> {
    // The name `/` has a slash of its own.
    match key.find('/') {
        Some(at) if at > 0 => Cow::Borrowed(key),
        _ => Cow::Owned(format!("{USER}/{key}")),
    }
}

/// The key of a full name.
pub(crate) fn key_of(full: &str) -> &str {
    full.strip_prefix("user/").unwrap_or(full)
}
