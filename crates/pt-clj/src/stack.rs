//! The machine's stack. Where what is left of it gets short, whoever goes deeper goes on in memory of its own: how deep code
//! may go is a number that was said, and has nothing to do with threads, builds and machines.

use std::cell::Cell;

/// What is left at least wherever [`room`] was asked for, in bytes: for all that happens until it is asked for again.
const LEAST: usize = if cfg!(debug_assertions) { 1 << 20 } else { 128 << 10 };

/// How much is added at once, in bytes. Only touched pages cost memory.
const MORE: usize = 8 << 20;

thread_local! {
    /// The lowest address with so much left below it; on a new thread nobody knows it yet.
    static FLOOR: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn here() -> usize {
    let marker = 0_u8;
    std::ptr::from_ref(&marker) as usize
}

/// Whether less is left than there should be, or nobody knows.
#[inline]
pub(crate) fn is_short() -> bool {
    here() < FLOOR.with(Cell::get)
}

/// Does something that may go deeper.
#[inline]
pub(crate) fn room<T>(run: impl FnOnce() -> T) -> T {
    if is_short() { more(LEAST, run) } else { run() }
}

/// Does something that needs half as much.
#[inline]
pub(crate) fn half_room<T>(run: impl FnOnce() -> T) -> T {
    if here() < FLOOR.with(Cell::get).wrapping_sub(LEAST / 2) { more(LEAST / 2, run) } else { run() }
}

/// The same as [`room`] where [`is_short`].
#[inline]
pub(crate) fn further<T>(run: impl FnOnce() -> T) -> T {
    more(LEAST, run)
}

/// Does something on memory that is given back at once: pages of a thread's stack that were touched once stay with it.
#[inline(never)]
pub(crate) fn aside<T>(run: impl FnOnce() -> T) -> T {
    let _back = Back(FLOOR.with(Cell::get));
    on_more(run)
}

#[cold]
#[inline(never)]
fn more<T>(least: usize, run: impl FnOnce() -> T) -> T {
    let left = stacker::remaining_stack().unwrap_or_default();
    FLOOR.with(|floor| floor.set((here() + LEAST).saturating_sub(left)));
    if left > least {
        return run();
    }
    let _back = Back(FLOOR.with(Cell::get));
    on_more(run)
}

fn on_more<T>(run: impl FnOnce() -> T) -> T {
    stacker::grow(MORE, || {
        FLOOR.with(|floor| floor.set(here() - (MORE - 2 * LEAST)));
        run()
    })
}

/// Knows the floor of the stack that is used again when this is dropped, also after a panic.
struct Back(usize);

impl Drop for Back {
    fn drop(&mut self) {
        FLOOR.with(|floor| floor.set(self.0));
    }
}
