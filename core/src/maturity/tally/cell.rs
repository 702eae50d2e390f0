//! What is counted of one recommendation in one account.

use std::cmp::Reverse;

use super::outcome::Outcome;
use super::{RuleNumber, Seen};
use crate::ids::FindingId;

/// How many findings against (and as many for) a recommendation are named, for each account.
pub const EXAMPLES_MAX: usize = 5;

/// How many rules are counted one by one, for each recommendation and account. The others (types that
/// fit a pattern) are in the sums.
const RULES_MAX: usize = 256;

/// How many findings and places say what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// For: findings of controls and checks that passed.
    pub passed: u32,
    /// Against: findings that are open.
    pub failed: u32,
    /// For: findings that could not be without what is recommended.
    pub used: u32,
    /// For: findings that were decided on, or closed.
    pub acted: u32,
    /// Against: findings that were left alone for too long.
    pub late: u32,
    /// For: accounts and Regions in which the product answers.
    pub on: u32,
    /// Against: accounts and Regions in which it says that it is not enabled.
    pub off: u32,
    /// For: accounts for which the operator told Muster what matters.
    pub configured: u32,
    /// Neither: findings that decide nothing.
    pub hints: u32,
    /// Neither, but nothing is met with them: open findings that somebody suppressed.
    pub accepted: u32,
    /// Neither: findings of which AWS cannot tell whether they are so.
    pub unseen: u32,
    /// Neither: findings that passed when they were read, by a unit that is not read any more.
    pub stale: u32,
}

impl Counts {
    /// How many say that it is done.
    pub fn favour(&self) -> u32 {
        self.passed + self.used + self.acted + self.on + self.configured
    }

    /// How many say that it is not.
    pub fn against(&self) -> u32 {
        self.failed + self.late + self.off
    }

    fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.used += other.used;
        self.acted += other.acted;
        self.late += other.late;
        self.on += other.on;
        self.off += other.off;
        self.configured += other.configured;
        self.hints += other.hints;
        self.accepted += other.accepted;
        self.unseen += other.unseen;
        self.stale += other.stale;
    }
}

/// A finding that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::maturity) struct Named {
    pub(in crate::maturity) score: u16,
    pub(in crate::maturity) finding: FindingId,
    pub(in crate::maturity) rule: RuleNumber,
}

/// What is known of one recommendation in one account.
#[derive(Clone, Debug, Default)]
pub(in crate::maturity) struct Cell {
    pub(in crate::maturity) counts: Counts,
    /// How many findings are against it.
    pub(in crate::maturity) findings: u32,
    /// The sum of their scores; that of a closed finding is 0.
    pub(in crate::maturity) risk: u64,
    /// How many findings of each rule speak for and against it, by the order of their first.
    pub(in crate::maturity) rules: Vec<(RuleNumber, u32, u32)>,
    /// The worst findings against it.
    pub(in crate::maturity) against: Vec<Named>,
    /// Some for it.
    pub(in crate::maturity) favour: Vec<Named>,
}

impl Cell {
    pub(super) fn count(
        &mut self,
        seen: &Seen<'_>,
        rule: RuleNumber,
        outcome: Outcome,
        first: bool,
    ) {
        let counts = &mut self.counts;
        let (counter, says) = match outcome {
            Outcome::Passed => (&mut counts.passed, Some(true)),
            Outcome::Used => (&mut counts.used, Some(true)),
            Outcome::Acted => (&mut counts.acted, Some(true)),
            Outcome::Failed => (&mut counts.failed, Some(false)),
            Outcome::Late => (&mut counts.late, Some(false)),
            Outcome::Hint => (&mut counts.hints, None),
            Outcome::Accepted => (&mut counts.accepted, None),
            Outcome::Unseen => (&mut counts.unseen, None),
            Outcome::Stale => (&mut counts.stale, None),
            Outcome::Nothing => return,
        };
        *counter += 1;
        let Some(favour) = says else { return };
        self.count_rule(rule, u32::from(favour), u32::from(!favour));
        let named = Named { score: seen.score, finding: seen.id, rule };
        if favour {
            keep(&mut self.favour, named, |named| named.finding);
        } else {
            if first {
                self.findings += 1;
                self.risk += u64::from(seen.score);
            }
            keep(&mut self.against, named, worst);
        }
    }

    fn count_rule(&mut self, rule: RuleNumber, favour: u32, against: u32) {
        let known = self.rules.iter_mut().find(|(known, ..)| *known == rule);
        if let Some((_, good, bad)) = known {
            *good += favour;
            *bad += against;
        } else if self.rules.len() < RULES_MAX {
            self.rules.push((rule, favour, against));
        }
    }

    /// Takes over what another account has.
    pub(in crate::maturity) fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.findings += other.findings;
        self.risk += other.risk;
        for (rule, favour, against) in &other.rules {
            self.count_rule(*rule, *favour, *against);
        }
        for named in &other.against {
            keep(&mut self.against, *named, worst);
        }
        for named in &other.favour {
            keep(&mut self.favour, *named, |named| named.finding);
        }
    }
}

/// The worst first, then by id.
fn worst(named: &Named) -> (Reverse<u16>, FindingId) {
    (Reverse(named.score), named.finding)
}

/// Keeps the first [`EXAMPLES_MAX`] of `kept` and `named`, in order.
fn keep<K: Ord>(kept: &mut Vec<Named>, named: Named, key: impl Fn(&Named) -> K) {
    let at = kept.partition_point(|known| key(known) < key(&named));
    let twice = kept.get(at).is_some_and(|known| known.finding == named.finding);
    if at < EXAMPLES_MAX && !twice {
        kept.insert(at, named);
        kept.truncate(EXAMPLES_MAX);
    }
}
