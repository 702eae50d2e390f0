//! Where the reports of a page go, and what they leave.

use std::collections::HashMap;

use muster_core::identity::FindingKey;
use muster_core::ids::FindingId;
use muster_core::plan;
use muster_core::report::{Report, ReportKey};
use muster_core::time::Millis;

use super::Ingest;
use crate::routes::{Placed, Routes};
use crate::store::{Store, StoreError};
use crate::view::View;

/// Where the reports of a page go.
pub(super) struct Placing {
    /// For each report of the page, in its order.
    pub(super) placed: Vec<Placed>,
    /// Reports that another finding holds, because the source changed what they are about
    /// (promise D1): they leave it first.
    pub(super) left: Vec<(FindingId, ReportKey)>,
}

/// Keeps of each report of a page the version that counts: two of them could be about different
/// things, and a report is in one finding at a time.
pub(super) fn newest(page: &mut Ingest, now: Millis) {
    let mut places = HashMap::with_capacity(page.reports.len());
    let mut kept: Vec<(Report, u64)> = Vec::with_capacity(page.reports.len());
    for (report, content_hash) in page.reports.drain(..) {
        let place = *places.entry(report.key.digest()).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(before) if plan::older(&report, &before.0, now) => {}
            Some(before) => *before = (report, content_hash),
            None => kept.push((report, content_hash)),
        }
    }
    page.reports = kept;
}

/// Says where the reports of a page go, of which each is there once.
///
/// A version that is older than the one that a finding holds says nothing any more, not even that it
/// is about something else: it goes where the newer one is, and proves there that it still exists
/// (promise D2).
pub(super) fn place(
    page: &Ingest,
    view: &View,
    routes: &Routes<'_>,
    store: &dyn Store,
    now: Millis,
) -> Result<Placing, StoreError> {
    let mut placing = Placing { placed: Vec::with_capacity(page.reports.len()), left: Vec::new() };
    for (report, _) in &page.reports {
        let placed = routes.place(report)?;
        let known = view.report(&report.key.digest()).map(|known| known.finding);
        let Some(holder) = known.filter(|holder| *holder != placed.id) else {
            placing.placed.push(placed);
            continue;
        };
        let stays = newer(report, holder, store, now)?;
        if stays.is_none() {
            placing.left.push((holder, report.key.clone()));
        }
        placing.placed.push(stays.unwrap_or(placed));
    }
    Ok(placing)
}

/// The place of a newer version of `report` in `holder`, if that is what it holds.
fn newer(
    report: &Report,
    holder: FindingId,
    store: &dyn Store,
    now: Millis,
) -> Result<Option<Placed>, StoreError> {
    let Some(finding) = store.findings(&[holder])?.pop().flatten() else { return Ok(None) };
    let held = finding.reports.into_iter().find(|held| held.report.key == report.key);
    let held = held.filter(|held| plan::older(report, &held.report, now));
    Ok(held.map(|held| {
        let key = FindingKey { text: finding.key, placement: held.placed };
        Placed { id: holder, key }
    }))
}
