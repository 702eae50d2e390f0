//! Rows of every kind of check.

use bytes::Bytes;
use muster_core::report::{Exposure, FindingClass, Report, Severity, Status};
use muster_core::unit::SourceKind;
use muster_sources::document::Document;
use muster_sources::trusted_advisor::map::{self, Check, CheckResult};
use serde_json::{Value, json};

use crate::{READER, report_of, resource_ids, unit};

pub(crate) fn check(id: &str, columns: &[&str]) -> Check {
    Check {
        id: id.to_owned(),
        name: format!("Check {id}"),
        category: "security".to_owned(),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
        ..Check::default()
    }
}

fn result(check: &Check, result: Value) -> CheckResult {
    let body = Bytes::from(json!({"result": result}).to_string());
    map::result(&body, check, &unit(SourceKind::TrustedAdvisor, "")).unwrap()
}

/// The report of one row.
pub(crate) fn row(check: &Check, row: Value) -> Report {
    report_of(document(check, row))
}

/// The document of one row.
pub(crate) fn document(check: &Check, row: Value) -> Document {
    let found = result(
        check,
        json!({
            "checkId": check.id,
            "timestamp": "2026-01-02T00:00:00Z",
            "status": "error",
            "resourcesSummary": {"resourcesProcessed": 1, "resourcesFlagged": 1, "resourcesIgnored": 0, "resourcesSuppressed": 0},
            "flaggedResources": [row],
        }),
    );
    assert!(!found.unjudged);
    found.documents.into_iter().next().unwrap()
}

/// A red row in eu-west-1 with those cells.
fn red(check: &Check, cells: Value) -> Report {
    row(
        check,
        json!({"status": "error", "region": "eu-west-1", "resourceId": "hash", "isSuppressed": false, "metadata": cells}),
    )
}

#[test]
fn a_row_is_mapped_whole() {
    let check = check(
        "HCP4007jGY",
        &["Region", "Security Group Name", "Security Group ID", "Protocol", "Status", "Ports"],
    );
    let report = red(
        &check,
        json!(["eu-west-1", "web", "sg-0abc12345def67890 (vpc-0abc)", "tcp", "Red", "22"]),
    );

    let group = format!("arn:aws:ec2:eu-west-1:{READER}:security-group/sg-0abc12345def67890");
    assert_eq!(report.source, SourceKind::TrustedAdvisor);
    assert_eq!(report.product, "aws/trusted-advisor");
    assert_eq!(report.origin.text, format!("ta|{READER}|HCP4007jGY|eu-west-1|{group}|tcp:22-22"));
    assert_eq!(report.key.provider_id, format!("ta/{READER}/HCP4007jGY/eu-west-1/hash/tcp:22-22"));
    assert_eq!(resource_ids(&report), [group.as_str()]);
    assert_eq!(report.facet, "tcp:22-22");
    assert_eq!((report.severity, report.severity_normalized), (Severity::High, 70));
    assert_eq!((report.status, report.status_detail.as_str()), (Status::Active, "error"));
    assert_eq!(report.exposure, Exposure::Internet);
    assert_eq!(report.rule_id, "HCP4007jGY");
    assert_eq!(report.title, "Check HCP4007jGY");
    assert!(report.description.contains("Ports: 22"), "{}", report.description);
    assert_eq!(report.provider_updated.unwrap().to_string(), "2026-01-02T00:00:00Z");
    assert_eq!(report.remarks, [""; 0]);
}

#[test]
fn the_order_of_columns_does_not_matter() {
    let names = ["Region", "Security Group ID", "Protocol", "From Port", "To Port", "Status"];
    let cells = ["eu-west-1", "sg-0abc", "tcp", "20", "21", "Red"];
    let in_order = red(&check("HCP4007jGY", &names), json!(cells));
    let (mut names, mut cells) = (names, cells);
    names.reverse();
    cells.reverse();
    let reversed = red(&check("HCP4007jGY", &names), json!(cells));

    assert_eq!(in_order.facet, "tcp:20-21");
    assert_eq!(in_order.content_hash(), reversed.content_hash());
    assert_eq!(in_order.key, reversed.key);
}

