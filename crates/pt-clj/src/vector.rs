//! Vectors: a plain array while short, a tree that shares its parts when long.

use crate::Value;

/// Up to this many items a plain array is copied faster than a tree is shared.
const SMALL: usize = 32;

/// A Clojure vector.
#[derive(Clone)]
pub struct Vector(Repr);

#[derive(Clone)]
enum Repr {
    Small(Vec<Value>),
    Large(imbl::Vector<Value>),
}

impl Vector {
    /// How many items.
    pub fn len(&self) -> usize {
        match &self.0 {
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
        match &self.0 {
            Repr::Small(items) => items.get(index),
            Repr::Large(items) => items.get(index),
        }
    }

    /// The items in order.
    pub fn iter(&self) -> Iter<'_> {
        match &self.0 {
            Repr::Small(items) => Iter::Small(items.iter()),
            Repr::Large(items) => Iter::Large(items.iter()),
        }
    }

    pub(crate) fn push(&mut self, value: Value) {
        match &mut self.0 {
            Repr::Small(items) if items.len() < SMALL => items.push(value),
            Repr::Small(items) => {
                let mut large: imbl::Vector<Value> = std::mem::take(items).into();
                large.push_back(value);
                self.0 = Repr::Large(large);
            }
            Repr::Large(items) => items.push_back(value),
        }
    }

    /// Replaces an item; false if there is none at that index.
    pub(crate) fn set(&mut self, index: usize, value: Value) -> bool {
        let slot = match &mut self.0 {
            Repr::Small(items) => items.get_mut(index),
            Repr::Large(items) => items.get_mut(index),
        };
        slot.map(|slot| *slot = value).is_some()
    }

    pub(crate) fn pop(&mut self) -> Option<Value> {
        match &mut self.0 {
            Repr::Small(items) => items.pop(),
            Repr::Large(items) => items.pop_back(),
        }
    }

    pub(crate) fn slice(&self, from: usize, to: usize) -> Self {
        match &self.0 {
            Repr::Small(items) => Self(Repr::Small(items[from..to].to_vec())),
            Repr::Large(items) if to - from > SMALL => Self(Repr::Large(items.clone().slice(from..to))),
            Repr::Large(items) => {
                Self(Repr::Small(items.iter().skip(from).take(to - from).cloned().collect()))
            }
        }
    }
}

impl From<Vec<Value>> for Vector {
    fn from(items: Vec<Value>) -> Self {
        // Chunks of sequences hold at most 32 items; a longer literal is worth the tree.
        if items.len() <= SMALL { Self(Repr::Small(items)) } else { Self(Repr::Large(items.into())) }
    }
}

impl Drop for Vector {
    fn drop(&mut self) {
        if let Repr::Small(items) = &mut self.0 {
            if items.iter().any(crate::deep::holds_others) {
                crate::deep::drop_flat(std::mem::take(items));
            }
        } else if let Repr::Large(items) = &mut self.0 {
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
