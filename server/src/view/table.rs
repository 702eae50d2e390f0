//! A hash table of places: what is found there decides about equality.
//!
//! Cut into shards, so that growing rehashes one of them at a time: a table of a million stops the
//! writer for a millisecond, not for a tenth of a second.

use hashbrown::HashTable;

/// How many shards there are.
const SHARDS: usize = 64;

/// Places by a hash of what is there.
#[derive(Debug)]
pub(super) struct Table {
    shards: Vec<HashTable<u32>>,
}

impl Default for Table {
    fn default() -> Self {
        Self { shards: vec![HashTable::new(); SHARDS] }
    }
}

impl Table {
    /// A table with room for that many places.
    pub(super) fn with_capacity(places: usize) -> Self {
        Self { shards: vec![HashTable::with_capacity(places / SHARDS * 9 / 8); SHARDS] }
    }

    /// The place with that hash that `is` accepts.
    pub(super) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.shard(hash).find(hash, |place| is(*place)).copied()
    }

    /// Places that have that hash, and maybe others.
    pub(super) fn candidates(&self, hash: u64) -> impl Iterator<Item = u32> {
        self.shard(hash).iter_hash(hash).copied()
    }

    /// Adds a place that is not there. `hash_of` says the hash of any place in the table.
    pub(super) fn insert(&mut self, hash: u64, place: u32, hash_of: impl Fn(u32) -> u64) {
        self.shard_mut(hash).insert_unique(hash, place, |place| hash_of(*place));
    }

    /// Removes a place.
    pub(super) fn remove(&mut self, hash: u64, place: u32) {
        if let Ok(entry) = self.shard_mut(hash).find_entry(hash, |other| *other == place) {
            entry.remove();
        }
    }

    fn shard(&self, hash: u64) -> &HashTable<u32> {
        self.shards.get(shard(hash)).expect("a shard number is below their count")
    }

    fn shard_mut(&mut self, hash: u64) -> &mut HashTable<u32> {
        self.shards.get_mut(shard(hash)).expect("a shard number is below their count")
    }
}

/// The shard of a hash: from its middle, because the table uses both ends.
fn shard(hash: u64) -> usize {
    usize::from(hash.to_be_bytes()[2]) % SHARDS
}
