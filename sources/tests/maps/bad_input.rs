//! Whatever the bytes are: a report with remarks, or a document kept with its error. Never a panic,
//! never a page lost to one document, never a document dropped.

use std::collections::BTreeSet;

use bytes::Bytes;
use muster_core::report::{
    RAW_BYTES_MAX, RESOURCES_MAX, Report, Severity, TEXT_BYTES_MAX, TITLE_BYTES_MAX,
};
use muster_core::unit::{SourceKind, Unit};
use muster_sources::document::Document;
use muster_sources::{access_analyzer, guardduty, security_hub, trusted_advisor};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{ANALYZER, asff, bytes, native_guardduty, unit, unmapped_of};

fn read_by(source: SourceKind) -> Unit {
    unit(source, ANALYZER)
}

/// Every mapping of one document.
fn every_map(document: &Bytes) -> Vec<Document> {
    let none = BTreeSet::new();
    let analyzer = read_by(SourceKind::AccessAnalyzer);
    vec![
        security_hub::map::finding(document, &read_by(SourceKind::SecurityHub)),
        guardduty::map::finding(document, &read_by(SourceKind::GuardDuty)),
        access_analyzer::map::external_finding(document, &analyzer, &none),
        access_analyzer::map::finding(&[document.clone(), document.clone()], &analyzer),
    ]
}

/// Every function that reads a page.
fn every_page(body: &Bytes) {
    let unit = read_by(SourceKind::SecurityHub);
    let check = crate::trusted_advisor::check("x", &["Resource", "Status"]);
    let counts = [
        security_hub::map::findings_page(body, &unit).map(|page| page.documents.len()).ok(),
        guardduty::map::findings(body, &unit).map(|documents| documents.len()).ok(),
        guardduty::map::detectors_page(body).map(|page| page.ids.len()).ok(),
        guardduty::map::finding_ids_page(body).map(|page| page.ids.len()).ok(),
        access_analyzer::map::analyzers_page(body).map(|page| page.analyzers.len()).ok(),
        access_analyzer::map::denied_resources_page(body).map(|page| page.ids.len()).ok(),
        access_analyzer::map::external_findings_page(body, &unit, &BTreeSet::new())
            .map(|page| page.documents.len())
            .ok(),
        access_analyzer::map::summaries_page(body, &unit).map(|page| page.summaries.len()).ok(),
        access_analyzer::map::details_next_token(body).map(|token| token.map_or(0, |_| 1)).ok(),
        trusted_advisor::map::checks(body).map(|checks| checks.len()).ok(),
        trusted_advisor::map::summaries(body).map(|summaries| summaries.len()).ok(),
        trusted_advisor::map::result(body, &check, &unit).map(|found| found.documents.len()).ok(),
    ];
    assert!(counts.iter().flatten().all(|count| *count <= body.len()));
}

/// What holds for every report, however odd its document.
fn is_sound(report: &Report) {
    assert!(!report.resources.is_empty() && report.resources.len() <= RESOURCES_MAX);
    assert!(report.resources.iter().all(|resource| !resource.id.is_empty()));
    assert!(report.title.len() <= TITLE_BYTES_MAX && !report.title.is_empty());
    assert!(report.description.len() <= TEXT_BYTES_MAX);
    assert!(report.remediation.len() <= TEXT_BYTES_MAX);
    assert!(report.remediation_url.is_empty() || report.remediation_url.starts_with("https://"));
    assert!(report.rule_id.len() <= 256 && report.facet.len() <= 256);
    assert!(report.key.provider_id.len() <= 2048 && !report.key.provider_id.is_empty());
    assert!(!report.origin.text.contains(|c: char| c.is_ascii_control()));
    assert!(report.origin.text.starts_with(&format!("{}|", report.origin.rule.as_str())));
    assert_eq!(Severity::from_normalized(report.severity_normalized), report.severity);
    assert!(report.attributes.len() <= 32 && report.attributes.is_sorted());
    assert!(report.attributes.iter().all(|one| one.value.len() <= 256 && one.name.len() <= 256));
    assert!(report.remarks.len() <= 17 && report.raw.len() <= RAW_BYTES_MAX);
}

fn check_all(document: &Bytes) {
    for mapped in every_map(document) {
        match &mapped {
            Document::Report(_) | Document::Reports(_) => {
                mapped.reports().iter().for_each(is_sound)
            }
            Document::Unmapped(unmapped) => {
                assert!(!unmapped.error.is_empty());
                assert!(unmapped.raw.len() <= RAW_BYTES_MAX);
            }
        }
    }
}

