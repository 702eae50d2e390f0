//! What must not be taken for evidence, and what is.

use super::*;

#[test]
fn silence_is_unknown() {
    let report = account(&[]);

    assert!(report.standings.iter().all(|standing| standing.verdict == Verdict::Unknown));
    assert_eq!(report.totals.all.unknown, 65);
    assert_eq!(report.place, Place { phase: Phase::QuickWins, complete: false });
    assert_eq!(report.next.len(), STEPS_MAX);
}

#[test]
fn one_control_that_passed_meets_and_one_that_failed_does_not() {
    assert_eq!(verdict(&[Sample::passed("Account.1")], "P1-SG-1"), Verdict::Met);
    assert_eq!(verdict(&[Sample::failed("Account.1")], "P1-SG-1"), Verdict::Unmet);

    let both = account(&[Sample::passed("S3.8"), Sample::failed("s3.1"), Sample::failed("S3.2")]);
    let standing = standing(&both, "P1-DP-1");
    assert_eq!(standing.verdict, Verdict::Partly);
    assert_eq!((standing.counts.passed, standing.counts.failed), (1, 2));
    assert_eq!((standing.findings, standing.risk), (2, 1000));
    assert!(standing.why.contains("2 of 3 findings are open"), "{}", standing.why);
    let rules: Vec<_> = standing.rules.iter().map(|rule| (&*rule.rule_id, rule.against)).collect();
    assert_eq!(rules, [("S3.2", 1), ("s3.1", 1), ("S3.8", 0)]);
    assert!(standing.examples[0].against && !standing.examples[2].against);
}

#[test]
fn what_findings_cannot_wholly_judge_is_partly_at_best() {
    assert_eq!(verdict(&[Sample::passed("ELB.16")], "P1-AS-1"), Verdict::Partly);
    assert_eq!(verdict(&[Sample::passed("ECR.1")], "P4-AS-1"), Verdict::Partly);
    assert_eq!(verdict(&[Sample::failed("ELB.16")], "P1-AS-1"), Verdict::Unmet);
}

#[test]
fn a_custom_threat_list_that_fires_speaks_for_having_one() {
    let custom = Sample::threat("UnauthorizedAccess:EC2/MaliciousIPCaller.Custom");

    assert_eq!(verdict(std::slice::from_ref(&custom), "P4-TD-2"), Verdict::Partly);
    let archived = Sample { status: Status::Archived, ..custom.clone() };
    assert_eq!(verdict(&[archived], "P4-TD-2"), Verdict::Partly);
    // GuardDuty makes samples of every type, these too.
    let sample = Sample { made_up: true, score: 0, ..custom };
    assert_eq!(verdict(&[sample], "P4-TD-2"), Verdict::Unknown);
}

#[test]
fn a_penetration_test_is_no_red_team_and_no_miner_a_billing_alarm() {
    assert_eq!(
        verdict(&[Sample::threat("PenTest:IAMUser/KaliLinux")], "P4-AS-2"),
        Verdict::Unknown
    );
    let miner = account(&[Sample::threat("CryptoCurrency:EC2/BitcoinTool.B")]);
    assert_eq!(standing(&miner, "P1-TD-4").verdict, Verdict::Unknown);
    assert_eq!(standing(&miner, "P1-TD-4").counts.hints, 1);
}

#[test]
fn a_control_about_tags_proves_use_even_when_it_fails() {
    assert_eq!(verdict(&[Sample::failed("Detective.1")], "P4-IR-2"), Verdict::Partly);
    assert_eq!(verdict(&[Sample::failed("FraudDetector.2")], "P4-TD-1"), Verdict::Partly);
    let gone = Sample { status: Status::Archived, ..Sample::failed("Detective.1") };
    assert_eq!(verdict(&[gone], "P4-IR-2"), Verdict::Unknown);
    assert_eq!(verdict(&[Sample::failed("Detective.1")], "P3-IAM-2"), Verdict::Unmet);
}

#[test]
fn a_user_whose_keys_are_rotated_is_no_single_sign_on() {
    assert_eq!(verdict(&[Sample::passed("IAM.3")], "P2-IAM-1"), Verdict::Unknown);
}

#[test]
fn no_threat_proves_nothing_and_a_closed_one_neither() {
    let closed =
        Sample { status: Status::Archived, ..Sample::threat("Policy:IAMUser/RootCredentialUsage") };

    assert_eq!(verdict(&[closed], "P1-IAM-2"), Verdict::Unknown);
    let open =
        Sample { severity: Severity::Low, ..Sample::threat("Policy:IAMUser/RootCredentialUsage") };
    assert_eq!(verdict(&[open], "P1-IAM-2"), Verdict::Unmet);
}

