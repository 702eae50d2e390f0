//! Values for tests.

use muster_api::v1::watch_findings_response::Event;
use muster_api::v1::*;

use crate::fake::Step;

/// A full id that begins with `start`.
pub(crate) fn id(start: &str) -> String {
    format!("fnd_{start:a<26}")
}

pub(crate) fn finding(start: &str, revision: u64) -> Finding {
    Finding { id: id(start), revision, ..Finding::default() }
}

pub(crate) fn at(revision: u64, cursor: &str) -> LogPosition {
    LogPosition { log_id: "log".into(), revision, cursor: cursor.into() }
}

pub(crate) fn snapshot_start(revision: u64) -> Step {
    let position = Some(at(revision, "start"));
    Step::Send(Event::SnapshotStart(SnapshotStart { position, count: 2, ..Default::default() }))
}

pub(crate) fn snapshot_batch<const N: usize>(findings: [(&str, u64); N], cursor: &str) -> Step {
    let findings = findings.map(|(start, revision)| finding(start, revision)).to_vec();
    Step::Send(Event::SnapshotBatch(SnapshotBatch { findings, cursor: cursor.into() }))
}

pub(crate) fn snapshot_end(revision: u64, findings_sent: u64) -> Step {
    let position = Some(at(revision, &format!("t{revision}")));
    Step::Send(Event::SnapshotEnd(SnapshotEnd { position, findings_sent }))
}

/// A change of a finding whose image is as old as the change.
pub(crate) fn change(start: &str, revision: u64) -> Change {
    Change {
        revision,
        event_id: format!("log:{revision}"),
        kinds: vec![ChangeKind::Triaged.into()],
        finding_id: id(start),
        finding: Some(finding(start, revision)),
        filter_effect: FilterEffect::Stayed.into(),
        ..Change::default()
    }
}

pub(crate) fn batch<const N: usize>(after: u64, through: u64, changes: [(&str, u64); N]) -> Step {
    Step::Send(Event::ChangeBatch(ChangeBatch {
        changes: changes.map(|(start, revision)| change(start, revision)).to_vec(),
        after_revision: after,
        through_revision: through,
        cursor: format!("t{through}"),
    }))
}

pub(crate) fn bookmark(revision: u64) -> Step {
    let position = Some(at(revision, &format!("t{revision}")));
    let coverage = Some(Coverage { complete: true, ..Coverage::default() });
    Step::Send(Event::Bookmark(Bookmark { position, coverage, ..Bookmark::default() }))
}

/// A time in RFC 3339.
pub(crate) fn time(text: &str) -> prost_types::Timestamp {
    let seconds = text.parse::<jiff::Timestamp>().unwrap().as_second();
    prost_types::Timestamp { seconds, nanos: 0 }
}

/// What somebody who can name a bucket would like a terminal to do.
pub(crate) const HOSTILE: &str = "=HYPERLINK(\"x\")\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m red\u{202e}lacitirc\u{2066}\u{200b}\r\nnew line\ttab";

