//! The store: a log of changes, and the newest image of each finding.
//!
//! Everything Muster knows is committed here first. The trait is small on purpose: it answers no
//! filters and knows no order (the view in memory does), so that an engine is a few hundred lines,
//! and one conformance suite and one crash suite run against each.
//!
//! Promises: a commit is atomic and, when [`Store::commit`] returns, durable (S1); a mutation whose
//! base is not the newest revision of its finding changes nothing and says so (T3); revisions grow
//! by one, without a gap, in commit order (F1).
//!
//! Methods block: call them from the writer's thread or a blocking pool, never from async code.

pub(crate) mod codec;
#[cfg(test)]
mod conformance;
pub mod engine;
#[cfg(test)]
mod histories;
pub mod journal;
pub(crate) mod keys;
pub mod memory;
#[cfg(test)]
pub(crate) mod samples;
pub mod transfer;
pub mod verify;

use std::hash::{Hash, Hasher};

use muster_core::change::{Change, Facets};
use muster_core::finding::{Finding, HeldReport};
use muster_core::ids::{FindingId, Revision};
pub use muster_core::plan::Mutation;
use muster_core::report::{IdentityRule, ReportDigest};
use muster_core::time::Millis;

pub use self::engine::{SledOptions, SledStore, has_store, is_in_use};
pub use self::journal::{Journal, JournalError};
pub use self::memory::MemoryStore;

/// The longest key of a small table, in bytes.
pub const META_KEY_BYTES_MAX: usize = 1024;

/// The largest value of a small table, in bytes (1 MiB).
pub const META_VALUE_BYTES_MAX: usize = 1024 * 1024;

/// The largest row, in bytes (1 MiB); records count packed. Larger ones are refused with
/// [`StoreError::TooLarge`].
pub const ROW_BYTES_MAX: usize = 1024 * 1024;

/// The most log entries that one [`Store::compact`] removes.
pub const COMPACT_CHANGES_MAX: u64 = 10_000;

/// What the view needs of a finding: read for all of them at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which finding.
    pub id: FindingId,
    /// Its newest revision.
    pub revision: Revision,
    /// What filters see.
    pub facets: Facets,
    /// When it was first stored.
    pub created: Millis,
    /// When a change was last stored.
    pub updated: Millis,
    /// When its snooze or suppression ends.
    pub until: Option<Millis>,
    /// Its reports, as the unchanged-check needs them.
    pub reports: Vec<ReportHead>,
    /// [`Finding::threatens`]; empty in heads that an earlier version wrote.
    pub threatens: Vec<String>,
}

/// All but `threatens`: a head that an earlier version wrote is still that of its finding.
impl Hash for Head {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { id, revision, facets, created, updated, until, reports, threatens: _ } = self;
        (id, revision, facets, created, updated, until, reports).hash(state);
    }
}

impl Head {
    /// The head of `finding`.
    pub fn of(finding: &Finding) -> Self {
        Self {
            id: finding.id,
            revision: finding.revision,
            facets: Facets::of(finding),
            created: finding.created,
            updated: finding.updated,
            until: finding.triage.until,
            reports: finding.reports.iter().map(ReportHead::of).collect(),
            threatens: finding.threatens().map(str::to_owned).collect(),
        }
    }
}

/// What the unchanged-check and the maturity report need of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportHead {
    /// Which report.
    pub key: ReportDigest,
    /// [`muster_core::report::Report::content_hash`].
    pub content_hash: u64,
    /// The name of the unit that read it.
    pub unit: String,
    /// The report's rule id (Trusted Advisor check id, control id).
    pub rule_id: String,
    /// Something is concluded from its absence: it counts as changed when it is seen again.
    pub absent: bool,
    /// [`muster_core::report::Report::looked_hour`]: much later it counts as changed.
    pub looked_hour: u32,
    /// The rule of its origin key: whose rule id it is. `None` in heads that an earlier version wrote.
    pub identity: Option<IdentityRule>,
}

/// All but `identity`: a head that an earlier version wrote is still that of its finding.
impl Hash for ReportHead {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { key, content_hash, unit, rule_id, absent, looked_hour, identity: _ } = self;
        (key, content_hash, unit, rule_id, absent, looked_hour).hash(state);
    }
}

impl ReportHead {
    /// The head of `held`.
    pub fn of(held: &HeldReport) -> Self {
        Self {
            key: held.report.key.digest(),
            content_hash: held.content_hash,
            unit: held.unit.to_string(),
            rule_id: held.report.rule_id.clone(),
            absent: held.absence.is_some(),
            looked_hour: held.report.looked_hour(),
            identity: Some(held.report.origin.rule),
        }
    }
}

/// One row of the store's small tables, to be written or (`None`) removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaWrite {
    /// Which table.
    pub table: MetaTable,
    /// Its key; at most [`META_KEY_BYTES_MAX`].
    pub key: Vec<u8>,
    /// What to write; at most [`META_VALUE_BYTES_MAX`].
    pub value: Option<Vec<u8>>,
}

/// The key and the value of a row of a small table.
pub type MetaRow = (Vec<u8>, Vec<u8>);

/// The small tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetaTable {
    /// Unit name to its checkpoint.
    Checkpoint,
    /// Request id to what it did, so that a retry gets the first answer.
    Request,
    /// Documents that could not be mapped, with their errors.
    Quarantine,
    /// Unit name to its last known condition.
    Unit,
    /// The store's own facts.
    Store,
    /// Which finding reports go to against their own key; see [`crate::routes`].
    Route,
    /// What people vouch for; see [`crate::maturity`].
    Attestation,
    /// Durable consumers, and where they stand; see [`crate::subscriptions`].
    Subscription,
}

