//! Delays and futures: work that is put off. Code runs on one thread, so a future takes its turn when somebody waits for it
//! (for its value, or for a promise that it may deliver), when it is asked a second time whether it is done, or when the
//! code ends.

use std::sync::Arc;

use super::{cast, natives, take};
use crate::Value;
use crate::context::Context;
use crate::exception::{Eval, Exception, Signal};
use crate::state::{Delay, DelayState};

natives! { "clojure.core":
    "delay*" 1 1 |_, args| Ok(Value::Delay(Arc::new(Delay::new(take(args, 0))))),
    "force" 1 1 |context, args| match &args[0] {
        Value::Delay(delay) if !delay.is_future => force(context, delay),
        other => Ok(other.clone()),
    },
    "delay?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Delay(delay) if !delay.is_future))),
    "future-call" 1 1 |context, args| {
        let (work, bindings) = (take(args, 0), context.conveyed());
        let beside = crate::function::boxed(move |context, _| {
            context.beside(&bindings, |context| context.call(&work, &mut []))
        });
        let future = Arc::new(Delay::future(beside));
        context.futures.push_back(Arc::clone(&future));
        Ok(Value::Delay(future))
    },
    "future?" 1 1 |_, args| Ok(Value::Bool(matches!(&args[0], Value::Delay(delay) if delay.is_future))),
    "future-done?" 1 1 |context, args| {
        let future = Arc::clone(future(context, &args[0])?);
        is_done(context, &future).map(Value::Bool)
    },
    "future-cancel" 1 1 |context, args| {
        let future = future(context, &args[0])?;
        let pending = future.is_pending();
        if pending {
            future.finish(DelayState::Cancelled);
        }
        Ok(Value::Bool(pending))
    },
    "future-cancelled?" 1 1 |context, args| {
        Ok(Value::Bool(matches!(future(context, &args[0])?.state(), DelayState::Cancelled)))
    },
}

fn future<'a>(context: &Context<'_>, value: &'a Value) -> Eval<&'a Arc<Delay>> {
    match value {
        Value::Delay(delay) if delay.is_future => Ok(delay),
        other => Err(cast(context, other, "java.util.concurrent.Future")),
    }
}

/// Whether there is a value, or will never be one.
pub(super) fn is_done(context: &mut Context<'_>, delay: &Arc<Delay>) -> Eval<bool> {
    // Code that asks again and again waits for it.
    if delay.is_pending() && delay.is_future && delay.ask() {
        run(context, delay)?;
    }
    Ok(!delay.is_pending())
}

/// The value, computed now if it is not there.
pub(super) fn force(context: &mut Context<'_>, delay: &Arc<Delay>) -> Eval {
    match delay.state() {
        DelayState::Done(value) => Ok(value),
        DelayState::Failed(exception) => Err(exception.into()),
        DelayState::Cancelled => Err(Exception::silent("CancellationException").into()),
        DelayState::Pending(function) => {
            let result = context.call(&function, &mut []);
            let result = if delay.is_future { result.map_err(wrapped) } else { result };
            match &result {
                Ok(value) => delay.finish(DelayState::Done(value.clone())),
                Err(Signal::Throw(thrown)) if thrown.stop.is_none() => {
                    delay.finish(DelayState::Failed(Arc::clone(&thrown.exception)));
                }
                Err(_) => {}
            }
            while context.futures.front().is_some_and(|future| !future.is_pending()) {
                context.futures.pop_front();
            }
            result
        }
    }
}

/// An exception of a future as those see it who want its value.
fn wrapped(signal: Signal) -> Signal {
    match signal {
        Signal::Throw(mut thrown) if thrown.stop.is_none() => {
            let cause = Value::Exception(Arc::clone(&thrown.exception));
            let message = crate::print::str(&cause);
            thrown.exception = Arc::new(Exception::new("ExecutionException", message).by(cause));
            Signal::Throw(thrown)
        }
        other => other,
    }
}

/// Does the work of a future. Its exceptions are for those who ask for the value.
fn run(context: &mut Context<'_>, future: &Arc<Delay>) -> Eval<()> {
    match force(context, future) {
        Err(Signal::Throw(thrown)) if thrown.stop.is_some() => Err(Signal::Throw(thrown)),
        _ => Ok(()),
    }
}

/// Does the work of the oldest future that waits; whether there was one.
pub(crate) fn run_next(context: &mut Context<'_>) -> Eval<bool> {
    while let Some(future) = context.futures.pop_front() {
        if future.is_pending() {
            run(context, &future)?;
            return Ok(true);
        }
    }
    Ok(false)
}
