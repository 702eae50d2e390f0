//! Moves reports between findings: by hand, and when the weakness classes change.
//!
//! Each move is planned for both sides, to be committed together, so that every report belongs to
//! one finding at any time (D1). The side that keeps its reports keeps its id, its decisions and its
//! history; a side that gives all of them away becomes a forwarding record.

use super::entry::{Cause, write};
use super::hold::arrange;
use super::{Mutation, REPORTS_MAX, Rules, created, settle};
use crate::change::ChangeKind;
use crate::finding::{Finding, HeldReport, Placement, RelatedThreat};
use crate::ids::FindingId;
use crate::report::{ReportKey, Status};
use crate::time::Millis;
use crate::triage::Actor;

/// Who moves reports, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regrouping {
    /// What is done: one of [`REGROUPINGS`](crate::change::REGROUPINGS).
    pub action: String,
    /// What was said with it.
    pub comment: String,
    /// Who asks.
    pub actor: Actor,
    /// The request it belongs to; empty when it has no id.
    pub request_id: String,
}

/// Why reports cannot be moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegroupError {
    /// Both sides are one.
    #[error("finding {0} cannot be merged with itself")]
    Same(FindingId),
    /// One side is a forwarding record.
    #[error("finding {id} was merged into {into}: use that")]
    Merged {
        /// The forwarding record.
        id: FindingId,
        /// Where it leads.
        into: FindingId,
    },
    /// A threat and something else.
    #[error("a threat merges with threats alone: it does not say whether a weakness is open")]
    Threat,
    /// The finding has no such report.
    #[error("finding {id} has no report `{report}`: `muster get {id}` lists them")]
    NoReport {
        /// The finding.
        id: FindingId,
        /// The report asked for.
        report: String,
    },
    /// Nothing would be left.
    #[error("finding {0} has only this to say: there is nothing to split")]
    Whole(FindingId),
    /// Too many.
    #[error("together they have {count} reports; a finding holds at most {REPORTS_MAX}")]
    TooMany {
        /// How many it would be.
        count: usize,
    },
}

/// Plans that `into` takes all reports of `from`, which becomes a forwarding record.
///
/// # Errors
///
/// When one of them is a forwarding record itself, they are the same, only one is a threat, or
/// together they have more than [`REPORTS_MAX`] reports.
pub fn merge(
    into: &Finding,
    from: &Finding,
    by: &Regrouping,
    rules: Rules<'_>,
) -> Result<[Mutation; 2], RegroupError> {
    if into.id == from.id {
        return Err(RegroupError::Same(into.id));
    }
    for side in [into, from] {
        if let Some(target) = side.merged_into {
            return Err(RegroupError::Merged { id: side.id, into: target });
        }
    }
    let is_threat = |side: &Finding| side.facts.class == crate::report::FindingClass::Threat;
    if is_threat(into) != is_threat(from) {
        return Err(RegroupError::Threat);
    }
    let count = into.reports.len() + from.reports.len();
    if count > REPORTS_MAX {
        return Err(RegroupError::TooMany { count });
    }
    let moving = from.reports.iter().cloned();
    let moving = moving.map(|held| HeldReport { placed: Placement::Decision, ..held }).collect();
    let taken = regroup(into, &[], moving, by, rules);
    Ok([taken, forward(from, into.id, by, rules)])
}

/// The reports that leave `finding` when `report` is split off: all that are about the same thing by
/// their origin key, copies and originals alike, unless everything in the finding is; then only that
/// one.
///
/// # Errors
///
/// When the finding does not hold it, or holds nothing else.
pub fn leaving(finding: &Finding, report: &ReportKey) -> Result<Vec<ReportKey>, RegroupError> {
    let chosen = finding.reports.iter().find(|held| held.report.key == *report);
    let chosen = chosen.ok_or_else(|| RegroupError::NoReport {
        id: finding.id,
        report: report.provider_id.clone(),
    })?;
    if finding.reports.len() == 1 {
        return Err(RegroupError::Whole(finding.id));
    }
    let same = |held: &&HeldReport| held.report.origin == chosen.report.origin;
    let of_origin: Vec<ReportKey> =
        finding.reports.iter().filter(same).map(|held| held.report.key.clone()).collect();
    let all = of_origin.len() == finding.reports.len();
    Ok(if all { vec![report.clone()] } else { of_origin })
}

