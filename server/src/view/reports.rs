//! Which finding holds which report, and what is known of it.

use muster_core::report::{IdentityRule, ReportDigest};
use roaring::RoaringBitmap;

use super::column::Column;
use super::slab::Slab;
use super::table::Table;
use crate::store::ReportHead;

/// Ends a list.
const NONE: u32 = u32::MAX;

/// All reports. Those of one finding form a list.
#[derive(Debug, Default)]
pub(super) struct Reports {
    entries: Slab<Entry>,
    numbers: Table,
    /// The first report of the finding at each place.
    first: Vec<u32>,
    /// The units that read them last; the places of this column are the reports' own.
    units: Column,
    rules: Column,
    absent: RoaringBitmap,
}

/// What is known of a report.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: ReportDigest,
    pub(super) content_hash: u64,
    /// The place of the finding that holds it.
    pub(super) finding: u32,
    /// The next report of that finding.
    next: u32,
    pub(super) unit: u32,
    pub(super) rule: u32,
    pub(super) absent: bool,
    pub(super) looked_hour: u32,
    pub(super) identity: Option<IdentityRule>,
}

const _: () = assert!(size_of::<Entry>() <= 48, "an entry is dense");

impl Reports {
    /// Makes `reports` those of the finding at `place`. A report that another finding holds moves.
    pub(super) fn replace(&mut self, place: u32, reports: &[ReportHead]) {
        if !self.update(place, reports) {
            self.clear(place);
            for report in reports.iter().rev() {
                self.insert(place, report);
            }
        }
    }

    /// Forgets the reports of the finding at `place`.
    pub(super) fn clear(&mut self, place: u32) {
        while self.head(place) != NONE {
            self.remove(self.head(place));
        }
    }

    /// What is known of a report.
    pub(super) fn find(&self, key: &ReportDigest) -> Option<&Entry> {
        self.number(key).map(|number| self.entries.at(number))
    }

    /// The reports of the finding at `place`.
    pub(super) fn at(&self, place: u32) -> impl Iterator<Item = &Entry> {
        self.of(place).map(|number| self.entries.at(number))
    }

    /// The rule id with that number.
    pub(super) fn rule(&self, number: u32) -> &str {
        self.rules.text(number)
    }

    /// The name of the unit with that number.
    pub(super) fn unit(&self, number: u32) -> &str {
        self.units.text(number)
    }

    /// The reports that `unit` read last, that are not absent, and whose rule id `rule` accepts.
    pub(super) fn of_unit(&self, unit: &str, rule: impl Fn(&str) -> bool) -> Vec<Entry> {
        let mut accepted: Vec<Option<bool>> = vec![None; self.rules.numbers() as usize];
        let present = self.units.places(unit).as_ref() - &self.absent;
        let entries = present.iter().map(|number| *self.entries.at(number));
        let wanted = entries.filter(|entry| {
            let known = accepted.get_mut(entry.rule as usize);
            known.is_some_and(|known| {
                *known.get_or_insert_with(|| rule(self.rules.text(entry.rule)))
            })
        });
        wanted.collect()
    }

    /// How many reports `unit` read last that are not absent.
    pub(super) fn count(&self, unit: &str) -> u64 {
        let reports = self.units.places(unit);
        reports.len() - reports.intersection_len(&self.absent)
    }

    /// Writes what usually moves (hash, absence, time), if nothing else does.
    fn update(&mut self, place: u32, reports: &[ReportHead]) -> bool {
        let held: Vec<u32> = self.of(place).collect();
        let same = |(number, report): (&u32, &ReportHead)| {
            let entry = self.entries.at(*number);
            entry.key == report.key
                && self.units.text(entry.unit) == report.unit
                && self.rules.text(entry.rule) == report.rule_id
        };
        if held.len() != reports.len() || !held.iter().zip(reports).all(same) {
            return false;
        }
        for (number, report) in held.into_iter().zip(reports) {
            let entry = self.entries.at_mut(number);
            (entry.content_hash, entry.absent) = (report.content_hash, report.absent);
            entry.looked_hour = report.looked_hour;
            entry.identity = report.identity;
            self.mark(number, report.absent);
        }
        true
    }

    /// Adds the reports of a new finding to an index that is being loaded.
    pub(super) fn load(&mut self, place: u32, reports: &[ReportHead]) {
        for report in reports.iter().rev() {
            let (unit, rule) =
                (self.units.intern(&report.unit), self.rules.intern(&report.rule_id));
            self.push(place, report, unit, rule);
        }
    }

    /// Ends the loading.
    pub(super) fn finish(&mut self) {
        let entries = self.entries.iter();
        self.units.fill(entries.clone().map(|(number, entry)| (number, entry.unit)));
        self.rules.fill(entries.map(|(number, entry)| (number, entry.rule)));
    }

    /// Puts a report before the others of its finding.
    fn insert(&mut self, place: u32, report: &ReportHead) {
        if let Some(number) = self.number(&report.key) {
            self.remove(number);
        }
        let number = self.entries.vacant();
        let unit = self.units.insert(&report.unit, number);
        let rule = self.rules.insert(&report.rule_id, number);
        self.push(place, report, unit, rule);
    }

    fn push(&mut self, place: u32, report: &ReportHead, unit: u32, rule: u32) {
        let number = self.entries.insert(Entry {
            key: report.key,
            content_hash: report.content_hash,
            finding: place,
            next: self.head(place),
            unit,
            rule,
            absent: report.absent,
            looked_hour: report.looked_hour,
            identity: report.identity,
        });
        let entries = &self.entries;
        self.numbers.insert(hash(&report.key), number, |number| hash(&entries.at(number).key));
        self.mark(number, report.absent);
        self.set_head(place, number);
    }

    fn remove(&mut self, number: u32) {
        let entry = *self.entries.at(number);
        let before = self.of(entry.finding).find(|other| self.entries.at(*other).next == number);
        match before {
            Some(before) => self.entries.at_mut(before).next = entry.next,
            None => self.set_head(entry.finding, entry.next),
        }
        self.numbers.remove(hash(&entry.key), number);
        self.units.remove(entry.unit, number);
        self.rules.remove(entry.rule, number);
        self.absent.remove(number);
        self.entries.remove(number);
    }

    /// The numbers of the reports of the finding at `place`, in the order of its head.
    fn of(&self, place: u32) -> impl Iterator<Item = u32> {
        let number = |number: u32| (number != NONE).then_some(number);
        std::iter::successors(number(self.head(place)), move |last| {
            number(self.entries.at(*last).next)
        })
    }

    fn number(&self, key: &ReportDigest) -> Option<u32> {
        self.numbers.find(hash(key), |number| self.entries.at(number).key == *key)
    }

    fn mark(&mut self, number: u32, absent: bool) {
        if absent {
            self.absent.insert(number);
        } else {
            self.absent.remove(number);
        }
    }

    fn head(&self, place: u32) -> u32 {
        self.first.get(place as usize).copied().unwrap_or(NONE)
    }

    fn set_head(&mut self, place: u32, number: u32) {
        let place = place as usize;
        if self.first.len() <= place {
            self.first.resize(place + 1, NONE);
        }
        if let Some(first) = self.first.get_mut(place) {
            *first = number;
        }
    }
}

/// A digest is a hash already.
fn hash(key: &ReportDigest) -> u64 {
    let (first, _) = key.0.split_first_chunk::<8>().expect("a digest has 16 bytes");
    u64::from_le_bytes(*first)
}
