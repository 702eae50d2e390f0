//! Reads all heads.
//!
//! This is what a start waits for, so it is done by two threads: one walks the tree and copies the
//! rows into large buffers, the other reads them. Handing the rows over one by one would make each
//! thread free what the other allocated, which costs more than the copy.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::places::{Found, Places};
use super::{Db, StoreError, corrupt, io_error, odd_key};
use crate::store::Head;
use crate::store::codec;
use crate::store::keys::{self, Slot, Table};

/// How many bytes of rows are handed over at once (256 KiB).
const CHUNK_BYTES: usize = 256 * 1024;

/// How many chunks may wait.
const CHUNKS_MAX: usize = 4;

/// Some rows, one after the other.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    /// The slot of each row, and where it ends.
    rows: Vec<(Slot, usize)>,
}

/// Visits every head, and tells `places` where they are when nobody has yet.
pub(super) fn scan_heads(
    db: &mut Db,
    places: &Places,
    visit: &mut dyn FnMut(Head) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (sender, chunks) = sync_channel(CHUNKS_MAX);
    let found = std::thread::scope(|scope| {
        let walker = scope.spawn(move || walk(db, &sender));
        let found = read(&chunks, !places.is_known(), visit);
        // The walker must not wait for a reader that has given up.
        drop(chunks);
        match walker.join() {
            Ok(Ok(())) => found,
            Ok(Err(error)) => found.and(Err(error)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })?;
    if let Some(found) = found {
        places.learn(found);
    }
    Ok(())
}

/// Tells `places` where the heads are.
pub(super) fn scan_places(db: &Db, places: &Places) -> Result<(), StoreError> {
    let mut found = Found::default();
    let (from, to) = Table::Head.bounds();
    for row in db.range(from..to) {
        let (key, row) = row.map_err(|source| io_error("scan the heads", source))?;
        let slot = slot(&key)?;
        let id = codec::read_head_id(&row).map_err(|damage| corrupt(&name(slot), &damage))?;
        found.note(id, slot)?;
    }
    places.learn(found);
    Ok(())
}

fn read(
    chunks: &Receiver<Chunk>,
    note: bool,
    visit: &mut dyn FnMut(Head) -> Result<(), StoreError>,
) -> Result<Option<Found>, StoreError> {
    let mut found = note.then(Found::default);
    for chunk in chunks {
        let mut start = 0;
        for (slot, end) in chunk.rows {
            let row = chunk.bytes.get(start..end).unwrap_or_default();
            let head = codec::read_head(row).map_err(|damage| corrupt(&name(slot), &damage))?;
            if let Some(found) = &mut found {
                found.note(head.id, slot)?;
            }
            visit(head)?;
            start = end;
        }
    }
    Ok(found)
}

fn walk(db: &Db, sender: &SyncSender<Chunk>) -> Result<(), StoreError> {
    let mut chunk = Chunk::default();
    let (from, to) = Table::Head.bounds();
    for row in db.range(from..to) {
        let (key, row) = row.map_err(|source| io_error("scan the heads", source))?;
        chunk.bytes.extend_from_slice(&row);
        chunk.rows.push((slot(&key)?, chunk.bytes.len()));
        if chunk.bytes.len() >= CHUNK_BYTES && sender.send(std::mem::take(&mut chunk)).is_err() {
            // The reader has given up, and says why.
            return Ok(());
        }
    }
    sender.send(chunk).ok();
    Ok(())
}

fn slot(key: &[u8]) -> Result<Slot, StoreError> {
    keys::number(Table::Head, key).map(Slot).ok_or_else(|| odd_key(key))
}

fn name(slot: Slot) -> String {
    format!("the head in slot {}", slot.0)
}
