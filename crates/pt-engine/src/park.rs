//! Waiting on a thread of one's own, without a runtime: thousands of steps do hardly anything else, and what waits for
//! nothing but time needs neither timers nor drivers.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use tikv_jemalloc_ctl::{Access, AsName};

/// Waits until the future is done, or nothing if the time is over before. The future must not need a runtime.
pub(crate) fn until<F: Future>(future: F, end: Option<Instant>) -> Option<F::Output> {
    let waker = Waker::from(Arc::new(Waiting(thread::current())));
    let mut future = pin!(future);
    let mut empty_handed = None;
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(done);
        }
        empty_handed.get_or_insert_with(EmptyHanded::begin);
        match end.map(|end| end.saturating_duration_since(Instant::now())) {
            None => thread::park(),
            Some(left) if left.is_zero() => return None,
            Some(left) => thread::park_timeout(left),
        }
    }
}

/// A thread that keeps no memory at hand for itself: the allocator's cache for it would hold more than all else that it needs.
struct EmptyHanded;

impl EmptyHanded {
    fn begin() -> Self {
        keep_memory_at_hand(false);
        Self
    }
}

impl Drop for EmptyHanded {
    fn drop(&mut self) {
        keep_memory_at_hand(true);
    }
}

fn keep_memory_at_hand(keep: bool) {
    // Where another allocator serves the process, nothing comes of it.
    _ = b"thread.tcache.enabled\0".as_slice().name().write(keep);
}

/// The thread that waits.
struct Waiting(Thread);

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn what_comes_first_ends_the_wait() {
        let soon = Instant::now() + Duration::from_millis(5);
        assert_eq!(until(pending::<()>(), Some(soon)), None);
        assert!(Instant::now() >= soon);
        let (sender, receiver) = oneshot::channel();
        let answering = thread::spawn(move || sender.send(7));
        assert_eq!(until(receiver, None), Some(Ok(7)));
        assert_eq!(answering.join().unwrap(), Ok(()));
    }
}
