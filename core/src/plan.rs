//! From reports, decisions and the current image of a finding to what must be written.
//!
//! Pure: the caller reads the heads, plans, commits, and plans again what turned out stale. Each
//! function returns `None` when nothing would change, so that a repeat writes nothing.
//!
//! What each keeps:
//! - [`observe`]: the same reports in any order give the same finding (D2); an older page never
//!   undoes a newer one; a decision is never changed, but a finding that was done and is still or
//!   again reported reopens (T2).
//! - [`decide`]: a decision has an actor, a time and a reason where one is required (T1).
//! - [`conclude`]: what two complete sweeps did not return is closed as its source means it (C2).
//! - [`tick`]: snoozes and suppressions end by themselves; scores follow the day (P1).

mod absence;
mod diff;

pub use absence::{RETENTION_DAYS, absence};

use crate::change::{Change, ChangeKind, Facets};
use crate::finding::{Finding, HeldReport};
use crate::fold::fold;
use crate::identity;
use crate::ids::Revision;
use crate::priority;
use crate::report::{Report, ReportDigest, ReportKey, Status};
use crate::time::Millis;
use crate::triage::{Actor, Triage, TriageAction, TriageError, TriageReason};
use crate::unit::Unit;

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

/// Plans what reports that share one finding key do to their finding.
pub fn observe(
    current: Option<&Finding>,
    observations: Vec<Observation>,
    now: Millis,
) -> Option<Mutation> {
    let first = observations.first()?;
    let source = first.report.source;
    let key = identity::finding_key(&first.report.origin).to_owned();
    let looked = observations
        .iter()
        .filter(|seen| seen.report.status == Status::Active)
        .map(|seen| seen.report.looked().unwrap_or(now))
        .max();

    let mut reports = current.map_or_else(Vec::new, |finding| finding.reports.clone());
    for observation in observations {
        hold(&mut reports, observation, now);
    }
    reports.sort_unstable_by(|a, b| a.report.key.cmp(&b.report.key));

    let mut next = match current {
        Some(finding) => Finding { reports, ..finding.clone() },
        None => created(key, reports, now)?,
    };
    refold(&mut next, current);
    if let (Some(finding), Some(looked)) = (current, looked) {
        reopen(&mut next, finding, looked, now);
    }
    let why = regression(&next.triage, current, source.as_str());
    let actor = Actor { principal: format!("source:{source}"), on_behalf_of: String::new() };
    finish(current, next, Cause { actor, comment: why, ..Cause::default() }, now)
}

/// Plans that reports left for another finding, because the source changed what they are about.
pub fn withdraw(current: &Finding, left: &[ReportKey], now: Millis) -> Option<Mutation> {
    let mut next = current.clone();
    next.reports.retain(|held| !left.contains(&held.report.key));
    refold(&mut next, Some(current));
    let cause = Cause {
        actor: Actor::system("identity"),
        comment: "a report of it is now about something else".to_owned(),
        ..Cause::default()
    };
    finish(Some(current), next, cause, now)
}

/// Plans a decision. `Ok(None)` when it changes nothing.
pub fn decide(
    current: &Finding,
    command: &Command,
    now: Millis,
) -> Result<Option<Mutation>, TriageError> {
    let triage = current.triage.decide(
        &command.action,
        &command.comment,
        &command.actor,
        current.content_version,
        now,
    )?;
    let Some(triage) = triage else { return Ok(None) };
    let next = Finding { triage, ..current.clone() };
    let cause = Cause {
        actor: command.actor.clone(),
        request_id: command.request_id.clone(),
        action: command.action.as_str().to_owned(),
        comment: command.comment.clone(),
    };
    Ok(finish(Some(current), next, cause, now))
}

/// Plans what follows when two complete sweeps did not return these reports.
pub fn conclude(current: &Finding, missing: &[ReportDigest], now: Millis) -> Option<Mutation> {
    let mut next = current.clone();
    let mut why = Vec::new();
    for held in &mut next.reports {
        if held.absence.is_none() && missing.contains(&held.report.key.digest()) {
            let meaning = absence(held, now);
            held.absence = Some(meaning);
            why.push(format!("{}: {}", held.report.source, meaning.status().as_str()));
        }
    }
    refold(&mut next, Some(current));
    let comment = format!("not returned by two complete sweeps; {}", why.join(", "));
    let cause = Cause { actor: Actor::system("sweep"), comment, ..Cause::default() };
    finish(Some(current), next, cause, now)
}

/// Plans what the passing of time does: a snooze or suppression ends, recency decays.
pub fn tick(current: &Finding, now: Millis) -> Option<Mutation> {
    let mut next = current.clone();
    let mut cause = Cause { actor: Actor::system("priority"), ..Cause::default() };
    if let Some(triage) = current.triage.expire(now) {
        let was = current.triage.state.as_str();
        cause.actor = triage.decided_by.clone();
        cause.comment = format!("the time of {was} is over");
        next.triage = triage;
    }
    next.priority = priority::score(&next.facts, now);
    finish(Some(current), next, cause, now)
}

