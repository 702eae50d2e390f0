//! What one document states, and the attributes that each statement has.

use muster_core::report::Report;
use muster_core::unit::SourceKind;
use muster_sources::{access_analyzer, security_hub};
use serde_json::{Value, json};

use crate::{ANALYZER, bytes, reports_of, unit};

/// `name=value` for each attribute.
pub(crate) fn attributes(report: &Report) -> Vec<String> {
    assert!(report.attributes.is_sorted());
    report.attributes.iter().map(|one| format!("{}={}", one.name, one.value)).collect()
}

fn asff(value: &Value) -> Vec<Report> {
    let unit = unit(SourceKind::SecurityHub, "");
    reports_of(security_hub::map::finding(&bytes(value), &unit))
}

fn native_access(value: &Value) -> Vec<Report> {
    let unit = unit(SourceKind::AccessAnalyzer, ANALYZER);
    let none = std::collections::BTreeSet::new();
    reports_of(access_analyzer::map::external_finding(&bytes(value), &unit, &none))
}

/// A native finding: anybody has `actions` on a bucket.
fn public_bucket(actions: Value) -> Value {
    let mut finding = crate::access_analyzer::finding();
    finding["isPublic"] = true.into();
    finding["principal"] = json!({"AWS": "*"});
    finding["action"] = actions;
    finding
}

/// Its copy.
fn public_copy(actions: &str) -> Value {
    let mut copy = crate::same_finding::access_copy("arn:aws:s3:::data", &json!("*"));
    copy["Resources"][0]["Details"]["Other"]["Action Granted"] = actions.into();
    copy
}

#[test]
fn a_bucket_that_anybody_reads_and_writes_is_two_statements_by_both_paths() {
    let native = native_access(&public_bucket(json!(["s3:PutObject", "s3:GetObject"])));
    let copy = asff(&public_copy("s3:GetObject,s3:PutObject"));

    for (reports, id) in [
        (&native, format!("{ANALYZER}/6d1a2533-bfac-4e07-82b2-7540f68cad26")),
        (
            &copy,
            format!(
                "arn:aws:securityhub:eu-west-1::product/aws/access-analyzer/{ANALYZER}/arn:aws:s3:::data"
            ),
        ),
    ] {
        assert_eq!(reports.len(), 2);
        for (report, access) in reports.iter().zip(["read", "write"]) {
            assert_eq!(report.key.provider_id, format!("{id}#{access}"));
            assert_eq!(
                attributes(report),
                [
                    format!("access={access}"),
                    "finding type=ExternalAccess".to_owned(),
                    "principal type=AWS".to_owned(),
                    "public=true".to_owned(),
                    "resource type=AWS::S3::Bucket".to_owned(),
                ]
            );
        }
    }
    for (native, copy) in native.iter().zip(&copy) {
        assert_eq!(native.attributes, copy.attributes);
        assert_eq!(
            (&native.origin, &native.facet, native.exposure),
            (&copy.origin, &copy.facet, copy.exposure)
        );
    }
}

#[test]
fn the_key_of_a_statement_does_not_move_when_the_other_one_goes() {
    let both = native_access(&public_bucket(json!(["s3:*"])));
    let read = native_access(&public_bucket(json!(["s3:GetObject"])));

    assert_eq!(read.len(), 1);
    assert_eq!(read[0].key, both[0].key);
}

#[test]
fn where_the_document_does_not_say_the_access_is_unknown() {
    let native = native_access(&public_bucket(json!([])));
    let copy = asff(&public_copy(""));

    for reports in [native, copy] {
        assert_eq!(reports.len(), 1);
        assert!(!reports[0].key.provider_id.contains('#'));
        assert_eq!(reports[0].attribute("access").collect::<Vec<_>>(), ["unknown"]);
    }
}

