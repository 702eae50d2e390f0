//! The default store: sled 1.0.0-alpha.124, by the rules of `docs/adr/0002-sled.md`.
//!
//! One tree; one thread that writes, one flush before each acknowledgement; a clone of the handle
//! for each thread that reads. Three rows for each changed finding: its head (what the view needs),
//! its record (everything, packed), and the log entry. `keys` says how they lie.
//!
//! A data directory holds the engine's files in `sled/`, and `LOCK`, which keeps a second process
//! out. What cannot be opened is left as it is.

mod gate;
mod lock;
mod places;
mod readers;
mod rebuild;
mod residence;
mod restore;
mod scan;
mod state;
mod trainer;
mod writer;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use muster_core::change::Change;
use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};

use self::gate::Gate;
use self::lock::DirectoryLock;
pub use self::lock::is_held as is_in_use;
use self::places::Places;
use self::readers::{Reader, Readers};
use self::rebuild::Rebuild;
pub use self::restore::has_store;
pub(crate) use self::restore::{Restore, store_path};
use self::scan::{scan_heads, scan_places};
use self::state::State;
use self::trainer::Trainer;
use self::writer::{Command, Prepared, Rows, Writer};
use super::codec::{self, Damage, Dictionaries, Dictionary, Packer};
use super::keys::{self, Slot, Table};
use super::{
    Changes, Commit, Committed, Head, MetaRow, MetaTable, ROW_BYTES_MAX, Store, StoreError,
    check_meta,
};

/// Fan-out 64 suits values of about 0.7 KB: a leaf of up to that many rows is written whole.
type Db = sled::Db<64>;

/// The most commands that wait for the writer; more wait in their callers.
const COMMANDS_MAX: usize = 4;

/// How a [`SledStore`] works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SledOptions {
    /// How much of what it read the engine may keep, in bytes, about.
    pub cache_bytes: usize,
    /// How much of what it wrote the engine may keep, in bytes, about; above, it is closed and
    /// opened again, which takes a fraction of a second.
    pub written_bytes: usize,
    /// After how many records the first dictionary is trained; zero means never.
    pub dictionary_after: usize,
}

impl Default for SledOptions {
    /// Suits a million findings.
    fn default() -> Self {
        Self {
            cache_bytes: 128 * 1024 * 1024,
            written_bytes: 128 * 1024 * 1024,
            dictionary_after: 1_000,
        }
    }
}

/// The store on disk.
pub struct SledStore {
    shared: Arc<Shared>,
    trainer: Trainer,
    /// `None` only in the drop.
    commands: Option<SyncSender<Command>>,
    writer: Option<JoinHandle<()>>,
    // Last, so that the lock goes after the engine is closed.
    _lock: DirectoryLock,
}

/// What the writer and the readers share.
struct Shared {
    log_id: [u8; 16],
    options: SledOptions,
    /// Where the engine's files are.
    path: PathBuf,
    gate: Gate,
    places: Places,
    readers: Readers,
    dictionaries: Dictionaries,
}

