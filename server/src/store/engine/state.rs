//! The state row: what the store is, how far its log goes, and what the last commit did.

use muster_core::ids::Revision;
use prost::Message;

use crate::store::{Committed, Outcome, StoreError};

/// The format this program writes, and the newest it reads.
pub(super) const FORMAT: u32 = 1;

/// The state of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// Made with the store.
    pub(super) log_id: [u8; 16],
    /// The newest revision.
    pub(super) head: Revision,
    /// The oldest revision that is left.
    pub(super) oldest: Revision,
    /// The last commit and what became of it.
    pub(super) last: Option<([u8; 16], Committed)>,
}

/// The row is the format (4 bytes, big-endian), then this message. The format stands outside so
/// that any program can read it.
#[derive(Clone, PartialEq, Message)]
struct StateMessage {
    #[prost(bytes = "vec", tag = "1")]
    log_id: Vec<u8>,
    #[prost(uint64, tag = "2")]
    head: u64,
    #[prost(uint64, tag = "3")]
    oldest: u64,
    /// Empty when nothing was committed yet.
    #[prost(bytes = "vec", tag = "4")]
    commit_id: Vec<u8>,
    /// The revision of each outcome, twice, plus one when it was stale.
    #[prost(uint64, repeated, tag = "5")]
    outcomes: Vec<u64>,
    #[prost(uint64, tag = "6")]
    committed_head: u64,
}

impl State {
    /// A new store.
    pub(super) fn new(log_id: [u8; 16]) -> Self {
        Self { log_id, head: Revision::ZERO, oldest: Revision(1), last: None }
    }

    /// The row.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut message = StateMessage {
            log_id: self.log_id.to_vec(),
            head: self.head.0,
            oldest: self.oldest.0,
            ..StateMessage::default()
        };
        if let Some((id, committed)) = &self.last {
            message.commit_id = id.to_vec();
            message.committed_head = committed.head.0;
            message.outcomes = committed
                .outcomes
                .iter()
                .map(|outcome| match outcome {
                    Outcome::Applied(revision) => revision.0 << 1,
                    Outcome::Stale(revision) => revision.0 << 1 | 1,
                })
                .collect();
        }
        let mut row = FORMAT.to_be_bytes().to_vec();
        message.encode_raw(&mut row);
        row
    }

    /// Reads the row.
    pub(super) fn decode(row: &[u8]) -> Result<Self, StoreError> {
        let corrupt = |why: &str| StoreError::Corrupt { what: format!("the state row: {why}") };
        let (format, rest) = row.split_first_chunk().ok_or_else(|| corrupt("it is too short"))?;
        let found = u32::from_be_bytes(*format);
        if found != FORMAT {
            return Err(StoreError::Format { found, supported: FORMAT });
        }
        let message = StateMessage::decode(rest).map_err(|error| corrupt(&error.to_string()))?;
        if message.oldest == 0 {
            return Err(corrupt("it has no oldest revision"));
        }
        let outcome = |code: &u64| match code & 1 {
            0 => Outcome::Applied(Revision(code >> 1)),
            _ => Outcome::Stale(Revision(code >> 1)),
        };
        let last = match message.commit_id.as_slice() {
            [] => None,
            id => {
                let id = id.try_into().map_err(|_| corrupt("its commit id is not 16 bytes"))?;
                let outcomes = message.outcomes.iter().map(outcome).collect();
                Some((id, Committed { outcomes, head: Revision(message.committed_head) }))
            }
        };
        Ok(Self {
            log_id: message
                .log_id
                .as_slice()
                .try_into()
                .map_err(|_| corrupt("its log id is not 16 bytes"))?,
            head: Revision(message.head),
            oldest: Revision(message.oldest),
            last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_reads_back() {
        let mut state = State::new([7; 16]);

        assert_eq!(State::decode(&state.encode()).unwrap(), state);

        state.head = Revision(9);
        let outcomes = vec![Outcome::Applied(Revision(9)), Outcome::Stale(Revision(3))];
        state.last = Some(([1; 16], Committed { outcomes, head: Revision(9) }));

        assert_eq!(State::decode(&state.encode()).unwrap(), state);
    }

    #[test]
    fn a_newer_format_is_named_and_refused() {
        let mut row = State::new([7; 16]).encode();
        row[..4].copy_from_slice(&(FORMAT + 1).to_be_bytes());

        let error = State::decode(&row).unwrap_err();

        assert!(
            matches!(error, StoreError::Format { found, supported: FORMAT } if found == FORMAT + 1)
        );
    }

    #[test]
    fn a_damaged_row_is_an_error() {
        let row = State::new([7; 16]).encode();

        for length in 0..row.len() {
            let decoded = State::decode(&row[..length]);

            assert!(matches!(decoded, Err(StoreError::Corrupt { .. })), "{length}");
        }
    }
}
