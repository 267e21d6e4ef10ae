//! How much memory the values of a program take: what it makes is counted when it is made and when it is dropped.
//!
//! A program runs on one thread, so the count is the thread's. It is close, not exact: of collections that share parts,
//! each counts what it added. A single collection or text that outgrows the limit is always found out.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Without a limit there is this much.
const PLENTY: isize = isize::MAX / 2;

thread_local! {
    /// Bytes that may still be taken; below zero when the limit is passed.
    static LEFT: Cell<isize> = const { Cell::new(PLENTY) };
}

#[inline]
pub(crate) fn took(bytes: usize) {
    LEFT.with(|left| left.set(left.get().wrapping_sub(bytes as isize)));
}

#[inline]
pub(crate) fn gave(bytes: usize) {
    // While a thread ends its locals may be gone.
    LEFT.try_with(|left| left.set(left.get().wrapping_add(bytes as isize))).unwrap_or(());
}

/// Whether the limit is passed, or would be by so many bytes more.
#[inline]
pub(crate) fn exceeded_by(bytes: usize) -> bool {
    LEFT.with(Cell::get) < isize::try_from(bytes).unwrap_or(PLENTY)
}

thread_local! {
    /// When what runs must end, for those who walk values without a context.
    static WATCH: RefCell<Watch> = const { RefCell::new((None, None)) };
}

type Watch = (Option<Instant>, Option<Arc<AtomicBool>>);

/// Sets when to end from here on; gives what [`unwatch`] restores.
pub(crate) fn watch(deadline: Option<Instant>, interrupt: Option<Arc<AtomicBool>>) -> Watch {
    WATCH.with(|watch| watch.replace((deadline, interrupt)))
}

/// Sets another time to end.
pub(crate) fn put_off(deadline: Instant) {
    WATCH.with(|watch| watch.borrow_mut().0 = Some(deadline));
}

pub(crate) fn unwatch(before: Watch) {
    WATCH.with(|watch| watch.replace(before));
}

/// Whether what runs must end now: memory for so many bytes more, deadline, interrupt.
pub(crate) fn must_end(bytes: usize) -> bool {
    exceeded_by(bytes)
        || WATCH.with(|watch| {
            let (deadline, interrupt) = &*watch.borrow();
            deadline.is_some_and(|deadline| Instant::now() >= deadline)
                || interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
        })
}

/// Sets the limit from here on; gives what must be restored afterwards.
pub(crate) fn allow(bytes: Option<usize>) -> isize {
    LEFT.with(|left| left.replace(most(bytes)))
}

fn most(bytes: Option<usize>) -> isize {
    bytes.and_then(|bytes| isize::try_from(bytes).ok()).unwrap_or(PLENTY).min(PLENTY)
}

/// How much was taken of a limit set by [`allow`].
pub(crate) fn taken(bytes: Option<usize>) -> usize {
    usize::try_from(most(bytes) - LEFT.with(Cell::get)).unwrap_or(0)
}

pub(crate) fn restore(left: isize) {
    LEFT.with(|at| at.set(left));
}
