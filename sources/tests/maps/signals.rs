//! What documents say about how urgent they are.

mod recorded;

use muster_core::report::{ExploitState, Exposure, Privilege, Report, Tag};
use muster_core::unit::SourceKind;
use muster_sources::{config, inspector, macie, security_hub};
use serde_json::{Value, json};

use crate::{asff, bytes, external_access, native_guardduty, report_of, reports_of, unit};

fn native_inspector(value: &Value) -> Report {
    report_of(inspector::map::finding(&bytes(value), &unit(SourceKind::Inspector, "")))
}

fn native_macie(value: &Value) -> Vec<Report> {
    reports_of(macie::map::finding(&bytes(value), &unit(SourceKind::Macie, "")))
}

fn ocsf(value: &Value) -> Report {
    let unit = unit(SourceKind::SecurityHub, "");
    report_of(security_hub::map::ocsf::finding(&bytes(value), &unit))
}

fn tags(pairs: &[(&str, &str)]) -> Vec<Tag> {
    let tag = |(key, value): &(&str, &str)| Tag { key: (*key).into(), value: (*value).into() };
    pairs.iter().map(tag).collect()
}

/// `value` with the members of `more`.
fn with(mut value: Value, more: &Value) -> Value {
    let more = more.as_object().unwrap().clone();
    value.as_object_mut().unwrap().extend(more);
    value
}

fn inspector_copy(more: &Value) -> Value {
    let copy = json!({
        "Id": "arn:aws:inspector2:eu-west-1:123456789012:finding/0a1b",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/inspector",
        "AwsAccountId": "123456789012", "Region": "eu-west-1", "Title": "a weakness",
        "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
        "Severity": {"Label": "HIGH"}, "RecordState": "ACTIVE",
        "Resources": [{"Type": "AwsEc2Instance", "Id": "i-0123456789abcdef0"}],
    });
    with(copy, more)
}

#[test]
fn a_vulnerability_says_the_same_by_every_path() {
    let native = native_inspector(&json!({
        "findingArn": "arn:aws:inspector2:eu-west-1:123456789012:finding/0a1b",
        "awsAccountId": "123456789012", "type": "PACKAGE_VULNERABILITY", "severity": "HIGH",
        "status": "ACTIVE", "title": "a weakness", "epss": {"score": 0.123},
        "exploitAvailable": "YES", "fixAvailable": "NO",
        "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2021-44228"},
        "resources": [{"type": "AWS_EC2_INSTANCE", "id": "i-0123456789abcdef0",
                       "tags": {"env": "prod"}}],
    }));
    let copy = asff(&inspector_copy(&json!({
        "Vulnerabilities": [{"Id": "CVE-2021-44228", "EpssScore": 0.123,
                             "ExploitAvailable": "YES", "FixAvailable": "NO"}],
        "Resources": [{"Type": "AwsEc2Instance", "Id": "i-0123456789abcdef0",
                       "Tags": {"env": "prod"}}],
    })));
    let unified = ocsf(&json!({
        "class_uid": 2002, "severity": "High", "status_id": 1,
        "cloud": {"account": {"uid": "123456789012"}, "region": "eu-west-1"},
        "finding_info": {"uid": "arn:aws:inspector2:eu-west-1:123456789012:finding/0a1b",
                         "title": "a weakness",
                         "types": ["Software and Configuration Checks/Vulnerabilities/CVE"]},
        "metadata": {"product": {
            "uid": "arn:aws:securityhub:eu-west-1::productv2/aws/inspector"}},
        "resources": [{"type": "AwsEc2Instance", "uid": "i-0123456789abcdef0",
                       "tags": [{"name": "env", "value": "prod"}]}],
        "vulnerabilities": [{"cve": {"uid": "CVE-2021-44228", "epss": {"score": "0.123"}},
                             "is_exploit_available": true, "is_fix_available": false}],
    }));

    let said = native.signals.vulnerability.as_ref().unwrap();
    assert_eq!(said.ids, ["CVE-2021-44228"]);
    assert_eq!(said.exploit, ExploitState::ProofOfConcept);
    assert_eq!((said.epss_permille, said.fix_available), (Some(100), Some(false)));
    assert_eq!(native.signals.tags, tags(&[("env", "prod")]));
    assert_eq!(copy.signals, native.signals);
    assert_eq!(unified.signals, native.signals);
    assert_eq!((native.remarks, copy.remarks), (Vec::new(), Vec::new()));
}

