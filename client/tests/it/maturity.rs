//! `muster maturity` and `muster attest`.

use muster_api::v1::put_attestation_request::Until;
use muster_api::v1::*;
use muster_client::cli::Exit;
use tonic::Code;

use crate::cli::{SCRIPT, Terminal, muster, muster_args};
use crate::fake::{Fake, State, status};
use crate::make::{HOSTILE, time};

fn counts(met: u32, partly: u32, unmet: u32, unknown: u32, attested: u32) -> VerdictCounts {
    VerdictCounts { met, partly, unmet, unknown, attested }
}

fn standing(id: &str, name: &str, verdict: MaturityVerdict, why: &str) -> RecommendationStanding {
    RecommendationStanding {
        id: id.into(),
        name: name.into(),
        phase: 1,
        domain: "data_protection".into(),
        effort: Effort::Low.into(),
        observability: Observability::Direct.into(),
        advice: "Do it".into(),
        verdict: verdict.into(),
        reason: why.into(),
        ..RecommendationStanding::default()
    }
}

fn standings() -> Vec<RecommendationStanding> {
    let contacts =
        standing("P1-SG-1", "Assign security contacts", MaturityVerdict::Met, "passed: 2");
    let mut public = standing(
        "P1-DP-1",
        "Amazon S3 Block Public Access",
        MaturityVerdict::Partly,
        "2 of 14 findings are open; unknown in 1 of 2 accounts",
    );
    public.counts = Some(EvidenceCounts { passed: 12, failed: 2, ..EvidenceCounts::default() });
    (public.finding_count, public.risk) = (2, 1480);
    public.rules = vec![RuleEvidence { rule_id: "S3.1".into(), for_count: 4, against_count: 2 }];
    public.findings = vec![FindingEvidence {
        finding_id: "fnd_3kq7bcdefghijklmnopqrstuvw".into(),
        rule_id: "S3.1".into(),
        score: 812,
        against: true,
    }];
    public.accounts = Some(counts(0, 1, 0, 1, 0));
    let mut training = standing(
        "P2-SG-3",
        "Cloud security training plan",
        MaturityVerdict::Attested,
        "attested by user:ada until 2027-05-30T00:00:00Z",
    );
    training.phase = 2;
    training.domain = "security_governance".into();
    training.observability = Observability::None.into();
    training.attestation = Some(attestation());
    let threats =
        standing("P1-TD-1", HOSTILE, MaturityVerdict::Unknown, "nothing was seen that decides it");
    vec![contacts, public, threats, training]
}

fn attestation() -> Attestation {
    Attestation {
        recommendation_id: "P2-SG-3".into(),
        author: Some(Actor { principal: "user:ada".into(), on_behalf_of: String::new() }),
        evidence: "training plan of 12 May".into(),
        create_time: Some(time("2026-12-01T12:00:00Z")),
        expire_time: Some(time("2027-05-30T00:00:00Z")),
        ..Attestation::default()
    }
}