#[test]
fn statuses_and_suppression_are_told_apart() {
    let check = check("a2sEc6ILx", &["Load Balancer Name"]);
    for (status, suppressed, expected, severity) in [
        ("error", false, Status::Active, Severity::High),
        ("warning", false, Status::Active, Severity::Medium),
        ("ok", false, Status::Resolved, Severity::Informational),
        ("ok", true, Status::Resolved, Severity::Informational),
        ("not_available", false, Status::Unobservable, Severity::Informational),
        ("purple", false, Status::Unobservable, Severity::Informational),
        ("warning", true, Status::Archived, Severity::Medium),
    ] {
        let report = row(
            &check,
            json!({"status": status, "region": "eu-west-1", "resourceId": "h", "isSuppressed": suppressed, "metadata": ["lb"]}),
        );

        assert_eq!((report.status, report.severity), (expected, severity), "{status} {suppressed}");
    }
}

/// Check, cells by column, resource, facet.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:999999999999:function:f";
const WORKLOAD: &str = "arn:aws:wellarchitected:eu-west-1:999999999999:workload/1";
const TARGET: &str = "arn:aws:elasticloadbalancing:eu-west-1:999999999999:targetgroup/t/1";
const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:999999999999:loadbalancer/lb";
const DISTRIBUTION: &str = "arn:aws:cloudfront::999999999999:distribution/E1";
const INSTANCE: &str = "arn:aws:ec2:eu-west-1:999999999999:instance/i-0abc";
const USER: &str = "arn:aws:iam::999999999999:user/ann";
const KEY: &str = "AKIAI44QH8DHBEXAMPLE";
const ZONE: &str = "arn:aws:route53:::hostedzone/Z1";

const CASES: [Case; 21] = [
    (
        "1iG5NDGVre",
        &[
            ("Security Group ID", "sg-0abc"),
            ("Protocol", "TCP"),
            ("Port", "3306"),
            ("IP Range", "0.0.0.0/0"),
        ],
        "arn:aws:ec2:eu-west-1:999999999999:security-group/sg-0abc",
        "tcp:3306-3306:0.0.0.0/0",
    ),
    ("Pfx0RwqBli", &[("Bucket Name", "data"), ("ACL Allows List", "Yes")], "arn:aws:s3:::data", ""),
    (
        "ePs02jT06w",
        &[("Volume ID", "vol-0abc"), ("Snapshot ID", "snap-0abc")],
        "arn:aws:ec2:eu-west-1::snapshot/snap-0abc",
        "",
    ),
    (
        "DqdJqYeRm5",
        &[("IAM User", "ann"), ("Access Key", KEY), ("Key Last Rotated", "x")],
        USER,
        KEY,
    ),
    ("12Fnkpl8Y5", &[("Access Key ID", KEY), ("User Name (IAM or Root)", "ann")], USER, KEY),
    ("L4dfs2Q4C5", &[("Function ARN", FUNCTION)], FUNCTION, ""),
    ("Wxdfp4B1L3", &[("Workload ARN", WORKLOAD)], WORKLOAD, ""),
    ("c2vlfg0p1w", &[("ALB Arn", "arn:aws:x:::y"), ("Target Group Arn", TARGET)], TARGET, ""),
    ("c1ng44jvbm", &[("Hosted Zone ID", "Z1"), ("ARN", ZONE)], ZONE, ""),
    ("c9D319e7sG", &[("Hosted Zone ID", "Z1"), ("Resource Record Set Name", "a.")], ZONE, "a."),
    ("a2sEc6ILx", &[("Load Balancer Name", "lb"), ("Load Balancer Port", "443")], BALANCER, "443"),
    ("xSqX82fQu", &[("Load Balancer Name", "lb"), ("Security Group IDs", "sg-1")], BALANCER, ""),
    ("Qsdfp3A4L3", &[("Instance ID", "i-0abc")], INSTANCE, ""),
    ("c1dfprch15", &[("Instance ID", "i-0abc")], INSTANCE, ""),
    ("N425c450f2", &[("Distribution ID", "E1"), ("Certificate Name", "c")], DISTRIBUTION, "c"),
    ("N430c450f2", &[("Distribution ID", "E1"), ("Origin", "o")], DISTRIBUTION, "o"),
    (
        "c1dfpnchv1",
        &[("EFS File System ID", "fs-1")],
        "arn:aws:elasticfilesystem:eu-west-1:999999999999:file-system/fs-1",
        "",
    ),
    (
        "nNauJisYIT",
        &[("RDS Security Group Name", "default")],
        "arn:aws:rds:eu-west-1:999999999999:secgrp:default",
        "",
    ),
    ("c1qf5bt006", &[("Resource", TARGET)], TARGET, ""),
    (
        "c18d2gz124",
        &[("Resource", "vpc-0123abcd")],
        "arn:aws:ec2:eu-west-1:999999999999:vpc/vpc-0123abcd",
        "",
    ),
    (
        "c25hn9x03v",
        &[("Trail Name", "main"), ("Bucket Name", "logs")],
        "arn:aws:cloudtrail:eu-west-1:999999999999:trail/main",
        "",
    ),
];