#[test]
fn a_finding_with_several_vulnerabilities_says_the_worst_of_them() {
    let report = asff(&inspector_copy(&json!({"Vulnerabilities": [
        {"Id": "CVE-2024-0001", "EpssScore": "0.00239", "ExploitAvailable": "NO"},
        {"Id": "GHSA-p98r-538v-jgw5", "RelatedVulnerabilities": ["CVE-2023-34256", "USN-1"],
         "EpssScore": 0.6, "FixAvailable": "PARTIAL"},
    ]})));

    let said = report.signals.vulnerability.unwrap();
    assert_eq!(said.ids, ["CVE-2023-34256", "CVE-2024-0001"]);
    assert_eq!(said.exploit, ExploitState::None);
    assert_eq!((said.epss_permille, said.fix_available), (Some(500), Some(true)));
}

#[test]
fn bad_signals_are_noted_and_cost_nothing_else() {
    let report = asff(&inspector_copy(&json!({
        "Criticality": 101, "Confidence": "sure",
        "Vulnerabilities": [{"Id": "CVE-2021-44228", "EpssScore": 12, "FixAvailable": "MAYBE"}, 7],
        "Resources": [{"Type": "AwsEc2Instance", "Id": "i-0123456789abcdef0", "Tags": "env=prod"}],
    })));

    assert_eq!((report.signals.criticality, report.signals.confidence), (None, None));
    assert_eq!(report.signals.vulnerability.unwrap().ids, ["CVE-2021-44228"]);
    for remark in [
        "Criticality: `101` is not between 0 and 100",
        "Confidence: `sure` is not between 0 and 100",
        "Resources[].Tags: a text instead of tags",
        "Vulnerabilities[0].FixAvailable: `MAYBE` is neither yes nor no",
        "Vulnerabilities[0].EpssScore: `12` is not between 0 and 1",
        "Vulnerabilities[1]: not an object",
    ] {
        assert!(report.remarks.iter().any(|one| one == remark), "{remark}: {:?}", report.remarks);
    }
}

#[test]
fn what_customers_say_of_criticality_counts_before_the_product() {
    let own = json!({"FindingProviderFields": {"Criticality": 10, "Confidence": 20}});
    let report = asff(&inspector_copy(&own));
    assert_eq!((report.signals.criticality, report.signals.confidence), (Some(10), Some(20)));

    let report = asff(&inspector_copy(&with(own, &json!({"Criticality": 90, "Confidence": 0}))));
    assert_eq!((report.signals.criticality, report.signals.confidence), (Some(90), Some(0)));
}

#[test]
fn tags_are_those_of_the_primary_resource_alone() {
    let report = asff(&inspector_copy(&json!({"Resources": [
        {"Type": "AwsEc2Instance", "Id": "i-0123456789abcdef0"},
        {"Type": "AwsEc2Vpc", "Id": "vpc-0123456789abcdef0", "Tags": {"env": "prod"}},
    ]})));

    assert!(report.signals.tags.is_empty());
}

