//! Native findings: every kind of resource, in every spelling of the names.

use bytes::Bytes;
use muster_core::report::{Exposure, FindingClass, Severity, Status};
use muster_core::unit::SourceKind;
use muster_sources::guardduty::map;
use serde_json::{Value, json};

use crate::{native_guardduty, resource_ids, unit};

pub(crate) const FINDING: &str = "0123456789abcdef0123456789abcdef";

/// A finding about an instance, as the API sends it.
pub(crate) fn finding() -> Value {
    json!({
        "schemaVersion": "2.0",
        "accountId": "123456789012",
        "region": "eu-west-1",
        "partition": "aws",
        "id": FINDING,
        "arn": format!("arn:aws:guardduty:eu-west-1:123456789012:detector/12abc34d567e8fa901bc2d34e56789f0/finding/{FINDING}"),
        "type": "UnauthorizedAccess:EC2/SSHBruteForce",
        "severity": 2,
        "title": "Somebody guesses passwords on i-0abc12345def67890.",
        "description": "Somebody tries many passwords.",
        "createdAt": "2026-01-01T10:05:00.000Z",
        "updatedAt": "2026-01-02T11:05:00Z",
        "resource": {
            "resourceType": "Instance",
            "instanceDetails": {"instanceId": "i-0abc12345def67890"},
        },
        "service": {
            "serviceName": "guardduty",
            "detectorId": "12abc34d567e8fa901bc2d34e56789f0",
            "archived": false,
            "count": 7,
            "eventFirstSeen": "2026-01-01T10:00:00.000Z",
            "eventLastSeen": "2026-01-02T11:00:00.000Z",
        },
    })
}

/// The finding with another resource block.
fn about(resource: Value) -> Value {
    let mut finding = finding();
    finding["resource"] = resource;
    finding
}

/// The value with the first letter of each name in upper case, as SDKs print it.
fn pascal(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let upper = |name: &String| {
                let (first, rest) = name.split_at(1);
                first.to_uppercase() + rest
            };
            members.iter().map(|(name, value)| (upper(name), pascal(value))).collect()
        }
        Value::Array(items) => items.iter().map(pascal).collect(),
        other => other.clone(),
    }
}

#[test]
fn a_finding_is_mapped_whole() {
    let report = native_guardduty(&finding());

    assert_eq!(report.source, SourceKind::GuardDuty);
    assert_eq!(report.product, "aws/guardduty");
    assert_eq!(report.origin.text, format!("gd|aws|eu-west-1|123456789012|{FINDING}"));
    assert_eq!(report.key.provider_id, finding()["arn"].as_str().unwrap());
    assert_eq!(report.class, FindingClass::Threat);
    assert_eq!(report.rule_id, "UnauthorizedAccess:EC2/SSHBruteForce");
    assert_eq!((report.severity, report.severity_normalized), (Severity::Low, 20));
    assert_eq!(report.status, Status::Active);
    assert_eq!(report.count, 7);
    assert_eq!(report.last_observed.unwrap().to_string(), "2026-01-02T11:00:00Z");
    assert_eq!(
        resource_ids(&report),
        ["arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc12345def67890"]
    );
    assert_eq!(report.remarks, [""; 0]);
}

#[test]
fn the_case_of_names_does_not_matter() {
    let as_sent = native_guardduty(&finding());
    let as_printed = native_guardduty(&pascal(&finding()));

    assert_eq!(as_sent.origin, as_printed.origin);
    assert_eq!(as_sent.content_hash(), as_printed.content_hash());
    assert_eq!(as_printed.remarks, [""; 0]);
}

#[test]
fn severity_bands_are_those_of_asff() {
    for (native, label, number) in [
        (json!(1.0), Severity::Low, 10),
        (json!(3.9), Severity::Low, 39),
        (json!(4), Severity::Medium, 40),
        (json!(6.9), Severity::Medium, 69),
        (json!(7.0), Severity::High, 70),
        (json!(8.9), Severity::High, 89),
        (json!(9.0), Severity::Critical, 90),
        (json!(10), Severity::Critical, 100),
        (json!("8"), Severity::High, 80),
        (json!(80), Severity::Critical, 100),
        (json!(-1), Severity::Informational, 0),
        (Value::Null, Severity::Informational, 0),
    ] {
        let mut finding = finding();
        finding["severity"] = native.clone();

        let report = native_guardduty(&finding);

        assert_eq!((report.severity, report.severity_normalized), (label, number), "{native}");
    }
}

