//! Names of keywords and symbols.

use std::sync::Arc;

use crate::map::Meta;

/// A name with its hash: equal names are told apart from others mostly by one comparison.
#[derive(Clone)]
pub struct Name(Arc<Inner>);

struct Inner {
    name: pt_edn::Name,
    hash: u64,
    /// Of symbols; names are equal whatever it is.
    meta: Meta,
}

impl Name {
    /// Splits at the first slash.
    pub fn new(text: &str) -> Self {
        Self::from(pt_edn::Name::new(text))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        self.0.name.as_str()
    }

    /// What stands before the slash.
    pub fn namespace(&self) -> Option<&str> {
        self.0.name.namespace()
    }

    /// What stands after the slash, or all of it.
    pub fn local(&self) -> &str {
        self.0.name.local()
    }

    pub(crate) fn edn(&self) -> &pt_edn::Name {
        &self.0.name
    }

    pub(crate) fn meta(&self) -> &Meta {
        &self.0.meta
    }

    pub(crate) fn with_meta(&self, meta: Meta) -> Self {
        Self(Arc::new(Inner { name: self.0.name.clone(), hash: self.0.hash, meta }))
    }

    pub(crate) fn hash(&self) -> u64 {
        self.0.hash
    }
}

impl From<pt_edn::Name> for Name {
    fn from(name: pt_edn::Name) -> Self {
        let hash = crate::equal::hash_text(name.as_str());
        Self(Arc::new(Inner { name, hash, meta: None }))
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.hash == other.0.hash && self.as_str() == other.as_str())
    }
}
