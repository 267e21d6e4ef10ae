//! How much memory the values of a program take: what it makes is counted when it is made and when it is dropped.
//!
//! A program runs on one thread, so the count is the thread's. It is close, not exact: of collections that share parts,
//! each counts what it added. A single collection or text that outgrows the limit is always found out.

use std::cell::Cell;

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

/// Sets the limit from here on; gives what must be restored afterwards.
pub(crate) fn allow(bytes: Option<usize>) -> isize {
    let most = bytes.and_then(|bytes| isize::try_from(bytes).ok()).unwrap_or(PLENTY).min(PLENTY);
    LEFT.with(|left| left.replace(most))
}

pub(crate) fn restore(left: isize) {
    LEFT.with(|at| at.set(left));
}
