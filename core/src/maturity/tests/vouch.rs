//! Attestations, organizations, and what to do next.

use super::*;
use crate::triage::Actor;

fn attestation(id: &str, scope: Scope, days: i64) -> Attestation {
    Attestation {
        recommendation: id.to_owned(),
        scope,
        author: Actor { principal: "user:ada".to_owned(), on_behalf_of: String::new() },
        evidence: "minutes of the meeting".to_owned(),
        made: NOW.plus(-DAY_MS),
        expires: NOW.plus(days * DAY_MS),
    }
}

fn with(findings: &[Sample], said: &[Attestation], id: &str) -> Standing {
    let report = tally(findings).of_account(ACCOUNT.parse().unwrap(), said);
    standing(&report, id).clone()
}

#[test]
fn an_attestation_counts_until_it_expires_and_then_shows_that_it_did() {
    let now = with(&[], &[attestation("P2-SG-3", Scope::Organization, 1)], "P2-SG-3");
    let then = with(&[], &[attestation("P2-SG-3", Scope::Organization, 0)], "P2-SG-3");

    assert_eq!(now.verdict, Verdict::Attested);
    assert!(now.why.contains("attested by user:ada"), "{}", now.why);
    assert_eq!(then.verdict, Verdict::Unknown);
    assert!(then.attestation.is_none() && then.expired.is_some());
    assert!(then.why.contains("expired"), "{}", then.why);
}

#[test]
fn an_attestation_never_outweighs_a_finding() {
    let said = [attestation("P1-AS-1", Scope::Organization, 9)];

    assert_eq!(with(&[], &said, "P1-AS-1").verdict, Verdict::Attested);
    let passed = Sample::passed("ELB.16");
    assert_eq!(with(std::slice::from_ref(&passed), &said, "P1-AS-1").verdict, Verdict::Attested);
    let failed = Sample::failed("ELB.16");
    assert_eq!(with(std::slice::from_ref(&failed), &said, "P1-AS-1").verdict, Verdict::Unmet);
    assert_eq!(with(&[failed, passed], &said, "P1-AS-1").verdict, Verdict::Partly);
    let whole = [attestation("P1-SG-1", Scope::Organization, 9)];
    assert_eq!(with(&[Sample::passed("Account.1")], &whole, "P1-SG-1").verdict, Verdict::Met);
}

#[test]
fn an_attestation_of_one_account_is_for_that_account() {
    let other = Scope::Account("222222222222".parse().unwrap());
    let said = [attestation("P2-SG-3", other, 9)];

    assert_eq!(with(&[], &said, "P2-SG-3").verdict, Verdict::Unknown);
    let mut tally = tally(&[]);
    tally.account("222222222222".parse().unwrap());
    let report = tally.organization(&said);
    assert_eq!(standing(&report, "P2-SG-3").verdict, Verdict::Partly);
    let counts = standing(&report, "P2-SG-3").accounts;
    assert_eq!((counts.attested, counts.unknown), (1, 1));
}

#[test]
fn what_nobody_can_vouch_for_is_refused_with_its_field() {
    let table = Table::builtin();
    let at_now = |said: Attestation| Attestation { made: NOW, ..said };
    let good = at_now(attestation("p2-sg-3", Scope::Organization, 365));
    for (said, field) in [
        (Attestation { recommendation: "P9-X-1".into(), ..good.clone() }, "recommendation"),
        (Attestation { evidence: " \n".into(), ..good.clone() }, "evidence"),
        (Attestation { evidence: "x".repeat(4097), ..good.clone() }, "evidence"),
        (Attestation { expires: NOW, ..good.clone() }, "expire_time"),
        (Attestation { expires: NOW.plus(366 * DAY_MS), ..good.clone() }, "expire_time"),
    ] {
        assert_eq!(Attestation::new(&table, said).unwrap_err().field(), field);
    }
    assert_eq!(Attestation::new(&table, good).unwrap().recommendation, "P2-SG-3");
}

#[test]
fn an_organization_is_as_good_as_what_is_known_of_all_accounts() {
    let there = |account| Sample { account, ..Sample::passed("Account.1") };
    let not = |account| Sample { account, ..Sample::failed("Account.1") };
    let of = |findings: &[Sample]| {
        let report = tally(findings).organization(&[]);
        standing(&report, "P1-SG-1").verdict
    };
    let (one, two) = (ACCOUNT, "222222222222");

    assert_eq!(of(&[there(one), there(two)]), Verdict::Met);
    assert_eq!(of(&[there(two)]), Verdict::Partly, "nothing is known of the first");
    assert_eq!(of(&[not(one), there(two)]), Verdict::Partly);
    assert_eq!(of(&[not(two)]), Verdict::Unmet);
    assert_eq!(of(&[]), Verdict::Unknown);
}

#[test]
fn an_organization_without_accounts_has_what_was_said_of_it() {
    let tally = Tally::new(&Table::builtin(), NOW);
    let report = tally.organization(&[attestation("P2-SG-3", Scope::Organization, 9)]);

    assert_eq!(standing(&report, "P2-SG-3").verdict, Verdict::Attested);
    assert_eq!((report.totals.all.unknown, report.accounts.len()), (64, 0));
}

#[test]
fn an_account_is_at_work_on_the_first_phase_that_is_not_done() {
    let table = Table::builtin();
    let scope = Scope::Organization;
    let first = table.all().iter().filter(|known| known.phase == Phase::QuickWins);
    let first: Vec<_> = first.map(|known| attestation(&known.id, scope, 9)).collect();
    let all: Vec<_> = table.all().iter().map(|known| attestation(&known.id, scope, 9)).collect();

    let place = |said: &[Attestation]| tally(&[]).organization(said).place;
    assert_eq!(place(&first), Place { phase: Phase::Foundational, complete: false });
    assert_eq!(place(&all), Place { phase: Phase::Optimized, complete: true });
    let report = tally(&[]).organization(&all);
    assert_eq!(report.accounts[0].place.phase, Phase::Optimized);
    assert!(report.next.is_empty());
}

#[test]
fn quick_wins_come_first_then_the_most_risk_for_the_least_effort() {
    let score = |score, finding: Sample| Sample { score, ..finding };
    let report = account(&[
        score(100, Sample::failed("Account.1")), // P1-SG-1
        score(300, Sample::failed("IAM.5")),     // P1-IAM-1
        score(900, Sample::failed("SSM.1")),     // P2-IP-1 and P2-VM-1, medium
        score(950, Sample::failed("ELB.13")),    // P2-IR-2, high
    ]);
    let table = Table::builtin();
    let ids: Vec<&str> =
        report.next.iter().map(|step| &*table.all()[step.recommendation].id).collect();

    assert_eq!(ids[..5], ["P1-IAM-1", "P1-SG-1", "P2-VM-1", "P2-IP-1", "P2-IR-2"]);
    assert!(report.next[0].quick_win && !report.next[2].quick_win);
    assert_eq!((report.next[0].risk, report.next[0].findings), (300, 1));
    // Then what nobody can say, quick wins first.
    assert_eq!(report.next[5].verdict, Verdict::Unknown);
    assert!(report.next[5].quick_win);
}
