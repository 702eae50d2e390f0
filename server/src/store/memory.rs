//! The store in memory: the model that every engine is compared with, and the store of tests.
//!
//! It keeps the promises of [`Store`] except durability, as plainly as they can be written down.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use muster_core::change::Change;
use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};

use super::{
    COMPACT_CHANGES_MAX, Changes, Commit, Committed, Head, MetaRow, MetaTable, Outcome, Store,
    StoreError, check_meta,
};

/// A store that ends with the process.
#[derive(Debug)]
pub struct MemoryStore {
    log_id: [u8; 16],
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    findings: BTreeMap<FindingId, Finding>,
    changes: BTreeMap<Revision, Change>,
    meta: BTreeMap<(MetaTable, Vec<u8>), Vec<u8>>,
    head: Revision,
    oldest: Revision,
    last: Option<([u8; 16], Committed)>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            log_id: uuid::Uuid::new_v4().into_bytes(),
            state: Mutex::new(State { oldest: Revision(1), ..State::default() }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    fn commit(&mut self, commit: &Commit) -> Committed {
        let mut outcomes = Vec::with_capacity(commit.mutations.len());
        for mutation in &commit.mutations {
            let id = mutation.finding.id;
            let newest = self.findings.get(&id).map_or(Revision::ZERO, |f| f.revision);
            if newest != mutation.base {
                outcomes.push(Outcome::Stale(newest));
                continue;
            }
            let revision = self.head.next();
            let change =
                Change { revision, previous: newest, finding: id, ..mutation.change.clone() };
            self.findings.insert(id, Finding { revision, ..mutation.finding.clone() });
            self.changes.insert(revision, change);
            self.head = revision;
            outcomes.push(Outcome::Applied(revision));
        }
        let complete = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Applied(_)));
        for write in commit.meta.iter().filter(|_| complete) {
            let key = (write.table, write.key.clone());
            match &write.value {
                Some(value) => self.meta.insert(key, value.clone()),
                None => self.meta.remove(&key),
            };
        }
        Committed { outcomes, head: self.head }
    }
}

impl Store for MemoryStore {
    fn log_id(&self) -> [u8; 16] {
        self.log_id
    }

    fn head(&self) -> Revision {
        self.state().head
    }

    fn oldest(&self) -> Revision {
        self.state().oldest
    }

    fn scan_heads(&self, visit: &mut dyn FnMut(Head)) -> Result<(), StoreError> {
        for finding in self.state().findings.values() {
            visit(Head::of(finding));
        }
        Ok(())
    }

    fn scan_findings(&self, visit: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
        // As in the engine, whoever visits may read.
        let ids: Vec<FindingId> = self.state().findings.keys().copied().collect();
        for id in ids {
            let finding = self.state().findings.get(&id).cloned();
            finding.into_iter().for_each(&mut *visit);
        }
        Ok(())
    }

    fn findings(&self, ids: &[FindingId]) -> Result<Vec<Option<Finding>>, StoreError> {
        let state = self.state();
        Ok(ids.iter().map(|id| state.findings.get(id).cloned()).collect())
    }

    fn changes(&self, after: Revision, limit: usize) -> Result<Changes, StoreError> {
        let state = self.state();
        if after < state.head && after.next() < state.oldest {
            return Err(StoreError::Compacted { oldest: state.oldest });
        }
        let run = state.changes.range((Bound::Excluded(after), Bound::Unbounded));
        let changes = run.take(limit).map(|(_, change)| change.clone()).collect();
        Ok(Changes { changes, head: state.head })
    }

    fn change(&self, revision: Revision) -> Result<Option<Change>, StoreError> {
        Ok(self.state().changes.get(&revision).cloned())
    }

    fn commit(&self, commit: &Commit) -> Result<Committed, StoreError> {
        check_meta(&commit.meta)?;
        let mut state = self.state();
        if let Some((id, committed)) = &state.last
            && *id == commit.id
        {
            return Ok(committed.clone());
        }
        let committed = state.commit(commit);
        state.last = Some((commit.id, committed.clone()));
        Ok(committed)
    }

    fn meta(&self, table: MetaTable, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().meta.get(&(table, key.to_vec())).cloned())
    }

    fn scan_meta(
        &self,
        table: MetaTable,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<MetaRow>, StoreError> {
        let from = match after {
            [] => Bound::Included((table, Vec::new())),
            after => Bound::Excluded((table, after.to_vec())),
        };
        let state = self.state();
        let rows = state.meta.range((from, Bound::Unbounded));
        let rows = rows.take_while(|((found, _), _)| *found == table).take(limit);
        Ok(rows.map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }

    fn compact(&self, through: Revision, ids: &[FindingId]) -> Result<Revision, StoreError> {
        let mut state = self.state();
        let through = through.0.min(state.oldest.0.saturating_add(COMPACT_CHANGES_MAX - 1));
        let oldest = Revision(through.min(state.head.0)).next().max(state.oldest);
        state.oldest = oldest;
        state.changes = state.changes.split_off(&oldest);
        for id in ids {
            state.findings.remove(id);
        }
        Ok(oldest)
    }
}
