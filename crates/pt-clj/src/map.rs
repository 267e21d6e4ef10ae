//! Maps and sets that keep the order in which keys were added, at any size.

use std::hash::BuildHasherDefault;
use std::sync::Arc;

use crate::Value;
use crate::equal::FxHasher;
use crate::meter;

/// Up to this many entries searching one by one is fastest; Clojure's array maps end here too.
const SMALL: usize = 8;

type Index =
    imbl::GenericHashMap<Value, usize, BuildHasherDefault<FxHasher>, imbl::shared_ptr::DefaultSharedPtr>;

/// A Clojure map.
#[derive(Default)]
pub struct Map {
    repr: Repr,
    /// Bytes counted for it.
    counted: u32,
    pub(crate) meta: Meta,
}

/// What `with-meta` put on a value.
pub(crate) type Meta = Option<Arc<Map>>;

#[derive(Clone)]
enum Repr {
    Small(Vec<(Value, Value)>),
    Large(Box<Large>),
}

/// Entries in order, with holes where keys were removed, and where each key stands among them.
#[derive(Clone, Default)]
struct Large {
    index: Index,
    entries: imbl::Vector<Option<(Value, Value)>>,
}

impl Default for Repr {
    fn default() -> Self {
        Self::Small(Vec::new())
    }
}

/// What a version of a large map takes beside what it shares with others.
const PATH: u32 = 2048;

/// What an entry of a large map takes.
const ENTRY: usize = 100;

impl Clone for Map {
    fn clone(&self) -> Self {
        let repr = self.repr.clone();
        let counted = match &repr {
            Repr::Small(entries) => 96 + 32 * entries.len() as u32,
            Repr::Large(_) => PATH,
        };
        meter::took(counted as usize);
        Self { repr, counted, meta: self.meta.clone() }
    }
}

impl Map {
    fn recount(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        if bytes > self.counted {
            meter::took((bytes - self.counted) as usize);
            self.counted = bytes;
        }
    }

    pub(crate) fn with_capacity(entries: usize) -> Self {
        Self { repr: Repr::Small(Vec::with_capacity(entries.min(SMALL))), counted: 0, meta: None }
    }

    /// How many entries.
    pub fn len(&self) -> usize {
        match &self.repr {
            Repr::Small(entries) => entries.len(),
            Repr::Large(large) => large.index.len(),
        }
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        self.get_entry(key).map(|(_, value)| value)
    }

    /// The key as it was first added, and its value.
    pub fn get_entry(&self, key: &Value) -> Option<(&Value, &Value)> {
        match &self.repr {
            Repr::Small(entries) => {
                entries.iter().find(|(other, _)| other == key).map(|(key, value)| (key, value))
            }
            Repr::Large(large) => {
                let at = *large.index.get(key)?;
                large.entries.get(at)?.as_ref().map(|(key, value)| (key, value))
            }
        }
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &Value) -> bool {
        match &self.repr {
            Repr::Small(entries) => entries.iter().any(|(other, _)| other == key),
            Repr::Large(large) => large.index.contains_key(key),
        }
    }

    /// Adds an entry, or replaces the value of a key.
    pub fn insert(&mut self, key: Value, value: Value) {
        match &mut self.repr {
            Repr::Small(entries) => {
                if let Some(slot) = entries.iter_mut().find(|(other, _)| *other == key) {
                    slot.1 = value;
                } else if entries.len() < SMALL {
                    entries.push((key, value));
                    let bytes = 96 + 32 * entries.len();
                    self.recount(bytes);
                } else {
                    let mut large = Large::default();
                    for (key, value) in std::mem::take(entries) {
                        large.insert(key, value);
                    }
                    large.insert(key, value);
                    self.repr = Repr::Large(Box::new(large));
                }
            }
            Repr::Large(large) => {
                large.insert(key, value);
                // Whatever it shares with others, a map that grows is counted in full now and then.
                if large.entries.len() % 256 == 0 {
                    let bytes = ENTRY * large.entries.len();
                    self.recount(bytes);
                }
            }
        }
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &Value) -> Option<Value> {
        match &mut self.repr {
            Repr::Small(entries) => {
                let at = entries.iter().position(|(other, _)| other == key)?;
                Some(entries.remove(at).1)
            }
            Repr::Large(large) => large.remove(key),
        }
    }

    /// The entries in the order their keys were added.
    pub fn iter(&self) -> Iter<'_> {
        match &self.repr {
            Repr::Small(entries) => Iter::Small(entries.iter()),
            Repr::Large(large) => Iter::Large(large.entries.iter()),
        }
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(key, _)| key)
    }

    /// The values in order.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }

    /// `clojure.lang.PersistentHashMap` is what Clojure calls a map of more than eight.
    pub(crate) fn is_small(&self) -> bool {
        matches!(self.repr, Repr::Small(_))
    }
}

impl Large {
    fn insert(&mut self, key: Value, value: Value) {
        if let Some(&at) = self.index.get(&key) {
            if let Some(Some(slot)) = self.entries.get_mut(at) {
                slot.1 = value;
            }
            return;
        }
        self.index.insert(key.clone(), self.entries.len());
        self.entries.push_back(Some((key, value)));
    }

    fn remove(&mut self, key: &Value) -> Option<Value> {
        let at = self.index.remove(key)?;
        let (_, value) = self.entries.get_mut(at)?.take()?;
        // Holes are bounded: looking through the entries stays proportional to their number.
        if self.entries.len() > 2 * self.index.len() + SMALL {
            let old = std::mem::take(self);
            for (key, value) in old.entries.into_iter().flatten() {
                self.insert(key, value);
            }
        }
        Some(value)
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        match &mut self.repr {
            Repr::Small(entries)
                if !entries
                    .iter()
                    .any(|(key, value)| [key, value].into_iter().any(crate::deep::holds_others)) => {}
            repr => crate::deep::drop_flat(std::mem::take(repr)),
        }
    }
}

impl FromIterator<(Value, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

/// The entries of a map in order.
pub enum Iter<'a> {
    #[doc(hidden)]
    Small(std::slice::Iter<'a, (Value, Value)>),
    #[doc(hidden)]
    Large(imbl::vector::Iter<'a, Option<(Value, Value)>, imbl::shared_ptr::DefaultSharedPtr>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Value, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Small(entries) => entries.next().map(|(key, value)| (key, value)),
            Self::Large(entries) => entries.find_map(|entry| entry.as_ref()).map(|(key, value)| (key, value)),
        }
    }
}

/// A Clojure set.
#[derive(Clone, Default)]
pub struct Set(Map);

impl Set {
    /// How many members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The member equal to the value.
    pub fn get(&self, value: &Value) -> Option<&Value> {
        self.0.get_entry(value).map(|(key, _)| key)
    }

    /// Whether the value is a member.
    pub fn contains(&self, value: &Value) -> bool {
        self.0.contains_key(value)
    }

    /// Adds a member.
    pub fn insert(&mut self, value: Value) {
        if !self.0.contains_key(&value) {
            self.0.insert(value, Value::Nil);
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, value: &Value) {
        self.0.remove(value);
    }

    pub(crate) fn meta(&self) -> &Meta {
        &self.0.meta
    }

    pub(crate) fn set_meta(&mut self, meta: Meta) {
        self.0.meta = meta;
    }

    /// The members in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        self.0.keys()
    }
}

impl FromIterator<Value> for Set {
    fn from_iter<I: IntoIterator<Item = Value>>(members: I) -> Self {
        let mut set = Self::default();
        for member in members {
            set.insert(member);
        }
        set
    }
}
