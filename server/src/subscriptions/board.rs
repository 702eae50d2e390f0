//! The subscriptions in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, RwLock};

use tokio::sync::watch;

use super::{Entry, row};
use crate::store::{MetaTable, Store, StoreError};

/// How many rows are read at once.
const STEP_ROWS: usize = 256;

/// Shows a subscription and wakes when it moves; `None` once it was removed.
pub type Watched = watch::Receiver<Option<Arc<Entry>>>;

/// Every subscription as it was committed last. The writer alone changes it.
#[derive(Debug, Default)]
pub struct Board {
    entries: RwLock<BTreeMap<String, watch::Sender<Option<Arc<Entry>>>>>,
}

impl Board {
    /// Reads all of them.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or a row does not read back.
    pub fn open(store: &dyn Store) -> Result<Self, StoreError> {
        let (mut rows, mut after) = (row::Rows::default(), Vec::new());
        loop {
            let step = store.scan_meta(MetaTable::Subscription, &after, STEP_ROWS)?;
            let Some((last, _)) = step.last() else { break };
            after.clone_from(last);
            for (key, value) in step {
                rows.add(&key, &value)?;
            }
        }
        let board = Self::default();
        for entry in rows.finish()? {
            board.put(Arc::new(entry));
        }
        Ok(board)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.read().expect("no holder of this lock panics").len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The subscription of that name.
    pub fn get(&self, name: &str) -> Option<Arc<Entry>> {
        let entries = self.entries.read().expect("no holder of this lock panics");
        entries.get(name).and_then(|entry| entry.borrow().clone())
    }

    /// Follows the subscription of that name.
    pub fn watch(&self, name: &str) -> Option<Watched> {
        let entries = self.entries.read().expect("no holder of this lock panics");
        entries.get(name).map(watch::Sender::subscribe)
    }

    /// Up to `limit` subscriptions with names after `after`, by name.
    pub fn page(&self, after: &str, limit: usize) -> Vec<Arc<Entry>> {
        let entries = self.entries.read().expect("no holder of this lock panics");
        let behind = entries.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        behind.filter_map(|(_, entry)| entry.borrow().clone()).take(limit).collect()
    }

    /// Shows what was committed.
    pub(crate) fn put(&self, entry: Arc<Entry>) {
        let name = entry.subscription.name.clone();
        let mut entries = self.entries.write().expect("no holder of this lock panics");
        match entries.get(&name) {
            Some(known) => drop(known.send_replace(Some(entry))),
            None => drop(entries.insert(name, watch::Sender::new(Some(entry)))),
        }
    }

    /// Forgets what was removed; whoever follows it learns of it.
    pub(crate) fn remove(&self, name: &str) {
        let mut entries = self.entries.write().expect("no holder of this lock panics");
        if let Some(entry) = entries.remove(name) {
            entry.send_replace(None);
        }
    }
}