/// Plans that the reports in `leaving`, each with what places it then, go from `from` to `to`: to that
/// finding where it exists (it is revived if it was a forwarding record), else to a new one with that
/// key.
///
/// # Errors
///
/// When `to` would hold more than [`REPORTS_MAX`] reports.
pub fn split(
    from: &Finding,
    leaving: &[(ReportKey, Placement)],
    to: Result<&Finding, &str>,
    by: &Regrouping,
    rules: Rules<'_>,
) -> Result<[Mutation; 2], RegroupError> {
    let parted = |held: &HeldReport| {
        let (_, placed) = leaving.iter().find(|(key, _)| *key == held.report.key)?;
        Some(HeldReport { placed: placed.clone(), ..held.clone() })
    };
    let moving: Vec<HeldReport> = from.reports.iter().filter_map(parted).collect();
    let count = moving.len() + to.map_or(0, |finding| finding.reports.len());
    if count > REPORTS_MAX {
        return Err(RegroupError::TooMany { count });
    }
    let gained = match to {
        Ok(finding) => regroup(finding, &[], moving, by, rules),
        Err(key) => founded(key, moving, by, rules).ok_or(RegroupError::Whole(from.id))?,
    };
    let keys: Vec<ReportKey> = leaving.iter().map(|(key, _)| key.clone()).collect();
    Ok([regroup(from, &keys, Vec::new(), by, rules), gained])
}

/// Plans that `current` loses the reports in `leave` and gains `arrive`. What stays keeps its place.
pub fn regroup(
    current: &Finding,
    leave: &[ReportKey],
    arrive: Vec<HeldReport>,
    by: &Regrouping,
    rules: Rules<'_>,
) -> Mutation {
    let mut next = current.clone();
    let first = first_stored(&arrive);
    next.reports.retain(|held| !leave.contains(&held.report.key));
    next.reports.extend(arrive);
    arrange(&mut next.reports);
    next.merged_into = None;
    settle(&mut next, current, None, rules.now);
    next.lifecycle = next.lifecycle.after(next.facts.status.is_open(), rules.now);
    next.lifecycle.since = first.map_or(next.lifecycle.since, |at| at.min(next.lifecycle.since));
    regrouped(write(Some(current), next, cause(by), rules))
}

/// Plans the finding that reports found when they come from others; `None` without reports.
pub fn founded(
    key: &str,
    mut reports: Vec<HeldReport>,
    by: &Regrouping,
    rules: Rules<'_>,
) -> Option<Mutation> {
    arrange(&mut reports);
    let since = first_stored(&reports).unwrap_or(rules.now);
    let mut finding = created(key.to_owned(), reports, rules.now)?;
    finding.lifecycle.since = since;
    Some(regrouped(write(None, finding, cause(by), rules)))
}

/// Plans that `from` becomes a forwarding record: its reports are in `into` now.
pub fn forward(from: &Finding, into: FindingId, by: &Regrouping, rules: Rules<'_>) -> Mutation {
    let mut next = from.clone();
    next.reports.clear();
    next.merged_into = Some(into);
    next.threat = None;
    next.facts.status = Status::Resolved;
    regrouped(write(Some(from), next, cause(by), rules))
}

/// Plans that another threat is the strongest on the resource of `current`; `None` when it is the
/// same as before.
pub fn relate(
    current: &Finding,
    threat: Option<RelatedThreat>,
    rules: Rules<'_>,
) -> Option<Mutation> {
    if current.threat == threat {
        return None;
    }
    let comment = match &threat {
        Some(threat) => format!("threat on the same resource: {}", threat.rule_id),
        None => "no open threat on the same resource any more".to_owned(),
    };
    let next = Finding { threat, ..current.clone() };
    Some(write(Some(current), next, Cause::system("relations", comment), rules))
}

/// When the clock of what is moved began: it is no new problem where it arrives.
fn first_stored(reports: &[HeldReport]) -> Option<Millis> {
    let open = reports.iter().filter(|held| held.status().is_open());
    open.map(|held| held.first_stored).min()
}

fn cause(by: &Regrouping) -> Cause {
    Cause {
        actor: by.actor.clone(),
        request_id: by.request_id.clone(),
        action: by.action.clone(),
        comment: by.comment.clone(),
    }
}

/// Says that reports moved, beside what follows from it.
fn regrouped(mut mutation: Mutation) -> Mutation {
    let kinds = &mut mutation.change.kinds;
    kinds.retain(|kind| *kind != ChangeKind::Observed);
    kinds.push(ChangeKind::Regrouped);
    kinds.sort_unstable();
    kinds.dedup();
    mutation
}
