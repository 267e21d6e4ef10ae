//! Vectors: a plain array while short, a tree that shares its parts when long.

use crate::Value;
use crate::map::Meta;
use crate::meter;

/// Up to this many items a plain array is copied faster than a tree is shared.
const SMALL: usize = 32;

/// A Clojure vector.
pub struct Vector {
    repr: Repr,
    /// Bytes counted for it.
    counted: u32,
    /// Made as the entry of a map; any change makes it a plain vector.
    entry: bool,
    pub(crate) meta: Meta,
}

#[derive(Clone)]
enum Repr {
    Small(Vec<Value>),
    Large(imbl::Vector<Value>),
}

/// What a version of a long vector takes beside what it shares with others.
const PATH: u32 = 1024;

impl Clone for Vector {
    fn clone(&self) -> Self {
        Self::counting(self.repr.clone(), self.entry, self.meta.clone())
    }
}

impl Vector {
    fn counting(repr: Repr, entry: bool, meta: Meta) -> Self {
        let counted = match &repr {
            Repr::Small(items) => 96 + 16 * items.capacity() as u32,
            Repr::Large(_) => PATH,
        };
        meter::took(counted as usize);
        Self { repr, counted, entry, meta }
    }

    /// Counts anew what has grown.
    fn recount(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        if bytes > self.counted {
            meter::took((bytes - self.counted) as usize);
            self.counted = bytes;
        }
    }

    /// How many items.
    pub fn len(&self) -> usize {
        match &self.repr {
            Repr::Small(items) => items.len(),
            Repr::Large(items) => items.len(),
        }
    }

    /// Whether it has no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at an index.
    pub fn get(&self, index: usize) -> Option<&Value> {
        match &self.repr {
            Repr::Small(items) => items.get(index),
            Repr::Large(items) => items.get(index),
        }
    }

    /// The items in order.
    pub fn iter(&self) -> Iter<'_> {
        match &self.repr {
            Repr::Small(items) => Iter::Small(items.iter()),
            Repr::Large(items) => Iter::Large(items.iter()),
        }
    }

    /// The entry of a map.
    pub(crate) fn entry(key: Value, value: Value) -> Self {
        Self::counting(Repr::Small(vec![key, value]), true, None)
    }

    /// Whether it was made as the entry of a map.
    pub(crate) fn is_entry(&self) -> bool {
        self.entry
    }

    pub(crate) fn push(&mut self, value: Value) {
        self.entry = false;
        match &mut self.repr {
            Repr::Small(items) if items.len() < SMALL => items.push(value),
            Repr::Small(items) => {
                let mut large: imbl::Vector<Value> = std::mem::take(items).into();
                large.push_back(value);
                self.repr = Repr::Large(large);
            }
            Repr::Large(items) => {
                items.push_back(value);
                // Whatever it shares with others, a vector that grows is counted in full now and then.
                if items.len() % 1024 == 0 {
                    let bytes = 20 * items.len();
                    self.recount(bytes);
                }
            }
        }
    }

    /// Replaces an item; false if there is none at that index.
    pub(crate) fn set(&mut self, index: usize, value: Value) -> bool {
        self.entry = false;
        let slot = match &mut self.repr {
            Repr::Small(items) => items.get_mut(index),
            Repr::Large(items) => items.get_mut(index),
        };
        slot.map(|slot| *slot = value).is_some()
    }

    pub(crate) fn pop(&mut self) -> Option<Value> {
        self.entry = false;
        match &mut self.repr {
            Repr::Small(items) => items.pop(),
            Repr::Large(items) => items.pop_back(),
        }
    }

    pub(crate) fn slice(&self, from: usize, to: usize) -> Self {
        match &self.repr {
            Repr::Small(items) => Repr::Small(items[from..to].to_vec()).into(),
            Repr::Large(items) if to - from > SMALL => Repr::Large(items.clone().slice(from..to)).into(),
            Repr::Large(items) => {
                Repr::Small(items.iter().skip(from).take(to - from).cloned().collect()).into()
            }
        }
    }
}

impl From<Repr> for Vector {
    fn from(repr: Repr) -> Self {
        let length = if let Repr::Large(items) = &repr { items.len() } else { 0 };
        let mut vector = Self::counting(repr, false, None);
        vector.recount(20 * length);
        vector
    }
}

impl From<Vec<Value>> for Vector {
    fn from(items: Vec<Value>) -> Self {
        // Chunks of sequences hold at most 32 items; a longer literal is worth the tree.
        if items.len() <= SMALL { Repr::Small(items).into() } else { Repr::Large(items.into()).into() }
    }
}

impl Drop for Vector {
    fn drop(&mut self) {
        meter::gave(self.counted as usize);
        if let Repr::Small(items) = &mut self.repr {
            if items.iter().any(crate::deep::holds_others) {
                crate::deep::drop_flat(std::mem::take(items));
            }
        } else if let Repr::Large(items) = &mut self.repr {
            crate::deep::drop_flat(std::mem::take(items));
        }
    }
}

/// The items of a vector in order.
pub enum Iter<'a> {
    #[doc(hidden)]
    Small(std::slice::Iter<'a, Value>),
    #[doc(hidden)]
    Large(imbl::vector::Iter<'a, Value, imbl::shared_ptr::DefaultSharedPtr>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Value;

    fn next(&mut self) -> Option<&'a Value> {
        match self {
            Self::Small(items) => items.next(),
            Self::Large(items) => items.next(),
        }
    }
}
