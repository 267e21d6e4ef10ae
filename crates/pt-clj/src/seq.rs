//! Sequences: lists, chunks of other collections, ranges, and what is computed on demand.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Value;
use crate::context::Context;
use crate::exception::{Eval, Thrown};
pub(crate) use crate::iter::Iter;
use crate::map::Meta;
use crate::meter;
use crate::steps::Steps;
use crate::types::Object;
use crate::vector::Vector;

/// How many items of a lazy sequence are computed at once, where the source has them ready.
pub(crate) const CHUNK: usize = 32;

/// A realised piece of a sequence.
pub struct Seq(pub(crate) Repr, pub(crate) Meta);

pub(crate) enum Repr {
    /// `()`
    Empty,
    /// One item before others. A list knows its length, what `cons` makes does not.
    Cons { first: Value, rest: Value, count: Option<usize> },
    /// Items from `at` on, never none, then the rest.
    Items { items: Arc<Vector>, at: usize, rest: Value, list: bool },
    /// Integers from `at` up to but without `end`; `i64::MAX` means without end.
    Range { at: i64, end: i64, step: i64 },
}

impl Repr {
    /// The same, sharing all items.
    pub(crate) fn shared(&self) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::Cons { first, rest, count } => {
                Self::Cons { first: first.clone(), rest: rest.clone(), count: *count }
            }
            Self::Items { items, at, rest, list } => {
                Self::Items { items: Arc::clone(items), at: *at, rest: rest.clone(), list: *list }
            }
            Self::Range { at, end, step } => Self::Range { at: *at, end: *end, step: *step },
        }
    }
}

impl Seq {
    pub(crate) fn new(repr: Repr, meta: Meta) -> Self {
        meter::took(LINK);
        Self(repr, meta)
    }

    pub(crate) fn list(items: Vec<Value>) -> Self {
        if items.is_empty() {
            return Self::new(Repr::Empty, None);
        }
        Self::new(Repr::Items { items: Arc::new(items.into()), at: 0, rest: Value::Nil, list: true }, None)
    }

    /// Whether it has no items.
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Repr::Empty)
    }

    /// `list?`: made as a list, not as a view of something else.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.0, Repr::Empty | Repr::Cons { count: Some(_), .. } | Repr::Items { list: true, .. })
    }

    /// The length where it is known without walking.
    pub(crate) fn known_count(&self) -> Option<usize> {
        match &self.0 {
            Repr::Empty => Some(0),
            Repr::Cons { count, .. } => *count,
            Repr::Items { items, at, rest: Value::Nil, .. } => Some(items.len() - at),
            Repr::Items { .. } => None,
            Repr::Range { end: i64::MAX, .. } => None,
            Repr::Range { at, end, step } => {
                let span = i128::from(*end) - i128::from(*at);
                let step = i128::from(*step);
                usize::try_from((span + step - step.signum()) / step).ok()
            }
        }
    }

    /// How many numbers, if it is a range; of one without end more than there is room for.
    pub(crate) fn range_count(&self) -> Option<usize> {
        matches!(self.0, Repr::Range { .. }).then(|| self.known_count().unwrap_or(usize::MAX))
    }

    pub(crate) fn first(&self) -> Value {
        match &self.0 {
            Repr::Empty => Value::Nil,
            Repr::Cons { first, .. } => first.clone(),
            Repr::Items { items, at, .. } => items.get(*at).cloned().unwrap_or_default(),
            Repr::Range { at, .. } => Value::Int(*at),
        }
    }

    /// Everything after the first: something that can be made a sequence, perhaps empty.
    pub(crate) fn rest(&self) -> Value {
        match &self.0 {
            Repr::Empty => Value::Nil,
            Repr::Cons { rest, .. } => rest.clone(),
            Repr::Items { items, at, rest, list } => {
                if at + 1 < items.len() {
                    let (items, rest) = (Arc::clone(items), rest.clone());
                    Self::new(Repr::Items { items, at: at + 1, rest, list: *list }, None).into()
                } else {
                    rest.clone()
                }
            }
            Repr::Range { at, end, step } => range(at.saturating_add(*step), *end, *step),
        }
    }
}

impl From<Seq> for Value {
    fn from(seq: Seq) -> Self {
        Self::List(Arc::new(seq))
    }
}

/// The integers from `at` to `end`, or nil if there are none.
pub(crate) fn range(at: i64, end: i64, step: i64) -> Value {
    if (step > 0 && at < end) || (step < 0 && at > end) {
        Seq::new(Repr::Range { at, end, step }, None).into()
    } else {
        Value::Nil
    }
}

