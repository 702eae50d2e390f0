//! The maturity report and attestations, as clients meet them.

use muster_api::v1 as wire;
use muster_api::v1::put_attestation_request::Until;
use muster_core::time::DAY_MS;
use muster_core::unit::UnitCondition;
use tonic::{Code, Request};

use super::sample::{NOW, sample, unit};
use super::world::{World, fields, reason};
use crate::units::UnitState;

const ACCOUNT: &str = "123456789012";

/// Says that the unit that reads every sample is read.
fn read_unit(world: &World) {
    let mut state = UnitState::pending(unit(), 60_000, NOW);
    state.become_(UnitCondition::Healthy, NOW);
    world.backend.units.put(state);
}

async fn report(world: &World, account: &str, phase: i32) -> wire::GetMaturityResponse {
    let request = wire::GetMaturityRequest { account_id: account.to_owned(), phase };
    world.maturity().get_maturity(request).await.unwrap().into_inner()
}

fn standing<'r>(
    report: &'r wire::GetMaturityResponse,
    id: &str,
) -> &'r wire::RecommendationStanding {
    report.standings.iter().find(|standing| standing.id == id).unwrap()
}

fn put(id: &str, days: i64) -> wire::PutAttestationRequest {
    let seconds = days * DAY_MS / 1000;
    wire::PutAttestationRequest {
        recommendation_id: id.to_owned(),
        evidence: "minutes of 12 May".to_owned(),
        until: Some(Until::Duration(prost_types::Duration { seconds, nanos: 0 })),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_server_that_knows_nothing_says_so() {
    let world = World::start().await;

    let report = report(&world, "", 0).await;

    assert_eq!(report.standings.len(), 65);
    let unknown = wire::MaturityVerdict::Unknown;
    assert!(report.standings.iter().all(|standing| standing.verdict() == unknown));
    let all = report.totals.unwrap().all.unwrap();
    assert_eq!((all.met, all.unknown), (0, 65));
    assert_eq!((report.phase, report.complete, report.account_count), (1, false, 0));
    assert_eq!(report.next.len(), 10);
    assert!(report.next.iter().all(|step| step.quick_win && step.risk == 0));
}

#[tokio::test]
async fn findings_and_units_say_where_each_account_stands() {
    let other = "222222222222";
    let world = World::holding([
        sample(1, 90).control("S3.1"),
        sample(2, 0).control("S3.8").closed(),
        sample(3, 0).control("Account.1").closed(),
        sample(4, 0).control("Account.1").closed().in_account(other),
    ])
    .await;
    read_unit(&world);

    let whole = report(&world, "", 0).await;
    let one = report(&world, other, 0).await;

    assert_eq!(standing(&whole, "P1-SG-1").verdict(), wire::MaturityVerdict::Met);
    let public = standing(&whole, "P1-DP-1");
    assert_eq!(public.verdict(), wire::MaturityVerdict::Partly);
    assert_eq!(public.finding_count, 1);
    assert_eq!(public.rules[0].rule_id, "S3.1");
    let finding = &public.findings[0];
    assert_eq!(finding.finding_id, super::sample::id(1).to_string());
    assert!(finding.against && u64::from(finding.score) == public.risk && public.risk > 0);
    assert_eq!(public.accounts.unwrap().unknown, 1);
    let threats = standing(&whole, "P1-TD-1");
    assert_eq!((threats.verdict(), threats.counts.unwrap().on), (wire::MaturityVerdict::Partly, 1));
    assert_eq!(standing(&one, "P1-DP-1").verdict(), wire::MaturityVerdict::Unknown);
    assert_eq!(whole.next[0].id, "P1-DP-1");
    let accounts: Vec<&str> = whole.accounts.iter().map(|one| &*one.account_id).collect();
    assert_eq!(accounts, [ACCOUNT, other]);
    assert_eq!(whole.accounts[1].verdicts.len(), 65);
    assert_eq!(whole.accounts[1].counts.unwrap().met, 1);
}

#[tokio::test]
async fn what_passed_is_unknown_when_nobody_reads_it_any_more() {
    let world = World::holding([sample(1, 0).control("Account.1").closed()]).await;

    let unread = report(&world, ACCOUNT, 0).await;
    read_unit(&world);
    let read = report(&world, ACCOUNT, 0).await;

    assert_eq!(standing(&unread, "P1-SG-1").verdict(), wire::MaturityVerdict::Unknown);
    assert_eq!(standing(&unread, "P1-SG-1").counts.unwrap().stale, 1);
    assert_eq!(standing(&read, "P1-SG-1").verdict(), wire::MaturityVerdict::Met);
}

#[tokio::test]
async fn a_report_of_one_phase_has_its_recommendations_and_steps_alone() {
    let world = World::start().await;

    let report = report(&world, "", 3).await;

    assert_eq!(report.standings.len(), 18);
    assert!(report.next.iter().all(|step| step.phase == 3) && report.next.len() == 10);
    assert_eq!(report.totals.unwrap().all.unwrap().unknown, 65);
}

#[tokio::test]
async fn an_attestation_counts_until_it_expires_and_survives_a_restart() {
    let world = World::start().await;
    let mut request = Request::new(put("p2-sg-3", 30));
    request.metadata_mut().insert("x-muster-actor", "user:ada".parse().unwrap());

    let done = world.maturity().put_attestation(request).await.unwrap().into_inner();
    let world = world.restart().await;
    let counted = report(&world, "", 0).await;
    world.clock.pass(30 * DAY_MS);
    let expired = report(&world, "", 0).await;

    let said = done.attestation.unwrap();
    assert!(done.changed && !done.replayed);
    assert_eq!(
        (&*said.recommendation_id, &*said.author.unwrap().principal),
        ("P2-SG-3", "user:ada")
    );
    let now = standing(&counted, "P2-SG-3");
    assert_eq!(now.verdict(), wire::MaturityVerdict::Attested);
    assert_eq!(now.attestation.as_ref().unwrap().evidence, "minutes of 12 May");
    let then = standing(&expired, "P2-SG-3");
    assert_eq!(then.verdict(), wire::MaturityVerdict::Unknown);
    assert!(then.attestation.is_none());
    assert!(then.expired_attestation.as_ref().unwrap().expired);
}

#[tokio::test]
async fn the_same_attestation_again_changes_nothing_and_the_same_call_is_done_once() {
    let world = World::start().await;
    let request_id = "0b6f0d8e-7d1b-4a69-8b1e-1f3f0f6a9a01".to_owned();
    let call = wire::PutAttestationRequest { request_id, ..put("P2-SG-3", 30) };

    let first = world.maturity().put_attestation(call.clone()).await.unwrap().into_inner();
    world.clock.pass(1000);
    let again = world.maturity().put_attestation(call.clone()).await.unwrap().into_inner();
    let other = wire::PutAttestationRequest { evidence: "another".to_owned(), ..call };
    let reused = world.maturity().put_attestation(other).await.unwrap_err();
    let time = first.attestation.clone().unwrap().expire_time.unwrap();
    let same =
        wire::PutAttestationRequest { until: Some(Until::ExpireTime(time)), ..put("P2-SG-3", 30) };
    let same = world.maturity().put_attestation(same).await.unwrap().into_inner();

    assert!(first.changed && again.replayed && !again.changed);
    assert_eq!(again.attestation, first.attestation);
    assert_eq!(reason(&reused), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
    assert!(!same.changed && !same.replayed);
}

#[tokio::test]
async fn what_is_taken_back_counts_no_more_and_stays_readable() {
    let world = World::start().await;
    let remove = wire::RemoveAttestationRequest {
        recommendation_id: "P2-SG-3".to_owned(),
        comment: "the plan was given up".to_owned(),
        ..Default::default()
    };
    world.maturity().put_attestation(put("P2-SG-3", 30)).await.unwrap();
    world.maturity().put_attestation(put("P2-SG-3", 60)).await.unwrap();

    let removed = world.maturity().remove_attestation(remove.clone()).await.unwrap().into_inner();
    let twice = world.maturity().remove_attestation(remove).await.unwrap_err();
    let list = |show_past| wire::ListAttestationsRequest { show_past, ..Default::default() };
    let now = world.maturity().list_attestations(list(false)).await.unwrap().into_inner();
    let past = world.maturity().list_attestations(list(true)).await.unwrap().into_inner();

    let withdrawal = removed.attestation.unwrap().withdrawal.unwrap();
    assert_eq!(withdrawal.comment, "the plan was given up");
    assert_eq!(reason(&twice), (Code::NotFound, "ATTESTATION_NOT_FOUND".to_owned()));
    assert!(now.attestations.is_empty());
    let fates: Vec<_> =
        past.attestations.iter().map(|one| (one.replaced, one.withdrawal.is_some())).collect();
    assert_eq!(fates, [(false, true), (true, false)]);
    let report = report(&world, "", 0).await;
    assert_eq!(standing(&report, "P2-SG-3").verdict(), wire::MaturityVerdict::Unknown);
}

#[tokio::test]
async fn attestations_are_listed_page_by_page() {
    let world = World::start().await;
    for account in ["", ACCOUNT, "222222222222"] {
        for id in ["P2-SG-3", "P1-SG-2"] {
            let account_id = account.to_owned();
            let request = wire::PutAttestationRequest { account_id, ..put(id, 9) };
            world.maturity().put_attestation(request).await.unwrap();
        }
    }

    let mut request = wire::ListAttestationsRequest { page_size: 4, ..Default::default() };
    let mut listed = Vec::new();
    loop {
        let page = world.maturity().list_attestations(request.clone()).await.unwrap().into_inner();
        listed.extend(page.attestations);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }

    let keys: Vec<_> =
        listed.iter().map(|one| (&*one.recommendation_id, &*one.account_id)).collect();
    let expected = ["P1-SG-2", "P2-SG-3"].map(|id| ["", ACCOUNT, "222222222222"].map(|a| (id, a)));
    assert_eq!(keys, expected.concat());
}

#[tokio::test]
async fn wrong_attestations_are_refused_field_by_field() {
    let world = World::start().await;
    let good = put("P2-SG-3", 365);
    for (request, field) in [
        (
            wire::PutAttestationRequest { recommendation_id: "P9".into(), ..good.clone() },
            "recommendation_id",
        ),
        (wire::PutAttestationRequest { account_id: "12".into(), ..good.clone() }, "account_id"),
        (wire::PutAttestationRequest { evidence: " ".into(), ..good.clone() }, "evidence"),
        (wire::PutAttestationRequest { until: None, ..good.clone() }, "expire_time"),
        (put("P2-SG-3", 366), "duration"),
        (put("P2-SG-3", -1), "duration"),
    ] {
        let refused = world.maturity().put_attestation(request).await.unwrap_err();

        assert_eq!(reason(&refused), (Code::InvalidArgument, "INVALID_FIELD".to_owned()));
        assert_eq!(fields(&refused), [field]);
    }
    let request = wire::GetMaturityRequest { account_id: "x".to_owned(), phase: 5 };
    let refused = world.maturity().get_maturity(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["account_id", "phase"]);
    assert!(world.maturity().put_attestation(good).await.is_ok());
}
