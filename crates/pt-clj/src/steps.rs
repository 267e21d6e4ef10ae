//! Steps over items: the same step makes a lazy sequence and a transducer.

use crate::Value;
use crate::context::Context;
use crate::exception::Eval;
use crate::seq::{CHUNK, Iter, chunk, lazy_steps};

/// What a step makes of an item.
pub(crate) enum Step {
    Give(Value),
    Two(Value, Value),
    Skip,
    /// The last one.
    Last(Value),
    Stop,
}

pub(crate) type Stepper = Box<dyn FnMut(&mut Context<'_>, Value) -> Eval<Step> + Send>;

/// What is done to each item. The two that most sequences are made by need no [`Step`].
pub(crate) enum Action {
    /// `(map f)`
    Map(Value),
    /// `(filter f)`, and `(remove f)` where it is false.
    Keep(Value, bool),
    Other(Stepper),
}

impl From<Stepper> for Action {
    fn from(step: Stepper) -> Self {
        Self::Other(step)
    }
}

impl Action {
    pub(crate) fn step(&mut self, context: &mut Context<'_>, item: Value) -> Eval<Step> {
        match self {
            Self::Map(function) => context.call1(function, item).map(Step::Give),
            Self::Keep(function, wanted) => {
                let holds = context.call1(function, item.clone())?.is_truthy();
                Ok(if holds == *wanted { Step::Give(item) } else { Step::Skip })
            }
            Self::Other(step) => step(context, item),
        }
    }
}

/// A lazy sequence of what an action makes of items; as many at once as the items have ready.
pub(crate) fn stepped(items: Iter, action: impl Into<Action>) -> Value {
    lazy_steps(Box::new(Steps { items, action: action.into(), ended: false }))
}

/// Items and what is done to each. A sequence of them is computed in chunks, also where nobody keeps the chunks: what is done
/// to an item is done to all of its chunk before anything else is.
pub(crate) struct Steps {
    items: Iter,
    action: Action,
    ended: bool,
}

impl Drop for Steps {
    fn drop(&mut self) {
        if let Iter::Steps { .. } | Iter::Seq(_) = self.items {
            crate::deep::drop_flat(std::mem::replace(&mut self.items, Iter::Seq(Value::Nil)));
        }
    }
}

impl Steps {
    /// Computes the next chunk; none is left where it stays empty.
    pub(crate) fn fill(&mut self, context: &mut Context<'_>, out: &mut Vec<Value>) -> Eval<()> {
        context.nested(|context| self.fill_here(context, out))
    }

    fn fill_here(&mut self, context: &mut Context<'_>, out: &mut Vec<Value>) -> Eval<()> {
        let mut walked = 0_u32;
        while !self.ended {
            let item = match self.items.next_ready() {
                Some(item) => item,
                None => match self.items.next(context)? {
                    Some(item) => item,
                    None => {
                        self.ended = true;
                        break;
                    }
                },
            };
            walked += 1;
            if walked & 0xf == 0 {
                context.tick()?;
            }
            match &mut self.action {
                Action::Map(function) => out.push(context.call1(function, item)?),
                Action::Keep(function, wanted) => {
                    if context.call1(function, item.clone())?.is_truthy() == *wanted {
                        out.push(item);
                    }
                }
                Action::Other(step) => match step(context, item)? {
                    Step::Give(value) => out.push(value),
                    Step::Two(first, second) => out.extend([first, second]),
                    Step::Skip => {}
                    Step::Last(value) => {
                        out.push(value);
                        self.ended = true;
                    }
                    Step::Stop => self.ended = true,
                },
            }
            if out.len() >= CHUNK || (!out.is_empty() && self.items.ready() == 0) {
                break;
            }
        }
        Ok(())
    }

    /// The next chunk before a rest that is computed when it is reached.
    pub(crate) fn chunk(mut self: Box<Self>, context: &mut Context<'_>) -> Eval {
        let mut out = Vec::with_capacity(self.items.ready().clamp(1, CHUNK));
        self.fill(context, &mut out)?;
        let rest = if self.ended { Value::Nil } else { lazy_steps(self) };
        Ok(chunk(out, rest))
    }
}
