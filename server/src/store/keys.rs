//! Every key of the embedded store.
//!
//! All rows live in one ordered tree; the first byte of a key says which table it belongs to. A
//! table byte is never used again for something else: a retired one stays in [`Table`], with a
//! note.
//!
//! Numbers are big-endian, so that bytes sort as values do.
//!
//! # Slots
//!
//! The engine writes leaves of up to 64 neighbouring rows, each leaf whole, and what a commit costs
//! is the number of leaves it touches. Finding ids are hashes: keyed by id, a thousand new findings
//! touch two thousand leaves all over the tree. So heads and records are keyed by *slot*, the
//! revision at which a finding was first stored: new findings lie side by side at the end of their
//! tables and touch about sixty leaves. Measured at 300,000 findings, batches of 1,000: 5 s of
//! processor time against 94 s. Which id has which slot is kept in memory, and is read from the
//! heads in the scan that builds the view.
//!
//! # Order of the tables
//!
//! The state row has the smallest key, so that it gets a leaf of its own and each commit rewrites a
//! few bytes for it. The log has the largest keys, so that it grows at the right edge of the tree,
//! where full leaves stay full. Dictionaries, some 64 KB each, lie behind the records, whose last
//! leaf soon is another one.

use muster_core::ids::Revision;

use crate::store::MetaTable;

/// The first byte of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Table {
    /// One row: format, log id, head, oldest and the last commit. Read at open.
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
    /// [`MetaTable::Route`].
    Route = 0x15,
    /// [`MetaTable::Attestation`].
    Attestation = 0x16,
    /// [`MetaTable::Subscription`].
    Subscription = 0x17,
    /// Heads by slot: scanned whole when the view is built.
    Head = 0x20,
    /// Findings by slot: scanned whole by export and verify.
    Record = 0x30,
    /// Dictionaries by number: scanned whole at open.
    Dictionary = 0x38,
    /// Changes by revision: read in runs from a revision on.
    Log = 0xf0,
}

impl Table {
    /// All of them, by their keys.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 13] = [
        Self::State,
        Self::Checkpoint,
        Self::Request,
        Self::Quarantine,
        Self::Unit,
        Self::Store,
        Self::Route,
        Self::Attestation,
        Self::Subscription,
        Self::Head,
        Self::Record,
        Self::Dictionary,
        Self::Log,
    ];

    /// Where the rows of a small table lie.
    pub(crate) fn of(table: MetaTable) -> Self {
        match table {
            MetaTable::Checkpoint => Self::Checkpoint,
            MetaTable::Request => Self::Request,
            MetaTable::Quarantine => Self::Quarantine,
            MetaTable::Unit => Self::Unit,
            MetaTable::Store => Self::Store,
            MetaTable::Route => Self::Route,
            MetaTable::Attestation => Self::Attestation,
            MetaTable::Subscription => Self::Subscription,
        }
    }

    /// The first key of the table and the first key behind it.
    pub(crate) fn bounds(self) -> ([u8; 1], [u8; 1]) {
        ([self as u8], [self as u8 + 1])
    }
}

/// Where the head and the record of a finding lie: the revision at which it was first stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(pub(crate) u64);

/// The key of the state row.
pub(crate) const STATE: [u8; 1] = [Table::State as u8];

/// The key of a head.
pub(crate) fn head(slot: Slot) -> [u8; 9] {
    numbered(Table::Head, slot.0)
}

/// The key of a record.
pub(crate) fn record(slot: Slot) -> [u8; 9] {
    numbered(Table::Record, slot.0)
}

/// The key of a change.
pub(crate) fn change(revision: Revision) -> [u8; 9] {
    numbered(Table::Log, revision.0)
}

/// The key of a dictionary.
pub(crate) fn dictionary(number: u32) -> [u8; 9] {
    numbered(Table::Dictionary, number.into())
}

/// The key of a row of a small table.
pub(crate) fn meta(table: MetaTable, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + key.len());
    bytes.push(Table::of(table) as u8);
    bytes.extend_from_slice(key);
    bytes
}

/// The number in a key of `table`: a slot, a revision or a dictionary. `None` when it has none.
pub(crate) fn number(table: Table, key: &[u8]) -> Option<u64> {
    let (first, number) = key.split_first()?;
    let number = number.try_into().ok()?;
    (*first == table as u8).then(|| u64::from_be_bytes(number))
}

fn numbered(table: Table, number: u64) -> [u8; 9] {
    let mut key = [table as u8; 9];
    let (_, place) = key.split_at_mut(1);
    place.copy_from_slice(&number.to_be_bytes());
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tables_sort_as_they_are_listed_and_do_not_overlap() {
        for pair in Table::ALL.windows(2) {
            let (_, end) = pair[0].bounds();
            let (start, _) = pair[1].bounds();

            assert!(end <= start, "{pair:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_sort_as_numbers_do(a: u64, b: u64) {
            for key in [|n| head(Slot(n)), |n| record(Slot(n)), |n| change(Revision(n))] {
                prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
            }
        }

        #[test]
        fn numbers_read_back_from_their_own_table_only(n: u64) {
            prop_assert_eq!(number(Table::Head, &head(Slot(n))), Some(n));
            prop_assert_eq!(number(Table::Record, &record(Slot(n))), Some(n));
            prop_assert_eq!(number(Table::Log, &change(Revision(n))), Some(n));
            prop_assert_eq!(number(Table::Log, &head(Slot(n))), None);
        }

        #[test]
        fn keys_lie_in_the_bounds_of_their_table(n: u64, name: Vec<u8>) {
            let keys = [
                (Table::Head, head(Slot(n)).to_vec()),
                (Table::Record, record(Slot(n)).to_vec()),
                (Table::Log, change(Revision(n)).to_vec()),
                (Table::Unit, meta(MetaTable::Unit, &name)),
                (Table::Request, meta(MetaTable::Request, &name)),
            ];
            for (table, key) in keys {
                let (from, to) = table.bounds();
                prop_assert!(key.as_slice() >= &from[..] && key.as_slice() < &to[..]);
            }
        }

        #[test]
        fn small_tables_sort_by_their_keys(a: Vec<u8>, b: Vec<u8>) {
            let key = |bytes: &[u8]| meta(MetaTable::Checkpoint, bytes);

            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
        }
    }
}
