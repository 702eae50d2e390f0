//! What must hold, by name.
//!
//! The promises of the design have names. Those that can be checked on values are checked here, and
//! property tests, crash tests, `musterd verify` and metrics all call the same functions. The others
//! are about what happens over time and are held by tests of the same name.
//!
//! [`finding`] and [`change`] look at one value; [`Findings`] and [`Log`] look at all of them, one
//! after the other.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::change::{Change, ChangeKind, Facets};
use crate::finding::Finding;
use crate::ids::{FindingId, Revision, digest128};
use crate::priority::{Factor, SCORE_MAX};
use crate::triage::TriageState;

/// What Muster promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// One finding key has one finding, and every report belongs to exactly one finding.
    D1,
    /// The same input, in any order and any number of times, gives the same findings.
    D2,
    /// No two reports that the identity rules call different are ever merged, and every merge names
    /// the rule that made it.
    D3,
    /// A checkpoint never covers a report that is not stored.
    C1,
    /// Nothing is concluded gone from a read that did not complete.
    C2,
    /// A unit that cannot be read is shown as such; its findings are never resolved by silence.
    C3,
    /// Every triage change has an actor, a time, a reason where one is required, and a revision.
    T1,
    /// No provider refresh changes a triage decision; a material change marks it stale or ends it,
    /// visibly.
    T2,
    /// A write based on an old revision changes nothing and says so.
    T3,
    /// A score is a pure function of the finding, the rules and the day; its listed reasons sum to
    /// it exactly.
    P1,
    /// A stream has no gap: revisions follow each other, and each change names the one before it.
    F1,
    /// To one client revisions only rise in the tail; a redelivery repeats the same revision.
    F2,
    /// A slow client costs bounded memory and delays nobody.
    F3,
    /// What was acknowledged survives kill -9, and, on the documented settings, loss of power.
    S1,
    /// Nobody without a valid credential reads or changes anything, on any port.
    S2,
    /// No secret, token or credential is ever logged, stored in clear or sent back.
    S3,
}

impl Promise {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::D1,
        Self::D2,
        Self::D3,
        Self::C1,
        Self::C2,
        Self::C3,
        Self::T1,
        Self::T2,
        Self::T3,
        Self::P1,
        Self::F1,
        Self::F2,
        Self::F3,
        Self::S1,
        Self::S2,
        Self::S3,
    ];

    /// Its name, in reports and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::D1 => "D1",
            Self::D2 => "D2",
            Self::D3 => "D3",
            Self::C1 => "C1",
            Self::C2 => "C2",
            Self::C3 => "C3",
            Self::T1 => "T1",
            Self::T2 => "T2",
            Self::T3 => "T3",
            Self::P1 => "P1",
            Self::F1 => "F1",
            Self::F2 => "F2",
            Self::F3 => "F3",
            Self::S1 => "S1",
            Self::S2 => "S2",
            Self::S3 => "S3",
        }
    }
}

/// What a violation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A finding.
    Finding(FindingId),
    /// The change at a revision.
    Change(Revision),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finding(id) => id.fmt(f),
            Self::Change(revision) => write!(f, "change {revision}"),
        }
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub promise: Promise,
    /// Where.
    pub subject: Subject,
    /// What is wrong, for people.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.promise.as_str(), self.subject, self.what)
    }
}

/// Collects violations of one subject.
struct Check<'a> {
    subject: Subject,
    violations: &'a mut Vec<Violation>,
}

impl Check<'_> {
    /// Notes a violation unless `holds`.
    fn that(&mut self, promise: Promise, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(Violation { promise, subject: self.subject, what: what() });
        }
    }
}

/// Checks a finding by itself: D1, D3, T1, P1.
pub fn finding(finding: &Finding, violations: &mut Vec<Violation>) {
    let mut check = Check { subject: Subject::Finding(finding.id), violations };
    check.that(Promise::D1, finding.id == FindingId::derive(&finding.key), || {
        format!("its id is not derived from its key `{}`", finding.key)
    });
    // Empty once the last one moved to another finding.
    let reported = !finding.reports.is_empty() || !finding.facts.status.is_open();
    check.that(Promise::D1, reported, || "it is open and has no report".to_owned());
    reports(finding, &mut check);
    triage(finding, &mut check);
    priority(finding, &mut check);
}

