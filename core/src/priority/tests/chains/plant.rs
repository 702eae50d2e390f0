//! Makes the findings, and plants the chains.
//!
//! The mix is that of published catalogues: severities of Security Hub's controls (29 critical, 74
//! high, 284 medium and 202 low of 589), and vulnerabilities of which few are exploited. Most
//! findings have no context, as in an account that nobody tagged; a part is exposed, important or
//! threatened by chance, so that context alone does not point at the chains.

use super::super::tables::{plain, published};
use super::*;
use crate::report::{Resource, Tag};

/// One finding of a seed.
pub(super) struct Item {
    pub(super) case: Case,
    /// 3 for the threat of a chain, 2 for a weakness of one, else 0.
    pub(super) worth: u8,
    /// Which chain of the seed it belongs to, and of which kind that is.
    pub(super) chain: Option<(usize, &'static str)>,
}

/// What one seed gives.
pub(super) struct Seed {
    /// In the order in which they arrived.
    pub(super) items: Vec<Item>,
}

impl Seed {
    /// `findings` findings with `chains` chains among them. The kinds take turns, so that ten seeds
    /// have each.
    pub(super) fn plant(number: u64, findings: usize, chains: usize) -> Self {
        let mut draw = Draw(number);
        let base = plain();
        let mut items = Vec::with_capacity(findings);
        for chain in 0..chains {
            let kind = usize::try_from(number).unwrap() * chains + chain;
            let (name, links) = &kinds()[kind % KINDS.len()];
            for (at, link) in links.iter().enumerate() {
                let mut case = link.case(&base, &mut draw);
                let resources = link.on.iter().map(|on| resource(&format!("chain-{chain}-{on}")));
                case.facts.resources = resources.collect();
                let worth = if at == 0 { 3 } else { 2 };
                items.push(Item { case, worth, chain: Some((chain, name)) });
            }
        }
        while items.len() < findings {
            let mut case = noise(&base, &mut draw);
            case.facts.resources = vec![resource(&format!("other-{}", draw.below(2500)))];
            items.push(Item { case, worth: 0, chain: None });
        }
        relate(&mut items);
        for last in (1..items.len()).rev() {
            items.swap(last, draw.below(last + 1));
        }
        Self { items }
    }
}

/// Relates each finding to the strongest threat that names its resource, as the writer does.
fn relate(items: &mut [Item]) {
    let mut threats: HashMap<String, RelatedThreat> = HashMap::new();
    for (item, number) in items.iter().zip(0_u32..) {
        let facts = &item.case.facts;
        if facts.class != FindingClass::Threat {
            continue;
        }
        for resource in &facts.resources {
            let stronger =
                |known: &RelatedThreat| known.severity_normalized < facts.severity_normalized;
            if threats.get(&resource.id).is_none_or(stronger) {
                let mut id = [0; 16];
                id[..4].copy_from_slice(&number.to_be_bytes());
                let threat = RelatedThreat {
                    finding: FindingId(id),
                    severity_normalized: facts.severity_normalized,
                    rule_id: facts.rule_id.clone(),
                    seen: facts.seen().map(Millis::day),
                };
                threats.insert(resource.id.clone(), threat);
            }
        }
    }
    for item in items {
        let facts = &item.case.facts;
        if facts.class != FindingClass::Threat {
            item.case.threat = threats.get(&facts.resources[0].id).cloned();
        }
    }
}

fn resource(name: &str) -> Resource {
    let id = format!("arn:aws:test:eu-central-1:123456789012:thing/{name}");
    Resource { original: id.clone(), id, kind: "Thing".to_owned() }
}

/// Numbers at random, the same for each seed on each machine.
struct Draw(u64);

impl Draw {
    /// Below `count`.
    fn below(&mut self, count: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = u32::try_from((mixed ^ (mixed >> 31)) >> 40).unwrap();
        usize::try_from(mixed).unwrap() % count
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of these, as often as its weight says.
    fn weighted<T: Copy>(&mut self, choices: &[(usize, T)]) -> T {
        let mut at = self.below(choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            if at < *weight {
                return *choice;
            }
            at -= weight;
        }
        unreachable!("below the sum of the weights")
    }

    fn days_ago(&mut self, least: usize, most: usize) -> Millis {
        let days = i64::try_from(least + self.below(most - least)).unwrap();
        NOW.plus(-days * DAY_MS - i64::try_from(self.below(1000)).unwrap() * DAY_MS / 1000)
    }
}

/// A finding of a chain, as its source reports it.
struct Link {
    class: FindingClass,
    rule: &'static str,
    severity: u8,
    exposure: Exposure,
    /// Which resources of the chain it names, the primary one first.
    on: &'static [&'static str],
    /// What else is known.
    known: Known,
}

/// What else a report of a chain says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Nothing,
    /// The CVE has been exploited.
    Exploited,
    /// What the access allows.
    Allows(Privilege),
}

