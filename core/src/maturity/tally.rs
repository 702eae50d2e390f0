//! Counts what findings and products say, in one pass and bounded memory.

mod cell;
mod outcome;

use std::collections::{BTreeMap, HashMap};

pub(super) use self::cell::{Cell, Named};
pub use self::cell::{Counts, EXAMPLES_MAX};
use self::outcome::{Hit, Outcome};

use super::Table;
use super::evidence::{Fact, Kind, Link};
use crate::ids::{AccountId, FindingId, Region};
use crate::report::{FindingClass, IdentityRule, Severity, Status};
use crate::time::{DAY_MS, Millis};
use crate::triage::TriageState;
use crate::unit::SourceKind;

/// A finding of a product that finds now and then proves for so long that the product is on, in
/// milliseconds (30 days: stored times lag by at most [`crate::plan::REFRESH_DAYS`]).
pub const RECENT_MS: i64 = 30 * DAY_MS;

/// An account in a tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountNumber(u32);

/// A Region in a tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionNumber(u32);

/// A rule in a tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleNumber(u32);

/// Whether a product answers somewhere. Ordered: what answers wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liveness {
    /// Nobody can say: it was not read lately.
    Unknown,
    /// It says that it is not enabled.
    Off,
    /// It was read lately.
    On,
}

/// A finding, as a tally sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Which.
    pub id: FindingId,
    /// Whose problem.
    pub account: AccountNumber,
    /// Where.
    pub region: RegionNumber,
    /// What the sources say.
    pub status: Status,
    /// What people decided.
    pub triage: TriageState,
    /// How bad.
    pub severity: Severity,
    /// How urgent: what closing it removes.
    pub score: u16,
    /// When Muster first stored it.
    pub created: Millis,
    /// Made by the product to show what a finding looks like: proves nothing.
    pub sample: bool,
    /// Its reports.
    pub reports: &'a [Held],
}

/// A report of a finding.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// What says it.
    pub rule: RuleNumber,
    /// The API it was read from.
    pub source: SourceKind,
    /// The unit that read it is still read.
    pub current: bool,
    /// Its source does not return it any more.
    pub absent: bool,
    /// When its source last looked, as far as is stored.
    pub looked: Millis,
}

/// A rule that was met, and what it means.
#[derive(Debug)]
struct Rule {
    id: String,
    kind: Option<Kind>,
    links: Vec<Link>,
}

/// The evidence that was seen.
#[derive(Debug)]
pub struct Tally {
    pub(super) table: Table,
    pub(super) now: Millis,
    accounts: Vec<AccountId>,
    account_numbers: HashMap<AccountId, u32>,
    regions: Vec<Region>,
    region_numbers: HashMap<Region, u32>,
    rules: Vec<Rule>,
    rule_numbers: HashMap<(Option<Kind>, String), u32>,
    /// By account, then by recommendation.
    cells: Vec<Vec<Option<Box<Cell>>>>,
    /// What units say of products.
    units: BTreeMap<(AccountNumber, SourceKind, RegionNumber), Liveness>,
    /// What findings say of products: by account, then by Region, a bit for each product.
    found: Vec<Vec<u8>>,
    pub(super) facts: Vec<Fact>,
    hits: Vec<Hit>,
}

impl Tally {
    /// Nothing was seen yet; `now` decides what is too late.
    pub fn new(table: &Table, now: Millis) -> Self {
        Self {
            table: table.clone(),
            now,
            accounts: Vec::new(),
            account_numbers: HashMap::new(),
            regions: Vec::new(),
            region_numbers: HashMap::new(),
            rules: Vec::new(),
            rule_numbers: HashMap::new(),
            cells: Vec::new(),
            units: BTreeMap::new(),
            found: Vec::new(),
            facts: Vec::new(),
            hits: Vec::new(),
        }
    }

