//! What calls with a request id did, so that a repeat gets the first outcome.

use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};
use muster_core::time::{DAY_MS, Millis};
use prost::Message;

use super::answer::DecidedDraft;
use super::plan::Images;
use super::thread::strip;
use super::{Decided, Decision, DecisionsDone, Refused};
use crate::store::{MetaTable, MetaWrite, Store, StoreError};

/// How long an outcome is kept, in milliseconds: 7 days.
pub(super) const REQUEST_KEPT_MS: i64 = 7 * DAY_MS;

/// The stored form of an outcome.
#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(bytes = "vec", tag = "1")]
    hash: Vec<u8>,
    #[prost(int64, tag = "2")]
    time_ms: i64,
    #[prost(message, repeated, tag = "3")]
    outcomes: Vec<OutcomeRow>,
}

#[derive(Clone, PartialEq, Message)]
struct OutcomeRow {
    /// The revision of the change; 0 when nothing changed.
    #[prost(uint64, tag = "1")]
    revision: u64,
    #[prost(message, optional, tag = "2")]
    refused: Option<RefusedRow>,
    /// Of a merge or a split, the other finding; empty for decisions.
    #[prost(bytes = "vec", tag = "3")]
    other: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RefusedRow {
    /// 1 not found, 2 etag, 3 content version, 4 invalid, 5 merged.
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(string, tag = "2")]
    text: String,
    #[prost(uint64, tag = "3")]
    number: u64,
    #[prost(string, tag = "4")]
    field: String,
}

/// An outcome read back.
pub(super) struct Stored {
    pub(super) hash: [u8; 32],
    pub(super) time: Millis,
    outcomes: Vec<OutcomeRow>,
}

impl Stored {
    /// What a merge or a split did: the revision, and the other finding. `None` for decisions.
    pub(super) fn regrouped(&self) -> Option<(Revision, FindingId)> {
        let [outcome] = self.outcomes.as_slice() else { return None };
        let other = outcome.other.as_slice().try_into().ok()?;
        Some((Revision(outcome.revision), FindingId(other)))
    }

    /// The first outcome again, with the findings as they are now.
    pub(super) fn replay(&self, decisions: &[Decision], images: &Images) -> DecisionsDone {
        let results = decisions.iter().zip(&self.outcomes).map(|(decision, outcome)| {
            if let Some(refused) = &outcome.refused {
                return Err(refused.read(decision.finding));
            }
            let id = decision.finding;
            let mut finding: Finding = images.get(&id).ok_or(Refused::NotFound(id))?.clone();
            strip(&mut finding);
            let revision = Revision(outcome.revision);
            Ok(Decided { finding, changed: revision > Revision::ZERO, revision })
        });
        DecisionsDone { results: results.collect(), replayed: true }
    }
}

impl RefusedRow {
    fn of(refused: &Refused) -> Self {
        match refused {
            Refused::NotFound(_) => Self { kind: 1, ..Self::default() },
            Refused::EtagMismatch { current, .. } => {
                Self { kind: 2, text: current.clone(), ..Self::default() }
            }
            Refused::ContentChanged { current, .. } => {
                Self { kind: 3, number: *current, ..Self::default() }
            }
            Refused::Merged { into, .. } => {
                Self { kind: 5, text: into.to_string(), ..Self::default() }
            }
            // No decision is refused so; if one were, its text would say why.
            Refused::Regroup(_) | Refused::NoAttestation { .. } | Refused::Subscription(_) => {
                Self { kind: 4, text: refused.to_string(), ..Self::default() }
            }
            Refused::Invalid { field, message } => {
                Self { kind: 4, text: message.clone(), field: field.clone(), ..Self::default() }
            }
        }
    }

    fn read(&self, id: FindingId) -> Refused {
        match self.kind {
            2 => Refused::EtagMismatch { id, current: self.text.clone() },
            3 => Refused::ContentChanged { id, current: self.number },
            4 => Refused::Invalid { field: self.field.clone(), message: self.text.clone() },
            5 => match self.text.parse() {
                Ok(into) => Refused::Merged { id, into },
                Err(_) => Refused::NotFound(id),
            },
            _ => Refused::NotFound(id),
        }
    }
}

/// The row that remembers what a call did.
pub(super) fn row(id: &str, hash: [u8; 32], now: Millis, drafts: &[DecidedDraft]) -> MetaWrite {
    let outcomes = drafts.iter().map(|draft| match draft {
        DecidedDraft::Changed { revision, .. } => {
            OutcomeRow { revision: revision.0, ..OutcomeRow::default() }
        }
        DecidedDraft::Unchanged(_) => OutcomeRow::default(),
        DecidedDraft::Refused(refused) => {
            OutcomeRow { refused: Some(RefusedRow::of(refused)), ..OutcomeRow::default() }
        }
    });
    write(id, hash, now, outcomes.collect())
}

/// The row that remembers what a merge or a split did.
pub(super) fn regroup_row(
    id: &str,
    hash: [u8; 32],
    now: Millis,
    revision: Revision,
    other: FindingId,
) -> MetaWrite {
    let other = other.0.to_vec();
    write(id, hash, now, vec![OutcomeRow { revision: revision.0, refused: None, other }])
}

/// The row that remembers that a call was done, whose outcome is read elsewhere.
pub(super) fn plain_row(id: &str, hash: [u8; 32], now: Millis) -> MetaWrite {
    write(id, hash, now, Vec::new())
}

fn write(id: &str, hash: [u8; 32], now: Millis, outcomes: Vec<OutcomeRow>) -> MetaWrite {
    let row = Row { hash: hash.to_vec(), time_ms: now.0, outcomes };
    MetaWrite {
        table: MetaTable::Request,
        key: id.as_bytes().to_vec(),
        value: Some(row.encode_to_vec()),
    }
}

/// What the call of that id did, if it is remembered.
pub(super) fn read(store: &dyn Store, id: &str) -> Result<Option<Stored>, StoreError> {
    store.meta(MetaTable::Request, id.as_bytes())?.map(|value| decode(id, &value)).transpose()
}

/// Says whether a row reads back.
pub(crate) fn check_request(id: &str, value: &[u8]) -> Result<(), StoreError> {
    decode(id, value).map(drop)
}

/// Reads a row back.
pub(super) fn decode(id: &str, value: &[u8]) -> Result<Stored, StoreError> {
    let damaged = || StoreError::Corrupt { what: format!("the outcome of request {id}") };
    let row = Row::decode(value).map_err(|_| damaged())?;
    let hash = row.hash.try_into().map_err(|_| damaged())?;
    Ok(Stored { hash, time: Millis(row.time_ms), outcomes: row.outcomes })
}
