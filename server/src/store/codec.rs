//! From values to the bytes of a row and back.
//!
//! A row starts with a version byte, so that a later program can tell what it reads:
//!
//! | row | bytes |
//! |---|---|
//! | head | version, revision (8, big-endian), finding id (16), message |
//! | record | version, revision (8, big-endian), payload |
//! | change | version, payload |
//!
//! A payload is a message, packed; see [`payload`]. Revisions stand outside of the messages because
//! everything else can be packed before the commit knows them.
//!
//! Messages are prost messages of their own, neither the values of `muster-core` nor those of the
//! wire: a field that is added to either changes no stored byte. What an older program wrote reads
//! as the same values; fields are only added, and numbers are never used again.
//!
//! Reading never panics, whatever the bytes are: it says what is wrong with the row.

mod change;
mod facets;
mod finding;
mod numbers;
pub(crate) mod payload;
pub(crate) mod portable;
mod rating;
mod report;
mod signals;

use std::io;

use muster_core::change::Change;
use muster_core::finding::Finding;
use muster_core::ids::{FindingId, Revision};
use prost::Message;

use self::change::ChangeMessage;
use self::facets::HeadMessage;
use self::finding::FindingMessage;
pub(crate) use self::payload::{Dictionaries, Dictionary, Packer, Unpacker};
use crate::store::Head;

/// What a row begins with today.
const VERSION: u8 = 1;

/// Why bytes are not the row they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Damage {
    /// The row ends too early.
    #[error("it has only {bytes} bytes")]
    Short {
        /// How many there are.
        bytes: usize,
    },
    /// A newer program wrote it, or it is not a row.
    #[error("it has version {found}, not {VERSION}")]
    Version {
        /// What it says.
        found: u8,
    },
    /// The message does not read.
    #[error("its message does not read: {0}")]
    Message(#[from] prost::DecodeError),
    /// A number that stands for nothing.
    #[error("{number} is no {kind}")]
    Number {
        /// What it should stand for.
        kind: &'static str,
        /// What it is.
        number: u32,
    },
    /// A field that does not hold what it should.
    #[error("its field `{field}` is missing or wrong")]
    Field {
        /// Which one.
        field: &'static str,
    },
    /// A dictionary that is not there.
    #[error("it was packed with dictionary {number}, which is not in the store")]
    Dictionary {
        /// Which one.
        number: u32,
    },
    /// The payload does not unpack.
    #[error("its payload does not unpack: {why}")]
    Payload {
        /// What zstd says.
        why: String,
    },
}

/// The row of the head of `finding`; its revision is set by [`set_revision`].
pub(crate) fn head_row(finding: &Finding) -> Vec<u8> {
    let message = HeadMessage::from(finding);
    let mut row = write_revision(finding.revision);
    row.reserve(16 + message.encoded_len());
    row.extend_from_slice(&finding.id.0);
    message.encode_raw(&mut row);
    row
}

/// The head in a row.
pub(crate) fn read_head(row: &[u8]) -> Result<Head, Damage> {
    let (revision, id, message) = split_head(row)?;
    HeadMessage::decode(message)?.into_head(id, revision)
}

/// Which finding a head row belongs to, without reading the rest.
pub(crate) fn read_head_id(row: &[u8]) -> Result<FindingId, Damage> {
    split_head(row).map(|(_, id, _)| id)
}

/// The message of a record, to be packed into a row by [`record_row`].
pub(crate) fn record_message(finding: &Finding) -> Vec<u8> {
    FindingMessage::from(finding).encode_to_vec()
}

/// The row of the record with that message; its revision is set by [`set_revision`].
pub(crate) fn record_row(
    message: &[u8],
    revision: Revision,
    packer: &mut Packer,
) -> io::Result<Vec<u8>> {
    let mut row = write_revision(revision);
    packer.pack(message, &mut row)?;
    Ok(row)
}

/// The finding in the row of a record.
pub(crate) fn read_record(row: &[u8], unpacker: &mut Unpacker) -> Result<Finding, Damage> {
    let (revision, payload) = split_revision(row)?;
    let message = unpacker.unpack(payload)?;
    FindingMessage::decode(message)?.into_finding(revision)
}

/// The row of a change whose finding was at `previous` before.
pub(crate) fn change_row(
    change: &Change,
    previous: Revision,
    packer: &mut Packer,
) -> io::Result<Vec<u8>> {
    let mut row = vec![VERSION];
    packer.pack(&ChangeMessage::new(change, previous).encode_to_vec(), &mut row)?;
    Ok(row)
}

/// The change at `revision`.
pub(crate) fn read_change(
    revision: Revision,
    row: &[u8],
    unpacker: &mut Unpacker,
) -> Result<Change, Damage> {
    let message = unpacker.unpack(split_version(row)?)?;
    ChangeMessage::decode(message)?.into_change(revision)
}

/// The revision of a head or record row.
pub(crate) fn read_revision(row: &[u8]) -> Result<Revision, Damage> {
    split_revision(row).map(|(revision, _)| revision)
}

/// Sets the revision of a head or record row.
pub(crate) fn set_revision(row: &mut [u8], revision: Revision) {
    if let Some(place) = row.get_mut(1..9) {
        place.copy_from_slice(&revision.0.to_be_bytes());
    }
}

/// A row that so far has its version and its revision.
fn write_revision(revision: Revision) -> Vec<u8> {
    let mut row = vec![VERSION];
    row.extend_from_slice(&revision.0.to_be_bytes());
    row
}

fn split_version(row: &[u8]) -> Result<&[u8], Damage> {
    match row.split_first() {
        Some((&VERSION, rest)) => Ok(rest),
        Some((&found, _)) => Err(Damage::Version { found }),
        None => Err(Damage::Short { bytes: 0 }),
    }
}

