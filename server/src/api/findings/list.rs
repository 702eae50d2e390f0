//! Pages and counts.

use muster_api::v1 as wire;

use super::get::READ_MAX;
use crate::api::convert::{self, Budget, LIST_BYTES_MAX};
use crate::api::cursor::{self, Binding, Family, Place};
use crate::api::error::ApiError;
use crate::api::read::Reader;
use crate::api::validate::reads::{List, Summarize};
use crate::view::{Position, Query};

/// Reads a page.
///
/// The order and the count are those of one revision of the view. The records are read right after,
/// so one may be newer: it is shown as it is, or left out when it no longer matches or is gone. The
/// next page begins after the last position of the view that was dealt with, whether or not its
/// record was shown.
pub(super) fn list(
    reader: &Reader<'_>,
    list: &List,
) -> Result<wire::ListFindingsResponse, ApiError> {
    let log_id = reader.store().log_id();
    let binding = Binding { log_id, query: list.query_hash() };
    let after = start(&list.page_token, &binding)?;
    let coverage = reader.coverage();
    let (page, revision) = {
        let view = reader.view()?;
        let (filter, order, limit) = (&list.selection.filter, list.order, list.limit);
        (view.page(&Query { filter, order, after, limit }), view.revision())
    };

    let mut findings = Vec::new();
    let last = fill(reader, list, &page.positions, &mut findings)?;
    let dealt_with = last.as_ref() == page.positions.last();
    let next = last.filter(|_| page.more || !dealt_with);

    let watch = Binding { log_id, query: list.watch_hash() };
    let live = cursor::encode(&Place::Live(revision), &watch);
    Ok(wire::ListFindingsResponse {
        findings,
        next_page_token: next
            .map(|position| cursor::encode(&Place::Findings(position), &binding))
            .unwrap_or_default(),
        total_count: page.total,
        position: Some(convert::position(log_id, revision, live)),
        coverage: Some(coverage),
        canonical_filter: list.selection.canonical.clone(),
    })
}

fn start(token: &str, binding: &Binding) -> Result<Option<Position>, ApiError> {
    if token.is_empty() {
        return Ok(None);
    }
    match cursor::decode(token, Family::Page, binding)? {
        Place::Findings(position) => Ok(Some(position)),
        Place::History(_)
        | Place::Units(_)
        | Place::Unmapped(_)
        | Place::Snapshot { .. }
        | Place::Live(_) => Err(cursor::TokenError::Mismatch(Family::Page).into()),
    }
}

/// Adds the findings at `positions` until the answer is full; says which position was the last that
/// was dealt with.
fn fill(
    reader: &Reader<'_>,
    list: &List,
    positions: &[Position],
    findings: &mut Vec<wire::Finding>,
) -> Result<Option<Position>, ApiError> {
    let mut budget = Budget::new(LIST_BYTES_MAX);
    let mut last = None;
    for run in positions.chunks(READ_MAX) {
        let ids: Vec<_> = run.iter().map(|position| position.id).collect();
        let images = reader.store().findings(&ids)?;
        for (position, image) in run.iter().zip(images) {
            let selected = image.filter(|image| list.selection.selects(image));
            if let Some(image) = selected {
                let finding = convert::finding(&image, list.detail);
                if !budget.fits(&finding) {
                    return Ok(last);
                }
                findings.push(finding);
            }
            last = Some(*position);
        }
    }
    Ok(last)
}

/// Counts.
pub(super) fn summarize(
    reader: &Reader<'_>,
    wanted: &Summarize,
) -> Result<wire::SummarizeFindingsResponse, ApiError> {
    let coverage = reader.coverage();
    let (summary, revision) = {
        let view = reader.view()?;
        let filter = &wanted.selection.filter;
        (view.summarize(filter, &wanted.group_by, wanted.limit), view.revision())
    };
    let groups = summary.groups.into_iter().map(|group| wire::SummaryGroup {
        keys: group.keys,
        count: group.count,
        max_score: group.max_score.into(),
    });
    let position = convert::position(reader.store().log_id(), revision, String::new());
    Ok(wire::SummarizeFindingsResponse {
        groups: groups.collect(),
        total_count: summary.total,
        groups_left_off: u32::try_from(summary.left_off).unwrap_or(u32::MAX),
        position: Some(position),
        coverage: Some(coverage),
    })
}
