//! What identity and folding cost: canonical resource, origin key, finding key with its id, and the
//! fold of a finding that holds the document twice (as the original and as its copy, or by two
//! standards), against what `serde_json` alone needs to parse the same document.
//!
//! `cargo bench -p muster-core --bench identity`
//!
//! All are measured in turns in one run, so that the ratio does not depend on the machine. The goal
//! is 1 or less.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use muster_core::finding::HeldReport;
use muster_core::fold::fold;
use muster_core::identity::{Origin, Place, canonical_resource};
use muster_core::ids::{AccountId, Region};
use muster_core::report::{
    Attribute, CustomerFields, Exposure, FindingClass, OriginKey, Report, ReportKey, ReportPath,
    Resource, Severity, Status,
};
use muster_core::time::Millis;
use muster_core::unit::SourceKind;
use muster_core::weakness::Classes;

/// How long each side of a case is measured.
const TIME: Duration = Duration::from_secs(1);

/// How often something is done between two looks at the clock.
const BATCH: u32 = 200;

fn main() {
    println!(
        "{:<28} {:>6} {:>9} {:>9} {:>9} {:>6}",
        "document", "bytes", "parse ns", "key ns", "fold ns", "ratio"
    );
    for case in [control(), guardduty(), external_access(), row()] {
        case.measure();
    }
}

/// A document, and what its mapping reads of it.
struct Case {
    name: &'static str,
    document: String,
    /// The resource as the document writes it.
    resource: &'static str,
    origin: fn(&Place<'_>, &str) -> OriginKey,
    report: Report,
}

impl Case {
    fn measure(&self) {
        let classes = Classes::builtin();
        let held = self.held();
        let place =
            Place { partition: "aws", account: self.report.account, region: &self.report.region };
        let kind = &self.report.resources.first().expect("one resource").kind;
        let parse = || {
            let value = serde_json::from_str::<serde_json::Value>(black_box(&self.document));
            black_box(value.expect("the document is JSON"));
        };
        let key = || {
            let resource = canonical_resource(black_box(self.resource), kind, &place);
            black_box((self.origin)(&place, &resource));
            black_box(classes.key(black_box(&self.report)).id());
        };
        let folded = || {
            black_box(fold(black_box(&held)));
        };
        let (mut parsed, mut keyed, mut facts) =
            (Cost::default(), Cost::default(), Cost::default());
        while parsed.spent < TIME {
            parsed.measure(parse);
            keyed.measure(key);
            facts.measure(folded);
        }
        let (parsed, keyed, facts) =
            (parsed.nanoseconds(), keyed.nanoseconds(), facts.nanoseconds());
        println!(
            "{:<28} {:>6} {parsed:>9.0} {keyed:>9.0} {facts:>9.0} {:>6.2}",
            self.name,
            self.document.len(),
            (keyed + facts) / parsed
        );
    }

    /// The finding that holds the report twice.
    fn held(&self) -> Vec<HeldReport> {
        let held = HeldReport {
            placed: Classes::builtin().key(&self.report).placement,
            content_hash: self.report.content_hash(),
            unit: "securityhub/123456789012/eu-west-1".parse().expect("a unit"),
            first_stored: Millis(0),
            absence: None,
            report: self.report.clone(),
        };
        let mut copy = held.clone();
        copy.report.key = ReportKey { path: ReportPath::Asff, provider_id: "another".to_owned() };
        vec![held, copy]
    }
}

#[derive(Default)]
struct Cost {
    spent: Duration,
    runs: u32,
}

impl Cost {
    fn measure(&mut self, run: impl Fn()) {
        let start = Instant::now();
        for _ in 0..BATCH {
            run();
        }
        self.spent += start.elapsed();
        self.runs += BATCH;
    }

