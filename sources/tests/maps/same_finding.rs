//! The same thing read by two paths has one origin, and different things never do (D2, D3).

use muster_core::identity::FindingKey;
use muster_core::report::{Exposure, FindingClass};
use serde_json::{Value, json};

use crate::{ANALYZER, READER, asff, external_access, native_guardduty};

/// The copy in Security Hub of the native finding of the `GuardDuty` tests.
fn guardduty_copy(detector: &str) -> Value {
    let finding = crate::guardduty::FINDING;
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": format!("{detector}/finding/{finding}"),
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty",
        "GeneratorId": detector,
        "AwsAccountId": "123456789012",
        "Types": ["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"],
        "CreatedAt": "2026-01-01T10:05:00.000Z",
        "UpdatedAt": "2026-01-02T11:05:00Z",
        "Severity": {"Product": 2, "Normalized": 20, "Label": "LOW"},
        "Title": "Somebody guesses passwords on i-0abc12345def67890.",
        "Resources": [{
            "Type": "AwsEc2Instance", "Region": "eu-west-1",
            "Id": "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc12345def67890",
        }],
        "ProductFields": {"aws/guardduty/service/count": "7"},
        "RecordState": "ACTIVE",
    })
}

#[test]
fn a_guardduty_finding_and_its_copy_are_one() {
    let native = native_guardduty(&crate::guardduty::finding());
    let detector =
        "arn:aws:guardduty:eu-west-1:123456789012:detector/12abc34d567e8fa901bc2d34e56789f0";
    let copy = asff(&guardduty_copy(detector));

    assert_eq!(native.origin, copy.origin);
    assert_ne!(native.key, copy.key);
    assert_eq!(native.product, copy.product);
    assert_eq!(native.rule_id, copy.rule_id);
    assert_eq!(native.severity_normalized, copy.severity_normalized);
    assert_eq!(native.resources[0].id, copy.resources[0].id);
    assert_eq!(native.count, copy.count);
    assert_eq!(FindingKey::of_origin(&native.origin), FindingKey::of_origin(&copy.origin));
}

#[test]
fn the_detector_and_a_missing_partition_do_not_matter() {
    let native = native_guardduty(&crate::guardduty::finding());
    for detector in [
        "arn:aws:guardduty:eu-west-1:123456789012:detector/another",
        // A sample in AWS's documentation.
        "arn:aws::guardduty:eu-west-1:123456789012:detector/d",
    ] {
        assert_eq!(asff(&guardduty_copy(detector)).origin, native.origin, "{detector}");
    }
}

#[test]
fn the_native_type_is_read_from_the_copy() {
    for (kind, native) in [
        (
            "TTPs/Defense Evasion/DefenseEvasion:EC2-UnusualDNSResolver",
            "DefenseEvasion:EC2/UnusualDNSResolver",
        ),
        ("TTPs/Discovery/PenTest:IAMUser/KaliLinux", "PenTest:IAMUser/KaliLinux"),
        (
            "Effects/Data Exfiltration/Trojan:EC2-DNSDataExfiltration!DNS",
            "Trojan:EC2/DNSDataExfiltration",
        ),
        (
            "TTPs/Command and Control/Backdoor:EC2-C&CActivity.B!DNS",
            "Backdoor:EC2/C&CActivity.B!DNS",
        ),
        ("TTPs/Discovery/IAMUser-AnomalousBehavior", "IAMUser-AnomalousBehavior"),
    ] {
        let mut copy = guardduty_copy("arn:aws:guardduty:eu-west-1:123456789012:detector/d");
        copy["Types"] = json!([kind]);

        assert_eq!(asff(&copy).rule_id, native, "{kind}");
    }
}

#[test]
fn a_sample_is_one_by_both_paths() {
    let mut native = crate::guardduty::finding();
    native["title"] = "[SAMPLE] Somebody guesses passwords.".into();
    let mut copy = guardduty_copy("arn:aws:guardduty:eu-west-1:123456789012:detector/d");
    copy["ProductFields"] = json!({"aws/guardduty/service/additionalInfo/sample": "true"});

    assert!(native_guardduty(&native).sample);
    assert!(asff(&copy).sample);
}

#[test]
fn the_access_key_of_a_copy_is_the_facet_and_its_owner_a_resource() {
    let mut copy = guardduty_copy("arn:aws:guardduty:eu-west-1:123456789012:detector/d");
    copy["Resources"] = json!([{
        "Type": "AwsIamAccessKey",
        "Id": "AWS::IAM::AccessKey:AKIAI44QH8DHBEXAMPLE",
        "Details": {"AwsIamAccessKey": {"PrincipalName": "ann", "PrincipalType": "IAMUser"}},
    }]);

    let report = asff(&copy);

    assert_eq!(report.facet, "AKIAI44QH8DHBEXAMPLE");
    assert_eq!(
        crate::resource_ids(&report),
        ["acct-key:123456789012:AKIAI44QH8DHBEXAMPLE", "arn:aws:iam::123456789012:user/ann"]
    );
}

