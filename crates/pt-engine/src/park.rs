//! Waiting on a thread of one's own, without a runtime: thousands of steps do hardly anything else, and what waits for
//! nothing but time needs neither timers nor drivers.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

/// Waits until the future is done, or nothing if the time is over before. The future must not need a runtime.
pub(crate) fn until<F: Future>(future: F, end: Option<Instant>) -> Option<F::Output> {
    let waker = Waker::from(Arc::new(Waiting(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(done);
        }
        match end.map(|end| end.saturating_duration_since(Instant::now())) {
            None => thread::park(),
            Some(left) if left.is_zero() => return None,
            Some(left) => thread::park_timeout(left),
        }
    }
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
