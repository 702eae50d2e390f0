//! How much memory written leaves take.

use std::collections::HashSet;

use crate::store::keys::Table;

/// Rows in a leaf, about: leaves of up to 64 rows are split in half when they are full.
const LEAF_ROWS: u64 = 48;

/// What a row takes in memory beside its value, in bytes.
const ROW_OVERHEAD_BYTES: usize = 64;

/// Estimates what the engine cannot give back.
///
/// This version of the engine never evicts a leaf that was written since the engine was opened
/// (`max_unflushed_epoch` is set at a flush and never reset), so its memory grows with each leaf
/// that is touched for the first time, up to everything. The writer reopens the engine when this
/// estimate is over a limit.
#[derive(Debug, Default)]
pub(super) struct Residence {
    leaves: HashSet<(Table, u64)>,
    bytes: usize,
}

impl Residence {
    /// A row of a table with numbered keys was written.
    pub(super) fn touch(&mut self, table: Table, number: u64, row_bytes: usize) {
        if self.leaves.insert((table, number / LEAF_ROWS)) {
            let rows = usize::try_from(LEAF_ROWS).unwrap_or(usize::MAX);
            self.bytes += rows * (row_bytes + ROW_OVERHEAD_BYTES);
        }
    }

    /// A row of a small table was written.
    pub(super) fn add(&mut self, row_bytes: usize) {
        self.bytes += row_bytes + ROW_OVERHEAD_BYTES;
    }

    /// The estimate, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_counts_once() {
        let mut residence = Residence::default();
        residence.touch(Table::Record, 5, 700);
        let once = residence.bytes();

        residence.touch(Table::Record, 6, 700);
        assert_eq!(residence.bytes(), once);

        residence.touch(Table::Head, 5, 200);
        residence.touch(Table::Record, 5_000, 700);
        assert!(residence.bytes() > 2 * once);
    }
}
