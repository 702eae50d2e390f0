//! What it means that two complete sweeps did not return a report.

use crate::finding::{Absence, HeldReport};
use crate::report::{NOT_ANALYZED, Status};
use crate::time::{DAY_MS, Millis};
use crate::unit::SourceKind;

/// After so many days without an update `GuardDuty`, Security Hub and Macie forget an active finding
/// (their user guides, quotas).
pub const RETENTION_DAYS: i64 = 90;

/// What the absence of `held` means, by its source.
///
/// Only Trusted Advisor and Config mean "fixed" by silence: they list what is flagged (Config when it
/// is asked for what does not comply). The others say in the
/// finding itself that it is closed, and then forget it by age: what was closed stays closed. An
/// open finding that is gone before its time was not fixed: somebody switched something off (the
/// product, a detector, an analyzer, a member account), and nobody can say.
pub fn absence(held: &HeldReport, now: Millis) -> Absence {
    match held.report.source {
        SourceKind::TrustedAdvisor | SourceKind::Config => Absence::Resolved,
        SourceKind::SecurityHub
        | SourceKind::GuardDuty
        | SourceKind::AccessAnalyzer
        | SourceKind::Inspector
        | SourceKind::Macie => match held.report.status {
            Status::Resolved => Absence::Resolved,
            Status::Archived | Status::Expired => Absence::Expired,
            Status::Active | Status::Unobservable => absence_of_open(held, now),
        },
    }
}

fn absence_of_open(held: &HeldReport, now: Millis) -> Absence {
    let forgotten = silent_days(held, now) >= RETENTION_DAYS;
    match held.report.source {
        SourceKind::TrustedAdvisor | SourceKind::Config => Absence::Resolved,
        SourceKind::AccessAnalyzer if held.report.status_detail == NOT_ANALYZED => {
            Absence::Resolved
        }
        // It keeps open findings for as long as they are so.
        SourceKind::AccessAnalyzer => Absence::Unobservable,
        SourceKind::SecurityHub
        | SourceKind::GuardDuty
        | SourceKind::Inspector
        | SourceKind::Macie => {
            if forgotten {
                Absence::Expired
            } else {
                Absence::Unobservable
            }
        }
    }
}

/// For how many whole days the source has not said anything new. Stored times lag by at most
/// [`REFRESH_DAYS`](super::REFRESH_DAYS): what is silent for longer is not refreshed any more.
fn silent_days(held: &HeldReport, now: Millis) -> i64 {
    let report = &held.report;
    let last = report.looked().or(report.provider_created).unwrap_or(held.first_stored);
    now.since(last) / DAY_MS
}
