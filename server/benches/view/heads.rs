//! Made-up findings in the proportions of a large organization: a hundred accounts, a few findings
//! for each resource, most of them from Security Hub controls, a third of them closed.

use std::hash::{DefaultHasher, Hash, Hasher};

use muster_core::change::Facets;
use muster_core::ids::{AccountId, FindingId, Region, Revision};
use muster_core::report::{FindingClass, IdentityRule, ReportDigest, Severity, Status};
use muster_core::time::Millis;
use muster_core::triage::TriageState;
use muster_core::unit::SourceKind;
use muster_server::store::{Head, ReportHead};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// How many accounts there are.
pub(crate) const ACCOUNTS: u32 = 120;

/// Where most of it is.
pub(crate) const REGIONS: [&str; 8] = [
    "eu-central-1",
    "eu-west-1",
    "us-east-1",
    "us-west-2",
    "ap-southeast-2",
    "eu-north-1",
    "sa-east-1",
    "global",
];

const STAGES: [&str; 5] = ["prod", "staging", "dev", "sandbox", "shared"];
const TEAMS: [&str; 12] = [
    "payments", "search", "identity", "ledger", "mobile", "data", "platform", "growth", "risk",
    "billing", "media", "support",
];
const SUBJECTS: [&str; 10] = [
    "S3 general purpose buckets",
    "EC2 instances",
    "IAM roles",
    "Lambda functions",
    "RDS instances",
    "EBS volumes",
    "Security groups",
    "KMS keys",
    "ECS task definitions",
    "Application Load Balancers",
];
const DEMANDS: [&str; 6] = [
    "should block public access",
    "should be encrypted at rest",
    "should have logging enabled",
    "should not allow unrestricted access to ports with high risk",
    "should be tagged",
    "should be in a VPC",
];

/// The account with that number.
pub(crate) fn account(number: u32) -> AccountId {
    format!("{:012}", 100_000_000_007_u64 + u64::from(number) * 7_019_000_003)
        .parse()
        .expect("twelve digits")
}

/// `count` findings; the same ones for the same seed.
pub(crate) fn synthetic_heads(count: u32, seed: u64) -> impl Iterator<Item = Head> {
    let mut random = StdRng::seed_from_u64(seed);
    (0..count).map(move |number| head(number, count, &mut random))
}

/// One of them.
fn head(number: u32, count: u32, random: &mut StdRng) -> Head {
    let resource_number = random.random_range(0..count.div_ceil(4));
    let (account, region, resource) = resource(resource_number);
    let draw = random.random_range(0..100);
    let (class, sources): (_, &[SourceKind]) = match draw {
        0..6 => (FindingClass::Threat, &[SourceKind::SecurityHub, SourceKind::GuardDuty]),
        6..10 => (FindingClass::Exposure, &[SourceKind::AccessAnalyzer]),
        10..13 => (FindingClass::Misconfiguration, &[SourceKind::TrustedAdvisor]),
        13..30 => (FindingClass::Vulnerability, &[SourceKind::SecurityHub]),
        _ => (FindingClass::Misconfiguration, &[SourceKind::SecurityHub]),
    };
    let severity = *pick(random, &[4, 30, 45, 18, 3], &Severity::ALL);
    let status = *pick(random, &[55, 2, 8, 2, 33], &Status::ALL);
    let triage = *pick(random, &[84, 5, 3, 2, 5, 1], &TriageState::ALL);
    let (rule_id, title) = texts(class, &resource, random);
    let assigned = random.random_range(0..10) == 0;
    let facets = Facets {
        score: score(severity, status, class, random),
        severity,
        status,
        triage,
        class,
        sources: sources.to_vec(),
        account,
        region: region.clone(),
        assignee: if assigned {
            format!("user{}", random.random_range(0..40))
        } else {
            String::new()
        },
        stale: random.random_range(0..50) == 0,
        due: Some(20_700 + random.random_range(0..90)),
        overdue: random.random_range(0..8) == 0,
        resource,
        rule_id,
        title,
    };
    // A page of a hundred is stored in one millisecond.
    let created = Millis(1_750_000_000_000 + i64::from(number / 100) * 2_500);
    let hidden = matches!(triage, TriageState::Snoozed | TriageState::Suppressed);
    Head {
        id: FindingId::derive(&format!("finding {number}")),
        revision: Revision(u64::from(number) * 3 + random.random_range(1..3)),
        created,
        updated: created,
        until: hidden.then(|| created.plus(random.random_range(1..80) * 86_400_000)),
        reports: reports(number, &facets),
        threatens: Vec::new(),
        facets,
    }
}

