//! Walking sequences.

use std::sync::Arc;

use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::seq::{CHUNK, Repr, Seq, alone, chunk, lazy_steps, range, seq};
use crate::steps::Steps;
use crate::vector::Vector;

/// Walks anything that can be made a sequence.
pub(crate) enum Iter {
    Seq(Value),
    Items {
        items: Arc<Vector>,
        at: usize,
        rest: Value,
        list: bool,
    },
    Range {
        at: i64,
        end: i64,
        step: i64,
    },
    Owned(std::vec::IntoIter<Value>),
    /// A lazy sequence that nobody else looks at: its chunks need not be kept.
    Steps {
        steps: Box<Steps>,
        ready: Vec<Value>,
        at: usize,
    },
}

impl Iter {
    /// The items of a value; an error if it has none by nature.
    pub(crate) fn new(context: &mut Context<'_>, value: Value) -> Eval<Self> {
        Ok(match value {
            Value::Vector(items) => Self::Items { items, at: 0, rest: Value::Nil, list: false },
            Value::Nil | Value::List(_) | Value::Lazy(_) => Self::Seq(value),
            Value::Map(map) => {
                let entries: Vec<Value> = map.iter().map(|(key, value)| Value::entry(key, value)).collect();
                Self::Owned(entries.into_iter())
            }
            Value::Set(set) => Self::Owned(set.iter().cloned().collect::<Vec<_>>().into_iter()),
            other => Self::Seq(seq(context, other)?),
        })
    }

    /// The next item, where nothing has to be computed for it.
    #[inline]
    pub(crate) fn next_ready(&mut self) -> Option<Value> {
        match self {
            Self::Steps { ready, at, .. } => {
                let item = std::mem::take(ready.get_mut(*at)?);
                *at += 1;
                Some(item)
            }
            Self::Range { at, end, step: 1 } if *at < *end => {
                *at += 1;
                Some(Value::Int(*at - 1))
            }
            Self::Items { items, at, .. } => {
                let item = items.get(*at)?.clone();
                *at += 1;
                Some(item)
            }
            Self::Seq(_) | Self::Range { .. } | Self::Owned(_) => None,
        }
    }

    pub(crate) fn next(&mut self, context: &mut Context<'_>) -> Eval<Option<Value>> {
        loop {
            match self {
                Self::Items { items, at, rest, .. } => {
                    if let Some(item) = items.get(*at) {
                        *at += 1;
                        if *at & 0xf == 0 {
                            context.tick()?;
                        }
                        return Ok(Some(item.clone()));
                    }
                    *self = Self::new(context, std::mem::take(rest))?;
                }
                Self::Range { at, end, step } => {
                    let here = *at;
                    if (*step > 0 && here >= *end) || (*step < 0 && here <= *end) {
                        return Ok(None);
                    }
                    *at = here.saturating_add(*step);
                    if here & 0xf == 0 {
                        context.tick()?;
                    }
                    return Ok(Some(Value::Int(here)));
                }
                Self::Owned(items) => return Ok(items.next()),
                Self::Steps { steps, ready, at } => {
                    if let Some(item) = ready.get_mut(*at) {
                        *at += 1;
                        return Ok(Some(std::mem::take(item)));
                    }
                    context.tick()?;
                    ready.clear();
                    *at = 0;
                    steps.fill(context, ready)?;
                    if ready.is_empty() {
                        return Ok(None);
                    }
                }
                Self::Seq(value) => {
                    context.tick()?;
                    match alone(std::mem::take(value)) {
                        Ok(steps) => {
                            *self = Self::Steps { steps, ready: Vec::with_capacity(CHUNK), at: 0 };
                            continue;
                        }
                        Err(other) => *value = other,
                    }
                    match seq(context, std::mem::take(value))? {
                        Value::List(list) => match &list.0 {
                            Repr::Empty => return Ok(None),
                            Repr::Cons { first, rest, .. } => {
                                *value = rest.clone();
                                return Ok(Some(first.clone()));
                            }
                            Repr::Items { items, at, rest, list } => {
                                let (items, rest) = (Arc::clone(items), rest.clone());
                                *self = Self::Items { items, at: *at, rest, list: *list };
                            }
                            Repr::Range { at, end, step } => {
                                *self = Self::Range { at: *at, end: *end, step: *step }
                            }
                        },
                        _ => return Ok(None),
                    }
                }
            }
        }
    }

    /// How many further items can be had without running code, at least what one chunk holds.
    pub(crate) fn ready(&self) -> usize {
        match self {
            Self::Seq(_) => 0,
            // Lists are walked one by one: what is done to an item is not done to the next before it is asked for.
            Self::Items { list: true, .. } => 0,
            Self::Items { items, at, .. } => items.len() - at,
            Self::Range { end: i64::MAX, .. } => 0,
            Self::Range { at, end, step } => {
                let (way, stride) = (i128::from(*end) - i128::from(*at), i128::from(*step));
                // Beyond the end, where steps may lead, nothing is left.
                let left = if stride == 0 || (way < 0) != (stride < 0) {
                    0
                } else {
                    way.unsigned_abs().div_ceil(stride.unsigned_abs())
                };
                usize::try_from(left).unwrap_or(usize::MAX)
            }
            Self::Owned(items) => items.len(),
            Self::Steps { ready, at, .. } => ready.len() - at,
        }
    }

    /// What has not been walked yet.
    pub(crate) fn remaining(self) -> Value {
        match self {
            Self::Seq(value) => value,
            Self::Items { items, at, rest, list } if at < items.len() => {
                Seq::new(Repr::Items { items, at, rest, list }, None).into()
            }
            Self::Items { rest, .. } => rest,
            Self::Range { at, end, step } => range(at, end, step),
            Self::Owned(items) => chunk(items.collect(), Value::Nil),
            Self::Steps { steps, mut ready, at } => chunk(ready.split_off(at), lazy_steps(steps)),
        }
    }

    pub(crate) fn collect(mut self, context: &mut Context<'_>) -> Eval<Vec<Value>> {
        let mut items = Vec::with_capacity(self.ready().min(1 << 12));
        while let Some(item) = self.next(context)? {
            if items.len() == items.capacity() && items.len() >= 1 << 12 {
                context.charge(48 * items.len())?;
            }
            items.push(item);
        }
        Ok(items)
    }
}