impl Link {
    fn case(&self, base: &Case, draw: &mut Draw) -> Case {
        let threat = self.class == FindingClass::Threat;
        let (least, most) = if threat { (0, 2) } else { (2, 90) };
        let seen = draw.days_ago(least, most);
        made(base, self.class, self.rule, self.severity, seen).with(|c| {
            c.facts.exposure = self.exposure;
            match self.known {
                Known::Nothing => {}
                Known::Exploited => c.exploitation = Some(published(true, Some(700))),
                Known::Allows(privilege) => c.facts.signals.privilege = privilege,
            }
        })
    }
}

/// The kinds of chains, by what stands on the page.
pub(super) const KINDS: [&str; 8] = [
    "data taken from a bucket",
    "an instance taken over",
    "credentials of a role abroad",
    "root at work",
    "a function abused",
    "a database logged into",
    "an attack sequence over a bucket and a user",
    "a cluster mined",
];

fn kinds() -> Vec<(&'static str, Vec<Link>)> {
    use Exposure::{CrossAccount, Internet, Public, Unknown};
    use FindingClass::{
        Exposure as Access, Misconfiguration, SensitiveData, Threat, Vulnerability,
    };
    let link = |class, rule, severity, exposure, on: &'static [&'static str]| Link {
        class,
        rule,
        severity,
        exposure,
        on,
        known: Known::Nothing,
    };
    let knows = |link: Link, known| Link { known, ..link };
    let chains = [
        vec![
            link(Threat, "Exfiltration:S3/AnomalousBehavior", 80, Unknown, &["bucket", "user"]),
            link(Misconfiguration, "S3.8", 70, Public, &["bucket"]),
            link(SensitiveData, "SensitiveData:S3Object/Personal", 70, Unknown, &["bucket"]),
            link(Misconfiguration, "S3.9", 40, Unknown, &["bucket"]),
            link(Misconfiguration, "IAM.3", 40, Unknown, &["user"]),
        ],
        vec![
            link(Threat, "Backdoor:EC2/C&CActivity.B", 80, Unknown, &["instance"]),
            knows(link(Vulnerability, "CVE", 90, Internet, &["instance"]), Known::Exploited),
            link(Misconfiguration, "EC2.8", 70, Unknown, &["instance"]),
            link(Misconfiguration, "EC2.9", 70, Internet, &["instance"]),
            link(Misconfiguration, "SSM.1", 40, Unknown, &["instance"]),
        ],
        vec![
            link(
                Threat,
                "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
                80,
                Unknown,
                &["role", "instance"],
            ),
            knows(
                link(Access, "external access", 1, CrossAccount, &["role"]),
                Known::Allows(Privilege::Admin),
            ),
            link(Misconfiguration, "IAM.21", 1, Unknown, &["role"]),
            link(Misconfiguration, "EC2.8", 70, Unknown, &["instance"]),
        ],
        vec![
            link(Threat, "Policy:IAMUser/RootCredentialUsage", 20, Unknown, &["account"]),
            link(Misconfiguration, "IAM.4", 90, Unknown, &["account"]),
            link(Misconfiguration, "IAM.9", 90, Unknown, &["account"]),
            link(Misconfiguration, "CloudTrail.1", 70, Unknown, &["account"]),
        ],
        vec![
            link(Threat, "Execution:Lambda/MaliciousIPCaller.Custom", 50, Unknown, &["function"]),
            link(Misconfiguration, "Lambda.1", 90, Public, &["function"]),
            link(Vulnerability, "CVE", 70, Unknown, &["function"]),
            link(Misconfiguration, "Lambda.2", 40, Unknown, &["function"]),
        ],
        vec![
            link(
                Threat,
                "CredentialAccess:RDS/AnomalousBehavior.SuccessfulLogin",
                80,
                Unknown,
                &["database"],
            ),
            link(Misconfiguration, "RDS.2", 90, Public, &["database"]),
            link(Misconfiguration, "RDS.3", 40, Unknown, &["database"]),
            link(Misconfiguration, "RDS.9", 40, Unknown, &["database"]),
        ],
        vec![
            link(
                Threat,
                "AttackSequence:S3/CompromisedData",
                95,
                Unknown,
                &["user", "bucket", "bucket two"],
            ),
            link(Misconfiguration, "S3.2", 90, Public, &["bucket"]),
            link(Access, "external access", 40, CrossAccount, &["bucket two"]),
            link(Misconfiguration, "IAM.5", 40, Unknown, &["user"]),
            link(Misconfiguration, "S3.9", 40, Unknown, &["bucket two"]),
        ],
        vec![
            link(Threat, "CryptoCurrency:Runtime/BitcoinTool.B!DNS", 80, Unknown, &["cluster"]),
            link(Misconfiguration, "EKS.1", 70, Internet, &["cluster"]),
            link(Misconfiguration, "EKS.8", 40, Unknown, &["cluster"]),
            knows(link(Vulnerability, "CVE", 90, Unknown, &["cluster"]), Known::Exploited),
        ],
    ];
    KINDS.into_iter().zip(chains).collect()
}

