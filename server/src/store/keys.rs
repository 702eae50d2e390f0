//! Every key of the embedded store.
//!
//! All rows live in one ordered tree; the first byte of a key says which table it belongs to. A
//! table byte is never used again for something else: a retired one stays in [`Table`], with a
//! note.
//!
//! The order of the tables is chosen for how the engine keeps rows. Rows are written in leaves of
//! up to 64 neighbours, and a leaf is written whole:
//!
//! - the state row has the smallest key, so that it gets a leaf of its own and each commit rewrites
//!   a few bytes for it;
//! - the log has the largest keys, so that it grows at the right edge of the tree, where full
//!   leaves stay full;
//! - dictionaries (some 100 KB each) lie behind the records, which are rewritten seldom.

use muster_core::ids::{FindingId, Revision};

use crate::store::MetaTable;

/// The first byte of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Table {
    /// One row: format, log id, head, oldest and the last commit. Scanned by nobody.
    State = 0x01,
    /// [`MetaTable::Checkpoint`].
    Checkpoint = 0x10,
    /// [`MetaTable::Request`].
    Request = 0x11,
    /// [`MetaTable::Quarantine`].
    Quarantine = 0x12,
    /// [`MetaTable::Unit`].
    Unit = 0x13,
    /// [`MetaTable::Store`].
    Store = 0x14,
    /// Heads by finding id: scanned whole when the view is built.
    Head = 0x20,
    /// Findings: scanned whole by export and verify.
    Record = 0x30,
    /// Dictionaries by number: scanned whole at open.
    Dictionary = 0x38,
    /// Changes by revision: scanned from a revision on.
    Log = 0xf0,
}

/// The key of the state row.
pub(crate) const STATE: [u8; 1] = [Table::State as u8];

/// The key of a finding's head.
pub(crate) fn head(id: FindingId) -> [u8; 17] {
    prefixed(Table::Head, id.0)
}

/// The key of a finding's record.
pub(crate) fn record(id: FindingId) -> [u8; 17] {
    prefixed(Table::Record, id.0)
}

/// The key of a change: big-endian, so that bytes sort as revisions do.
pub(crate) fn change(revision: Revision) -> [u8; 9] {
    prefixed(Table::Log, revision.0.to_be_bytes())
}

/// The key of a dictionary.
pub(crate) fn dictionary(number: u32) -> [u8; 5] {
    prefixed(Table::Dictionary, number.to_be_bytes())
}

/// The key of a row of a small table.
pub(crate) fn meta(table: MetaTable, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + key.len());
    bytes.push(Table::of(table) as u8);
    bytes.extend_from_slice(key);
    bytes
}

/// The finding a head or record key belongs to; `None` when it is not one.
pub(crate) fn finding_id(key: &[u8]) -> Option<FindingId> {
    let (_, id) = key.split_first()?;
    Some(FindingId(id.try_into().ok()?))
}

/// The revision a change key belongs to; `None` when it is not one.
pub(crate) fn revision(key: &[u8]) -> Option<Revision> {
    let (_, revision) = key.split_first()?;
    Some(Revision(u64::from_be_bytes(revision.try_into().ok()?)))
}

impl Table {
    /// Where the rows of a small table lie.
    pub(crate) fn of(table: MetaTable) -> Self {
        match table {
            MetaTable::Checkpoint => Self::Checkpoint,
            MetaTable::Request => Self::Request,
            MetaTable::Quarantine => Self::Quarantine,
            MetaTable::Unit => Self::Unit,
            MetaTable::Store => Self::Store,
        }
    }

    /// The first key of the table and the first key behind it.
    pub(crate) fn bounds(self) -> ([u8; 1], [u8; 1]) {
        ([self as u8], [self as u8 + 1])
    }
}

/// The table's byte, then the rest.
fn prefixed<const N: usize, const M: usize>(table: Table, rest: [u8; N]) -> [u8; M] {
    const { assert!(M == N + 1, "a key is its table and the rest") };
    let mut key = [0; M];
    let (first, tail) = key.split_first_mut().expect("M is at least 1");
    *first = table as u8;
    tail.copy_from_slice(&rest);
    key
}

/// The number of the dictionary a key belongs to; `None` when it is not one.
pub(crate) fn dictionary_number(key: &[u8]) -> Option<u32> {
    let (_, number) = key.split_first()?;
    Some(u32::from_be_bytes(number.try_into().ok()?))
}