    /// The number of an account. From then on the account is part of the organization.
    pub fn account(&mut self, account: AccountId) -> AccountNumber {
        let next = u32::try_from(self.accounts.len()).expect("there are fewer accounts");
        let number = *self.account_numbers.entry(account).or_insert(next);
        if number == next {
            self.accounts.push(account);
            self.cells.push(vec![None; self.table.all().len()]);
            self.found.push(Vec::new());
        }
        AccountNumber(number)
    }

    /// The number of a Region.
    pub fn region(&mut self, region: &Region) -> RegionNumber {
        if let Some(number) = self.region_numbers.get(region) {
            return RegionNumber(*number);
        }
        let number = u32::try_from(self.regions.len()).expect("there are fewer Regions");
        self.regions.push(region.clone());
        self.region_numbers.insert(region.clone(), number);
        RegionNumber(number)
    }

    /// The number of a rule: who says it (`None` where an earlier version did not store that), its id,
    /// and what kind of statement its findings make.
    ///
    /// Rules that mean nothing here, and those of one Inspector type, share a number: there are as
    /// many as the table names, whatever the sources call theirs. Looks through the patterns of the
    /// table, so ask once for each rule.
    pub fn rule(
        &mut self,
        rule: Option<IdentityRule>,
        id: &str,
        class: FindingClass,
    ) -> RuleNumber {
        let (kind, name, links) = match self.table.links(rule, id, class) {
            Some((kind, name, links)) if !links.is_empty() => (Some(kind), name, links),
            Some((kind, ..)) => (Some(kind), String::new(), Vec::new()),
            None => (None, String::new(), Vec::new()),
        };
        let key = (kind, name);
        if let Some(number) = self.rule_numbers.get(&key) {
            return RuleNumber(*number);
        }
        let number = u32::try_from(self.rules.len()).expect("there are fewer rules");
        self.rules.push(Rule { id: key.1.clone(), kind, links });
        self.rule_numbers.insert(key, number);
        RuleNumber(number)
    }

    /// A unit of a product: whether the product answers in the account and Region. Several in one
    /// place (detectors, analyzers) are one: it is on where one of them is.
    pub fn unit(&mut self, source: SourceKind, account: AccountId, region: &Region, is: Liveness) {
        let place = (self.account(account), source, self.region(region));
        let known = self.units.entry(place).or_insert(is);
        *known = (*known).max(is);
    }

    /// Something that the operator told Muster: it counts for each account.
    pub fn configured(&mut self, fact: Fact) {
        if !self.facts.contains(&fact) {
            self.facts.push(fact);
        }
    }

    /// A finding.
    pub fn add(&mut self, seen: &Seen<'_>) {
        self.hits.clear();
        for held in seen.reports {
            self.note_place(seen, held);
            self.note_hits(held);
        }
        self.hits.sort_by_key(|hit| hit.link.recommendation);
        // Taken for the loop, so that its room is used again.
        let hits = std::mem::take(&mut self.hits);
        let mut last_against = None;
        for hit in &hits {
            let outcome = hit.outcome(&hits, seen, self.now);
            // What a finding says and what was done about it may both be against one recommendation:
            // these follow each other, and its risk is there once.
            let place = Some(hit.link.recommendation);
            let first = last_against != place;
            if matches!(outcome, Outcome::Failed | Outcome::Late) {
                last_against = place;
            }
            self.count(seen, hit, outcome, first);
        }
        self.hits = hits;
    }

