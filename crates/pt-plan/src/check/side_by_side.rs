//! One question to many, asked on several threads.

use std::num::NonZero;
use std::thread;

/// Fewer are answered before threads have started.
const FEW: usize = 64;

/// More threads than this wait for memory, not for each other.
const MOST: usize = 8;

/// Readers of code recurse as deep as their text: as on the main thread.
const STACK: usize = 8 << 20;

/// The answers in the order of the items.
pub(super) fn each<T: Sync, A: Send>(items: &[T], ask: impl Fn(&T) -> A + Sync) -> Vec<A> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
    if items.len() < FEW || threads == 1 {
        return items.iter().map(ask).collect();
    }
    let answers = &|part: &[T]| part.iter().map(&ask).collect::<Vec<A>>();
    let mut parts = items.chunks(items.len().div_ceil(threads));
    let first = parts.next().unwrap_or_default();
    thread::scope(|scope| {
        let spawned: Vec<_> = parts
            .map(|part| {
                let thread = thread::Builder::new().stack_size(STACK);
                (part, thread.spawn_scoped(scope, move || answers(part)))
            })
            .collect();
        let mut all = answers(first);
        for (part, thread) in spawned {
            // A part that got no thread, or whose thread broke down, is answered here.
            let answered = thread.ok().and_then(|thread| thread.join().ok());
            all.extend(answered.unwrap_or_else(|| answers(part)));
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_keep_the_order_of_the_items() {
        for count in [0, 1, 63, 64, 65, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(each(&items, |item| item * 2), doubled);
        }
    }
}
