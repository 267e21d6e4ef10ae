//! How much of the machine's stack an evaluation may still use.

use std::cell::Cell;

thread_local! {
    /// The lowest address an evaluation on this thread may reach; zero outside of one.
    static FLOOR: Cell<usize> = const { Cell::new(0) };
}

fn here() -> usize {
    let marker = 0_u8;
    std::ptr::from_ref(&marker) as usize
}

/// Whether the allowance is used up.
#[inline]
pub(crate) fn exhausted() -> bool {
    here() < FLOOR.with(Cell::get)
}

/// Sets the allowance from here on; gives what must be restored afterwards.
pub(crate) fn allow(bytes: usize) -> usize {
    FLOOR.with(|floor| floor.replace(here().saturating_sub(bytes)))
}

/// What [`restore`] puts back: needed around calls after which another stack may be current.
pub(crate) fn current() -> usize {
    FLOOR.with(Cell::get)
}

pub(crate) fn restore(floor: usize) {
    FLOOR.with(|at| at.set(floor));
}
