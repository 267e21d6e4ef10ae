//! Equality and hashes as Clojure has them.

use std::hash::{Hash, Hasher};

use num_bigint::BigInt;

use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::map::{Map, Set};
use crate::seq::{Iter, realised};
use crate::stack::room;
use crate::types::Object;

/// A hasher for short keys from trusted places.
#[derive(Default, Clone)]
pub(crate) struct FxHasher(u64);

impl Hasher for FxHasher {
    fn finish(&self) -> u64 {
        // The upper bits are the well mixed ones, tries look at the lower.
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.write_u64(u64::from_le_bytes(word));
        }
        self.write_u64(bytes.len() as u64);
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0xf135_7aea_2e62_a9c5);
    }
}

pub(crate) fn hash_text(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

pub(crate) fn hash(value: &Value) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

fn hash_big<H: Hasher>(value: &BigInt, state: &mut H) {
    // `(= 1 1N)` is true, so their hashes agree.
    match i64::try_from(value) {
        Ok(small) => Value::Int(small).hash(state),
        Err(_) => value.hash(state),
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Nil => state.write_u64(0),
            Self::Bool(value) => state.write_u64(1 + u64::from(*value)),
            Self::Int(value) => state.write_u64(*value as u64),
            Self::Float(value) => state.write_u64(if *value == 0.0 { 0 } else { value.to_bits() }),
            Self::Char(value) => state.write_u64(u64::from(u32::from(*value)) | 1 << 40),
            Self::BigInt(value) => hash_big(value, state),
            Self::Ratio(parts) => parts.hash(state),
            Self::Decimal(value) => match value.stripped(0).to_big() {
                Some(whole) if value.stripped(0).scale() == 0 => hash_big(&whole, state),
                _ => state.write_u64(value.to_f64().to_bits()),
            },
            Self::Str(text) => state.write(text.as_bytes()),
            Self::Keyword(name) => state.write_u64(name.hash()),
            Self::Symbol(name) | Self::Var(name) => state.write_u64(!name.hash()),
            Self::Vector(_) | Self::List(_) | Self::Lazy(_) => {
                state.write_u64(3);
                room(|| match self {
                    Self::Vector(items) => items.iter().for_each(|item| item.hash(state)),
                    _ => realised(self).for_each(|item| item.hash(state)),
                });
            }
            Self::Map(map) => {
                state.write_u64(room(|| map.iter().map(hash_entry).fold(4, u64::wrapping_add)));
            }
            Self::Set(set) => state.write_u64(room(|| set.iter().map(hash).fold(5, u64::wrapping_add))),
            Self::Sorted(sorted) if sorted.is_set => {
                let keys = || sorted.iter().map(|(key, _)| hash(key)).fold(5, u64::wrapping_add);
                state.write_u64(room(keys));
            }
            Self::Sorted(sorted) => {
                state.write_u64(room(|| sorted.iter().map(hash_entry).fold(4, u64::wrapping_add)));
            }
            Self::Record(record) if record.of.is_record => {
                let name = hash_text(&record.of.name);
                let fields = || record.fields.iter().map(hash_entry).fold(name, u64::wrapping_add);
                state.write_u64(room(fields));
            }
            Self::Record(at) => state.write_u64(address(at)),
            Self::Object(at) => match &**at {
                Object::Inst(millis) => state.write_u64(*millis as u64),
                Object::Namespace(name) => state.write_u64(name.hash()),
                Object::Tagged(tag, form) => state.write_u64(tag.hash() ^ room(|| hash(form))),
                Object::Queue(items, _) => {
                    state.write_u64(3);
                    room(|| items.iter().for_each(|item| item.hash(state)));
                }
                _ => state.write_u64(address(at)),
            },
            Self::Uuid(id) => id.hash(state),
            Self::Class(class) => state.write(class.full.as_bytes()),
            Self::Native(native) => state.write(native.name.as_bytes()),
            Self::Fn(at) => state.write_u64(address(at)),
            Self::Cell(at) => state.write_u64(address(at)),
            Self::Delay(at) => state.write_u64(address(at)),
            Self::Reduced(at) => state.write_u64(address(at)),
            Self::Exception(at) => state.write_u64(address(at)),
            Self::Regex(at) => state.write_u64(address(at)),
        }
    }
}

fn hash_entry((key, value): (&Value, &Value)) -> u64 {
    hash(key).wrapping_mul(31) ^ hash(value)
}

fn address<T>(at: &std::sync::Arc<T>) -> u64 {
    std::sync::Arc::as_ptr(at) as usize as u64
}

