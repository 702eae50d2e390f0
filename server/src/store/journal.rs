//! The decision journal: what people decided, beside the store and readable without it.
//!
//! One line of JSON for each decision, in `decisions.jsonl`. Each line carries the hash of the one
//! before it, so a line that was altered, removed or put in breaks the chain. Findings can be
//! collected again from AWS; decisions cannot, so they are kept twice.
//!
//! The store is the truth: a decision is committed there first, then appended here, then
//! acknowledged. What a crash kept from being appended is made up for at the next start
//! ([`Journal::catch_up`]). What a crash left half written at the end is cut off and kept in a file
//! beside it.

mod line;

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use muster_core::change::Change;
use muster_core::finding::Finding;
use muster_core::ids::Revision;

pub use self::line::Line;
use super::{MetaTable, MetaWrite, Mutation, Store, StoreError};
use crate::writer::DecisionLog;

/// The file, in the data directory.
pub const JOURNAL_FILE: &str = "decisions.jsonl";

/// How many log entries are read at once to catch up.
const STEP: usize = 500;

/// The row of the store that says how far the journal had come, so that a start need not look for
/// decisions in the whole log.
const PROGRESS_KEY: &[u8] = b"journal";

/// The row is written again when the log has grown by so much.
const PROGRESS_STEP: u64 = 1024;

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk refused.
    #[error("failed to {attempt} `{path}`")]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line in the middle does not read back.
    #[error(
        "`{path}`, line {number}: {what}; nothing was changed: move the file away to begin a new \
         journal from the store's log, and keep it for an audit"
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        number: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The store could not be read.
    #[error("failed to read the log of the store")]
    Store(#[from] StoreError),
}

/// What was found when the journal was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Whole lines.
    pub lines: u64,
    /// Bytes at the end that were no whole line, and were moved to `torn`.
    pub torn_bytes: u64,
    /// Where they are.
    pub torn: Option<PathBuf>,
}

/// The journal, ready to be appended to.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    log_id: [u8; 16],
    sequence: u64,
    hash: String,
    /// Every decision of this log up to here is in the journal.
    through: Revision,
    /// `through` as the store has it.
    noted: Revision,
    /// There was no whole file: what the store notes is of one that is gone.
    is_new: bool,
}

/// What is known of a journal after it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Whole lines.
    pub lines: u64,
    /// Where the last whole line ends.
    end: u64,
    /// How long the file is.
    length: u64,
    /// The hash of the last line.
    hash: String,
    /// The newest revision of the log that was asked about.
    pub revision: Revision,
}

impl Walked {
    /// How many bytes at the end are no whole line.
    pub fn torn_bytes(&self) -> u64 {
        self.length - self.end
    }
}

/// Reads a journal and checks its chain. A last line that is not whole is not an error: it was never
/// acknowledged.
pub fn walk(path: &Path, log_id: [u8; 16]) -> Result<Walked, JournalError> {
    let failed =
        |attempt| move |source| JournalError::Io { attempt, path: path.to_owned(), source };
    let mut walked = Walked { hash: line::NO_HASH.to_owned(), ..Walked::default() };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(walked),
        Err(error) => return Err(failed("open")(error)),
    };
    walked.length = file.metadata().map_err(failed("measure"))?.len();
    let mut reader = BufReader::new(file);
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = reader.read_until(b'\n', &mut text).map_err(failed("read"))?;
        let whole = text.last() == Some(&b'\n');
        let end = walked.end + read as u64;
        if read == 0 || !whole {
            return Ok(walked);
        }
        let broken =
            |what| JournalError::Broken { path: path.to_owned(), number: walked.lines + 1, what };
        let line = match Line::read(&text, &walked.hash, walked.lines + 1) {
            Ok(line) => line,
            // A crash may leave a last line of the right length with blocks that never came.
            Err(_) if end == walked.length => return Ok(walked),
            Err(what) => return Err(broken(what)),
        };
        if line.log_id == line::hex(&log_id) {
            walked.revision = walked.revision.max(Revision(line.revision));
        }
        (walked.end, walked.hash) = (end, line.hash);
        walked.lines += 1;
    }
}