#[test]
fn every_check_with_resources_names_them() {
    for (id, cells, resource, facet) in CASES {
        let (names, texts): (Vec<&str>, Vec<&str>) = cells.iter().copied().unzip();

        let report = red(&check(id, &names), json!(texts));

        assert_eq!(resource_ids(&report), [resource], "{id}");
        assert_eq!(report.facet, facet, "{id}");
        let facet = if facet.is_empty() { String::new() } else { format!("|{facet}") };
        assert_eq!(report.origin.text, format!("ta|{READER}|{id}|eu-west-1|{resource}{facet}"));
    }
}

#[test]
fn a_public_rds_snapshot_has_both_of_its_possible_names() {
    let check =
        check("rSs93HQwa1", &["Status", "Region", "DB Instance or Cluster ID", "Snapshot ID"]);

    let report = red(&check, json!(["Red", "eu-west-1", "orders", "snap"]));

    let name = |part: &str| format!("arn:aws:rds:eu-west-1:{READER}:{part}:snap");
    assert_eq!(resource_ids(&report), [name("snapshot"), name("cluster-snapshot")]);
    assert_eq!((report.severity, report.exposure), (Severity::Critical, Exposure::Public));
}

#[test]
fn checks_of_the_account_are_about_the_account() {
    let root = format!("arn:aws:iam::{READER}:root");
    for (id, columns, cells) in [
        ("7DAFEmoDos", vec![], Value::Null),
        ("c2vlfg0f4h", vec!["Account ID"], json!([READER])),
        ("Yw2K9puPzl", vec!["Password Policy", "Uppercase"], json!(["Enabled", "No"])),
        ("c2vlfg0p86", vec!["Status"], json!(["Yellow"])),
        ("07602fcad6", vec!["Status", "Region"], json!(["Red", "eu-west-1"])),
        ("a-new-one", vec![], json!([])),
    ] {
        let report = red(&check(id, &columns), cells);

        assert_eq!(resource_ids(&report), [root.as_str()], "{id}");
        let is_worst = matches!(id, "7DAFEmoDos" | "c2vlfg0f4h");
        assert_eq!(report.severity == Severity::Critical, is_worst, "{id}");
    }
}

#[test]
fn bucket_permissions_are_three_weaknesses_in_one() {
    let columns =
        ["Bucket Name", "ACL Allows List", "ACL Allows Upload/Delete", "Policy Allows Access"];
    let check = check("Pfx0RwqBli", &columns);
    for (status, cells, severity, exposure) in [
        ("error", json!(["data", "Yes", "No", "No"]), Severity::Critical, Exposure::Public),
        ("error", json!(["data", "No", "No", "Yes"]), Severity::Critical, Exposure::Public),
        ("error", json!(["data", "No", null, "No"]), Severity::Informational, Exposure::Unknown),
        ("warning", json!(["data", "No", "No", "No"]), Severity::Medium, Exposure::Unknown),
    ] {
        let report = row(
            &check,
            json!({"status": status, "region": "eu-west-1", "resourceId": "h", "metadata": cells}),
        );

        assert_eq!((report.severity, report.exposure), (severity, exposure), "{status} {cells}");
    }
}