/// A public bucket: acknowledged, reported twice.
pub(crate) fn bucket() -> Finding {
    Finding {
        id: "fnd_3kq7bcdefghijklmnopqrstuvw".into(),
        key: "weak|S3.8|arn:aws:s3:::logs".into(),
        title: "S3 bucket logs is public".into(),
        description: "Anybody can read it.\n\tBlock public access.".into(),
        severity: Severity::Critical.into(),
        severity_normalized: 90,
        finding_class: FindingClass::Exposure.into(),
        status: Status::Active.into(),
        dissent: true,
        priority: Some(Priority {
            score: 812,
            band: PriorityBand::P1.into(),
            reasons: vec![
                reason("severity", 450, 500, "CRITICAL (90)", false),
                reason("exposure", 300, 300, "public", false),
                reason("recency", 0, 100, "", true),
                reason("corroboration", 62, 100, "2 products", false),
            ],
            gate: String::new(),
            rules: "0123456789abcdef".into(),
            raw_score: 0,
            as_of_time: None,
        }),
        triage: Some(Triage {
            state: TriageState::Acknowledged.into(),
            assignee: "bob".into(),
            comment: "looking at it\nwith \u{1b}[31mcare".into(),
            update_time: Some(time("2026-12-01T09:00:00Z")),
            updated_by: Some(Actor { principal: "user:bob".into(), on_behalf_of: String::new() }),
            decided_on_content_version: 1,
            stale: true,
            etag: "\"e1\"".into(),
            ..Triage::default()
        }),
        account_id: "123456789012".into(),
        region: "eu-central-1".into(),
        resources: vec![Resource {
            id: "arn:aws:s3:::logs".into(),
            original_id: "arn:aws:s3:::logs".into(),
            r#type: "AwsS3Bucket".into(),
        }],
        rule_id: "S3.8".into(),
        products: vec!["aws/access-analyzer".into(), "aws/securityhub".into()],
        exposure: Exposure::Public.into(),
        remediation: Some(Remediation {
            text: "Turn on Block Public Access.".into(),
            url: "https://docs.aws.amazon.com/".into(),
        }),
        first_observed_time: Some(time("2026-11-24T12:00:00Z")),
        last_observed_time: Some(time("2026-12-01T11:30:00Z")),
        create_time: Some(time("2026-11-24T12:05:00Z")),
        update_time: Some(time("2026-12-01T11:31:00Z")),
        revision: 77,
        content_version: 2,
        reports: vec![Report {
            source: Source::SecurityHub.into(),
            path: ReportPath::Asff.into(),
            provider_id: "arn:aws:securityhub:eu-central-1:123456789012:finding/1".into(),
            product: "aws/securityhub".into(),
            identity_rule: "shc".into(),
            origin_key: "shc|S3.8|arn:aws:s3:::logs".into(),
            unit: "securityhub/123456789012/eu-central-1".into(),
            title: "S3.8 buckets should block public access".into(),
            severity: Severity::Critical.into(),
            severity_normalized: 90,
            status: Status::Active.into(),
            status_detail: "FAILED".into(),
            workflow: "NEW".into(),
            count: 3,
            remarks: vec!["the Region was missing; taken from the unit".into()],
            last_observed_time: Some(time("2026-12-01T11:30:00Z")),
            raw_json: b"{\n  \"Id\": 1.50,\n  \"T\": \"x\xe2\x80\xaey\"\n}".to_vec(),
            ..Report::default()
        }],
        report_count: 1,
        ..Finding::default()
    }
}

fn reason(
    factor: &str,
    points: i32,
    max_points: i32,
    value: &str,
    missing: bool,
) -> PriorityReason {
    PriorityReason { factor: factor.into(), points, max_points, value: value.into(), missing }
}

/// The same bucket, reported by two products more: one by a class, one by hand.
pub(crate) fn bucket_of_three() -> Finding {
    let placed = |kind: PlacementKind, rule: &str| {
        Some(Placement { kind: kind.into(), rule: rule.into(), decided: None })
    };
    let alice = Regrouping {
        actor: Some(Actor { principal: "user:alice".into(), on_behalf_of: String::new() }),
        time: Some(time("2026-12-01T09:00:00Z")),
        action: "merge".into(),
        comment: "one bucket\u{1b}[31m, one owner".into(),
    };
    let mut finding = bucket();
    let mut control = finding.reports.remove(0);
    control.key = "asff|arn:aws:securityhub:eu-central-1:123456789012:finding/1".into();
    let class = "s3.public_read";
    let access = Report {
        key: "native|arn:aws:access-analyzer:eu-central-1:123456789012:analyzer/a|7".into(),
        product: "aws/access-analyzer".into(),
        source: Source::AccessAnalyzer.into(),
        path: ReportPath::Native.into(),
        title: "Public access to logs".into(),
        status: Status::Resolved.into(),
        placement: placed(PlacementKind::Class, class),
        attributes: vec![
            ReportAttribute { name: "access".into(), value: "read".into() },
            ReportAttribute { name: "public".into(), value: "true".into() },
        ],
        signals: Some(Signals {
            criticality: Some(90),
            confidence: Some(80),
            tags: vec![Tag { key: "env".into(), value: "prod".into() }],
            privilege: Privilege::Read.into(),
            attack_sequence: false,
            vulnerability: Some(Vulnerability {
                cves: vec!["CVE-2021-44228".into()],
                exploit: ExploitState::ProofOfConcept.into(),
                epss_permille: Some(500),
                fix_available: Some(true),
            }),
        }),
        ..Report::default()
    };
    let by_hand = Report {
        key: "native|ta|Pfx0RwqBli|logs".into(),
        product: "aws/trusted-advisor".into(),
        source: Source::TrustedAdvisor.into(),
        path: ReportPath::Native.into(),
        title: "Amazon S3 Bucket Permissions".into(),
        status: Status::Active.into(),
        placement: Some(Placement {
            decided: Some(alice),
            ..placed(PlacementKind::Decision, "").unwrap()
        }),
        ..Report::default()
    };
    control.placement = placed(PlacementKind::Class, class);
    // In the order of their keys, which is not that of the rules.
    finding.reports = vec![control, by_hand, access];
    finding.report_count = 3;
    finding.weakness_class = class.into();
    let related = |start: &str, score, relation: FindingRelation| RelatedFinding {
        id: id(start),
        title: "Bucket read from a Tor exit node".into(),
        rule_id: "UnauthorizedAccess:S3/TorIPCaller".into(),
        status: Status::Active.into(),
        score,
        relation: relation.into(),
        weakness_class: String::new(),
    };
    finding.related = vec![
        related("tor", 640, FindingRelation::Threat),
        related("log", 120, FindingRelation::SameResource),
    ];
    finding
}

