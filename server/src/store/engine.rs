//! The default store: sled 1.0.0-alpha.124, by the rules of `docs/adr/0002-sled.md`.
//!
//! One tree; one thread that writes, one flush before each acknowledgement; a clone of the handle
//! for each thread that reads. Three rows for each changed finding: its head (what the view needs),
//! its record (everything, packed), and the log entry.
//!
//! A data directory holds the engine's files in `sled/`, and `LOCK`, which keeps a second process
//! out. What cannot be opened is left as it is.

mod gate;
mod lock;
mod readers;
mod state;
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
use self::readers::{Reader, Readers};
use self::state::State;
use self::writer::{Command, Prepared, Rows, Writer};
use super::codec::{self, Damage, Dictionaries, Dictionary, Packer};
use super::keys::{self, Table};
use super::{
    Changes, Commit, Committed, Head, META_VALUE_BYTES_MAX, MetaTable, Store, StoreError,
    check_meta,
};

/// Fan-out 64 suits values of about 0.7 KB: a leaf of that many rows is rewritten at each flush.
type Db = sled::Db<64>;

/// The largest row, in bytes (1 MiB). Larger ones are refused with [`StoreError::TooLarge`].
pub const ROW_BYTES_MAX: usize = META_VALUE_BYTES_MAX;

/// How a [`SledStore`] works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SledOptions {
    /// How much the engine may keep of what it read, in bytes.
    pub cache_bytes: usize,
}

impl Default for SledOptions {
    fn default() -> Self {
        Self { cache_bytes: 128 * 1024 * 1024 }
    }
}

/// The store on disk.
pub struct SledStore {
    log_id: [u8; 16],
    gate: Arc<Gate>,
    dictionaries: Dictionaries,
    // The order matters when it is closed: the writer ends, the engine closes, the lock goes.
    commands: Option<SyncSender<Command>>,
    writer: Option<JoinHandle<()>>,
    readers: Option<Readers>,
    _lock: DirectoryLock,
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
        let db = open_guarded(path, options.cache_bytes)?;
        let state = read_or_make_state(&db)?;
        let dictionaries = read_dictionaries(&db)?;
        let gate = Arc::new(Gate::new(state.head, state.oldest));
        let log_id = state.log_id;
        let readers = Readers::new(db.clone(), dictionaries.clone());
        let writer = Writer::new(db, state, Arc::clone(&gate));
        let (commands, inbox) = sync_channel(COMMANDS_MAX);
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&inbox))
            .map_err(|source| io_error("start the store's writer", source))?;
        Ok(Self {
            log_id,
            gate,
            dictionaries,
            commands: Some(commands),
            writer: Some(writer),
            readers: Some(readers),
            _lock: lock,
        })
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.readers.as_ref().expect("readers live until the drop").read(read)
    }

    /// Asks the writer and waits for its answer.
    fn ask<T>(
        &self,
        command: impl FnOnce(SyncSender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        self.gate.check()?;
        let (reply, answer) = sync_channel(1);
        let sent = self.commands.as_ref().is_some_and(|c| c.send(command(reply)).is_ok());
        if sent && let Ok(result) = answer.recv() {
            return result;
        }
        // The writer ended before it took the command.
        self.gate.check()?;
        Err(StoreError::Poisoned { cause: "the store's writer has ended".to_owned() })
    }

    fn prepare(&self, commit: &Commit) -> Result<Prepared, StoreError> {
        check_meta(&commit.meta)?;
        let mut packer = Packer::new(&self.dictionaries);
        let mut rows = Vec::with_capacity(commit.mutations.len());
        for mutation in &commit.mutations {
            let id = mutation.finding.id;
            let packed = |what: &str, row: io::Result<Vec<u8>>| {
                let row = row.map_err(|source| io_error(format!("pack {what} {id}"), source))?;
                check_row(&format!("{what} {id}"), row)
            };
            let head =
                check_row(&format!("head {id}"), codec::head_row(&Head::of(&mutation.finding)))?;
            let record = packed("record", codec::record_row(&mutation.finding, &mut packer))?;
            let change = packed(
                "change of",
                codec::change_row(&mutation.change, mutation.base, &mut packer),
            )?;
            rows.push(Rows { finding: id, base: mutation.base, head, record, change });
        }
        Ok(Prepared { id: commit.id, rows, meta: commit.meta.clone() })
    }
}

/// The most commands that wait for the writer; more wait in their callers.
const COMMANDS_MAX: usize = 4;

impl std::fmt::Debug for SledStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SledStore").field("gate", &self.gate).finish_non_exhaustive()
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        drop(self.commands.take());
        let ended = self.writer.take().map(JoinHandle::join);
        let healthy = matches!(ended, Some(Ok(()))) && self.gate.check().is_ok();
        if !healthy && let Some(readers) = self.readers.take() {
            readers.forget();
        }
    }
}

impl Store for SledStore {
    fn log_id(&self) -> [u8; 16] {
        self.log_id
    }

    fn head(&self) -> Revision {
        self.gate.head()
    }

    fn oldest(&self) -> Revision {
        self.gate.oldest()
    }

    fn scan_heads(&self, visit: &mut dyn FnMut(Head)) -> Result<(), StoreError> {
        self.read(|reader| {
            let (from, to) = Table::Head.bounds();
            for row in reader.db.range(from..to) {
                let (key, row) = row.map_err(|source| io_error("scan the heads", source))?;
                let id = keys::finding_id(&key).ok_or_else(|| odd_key(&key))?;
                let head = codec::read_head(id, &row)
                    .map_err(|damage| corrupt(&format!("head {id}"), &damage))?;
                self.gate.wait_for(head.revision)?;
                visit(head);
            }
            Ok(())
        })
    }

