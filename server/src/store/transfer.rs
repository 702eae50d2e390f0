//! Moves a whole store as one checksummed stream.
//!
//! The stream is a magic text and a format number, then frames: a kind (1 byte), the length of the
//! payload (4 bytes, big-endian), the payload, and a check value (8 bytes), the beginning of the
//! SHA-256 of everything in the stream up to there but the check values. So the first frame that was
//! torn or altered, or that is not where it was written, is refused with its place in the stream.
//!
//! | kind | payload |
//! |---|---|
//! | header | the exporting log: its id, its oldest and its newest revision |
//! | row | a row of a small table |
//! | finding | with its revision, packed without a dictionary |
//! | change | with its revision, packed without a dictionary |
//! | trailer | how many of each there are, and the SHA-256 of everything before |
//!
//! It does not depend on the engine, and both directions hold a bounded part of it in memory, not
//! counting one id for each finding on the way in. It holds documents and decisions as they are:
//! keep it as safe as the store.

mod frame;
mod import;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use muster_core::finding::Finding;
use muster_core::ids::Revision;

pub use self::frame::{FORMAT, FRAME_BYTES_MAX};
use self::frame::{FrameWriter, Header, Kind, Row, Trailer};
pub use self::import::{Imported, import};
use super::codec::{Dictionaries, Packer, portable};
use super::{MetaTable, Store, StoreError};

/// How many log entries are read at once.
const STEP_CHANGES: usize = 500;

/// How many rows of a small table are read at once: a row may have a megabyte.
const STEP_ROWS: usize = 16;

/// What a stream holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The id of the log that was exported.
    pub log_id: [u8; 16],
    /// The oldest revision in it.
    pub oldest: Revision,
    /// The newest one.
    pub head: Revision,
    /// Findings.
    pub findings: u64,
    /// Log entries.
    pub changes: u64,
    /// Rows of small tables.
    pub rows: u64,
    /// The length of the stream.
    pub bytes: u64,
}

/// Why a store cannot be exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The store refused.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// Somebody wrote to the store meanwhile.
    #[error("the store changed while it was exported, from revision {before} to {after}")]
    Moved {
        /// The newest revision at the beginning.
        before: Revision,
        /// The newest revision at the end.
        after: Revision,
    },
    /// The stream cannot be written.
    #[error("failed to write the export at byte {offset}")]
    Write {
        /// Where.
        offset: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The stream cannot be read.
    #[error("failed to read the export at byte {offset}; nothing was imported")]
    Read {
        /// Where.
        offset: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file cannot be used.
    #[error("failed to {attempt} `{path}`")]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something else.
    #[error("this is no export of a store: it does not begin like one")]
    NotAnExport,
    /// A newer program wrote it.
    #[error("the export has format {found}; this program reads {FORMAT}: use a newer musterd")]
    Format {
        /// What it says.
        found: u16,
    },
    /// It is not as it was written.
    #[error("the export is torn or altered at byte {offset}: {what}; nothing was imported")]
    Damaged {
        /// Where the frame begins that does not read.
        offset: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The data directory is in use.
    #[error(
        "`{path}` exists, and an import replaces nothing: import into an empty directory, or move \
         it away first and keep it"
    )]
    Used {
        /// What is in the way.
        path: PathBuf,
    },
    /// The output is there already.
    #[error("`{path}` exists, and an export replaces nothing")]
    Exists {
        /// Which.
        path: PathBuf,
    },
}

/// Writes everything in `store`: small tables, findings with their documents, the log.
///
/// # Errors
///
/// When the store does not read whole, when `out` refuses, and when somebody writes meanwhile. What
/// was written up to then is refused by [`import()`], because it has no trailer.
pub fn export(store: &dyn Store, out: &mut dyn Write) -> Result<Counts, TransferError> {
    let (oldest, head) = (store.oldest(), store.head());
    let mut exporter = Exporter {
        frames: FrameWriter::begin(out)?,
        packer: Packer::new(&Dictionaries::default()),
        counts: Counts { log_id: store.log_id(), oldest, head, ..Counts::default() },
    };
    let header = Header { log_id: store.log_id().to_vec(), oldest: oldest.0, head: head.0 };
    exporter.frames.message(Kind::Header, &header)?;
    for table in MetaTable::ALL {
        exporter.rows(store, table)?;
    }
    exporter.findings(store)?;
    exporter.changes(store)?;
    let after = store.head();
    if after != head {
        return Err(TransferError::Moved { before: head, after });
    }
    exporter.finish()
}

