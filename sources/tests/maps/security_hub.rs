//! ASFF: what each product writes, and what customers and time do to it.

use bytes::Bytes;
use muster_core::report::{Exposure, FindingClass, Severity, Status};
use muster_core::unit::SourceKind;
use muster_sources::security_hub::map;
use serde_json::{Value, json};

use crate::{asff, resource_ids, unit};

/// A control on a bucket, in the consolidated form.
pub(crate) fn control() -> Value {
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": "arn:aws:securityhub:eu-west-1:123456789012:security-control/S3.8/finding/0001",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
        "GeneratorId": "security-control/S3.8",
        "AwsAccountId": "123456789012",
        "Region": "eu-west-1",
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "CreatedAt": "2026-01-01T00:00:00Z",
        "UpdatedAt": "2026-01-02T00:00:00.000Z",
        "FirstObservedAt": "2026-01-01T00:00:00+00:00",
        "LastObservedAt": "2026-01-02T00:00:00.5Z",
        "Severity": {"Label": "HIGH", "Normalized": 70},
        "Title": "Buckets should block public access",
        "Description": "Says whether the bucket blocks public access.",
        "Remediation": {"Recommendation": {
            "Text": "Block it.",
            "Url": "https://docs.aws.amazon.com/console/securityhub/S3.8/remediation",
        }},
        "Resources": [{
            "Type": "AwsS3Bucket", "Id": "arn:aws:s3:::data", "Partition": "aws", "Region": "eu-west-1",
        }],
        "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8"},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    })
}

/// A finding of `product` with that id.
fn of_product(product: &str, id: &str) -> Value {
    let mut finding = control();
    finding["ProductArn"] = format!("arn:aws:securityhub:eu-west-1::product/{product}").into();
    finding["Id"] = id.into();
    finding["GeneratorId"] = "generator".into();
    finding["Compliance"] = Value::Null;
    finding
}

#[test]
fn a_control_is_mapped_whole() {
    let report = asff(&control());

    assert_eq!(report.source, SourceKind::SecurityHub);
    assert_eq!(report.product, "aws/securityhub");
    assert_eq!(report.origin.text, "shc|aws|123456789012|eu-west-1|S3.8|arn:aws:s3:::data");
    assert_eq!(report.account.as_str(), "123456789012");
    assert_eq!(report.region.as_str(), "eu-west-1");
    assert_eq!(report.class, FindingClass::Misconfiguration);
    assert_eq!(report.rule_id, "S3.8");
    assert_eq!((report.severity, report.severity_normalized), (Severity::High, 70));
    assert_eq!((report.status, report.status_detail.as_str()), (Status::Active, "FAILED"));
    assert_eq!(report.exposure, Exposure::Public);
    assert_eq!(report.customer.workflow, "NEW");
    assert_eq!(report.remediation, "Block it.");
    assert!(report.remediation_url.starts_with("https://"));
    assert_eq!(report.last_observed.unwrap().0 - report.first_observed.unwrap().0, 86_400_500);
    assert_eq!(report.remarks, [""; 0]);
    assert_eq!(report.count, 1);
    assert!(!report.sample && !report.raw_truncated);
}

#[test]
fn the_states_of_a_control_are_told_apart() {
    for (record, compliance, status, detail) in [
        ("ACTIVE", "FAILED", Status::Active, "FAILED"),
        ("ACTIVE", "PASSED", Status::Resolved, "PASSED"),
        ("ACTIVE", "WARNING", Status::Unobservable, "WARNING"),
        ("ACTIVE", "NOT_AVAILABLE", Status::Unobservable, "NOT_AVAILABLE"),
        ("ARCHIVED", "FAILED", Status::Archived, "ARCHIVED"),
        ("ARCHIVED", "PASSED", Status::Archived, "ARCHIVED"),
        ("ACTIVE", "SOMETHING_NEW", Status::Active, "SOMETHING_NEW"),
    ] {
        let mut finding = control();
        finding["RecordState"] = record.into();
        finding["Compliance"]["Status"] = compliance.into();

        let report = asff(&finding);

        assert_eq!((report.status, report.status_detail.as_str()), (status, detail));
        let says_public = compliance == "FAILED";
        assert_eq!(report.exposure == Exposure::Public, says_public, "{compliance}");
    }
}

#[test]
fn an_archived_record_says_why() {
    let mut finding = control();
    finding["RecordState"] = "ARCHIVED".into();
    finding["ProductFields"] =
        json!({"ArchivalReasons:0/ReasonCode": "CONSOLIDATED_CONTROL_FINDINGS_UPDATE"});

    let report = asff(&finding);

    assert_eq!(report.status_detail, "ARCHIVED: CONSOLIDATED_CONTROL_FINDINGS_UPDATE");
}

