//! The view as anybody would write it first: a sorted map, filtered and sorted for each question.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use muster_core::change::Facets;
use muster_core::filter::{Fields, Filter};
use muster_core::ids::{FINDING_ID_PREFIX, FindingId, Revision};
use muster_core::priority::Band;
use muster_core::report::ReportDigest;
use muster_core::time::Millis;
use muster_core::triage::TriageState;

use super::super::{Group, GroupBy, KnownReport, Order, Page, Position, Query, Summary};
use crate::store::Head;

/// The newest committed image of each finding, as lists and filters need it.
#[derive(Debug, Default)]
pub(super) struct Model {
    heads: BTreeMap<FindingId, Head>,
    revision: Revision,
}

impl Model {
    /// Replaces the rows of these findings; `revision` is the head of the log they belong to.
    pub(super) fn apply(&mut self, heads: &[Head], revision: Revision) {
        for head in heads {
            if self.heads.get(&head.id).is_none_or(|known| known.revision <= head.revision) {
                self.heads.insert(head.id, head.clone());
            }
        }
        self.revision = self.revision.max(revision);
    }

    /// The newest images of whoever else holds reports of `head`, without them.
    pub(super) fn withdraw(&self, head: &Head) -> Vec<Head> {
        let taken = |key: &ReportDigest| head.reports.iter().any(|report| report.key == *key);
        let holds = |other: &&Head| {
            other.id != head.id && other.reports.iter().any(|report| taken(&report.key))
        };
        let without = |other: &Head| {
            let mut other = other.clone();
            other.reports.retain(|report| !taken(&report.key));
            other
        };
        self.heads.values().filter(holds).map(without).collect()
    }

    /// The newest images.
    pub(super) fn heads(&self) -> impl Iterator<Item = &Head> {
        self.heads.values()
    }

    /// Forgets findings that retention removed.
    pub(super) fn remove(&mut self, ids: &[FindingId]) {
        for id in ids {
            self.heads.remove(id);
        }
    }

    /// The revision up to which the view shows the log.
    pub(super) fn revision(&self) -> Revision {
        self.revision
    }

    /// How many findings there are.
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Whether there is such a finding.
    pub(super) fn contains(&self, id: FindingId) -> bool {
        self.heads.contains_key(&id)
    }

    /// What filters see of a finding.
    pub(super) fn facets(&self, id: FindingId) -> Option<impl Fields> {
        self.heads.get(&id).map(|head| head.facets.clone())
    }

    /// A page of findings.
    pub(super) fn page(&self, query: &Query<'_>) -> Page {
        let mut positions: Vec<_> = self
            .heads
            .values()
            .filter(|head| query.filter.matches(&head.facets))
            .map(|head| Position { key: key(head, query.order), id: head.id })
            .collect();
        let rank = |position: &Position| (Reverse(position.key), position.id);
        positions.sort_unstable_by_key(rank);
        let total = positions.len() as u64;
        if let Some(after) = query.after {
            positions.retain(|position| rank(position) > rank(&after));
        }
        let more = positions.len() > query.limit;
        positions.truncate(query.limit);
        Page { positions, total, more }
    }

    /// Counts findings by the values of fields.
    pub(super) fn summarize(&self, filter: &Filter, by: &[GroupBy], limit: usize) -> Summary {
        let mut groups: BTreeMap<Vec<String>, (u64, u16)> = BTreeMap::new();
        let mut total = 0;
        for head in self.heads.values().filter(|head| filter.matches(&head.facets)) {
            total += 1;
            let mut keys = vec![Vec::new()];
            for by in by {
                let values = values(&head.facets, *by);
                keys = keys
                    .iter()
                    .flat_map(|key: &Vec<String>| {
                        values
                            .iter()
                            .map(|value| [key.as_slice(), std::slice::from_ref(value)].concat())
                    })
                    .collect();
            }
            for key in keys {
                let group = groups.entry(key).or_default();
                *group = (group.0 + 1, group.1.max(head.facets.score));
            }
        }
        let mut groups: Vec<Group> = groups
            .into_iter()
            .map(|(keys, (count, max_score))| Group { keys, count, max_score })
            .collect();
        groups.sort_by_key(|group| Reverse(group.count));
        let left_off = groups.len().saturating_sub(limit);
        groups.truncate(limit);
        Summary { groups, total, left_off }
    }

