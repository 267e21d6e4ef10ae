//! What a piece of code may use up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a piece of code may use up. What exceeds its time or is interrupted ends, whatever the code tries to catch.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long it may run, waiting included.
    pub time: Option<Duration>,
    /// Bytes of memory for its data; Clojure counts them by what its collections and texts take, about.
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
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.time.map(|time| Instant::now() + time)
    }

    pub(crate) fn interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }
}
