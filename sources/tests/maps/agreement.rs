//! Every path to one thing: native, ASFF, OCSF and event have one origin key, and agree on what
//! classes decide by.

mod pushed;

use bytes::Bytes;
use muster_core::report::{FindingClass, Report, ReportPath, Severity, Status};
use muster_core::unit::SourceKind;
use muster_sources::trusted_advisor::map::Check;
use muster_sources::{access_analyzer, config, events, inspector, macie, security_hub};
use serde_json::{Value, json};

use crate::statements::attributes;
use crate::{ANALYZER, READER, asff, bytes, native_guardduty, reports_of, unit, unmapped_of};

/// The reports of one event.
fn event(source: &str, kind: &str, detail: &Value) -> Vec<Report> {
    envelope(&json!({
        "version": "0", "id": "e-1", "source": source, "detail-type": kind,
        "account": "123456789012", "time": "2026-01-02T03:04:05Z", "region": "eu-west-1",
        "resources": [ANALYZER], "detail": detail,
    }))
}

fn envelope(event: &Value) -> Vec<Report> {
    map_event(event).into_iter().flat_map(reports_of).collect()
}

fn map_event(event: &Value) -> Vec<muster_sources::document::Document> {
    let checks = [Check {
        columns: vec!["Unused".to_owned()],
        name: "Security Groups - Specific Ports Unrestricted".to_owned(),
        id: "HCP4007jGY".to_owned(),
        ..Check::default()
    }];
    events::map::event(&bytes(event), &checks, &unit(SourceKind::SecurityHub, ""))
}

/// An OCSF finding of `product` with that id.
fn ocsf(product: &str, class: u32, id: &str, resource: &Value) -> Value {
    json!({
        "activity_id": 1, "class_uid": class, "category_uid": 2,
        "cloud": {"account": {"uid": "123456789012"}, "region": "eu-west-1", "provider": "AWS"},
        "finding_info": {
            "uid": id, "title": "T", "types": ["Threats"],
            "created_time_dt": "2026-01-01T00:00:00Z", "modified_time": 1_767_312_000_000_u64,
        },
        "metadata": {"product": {
            "uid": format!("arn:aws:securityhub:eu-west-1::productv2/aws/{product}"),
            "name": product, "vendor_name": "AWS",
        }},
        "resources": [resource],
        "severity": "High", "severity_id": 4, "status_id": 1,
        "vendor_attributes": {"severity": "Medium"},
    })
}

fn read_ocsf(value: &Value) -> Report {
    let unit = unit(SourceKind::SecurityHub, "");
    let mut reports = reports_of(security_hub::map::ocsf::finding(&bytes(value), &unit));
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

/// An ASFF finding of `product` with that id.
fn copy(product: &str, id: &str, resource: &Value) -> Value {
    let mut copy = crate::security_hub::control();
    copy["ProductArn"] = format!("arn:aws:securityhub:eu-west-1::product/aws/{product}").into();
    copy["Id"] = id.into();
    copy["GeneratorId"] = "g".into();
    copy["Compliance"] = Value::Null;
    copy["Resources"] = json!([resource]);
    copy
}

fn assert_one(reports: &[&Report]) {
    for pair in reports.windows(2) {
        assert_eq!(pair[0].origin, pair[1].origin);
        assert_eq!(pair[0].resources[0].id, pair[1].resources[0].id, "{}", pair[0].origin);
        assert_eq!(pair[0].facet, pair[1].facet, "{}", pair[0].origin);
        assert_eq!(pair[0].product, pair[1].product, "{}", pair[0].origin);
        assert_eq!(pair[0].account, pair[1].account, "{}", pair[0].origin);
    }
}

const CVE: &str = "arn:aws:inspector2:eu-west-1:123456789012:finding/0abc";

fn native_vulnerability() -> Value {
    json!({
        "findingArn": CVE, "awsAccountId": "123456789012", "type": "PACKAGE_VULNERABILITY",
        "title": "CVE-2026-1 - openssl", "severity": "HIGH", "status": "ACTIVE",
        "firstObservedAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-02T00:00:00Z",
        "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2026-1", "vulnerablePackages": [
            {"name": "openssl", "version": "3.0.1"}, {"name": "libssl3"}, {"name": "openssl"},
        ]},
        "resources": [{"type": "AWS_EC2_INSTANCE", "id": "i-0abc12345def67890", "region": "eu-west-1"}],
        "remediation": {"recommendation": {"text": "Update.", "Url": "https://example.org/u"}},
    })
}

