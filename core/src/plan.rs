//! From reports, decisions and the current image of a finding to what must be written.
//!
//! Pure: the caller reads the heads, plans, commits, and plans again what turned out stale (T3).
//! Each function returns `None` when nothing is worth a write, so that a repeat writes nothing.
//!
//! What each keeps:
//! - [`observe`]: the same reports in any order, with repeats, give the same finding (D2). Of each
//!   report the version with the newest update time counts; of versions with the same, or without
//!   one, the one read last, because some edits at the provider move no time. Sightings that bring
//!   nothing new are not stored, and neither are their times: where a source goes back to what it
//!   said before, an older page that comes later wins until the report is next read.
//! - [`observe`], [`withdraw`], [`conclude`]: a decision is never changed; a material change marks it
//!   as stale; a finding that was done and is still or again reported reopens (T2).
//! - [`decide`]: a decision has an actor, a time and a reason where one is required (T1).
//! - [`conclude`]: what two complete sweeps did not return means what its source means by it (C2).
//! - [`tick`]: snoozes and suppressions end by themselves; scores follow the day (P1).

mod absence;
mod diff;
mod entry;
mod hold;
mod refold;
mod regroup;

pub use absence::{RETENTION_DAYS, absence};
pub use hold::{older, refreshes};
pub use refold::{Group, Member, Placed, Refolded, claim, names, refold};
pub use regroup::{
    RegroupError, Regrouping, forward, founded, leaving, merge, regroup, relate, split,
};

use entry::{Cause, write};
use hold::{hold, looked, moved};

use crate::change::Change;
use crate::finding::{Finding, HeldReport, Lifecycle};
use crate::fold::{fold, testimony};
use crate::identity::FindingKey;
use crate::ids::{FindingId, Revision};
use crate::intel::Intel;
use crate::priority::{Inputs, Model, Priority};
use crate::report::{Report, ReportDigest, ReportKey, Status};
use crate::time::{HOUR_MS, Millis};
use crate::triage::{Actor, Triage, TriageAction, TriageError, TriageState};
use crate::unit::{SourceKind, Unit};

/// The most reports that a finding holds. Access Analyzer reports one access under a new id whenever
/// the policy changes, and keeps the old ones for 90 days; beyond the limit the least telling are
/// let go, closed ones first. The log keeps what they said.
pub const REPORTS_MAX: usize = 64;

/// How old the stored times of an unchanged report get, in days: seen so much later, they are worth
/// a write, so that [`absence()`] can tell what a source forgot from what vanished before its time.
pub const REFRESH_DAYS: u32 = 30;

/// How far a provider's clock may be ahead of ours, in milliseconds (1 hour). A time beyond it is
/// an error, and says nothing about what is newer.
pub const CLOCK_SKEW_MS: i64 = HOUR_MS;

/// What is planned by.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// How urgent findings are, and by when they are to be fixed.
    pub model: &'a Model,
    /// What is published about vulnerabilities.
    pub intel: &'a Intel,
    /// When.
    pub now: Millis,
}

impl Rules<'_> {
    /// Rates `finding` as it is, as of the day of `now`.
    pub fn rate(&self, finding: &mut Finding) {
        finding.exploitation = self.intel.of(&finding.facts.signals);
        let rating = self.model.rate(Inputs::of(finding), self.now);
        (finding.priority, finding.due) = (rating.priority, rating.due);
    }
}

/// A new image of one finding, planned from a known revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// The revision it was computed from; zero when there was no finding.
    pub base: Revision,
    /// The finding after it. Its `revision` is set by the commit.
    pub finding: Finding,
    /// The log entry. Its `revision` and `previous` are set by the commit.
    pub change: Change,
}

/// A report as a unit read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What the product says.
    pub report: Report,
    /// [`Report::content_hash`] of it.
    pub content_hash: u64,
    /// Who read it.
    pub unit: Unit,
    /// Which finding it belongs to, and why.
    pub finding: FindingKey,
}

/// A decision as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What to do.
    pub action: TriageAction,
    /// The text that came with it.
    pub comment: String,
    /// Who asks.
    pub actor: Actor,
    /// The request it belongs to; empty when it has no id.
    pub request_id: String,
}

