//! What programs define: records and other types, protocols, multimethods; and the rarer kinds of value.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Value;
use crate::deep::drop_flat;
use crate::map::{Map, Meta};
use crate::name::Name;

/// A type made by `defrecord`, `deftype` or `reify`.
pub struct Type {
    /// Its full name, as `(type x)` prints it.
    pub name: Box<str>,
    pub(crate) fields: Vec<Name>,
    pub(crate) is_record: bool,
    /// Methods of Java's interfaces that the definition gives: `toString`, `invoke`.
    pub(crate) methods: Mutex<HashMap<Box<str>, Value>>,
    /// Names of the protocols and interfaces that the definition lists.
    pub(crate) listed: Mutex<Vec<Box<str>>>,
}

impl Type {
    pub(crate) fn method(&self, name: &str) -> Option<Value> {
        locked(&self.methods).get(name).cloned()
    }

    /// The name without its package.
    pub(crate) fn short(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

/// A value of such a type.
#[derive(Clone)]
pub struct Record {
    /// Its type.
    pub of: Arc<Type>,
    /// Its fields and, of a record, what was added to them.
    pub fields: Map,
    pub(crate) meta: Meta,
}

/// Functions by the name of the method.
pub(crate) type Methods = HashMap<Box<str>, Value>;

/// What `defprotocol` makes.
pub struct Protocol {
    pub(crate) name: Name,
    pub(crate) methods: Vec<Name>,
    pub(crate) by_metadata: bool,
    /// What its definition says of each method, by keyword.
    pub(crate) sigs: Value,
    /// By the full name of a class or type, then by the name of a method.
    pub(crate) implementations: Mutex<HashMap<Box<str>, Methods>>,
}

/// What `defmulti` makes.
pub struct Multi {
    pub(crate) name: Name,
    pub(crate) dispatch: Value,
    pub(crate) default: Value,
    /// A var or atom that holds a hierarchy; nil for the one all share.
    pub(crate) hierarchy: Value,
    pub(crate) methods: Mutex<Map>,
    pub(crate) prefers: Mutex<Map>,
}

/// The rarer kinds of value.
pub enum Object {
    /// Made by `defmulti`.
    Multi(Multi),
    /// Made by `defprotocol`.
    Protocol(Protocol),
    /// Made by `defrecord` or `deftype`.
    Type(Arc<Type>),
    /// A collection that is changed in place until it is made persistent.
    Transient(Mutex<Option<Value>>),
    /// An array of Java.
    Array {
        /// The class of its items.
        of: &'static str,
        /// Its items.
        items: Mutex<Vec<Value>>,
    },
    /// A moment: milliseconds since 1970.
    Inst(i64),
    /// A namespace by name.
    Namespace(Name),
    /// A tag without reader function, and what it tagged.
    Tagged(Name, Value),
    /// `clojure.lang.PersistentQueue`: what is next, in order.
    Queue(imbl::Vector<Value>, Meta),
    /// Set once, by `deliver`.
    Promise(Mutex<Option<Value>>),
    /// What `re-matcher` makes: pattern, text, where to go on, what was found last.
    Matcher {
        /// The pattern.
        regex: Arc<crate::regex::Regex>,
        /// The text.
        text: Arc<crate::text::Text>,
        /// Where the next search begins, and what the last one found.
        state: Mutex<(usize, Value)>,
    },
    /// What a var holds that was declared only.
    Unbound(Name),
    /// A plain thing that only is itself: `(Object.)`.
    Plain,
}

impl Drop for Object {
    fn drop(&mut self) {
        match self {
            Self::Tagged(_, form) => drop_flat(std::mem::take(form)),
            Self::Queue(items, _) => drop_flat(std::mem::take(items)),
            Self::Transient(held) | Self::Promise(held) => drop_flat(locked(held).take()),
            Self::Array { items, .. } => drop_flat(std::mem::take(&mut *locked(items))),
            Self::Multi(_)
            | Self::Protocol(_)
            | Self::Type(_)
            | Self::Inst(_)
            | Self::Namespace(_)
            | Self::Matcher { .. }
            | Self::Unbound(_)
            | Self::Plain => {}
        }
    }
}

impl Object {
    pub(crate) fn value(self) -> Value {
        Value::Object(Arc::new(self))
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
