//! External, unused and internal access.

use std::collections::BTreeSet;

use bytes::Bytes;
use muster_core::report::{Exposure, FindingClass, Severity, Status};
use muster_core::unit::SourceKind;
use muster_sources::access_analyzer::map::{self, AnalyzerKind};
use serde_json::{Value, json};

use crate::{ANALYZER, bytes, external_access, report_of, resource_ids, unit, unmapped_of};

/// An item of `ListFindings`: a bucket that another account can read.
pub(crate) fn finding() -> Value {
    json!({
        "id": "6d1a2533-bfac-4e07-82b2-7540f68cad26",
        "principal": {"AWS": "444455556666"},
        "action": ["s3:GetObject", "s3:ListBucket"],
        "resource": "arn:aws:s3:::data",
        "isPublic": false,
        "resourceType": "AWS::S3::Bucket",
        "condition": {},
        "createdAt": "2026-01-01T00:00:00.123Z",
        "analyzedAt": "2026-01-03T00:00:00Z",
        "updatedAt": "2026-01-02T00:00:00+00:00",
        "status": "ACTIVE",
        "resourceOwnerAccount": "123456789012",
        "error": null,
    })
}

/// An answer of `GetFindingV2`.
fn detailed(kind: &str, resource: &str, details: Value) -> Value {
    json!({
        "id": "f-1",
        "findingType": kind,
        "resource": resource,
        "resourceType": "AWS::IAM::Role",
        "resourceOwnerAccount": "123456789012",
        "status": "ACTIVE",
        "createdAt": "2026-01-01T00:00:00Z",
        "analyzedAt": "2026-01-03T00:00:00Z",
        "updatedAt": "2026-01-02T00:00:00Z",
        "findingDetails": details,
    })
}

fn map_details(pages: &[Value]) -> muster_core::report::Report {
    let pages: Vec<Bytes> = pages.iter().map(bytes).collect();
    report_of(map::finding(&pages, &unit(SourceKind::AccessAnalyzer, ANALYZER)))
}

#[test]
fn an_external_access_is_mapped_whole() {
    let report = external_access(&finding());

    assert_eq!(report.source, SourceKind::AccessAnalyzer);
    assert_eq!(report.product, "aws/access-analyzer");
    assert_eq!(report.origin.text, format!("aax|{ANALYZER}|arn:aws:s3:::data|444455556666"));
    assert_eq!(report.key.provider_id, format!("{ANALYZER}/6d1a2533-bfac-4e07-82b2-7540f68cad26"));
    assert_eq!((report.account.as_str(), report.region.as_str()), ("123456789012", "eu-west-1"));
    assert_eq!(report.class, FindingClass::Exposure);
    assert_eq!(
        (report.rule_id.as_str(), report.facet.as_str()),
        ("ExternalAccess", "444455556666")
    );
    assert_eq!(report.exposure, Exposure::CrossAccount);
    assert_eq!(report.status, Status::Active);
    assert_eq!(report.title, "External access to arn:aws:s3:::data for 444455556666");
    assert_eq!(report.description, "Principal: 444455556666\nActions: s3:GetObject, s3:ListBucket");
    assert_eq!(report.last_observed.unwrap().to_string(), "2026-01-03T00:00:00Z");
    assert_eq!(report.provider_updated.unwrap().to_string(), "2026-01-02T00:00:00Z");
    assert_eq!(report.remarks, [""; 0]);
}

#[test]
fn severity_follows_who_may_do_what() {
    let queue = "AWS::SQS::Queue";
    for (kind, is_public, actions, condition, severity) in [
        (queue, true, json!(["sqs:ReceiveMessage"]), json!({}), Severity::High),
        (
            queue,
            true,
            json!(["sqs:ReceiveMessage", "sqs:SendMessage"]),
            json!({}),
            Severity::Critical,
        ),
        (queue, true, json!(["*"]), json!({}), Severity::Critical),
        ("AWS::S3::Bucket", true, json!(["s3:GetObject"]), json!({}), Severity::Critical),
        ("AWS::KMS::Key", true, json!(["kms:DescribeKey"]), json!({}), Severity::Critical),
        ("AWS::EC2::Snapshot", true, json!([]), json!({}), Severity::Critical),
        (queue, false, json!(["sqs:SendMessage"]), json!({}), Severity::Medium),
        (queue, false, json!(["*"]), json!({"aws:PrincipalOrgID": "o-1"}), Severity::Low),
        (queue, false, json!(["*"]), json!({"aws:SecureTransport": "true"}), Severity::Medium),
    ] {
        let mut finding = finding();
        finding["resourceType"] = kind.into();
        finding["isPublic"] = is_public.into();
        finding["action"] = actions.clone();
        finding["condition"] = condition.clone();

        let document = bytes(&finding);
        let unit = unit(SourceKind::AccessAnalyzer, ANALYZER);
        let mapped = map::external_finding(&document, &unit, &BTreeSet::new());
        let report = mapped.reports().first().unwrap();

        assert_eq!(report.severity, severity, "{kind} {is_public} {actions} {condition}");
        let exposure = if is_public { Exposure::Public } else { Exposure::CrossAccount };
        assert_eq!(report.exposure, exposure);
    }
}

