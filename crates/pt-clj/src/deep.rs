//! Dropping values nested deeper than the machine's stack.

use std::cell::{Cell, RefCell};

use crate::Value;

/// Nesting beyond which dropping is put off until the outer drops are done.
const DEPTH: u32 = 100;

thread_local! {
    static LEVEL: Cell<u32> = const { Cell::new(0) };
    static LATER: RefCell<Vec<Box<dyn Send>>> = const { RefCell::new(Vec::new()) };
}

/// Whether dropping the value may drop further values.
pub(crate) fn holds_others(value: &Value) -> bool {
    matches!(
        value,
        Value::List(_)
            | Value::Vector(_)
            | Value::Map(_)
            | Value::Set(_)
            | Value::Lazy(_)
            | Value::Fn(_)
            | Value::Cell(_)
            | Value::Delay(_)
            | Value::Reduced(_)
            | Value::Exception(_)
            | Value::Sorted(_)
            | Value::Record(_)
            | Value::Object(_)
    )
}

/// Drops it now, or after the drops it is nested in when those are many.
pub(crate) fn drop_flat<T: Send + 'static>(value: T) {
    // While a thread ends its locals are gone: then there is nothing left but to recurse.
    let level = LEVEL.try_with(|level| level.replace(level.get() + 1)).unwrap_or(0);
    if level >= DEPTH {
        let kept = LATER.try_with(|later| later.borrow_mut().push(Box::new(value)));
        debug_assert!(kept.is_ok(), "values outlive the thread's locals");
    } else {
        drop(value);
    }
    if level == 0 {
        while let Ok(Some(next)) = LATER.try_with(|later| later.borrow_mut().pop()) {
            drop(next);
        }
    }
    LEVEL.try_with(|level| level.set(level.get() - 1)).unwrap_or(());
}