impl SledStore {
    /// Opens the store in `directory`, and makes one when there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] when another process has it, [`StoreError::Format`] when a newer
    /// program wrote it, [`StoreError::Open`] or [`StoreError::Corrupt`] when its files are not
    /// readable. Nothing is changed then.
    pub fn open(directory: &Path, options: &SledOptions) -> Result<Self, StoreError> {
        fs::create_dir_all(directory).map_err(|source| {
            io_error(format!("make the data directory `{}`", directory.display()), source)
        })?;
        let lock = DirectoryLock::take(directory)?;
        let path = directory.join("sled");
        let db = open_engine(&path, options)?;
        let (state, is_new) = read_or_make_state(&db)?;
        let dictionaries = read_dictionaries(&db)?;
        let shared = Arc::new(Shared {
            log_id: state.log_id,
            options: options.clone(),
            path,
            gate: Gate::new(state.head, state.oldest),
            places: if is_new { Places::empty() } else { Places::default() },
            readers: Readers::new(db.clone(), dictionaries.clone()),
            dictionaries,
        });
        let trainer = Trainer::new(shared.dictionaries.newest(), options.dictionary_after);
        let writer = Writer::new(db, state, Arc::clone(&shared));
        let (commands, inbox) = sync_channel(COMMANDS_MAX);
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&inbox))
            .map_err(|source| io_error("start the store's writer", source))?;
        Ok(Self { shared, trainer, commands: Some(commands), writer: Some(writer), _lock: lock })
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.shared.readers.read(read)
    }

    /// Asks the writer and waits for its answer.
    fn ask<T>(
        &self,
        command: impl FnOnce(SyncSender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        self.shared.gate.check()?;
        let (reply, answer) = sync_channel(1);
        let sent = self.commands.as_ref().is_some_and(|c| c.send(command(reply)).is_ok());
        if sent && let Ok(result) = answer.recv() {
            return result;
        }
        // The writer ended before it took the command.
        self.shared.gate.check()?;
        Err(StoreError::Poisoned { cause: "the store's writer has ended".to_owned() })
    }

    fn prepare(&self, commit: &Commit) -> Result<Prepared, StoreError> {
        check_meta(&commit.meta)?;
        let mut packer = Packer::new(&self.shared.dictionaries);
        let mut rows = Vec::with_capacity(commit.mutations.len());
        for mutation in &commit.mutations {
            let id = mutation.finding.id;
            let failed = |source| io_error(format!("pack finding {id}"), source);
            let message = codec::record_message(&mutation.finding);
            check_bytes("the record of", id, message.len(), codec::payload::UNPACKED_BYTES_MAX)?;
            self.trainer.offer(&message);
            let row = Rows {
                finding: id,
                base: mutation.base,
                head: codec::head_row(&mutation.finding),
                record: codec::record_row(&message, mutation.base, &mut packer).map_err(failed)?,
                change: codec::change_row(&mutation.change, mutation.base, &mut packer)
                    .map_err(failed)?,
            };
            check_bytes("the head of", id, row.head.len(), ROW_BYTES_MAX)?;
            check_bytes("the packed record of", id, row.record.len(), ROW_BYTES_MAX)?;
            check_bytes("the change of", id, row.change.len(), ROW_BYTES_MAX)?;
            rows.push(row);
        }
        let (meta, dictionary) = (commit.meta.clone(), self.trainer.take());
        Ok(Prepared { id: commit.id, rows, meta, dictionary })
    }

    /// Where findings lie; reads all heads when nobody has yet.
    fn slots(&self, ids: &[FindingId]) -> Result<Vec<Option<Slot>>, StoreError> {
        loop {
            if let Some(slots) = self.shared.places.slots(ids) {
                return Ok(slots);
            }
            self.read(|reader| scan_places(&reader.db, &self.shared.places))?;
        }
    }

    /// Reads the record in `slot`; `None` when it is not there.
    fn record(&self, reader: &mut Reader, slot: Slot) -> Result<Option<Finding>, StoreError> {
        let name = || format!("the record in slot {}", slot.0);
        let row = reader.db.get(keys::record(slot));
        let Some(row) = row.map_err(|source| io_error(format!("read {}", name()), source))? else {
            return Ok(None);
        };
        let finding = codec::read_record(&row, &mut reader.unpacker)
            .map_err(|damage| corrupt(&name(), &damage))?;
        self.shared.gate.wait_for(finding.revision)?;
        Ok(Some(finding))
    }

    fn read_change(
        &self,
        reader: &mut Reader,
        revision: Revision,
    ) -> Result<Option<Change>, StoreError> {
        let name = || format!("change {revision}");
        let row = reader.db.get(keys::change(revision));
        let Some(row) = row.map_err(|source| io_error(format!("read {}", name()), source))? else {
            // It was compacted a moment ago, or it is lost.
            let lost = revision >= self.oldest();
            let what = name() + " is missing";
            return if lost { Err(StoreError::Corrupt { what }) } else { Ok(None) };
        };
        codec::read_change(revision, &row, &mut reader.unpacker)
            .map(Some)
            .map_err(|damage| corrupt(&name(), &damage))
    }
}

