//! The pure mappings: fixtures of our own, hostile bytes, and a corpus of recorded documents.
//!
//! Needs no AWS SDK: `cargo nextest run -p muster-sources --no-default-features --test maps`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::needless_pass_by_value, reason = "documents are written where they are passed")]

mod access_analyzer;
mod agreement;
mod bad_input;
mod corpus;
mod dedup;
mod guardduty;
mod same_finding;
mod security_hub;
mod signals;
mod statements;
mod trusted_advisor;

use bytes::Bytes;
use muster_core::report::{Report, Unmapped};
use muster_core::unit::{SourceKind, Unit};
use muster_sources::document::Document;
use serde_json::Value;

/// The account whose credentials read everything in these tests; no document names it.
const READER: &str = "999999999999";

const ANALYZER: &str = "arn:aws:access-analyzer:eu-west-1:123456789012:analyzer/main";

fn unit(source: SourceKind, part: &str) -> Unit {
    Unit {
        source,
        account: READER.parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        part: part.to_owned(),
    }
}

fn bytes(value: &Value) -> Bytes {
    serde_json::to_vec(value).unwrap().into()
}

/// The report of a document that must be mapped.
fn report_of(document: Document) -> Report {
    let mut reports = reports_of(document);
    assert_eq!(reports.len(), 1, "several statements");
    reports.remove(0)
}

/// The reports of a document that must be mapped.
fn reports_of(document: Document) -> Vec<Report> {
    document.into_reports().unwrap_or_else(|unmapped| panic!("not mapped: {}", unmapped.error))
}

/// The reason why a document cannot be mapped.
fn unmapped_of(document: Document) -> Unmapped {
    match document.into_reports() {
        Err(unmapped) => unmapped,
        Ok(reports) => panic!("mapped: {}", reports[0].origin),
    }
}

fn asff(value: &Value) -> Report {
    let unit = unit(SourceKind::SecurityHub, "");
    report_of(muster_sources::security_hub::map::finding(&bytes(value), &unit))
}

fn native_guardduty(value: &Value) -> Report {
    let unit = unit(SourceKind::GuardDuty, "12abc34d567e8fa901bc2d34e56789f0");
    report_of(muster_sources::guardduty::map::finding(&bytes(value), &unit))
}

fn external_access(value: &Value) -> Report {
    let unit = unit(SourceKind::AccessAnalyzer, ANALYZER);
    let denied = std::collections::BTreeSet::new();
    let document = bytes(value);
    report_of(muster_sources::access_analyzer::map::external_finding(&document, &unit, &denied))
}

/// The canonical ids of a report's resources.
fn resource_ids(report: &Report) -> Vec<&str> {
    report.resources.iter().map(|resource| resource.id.as_str()).collect()
}
