//! What a finding counts as, for one recommendation.

use super::{RuleNumber, Seen};
use crate::maturity::evidence::{Kind, Link, Says, Weigh};
use crate::report::{Severity, Status};
use crate::time::{DAY_MS, Millis};
use crate::triage::TriageState;

/// Work that was begun may take so many times longer than the decision to begin it.
const WORK_TIMES: i64 = 4;

/// What a finding means for one recommendation, over its reports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) link: Link,
    pub(super) rule: RuleNumber,
    pub(super) kind: Kind,
    /// A report of it is read, and there.
    pub(super) present: bool,
    /// If it is resolved, it passed.
    pub(super) passes: bool,
    /// The unit of a report of it is read.
    pub(super) current: bool,
}

/// What a finding counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed,
    Used,
    Acted,
    Late,
    Hint,
    Accepted,
    Unseen,
    Stale,
    Nothing,
}

impl Hit {
    /// What a finding counts as for one recommendation.
    pub(super) fn outcome(&self, hits: &[Self], seen: &Seen<'_>, now: Millis) -> Outcome {
        if seen.sample {
            return Outcome::Nothing;
        }
        let weaker = |other: &Self| match (self.link.weigh, other.link.weigh) {
            (Weigh::Says(mine), Weigh::Says(theirs)) => theirs > mine,
            (Weigh::Acting { from: mine, .. }, Weigh::Acting { from: theirs, .. }) => {
                theirs > mine && theirs <= seen.severity
            }
            _ => false,
        };
        let mut same =
            hits.iter().filter(|other| other.link.recommendation == self.link.recommendation);
        if same.any(weaker) {
            return Outcome::Nothing;
        }
        match self.link.weigh {
            Weigh::Acting { from, days } if seen.severity >= from => acting(seen, days, now),
            Weigh::Acting { .. } => Outcome::Nothing,
            Weigh::Says(Says::Judges) => judges(seen, self),
            Weigh::Says(Says::Against) => match open(seen, self.kind) {
                Some(outcome) => outcome,
                None => Outcome::Nothing,
            },
            Weigh::Says(Says::Use) => match seen.status {
                _ if !self.present => Outcome::Nothing,
                Status::Active | Status::Unobservable | Status::Resolved => Outcome::Used,
                // Threats are archived by those who looked at them.
                Status::Archived if matches!(self.kind, Kind::GuardDuty | Kind::Macie) => {
                    Outcome::Used
                }
                Status::Archived | Status::Expired => Outcome::Nothing,
            },
            Weigh::Says(Says::Hint) if seen.status.is_open() => Outcome::Hint,
            Weigh::Says(Says::Hint) => Outcome::Nothing,
        }
    }
}

/// What an open finding counts as; `None` of a closed one.
fn open(seen: &Seen<'_>, kind: Kind) -> Option<Outcome> {
    // Of a control it is a customer's wish; the others write so what says that nobody could look.
    let says_nothing =
        seen.severity == Severity::Informational && !matches!(kind, Kind::Control | Kind::Config);
    Some(match seen.status {
        Status::Active if says_nothing => Outcome::Unseen,
        Status::Active if seen.triage == TriageState::Suppressed => Outcome::Accepted,
        Status::Active => Outcome::Failed,
        Status::Unobservable => Outcome::Unseen,
        Status::Archived | Status::Expired | Status::Resolved => return None,
    })
}

/// What a finding that judges counts as.
fn judges(seen: &Seen<'_>, hit: &Hit) -> Outcome {
    if let Some(outcome) = open(seen, hit.kind) {
        return outcome;
    }
    match seen.status {
        Status::Resolved if hit.passes => Outcome::Passed,
        Status::Resolved if !hit.current => Outcome::Stale,
        // What it was about is gone, or is not evaluated any more.
        Status::Resolved | Status::Archived | Status::Expired => Outcome::Nothing,
        Status::Active | Status::Unobservable => Outcome::Unseen,
    }
}

/// What somebody's work on a finding counts as.
fn acting(seen: &Seen<'_>, days: u16, now: Millis) -> Outcome {
    let limit = i64::from(days) * DAY_MS;
    let age = now.since(seen.created);
    match (seen.status, seen.triage) {
        (Status::Unobservable, _) => Outcome::Unseen,
        (Status::Archived | Status::Resolved, _) => Outcome::Acted,
        // The product forgot it, and nobody had looked.
        (Status::Expired, TriageState::New) => Outcome::Late,
        (Status::Expired, _) => Outcome::Acted,
        (Status::Active, TriageState::New) if age >= limit => Outcome::Late,
        (Status::Active, TriageState::New) => Outcome::Nothing,
        (Status::Active, TriageState::Acknowledged | TriageState::InProgress)
            if age >= limit * WORK_TIMES =>
        {
            Outcome::Late
        }
        (
            Status::Active,
            TriageState::Acknowledged
            | TriageState::InProgress
            | TriageState::Snoozed
            | TriageState::Suppressed
            | TriageState::Done,
        ) => Outcome::Acted,
    }
}
