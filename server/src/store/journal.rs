//! The decision journal: what people decided, in a plain file beside the store.
//!
//! Findings can be collected again; decisions cannot. Each is also appended to `decisions.jsonl`,
//! one JSON object a line, readable with ordinary tools. Each line names the hash of the one before
//! it, so that a line that was altered, removed or put in is found.
//!
//! The store is the truth. A decision is committed first, then journaled, then acknowledged; what a
//! crash leaves out is appended from the log by [`Journal::catch_up`] at the next start.
//!
//! What was being written when the power went is cut off at open and kept in a file of its own. A
//! failed append ends the journal's life in this process: what is on disk is then not known.

mod line;
mod read;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use muster_core::change::{Change, ChangeKind};
use muster_core::ids::Revision;

pub use self::line::{Entry, EntryField};
pub use self::read::{Summary, read_journal};
use super::{MetaTable, MetaWrite, Mutation, Store, StoreError};
use crate::writer::DecisionLog;

/// The name of the file in the data directory.
pub const JOURNAL_FILE: &str = "decisions.jsonl";

/// How many changes [`Journal::catch_up`] reads at once.
const RUN: usize = 1_000;

/// The row of [`MetaTable::Store`] that says up to where the log is journaled.
const JOURNALED: &[u8] = b"journaled";

/// An open journal. One process has it: the store's lock guards it too.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    log: [u8; 16],
    sequence: u64,
    hash: [u8; 32],
    /// Up to this revision all decisions of the log are in the file.
    through: Revision,
    failed: bool,
}

/// What was cut off at open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// How many bytes.
    pub bytes: u64,
    /// Where they are kept.
    pub kept_in: PathBuf,
}

/// What [`Journal::open`] found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// What was cut off; `None` when the file was whole.
    pub torn: Option<Torn>,
    /// How many decisions were appended from the log.
    pub appended: u64,
    /// Revisions (first and last) that are neither in the file nor in the log any more, because the
    /// file is older than the log reaches back.
    pub gap: Option<(Revision, Revision)>,
}

/// Why the journal did not do something.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A line is not as it was written.
    #[error(
        "line {line} of the decision journal `{path}` is not as it was written: {why}; keep the \
         file, and find out who changed it"
    )]
    Broken {
        /// The file.
        path: String,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// The journal knows decisions of this log that the store does not.
    #[error(
        "the decision journal goes up to revision {journal}, the store only to {store}: the store \
         is older than its journal; restore it with `musterd import`, not from copied files"
    )]
    Ahead {
        /// The last revision in the journal.
        journal: Revision,
        /// The last revision in the store.
        store: Revision,
    },
    /// A former append failed.
    #[error("the decision journal refuses appends since one failed")]
    Poisoned,
    /// The log could not be read.
    #[error("failed to read the log for the decision journal")]
    Store(#[from] StoreError),
    /// The file system refused.
    #[error("failed to {attempt} the decision journal `{path}`")]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// The file.
        path: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

impl JournalError {
    /// The error and its causes, in one line.
    fn chain(&self) -> String {
        match self {
            Self::Io { source, .. } => format!("{self}: {source}"),
            Self::Store(error) => format!("{self}: {}", error.chain()),
            Self::Broken { .. } | Self::Ahead { .. } | Self::Poisoned => self.to_string(),
        }
    }

    fn io(attempt: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { attempt, path: path.display().to_string(), source }
    }
}

/// What a commit notes about the journal: see [`Journal::progress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Note {
    through: Revision,
    /// The last line at that time, and its hash: the note holds only for a file that has it.
    sequence: u64,
    hash: [u8; 32],
}

/// What a verified file says.
struct Found {
    summary: Summary,
    /// Up to this revision nothing can be missing.
    through: Revision,
}

