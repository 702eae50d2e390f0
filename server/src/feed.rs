//! Tells watchers that something was committed, and hands them the newest changes.
//!
//! The writer publishes after a commit is durable and the view shows it, so what a watcher sees
//! survives a crash. The feed keeps a bounded run of the newest changes for those who keep up;
//! whoever falls behind reads the log from the store. It never waits for anybody, and a watcher
//! costs it nothing (promise F3).

use std::collections::VecDeque;
use std::sync::{Arc, RwLock};

use muster_core::change::Change;
use muster_core::finding::Finding;
use muster_core::ids::Revision;
use tokio::sync::watch;

/// How many changes the feed keeps at most for watchers that keep up.
pub const RECENT_MAX: usize = 8192;

/// A committed change with the finding as it was right after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The log entry.
    pub change: Change,
    /// The finding at `change.revision`, without the raw documents of its reports.
    pub finding: Finding,
}

/// The live end of the log.
#[derive(Debug)]
pub struct Feed {
    recent: RwLock<VecDeque<Arc<Published>>>,
    head: watch::Sender<Revision>,
}

impl Feed {
    /// A feed that begins after `head`.
    pub fn new(head: Revision) -> Self {
        Self { recent: RwLock::default(), head: watch::Sender::new(head) }
    }

    /// The newest revision that is durable and shown by the view.
    pub fn head(&self) -> Revision {
        *self.head.borrow()
    }

    /// Wakes whenever the head moves. Being woken carries no data: read from your own position.
    pub fn subscribe(&self) -> watch::Receiver<Revision> {
        self.head.subscribe()
    }

    /// Up to `limit` changes right after `after`, in order and without a gap. `None` when the feed
    /// no longer holds the first of them: read the log from the store.
    pub fn recent(&self, after: Revision, limit: usize) -> Option<Vec<Arc<Published>>> {
        if after >= self.head() {
            return Some(Vec::new());
        }
        let recent = self.recent.read().expect("no holder of this lock panics");
        let first = recent.front()?.change.revision;
        let skip = usize::try_from(after.next().0.checked_sub(first.0)?).ok()?;
        Some(recent.iter().skip(skip).take(limit).cloned().collect())
    }

    /// Publishes what was committed, in order. For the writer alone.
    pub fn publish(&self, published: impl IntoIterator<Item = Published>, head: Revision) {
        {
            let mut recent = self.recent.write().expect("no holder of this lock panics");
            recent.extend(published.into_iter().map(Arc::new));
            let surplus = recent.len().saturating_sub(RECENT_MAX);
            recent.drain(..surplus);
        }
        self.head.send_replace(head);
    }
}
