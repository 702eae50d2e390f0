//! The view in memory: lists, counts and filters without touching the store.
//!
//! The view is made by one scan of the heads, and then follows what is committed: the writer alone
//! changes it. Everything in it can be made again from the store.
//!
//! A finding has a place: a number that stays while it lives. Everything else is said in places:
//! - `rows`: one dense row for each finding; texts are numbers in their columns.
//! - `sets`, and a `column::Column` for each text: the places that have a value, as bitmaps.
//! - `orders`: the places by id and in each list order, to walk along and to jump.
//! - `reports`: which finding holds a report, and what of it is known, for the unchanged-check.
//!
//! A filter becomes one bitmap, exactly, so that a page also says how many match in all; a page
//! walks an order and takes what the bitmap has. See `select` and `orders`.
//!
//! What it costs, with a million findings (`cargo bench --bench view`, `docs/benchmarks.md`): a page
//! takes tens to hundreds of microseconds. The exception is a text that a large part of all distinct
//! titles or resource names contain (`resource : prod` where every name has it): it takes some 30 ns
//! for each distinct text the first time. What filters selected lately is kept and brought up to
//! date, so the next pages do not pay that again.
//!
//! Not here: records (the store has them), history, and anything that is not committed.

mod column;
mod evidence;
mod grams;
mod load;
mod orders;
mod pattern;
mod postings;
mod prefix;
mod query;
mod reports;
mod resource;
mod row;
mod scores;
mod search;
mod select;
mod selections;
mod sets;
mod slab;
mod slices;
mod sorted;
mod summary;
mod table;
mod texts;
mod threatened;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;

use muster_core::filter::{Fields, Filter, TextMatch};
use muster_core::ids::{FindingId, Revision};
use muster_core::report::ReportDigest;
use muster_core::time::Millis;
use roaring::RoaringBitmap;

use self::column::Column;
pub use self::evidence::STEP as EVIDENCE_STEP;
pub use self::load::Loader;
use self::orders::Orders;
pub use self::query::{
    GROUP_BY_MAX, Group, GroupBy, KnownReport, Order, Page, Position, Query, Summary, Walk,
};
use self::reports::Reports;
use self::resource::Resources;
use self::row::{Row, TextNumbers};
use self::search::Search;
use self::selections::{Selections, Touched};
use self::sets::Sets;
use self::slab::Slab;
use self::threatened::Threatened;
use crate::store::Head;

/// How many findings of one resource are related to each other. Beyond (an account, as a resource, may
/// have thousands), the threats and the findings stored first are.
pub(crate) const ON_RESOURCE_MAX: usize = 256;

/// The newest committed image of each finding, as lists and filters need it.
pub struct View {
    rows: Slab<Row>,
    live: RoaringBitmap,
    sets: Sets,
    accounts: Column,
    regions: Column,
    assignees: Column,
    rules: Column,
    titles: Column,
    resources: Resources,
    orders: Orders,
    reports: Reports,
    threatened: Threatened,
    /// Snoozes and suppressions, by their end.
    ends: BTreeSet<(Millis, u32)>,
    selections: Selections,
    touched: Touched,
    revision: Revision,
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut view = f.debug_struct("View");
        view.field("len", &self.len()).field("revision", &self.revision).finish_non_exhaustive()
    }
}

impl View {
    /// Shows these images of findings, unless the view has newer ones; `revision` is the head of the
    /// log they belong to. A report that another finding held moves to the one that holds it now.
    pub fn apply(&mut self, heads: &[Head], revision: Revision) {
        for head in heads {
            match self.place(head.id) {
                Some(place) => self.replace(place, head),
                None => self.add(head),
            }
        }
        self.revision = self.revision.max(revision);
    }

    /// Forgets findings that retention removed.
    pub fn remove(&mut self, ids: &[FindingId]) {
        for id in ids {
            if let Some(place) = self.place(*id) {
                self.forget(place);
            }
        }
    }

