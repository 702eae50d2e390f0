//! The one thread that writes.
//!
//! It owns `apply_batch` and `flush`: batches of two threads that merge leaves can deadlock in this
//! version of the engine, and a revision is durable only after the flush that follows it. A failed
//! or doubtful write poisons the store: the handle is given up without being dropped, because
//! dropping flushes, and a flush after a failed one never returns.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use muster_core::ids::{FindingId, Revision};

use super::readers::message;
use super::residence::Residence;
use super::state::State;
use super::{Db, Shared, StoreError, corrupt, io_error, scan_places};
use crate::store::codec::{self, Dictionary};
use crate::store::keys::{self, Slot, Table};
use crate::store::{COMPACT_CHANGES_MAX, Committed, MetaWrite, Outcome};

/// What the writer is asked.
pub(super) enum Command {
    /// Write a commit.
    Commit(Prepared, SyncSender<Result<Committed, StoreError>>),
    /// Remove.
    Compact(Revision, Vec<FindingId>, SyncSender<Result<Revision, StoreError>>),
}

/// A commit, packed.
pub(super) struct Prepared {
    pub(super) id: [u8; 16],
    pub(super) rows: Vec<Rows>,
    pub(super) meta: Vec<MetaWrite>,
    /// A new dictionary, to be used once it is durable.
    pub(super) dictionary: Option<(u32, Vec<u8>)>,
}

/// The rows of one mutation.
pub(super) struct Rows {
    pub(super) finding: FindingId,
    pub(super) base: Revision,
    pub(super) head: Vec<u8>,
    pub(super) record: Vec<u8>,
    pub(super) change: Vec<u8>,
}

/// The writer's own.
pub(super) struct Writer {
    /// `None` only while the engine is being reopened.
    db: Option<Db>,
    state: State,
    shared: Arc<Shared>,
    residence: Residence,
}

/// What a commit adds, until it is durable.
struct Draft {
    batch: sled::Batch,
    state: State,
    /// Findings that are new.
    added: Vec<(FindingId, Slot)>,
    /// The newest revision of each finding that the commit writes.
    written: HashMap<FindingId, (Slot, Revision)>,
}

impl Writer {
    pub(super) fn new(db: Db, state: State, shared: Arc<Shared>) -> Self {
        Self { db: Some(db), state, shared, residence: Residence::default() }
    }