/// Writes everything in `store` to a new file, which is there once it is complete and durable. Only
/// its owner can read it.
///
/// # Errors
///
/// [`TransferError::Exists`] when there is such a file, and those of [`export`].
pub fn export_file(store: &dyn Store, path: &Path) -> Result<Counts, TransferError> {
    let exists = || TransferError::Exists { path: path.to_owned() };
    let failed =
        |attempt| move |source| TransferError::File { attempt, path: path.to_owned(), source };
    if path.try_exists().map_err(failed("look for"))? {
        return Err(exists());
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".muster-export-")
        .tempfile_in(directory)
        .map_err(failed("make a file beside"))?;
    let mut out = BufWriter::new(file.as_file_mut());
    let counts = export(store, &mut out)?;
    out.flush().map_err(failed("write"))?;
    drop(out);
    file.as_file().sync_all().map_err(failed("flush"))?;
    file.persist_noclobber(path).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => exists(),
        _ => failed("put the export to")(error.error),
    })?;
    File::open(directory)
        .and_then(|dir| dir.sync_all())
        .map_err(failed("flush the directory of"))?;
    Ok(counts)
}

struct Exporter<'a> {
    frames: FrameWriter<'a>,
    packer: Packer,
    counts: Counts,
}

impl Exporter<'_> {
    fn rows(&mut self, store: &dyn Store, table: MetaTable) -> Result<(), TransferError> {
        let mut after = Vec::new();
        loop {
            let rows = store.scan_meta(table, &after, STEP_ROWS)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after.clone_from(last);
            for (key, value) in rows {
                self.frames.message(Kind::Row, &Row::new(table, key, value))?;
                self.counts.rows += 1;
            }
        }
    }

    fn findings(&mut self, store: &dyn Store) -> Result<(), TransferError> {
        let mut written = Ok(());
        store.scan_findings(&mut |finding| {
            // A scan cannot be stopped: after a failure the rest is read for nothing.
            if written.is_ok() {
                written = self.finding(&finding);
            }
        })?;
        written
    }

    fn finding(&mut self, finding: &Finding) -> Result<(), TransferError> {
        self.counts.findings += 1;
        self.packed(Kind::Finding, &portable::write_finding(finding))
    }

    fn changes(&mut self, store: &dyn Store) -> Result<(), TransferError> {
        let mut after = Revision(self.counts.oldest.0.saturating_sub(1));
        while after < self.counts.head {
            let run = store.changes(after, STEP_CHANGES)?;
            if run.changes.is_empty() {
                let what = format!("change {} is missing", after.next());
                return Err(StoreError::Corrupt { what }.into());
            }
            for change in run.changes {
                after = change.revision;
                self.packed(Kind::Change, &portable::write_change(&change))?;
                self.counts.changes += 1;
            }
        }
        Ok(())
    }

    fn packed(&mut self, kind: Kind, row: &[u8]) -> Result<(), TransferError> {
        let mut payload = Vec::new();
        let packed = self.packer.pack(row, &mut payload);
        packed.map_err(|source| StoreError::Io { attempt: format!("pack a {kind:?}"), source })?;
        self.frames.frame(kind, &payload)
    }

    fn finish(mut self) -> Result<Counts, TransferError> {
        let Counts { findings, changes, rows, .. } = self.counts;
        let digest = self.frames.digest().to_vec();
        self.frames.message(Kind::Trailer, &Trailer { findings, changes, rows, digest })?;
        self.counts.bytes = self.frames.end()?;
        Ok(self.counts)
    }
}

#[cfg(test)]
mod tests;
