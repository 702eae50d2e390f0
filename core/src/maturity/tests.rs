//! What the table says, and what a tally makes of findings.

mod load;
mod order;
mod table;
mod traps;
mod vouch;

use super::*;
use crate::ids::{AccountId, FindingId, Region};
use crate::report::{FindingClass, IdentityRule, Severity, Status};
use crate::time::{DAY_MS, Millis};
use crate::triage::TriageState;
use crate::unit::SourceKind;

/// The time of these tests.
const NOW: Millis = Millis(1_770_000_000_000);

/// A finding of a test.
#[derive(Clone, Debug)]
struct Sample {
    account: &'static str,
    region: &'static str,
    rules: Vec<(IdentityRule, &'static str)>,
    class: FindingClass,
    status: Status,
    triage: TriageState,
    severity: Severity,
    score: u16,
    age_days: i64,
    made_up: bool,
    current: bool,
    absent: bool,
}

/// The account of most findings here.
const ACCOUNT: &str = "111111111111";

impl Sample {
    /// A finding that is open.
    fn open(rule: IdentityRule, id: &'static str) -> Self {
        let threat = rule == IdentityRule::GuardDuty;
        Self {
            account: ACCOUNT,
            region: "eu-central-1",
            rules: vec![(rule, id)],
            class: if threat { FindingClass::Threat } else { FindingClass::Misconfiguration },
            status: Status::Active,
            triage: TriageState::New,
            severity: Severity::High,
            score: 500,
            age_days: 0,
            made_up: false,
            current: true,
            absent: false,
        }
    }

    /// A control that failed.
    fn failed(id: &'static str) -> Self {
        Self::open(IdentityRule::Control, id)
    }

    /// A control that passed.
    fn passed(id: &'static str) -> Self {
        Self { status: Status::Resolved, score: 0, ..Self::failed(id) }
    }

    /// A threat.
    fn threat(id: &'static str) -> Self {
        Self::open(IdentityRule::GuardDuty, id)
    }

    fn add_to(&self, tally: &mut Tally, number: u8) {
        let account = tally.account(self.account.parse().unwrap());
        let region = tally.region(&self.region.parse().unwrap());
        let held = self.rules.iter().map(|(rule, id)| Held {
            rule: tally.rule(Some(*rule), id, self.class),
            source: SourceKind::SecurityHub,
            current: self.current,
            absent: self.absent,
            looked: NOW,
        });
        let held: Vec<Held> = held.collect();
        tally.add(&Seen {
            id: FindingId([number; 16]),
            account,
            region,
            status: self.status,
            triage: self.triage,
            severity: self.severity,
            score: self.score,
            created: NOW.plus(-self.age_days * DAY_MS),
            sample: self.made_up,
            reports: &held,
        });
    }
}

/// A tally of these findings.
fn tally(findings: &[Sample]) -> Tally {
    let mut tally = Tally::new(&Table::builtin(), NOW);
    tally.account(ACCOUNT.parse().unwrap());
    for (number, finding) in (1..).zip(findings) {
        finding.add_to(&mut tally, number);
    }
    tally
}

/// What is said of the account of these findings.
fn account(findings: &[Sample]) -> Report {
    tally(findings).of_account(ACCOUNT.parse().unwrap(), &[])
}

/// How a recommendation stands in a report.
fn standing<'r>(report: &'r Report, id: &str) -> &'r Standing {
    let table = Table::builtin();
    let index = table.all().iter().position(|known| known.id == id).unwrap();
    &report.standings[index]
}

/// The verdict of the account of these findings.
fn verdict(findings: &[Sample], id: &str) -> Verdict {
    standing(&account(findings), id).verdict
}
