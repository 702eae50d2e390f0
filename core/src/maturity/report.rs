//! What a tally says: of the organization, and of each account.

use std::collections::HashMap;

use super::attestation::{Attestation, Scope};
use super::evidence::Entry;
use super::next::{self, Step};
use super::tally::{Cell, Counts, Liveness, Named, Tally};
use super::{Domain, Phase, Recommendation, Table, Verdict};
use crate::ids::{AccountId, FindingId, Region};
use crate::unit::SourceKind;

/// How many places in which a product is off are named.
const OFF_MAX: usize = 5;

/// How many recommendations, or accounts, have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerdictCounts {
    /// [`Verdict::Met`].
    pub met: u32,
    /// [`Verdict::Partly`].
    pub partly: u32,
    /// [`Verdict::Unmet`].
    pub unmet: u32,
    /// [`Verdict::Unknown`].
    pub unknown: u32,
    /// [`Verdict::Attested`].
    pub attested: u32,
}

impl VerdictCounts {
    /// One more.
    pub fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Met => &mut self.met,
            Verdict::Partly => &mut self.partly,
            Verdict::Unmet => &mut self.unmet,
            Verdict::Unknown => &mut self.unknown,
            Verdict::Attested => &mut self.attested,
        } += 1;
    }

    /// All of them.
    pub fn total(&self) -> u32 {
        self.met + self.partly + self.unmet + self.unknown + self.attested
    }

    /// Those that are met or attested.
    pub fn done(&self) -> u32 {
        self.met + self.attested
    }
}

/// How many recommendations have which verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// In all.
    pub all: VerdictCounts,
    /// By [`Phase::ALL`].
    pub phases: [VerdictCounts; Phase::ALL.len()],
    /// By [`Domain::ALL`].
    pub domains: [VerdictCounts; Domain::ALL.len()],
    /// By phase, then by domain.
    pub cells: [[VerdictCounts; Domain::ALL.len()]; Phase::ALL.len()],
}

impl Totals {
    fn of<'a>(verdicts: impl Iterator<Item = (&'a Recommendation, Verdict)>) -> Self {
        let mut totals = Self::default();
        for (recommendation, verdict) in verdicts {
            let (phase, domain) = (recommendation.phase as usize, recommendation.domain as usize);
            totals.all.add(verdict);
            totals.phases[phase].add(verdict);
            totals.domains[domain].add(verdict);
            totals.cells[phase][domain].add(verdict);
        }
        totals
    }
}

/// Where on the ladder of phases something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first phase of which not everything is met or attested; the last when all of all is.
    pub phase: Phase,
    /// All of all phases is met or attested.
    pub complete: bool,
}

impl Place {
    fn of(totals: &Totals) -> Self {
        let open = Phase::ALL.into_iter().find(|phase| {
            let counts = &totals.phases[*phase as usize];
            counts.done() < counts.total()
        });
        Self { phase: open.unwrap_or(Phase::Optimized), complete: open.is_none() }
    }
}

/// A finding that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Which.
    pub finding: FindingId,
    /// By which rule.
    pub rule_id: String,
    /// How urgent it is.
    pub score: u16,
    /// It speaks against the recommendation.
    pub against: bool,
}

/// What the findings of one rule say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCount {
    /// Control id, check id or finding type.
    pub rule_id: String,
    /// How many speak for the recommendation.
    pub favour: u32,
    /// How many speak against it.
    pub against: u32,
}

/// How far one recommendation is followed, and what says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its place in the table.
    pub recommendation: usize,
    /// How far.
    pub verdict: Verdict,
    /// Why, in one line for people.
    pub why: String,
    /// What was counted.
    pub counts: Counts,
    /// How many findings are against it.
    pub findings: u32,
    /// The sum of their scores: what following it removes.
    pub risk: u64,
    /// What each rule says: most against first, then most for.
    pub rules: Vec<RuleCount>,
    /// The worst findings against it, then some for it.
    pub examples: Vec<Example>,
    /// Products that are off, and where; at most five.
    pub off: Vec<(SourceKind, AccountId, Region)>,
    /// What somebody vouches; of several the one that counts longest.
    pub attestation: Option<Attestation>,
    /// What somebody vouched for, when none counts any more: the last to expire.
    pub expired: Option<Attestation>,
    /// Of an organization: how many accounts have which verdict.
    pub accounts: VerdictCounts,
}

