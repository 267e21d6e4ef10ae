//! Stopping a calculation that takes too long. (Polytope's addition, see PATCHED.md.)

use std::any::Any;
use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::rc::Rc;
use std::thread_local;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static WATCH: RefCell<Option<Rc<dyn Fn() -> bool>>> = const { RefCell::new(None) };
    static DONE: Cell<usize> = const { Cell::new(0) };
}

/// Unwinds out of a calculation that may not go on.
struct Stopped;

/// Runs a calculation; `may_go_on` is asked now and then where it takes long. Nothing if it might not.
///
/// What the calculation was about to change may be half changed.
pub fn watched<R>(may_go_on: Rc<dyn Fn() -> bool>, calculate: impl FnOnce() -> R) -> Option<R> {
    let before = WATCH.with(|watch| watch.replace(Some(may_go_on)));
    let was_watched = WATCHED.with(|watched| watched.replace(true));
    let result = catch_unwind(AssertUnwindSafe(calculate));
    WATCHED.with(|watched| watched.set(was_watched));
    WATCH.with(|watch| drop(watch.replace(before)));
    match result {
        Ok(value) => Some(value),
        Err(cause) if cause.is::<Stopped>() => None,
        Err(cause) => resume_unwind(cause),
    }
}

/// Less than this is not counted: whoever runs much of it looks at the clock in between.
const LITTLE: usize = 32;

/// So many digits are some tens of microseconds, whatever is done with them.
const MUCH: usize = 1 << 15;

/// Something is about to be done with so many digits.
#[inline]
pub(crate) fn work(digits: usize) {
    if digits >= LITTLE && WATCHED.with(Cell::get) {
        watched_work(digits);
    }
}

fn watched_work(digits: usize) {
    let done = DONE.with(|done| done.get().saturating_add(digits));
    if done < MUCH {
        DONE.with(|at| at.set(done));
        return;
    }
    DONE.with(|at| at.set(0));
    let may_go_on = WATCH.with(|watch| watch.borrow().clone());
    if may_go_on.is_some_and(|may_go_on| !may_go_on()) {
        let stopped: Box<dyn Any + Send> = Box::new(Stopped);
        resume_unwind(stopped);
    }
}

#[cfg(not(feature = "std"))]
compile_error!("stopping needs std");