#[test]
fn archived_is_read_as_a_truth_value_or_a_text() {
    for (archived, status) in [
        (json!(true), Status::Archived),
        (json!("true"), Status::Archived),
        (json!("false"), Status::Active),
        (Value::Null, Status::Active),
        (json!({}), Status::Active),
    ] {
        let mut finding = finding();
        finding["service"]["archived"] = archived.clone();

        assert_eq!(native_guardduty(&finding).status, status, "{archived}");
    }
}

#[test]
fn samples_are_known_by_each_of_their_signs() {
    let mut titled = finding();
    titled["title"] = "[SAMPLE] Something".into();
    let mut flagged = finding();
    flagged["service"]["additionalInfo"] = json!({"sample": true});
    let mut in_text = finding();
    in_text["service"]["additionalInfo"] =
        json!({"value": "{\"unusual\":{},\"sample\":true}", "type": "default"});
    let mut mentioned = finding();
    mentioned["service"]["additionalInfo"] = json!({"value": "{\"note\":\"sample\"}"});

    for (finding, sample) in [(titled, true), (flagged, true), (in_text, true), (mentioned, false)]
    {
        assert_eq!(native_guardduty(&finding).sample, sample);
    }
}

#[test]
fn the_owner_of_an_access_key_is_the_resource_and_the_key_the_facet() {
    let key = |kind: &str, name: &str| {
        native_guardduty(&about(json!({
            "resourceType": "AccessKey",
            "accessKeyDetails": {
                "accessKeyId": "AKIAI44QH8DHBEXAMPLE",
                "principalId": "AROAEXAMPLE:session",
                "userName": name,
                "userType": kind,
            },
        })))
    };
    for (kind, name, id) in [
        ("IAMUser", "ann", "arn:aws:iam::123456789012:user/ann"),
        ("Root", "Root", "arn:aws:iam::123456789012:root"),
        ("AssumedRole", "deploy", "arn:aws:iam::123456789012:role/deploy"),
        ("Role", "deploy", "acct-principal:123456789012:AROAEXAMPLE:session"),
        ("FederatedUser", "bob", "acct-principal:123456789012:AROAEXAMPLE:session"),
        ("AWSService", "x.amazonaws.com", "acct-principal:123456789012:AROAEXAMPLE:session"),
        ("AWSAccount", "", "acct-principal:123456789012:AROAEXAMPLE:session"),
    ] {
        let report = key(kind, name);

        assert_eq!(resource_ids(&report), [id], "{kind}");
        assert_eq!(report.facet, "AKIAI44QH8DHBEXAMPLE");
    }
}

#[test]
fn a_key_of_which_nothing_else_is_known_is_the_resource() {
    let report = native_guardduty(&about(json!({
        "resourceType": "AccessKey",
        "accessKeyDetails": {"accessKeyId": "AKIAI44QH8DHBEXAMPLE"},
    })));

    assert_eq!(resource_ids(&report), ["acct-key:123456789012:AKIAI44QH8DHBEXAMPLE"]);
}

#[test]
fn a_bucket_comes_before_the_key_that_read_it() {
    let report = native_guardduty(&about(json!({
        "resourceType": "S3Bucket",
        "accessKeyDetails": {"accessKeyId": "AKIAI44QH8DHBEXAMPLE", "userName": "ann", "userType": "IAMUser"},
        "s3BucketDetails": [
            {
                "arn": "arn:aws:s3:::data",
                "publicAccess": {"effectivePermission": "PUBLIC"},
                "s3ObjectDetails": [{"objectArn": "arn:aws:s3:::data/a/b"}],
            },
            {"name": "other"},
        ],
    })));

    assert_eq!(
        resource_ids(&report),
        ["arn:aws:s3:::data", "arn:aws:s3:::other", "arn:aws:iam::123456789012:user/ann"]
    );
    assert_eq!(report.facet, "arn:aws:s3:::data/a/b");
    assert_eq!(report.exposure, Exposure::Public);
}

#[test]
fn a_type_that_says_public_is_public() {
    let mut finding = finding();
    finding["type"] = "Policy:S3/BucketAnonymousAccessGranted".into();

    assert_eq!(native_guardduty(&finding).exposure, Exposure::Public);
}