#[test]
fn a_new_id_for_the_same_access_is_the_same_finding() {
    let mut reissued = finding();
    reissued["id"] = "another".into();
    let mut other = finding();
    other["principal"] = json!({"AWS": "777788889999"});
    let mut root = finding();
    root["principal"] = json!({"AWS": "arn:aws:iam::444455556666:root"});

    let first = external_access(&finding());
    assert_eq!(external_access(&reissued).origin, first.origin);
    assert_ne!(external_access(&reissued).key, first.key);
    assert_ne!(external_access(&other).origin, first.origin);
    assert_eq!(external_access(&root).origin, first.origin);
}

#[test]
fn a_rescan_and_another_order_of_actions_change_no_content() {
    let mut rescanned = finding();
    rescanned["analyzedAt"] = "2026-02-01T00:00:00Z".into();
    rescanned["action"] = json!(["s3:ListBucket", "s3:GetObject"]);

    let [first, second] = [finding(), rescanned].map(|finding| external_access(&finding));

    assert_eq!(first.content_hash(), second.content_hash());
}

#[test]
fn an_error_is_a_gap_in_coverage_of_its_own() {
    let mut finding = finding();
    finding["error"] = "ACCESS_DENIED".into();
    for name in ["principal", "action", "condition", "isPublic"] {
        finding[name] = Value::Null;
    }

    let report = external_access(&finding);

    let id = "6d1a2533-bfac-4e07-82b2-7540f68cad26";
    assert_eq!(report.origin.text, format!("aa|{ANALYZER}|{id}"));
    assert_eq!(report.severity, Severity::Informational);
    assert_eq!(report.exposure, Exposure::Unknown);
    assert_eq!(report.title, "Access to arn:aws:s3:::data cannot be analyzed: ACCESS_DENIED");
}

#[test]
fn what_is_resolved_on_a_denied_resource_is_not_known() {
    let unit = unit(SourceKind::AccessAnalyzer, ANALYZER);
    let mut resolved = finding();
    resolved["status"] = "RESOLVED".into();
    let mut error = finding();
    error["error"] = "ACCESS_DENIED".into();
    let body = Bytes::from(json!({"findings": [resolved, error]}).to_string());

    let denied = map::denied_resources_page(&body).unwrap().ids;
    assert_eq!(denied, ["arn:aws:s3:::data"]);
    let status = |denied: &BTreeSet<String>| {
        let page = map::external_findings_page(&body, &unit, denied).unwrap();
        report_of(page.documents.into_iter().next().unwrap()).status
    };

    assert_eq!(status(&denied.into_iter().collect()), Status::Unobservable);
    assert_eq!(status(&BTreeSet::new()), Status::Resolved);
}

#[test]
fn the_states_are_told_apart() {
    for (stated, status) in [
        (json!("ACTIVE"), Status::Active),
        (json!("ARCHIVED"), Status::Archived),
        (json!("RESOLVED"), Status::Resolved),
        (json!("NEW_STATE"), Status::Active),
        (Value::Null, Status::Active),
    ] {
        let mut finding = finding();
        finding["status"] = stated.clone();

        assert_eq!(external_access(&finding).status, status, "{stated}");
    }
}