#[test]
fn what_passed_counts_while_it_is_read() {
    let passed = Sample::passed("Account.1");
    let stale = account(&[Sample { current: false, ..passed.clone() }]);

    assert_eq!(standing(&stale, "P1-SG-1").verdict, Verdict::Unknown);
    assert_eq!(standing(&stale, "P1-SG-1").counts.stale, 1);
    // Its resource is gone, which is no pass.
    assert_eq!(verdict(&[Sample { absent: true, ..passed.clone() }], "P1-SG-1"), Verdict::Unknown);
    // Not evaluated any more.
    let archived = Sample { status: Status::Archived, ..passed.clone() };
    assert_eq!(verdict(&[archived], "P1-SG-1"), Verdict::Unknown);
    // Trusted Advisor stops listing what is fixed.
    let fixed = Sample {
        absent: true,
        rules: vec![(IdentityRule::TrustedAdvisor, "7DAFEmoDos")],
        ..passed
    };
    assert_eq!(verdict(&[fixed], "P1-IAM-1"), Verdict::Met);
}

#[test]
fn what_is_open_counts_even_when_its_unit_is_not_read() {
    let open = Sample { current: false, ..Sample::failed("Account.1") };

    assert_eq!(verdict(&[open], "P1-SG-1"), Verdict::Unmet);
}

#[test]
fn what_aws_cannot_tell_decides_nothing() {
    let unavailable = Sample { status: Status::Unobservable, ..Sample::failed("Account.1") };
    let report = account(&[unavailable]);

    assert_eq!(standing(&report, "P1-SG-1").verdict, Verdict::Unknown);
    assert_eq!(standing(&report, "P1-SG-1").counts.unseen, 1);
    // Trusted Advisor is red also where it could not look.
    let unread = Sample {
        severity: Severity::Informational,
        ..Sample::open(IdentityRule::TrustedAdvisor, "Pfx0RwqBli")
    };
    assert_eq!(verdict(&[unread], "P1-DP-1"), Verdict::Unknown);
}

#[test]
fn what_is_suppressed_is_not_against_and_never_met() {
    let suppressed = Sample { triage: TriageState::Suppressed, ..Sample::failed("Account.1") };

    assert_eq!(verdict(std::slice::from_ref(&suppressed), "P1-SG-1"), Verdict::Unknown);
    let both = [suppressed, Sample::passed("Account.1")];
    assert_eq!(verdict(&both, "P1-SG-1"), Verdict::Partly);
    let done = Sample { triage: TriageState::Done, ..Sample::failed("Account.1") };
    assert_eq!(verdict(&[done], "P1-SG-1"), Verdict::Unmet);
}

#[test]
fn a_custom_product_proves_nothing_by_calling_its_rule_as_a_control() {
    let custom = |status| Sample {
        status,
        rules: vec![(IdentityRule::OtherAsff, "Account.1")],
        ..Sample::failed("Account.1")
    };

    assert_eq!(verdict(&[custom(Status::Resolved)], "P1-SG-1"), Verdict::Unknown);
    assert_eq!(verdict(&[custom(Status::Active)], "P1-SG-1"), Verdict::Unknown);
}

#[test]
fn a_finding_of_several_products_counts_once() {
    let merged = Sample {
        rules: vec![
            (IdentityRule::Control, "S3.2"),
            (IdentityRule::ConfigRule, "s3-bucket-public-read-prohibited"),
            (IdentityRule::TrustedAdvisor, "Pfx0RwqBli"),
            (IdentityRule::Macie, "Policy:IAMUser/S3BucketPublic"),
        ],
        ..Sample::failed("S3.2")
    };
    let report = account(&[merged]);
    let standing = standing(&report, "P1-DP-1");

    assert_eq!((standing.counts.failed, standing.findings, standing.risk), (1, 1, 500));
}

#[test]
fn threats_are_judged_by_what_was_done_about_them() {
    let threat = Sample::threat("Recon:EC2/Portscan");
    let aged = |age_days, triage| Sample { triage, age_days, ..threat.clone() };
    let met = |findings: &[Sample]| verdict(findings, "P1-IR-1");

    assert_eq!(met(&[aged(2, TriageState::New)]), Verdict::Unknown, "there is time left");
    assert_eq!(met(&[aged(3, TriageState::New)]), Verdict::Unmet);
    assert_eq!(met(&[aged(3, TriageState::InProgress)]), Verdict::Met);
    assert_eq!(met(&[aged(12, TriageState::InProgress)]), Verdict::Unmet);
    assert_eq!(met(&[aged(90, TriageState::Suppressed)]), Verdict::Met);
    let critical = Sample { severity: Severity::Critical, ..aged(1, TriageState::New) };
    assert_eq!(met(&[critical]), Verdict::Unmet);
    let low = Sample { severity: Severity::Low, ..aged(90, TriageState::New) };
    assert_eq!(met(&[low]), Verdict::Unknown);
    let archived = Sample { status: Status::Archived, ..threat.clone() };
    assert_eq!(met(&[archived]), Verdict::Met);
    let forgotten = Sample { status: Status::Expired, ..threat };
    assert_eq!(met(&[forgotten]), Verdict::Unmet);
}