/// Plans what reports do to the finding that they belong to. Without one, the first one's key makes
/// it.
///
/// `None` when they bring nothing new: see the module for what is not stored.
pub fn observe(
    current: Option<&Finding>,
    observations: Vec<Observation>,
    rules: Rules<'_>,
) -> Option<Mutation> {
    let now = rules.now;
    let first = observations.first()?;
    let key = first.finding.text.clone();
    let Some(current) = current else {
        let mut reports = Vec::new();
        hold(&mut reports, observations, now);
        let source = reports.first()?.report.source;
        let finding = created(key, reports, now)?;
        return Some(write(None, finding, Cause::source(source, None), rules));
    };
    let looks = match current.triage.state {
        TriageState::Done => looks(&observations, now),
        TriageState::New
        | TriageState::Acknowledged
        | TriageState::InProgress
        | TriageState::Snoozed
        | TriageState::Suppressed => Vec::new(),
    };
    // Who reports to a forwarding record makes it a finding again.
    let mut next = Finding { merged_into: None, ..current.clone() };
    hold(&mut next.reports, observations, now);
    let news = moved(&current.reports, &next.reports).map(|held| held.report.source);
    let look = latest(looks, &next.reports);
    let regression = settle(&mut next, current, look.as_ref(), now);
    let source = match (&regression, look) {
        (Some(_), Some(look)) => look.source,
        (Some(_) | None, _) => news?,
    };
    Some(write(Some(current), next, Cause::source(source, regression), rules))
}

/// Plans that reports left for other findings, because the source changed what they are about.
///
/// `None` when the finding holds none of them. A finding whose last report leaves is resolved: what
/// it said stays readable, but nobody says it any more.
pub fn withdraw(current: &Finding, left: &[ReportKey], rules: Rules<'_>) -> Option<Mutation> {
    let mut next = current.clone();
    let moved = next.reports.extract_if(.., |held| left.contains(&held.report.key));
    let names: Vec<String> = moved.map(|held| held.report.key.to_string()).collect();
    if names.is_empty() {
        return None;
    }
    let left = format!("now about something else: {}", names.join(", "));
    let regression = settle(&mut next, current, None, rules.now);
    let comment = regression.map_or_else(|| left.clone(), |why| format!("{left}; {why}"));
    Some(write(Some(current), next, Cause::system("identity", comment), rules))
}

/// Plans a decision. `Ok(None)` when it changes nothing.
///
/// # Errors
///
/// What no state allows, with the field of the command; see [`Triage::decide`].
pub fn decide(
    current: &Finding,
    command: &Command,
    rules: Rules<'_>,
) -> Result<Option<Mutation>, TriageError> {
    let triage = current.triage.decide(
        &command.action,
        &command.comment,
        &command.actor,
        current.content_version,
        rules.now,
    )?;
    let Some(triage) = triage else { return Ok(None) };
    let next = Finding { triage, ..current.clone() };
    let cause = Cause {
        actor: command.actor.clone(),
        request_id: command.request_id.clone(),
        action: command.action.as_str().to_owned(),
        comment: command.comment.clone(),
    };
    Ok(Some(write(Some(current), next, cause, rules)))
}

/// Plans what follows when two complete sweeps did not return these reports.
///
/// `None` when the finding holds none of them, or knows already. The caller answers for the sweeps:
/// both complete, of the unit that read the report last, and none of its reads older (C2).
pub fn conclude(current: &Finding, missing: &[ReportDigest], rules: Rules<'_>) -> Option<Mutation> {
    let mut next = current.clone();
    let mut meanings = Vec::new();
    for held in &mut next.reports {
        if held.absence.is_none() && missing.contains(&held.report.key.digest()) {
            let meaning = absence(held, rules.now);
            held.absence = Some(meaning);
            meanings.push(format!("{}: {}", held.report.source, meaning.status().as_str()));
        }
    }
    if meanings.is_empty() {
        return None;
    }
    let comment = format!("not returned by two complete sweeps; {}", meanings.join(", "));
    let regression = settle(&mut next, current, None, rules.now);
    debug_assert!(regression.is_none(), "absence never makes a closed finding active");
    Some(write(Some(current), next, Cause::system("sweep", comment), rules))
}

