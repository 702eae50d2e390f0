//! All findings in each order.

use std::cmp::Reverse;

use muster_core::ids::FindingId;

use super::query::Order;
use super::row::Row;
use super::scores::Scores;
use super::slab::Slab;
use super::slices::Slices;
use super::sorted::{Rank, Sorted};
use super::table::Table;

/// The last of all ids.
const LAST_ID: FindingId = FindingId([0xFF; 16]);

/// The orders: lists to walk along, and what it takes to jump.
#[derive(Debug, Default)]
pub(super) struct Orders {
    places: Table,
    ids: Sorted,
    lists: [Sorted; Order::ALL.len()],
    scores: Scores,
    created: Slices,
    revisions: Slices,
}

/// What a row is ordered by.
pub(super) fn rank(order: Order, row: &Row) -> Rank {
    (Reverse(key(order, row)), row.id)
}

/// The key of a row in an order.
pub(super) fn key(order: Order, row: &Row) -> u64 {
    match order {
        Order::Priority => row.score.into(),
        Order::Newest => row.created,
        Order::RecentlyChanged => row.revision.0,
    }
}

/// The last rank before everything with that key; `None` when nothing can be before.
pub(super) fn above(key: u64) -> Option<Rank> {
    key.checked_add(1).map(|above| (Reverse(above), LAST_ID))
}

/// An id is a hash already.
fn hash(id: FindingId) -> u64 {
    let (first, _) = id.0.split_first_chunk::<8>().expect("an id has 16 bytes");
    u64::from_le_bytes(*first)
}

fn id_rank(id: FindingId) -> Rank {
    (Reverse(0), id)
}

impl Orders {
    /// Orders all rows at once.
    pub(super) fn build(rows: &Slab<Row>) -> Self {
        let mut places = Table::with_capacity(rows.places() as usize);
        let mut scores = Scores::default();
        let mut ids: Vec<(FindingId, u32)> = Vec::new();
        for (place, row) in rows.iter() {
            places.insert(hash(row.id), place, |place| hash(rows.at(place).id));
            scores.insert(place, row.score);
            ids.push((row.id, place));
        }
        ids.sort_unstable();
        let by_id: Vec<u32> = ids.into_iter().map(|(_, place)| place).collect();
        Self {
            places,
            ids: Sorted::build(&by_id, |place| id_rank(rows.at(place).id)),
            lists: Order::ALL.map(|order| list(order, &by_id, rows)),
            scores,
            created: Slices::build(rows.iter().map(|(place, row)| (place, row.created))),
            revisions: Slices::build(rows.iter().map(|(place, row)| (place, row.revision.0))),
        }
    }

    /// Adds the row at `place`.
    pub(super) fn insert(&mut self, place: u32, rows: &Slab<Row>) {
        let row = rows.at(place);
        self.places.insert(hash(row.id), place, |place| hash(rows.at(place).id));
        self.ids.insert(id_rank(row.id), place, |place| id_rank(rows.at(place).id));
        for order in Order::ALL {
            self.enter(order, place, rows);
        }
        self.scores.insert(place, row.score);
        self.created.change(place, 0, row.created);
        self.revisions.change(place, 0, row.revision.0);
    }

    /// Removes the row at `place`, which is still there.
    pub(super) fn remove(&mut self, place: u32, rows: &Slab<Row>) {
        let row = rows.at(place);
        self.places.remove(hash(row.id), place);
        self.ids.remove(id_rank(row.id), place, |place| id_rank(rows.at(place).id));
        for order in Order::ALL {
            self.leave(order, place, rows);
        }
        self.scores.remove(place);
        self.created.change(place, row.created, 0);
        self.revisions.change(place, row.revision.0, 0);
    }

    /// Puts `new` at `place` instead of the row of the same finding.
    pub(super) fn replace(&mut self, place: u32, new: Row, rows: &mut Slab<Row>) {
        let old = *rows.at(place);
        let moved = |order: &Order| key(*order, &old) != key(*order, &new);
        for order in Order::ALL.into_iter().filter(moved) {
            self.leave(order, place, rows);
        }
        *rows.at_mut(place) = new;
        for order in Order::ALL.into_iter().filter(moved) {
            self.enter(order, place, rows);
        }
        if old.score != new.score {
            self.scores.remove(place);
            self.scores.insert(place, new.score);
        }
        self.created.change(place, old.created, new.created);
        self.revisions.change(place, old.revision.0, new.revision.0);
    }

    /// The place of a finding.
    pub(super) fn find(&self, id: FindingId, rows: &Slab<Row>) -> Option<u32> {
        self.places.find(hash(id), |place| rows.at(place).id == id)
    }

    /// Places by id, behind `after`.
    pub(super) fn by_id(
        &self,
        after: Option<FindingId>,
        rows: &Slab<Row>,
    ) -> impl Iterator<Item = u32> {
        self.ids.after(after.map(id_rank), 0, |place| id_rank(rows.at(place).id))
    }

    /// The places in an order.
    pub(super) fn list(&self, order: Order) -> &Sorted {
        &self.lists[order as usize]
    }

    /// The scores.
    pub(super) fn scores(&self) -> &Scores {
        &self.scores
    }

    /// The keys of an order; `None` where scores are the keys.
    pub(super) fn slices(&self, order: Order) -> Option<&Slices> {
        match order {
            Order::Priority => None,
            Order::Newest => Some(&self.created),
            Order::RecentlyChanged => Some(&self.revisions),
        }
    }

    fn enter(&mut self, order: Order, place: u32, rows: &Slab<Row>) {
        let at = rank(order, rows.at(place));
        self.lists[order as usize].insert(at, place, |place| rank(order, rows.at(place)));
    }

    fn leave(&mut self, order: Order, place: u32, rows: &Slab<Row>) {
        let at = rank(order, rows.at(place));
        self.lists[order as usize].remove(at, place, |place| rank(order, rows.at(place)));
    }
}

/// Puts places, which are in the order of ids, in this order.
fn list(order: Order, by_id: &[u32], rows: &Slab<Row>) -> Sorted {
    let keyed = by_id.iter().map(|place| (Reverse(key(order, rows.at(*place))), *place));
    let mut keyed: Vec<(Reverse<u64>, u32)> = keyed.collect();
    // Stable: what has one key stays in the order of ids.
    keyed.sort_by_key(|(key, _)| *key);
    let ordered: Vec<u32> = keyed.into_iter().map(|(_, place)| place).collect();
    Sorted::build(&ordered, |place| rank(order, rows.at(place)))
}
