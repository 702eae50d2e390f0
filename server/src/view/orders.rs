//! All findings in each order.

use std::cmp::Reverse;

use muster_core::ids::FindingId;
use roaring::RoaringBitmap;

use super::query::Order;
use super::row::Row;
use super::slab::Slab;
use super::slices::Slices;
use super::sorted::{Rank, Sorted};
use super::table::Table;

/// A set with no more places than this is put in order place by place.
const GATHER_MAX: u64 = if cfg!(test) { 3 } else { 2048 };

/// How many places of an order are tried at most before the key slices are asked where the set goes
/// on.
const WALK_MAX: u64 = if cfg!(test) { 5 } else { 4096 };

/// The last of all ids.
const LAST_ID: FindingId = FindingId([0xFF; 16]);

/// The orders.
#[derive(Debug, Default)]
pub(super) struct Orders {
    places: Table,
    ids: Sorted,
    indexes: [Index; Order::ALL.len()],
}

/// One order: to walk along, and to jump.
#[derive(Debug, Default)]
struct Index {
    sorted: Sorted,
    keys: Slices,
}

/// What a row is ordered by.
fn rank(order: Order, row: &Row) -> Rank {
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
        let mut ids: Vec<(FindingId, u32)> = Vec::new();
        for (place, row) in rows.iter() {
            places.insert(hash(row.id), place, |place| hash(rows.at(place).id));
            ids.push((row.id, place));
        }
        ids.sort_unstable();
        let by_id: Vec<u32> = ids.into_iter().map(|(_, place)| place).collect();
        Self {
            places,
            ids: Sorted::build(&by_id, |place| id_rank(rows.at(place).id)),
            indexes: Order::ALL.map(|order| Index::build(order, &by_id, rows)),
        }
    }

    /// Adds the row at `place`.
    pub(super) fn insert(&mut self, place: u32, rows: &Slab<Row>) {
        let row = rows.at(place);
        self.places.insert(hash(row.id), place, |place| hash(rows.at(place).id));
        self.ids.insert(id_rank(row.id), place, |place| id_rank(rows.at(place).id));
        for order in Order::ALL {
            self.enter(order, place, rows);
            self.index_mut(order).keys.change(place, 0, key(order, row));
        }
    }

    /// Removes the row at `place`, which is still there.
    pub(super) fn remove(&mut self, place: u32, rows: &Slab<Row>) {
        let row = rows.at(place);
        self.places.remove(hash(row.id), place);
        self.ids.remove(id_rank(row.id), |place| id_rank(rows.at(place).id));
        for order in Order::ALL {
            self.leave(order, place, rows);
            self.index_mut(order).keys.change(place, key(order, row), 0);
        }
    }

    /// Puts `new` at `place` instead of the row of the same finding.
    pub(super) fn replace(&mut self, place: u32, new: Row, rows: &mut Slab<Row>) {
        let old = *rows.at(place);
        let moved = Order::ALL.map(|order| (order, key(order, &old), key(order, &new)));
        let moved = || moved.into_iter().filter(|(_, old, new)| old != new);
        for (order, ..) in moved() {
            self.leave(order, place, rows);
        }
        *rows.at_mut(place) = new;
        for (order, old, new) in moved() {
            self.enter(order, place, rows);
            self.index_mut(order).keys.change(place, old, new);
        }
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

    /// The scores, for comparing many at once.
    pub(super) fn scores(&self) -> &Slices {
        &self.index(Order::Priority).keys
    }

    /// The first `count` of `set` in an order that rank behind `after`.
    ///
    /// Small sets are gathered and sorted. Otherwise the order is walked, which is over soon when the
    /// set is spread over it, as most are. When it is not, the key slices say where the set goes on.
    pub(super) fn first(
        &self,
        set: &RoaringBitmap,
        order: Order,
        after: Option<Rank>,
        count: usize,
        rows: &Slab<Row>,
    ) -> Vec<u32> {
        let list = List { index: self.index(order), order, rows };
        if set.len() <= GATHER_MAX {
            return list.gather(set, after, count);
        }
        let mut found = Vec::new();
        let reached = match list.walk(set, after, count, &mut found) {
            Walk::Enough | Walk::AtEnd => return found,
            Walk::Reached(reached) => reached,
        };
        let below = match reached {
            None => set.clone(),
            Some(reached) => {
                let (below, equal) = list.index.keys.compare(set, reached.0.0);
                found.extend(list.tied(&equal, reached.0.0, Some(reached), count - found.len()));
                below
            }
        };
        if found.len() < count && !below.is_empty() {
            let top = list.index.keys.top(below, (count - found.len()) as u64);
            found.extend(list.gather(&top.above, None, count));
            if let Some(any) = top.tied.min() {
                let key = key(order, rows.at(any));
                found.extend(list.tied(&top.tied, key, None, count - found.len()));
            }
        }
        found
    }

    fn enter(&mut self, order: Order, place: u32, rows: &Slab<Row>) {
        let at = rank(order, rows.at(place));
        self.index_mut(order).sorted.insert(at, place, |place| rank(order, rows.at(place)));
    }

    fn leave(&mut self, order: Order, place: u32, rows: &Slab<Row>) {
        let at = rank(order, rows.at(place));
        self.index_mut(order).sorted.remove(at, |place| rank(order, rows.at(place)));
    }

    fn index(&self, order: Order) -> &Index {
        &self.indexes[order as usize]
    }

    fn index_mut(&mut self, order: Order) -> &mut Index {
        &mut self.indexes[order as usize]
    }
}

