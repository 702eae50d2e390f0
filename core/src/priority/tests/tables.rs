//! What the table of this program says, each part once.

use super::*;
use crate::report::Tag;

/// A plain open misconfiguration of which nothing is known.
pub(super) fn plain() -> Case {
    let held = proptest::strategy::ValueTree::current(
        &held_report().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap(),
    );
    let mut facts = fold(&[held]).unwrap();
    (facts.status, facts.sample, facts.class) =
        (Status::Active, false, FindingClass::Misconfiguration);
    (facts.severity, facts.severity_normalized) = (Severity::Medium, 40);
    facts.exposure = Exposure::Unknown;
    facts.signals = crate::report::Signals::default();
    facts.rule_id = "Nothing.1".to_owned();
    facts.products = vec!["aws/securityhub".to_owned()];
    let lifecycle = Lifecycle { since: START, closed: None, reopened: 0 };
    Case { facts, threat: None, exploitation: None, lifecycle }
}

/// What is published about a CVE of which nothing else is known.
pub(super) fn published(known_exploited: bool, epss_permille: Option<u16>) -> Exploitation {
    Exploitation {
        cve: "CVE-2026-0001".to_owned(),
        known_exploited,
        kev_due: None,
        ransomware: false,
        epss_permille,
        automatable: None,
        total_impact: None,
    }
}

fn points(case: &Case, factor: Factor) -> i32 {
    points_on(case, factor, START)
}

fn points_on(case: &Case, factor: Factor, now: Millis) -> i32 {
    let reasons = case.rate(now).priority.reasons;
    reasons.iter().find(|reason| reason.factor == factor).map_or(0, |reason| reason.points)
}

fn threat(rule: &str, severity: u8) -> Case {
    plain().with(|c| {
        c.facts.class = FindingClass::Threat;
        rule.clone_into(&mut c.facts.rule_id);
        c.facts.severity_normalized = severity;
        c.facts.last_observed = Some(START);
    })
}

#[test]
fn severities_are_those_of_the_table_and_rise_with_each_number() {
    let at = |n: u8| points(&plain().with(|c| c.facts.severity_normalized = n), Factor::Severity);

    let anchors = [(0, 0), (1, 60), (40, 160), (70, 280), (90, 370), (100, 400), (255, 400)];
    assert_eq!(anchors.map(|(n, _)| at(n)), anchors.map(|(_, points)| points));
    let all: Vec<i32> = (0..=100).map(at).collect();
    assert!(all.is_sorted_by(|a, b| a < b));
    let unsure = plain().with(|c| c.facts.signals.confidence = Some(0));
    assert_eq!(points(&unsure, Factor::Severity), 80, "half at no confidence");
}

#[test]
fn what_is_known_of_the_resource_counts() {
    let tagged = |key: &str, value: &str| {
        let tag = Tag { key: key.to_owned(), value: value.to_owned() };
        points(&plain().with(|c| c.facts.signals.tags = vec![tag]), Factor::Environment)
    };
    let environments = [
        ("Environment", "PROD", 40),
        ("env", "staging", 15),
        ("stage", "dev", 5),
        ("environment", "sandbox", 0),
        ("environment", "mars", 25),
        ("owner", "prod", 25),
    ];
    for (key, value, expected) in environments {
        assert_eq!(tagged(key, value), expected, "{key}={value}");
    }
    let critical = plain().with(|c| c.facts.signals.criticality = Some(50));
    assert_eq!(points(&critical, Factor::Criticality), 75);
}

#[test]
fn threats_are_of_their_tier_and_give_half_to_the_rest() {
    let tiers = [
        ("AttackSequence:S3/CompromisedData", 90, 250),
        ("Backdoor:EC2/C&CActivity.B", 80, 160),
        ("Backdoor:EC2/C&CActivity.B", 50, 80),
        ("Policy:IAMUser/RootCredentialUsage", 80, 80),
        ("Recon:EC2/Portscan", 50, 20),
        ("Recon:EC2/PortProbeEMRUnprotectedPort", 80, 160),
    ];
    for (rule, severity, expected) in tiers {
        let own = threat(rule, severity);
        assert_eq!(points(&own, Factor::Threat), expected, "{rule}");
        let related = RelatedThreat {
            finding: FindingId([7; 16]),
            severity_normalized: severity,
            rule_id: rule.to_owned(),
            seen: Some(START.day()),
        };
        let beside = plain().with(|c| c.threat = Some(related));
        assert_eq!(points(&beside, Factor::Threat), expected / 2, "{rule}");
    }
}

#[test]
fn threats_get_old() {
    let old = threat("Backdoor:EC2/C&CActivity.B", 80);
    let steps = [(0, 40), (1, 40), (2, 20), (7, 20), (8, 5), (30, 5), (31, 0), (-2, 0)];

    for (days, expected) in steps {
        let now = START.plus(days * DAY_MS);
        assert_eq!(points_on(&old, Factor::Recency, now), expected, "{days}");
    }
}

