//! Time as an argument: the emulator never reads the wall clock.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// What the emulator takes for "now": rate limits, token lifetimes, sessions and the times in the
/// documents all follow it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that asks `now` each time.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// A clock that shows `start` now and runs with tokio's time from here on (so it stands still
    /// where a test has paused that).
    pub fn running_from(start: Timestamp) -> Self {
        let began = tokio::time::Instant::now();
        Self::new(move || later(start, began.elapsed()))
    }

    /// The time it is.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Clock({})", self.now())
    }
}

/// A clock that moves when it is told to.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    /// The time it is.
    pub fn now(&self) -> Timestamp {
        *self.hand()
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        let mut hand = self.hand();
        *hand = later(*hand, by);
    }

    /// The same clock as the emulator takes it.
    pub fn clock(&self) -> Clock {
        let this = self.clone();
        Clock::new(move || this.now())
    }

    fn hand(&self) -> MutexGuard<'_, Timestamp> {
        // A timestamp is whole at every moment, so a panic elsewhere cannot have torn it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `from` plus `by`; stays at the end of time rather than overflow.
pub(crate) fn later(from: Timestamp, by: Duration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `from` minus `by`; stays at the beginning of time rather than overflow.
pub(crate) fn earlier(from: Timestamp, by: Duration) -> Timestamp {
    from.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// As Security Hub and GuardDuty write times: UTC with milliseconds.
pub(crate) fn millis_text(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// As Access Analyzer and Trusted Advisor write times: UTC in whole seconds.
pub(crate) fn seconds_text(at: Timestamp) -> String {
    format!("{at:.0}")
}
