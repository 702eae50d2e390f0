//! The order of findings does not matter, and counts add up.

use proptest::prelude::*;

use super::*;

/// Ids that mean something, of several kinds.
const RULES: [(IdentityRule, &str); 8] = [
    (IdentityRule::Control, "S3.2"),
    (IdentityRule::Control, "IAM.6"),
    (IdentityRule::Control, "Detective.1"),
    (IdentityRule::TrustedAdvisor, "7DAFEmoDos"),
    (IdentityRule::GuardDuty, "UnauthorizedAccess:EC2/MaliciousIPCaller.Custom"),
    (IdentityRule::GuardDuty, "Backdoor:EC2/C&CActivity.B"),
    (IdentityRule::ExternalAccess, "ExternalAccess"),
    (IdentityRule::Inspector, "CVE-2024-3094"),
];

fn sample() -> impl Strategy<Value = Sample> {
    let state = (
        prop::sample::select(&Status::ALL[..]),
        prop::sample::select(&TriageState::ALL[..]),
        prop::sample::select(&Severity::ALL[..]),
    );
    let rules = prop::collection::vec(prop::sample::select(&RULES[..]), 1..4);
    let place = prop::sample::select(&[ACCOUNT, "222222222222", "333333333333"][..]);
    (rules, state, place, 0_u16..1000, 0_i64..100, any::<(bool, bool)>()).prop_map(
        |(rules, (status, triage, severity), account, score, age_days, (current, absent))| Sample {
            account,
            rules,
            status,
            triage,
            severity,
            score,
            age_days,
            current,
            absent,
            ..Sample::failed("S3.2")
        },
    )
}

proptest! {
    #[test]
    fn the_order_of_findings_does_not_matter(
        findings in prop::collection::vec(sample(), 0..40),
        seed: u64,
    ) {
        let build = |order: &[usize]| {
            let mut tally = Tally::new(&Table::builtin(), NOW);
            for index in order {
                findings[*index].add_to(&mut tally, u8::try_from(*index).unwrap());
            }
            tally.organization(&[])
        };
        let straight: Vec<usize> = (0..findings.len()).collect();
        let mut mixed = straight.clone();
        mixed.sort_by_key(|index| (*index as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));

        prop_assert_eq!(build(&straight), build(&mixed));
    }

    #[test]
    fn an_organization_is_the_sum_of_its_accounts(
        findings in prop::collection::vec(sample(), 0..40),
    ) {
        let tally = tally(&findings);
        let whole = tally.organization(&[]);
        let parts: Vec<Report> =
            tally.accounts().iter().map(|account| tally.of_account(*account, &[])).collect();
        for (index, standing) in whole.standings.iter().enumerate() {
            let sum = |of: fn(&Standing) -> u64| -> u64 {
                parts.iter().map(|part| of(&part.standings[index])).sum()
            };
            prop_assert_eq!(standing.risk, sum(|part| part.risk));
            prop_assert_eq!(u64::from(standing.findings), sum(|part| part.findings.into()));
            let favour = u64::from(standing.counts.favour());
            prop_assert_eq!(favour, sum(|part| part.counts.favour().into()));
            for (account, part) in whole.accounts.iter().zip(&parts) {
                prop_assert_eq!(account.verdicts[index], part.standings[index].verdict);
            }
        }
    }

    #[test]
    fn one_more_finding_against_never_makes_it_better(
        findings in prop::collection::vec(sample(), 0..30),
    ) {
        let rank = |verdict| match verdict {
            Verdict::Met => 2,
            Verdict::Partly => 1,
            Verdict::Unmet => 0,
            Verdict::Unknown | Verdict::Attested => 3,
        };
        let before = verdict(&findings, "P1-DP-1");
        let mut more = findings;
        more.push(Sample::failed("S3.2"));
        let after = verdict(&more, "P1-DP-1");

        prop_assert!(rank(after) <= rank(before), "{before:?} {after:?}");
    }
}