#[test]
fn a_deadline_does_not_move_while_a_threat_gets_old() {
    let case = threat("Backdoor:EC2/C&CActivity.B", 80).with(|c| {
        (c.facts.exposure, c.facts.signals.criticality) = (Exposure::CrossAccount, Some(40));
    });
    let on = |days: i64| case.rate(START.plus(days * DAY_MS));
    // Of what counts whatever is over.
    let band = |days: i64| {
        let late = points_on(&case, Factor::Overdue, START.plus(days * DAY_MS));
        let raw = i32::from(on(days).priority.raw) - late;
        Band::of(u16::try_from(Model::builtin().0.table.compression.at(raw)).unwrap())
    };

    assert_eq!((band(0), band(40)), (Band::P1, Band::P2));
    assert_eq!(on(0).due.unwrap().rule, "P1: 7 days");
    assert_eq!([1, 8, 40, 400].map(|days| on(days).due), [0; 4].map(|days| on(days).due));
}

#[test]
fn what_is_unknown_is_asked_only_where_it_matters() {
    let is_missing = |case: &Case| {
        let reasons = case.rate(START).priority.reasons;
        reasons.iter().any(|reason| reason.factor == Factor::Privilege && reason.missing)
    };
    let of_iam = plain().with(|c| c.facts.resources[0].kind = "AwsIamRole".to_owned());
    let bucket = plain().with(|c| c.facts.resources[0].kind = "AwsS3Bucket".to_owned());

    assert!(is_missing(&of_iam) && is_missing(&threat("Backdoor:EC2/C&CActivity.B", 80)));
    assert!(!is_missing(&bucket));
}

#[test]
fn a_small_probability_counts_in_proportion() {
    let at = |permille| {
        let case = plain().with(|c| {
            let said = Vulnerability { epss_permille: Some(permille), ..Vulnerability::default() };
            c.facts.signals.vulnerability = Some(said);
        });
        points(&case, Factor::Exploit)
    };

    assert_eq!([0, 1, 10, 100, 500].map(at), [0, 0, 5, 50, 90]);
}

#[test]
fn standards_in_scope_count() {
    let own = |scope: &str| format!("version = 1\nscope = [{scope}]\n");
    let points = |scope: &str, rule: &str| {
        let model = Model::read(BUILTIN, Some(&own(scope))).unwrap();
        let case = plain().with(|c| rule.clone_into(&mut c.facts.rule_id));
        let reasons = model.rate(case.inputs(), START).priority.reasons;
        let found = reasons.into_iter().find(|reason| reason.factor == Factor::Compliance);
        found.map_or((0, String::new()), |reason| (reason.points, reason.value))
    };

    assert_eq!(points("", "IAM.4"), (0, String::new()));
    assert_eq!(points("\"cis-5.0\"", "IAM.4"), (10, "cis-5.0".to_owned()));
    let both = (20, "cis-5.0, fsbp".to_owned());
    assert_eq!(points("\"fsbp\", \"cis-5.0\"", "IAM.4"), both);
    assert_eq!(points("\"cis-5.0\"", "Nothing.1"), (0, String::new()));
}

#[test]
fn floors_lift_what_must_not_be_low() {
    let root_key = plain().with(|c| c.facts.rule_id = "IAM.4".to_owned());
    let lifts = |case: &Case, floor: u16| {
        let score = case.score(START);
        assert!((floor..floor + 50).contains(&score), "{score} of {floor}");
    };
    lifts(&root_key, 700);
    lifts(&threat("AttackSequence:EC2/CompromisedInstanceGroup", 10), 900);
    lifts(&plain().with(|c| c.facts.rule_id = "12Fnkpl8Y5".to_owned()), 900);
    // What one floor lifts keeps its order.
    let more = root_key.with(|c| c.facts.exposure = Exposure::CrossAccount);
    assert!(more.score(START) > root_key.score(START));
}