fn split_revision(row: &[u8]) -> Result<(Revision, &[u8]), Damage> {
    let rest = split_version(row)?;
    let (revision, rest) = rest.split_first_chunk().ok_or(Damage::Short { bytes: row.len() })?;
    Ok((Revision(u64::from_be_bytes(*revision)), rest))
}

fn split_head(row: &[u8]) -> Result<(Revision, FindingId, &[u8]), Damage> {
    let (revision, rest) = split_revision(row)?;
    let (id, message) = rest.split_first_chunk().ok_or(Damage::Short { bytes: row.len() })?;
    Ok((revision, FindingId(*id), message))
}

/// A part that every writer writes.
fn required<T>(field: &'static str, value: Option<T>) -> Result<T, Damage> {
    value.ok_or(Damage::Field { field })
}

/// A text that must read as an identifier.
fn parsed<T: std::str::FromStr>(field: &'static str, text: &str) -> Result<T, Damage> {
    text.parse().map_err(|_| Damage::Field { field })
}

/// A number that must fit a smaller type.
fn narrow<T: TryFrom<u32>>(field: &'static str, number: u32) -> Result<T, Damage> {
    number.try_into().map_err(|_| Damage::Field { field })
}

/// Sixteen bytes.
fn id(field: &'static str, bytes: &[u8]) -> Result<[u8; 16], Damage> {
    bytes.try_into().map_err(|_| Damage::Field { field })
}

#[cfg(test)]
mod tests {
    use muster_core::finding::Absence;
    use muster_core::time::Millis;
    use muster_core::triage::{Triage, TriageReason, TriageState};
    use proptest::prelude::*;

    use super::*;
    use crate::store::samples;

    /// A finding whose every field says something.
    fn full() -> Finding {
        let mut finding = samples::finding(3, 2);
        finding.revision = Revision(77);
        finding.triage = Triage {
            state: TriageState::Suppressed,
            assignee: "bob".to_owned(),
            reason: Some(TriageReason::AcceptedRisk),
            comment: "known".to_owned(),
            until: Some(Millis(-5)),
            decided: Some(Millis(9)),
            content_version: 2,
            stale: true,
            version: 4,
            ..Triage::default()
        };
        finding.triage.decided_by.principal = "user:alice".to_owned();
        finding.facts.dissent = true;
        let mut second = finding.reports[0].clone();
        second.report.key.provider_id = "other".to_owned();
        second.report.rule_id = "another".to_owned();
        second.unit.account = "999999999999".parse().unwrap();
        second.unit.region = "us-west-2".parse().unwrap();
        second.unit.part = "detector/with/slashes".to_owned();
        second.absence = Some(Absence::Expired);
        finding.reports.push(second);
        finding
    }

    fn record(finding: &Finding) -> Vec<u8> {
        let mut packer = Packer::new(&Dictionaries::default());
        record_row(&record_message(finding), finding.revision, &mut packer).unwrap()
    }

    fn change(change: &Change) -> Vec<u8> {
        change_row(change, change.previous, &mut Packer::new(&Dictionaries::default())).unwrap()
    }

    #[test]
    fn a_record_reads_back() {
        let mut unpacker = Unpacker::new(&Dictionaries::default());

        assert_eq!(read_record(&record(&full()), &mut unpacker).unwrap(), full());
    }

    #[test]
    fn a_head_reads_back_and_is_small() {
        let row = head_row(&full());

        assert_eq!(read_head(&row).unwrap(), Head::of(&full()));
        assert_eq!(read_head_id(&row).unwrap(), full().id);
        let usual = head_row(&samples::finding(1, 0)).len();
        assert!(usual <= 300, "{usual}");
    }

    #[test]
    fn a_change_reads_back() {
        let mut unpacker = Unpacker::new(&Dictionaries::default());
        let mut expected = samples::updated(4, 1, Revision(5)).change;
        expected.previous = Revision(5);
        expected.revision = Revision(9);
        expected.comment = "long ".repeat(500);

        let row = change(&expected);

        assert_eq!(read_change(Revision(9), &row, &mut unpacker).unwrap(), expected);
    }

    #[test]
    fn the_revision_of_a_row_is_set_in_place() {
        for mut row in [head_row(&full()), record(&full())] {
            set_revision(&mut row, Revision(1234));

            assert_eq!(read_revision(&row).unwrap(), Revision(1234));
        }
    }

    #[test]
    fn a_newer_version_is_named() {
        let mut row = head_row(&full());
        row[0] = 9;

        assert_eq!(read_head(&row).unwrap_err(), Damage::Version { found: 9 });
    }

    fn read_all(row: &[u8]) {
        let mut unpacker = Unpacker::new(&Dictionaries::default());
        drop(read_head(row));
        drop(read_record(row, &mut unpacker));
        drop(read_change(Revision(1), row, &mut unpacker));
        drop(read_revision(row));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(mut row in prop::collection::vec(any::<u8>(), 0..300)) {
            read_all(&row);
            if let Some(first) = row.first_mut() {
                *first = VERSION;
            }
            read_all(&row);
            // As a head and as a record whose message is not packed.
            row.splice(0..0, [&[VERSION][..], &[0; 24]].concat());
            read_all(&row);
            row.drain(1..17);
            read_all(&row);
        }

        #[test]
        fn altered_rows_never_panic(at: prop::sample::Index, to: u8) {
            let change = change(&samples::created(1).change);
            for mut row in [head_row(&full()), record(&full()), change] {
                let at = at.index(row.len());
                row[at] = to;
                read_all(&row);
                read_all(&row[..at]);
            }
        }
    }
}
