//! What changed classes do to the findings of a store, one group at a time.
//!
//! A *group* is the reports that belong together under the new classes, whichever findings hold them
//! now. One of these findings survives: it keeps its id, decisions and history, and takes the
//! group's reports. A finding that loses all its reports becomes a forwarding record.
//!
//! A finding survives in one group at most, the one that it [claims](claim). So groups can be planned
//! one after the other, and nothing of another group need be known.

use std::cmp::Reverse;

use super::regroup::{Regrouping, forward, founded, regroup};
use super::{Mutation, Rules};
use crate::finding::{Finding, HeldReport, Placement};
use crate::ids::FindingId;
use crate::report::ReportKey;
use crate::triage::{Actor, TriageState};

/// Where a report goes under the new classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Names its group: the id that a finding made for `key` gets, or, where a decision placed it, an
    /// id of that decision's own.
    pub group: FindingId,
    /// The finding that the group has now: where a report with that key goes today. It need not
    /// exist.
    pub holder: FindingId,
    /// The key that the finding would be made for.
    pub key: String,
    /// What puts it there. A group placed by [`Placement::Decision`] stays with its holder.
    pub placement: Placement,
}

/// One group, and who holds its reports.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// Its name; see [`Placed::group`].
    pub id: FindingId,
    /// The findings that hold its reports, its holder, and those of its [names], where these exist.
    pub members: &'a [Member],
    /// What is planned by.
    pub rules: Rules<'a>,
}

/// A finding that has to do with a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// As it is now.
    pub finding: Finding,
    /// Where each of its reports goes, in their order.
    pub placed: Vec<Placed>,
    /// The group is the one that it [claims](claim).
    pub claims: bool,
}

/// What becomes of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refolded {
    /// What must be written, together: at most one for each finding.
    pub mutations: Vec<Mutation>,
    /// The finding that has the group's reports now: its id, and the key that it was made for. `None`
    /// when the group has none.
    pub holder: Option<(FindingId, String)>,
    /// No finding claimed the group: the first mutation makes, or revives, one for it.
    pub founded: bool,
    /// How many findings lost their place to the holder.
    pub merged: u64,
}

/// Which group a finding stays with: the one that it has now while any of its reports belongs there,
/// else the one to which most of its reports go, by the smallest id among equals. `None` when it has
/// only what decisions placed.
pub fn claim(finding: FindingId, placed: &[Placed]) -> Option<FindingId> {
    let free = || placed.iter().filter(|placed| placed.placement != Placement::Decision);
    if let Some(held) = free().find(|placed| placed.holder == finding) {
        return Some(held.group);
    }
    let count = |group: FindingId| free().filter(|other| other.group == group).count();
    free().map(|placed| placed.group).max_by_key(|group| (count(*group), Reverse(*group)))
}

/// Plans one group. Nothing to write when it is as it should be.
///
/// The survivor is, among the findings that claim the group: one about which people decided, then
/// the one that has it now, then the oldest, then the one with the smallest id. Where none claims
/// it, its reports found a finding of their own.
pub fn refold(group: &Group<'_>) -> Refolded {
    let by = Regrouping {
        action: "refold".to_owned(),
        comment: "the weakness classes changed".to_owned(),
        actor: Actor::system("classes"),
        request_id: String::new(),
    };
    let survivor = group.survivor();
    let losers = group
        .members
        .iter()
        .filter(|member| survivor.is_none_or(|survivor| survivor.finding.id != member.finding.id));
    let arrive: Vec<HeldReport> =
        losers.clone().flat_map(|loser| group.reports_of(loser)).collect();
    let mut refolded = Refolded {
        merged: losers.clone().filter(|loser| loser.claims).count() as u64,
        ..Refolded::default()
    };
    let Some(gained) = group.gained(survivor, arrive, &by) else { return refolded };
    refolded.founded = survivor.is_none();
    let holder = match gained {
        Gained::Same(finding) => (finding.id, finding.key.clone()),
        Gained::Written(mutation) => {
            let holder = (mutation.finding.id, mutation.finding.key.clone());
            refolded.mutations.push(*mutation);
            holder
        }
    };
    for loser in losers {
        let reports = group.reports_of(loser);
        if loser.finding.id == holder.0 || reports.is_empty() {
            continue;
        }
        refolded.mutations.push(if reports.len() == loser.finding.reports.len() {
            forward(&loser.finding, holder.0, &by, group.rules)
        } else {
            let leave: Vec<ReportKey> =
                reports.iter().map(|held| held.report.key.clone()).collect();
            regroup(&loser.finding, &leave, Vec::new(), &by, group.rules)
        });
    }
    refolded.holder = Some(holder);
    refolded
}