#[test]
fn what_is_no_finding_says_why() {
    let unit = read_by(SourceKind::SecurityHub);
    for (document, error) in [
        ("7", "a number instead of an object"),
        ("null", "null instead of an object"),
        ("\"x\"", "a text instead of an object"),
        ("[]", "a list instead of an object"),
        ("{}", "Id: missing"),
        (r#"{"Id": {}}"#, "Id: missing"),
        (r#"{"Id": ""}"#, "Id: missing"),
        ("{", "not JSON: "),
        (r#"{"Id": "a", "Id": "b"}"#, "duplicate field `Id`"),
        (r#"{"Id": "a", "Title": "\ud800"}"#, "not JSON: "),
    ] {
        let document = Bytes::from_static(document.as_bytes());

        let unmapped = unmapped_of(security_hub::map::finding(&document, &unit));

        assert!(unmapped.error.starts_with(error), "{document:?}: {}", unmapped.error);
        assert_eq!(unmapped.raw, document);
    }
}

#[test]
fn one_broken_document_costs_only_itself() {
    let good = crate::security_hub::control().to_string();
    let body = [
        br#"{"Findings": ["#.as_slice(),
        good.as_bytes(),
        b", {\"Id\": \"\xFF\"}, {\"Id\": \"a\tb\"}, {\"Id\": nonsense}, ",
        good.as_bytes(),
        br#"], "NextToken": "t"}"#,
    ]
    .concat();

    let page = security_hub::map::findings_page(&body.into(), &read_by(SourceKind::SecurityHub));

    let page = page.unwrap();
    let mapped: Vec<bool> =
        page.documents.iter().map(|one| matches!(one, Document::Report(_))).collect();
    assert_eq!(mapped, [true, false, false, false, true]);
    assert_eq!(page.next_token.as_deref(), Some("t"));
}

#[test]
fn a_finding_of_two_megabytes_is_mapped_without_its_raw_text() {
    let mut finding = crate::security_hub::control();
    finding["Description"] = "x".repeat(2 << 20).into();
    let report = asff(&finding);
    assert!(report.raw_truncated && report.raw.is_empty());
    assert_eq!(report.description.len(), TEXT_BYTES_MAX);
    is_sound(&report);

    finding["Id"] = Value::Null;
    let document = bytes(&finding);
    let unit = read_by(SourceKind::SecurityHub);
    let unmapped = unmapped_of(security_hub::map::finding(&document, &unit));
    assert_eq!(unmapped.raw, document.slice(..RAW_BYTES_MAX));
}

#[test]
fn a_document_nested_a_hundred_thousand_deep_is_passed_over() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let body = format!(r#"{{"Findings": [{{"Id": "a", "Details": {deep}}}, {{"Id": {deep}}}]}}"#);

    let page =
        security_hub::map::findings_page(&body.into(), &read_by(SourceKind::SecurityHub)).unwrap();

    assert!(matches!(page.documents[0], Document::Report(_)));
    assert!(matches!(page.documents[1], Document::Unmapped(_)));
}

#[test]
fn impossible_times_are_none_with_a_remark() {
    for time in [
        json!("2026-02-30T00:00:00Z"),
        json!("2026-01-01T25:00:00Z"),
        json!("yesterday"),
        json!(1e300),
        json!({"year": 2026}),
        json!([[]]),
        json!(true),
    ] {
        let mut finding = crate::security_hub::control();
        finding["UpdatedAt"] = time.clone();
        let report = asff(&finding);

        if time != json!([[]]) {
            assert!(report.remarks[0].starts_with("UpdatedAt: "), "{time}: {:?}", report.remarks);
        }
        assert_eq!(report.provider_updated, None, "{time}");
        assert!(report.provider_created.is_some());
    }
}

#[test]
fn times_of_every_kind_are_read() {
    for time in [
        json!("2026-01-02T00:00:00Z"),
        json!("2026-01-02 00:00:00.000000000"),
        json!("2026-01-02T01:00:00+01:00"),
        json!(1_767_312_000),
        json!(1_767_312_000_000_i64),
        json!({"__class__": "datetime", "year": 2026, "month": 1, "day": 2, "hour": 0, "minute": 0, "second": 0, "microsecond": 0}),
    ] {
        let mut finding = crate::security_hub::control();
        finding["UpdatedAt"] = time.clone();

        let updated = asff(&finding).provider_updated.unwrap();

        assert_eq!(updated.to_string(), "2026-01-02T00:00:00Z", "{time}");
    }
}

#[test]
fn accounts_of_the_wrong_length_are_said() {
    for account in ["12345678901", "1234567890123", "XXXXXXXXXXXX", ""] {
        let mut native = crate::guardduty::finding();
        native["accountId"] = account.into();
        let report = native_guardduty(&native);
        assert_eq!(report.account.as_str(), "123456789012", "from the ARN");
        let expected = if account.is_empty() { "accountId: missing" } else { "accountId: `" };
        assert!(report.remarks[0].starts_with(expected), "{:?}", report.remarks);
    }
}

#[test]
fn members_of_every_wrong_kind_cost_nothing_but_themselves() {
    let wrong = [json!(7), json!("x"), json!(["x", 7]), json!({"x": 1}), json!(true), Value::Null];
    let original = crate::security_hub::control();
    for (name, _) in original.as_object().unwrap() {
        for value in &wrong {
            let mut finding = original.clone();
            finding[name] = value.clone();

            check_all(&bytes(&finding));

            let unit = read_by(SourceKind::SecurityHub);
            let mapped = security_hub::map::finding(&bytes(&finding), &unit);
            let has_id = name != "Id"
                || matches!(value, Value::Number(_) | Value::String(_))
                || value.is_array()
                || value.is_boolean();
            assert_eq!(matches!(mapped, Document::Report(_)), has_id, "{name} = {value}");
        }
    }
}

/// Any JSON value, with names that the mappings look for.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(vec![
            "arn:aws:guardduty:eu-west-1:123456789012:detector/d/finding/f",
            "arn:aws:securityhub:eu-west-1::product/aws/guardduty",
            "arn:aws:securityhub:eu-west-1::product/aws/access-analyzer",
            "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
            "arn:aws:securityhub:eu-west-1::product/aws/macie",
            "arn:aws:securityhub:eu-west-1::product/aws/health",
            "arn:aws:access-analyzer:eu-west-1:123456789012:analyzer/a/arn:aws:s3:::b",
            "security-control/S3.8",
            "AWS::IAM::AccessKey:",
            "datetime",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        let name = prop::sample::select(vec![
            "Id",
            "id",
            "ProductArn",
            "GeneratorId",
            "Resources",
            "resource",
            "Severity",
            "severity",
            "Label",
            "Normalized",
            "Compliance",
            "Status",
            "status",
            "service",
            "Service",
            "detection",
            "sequence",
            "resources",
            "uid",
            "accessKeyDetails",
            "userType",
            "userName",
            "Details",
            "findingDetails",
            "findingType",
            "principal",
            "action",
            "__class__",
            "year",
            "Type",
            "type",
            "ProductFields",
            "UpdatedAt",
            "updatedAt",
            "metadata",
            "flaggedResources",
            "AwsAccountId",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..8).prop_map(|members| {
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }),
        ]
    })
}

/// Bytes of a good document with some of them changed, removed or repeated.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let documents = vec![
        crate::security_hub::control().to_string(),
        crate::guardduty::finding().to_string(),
        crate::access_analyzer::finding().to_string(),
        json!({"Findings": [crate::security_hub::control()], "NextToken": "t"}).to_string(),
        json!({"findings": [crate::guardduty::finding()]}).to_string(),
        json!({"result": {"status": "error", "flaggedResources": [{"status": "error", "metadata": ["a", null]}]}}).to_string(),
    ];
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (prop::sample::select(documents), prop::collection::vec(edit, 1..12)).prop_map(
        |(document, edits)| {
            let mut bytes = document.into_bytes();
            for (at, byte, kind) in edits {
                let at = at.index(bytes.len());
                match kind {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    2 => bytes.truncate(at.max(1)),
                    _ => {
                        let tail = bytes.split_off(at);
                        bytes.extend_from_slice(&tail[tail.len() / 2..]);
                        bytes.push(b'}');
                    }
                }
            }
            bytes
        },
    )
}

