//! Builds a store from findings, changes and rows that another one had.

use std::path::{Path, PathBuf};

use muster_core::change::Change;
use muster_core::finding::Finding;
use muster_core::ids::Revision;

use super::lock::DirectoryLock;
use super::places::Found;
use super::residence::Residence;
use super::state::State;
use super::trainer::Trainer;
use super::{Db, SledOptions, StoreError, io_error, open_engine};
use crate::store::MetaTable;
use crate::store::codec::{self, Dictionaries, Dictionary, Packer};
use crate::store::keys::{self, Slot, Table};

/// How many rows are written at once.
const BATCH_ROWS: usize = 1_000;

/// How many bytes of rows are written at once, about (4 MiB): a row of a small table may have one.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// A store under construction. It can be opened once it is [finished](Self::finish); until then it
/// has no state row, and is refused.
pub(crate) struct Rebuild {
    /// `None` only while the engine is being reopened.
    db: Option<Db>,
    path: PathBuf,
    options: SledOptions,
    batch: sled::Batch,
    rows: usize,
    bytes: usize,
    slot: Slot,
    found: Found,
    residence: Residence,
    trainer: Trainer,
    dictionaries: Dictionaries,
    packer: Packer,
    _lock: DirectoryLock,
}

impl Rebuild {
    /// Begins in `directory`, which is empty.
    pub(crate) fn new(directory: &Path, options: &SledOptions) -> Result<Self, StoreError> {
        let lock = DirectoryLock::take(directory)?;
        let path = directory.join("sled");
        let db = open_engine(&path, options)?;
        let dictionaries = Dictionaries::default();
        Ok(Self {
            db: Some(db),
            path,
            options: options.clone(),
            batch: sled::Batch::default(),
            rows: 0,
            bytes: 0,
            slot: Slot(0),
            found: Found::default(),
            residence: Residence::default(),
            trainer: Trainer::new(0, options.dictionary_after),
            packer: Packer::new(&dictionaries),
            dictionaries,
            _lock: lock,
        })
    }

    /// Adds a finding, with its revision.
    ///
    /// Slots are given in the order in which findings come. There are at least as many revisions as
    /// findings, so none is given again later.
    pub(crate) fn finding(&mut self, finding: &Finding) -> Result<(), StoreError> {
        let slot = Slot(self.slot.0 + 1);
        self.slot = slot;
        self.found.note(finding.id, slot)?;
        let message = codec::record_message(finding);
        self.train(&message)?;
        let failed = |source| io_error(format!("pack finding {}", finding.id), source);
        let head = codec::head_row(finding);
        let record = codec::record_row(&message, finding.revision, &mut self.packer);
        let record = record.map_err(failed)?;
        // Its size is not checked: with the dictionary of the store that it came from it may have been
        // smaller.
        self.residence.touch(Table::Head, slot.0, head.len());
        self.residence.touch(Table::Record, slot.0, record.len());
        self.add(&keys::head(slot), head)?;
        self.add(&keys::record(slot), record)
    }

    /// Adds a change, with its revision.
    pub(crate) fn change(&mut self, change: &Change) -> Result<(), StoreError> {
        let failed = |source| io_error(format!("pack change {}", change.revision), source);
        let row = codec::change_row(change, change.previous, &mut self.packer).map_err(failed)?;
        self.residence.touch(Table::Log, change.revision.0, row.len());
        self.add(&keys::change(change.revision), row)
    }

    /// Adds a row of a small table.
    pub(crate) fn meta(
        &mut self,
        table: MetaTable,
        key: &[u8],
        value: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.residence.add(value.len());
        self.add(&keys::meta(table, key), value)
    }

    /// Completes the store: it is a new log, with the revisions that were given. Returns its id.
    pub(crate) fn finish(
        mut self,
        head: Revision,
        oldest: Revision,
    ) -> Result<[u8; 16], StoreError> {
        let log_id = uuid::Uuid::new_v4().into_bytes();
        let state = State { log_id, head, oldest, last: None };
        self.write()?;
        self.add(&keys::STATE, state.encode())?;
        self.write()?;
        Ok(log_id)
    }

    /// Trains the dictionary in passing. Waiting for it costs a second, and packs the rest better.
    fn train(&mut self, message: &[u8]) -> Result<(), StoreError> {
        if !self.trainer.offer(message) {
            return Ok(());
        }
        self.trainer.finish();
        if let Some((number, bytes)) = self.trainer.take() {
            self.dictionaries.add(Dictionary::new(number, &bytes));
            self.packer = Packer::new(&self.dictionaries);
            self.add(&keys::dictionary(number), bytes)?;
        }
        Ok(())
    }

    fn add(&mut self, key: &[u8], row: Vec<u8>) -> Result<(), StoreError> {
        self.bytes += key.len() + row.len();
        self.batch.insert(key, row);
        self.rows += 1;
        let is_full = self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES;
        if is_full { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), StoreError> {
        (self.rows, self.bytes) = (0, 0);
        let Some(db) = &self.db else { return Ok(()) };
        let written = db.apply_batch(std::mem::take(&mut self.batch)).and_then(|()| db.flush());
        if let Err(source) = written {
            // Dropped it would flush, and a flush after a failed one never returns.
            std::mem::forget(self.db.take());
            return Err(io_error("write to the new store", source));
        }
        if self.residence.bytes() >= self.options.written_bytes {
            drop(self.db.take());
            self.db = Some(open_engine(&self.path, &self.options)?);
            self.residence = Residence::default();
        }
        Ok(())
    }
}