/// An open finding that has been there since `seen`.
fn made(base: &Case, class: FindingClass, rule: &str, severity: u8, seen: Millis) -> Case {
    base.with(|c| {
        (c.facts.class, c.facts.rule_id) = (class, rule.to_owned());
        c.facts.severity = Severity::from_normalized(severity);
        c.facts.severity_normalized = severity;
        c.facts.first_observed = Some(seen);
        c.facts.last_observed = Some(if class == FindingClass::Threat { seen } else { NOW });
        c.lifecycle.since = seen;
    })
}

/// A finding that belongs to no chain.
fn noise(base: &Case, draw: &mut Draw) -> Case {
    let mut case = match draw.below(100) {
        0..65 => control(base, draw),
        65..85 => vulnerability(base, draw),
        85..93 => access(base, draw),
        93..96 => sensitive(base, draw),
        _ => threat(base, draw),
    };
    if draw.one_in(3) {
        let value = draw.weighted(&[(5, "production"), (3, "dev"), (2, "sandbox")]);
        let tag = Tag { key: "environment".to_owned(), value: value.to_owned() };
        case.facts.signals.tags = vec![tag];
    }
    if draw.one_in(50) {
        case.facts.signals.criticality = Some(90);
    }
    case
}

fn control(base: &Case, draw: &mut Draw) -> Case {
    let severity = draw.weighted(&[(29, 90), (74, 70), (284, 40), (202, 1)]);
    let rules: &[&str] = match severity {
        90 => &["S3.2", "EC2.1", "EC2.19", "RDS.1", "Lambda.1", "KMS.3", "CodeBuild.1", "IAM.6"],
        70 => &["EC2.8", "EC2.9", "S3.8", "CloudTrail.1", "ECR.1", "EKS.1", "EC2.13", "IAM.1"],
        40 => &["IAM.3", "S3.9", "RDS.3", "Lambda.2", "EC2.7", "ACM.1", "SSM.1", "DynamoDB.2"],
        _ => &["S3.10", "IAM.21", "EC2.40", "CloudFront.7", "RDS.28", "Backup.2", "ECR.3"],
    };
    let rule = rules[draw.below(rules.len())];
    let seen = draw.days_ago(0, 90);
    made(base, FindingClass::Misconfiguration, rule, severity, seen).with(|c| {
        c.facts.exposure = match rule {
            "S3.2" | "S3.8" | "EC2.1" | "RDS.1" | "Lambda.1" => Exposure::Public,
            "EC2.19" | "EC2.9" | "EKS.1" | "EC2.13" => Exposure::Internet,
            _ => Exposure::Unknown,
        };
    })
}

fn vulnerability(base: &Case, draw: &mut Draw) -> Case {
    let severity = draw.weighted(&[(8, 90), (32, 70), (45, 40), (15, 1)]);
    let seen = draw.days_ago(0, 90);
    let (exploited, likely) = (draw.one_in(100), draw.one_in(30));
    let internet = draw.one_in(10);
    let epss = if likely { 500 } else { u16::try_from(draw.below(60)).unwrap() };
    made(base, FindingClass::Vulnerability, "CVE", severity, seen).with(|c| {
        c.exploitation = Some(published(exploited, Some(epss)));
        if internet {
            c.facts.exposure = Exposure::Internet;
        }
    })
}

fn access(base: &Case, draw: &mut Draw) -> Case {
    let (severity, exposure) = draw.weighted(&[
        (2, (90, Exposure::Public)),
        (10, (40, Exposure::CrossAccount)),
        (30, (1, Exposure::CrossAccount)),
        (58, (1, Exposure::Unknown)),
    ]);
    let privilege = draw.weighted(&[
        (6, Privilege::Unknown),
        (2, Privilege::Read),
        (2, Privilege::Write),
        (1, Privilege::Admin),
    ]);
    let seen = draw.days_ago(0, 90);
    made(base, FindingClass::Exposure, "external access", severity, seen).with(|c| {
        c.facts.exposure = exposure;
        c.facts.signals.privilege = privilege;
    })
}

fn sensitive(base: &Case, draw: &mut Draw) -> Case {
    let severity = draw.weighted(&[(1, 70), (2, 40), (3, 1)]);
    let seen = draw.days_ago(0, 90);
    made(base, FindingClass::SensitiveData, "SensitiveData:S3Object/Personal", severity, seen)
}

/// Threats that mean little, and a few that look bad and lead nowhere.
fn threat(base: &Case, draw: &mut Draw) -> Case {
    let (rule, severity) = draw.weighted(&[
        (30, ("Recon:EC2/PortProbeUnprotectedPort", 20)),
        (30, ("UnauthorizedAccess:EC2/SSHBruteForce", 20)),
        (15, ("Policy:S3/BucketBlockPublicAccessDisabled", 20)),
        (12, ("Discovery:S3/AnomalousBehavior", 20)),
        (10, ("Recon:EC2/Portscan", 50)),
        (4, ("UnauthorizedAccess:EC2/TorClient", 80)),
        (2, ("CryptoCurrency:EC2/BitcoinTool.B!DNS", 80)),
    ]);
    let seen = draw.days_ago(0, 60);
    made(base, FindingClass::Threat, rule, severity, seen)
}