impl Journal {
    /// Opens the journal in `directory`, verifies it, cuts off what a crash left of a line, and
    /// appends what the log of `store` has and the journal lacks.
    ///
    /// # Errors
    ///
    /// [`JournalError::Broken`] and [`JournalError::Ahead`] are for people to decide; nothing is
    /// changed then.
    pub fn open(directory: &Path, store: &dyn Store) -> Result<(Self, Opened), JournalError> {
        let path = directory.join(JOURNAL_FILE);
        let found = inspect(&path, store)?;
        let mut file = open_file(directory, &path)?;
        let torn = cut(&path, &mut file, &found.summary)?;
        let mut journal = Self {
            path,
            file,
            log: store.log_id(),
            sequence: found.summary.entries,
            hash: found.summary.hash,
            through: found.through,
            failed: false,
        };
        let gap = journal.gap(store);
        let appended = journal.catch_up(store)?;
        Ok((journal, Opened { torn, appended, gap }))
    }

    /// Appends what the log has and the journal lacks; says how many decisions.
    pub fn catch_up(&mut self, store: &dyn Store) -> Result<u64, JournalError> {
        let mut appended = 0;
        loop {
            let run = store.changes(self.through, RUN)?;
            let Some(last) = run.changes.last().map(|change| change.revision) else {
                return Ok(appended);
            };
            let decisions: Vec<_> = run.changes.into_iter().filter(is_decision).collect();
            let ids: Vec<_> = decisions.iter().map(|change| change.finding).collect();
            let findings = store.findings(&ids)?;
            let keys = findings.iter().map(|found| found.as_ref().map_or("", |f| f.key.as_str()));
            appended += decisions.len() as u64;
            self.append(decisions.iter().zip(keys), last)?;
        }
    }

    /// Appends decisions that were just committed, each with its revision and its finding's key, in
    /// the order of their revisions, and makes them durable. `through` is the last revision of the
    /// commit: every decision up to it is journaled afterwards.
    ///
    /// # Errors
    ///
    /// After an error nothing is appended any more: the process must end, and
    /// [`open`](Self::open) puts right what is on disk.
    pub fn append<'a>(
        &mut self,
        decisions: impl IntoIterator<Item = (&'a Change, &'a str)>,
        through: Revision,
    ) -> Result<(), JournalError> {
        if self.failed {
            return Err(JournalError::Poisoned);
        }
        let mut text = String::new();
        let (mut sequence, mut hash) = (self.sequence, self.hash);
        for (change, key) in decisions {
            let entry = Entry::new(change, key, self.log, sequence + 1, hash);
            let (line, next) = entry
                .to_line()
                .map_err(|error| JournalError::io("write", &self.path, error.into()))?;
            text.push_str(&line);
            (sequence, hash) = (sequence + 1, next);
        }
        if !text.is_empty() {
            let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
            if let Err(error) = written {
                self.failed = true;
                return Err(JournalError::io("append to", &self.path, error));
            }
            (self.sequence, self.hash) = (sequence, hash);
        }
        self.through = self.through.max(through);
        Ok(())
    }

    /// A row for the next commit that notes how far the journal has come, so that the next start
    /// need not look through the log before it.
    pub fn progress(&self) -> MetaWrite {
        let note = Note { through: self.through, sequence: self.sequence, hash: self.hash };
        let value = Some(note.encode());
        MetaWrite { table: MetaTable::Store, key: JOURNALED.to_vec(), value }
    }

    /// How many decisions it holds.
    pub fn entries(&self) -> u64 {
        self.sequence
    }

    /// Up to which revision all decisions are in it.
    pub fn through(&self) -> Revision {
        self.through
    }

    /// Moves past what the log no longer has; says what that is.
    fn gap(&mut self, store: &dyn Store) -> Option<(Revision, Revision)> {
        let first = self.through.next();
        let oldest = store.oldest();
        if first >= oldest {
            return None;
        }
        let last = Revision(oldest.0 - 1);
        self.through = last;
        Some((first, last))
    }
}

impl DecisionLog for Journal {
    fn append(&mut self, committed: &[Mutation]) -> Result<(), String> {
        let Some(last) = committed.last() else { return Ok(()) };
        let decisions = committed.iter().filter(|done| is_decision(&done.change));
        let decisions = decisions.map(|done| (&done.change, done.finding.key.as_str()));
        Self::append(self, decisions, last.change.revision).map_err(|error| error.chain())
    }

    fn progress(&self) -> Option<MetaWrite> {
        Some(Self::progress(self))
    }
}