#[test]
fn access_of_one_account_is_one_statement() {
    let mut finding = crate::access_analyzer::finding();
    finding["action"] = json!(["s3:GetObject", "s3:PutObject"]);
    let native = native_access(&finding);
    let mut copy = crate::same_finding::access_copy("arn:aws:s3:::data", &json!("444455556666"));
    copy["Resources"][0]["Details"]["Other"]["Action Granted"] = "s3:GetObject,s3:PutObject".into();
    let copy = asff(&copy);

    assert_eq!((native.len(), copy.len()), (1, 1));
    assert_eq!(native[0].attributes, copy[0].attributes);
    assert_eq!(native[0].attribute("access").collect::<Vec<_>>(), ["read", "write"]);
    assert_eq!(native[0].attribute("public").collect::<Vec<_>>(), ["false"]);
}

#[test]
fn a_copy_that_names_no_principal_says_what_its_title_says() {
    let copy = |title: &str| {
        let mut copy = crate::same_finding::access_copy("arn:aws:s3:::data", &Value::Null);
        copy["Title"] = title.into();
        let report = asff(&copy).remove(0);
        report.attribute("public").map(str::to_owned).collect::<Vec<_>>()
    };

    assert_eq!(copy("AwsS3Bucket/arn:aws:s3:::data/ allows public access"), ["true"]);
    assert_eq!(copy("AwsS3Bucket/arn:aws:s3:::data/ allows cross-account access"), ["false"]);
    assert_eq!(copy("Something else"), [""; 0]);
}

