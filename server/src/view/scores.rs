//! Scores, as the order of priority needs them.

use muster_core::priority::SCORE_MAX;
use roaring::{MultiOps, RoaringBitmap};

use super::slices::Top;

/// The scores of a set with no more places than this are looked at one by one.
const SCAN_MAX: u64 = if cfg!(test) { 4 } else { 65_536 };

/// The score of each place, and the places of each score.
#[derive(Debug)]
pub(super) struct Scores {
    of: Vec<u16>,
    places: Vec<RoaringBitmap>,
}

impl Default for Scores {
    fn default() -> Self {
        Self { of: Vec::new(), places: vec![RoaringBitmap::new(); usize::from(SCORE_MAX) + 1] }
    }
}

impl Scores {
    /// Gives a new place its score.
    pub(super) fn insert(&mut self, place: u32, score: u16) {
        let index = place as usize;
        if self.of.len() <= index {
            self.of.resize(index + 1, 0);
        }
        self.of[index] = score;
        self.places_mut(score).insert(place);
    }

    /// Takes its score from a place.
    pub(super) fn remove(&mut self, place: u32) {
        self.places_mut(self.of(place)).remove(place);
    }

    /// The score of a place.
    pub(super) fn of(&self, place: u32) -> u16 {
        self.of.get(place as usize).copied().unwrap_or(0)
    }

    /// The places with that score.
    pub(super) fn places(&self, score: u16) -> &RoaringBitmap {
        &self.places[usize::from(score.min(SCORE_MAX))]
    }

    /// The places with a score that is wanted.
    pub(super) fn wanted(&self, wanted: impl Fn(u16) -> bool) -> RoaringBitmap {
        let scores = (0..=SCORE_MAX).filter(|score| wanted(*score));
        scores.map(|score| self.places(score)).union()
    }

    /// The highest score in a set; 0 when it is empty.
    pub(super) fn highest(&self, set: &RoaringBitmap) -> u16 {
        if set.len() <= SCAN_MAX {
            return set.iter().map(|place| self.of(place)).max().unwrap_or(0);
        }
        let mut scores = (0..=SCORE_MAX).rev();
        scores.find(|score| !set.is_disjoint(self.places(*score))).unwrap_or(0)
    }

    /// As [`super::slices::Slices::compare`], by looking at each place.
    pub(super) fn compare(&self, set: &RoaringBitmap, key: u64) -> (RoaringBitmap, RoaringBitmap) {
        let below = set.iter().filter(|place| u64::from(self.of(*place)) < key);
        let equal = set.iter().filter(|place| u64::from(self.of(*place)) == key);
        (below.collect(), equal.collect())
    }

    /// As [`super::slices::Slices::top`], by looking at each place.
    pub(super) fn top(&self, set: &RoaringBitmap, count: u64) -> Top {
        let mut counts = vec![0_u64; usize::from(SCORE_MAX) + 1];
        for place in set {
            counts[usize::from(self.of(place))] += 1;
        }
        let mut sum = 0;
        let mut scores = (0..=SCORE_MAX).rev();
        let reached = scores.find(|score| {
            sum += counts[usize::from(*score)];
            sum >= count
        });
        let threshold = reached.unwrap_or(0);
        Top {
            above: set.iter().filter(|place| self.of(*place) > threshold).collect(),
            tied: set.iter().filter(|place| self.of(*place) == threshold).collect(),
        }
    }

    fn places_mut(&mut self, score: u16) -> &mut RoaringBitmap {
        &mut self.places[usize::from(score)]
    }
}