#[test]
fn the_owner_is_the_account_not_the_analyzer() {
    let mut finding = finding();
    finding["resource"] = "arn:aws:iam::222222222222:role/r".into();
    finding["resourceOwnerAccount"] = "222222222222".into();
    assert_eq!(external_access(&finding).account.as_str(), "222222222222");

    finding["resourceOwnerAccount"] = Value::Null;
    assert_eq!(external_access(&finding).account.as_str(), "222222222222");

    finding["resource"] = "arn:aws:s3:::data".into();
    let report = external_access(&finding);
    assert_eq!(report.account.as_str(), crate::READER);
    assert_eq!(report.remarks.len(), 1, "{:?}", report.remarks);
}

#[test]
fn both_lists_give_the_same_report_of_an_external_access() {
    let v1 = external_access(&finding());
    let mut v2 = finding();
    for name in ["principal", "action", "condition", "isPublic"] {
        v2.as_object_mut().unwrap().remove(name);
    }
    v2["findingType"] = "ExternalAccess".into();
    v2["findingDetails"] = json!([{"externalAccessDetails": {
        "principal": {"AWS": "444455556666"},
        "action": ["s3:GetObject", "s3:ListBucket"],
        "condition": {},
        "isPublic": false,
    }}]);
    let v2 = map_details(&[v2]);

    assert_eq!(v1.key, v2.key);
    assert_eq!(v1.content_hash(), v2.content_hash());
}

#[test]
fn unused_access_has_a_type_a_severity_and_a_facet() {
    let role = "arn:aws:iam::123456789012:role/r";
    let user = "arn:aws:iam::123456789012:user/u";
    for (kind, resource, details, severity, facet, title) in [
        (
            "UnusedIAMRole",
            role,
            json!([{"unusedIamRoleDetails": {"lastAccessed": "2025-01-01T00:00:00Z"}}]),
            Severity::Medium,
            "",
            format!("Unused role {role}"),
        ),
        (
            "UnusedIAMUserAccessKey",
            user,
            json!([{"unusedIamUserAccessKeyDetails": {"accessKeyId": "AKIAI44QH8DHBEXAMPLE"}}]),
            Severity::Medium,
            "AKIAI44QH8DHBEXAMPLE",
            format!("Unused access key AKIAI44QH8DHBEXAMPLE of {user}"),
        ),
        (
            "UnusedIAMUserPassword",
            user,
            json!([{"unusedIamUserPasswordDetails": {}}]),
            Severity::Medium,
            "",
            format!("Unused password of {user}"),
        ),
        (
            "UnusedPermission",
            role,
            json!([{"unusedPermissionDetails": {"serviceNamespace": "s3", "actions": [{"action": "PutObject"}]}}]),
            Severity::Low,
            "s3",
            format!("Unused permissions of {role}"),
        ),
    ] {
        let report = map_details(&[detailed(kind, resource, details)]);

        assert_eq!(report.origin.text, format!("aa|{ANALYZER}|f-1"));
        assert_eq!(report.rule_id, kind);
        assert_eq!(report.severity, severity, "{kind}");
        assert_eq!(report.class, FindingClass::Misconfiguration);
        assert_eq!(report.exposure, Exposure::Unknown);
        assert_eq!(report.facet, facet, "{kind}");
        assert_eq!(report.title, title);
        assert_eq!(resource_ids(&report), [resource]);
        assert_eq!(report.remarks, [""; 0]);
    }
}

#[test]
fn internal_access_is_private_exposure() {
    let details = json!([{"internalAccessDetails": {
        "principal": {"AWS": "arn:aws:iam::123456789012:role/app"},
        "action": ["s3:GetObject"],
        "accessType": "INTRA_ACCOUNT",
        "principalType": "IAM_ROLE",
    }}]);

    let report = map_details(&[detailed("InternalAccess", "arn:aws:s3:::data", details)]);

    assert_eq!(report.origin.text, format!("aa|{ANALYZER}|f-1"));
    assert_eq!(report.exposure, Exposure::Private);
    assert_eq!(report.class, FindingClass::Exposure);
    assert_eq!(report.severity, Severity::Low);
    assert_eq!(report.facet, "arn:aws:iam::123456789012:role/app");
}