    fn nanoseconds(&self) -> f64 {
        self.spent.as_secs_f64() * 1e9 / f64::from(self.runs)
    }
}

fn account() -> AccountId {
    "123456789012".parse().expect("an account")
}

fn region() -> Region {
    "eu-west-1".parse().expect("a Region")
}

/// A report as a mapping makes it, with texts of usual length.
fn report(
    source: SourceKind,
    rule_id: &str,
    resource: &str,
    kind: &str,
    origin: OriginKey,
) -> Report {
    let path = match source {
        SourceKind::SecurityHub => ReportPath::Asff,
        _ => ReportPath::Native,
    };
    Report {
        key: ReportKey { path, provider_id: origin.text.clone() },
        origin,
        source,
        product: format!("aws/{source}"),
        account: account(),
        region: region(),
        class: FindingClass::Misconfiguration,
        rule_id: rule_id.to_owned(),
        title: "Security groups should not allow unrestricted access to high-risk ports".to_owned(),
        description: "This control checks whether traffic from anywhere can reach ports of the \
                      security group that are high risk. It fails if a rule allows it."
            .to_owned(),
        severity: Severity::Critical,
        severity_normalized: 90,
        status: Status::Active,
        status_detail: "FAILED".to_owned(),
        resources: vec![Resource {
            id: resource.to_owned(),
            original: resource.to_owned(),
            kind: kind.to_owned(),
        }],
        facet: String::new(),
        attributes: Vec::new(),
        exposure: Exposure::Public,
        signals: muster_core::report::Signals::default(),
        sample: false,
        customer: CustomerFields::default(),
        remediation: "For information on how to correct this, consult the documentation."
            .to_owned(),
        remediation_url: "https://docs.aws.amazon.com/console/securityhub/EC2.19/remediation"
            .to_owned(),
        first_observed: Some(Millis(1_704_881_472_345)),
        last_observed: Some(Millis(1_719_190_923_004)),
        provider_created: Some(Millis(1_704_881_472_345)),
        provider_updated: Some(Millis(1_719_190_923_004)),
        count: 1,
        remarks: Vec::new(),
        raw: Bytes::new(),
        raw_truncated: false,
    }
}

fn attributes(all: &[(&str, &str)]) -> Vec<Attribute> {
    let all = all.iter();
    let mut all: Vec<Attribute> = all
        .map(|(name, value)| Attribute { name: (*name).to_owned(), value: (*value).to_owned() })
        .collect();
    all.sort_unstable();
    all
}

/// A Security Hub control on a security group.
fn control() -> Case {
    const GROUP: &str = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0123456789abcdef0";
    let origin = |place: &Place<'_>, resource: &str| {
        let Place { partition, account, region } = *place;
        Origin::Control { partition, account, region, control: "EC2.19", resource }.key()
    };
    let made = origin(&Place { partition: "aws", account: account(), region: &region() }, GROUP);
    let kind = "AwsEc2SecurityGroup";
    Case {
        name: "control (ASFF)",
        document: include_str!("documents/control.json").to_owned(),
        resource: GROUP,
        origin,
        report: report(SourceKind::SecurityHub, "EC2.19", GROUP, kind, made),
    }
}

/// A `GuardDuty` finding on an instance.
fn guardduty() -> Case {
    const INSTANCE: &str = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0";
    let origin = |place: &Place<'_>, _: &str| {
        let Place { partition, account, region } = *place;
        let finding = "d6badb90e557d4bd811488a53ca89895";
        Origin::GuardDuty { partition, region, account, finding }.key()
    };
    let made = origin(&Place { partition: "aws", account: account(), region: &region() }, "");
    let rule = "UnauthorizedAccess:EC2/SSHBruteForce";
    Case {
        name: "guardduty",
        document: include_str!("documents/guardduty.json").to_owned(),
        resource: "i-0123456789abcdef0",
        origin,
        report: report(SourceKind::GuardDuty, rule, INSTANCE, "AwsEc2Instance", made),
    }
}

/// An external access to a bucket.
fn external_access() -> Case {
    const BUCKET: &str = "arn:aws:s3:::data-1";
    let origin = |_: &Place<'_>, resource: &str| {
        let analyzer = "arn:aws:access-analyzer:eu-west-1:123456789012:analyzer/main";
        Origin::ExternalAccess { analyzer, resource, principal: "444455556666" }.key()
    };
    let made = origin(&Place { partition: "aws", account: account(), region: &region() }, BUCKET);
    let source = SourceKind::AccessAnalyzer;
    let mut report = report(source, "ExternalAccess", BUCKET, "AWS::S3::Bucket", made);
    "444455556666".clone_into(&mut report.facet);
    report.attributes = attributes(&[
        ("access", "read"),
        ("finding type", "ExternalAccess"),
        ("principal type", "AWS"),
        ("public", "false"),
        ("resource type", "AWS::S3::Bucket"),
    ]);
    Case {
        name: "access analyzer",
        document: include_str!("documents/external-access.json").to_owned(),
        resource: BUCKET,
        origin,
        report,
    }
}

/// A row of a Trusted Advisor check: the smallest document there is.
fn row() -> Case {
    const GROUP: &str = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0123456789abcdef0";
    let origin = |place: &Place<'_>, resource: &str| {
        let Place { account, region, .. } = *place;
        Origin::TrustedAdvisor {
            account,
            check: "HCP4007jGY",
            region,
            resource,
            facet: "tcp:22-22",
        }
        .key()
    };
    let made = origin(&Place { partition: "aws", account: account(), region: &region() }, GROUP);
    let source = SourceKind::TrustedAdvisor;
    let mut report = report(source, "HCP4007jGY", GROUP, "AwsEc2SecurityGroup", made);
    "tcp:22-22".clone_into(&mut report.facet);
    report.attributes = attributes(&[
        ("from port", "22"),
        ("protocol", "tcp"),
        ("region", "eu-west-1"),
        ("row status", "error"),
        ("security group id", "sg-0123456789abcdef0"),
        ("security group name", "web"),
        ("to port", "22"),
    ]);
    Case {
        name: "trusted advisor row",
        document: include_str!("documents/row.json").to_owned(),
        resource: "sg-0123456789abcdef0",
        origin,
        report,
    }
}
