//! What changed classes do to the findings of a store, one group at a time.
//!
//! A *group* is the reports that belong together under the new classes, whichever findings hold them
//! now. One of these findings survives: it keeps its id, decisions and history, and takes the
//! group's reports. A finding that loses all its reports becomes a forwarding record.
//!
//! A finding survives in one group at most, the one that it [claims](claim). So groups can be planned
//! one after the other, and nothing of another group need be known.

use std::cmp::Reverse;

use super::Mutation;
use super::regroup::{Regrouping, forward, founded, regroup};
use crate::finding::{Finding, HeldReport, Placement};
use crate::ids::FindingId;
use crate::report::{Report, ReportKey};
use crate::time::Millis;
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
pub struct Group<'a> {
    /// Its name; see [`Placed::group`].
    pub id: FindingId,
    /// The findings that hold its reports, its holder, and those of its [names], where these exist.
    pub members: &'a [Finding],
    /// Where a report goes. The same for all groups of a run: what a run writes counts for the next.
    pub place: &'a dyn Fn(&Report) -> Placed,
    /// When.
    pub now: Millis,
}

/// What becomes of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refolded {
    /// What must be written, together: at most one for each finding.
    pub mutations: Vec<Mutation>,
    /// The finding that has the group's reports now; `None` when it has none.
    pub holder: Option<FindingId>,
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
        action: String::new(),
        comment: "the weakness classes changed".to_owned(),
        actor: Actor::system("classes"),
        request_id: String::new(),
    };
    let survivor = group.survivor();
    let taken: Vec<(&Finding, Vec<HeldReport>)> =
        group.members.iter().map(|member| (member, group.reports_of(member))).collect();
    let arrive: Vec<HeldReport> = taken
        .iter()
        .filter(|(member, _)| survivor.is_none_or(|survivor| survivor.id != member.id))
        .flat_map(|(_, reports)| reports.iter().cloned())
        .collect();

    let mut refolded = Refolded::default();
    let Some(gained) = group.gained(survivor, arrive, &by) else { return refolded };
    let survivor_id = match gained {
        Gained::Same(id) => id,
        Gained::Written(mutation) => {
            let id = mutation.finding.id;
            refolded.mutations.push(*mutation);
            id
        }
    };
    refolded.holder = Some(survivor_id);
    for (member, reports) in &taken {
        if member.id == survivor_id || reports.is_empty() {
            continue;
        }
        refolded.mutations.push(if reports.len() == member.reports.len() {
            forward(member, survivor_id, &by, group.now)
        } else {
            let leave: Vec<ReportKey> =
                reports.iter().map(|held| held.report.key.clone()).collect();
            regroup(member, &leave, Vec::new(), &by, group.now)
        });
    }
    refolded
}

/// What the finding that has the group's reports gained.
enum Gained {
    /// Nothing.
    Same(FindingId),
    /// Reports, or other reasons for those it had.
    Written(Box<Mutation>),
}

impl Group<'_> {
    /// Gives the arriving reports to the survivor, or to a finding of their own; `None` when there is
    /// nothing to give and nobody to have it.
    fn gained(
        &self,
        survivor: Option<&Finding>,
        arrive: Vec<HeldReport>,
        by: &Regrouping,
    ) -> Option<Gained> {
        if let Some(survivor) = survivor {
            let relabeled = self.relabeled(survivor);
            if arrive.is_empty() && relabeled.is_empty() {
                return Some(Gained::Same(survivor.id));
            }
            let leave: Vec<ReportKey> =
                relabeled.iter().map(|held| held.report.key.clone()).collect();
            let arrive = relabeled.into_iter().chain(arrive).collect();
            let mutation = regroup(survivor, &leave, arrive, by, self.now);
            return Some(Gained::Written(Box::new(mutation)));
        }
        let Placed { key, .. } = (self.place)(&arrive.first()?.report);
        for name in names(&key) {
            let id = FindingId::derive(&name);
            match self.members.iter().find(|member| member.id == id) {
                None => {
                    return founded(&name, arrive, by, self.now).map(Box::new).map(Gained::Written);
                }
                // A forwarding record, or what lost its reports before.
                Some(empty) if empty.reports.is_empty() => {
                    let mutation = regroup(empty, &[], arrive, by, self.now);
                    return Some(Gained::Written(Box::new(mutation)));
                }
                // It survives in another group.
                Some(_) => {}
            }
        }
        None
    }

    fn survivor(&self) -> Option<&Finding> {
        let all = self.members.iter().flat_map(|member| self.placed(member));
        let mut here = all.map(|(_, placed)| placed).filter(|placed| placed.group == self.id);
        if let Some(kept) = here.find(|placed| placed.placement == Placement::Decision) {
            return self.members.iter().find(|member| member.id == kept.holder);
        }
        let claimants = self.members.iter().filter(|member| {
            let placed: Vec<Placed> = self.placed(member).map(|(_, placed)| placed).collect();
            claim(member.id, &placed) == Some(self.id)
        });
        claimants.max_by_key(|member| {
            let decided = member.triage.state != TriageState::New;
            let joined = member.reports.iter().any(|held| held.placed == Placement::Decision);
            let holds = self
                .placed(member)
                .any(|(_, placed)| placed.group == self.id && placed.holder == member.id);
            let age = (Reverse(member.created), Reverse(member.id));
            (decided, joined, holds, age)
        })
    }

    fn placed<'m>(&self, member: &'m Finding) -> impl Iterator<Item = (&'m HeldReport, Placed)> {
        member.reports.iter().map(|held| (held, (self.place)(&held.report)))
    }

    /// The reports of `member` that belong to this group, with what puts them there now.
    fn reports_of(&self, member: &Finding) -> Vec<HeldReport> {
        let here = self.placed(member).filter(|(_, placed)| placed.group == self.id);
        here.map(|(held, placed)| HeldReport { placed: placed.placement, ..held.clone() }).collect()
    }

    /// Those that stay with `survivor`, but for another reason than before.
    fn relabeled(&self, survivor: &Finding) -> Vec<HeldReport> {
        let mut reports = self.reports_of(survivor);
        reports.retain(|held| {
            let before = survivor.reports.iter().find(|old| old.report.key == held.report.key);
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
