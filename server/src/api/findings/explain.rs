//! What a finding alone does not know: who moved its reports, and what else is on its resource.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use muster_api::v1 as wire;
use muster_core::change::{Change, ChangeKind};
use muster_core::filter::Fields;
use muster_core::finding::{Finding, Placement};
use muster_core::ids::Revision;
use muster_core::report::FindingClass;

use crate::api::convert;
use crate::api::error::ApiError;
use crate::api::read::Reader;
use crate::view::ON_RESOURCE_MAX;

/// The most related findings that are named.
const RELATED_MAX: usize = 20;

/// How many log entries one call looks through for who moved reports.
const ENTRIES_MAX: usize = 2000;

/// Adds to findings what the log and the view know about them, within one bound for all of a call.
pub(in crate::api) struct Explainer<'a> {
    reader: &'a Reader<'a>,
    entries_left: usize,
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
        Self { reader, entries_left: ENTRIES_MAX }
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

    /// Other open findings on the resource: the threat that counts first, other threats, then by
    /// score.
    fn related(&self, finding: &Finding) -> Result<Vec<wire::RelatedFinding>, ApiError> {
        // What it was about is the business of the finding that has its reports.
        if finding.merged_into.is_some() {
            return Ok(Vec::new());
        }
        let strongest = finding.threat.as_ref().map(|threat| threat.finding);
        let view = self.reader.view()?;
        let mut related = Vec::new();
        for id in view.on_resource(finding.resource_id(), ON_RESOURCE_MAX) {
            let other =
                view.facets(id).filter(|other| id != finding.id && other.status().is_open());
            let Some(other) = other else { continue };
            let counts = strongest == Some(id);
            let relation = if counts {
                wire::FindingRelation::Threat
            } else {
                wire::FindingRelation::SameResource
            };
            let threat = other.class() == FindingClass::Threat;
            let order = (Reverse((counts, threat, other.score())), id);
            let shown = wire::RelatedFinding {
                id: id.to_string(),
                title: other.title().to_owned(),
                rule_id: other.rule_id().to_owned(),
                status: convert::status(other.status()).into(),
                score: other.score().into(),
                relation: relation.into(),
            };
            related.push((order, shown));
        }
        drop(view);
        related.sort_by_key(|(order, _)| *order);
        Ok(related.into_iter().take(RELATED_MAX).map(|(_, shown)| shown).collect())
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
