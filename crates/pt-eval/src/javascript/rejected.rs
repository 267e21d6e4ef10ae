//! Promises that were rejected and that nobody waits for: a mistake in a script that would pass without a word.

use std::cell::RefCell;
use std::rc::Rc;

use rquickjs::{Ctx, Persistent, Runtime, Value};

use super::fault;

/// So many are remembered. Who leaves more of them has more than one to mend.
const MOST: usize = 1000;

/// The rejections that nobody has heard of, in their order.
#[derive(Clone, Default)]
pub(super) struct Rejections(Rc<RefCell<Vec<Rejection>>>);

struct Rejection {
    promise: Persistent<Value<'static>>,
    reason: Persistent<Value<'static>>,
    stack: Option<String>,
}

impl Rejections {
    /// Those of a runtime from now on. They have to be [taken](Self::take) before it ends.
    pub(super) fn of(runtime: &Runtime) -> Self {
        let rejections = Self::default();
        let here = rejections.clone();
        runtime.set_host_promise_rejection_tracker(Some(Box::new(move |ctx, promise, reason, heard| {
            here.note(&ctx, promise, reason, heard);
        })));
        rejections
    }

    fn note<'js>(&self, ctx: &Ctx<'js>, promise: Value<'js>, reason: Value<'js>, heard: bool) {
        let stack = fault::uncaught_stack(ctx);
        let promise = Persistent::save(ctx, promise);
        let mut rejections = self.0.borrow_mut();
        if heard {
            if let Some(at) = rejections.iter().rposition(|known| known.promise == promise) {
                rejections.remove(at);
            }
        } else if rejections.len() < MOST {
            rejections.push(Rejection { promise, reason: Persistent::save(ctx, reason), stack });
        }
    }

    /// Why the first one was rejected, and the stack there; all are forgotten.
    pub(super) fn take<'js>(&self, ctx: &Ctx<'js>) -> Option<(Value<'js>, Option<String>)> {
        let first = self.0.take().into_iter().next()?;
        Some((first.reason.restore(ctx).ok()?, first.stack))
    }
}
