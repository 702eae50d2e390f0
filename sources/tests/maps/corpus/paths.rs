//! The documents of the other paths: native Inspector and Macie findings, OCSF, events.
//!
//! Every document is a report, or is on the list of those that cannot be one.

use std::collections::BTreeMap;

use bytes::Bytes;
use muster_core::unit::SourceKind;
use muster_sources::document::Document;
use muster_sources::{events, inspector, macie, security_hub};
use serde_json::value::RawValue;

use super::{checks, corpus, walk};
use crate::unit;

/// The members of an object.
pub(crate) type Members<'a> = BTreeMap<String, &'a RawValue>;

/// The documents of a folder, byte for byte: those whose members `is_one` knows.
pub(crate) fn documents(folder: &str, is_one: fn(&Members<'_>) -> bool) -> Vec<Bytes> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(super::directory().join(folder)) else { return found };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let values = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
        for value in values.into_iter::<Box<RawValue>>() {
            let Ok(value) = value else { break };
            find(value.get(), is_one, &mut found);
        }
    }
    found
}

fn find(text: &str, is_one: fn(&Members<'_>) -> bool, found: &mut Vec<Bytes>) {
    match text.as_bytes().first() {
        Some(b'{') => {
            let Ok(members) = serde_json::from_str::<Members<'_>>(text) else { return };
            if is_one(&members) {
                found.push(Bytes::from(text.to_owned()));
                return;
            }
            for value in members.values() {
                find(value.get(), is_one, found);
            }
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).unwrap();
            for item in items {
                find(item.get(), is_one, found);
            }
        }
        Some(b'"') => {
            let inner: String = serde_json::from_str(text).unwrap_or_default();
            if inner.trim_start().starts_with(['{', '[']) {
                find(inner.trim(), is_one, found);
            }
        }
        _ => {}
    }
}

/// How many reports of each product, and how many documents that cannot be mapped by their reason.
fn count(documents: impl Iterator<Item = Document>) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for document in documents {
        for report in document.reports() {
            let what = format!("{} {}", report.path().as_str(), report.product);
            *counts.entry(what).or_default() += 1;
            assert!(report.attributes.is_sorted());
            assert!(!report.resources.is_empty() && !report.title.is_empty());
            let rule = format!("{}|", report.origin.rule.as_str());
            assert!(report.origin.text.starts_with(&rule), "{}", report.origin);
        }
        if let Document::Unmapped(unmapped) = document {
            *counts.entry(format!("! {}", unmapped.error)).or_default() += 1;
        }
    }
    counts.into_iter().collect()
}

fn assert_counts(found: &[(String, usize)], expected: &[(&str, usize)]) {
    let found: Vec<(&str, usize)> = found.iter().map(|(what, n)| (what.as_str(), *n)).collect();
    if walk::manifest().is_some_and(|manifest| manifest.is_the_known_one) {
        assert_eq!(found, expected);
    }
}

#[test]
fn every_native_inspector_finding_is_a_report() {
    if corpus().is_none() {
        return;
    }
    let found = documents("inspector2", |members| members.contains_key("findingArn"));
    let unit = unit(SourceKind::Inspector, "");

    let counts = count(found.iter().map(|one| inspector::map::finding(one, &unit)));

    assert_counts(&counts, &[("native aws/inspector", 48)]);
}

#[test]
fn every_native_macie_finding_is_a_report() {
    if corpus().is_none() {
        return;
    }
    let found = documents("macie2", |members| {
        members.contains_key("resourcesAffected") && members.contains_key("id")
    });
    let unit = unit(SourceKind::Macie, "");

    let counts = count(found.iter().map(|one| macie::map::finding(one, &unit)));

    assert_counts(&counts, &[("native aws/macie", 14)]);
}

#[test]
fn every_ocsf_finding_is_a_report() {
    if corpus().is_none() {
        return;
    }
    let found = documents("ocsf", |members| members.contains_key("finding_info"));
    let unit = unit(SourceKind::SecurityHub, "");

    let counts = count(found.iter().map(|one| security_hub::map::ocsf::finding(one, &unit)));

    assert_counts(
        &counts,
        &[
            ("ocsf aws/guardduty", 2),
            ("ocsf aws/securityhub", 1),
            ("ocsf electriceye/electriceye", 1),
            ("ocsf prowler/prowler", 26),
        ],
    );
}

#[test]
fn every_event_is_a_report_or_none_that_is_wanted() {
    let Some(corpus) = corpus() else { return };
    let checks: Vec<_> = checks(&corpus).into_values().collect();
    let found = documents("eventbridge", |members| members.contains_key("detail-type"));
    let unit = unit(SourceKind::SecurityHub, "");

    let counts = count(found.iter().flat_map(|one| events::map::event(one, &checks, &unit)));

    assert_counts(
        &counts,
        &[
            // An invented sample: Trusted Advisor has no check of that name.
            ("! check-name: `Amazon S3 Bucket Lifecycle Configuration` is none of the checks", 1),
            ("! detail-type: `AWS API Call via CloudTrail` of `aws.guardduty` is not known", 1),
            (
                "! detail-type: `Access Preview State Change` of `aws.access-analyzer` is not known",
                3,
            ),
            ("! detail-type: `Config Configuration Item Change` of `aws.config` is not known", 1),
            // Macie Classic, which is gone.
            ("! detail-type: `Macie Alert` of `aws.macie` is not known", 3),
            ("! detail-type: `Security Hub Insight Results` of `aws.securityhub` is not known", 1),
            ("asff 644160558196/default", 1),
            ("asff aws/guardduty", 1),
            ("asff aws/securityhub", 14),
            ("asff sumologicinc/sumologic-mda", 1),
            ("event aws/access-analyzer", 2),
            ("event aws/trusted-advisor", 9),
            ("native aws/guardduty", 11),
            ("ocsf aws/guardduty", 4),
            ("ocsf aws/inspector", 1),
            ("ocsf aws/macie", 1),
        ],
    );
}