/// What was merged into [`bucket_of_three`].
pub(crate) fn forwarding() -> Finding {
    Finding {
        id: "fnd_5forbcdefghijklmnopqrstuvw".into(),
        title: "Amazon S3 Bucket Permissions".into(),
        status: Status::Resolved.into(),
        merged_into_id: bucket().id,
        merged: bucket_of_three().reports[1].placement.clone().unwrap().decided,
        ..Finding::default()
    }
}

/// A threat whose every text is hostile: new, nobody's.
pub(crate) fn hostile() -> Finding {
    Finding {
        id: "fnd_aa22bcdefghijklmnopqrstuvw".into(),
        title: HOSTILE.into(),
        severity: Severity::High.into(),
        severity_normalized: 70,
        finding_class: FindingClass::Threat.into(),
        status: Status::Active.into(),
        priority: Some(Priority {
            score: 640,
            band: PriorityBand::P2.into(),
            ..Priority::default()
        }),
        triage: Some(Triage {
            state: TriageState::New.into(),
            etag: "\"e2\"".into(),
            ..Triage::default()
        }),
        account_id: "210987654321".into(),
        region: "us-east-1".into(),
        resources: vec![
            Resource {
                id: format!("arn:aws:ec2:us-east-1:210987654321:instance/{HOSTILE}"),
                ..Resource::default()
            },
            Resource::default(),
        ],
        rule_id: format!("UnauthorizedAccess:EC2/{HOSTILE}"),
        products: vec!["aws/guardduty".into()],
        exposure: Exposure::Unknown.into(),
        first_observed_time: Some(time("2026-12-01T11:15:00Z")),
        revision: 80,
        content_version: 1,
        report_count: 1,
        ..Finding::default()
    }
}

/// A sample that is snoozed and resolved.
pub(crate) fn sample() -> Finding {
    Finding {
        id: "fnd_aa22zzzzzzzzzzzzzzzzzzzzzz".into(),
        title: "[SAMPLE] 公開されたアクセスキーが別の国から使われました".into(),
        severity: Severity::Low.into(),
        severity_normalized: 20,
        finding_class: FindingClass::Threat.into(),
        status: Status::Resolved.into(),
        sample: true,
        priority: Some(Priority {
            gate: "sample".into(),
            band: PriorityBand::P4.into(),
            ..Priority::default()
        }),
        triage: Some(Triage {
            state: TriageState::Snoozed.into(),
            expire_time: Some(time("2026-12-07T13:00:00Z")),
            etag: "\"e3\"".into(),
            ..Triage::default()
        }),
        account_id: "123456789012".into(),
        region: "global".into(),
        products: vec!["aws/guardduty".into()],
        exposure: Exposure::Unknown.into(),
        create_time: Some(time("2026-10-01T00:00:00Z")),
        revision: 12,
        content_version: 1,
        report_count: 1,
        ..Finding::default()
    }
}

/// Every unit read.
pub(crate) fn complete() -> Coverage {
    Coverage { complete: true, unit_count: 3, ..Coverage::default() }
}

/// One unit in trouble, with a hostile name.
pub(crate) fn partial() -> Coverage {
    Coverage {
        complete: false,
        unit_count: 3,
        degraded: vec![DegradedUnit {
            name: format!("guardduty/123456789012/eu-central-1/{HOSTILE}"),
            condition: UnitCondition::Denied.into(),
        }],
        degraded_count: 1,
    }
}