fn reports(finding: &Finding, check: &mut Check<'_>) {
    for held in &finding.reports {
        let report = &held.report;
        check.that(Promise::D3, report.origin.text == finding.key, || {
            format!("report `{}` has the origin `{}`", report.key, report.origin)
        });
        let rule = report.origin.text.split('|').next();
        check.that(Promise::D3, rule == Some(report.origin.rule.as_str()), || {
            format!("the origin `{}` does not begin with its rule", report.origin)
        });
        check.that(Promise::D2, held.content_hash == report.content_hash(), || {
            format!("the content hash of report `{}` is not that of its content", report.key)
        });
    }
    let keys = finding.reports.iter().map(|held| &held.report.key);
    check.that(Promise::D2, keys.is_sorted(), || "its reports are not in order".to_owned());
}

fn triage(finding: &Finding, check: &mut Check<'_>) {
    let triage = &finding.triage;
    // Whoever only assigns or comments decides nothing, but moves the version.
    let decided = triage.decided.is_some();
    check.that(Promise::T1, decided || triage.state == TriageState::New, || {
        format!("it is {} and has no time of a decision", triage.state.as_str())
    });
    check.that(Promise::T1, decided != triage.decided_by.principal.is_empty(), || {
        "the decision names nobody, or somebody decided nothing".to_owned()
    });
    check.that(Promise::T1, !decided || triage.version > 0, || {
        "the decision has no version".to_owned()
    });
    check.that(Promise::T2, !triage.stale || triage.state != TriageState::New, || {
        "it is stale and nobody decided it".to_owned()
    });
    let (reason, until) = match triage.state {
        TriageState::New | TriageState::Acknowledged | TriageState::InProgress => (false, false),
        TriageState::Snoozed => (false, true),
        TriageState::Suppressed => (true, true),
        TriageState::Done => (true, false),
    };
    check.that(Promise::T1, !reason || triage.reason.is_some(), || {
        format!("it is {} without a reason", triage.state.as_str())
    });
    check.that(Promise::T1, until == triage.until.is_some(), || {
        let ends = if until { "without an end" } else { "with an end" };
        format!("it is {} {ends}", triage.state.as_str())
    });
}

fn priority(finding: &Finding, check: &mut Check<'_>) {
    let priority = &finding.priority;
    let sum: u32 = priority.reasons.iter().map(|reason| u32::from(reason.points)).sum();
    check.that(Promise::P1, sum == u32::from(priority.score), || {
        format!("its reasons sum to {sum}, its score is {}", priority.score)
    });
    check.that(Promise::P1, priority.score <= SCORE_MAX, || {
        format!("its score {} is over {SCORE_MAX}", priority.score)
    });
    check.that(Promise::P1, priority.gate.is_none() || priority.reasons.is_empty(), || {
        "it is not ranked and has reasons".to_owned()
    });
    for reason in &priority.reasons {
        let points_max = reason.factor.points_max();
        check.that(Promise::P1, reason.points <= points_max, || {
            format!("{} gives {} of {points_max}", reason.factor.as_str(), reason.points)
        });
    }
    let order = |factor: Factor| Factor::ALL.iter().position(|other| *other == factor);
    let factors = priority.reasons.iter().map(|reason| order(reason.factor));
    check.that(Promise::P1, factors.is_sorted(), || "its reasons are not in order".to_owned());
}

/// Checks a change by itself: T1, T2, F1.
pub fn change(change: &Change, violations: &mut Vec<Violation>) {
    let mut check = Check { subject: Subject::Change(change.revision), violations };
    check.that(Promise::F1, change.revision > Revision::ZERO, || "it has no revision".to_owned());
    check.that(Promise::F1, change.previous < change.revision, || {
        format!("it names {} as the change before it", change.previous)
    });
    check.that(Promise::F1, !change.kinds.is_empty() && change.kinds.is_sorted(), || {
        "its kinds are missing or not in order".to_owned()
    });
    let first = change.kinds.contains(&ChangeKind::Created);
    check.that(Promise::F1, first == (change.previous == Revision::ZERO), || {
        "it is a creation with a past, or a change without one".to_owned()
    });
    check.that(Promise::F1, first == change.before.is_none(), || {
        "what was before it is missing, or should be".to_owned()
    });
    if change.kinds.contains(&ChangeKind::Triaged) {
        check.that(Promise::T1, !change.actor.principal.is_empty(), || {
            "the decision names nobody".to_owned()
        });
    } else if let Some(before) = &change.before {
        let same = before.triage == change.after.triage && before.assignee == change.after.assignee;
        check.that(Promise::T2, same, || {
            let (before, after) = (before.triage.as_str(), change.after.triage.as_str());
            format!("triage went from {before} to {after} without a decision")
        });
    }
}