/// One account of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPlace {
    /// Which.
    pub account: AccountId,
    /// Where it stands.
    pub place: Place,
    /// One for each recommendation, in the order of the table.
    pub verdicts: Vec<Verdict>,
    /// How many have which.
    pub counts: VerdictCounts,
    /// The sum of the risks of its recommendations. A finding may count for several.
    pub risk: u64,
}

/// Where an organization or an account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One for each recommendation, in the order of the table.
    pub standings: Vec<Standing>,
    /// How many have which verdict.
    pub totals: Totals,
    /// On which phase it is at work.
    pub place: Place,
    /// What to do next, the best first; at most [`super::STEPS_MAX`].
    pub next: Vec<Step>,
    /// Of an organization: its accounts, ascending.
    pub accounts: Vec<AccountPlace>,
}

impl Report {
    /// What to do next in one phase, the best first.
    pub fn next_of(&self, table: &Table, phase: Phase) -> Vec<Step> {
        next::steps(table.all(), &self.standings, Some(phase))
    }
}

/// What was counted of a recommendation in one account, products and settings included.
struct Found<'a> {
    cell: Option<&'a Cell>,
    counts: Counts,
    off: Vec<(SourceKind, AccountId, Region)>,
}

/// Attestations by recommendation.
type Vouched<'a> = HashMap<&'a str, Vec<&'a Attestation>>;

impl Tally {
    /// Where the organization stands, and each of its accounts.
    pub fn organization(&self, attestations: &[Attestation]) -> Report {
        let vouched = vouched(attestations);
        let accounts = self.accounts();
        let count = self.table.all().len();
        let mut verdicts = vec![Vec::with_capacity(count); accounts.len()];
        let mut risks = vec![0; accounts.len()];
        let mut standings = Vec::with_capacity(count);
        for (index, recommendation) in self.table.all().iter().enumerate() {
            let said = vouched.get(&*recommendation.id).map_or(&[][..], Vec::as_slice);
            let (mut whole, mut counts) = (Cell::default(), VerdictCounts::default());
            let mut off = Vec::new();
            for (at, account) in accounts.iter().enumerate() {
                let found = self.found(*account, index);
                let attested = self.counting(said, |scope| scope.covers(*account)).is_some();
                let verdict = Verdict::of(recommendation.seen, &found.counts, attested);
                counts.add(verdict);
                verdicts[at].push(verdict);
                risks[at] += found.cell.map_or(0, |cell| cell.risk);
                let mut cell = found.cell.cloned().unwrap_or_default();
                cell.counts = found.counts;
                whole.add(&cell);
                off.extend(found.off);
                off.truncate(OFF_MAX);
            }
            let attestation = self.counting(said, |_| true);
            let verdict = match counts.total() {
                0 if attestation.is_some_and(|one| one.scope == Scope::Organization) => {
                    Verdict::Attested
                }
                0 => Verdict::Unknown,
                _ => Verdict::together(&counts),
            };
            let found = Found { counts: whole.counts, cell: Some(&whole), off };
            let mut standing = self.standing(index, verdict, &found, said, |_| true);
            standing.accounts = counts;
            standings.push(standing);
        }
        let mut report = self.report(standings);
        let place = |((account, verdicts), risk): ((AccountId, Vec<Verdict>), u64)| {
            let totals = Totals::of(self.table.all().iter().zip(verdicts.iter().copied()));
            let (place, counts) = (Place::of(&totals), totals.all);
            AccountPlace { account, place, verdicts, counts, risk }
        };
        report.accounts = accounts.into_iter().zip(verdicts).zip(risks).map(place).collect();
        report
    }

    /// Where one account stands. One of which nothing was seen has what its attestations say.
    pub fn of_account(&self, account: AccountId, attestations: &[Attestation]) -> Report {
        let vouched = vouched(attestations);
        let standing = |(index, recommendation): (usize, &Recommendation)| {
            let said = vouched.get(&*recommendation.id).map_or(&[][..], Vec::as_slice);
            let covers = |scope: Scope| scope.covers(account);
            let found = self.found(account, index);
            let attested = self.counting(said, covers).is_some();
            let verdict = Verdict::of(recommendation.seen, &found.counts, attested);
            self.standing(index, verdict, &found, said, covers)
        };
        self.report(self.table.all().iter().enumerate().map(standing).collect())
    }