/// Plans what the passing of time, or other rules, do: a snooze or suppression ends, recency decays, a
/// deadline passes, a vulnerability becomes known as exploited.
///
/// What a day moves by less than people should know of is left for the next write: what is stored is
/// the priority of its day (promise P1).
pub fn tick(current: &Finding, rules: Rules<'_>) -> Option<Mutation> {
    let mut next = current.clone();
    if let Some(triage) = current.triage.expire(rules.now) {
        let (actor, comment) = (triage.decided_by.clone(), triage.comment.clone());
        next.triage = triage;
        let cause = Cause { actor, comment, ..Cause::default() };
        return Some(write(Some(current), next, cause, rules));
    }
    rules.rate(&mut next);
    let before = &current.priority;
    let moved = !next.priority.is_same(before) || next.due != current.due;
    let told = next.priority.is_significant(before)
        || next.exploitation != current.exploitation
        || next.due != current.due
        || rules.model.hash() != before.model;
    (moved && told)
        .then(|| write(Some(current), next, Cause::system("priority", String::new()), rules))
}

/// The finding that these reports begin.
fn created(key: String, reports: Vec<HeldReport>, now: Millis) -> Option<Finding> {
    Some(Finding {
        id: FindingId::derive(&key),
        key,
        facts: fold(&reports)?,
        reports,
        triage: Triage::default(),
        priority: Priority::default(),
        merged_into: None,
        threat: None,
        exploitation: None,
        lifecycle: Lifecycle { since: now, ..Lifecycle::default() },
        due: None,
        created: now,
        updated: now,
        revision: Revision::ZERO,
        content_version: 1,
    })
}

/// That a source looked, and reports a finding as active.
struct Look {
    report: ReportKey,
    source: SourceKind,
    /// When, at the latest; see [`looked`].
    time: Millis,
}

/// What was looked at, and is active.
fn looks(observations: &[Observation], now: Millis) -> Vec<Look> {
    let active = observations.iter().filter(|seen| seen.report.status == Status::Active);
    let look = |seen: &Observation| Look {
        report: seen.report.key.clone(),
        source: seen.report.source,
        time: looked(&seen.report, now),
    };
    active.map(look).collect()
}

/// The latest look of a report that speaks and is active. A copy of what was said before the
/// decision is no proof that anybody looked after it.
fn latest(looks: Vec<Look>, reports: &[HeldReport]) -> Option<Look> {
    let counts = |look: &Look| {
        reports.iter().any(|held| {
            held.report.key == look.report && testimony(held, reports) == Some(Status::Active)
        })
    };
    looks.into_iter().filter(counts).max_by_key(|look| look.time)
}

/// Folds again after the reports moved, and says what that means for the content version and for
/// the decision. Returns why a finding that was done came back, if it did.
fn settle(
    next: &mut Finding,
    current: &Finding,
    look: Option<&Look>,
    now: Millis,
) -> Option<String> {
    match fold(&next.reports) {
        Some(facts) => next.facts = facts,
        None => next.facts.status = Status::Resolved,
    }
    if diff::material(&current.facts, &next.facts) {
        next.content_version += 1;
        if let Some(triage) = next.triage.content_changed() {
            next.triage = triage;
        }
    }
    let why = regression(next, current, look)?;
    next.triage = next.triage.regress(&why, now)?;
    Some(why)
}

/// Why a finding that was done would come back: a source reports it again after it was closed, or
/// looked after the decision and still reports it.
fn regression(next: &Finding, current: &Finding, look: Option<&Look>) -> Option<String> {
    if next.facts.status != Status::Active {
        return None;
    }
    let again = !current.facts.status.is_open();
    let still = look.filter(|look| current.triage.decided.is_none_or(|time| look.time > time));
    let source = match (still, again) {
        (Some(look), _) => look.source,
        (None, true) => {
            let active = next.reports.iter().filter(|held| held.status() == Status::Active);
            active.map(|held| held.report.source).next()?
        }
        (None, false) => return None,
    };
    let word = if again { "again" } else { "still" };
    Some(format!("it was done, and {source} {word} reports it"))
}

#[cfg(test)]
mod tests;
