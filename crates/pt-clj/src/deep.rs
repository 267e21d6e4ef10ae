//! Dropping values nested deeper than the machine's stack, and those of code that was stopped: who stopped it need not wait
//! until all it made is taken apart.

use std::cell::{Cell, RefCell};

use crate::Value;

/// Nesting beyond which dropping is put off until the outer drops are done.
const DEPTH: u32 = 100;

thread_local! {
    static LEVEL: Cell<u32> = const { Cell::new(0) };
    static LATER: RefCell<Vec<Box<dyn Send>>> = const { RefCell::new(Vec::new()) };
    /// Whether everything is dropped later.
    static STOPPED: Cell<bool> = const { Cell::new(false) };
}

/// Whether dropping the value may drop further values.
pub(crate) fn holds_others(value: &Value) -> bool {
    if let Value::Symbol(name) | Value::Var(name) = value {
        return name.meta().is_some();
    }
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
    if is_stopped() {
        let kept = LATER.try_with(|later| later.borrow_mut().push(Box::new(value)));
        debug_assert!(kept.is_ok(), "code is not stopped while its thread ends");
        return;
    }
    crate::stack::half_room(|| drop_further(value));
}

fn drop_further<T: Send + 'static>(value: T) {
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

/// From here on until [`let_go`] nothing large is dropped.
pub(crate) fn stop() {
    STOPPED.with(|stopped| stopped.set(true));
}

/// Whether large values are kept to be dropped later.
pub(crate) fn is_stopped() -> bool {
    STOPPED.try_with(Cell::get).unwrap_or(false)
}

/// Drops what was kept; on another thread, if it takes so many bytes that it would take long.
pub(crate) fn let_go(bytes: usize) {
    STOPPED.with(|stopped| stopped.set(false));
    let kept = LATER.with(RefCell::take);
    if bytes < LONG {
        drop(kept);
        return;
    }
    // Where no thread can be had, they are dropped with the closure, here.
    let thread = std::thread::Builder::new().name("pt-clj drops".to_owned());
    drop(thread.spawn(move || drop(kept)));
}

/// A megabyte takes half a millisecond, about.
const LONG: usize = 2 << 20;