impl PartialEq for Value {
    /// Clojure's `=`, with lazy sequences as far as they are realised.
    fn eq(&self, other: &Self) -> bool {
        use std::sync::Arc;
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Int(left), Self::Int(right)) => left == right,
            (Self::Float(left), Self::Float(right)) => left == right || same_nan(*left, *right),
            (Self::Char(left), Self::Char(right)) => left == right,
            (Self::BigInt(left), Self::BigInt(right)) => left == right,
            (Self::Int(small), Self::BigInt(big)) | (Self::BigInt(big), Self::Int(small)) => {
                **big == BigInt::from(*small)
            }
            (Self::Ratio(left), Self::Ratio(right)) => left == right,
            (Self::Decimal(left), Self::Decimal(right)) => left.compare(right).is_eq(),
            (Self::Str(left), Self::Str(right)) => left == right,
            (Self::Keyword(left), Self::Keyword(right))
            | (Self::Symbol(left), Self::Symbol(right))
            | (Self::Var(left), Self::Var(right)) => left == right,
            (Self::Vector(left), Self::Vector(right)) => {
                Arc::ptr_eq(left, right)
                    || (left.len() == right.len()
                        && room(|| left.iter().zip(right.iter()).all(|(left, right)| left == right)))
            }
            (
                Self::Vector(_) | Self::List(_) | Self::Lazy(_),
                Self::Vector(_) | Self::List(_) | Self::Lazy(_),
            ) => room(|| realised(self).eq(realised(other))),
            (Self::Map(left), Self::Map(right)) => {
                Arc::ptr_eq(left, right) || room(|| same_entries(left, right))
            }
            (Self::Set(left), Self::Set(right)) => {
                Arc::ptr_eq(left, right) || room(|| same_members(left, right))
            }
            (Self::Native(left), Self::Native(right)) => std::ptr::eq(*left, *right),
            (Self::Fn(left), Self::Fn(right)) => Arc::ptr_eq(left, right),
            (Self::Cell(left), Self::Cell(right)) => Arc::ptr_eq(left, right),
            (Self::Delay(left), Self::Delay(right)) => Arc::ptr_eq(left, right),
            (Self::Reduced(left), Self::Reduced(right)) => Arc::ptr_eq(left, right),
            (Self::Exception(left), Self::Exception(right)) => Arc::ptr_eq(left, right),
            (Self::Regex(left), Self::Regex(right)) => Arc::ptr_eq(left, right),
            (Self::Class(left), Self::Class(right)) => left.full == right.full,
            (Self::Uuid(left), Self::Uuid(right)) => left == right,
            (Self::Record(left), Self::Record(right)) => {
                Arc::ptr_eq(left, right)
                    || (left.of.is_record
                        && Arc::ptr_eq(&left.of, &right.of)
                        && room(|| same_entries(&left.fields, &right.fields)))
            }
            (Self::Sorted(left), Self::Sorted(right)) => {
                Arc::ptr_eq(left, right)
                    || (left.is_set == right.is_set
                        && left.len() == right.len()
                        && as_map(left).is_some_and(|map| {
                            room(|| right.iter().all(|(key, value)| map.get(key) == Some(value)))
                        }))
            }
            (Self::Sorted(sorted), Self::Map(map)) | (Self::Map(map), Self::Sorted(sorted)) => {
                !sorted.is_set
                    && sorted.len() == map.len()
                    && room(|| sorted.iter().all(|(key, value)| map.get(key) == Some(value)))
            }
            (Self::Sorted(sorted), Self::Set(set)) | (Self::Set(set), Self::Sorted(sorted)) => {
                sorted.is_set
                    && sorted.len() == set.len()
                    && room(|| sorted.iter().all(|(key, _)| set.contains(key)))
            }
            (Self::Object(left), Self::Object(right)) => {
                Arc::ptr_eq(left, right)
                    || match (&**left, &**right) {
                        (Object::Inst(left), Object::Inst(right)) => left == right,
                        (Object::Namespace(left), Object::Namespace(right)) => left == right,
                        (Object::Tagged(tag, form), Object::Tagged(other, inner)) => {
                            tag == other && room(|| form == inner)
                        }
                        (Object::Queue(left, _), Object::Queue(right, _)) => {
                            room(|| left.iter().eq(right.iter()))
                        }
                        (Object::Type(left), Object::Type(right)) => Arc::ptr_eq(left, right),
                        _ => false,
                    }
            }
            (Self::Object(object), Self::Vector(_) | Self::List(_) | Self::Lazy(_)) => match &**object {
                Object::Queue(items, _) => room(|| items.iter().cloned().eq(realised(other))),
                _ => false,
            },
            (Self::Vector(_) | Self::List(_) | Self::Lazy(_), Self::Object(_)) => other == self,
            _ => false,
        }
    }
}

/// A `##NaN` that is the same object as others of this identity: in Java, where numbers are objects, what is the same object is
/// equal. Zero is the identity of those that are equal to none.
pub(crate) fn nan(identity: u64) -> f64 {
    f64::from_bits(f64::NAN.to_bits() | (identity & ((1 << 51) - 1)))
}

