//! Room for parsers that go as deep as a text is nested: whoever nests thousands of brackets must not end the process.

use std::thread;

/// A text of so many bytes is looked at where we are: its nesting fits the smallest stack.
const SHORT: usize = 256;

/// A longer text than this, in bytes, is not looked at before it runs.
const LONGEST: usize = 32 << 10;

/// The stack of the thread that looks at the others, in bytes. Only touched pages cost memory.
const STACK: usize = 256 << 20;

/// Looks at a text with as much stack as its nesting may need; nothing if it is too long.
pub(crate) fn with_room<T: Send>(text: &str, look: impl FnOnce() -> T + Send) -> Option<T> {
    if text.len() <= SHORT {
        return Some(look());
    }
    if text.len() > LONGEST {
        return None;
    }
    thread::scope(|scope| {
        let looking = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, look).ok()?;
        looking.join().ok()
    })
}