fn report() -> GetMaturityResponse {
    let domain = |domain: &str, first: VerdictCounts, second: VerdictCounts| DomainTotals {
        domain: domain.into(),
        all: Some(counts(
            first.met + second.met,
            first.partly + second.partly,
            first.unmet + second.unmet,
            first.unknown + second.unknown,
            first.attested + second.attested,
        )),
        phases: vec![first, second, counts(0, 0, 1, 0, 0), counts(0, 0, 0, 0, 0)],
    };
    let step = |id: &str, verdict: MaturityVerdict, risk, action: &str| MaturityStep {
        id: id.into(),
        name: "Something".into(),
        phase: 1,
        verdict: verdict.into(),
        quick_win: true,
        risk,
        finding_count: 2,
        effort: Effort::Low.into(),
        action: action.into(),
    };
    GetMaturityResponse {
        create_time: Some(time("2026-12-01T12:00:00Z")),
        table_hash: "0123456789abcdef".into(),
        phase: 1,
        standings: standings(),
        totals: Some(MaturityTotals {
            all: Some(counts(1, 1, 0, 1, 1)),
            phases: vec![
                counts(1, 1, 0, 1, 0),
                counts(0, 0, 0, 0, 1),
                counts(0, 0, 0, 0, 0),
                counts(0, 0, 0, 0, 0),
            ],
            domains: vec![
                domain("security_governance", counts(1, 0, 0, 0, 0), counts(0, 0, 0, 0, 1)),
                domain("data_protection", counts(0, 1, 0, 0, 0), counts(0, 0, 0, 0, 0)),
                domain("threat_detection", counts(0, 0, 0, 1, 0), counts(0, 0, 0, 0, 0)),
            ],
        }),
        next: vec![
            step(
                "P1-DP-1",
                MaturityVerdict::Partly,
                1480,
                "Turn on Block Public Access for each account and bucket",
            ),
            step(
                "P1-TD-1",
                MaturityVerdict::Unknown,
                0,
                "Turn on GuardDuty in each account and Region; nothing shows whether you do",
            ),
        ],
        accounts: vec![
            AccountMaturity {
                account_id: "123456789012".into(),
                phase: 1,
                counts: Some(counts(1, 1, 0, 1, 1)),
                verdicts: vec![
                    MaturityVerdict::Met.into(),
                    MaturityVerdict::Partly.into(),
                    MaturityVerdict::Unknown.into(),
                    MaturityVerdict::Attested.into(),
                ],
                risk: 1480,
                ..AccountMaturity::default()
            },
            AccountMaturity { account_id: "222222222222".into(), phase: 2, ..Default::default() },
        ],
        account_count: 2,
        coverage: Some(Coverage { complete: true, unit_count: 3, ..Coverage::default() }),
        ..GetMaturityResponse::default()
    }
}

fn fake() -> Fake {
    let attestations = vec![attestation()];
    Fake::new(State { maturity: report(), attestations, ..State::default() })
}

#[tokio::test]
async fn the_report_fits_a_terminal_of_80_columns() {
    let terminal = Terminal { width: Some(80), ..SCRIPT };

    let ran = muster_args(&fake(), terminal, &["maturity"]).await;

    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    insta::assert_snapshot!(ran.all());
}

#[tokio::test]
async fn in_a_pipe_nothing_is_cut_and_wide_shows_accounts() {
    insta::assert_snapshot!(muster(&fake(), "maturity -o wide").await.stdout);
}

#[tokio::test]
async fn json_holds_all_of_it() {
    let ran = muster(&fake(), "maturity -o json").await;

    insta::assert_snapshot!(ran.stdout);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["standings"][1]["findings"][0]["score"], 812);
    assert_eq!(document["accounts"][0]["verdicts"][3], "ATTESTED");
    assert_eq!(document["standings"][2]["name"], HOSTILE);
}

#[tokio::test]
async fn csv_and_jsonl_have_a_line_for_each_recommendation() {
    let csv = muster(&fake(), "maturity -o csv").await.stdout;
    let jsonl = muster(&fake(), "maturity -o jsonl").await.stdout;

    assert!(csv.starts_with("id,phase,domain,name,verdict,reason,"), "{csv}");
    assert!(csv.contains("\nP1-DP-1,1,data_protection,"), "{csv}");
    assert_eq!(jsonl.lines().count(), 4);
    for line in jsonl.lines() {
        let document: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(document["schema_version"], 1);
    }
}

#[tokio::test]
async fn the_picture_is_one_file_that_needs_nothing_else() {
    let picture = muster(&fake(), "maturity -o svg").await.stdout;

    insta::assert_snapshot!(picture);
    assert!(!picture.contains("<script") && !picture.contains("href"), "{picture}");
    assert_eq!(picture.matches("<text").count(), picture.matches("</text>").count());
}

#[tokio::test]
async fn account_and_phase_are_asked_of_the_server() {
    let fake = fake();

    muster(&fake, "maturity --account 123456789012 --phase 3").await;
    let refused = muster(&fake, "maturity --phase 5").await;
    let picture = muster(&fake, "ls -o svg").await;

    let state = fake.state();
    let asked = GetMaturityRequest { account_id: "123456789012".into(), phase: 3 };
    assert_eq!(state.reports, [asked]);
    assert_eq!((refused.exit, picture.exit), (Exit::Usage, Exit::Usage));
    assert!(picture.stderr.contains("only `muster maturity` prints svg"), "{}", picture.stderr);
}