/// The resource with that number: always the same.
fn resource(number: u32) -> (AccountId, Region, String) {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    let mut random = StdRng::seed_from_u64(hasher.finish());
    // A tenth of the accounts has half of the resources.
    let ten = random.random_range(0..2) == 0;
    let account = account(random.random_range(0..if ten { ACCOUNTS / 10 } else { ACCOUNTS }));
    let region = pick(&mut random, &[30, 20, 25, 10, 5, 5, 3, 2], &REGIONS);
    let id: u64 = random.random();
    let stage = pick(&mut random, &[40, 20, 25, 10, 5], &STAGES);
    let team = TEAMS[random.random_range(0..TEAMS.len())];
    let name = format!("{stage}-{team}-{:x}", id & 0xF_FFFF);
    let text = match random.random_range(0..8) {
        0 => format!("arn:aws:s3:::{name}"),
        1 | 2 => format!("arn:aws:ec2:{region}:{account}:instance/i-0{id:016x}"),
        3 => format!("arn:aws:ec2:{region}:{account}:security-group/sg-0{id:016x}"),
        4 => format!("arn:aws:iam::{account}:role/{stage}/{team}-{:x}", id & 0xFFF_FFFF),
        5 => format!("arn:aws:lambda:{region}:{account}:function:{name}"),
        6 => format!("arn:aws:ec2:{region}:{account}:volume/vol-0{id:016x}"),
        _ => format!("arn:aws:rds:{region}:{account}:db:{name}"),
    };
    (account, region.parse().expect("a Region code"), text)
}

fn texts(class: FindingClass, resource: &str, random: &mut StdRng) -> (String, String) {
    let name = resource.rsplit(['/', ':']).next().unwrap_or_default();
    match class {
        FindingClass::Threat => {
            let tactic = random.random_range(0..60);
            let title =
                format!("{name} is communicating with a disallowed remote host ({tactic}).");
            (format!("Backdoor:EC2/C&CActivity.{tactic}!DNS"), title)
        }
        FindingClass::Vulnerability => {
            let cve = random.random_range(0..8000);
            (format!("CVE-2025-{cve:05}"), format!("CVE-2025-{cve:05} - openssl, curl"))
        }
        FindingClass::Exposure => {
            let rule = "ExternalAccess".to_owned();
            (rule, "Resource allows access from outside the organization".to_owned())
        }
        FindingClass::Misconfiguration | FindingClass::SensitiveData => {
            let (subject, demand) = (random.random_range(0..10), random.random_range(0..6));
            let version = random.random_range(0..5);
            let title = format!("{} {} (v{version})", SUBJECTS[subject], DEMANDS[demand]);
            (format!("CTRL.{}", subject * 30 + demand * 5 + version), title)
        }
    }
}

fn score(severity: Severity, status: Status, class: FindingClass, random: &mut StdRng) -> u16 {
    if !status.is_open() {
        return 0;
    }
    let base = [0, 80, 220, 400, 500][severity as usize];
    let exposure = *pick(random, &[90, 6, 4], &[0, 100, 250]);
    let recency =
        if class == FindingClass::Threat { *pick(random, &[1, 3, 6], &[100, 50, 15]) } else { 0 };
    base + random.random_range(0..12) * 4 + exposure + recency
}

/// Controls that mean something for the maturity report, mostly for several recommendations.
const CONTROLS: [&str; 12] = [
    "S3.8",
    "EC2.19",
    "IAM.6",
    "RDS.3",
    "ECR.1",
    "SSM.1",
    "Inspector.2",
    "CloudTrail.6",
    "KMS.1",
    "EC2.42",
    "Lambda.2",
    "X.1",
];

fn reports(number: u32, facets: &Facets) -> Vec<ReportHead> {
    let identity = match facets.class {
        FindingClass::Threat => IdentityRule::GuardDuty,
        FindingClass::Vulnerability => IdentityRule::Inspector,
        FindingClass::Exposure => IdentityRule::ExternalAccess,
        FindingClass::Misconfiguration | FindingClass::SensitiveData => IdentityRule::Control,
    };
    let rule_id = match identity {
        IdentityRule::ExternalAccess => "ExternalAccess",
        IdentityRule::Control => CONTROLS[number as usize % CONTROLS.len()],
        _ => &facets.rule_id,
    };
    let report = |source: &SourceKind| ReportHead {
        key: ReportDigest(FindingId::derive(&format!("report {number} {source}")).0),
        content_hash: u64::from(number) << 20,
        unit: format!("{source}/{}/{}", facets.account, facets.region),
        rule_id: rule_id.to_owned(),
        absent: !facets.status.is_open(),
        looked_hour: 0,
        identity: Some(identity),
    };
    facets.sources.iter().map(report).collect()
}

/// One of `values`, each as often as its weight says.
fn pick<'a, T>(random: &mut StdRng, weights: &[u32], values: &'a [T]) -> &'a T {
    let mut draw = random.random_range(0..weights.iter().sum());
    for (weight, value) in weights.iter().zip(values) {
        match draw.checked_sub(*weight) {
            Some(rest) => draw = rest,
            None => return value,
        }
    }
    values.last().expect("there is something to pick from")
}
