//! How often AWS is asked.
//!
//! AWS counts calls for each account, Region and operation. [`TokenBuckets`] counts the same way, so
//! that many units and many readers together stay under one limit. It knows only this process:
//! what else calls in the account shows up as throttling, and then it slows down.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use muster_core::ids::{AccountId, Region};
use tokio::time::Instant;

use crate::operations::{Operation, Rate};

/// Where calls are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The account asked; `None` while it is not known yet.
    pub account: Option<AccountId>,
    /// The Region asked.
    pub region: Region,
}

/// Decides when a call may go out. Every call asks it first.
#[async_trait]
pub trait Pacer: Send + Sync + fmt::Debug {
    /// Waits until the call may be made. Dropping the future gives up the call.
    async fn admit(&self, scope: &Scope, operation: Operation);

    /// AWS throttled an attempt. Called for each attempt, also for those that the SDK retries.
    fn throttled(&self, scope: &Scope, operation: Operation);
}

/// The least part of its rate to which throttling slows an operation.
const FACTOR_MIN: f64 = 1.0 / 16.0;

/// Throttled attempts within this time of a slow-down are of the same burst and do not slow down
/// again.
const SAME_BURST: Duration = Duration::from_secs(1);

/// After this time without throttling a slowed operation doubles its rate, up to its own.
const RECOVERY: Duration = Duration::from_mins(1);

/// A token bucket for each account, Region and operation, at the rates of the operations' table.
///
/// A throttled attempt empties the bucket and halves its rate (down to a sixteenth); each quiet
/// minute doubles it again. Admission is first come, first served. One bucket takes about 100
/// bytes, and there are as many as accounts, Regions and operations together.
#[derive(Debug, Default)]
pub struct TokenBuckets {
    buckets: Mutex<HashMap<(Scope, Operation), Bucket>>,
}

impl TokenBuckets {
    /// New, full buckets.
    pub fn new() -> Self {
        Self::default()
    }

    fn with_bucket<T>(
        &self,
        scope: &Scope,
        operation: Operation,
        act: impl FnOnce(&mut Bucket, Instant) -> T,
    ) -> T {
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets
            .entry((scope.clone(), operation))
            .or_insert_with(|| Bucket::full(operation.rate(), now));
        act(bucket, now)
    }
}

#[async_trait]
impl Pacer for TokenBuckets {
    async fn admit(&self, scope: &Scope, operation: Operation) {
        let turn = self.with_bucket(scope, operation, Bucket::reserve);
        tokio::time::sleep_until(turn).await;
    }

    fn throttled(&self, scope: &Scope, operation: Operation) {
        self.with_bucket(scope, operation, Bucket::slow_down);
    }
}

/// Tokens of one account, Region and operation. Below zero they are reserved for calls that wait.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    tokens: f64,
    counted: Instant,
    /// Part of the rate that is used now.
    factor: f64,
    /// When throttling last slowed it, or a quiet time last sped it up.
    changed: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { rate, tokens: rate.burst, counted: now, factor: 1.0, changed: now }
    }

    fn per_second(&self) -> f64 {
        self.rate.per_second * self.factor
    }

    /// Takes a token and says when it may be used.
    fn reserve(&mut self, now: Instant) -> Instant {
        self.refill(now);
        self.tokens -= 1.0;
        if self.tokens >= 0.0 {
            return now;
        }
        now + Duration::from_secs_f64(-self.tokens / self.per_second())
    }

    fn slow_down(&mut self, now: Instant) {
        self.refill(now);
        self.tokens = self.tokens.min(0.0);
        let same_burst = self.factor < 1.0 && now.duration_since(self.changed) < SAME_BURST;
        if !same_burst {
            self.factor = (self.factor / 2.0).max(FACTOR_MIN);
        }
        self.changed = now;
    }

    fn refill(&mut self, now: Instant) {
        let seconds = now.duration_since(self.counted).as_secs_f64();
        self.tokens = seconds.mul_add(self.per_second(), self.tokens).min(self.rate.burst);
        self.counted = now;
        while self.factor < 1.0 && now.duration_since(self.changed) >= RECOVERY {
            self.factor = (self.factor * 2.0).min(1.0);
            self.changed += RECOVERY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 3.0, burst: 6.0 };

    fn second(number: f64) -> Duration {
        Duration::from_secs_f64(number)
    }

    #[test]
    fn a_burst_goes_at_once_and_then_the_rate_holds() {
        let start = Instant::now();
        let mut bucket = Bucket::full(RATE, start);

        let turns: Vec<Duration> =
            (0..12).map(|_| bucket.reserve(start).duration_since(start)).collect();

        assert!(turns[..6].iter().all(Duration::is_zero), "{turns:?}");
        for (position, turn) in turns[6..].iter().enumerate() {
            let expected = f64::from(u32::try_from(position + 1).unwrap()) / 3.0;
            assert!((turn.as_secs_f64() - expected).abs() < 1e-6, "{turns:?}");
        }
    }

    #[test]
    fn a_pause_fills_the_bucket_to_its_burst_and_no_further() {
        let start = Instant::now();
        let mut bucket = Bucket::full(RATE, start);
        for _ in 0..6 {
            bucket.reserve(start);
        }

        let later = start + second(3600.0);
        let at_once = (0..10).filter(|_| bucket.reserve(later) == later).count();

        assert_eq!(at_once, 6);
    }

    #[test]
    fn throttling_empties_the_bucket_and_halves_the_rate_once_for_a_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::full(RATE, start);

        bucket.slow_down(start);
        bucket.slow_down(start + second(0.2));
        bucket.slow_down(start + second(0.4));

        assert!((bucket.per_second() - 1.5).abs() < f64::EPSILON);
        assert!(bucket.reserve(start + second(0.4)) > start + second(0.4));
    }

    #[test]
    fn the_rate_has_a_floor_and_recovers_after_quiet_minutes() {
        let start = Instant::now();
        let mut bucket = Bucket::full(RATE, start);
        for step in 0..20 {
            bucket.slow_down(start + second(f64::from(step) * 2.0));
        }
        assert!((bucket.factor - FACTOR_MIN).abs() < f64::EPSILON);

        bucket.refill(start + second(38.0 + 61.0));
        assert!((bucket.factor - 2.0 * FACTOR_MIN).abs() < f64::EPSILON);

        bucket.refill(start + second(38.0 + 600.0));
        assert!((bucket.factor - 1.0).abs() < f64::EPSILON);
    }

    #[tokio::test]
    async fn scopes_and_operations_are_counted_apart() {
        let buckets = TokenBuckets::new();
        let scope = |region: &str| Scope { account: None, region: region.parse().unwrap() };
        let home = scope("eu-central-1");
        for _ in 0..5 {
            buckets.admit(&home, Operation::SecurityHubGetFindings).await;
        }

        let turn = |scope: &Scope, operation| {
            buckets.with_bucket(scope, operation, |bucket, now| {
                bucket.reserve(now).duration_since(now)
            })
        };

        assert!(!turn(&home, Operation::SecurityHubGetFindings).is_zero());
        assert!(turn(&home, Operation::GuardDutyListFindings).is_zero());
        assert!(turn(&scope("eu-west-1"), Operation::SecurityHubGetFindings).is_zero());
    }
}
