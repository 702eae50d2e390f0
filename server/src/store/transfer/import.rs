//! Makes a store from an export.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use muster_core::ids::{FindingId, Revision};

use super::frame::{Frame, FrameReader, Header, Kind, Row, Trailer};
use super::{Counts, TransferError};
use crate::store::SledOptions;
use crate::store::codec::{Damage, Dictionaries, Unpacker, portable};
use crate::store::engine::{Restore, store_path};
use crate::store::journal::JOURNAL_FILE;

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// What the stream held.
    pub counts: Counts,
    /// The id of the new store's log. It is another than that of the exported one, because the two
    /// may go on differently: who follows the log begins again.
    pub log_id: [u8; 16],
}

/// Makes a store in `directory` from an export, with the same findings, log and revisions.
///
/// The decision journal is not made: the server makes it from the log when it opens the store.
///
/// # Errors
///
/// [`TransferError::Used`] when the directory has a store or a decision journal;
/// [`TransferError::NotAnExport`], [`TransferError::Format`], [`TransferError::Damaged`] and
/// [`TransferError::Read`] when the stream is not whole; [`TransferError::Store`] when the store
/// cannot be made. The directory is then as it was.
pub fn import(
    input: &mut dyn Read,
    directory: &Path,
    options: &SledOptions,
) -> Result<Imported, TransferError> {
    let mut frames = FrameReader::begin(input)?;
    let mut counts = header(&frames.next()?)?;
    // The lock and the move at the end keep out whoever makes a store between now and then.
    refuse_used(directory)?;
    let mut importer = Importer {
        restore: Restore::begin(directory, options)?,
        unpacker: Unpacker::new(&Dictionaries::default()),
        known: HashSet::new(),
        next: counts.oldest,
    };
    loop {
        let frame = frames.next()?;
        match frame.kind {
            Kind::Header => return Err(frame.damaged("a second header")),
            Kind::Row => {
                importer.row(&frame)?;
                counts.rows += 1;
            }
            Kind::Finding => {
                importer.finding(&frame, counts.head)?;
                counts.findings += 1;
            }
            Kind::Change => {
                importer.change(&frame)?;
                counts.changes += 1;
            }
            Kind::Trailer => {
                check_trailer(&frame, &counts)?;
                if importer.next != counts.head.next() {
                    return Err(frame.damaged(format!("change {} is missing", importer.next)));
                }
                break;
            }
        }
    }
    counts.bytes = frames.end()?;
    let log_id = importer.restore.finish(counts.oldest, counts.head)?;
    Ok(Imported { counts, log_id })
}

fn header(frame: &Frame) -> Result<Counts, TransferError> {
    if frame.kind != Kind::Header {
        return Err(frame.damaged("it is no header"));
    }
    let Header { log_id, oldest, head } = frame.message()?;
    let log_id = log_id.try_into().map_err(|_| frame.damaged("its log id is not 16 bytes"))?;
    // The log is empty when the oldest is the one after the newest.
    if oldest == 0 || head == u64::MAX || oldest > head + 1 {
        return Err(frame.damaged(format!("no log goes from {oldest} to {head}")));
    }
    Ok(Counts { log_id, oldest: Revision(oldest), head: Revision(head), ..Counts::default() })
}

fn refuse_used(directory: &Path) -> Result<(), TransferError> {
    for path in [store_path(directory), directory.join(JOURNAL_FILE)] {
        match path.try_exists() {
            Ok(false) => {}
            Ok(true) => return Err(TransferError::Used { path }),
            Err(source) => return Err(TransferError::File { attempt: "look for", path, source }),
        }
    }
    Ok(())
}

fn check_trailer(frame: &Frame, counts: &Counts) -> Result<(), TransferError> {
    let trailer: Trailer = frame.message()?;
    let expected = (trailer.findings, trailer.changes, trailer.rows);
    if expected != (counts.findings, counts.changes, counts.rows) {
        let what = format!("it counts {expected:?} findings, changes and rows, and others came");
        return Err(frame.damaged(what));
    }
    if trailer.digest != frame.before {
        return Err(frame.damaged("it is the trailer of another stream"));
    }
    Ok(())
}

struct Importer {
    restore: Restore,
    unpacker: Unpacker,
    known: HashSet<FindingId>,
    /// The revision of the next change.
    next: Revision,
}

impl Importer {
    fn row(&mut self, frame: &Frame) -> Result<(), TransferError> {
        let row: Row = frame.message()?;
        let table = row.table().ok_or_else(|| frame.damaged("its table is not known"))?;
        Ok(self.restore.meta(table, &row.key, row.value)?)
    }

    fn finding(&mut self, frame: &Frame, head: Revision) -> Result<(), TransferError> {
        let damaged = |damage: Damage| frame.damaged(format!("a finding: {damage}"));
        let row = self.unpacker.unpack(&frame.payload).map_err(damaged)?;
        let finding = portable::read_finding(&row).map_err(damaged)?;
        let (id, revision) = (finding.id, finding.revision);
        if revision == Revision::ZERO || revision > head {
            return Err(frame.damaged(format!("finding {id} is at {revision}, outside of the log")));
        }
        if !self.known.insert(id) {
            return Err(frame.damaged(format!("finding {id} is twice")));
        }
        Ok(self.restore.finding(&finding)?)
    }

    fn change(&mut self, frame: &Frame) -> Result<(), TransferError> {
        let damaged = |damage: Damage| frame.damaged(format!("a change: {damage}"));
        let row = self.unpacker.unpack(&frame.payload).map_err(damaged)?;
        let change = portable::read_change(&row).map_err(damaged)?;
        let revision = change.revision;
        if revision != self.next {
            return Err(frame.damaged(format!("change {revision}, where {} was due", self.next)));
        }
        self.next = revision.next();
        Ok(self.restore.change(&change)?)
    }
}