fn native_inspector(value: &Value) -> Report {
    let unit = unit(SourceKind::Inspector, "");
    reports_of(inspector::map::finding(&bytes(value), &unit)).remove(0)
}

#[test]
fn a_vulnerability_is_one_by_every_path() {
    let native = native_inspector(&native_vulnerability());
    let by_event = event("aws.inspector2", "Inspector2 Finding", &native_vulnerability()).remove(0);
    let instance = json!({"Type": "AwsEc2Instance", "Id": "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc12345def67890"});
    let mut asff_copy = copy("inspector", CVE, &instance);
    asff_copy["Vulnerabilities"] = json!([{"Id": "CVE-2026-1", "VulnerablePackages": [
        {"Name": "libssl3"}, {"Name": "openssl"},
    ]}]);
    let asff_copy = asff(&asff_copy);
    let mut v2 = ocsf(
        "inspector",
        2002,
        CVE,
        &json!({"type": "AwsEc2Instance", "uid": "i-0abc12345def67890"}),
    );
    v2["vulnerabilities"] = json!([{"cve": {"uid": "CVE-2026-1"}, "affected_packages": [
        {"name": "openssl"}, {"name": "libssl3"},
    ]}]);
    let v2 = read_ocsf(&v2);

    assert_one(&[&native, &by_event, &asff_copy, &v2]);
    assert_eq!(native.key, by_event.key);
    assert_eq!(native.key.provider_id, CVE);
    assert_eq!(native.facet, "CVE-2026-1|libssl3,openssl");
    for report in [&native, &asff_copy, &v2] {
        assert_eq!(report.rule_id, "CVE-2026-1");
        assert_eq!(report.class, FindingClass::Vulnerability);
        assert_eq!(attributes(report), attributes(&native));
    }
    assert_eq!((native.severity, native.remediation.as_str()), (Severity::High, "Update."));
    assert_eq!(native.source, SourceKind::Inspector);
}

#[test]
fn inspector_says_closed_and_untriaged() {
    let mut finding = native_vulnerability();
    for (status, expected) in
        [("ACTIVE", Status::Active), ("SUPPRESSED", Status::Archived), ("CLOSED", Status::Resolved)]
    {
        finding["status"] = status.into();
        assert_eq!(native_inspector(&finding).status, expected);
    }
    finding["severity"] = "UNTRIAGED".into();
    assert_eq!(native_inspector(&finding).severity_normalized, 40);
    finding["inspectorScore"] = 7.5.into();
    let scored = native_inspector(&finding);
    assert_eq!((scored.severity, scored.severity_normalized), (Severity::High, 75));
}

#[test]
fn a_reachable_port_has_its_range_by_both_paths() {
    let mut native = native_vulnerability();
    native["type"] = "NETWORK_REACHABILITY".into();
    native["networkReachabilityDetails"] =
        json!({"protocol": "TCP", "openPortRange": {"begin": 22, "end": 22}});
    let native = native_inspector(&native);
    let mut hub =
        copy("inspector", CVE, &json!({"Type": "AwsEc2Instance", "Id": "i-0abc12345def67890"}));
    hub["Types"] = json!([
        "Software and Configuration Checks/AWS Security Best Practices/Network Reachability"
    ]);
    hub["Network"] = json!({"Protocol": "TCP", "OpenPortRange": {"Begin": 22, "End": 22}});
    let hub = asff(&hub);

    assert_one(&[&native, &hub]);
    assert_eq!(native.facet, "tcp:22-22");
    assert_eq!(native.rule_id, hub.rule_id);
    assert_eq!(
        attributes(&native),
        ["finding type=NETWORK_REACHABILITY", "from port=22", "protocol=tcp", "to port=22"]
    );
    assert_eq!(native.attributes, hub.attributes);
    assert_eq!((native.class, native.exposure), (hub.class, hub.exposure));
}