#[test]
fn the_details_of_several_pages_are_one_report() {
    let role = "arn:aws:iam::123456789012:role/r";
    let page = |service: &str, action: &str| {
        let details = json!([{"unusedPermissionDetails": {
            "serviceNamespace": service, "actions": [{"action": action}],
        }}]);
        detailed("UnusedPermission", role, details)
    };
    let mut first = page("s3", "PutObject");
    first["nextToken"] = "t".into();
    let pages = [first, page("ec2", "RunInstances")];
    assert_eq!(map::details_next_token(&bytes(&pages[0])).unwrap().as_deref(), Some("t"));
    assert_eq!(map::details_next_token(&bytes(&pages[1])).unwrap(), None);

    let report = map_details(&pages);

    assert_eq!(report.facet, "ec2,s3");
    assert_eq!(report.description, "Services: ec2, s3\nActions: PutObject, RunInstances");
    let raw: Value = serde_json::from_slice(&report.raw).unwrap();
    assert_eq!(raw, json!(pages));
}

#[test]
fn a_type_from_the_future_is_kept_with_a_remark() {
    let report = map_details(&[detailed("UnusedTeapot", "arn:aws:s3:::data", json!([]))]);

    assert_eq!(report.origin.text, format!("aa|{ANALYZER}|f-1"));
    assert_eq!(report.severity, Severity::Medium);
    assert_eq!(report.remarks, ["findingType: `UnusedTeapot` is not known"]);
}

#[test]
fn summaries_say_what_must_be_fetched() {
    let unit = unit(SourceKind::AccessAnalyzer, ANALYZER);
    let body = json!({
        "findings": [
            {"id": "f-1", "status": "ACTIVE", "findingType": "UnusedIAMRole", "resource": "arn:r", "updatedAt": "2026-01-02T00:00:00Z"},
            {"id": "f-2", "status": "RESOLVED", "updatedAt": "soon", "error": "ACCESS_DENIED"},
            {"status": "ACTIVE"},
            "x",
        ],
        "nextToken": "t",
    });

    let page = map::summaries_page(&Bytes::from(body.to_string()), &unit).unwrap();

    let ids: Vec<&str> = page.summaries.iter().map(|summary| summary.id.as_str()).collect();
    assert_eq!(ids, ["f-1", "f-2"]);
    assert_eq!(page.summaries[0].updated.unwrap().to_string(), "2026-01-02T00:00:00Z");
    assert_eq!(page.summaries[1].updated, None);
    assert!(page.summaries[1].is_error);
    assert_eq!(page.next_token.as_deref(), Some("t"));
    let errors: Vec<&str> = page.unmapped.iter().map(|one| one.error.as_str()).collect();
    assert_eq!(errors, ["id: missing", "a text instead of an object"]);
    let report = map_details(&[detailed("UnusedIAMRole", "arn:r", json!([]))]);
    assert_eq!(page.summaries[0].key, report.key);
}

#[test]
fn analyzers_are_listed_with_what_they_look_for() {
    let body = json!({
        "analyzers": [
            {"arn": "a", "type": "ACCOUNT", "status": "ACTIVE"},
            {"arn": "b", "type": "ORGANIZATION_UNUSED_ACCESS", "status": "DISABLED", "managedBy": "securityhubv2.amazonaws.com"},
            {"arn": "c", "type": "ACCOUNT_INTERNAL_ACCESS"},
            {"arn": "d", "type": "SOMETHING_NEW"},
            {"type": "ACCOUNT"},
        ],
    });

    let page = map::analyzers_page(&Bytes::from(body.to_string())).unwrap();

    let kinds: Vec<AnalyzerKind> = page.analyzers.iter().map(|analyzer| analyzer.kind).collect();
    let expected =
        [AnalyzerKind::External, AnalyzerKind::Unused, AnalyzerKind::Internal, AnalyzerKind::Other];
    assert_eq!(kinds, expected);
    assert_eq!(page.analyzers[1].managed_by, "securityhubv2.amazonaws.com");
    assert_eq!(page.analyzers[1].status, "DISABLED");
    assert_eq!(page.next_token, None);
}

#[test]
fn a_finding_without_an_id_is_kept_with_its_error() {
    let mut finding = finding();
    finding["id"] = Value::Null;
    let unit = unit(SourceKind::AccessAnalyzer, ANALYZER);

    let unmapped = unmapped_of(map::external_finding(&bytes(&finding), &unit, &BTreeSet::new()));

    assert_eq!(unmapped.error, "id: missing");
    assert_eq!(unmapped.raw, bytes(&finding));
    assert_eq!(unmapped_of(map::finding(&[], &unit)).error, "id: missing");
}
