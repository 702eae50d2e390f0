//! Moves a whole store as one stream, whatever engine it comes from.
//!
//! The stream is made of frames, each with its type, its length and a checksum:
//!
//! | bytes | |
//! |---|---|
//! | 1 | type: 1 header, 2 rows, 3 trailer |
//! | 4 | length of the body, big-endian |
//! | 4 | CRC-32 of the type, the length and the body, big-endian |
//! | n | body |
//!
//! The header comes first and says the version and how far the log goes. The bodies of row frames
//! are packed with zstd and hold one row after the other; they need no dictionary. The trailer comes
//! last, with the number of rows of each kind and the SHA-256 of everything before it, so that a
//! stream that lacks a part is never taken for a whole one.
//!
//! An imported store has the same findings, changes and revisions, and another log id: what is
//! written to it from now on is not what the first one writes.

mod frame;
mod rows;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use muster_core::ids::Revision;

use self::frame::{FrameReader, FrameWriter};
use self::rows::{Header, Row, RowReader, RowWriter, Trailer};
use super::engine::Rebuild;
use super::{MetaTable, SledOptions, Store, StoreError};

/// The version of the stream.
const VERSION: u32 = 1;

/// How many changes and rows are read at once.
const RUN: usize = 1_000;

/// How many rows of each kind were moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Findings.
    pub findings: u64,
    /// Changes.
    pub changes: u64,
    /// Rows of the small tables.
    pub meta: u64,
}

/// Why a store was not moved.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The store could not be read or written.
    #[error("failed to read or write the store")]
    Store(#[from] StoreError),
    /// The stream could not be read or written.
    #[error("failed to {attempt} the stream")]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The stream is not as it was written.
    #[error("the stream is damaged at byte {offset}: {why}")]
    Damaged {
        /// Where the frame begins that is wrong.
        offset: u64,
        /// What is wrong.
        why: String,
    },
    /// It is something else, or from a newer program.
    #[error("the stream has version {found}; this program reads {VERSION}: use a newer musterd")]
    Version {
        /// What it says.
        found: u32,
    },
    /// Somebody wrote to the store meanwhile.
    #[error("the store was written to while it was exported; export it while nothing writes")]
    Changed,
    /// There is something already.
    #[error("`{}` is not empty: a store is imported into a new or an empty directory", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// The directory could not be made, moved or read.
    #[error("failed to {attempt} `{}`", path.display())]
    Directory {
        /// What was attempted.
        attempt: &'static str,
        /// The directory.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

/// Writes the whole of `store` to `writer`.
///
/// # Errors
///
/// [`TransferError::Changed`] when somebody commits meanwhile.
pub fn export(store: &dyn Store, writer: &mut dyn Write) -> Result<Moved, TransferError> {
    let (head, oldest) = (store.head(), store.oldest());
    let mut rows = RowWriter::new(FrameWriter::new(writer));
    rows.header(&Header { version: VERSION, head: head.0, oldest: oldest.0 })?;
    for table in MetaTable::ALL {
        export_table(store, table, &mut rows)?;
    }
    // A scan cannot be ended by its visitor: what fails first is kept, and nothing more is written.
    let mut failed = None;
    store.scan_findings(&mut |finding| {
        if failed.is_none() {
            failed = rows.push(&Row::Finding(Box::new(finding))).err();
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let mut after = Revision(oldest.0 - 1);
    while after < head {
        for change in store.changes(after, RUN)?.changes {
            after = change.revision;
            rows.push(&Row::Change(Box::new(change)))?;
        }
    }
    if (store.head(), store.oldest()) != (head, oldest) {
        return Err(TransferError::Changed);
    }
    rows.finish()
}

fn export_table(
    store: &dyn Store,
    table: MetaTable,
    rows: &mut RowWriter<'_>,
) -> Result<(), TransferError> {
    let mut after = Vec::new();
    loop {
        let run = store.scan_meta(table, &after, RUN)?;
        let Some((last, _)) = run.last() else { return Ok(()) };
        after.clone_from(last);
        for (key, value) in run {
            rows.push(&Row::Meta { table, key, value })?;
        }
    }
}

/// Makes a [`SledStore`](super::SledStore) in `directory` from what [`export`] wrote.
///
/// The store is built beside `directory` and moved there when it is whole.
///
/// # Errors
///
/// Nothing is left behind, except when the disk does not even let go of that.
pub fn import(
    reader: &mut dyn Read,
    directory: &Path,
    options: &SledOptions,
) -> Result<Moved, TransferError> {
    refuse_content(directory)?;
    let building = beside(directory);
    let failed = |attempt, path: &Path| {
        let path = path.to_owned();
        move |source| TransferError::Directory { attempt, path, source }
    };
    fs::create_dir_all(&building).map_err(failed("make", &building))?;
    let built = build(reader, &building, options);
    let moved = built.and_then(|moved| {
        fs::rename(&building, directory).map_err(failed("move the new store to", directory))?;
        sync_parent(directory).map_err(failed("sync the parent of", directory))?;
        Ok(moved)
    });
    if moved.is_err() && building.exists() {
        fs::remove_dir_all(&building).map_err(failed("remove", &building))?;
    }
    moved
}

fn build(
    reader: &mut dyn Read,
    directory: &Path,
    options: &SledOptions,
) -> Result<Moved, TransferError> {
    let mut rows = RowReader::new(FrameReader::new(reader));
    let header = rows.header()?;
    if header.version != VERSION {
        return Err(TransferError::Version { found: header.version });
    }
    let mut rebuild = Rebuild::new(directory, options)?;
    let mut moved = Moved::default();
    let mut last = Revision(header.oldest.saturating_sub(1));
    while let Some((offset, row)) = rows.next()? {
        let damaged = |why: String| TransferError::Damaged { offset, why };
        match row {
            Row::Finding(finding) if finding.revision.0 > header.head => {
                return Err(damaged(format!("{} is newer than the log", finding.id)));
            }
            Row::Finding(finding) => {
                rebuild.finding(&finding)?;
                moved.findings += 1;
            }
            Row::Change(change) if change.revision != last.next() => {
                return Err(damaged(format!("change {} follows {last}", change.revision)));
            }
            Row::Change(change) => {
                rebuild.change(&change)?;
                last = change.revision;
                moved.changes += 1;
            }
            Row::Meta { table, key, value } => {
                rebuild.meta(table, &key, value)?;
                moved.meta += 1;
            }
        }
    }
    let (offset, trailer) = rows.trailer()?;
    if trailer != Trailer::of(&moved) || last.0 != header.head {
        let why = "it does not hold as many rows as it says".to_owned();
        return Err(TransferError::Damaged { offset, why });
    }
    rebuild.finish(Revision(header.head), Revision(header.oldest))?;
    Ok(moved)
}

fn refuse_content(directory: &Path) -> Result<(), TransferError> {
    let path = directory.to_owned();
    match fs::read_dir(directory).map(|mut entries| entries.next().is_some()) {
        Ok(false) => Ok(()),
        Ok(true) => Err(TransferError::NotEmpty { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(TransferError::Directory { attempt: "read", path, source }),
    }
}

/// Where a store for `directory` is built.
fn beside(directory: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(directory.file_name().unwrap_or_else(|| "store".as_ref()));
    name.push(format!(".import-{}", uuid::Uuid::new_v4().simple()));
    directory.parent().unwrap_or_else(|| Path::new("")).join(name)
}

fn sync_parent(directory: &Path) -> io::Result<()> {
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
    fs::File::open(parent.unwrap_or_else(|| Path::new(".")))?.sync_all()
}
