//! What a piece of code may use up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pt_model::CodeLimits;

/// What a piece of code may use up. What exceeds its time or is interrupted ends, whatever the code tries to catch.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long it may run. What it waits for the host does not count.
    pub time: Option<Duration>,
    /// Bytes of memory for its data; Clojure counts them by what its collections and texts take, about.
    pub memory: usize,
    /// Levels of calls within calls; about, but in Python. Without, about a thousand.
    pub depth: Option<u32>,
    /// Set by another thread to stop it. A call to the host that is under way has to end by itself.
    pub interrupt: Arc<AtomicBool>,
    /// How long the code, and code that it evaluates, has waited for the host.
    pub waited: Waited,
}

impl Default for Limits {
    /// No limit of time, 64 MiB.
    fn default() -> Self {
        Self {
            time: None,
            memory: 64 << 20,
            depth: None,
            interrupt: Arc::new(AtomicBool::new(false)),
            waited: Waited::default(),
        }
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

    /// The same, but for what somebody has said.
    #[must_use]
    pub fn set(mut self, said: CodeLimits) -> Self {
        self.time = said.time.or(self.time);
        self.memory = said.memory.map_or(self.memory, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        self.depth = said.depth.or(self.depth);
        self
    }

    /// The same, but no deeper than there is room on any thread.
    #[must_use]
    pub fn shallow(mut self) -> Self {
        self.depth = self.depth.filter(|depth| *depth <= USUAL_DEPTH);
        self
    }

    /// A clock that starts now.
    pub(crate) fn clock(&self) -> Clock {
        // Longer than there is time is for ever.
        let end = self.time.and_then(|time| Instant::now().checked_add(time));
        Clock { end, waited: self.waited.clone(), before: self.waited.total() }
    }

    /// Bytes of machine stack for so many levels of calls; `usual` without a limit.
    pub(crate) fn stack(&self, usual: usize) -> usize {
        self.depth
            .map_or(usual, |depth| usize::try_from(depth).map_or(usual, |depth| (depth * LEVEL).max(LEAST)))
    }

    pub(crate) fn interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }
}

/// Levels of calls that there may be anywhere; more need a thread with much stack.
const USUAL_DEPTH: u32 = 1000;

/// The least machine stack, in bytes: an evaluator takes some before it calls anything.
const LEAST: usize = 16 << 10;

/// Bytes of machine stack that a level of calls takes, at most, in optimised builds of the evaluators.
const LEVEL: usize = 1 << 10;

/// How long code has waited for the host, shared by all that must not be charged for it.
#[derive(Clone, Debug, Default)]
pub struct Waited(Arc<AtomicU64>);

impl Waited {
    /// Adds what something takes that waits.
    #[inline]
    pub(crate) fn during<R>(&self, wait: impl FnOnce() -> R) -> R {
        let begun = Instant::now();
        let result = wait();
        let took = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(took, Ordering::Relaxed);
        result
    }

    fn total(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// Tells when code has used up its time.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// When it would have, without waiting.
    end: Option<Instant>,
    waited: Waited,
    before: Duration,
}

impl Clock {
    /// When the time is over, if nothing more is waited for.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.end.and_then(|end| end.checked_add(self.waited.total().saturating_sub(self.before)))
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.end.is_some_and(|end| now >= end) && self.deadline().is_some_and(|end| now >= end)
    }
}