#[test]
fn an_eks_finding_is_about_the_cluster_and_its_workload() {
    let report = native_guardduty(&about(json!({
        "resourceType": "EKSCluster",
        "eksClusterDetails": {"name": "prod", "arn": "arn:aws:eks:eu-west-1:123456789012:cluster/prod"},
        "kubernetesDetails": {
            "kubernetesUserDetails": {"username": "system:anonymous"},
            "kubernetesWorkloadDetails": {"name": "web", "type": "deployments", "namespace": "shop"},
        },
        "accessKeyDetails": {"accessKeyId": "", "principalId": "x", "userType": "AssumedRole"},
    })));

    assert_eq!(
        resource_ids(&report),
        ["arn:aws:eks:eu-west-1:123456789012:cluster/prod", "acct-principal:123456789012:x"]
    );
    assert_eq!(report.facet, "shop/deployments/web");
    assert_eq!(report.resources[0].kind, "AwsEksCluster");
}

fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:eu-west-1:123456789012:{rest}")
}

/// Type, block, details, resource.
fn blocks() -> [(&'static str, &'static str, Value, String); 9] {
    let snapshot = "arn:aws:ec2:eu-west-1::snapshot/snap-0abc";
    let image = "arn:aws:ec2:eu-west-1::image/ami-0abc";
    let function = arn("lambda", "function:f");
    let database = arn("rds", "db:orders");
    let shards = arn("rds", "shard-group:shardgroup-1");
    let point = arn("backup", "recovery-point:1");
    let guardrail = arn("bedrock", "guardrail/g");
    [
        (
            "Lambda",
            "lambdaDetails",
            json!({"functionArn": format!("{function}:$LATEST")}),
            function.clone(),
        ),
        ("Lambda", "lambdaDetails", json!({"functionName": "f"}), function),
        (
            "RDSDBInstance",
            "rdsDbInstanceDetails",
            json!({"dbInstanceArn": database, "dbInstanceIdentifier": "orders"}),
            database,
        ),
        ("RDSLimitlessDB", "rdsLimitlessDbDetails", json!({"dbShardGroupArn": shards}), shards),
        (
            "Snapshot",
            "ebsSnapshotDetails",
            json!({"snapshotArn": arn("ec2", "snapshot/snap-0abc")}),
            snapshot.to_owned(),
        ),
        ("EC2Image", "ec2ImageDetails", json!({"imageArn": image}), image.to_owned()),
        ("RecoveryPoint", "recoveryPointDetails", json!({"recoveryPointArn": point}), point),
        (
            "BedrockGuardrail",
            "bedrockGuardrailDetails",
            json!({"guardrailArn": guardrail}),
            guardrail,
        ),
        (
            "EKSCluster",
            "eksClusterDetails",
            json!({"arn": arn("eks", "cluster/c")}),
            arn("eks", "cluster/c"),
        ),
    ]
}

#[test]
fn every_other_block_names_its_resource() {
    let instance = arn("ec2", "instance/i-0abc");
    for (kind, block, details, id) in blocks() {
        let mut resource =
            json!({"resourceType": kind, "instanceDetails": {"instanceId": "i-0abc"}});
        resource[block] = details;

        let report = native_guardduty(&about(resource));

        assert_eq!(resource_ids(&report), [id.as_str(), instance.as_str()], "{block}");
    }
}

#[test]
fn an_ecs_finding_is_about_the_cluster_and_its_task() {
    let (cluster, task) = (arn("ecs", "cluster/c"), arn("ecs", "task/c/1"));
    let report = native_guardduty(&about(json!({
        "resourceType": "ECSCluster",
        "ecsClusterDetails": {"name": "c", "arn": cluster, "taskDetails": {"arn": task}},
    })));

    assert_eq!(resource_ids(&report), [cluster.as_str(), task.as_str()]);
}

#[test]
fn a_malware_scan_is_about_the_instance_and_the_volume_is_the_facet() {
    let volume = "arn:aws:ec2:eu-west-1:123456789012:volume/vol-0abc";
    let report = native_guardduty(&about(json!({
        "resourceType": "Instance",
        "instanceDetails": {"instanceId": "i-0abc"},
        "ebsVolumeDetails": {"scannedVolumeDetails": [{"volumeArn": volume}]},
    })));

    assert_eq!(resource_ids(&report), ["arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc"]);
    assert_eq!(report.facet, volume);
}