/// The copy of an external access: one for a resource, with the principal among the details.
pub(crate) fn access_copy(resource: &str, principal: &Value) -> Value {
    json!({
        "Id": format!("{ANALYZER}/{resource}"),
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/access-analyzer",
        "GeneratorId": "aws/access-analyzer",
        "AwsAccountId": "999988887777",
        "Types": ["Software and Configuration Checks/AWS Security Best Practices/External Access Granted"],
        "CreatedAt": "2026-01-01T00:00:00Z",
        "Severity": {"Label": "LOW", "Normalized": 1},
        "Title": format!("AwsS3Bucket/{resource}/ allows cross-account access"),
        "Resources": [{
            "Type": "AwsS3Bucket", "Id": resource,
            "Details": {"Other": {"External Principal Type": "AWS", "External Principal": principal}},
        }],
        "ProductFields": {"ResourceOwnerAccount": "123456789012"},
        "RecordState": "ACTIVE",
    })
}

#[test]
fn an_external_access_and_its_copy_are_one() {
    let native = external_access(&crate::access_analyzer::finding());
    let copy = asff(&access_copy("arn:aws:s3:::data", &json!("444455556666")));

    assert_eq!(native.origin, copy.origin);
    assert_eq!(native.account, copy.account, "the owner, not the analyzer's account");
    assert_eq!((copy.exposure, copy.class), (Exposure::CrossAccount, FindingClass::Exposure));
    assert_eq!(copy.facet, native.facet);
}

#[test]
fn a_copy_without_a_principal_is_a_group_of_its_own() {
    let native = external_access(&crate::access_analyzer::finding());
    let copy = asff(&access_copy("arn:aws:s3:::data", &Value::Null));

    assert_eq!(copy.origin.text, format!("aax|{ANALYZER}|arn:aws:s3:::data"));
    assert_ne!(copy.origin, native.origin);
}

#[test]
fn public_access_is_public_by_both_paths() {
    let mut native = crate::access_analyzer::finding();
    native["isPublic"] = true.into();
    native["principal"] = json!({"AWS": "*"});
    let mut copy = access_copy("arn:aws:s3:::data", &json!("*"));
    copy["Title"] = "AwsS3Bucket/arn:aws:s3:::data/ allows public access".into();

    let [native, copy] = [external_access(&native), asff(&copy)];

    assert_eq!(native.origin, copy.origin);
    assert_eq!((native.exposure, copy.exposure), (Exposure::Public, Exposure::Public));
}

#[test]
fn an_unused_access_and_its_copy_are_one() {
    use muster_core::unit::SourceKind;
    let role = "arn:aws:iam::222222222222:role/r";
    let page =
        json!({"id": "f-1", "findingType": "UnusedIAMRole", "resource": role, "status": "ACTIVE"});
    let unit = crate::unit(SourceKind::AccessAnalyzer, ANALYZER);
    let native = crate::report_of(muster_sources::access_analyzer::map::finding(
        &[crate::bytes(&page)],
        &unit,
    ));
    let mut copy = access_copy(role, &Value::Null);
    copy["Id"] = format!("{ANALYZER}/{role}/UnusedIAMRole").into();
    copy["Resources"] = json!([{"Type": "AwsIamRole", "Id": role}]);
    copy["ProductFields"] = json!({"findingId": "f-1", "findingType": "UnusedIAMRole", "resourceOwnerAccount": "222222222222"});
    let by_fields = asff(&copy);
    copy["ProductFields"] = Value::Null;
    copy["SourceUrl"] =
        "https://console.aws.amazon.com/access-analyzer/home#/findings/details/f-1".into();
    let by_link = asff(&copy);

    for copy in [by_fields, by_link] {
        assert_eq!(copy.origin, native.origin);
        assert_eq!(copy.rule_id, "UnusedIAMRole");
        assert_eq!(copy.account.as_str(), "222222222222");
        assert_eq!(copy.class, FindingClass::Misconfiguration);
    }
}

#[test]
fn a_control_and_its_mirror_in_trusted_advisor_are_one() {
    let mut control = crate::security_hub::control();
    control["AwsAccountId"] = READER.into();
    let mut check = crate::trusted_advisor::check("Hs4Ma3G173", &["Status", "Region", "Resource"]);
    check.control = Some("S3.8".to_owned());
    let mirror = crate::trusted_advisor::row(
        &check,
        json!({"status": "error", "region": "eu-west-1", "metadata": ["Red", "eu-west-1", "arn:aws:s3:::data"]}),
    );

    let control = asff(&control);

    assert_eq!(control.origin, mirror.origin);
    assert_eq!(control.product, mirror.product, "a mirror corroborates nothing");
}

#[test]
fn a_mirror_of_an_account_control_is_about_the_account() {
    let mut control = crate::security_hub::control();
    control["AwsAccountId"] = READER.into();
    control["Compliance"]["SecurityControlId"] = "IAM.7".into();
    control["Resources"] =
        json!([{"Type": "AwsAccount", "Id": format!("AWS::::Account:{READER}")}]);
    let mut check = crate::trusted_advisor::check("Hs4Ma3G143", &["Status", "Region", "Resource"]);
    check.control = Some("IAM.7".to_owned());
    let mirror = |resource: Value| {
        let row = json!({"status": "warning", "region": "us-east-1", "metadata": ["x", "us-east-1", resource]});
        crate::trusted_advisor::row(&check, row).origin
    };

    let control = asff(&control).origin;

    assert_eq!(mirror(READER.into()), control);
    assert_eq!(mirror(format!("AWS::::Account:{READER}").into()), control);
}
