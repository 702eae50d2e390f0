//! Made-up findings for tests and benchmarks: functions of a number, true to life in their sizes.

use bytes::Bytes;
use muster_core::change::{Change, ChangeKind, Facets};
use muster_core::finding::{Facts, Finding, HeldReport, Lifecycle, Placement};
use muster_core::ids::{AccountId, FindingId, Region, Revision};
use muster_core::plan::Mutation;
use muster_core::priority::Priority;
use muster_core::report::{
    CustomerFields, Exposure, FindingClass, IdentityRule, OriginKey, Report, ReportKey, ReportPath,
    Resource, Severity, Status,
};
use muster_core::time::Millis;
use muster_core::triage::{Actor, Triage};
use muster_core::unit::{SourceKind, Unit};

/// When the samples begin: 2025-01-01.
const EPOCH_MS: i64 = 1_735_689_600_000;

/// What the samples complain about: rule, title, resource type, severity.
const RULES: [(&str, &str, &str, u8); 6] = [
    ("S3.8", "S3 buckets should block public access", "AwsS3Bucket", 70),
    ("EC2.19", "Security groups should not open high-risk ports", "AwsEc2SecurityGroup", 90),
    ("IAM.6", "Hardware MFA should be on for the root user", "AwsIamUser", 90),
    ("RDS.3", "RDS DB instances should be encrypted at rest", "AwsRdsDbInstance", 40),
    ("Lambda.2", "Lambda functions should use supported runtimes", "AwsLambdaFunction", 40),
    ("KMS.4", "Rotation should be on for customer keys", "AwsKmsKey", 1),
];

/// The finding of that number after `version` material changes (0 = as first seen).
pub(crate) fn finding(number: u64, version: u64) -> Finding {
    let key = key(number);
    let report = report(number, version);
    let facts = facts(&report);
    let now = Millis(EPOCH_MS + i64::try_from(version).unwrap_or(0) * 60_000);
    let held = HeldReport {
        content_hash: report.content_hash(),
        unit: Unit {
            source: report.source,
            account: report.account,
            region: report.region.clone(),
            part: String::new(),
        },
        first_stored: Millis(EPOCH_MS),
        absence: None,
        placed: Placement::Origin,
        report,
    };
    let mut finding = Finding {
        id: FindingId::derive(&key),
        priority: Priority::default(),
        key,
        reports: vec![held],
        facts,
        triage: Triage::default(),
        created: Millis(EPOCH_MS),
        updated: now,
        revision: Revision::ZERO,
        content_version: version + 1,
        merged_into: None,
        threat: None,
        exploitation: None,
        lifecycle: Lifecycle::new(true, Millis(EPOCH_MS)),
        due: None,
    };
    muster_core::testing::rules(now).rate(&mut finding);
    finding
}

/// The id of the finding of that number.
pub(crate) fn id(number: u64) -> FindingId {
    FindingId::derive(&key(number))
}

/// What first stores the finding of that number.
pub(crate) fn created(number: u64) -> Mutation {
    mutation(Revision::ZERO, None, finding(number, 0), ChangeKind::Created)
}

/// What stores the finding of that number after `version` changes, over `base`.
pub(crate) fn updated(number: u64, version: u64, base: Revision) -> Mutation {
    let before = Facets::of(&finding(number, version.saturating_sub(1)));
    mutation(base, Some(before), finding(number, version), ChangeKind::ContentUpdated)
}

/// What stores a decision of `actor` on `finding`.
pub(crate) fn triaged(finding: &Finding, actor: &str, triage: Triage) -> Mutation {
    let before = Facets::of(finding);
    let after = Finding { triage, ..finding.clone() };
    let mut mutation = mutation(finding.revision, Some(before), after, ChangeKind::Triaged);
    let decided_by = Actor { principal: actor.to_owned(), on_behalf_of: String::new() };
    mutation.finding.triage.decided = Some(mutation.finding.updated);
    mutation.finding.triage.decided_by = decided_by.clone();
    mutation.finding.triage.version += 1;
    "acknowledge".clone_into(&mut mutation.change.action);
    mutation.change.actor = decided_by;
    mutation
}

fn mutation(
    base: Revision,
    before: Option<Facets>,
    finding: Finding,
    kind: ChangeKind,
) -> Mutation {
    let change = Change {
        revision: Revision::ZERO,
        previous: Revision::ZERO,
        time: finding.updated,
        finding: finding.id,
        kinds: vec![kind],
        actor: Actor { principal: "source:securityhub".to_owned(), ..Actor::default() },
        request_id: String::new(),
        action: String::new(),
        comment: String::new(),
        fields: Vec::new(),
        before,
        after: Facets::of(&finding),
    };
    Mutation { base, finding, change }
}

fn key(number: u64) -> String {
    let (rule, ..) = rule(number);
    format!("shc|{}|{}|{rule}|{}", account(number), region(number), resource(number))
}

