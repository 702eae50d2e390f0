//! Rows that can leave the store: not packed, and with everything that otherwise stands in the key
//! or in front of the message.

use muster_core::change::Change;
use muster_core::finding::Finding;
use muster_core::ids::Revision;
use prost::Message;

use super::change::ChangeMessage;
use super::finding::FindingMessage;
use super::{Damage, split_revision, write_revision};
use crate::store::MetaTable;

/// A finding with its revision.
pub(crate) fn write_finding(finding: &Finding) -> Vec<u8> {
    let mut row = write_revision(finding.revision);
    FindingMessage::from(finding).encode_raw(&mut row);
    row
}

/// Reads what [`write_finding`] wrote.
pub(crate) fn read_finding(row: &[u8]) -> Result<Finding, Damage> {
    let (revision, message) = split_revision(row)?;
    FindingMessage::decode(message)?.into_finding(revision)
}

/// A change with its revision.
pub(crate) fn write_change(change: &Change) -> Vec<u8> {
    let mut row = write_revision(change.revision);
    ChangeMessage::new(change, change.previous).encode_raw(&mut row);
    row
}

/// Reads what [`write_change`] wrote.
pub(crate) fn read_change(row: &[u8]) -> Result<Change, Damage> {
    let (revision, message): (Revision, _) = split_revision(row)?;
    ChangeMessage::decode(message)?.into_change(revision)
}

/// The number of a small table.
pub(crate) fn table_number(table: MetaTable) -> u8 {
    match table {
        MetaTable::Checkpoint => 0x10,
        MetaTable::Request => 0x11,
        MetaTable::Quarantine => 0x12,
        MetaTable::Unit => 0x13,
        MetaTable::Store => 0x14,
        MetaTable::Route => 0x15,
        MetaTable::Attestation => 0x16,
        MetaTable::Subscription => 0x17,
    }
}

/// The small table of that number.
pub(crate) fn table(number: u8) -> Option<MetaTable> {
    MetaTable::ALL.into_iter().find(|table| table_number(*table) == number)
}