#[test]
fn posture_of_several_resources_has_the_tags_of_each() {
    let value = json!({
        "Id": "arn:aws:securityhub:eu-west-1:123456789012:security-control/S3.8/finding/1",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
        "AwsAccountId": "123456789012", "Region": "eu-west-1", "Title": "S3.8",
        "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8"},
        "Severity": {"Label": "HIGH"}, "RecordState": "ACTIVE",
        "Resources": [
            {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::a", "Tags": {"env": "prod"}},
            {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b", "Tags": {"env": "dev"}},
        ],
    });
    let unit = unit(SourceKind::SecurityHub, "");
    let reports = reports_of(security_hub::map::finding(&bytes(&value), &unit));

    let said: Vec<_> = reports.iter().map(|report| report.signals.tags.clone()).collect();
    assert_eq!(said, [tags(&[("env", "prod")]), tags(&[("env", "dev")])]);
    assert!(reports.iter().all(|report| report.exposure == Exposure::Public));
}

#[test]
fn an_attack_sequence_says_so_by_both_paths() {
    let native = native_guardduty(&json!({
        "id": "0a1b", "accountId": "123456789012", "region": "eu-west-1", "severity": 9.0,
        "type": "AttackSequence:IAM/CompromisedCredentials", "title": "a sequence",
        "service": {"archived": false, "detection": {"sequence": {"resources": [
            {"uid": "i-0123456789abcdef0", "resourceType": "EC2_INSTANCE", "region": "eu-west-1",
             "accountId": "123456789012", "tags": [{"key": "env", "value": "prod"}]},
            {"uid": "eni-1", "resourceType": "EC2_NETWORK_INTERFACE",
             "data": {"ec2NetworkInterface": {"publicIp": "54.234.69.236"}}},
        ]}}},
    }));
    let copy = asff(&json!({
        "Id": "arn:aws:guardduty:eu-west-1:123456789012:detector/d/finding/0a1b",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty",
        "AwsAccountId": "123456789012", "Region": "eu-west-1", "Title": "a sequence",
        "Types": ["TTPs/AttackSequence:IAM-CompromisedCredentials"],
        "Severity": {"Label": "CRITICAL"}, "RecordState": "ACTIVE",
        "Resources": [{"Type": "AwsEc2Instance", "Id": "i-0123456789abcdef0"}],
    }));

    assert!(native.signals.sequence && copy.signals.sequence, "{}", copy.rule_id);
    assert_eq!(native.signals.tags, tags(&[("env", "prod")]));
    assert_eq!(native.exposure, Exposure::Internet);
}

#[test]
fn the_root_user_is_known_by_type_and_by_key() {
    let finding = |kind: &str, user: &str| {
        native_guardduty(&json!({
            "id": "0a1b", "accountId": "123456789012", "region": "eu-west-1", "severity": 2,
            "type": kind, "service": {"archived": false}, "title": "t",
            "resource": {"resourceType": "AccessKey", "accessKeyDetails": {
                "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userType": user, "userName": "u"}},
        }))
        .signals
        .privilege
    };

    assert_eq!(finding("Policy:IAMUser/RootCredentialUsage", "Root"), Privilege::Root);
    assert_eq!(finding("Recon:IAMUser/TorIPCaller", "Root"), Privilege::Root);
    assert_eq!(finding("Recon:IAMUser/TorIPCaller", "IAMUser"), Privilege::Unknown);
    assert_eq!(
        finding("PrivilegeEscalation:IAMUser/AnomalousBehavior", "IAMUser"),
        Privilege::Escalation
    );
}

#[test]
fn external_access_says_what_it_gives() {
    let access = |actions: &[&str]| {
        external_access(&json!({
            "id": "f", "resource": "arn:aws:sqs:eu-west-1:123456789012:q",
            "resourceType": "AWS::SQS::Queue", "resourceOwnerAccount": "123456789012",
            "principal": {"AWS": "444455556666"}, "action": actions, "isPublic": false,
            "status": "ACTIVE",
        }))
        .signals
        .privilege
    };

    assert_eq!(access(&["sqs:ReceiveMessage"]), Privilege::Read);
    assert_eq!(access(&["sqs:SendMessage", "sqs:ReceiveMessage"]), Privilege::Write);
    assert_eq!(access(&["sqs:AddPermission"]), Privilege::Escalation);
    assert_eq!(access(&[]), Privilege::Unknown);
}

#[test]
fn internal_access_reaches_the_account_or_the_organization() {
    let exposure = |zone: &str| {
        let unit = unit(SourceKind::AccessAnalyzer, crate::ANALYZER);
        let value = json!({
            "id": "f", "resource": "arn:aws:s3:::b", "resourceType": "AWS::S3::Bucket",
            "resourceOwnerAccount": "123456789012", "status": "ACTIVE",
            "findingType": "InternalAccess", "findingDetails": [{"internalAccessDetails": {
                "accessType": zone, "action": ["s3:GetObject"],
                "principal": {"AWS": "arn:aws:iam::111122223333:role/r"}}}],
        });
        let found = muster_sources::access_analyzer::map::finding(&[bytes(&value)], &unit);
        report_of(found).exposure
    };

    assert_eq!(exposure("INTRA_ORG"), Exposure::Organization);
    assert_eq!(exposure("INTRA_ACCOUNT"), Exposure::Private);
}

#[test]
fn sensitive_data_in_a_public_bucket_is_public() {
    let finding = |permission: &str| {
        native_macie(&json!({
            "id": "0a1b", "accountId": "123456789012", "region": "eu-west-1", "title": "t",
            "type": "SensitiveData:S3Object/Personal", "severity": {"score": 3},
            "resourcesAffected": {
                "s3Bucket": {"arn": "arn:aws:s3:::b", "tags": [{"key": "data", "value": "pii"}],
                             "publicAccess": {"effectivePermission": permission}},
                "s3Object": {"path": "b/k", "publicAccess": false},
            },
        }))
        .remove(0)
    };

    assert_eq!(finding("PUBLIC").exposure, Exposure::Public);
    assert_eq!(finding("NOT_PUBLIC").exposure, Exposure::Unknown);
    assert_eq!(finding("PUBLIC").signals.tags, tags(&[("data", "pii")]));
}

#[test]
fn a_public_bucket_gives_what_each_statement_is_about() {
    let reports = native_macie(&json!({
        "id": "0a1b", "accountId": "123456789012", "region": "eu-west-1", "title": "t",
        "type": "Policy:IAMUser/S3BucketPublic", "severity": {"score": 3},
        "resourcesAffected": {"s3Bucket": {"arn": "arn:aws:s3:::b", "publicAccess": {
            "effectivePermission": "PUBLIC",
            "permissionConfiguration": {"bucketLevelPermissions": {"accessControlList": {
                "allowsPublicReadAccess": true, "allowsPublicWriteAccess": true}}}}}},
    }));

    let said: Vec<_> = reports.iter().map(|report| report.signals.privilege).collect();
    assert_eq!(said, [Privilege::Read, Privilege::Write]);
}

#[test]
fn a_rule_says_what_its_control_says_while_it_is_not_complied_with() {
    let evaluation = |name: &str, compliance: &str| {
        let rule = config::map::Rule {
            arn: "arn:aws:config:eu-west-1:123456789012:config-rule/r".to_owned(),
            name: name.to_owned(),
            source_identifier: String::new(),
        };
        let value = json!({"ComplianceType": compliance, "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {"ResourceType": "AWS::EC2::SecurityGroup",
                                          "ResourceId": "sg-0123456789abcdef0"}}});
        let unit = unit(SourceKind::Config, "");
        let report = report_of(config::map::evaluation(&bytes(&value), &rule, &unit));
        (report.exposure, report.signals.privilege)
    };

    let unknown = (Exposure::Unknown, Privilege::Unknown);
    assert_eq!(evaluation("restricted-ssh", "NON_COMPLIANT").0, Exposure::Internet);
    assert_eq!(evaluation("restricted-ssh", "COMPLIANT"), unknown);
    assert_eq!(evaluation("iam-root-access-key-check", "NON_COMPLIANT").1, Privilege::Root);
    assert_eq!(evaluation("my-own", "NON_COMPLIANT"), unknown);
}

#[test]
fn a_database_that_takes_connections_from_anywhere_is_reached_from_the_internet() {
    let exposure = |details: Value| {
        let resource = json!([{"Type": "AwsRdsDbInstance", "Details": details,
                               "Id": "arn:aws:rds:eu-west-1:123456789012:db:d"}]);
        asff(&inspector_copy(&json!({ "Resources": resource }))).exposure
    };

    let database = |flag: Value| json!({"AwsRdsDbInstance": {"PubliclyAccessible": flag}});
    assert_eq!(exposure(database(json!(true))), Exposure::Internet);
    assert_eq!(exposure(database(json!(false))), Exposure::Unknown);
    let instance = |ip: &str| json!({"AwsEc2Instance": {"IpV4Addresses": ["10.0.0.1", ip]}});
    assert_eq!(exposure(instance("3.70.160.43")), Exposure::Internet);
    assert_eq!(exposure(instance("192.168.0.74")), Exposure::Unknown);
}