fn native_macie(kind: &str, read: bool, write: bool) -> Value {
    json!({
        "id": "4e958e42874e5e24ae7e92257cf2783e", "accountId": "123456789012",
        "region": "eu-west-1", "partition": "aws", "type": kind, "title": "T", "category": "POLICY",
        "severity": {"score": 3, "description": "High"}, "archived": false, "count": 2,
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-02T00:00:00Z",
        "resourcesAffected": {"s3Bucket": {
            "arn": "arn:aws:s3:::data", "name": "data",
            "publicAccess": {"effectivePermission": "PUBLIC", "permissionConfiguration": {
                "bucketLevelPermissions": {
                    "accessControlList": {"allowsPublicReadAccess": false, "allowsPublicWriteAccess": write},
                    "bucketPolicy": {"allowsPublicReadAccess": read, "allowsPublicWriteAccess": false},
                },
            }},
        }},
    })
}

fn read_macie(value: &Value) -> Vec<Report> {
    reports_of(macie::map::finding(&bytes(value), &unit(SourceKind::Macie, "")))
}

#[test]
fn a_macie_finding_is_one_by_every_path() {
    let kind = "Policy:IAMUser/S3BucketEncryptionDisabled";
    let finding = native_macie(kind, false, false);
    let native = read_macie(&finding).remove(0);
    let by_event = event("aws.macie", "Macie Finding", &finding).remove(0);
    let bucket = json!({"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::data"});
    let mut hub = copy("macie", "4e958e42874e5e24ae7e92257cf2783e", &bucket);
    hub["Types"] = json!([
        "Software and Configuration Checks/AWS Security Best Practices/Policy:IAMUser-S3BucketEncryptionDisabled"
    ]);
    let hub = asff(&hub);
    let arn = "arn:aws:macie2:eu-west-1:123456789012:finding/4e958e42874e5e24ae7e92257cf2783e";
    let mut v2 = ocsf(
        "macie",
        2004,
        arn,
        &json!({"type": "AWS::S3::Bucket", "uid": "data", "uid_alt": "arn:aws:s3:::data"}),
    );
    v2["finding_info"]["types"] = json!([kind]);
    let v2 = read_ocsf(&v2);

    assert_one(&[&native, &by_event, &hub, &v2]);
    assert_eq!(native.key, by_event.key);
    assert_eq!(
        native.origin.text,
        "mac|aws|eu-west-1|123456789012|4e958e42874e5e24ae7e92257cf2783e"
    );
    assert_eq!(
        (native.rule_id.as_str(), hub.rule_id.as_str(), v2.rule_id.as_str()),
        (kind, kind, kind)
    );
    assert_eq!((native.class, native.severity), (hub.class, Severity::High));
}

#[test]
fn a_public_bucket_of_macie_is_a_statement_for_each_access() {
    let kind = "Policy:IAMUser/S3BucketPublic";
    let both = read_macie(&native_macie(kind, true, true));
    let read = read_macie(&native_macie(kind, true, false));
    let unknown = read_macie(&native_macie(kind, false, false));

    assert_eq!(both.len(), 2);
    assert_eq!(
        attributes(&both[0]),
        ["access=read", "allows public read=true", "effective permission=PUBLIC"]
    );
    assert_eq!(
        attributes(&both[1]),
        ["access=write", "allows public write=true", "effective permission=PUBLIC"]
    );
    assert_eq!((read.len(), &read[0].key), (1, &both[0].key));
    assert_eq!(unknown[0].attribute("access").collect::<Vec<_>>(), ["unknown"]);
    assert_eq!(both[0].class, FindingClass::Exposure);
}