#[test]
fn a_row_that_names_nothing_is_known_by_what_does_not_move() {
    let check =
        check("XG0aXHpIEt", &["Region", "Service", "Limit Name", "Current Usage", "Status"]);
    let report = |cells: Value, id: &str| {
        row(
            &check,
            json!({"status": "warning", "region": "eu-west-1", "resourceId": id, "metadata": cells}),
        )
    };

    let first = report(json!(["eu-west-1", "RDS", "DB instances", "80", "Yellow"]), "h");
    let grown = report(json!(["eu-west-1", "RDS", "DB instances", "99", "Red"]), "h");
    let other = report(json!(["eu-west-1", "RDS", "DB clusters", "80", "Yellow"]), "i");

    assert!(first.origin.text.starts_with(&format!("ta|{READER}|XG0aXHpIEt|eu-west-1|@")));
    assert_eq!(first.origin, grown.origin);
    assert_eq!(first.key, grown.key);
    assert_ne!(first.origin, other.origin);
    assert!(first.resources[0].id.starts_with(&format!("ta-row:{READER}:XG0aXHpIEt:")));
}

#[test]
fn a_row_without_known_columns_is_known_by_the_hash_of_aws() {
    let report = row(
        &check("new", &[]),
        json!({"status": "error", "region": "eu-west-1", "resourceId": "abc", "metadata": ["x", null]}),
    );

    assert_eq!(report.origin.text, format!("ta|{READER}|new|eu-west-1|@abc"));
    assert_eq!(report.remarks, ["metadata: 2 cells, but 0 columns"]);
}

#[test]
fn heartbeats_of_a_row_change_no_content() {
    let check = check(
        "L4dfs2Q4C5",
        &["Function ARN", "Days to Deprecation", "Runtime", "Last Refresh Time"],
    );
    let function = format!("arn:aws:lambda:eu-west-1:{READER}:function:f");
    let hash = |days: &str, runtime: &str, time: &str| {
        red(&check, json!([function, days, runtime, time])).content_hash()
    };

    assert_eq!(hash("10", "python3.8", "a"), hash("9", "python3.8", "b"));
    assert_ne!(hash("10", "python3.8", "a"), hash("10", "python3.12", "a"));
}

#[test]
fn a_mirror_of_a_control_is_the_controls_finding() {
    let mut check = check("Hs4Ma3G171", &["Status", "Region", "Resource", "Last Updated Time"]);
    check.control = Some("S3.2".to_owned());

    let report = red(&check, json!(["Red", "eu-west-1", "arn:aws:s3:::data", "now"]));

    assert_eq!(report.origin.text, format!("shc|aws|{READER}|eu-west-1|S3.2|arn:aws:s3:::data"));
    assert_eq!(report.product, "aws/securityhub");
    assert_eq!(report.source, SourceKind::TrustedAdvisor);
    assert_eq!(report.rule_id, "S3.2");
    assert_eq!(map::rule_id(&check), "S3.2");
    assert_eq!((report.severity, report.exposure), (Severity::Critical, Exposure::Public));
    assert_eq!(report.class, FindingClass::Misconfiguration);
}

#[test]
fn a_mirror_has_the_severity_of_its_control_or_of_its_colour() {
    for (control, status, severity) in [
        ("IAM.3", "warning", Severity::Medium),
        ("S3.9", "warning", Severity::Medium),
        ("New.1", "warning", Severity::Medium),
        ("New.1", "error", Severity::High),
        ("SNS.1", "warning", Severity::Medium),
    ] {
        let mut check = check("Hs4Ma3G1", &["Status", "Region", "Resource"]);
        check.control = Some(control.to_owned());

        let report = row(
            &check,
            json!({"status": status, "region": "eu-west-1", "metadata": ["x", "eu-west-1", "arn:aws:s3:::b"]}),
        );

        assert_eq!(report.severity, severity, "{control} {status}");
    }
}

#[test]
fn a_mirror_without_resource_is_about_the_account() {
    let mut check = check("Hs4Ma3G1", &["Status", "Region", "Resource"]);
    check.control = Some("Macie.1".to_owned());

    let report = red(&check, json!(["Red", "eu-west-1", null]));

    let root = format!("arn:aws:iam::{READER}:root");
    assert_eq!(report.origin.text, format!("shc|aws|{READER}|eu-west-1|MACIE.1|{root}"));
}