/// Puts an observation among the held reports; an older version of a held one only proves that it
/// is still there.
fn hold(reports: &mut Vec<HeldReport>, observation: Observation, now: Millis) {
    let Observation { report, content_hash, unit } = observation;
    let Some(held) = reports.iter_mut().find(|held| held.report.key == report.key) else {
        reports.push(HeldReport { report, unit, content_hash, first_stored: now, absence: None });
        return;
    };
    held.absence = None;
    let older = report
        .provider_updated
        .zip(held.report.provider_updated)
        .is_some_and(|(new, known)| new < known);
    if older || content_hash == held.content_hash {
        return;
    }
    *held = HeldReport { report, unit, content_hash, ..held.clone() };
}

fn created(key: String, reports: Vec<HeldReport>, now: Millis) -> Option<Finding> {
    Some(Finding {
        id: crate::ids::FindingId::derive(&key),
        key,
        facts: fold(&reports)?,
        reports,
        triage: Triage::default(),
        priority: priority::Priority::default(),
        created: now,
        updated: now,
        revision: Revision::ZERO,
        content_version: 1,
    })
}

/// Folds again after the reports moved, and says what that means for the content version and for
/// the decision.
fn refold(next: &mut Finding, current: Option<&Finding>) {
    match fold(&next.reports) {
        Some(facts) => next.facts = facts,
        // The last report left: what it said stays readable, but nobody says it any more.
        None => next.facts.status = Status::Resolved,
    }
    let Some(current) = current else { return };
    if diff::material(&current.facts, &next.facts) {
        next.content_version += 1;
        if let Some(triage) = next.triage.content_changed() {
            next.triage = triage;
        }
    }
}

/// Reopens what was done: the source looked after the decision and still reports it, or reports it
/// again after it was closed.
fn reopen(next: &mut Finding, current: &Finding, looked: Millis, now: Millis) {
    let after = current.triage.decided.is_none_or(|decided| looked > decided);
    let again = !current.facts.status.is_open();
    if next.facts.status == Status::Active
        && (after || again)
        && let Some(triage) = next.triage.reported_active(now)
    {
        next.triage = triage;
    }
}

/// Why the server reopened it; empty when it did not.
fn regression(triage: &Triage, current: Option<&Finding>, source: &str) -> String {
    let reopened = triage.reason == Some(TriageReason::Regressed)
        && current.is_some_and(|finding| finding.triage.version != triage.version);
    if !reopened {
        return String::new();
    }
    let again = current.is_some_and(|finding| !finding.facts.status.is_open());
    format!("it was done, and {source} {} reports it", if again { "again" } else { "still" })
}

/// Who or what causes a change.
#[derive(Default)]
struct Cause {
    actor: Actor,
    request_id: String,
    action: String,
    comment: String,
}

/// Scores the new image, and makes the log entry; `None` when nothing moved.
fn finish(
    current: Option<&Finding>,
    mut next: Finding,
    cause: Cause,
    now: Millis,
) -> Option<Mutation> {
    next.priority = priority::score(&next.facts, now);
    if current.is_some_and(|finding| *finding == next) {
        return None;
    }
    next.updated = now;
    let base = current.map_or(Revision::ZERO, |finding| finding.revision);
    let change = Change {
        revision: Revision::ZERO,
        previous: Revision::ZERO,
        time: now,
        finding: next.id,
        kinds: kinds(current, &next),
        actor: cause.actor,
        request_id: cause.request_id,
        action: cause.action,
        comment: cause.comment,
        fields: current.map_or_else(Vec::new, |finding| diff::fields(finding, &next)),
        before: current.map(Facets::of),
        after: Facets::of(&next),
    };
    Some(Mutation { base, finding: next, change })
}

fn kinds(current: Option<&Finding>, next: &Finding) -> Vec<ChangeKind> {
    let Some(current) = current else { return vec![ChangeKind::Created] };
    let mut kinds = Vec::new();
    if current.content_version != next.content_version {
        kinds.push(ChangeKind::ContentUpdated);
    }
    if current.facts.status != next.facts.status {
        kinds.push(ChangeKind::StatusChanged);
    }
    if current.triage.version != next.triage.version {
        kinds.push(ChangeKind::Triaged);
    }
    if kinds.is_empty() && current.priority != next.priority {
        kinds.push(ChangeKind::Reprioritized);
    }
    if kinds.is_empty() {
        kinds.push(ChangeKind::Observed);
    }
    kinds
}

#[cfg(test)]
mod tests;