/// Items before a rest that is made a sequence when it is reached.
pub(crate) fn chunk(items: Vec<Value>, rest: Value) -> Value {
    if items.is_empty() {
        return rest;
    }
    Seq::new(Repr::Items { items: Arc::new(items.into()), at: 0, rest, list: false }, None).into()
}

/// One item before a rest.
pub(crate) fn cons(first: Value, rest: Value) -> Value {
    Seq::new(Repr::Cons { first, rest, count: None }, None).into()
}

pub(crate) type Thunk = Box<dyn FnOnce(&mut Context<'_>) -> Eval + Send>;

/// A sequence that is computed when it is first looked at.
pub struct Lazy(Mutex<State>);

enum State {
    Pending(Thunk),
    /// The same, made of the items of something else.
    Steps(Box<Steps>),
    /// Computing; seen again only by a sequence that needs itself.
    Running,
    /// What the thunk gave: anything that can be made a sequence, perhaps lazy itself.
    Done(Value),
    Failed(Box<Thrown>),
}

impl Lazy {
    fn step(&self, context: &mut Context<'_>) -> Eval {
        let thunk = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &*state {
                State::Done(value) => return Ok(value.clone()),
                State::Failed(thrown) => return Err(thrown.clone().into()),
                State::Running => {
                    return Err(context.error("IllegalStateException", "A lazy sequence needs itself"));
                }
                State::Pending(_) | State::Steps(_) => {}
            }
            std::mem::replace(&mut *state, State::Running)
        };
        // Whoever looks for the first of infinitely many empty sequences does nothing else.
        let result = context.tick().and_then(|()| {
            context.nested(|context| match thunk {
                State::Pending(thunk) => thunk(context),
                State::Steps(steps) => steps.chunk(context),
                State::Running | State::Done(_) | State::Failed(_) => Ok(Value::Nil),
            })
        });
        let state = match &result {
            Ok(value) => State::Done(value.clone()),
            Err(crate::exception::Signal::Throw(thrown)) => State::Failed(thrown.clone()),
            Err(crate::exception::Signal::Recur) => State::Done(Value::Nil),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
        result
    }

    fn force(&self, context: &mut Context<'_>) -> Eval {
        let mut value = self.step(context)?;
        let mut further = false;
        while let Value::Lazy(lazy) = value {
            context.tick()?;
            further = true;
            value = lazy.step(context)?;
        }
        let value = seq(context, value)?;
        if further || !matches!(value, Value::List(_) | Value::Nil) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::Done(value.clone());
        }
        Ok(value)
    }

    /// What is there without computing anything.
    pub(crate) fn realised(&self) -> Option<Value> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Done(value) => Some(value.clone()),
            _ => None,
        }
    }
}

/// A lazy sequence of what steps will give.
pub(crate) fn lazy_steps(steps: Box<Steps>) -> Value {
    meter::took(LINK);
    Value::Lazy(Arc::new(Lazy(Mutex::new(State::Steps(steps)))))
}

