//! What code computes with.

use std::sync::Arc;

use num_bigint::BigInt;

use crate::decimal::Decimal;
use crate::exception::{Class, Exception};
use crate::function::{Function, Native};
use crate::map::{Map, Set};
use crate::name::Name;
use crate::regex::Regex;
use crate::seq::{Lazy, Seq};
use crate::sorted::Sorted;
use crate::state::{Cell, Delay};
use crate::text::Text;
use crate::types::{Object, Record};
use crate::vector::Vector;

/// Any Clojure value. Sixteen bytes; cloning copies at most a counter.
#[derive(Clone, Default)]
pub enum Value {
    /// `nil`
    #[default]
    Nil,
    /// `true`, `false`
    Bool(bool),
    /// A long.
    Int(i64),
    /// A double.
    Float(f64),
    /// A character.
    Char(char),
    /// An integer beyond 64 bits, or one asked for with `N`.
    BigInt(Arc<BigInt>),
    /// A fraction in lowest terms: numerator and denominator (above one).
    Ratio(Arc<(BigInt, BigInt)>),
    /// `1.50M`
    Decimal(Arc<Decimal>),
    /// A string.
    Str(Arc<Text>),
    /// `:name`
    Keyword(Name),
    /// `name`
    Symbol(Name),
    /// A list or a realised piece of a sequence; `()` included.
    List(Arc<Seq>),
    /// `[…]`
    Vector(Arc<Vector>),
    /// `{…}`, in the order its keys were added.
    Map(Arc<Map>),
    /// `#{…}`, in the order its members were added.
    Set(Arc<Set>),
    /// A sorted map or set.
    Sorted(Arc<Sorted>),
    /// A value of a type that the program defined.
    Record(Arc<Record>),
    /// A sequence computed when it is looked at. [`crate::Program::run`] never returns one unrealised.
    Lazy(Arc<Lazy>),
    /// A function of the core.
    Native(&'static Native),
    /// A function made by the program.
    Fn(Arc<Function>),
    /// An atom or a volatile.
    Cell(Arc<Cell>),
    /// A delay.
    Delay(Arc<Delay>),
    /// What `reduced` wraps.
    Reduced(Arc<Held>),
    /// An exception as a value.
    Exception(Arc<Exception>),
    /// `#"…"`
    Regex(Arc<Regex>),
    /// A class name such as `String`.
    Class(Class),
    /// What `def` returns: `#'user/name`.
    Var(Name),
    /// A UUID.
    Uuid(Arc<u128>),
    /// One of the rarer kinds.
    Object(Arc<Object>),
}

/// A value alone.
pub struct Held(pub Value);

impl Drop for Held {
    fn drop(&mut self) {
        crate::deep::drop_flat(std::mem::take(&mut self.0));
    }
}

impl Value {
    pub(crate) fn reduced(value: Self) -> Self {
        Self::Reduced(Arc::new(Held(value)))
    }

    /// A string.
    pub fn str(text: impl Into<String>) -> Self {
        Self::Str(Arc::new(Text::new(text.into())))
    }

    /// A keyword, with or without namespace, without its colon.
    pub fn keyword(name: &str) -> Self {
        Self::Keyword(Name::new(name))
    }

    /// A symbol.
    pub fn symbol(name: &str) -> Self {
        Self::Symbol(Name::new(name))
    }

    /// A vector.
    pub fn vector(items: Vec<Self>) -> Self {
        Self::Vector(Arc::new(items.into()))
    }

    /// A list.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(Seq::list(items)))
    }

    /// A map in the order given; of equal keys the last value counts.
    pub fn map(entries: impl IntoIterator<Item = (Self, Self)>) -> Self {
        Self::Map(Arc::new(entries.into_iter().collect()))
    }

    /// A set in the order given.
    pub fn set(members: impl IntoIterator<Item = Self>) -> Self {
        Self::Set(Arc::new(members.into_iter().collect()))
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The members of a vector, list, set or realised sequence, in order; `None` for anything else.
    pub fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::Vector(vector) => Some(vector.iter().cloned().collect()),
            Self::Set(set) => Some(set.iter().cloned().collect()),
            Self::List(_) | Self::Lazy(_) => Some(crate::seq::realised(self).collect()),
            Self::Sorted(sorted) if sorted.is_set => Some(sorted.items().collect()),
            Self::Object(object) => match &**object {
                Object::Array { items, .. } => Some(crate::types::locked(items).clone()),
                Object::Queue(items, _) => Some(items.iter().cloned().collect()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Everything but `nil` and `false`.
    pub fn is_truthy(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    /// Whether it is `nil`.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    pub(crate) fn entry(key: &Self, value: &Self) -> Self {
        Self::Vector(Arc::new(Vector::entry(key.clone(), value.clone())))
    }

    pub(crate) fn empty_list() -> Self {
        Self::list(Vec::new())
    }

    pub(crate) fn big(value: BigInt) -> Self {
        Self::BigInt(Arc::new(value))
    }

    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Float(_) | Self::BigInt(_) | Self::Ratio(_) | Self::Decimal(_))
    }

    /// Whether `=` compares it element by element with lists and vectors.
    pub fn is_sequential(&self) -> bool {
        match self {
            Self::List(_) | Self::Vector(_) | Self::Lazy(_) => true,
            Self::Object(object) => matches!(**object, Object::Queue(..)),
            _ => false,
        }
    }

    /// Maps of all kinds, records among them.
    pub(crate) fn is_map(&self) -> bool {
        match self {
            Self::Map(_) => true,
            Self::Sorted(sorted) => !sorted.is_set,
            Self::Record(record) => record.of.is_record,
            _ => false,
        }
    }

    /// Sets of both kinds.
    pub(crate) fn is_set(&self) -> bool {
        match self {
            Self::Set(_) => true,
            Self::Sorted(sorted) => sorted.is_set,
            _ => false,
        }
    }

    /// The entries of a map of any kind.
    pub(crate) fn entries(&self) -> Option<Vec<(Self, Self)>> {
        let cloned = |(key, value): (&Self, &Self)| (key.clone(), value.clone());
        match self {
            Self::Map(map) => Some(map.iter().map(cloned).collect()),
            Self::Sorted(sorted) if !sorted.is_set => Some(sorted.iter().map(cloned).collect()),
            Self::Record(record) if record.of.is_record => Some(record.fields.iter().map(cloned).collect()),
            _ => None,
        }
    }

    /// A function of any kind, multimethods among them.
    pub(crate) fn is_callable(&self) -> bool {
        match self {
            Self::Object(object) => matches!(**object, Object::Multi(_)),
            other => other.is_fn(),
        }
    }

    pub(crate) fn is_fn(&self) -> bool {
        matches!(self, Self::Native(_) | Self::Fn(_))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        i64::try_from(value).map_or_else(|_| Self::big(value.into()), Self::Int)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::str(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::str(text)
    }
}

impl From<Vec<Self>> for Value {
    fn from(items: Vec<Self>) -> Self {
        Self::vector(items)
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&crate::print::pr_str(self))
    }
}