#[test]
fn posture_on_several_resources_is_a_report_for_each() {
    let mut finding = crate::security_hub::control();
    finding["Resources"] = json!([
        {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::data"},
        {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::other"},
        {"Type": "AwsKmsKey", "Id": "arn:aws:kms:eu-west-1:123456789012:key/k"},
    ]);

    let reports = asff(&finding);

    let single = asff(&crate::security_hub::control()).remove(0);
    assert_eq!(reports.len(), 2);
    assert_eq!(reports[0].origin, single.origin);
    assert_eq!(reports[0].key.provider_id, format!("{}#arn:aws:s3:::data", single.key.provider_id));
    assert!(reports[1].origin.text.ends_with("|S3.8|arn:aws:s3:::other"));
    assert_eq!(reports[1].resources.len(), 2, "the bucket and the related key");
    finding["Resources"].as_array_mut().unwrap().swap(0, 1);
    let mut swapped = asff(&finding);
    swapped.reverse();
    for (report, other) in reports.iter().zip(&swapped) {
        assert_eq!((&report.key, &report.origin), (&other.key, &other.origin));
    }
}

#[test]
fn related_resources_of_posture_make_no_statements() {
    let mut finding = crate::security_hub::control();
    finding["Resources"] = json!([
        {"Type": "AwsEc2SecurityGroup", "Id": "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0a"},
        {"Type": "AwsEc2Vpc", "Id": "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0a"},
    ]);

    assert_eq!(asff(&finding).len(), 1);
}

#[test]
fn a_config_rule_is_known_by_the_managed_rule_and_explodes() {
    let rule = "arn:aws:config:eu-west-1:123456789012:config-rule/config-rule-abc";
    let mut finding = crate::security_hub::control();
    finding["ProductArn"] = "arn:aws:securityhub:eu-west-1::product/aws/config".into();
    finding["Id"] = format!("{rule}/finding/0123").into();
    finding["GeneratorId"] = rule.into();
    finding["ProductFields"] = json!({
        "aws/config/ConfigRuleArn": rule,
        "aws/config/ConfigRuleName": "restricted-ssh-conformance-pack-a1b2c3d4e",
    });
    finding["Resources"] = json!([
        {"Type": "AwsEc2SecurityGroup", "Id": "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0a"},
        {"Type": "AwsEc2SecurityGroup", "Id": "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0b"},
    ]);

    let reports = asff(&finding);

    assert_eq!(reports.len(), 2);
    for (report, group) in reports.iter().zip(["sg-0a", "sg-0b"]) {
        assert_eq!(attributes(report), ["config rule=restricted-ssh"]);
        let group = format!("arn:aws:ec2:eu-west-1:123456789012:security-group/{group}");
        assert_eq!(report.origin.text, format!("cfg|{rule}|{group}"));
    }
}

#[test]
fn a_row_has_the_columns_that_do_not_move_and_its_colour() {
    let check = crate::trusted_advisor::check(
        "HCP4007jGY",
        &["Region", "Security Group ID", "Protocol", "Ports", "Status", "Last Updated Time"],
    );
    let cells = json!(["eu-west-1", "sg-0abc (vpc-0abc)", "TCP", "All", "Red", "2026"]);
    let row = json!({"status": "error", "region": "eu-west-1", "metadata": cells});

    let report = crate::trusted_advisor::row(&check, row);

    assert_eq!(
        attributes(&report),
        [
            "from port=0",
            "ports=All",
            "protocol=tcp",
            "region=eu-west-1",
            "row status=error",
            "security group id=sg-0abc (vpc-0abc)",
            "to port=65535",
        ]
    );
    assert_eq!(report.facet, "tcp:0-65535");
}

#[test]
fn bucket_permissions_are_two_statements_when_anybody_reads_and_writes() {
    let columns =
        ["Bucket Name", "ACL Allows List", "ACL Allows Upload/Delete", "Policy Allows Access"];
    let check = crate::trusted_advisor::check("Pfx0RwqBli", &columns);
    let rows = |status: &str, cells: Value| {
        let row =
            json!({"status": status, "region": "eu-west-1", "resourceId": "h", "metadata": cells});
        reports_of(crate::trusted_advisor::document(&check, row))
    };

    let both = rows("error", json!(["data", "Yes", "Yes", "No"]));

    let key = "ta/999999999999/Pfx0RwqBli/eu-west-1/h/";
    assert_eq!(both.len(), 2);
    assert_eq!(both[0].key.provider_id, format!("{key}#read"));
    assert_eq!(
        attributes(&both[0]),
        [
            "access=read",
            "acl allows list=Yes",
            "bucket name=data",
            "policy allows access=No",
            "row status=error"
        ]
    );
    assert_eq!(both[1].key.provider_id, format!("{key}#write"));
    assert_eq!(
        attributes(&both[1]),
        ["access=write", "acl allows upload/delete=Yes", "bucket name=data", "row status=error"]
    );
    let policy = rows("error", json!(["data", "No", "No", "Yes"]));
    assert_eq!((policy.len(), policy[0].attribute("access").next()), (1, Some("read")));
    assert_eq!(policy[0].key, both[0].key);
    let neither = rows("error", json!(["data", "No", null, "No"]));
    assert_eq!((neither.len(), neither[0].attribute("access").next()), (1, None));
    assert_eq!(rows("warning", json!(["data", "No", "No", "No"])).len(), 1);
}

#[test]
fn a_vulnerability_is_known_by_its_cve_and_packages() {
    let mut finding = crate::security_hub::control();
    finding["ProductArn"] = "arn:aws:securityhub:eu-west-1::product/aws/inspector".into();
    finding["Id"] = "arn:aws:inspector2:eu-west-1:123456789012:finding/0abc".into();
    finding["Vulnerabilities"] = json!([{"Id": "CVE-2026-1", "VulnerablePackages": [
        {"Name": "openssl"}, {"Name": "libssl3"}, {"Name": "openssl"},
    ]}]);

    let report = asff(&finding).remove(0);

    assert_eq!(report.facet, "CVE-2026-1|libssl3,openssl");
    assert_eq!(
        attributes(&report),
        [
            "cve=CVE-2026-1",
            "finding type=PACKAGE_VULNERABILITY",
            "package=libssl3",
            "package=openssl"
        ]
    );
}