#[test]
fn sensitive_data_is_in_an_object_by_both_paths() {
    let mut native = native_macie("SensitiveData:S3Object/Personal", false, false);
    native["resourcesAffected"]["s3Object"] = json!({"path": "data/folder/a b.csv"});
    let native = read_macie(&native).remove(0);
    let mut hub = copy("macie", "4e958e42874e5e24ae7e92257cf2783e", &Value::Null);
    hub["Types"] = json!(["Sensitive Data Identifications/PII/SensitiveData:S3Object-Personal"]);
    hub["Resources"] = json!([
        {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::data"},
        {"Type": "AwsS3Object", "Id": "arn:aws:s3:::data/folder/a b.csv"},
    ]);
    let hub = asff(&hub);

    assert_one(&[&native, &hub]);
    assert_eq!(
        crate::resource_ids(&native),
        ["arn:aws:s3:::data/folder/a b.csv", "arn:aws:s3:::data"]
    );
    assert_eq!(
        (native.class, hub.class),
        (FindingClass::SensitiveData, FindingClass::SensitiveData)
    );
}

const RULE: &str = "arn:aws:config:eu-west-1:123456789012:config-rule/config-rule-abc123";

fn evaluation(compliance: &str) -> Value {
    json!({
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {
                "ConfigRuleName": "restricted-ssh", "ResourceType": "AWS::EC2::SecurityGroup",
                "ResourceId": "sg-0abc12345def67890",
            },
            "OrderingTimestamp": 1_767_312_000.5,
        },
        "ComplianceType": compliance, "ResultRecordedTime": 1_767_312_000.5,
        "ConfigRuleInvokedTime": 1_767_312_000.0, "Annotation": "Open to 0.0.0.0/0",
    })
}

fn read_evaluation(value: &Value, name: &str) -> Report {
    let rule = config::map::Rule {
        arn: RULE.to_owned(),
        name: name.to_owned(),
        source_identifier: "INCOMING_SSH_DISABLED".to_owned(),
    };
    let unit = unit(SourceKind::Config, "");
    reports_of(config::map::evaluation(&bytes(value), &rule, &unit)).remove(0)
}

#[test]
fn a_config_evaluation_is_one_by_every_path() {
    let native = read_evaluation(&evaluation("NON_COMPLIANT"), "restricted-ssh");
    let change = json!({
        "resourceId": "sg-0abc12345def67890", "resourceType": "AWS::EC2::SecurityGroup",
        "awsRegion": "eu-west-1", "awsAccountId": "123456789012",
        "configRuleName": "restricted-ssh", "configRuleARN": RULE,
        "messageType": "ComplianceChangeNotification",
        "newEvaluationResult": {
            "evaluationResultIdentifier": {"evaluationResultQualifier": {
                "configRuleName": "restricted-ssh", "resourceType": "AWS::EC2::SecurityGroup",
                "resourceId": "sg-0abc12345def67890",
            }},
            "complianceType": "NON_COMPLIANT", "resultRecordedTime": "2026-01-02T00:00:00.5Z",
        },
    });
    let by_event = event("aws.config", "Config Rules Compliance Change", &change).remove(0);
    let group = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0abc12345def67890";
    let mut hub = copy(
        "config",
        &format!("{RULE}/finding/0123"),
        &json!({"Type": "AwsEc2SecurityGroup", "Id": group}),
    );
    hub["ProductFields"] =
        json!({"aws/config/ConfigRuleName": "restricted-ssh", "aws/config/ConfigRuleArn": RULE});
    let hub = asff(&hub);
    let mut v2 = ocsf(
        "config",
        2003,
        &format!("{RULE}/finding/4567"),
        &json!({"type": "AwsEc2SecurityGroup", "uid": group}),
    );
    v2["finding_info"]["title"] = "restricted-ssh".into();
    let v2 = read_ocsf(&v2);

    assert_one(&[&native, &by_event, &hub, &v2]);
    assert_eq!(native.key, by_event.key);
    assert_eq!(native.origin.text, format!("cfg|{RULE}|{group}"));
    for report in [&native, &by_event, &hub, &v2] {
        assert_eq!(attributes(report), ["config rule=restricted-ssh"]);
    }
    assert_eq!(native.description, "Open to 0.0.0.0/0");
    assert_eq!((native.severity, native.status), (Severity::Medium, Status::Active));
    assert_eq!(native.provider_updated, by_event.provider_updated);
}