fn is_decision(change: &Change) -> bool {
    change.kinds.contains(&ChangeKind::Triaged)
}

impl Note {
    fn encode(&self) -> Vec<u8> {
        let (through, sequence) = (self.through.0.to_be_bytes(), self.sequence.to_be_bytes());
        [&through[..], &sequence, &self.hash].concat()
    }

    fn decode(row: &[u8]) -> Option<Self> {
        let (through, rest) = row.split_first_chunk()?;
        let (sequence, hash) = rest.split_first_chunk()?;
        let through = Revision(u64::from_be_bytes(*through));
        let sequence = u64::from_be_bytes(*sequence);
        Some(Self { through, sequence, hash: hash.try_into().ok()? })
    }
}

/// Verifies the file and finds how far it goes.
fn inspect(path: &Path, store: &dyn Store) -> Result<Found, JournalError> {
    let note = store.meta(MetaTable::Store, JOURNALED)?;
    let note = note.and_then(|row| Note::decode(&row));
    let log = line::hex(&store.log_id());
    let mut last = Revision::ZERO;
    let mut holds = note.is_some_and(|note| note.sequence == 0);
    let summary = read_journal(path, &mut |entry| {
        if entry.log == log {
            last = last.max(Revision(entry.revision));
        }
        if let Some(note) = note
            && note.sequence == entry.sequence
        {
            holds = entry.hash == line::hex(&note.hash);
        }
    })?;
    let head = store.head();
    if last > head {
        return Err(JournalError::Ahead { journal: last, store: head });
    }
    let noted = note.filter(|_| holds).map_or(Revision::ZERO, |note| note.through.min(head));
    Ok(Found { summary, through: last.max(noted) })
}

fn open_file(directory: &Path, path: &Path) -> Result<File, JournalError> {
    let failed = |source| JournalError::io("open", path, source);
    let file =
        OpenOptions::new().create(true).read(true).append(true).open(path).map_err(failed)?;
    // A new file must not vanish with the power.
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
    Ok(file)
}

/// Moves what is behind the last whole line to a file of its own.
fn cut(path: &Path, file: &mut File, summary: &Summary) -> Result<Option<Torn>, JournalError> {
    if summary.torn_bytes == 0 {
        return Ok(None);
    }
    let failed = |source| JournalError::io("cut the torn end off", path, source);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(summary.bytes)).map_err(failed)?;
    file.read_to_end(&mut tail).map_err(failed)?;
    let kept_in = keep(path, summary.bytes, &tail).map_err(failed)?;
    file.set_len(summary.bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(Some(Torn { bytes: summary.torn_bytes, kept_in }))
}

