//! What a piece of code may use up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a piece of code may use up. What exceeds its time or is interrupted ends, whatever the code tries to catch.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long it may run, waiting included.
    pub time: Option<Duration>,
    /// Bytes of memory for its data; Clojure counts them by what its collections and texts take, about. What is allowed much
    /// memory may take long over it: a single call of a built-in function of JavaScript runs to its end.
    pub memory: usize,
    /// Set by another thread to stop it. A call to the host that is under way has to end by itself.
    pub interrupt: Arc<AtomicBool>,
}

impl Default for Limits {
    /// No limit of time, 64 MiB.
    fn default() -> Self {
        Self { time: None, memory: 64 << 20, interrupt: Arc::new(AtomicBool::new(false)) }
    }
}

impl Limits {
    /// What code in args may use up: ten seconds, 64 MiB.
    pub fn of_args() -> Self {
        Self { time: Some(Duration::from_secs(10)), ..Self::default() }
    }

    /// What the code of a step may use up: 256 MiB, in all the time it wants.
    pub fn of_code() -> Self {
        Self { memory: 256 << 20, ..Self::default() }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.time.map(|time| Instant::now() + time)
    }

    pub(crate) fn interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }
}
