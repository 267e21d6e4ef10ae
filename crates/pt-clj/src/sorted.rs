//! Sorted maps and sets.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::map::Meta;

/// A map or set whose keys stand in order. Versions share their parts.
#[derive(Clone)]
pub struct Sorted {
    /// Of a set the values are nil.
    entries: imbl::Vector<(Value, Value)>,
    /// The function that compares; nil for `compare`.
    by: Value,
    pub(crate) is_set: bool,
    pub(crate) meta: Meta,
}

impl Drop for Sorted {
    fn drop(&mut self) {
        crate::deep::drop_flat(std::mem::take(&mut self.entries));
    }
}

impl Sorted {
    pub(crate) fn new(by: Value, is_set: bool) -> Self {
        Self { entries: imbl::Vector::new(), by, is_set, meta: None }
    }

    /// Whether it is a set.
    pub fn is_set(&self) -> bool {
        self.is_set
    }

    /// How many entries or members.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keys and values in order; of a set the values are nil.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Value, &Value)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// Entries as vectors, or members.
    pub(crate) fn items(&self) -> impl DoubleEndedIterator<Item = Value> {
        let is_set = self.is_set;
        self.entries
            .iter()
            .map(move |(key, value)| if is_set { key.clone() } else { Value::entry(key, value) })
    }

    pub(crate) fn comparator(&self) -> &Value {
        &self.by
    }

    /// The same without entries.
    pub(crate) fn emptied(&self) -> Self {
        Self {
            entries: imbl::Vector::new(),
            by: self.by.clone(),
            is_set: self.is_set,
            meta: self.meta.clone(),
        }
    }

    pub(crate) fn compare(&self, context: &mut Context<'_>, left: &Value, right: &Value) -> Eval<Ordering> {
        context.tick()?;
        crate::core::compare_with(context, &self.by, left, right)
    }

    /// Where a key stands, or would stand.
    pub(crate) fn find(&self, context: &mut Context<'_>, key: &Value) -> Eval<Result<usize, usize>> {
        let (mut low, mut high) = (0, self.entries.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let Some((other, _)) = self.entries.get(middle) else { break };
            match self.compare(context, key, &other.clone())? {
                Ordering::Equal => return Ok(Ok(middle)),
                Ordering::Less => high = middle,
                Ordering::Greater => low = middle + 1,
            }
        }
        Ok(Err(low))
    }

    pub(crate) fn get(&self, context: &mut Context<'_>, key: &Value) -> Eval<Option<(Value, Value)>> {
        Ok(self.find(context, key)?.ok().and_then(|at| self.entries.get(at)).cloned())
    }

    pub(crate) fn insert(&mut self, context: &mut Context<'_>, key: Value, value: Value) -> Eval<()> {
        // What cannot be compared is refused from the first on.
        if self.entries.is_empty() && self.by.is_nil() && !is_comparable(&key) {
            let message = format!(
                "Default comparator requires nil, Number, or Comparable: {}",
                crate::print::str(&key)
            );
            return Err(context.error("ClassCastException", message));
        }
        match self.find(context, &key)? {
            Ok(at) => {
                if let Some(entry) = self.entries.get_mut(at) {
                    entry.1 = value;
                }
            }
            Err(at) if at == self.entries.len() => self.entries.push_back((key, value)),
            Err(at) => self.entries.insert(at, (key, value)),
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, context: &mut Context<'_>, key: &Value) -> Eval<()> {
        if let Ok(at) = self.find(context, key)? {
            self.entries.remove(at);
        }
        Ok(())
    }
}

/// Whether `compare` knows others of its kind.
fn is_comparable(key: &Value) -> bool {
    match key {
        Value::Record(record) => record.of.method("compareTo").is_some(),
        Value::List(_)
        | Value::Lazy(_)
        | Value::Map(_)
        | Value::Set(_)
        | Value::Sorted(_)
        | Value::Cell(_)
        | Value::Regex(_)
        | Value::Class(_)
        | Value::Exception(_) => false,
        other => !other.is_callable() || matches!(other, Value::Keyword(_) | Value::Symbol(_)),
    }
}

/// A changed copy, in place where nothing else holds it.
pub(crate) fn changed(mut sorted: Arc<Sorted>, change: impl FnOnce(&mut Sorted) -> Eval<()>) -> Eval {
    change(Arc::make_mut(&mut sorted))?;
    Ok(Value::Sorted(sorted))
}