#[test]
fn what_could_have_helped_a_compromise_is_lifted_while_it_is_recent() {
    let compromise = threat("Backdoor:EC2/C&CActivity.B", 80);
    let seen = |days: i64| {
        Some(RelatedThreat {
            finding: FindingId([7; 16]),
            severity_normalized: 80,
            rule_id: "Backdoor:EC2/C&CActivity.B".to_owned(),
            seen: Some(START.day() - days),
        })
    };
    let beside = |days: i64| plain().with(|c| c.threat = seen(days));
    let low = |case: Case| {
        case.with(|c| (c.facts.severity, c.facts.severity_normalized) = (Severity::Low, 1))
    };
    let open = low(beside(0)).with(|c| c.facts.exposure = Exposure::CrossAccount);

    assert_eq!(Band::of(compromise.score(START)), Band::P1);
    assert_eq!(Band::of(beside(7).score(START)), Band::P1);
    assert_eq!(Band::of(open.score(START)), Band::P1, "low, but a way in");
    assert_eq!(Band::of(low(beside(0)).score(START)), Band::P4, "as missing tags");
    assert_eq!(Band::of(beside(8).score(START)), Band::P3);
    let points = [30, 31].map(|days| points(&beside(days), Factor::Threat));
    assert_eq!(points, [80, 0], "thirty days");
    let due = [0, 8, 31].map(|days| beside(days).rate(START).due.unwrap().at);
    assert_eq!(due, [due[0]; 3], "dates do not move with the day");
}

/// CISA's table: known exploited, exposed, automatable, total impact.
#[test]
fn vulnerabilities_are_due_by_the_table_of_cisa() {
    let rows = [
        ([false, false, false, false], None),
        ([true, false, false, false], Some(14)),
        ([false, true, false, false], Some(60)),
        ([false, false, true, false], Some(60)),
        ([false, false, false, true], None),
        ([true, true, false, false], Some(14)),
        ([true, false, true, false], Some(14)),
        ([false, true, true, false], Some(14)),
        ([true, false, false, true], Some(14)),
        ([false, true, false, true], Some(14)),
        ([false, false, true, true], Some(60)),
        ([true, true, true, false], Some(3)),
        ([true, true, false, true], Some(3)),
        ([true, false, true, true], Some(3)),
        ([false, true, true, true], Some(3)),
        ([true, true, true, true], Some(3)),
    ];
    for ([known_exploited, exposed, automatable, total], days) in rows {
        let case = plain().with(|c| {
            c.facts.class = FindingClass::Vulnerability;
            c.facts.severity_normalized = 1;
            c.facts.exposure = if exposed { Exposure::Internet } else { Exposure::Private };
            c.exploitation = Some(Exploitation {
                cve: "CVE-2021-44228".to_owned(),
                known_exploited,
                kev_due: None,
                ransomware: false,
                epss_permille: None,
                automatable: Some(automatable),
                total_impact: Some(total),
            });
        });
        assert_eq!(Model::builtin().vulnerability_days(case.inputs()), days);
        let due = case.rate(START).due.unwrap();
        let within = due.day() - START.day();
        assert!(days.is_none_or(|days| within <= days), "{due:?}");
        let floor = match days {
            Some(3) => 850,
            Some(14) => 650,
            _ => 0,
        };
        assert!(case.score(START) >= floor);
    }
}

#[test]
fn the_earliest_deadline_wins_and_says_which_it_is() {
    let medium = plain();
    let due = medium.rate(START).due.unwrap();
    assert_eq!((due.day() - START.day(), due.rule.as_str()), (180, "P4: 180 days"));

    let known = medium.with(|c| {
        c.exploitation = Some(Exploitation {
            cve: "CVE-2021-44228".to_owned(),
            known_exploited: true,
            kev_due: Some(START.day() + 5),
            ransomware: false,
            epss_permille: None,
            automatable: None,
            total_impact: None,
        });
    });
    let due = known.rate(START).due.unwrap();
    assert_eq!((due.day() - START.day(), due.rule.as_str()), (5, "CISA KEV"));
    let own = "version = 1\n[[rule]]\nids = [\"Nothing.1\"]\ndays = 2\n";
    let model = Model::read(BUILTIN, Some(own)).unwrap();
    let due = model.rate(known.inputs(), START).due.unwrap();
    assert_eq!((due.day() - START.day(), due.rule.as_str()), (2, "your rule: 2 days"));
}

#[test]
fn after_its_deadline_it_counts_more_by_quarters() {
    let case = plain();
    let due = case.rate(START).due.unwrap().day() - START.day();
    let late = |days: i64| points_on(&case, Factor::Overdue, START.plus((due + days) * DAY_MS));

    assert_eq!([0, 1, 44, 45, 90, 180, 500].map(late), [0, 20, 20, 30, 40, 60, 60]);
}

#[test]
fn what_time_alone_moves_by_little_is_not_significant() {
    let rated =
        |severity| plain().with(|c| c.facts.severity_normalized = severity).rate(START).priority;

    assert!(!rated(41).is_significant(&rated(40)));
    assert!(rated(60).is_significant(&rated(40)), "25 points and more");
    let exposed = plain().with(|c| c.facts.exposure = Exposure::Organization).rate(START).priority;
    assert!(exposed.is_significant(&rated(40)), "another factor counts");
    assert!(rated(40).is_same(&Priority { as_of: 1, model: String::new(), ..rated(40) }));
}
