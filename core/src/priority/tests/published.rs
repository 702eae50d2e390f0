//! Preferences that the sources state themselves: none may be turned round.
//!
//! Each is two findings that differ in what the source ranks and in nothing else that it says. The
//! figures stand in `docs/priority.md`, which this test reads.

use super::tables::{plain, published};
use super::*;

/// What is preferred to what, who says so, and the findings.
struct Chain {
    source: &'static str,
    /// The more urgent first; those of one step are not compared.
    steps: Vec<Vec<Case>>,
}

/// Controls by the severity that AWS gives them ("Security Hub CSPM controls reference"), without those
/// of root and of administrators, which say more than their severity.
const CONTROLS: [(&str, Severity, u8, [&str; 10]); 4] = [
    (
        "CRITICAL",
        Severity::Critical,
        90,
        [
            "CodeBuild.1",
            "Config.1",
            "EC2.1",
            "EC2.19",
            "KMS.3",
            "Lambda.1",
            "RDS.1",
            "S3.2",
            "SSM.4",
            "SQS.3",
        ],
    ),
    (
        "HIGH",
        Severity::High,
        70,
        [
            "CloudTrail.1",
            "EC2.2",
            "EC2.8",
            "EC2.13",
            "EC2.18",
            "ECR.1",
            "ECS.2",
            "EKS.1",
            "ElastiCache.1",
            "GuardDuty.1",
        ],
    ),
    (
        "MEDIUM",
        Severity::Medium,
        40,
        [
            "Account.1",
            "ACM.1",
            "APIGateway.2",
            "AutoScaling.2",
            "Backup.1",
            "CloudFront.3",
            "CloudTrail.2",
            "CloudTrail.5",
            "Cognito.5",
            "IAM.3",
        ],
    ),
    (
        "LOW",
        Severity::Low,
        1,
        [
            "ACM.3",
            "Athena.2",
            "AutoScaling.1",
            "Backup.2",
            "CloudFront.7",
            "CloudTrail.4",
            "CloudTrail.7",
            "CloudWatch.2",
            "Batch.1",
            "CloudFormation.2",
        ],
    ),
];

fn severity(case: &mut Case, label: Severity, number: u8) {
    (case.facts.severity, case.facts.severity_normalized) = (label, number);
}

fn threat(kind: &str, number: u8) -> Case {
    plain().with(|c| {
        c.facts.class = FindingClass::Threat;
        kind.clone_into(&mut c.facts.rule_id);
        severity(c, Severity::from_normalized(number), number);
        c.facts.last_observed = Some(START);
    })
}

fn vulnerability(row: [bool; 4]) -> Case {
    let [known_exploited, exposed, automatable, total] = row;
    plain().with(|c| {
        c.facts.class = FindingClass::Vulnerability;
        severity(c, Severity::High, 70);
        c.facts.exposure = if exposed { Exposure::Internet } else { Exposure::Private };
        c.exploitation = Some(Exploitation {
            automatable: Some(automatable),
            total_impact: Some(total),
            ..published(known_exploited, None)
        });
    })
}

fn chains() -> Vec<Chain> {
    let controls = CONTROLS.iter().map(|(_, label, number, ids)| {
        let one = |id: &&str| {
            plain().with(|c| {
                severity(c, *label, *number);
                (*id).clone_into(&mut c.facts.rule_id);
            })
        };
        ids.iter().map(one).collect()
    });
    let mut chains = vec![Chain {
        source: "severity of controls (AWS Security Hub)",
        steps: controls.collect(),
    }];
    // CISA's table gives each row a deadline.
    let rows = (0..16_u8).map(|bits| [8, 4, 2, 1].map(|bit| bits & bit > 0));
    let days = |row: [bool; 4]| {
        Model::builtin().vulnerability_days(vulnerability(row).inputs()).unwrap_or(i64::MAX)
    };
    let tiers = [3, 14, 60, i64::MAX]
        .map(|tier| rows.clone().filter(|row| days(*row) == tier).map(vulnerability).collect());
    chains.push(Chain { source: "deadlines of CISA BOD 26-04", steps: tiers.into() });
    // GuardDuty: critical 9.0 to 10.0, high 7.0 to 8.9, medium 4.0 to 6.9, low 1.0 to 3.9.
    for kind in [
        "Backdoor:EC2/C&CActivity.B",
        "CredentialAccess:IAMUser/AnomalousBehavior",
        "Trojan:EC2/DropPoint",
        "Exfiltration:S3/AnomalousBehavior",
        "Impact:EC2/WinRMBruteForce",
    ] {
        let steps = [95, 80, 50, 20].map(|number| vec![threat(kind, number)]);
        chains.push(Chain {
            source: "severity levels of one finding type (Amazon GuardDuty)",
            steps: steps.into(),
        });
    }
    let exposures = [Exposure::Public, Exposure::CrossAccount, Exposure::Private];
    for number in [1, 40, 70, 90] {
        let case = |exposure| {
            vec![plain().with(|c| {
                severity(c, Severity::from_normalized(number), number);
                c.facts.exposure = exposure;
            })]
        };
        chains.push(Chain {
            source: "public before other accounts before inside (IAM Access Analyzer)",
            steps: exposures.map(case).into(),
        });
    }
    let of_rule = |rule: &str, number: u8| {
        vec![plain().with(|c| {
            severity(c, Severity::from_normalized(number), number);
            rule.clone_into(&mut c.facts.rule_id);
        })]
    };
    chains.push(Chain {
        source: "an access key of root before a key that is old (AWS Security Hub)",
        steps: vec![of_rule("IAM.4", 90), of_rule("IAM.3", 40)],
    });
    chains.push(Chain {
        source: "red before yellow (AWS Trusted Advisor)",
        steps: vec![of_rule("HCP4007jGY", 70), of_rule("HCP4007jGY", 40)],
    });
    chains.push(Chain {
        source: "a sequence before its single finding (Amazon GuardDuty)",
        steps: vec![
            vec![threat("AttackSequence:S3/CompromisedData", 95)],
            vec![threat("Exfiltration:S3/AnomalousBehavior", 80)],
        ],
    });
    chains
}

