//! Places in order: a list in chunks, four bytes a place.
//!
//! What a place is ordered by is read from its row when it is needed; only the first of each chunk
//! is kept here, to find the chunk.

use std::cmp::Reverse;

use muster_core::ids::FindingId;

/// The most places in a chunk. Few in tests, so that small models use several chunks.
const CHUNK_MAX: usize = if cfg!(test) { 4 } else { 512 };

/// What places are ordered by: larger keys first, then smaller ids.
pub(super) type Rank = (Reverse<u64>, FindingId);

/// Places by rank.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    /// At or before the first place, and behind the chunk before.
    from: Rank,
    /// Never empty.
    places: Vec<u32>,
}

impl Sorted {
    /// Takes places that are in order already.
    pub(super) fn build(ordered: &[u32], rank: impl Fn(u32) -> Rank) -> Self {
        // A quarter is left free for what comes in between.
        let chunks = ordered.chunks(CHUNK_MAX * 3 / 4).filter_map(|places| {
            Some(Chunk { from: rank(*places.first()?), places: places.to_vec() })
        });
        Self { chunks: chunks.collect() }
    }

    /// Adds a place, whose rank is `at`.
    pub(super) fn insert(&mut self, at: Rank, place: u32, rank: impl Fn(u32) -> Rank) {
        let index = self.chunk(at);
        let Some(chunk) = self.chunks.get_mut(index) else {
            self.chunks.push(Chunk { from: at, places: vec![place] });
            return;
        };
        let within = chunk.places.partition_point(|other| rank(*other) < at);
        if chunk.places.len() < CHUNK_MAX {
            chunk.places.insert(within, place);
            chunk.from = chunk.from.min(at);
        } else if within == 0 {
            // What grows at one end leaves full chunks behind.
            let rest = std::mem::replace(&mut chunk.places, vec![place]);
            let from = rest.first().map_or(at, |first| rank(*first));
            chunk.from = chunk.from.min(at);
            self.chunks.insert(index + 1, Chunk { from, places: rest });
        } else if within == CHUNK_MAX {
            self.chunks.insert(index + 1, Chunk { from: at, places: vec![place] });
        } else {
            let mut upper = chunk.places.split_off(CHUNK_MAX / 2);
            match within.checked_sub(chunk.places.len()) {
                Some(within) => upper.insert(within, place),
                None => chunk.places.insert(within, place),
            }
            let from = rank(*upper.first().expect("half of a full chunk is not empty"));
            self.chunks.insert(index + 1, Chunk { from, places: upper });
        }
    }

    /// Removes a place, whose rank is `at`.
    pub(super) fn remove(&mut self, at: Rank, rank: impl Fn(u32) -> Rank) {
        let index = self.chunk(at);
        let chunk = self.chunks.get_mut(index).expect("what is removed was added");
        let within = chunk.places.binary_search_by_key(&at, |place| rank(*place));
        chunk.places.remove(within.expect("what is removed was added"));
        if chunk.places.is_empty() {
            self.chunks.remove(index);
        } else if chunk.places.len() < CHUNK_MAX / 4 {
            self.merge(index);
        }
    }

    /// The places that rank behind `after`, in order: all with a key of at least `key_min`, and maybe
    /// some more.
    pub(super) fn after(
        &self,
        after: Option<Rank>,
        key_min: u64,
        rank: impl Fn(u32) -> Rank,
    ) -> impl Iterator<Item = u32> {
        let index = after.map_or(0, |after| self.chunk(after));
        let rest = self.chunks.get(index..).unwrap_or_default();
        let skip = rest.first().zip(after).map_or(0, |(chunk, after)| {
            chunk.places.partition_point(|place| rank(*place) <= after)
        });
        let rest = rest.iter().take_while(move |chunk| chunk.from.0.0 >= key_min);
        rest.flat_map(|chunk| chunk.places.iter().copied()).skip(skip)
    }

    /// The chunk where something of that rank is or belongs.
    fn chunk(&self, at: Rank) -> usize {
        self.chunks.partition_point(|chunk| chunk.from <= at).saturating_sub(1)
    }

    /// Appends the next chunk to a small one when both are small.
    fn merge(&mut self, index: usize) {
        let Some([chunk, next]) = self.chunks.get_mut(index..index + 2) else { return };
        if chunk.places.len() + next.places.len() <= CHUNK_MAX / 2 {
            chunk.places.append(&mut next.places);
            self.chunks.remove(index + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// The rank that a place has in these tests; no order of places is an order of ranks.
    fn rank(place: u32) -> Rank {
        (Reverse(u64::from(place % 3)), FindingId::derive(&place.to_string()))
    }

    proptest! {
        #[test]
        fn places_are_in_order_whatever_comes_and_goes(
            first in 0..30_u32,
            steps in vec(0..60_u32, 0..200),
            from in 0..60_u32,
        ) {
            let mut model: BTreeSet<(Rank, u32)> = (0..first).map(|p| (rank(p), p)).collect();
            let ordered: Vec<u32> = model.iter().map(|(_, place)| *place).collect();
            let mut sorted = Sorted::build(&ordered, rank);

            for place in steps {
                if model.remove(&(rank(place), place)) {
                    sorted.remove(rank(place), rank);
                } else {
                    model.insert((rank(place), place));
                    sorted.insert(rank(place), place, rank);
                }
            }

            let all: Vec<u32> = sorted.after(None, 0, rank).collect();
            prop_assert_eq!(all, model.iter().map(|(_, place)| *place).collect::<Vec<_>>());
            let behind: Vec<u32> = sorted.after(Some(rank(from)), 0, rank).collect();
            let expected = model.iter().filter(|(other, _)| *other > rank(from));
            prop_assert_eq!(behind, expected.map(|(_, place)| *place).collect::<Vec<_>>());
            let high = sorted.after(None, 2, rank).filter(|place| place % 3 == 2).count();
            prop_assert_eq!(high, model.iter().filter(|(_, place)| place % 3 == 2).count());
            prop_assert!(sorted.chunks.iter().all(|chunk| !chunk.places.is_empty()));
        }
    }
}
