//! The rows of what is not settled, and of what is parked.

use std::collections::BTreeMap;

use muster_core::ids::{FindingId, Revision};
use muster_core::subscription::{Hold, Key, Outstanding, Parked, Place, REASON_BYTES_MAX, State};
use muster_core::time::Millis;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(super) struct StateRow {
    #[prost(uint64, tag = "1")]
    generation: u64,
    #[prost(uint64, tag = "2")]
    epoch: u64,
    /// Where the log was read to, or where it begins after the snapshot.
    #[prost(uint64, tag = "3")]
    revision: u64,
    #[prost(bool, tag = "4")]
    is_snapshot: bool,
    /// The last finding of the snapshot; empty before the first.
    #[prost(bytes = "vec", tag = "5")]
    after: Vec<u8>,
    #[prost(message, repeated, tag = "6")]
    outstanding: Vec<OutstandingRow>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct OutstandingRow {
    #[prost(bytes = "vec", tag = "1")]
    finding: Vec<u8>,
    #[prost(uint64, tag = "2")]
    revision: u64,
    #[prost(int64, tag = "3")]
    time_ms: i64,
    #[prost(uint32, tag = "4")]
    attempts: u32,
    #[prost(bool, tag = "5")]
    is_snapshot: bool,
    #[prost(bool, tag = "6")]
    replayed: bool,
    /// 1 due, 2 until, 3 session.
    #[prost(uint32, tag = "7")]
    hold: u32,
    /// A time for 1 and 2, an epoch for 3.
    #[prost(int64, tag = "8")]
    number: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ParkedRow {
    #[prost(bytes = "vec", tag = "1")]
    finding: Vec<u8>,
    #[prost(uint64, tag = "2")]
    revision: u64,
    #[prost(int64, tag = "3")]
    time_ms: i64,
    #[prost(uint32, tag = "4")]
    attempts: u32,
    #[prost(string, tag = "5")]
    reason: String,
    #[prost(int64, tag = "6")]
    at_ms: i64,
}

impl StateRow {
    pub(super) fn of(state: &State) -> Self {
        let (revision, is_snapshot, after) = match state.place {
            Place::Snapshot { start, after } => (start, true, after),
            Place::Log(revision) => (revision, false, None),
        };
        Self {
            generation: state.generation,
            epoch: state.epoch,
            revision: revision.0,
            is_snapshot,
            after: after.map_or_else(Vec::new, |id| id.0.to_vec()),
            outstanding: state.outstanding.iter().map(OutstandingRow::of).collect(),
        }
    }

    /// The state, without what is parked: that has rows of its own.
    pub(super) fn read(self) -> Option<State> {
        let revision = Revision(self.revision);
        let place = match (self.is_snapshot, self.after.as_slice()) {
            (false, _) => Place::Log(revision),
            (true, []) => Place::Snapshot { start: revision, after: None },
            (true, id) => {
                Place::Snapshot { start: revision, after: Some(FindingId(id.try_into().ok()?)) }
            }
        };
        let outstanding = self.outstanding.into_iter().map(OutstandingRow::read);
        Some(State {
            generation: self.generation,
            place,
            outstanding: outstanding.collect::<Option<_>>()?,
            parked: BTreeMap::new(),
            epoch: self.epoch,
            is_live: false,
        })
    }
}

impl OutstandingRow {
    pub(super) fn of((key, entry): (&Key, &Outstanding)) -> Self {
        let (hold, number) = match entry.hold {
            Hold::Due(time) => (1, time.0),
            Hold::Until(time) => (2, time.0),
            Hold::Session(epoch) => (3, epoch.cast_signed()),
        };
        Self {
            finding: entry.finding.0.to_vec(),
            revision: entry.revision.0,
            time_ms: entry.time.0,
            attempts: entry.attempts,
            is_snapshot: matches!(key, Key::Snapshot(_)),
            replayed: entry.replayed,
            hold,
            number,
        }
    }

    pub(super) fn read(self) -> Option<(Key, Outstanding)> {
        let finding = FindingId(self.finding.try_into().ok()?);
        let revision = Revision(self.revision);
        let key = if self.is_snapshot { Key::Snapshot(finding) } else { Key::Change(revision) };
        let hold = match self.hold {
            1 => Hold::Due(Millis(self.number)),
            2 => Hold::Until(Millis(self.number)),
            3 => Hold::Session(self.number.cast_unsigned()),
            _ => return None,
        };
        let (time, attempts, replayed) = (Millis(self.time_ms), self.attempts, self.replayed);
        Some((key, Outstanding { finding, revision, time, attempts, hold, replayed }))
    }
}

impl ParkedRow {
    pub(super) fn of(parked: &Parked) -> Self {
        Self {
            finding: parked.finding.0.to_vec(),
            revision: parked.revision.0,
            time_ms: parked.time.0,
            attempts: parked.attempts,
            reason: parked.reason.clone(),
            at_ms: parked.at.0,
        }
    }

    pub(super) fn read(self) -> Option<Parked> {
        let finding = FindingId(self.finding.try_into().ok()?);
        let is_short = self.reason.len() <= REASON_BYTES_MAX;
        is_short.then_some(Parked {
            finding,
            revision: Revision(self.revision),
            time: Millis(self.time_ms),
            attempts: self.attempts,
            reason: self.reason,
            at: Millis(self.at_ms),
        })
    }
}
