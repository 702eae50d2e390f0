//! What it means that two complete sweeps did not return a report.

use crate::finding::{Absence, HeldReport};
use crate::report::{Report, Status};
use crate::time::{DAY_MS, Millis};
use crate::unit::SourceKind;

/// After so many days without an update `GuardDuty` and Security Hub forget an active finding
/// (`GuardDuty` and Security Hub user guides, quotas).
pub const RETENTION_DAYS: i64 = 90;

/// The status detail of an Access Analyzer finding about a resource that it cannot look at.
const ERROR_DETAIL: &str = "ERROR";

/// What the absence of `held` means, by its source.
///
/// Only Trusted Advisor means "fixed" by silence: it lists what is flagged. The others say in the
/// finding itself that it is closed, and then forget it by age: what was closed stays closed. An
/// open finding that is gone before its time was not fixed: somebody switched something off (the
/// product, a detector, an analyzer, a member account), and nobody can say.
pub fn absence(held: &HeldReport, now: Millis) -> Absence {
    let report = &held.report;
    match (report.source, report.status) {
        (SourceKind::TrustedAdvisor, _) => Absence::Resolved,
        (
            SourceKind::SecurityHub | SourceKind::GuardDuty | SourceKind::AccessAnalyzer,
            Status::Resolved,
        ) => Absence::Resolved,
        (
            SourceKind::SecurityHub | SourceKind::GuardDuty | SourceKind::AccessAnalyzer,
            Status::Archived | Status::Expired,
        ) => Absence::Expired,
        // It vanishes when the analyzer can look again: it was about coverage.
        (SourceKind::AccessAnalyzer, Status::Active | Status::Unobservable)
            if report.status_detail == ERROR_DETAIL =>
        {
            Absence::Resolved
        }
        // Access Analyzer keeps open findings for as long as they are so.
        (SourceKind::AccessAnalyzer, Status::Active | Status::Unobservable) => {
            Absence::Unobservable
        }
        (
            SourceKind::SecurityHub | SourceKind::GuardDuty,
            Status::Active | Status::Unobservable,
        ) if silent_days(report, held.first_stored, now) >= RETENTION_DAYS => Absence::Expired,
        (
            SourceKind::SecurityHub | SourceKind::GuardDuty,
            Status::Active | Status::Unobservable,
        ) => Absence::Unobservable,
    }
}

/// For how many whole days the source has not said anything new. Stored times lag by at most
/// [`REFRESH_DAYS`](super::REFRESH_DAYS): what is silent for longer is not refreshed any more.
fn silent_days(report: &Report, first_stored: Millis, now: Millis) -> i64 {
    let last = report.looked().or(report.provider_created).unwrap_or(first_stored);
    now.since(last) / DAY_MS
}
