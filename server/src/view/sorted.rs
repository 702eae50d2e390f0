//! Places in order: a list in chunks, twelve bytes a place.
//!
//! A place's rank is in its row. Beside each place stands a hint, a number that ranks (nearly) alike,
//! so that finding a place reads memory in a row, not rows all over the memory.

use std::cmp::Reverse;

use muster_core::ids::FindingId;

/// The most places in a chunk. Few in tests, so that small models use several chunks.
const CHUNK_MAX: usize = if cfg!(test) { 4 } else { 512 };

/// How many bits of a hint are for the key; the others are for the id. Enough for milliseconds until
/// 2039, and for two million million revisions; keys beyond have one hint.
const KEY_BITS: u32 = if cfg!(test) { 1 } else { 41 };

/// What places are ordered by: larger keys first, then smaller ids.
pub(super) type Rank = (Reverse<u64>, FindingId);

/// Places by rank.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    chunks: Vec<Chunk>,
}

/// Never empty.
#[derive(Debug)]
struct Chunk {
    /// At or before the first place, and behind the chunk before.
    from: Rank,
    places: Vec<u32>,
    hints: Vec<u64>,
}

impl Sorted {
    /// Takes places that are in order already.
    pub(super) fn build(ordered: &[u32], rank: impl Fn(u32) -> Rank) -> Self {
        // A quarter is left free for what comes in between.
        let chunks = ordered.chunks(CHUNK_MAX * 3 / 4).filter_map(|places| {
            let from = rank(*places.first()?);
            let hints = places.iter().map(|place| hint(rank(*place))).collect();
            Some(Chunk { from, places: places.to_vec(), hints })
        });
        Self { chunks: chunks.collect() }
    }

    /// Adds a place, whose rank is `at`.
    pub(super) fn insert(&mut self, at: Rank, place: u32, rank: impl Fn(u32) -> Rank) {
        let index = self.chunk(at);
        let Some(chunk) = self.chunks.get_mut(index) else {
            self.chunks.push(Chunk::new(at, place));
            return;
        };
        let within = chunk.before(at, &rank);
        if chunk.places.len() < CHUNK_MAX {
            chunk.insert(within, at, place);
        } else if within == 0 {
            // What grows at one end leaves full chunks behind.
            let from = chunk.places.first().map_or(at, |first| rank(*first));
            let new = Chunk { from: at.min(chunk.from), ..Chunk::new(at, place) };
            let rest = std::mem::replace(chunk, new);
            self.chunks.insert(index + 1, Chunk { from, ..rest });
        } else if within == CHUNK_MAX {
            self.chunks.insert(index + 1, Chunk::new(at, place));
        } else {
            let mut upper = chunk.split(&rank);
            match within.checked_sub(chunk.places.len()) {
                None | Some(0) => chunk.insert(within, at, place),
                Some(within) => upper.insert(within, at, place),
            }
            self.chunks.insert(index + 1, upper);
        }
    }

    /// Removes a place, whose rank is `at`.
    pub(super) fn remove(&mut self, at: Rank, place: u32, rank: impl Fn(u32) -> Rank) {
        let index = self.chunk(at);
        let chunk = self.chunks.get_mut(index).expect("what is removed was added");
        let within = chunk.before(at, rank);
        assert_eq!(chunk.places.get(within), Some(&place), "what is removed was added");
        chunk.places.remove(within);
        chunk.hints.remove(within);
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
            let within = chunk.before(after, &rank);
            let is_there = chunk.places.get(within).is_some_and(|place| rank(*place) == after);
            within + usize::from(is_there)
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
            chunk.hints.append(&mut next.hints);
            self.chunks.remove(index + 1);
        }
    }
}

impl Chunk {
    fn new(at: Rank, place: u32) -> Self {
        Self { from: at, places: vec![place], hints: vec![hint(at)] }
    }

    fn insert(&mut self, within: usize, at: Rank, place: u32) {
        self.places.insert(within, place);
        self.hints.insert(within, hint(at));
        self.from = self.from.min(at);
    }

    /// How many places of the chunk rank before `at`.
    fn before(&self, at: Rank, rank: impl Fn(u32) -> Rank) -> usize {
        let hint = hint(at);
        let start = self.hints.partition_point(|other| *other < hint);
        // Few, unless many findings have keys that the hint does not tell apart.
        let same =
            self.hints.get(start..).unwrap_or_default().partition_point(|other| *other == hint);
        let same = self.places.get(start..start + same).unwrap_or_default();
        start + same.partition_point(|place| rank(*place) < at)
    }

    /// Takes away the upper half.
    fn split(&mut self, rank: impl Fn(u32) -> Rank) -> Self {
        let places = self.places.split_off(CHUNK_MAX / 2);
        let hints = self.hints.split_off(CHUNK_MAX / 2);
        let from = places.first().map_or(self.from, |first| rank(*first));
        Self { from, places, hints }
    }
}

/// Ranks as the rank does, where it tells two of them apart.
fn hint((Reverse(key), id): Rank) -> u64 {
    let (id, _) = id.0.split_first_chunk::<8>().expect("an id has 16 bytes");
    match ((1 << KEY_BITS) - 1_u64).checked_sub(key) {
        Some(key) if key > 0 => key << (u64::BITS - KEY_BITS) | u64::from_be_bytes(*id) >> KEY_BITS,
        // All larger keys come first, and the hint knows no more of them.
        Some(_) | None => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// The rank that a place has in these tests; no order of places is an order of ranks, and some
    /// ids begin alike.
    fn rank(place: u32) -> Rank {
        let mut id = FindingId::derive(&place.to_string());
        if place.is_multiple_of(5) {
            id.0[..9].fill(7);
        }
        (Reverse(u64::from(place % 3)), id)
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
                    sorted.remove(rank(place), place, rank);
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
