//! Puts what units read among the reports that a finding holds.

use std::cmp::Reverse;

use super::{CLOCK_SKEW_MS, Observation, REFRESH_DAYS, REPORTS_MAX};
use crate::finding::HeldReport;
use crate::report::{Report, ReportKey};
use crate::time::{DAY_MS, Millis};

/// Puts observations among the held reports, in their order, and arranges these.
pub(super) fn hold(reports: &mut Vec<HeldReport>, observations: Vec<Observation>, now: Millis) {
    for observation in observations {
        put(reports, observation, now);
    }
    arrange(reports);
}

/// Puts an observation among the held reports.
///
/// - An older version only proves that the report is still there.
/// - The same content again brings newer times, which are worth no write of their own.
/// - Other content replaces the held one. Of two versions with one update time, or without, the one
///   read last counts: customers' edits in Security Hub and archiving in `GuardDuty` do not move it.
///
/// The unit becomes the one that read it: sweeps of another that does not see it conclude nothing.
fn put(reports: &mut Vec<HeldReport>, observation: Observation, now: Millis) {
    let Observation { report, content_hash, unit, finding } = observation;
    let placed = finding.placement;
    let Some(held) = reports.iter_mut().find(|held| held.report.key == report.key) else {
        reports.push(HeldReport {
            report,
            unit,
            placed,
            content_hash,
            first_stored: now,
            absence: None,
        });
        return;
    };
    held.absence = None;
    held.unit = unit;
    held.placed = placed;
    if !older(&report, &held.report, now) {
        held.report = report;
        held.content_hash = content_hash;
    }
}

/// Whether `report` is an earlier version of `held`.
fn older(report: &Report, held: &Report, now: Millis) -> bool {
    let [report, held] = [report, held].map(|version| credible(version.provider_updated, now));
    report.zip(held).is_some_and(|(report, held)| report < held)
}

/// A provider's time, unless it lies ahead: such a time says nothing, and as an update time it would
/// keep all later versions out.
fn credible(time: Option<Millis>, now: Millis) -> Option<Millis> {
    time.filter(|time| *time <= now.plus(CLOCK_SKEW_MS))
}

/// The latest time at which the source of `report` looked.
///
/// Where it gives no credible one, it is taken to have looked a day ago: sources look about once a
/// day (Access Analyzer rescans after 24 h, Security Hub controls after 12 to 24 h), so a finding
/// that was done gets a day to disappear before it counts as still reported.
pub(super) fn looked(report: &Report, now: Millis) -> Millis {
    let times = [report.last_observed, report.provider_updated];
    let times = times.into_iter().filter_map(|time| credible(time, now));
    times.max().unwrap_or(now.plus(-DAY_MS))
}

/// Sorts the reports by key, and lets go of those over [`REPORTS_MAX`]: absent before present,
/// closed before open, then the longest unchanged.
pub(super) fn arrange(reports: &mut Vec<HeldReport>) {
    if reports.len() > REPORTS_MAX {
        reports.sort_by(|a, b| Reverse(worth(a)).cmp(&Reverse(worth(b))));
        reports.truncate(REPORTS_MAX);
    }
    reports.sort_unstable_by(|a, b| a.report.key.cmp(&b.report.key));
}

fn worth(held: &HeldReport) -> impl Ord {
    let looked = held.report.looked();
    (held.status().is_open(), held.absence.is_none(), looked, Reverse(&held.report.key))
}

/// Whether an unchanged report is worth a write for its times alone: its source looked
/// [`REFRESH_DAYS`] later than what is stored says. Both are a [`Report::looked_hour`].
pub fn refreshes(stored_hour: u32, looked_hour: u32) -> bool {
    looked_hour.saturating_sub(stored_hour) >= REFRESH_DAYS * 24
}

/// The first report whose move is worth a write: new, other content, back after an absence, or seen
/// much later than stored (see [`refreshes`]).
pub(super) fn moved<'a>(before: &[HeldReport], after: &'a [HeldReport]) -> Option<&'a HeldReport> {
    let known = |key: &ReportKey| before.iter().find(|held| held.report.key == *key);
    after.iter().find(|held| {
        known(&held.report.key).is_none_or(|known| {
            refreshes(known.report.looked_hour(), held.report.looked_hour())
                || held.content_hash != known.content_hash
                || held.absence != known.absence
        })
    })
}