    /// Up to `limit` ids whose text, without `fnd_`, begins with `prefix`, ascending.
    pub(super) fn resolve(&self, prefix: &str, limit: usize) -> Vec<FindingId> {
        let prefix = format!("{FINDING_ID_PREFIX}{prefix}");
        let fits = |id: &&FindingId| id.to_string().starts_with(&prefix);
        self.heads.keys().filter(fits).take(limit).copied().collect()
    }

    /// What is known of a report.
    pub(super) fn report(&self, digest: &ReportDigest) -> Option<KnownReport> {
        self.heads.values().find_map(|head| {
            let report = head.reports.iter().find(|report| report.key == *digest)?;
            Some(KnownReport {
                finding: head.id,
                content_hash: report.content_hash,
                absent: report.absent,
                looked_hour: report.looked_hour,
                triage: head.facets.triage,
            })
        })
    }

    /// The reports that `unit` read last, that are not absent, and whose rule id `rule` accepts.
    pub(super) fn unit_reports(
        &self,
        unit: &str,
        rule: impl Fn(&str) -> bool,
    ) -> Vec<(FindingId, ReportDigest)> {
        let reports = self
            .heads
            .values()
            .flat_map(|head| head.reports.iter().map(move |report| (head.id, report)));
        reports
            .filter(|(_, report)| report.unit == unit && !report.absent && rule(&report.rule_id))
            .map(|(id, report)| (id, report.key))
            .collect()
    }

    /// How many reports `unit` read last that are not absent.
    pub(super) fn unit_report_count(&self, unit: &str) -> u64 {
        self.unit_reports(unit, |_| true).len() as u64
    }

    /// The findings whose snooze or suppression is over at `now`.
    pub(super) fn ended(&self, now: Millis) -> Vec<FindingId> {
        let ended = |head: &&Head| {
            matches!(head.facets.triage, TriageState::Snoozed | TriageState::Suppressed)
                && head.until.is_some_and(|until| until <= now)
        };
        self.heads.values().filter(ended).map(|head| head.id).collect()
    }

    /// The findings with this primary resource, and the threats that name it, ascending.
    pub(super) fn on_resource(&self, resource: &str) -> Vec<FindingId> {
        let names = |head: &&Head| {
            head.facets.resource == resource || head.threatens.iter().any(|one| one == resource)
        };
        let there = self.heads.values().filter(names);
        there.filter(|_| !resource.is_empty()).map(|head| head.id).collect()
    }

    /// Up to `limit` open findings with ids after `after`, ascending.
    pub(super) fn open(&self, limit: usize, after: Option<FindingId>) -> Vec<FindingId> {
        let open = |head: &&Head| {
            head.facets.status.is_open() && after.is_none_or(|after| head.id > after)
        };
        self.heads.values().filter(open).take(limit).map(|head| head.id).collect()
    }
}

fn key(head: &Head, order: Order) -> u64 {
    match order {
        Order::Priority => head.facets.score.into(),
        Order::Newest => u64::try_from(head.created.0).unwrap_or(0),
        Order::RecentlyChanged => head.revision.0,
    }
}

fn values(facets: &Facets, by: GroupBy) -> Vec<String> {
    let one = |value: &str| vec![value.to_owned()];
    match by {
        GroupBy::Severity => one(facets.severity.as_str()),
        GroupBy::Band => one(Band::of(facets.score).as_str()),
        GroupBy::Status => one(facets.status.as_str()),
        GroupBy::Triage => one(facets.triage.as_str()),
        GroupBy::Class => one(facets.class.as_str()),
        GroupBy::Source => facets.sources.iter().map(|kind| kind.as_str().to_owned()).collect(),
        GroupBy::Account => one(facets.account.as_str()),
        GroupBy::Region => one(facets.region.as_str()),
        GroupBy::Assignee => one(&facets.assignee),
        GroupBy::Rule => one(&facets.rule_id),
    }
}
