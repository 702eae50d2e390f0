//! Rate limits: a token bucket for each (account, Region, operation), in the emulator's time.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::operation::{Operation, Service};
use crate::scope::Scope;

/// A rate limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Calls a second, in the long run.
    pub per_second: f64,
    /// Calls at once, after a pause.
    pub burst: f64,
}

impl Limit {
    /// A limit that is never reached.
    pub const NONE: Self = Self { per_second: f64::INFINITY, burst: f64::INFINITY };

    /// So many calls a second, and so many at once.
    pub const fn new(per_second: f64, burst: f64) -> Self {
        Self { per_second, burst }
    }
}

/// The limits of every operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits(BTreeMap<Operation, Limit>);

impl Limits {
    /// What AWS publishes for Security Hub (`GetFindings` 3 a second with bursts of 6, other
    /// operations 10 and 30), and generous guesses where it publishes nothing.
    pub fn published() -> Self {
        let limit = |operation: Operation| match (operation, operation.service()) {
            (Operation::GetFindings, _) => Limit::new(3.0, 6.0),
            (_, Service::SecurityHub) => Limit::new(10.0, 30.0),
            (
                _,
                Service::GuardDuty | Service::AccessAnalyzer | Service::Inspector | Service::Sts,
            ) => Limit::new(25.0, 50.0),
            (_, Service::Support) => Limit::new(10.0, 50.0),
        };
        Self(Operation::ALL.into_iter().map(|operation| (operation, limit(operation))).collect())
    }

    /// No limits.
    pub fn unlimited() -> Self {
        Self(BTreeMap::new())
    }

    /// The same with another limit for one operation.
    #[must_use]
    pub fn with(mut self, operation: Operation, limit: Limit) -> Self {
        self.0.insert(operation, limit);
        self
    }

    /// The limit of an operation.
    pub fn of(&self, operation: Operation) -> Limit {
        self.0.get(&operation).copied().unwrap_or(Limit::NONE)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::published()
    }
}

/// The buckets.
#[derive(Debug, Default)]
pub(crate) struct Buckets(HashMap<(Scope, Operation), Bucket>);

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled_at: Timestamp,
}

impl Buckets {
    /// Takes one call; `false` when the limit is reached.
    pub(crate) fn take(
        &mut self,
        scope: &Scope,
        operation: Operation,
        limit: Limit,
        now: Timestamp,
    ) -> bool {
        if limit == Limit::NONE {
            return true;
        }
        let bucket = self
            .0
            .entry((scope.clone(), operation))
            .or_insert(Bucket { tokens: limit.burst, filled_at: now });
        let waited = now.duration_since(bucket.filled_at).as_secs_f64().max(0.0);
        bucket.tokens = (bucket.tokens + waited * limit.per_second).min(limit.burst);
        bucket.filled_at = now;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }
}
