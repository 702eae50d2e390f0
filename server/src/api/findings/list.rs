//! Pages and counts.

use muster_api::v1 as wire;

use crate::api::convert::{self, LIST_BYTES_MAX};
use crate::api::cursor::{self, Binding, Family, Place, TokenError};
use crate::api::error::ApiError;
use crate::api::read::{Reader, Shown};
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

    let Shown { findings, last } =
        reader.shown(&page.positions, &list.selection, list.detail, LIST_BYTES_MAX)?;
    let complete = last.as_ref() == page.positions.last();
    let next = last.filter(|_| page.more || !complete);

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

/// After which position the page begins; `None` at the first.
fn start(token: &str, binding: &Binding) -> Result<Option<Position>, ApiError> {
    if token.is_empty() {
        return Ok(None);
    }
    match cursor::decode(token, Family::Page, binding)? {
        Place::Findings(position) => Ok(Some(position)),
        _ => Err(TokenError::Mismatch(Family::Page).into()),
    }
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