#[test]
fn config_says_compliant_and_not_applicable() {
    for (word, status) in [
        ("COMPLIANT", Status::Resolved),
        ("NOT_APPLICABLE", Status::Archived),
        ("INSUFFICIENT_DATA", Status::Unobservable),
        ("NEW_WORD", Status::Unobservable),
    ] {
        assert_eq!(read_evaluation(&evaluation(word), "restricted-ssh").status, status, "{word}");
    }
    let of_hub =
        read_evaluation(&evaluation("NON_COMPLIANT"), "securityhub-restricted-ssh-1a2b3c4d");
    assert_eq!(of_hub.product, "aws/securityhub", "a control says the same");
}

#[test]
fn the_pages_of_config_are_read() {
    let rules = json!({"ConfigRules": [
        {"ConfigRuleArn": RULE, "ConfigRuleName": "r", "Source": {"Owner": "AWS", "SourceIdentifier": "X_Y"}},
        {"ConfigRuleName": "without an ARN"},
    ], "NextToken": "t"});
    let rules = config::map::rules_page(&bytes(&rules)).unwrap();
    assert_eq!((rules.rules.len(), rules.next_token.as_deref()), (1, Some("t")));
    assert_eq!(rules.rules[0].source_identifier, "X_Y");

    let mut aggregated = evaluation("NON_COMPLIANT");
    aggregated["AccountId"] = "210987654321".into();
    aggregated["AwsRegion"] = "us-east-1".into();
    let page = bytes(&json!({"AggregateEvaluationResults": [aggregated, {}], "NextToken": ""}));
    let unit = unit(SourceKind::Config, "");
    let page = config::map::evaluations_page(&page, &rules.rules[0], &unit).unwrap();

    assert_eq!((page.documents.len(), page.next_token), (2, None));
    let report = &page.documents[0].reports()[0];
    assert_eq!((report.account.as_str(), report.region.as_str()), ("210987654321", "us-east-1"));
    assert_eq!(unmapped_of(page.documents[1].clone()).error, "ResourceId: missing");
}

#[test]
fn a_guardduty_finding_is_one_by_event_and_in_ocsf() {
    let finding = crate::guardduty::finding();
    let native = native_guardduty(&finding);
    let by_event = event("aws.guardduty", "GuardDuty Finding", &finding).remove(0);
    let id = native.key.provider_id.clone();
    let mut v2 = ocsf(
        "guardduty",
        2004,
        &id,
        &json!({"type": "AWS::EC2::Instance", "uid": "i-0abc12345def67890"}),
    );
    v2["finding_info"]["types"] = json!(["Threats", "UnauthorizedAccess:EC2/SSHBruteForce"]);
    let v2 = read_ocsf(&v2);

    assert_one(&[&native, &by_event, &v2]);
    assert_eq!((&native.key, native.content_hash()), (&by_event.key, by_event.content_hash()));
    assert_eq!(native.raw, by_event.raw, "the document itself");
    assert_eq!((native.rule_id, native.class), (v2.rule_id, v2.class));
    assert_eq!(v2.key.path, ReportPath::Ocsf);
}

