//! Removes what is over its retention, in bounded steps.

use muster_core::ids::{FindingId, Revision};
use muster_core::time::Millis;

use super::requests::{REQUEST_KEPT_MS, decode};
use super::thread::Writer;
use crate::store::{Commit, MetaTable, MetaWrite, StoreError};

/// How many rows one step removes at most: a few milliseconds, so that nobody waits for it.
const STEP_ROWS_MAX: usize = 500;

impl Writer {
    /// One step; says how many rows it dealt with, zero when there is nothing left.
    pub(super) fn housekeep(&mut self, now: Millis) -> Result<u64, StoreError> {
        Ok(self.forget_requests(now)? + self.compact(now)?)
    }

    /// Forgets the outcomes of old calls: looks at one run of rows, and says how many it looked at;
    /// zero at the end of the table.
    fn forget_requests(&mut self, now: Millis) -> Result<u64, StoreError> {
        let cutoff = now.plus(-REQUEST_KEPT_MS);
        let after = std::mem::take(&mut self.searched);
        let rows = self.parts.store.scan_meta(MetaTable::Request, &after, STEP_ROWS_MAX)?;
        let Some((last, _)) = rows.last() else { return Ok(0) };
        self.searched.clone_from(last);
        let looked = rows.len() as u64;
        let mut old = Vec::new();
        for (key, value) in rows {
            let id = String::from_utf8_lossy(&key).into_owned();
            if decode(&id, &value)?.time < cutoff {
                old.push(MetaWrite { table: MetaTable::Request, key, value: None });
            }
        }
        if !old.is_empty() {
            let id = self.commit_id();
            self.parts.store.commit(&Commit { id, mutations: Vec::new(), meta: old })?;
        }
        Ok(looked)
    }

    /// Removes old log entries, and the findings that were closed then and did not change since.
    fn compact(&mut self, now: Millis) -> Result<u64, StoreError> {
        let cutoff = self.cutoff(now);
        let oldest = self.parts.store.oldest();
        let before = Revision(oldest.0.saturating_sub(1));
        let run = self.parts.store.changes(before, STEP_ROWS_MAX)?;
        let old: Vec<_> = run.changes.iter().take_while(|change| change.time < cutoff).collect();
        // The newest entry stays, so that the log never looks as if it had not begun.
        let Some(last) = old.iter().rev().find(|change| change.revision < run.head) else {
            return Ok(0);
        };
        let through = last.revision;
        let closed: Vec<FindingId> = {
            let gone = old
                .iter()
                .filter(|change| change.revision <= through && !change.after.status.is_open());
            let ids: Vec<FindingId> = gone.map(|change| change.finding).collect();
            let heads = self.parts.store.findings(&ids)?;
            let gone = heads
                .into_iter()
                .flatten()
                .filter(|finding| finding.updated < cutoff && !finding.facts.status.is_open());
            gone.map(|finding| finding.id).collect()
        };
        let reached = self.parts.store.compact(through, &closed)?;
        self.parts.view.write().expect("no holder of this lock panics").remove(&closed);
        Ok(reached.0.saturating_sub(oldest.0) + closed.len() as u64)
    }
}