#[test]
fn a_region_that_is_a_name_for_people_is_taken_from_the_arn() {
    let check = check("c1qf5bt006", &["Status", "Region", "Resource"]);
    let cells = json!(["Red", "US East (N. Virginia)", "arn:aws:rds:us-east-1:999999999999:db:d"]);
    let row_json = json!({"status": "error", "region": "US East (N. Virginia)", "resourceId": "h", "metadata": cells});

    assert_eq!(row(&check, row_json).region.as_str(), "us-east-1");
}

#[test]
fn a_result_says_when_silence_means_nothing() {
    let check = check("x", &["Resource"]);
    let summary = |ignored: u32| json!({"resourcesIgnored": ignored, "resourcesFlagged": 0});
    for (value, unjudged) in [
        (json!({"status": "ok", "flaggedResources": [], "resourcesSummary": summary(0)}), false),
        (json!({"status": "ok", "flaggedResources": [], "resourcesSummary": summary(2)}), true),
        (json!({"status": "not_available", "flaggedResources": []}), true),
        (json!({"status": "ready", "flaggedResources": []}), true),
        (json!({"status": "ok", "statusReason": "no_data_ok", "flaggedResources": []}), true),
        (json!({"status": "ok"}), true),
        (Value::Null, true),
    ] {
        let found = result(&check, value.clone());

        assert_eq!(found.unjudged, unjudged, "{value}");
        assert_eq!(found.documents, []);
    }
}

#[test]
fn a_flagged_result_without_rows_is_about_the_account() {
    let found = result(
        &check("7DAFEmoDos", &[]),
        json!({"status": "error", "timestamp": "2026-01-02T00:00:00Z", "flaggedResources": []}),
    );

    let report = report_of(found.documents.into_iter().next().unwrap());
    let root = format!("arn:aws:iam::{READER}:root");
    assert_eq!(report.origin.text, format!("ta|{READER}|7DAFEmoDos|global|{root}"));
    assert_eq!((report.status, report.severity), (Status::Active, Severity::Critical));
    assert_eq!(report.remarks.len(), 1);
}

#[test]
fn a_row_that_is_no_object_is_kept_with_its_error() {
    let found = result(
        &check("x", &["Resource"]),
        json!({"status": "error", "flaggedResources": [7, {"status": "error"}]}),
    );

    assert_eq!(found.documents.len(), 2);
    assert!(
        matches!(&found.documents[0], Document::Unmapped(one) if one.error == "a number instead of an object")
    );
}

#[test]
fn an_answer_that_is_no_result_is_an_error() {
    let unit = unit(SourceKind::TrustedAdvisor, "");
    for body in ["", "[]", r#"{"message": "x"}"#, r#"{"result": 7}"#] {
        assert!(map::result(&Bytes::from(body), &check("x", &[]), &unit).is_err(), "{body}");
    }
}

#[test]
fn checks_and_summaries_are_read() {
    let body = json!({"checks": [
        {
            "id": "Hs4Ma3G171", "name": "Public read", "category": "security",
            "description": "Checks.<br>Security Hub Control ID: S3.2<br><h4>Recommended Action</h4>Do <a href=\"https://e.org/x\">it</a>.",
            "metadata": ["Status", "Region", null, "Resource"],
        },
        {"name": "without id"},
    ]});
    let checks = map::checks(&Bytes::from(body.to_string())).unwrap();
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].control.as_deref(), Some("S3.2"));
    assert_eq!(checks[0].columns, ["Status", "Region", "", "Resource"]);
    assert_eq!(checks[0].remediation, "Do it.");
    assert_eq!(checks[0].remediation_url, "https://e.org/x");

    let body = json!({"summaries": [
        {"checkId": "a", "timestamp": "t", "status": "warning", "resourcesSummary": {"resourcesFlagged": 3, "resourcesIgnored": "1", "resourcesSuppressed": 2}},
        {"status": "ok"},
    ]});
    let summaries = map::summaries(&Bytes::from(body.to_string())).unwrap();
    assert_eq!(summaries.len(), 1);
    let found = &summaries[0];
    assert_eq!((found.flagged, found.ignored, found.suppressed), (3, 1, 2));
    assert!(found.unjudged);
}
