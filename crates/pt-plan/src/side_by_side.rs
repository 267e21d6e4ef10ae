//! One question to many, asked on several threads.

use std::num::NonZero;
use std::thread;

use pt_spec::{Body, Definition};

/// Less is done before threads have started.
const LITTLE: usize = 64;

/// More threads than this wait for memory, not for each other.
const MOST: usize = 8;

/// Readers of code recurse as deep as their text: as on the main thread.
const STACK: usize = 8 << 20;

/// On how many threads.
pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(MOST)
}

/// How much there is to look at in a definition, compared with others.
pub(crate) fn size(definition: &&Definition) -> usize {
    let steps = if let Body::Steps(steps) = &definition.body { steps.len() } else { 0 };
    1 + steps
}

/// The answers in the order of the items. What is learned at one item helps with the next ones.
pub(crate) fn each<T: Sync, S: Default, A: Send>(
    items: &[T],
    size: impl Fn(&T) -> usize,
    ask: impl Fn(&mut S, &T) -> A + Sync,
) -> Vec<A> {
    let total: usize = items.iter().map(&size).sum();
    if total < LITTLE {
        let mut learned = S::default();
        return items.iter().map(|item| ask(&mut learned, item)).collect();
    }
    let answers = &|part: &[T]| {
        let mut learned = S::default();
        part.iter().map(|item| ask(&mut learned, item)).collect::<Vec<A>>()
    };
    let mut parts = parts(items, total.div_ceil(threads()), size);
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

/// Neighbours that are of about this size together.
fn parts<T>(items: &[T], wanted: usize, size: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    let mut together = 0;
    items.chunk_by(move |item, next| {
        together += size(item);
        let fits = together + size(next).div_ceil(2) <= wanted;
        together *= usize::from(fits);
        fits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_about_the_same_size() {
        let table: [(&[usize], usize, &str); 5] = [
            (&[1, 1, 1, 1], 2, "[1, 1] [1, 1]"),
            (&[1, 1, 1, 1, 1], 3, "[1, 1, 1] [1, 1]"),
            (&[1, 1, 1, 4], 4, "[1, 1, 1] [4]"),
            (&[9, 1, 1], 6, "[9] [1, 1]"),
            (&[], 1, ""),
        ];
        for (items, wanted, expected) in table {
            let shown: Vec<String> =
                parts(items, wanted, |item| *item).map(|part| format!("{part:?}")).collect();
            assert_eq!(shown.join(" "), expected);
        }
    }

    #[test]
    fn answers_keep_the_order_of_the_items() {
        for count in [0, 1, 63, 64, 65, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(each(&items, |_| 1, |(): &mut (), item| item * 2), doubled);
        }
    }
}