    fn scan_findings(&self, visit: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
        self.read(|reader| {
            let (from, to) = Table::Record.bounds();
            for row in reader.db.range(from..to) {
                let (key, row) = row.map_err(|source| io_error("scan the records", source))?;
                let id = keys::finding_id(&key).ok_or_else(|| odd_key(&key))?;
                let finding = codec::read_record(&row, &mut reader.unpacker)
                    .map_err(|damage| corrupt(&format!("record {id}"), &damage))?;
                self.gate.wait_for(finding.revision)?;
                visit(finding);
            }
            Ok(())
        })
    }

    fn findings(&self, ids: &[FindingId]) -> Result<Vec<Option<Finding>>, StoreError> {
        self.read(|reader| {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let row = reader.db.get(keys::record(*id));
                let row = row.map_err(|source| io_error(format!("read record {id}"), source))?;
                let Some(row) = row else {
                    found.push(None);
                    continue;
                };
                let finding = codec::read_record(&row, &mut reader.unpacker)
                    .map_err(|damage| corrupt(&format!("record {id}"), &damage))?;
                self.gate.wait_for(finding.revision)?;
                found.push(Some(finding));
            }
            Ok(found)
        })
    }

    fn changes(&self, after: Revision, limit: usize) -> Result<Changes, StoreError> {
        let head = self.head();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let last = Revision(after.0.saturating_add(limit)).min(head);
        let mut changes = Vec::new();
        for revision in after.0.saturating_add(1)..=last.0 {
            match self.change(Revision(revision))? {
                Some(change) => changes.push(change),
                None => break,
            }
        }
        // Asked last: what was compacted meanwhile ends the run, and is named.
        let oldest = self.oldest();
        if after.next() < oldest {
            return Err(StoreError::Compacted { oldest });
        }
        Ok(Changes { changes, head })
    }

    fn change(&self, revision: Revision) -> Result<Option<Change>, StoreError> {
        if revision < self.oldest() || revision > self.head() {
            return Ok(None);
        }
        self.read(|reader| {
            let row = reader
                .db
                .get(keys::change(revision))
                .map_err(|source| io_error(format!("read change {revision}"), source))?;
            let Some(row) = row else { return Ok(None) };
            codec::read_change(revision, &row, &mut reader.unpacker)
                .map(Some)
                .map_err(|damage| corrupt(&format!("change {revision}"), &damage))
        })
    }

    fn commit(&self, commit: &Commit) -> Result<Committed, StoreError> {
        self.gate.check()?;
        let prepared = self.prepare(commit)?;
        self.ask(|reply| Command::Commit(prepared, reply))
    }

    fn meta(&self, table: MetaTable, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.read(|reader| {
            let row = reader.db.get(keys::meta(table, key));
            row.map_err(|source| io_error(format!("read a {table:?} row"), source))
        })?;
        self.gate.settle()?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn scan_meta(
        &self,
        table: MetaTable,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
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
        self.gate.settle()?;
        Ok(rows)
    }

    fn compact(&self, through: Revision, ids: &[FindingId]) -> Result<(), StoreError> {
        self.ask(|reply| Command::Compact(through, ids.to_vec(), reply))
    }
}

/// Opens the engine on a thread of its own, because it panics on files that it does not expect.
fn open_guarded(path: PathBuf, cache_bytes: usize) -> Result<Db, StoreError> {
    let shown = path.display().to_string();
    let opened = std::thread::Builder::new()
        .name("store-open".to_owned())
        .spawn(move || writer::open_engine(&path, cache_bytes))
        .map_err(|source| io_error("start a thread", source))?
        .join();
    let source = match opened {
        Ok(Ok(db)) => return Ok(db),
        Ok(Err(source)) => source,
        Err(panic) => io::Error::other(readers::message(&*panic).to_owned()),
    };
    Err(StoreError::Open { path: shown, source })
}

fn read_or_make_state(db: &Db) -> Result<State, StoreError> {
    let row =
        db.get(keys::STATE).map_err(|source| io_error("read the state of the store", source))?;
    if let Some(row) = row {
        return State::decode(&row);
    }
    let first = db.first().map_err(|source| io_error("read the store", source))?;
    if first.is_some() {
        return Err(StoreError::Corrupt { what: "it has rows but no state row".to_owned() });
    }
    let state = State::new(uuid::Uuid::new_v4().into_bytes());
    db.insert(keys::STATE, state.encode())
        .and_then(|_| db.flush())
        .map_err(|source| io_error("make the store", source))?;
    Ok(state)
}

fn read_dictionaries(db: &Db) -> Result<Dictionaries, StoreError> {
    let dictionaries = Dictionaries::default();
    let (from, to) = Table::Dictionary.bounds();
    for row in db.range(from..to) {
        let (key, bytes) = row.map_err(|source| io_error("read the dictionaries", source))?;
        let number = keys::dictionary_number(&key).ok_or_else(|| odd_key(&key))?;
        dictionaries.add(Dictionary::new(number, &bytes));
    }
    Ok(dictionaries)
}

/// Refuses a row that is too large.
fn check_row(what: &str, row: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    if row.len() > ROW_BYTES_MAX {
        let (what, bytes, bytes_max) = (what.to_owned(), row.len(), ROW_BYTES_MAX);
        return Err(StoreError::TooLarge { what, bytes, bytes_max });
    }
    Ok(row)
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