#[test]
fn a_control_is_one_in_asff_in_ocsf_and_by_event() {
    let control = crate::security_hub::control();
    let hub = asff(&control);
    let findings = json!({"findings": [control]});
    let by_event =
        event("aws.securityhub", "Security Hub Findings - Imported", &findings).remove(0);
    let mut v2 = ocsf(
        "securityhub",
        2003,
        "arn:aws:securityhub:eu-west-1:123456789012:security-control/S3.8/finding/0001",
        &json!({"type": "AWS::S3::Bucket", "uid": "data", "uid_alt": "arn:aws:s3:::data"}),
    );
    v2["compliance"] = json!({"control": "S3.8", "status": "Fail"});
    let read = read_ocsf(&v2);
    let v2_event =
        event("aws.securityhub", "Findings Imported V2", &json!({"findings": [v2]})).remove(0);

    assert_one(&[&hub, &by_event, &read, &v2_event]);
    assert_eq!((&hub.key, hub.content_hash()), (&by_event.key, by_event.content_hash()));
    assert_eq!((&read.key, read.content_hash()), (&v2_event.key, v2_event.content_hash()));
    assert_eq!(read.key.provider_id, hub.key.provider_id);
    assert_ne!(read.key, hub.key, "two paths");
    assert_eq!((read.status, read.status_detail.as_str()), (hub.status, "FAILED"));
    assert_eq!((read.class, read.exposure), (hub.class, hub.exposure));
    assert_eq!(read.severity, Severity::High);
    assert_eq!(read.customer.provider_severity, Some(Severity::Medium));
    assert_eq!(read.customer.workflow, "NEW");
    assert_eq!(read.provider_updated.unwrap().to_string(), "2026-01-02T00:00:00Z");
}

#[test]
fn what_customers_and_providers_close_in_ocsf_is_read_as_in_asff() {
    let resource = json!({"type": "AWS::S3::Bucket", "uid": "data"});
    let base = ocsf(
        "securityhub",
        2003,
        "arn:aws:securityhub:eu-west-1:123456789012:security-control/S3.8/finding/1",
        &resource,
    );
    let read = |activity: u8, status: u8, compliance: &str| {
        let mut v2 = base.clone();
        v2["activity_id"] = activity.into();
        v2["status_id"] = status.into();
        v2["compliance"] = json!({"control": "S3.8", "status": compliance});
        let report = read_ocsf(&v2);
        (report.status, report.customer.workflow)
    };

    assert_eq!(read(1, 1, "Pass"), (Status::Resolved, "NEW".to_owned()));
    assert_eq!(read(2, 2, "Fail"), (Status::Active, "NOTIFIED".to_owned()));
    assert_eq!(read(2, 3, "Fail"), (Status::Active, "SUPPRESSED".to_owned()));
    assert_eq!(read(2, 4, "Fail"), (Status::Active, "RESOLVED".to_owned()));
    assert_eq!(read(3, 1, "Fail").0, Status::Archived);
    assert_eq!(read(2, 5, "Fail").0, Status::Archived);
    assert_eq!(read(2, 0, "Unknown"), (Status::Unobservable, "NEW".to_owned()));
}

#[test]
fn ocsf_that_is_no_finding_says_why() {
    let unit = unit(SourceKind::SecurityHub, "");
    let map = |value: &Value| unmapped_of(security_hub::map::ocsf::finding(&bytes(value), &unit));
    let mut other = ocsf("guardduty", 1001, "x", &Value::Null);

    assert_eq!(map(&other).error, "class_uid: 1001 is no finding");
    other["finding_info"] = json!({"title": "t"});
    assert_eq!(map(&other).error, "finding_info.uid: missing");
    assert_eq!(map(&json!([])).error, "a list instead of an object");
    let page = Bytes::from_static(br#"{"Findings": [{}], "NextToken": "t"}"#);
    let page = security_hub::map::ocsf::findings_page(&page, &unit).unwrap();
    assert_eq!((page.documents.len(), page.next_token.as_deref()), (1, Some("t")));
}