impl std::fmt::Debug for SledStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shared { path, gate, .. } = &*self.shared;
        f.debug_struct("SledStore").field("path", path).field("gate", gate).finish_non_exhaustive()
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        drop(self.commands.take());
        let ended = self.writer.take().map(JoinHandle::join);
        if !matches!(ended, Some(Ok(()))) || self.shared.gate.check().is_err() {
            self.shared.readers.forget();
        }
        self.trainer.finish();
    }
}

impl Store for SledStore {
    fn log_id(&self) -> [u8; 16] {
        self.shared.log_id
    }

    fn head(&self) -> Revision {
        self.shared.gate.head()
    }

    fn oldest(&self) -> Revision {
        self.shared.gate.oldest()
    }

    fn scan_heads(&self, visit: &mut dyn FnMut(Head)) -> Result<(), StoreError> {
        let Shared { gate, places, .. } = &*self.shared;
        self.read(|reader| {
            scan_heads(&mut reader.db, places, &mut |head| {
                gate.wait_for(head.revision)?;
                visit(head);
                Ok(())
            })
        })
    }

    fn scan_findings(&self, visit: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
        self.read(|reader| {
            let (from, to) = Table::Record.bounds();
            for row in reader.db.range(from..to) {
                let (key, row) = row.map_err(|source| io_error("scan the records", source))?;
                let slot = keys::number(Table::Record, &key).ok_or_else(|| odd_key(&key))?;
                let finding = codec::read_record(&row, &mut reader.unpacker)
                    .map_err(|damage| corrupt(&format!("the record in slot {slot}"), &damage))?;
                self.shared.gate.wait_for(finding.revision)?;
                visit(finding);
            }
            Ok(())
        })
    }

    fn findings(&self, ids: &[FindingId]) -> Result<Vec<Option<Finding>>, StoreError> {
        let slots = self.slots(ids)?;
        self.read(|reader| {
            let mut found = Vec::with_capacity(ids.len());
            for (id, slot) in ids.iter().zip(slots) {
                let finding = match slot {
                    Some(slot) => self.record(reader, slot)?,
                    None => None,
                };
                if finding.as_ref().is_some_and(|finding| finding.id != *id) {
                    let what = format!("the record of {id} is another's");
                    return Err(StoreError::Corrupt { what });
                }
                found.push(finding);
            }
            Ok(found)
        })
    }

    fn changes(&self, after: Revision, limit: usize) -> Result<Changes, StoreError> {
        let head = self.head();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let last = head.0.min(after.0.saturating_add(limit));
        let changes = self.read(|reader| {
            let mut changes = Vec::new();
            for revision in after.0.saturating_add(1)..=last {
                match self.read_change(reader, Revision(revision))? {
                    Some(change) => changes.push(change),
                    None => break,
                }
            }
            Ok(changes)
        })?;
        // Asked last: what was compacted meanwhile has ended the run.
        let oldest = self.oldest();
        if after.0 < head.0 && after.next() < oldest {
            return Err(StoreError::Compacted { oldest });
        }
        Ok(Changes { changes, head })
    }

    fn change(&self, revision: Revision) -> Result<Option<Change>, StoreError> {
        if revision < self.oldest() || revision > self.head() {
            return Ok(None);
        }
        self.read(|reader| self.read_change(reader, revision))
    }

    fn commit(&self, commit: &Commit) -> Result<Committed, StoreError> {
        self.shared.gate.check()?;
        let prepared = self.prepare(commit)?;
        self.ask(|reply| Command::Commit(prepared, reply))
    }