    /// Notes that a product answers where a report of it is.
    fn note_place(&mut self, seen: &Seen<'_>, held: &Held) {
        let Some(kind) = self.rules.get(held.rule.0 as usize).and_then(|rule| rule.kind) else {
            return;
        };
        let proves = held.current
            && !held.absent
            && match kind {
                // Its mirror in Trusted Advisor lags by days.
                Kind::Control => held.source == SourceKind::SecurityHub,
                Kind::Config => true,
                // Its rows name Regions, and it answers in none of them.
                Kind::Advisor => false,
                Kind::Analyzer | Kind::Macie | Kind::Inspector | Kind::GuardDuty => {
                    self.now.since(held.looked) <= RECENT_MS
                }
            };
        let region = self.regions.get(seen.region.0 as usize);
        if !proves || region.is_none_or(|region| *region == Region::global()) {
            return;
        }
        let Some(places) = self.found.get_mut(seen.account.0 as usize) else { return };
        let region = seen.region.0 as usize;
        if places.len() <= region {
            places.resize(region + 1, 0);
        }
        if let Some(bits) = places.get_mut(region) {
            *bits |= bit(kind.product());
        }
    }

    /// Collects for which recommendations a report means something. Of several meanings for one the
    /// strongest counts, and one of several times to act: the one for what is worse.
    fn note_hits(&mut self, held: &Held) {
        let Some(Rule { kind: Some(kind), links, .. }) = self.rules.get(held.rule.0 as usize)
        else {
            return;
        };
        let present = held.current && !held.absent;
        let passes = held.current && (!held.absent || kind.lists_only_failures());
        for link in links {
            let new = Hit {
                link: *link,
                rule: held.rule,
                kind: *kind,
                present,
                passes,
                current: held.current,
            };
            let known = self.hits.iter_mut().find(|hit| {
                hit.link.recommendation == link.recommendation && hit.link.weigh == link.weigh
            });
            match known {
                Some(known) => {
                    known.present |= present;
                    known.passes |= passes;
                    known.current |= held.current;
                }
                None => self.hits.push(new),
            }
        }
    }

    fn count(&mut self, seen: &Seen<'_>, hit: &Hit, outcome: Outcome, first: bool) {
        if outcome == Outcome::Nothing {
            return;
        }
        let cell = self
            .cells
            .get_mut(seen.account.0 as usize)
            .and_then(|cells| cells.get_mut(usize::from(hit.link.recommendation)));
        let Some(cell) = cell else { return };
        cell.get_or_insert_default().count(seen, hit.rule, outcome, first);
    }

    /// The accounts that were seen, ascending.
    pub fn accounts(&self) -> Vec<AccountId> {
        let mut accounts = self.accounts.clone();
        accounts.sort_unstable();
        accounts
    }

    /// Whether anything of this account was seen.
    pub fn knows(&self, account: AccountId) -> bool {
        self.account_numbers.contains_key(&account)
    }

    /// What was counted for one account and recommendation from findings.
    pub(super) fn cell(&self, account: AccountId, recommendation: usize) -> Option<&Cell> {
        let number = *self.account_numbers.get(&account)?;
        self.cells.get(number as usize)?.get(recommendation)?.as_deref()
    }

    /// In which Regions of an account a product is on, and in which it is off.
    pub(super) fn places(
        &self,
        account: AccountId,
        source: SourceKind,
    ) -> Vec<(&Region, Liveness)> {
        let Some(number) = self.account_numbers.get(&account) else { return Vec::new() };
        let found = self.found.get(*number as usize).map_or(&[][..], Vec::as_slice);
        let place = |(index, region)| {
            let by_finding = found.get(index).is_some_and(|bits: &u8| bits & bit(source) != 0);
            let index = RegionNumber(u32::try_from(index).unwrap_or(u32::MAX));
            let by_unit = self.units.get(&(AccountNumber(*number), source, index));
            let is = if by_finding { Liveness::On } else { *by_unit? };
            (is != Liveness::Unknown).then_some((region, is))
        };
        self.regions.iter().enumerate().filter_map(place).collect()
    }

    /// The id of a rule.
    pub(super) fn rule_id(&self, rule: RuleNumber) -> &str {
        self.rules.get(rule.0 as usize).map_or("", |rule| &rule.id)
    }
}

/// The bit of a product.
fn bit(source: SourceKind) -> u8 {
    1 << source as u8
}

const _: () = assert!(SourceKind::ALL.len() <= 8, "a byte has a bit for each product");