    /// Works until nobody can ask any more, or a write fails.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        while let Ok(command) = commands.recv() {
            // The caller may be gone; the work is done all the same.
            let failed = match command {
                Command::Commit(prepared, reply) => {
                    let result = self.guarded(|writer| writer.commit(prepared));
                    let failed = result.is_err();
                    reply.send(result).ok();
                    failed
                }
                Command::Compact(through, ids, reply) => {
                    let result = self.guarded(|writer| writer.compact(through, &ids));
                    let failed = result.is_err();
                    reply.send(result).ok();
                    failed
                }
            };
            if failed || self.guarded(Self::bound_memory).is_err() {
                std::mem::forget(self.db.take());
                return;
            }
        }
        if self.guarded(|writer| writer.flush()).is_err() {
            std::mem::forget(self.db.take());
        }
    }

    /// Runs `work`; an error or a panic in it poisons the store.
    fn guarded<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let error = match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => error,
            Err(panic) => {
                StoreError::Poisoned { cause: format!("the engine panicked: {}", message(&*panic)) }
            }
        };
        self.shared.gate.poison(error.chain());
        Err(error)
    }

    fn commit(&mut self, prepared: Prepared) -> Result<Committed, StoreError> {
        if let Some((id, committed)) = &self.state.last
            && *id == prepared.id
        {
            return Ok(committed.clone());
        }
        let mut draft = self.draft();
        let outcomes = self.add_rows(&mut draft, prepared.rows)?;
        if outcomes.iter().all(|outcome| matches!(outcome, Outcome::Applied(_))) {
            self.add_meta(&mut draft, prepared.meta);
        }
        if let Some((number, bytes)) = &prepared.dictionary {
            draft.batch.insert(keys::dictionary(*number), bytes.as_slice());
        }
        let committed = Committed { outcomes, head: draft.state.head };
        draft.state.last = Some((prepared.id, committed.clone()));
        self.write(draft, &[])?;
        if let Some((number, bytes)) = &prepared.dictionary {
            self.shared.dictionaries.add(Dictionary::new(*number, bytes));
        }
        Ok(committed)
    }

    fn draft(&self) -> Draft {
        Draft {
            batch: sled::Batch::default(),
            state: self.state.clone(),
            added: Vec::new(),
            written: HashMap::new(),
        }
    }

    /// Adds what is not stale, and says what became of each.
    fn add_rows(&mut self, draft: &mut Draft, rows: Vec<Rows>) -> Result<Vec<Outcome>, StoreError> {
        let ids: Vec<_> = rows.iter().map(|row| row.finding).collect();
        let slots = self.slots(&ids)?;
        let mut outcomes = Vec::with_capacity(rows.len());
        for (row, slot) in rows.into_iter().zip(slots) {
            let (slot, newest) = match (draft.written.get(&row.finding), slot) {
                (Some((slot, revision)), _) => (Some(*slot), *revision),
                (None, Some(slot)) => (Some(slot), self.newest(slot)?),
                (None, None) => (None, Revision::ZERO),
            };
            if newest == row.base {
                outcomes.push(Outcome::Applied(self.add_row(draft, row, slot)));
            } else {
                outcomes.push(Outcome::Stale(newest));
            }
        }
        Ok(outcomes)
    }

    fn add_row(&mut self, draft: &mut Draft, mut row: Rows, slot: Option<Slot>) -> Revision {
        let revision = draft.state.head.next();
        let slot = slot.unwrap_or_else(|| {
            draft.added.push((row.finding, Slot(revision.0)));
            Slot(revision.0)
        });
        codec::set_revision(&mut row.head, revision);
        codec::set_revision(&mut row.record, revision);
        self.residence.touch(Table::Head, slot.0, row.head.len());
        self.residence.touch(Table::Record, slot.0, row.record.len());
        self.residence.touch(Table::Log, revision.0, row.change.len());
        draft.batch.insert(keys::head(slot), row.head);
        draft.batch.insert(keys::record(slot), row.record);
        draft.batch.insert(keys::change(revision), row.change);
        draft.written.insert(row.finding, (slot, revision));
        draft.state.head = revision;
        revision
    }

    fn add_meta(&mut self, draft: &mut Draft, meta: Vec<MetaWrite>) {
        for write in meta {
            let key = keys::meta(write.table, &write.key);
            match write.value {
                Some(value) => {
                    self.residence.add(value.len());
                    draft.batch.insert(key, value);
                }
                None => draft.batch.remove(key),
            }
        }
    }

    /// Where findings lie; reads all heads when nobody has yet.
    fn slots(&self, ids: &[FindingId]) -> Result<Vec<Option<Slot>>, StoreError> {
        loop {
            if let Some(slots) = self.shared.places.slots(ids) {
                return Ok(slots);
            }
            scan_places(self.db(), &self.shared.places)?;
        }
    }

    /// The newest revision of the finding in `slot`.
    fn newest(&self, slot: Slot) -> Result<Revision, StoreError> {
        let name = || format!("the head in slot {}", slot.0);
        let row = self.db().get(keys::head(slot));
        let row = row.map_err(|source| io_error(format!("read {}", name()), source))?;
        let row = row.ok_or_else(|| StoreError::Corrupt { what: name() + " is missing" })?;
        codec::read_revision(&row).map_err(|damage| corrupt(&name(), &damage))
    }

    fn compact(&mut self, through: Revision, ids: &[FindingId]) -> Result<Revision, StoreError> {
        let mut draft = self.draft();
        let oldest = self.state.oldest;
        let through = through.0.min(oldest.0.saturating_add(COMPACT_CHANGES_MAX - 1));
        draft.state.oldest = Revision(through.min(self.state.head.0)).next().max(oldest);
        for slot in self.slots(ids)?.into_iter().flatten() {
            draft.batch.remove(keys::head(slot));
            draft.batch.remove(keys::record(slot));
        }
        self.write(draft, ids)?;
        self.remove_old_changes()?;
        Ok(self.state.oldest)
    }

    /// Removes the log entries before the oldest revision, one by one: unlike a batch, that merges
    /// the leaves that become empty. The state row already says that they are gone, so a crash in
    /// between leaves rows that nobody reads and the next compaction removes.
    fn remove_old_changes(&mut self) -> Result<(), StoreError> {
        let old = keys::change(Revision::ZERO)..keys::change(self.state.oldest);
        let mut keys = Vec::new();
        for row in self.db().range(old) {
            let (key, _) = row.map_err(|source| io_error("read old log entries", source))?;
            keys.push(key);
        }
        for key in keys {
            let removed = self.db().remove(key);
            removed.map_err(|source| io_error("remove an old log entry", source))?;
        }
        self.flush()
    }

    /// Writes a draft, and publishes it once it is durable.
    fn write(&mut self, mut draft: Draft, removed: &[FindingId]) -> Result<(), StoreError> {
        draft.batch.insert(keys::STATE, draft.state.encode());
        self.shared.gate.begin();
        let applied = self.db().apply_batch(draft.batch);
        applied.map_err(|source| io_error("apply a batch to the store", source))?;
        self.flush()?;
        // Places first: who sees the revision must find the finding.
        self.shared.places.add(draft.added);
        self.shared.places.remove(removed);
        self.shared.gate.publish(draft.state.head, draft.state.oldest);
        self.state = draft.state;
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.db().flush().map_err(|source| io_error("flush the store", source))?;
        Ok(())
    }

    /// Reopens the engine when the leaves that it cannot evict are too many.
    fn bound_memory(&mut self) -> Result<(), StoreError> {
        let options = &self.shared.options;
        if self.residence.bytes() < options.written_bytes || !self.shared.readers.close() {
            return Ok(());
        }
        let began = std::time::Instant::now();
        drop(self.db.take());
        match super::open_engine(&self.shared.path, options) {
            Ok(db) => {
                self.shared.readers.reopen(Some(db.clone()));
                self.db = Some(db);
            }
            Err(error) => {
                self.shared.readers.reopen(None);
                return Err(error);
            }
        }
        self.residence = Residence::default();
        tracing::debug!(elapsed = ?began.elapsed(), "reopened the engine to give back its memory");
        Ok(())
    }

    fn db(&self) -> &Db {
        self.db.as_ref().expect("the engine is open unless it is being reopened")
    }
}
