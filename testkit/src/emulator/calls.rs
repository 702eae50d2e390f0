//! What was asked of the emulator, for tests to read.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::operation::Operation;
use crate::scope::Scope;

/// How many requests are kept whole; the oldest go first.
pub const REQUESTS_KEPT: usize = 2_000;

/// Counts of the calls of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCount {
    /// All calls that arrived, whatever became of them.
    pub calls: u64,
    /// Those refused by a rate limit or an injected throttle.
    pub throttled: u64,
    /// Those answered with any other error, or not at all.
    pub failed: u64,
    succeeded: u64,
}

impl CallCount {
    /// Calls that were answered with success.
    pub fn succeeded(self) -> u64 {
        self.succeeded
    }

    /// Calls that were not answered yet, or whose caller went away before they were.
    pub fn unanswered(self) -> u64 {
        self.calls - self.succeeded - self.throttled - self.failed
    }

    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.throttled += other.throttled;
        self.failed += other.failed;
        self.succeeded += other.succeeded;
    }
}

/// One request, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it asked for.
    pub operation: Operation,
    /// Whose it was, and for which Region it was signed.
    pub scope: Scope,
    /// Path and query.
    pub target: String,
    /// The body.
    pub body: Bytes,
}

/// The calls until a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    counts: BTreeMap<(Operation, Scope), CallCount>,
    requests: VecDeque<Request>,
    refused: u64,
}

impl Calls {
    /// Counts of an operation over all accounts and Regions.
    pub fn of(&self, operation: Operation) -> CallCount {
        self.sum(|of, _| of == operation)
    }

    /// Counts of an operation in one account and Region.
    pub fn in_scope(&self, operation: Operation, scope: &Scope) -> CallCount {
        self.sum(|of, at| of == operation && at == scope)
    }

    /// Counts of all operations.
    pub fn total(&self) -> CallCount {
        self.sum(|_, _| true)
    }

    /// Requests that were no known operation, or were not signed.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// The latest requests (at most [`REQUESTS_KEPT`]), oldest first.
    pub fn requests(&self) -> impl DoubleEndedIterator<Item = &Request> {
        self.requests.iter()
    }

    /// The latest requests of one operation, oldest first.
    pub fn requests_of(&self, operation: Operation) -> impl DoubleEndedIterator<Item = &Request> {
        self.requests.iter().filter(move |request| request.operation == operation)
    }

    fn sum(&self, wanted: impl Fn(Operation, &Scope) -> bool) -> CallCount {
        let mut sum = CallCount::default();
        for ((operation, scope), count) in &self.counts {
            if wanted(*operation, scope) {
                sum.add(*count);
            }
        }
        sum
    }

    pub(crate) fn refuse(&mut self) {
        self.refused += 1;
    }

    pub(crate) fn receive(&mut self, request: Request) {
        let key = (request.operation, request.scope.clone());
        self.counts.entry(key).or_default().calls += 1;
        if self.requests.len() == REQUESTS_KEPT {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }

    pub(crate) fn finish(&mut self, operation: Operation, scope: &Scope, end: End) {
        let count = self.counts.entry((operation, scope.clone())).or_default();
        match end {
            End::Answered => count.succeeded += 1,
            End::Throttled => count.throttled += 1,
            End::Failed => count.failed += 1,
        }
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Answered,
    Throttled,
    Failed,
}