impl Journal {
    /// Opens the journal in `directory` for the log of that id, and makes one when there is none.
    ///
    /// # Errors
    ///
    /// [`JournalError::Broken`] when a line in the middle is not as it was written.
    pub fn open(directory: &Path, log_id: [u8; 16]) -> Result<(Self, Recovery), JournalError> {
        let path = directory.join(JOURNAL_FILE);
        let walked = walk(&path, log_id)?;
        // With a torn end, what the store notes may be of a line that is gone.
        let is_new = !path.exists() || walked.torn_bytes() > 0;
        let failed = |attempt| {
            let path = path.clone();
            move |source| JournalError::Io { attempt, path, source }
        };
        let torn_bytes = walked.torn_bytes();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open"))?;
        let torn = if torn_bytes > 0 {
            file.seek(SeekFrom::Start(walked.end)).map_err(failed("read"))?;
            let torn = set_aside(directory, &mut file).map_err(failed("keep the torn end of"))?;
            file.set_len(walked.end).map_err(failed("cut"))?;
            Some(torn)
        } else {
            None
        };
        file.seek(SeekFrom::Start(walked.end)).map_err(failed("seek in"))?;
        file.sync_all().map_err(failed("flush"))?;
        File::open(directory).and_then(|dir| dir.sync_all()).map_err(failed("flush"))?;
        let recovery = Recovery { lines: walked.lines, torn_bytes, torn };
        let (sequence, hash) = (walked.lines, walked.hash);
        let (through, noted) = (walked.revision, Revision::ZERO);
        Ok((Self { file, path, log_id, sequence, hash, through, noted, is_new }, recovery))
    }

    /// Appends the decisions that the log has and the journal lacks; says how many.
    pub fn catch_up(&mut self, store: &dyn Store) -> Result<u64, JournalError> {
        let before_oldest = Revision(store.oldest().0.saturating_sub(1));
        if !self.is_new {
            self.noted = self.progress_of(store)?;
        }
        self.through = self.through.max(self.noted).max(before_oldest);
        let mut appended = 0;
        loop {
            let run = store.changes(self.through, STEP)?;
            let Some(last) = run.changes.last() else { return Ok(appended) };
            let through = last.revision;
            let decided: Vec<&Change> =
                run.changes.iter().filter(|change| change.is_decision()).collect();
            let ids: Vec<_> = decided.iter().map(|change| change.finding).collect();
            let findings = store.findings(&ids)?;
            let mut text = Vec::new();
            for (change, finding) in decided.iter().zip(&findings) {
                self.compose(change, finding.as_ref(), &mut text);
                appended += 1;
            }
            self.write(&text)?;
            self.through = through;
        }
    }

    /// How far the journal had come by the store's own note; zero for another log.
    fn progress_of(&self, store: &dyn Store) -> Result<Revision, StoreError> {
        let row = store.meta(MetaTable::Store, PROGRESS_KEY)?.unwrap_or_default();
        let noted = row.strip_prefix(&self.log_id[..]).and_then(|rest| rest.try_into().ok());
        Ok(Revision(noted.map_or(0, u64::from_be_bytes)))
    }

    /// Composes the next line.
    fn compose(&mut self, change: &Change, finding: Option<&Finding>, text: &mut Vec<u8>) {
        self.sequence += 1;
        let line = Line::of(change, finding, self.sequence, self.log_id, &self.hash);
        self.hash.clone_from(&line.hash);
        line.write(text);
    }

    /// One write and one flush.
    fn write(&mut self, text: &[u8]) -> Result<(), JournalError> {
        if text.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(text).and_then(|()| self.file.sync_data());
        written.map_err(|source| JournalError::Io {
            attempt: "append to",
            path: self.path.clone(),
            source,
        })
    }
}

impl DecisionLog for Journal {
    fn append(&mut self, committed: &[Mutation]) -> Result<(), String> {
        let mut text = Vec::new();
        for done in committed.iter().filter(|done| done.change.is_decision()) {
            self.compose(&done.change, Some(&done.finding), &mut text);
        }
        self.write(&text).map_err(|error| match &error {
            JournalError::Io { source, .. } => format!("{error}: {source}"),
            JournalError::Broken { .. } | JournalError::Store(_) => error.to_string(),
        })?;
        if let Some(last) = committed.last() {
            self.through = last.change.revision;
        }
        Ok(())
    }

    fn progress(&mut self) -> Option<MetaWrite> {
        // What the next commit writes is true already: everything before it was appended.
        (self.through.0 >= self.noted.0 + PROGRESS_STEP).then(|| {
            self.noted = self.through;
            MetaWrite {
                table: MetaTable::Store,
                key: PROGRESS_KEY.to_vec(),
                value: Some([&self.log_id[..], &self.through.0.to_be_bytes()].concat()),
            }
        })
    }
}

/// Copies the rest of `file` to a new file beside it.
fn set_aside(directory: &Path, file: &mut File) -> io::Result<PathBuf> {
    for number in 1.. {
        let path = directory.join(format!("decisions.torn-{number}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut torn) => {
                io::copy(file, &mut torn)?;
                torn.sync_all()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    unreachable!("the loop has no end")
}

#[cfg(test)]
mod tests;