#[test]
fn an_attack_sequence_is_critical_and_about_all_its_resources() {
    let mut finding = finding();
    finding["type"] = "AttackSequence:IAM/CompromisedCredentials".into();
    finding["severity"] = json!(9.0);
    finding["resource"] = json!({"resourceType": "AttackSequence"});
    let mut resources = vec![
        json!({"uid": "arn:aws:iam::123456789012:role/deploy", "resourceType": "UNKNOWN"}),
        json!({"uid": "AKIAI44QH8DHBEXAMPLE", "resourceType": "ACCESS_KEY"}),
        json!({"uid": "i-0abc", "resourceType": "EC2_INSTANCE", "accountId": "111122223333", "region": "us-east-1"}),
        json!({"name": "data", "resourceType": "S3_BUCKET"}),
        json!(7),
    ];
    let many =
        |n: usize| json!({"uid": format!("arn:aws:s3:::data-{n}"), "resourceType": "S3_BUCKET"});
    resources.extend((0..395).map(many));
    finding["service"]["detection"] =
        json!({"sequence": {"uid": "s", "resources": resources, "signals": []}});

    let report = native_guardduty(&finding);

    assert_eq!((report.severity, report.severity_normalized), (Severity::Critical, 90));
    assert_eq!(
        resource_ids(&report)[..4],
        [
            "arn:aws:iam::123456789012:role/deploy",
            "acct-key:123456789012:AKIAI44QH8DHBEXAMPLE",
            "arn:aws:ec2:us-east-1:111122223333:instance/i-0abc",
            "arn:aws:s3:::data",
        ]
    );
    assert_eq!(report.resources.len(), 31);
    assert_eq!(report.remarks, ["sequence.resources: 400 of them, the first are kept"]);
}

#[test]
fn a_finding_that_names_nothing_is_about_the_account() {
    let report = native_guardduty(&about(json!({"resourceType": "SomethingNew"})));

    assert_eq!(resource_ids(&report), ["arn:aws:iam::123456789012:root"]);
    assert_eq!(report.remarks, ["resource: names nothing; the account stands for it"]);
}

#[test]
fn the_findings_own_region_counts_not_the_one_that_was_asked() {
    let mut finding = finding();
    finding["region"] = "us-east-1".into();

    let report = native_guardduty(&finding);

    assert_eq!(report.region.as_str(), "us-east-1");
    assert!(report.origin.text.starts_with("gd|aws|us-east-1|"));
}

#[test]
fn what_is_missing_is_taken_from_the_arn_or_said() {
    let mut finding = finding();
    for name in ["id", "accountId", "region", "partition", "title"] {
        finding[name] = Value::Null;
    }
    let report = native_guardduty(&finding);
    assert_eq!(report.origin.text, format!("gd|aws|eu-west-1|123456789012|{FINDING}"));
    assert_eq!(report.title, report.rule_id);
    assert_eq!(report.remarks, ["id: missing; taken from arn"]);

    finding["id"] = FINDING.into();
    finding["arn"] = Value::Null;
    let report = native_guardduty(&finding);
    assert_eq!(report.account.as_str(), crate::READER);
    assert_eq!(report.remarks.len(), 2, "{:?}", report.remarks);
    assert!(report.key.provider_id.ends_with(&format!("finding/{FINDING}")), "{}", report.key);
}

#[test]
fn a_threat_that_goes_on_is_new_content_once_a_day() {
    let hash = |seen: &str| {
        let mut finding = finding();
        finding["service"]["eventLastSeen"] = seen.into();
        finding["service"]["count"] = json!(99);
        native_guardduty(&finding).content_hash()
    };

    assert_eq!(hash("2026-01-02T11:00:00Z"), hash("2026-01-02T23:00:00Z"));
    assert_ne!(hash("2026-01-02T11:00:00Z"), hash("2026-01-03T01:00:00Z"));
}

#[test]
fn ids_are_read_and_one_that_is_none_fails_the_page() {
    let page = |json: &'static str| map::finding_ids_page(&Bytes::from_static(json.as_bytes()));

    let ids = page(r#"{"findingIds": ["a", "b"], "nextToken": "t"}"#).unwrap();
    assert_eq!((ids.ids, ids.next_token.as_deref()), (vec!["a".into(), "b".into()], Some("t")));
    assert_eq!(page(r#"{"findingIds": [], "nextToken": ""}"#).unwrap().next_token, None);
    assert!(page(r#"{"findingIds": ["a", {}]}"#).is_err());
    let detectors = map::detectors_page(&Bytes::from_static(br#"{"detectorIds": ["d"]}"#));
    assert_eq!(detectors.unwrap().ids, ["d"]);
}

#[test]
fn findings_come_from_the_wire_and_from_sdks() {
    let unit = unit(SourceKind::GuardDuty, "d");
    for list in ["findings", "Findings"] {
        let body = json!({list: [finding(), 7]}).to_string();

        assert_eq!(map::findings(&Bytes::from(body), &unit).unwrap().len(), 2);
    }
}
