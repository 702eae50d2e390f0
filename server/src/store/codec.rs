//! From values to the bytes of a row and back.
//!
//! A row starts with a version byte, so that a later program can tell what it reads:
//!
//! | row | bytes |
//! |---|---|
//! | head | version, revision (8, big-endian), message |
//! | record | version, revision (8, big-endian), payload |
//! | change | version, payload |
//! | payload | dictionary (4, big-endian, 0 = none), length when unpacked (4), zstd frame |
//!
//! Revisions stand outside of the messages because everything else can be packed before the commit
//! knows them.
//!
//! Reading never panics, whatever the bytes are: it says what is wrong with the row.

mod change;
mod facets;
mod finding;
mod numbers;
mod payload;

use bytes::Bytes;
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

/// The row of a head; its revision is set by [`set_revision`].
pub(crate) fn head_row(head: &Head) -> Vec<u8> {
    let message = HeadMessage::from(head);
    let mut row = Vec::with_capacity(9 + message.encoded_len());
    row.push(VERSION);
    row.extend_from_slice(&head.revision.0.to_be_bytes());
    message.encode_raw(&mut row);
    row
}

/// The head of the finding `id`.
pub(crate) fn read_head(id: FindingId, row: &[u8]) -> Result<Head, Damage> {
    let (revision, message) = split_revision(row)?;
    HeadMessage::decode(message)?.into_head(id, revision)
}

/// The row of a record; its revision is set by [`set_revision`].
pub(crate) fn record_row(finding: &Finding, packer: &mut Packer) -> std::io::Result<Vec<u8>> {
    let mut row = Vec::new();
    row.push(VERSION);
    row.extend_from_slice(&finding.revision.0.to_be_bytes());
    packer.pack(&FindingMessage::from(finding).encode_to_vec(), &mut row)?;
    Ok(row)
}

/// The finding of a record.
pub(crate) fn read_record(row: &[u8], unpacker: &mut Unpacker) -> Result<Finding, Damage> {
    let (revision, payload) = split_revision(row)?;
    let message: Bytes = unpacker.unpack(payload)?;
    FindingMessage::decode(message)?.into_finding(revision)
}

/// The row of a change whose finding was at `previous` before.
pub(crate) fn change_row(
    change: &Change,
    previous: Revision,
    packer: &mut Packer,
) -> std::io::Result<Vec<u8>> {
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