/// A lazy sequence of what the thunk will give.
pub(crate) fn lazy(thunk: impl FnOnce(&mut Context<'_>) -> Eval + Send + 'static) -> Value {
    meter::took(LINK);
    Value::Lazy(Arc::new(Lazy(Mutex::new(State::Pending(Box::new(thunk))))))
}

/// `seq`: nil for what is empty, otherwise a non-empty [`Value::List`].
pub(crate) fn seq(context: &mut Context<'_>, value: Value) -> Eval {
    Ok(match value {
        Value::Nil => Value::Nil,
        Value::List(ref seq) => {
            if seq.is_empty() {
                Value::Nil
            } else {
                value
            }
        }
        Value::Lazy(lazy) => lazy.force(context)?,
        Value::Vector(items) => {
            if items.is_empty() {
                Value::Nil
            } else {
                Seq::new(Repr::Items { items, at: 0, rest: Value::Nil, list: false }, None).into()
            }
        }
        other => {
            let items: Vec<Value> = match &other {
                Value::Map(map) => map.iter().map(|(key, value)| Value::entry(key, value)).collect(),
                Value::Set(set) => set.iter().cloned().collect(),
                Value::Str(text) => {
                    context.charge(16 * text.len())?;
                    text.chars().map(Value::Char).collect()
                }
                Value::Sorted(sorted) => sorted.items().collect(),
                Value::Record(record) if record.of.is_record => {
                    record.fields.iter().map(|(key, value)| Value::entry(key, value)).collect()
                }
                Value::Record(record) if let Some(method) = record.of.method("seq") => {
                    let items = context.call1(&method, other.clone())?;
                    return seq(context, items);
                }
                Value::Object(object) if let Some(items) = object_items(object) => items,
                _ => {
                    let message =
                        format!("Don't know how to create ISeq from: {}", crate::class::class_name(&other));
                    return Err(context.error("IllegalArgumentException", message));
                }
            };
            chunk(items, Value::Nil)
        }
    })
}

fn object_items(object: &Object) -> Option<Vec<Value>> {
    match object {
        Object::Array { items, .. } => Some(crate::types::locked(items).clone()),
        Object::Queue(items, _) => Some(items.iter().cloned().collect()),
        _ => None,
    }
}

/// What a lazy sequence is made of, where nobody else has it; the value itself otherwise.
pub(crate) fn alone(value: Value) -> Result<Box<Steps>, Value> {
    let Value::Lazy(lazy) = value else { return Err(value) };
    let mut lazy = Arc::try_unwrap(lazy).map_err(Value::Lazy)?;
    let state = lazy.0.get_mut().unwrap_or_else(PoisonError::into_inner);
    if !matches!(state, State::Steps(_)) {
        return Err(Value::Lazy(Arc::new(lazy)));
    }
    match std::mem::replace(state, State::Running) {
        State::Steps(steps) => Ok(steps),
        _ => Err(Value::Nil),
    }
}

/// The items of a sequence as far as they are computed already.
pub(crate) fn realised(value: &Value) -> impl Iterator<Item = Value> + use<> {
    let mut next = value.clone();
    let mut inner: Option<(Arc<Vector>, usize)> = None;
    std::iter::from_fn(move || {
        loop {
            if let Some((items, at)) = &mut inner {
                if let Some(item) = items.get(*at) {
                    *at += 1;
                    return Some(item.clone());
                }
                inner = None;
            }
            match std::mem::take(&mut next) {
                Value::Lazy(lazy) => next = lazy.realised()?,
                Value::Vector(items) => inner = Some((items, 0)),
                Value::List(seq) => match &seq.0 {
                    Repr::Items { items, at, rest, .. } => {
                        inner = Some((Arc::clone(items), *at));
                        next = rest.clone();
                    }
                    _ if seq.is_empty() => return None,
                    _ => {
                        next = seq.rest();
                        return Some(seq.first());
                    }
                },
                Value::Map(map) => {
                    next = chunk(map.iter().map(|(k, v)| Value::entry(k, v)).collect(), Value::Nil);
                }
                Value::Set(set) => next = chunk(set.iter().cloned().collect(), Value::Nil),
                Value::Str(text) => next = chunk(text.chars().map(Value::Char).collect(), Value::Nil),
                _ => return None,
            }
        }
    })
}

/// Drops a chain link by link: a long sequence must not need as deep a stack.
fn drop_chain(mut value: Value) {
    if crate::deep::is_stopped() {
        crate::deep::drop_flat(value);
        return;
    }
    loop {
        value = match value {
            Value::List(seq) => match Arc::into_inner(seq) {
                Some(mut seq) => seq.take_rest(),
                None => return,
            },
            Value::Lazy(lazy) => match Arc::into_inner(lazy) {
                Some(mut lazy) => lazy.take_done(),
                None => return,
            },
            _ => return,
        }
    }
}

impl Seq {
    fn take_rest(&mut self) -> Value {
        match &mut self.0 {
            Repr::Cons { rest, .. } | Repr::Items { rest, .. } => std::mem::take(rest),
            Repr::Empty | Repr::Range { .. } => Value::Nil,
        }
    }
}

impl Lazy {
    fn take_done(&mut self) -> Value {
        match self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            State::Done(value) => std::mem::take(value),
            _ => Value::Nil,
        }
    }
}

/// What a link of a sequence takes.
const LINK: usize = 96;

impl Drop for Seq {
    fn drop(&mut self) {
        meter::gave(LINK);
        let rest = self.take_rest();
        if !rest.is_nil() {
            drop_chain(rest);
        }
        if let Repr::Cons { first, .. } = &mut self.0
            && crate::deep::holds_others(first)
        {
            crate::deep::drop_flat(std::mem::take(first));
        }
    }
}

impl Drop for Lazy {
    fn drop(&mut self) {
        meter::gave(LINK);
        let done = self.take_done();
        if !done.is_nil() {
            drop_chain(done);
        }
        let state = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let State::Pending(_) | State::Steps(_) = state {
            match std::mem::replace(state, State::Running) {
                State::Pending(thunk) => crate::deep::drop_flat(thunk),
                State::Steps(steps) => crate::deep::drop_flat(steps),
                State::Running | State::Done(_) | State::Failed(_) => {}
            }
        }
    }
}