fn rule(number: u64) -> (&'static str, &'static str, &'static str, u8) {
    let index = usize::try_from(number % RULES.len() as u64).unwrap_or(0);
    RULES.get(index).copied().unwrap_or(("X.1", "nothing", "Other", 0))
}

fn account(number: u64) -> AccountId {
    format!("{:012}", 111_111_111_111 + number % 40).parse().expect("twelve digits")
}

fn region(number: u64) -> Region {
    let code = match number % 3 {
        0 => "eu-central-1",
        1 => "us-east-1",
        _ => "ap-southeast-2",
    };
    code.parse().expect("a Region code")
}

fn resource(number: u64) -> String {
    let (.., kind, _) = rule(number);
    // Spread like a real name: no two samples share more than chance lets them.
    let name = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("arn:aws:{kind}:{}:{}:resource/{name:016x}", region(number), account(number))
}

fn report(number: u64, version: u64) -> Report {
    let (rule_id, title, kind, normalized) = rule(number);
    let updated = Millis(EPOCH_MS + i64::try_from(version).unwrap_or(0) * 60_000);
    Report {
        key: ReportKey {
            path: ReportPath::Asff,
            provider_id: format!(
                "arn:aws:securityhub:{}:{}:security-control/{rule_id}/finding/{number:032x}",
                region(number),
                account(number)
            ),
        },
        origin: OriginKey { rule: IdentityRule::Control, text: key(number) },
        source: SourceKind::SecurityHub,
        product: "aws/security hub".to_owned(),
        account: account(number),
        region: region(number),
        class: FindingClass::Misconfiguration,
        rule_id: rule_id.to_owned(),
        title: title.to_owned(),
        description: format!("{title}: the resource was checked {version} times and is not so."),
        severity: Severity::from_normalized(normalized),
        severity_normalized: normalized,
        status: Status::Active,
        status_detail: "FAILED".to_owned(),
        resources: vec![Resource {
            id: resource(number),
            original: resource(number),
            kind: kind.to_owned(),
        }],
        facet: String::new(),
        exposure: Exposure::Unknown,
        signals: muster_core::report::Signals::default(),
        sample: false,
        customer: CustomerFields { workflow: "NEW".to_owned(), ..CustomerFields::default() },
        remediation: "See the documentation of the control.".to_owned(),
        remediation_url: format!("https://docs.example.com/controls/{rule_id}"),
        first_observed: Some(Millis(EPOCH_MS)),
        last_observed: Some(updated),
        provider_created: Some(Millis(EPOCH_MS)),
        provider_updated: Some(updated),
        count: 1,
        remarks: Vec::new(),
        raw: raw(number, version),
        raw_truncated: false,
        attributes: Vec::new(),
    }
}

/// A document of about 2.5 KB.
fn raw(number: u64, version: u64) -> Bytes {
    use std::fmt::Write;
    let (rule_id, title, kind, normalized) = rule(number);
    let (account, region) = (account(number), region(number));
    let mut text = format!(
        "{{\"SchemaVersion\":\"2018-10-08\",\"Title\":\"{title}\",\"AwsAccountId\":\"{account}\",\
         \"Region\":\"{region}\",\"GeneratorId\":\"security-control/{rule_id}\",\
         \"ProductArn\":\"arn:aws:securityhub:{region}::product/aws/securityhub\",\
         \"Severity\":{{\"Normalized\":{normalized}}},\"Resources\":[{{\"Id\":\"{}\",\
         \"Type\":\"{kind}\"}}],\"Version\":{version},\"Tags\":{{",
        resource(number)
    );
    // What differs between documents of one rule: identifiers, times, tags, hashes.
    let mut state = number.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1;
    for field in 0..24 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let separator = if field == 0 { "" } else { "," };
        write!(
            text,
            "{separator}\"department/cost-center/{field:02}\":\"unit-{:05}-team-{:03}/{:08x}\"",
            state % 100_000,
            state % 997,
            state >> 32
        )
        .expect("a string takes everything");
    }
    text.push_str("}}");
    text.into()
}

fn facts(report: &Report) -> Facts {
    Facts {
        products: vec![report.product.clone()],
        account: report.account,
        region: report.region.clone(),
        class: report.class,
        rule_id: report.rule_id.clone(),
        title: report.title.clone(),
        description: report.description.clone(),
        severity: report.severity,
        severity_normalized: report.severity_normalized,
        status: report.status,
        dissent: false,
        resources: report.resources.clone(),
        facet: report.facet.clone(),
        exposure: report.exposure,
        signals: report.signals.clone(),
        sample: report.sample,
        false_positive: true,
        remediation: report.remediation.clone(),
        remediation_url: report.remediation_url.clone(),
        first_observed: report.first_observed,
        last_observed: report.last_observed,
        provider_updated: report.provider_updated,
    }
}