proptest! {
    #[test]
    fn no_json_breaks_a_mapping(value in any_json()) {
        let document = bytes(&value);

        check_all(&document);
        every_page(&document);
    }

    #[test]
    fn no_bytes_break_a_mapping(mut document in mutated()) {
        every_page(&Bytes::from(document.clone()));
        check_all(&Bytes::from(document.clone()));
        document.insert(0, b'[');
        every_page(&Bytes::from(document));
    }

    #[test]
    fn a_page_gives_as_many_documents_as_it_has(values in prop::collection::vec(any_json(), 0..8)) {
        let count = values.len();
        let body = bytes(&json!({"Findings": values.clone(), "findings": values}));
        let unit = read_by(SourceKind::SecurityHub);

        let asff = security_hub::map::findings_page(&body, &unit).unwrap().documents;
        let native = guardduty::map::findings(&body, &unit).unwrap();

        prop_assert_eq!(asff.len(), count);
        prop_assert_eq!(native.len(), count);
    }

    #[test]
    fn any_row_of_trusted_advisor_is_mapped(cells in any_json(), status in any_json(), columns in prop::collection::vec("[A-Za-z ]{0,12}", 0..6)) {
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let check = crate::trusted_advisor::check("x", &columns);
        let body = bytes(&json!({"result": {"status": "error", "flaggedResources": [{"status": status, "metadata": cells}]}}));

        let unit = read_by(SourceKind::TrustedAdvisor);
        let found = trusted_advisor::map::result(&body, &check, &unit).unwrap();

        prop_assert_eq!(found.documents.len(), 1);
        found.documents[0].reports().iter().for_each(is_sound);
    }
}

proptest! {
    // Each of these maps a document of up to a megabyte.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_text_anywhere_is_bounded(text in any::<String>(), times in 1_usize..2000) {
        let text = text.repeat(times);
        let mut finding = crate::security_hub::control();
        for name in ["Id", "ProductArn", "GeneratorId", "Title", "Description", "RecordState", "AwsAccountId", "Region"] {
            finding[name] = text.clone().into();
        }
        finding["Resources"] = json!([{"Type": text, "Id": text, "Region": text, "Partition": text}]);
        finding["Note"] = json!({"Text": text});

        check_all(&bytes(&finding));
    }
}