/// Writes `tail` to a new file beside `path`.
fn keep(path: &Path, offset: u64, tail: &[u8]) -> io::Result<PathBuf> {
    let mut attempt = 0_u32;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".torn-at-{offset}"));
        if attempt > 0 {
            name.push(format!("-{attempt}"));
        }
        match OpenOptions::new().write(true).create_new(true).open(&name) {
            Ok(mut file) => {
                file.write_all(tail)?;
                file.sync_all()?;
                return Ok(name.into());
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use muster_core::triage::{Triage, TriageState};

    use super::*;
    use crate::store::samples::{self, created, updated};
    use crate::store::{Commit, MemoryStore, Mutation};

    fn commit(store: &dyn Store, mutations: Vec<Mutation>, meta: Vec<MetaWrite>) {
        let id = uuid::Uuid::new_v4().into_bytes();
        store.commit(&Commit { id, mutations, meta }).unwrap();
    }

    fn decide(store: &dyn Store, number: u64) -> Change {
        let finding = store.findings(&[samples::id(number)]).unwrap().remove(0).unwrap();
        let triage = Triage { state: TriageState::Acknowledged, ..finding.triage.clone() };
        let mut mutation = samples::triaged(&finding, "user:alice", triage);
        "line one\nline \"two\" \u{202e}".clone_into(&mut mutation.change.comment);
        commit(store, vec![mutation], vec![]);
        store.change(store.head()).unwrap().unwrap()
    }

    fn store_with_findings() -> MemoryStore {
        let store = MemoryStore::new();
        commit(&store, (0..5).map(created).collect(), vec![]);
        store
    }

    fn lines(home: &Path) -> Vec<String> {
        let text = fs::read_to_string(home.join(JOURNAL_FILE)).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn entries(home: &Path) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut visit = |entry: &Entry| entries.push(entry.clone());
        read_journal(&home.join(JOURNAL_FILE), &mut visit).unwrap();
        entries
    }

    #[test]
    fn a_decision_is_one_line_with_all_that_was_decided() {
        let (home, store) = (tempfile::tempdir().unwrap(), store_with_findings());
        let (mut journal, opened) = Journal::open(home.path(), &store).unwrap();
        assert_eq!(opened, Opened::default());

        let change = decide(&store, 2);
        let key = samples::finding(2, 0).key;
        journal.append([(&change, key.as_str())], change.revision).unwrap();

        let [entry] = <[Entry; 1]>::try_from(entries(home.path())).unwrap();
        assert_eq!((entry.sequence, entry.revision), (1, 6));
        assert_eq!(entry.finding, samples::id(2).to_string());
        assert_eq!(entry.key, key);
        assert_eq!((entry.actor.as_str(), entry.action.as_str()), ("user:alice", "acknowledge"));
        assert_eq!(entry.comment, change.comment);
        assert_eq!(entry.time, change.time.to_string());
    }

    #[test]
    fn what_the_journal_lacks_is_appended_from_the_log() {
        let (home, store) = (tempfile::tempdir().unwrap(), store_with_findings());
        let (mut journal, _) = Journal::open(home.path(), &store).unwrap();
        let change = decide(&store, 1);
        journal.append([(&change, "")], change.revision).unwrap();
        drop(journal);
        // Committed, and then the process died.
        decide(&store, 2);
        commit(&store, vec![updated(3, 1, Revision(4))], vec![]);
        decide(&store, 4);

        let (journal, opened) = Journal::open(home.path(), &store).unwrap();

        assert_eq!((opened.appended, opened.gap), (2, None));
        assert_eq!(journal.through(), store.head());
        let revisions: Vec<_> = entries(home.path()).iter().map(|e| e.revision).collect();
        assert_eq!(revisions, [6, 7, 9]);
        let again = Journal::open(home.path(), &store).unwrap().1;
        assert_eq!(again, Opened::default());
    }

    #[test]
    fn a_lost_file_is_made_again_even_when_the_store_notes_that_it_was_journaled() {
        let (home, store) = (tempfile::tempdir().unwrap(), store_with_findings());
        let (mut journal, _) = Journal::open(home.path(), &store).unwrap();
        let change = decide(&store, 1);
        journal.append([(&change, "")], change.revision).unwrap();
        commit(&store, vec![created(7)], vec![journal.progress()]);
        drop(journal);
        let before = lines(home.path()).len();
        fs::remove_file(home.path().join(JOURNAL_FILE)).unwrap();

        let (_, opened) = Journal::open(home.path(), &store).unwrap();

        assert_eq!((before, opened.appended), (1, 1));
    }

    #[test]
    fn the_note_in_the_store_spares_looking_through_the_log() {
        let (home, store) = (tempfile::tempdir().unwrap(), store_with_findings());
        let (mut journal, _) = Journal::open(home.path(), &store).unwrap();
        commit(&store, (10..20).map(created).collect(), vec![]);
        journal.append([], store.head()).unwrap();
        commit(&store, vec![], vec![journal.progress()]);
        drop(journal);
        store.compact(Revision(12), &[]).unwrap();

        let (journal, opened) = Journal::open(home.path(), &store).unwrap();

        // Without the note, revisions 1 to 12 would be a gap.
        assert_eq!(opened, Opened::default());
        assert_eq!(journal.through(), store.head());
    }

    #[test]
    fn what_neither_the_log_nor_the_file_has_is_reported() {
        let (home, store) = (tempfile::tempdir().unwrap(), store_with_findings());
        decide(&store, 1);
        store.compact(Revision(6), &[]).unwrap();

        let (_, opened) = Journal::open(home.path(), &store).unwrap();

        assert_eq!(opened.gap, Some((Revision(1), Revision(6))));
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_kept_and_appended_again() {
        let (home, store) = (tempfile::tempdir().unwrap(), store_with_findings());
        for number in [1, 2] {
            decide(&store, number);
        }
        drop(Journal::open(home.path(), &store).unwrap());
        let path = home.path().join(JOURNAL_FILE);
        let whole = fs::read(&path).unwrap();
        let last = whole.iter().rposition(|b| *b == b'{' && *b != b'\n').unwrap_or(0);
        for cut in [whole.len() - 1, whole.len() - 40, last + 1] {
            fs::write(&path, &whole[..cut]).unwrap();

            let (_, opened) = Journal::open(home.path(), &store).unwrap();

            let torn = opened.torn.unwrap();
            assert_eq!(fs::read(&torn.kept_in).unwrap().len() as u64, torn.bytes);
            assert_eq!(opened.appended, 1, "{cut}");
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn zeros_behind_the_last_line_are_torn_too() {
        let (home, store) = (tempfile::tempdir().unwrap(), store_with_findings());
        decide(&store, 1);
        drop(Journal::open(home.path(), &store).unwrap());
        let path = home.path().join(JOURNAL_FILE);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [whole.as_slice(), &[0; 700]].concat()).unwrap();

        let (_, opened) = Journal::open(home.path(), &store).unwrap();

        assert_eq!(opened.torn.unwrap().bytes, 700);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    /// Writes the lines of a journal of three decisions after `edit`, and opens it.
    fn edited(edit: impl FnOnce(&mut Vec<String>)) -> JournalError {
        let (home, store) = (tempfile::tempdir().unwrap(), store_with_findings());
        for number in [1, 2, 3] {
            decide(&store, number);
        }
        drop(Journal::open(home.path(), &store).unwrap());
        let mut lines = lines(home.path());
        edit(&mut lines);
        let text = lines.join("\n") + "\n";
        fs::write(home.path().join(JOURNAL_FILE), &text).unwrap();

        let error = Journal::open(home.path(), &store).unwrap_err();

        assert_eq!(fs::read_to_string(home.path().join(JOURNAL_FILE)).unwrap(), text);
        error
    }

    fn broken_line(error: &JournalError) -> u64 {
        match error {
            JournalError::Broken { line, .. } => *line,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn an_altered_line_is_named() {
        let error = edited(|lines| lines[1] = lines[1].replace("user:alice", "user:mallory"));

        assert_eq!(broken_line(&error), 2);
    }

    #[test]
    fn a_removed_line_is_noticed() {
        assert_eq!(broken_line(&edited(|lines| drop(lines.remove(1)))), 2);
        assert_eq!(broken_line(&edited(|lines| drop(lines.remove(0)))), 1);
    }

    #[test]
    fn a_repeated_line_is_noticed() {
        let error = edited(|lines| lines.insert(1, lines[0].clone()));

        assert_eq!(broken_line(&error), 2);
    }

    #[test]
    fn a_store_that_is_older_than_its_journal_is_refused() {
        let (home, store) = (tempfile::tempdir().unwrap(), store_with_findings());
        let (mut journal, _) = Journal::open(home.path(), &store).unwrap();
        let change = Change { revision: Revision(99), ..decide(&store, 1) };
        journal.append([(&change, "")], change.revision).unwrap();

        let error = Journal::open(home.path(), &store).unwrap_err();

        let (journal, store) = (Revision(99), Revision(6));
        assert!(
            matches!(error, JournalError::Ahead { journal: j, store: s } if (j, s) == (journal, store))
        );
    }

    #[test]
    fn a_line_can_be_checked_with_ordinary_tools() {
        use sha2::{Digest, Sha256};
        let (home, store) = (tempfile::tempdir().unwrap(), store_with_findings());
        decide(&store, 1);
        drop(Journal::open(home.path(), &store).unwrap());

        let line = lines(home.path()).remove(0);

        let (text, hash) = line.split_once(",\"hash\":\"").unwrap();
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        assert_eq!(hash, format!("{}\"}}", line::hex(&digest)));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["previous"], "0".repeat(64));
    }
}
