//! Where a watch stands, and whether the next message joins on there.
//!
//! A pure state machine: messages in, events or a broken chain out. Reconnecting is one call,
//! [`Position::connected`].

use std::collections::HashMap;

use muster_api::v1::watch_findings_response::Event;
use muster_api::v1::{
    Bookmark, Change, ChangeBatch, Finding, LogPosition, SnapshotBatch, SnapshotEnd, SnapshotStart,
};

use super::{WatchEvent, WatchedChange};

/// How a stream contradicts its own promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// Revisions between the two were not covered.
    #[error("revisions after {covered} up to {next} are missing")]
    Gap {
        /// What was covered.
        covered: u64,
        /// Where the next message begins.
        next: u64,
    },
    /// The stream went back on one connection.
    #[error("the stream went back from revision {covered} to {next}")]
    Backwards {
        /// What was covered.
        covered: u64,
        /// Where the next message begins or ends.
        next: u64,
    },
    /// A change lies outside the interval of its batch, or is not in order.
    #[error("revision {revision} does not belong into ({after}, {through}] there")]
    Misplaced {
        /// The change.
        revision: u64,
        /// The interval's start.
        after: u64,
        /// The interval's end.
        through: u64,
    },
    /// The snapshot ended with fewer findings than the server says it sent.
    #[error("the snapshot has {received} of {sent} findings")]
    SnapshotShort {
        /// Received on this connection.
        received: u64,
        /// Sent on this connection, as the server says.
        sent: u64,
    },
    /// A kind of message that cannot come there.
    #[error("a {message} came {place}")]
    OutOfOrder {
        /// What came.
        message: &'static str,
        /// Where.
        place: &'static str,
    },
    /// Another log without saying so.
    #[error("the log changed from `{from}` to `{to}` without a snapshot")]
    LogMixed {
        /// The log so far.
        from: String,
        /// The log of the message.
        to: String,
    },
}

/// What the next message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing received, or resumed at a cursor of unknown place.
    Unknown,
    /// Between `SnapshotStart` and `SnapshotEnd`.
    Snapshot,
    /// After the snapshot.
    Tail,
}

/// Where a watch stands.
#[derive(Debug)]
pub(super) struct Position {
    cursor: Option<String>,
    log_id: String,
    phase: Phase,
    /// Everything up to here was yielded.
    covered: Option<u64>,
    /// Where the last message of this connection ended; none before its first.
    joined: Option<u64>,
    /// What the running snapshot shows at least; 0 when its start was not seen.
    snapshot_revision: u64,
    /// Findings of the snapshot received on this connection.
    received: u64,
    /// Images newer than the position of the tail, which therefore may meet an older one.
    ahead: HashMap<String, u64>,
}

impl Position {
    pub(super) fn new(cursor: Option<String>) -> Self {
        Self {
            cursor: cursor.filter(|cursor| !cursor.is_empty()),
            log_id: String::new(),
            phase: Phase::Unknown,
            covered: None,
            joined: None,
            snapshot_revision: 0,
            received: 0,
            ahead: HashMap::new(),
        }
    }

    pub(super) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    pub(super) fn covered(&self) -> Option<u64> {
        self.covered
    }

    pub(super) fn log_id(&self) -> &str {
        &self.log_id
    }

    /// A new connection was made at the cursor: its first message may overlap what came before.
    pub(super) fn connected(&mut self) {
        self.joined = None;
        self.received = 0;
    }

    /// Takes the next message; `None` when it holds nothing new.
    pub(super) fn accept(&mut self, event: Event) -> Result<Option<WatchEvent>, ChainError> {
        match event {
            Event::SnapshotStart(start) => Ok(Some(self.start(start))),
            Event::SnapshotBatch(batch) => self.snapshot_batch(batch),
            Event::SnapshotEnd(end) => self.end(end).map(Some),
            Event::ChangeBatch(batch) => self.change_batch(batch).map(Some),
            Event::Bookmark(bookmark) => self.bookmark(bookmark).map(Some),
            // The position in it is the one held already: what came before it was taken.
            Event::GoAway(_) => Ok(None),
        }
    }

    fn start(&mut self, start: SnapshotStart) -> WatchEvent {
        let LogPosition { log_id, revision, cursor } = start.position.clone().unwrap_or_default();
        *self = Self::new(Some(cursor));
        self.log_id = log_id;
        self.snapshot_revision = revision;
        self.phase = Phase::Snapshot;
        WatchEvent::SnapshotStart(start)
    }

    fn snapshot_batch(&mut self, batch: SnapshotBatch) -> Result<Option<WatchEvent>, ChainError> {
        if self.phase == Phase::Tail {
            return Err(out_of_order("snapshot batch", "after the end of the snapshot"));
        }
        self.phase = Phase::Snapshot;
        self.received += batch.findings.len() as u64;
        self.advance(batch.cursor);
        let mut findings = batch.findings;
        findings.retain(|finding| self.is_news(finding));
        for finding in &findings {
            self.remember(finding, self.snapshot_revision);
        }
        Ok((!findings.is_empty()).then_some(WatchEvent::Findings(findings)))
    }

