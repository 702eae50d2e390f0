//! What is durable, and whether the store still writes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use muster_core::ids::Revision;

use crate::store::StoreError;

/// Tells readers what the writer has made durable.
///
/// A row can be read from the engine as soon as it is applied, a moment before it is durable. A
/// reader that meets one waits here, so that nobody is shown what a crash could take back.
#[derive(Debug)]
pub(super) struct Gate {
    head: AtomicU64,
    oldest: AtomicU64,
    inner: Mutex<Inner>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    in_flight: bool,
    poison: Option<String>,
}

impl Gate {
    /// A store that was opened at `head`.
    pub(super) fn new(head: Revision, oldest: Revision) -> Self {
        Self {
            head: AtomicU64::new(head.0),
            oldest: AtomicU64::new(oldest.0),
            inner: Mutex::default(),
            moved: Condvar::new(),
        }
    }

    /// The newest durable revision.
    pub(super) fn head(&self) -> Revision {
        Revision(self.head.load(Ordering::Acquire))
    }

    /// The oldest revision left.
    pub(super) fn oldest(&self) -> Revision {
        Revision(self.oldest.load(Ordering::Acquire))
    }

    /// Rows are about to be applied.
    pub(super) fn begin(&self) {
        self.inner().in_flight = true;
    }

    /// What was applied is durable.
    pub(super) fn publish(&self, head: Revision, oldest: Revision) {
        let mut inner = self.inner();
        self.oldest.store(oldest.0, Ordering::Release);
        self.head.store(head.0, Ordering::Release);
        inner.in_flight = false;
        drop(inner);
        self.moved.notify_all();
    }

    /// A write failed: nothing more is written, and nobody waits any more. The first cause stays.
    pub(super) fn poison(&self, cause: String) {
        self.inner().poison.get_or_insert(cause);
        self.moved.notify_all();
    }

    /// Fails when a write has failed.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        Self::poisoned(&self.inner())
    }

    /// Waits until `revision` is durable.
    pub(super) fn wait_for(&self, revision: Revision) -> Result<(), StoreError> {
        self.wait_until(|_| self.head() >= revision)
    }

    /// Waits until nothing is applied that is not durable.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        self.wait_until(|inner| !inner.in_flight)
    }

    fn wait_until(&self, done: impl Fn(&Inner) -> bool) -> Result<(), StoreError> {
        let mut inner = self.inner();
        while !done(&inner) {
            Self::poisoned(&inner)?;
            inner = self.moved.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    fn poisoned(inner: &Inner) -> Result<(), StoreError> {
        match &inner.poison {
            Some(cause) => Err(StoreError::Poisoned { cause: cause.clone() }),
            None => Ok(()),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
