//! What must hold of stored values, by the names of the promises.
//!
//! Each check takes values and says what is wrong with them; none repairs anything. `musterd
//! verify`, the property tests of the rules and those of the store call the same functions, so a
//! promise has one definition.
//!
//! - [`finding()`]: of one finding alone (D1, D3, T1, P1).
//! - [`Owners`]: of all findings together (D1).
//! - [`change`]: of one log entry alone (F1, T1, T2).
//! - [`Log`]: of all entries in order, and of what is stored beside them (F1, S1).
//!
//! Promises about time, streams and access (C2, C3, D2, T3, F2, F3, S2, S3) are not properties of
//! stored values: named tests hold them.

mod log;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use self::log::{Log, change};
use crate::finding::{Finding, HeldReport, Placement};
use crate::ids::FindingId;
use crate::priority::{Inputs, Model, Priority, SCORE_MAX};
use crate::report::{FindingClass, ReportDigest};
use crate::time::{DAY_MS, Millis};
use crate::triage::{Triage, TriageReason, TriageState};

/// A promise that values can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// One finding key has one finding, and every report belongs to one finding.
    D1,
    /// Reports are merged by a named rule alone.
    D3,
    /// A checkpoint never covers a report that is not stored.
    C1,
    /// Every decision has an actor, a time, and a reason where one is required.
    T1,
    /// A provider's refresh changes no decision.
    T2,
    /// A score is a function of finding, rules and day, and its reasons sum to it.
    P1,
    /// The log has no gap, and each entry begins where the one before it ended.
    F1,
    /// What was acknowledged is stored, whole.
    S1,
}

impl Promise {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::D1, Self::D3, Self::C1, Self::T1, Self::T2, Self::P1, Self::F1, Self::S1];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::D1 => "D1",
            Self::D3 => "D3",
            Self::C1 => "C1",
            Self::T1 => "T1",
            Self::T2 => "T2",
            Self::P1 => "P1",
            Self::F1 => "F1",
            Self::S1 => "S1",
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A promise that is not kept, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub promise: Promise,
    /// What was found, for people: names the finding or the revision.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.what)
    }
}

/// Says what does not hold of one finding alone: its identity, its decision, its priority by the rules
/// in force.
pub fn finding(finding: &Finding, model: &Model) -> Vec<Violation> {
    let mut broken = Broken(identity(finding));
    broken.0.extend(triage(&finding.triage));
    broken.0.extend(priority(finding, model));
    broken.of(&format!("finding {}", finding.id))
}

/// D1: the id is that of the key. D3: every report has an origin key of its rule, and what no
/// decision placed was placed by one class, or by one origin key.
fn identity(finding: &Finding) -> Vec<Violation> {
    let mut broken = Broken::default();
    broken.unless(finding.id == FindingId::derive(&finding.key), Promise::D1, || {
        format!("its id is not that of its key `{}`", finding.key)
    });
    for held in &finding.reports {
        let (key, origin) = (&held.report.key, &held.report.origin);
        let rule = origin.rule.as_str();
        let of_rule = origin.text.strip_prefix(rule).is_some_and(|rest| rest.starts_with('|'));
        broken.unless(of_rule, Promise::D3, || {
            format!("report {key} has the origin key `{origin}`, which rule `{rule}` does not make")
        });
    }
    let named = |held: &HeldReport| match &held.placed {
        Placement::Origin => Some(held.report.origin.text.clone()),
        Placement::Class(class) => Some(format!("class {class}")),
        Placement::Decision => None,
    };
    let reasons: BTreeSet<String> = finding.reports.iter().filter_map(named).collect();
    broken.unless(reasons.len() <= 1, Promise::D3, || {
        let reasons: Vec<String> = reasons.into_iter().collect();
        format!("its reports do not belong together: {}", reasons.join(", "))
    });
    let merged = finding.merged_into.is_some();
    broken.unless(!merged || finding.reports.is_empty(), Promise::D1, || {
        "it was merged into another finding, and still has reports".to_owned()
    });
    broken.unless(!merged || !finding.facts.status.is_open(), Promise::D1, || {
        "it was merged into another finding, and is still open".to_owned()
    });
    broken.unless(finding.merged_into != Some(finding.id), Promise::D1, || {
        "it was merged into itself".to_owned()
    });
    let is_threat = finding.facts.class == FindingClass::Threat;
    broken.unless(finding.threat.is_none() || !(merged || is_threat), Promise::P1, || {
        "it has a related threat, which counts for other findings alone".to_owned()
    });
    broken.0
}