impl MetaTable {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Checkpoint,
        Self::Request,
        Self::Quarantine,
        Self::Unit,
        Self::Store,
        Self::Route,
        Self::Attestation,
        Self::Subscription,
    ];
}

/// Names a commit: unique for one process and store while `count` grows, without a random number.
pub(crate) fn commit_id(now: Millis, count: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&now.0.to_be_bytes());
    id[8..].copy_from_slice(&count.to_be_bytes());
    id
}

/// What is written at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Names the commit: the last one repeated answers as it did the first time and writes nothing.
    pub id: [u8; 16],
    /// At most one for each finding.
    pub mutations: Vec<Mutation>,
    /// Rows that become visible with them; not written when a mutation is stale, because a
    /// checkpoint must not cover a report that is not stored (C1). Plan again and give them again.
    pub meta: Vec<MetaWrite>,
}

/// What became of a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Written, at this revision.
    Applied(Revision),
    /// Not written: the finding's newest revision is this one. Plan again.
    Stale(Revision),
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// One for each mutation, in order.
    pub outcomes: Vec<Outcome>,
    /// The newest revision of the log.
    pub head: Revision,
}

/// A run of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// In order, without a gap, beginning right after the revision that was asked for.
    pub changes: Vec<Change>,
    /// The newest revision of the log when it was read.
    pub head: Revision,
}

/// Why the store did not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it.
    #[error("the data directory {path} is in use by another musterd (lock file `{path}/LOCK`)")]
    Locked {
        /// The data directory.
        path: String,
    },
    /// The log no longer goes back that far.
    #[error("the log begins at revision {oldest}")]
    Compacted {
        /// The oldest revision left.
        oldest: Revision,
    },
    /// The engine cannot open its files. They are left as they are.
    #[error(
        "failed to open the store in `{path}`, which is left as it is: check the disk, or move it \
         aside and run `musterd import` (from an export) or `musterd rebuild` (from AWS and the \
         decision journal)"
    )]
    Open {
        /// The engine's directory.
        path: String,
        /// What the engine says.
        #[source]
        source: std::io::Error,
    },
    /// A row does not read back.
    #[error("the store is damaged: {what}")]
    Corrupt {
        /// Which row, and how.
        what: String,
    },
    /// A newer program wrote it.
    #[error(
        "the store has format {found}; this program reads up to {supported}: use a newer musterd"
    )]
    Format {
        /// What the store says.
        found: u32,
        /// What this program knows.
        supported: u32,
    },
    /// A value is over its limit.
    #[error("{what} has {bytes} bytes; at most {bytes_max} can be stored")]
    TooLarge {
        /// Which value.
        what: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// A former write failed: nothing is written any more.
    #[error("the store refuses writes since one failed: {cause}")]
    Poisoned {
        /// What failed.
        cause: String,
    },
    /// The engine or the disk refused.
    #[error("failed to {attempt}")]
    Io {
        /// What was attempted.
        attempt: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
}

impl StoreError {
    /// The error and its causes, in one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            cause = inner.source();
        }
        text
    }
}

/// An engine.
pub trait Store: Send + Sync {
    /// Identifies this log: random, made with the store. A restored or rebuilt store has another.
    fn log_id(&self) -> [u8; 16];

    /// The newest durable revision.
    fn head(&self) -> Revision;

    /// The oldest revision in the log; one more than the head when the log is empty.
    fn oldest(&self) -> Revision;

    /// Visits every head once, in any order.
    fn scan_heads(&self, visit: &mut dyn FnMut(Head)) -> Result<(), StoreError>;

    /// Visits every finding once, in any order.
    fn scan_findings(&self, visit: &mut dyn FnMut(Finding)) -> Result<(), StoreError>;

    /// The newest image of each, in the order asked for; `None` where there is none.
    fn findings(&self, ids: &[FindingId]) -> Result<Vec<Option<Finding>>, StoreError>;

    /// Up to `limit` changes after `after`.
    fn changes(&self, after: Revision, limit: usize) -> Result<Changes, StoreError>;

    /// One change.
    fn change(&self, revision: Revision) -> Result<Option<Change>, StoreError>;

    /// Writes all of it or nothing. Durable when it returns.
    ///
    /// An error means that nothing more is written ([`StoreError::Poisoned`]), except
    /// [`StoreError::TooLarge`], which is found before anything is written.
    fn commit(&self, commit: &Commit) -> Result<Committed, StoreError>;

    /// One row of a small table.
    fn meta(&self, table: MetaTable, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Up to `limit` rows of a small table with keys after `after` (empty: from the first), by key.
    fn scan_meta(
        &self,
        table: MetaTable,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<MetaRow>, StoreError>;

    /// Removes log entries up to `through`, at most [`COMPACT_CHANGES_MAX`] of them, and the
    /// findings in `ids`. Returns the oldest revision left: ask again until it is past `through`.
    fn compact(&self, through: Revision, ids: &[FindingId]) -> Result<Revision, StoreError>;
}

/// Refuses rows of small tables that are too large.
fn check_meta(meta: &[MetaWrite]) -> Result<(), StoreError> {
    for write in meta {
        let value = write.value.as_ref().map_or(0, Vec::len);
        for (part, bytes, bytes_max) in
            [("key", write.key.len(), META_KEY_BYTES_MAX), ("value", value, META_VALUE_BYTES_MAX)]
        {
            if bytes > bytes_max {
                let what = format!("the {part} of a {:?} row", write.table);
                return Err(StoreError::TooLarge { what, bytes, bytes_max });
            }
        }
    }
    Ok(())
}