#[tokio::test]
async fn what_has_expired_is_said() {
    let fake = fake();
    fake.state().maturity.standings[3].expired_attestation = Some(attestation());

    let ran = muster(&fake, "maturity").await;

    assert!(ran.stderr.contains("warning: 1 attestation expired"), "{}", ran.stderr);
}

#[tokio::test]
async fn attest_says_until_when_and_how_to_take_it_back() {
    let fake = fake();
    let line = ["attest", "P2-SG-3", "--evidence", "training plan of 12 May", "--expires", "180d"];

    let ran = muster_args(&fake, SCRIPT, &line).await;

    insta::assert_snapshot!(ran.all());
    let state = fake.state();
    let sent = &state.puts[0];
    assert_eq!((&*sent.recommendation_id, &*sent.account_id), ("P2-SG-3", ""));
    let seconds = 180 * 24 * 3600;
    assert_eq!(sent.until, Some(Until::Duration(prost_types::Duration { seconds, nanos: 0 })));
    assert!(!sent.request_id.is_empty());
    assert_eq!(state.actors, ["user:alice"]);
}

#[tokio::test(start_paused = true)]
async fn an_attestation_whose_answer_is_lost_is_sent_again_with_the_same_id() {
    let fake = fake();
    let lost = status(Code::Unavailable, "OVERLOADED", "the server is overloaded");
    fake.state().errors.insert("PutAttestation", [lost].into());
    let line = ["attest", "P2-SG-3", "--evidence", "plan", "--expires", "2027-05-30", "-o", "json"];

    let ran = muster_args(&fake, SCRIPT, &line).await;

    assert_eq!(ran.exit, Exit::Ok, "{}", ran.stderr);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&document["action"], &document["replayed"]), (&"attest".into(), &true.into()));
    let state = fake.state();
    assert_eq!(state.puts[0], state.puts[1]);
    assert!(matches!(state.puts[0].until, Some(Until::ExpireTime(_))));
}

#[tokio::test]
async fn an_attestation_is_taken_back_with_a_reason() {
    let fake = fake();
    let line = ["attest", "P2-SG-3", "--remove", "--account", "123456789012", "-m", "given up"];

    let ran = muster_args(&fake, SCRIPT, &line).await;

    assert!(ran.stdout.contains("took back the attestation of P2-SG-3"), "{}", ran.stdout);
    let sent = fake.state().removals[0].clone();
    assert_eq!((&*sent.account_id, &*sent.comment), ("123456789012", "given up"));
    let nothing = status(Code::NotFound, "ATTESTATION_NOT_FOUND", "there is no attestation");
    fake.state().errors.insert("RemoveAttestation", [nothing].into());
    assert_eq!(muster_args(&fake, SCRIPT, &line).await.exit, Exit::NotFound);
}

#[tokio::test]
async fn the_list_says_what_counts() {
    let fake = fake();
    let past = |expired, replaced| Attestation { expired, replaced, ..attestation() };
    let taken = Attestation { withdrawal: Some(Withdrawal::default()), ..attestation() };
    fake.state().attestations.extend([past(true, false), past(false, true), taken]);
    let terminal = Terminal { width: Some(80), ..SCRIPT };

    let ran = muster_args(&fake, terminal, &["attest", "--list", "--past"]).await;

    insta::assert_snapshot!(ran.all());
}

#[tokio::test]
async fn an_attestation_needs_evidence_and_an_end() {
    for line in [
        &["attest", "P2-SG-3"][..],
        &["attest", "P2-SG-3", "--evidence", "x"],
        &["attest", "P2-SG-3", "--expires", "9d"],
        &["attest", "P2-SG-3", "--evidence", " ", "--expires", "9d"],
        &["attest", "P2-SG-3", "--evidence", "x", "--expires", "never"],
        &["attest", "--evidence", "x", "--expires", "9d"],
        &["attest", "P2-SG-3", "--list"],
    ] {
        let fake = fake();

        let ran = muster_args(&fake, SCRIPT, line).await;

        assert_eq!(ran.exit, Exit::Usage, "{line:?} {}", ran.stderr);
        assert!(fake.state().calls.is_empty());
    }
}