#[test]
fn one_control_is_one_origin_whatever_names_it() {
    let consolidated = asff(&control()).origin;
    let standards = [
        ("aws-foundational-security-best-practices/v/1.0.0/S3.8", ""),
        ("service-managed-aws-control-tower/v/1.0.0/S3.8", ""),
        ("nist-800-53/v/5.0.0/S3.8", "s3.8"),
        ("whatever", "S3.8"),
    ];

    for (generator, stated) in standards {
        let mut finding = control();
        finding["GeneratorId"] = generator.into();
        finding["Compliance"]["SecurityControlId"] = stated.into();
        finding["Id"] = format!(
            "arn:aws:securityhub:eu-west-1:123456789012:subscription/{generator}/finding/1"
        )
        .into();

        let report = asff(&finding);

        assert_eq!(report.origin, consolidated, "{generator}");
        assert_ne!(report.key, asff(&control()).key, "{generator}");
    }
}

#[test]
fn a_control_without_generator_is_known_by_its_id() {
    let mut finding = control();
    finding["GeneratorId"] = Value::Null;
    finding["Compliance"]["SecurityControlId"] = json!(["not a control"]);

    assert_eq!(asff(&finding).origin, asff(&control()).origin);
}

#[test]
fn global_controls_of_two_regions_are_one_finding() {
    let of_region = |region: &str| {
        let mut finding = control();
        finding["Region"] = region.into();
        finding["Id"] = format!("arn:aws:securityhub:{region}:123456789012:x/finding/1").into();
        finding["GeneratorId"] = "security-control/IAM.5".into();
        finding["Compliance"]["SecurityControlId"] = "IAM.5".into();
        finding["Resources"][0] =
            json!({"Type": "AwsIamUser", "Id": "arn:aws:iam::123456789012:user/u"});
        asff(&finding)
    };

    let [one, other] = [of_region("eu-west-1"), of_region("us-east-1")];

    assert_eq!(one.origin, other.origin);
    assert_eq!(one.region.as_str(), "global");
    assert_ne!(one.key, other.key);
}