    fn end(&mut self, end: SnapshotEnd) -> Result<WatchEvent, ChainError> {
        if self.phase == Phase::Tail {
            return Err(out_of_order("snapshot end", "after the end of the snapshot"));
        }
        if self.received < end.findings_sent {
            let (received, sent) = (self.received, end.findings_sent);
            return Err(ChainError::SnapshotShort { received, sent });
        }
        let position = end.position.clone().unwrap_or_default();
        self.same_log(&position.log_id)?;
        if self.snapshot_revision > 0 && position.revision > self.snapshot_revision {
            let (covered, next) = (self.snapshot_revision, position.revision);
            return Err(ChainError::Gap { covered, next });
        }
        self.phase = Phase::Tail;
        self.joined = Some(position.revision);
        self.covered = Some(position.revision);
        self.advance(position.cursor);
        self.forget_up_to(position.revision);
        Ok(WatchEvent::SnapshotEnd(end))
    }

    fn change_batch(&mut self, batch: ChangeBatch) -> Result<WatchEvent, ChainError> {
        let ChangeBatch { changes, after_revision, through_revision, cursor } = batch;
        if self.phase == Phase::Snapshot {
            return Err(out_of_order("change batch", "inside a snapshot"));
        }
        self.joins(after_revision)?;
        in_order(&changes, after_revision, through_revision)?;
        let covered = self.covered.unwrap_or(after_revision);
        let changes = changes
            .into_iter()
            .filter(|change| change.revision > covered)
            .map(|change| self.watched(change))
            .collect();
        self.reach(through_revision);
        self.advance(cursor);
        let after_revision = covered.max(after_revision);
        let through_revision = through_revision.max(covered);
        Ok(WatchEvent::Changes { changes, after_revision, through_revision })
    }

    fn bookmark(&mut self, bookmark: Bookmark) -> Result<WatchEvent, ChainError> {
        if self.phase == Phase::Snapshot {
            // Proof of life only: the cursor of a bookmark would skip the rest of the snapshot.
            return Ok(WatchEvent::Bookmark(bookmark));
        }
        let LogPosition { log_id, revision, cursor } =
            bookmark.position.clone().unwrap_or_default();
        self.same_log(&log_id)?;
        if let Some(joined) = self.joined
            && revision < joined
        {
            return Err(ChainError::Backwards { covered: joined, next: revision });
        }
        self.reach(revision);
        self.advance(cursor);
        Ok(WatchEvent::Bookmark(bookmark))
    }

    /// A batch begins where the last message of this connection ended; the first one of a resumed
    /// connection may begin earlier.
    fn joins(&self, after_revision: u64) -> Result<(), ChainError> {
        let next = after_revision;
        match (self.joined, self.covered) {
            (Some(joined), _) if next < joined => {
                Err(ChainError::Backwards { covered: joined, next })
            }
            (Some(covered), _) | (None, Some(covered)) if next > covered => {
                Err(ChainError::Gap { covered, next })
            }
            _ => Ok(()),
        }
    }

    fn same_log(&mut self, log_id: &str) -> Result<(), ChainError> {
        if self.log_id.is_empty() {
            log_id.clone_into(&mut self.log_id);
        }
        if self.log_id == log_id {
            return Ok(());
        }
        Err(ChainError::LogMixed { from: self.log_id.clone(), to: log_id.to_owned() })
    }

    /// Takes an image out of a change when a newer one was yielded before.
    fn watched(&mut self, mut change: Change) -> WatchedChange {
        let superseded = change.finding.as_ref().is_some_and(|finding| !self.is_news(finding));
        if superseded {
            change.finding = None;
        } else {
            self.ahead.remove(&change.finding_id);
            if let Some(finding) = &change.finding {
                self.remember(finding, change.revision);
            }
        }
        WatchedChange { change, superseded }
    }

    /// The client rule: an image counts only if its revision is not below the one held.
    ///
    /// Only images ahead of the position are held: up to the position a finding has one image, so
    /// nothing older can come.
    fn is_news(&self, finding: &Finding) -> bool {
        self.ahead.get(&finding.id).is_none_or(|held| finding.revision >= *held)
    }

    fn remember(&mut self, finding: &Finding, position: u64) {
        if finding.revision > position {
            self.ahead.insert(finding.id.clone(), finding.revision);
        }
    }

    fn forget_up_to(&mut self, revision: u64) {
        if !self.ahead.is_empty() {
            self.ahead.retain(|_, held| *held > revision);
        }
    }

    fn reach(&mut self, revision: u64) {
        self.phase = Phase::Tail;
        self.joined = Some(revision);
        self.covered = Some(self.covered.unwrap_or_default().max(revision));
        self.forget_up_to(revision);
    }

    fn advance(&mut self, cursor: String) {
        if !cursor.is_empty() {
            self.cursor = Some(cursor);
        }
    }
}

/// Checks that a batch keeps to its interval.
fn in_order(changes: &[Change], after: u64, through: u64) -> Result<(), ChainError> {
    if through < after {
        return Err(ChainError::Backwards { covered: after, next: through });
    }
    let mut last = after;
    for Change { revision, .. } in changes {
        if *revision <= last || *revision > through {
            return Err(ChainError::Misplaced { revision: *revision, after, through });
        }
        last = *revision;
    }
    Ok(())
}

fn out_of_order(message: &'static str, place: &'static str) -> ChainError {
    ChainError::OutOfOrder { message, place }
}
