//! What it means that two complete sweeps did not return a report.

use crate::finding::{Absence, HeldReport};
use crate::report::Status;
use crate::time::{DAY_MS, Millis};
use crate::unit::SourceKind;

/// After so many days without an update AWS forgets a finding: `GuardDuty` and Security Hub keep
/// active ones 90 days, Access Analyzer keeps resolved ones 90 days.
pub const RETENTION_DAYS: i64 = 90;

/// After so many days Security Hub forgets an archived finding.
const ARCHIVED_DAYS: i64 = 30;

/// What the absence of `held` means, by its source.
///
/// Only Trusted Advisor means "fixed" by silence: it lists what is flagged. The others say so in the
/// finding itself and forget by age; a young finding that is gone was not fixed, somebody switched
/// something off, and nobody can say.
pub fn absence(held: &HeldReport, now: Millis) -> Absence {
    let report = &held.report;
    let last = report.looked().or(report.provider_created).unwrap_or(held.first_stored);
    let days = now.since(last) / DAY_MS;
    let closed = !report.status.is_open();
    match report.source {
        SourceKind::TrustedAdvisor => Absence::Resolved,
        SourceKind::SecurityHub if closed && days >= ARCHIVED_DAYS => Absence::Expired,
        SourceKind::SecurityHub | SourceKind::GuardDuty if days >= RETENTION_DAYS => {
            Absence::Expired
        }
        SourceKind::AccessAnalyzer if closed => Absence::Expired,
        // An error finding vanishes when the analyzer can look again: it was about coverage.
        SourceKind::AccessAnalyzer if report.status_detail == ERROR_DETAIL => Absence::Resolved,
        SourceKind::SecurityHub | SourceKind::GuardDuty | SourceKind::AccessAnalyzer => {
            match report.status {
                Status::Archived | Status::Expired | Status::Resolved => Absence::Expired,
                Status::Active | Status::Unobservable => Absence::Unobservable,
            }
        }
    }
}

/// The status detail of an Access Analyzer error finding.
const ERROR_DETAIL: &str = "ERROR";
