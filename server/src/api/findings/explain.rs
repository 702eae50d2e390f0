//! What a finding alone does not know: who moved its reports, and what else is on its resource.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use muster_api::v1 as wire;
use muster_core::change::{Change, ChangeKind};
use muster_core::filter::Fields;
use muster_core::finding::{Finding, Placement};
use muster_core::ids::{FindingId, Revision};
use muster_core::report::FindingClass;
use muster_core::weakness::around;

use crate::api::convert;
use crate::api::error::ApiError;
use crate::api::read::Reader;
use crate::view::ON_RESOURCE_MAX;

/// The most related findings that are named.
const RELATED_MAX: usize = 20;

/// The most findings looked at on one resource.
const NEARBY_MAX: usize = 64;

/// How many findings one call reads for what is related.
const READS_MAX: usize = 1000;

/// How many log entries one call looks through for who moved reports.
const ENTRIES_MAX: usize = 2000;

/// Adds to findings what the log and the view know about them, within one bound for all of a call.
pub(in crate::api) struct Explainer<'a> {
    reader: &'a Reader<'a>,
    entries_left: usize,
    reads_left: usize,
}

/// What the log says about where reports came from and went.
#[derive(Default)]
struct Moves {
    merged: Option<wire::Regrouping>,
    /// By report key.
    arrived: HashMap<String, wire::Regrouping>,
}

impl<'a> Explainer<'a> {
    pub(in crate::api) fn new(reader: &'a Reader<'a>) -> Self {
        Self { reader, entries_left: ENTRIES_MAX, reads_left: READS_MAX }
    }

    /// Completes `shown`, which was made of `finding`.
    pub(in crate::api) fn explain(
        &mut self,
        finding: &Finding,
        shown: &mut wire::Finding,
    ) -> Result<(), ApiError> {
        shown.related = self.related(finding)?;
        let mut moves = self.moves(finding)?;
        shown.merged = moves.merged;
        for report in &mut shown.reports {
            if let Some(placement) = &mut report.placement {
                placement.decided = moves.arrived.remove(&report.key);
            }
        }
        Ok(())
    }

    /// Follows the history back until it is known how everything came that was moved by hand.
    fn moves(&mut self, finding: &Finding) -> Result<Moves, ApiError> {
        let by_hand = finding.reports.iter().filter(|held| held.placed == Placement::Decision);
        let mut wanted: HashSet<String> = by_hand.map(|held| held.report.key.to_string()).collect();
        let mut merged = finding.merged_into.is_some();
        let mut moves = Moves::default();
        let mut next = finding.revision;
        while (merged || !wanted.is_empty()) && next > Revision::ZERO && self.entries_left > 0 {
            self.entries_left -= 1;
            // Older entries are gone by retention: what is not found by then is not told.
            let Some(change) = self.reader.store().change(next)? else { break };
            next = change.previous;
            if !change.kinds.contains(&ChangeKind::Regrouped) {
                continue;
            }
            if merged && arrivals(&change, "merged_into").next().is_some() {
                moves.merged = Some(convert::regrouping(&change));
                merged = false;
            }
            for key in arrivals(&change, "report") {
                if wanted.remove(key) {
                    moves.arrived.insert(key.to_owned(), convert::regrouping(&change));
                }
            }
        }
        Ok(moves)
    }

    /// Other open findings that have to do with it: the threat that counts first, other threats, what
    /// the weakness classes link, then what else is on the resource; each by score.
    fn related(&mut self, finding: &Finding) -> Result<Vec<wire::RelatedFinding>, ApiError> {
        // What it was about is the business of the finding that has its reports.
        if finding.merged_into.is_some() {
            return Ok(Vec::new());
        }
        let strongest = finding.threat.as_ref().map(|threat| threat.finding);
        let mut related = Vec::new();
        for other in self.nearby(finding)? {
            let counts = strongest == Some(other.id);
            let link = self.reader.classes().relation(finding, &other);
            let here = other.resource_id() == finding.resource_id();
            if !(counts || here || link.is_some()) {
                continue;
            }
            let relation = match &link {
                _ if counts => wire::FindingRelation::Threat,
                Some(link) => convert::relation(link.kind),
                None => wire::FindingRelation::SameResource,
            };
            let threat = other.facts.class == FindingClass::Threat;
            let score = other.priority.score;
            let order = (Reverse((counts, threat, link.is_some(), score)), other.id);
            let shown = wire::RelatedFinding {
                id: other.id.to_string(),
                title: other.facts.title,
                rule_id: other.facts.rule_id,
                status: convert::status(other.facts.status).into(),
                score: score.into(),
                relation: relation.into(),
                weakness_class: link.map(|link| link.class).unwrap_or_default(),
            };
            related.push((order, shown));
        }
        related.sort_by_key(|(order, _)| *order);
        Ok(related.into_iter().take(RELATED_MAX).map(|(_, shown)| shown).collect())
    }

    /// The other open findings where such may be that have to do with `finding`: of each resource the
    /// most urgent, threats first.
    fn nearby(&mut self, finding: &Finding) -> Result<Vec<Finding>, ApiError> {
        let mut ids: Vec<FindingId> = Vec::new();
        let view = self.reader.view()?;
        for resource in around(finding) {
            let there = view.on_resource(&resource, ON_RESOURCE_MAX).into_iter();
            let new = there.filter(|id| *id != finding.id && !ids.contains(id));
            let open = new.filter_map(|id| {
                let other = view.facets(id).filter(|other| other.status().is_open())?;
                Some((Reverse((other.class() == FindingClass::Threat, other.score())), id))
            });
            let mut open: Vec<_> = open.collect();
            open.sort_unstable();
            open.truncate(NEARBY_MAX.min(self.reads_left));
            self.reads_left -= open.len();
            ids.extend(open.into_iter().map(|(_, id)| id));
        }
        drop(view);
        self.reader.findings(&ids)
    }
}

/// What a change says came: the reports, or the finding that it went to.
pub(in crate::api) fn arrivals<'a>(
    change: &'a Change,
    field: &'a str,
) -> impl Iterator<Item = &'a str> {
    let came = change.fields.iter().filter(move |moved| moved.field == field);
    came.map(|moved| moved.after.as_str()).filter(|after| !after.is_empty())
}