fn same_nan(left: f64, right: f64) -> bool {
    left.is_nan() && left.to_bits() == right.to_bits() && left.to_bits() != f64::NAN.to_bits()
}

/// Map keys must equal themselves: `##NaN` is the one exception, in Clojure too.
impl Eq for Value {}

fn as_map(sorted: &crate::sorted::Sorted) -> Option<Map> {
    Some(sorted.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn same_entries(left: &Map, right: &Map) -> bool {
    left.len() == right.len() && left.iter().all(|(key, value)| right.get(key) == Some(value))
}

fn same_members(left: &Set, right: &Set) -> bool {
    left.len() == right.len() && left.iter().all(|member| right.contains(member))
}

/// `=` that computes lazy sequences as far as it must.
pub(crate) fn equal(context: &mut Context<'_>, left: &Value, right: &Value) -> Eval<bool> {
    if left.is_sequential() && right.is_sequential() {
        context.tick()?;
        if crate::core::identical(left, right) {
            return Ok(true);
        }
        if let (Some(left), Some(right)) = (known_count(left), known_count(right))
            && left != right
        {
            return Ok(false);
        }
        return context.nested(|context| equal_items(context, left, right));
    }
    if let (Value::Record(record), _) = (left, right)
        && !record.of.is_record
        && let Some(method) = record.of.method("equals").or_else(|| record.of.method("equiv"))
    {
        return Ok(context.call2(&method, left.clone(), right.clone())?.is_truthy());
    }
    if (left.is_map() && right.is_map()) || (left.is_set() && right.is_set()) {
        realise(context, left)?;
        realise(context, right)?;
    }
    Ok(left == right)
}

#[inline(never)]
fn equal_items(context: &mut Context<'_>, left: &Value, right: &Value) -> Eval<bool> {
    let (mut left, mut right) = (Iter::new(context, left.clone())?, Iter::new(context, right.clone())?);
    loop {
        match (left.next(context)?, right.next(context)?) {
            (None, None) => return Ok(true),
            (Some(left), Some(right)) if equal(context, &left, &right)? => {}
            _ => return Ok(false),
        }
    }
}

fn known_count(value: &Value) -> Option<usize> {
    match value {
        Value::Vector(items) => Some(items.len()),
        Value::List(seq) => seq.known_count(),
        _ => None,
    }
}

/// Computes every lazy sequence within a value.
pub(crate) fn realise(context: &mut Context<'_>, value: &Value) -> Eval<()> {
    match value {
        Value::Vector(items) if !items.iter().any(crate::deep::holds_others) => Ok(()),
        // All of it would have to be there for whoever asks, and it holds nothing to compute.
        Value::List(list) if let Some(count) = list.range_count() => context.charge(count.saturating_mul(48)),
        Value::Vector(_)
        | Value::List(_)
        | Value::Lazy(_)
        | Value::Map(_)
        | Value::Set(_)
        | Value::Sorted(_)
        | Value::Record(_)
        | Value::Object(_) => context.nested(|context| realise_within(context, value)),
        _ => Ok(()),
    }
}

fn realise_within(context: &mut Context<'_>, value: &Value) -> Eval<()> {
    match value {
        Value::Vector(items) => {
            context.tick()?;
            for item in items.iter() {
                realise(context, item)?;
            }
        }
        Value::List(_) | Value::Lazy(_) => {
            let mut items = Iter::new(context, value.clone())?;
            while let Some(item) = items.next(context)? {
                realise(context, &item)?;
            }
        }
        Value::Map(map) => {
            context.tick()?;
            for (key, value) in map.iter() {
                realise(context, key)?;
                realise(context, value)?;
            }
        }
        Value::Set(set) => {
            for member in set.iter() {
                realise(context, member)?;
            }
        }
        Value::Sorted(_) | Value::Record(_) | Value::Object(_) => realise_rare(context, value)?,
        _ => {}
    }
    Ok(())
}

/// Kept apart so that the frequent kinds need little stack.
#[inline(never)]
fn realise_rare(context: &mut Context<'_>, value: &Value) -> Eval<()> {
    match value {
        Value::Sorted(sorted) => {
            for (key, value) in sorted.iter() {
                realise(context, key)?;
                realise(context, value)?;
            }
        }
        Value::Record(record) => {
            for (_, value) in record.fields.iter() {
                realise(context, value)?;
            }
        }
        Value::Object(object) => match &**object {
            Object::Array { items, .. } => {
                let items = crate::types::locked(items).clone();
                for item in &items {
                    realise(context, item)?;
                }
            }
            Object::Queue(items, _) => {
                for item in items.iter() {
                    realise(context, item)?;
                }
            }
            Object::Tagged(_, form) => realise(context, form)?,
            _ => {}
        },
        _ => {}
    }
    Ok(())
}
