//! Whether a script may go on.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::time::{Duration, Instant};

use monty_types::{ResourceError, TimeLimitScope};

use crate::limits::Clock;
use crate::memory::Meter;
use crate::{EvalError, Limits};

/// How long a script runs before its memory is looked at, and how often then.
const EVERY: Duration = Duration::from_millis(2);

/// Looks whether the script has to stop, and does not forget it.
pub(super) struct Watch {
    limits: Limits,
    clock: RefCell<Clock>,
    stop: Cell<Option<Stop>>,
    meter: Cell<Option<Meter>>,
    look: Cell<Instant>,
}

/// Why a script has to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Interrupted,
    TimedOut,
    Memory,
}

impl Watch {
    pub(super) fn start(limits: &Limits) -> Self {
        Self::by(limits, limits.clock())
    }

    /// The same for what began earlier.
    pub(super) fn by(limits: &Limits, clock: Clock) -> Self {
        Self {
            limits: limits.clone(),
            clock: RefCell::new(clock),
            stop: Cell::new(None),
            meter: Cell::new(None),
            look: Cell::new(Instant::now() + EVERY),
        }
    }

    /// Watches another piece of code.
    pub(super) fn restart(&self) {
        let now = Instant::now();
        self.stop.set(None);
        self.clock.replace(self.limits.clock());
        self.meter.set(None);
        self.look.set(now + EVERY);
    }

    /// The error that ends the script, if it has to stop.
    pub(super) fn stopped(&self) -> Option<EvalError> {
        self.ask().map(|stop| match stop {
            Stop::Interrupted => EvalError::interrupted(),
            Stop::TimedOut => EvalError::timed_out(self.limits.time),
            Stop::Memory => EvalError::memory(self.limits.memory),
        })
    }

    /// The error that ended the script, if it had to stop. What was done in time counts.
    pub(super) fn ended(&self) -> Option<EvalError> {
        if self.stop.get().is_some() || self.limits.interrupted() { self.stopped() } else { None }
    }

    fn ask(&self) -> Option<Stop> {
        if self.stop.get().is_none() {
            self.stop.set(self.found());
        }
        self.stop.get()
    }

    fn found(&self) -> Option<Stop> {
        if self.limits.interrupted() {
            return Some(Stop::Interrupted);
        }
        let now = Instant::now();
        if self.clock.borrow().is_over(now) {
            return Some(Stop::TimedOut);
        }
        if now < self.look.get() {
            return None;
        }
        let meter = self.meter.take().unwrap_or_else(Meter::start);
        let much = meter.taken() > self.limits.memory;
        self.meter.set(Some(meter));
        self.look.set(now + EVERY);
        much.then_some(Stop::Memory)
    }
}

impl monty_types::Watch for Watch {
    fn stop(&self) -> Option<ResourceError> {
        // No script can catch any of these, and nobody but us reads which it was.
        self.ask().map(|_| ResourceError::Time {
            scope: TimeLimitScope::Feed,
            limit: Duration::ZERO,
            elapsed: Duration::ZERO,
        })
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("stop", &self.stop).finish_non_exhaustive()
    }
}