    /// The revision up to which the view shows the log.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// How many findings there are.
    pub fn len(&self) -> usize {
        usize::try_from(self.live.len()).expect("places fit into memory")
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Whether there is such a finding.
    pub fn contains(&self, id: FindingId) -> bool {
        self.place(id).is_some()
    }

    /// What filters see of a finding.
    pub fn facets(&self, id: FindingId) -> Option<impl Fields> {
        self.place(id).map(|place| self.fields(place))
    }

    /// A page of findings.
    pub fn page(&self, query: &Query<'_>) -> Page {
        let selected = self.select(query.filter);
        let after = query.after.map(|after| (Reverse(after.key), after.id));
        let search = Search {
            set: &selected,
            order: query.order,
            count: query.limit.saturating_add(1),
            orders: &self.orders,
            rows: &self.rows,
        };
        let mut places = search.first(after, |score| self.possible(query.filter, score));
        let more = places.len() > query.limit;
        places.truncate(query.limit);
        let position = |place: u32| {
            let row = self.rows.at(place);
            Position { key: orders::key(query.order, row), id: row.id }
        };
        let positions = places.into_iter().map(position).collect();
        Page { positions, total: selected.len(), more }
    }

    /// The findings that `filter` selects, by id behind `after`: at most `limit` of them, among at
    /// most `looks_max` findings that are looked at.
    pub fn walk(
        &self,
        filter: &Filter,
        after: Option<FindingId>,
        limit: usize,
        looks_max: usize,
    ) -> Walk {
        let selected = self.select(filter);
        let mut walk = Walk { ids: Vec::new(), reached: after, more: false };
        for (looks, place) in self.orders.by_id(after, &self.rows).enumerate() {
            if walk.ids.len() == limit || looks == looks_max {
                walk.more = true;
                break;
            }
            let id = self.rows.at(place).id;
            walk.reached = Some(id);
            if selected.contains(place) {
                walk.ids.push(id);
            }
        }
        walk
    }

    /// Up to `limit` ids whose text, without `fnd_`, begins with `prefix`, ascending.
    pub fn resolve(&self, prefix: &str, limit: usize) -> Vec<FindingId> {
        let Some((lowest, highest)) = prefix::range(prefix) else { return Vec::new() };
        let before = u128::from_be_bytes(lowest.0).checked_sub(1);
        let before = before.map(|before| FindingId(before.to_be_bytes()));
        let ids = self.orders.by_id(before, &self.rows).map(|place| self.rows.at(place).id);
        ids.take_while(|id| *id <= highest).take(limit).collect()
    }

    /// What is known of a report.
    pub fn report(&self, digest: &ReportDigest) -> Option<KnownReport> {
        let entry = self.reports.find(digest)?;
        let row = self.rows.at(entry.finding);
        Some(KnownReport {
            finding: row.id,
            content_hash: entry.content_hash,
            absent: entry.absent,
            looked_hour: entry.looked_hour,
            triage: row.triage,
        })
    }

    /// The reports that `unit` read last, that are not absent, and whose rule id `rule` accepts, in
    /// no order. `rule` is asked once for each rule id.
    pub fn unit_reports(
        &self,
        unit: &str,
        rule: impl Fn(&str) -> bool,
    ) -> Vec<(FindingId, ReportDigest)> {
        let entries = self.reports.of_unit(unit, rule).into_iter();
        entries.map(|entry| (self.rows.at(entry.finding).id, entry.key)).collect()
    }

    /// How many reports `unit` read last that are not absent.
    pub fn unit_report_count(&self, unit: &str) -> u64 {
        self.reports.count(unit)
    }

    /// The findings whose snooze or suppression is over at `now`, the first to end first.
    pub fn ended(&self, now: Millis) -> Vec<FindingId> {
        let ended = self.ends.range(..=(now, u32::MAX));
        ended.map(|(_, place)| self.rows.at(*place).id).collect()
    }

    /// Up to `limit` open findings with ids after `after`, ascending.
    pub fn open(&self, limit: usize, after: Option<FindingId>) -> Vec<FindingId> {
        let open = self.sets.open();
        let places = self.orders.by_id(after, &self.rows);
        let places = places.filter(|place| open.contains(*place));
        places.take(limit).map(|place| self.rows.at(place).id).collect()
    }

    /// Up to `limit` findings with this primary resource, and the open threats that name it: threats
    /// first, then those stored first.
    pub fn on_resource(&self, resource: &str, limit: usize) -> Vec<FindingId> {
        if resource.is_empty() {
            return Vec::new();
        }
        let wanted = TextMatch::Equals(resource.to_owned());
        let places = self.resources.matching(&wanted).unwrap_or_default();
        let threats = places.as_ref() & self.sets.threats();
        let others = places.iter().filter(|place| !threats.contains(*place));
        // The column compares texts as filters do, without regard to case.
        let exact = |place: &u32| {
            let row = self.rows.at(*place);
            self.resources.text(row.texts.resource) == resource
        };
        let primary = threats.iter().filter(&exact);
        let naming = self.threatened.naming(resource).filter(|place| !exact(place));
        let all = primary.chain(naming).chain(others.filter(&exact));
        all.take(limit).map(|place| self.rows.at(place).id).collect()
    }

    /// The other resources that an open threat names.
    pub fn threatens(&self, id: FindingId) -> &[String] {
        self.place(id).map_or(&[], |place| self.threatened.of(place))
    }

    /// Whether there is any threat, open or closed.
    pub fn has_threats(&self) -> bool {
        !self.sets.threats().is_empty()
    }

    fn place(&self, id: FindingId) -> Option<u32> {
        self.orders.find(id, &self.rows)
    }

    fn add(&mut self, head: &Head) {
        let place = self.rows.vacant();
        let facets = &head.facets;
        let texts = TextNumbers {
            account: self.accounts.insert(facets.account.as_str(), place),
            region: self.regions.insert(facets.region.as_str(), place),
            assignee: self.assignees.insert(&facets.assignee, place),
            rule: self.rules.insert(&facets.rule_id, place),
            title: self.titles.insert(&facets.title, place),
            resource: self.resources.insert(&facets.resource, place),
        };
        let row = Row::new(head, texts);
        self.rows.insert(row);
        self.live.insert(place);
        self.sets.insert(&row, place);
        self.ends.extend(row.until.map(|until| (until, place)));
        self.orders.insert(place, &self.rows);
        self.reports.replace(place, &head.reports);
        self.threatened.replace(place, &head.threatens);
        self.touched.note(place);
    }

    /// Shows a newer image of the finding at `place`; touches only what moved.
    fn replace(&mut self, place: u32, head: &Head) {
        let old = *self.rows.at(place);
        if head.revision < old.revision {
            return;
        }
        let facets = &head.facets;
        let texts = TextNumbers {
            account: self.accounts.replace(old.texts.account, facets.account.as_str(), place),
            region: self.regions.replace(old.texts.region, facets.region.as_str(), place),
            assignee: self.assignees.replace(old.texts.assignee, &facets.assignee, place),
            rule: self.rules.replace(old.texts.rule, &facets.rule_id, place),
            title: self.titles.replace(old.texts.title, &facets.title, place),
            resource: self.resources.replace(old.texts.resource, &facets.resource, place),
        };
        let new = Row::new(head, texts);
        self.sets.replace(&old, &new, place);
        if old.until != new.until {
            self.unschedule(&old, place);
            self.ends.extend(new.until.map(|until| (until, place)));
        }
        self.orders.replace(place, new, &mut self.rows);
        self.reports.replace(place, &head.reports);
        self.threatened.replace(place, &head.threatens);
        self.touched.note(place);
    }

    fn forget(&mut self, place: u32) {
        self.orders.remove(place, &self.rows);
        let row = self.rows.remove(place);
        self.accounts.remove(row.texts.account, place);
        self.regions.remove(row.texts.region, place);
        self.assignees.remove(row.texts.assignee, place);
        self.rules.remove(row.texts.rule, place);
        self.titles.remove(row.texts.title, place);
        self.resources.remove(row.texts.resource, place);
        self.live.remove(place);
        self.sets.remove(&row, place);
        self.unschedule(&row, place);
        self.reports.clear(place);
        self.threatened.clear(place);
        self.touched.note(place);
    }

    fn unschedule(&mut self, row: &Row, place: u32) {
        if let Some(until) = row.until {
            self.ends.remove(&(until, place));
        }
    }
}

#[cfg(test)]
mod tests;