/// What the page calls [`matrix`].
const MATRIX: &str =
    "easier to reach and likelier to be exploited (AWS Security Hub, exposure findings)";

/// The factors by which Security Hub rates exposures, as a matrix of twelve cells: how easily it is
/// reached, and how likely it is exploited. What is worse in one and no better in the other is preferred.
fn matrix() -> Vec<(Case, Case)> {
    let reaches = [Exposure::Private, Exposure::Internet, Exposure::Public];
    let exploits = [None, Some((false, 50)), Some((false, 700)), Some((true, 700))];
    let cell = |(reach, exploit): (usize, usize)| {
        plain().with(|c| {
            c.facts.class = FindingClass::Vulnerability;
            c.facts.exposure = reaches[reach];
            c.exploitation = exploits[exploit].map(|(known, epss)| published(known, Some(epss)));
        })
    };
    let cells = || (0..reaches.len()).flat_map(|row| (0..exploits.len()).map(move |at| (row, at)));
    let pairs = cells().flat_map(|worse| cells().map(move |better| (worse, better)));
    let ordered = pairs.filter(|(a, b)| a != b && a.0 >= b.0 && a.1 >= b.1);
    ordered.map(|(worse, better)| (cell(worse), cell(better))).collect()
}

/// Pairs and inversions of a chain.
fn measure(chain: &Chain) -> (u32, u32) {
    let score = |case: &Case| case.score(START);
    let (mut pairs, mut inverted) = (0, 0);
    for (at, step) in chain.steps.iter().enumerate() {
        for lower in chain.steps.iter().skip(at + 1).flatten() {
            for higher in step {
                pairs += 1;
                inverted += u32::from(score(higher) <= score(lower));
            }
        }
    }
    (pairs, inverted)
}

#[test]
fn no_published_preference_is_turned_round_and_the_page_says_how_many_there_are() {
    let mut rows: Vec<(&str, u32)> = Vec::new();
    let mut all = 0;
    for chain in chains() {
        let (pairs, inverted) = measure(&chain);
        assert_eq!(inverted, 0, "{}", chain.source);
        all += pairs;
        match rows.last_mut().filter(|(source, _)| *source == chain.source) {
            Some((_, count)) => *count += pairs,
            None => rows.push((chain.source, pairs)),
        }
    }
    let pairs = matrix();
    for (worse, better) in &pairs {
        assert!(worse.score(START) > better.score(START), "{worse:?} {better:?}");
    }
    let cells = u32::try_from(pairs.len()).unwrap();
    rows.push((MATRIX, cells));
    all += cells;
    assert!(all >= 200, "{all}");
    let page = include_str!("../../../../docs/priority.md");
    let total = ("all", all);
    for (source, pairs) in rows.iter().chain([&total]) {
        let line = format!("| {source} | {pairs} | 0 |");
        assert!(page.contains(&line), "docs/priority.md must say: {line}");
    }
}

#[test]
fn a_stricter_row_of_cisa_is_due_no_later() {
    let rows = (0..16_u8).map(|bits| [8, 4, 2, 1].map(|bit| bits & bit > 0));
    for row in rows {
        for at in 0..4 {
            let worse: [bool; 4] = std::array::from_fn(|i| row[i] || i == at);
            let due = |row| vulnerability(row).rate(START).due.unwrap().at;
            assert!(due(worse) <= due(row), "{row:?} {worse:?}");
        }
    }
}
