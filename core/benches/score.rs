//! What rating a finding costs, against the goal of 2 microseconds, and against folding the same
//! finding in the same run, so that one figure does not depend on the machine.
//!
//! `cargo bench -p muster-core --bench score`
//!
//! `of goal` is 1 or less where the goal is met.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use muster_core::finding::{Facts, HeldReport, Lifecycle, Placement, RelatedThreat};
use muster_core::fold::fold;
use muster_core::ids::FindingId;
use muster_core::intel::Exploitation;
use muster_core::priority::{Inputs, Model};
use muster_core::report::{
    CustomerFields, ExploitState, Exposure, FindingClass, IdentityRule, OriginKey, Privilege,
    Report, ReportKey, ReportPath, Resource, Severity, Signals, Status, Tag, Vulnerability,
};
use muster_core::time::{DAY_MS, Millis};
use muster_core::unit::SourceKind;

/// What one rating may cost, in nanoseconds.
const GOAL_NS: f64 = 2_000.0;

/// How long each side of a case is measured.
const TIME: Duration = Duration::from_secs(1);

/// How often something is done between two looks at the clock.
const BATCH: u32 = 200;

/// When the findings were first seen: 2026-01-01.
const SINCE: Millis = Millis(1_767_225_600_000);

fn main() {
    let own = own_rules(500);
    let models = [
        ("builtin", Model::builtin()),
        ("500 assets", Model::read(Model::builtin().text(), Some(&own)).expect("the rules read")),
    ];
    println!(
        "{:<12} {:<16} {:>6} {:>8} {:>8} {:>8} {:>8}",
        "rules", "finding", "score", "fold ns", "rate ns", "of fold", "of goal"
    );
    for (rules, model) in &models {
        for case in [control(), threat(), vulnerability()] {
            case.measure(rules, model);
        }
    }
}

/// A finding, and what else it is rated by.
struct Case {
    name: &'static str,
    held: Vec<HeldReport>,
    facts: Facts,
    threat: Option<RelatedThreat>,
    exploitation: Option<Exploitation>,
}

impl Case {
    fn new(name: &'static str, report: Report) -> Self {
        let held = HeldReport {
            placed: Placement::Origin,
            content_hash: report.content_hash(),
            unit: "securityhub/123456789012/eu-west-1".parse().expect("a unit"),
            first_stored: SINCE,
            absence: None,
            report,
        };
        let mut copy = held.clone();
        "another".clone_into(&mut copy.report.key.provider_id);
        let held = vec![held, copy];
        let facts = fold(&held).expect("there are reports");
        Self { name, held, facts, threat: None, exploitation: None }
    }