impl Index {
    /// Puts places, which are in the order of ids, in this order.
    fn build(order: Order, by_id: &[u32], rows: &Slab<Row>) -> Self {
        let mut keyed: Vec<(Reverse<u64>, u32)> =
            by_id.iter().map(|place| (Reverse(key(order, rows.at(*place))), *place)).collect();
        // Stable: what has one key stays in the order of ids.
        keyed.sort_by_key(|(key, _)| *key);
        let ordered: Vec<u32> = keyed.into_iter().map(|(_, place)| place).collect();
        Self {
            sorted: Sorted::build(&ordered, |place| rank(order, rows.at(place))),
            keys: Slices::build(rows.iter().map(|(place, row)| (place, key(order, row)))),
        }
    }
}

/// How a walk ended.
enum Walk {
    /// With as many as were asked for.
    Enough,
    /// At the end of the order.
    AtEnd,
    /// At this rank, with more to come.
    Reached(Option<Rank>),
}

/// One order of the rows.
struct List<'a> {
    index: &'a Index,
    order: Order,
    rows: &'a Slab<Row>,
}

impl List<'_> {
    fn rank(&self, place: u32) -> Rank {
        rank(self.order, self.rows.at(place))
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
    fn walk(
        &self,
        set: &RoaringBitmap,
        after: Option<Rank>,
        count: usize,
        found: &mut Vec<u32>,
    ) -> Walk {
        let rows = u64::from(self.rows.places());
        // Were the set spread evenly, so many steps would find enough; with four times as many it is
        // not.
        let likely = rows.saturating_mul(count as u64) / set.len();
        let steps_max = WALK_MAX.max((count as u64).saturating_mul(2));
        if likely > steps_max {
            return Walk::Reached(after);
        }
        let steps = steps_max.min(likely * 4 + 64);
        let mut last = None;
        let mut places = self.index.sorted.after(after, 0, |place| self.rank(place));
        for place in places.by_ref().take(usize::try_from(steps).unwrap_or(usize::MAX)) {
            if found.len() == count {
                return Walk::Enough;
            }
            if set.contains(place) {
                found.push(place);
            }
            last = Some(place);
        }
        if found.len() == count {
            return Walk::Enough;
        }
        match (last, places.next()) {
            (Some(last), Some(_)) => Walk::Reached(Some(self.rank(last))),
            (_, _) => Walk::AtEnd,
        }
    }

    /// The first `count` behind `after` of a set in which all have this key. Nothing but chance says
    /// where ids stand, so they are spread evenly over the others with that key.
    fn tied(&self, set: &RoaringBitmap, key: u64, after: Option<Rank>, count: usize) -> Vec<u32> {
        if set.len() <= GATHER_MAX {
            return self.gather(set, after, count);
        }
        let after = after.or_else(|| above(key));
        let places = self.index.sorted.after(after, key, |place| self.rank(place));
        places.filter(|place| set.contains(*place)).take(count).collect()
    }
}