    fn meta(&self, table: MetaTable, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.read(|reader| {
            let row = reader.db.get(keys::meta(table, key));
            row.map_err(|source| io_error(format!("read a {table:?} row"), source))
        })?;
        self.shared.gate.settle()?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn scan_meta(
        &self,
        table: MetaTable,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<MetaRow>, StoreError> {
        let mut from = keys::meta(table, after);
        if !after.is_empty() {
            // The smallest key behind `after`.
            from.push(0);
        }
        let (_, to) = Table::of(table).bounds();
        let rows = self.read(|reader| {
            let mut rows = Vec::new();
            for row in reader.db.range(from..to.to_vec()).take(limit) {
                let (key, value) =
                    row.map_err(|source| io_error(format!("scan the {table:?} rows"), source))?;
                let key = key.split_first().map(|(_, key)| key.to_vec()).unwrap_or_default();
                rows.push((key, value.to_vec()));
            }
            Ok(rows)
        })?;
        self.shared.gate.settle()?;
        Ok(rows)
    }

    fn compact(&self, through: Revision, ids: &[FindingId]) -> Result<Revision, StoreError> {
        self.ask(|reply| Command::Compact(through, ids.to_vec(), reply))
    }
}

/// Opens the engine on a thread of its own, because it panics on files that it does not expect.
fn open_engine(path: &Path, options: &SledOptions) -> Result<Db, StoreError> {
    let config = sled::Config {
        path: path.to_owned(),
        cache_capacity_bytes: options.cache_bytes,
        zstd_compression_level: 1,
        // Never by itself in the life of a process. `None` would say so, but with it each dropped
        // clone and each iterator flushes, on the thread of the reader.
        flush_every_ms: Some(FLUSH_NEVER_MS),
        ..sled::Config::new()
    };
    let opened = std::thread::Builder::new()
        .name("store-open".to_owned())
        .spawn(move || config.open())
        .map_err(|source| io_error("start a thread", source))?
        .join();
    let source = match opened {
        Ok(Ok(db)) => return Ok(db),
        Ok(Err(source)) => source,
        Err(panic) => io::Error::other(readers::message(&*panic).to_owned()),
    };
    Err(StoreError::Open { path: path.display().to_string(), source })
}

/// A thousand years.
const FLUSH_NEVER_MS: usize = 1_000 * 365 * 24 * 3_600 * 1_000;

/// The state, and whether it was made now.
fn read_or_make_state(db: &Db) -> Result<(State, bool), StoreError> {
    let row =
        db.get(keys::STATE).map_err(|source| io_error("read the state of the store", source))?;
    if let Some(row) = row {
        return Ok((State::decode(&row)?, false));
    }
    let first = db.first().map_err(|source| io_error("read the store", source))?;
    if first.is_some() {
        return Err(StoreError::Corrupt { what: "it has rows but no state row".to_owned() });
    }
    let state = State::new(uuid::Uuid::new_v4().into_bytes());
    db.insert(keys::STATE, state.encode())
        .and_then(|_| db.flush())
        .map_err(|source| io_error("make the store", source))?;
    Ok((state, true))
}

fn read_dictionaries(db: &Db) -> Result<Dictionaries, StoreError> {
    let dictionaries = Dictionaries::default();
    let (from, to) = Table::Dictionary.bounds();
    for row in db.range(from..to) {
        let (key, bytes) = row.map_err(|source| io_error("read the dictionaries", source))?;
        let number = keys::number(Table::Dictionary, &key)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| odd_key(&key))?;
        dictionaries.add(Dictionary::new(number, &bytes));
    }
    Ok(dictionaries)
}

fn check_bytes(
    what: &str,
    id: FindingId,
    bytes: usize,
    bytes_max: usize,
) -> Result<(), StoreError> {
    if bytes <= bytes_max {
        return Ok(());
    }
    Err(StoreError::TooLarge { what: format!("{what} {id}"), bytes, bytes_max })
}

fn io_error(attempt: impl Into<String>, source: io::Error) -> StoreError {
    StoreError::Io { attempt: attempt.into(), source }
}

fn corrupt(row: &str, damage: &Damage) -> StoreError {
    StoreError::Corrupt { what: format!("{row}: {damage}") }
}

fn odd_key(key: &[u8]) -> StoreError {
    StoreError::Corrupt { what: format!("a row has the key {key:02x?}") }
}