#[test]
fn what_is_open_and_late_has_its_risk_once() {
    let late = Sample { age_days: 31, ..Sample::open(IdentityRule::TrustedAdvisor, "7DAFEmoDos") };
    let report = account(&[late]);
    let standing = standing(&report, "P1-TD-3");

    assert_eq!((standing.counts.failed, standing.counts.late), (1, 1));
    assert_eq!((standing.findings, standing.risk), (1, 500));
}

#[test]
fn a_product_is_on_where_a_unit_or_a_finding_of_it_is_read() {
    let account: AccountId = ACCOUNT.parse().unwrap();
    let region = |name: &str| name.parse::<Region>().unwrap();
    let mut tally = tally(&[]);
    tally.unit(SourceKind::GuardDuty, account, &region("eu-central-1"), Liveness::On);
    tally.unit(SourceKind::GuardDuty, account, &region("eu-central-1"), Liveness::Off);
    let verdict = |tally: &Tally| standing(&tally.of_account(account, &[]), "P1-TD-1").verdict;

    assert_eq!(verdict(&tally), Verdict::Met);
    tally.unit(SourceKind::GuardDuty, account, &region("us-east-1"), Liveness::Unknown);
    assert_eq!(verdict(&tally), Verdict::Met);
    tally.unit(SourceKind::GuardDuty, account, &region("us-east-1"), Liveness::Off);
    assert_eq!(verdict(&tally), Verdict::Partly);
    let report = tally.of_account(account, &[]);
    let off = &standing(&report, "P1-TD-1").off;
    assert_eq!(off, &[(SourceKind::GuardDuty, account, region("us-east-1"))]);
    // A member's threat came by the detector of the administrator.
    Sample { region: "us-east-1", ..Sample::threat("Recon:EC2/Portscan") }.add_to(&mut tally, 9);
    assert_eq!(verdict(&tally), Verdict::Met);
}

#[test]
fn a_control_proves_its_hub_only_where_it_is_read() {
    let hub = |finding: Sample| verdict(&[finding], "P1-SA-1");

    assert_eq!(hub(Sample::failed("Lambda.1")), Verdict::Met);
    assert_eq!(hub(Sample { current: false, ..Sample::failed("Lambda.1") }), Verdict::Unknown);
    assert_eq!(hub(Sample { region: "global", ..Sample::failed("IAM.9") }), Verdict::Unknown);
    assert_eq!(hub(Sample::failed("Config.1")), Verdict::Partly);
}

#[test]
fn what_the_operator_told_speaks_for_it() {
    let mut tally = tally(&[]);
    tally.configured(Fact::CrownJewels);

    let report = tally.of_account(ACCOUNT.parse().unwrap(), &[]);

    assert_eq!(standing(&report, "P2-SG-2").verdict, Verdict::Partly);
}

#[test]
fn reports_of_an_earlier_version_are_known_by_their_ids() {
    let mut tally = tally(&[]);
    let kinds = ["Account.1", "7DAFEmoDos", "restricted-ssh", "unknown"].map(|id| {
        tally.rule(None, id, FindingClass::Misconfiguration);
        tally.table.links(None, id, FindingClass::Misconfiguration).map(|(kind, ..)| kind)
    });

    let known = [Some(Kind::Control), Some(Kind::Advisor), Some(Kind::Config), None];
    assert_eq!(kinds, known);
    let (threat, ..) = tally.table.links(None, "A:B/C", FindingClass::Threat).unwrap();
    assert_eq!(threat, Kind::GuardDuty);
}

#[test]
fn rules_are_as_many_as_the_table_names() {
    let mut tally = tally(&[]);
    let mut rule = |rule, id: &str| tally.rule(Some(rule), id, FindingClass::Vulnerability);

    let first = rule(IdentityRule::Inspector, "CVE-2024-3094");
    assert_eq!(rule(IdentityRule::Inspector, "CVE-2021-44228"), first);
    let other = rule(IdentityRule::OtherAsff, "anything");
    assert_eq!(rule(IdentityRule::OtherAsff, "else"), other);
    assert_ne!(rule(IdentityRule::Control, "X.1"), other);
}
