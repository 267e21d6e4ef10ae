//! What code may use up, as far as somebody has said.

use std::time::Duration;

/// What code may use up, as far as somebody has said; the rest is up to the occasion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeLimits {
    /// How long it may run; what it waits for the runner does not count.
    pub time: Option<Duration>,
    /// Bytes that its data may take.
    pub memory: Option<u64>,
    /// Levels of calls within calls, about.
    pub depth: Option<u32>,
}

impl CodeLimits {
    /// These, and where they say nothing the others.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            time: self.time.or(others.time),
            memory: self.memory.or(others.memory),
            depth: self.depth.or(others.depth),
        }
    }
}