    fn measure(&self, rules: &str, model: &Model) {
        let lifecycle = Lifecycle { since: SINCE, closed: None, reopened: 1 };
        let inputs = Inputs {
            facts: &self.facts,
            threat: self.threat.as_ref(),
            exploitation: self.exploitation.as_ref(),
            lifecycle: &lifecycle,
        };
        let now = SINCE.plus(10 * DAY_MS);
        let (mut folded, mut rated) = (Cost::default(), Cost::default());
        while rated.spent < TIME {
            folded.measure(|| {
                black_box(fold(black_box(&self.held)));
            });
            rated.measure(|| {
                black_box(model.rate(black_box(inputs), now));
            });
        }
        let (folded, rated) = (folded.nanoseconds(), rated.nanoseconds());
        println!(
            "{rules:<12} {:<16} {:>6} {folded:>8.0} {rated:>8.0} {:>8.2} {:>8.2}",
            self.name,
            model.rate(inputs, now).priority.score,
            rated / folded,
            rated / GOAL_NS
        );
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

/// Rules of an operator who names many resources, none of them those that are rated.
fn own_rules(assets: usize) -> String {
    let asset = |n: usize| {
        format!(
            "[[asset]]\nname = \"a{n}\"\narns = [\"arn:aws:s3:::jewel-{n}-*\"]\ncriticality = 100\n"
        )
    };
    std::iter::once("version = 1\n".to_owned()).chain((0..assets).map(asset)).collect()
}

/// A Security Hub control on a bucket, with tags, beside a threat.
fn control() -> Case {
    let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
    let tags =
        vec![tag("cost-center", "4711"), tag("environment", "production"), tag("owner", "web")];
    let signals =
        Signals { criticality: Some(80), confidence: Some(99), tags, ..Signals::default() };
    let mut report = report(SourceKind::SecurityHub, "S3.2", "arn:aws:s3:::data-1", "AwsS3Bucket");
    (report.signals, report.exposure) = (signals, Exposure::Public);
    let threat = RelatedThreat {
        finding: FindingId([7; 16]),
        severity_normalized: 80,
        rule_id: "Discovery:S3/TorIPCaller".to_owned(),
        seen: None,
    };
    Case { threat: Some(threat), ..Case::new("control", report) }
}

/// A `GuardDuty` finding on an instance.
fn threat() -> Case {
    const INSTANCE: &str = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0";
    let rule = "UnauthorizedAccess:EC2/SSHBruteForce";
    let mut report = report(SourceKind::GuardDuty, rule, INSTANCE, "AwsEc2Instance");
    report.class = FindingClass::Threat;
    report.signals.privilege = Privilege::Escalation;
    Case::new("threat", report)
}

/// A known exploited vulnerability of an instance that the internet reaches.
fn vulnerability() -> Case {
    const INSTANCE: &str = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0";
    let cve = "CVE-2021-44228";
    let mut report = report(SourceKind::Inspector, cve, INSTANCE, "AwsEc2Instance");
    (report.class, report.exposure) = (FindingClass::Vulnerability, Exposure::Internet);
    report.signals.vulnerability = Some(Vulnerability {
        ids: vec![cve.to_owned()],
        exploit: ExploitState::Active,
        epss_permille: Some(500),
        fix_available: Some(true),
    });
    let exploitation = Exploitation {
        cve: cve.to_owned(),
        known_exploited: true,
        kev_due: Some(SINCE.day() + 14),
        ransomware: true,
        epss_permille: Some(500),
        automatable: Some(true),
        total_impact: Some(true),
    };
    Case { exploitation: Some(exploitation), ..Case::new("vulnerability", report) }
}

/// A report as a mapping makes it.
fn report(source: SourceKind, rule_id: &str, resource: &str, kind: &str) -> Report {
    let rule = match source {
        SourceKind::GuardDuty => IdentityRule::GuardDuty,
        SourceKind::Inspector => IdentityRule::Inspector,
        _ => IdentityRule::Control,
    };
    let path = match source {
        SourceKind::SecurityHub => ReportPath::Asff,
        _ => ReportPath::Native,
    };
    let text = format!("{}|123456789012|{rule_id}|{resource}", rule.as_str());
    Report {
        key: ReportKey { path, provider_id: text.clone() },
        origin: OriginKey { rule, text },
        source,
        product: format!("aws/{source}"),
        account: "123456789012".parse().expect("an account"),
        region: "eu-west-1".parse().expect("a Region"),
        class: FindingClass::Misconfiguration,
        rule_id: rule_id.to_owned(),
        title: "Something should not be so".to_owned(),
        description: "What was checked, and what makes it fail.".to_owned(),
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
        exposure: Exposure::Unknown,
        signals: Signals::default(),
        sample: false,
        customer: CustomerFields::default(),
        remediation: String::new(),
        remediation_url: String::new(),
        first_observed: Some(SINCE),
        last_observed: Some(SINCE),
        provider_created: Some(SINCE),
        provider_updated: Some(SINCE),
        count: 1,
        remarks: Vec::new(),
        raw: Bytes::new(),
        raw_truncated: false,
    }
}