/// T1: says what does not hold of a decision: an actor and a time for each, a reason and an end
/// where its state requires them, and none where it does not.
pub fn triage(triage: &Triage) -> Vec<Violation> {
    let Triage { state, reason, until, .. } = triage;
    let (until_fits, reason_fits) = match state {
        TriageState::New => (
            until.is_none(),
            reason.is_none_or(|reason| !reason.suppresses() && !reason.finishes()),
        ),
        TriageState::Acknowledged | TriageState::InProgress => (until.is_none(), reason.is_none()),
        TriageState::Snoozed => (until.is_some(), reason.is_none()),
        TriageState::Suppressed => (until.is_some(), reason.is_some_and(TriageReason::suppresses)),
        TriageState::Done => (until.is_none(), reason.is_some_and(TriageReason::finishes)),
    };
    let decided = triage.decided.is_some();
    let is_new = *state == TriageState::New;
    let suppressed = *state == TriageState::Suppressed;
    let rules = [
        (until_fits, "the end does not fit"),
        (reason_fits, "the reason does not fit"),
        (!suppressed || !triage.comment.trim().is_empty(), "nobody said why"),
        (!is_new || !triage.stale, "there is no decision that could be stale"),
        (decided != triage.decided_by.principal.is_empty(), "actor and time do not come together"),
        (decided || is_new, "nobody decided it"),
        (!decided || triage.version > 0, "the decision was not counted"),
    ];
    let mut broken = Broken::default();
    for (holds, what) in rules {
        broken.unless(holds, Promise::T1, || format!("triage is {}, but {what}", state.as_str()));
    }
    broken.0
}

/// P1: says what does not hold of the priority of `finding`.
///
/// The reasons sum to it; with a gate there are none. A score that `model` gave is what it gives for the
/// stored facts on that day; how other rules counted is not known here.
pub fn priority(finding: &Finding, model: &Model) -> Vec<Violation> {
    let Priority { score, reasons, gate, as_of, .. } = &finding.priority;
    let sum: i32 = reasons.iter().map(|reason| reason.points).sum();
    let mut broken = Broken::default();
    broken.unless(sum == i32::from(*score) && *score <= SCORE_MAX, Promise::P1, || {
        format!("its score is {score}, its reasons sum to {sum}")
    });
    broken.unless(gate.is_none() || reasons.is_empty(), Promise::P1, || {
        "it is not ranked, and has reasons for its rank".to_owned()
    });
    if finding.priority.model == model.hash() {
        let computed = model.rate(Inputs::of(finding), Millis(as_of * DAY_MS));
        broken.unless(finding.priority == computed.priority, Promise::P1, || {
            let given = computed.priority.score;
            format!("its score is {score}; the rules give {given} on day {as_of}")
        });
        broken.unless(finding.due == computed.due, Promise::P1, || {
            "it is due at another time than the rules say".to_owned()
        });
    }
    broken.0
}

/// D1, of all findings together: remembers who has which report.
///
/// Holds 48 bytes for each finding with one report.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    findings: BTreeSet<FindingId>,
    reports: BTreeMap<ReportDigest, FindingId>,
}

impl Owners {
    /// Notes a finding and its reports; says which of them are not its alone.
    pub fn claim(&mut self, finding: &Finding) -> Vec<Violation> {
        let mut broken = Broken::default();
        let id = finding.id;
        broken.unless(self.findings.insert(id), Promise::D1, || format!("finding {id} is twice"));
        for held in &finding.reports {
            let key = &held.report.key;
            let other = self.reports.insert(key.digest(), id);
            broken.unless(other.is_none(), Promise::D1, || {
                let other = other.map_or_else(String::new, |other| other.to_string());
                format!("report {key} is in finding {id} and in finding {other}")
            });
        }
        broken.0
    }
}

/// Violations as they are found.
#[derive(Default)]
struct Broken(Vec<Violation>);

impl Broken {
    /// Notes a violation unless something holds.
    fn unless(&mut self, holds: bool, promise: Promise, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(Violation { promise, what: what() });
        }
    }

    /// The violations, with the name of what they were found in.
    fn of(self, name: &str) -> Vec<Violation> {
        let named =
            |found: Violation| Violation { what: format!("{name}: {}", found.what), ..found };
        self.0.into_iter().map(named).collect()
    }
}

#[cfg(test)]
mod tests;