/// What the finding that has the group's reports gained.
enum Gained<'a> {
    /// Nothing.
    Same(&'a Finding),
    /// Reports, or other reasons for those it had.
    Written(Box<Mutation>),
}

impl<'a> Group<'a> {
    /// Gives the arriving reports to the survivor, or to a finding of their own; `None` when there is
    /// nothing to give and nobody to have it.
    fn gained(
        &self,
        survivor: Option<&'a Member>,
        arrive: Vec<HeldReport>,
        by: &Regrouping,
    ) -> Option<Gained<'a>> {
        if let Some(survivor) = survivor {
            let relabeled = self.relabeled(survivor);
            if arrive.is_empty() && relabeled.is_empty() {
                return Some(Gained::Same(&survivor.finding));
            }
            let leave: Vec<ReportKey> =
                relabeled.iter().map(|held| held.report.key.clone()).collect();
            let arrive = relabeled.into_iter().chain(arrive).collect();
            let mutation = regroup(&survivor.finding, &leave, arrive, by, self.rules);
            return Some(Gained::Written(Box::new(mutation)));
        }
        let key = self.key()?;
        for name in names(key) {
            let id = FindingId::derive(&name);
            let taken = self.members.iter().map(|member| &member.finding);
            let mutation = match taken.into_iter().find(|finding| finding.id == id) {
                None => founded(&name, arrive, by, self.rules)?,
                // A forwarding record, or what lost its reports before.
                Some(empty) if empty.reports.is_empty() => {
                    regroup(empty, &[], arrive, by, self.rules)
                }
                // It survives in another group.
                Some(_) => continue,
            };
            return Some(Gained::Written(Box::new(mutation)));
        }
        None
    }

    /// The key of the group; `None` when no member has a report of it.
    pub fn key(&self) -> Option<&'a str> {
        self.placed().next().map(|placed| placed.key.as_str())
    }

    /// What is said of the reports of this group.
    fn placed(&self) -> impl Iterator<Item = &'a Placed> {
        let id = self.id;
        let all = self.members.iter().flat_map(|member| &member.placed);
        all.filter(move |placed| placed.group == id)
    }

    fn survivor(&self) -> Option<&'a Member> {
        let kept = |placed: &&Placed| placed.placement == Placement::Decision;
        if let Some(kept) = self.placed().find(kept) {
            return self.members.iter().find(|member| member.finding.id == kept.holder);
        }
        let holder = self.placed().next().map(|placed| placed.holder);
        self.members.iter().filter(|member| member.claims).max_by_key(|member| {
            let finding = &member.finding;
            let decided = finding.triage.state != TriageState::New;
            let joined = finding.reports.iter().any(|held| held.placed == Placement::Decision);
            let age = (Reverse(finding.created), Reverse(finding.id));
            (decided, joined, holder == Some(finding.id), age)
        })
    }

    /// The reports of `member` that belong to this group, with what puts them there now.
    fn reports_of(&self, member: &Member) -> Vec<HeldReport> {
        let all = member.finding.reports.iter().zip(&member.placed);
        let here = all.filter(|(_, placed)| placed.group == self.id);
        here.map(|(held, placed)| HeldReport { placed: placed.placement.clone(), ..held.clone() })
            .collect()
    }

    /// Those that stay with `survivor`, but for another reason than before.
    fn relabeled(&self, survivor: &Member) -> Vec<HeldReport> {
        let mut reports = self.reports_of(survivor);
        reports.retain(|held| {
            let before =
                survivor.finding.reports.iter().find(|old| old.report.key == held.report.key);
            before.is_some_and(|old| old.placed != held.placed)
        });
        reports
    }
}

/// The keys that a finding for `key` may have been made for, the first that is free first: where a
/// finding that was made for it has become another group's, its id is taken.
pub fn names(key: &str) -> impl Iterator<Item = String> {
    let key = key.to_owned();
    (0..NAMES_MAX).map(move |more| format!("{key}{}", "|2".repeat(more)))
}

/// How many findings of one name there can be.
const NAMES_MAX: usize = 4;