#[test]
fn several_resources_of_a_threat_stay_one_report_with_the_first_as_subject() {
    let detector = "arn:aws:guardduty:eu-west-1:123456789012:detector/d";
    let mut finding = of_product("aws/guardduty", &format!("{detector}/finding/0abc"));
    finding["Resources"] = json!([
        {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::data"},
        {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::other"},
        {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::data/"},
        "not an object",
        {"Type": "AwsS3Bucket"},
    ]);

    let report = asff(&finding);

    assert_eq!(resource_ids(&report), ["arn:aws:s3:::data", "arn:aws:s3:::other"]);
    assert_eq!(report.origin.text, "gd|aws|eu-west-1|123456789012|0abc");
    assert_eq!(report.remarks.len(), 2, "{:?}", report.remarks);
}

#[test]
fn a_finding_without_resources_is_about_what_it_says_elsewhere_or_the_account() {
    let mut finding = control();
    finding["Resources"] = json!([]);
    assert_eq!(resource_ids(&asff(&finding)), ["arn:aws:iam::123456789012:root"]);

    finding["ProductFields"] = json!({"Resources:0/Id": "arn:aws:s3:::data"});
    assert_eq!(asff(&finding).origin, asff(&control()).origin);
}

#[test]
fn too_many_resources_are_cut_with_a_remark() {
    let mut finding = of_product("prowler/prowler", "prowler-1");
    let resource =
        |n: usize| json!({"Type": "AwsS3Bucket", "Id": format!("arn:aws:s3:::data-{n}")});
    finding["Resources"] = (0..50).map(resource).collect();

    let report = asff(&finding);

    assert_eq!(report.resources.len(), 32);
    assert_eq!(report.remarks, ["Resources: 50 of them, the first are kept"]);
}

#[test]
fn severity_is_the_label_and_the_number_is_in_its_band() {
    for (severity, label, number) in [
        (json!({"Label": "LOW"}), Severity::Low, 1),
        (json!({"Label": "low", "Normalized": 30}), Severity::Low, 30),
        (json!({"Label": "LOW", "Normalized": 40}), Severity::Low, 1),
        (json!({"Label": "MEDIUM", "Normalized": "55"}), Severity::Medium, 55),
        (json!({"Normalized": 90}), Severity::Critical, 90),
        (json!({"Normalized": 6, "Product": 0}), Severity::Low, 6),
        (json!({"Original": "HIGH"}), Severity::High, 70),
        (json!({"Label": "UNTRIAGED"}), Severity::Medium, 40),
        (json!({"Label": "FATAL"}), Severity::Critical, 90),
        (json!({"Label": ["HIGH"]}), Severity::High, 70),
        (json!({}), Severity::Informational, 0),
        (Value::Null, Severity::Informational, 0),
        (json!("HIGH"), Severity::Informational, 0),
    ] {
        let mut finding = control();
        finding["Severity"] = severity.clone();

        let report = asff(&finding);

        assert_eq!((report.severity, report.severity_normalized), (label, number), "{severity}");
    }
}

#[test]
fn an_untriaged_vulnerability_has_the_severity_of_its_score() {
    let mut finding = of_product("aws/inspector", "arn:aws:inspector2:eu-west-1:1:finding/f");
    finding["Severity"] = json!({"Label": "UNTRIAGED"});
    finding["ProductFields"] = json!({"aws/inspector/inspectorScore": "7.5"});

    let report = asff(&finding);

    assert_eq!((report.severity, report.severity_normalized), (Severity::High, 75));
}

#[test]
fn what_customers_wrote_is_kept_and_is_no_triage() {
    let mut finding = control();
    finding["Workflow"]["Status"] = "SUPPRESSED".into();
    finding["Note"] = json!({"Text": "known", "UpdatedBy": "somebody"});
    finding["VerificationState"] = "FALSE_POSITIVE".into();
    finding["Severity"] = json!({"Label": "LOW", "Normalized": 1});
    finding["FindingProviderFields"] = json!({"Severity": {"Label": "HIGH"}});

    let report = asff(&finding);

    assert_eq!(report.status, Status::Active);
    assert_eq!(report.customer.workflow, "SUPPRESSED");
    assert_eq!(report.customer.note, "known");
    assert_eq!(report.customer.verification, "FALSE_POSITIVE");
    assert_eq!(report.customer.provider_severity, Some(Severity::High));
    assert_eq!(report.severity, Severity::Low);
}

#[test]
fn a_heartbeat_changes_no_content() {
    let first = asff(&control());
    let mut later = control();
    later["UpdatedAt"] = "2026-01-09T00:00:00Z".into();
    later["LastObservedAt"] = "2026-01-09T00:00:00Z".into();
    later["ProcessedAt"] = "2026-01-09T00:00:01Z".into();
    let later = asff(&later);
    let mut changed = control();
    changed["Compliance"]["Status"] = "PASSED".into();

    assert_eq!(first.content_hash(), later.content_hash());
    assert_ne!(first.content_hash(), asff(&changed).content_hash());
}

#[test]
fn inspector_findings_are_vulnerabilities_by_their_arn() {
    let arn = "arn:aws:inspector2:eu-west-1:123456789012:finding/0abc";
    let mut finding = of_product("aws/inspector", arn);
    finding["Types"] = json!(["Software and Configuration Checks/Vulnerabilities/CVE"]);
    finding["Vulnerabilities"] =
        json!([{"Id": "CVE-2026-1", "VulnerablePackages": [{"Name": "openssl"}]}]);
    finding["ProductFields"] = json!({"aws/inspector/FindingStatus": "ACTIVE"});
    let open = asff(&finding);
    finding["ProductFields"] = json!({"aws/inspector/FindingStatus": "CLOSED"});
    finding["RecordState"] = "ARCHIVED".into();
    let closed = asff(&finding);

    assert_eq!(open.origin.text, format!("insp|{arn}"));
    assert_eq!(open.class, FindingClass::Vulnerability);
    assert_eq!((open.rule_id.as_str(), open.facet.as_str()), ("CVE-2026-1", "CVE-2026-1|openssl"));
    assert_eq!(open.status, Status::Active);
    assert_eq!((closed.status, closed.status_detail.as_str()), (Status::Resolved, "CLOSED"));
}

#[test]
fn macie_findings_are_known_by_their_bare_id() {
    let kinds = [
        (
            "Sensitive Data Identifications/PII/SensitiveData:S3Object-Personal",
            "SensitiveData:S3Object/Personal",
            FindingClass::SensitiveData,
            Exposure::Unknown,
        ),
        (
            "Effects/Data Exposure/Policy:IAMUser-S3BucketPublic",
            "Policy:IAMUser/S3BucketPublic",
            FindingClass::Exposure,
            Exposure::Public,
        ),
        (
            "Software and Configuration Checks/AWS Security Best Practices/Policy:IAMUser-S3BucketSharedExternally",
            "Policy:IAMUser/S3BucketSharedExternally",
            FindingClass::Misconfiguration,
            Exposure::CrossAccount,
        ),
    ];
    for (kind, rule, class, exposure) in kinds {
        let mut finding = of_product("aws/macie", "5be50fce24526e670df77bc00b8f3c2d");
        finding["Types"] = json!([kind]);

        let report = asff(&finding);

        let origin = "mac|aws|eu-west-1|123456789012|5be50fce24526e670df77bc00b8f3c2d";
        assert_eq!(report.origin.text, origin);
        assert_eq!((report.rule_id.as_str(), report.class), (rule, class));
        assert_eq!(report.exposure, exposure);
    }
}

#[test]
fn a_config_rule_is_known_by_rule_and_resource_not_by_the_hash() {
    let rule = "arn:aws:config:eu-west-1:123456789012:config-rule/config-rule-abc";
    let with_hash = |hash: &str| {
        let mut finding = of_product("aws/config", &format!("{rule}/finding/{hash}"));
        finding["GeneratorId"] = rule.into();
        finding["ProductFields"] = json!({"aws/config/ConfigRuleName": "my-rule"});
        asff(&finding)
    };

    let [one, other] = [with_hash("aaaa"), with_hash("bbbb")];

    assert_eq!(one.origin.text, format!("cfg|{rule}|arn:aws:s3:::data"));
    assert_eq!(one.origin, other.origin);
    assert_eq!(one.rule_id, "my-rule");
}

#[test]
fn a_health_event_is_known_by_the_event_in_its_account() {
    let id = "arn:aws:health:us-east-1:123456789012:event/RISK/AWS_RISK_CREDENTIALS_EXPOSED/\
              AWS_RISK_CREDENTIALS_EXPOSED_1/0123abcd";
    let mut finding = of_product("aws/health", id);
    finding["GeneratorId"] = "AWS_RISK_CREDENTIALS_EXPOSED".into();

    let report = asff(&finding);

    assert_eq!(
        report.origin.text,
        "hlt|123456789012|arn:aws:health:us-east-1::event/RISK/AWS_RISK_CREDENTIALS_EXPOSED/\
         AWS_RISK_CREDENTIALS_EXPOSED_1"
    );
    assert_eq!(report.class, FindingClass::Threat);
}

#[test]
fn partners_and_custom_products_are_known_by_product_account_and_id() {
    let report = asff(&of_product("Prowler/prowler", "prowler-x|1"));
    assert_eq!(report.origin.text, "asff|prowler/prowler|123456789012|eu-west-1|prowler-x%7C1");
    assert_eq!(report.rule_id, "generator");

    // Ids of custom products are unique in their account and Region only.
    let in_region = |region: &str| {
        let mut finding = of_product("x/y", "Id1");
        let arn = format!("arn:aws:securityhub:{region}:123456789012:product/123456789012/default");
        finding["ProductArn"] = arn.into();
        asff(&finding).key
    };
    assert_ne!(in_region("eu-west-1"), in_region("us-east-1"));
}

#[test]
fn the_unified_hub_names_the_same_product() {
    let mut finding = control();
    finding["ProductArn"] = "arn:aws:securityhub:eu-west-1::productv2/aws/securityhub".into();

    let report = asff(&finding);

    assert_eq!(report.key, asff(&control()).key);
    assert_eq!(report.product, "aws/securityhub");
}

#[test]
fn a_product_without_arn_is_known_by_its_names() {
    let mut finding = of_product("x/y", "1");
    finding["ProductArn"] = Value::Null;
    finding["CompanyName"] = "Example Corp".into();
    finding["ProductName"] = "Scanner 3000".into();
    assert_eq!(asff(&finding).product, "example-corp/scanner-3000");

    finding["ProductName"] = Value::Null;
    let report = asff(&finding);
    assert_eq!(report.product, "unknown/unknown");
    assert!(report.remarks.contains(&"ProductArn: missing".to_owned()), "{:?}", report.remarks);
}

#[test]
fn the_class_follows_the_types() {
    for (kind, class) in [
        ("TTPs/Discovery/x", FindingClass::Threat),
        ("Unusual Behaviors", FindingClass::Threat),
        ("Effects/Data Exposure", FindingClass::Exposure),
        ("Effects/Data Exfiltration", FindingClass::Threat),
        ("Sensitive Data Identifications/PII", FindingClass::SensitiveData),
        ("Software and Configuration Checks/Vulnerabilities/CVE", FindingClass::Vulnerability),
        ("Software and Configuration Checks", FindingClass::Misconfiguration),
        ("Something else", FindingClass::Misconfiguration),
    ] {
        let mut finding = of_product("example/scanner", "1");
        finding["Types"] = json!(["IAM", kind]);

        assert_eq!(asff(&finding).class, class, "{kind}");
    }
}

#[test]
fn a_page_gives_every_finding_and_the_next_token() {
    let unit = unit(SourceKind::SecurityHub, "");
    let body = json!({"Findings": [control(), {"Id": 7}, "x", {}], "NextToken": "next"});
    let page = map::findings_page(&Bytes::from(body.to_string()), &unit).unwrap();

    assert_eq!(page.documents.len(), 4);
    assert_eq!(page.next_token.as_deref(), Some("next"));
    let last =
        map::findings_page(&Bytes::from_static(b"{\"Findings\":[],\"NextToken\":null}"), &unit);
    assert_eq!(last.unwrap().next_token, None);
}
