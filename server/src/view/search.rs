//! Finds where a page begins and what is on it.
//!
//! A small set is gathered and sorted. Otherwise the order is walked, which is over soon when the
//! set is spread over it, as most are. When it is not (what is resolved has score 0, and stands
//! behind everything open), the walk gives up, and the keys say where the set goes on.

use std::borrow::Cow;

use muster_core::priority::SCORE_MAX;
use roaring::RoaringBitmap;

use super::orders::{Orders, above, key, rank};
use super::query::Order;
use super::row::Row;
use super::scores::Scores;
use super::slab::Slab;
use super::slices::Top;
use super::sorted::Rank;

/// A set with no more places than this is gathered.
const GATHER_MAX: u64 = if cfg!(test) { 3 } else { 1024 };

/// The scores of a set with no more places than this are looked at one by one.
const SCAN_MAX: u64 = if cfg!(test) { 8 } else { 16_384 };

/// How many places of an order are walked along at most.
const WALK_MAX: u64 = if cfg!(test) { 6 } else { 4096 };

/// A search in one order.
pub(super) struct Search<'a> {
    /// What is searched for.
    pub(super) set: &'a RoaringBitmap,
    /// In which order.
    pub(super) order: Order,
    /// How many are wanted.
    pub(super) count: usize,
    /// All orders.
    pub(super) orders: &'a Orders,
    /// All rows.
    pub(super) rows: &'a Slab<Row>,
}

/// How a walk ended.
enum Walk {
    /// With as many as are wanted, or at the end of the order.
    Done,
    /// Behind this rank, with more to come.
    Reached(Option<Rank>),
}

impl Search<'_> {
    /// The first places of the set that rank behind `after`. `possible` says, maybe too often, with
    /// which scores there are any.
    pub(super) fn first(&self, after: Option<Rank>, possible: impl Fn(u16) -> bool) -> Vec<u32> {
        if self.set.len() <= GATHER_MAX {
            return self.gather(self.set, after, self.count);
        }
        let slices = self.orders.slices(self.order);
        let after = if slices.is_some() {
            after
        } else {
            let highest = (0..=SCORE_MAX).rev().find(|score| possible(*score)).unwrap_or(0);
            after.max(above(highest.into()))
        };
        let mut found = Vec::new();
        let Walk::Reached(reached) = self.walk(after, &mut found) else { return found };
        let scores = self.orders.scores();
        match slices {
            Some(slices) => {
                let compare = |key| slices.compare(self.set, key);
                self.jump(reached, compare, |set, count| slices.top(set, count), &mut found);
            }
            None if self.set.len() <= SCAN_MAX => {
                let compare = |key| scores.compare(self.set, key);
                self.jump(reached, compare, |set, count| scores.top(set, count), &mut found);
            }
            None => self.descend(reached, scores, possible, &mut found),
        }
        found
    }

    /// The first `count` of `set` behind `after`, by looking at all of it.
    fn gather(&self, set: &RoaringBitmap, after: Option<Rank>, count: usize) -> Vec<u32> {
        let ranked = set.iter().map(|place| (self.rank(place), place));
        let behind = |(rank, _): &(Rank, u32)| after.is_none_or(|after| *rank > after);
        let mut ranked: Vec<(Rank, u32)> = ranked.filter(behind).collect();
        if ranked.len() > count {
            ranked.select_nth_unstable(count);
            ranked.truncate(count);
        }
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, place)| place).collect()
    }

    /// Walks the order as long as that is likely to find enough.
    fn walk(&self, after: Option<Rank>, found: &mut Vec<u32>) -> Walk {
        // Were the set spread evenly, so many steps would do; with four times as many it is not.
        let rows = u64::from(self.rows.places());
        let likely = rows.saturating_mul(self.count as u64) / self.set.len();
        let steps_max = WALK_MAX.max((self.count as u64).saturating_mul(2));
        if likely > steps_max.min(self.set.len()) {
            return Walk::Reached(after);
        }
        let steps = usize::try_from(steps_max.min(likely * 4 + 64)).unwrap_or(usize::MAX);
        let mut places = self.orders.list(self.order).after(after, 0, |place| self.rank(place));
        let mut last = None;
        for place in places.by_ref().take(steps) {
            last = Some(place);
            if self.set.contains(place) {
                found.push(place);
                if found.len() == self.count {
                    return Walk::Done;
                }
            }
        }
        match (last, places.next()) {
            (Some(last), Some(_)) => Walk::Reached(Some(self.rank(last))),
            (_, _) => Walk::Done,
        }
    }

    /// Goes on behind `reached`, from one possible score to the next lower one.
    fn descend(
        &self,
        reached: Option<Rank>,
        scores: &Scores,
        possible: impl Fn(u16) -> bool,
        found: &mut Vec<u32>,
    ) {
        let from = reached.map_or(SCORE_MAX, |(key, _)| u16::try_from(key.0).unwrap_or(SCORE_MAX));
        for score in (0..=from.min(SCORE_MAX)).rev().filter(|score| possible(*score)) {
            let tied = self.set & scores.places(score);
            found.extend(self.tied(&tied, score.into(), reached, self.count - found.len()));
            if found.len() == self.count {
                return;
            }
        }
    }

    /// Goes on behind `reached`: with what has the same key, then with what has the highest keys below.
    fn jump(
        &self,
        reached: Option<Rank>,
        compare: impl Fn(u64) -> (RoaringBitmap, RoaringBitmap),
        top: impl Fn(&RoaringBitmap, u64) -> Top,
        found: &mut Vec<u32>,
    ) {
        let mut below = Cow::Borrowed(self.set);
        if let Some(reached) = reached {
            let (lower, tied) = compare(reached.0.0);
            let left = self.count - found.len();
            found.extend(self.tied(&tied, reached.0.0, Some(reached), left));
            below = Cow::Owned(lower);
        }
        let left = self.count - found.len();
        if left == 0 {
            return;
        }
        let top = top(&below, left as u64);
        found.extend(self.gather(&top.above, None, left));
        if let Some(any) = top.tied.min() {
            let key = key(self.order, self.rows.at(any));
            found.extend(self.tied(&top.tied, key, None, self.count - found.len()));
        }
    }

    /// The first `count` behind `after` of a set in which all have this key. Nothing but chance says
    /// where ids stand, so they are spread evenly over the others with that key.
    fn tied(&self, set: &RoaringBitmap, key: u64, after: Option<Rank>, count: usize) -> Vec<u32> {
        if set.len() <= GATHER_MAX {
            return self.gather(set, after, count);
        }
        let list = self.orders.list(self.order);
        let places = list.after(after.max(above(key)), key, |place| self.rank(place));
        places.filter(|place| set.contains(*place)).take(count).collect()
    }

    fn rank(&self, place: u32) -> Rank {
        rank(self.order, self.rows.at(place))
    }
}