    fn report(&self, standings: Vec<Standing>) -> Report {
        let table = self.table.all();
        let verdicts = standings.iter().map(|standing| standing.verdict);
        let totals = Totals::of(table.iter().zip(verdicts));
        let place = Place::of(&totals);
        let next = next::steps(table, &standings, None);
        Report { standings, totals, place, next, accounts: Vec::new() }
    }

    fn found(&self, account: AccountId, index: usize) -> Found<'_> {
        let cell = self.cell(account, index);
        let mut counts = cell.map_or_else(Counts::default, |cell| cell.counts);
        let mut off = Vec::new();
        let evidence = self.table.all().get(index).map_or(&[][..], |found| &found.evidence);
        for entry in evidence {
            match entry {
                Entry::Alive(source) => {
                    for (region, is) in self.places(account, *source) {
                        match is {
                            Liveness::On => counts.on += 1,
                            Liveness::Off => {
                                counts.off += 1;
                                off.push((*source, account, region.clone()));
                            }
                            Liveness::Unknown => {}
                        }
                    }
                }
                Entry::Configured(fact) => {
                    counts.configured += u32::from(self.facts.contains(fact));
                }
                Entry::Findings { .. } | Entry::Acting { .. } => {}
            }
        }
        off.truncate(OFF_MAX);
        Found { cell, counts, off }
    }

    /// Of what is said for a scope, what counts longest.
    fn counting<'a>(
        &self,
        said: &[&'a Attestation],
        covers: impl Fn(Scope) -> bool,
    ) -> Option<&'a Attestation> {
        let counting = said.iter().filter(|one| covers(one.scope) && one.counts(self.now));
        counting.max_by_key(|one| (one.expires, one.scope)).copied()
    }

    fn standing(
        &self,
        index: usize,
        verdict: Verdict,
        found: &Found<'_>,
        said: &[&Attestation],
        covers: impl Fn(Scope) -> bool,
    ) -> Standing {
        let attestation = self.counting(said, &covers).cloned();
        let past = said.iter().filter(|one| covers(one.scope) && !one.counts(self.now));
        let expired = past.max_by_key(|one| (one.expires, one.scope));
        let expired = expired.filter(|_| attestation.is_none()).copied().cloned();
        let mut standing = Standing {
            recommendation: index,
            verdict,
            why: String::new(),
            counts: found.counts,
            findings: found.cell.map_or(0, |cell| cell.findings),
            risk: found.cell.map_or(0, |cell| cell.risk),
            rules: found.cell.map_or_else(Vec::new, |cell| self.rule_counts(cell)),
            examples: found.cell.map_or_else(Vec::new, |cell| self.examples(cell)),
            off: found.off.clone(),
            attestation,
            expired,
            accounts: VerdictCounts::default(),
        };
        if let Some(recommendation) = self.table.all().get(index) {
            standing.why = next::why(recommendation, &standing);
        }
        standing
    }

    fn rule_counts(&self, cell: &Cell) -> Vec<RuleCount> {
        let count = |(rule, favour, against): &(_, u32, u32)| RuleCount {
            rule_id: self.rule_id(*rule).to_owned(),
            favour: *favour,
            against: *against,
        };
        let mut rules: Vec<RuleCount> = cell.rules.iter().map(count).collect();
        rules.sort_by(|a, b| {
            let key = |count: &RuleCount| (count.against, count.favour);
            key(b).cmp(&key(a)).then_with(|| a.rule_id.cmp(&b.rule_id))
        });
        rules
    }

    fn examples(&self, cell: &Cell) -> Vec<Example> {
        let example = |named: &Named, against| Example {
            finding: named.finding,
            rule_id: self.rule_id(named.rule).to_owned(),
            score: named.score,
            against,
        };
        let against = cell.against.iter().map(|named| example(named, true));
        against.chain(cell.favour.iter().map(|named| example(named, false))).collect()
    }
}

fn vouched(attestations: &[Attestation]) -> Vouched<'_> {
    let mut vouched = Vouched::new();
    for attestation in attestations {
        vouched.entry(&attestation.recommendation).or_default().push(attestation);
    }
    vouched
}
