//! The one thread that writes.
//!
//! It owns `apply_batch` and `flush`: batches of two threads that merge leaves can deadlock in this
//! version of the engine, and a revision is durable only after the flush that follows it. A failed
//! or doubtful write poisons the store: the handle is given up without being dropped, because
//! dropping flushes, and a flush after a failed one never returns.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use muster_core::ids::{FindingId, Revision};

use super::gate::Gate;
use super::readers::message;
use super::state::State;
use super::{Db, StoreError, corrupt, io_error};
use crate::store::{Committed, MetaWrite, Outcome, codec, keys};

/// What the writer is asked.
pub(super) enum Command {
    /// Write a commit.
    Commit(Prepared, SyncSender<Result<Committed, StoreError>>),
    /// Remove.
    Compact(Revision, Vec<FindingId>, SyncSender<Result<(), StoreError>>),
}

/// A commit, packed.
pub(super) struct Prepared {
    pub(super) id: [u8; 16],
    pub(super) rows: Vec<Rows>,
    pub(super) meta: Vec<MetaWrite>,
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
    db: Db,
    state: State,
    gate: Arc<Gate>,
}

impl Writer {
    pub(super) fn new(db: Db, state: State, gate: Arc<Gate>) -> Self {
        Self { db, state, gate }
    }

    /// Works until nobody can ask any more, or a write fails.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        while let Ok(command) = commands.recv() {
            // The caller may be gone; the work is done all the same.
            let ended = match command {
                Command::Commit(prepared, reply) => {
                    let result = self.guarded(|writer| writer.commit(prepared));
                    let ended = result.is_err();
                    reply.send(result).ok();
                    ended
                }
                Command::Compact(through, ids, reply) => {
                    let result = self.guarded(|writer| writer.compact(through, &ids));
                    let ended = result.is_err();
                    reply.send(result).ok();
                    ended
                }
            };
            if ended {
                std::mem::forget(self);
                return;
            }
        }
        if let Err(error) = self.guarded(|writer| writer.flush()) {
            tracing::error!(error = %error, "failed to flush the store at its end");
            std::mem::forget(self);
        }
    }

    /// Runs `work`; an error or a panic in it poisons the store.
    fn guarded<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let result = catch_unwind(AssertUnwindSafe(|| work(self)));
        let error = match result {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => error,
            Err(panic) => {
                let cause = format!("the engine panicked: {}", message(&*panic));
                StoreError::Poisoned { cause }
            }
        };
        self.gate.poison(chain(&error));
        Err(error)
    }

    fn commit(&mut self, mut prepared: Prepared) -> Result<Committed, StoreError> {
        if let Some((id, committed)) = &self.state.last
            && *id == prepared.id
        {
            return Ok(committed.clone());
        }
        let mut batch = sled::Batch::default();
        let mut next = self.state.clone();
        let outcomes = self.add_rows(&mut batch, &mut next, std::mem::take(&mut prepared.rows))?;
        if outcomes.iter().all(|outcome| matches!(outcome, Outcome::Applied(_))) {
            add_meta(&mut batch, prepared.meta);
        }
        let committed = Committed { outcomes, head: next.head };
        next.last = Some((prepared.id, committed.clone()));
        self.write(batch, next)?;
        Ok(committed)
    }

    /// Adds what is not stale, and says what became of each.
    fn add_rows(
        &self,
        batch: &mut sled::Batch,
        next: &mut State,
        rows: Vec<Rows>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut written = HashMap::new();
        let mut outcomes = Vec::with_capacity(rows.len());
        for mut row in rows {
            let newest = match written.get(&row.finding) {
                Some(revision) => *revision,
                None => self.newest(row.finding)?,
            };
            if newest != row.base {
                outcomes.push(Outcome::Stale(newest));
                continue;
            }
            let revision = next.head.next();
            codec::set_revision(&mut row.head, revision);
            codec::set_revision(&mut row.record, revision);
            batch.insert(&keys::head(row.finding), row.head);
            batch.insert(&keys::record(row.finding), row.record);
            batch.insert(&keys::change(revision), row.change);
            written.insert(row.finding, revision);
            next.head = revision;
            outcomes.push(Outcome::Applied(revision));
        }
        Ok(outcomes)
    }

    /// The newest revision of a finding; zero when there is none.
    fn newest(&self, id: FindingId) -> Result<Revision, StoreError> {
        let row = self
            .db
            .get(keys::head(id))
            .map_err(|source| io_error(format!("read the head of {id}"), source))?;
        match row {
            Some(row) => {
                codec::read_revision(&row).map_err(|damage| corrupt(&format!("head {id}"), &damage))
            }
            None => Ok(Revision::ZERO),
        }
    }

    fn compact(&mut self, through: Revision, ids: &[FindingId]) -> Result<(), StoreError> {
        let mut next = self.state.clone();
        next.oldest = through.min(next.head).next().max(next.oldest);
        let removed = self.state.oldest.0..next.oldest.0;
        let mut batch = sled::Batch::default();
        for id in ids {
            batch.remove(&keys::head(*id));
            batch.remove(&keys::record(*id));
        }
        self.write(batch, next)?;
        for revision in removed {
            self.db
                .remove(keys::change(Revision(revision)))
                .map_err(|source| io_error("remove old log entries", source))?;
        }
        self.flush()
    }

    /// Writes a batch and the state that follows, and publishes it once it is durable.
    fn write(&mut self, mut batch: sled::Batch, next: State) -> Result<(), StoreError> {
        batch.insert(&keys::STATE, next.encode());
        self.gate.begin();
        self.db
            .apply_batch(batch)
            .map_err(|source| io_error("apply a batch to the store", source))?;
        self.flush()?;
        self.gate.publish(next.head, next.oldest);
        self.state = next;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.db.flush().map_err(|source| io_error("flush the store", source))?;
        Ok(())
    }
}

fn add_meta(batch: &mut sled::Batch, meta: Vec<MetaWrite>) {
    for write in meta {
        let key = keys::meta(write.table, &write.key);
        match write.value {
            Some(value) => batch.insert(key, value),
            None => batch.remove(key),
        }
    }
}

/// An error with its causes, in one line.
fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// Opens the engine in `path`.
pub(super) fn open_engine(path: &Path, cache_bytes: usize) -> std::io::Result<Db> {
    sled::Config {
        path: path.to_owned(),
        cache_capacity_bytes: cache_bytes,
        zstd_compression_level: 1,
        // Never by itself in the life of a process. `None` would be right by its name, but with it
        // each dropped clone and each iterator flushes, on the thread of the reader.
        flush_every_ms: Some(FLUSH_NEVER_MS),
        ..sled::Config::new()
    }
    .open()
}

/// A thousand years.
const FLUSH_NEVER_MS: usize = 1_000 * 365 * 24 * 3_600 * 1_000;