/// Checks that all findings together keep D1. Takes some 60 bytes a report.
#[derive(Debug, Default)]
pub struct Findings {
    seen: HashMap<FindingId, Revision>,
    reports: HashMap<[u8; 16], FindingId>,
}

impl Findings {
    /// Takes the next finding into account, and checks it by itself.
    pub fn check(&mut self, next: &Finding, violations: &mut Vec<Violation>) {
        finding(next, violations);
        let mut check = Check { subject: Subject::Finding(next.id), violations };
        let former = self.seen.insert(next.id, next.revision);
        check.that(Promise::D1, former.is_none(), || "it is stored twice".to_owned());
        for held in &next.reports {
            let key = held.report.key.to_string();
            match self.reports.entry(digest128(key.as_bytes())) {
                Entry::Vacant(free) => {
                    free.insert(next.id);
                }
                Entry::Occupied(owner) => {
                    check.that(Promise::D1, false, || {
                        format!("report `{key}` belongs to {} too", owner.get())
                    });
                }
            }
        }
    }

    /// How many findings were seen.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether none was seen.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

/// Checks that the changes together keep F1, and that findings are what their last change says.
/// Takes some 60 bytes a finding.
#[derive(Debug)]
pub struct Log {
    oldest: Revision,
    last: Revision,
    ends: HashMap<FindingId, End>,
}

/// The last change of a finding.
#[derive(Clone, Copy, Debug)]
struct End {
    revision: Revision,
    /// A hash of what filters see after it.
    after: u64,
}

impl Log {
    /// A log that begins at `oldest`.
    pub fn new(oldest: Revision) -> Self {
        Self { oldest, last: Revision(oldest.0.saturating_sub(1)), ends: HashMap::new() }
    }

    /// Takes the next change into account, and checks it by itself.
    pub fn check(&mut self, next: &Change, violations: &mut Vec<Violation>) {
        change(next, violations);
        let mut check = Check { subject: Subject::Change(next.revision), violations };
        check.that(Promise::F1, next.revision == self.last.next(), || {
            format!("it follows revision {}", self.last)
        });
        self.last = next.revision;
        let end = End { revision: next.revision, after: hash(&next.after) };
        match self.ends.insert(next.finding, end) {
            Some(before) => {
                check.that(Promise::F1, next.previous == before.revision, || {
                    let (named, real) = (next.previous, before.revision);
                    format!("the change of {} before it is {real}, not {named}", next.finding)
                });
                check.that(
                    Promise::F1,
                    next.before.as_ref().map(hash) == Some(before.after),
                    || format!("what was before it is not what {} left", before.revision),
                );
            }
            None => check.that(Promise::F1, next.previous < self.oldest, || {
                format!("the change before it, {}, is another finding's", next.previous)
            }),
        }
    }

    /// Checks a finding, which must be what its last change made of it.
    pub fn check_finding(&self, finding: &Finding, violations: &mut Vec<Violation>) {
        let mut check = Check { subject: Subject::Finding(finding.id), violations };
        let Some(end) = self.ends.get(&finding.id) else {
            check.that(Promise::F1, finding.revision < self.oldest, || {
                format!("its change {} is not in the log", finding.revision)
            });
            return;
        };
        check.that(Promise::F1, finding.revision == end.revision, || {
            format!("it is at {}, its last change is {}", finding.revision, end.revision)
        });
        check.that(Promise::F1, hash(&Facets::of(finding)) == end.after, || {
            format!("it is not what change {} says", end.revision)
        });
    }

    /// The last revision that was seen; one less than the oldest when there was none.
    pub fn last(&self) -> Revision {
        self.last
    }
}

/// A hash for comparisons within one process.
fn hash(facets: &Facets) -> u64 {
    let mut hasher = DefaultHasher::new();
    facets.hash(&mut hasher);
    hasher.finish()
}
