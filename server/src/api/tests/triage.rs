//! Decisions.

use muster_api::ACTOR_METADATA;
use muster_api::v1 as wire;
use muster_api::v1::TriageState;
use muster_api::v1::batch_triage_result::Outcome;
use muster_api::v1::triage_action::{
    Acknowledge, Action, Assign, Comment, Done, Reopen, Snooze, Start, Suppress, snooze, suppress,
};
use tonic::{Code, IntoRequest, Request};

use super::sample::{NOW, id, sample};
use super::world::{World, fact, fields, reason};

const REQUEST_ID: &str = "5f0c9d4e-6c4f-4f3e-9a55-0d9c3c1f7a10";

fn command(number: u32, action: Action) -> wire::TriageFindingRequest {
    wire::TriageFindingRequest {
        finding_id: id(number).to_string(),
        action: Some(wire::TriageAction { action: Some(action) }),
        ..Default::default()
    }
}

fn acknowledge(number: u32) -> wire::TriageFindingRequest {
    command(number, Action::Acknowledge(Acknowledge {}))
}

fn days(days: i64) -> prost_types::Duration {
    prost_types::Duration { seconds: days * 86_400, nanos: 0 }
}

fn suppress(number: u32) -> wire::TriageFindingRequest {
    let action = Suppress {
        reason: wire::TriageReason::AcceptedRisk.into(),
        until: Some(suppress::Until::Duration(days(30))),
    };
    wire::TriageFindingRequest {
        comment: "agreed with the owner".to_owned(),
        ..command(number, Action::Suppress(action))
    }
}

fn by<T>(actor: &str, message: T) -> Request<T> {
    let mut request = message.into_request();
    request.metadata_mut().insert(ACTOR_METADATA, actor.parse().unwrap());
    request
}

#[tokio::test]
async fn every_command_does_what_it_says_and_answers_with_the_finding() {
    let world = World::holding([sample(1, 70)]).await;
    let snooze = Snooze { until: Some(snooze::Until::Duration(days(7))) };
    let steps = [
        (acknowledge(1), TriageState::Acknowledged),
        (command(1, Action::Start(Start {})), TriageState::InProgress),
        (command(1, Action::Snooze(snooze)), TriageState::Snoozed),
        (suppress(1), TriageState::Suppressed),
        (command(1, Action::Reopen(Reopen {})), TriageState::New),
        (command(1, Action::Done(Done::default())), TriageState::Done),
    ];

    for (step, (request, state)) in steps.into_iter().enumerate() {
        let answer = world.triage().triage_finding(request).await.unwrap().into_inner();

        assert!(answer.changed && !answer.replayed);
        let finding = answer.finding.unwrap();
        assert_eq!(finding.revision, answer.revision);
        assert_eq!(answer.revision, step as u64 + 2, "one log entry for each");
        assert_eq!(finding.triage.unwrap().state(), state);
        assert_eq!(finding.reports.len(), 1, "FULL view");
    }
}

#[tokio::test]
async fn texts_and_names_are_kept_with_who_gave_them() {
    let world = World::holding([sample(1, 70)]).await;

    let assign = Assign { assignee: "bob@example.com".to_owned() };
    let request = wire::TriageFindingRequest {
        on_behalf_of: "user:carol".to_owned(),
        ..command(1, Action::Assign(assign))
    };
    world.triage().triage_finding(by("integration:tickets", request)).await.unwrap();
    let comment = wire::TriageFindingRequest {
        comment: "seen in the audit".to_owned(),
        ..command(1, Action::Comment(Comment {}))
    };
    let answer = world.triage().triage_finding(comment).await.unwrap().into_inner();

    assert_eq!(answer.finding.unwrap().triage.unwrap().assignee, "bob@example.com");
    let request = wire::ListFindingHistoryRequest { id: id(1).to_string(), ..Default::default() };
    let history = world.findings().list_finding_history(request).await.unwrap().into_inner();
    let actor = history.changes[1].actor.clone().unwrap();
    assert_eq!(actor.principal, "integration:tickets");
    assert_eq!(actor.on_behalf_of, "user:carol");
    assert_eq!(history.changes[1].action, "assign");
    assert_eq!(history.changes[0].comment, "seen in the audit");
    let actor = history.changes[0].actor.clone().unwrap();
    assert_eq!(actor.principal, "user:anonymous", "nobody said who");
}

#[tokio::test]
async fn a_span_counts_from_the_clock_of_the_server() {
    let world = World::holding([sample(1, 70)]).await;
    world.clock.pass(5_000);

    let snooze = Snooze { until: Some(snooze::Until::Duration(days(1))) };
    let request = command(1, Action::Snooze(snooze));
    let answer = world.triage().triage_finding(request).await.unwrap().into_inner();

    let until = answer.finding.unwrap().triage.unwrap().expire_time.unwrap();
    assert_eq!(until.seconds, NOW.0 / 1000 + 5 + 86_400);
}

#[tokio::test]
async fn a_decision_that_changes_nothing_says_so() {
    let world = World::holding([sample(1, 70)]).await;
    world.triage().triage_finding(acknowledge(1)).await.unwrap();

    let again = world.triage().triage_finding(acknowledge(1)).await.unwrap().into_inner();

    assert!(!again.changed && !again.replayed);
    assert_eq!(again.revision, 0);
}

#[tokio::test]
async fn a_stale_etag_or_content_version_changes_nothing_and_says_what_it_is_now() {
    let world = World::holding([sample(1, 70)]).await;
    world.triage().triage_finding(acknowledge(1)).await.unwrap();
    world.observe([sample(1, 90)]);

    let stale = wire::TriageFindingRequest {
        etag: "\"t0\"".to_owned(),
        ..command(1, Action::Done(Done::default()))
    };
    let etag = world.triage().triage_finding(stale.clone()).await.unwrap_err();
    let stale = wire::TriageFindingRequest {
        etag: String::new(),
        expected_content_version: Some(1),
        ..stale
    };
    let version = world.triage().triage_finding(stale.clone()).await.unwrap_err();

    assert_eq!(reason(&etag), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(fact(&etag, "current_etag"), "\"t1\"");
    assert_eq!(reason(&version), (Code::Aborted, "CONTENT_CHANGED".to_owned()));
    assert_eq!(fact(&version, "content_version"), "2");
    let fresh = wire::TriageFindingRequest {
        etag: fact(&etag, "current_etag"),
        expected_content_version: Some(2),
        ..stale
    };
    assert!(world.triage().triage_finding(fresh).await.unwrap().into_inner().changed);
}

#[tokio::test]
async fn a_repeat_with_the_same_request_id_gets_the_first_outcome() {
    let world = World::holding([sample(1, 70)]).await;
    let request = wire::TriageFindingRequest { request_id: REQUEST_ID.to_owned(), ..suppress(1) };

    let first = world.triage().triage_finding(request.clone()).await.unwrap().into_inner();
    world.clock.pass(60_000);
    let again = world.triage().triage_finding(request.clone()).await.unwrap().into_inner();
    let other = wire::TriageFindingRequest { comment: "something else".to_owned(), ..request };
    let other = world.triage().triage_finding(other).await.unwrap_err();

    assert!(!first.replayed && again.replayed);
    assert_eq!((again.changed, again.revision), (true, first.revision));
    assert_eq!(again.finding.unwrap().triage, first.finding.unwrap().triage);
    assert_eq!(reason(&other), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
}

#[tokio::test]
async fn somebody_elses_request_id_is_not_a_repeat() {
    let world = World::holding([sample(1, 70)]).await;
    let request =
        wire::TriageFindingRequest { request_id: REQUEST_ID.to_owned(), ..acknowledge(1) };

    world.triage().triage_finding(by("user:alice", request.clone())).await.unwrap();
    let error = world.triage().triage_finding(by("user:bob", request)).await.unwrap_err();

    assert_eq!(reason(&error).1, "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn an_actor_that_looks_like_the_server_or_like_nobody_is_refused() {
    let world = World::holding([sample(1, 70)]).await;
    let long = format!("user:{}", "a".repeat(300));

    for actor in ["system:expiry", "source:guardduty", "alice", "user:", ":x", "User:x", &long] {
        let error = world.triage().triage_finding(by(actor, acknowledge(1))).await.unwrap_err();

        assert_eq!(reason(&error), (Code::InvalidArgument, "INVALID_FIELD".to_owned()), "{actor}");
        assert_eq!(fields(&error), [ACTOR_METADATA]);
    }
    assert_eq!(world.finding(1).unwrap().triage.version, 0, "nothing was decided");
}

#[tokio::test]
async fn a_decision_on_an_unknown_finding_is_not_found() {
    let world = World::start().await;

    let error = world.triage().triage_finding(acknowledge(1)).await.unwrap_err();

    assert_eq!(reason(&error), (Code::NotFound, "FINDING_NOT_FOUND".to_owned()));
}

fn batch(
    requests: Vec<wire::TriageFindingRequest>,
    mode: wire::BatchMode,
) -> wire::BatchTriageFindingsRequest {
    wire::BatchTriageFindingsRequest { requests, mode: mode.into(), request_id: String::new() }
}

#[tokio::test]
async fn an_atomic_batch_does_all() {
    let world = World::holding((1..=3).map(|n| sample(n, 70))).await;

    let request = batch((1..=3).map(acknowledge).collect(), wire::BatchMode::Unspecified);
    let answer = world.triage().batch_triage_findings(request).await.unwrap().into_inner();

    assert_eq!((answer.results.len(), answer.failed_count), (3, 0));
    for (result, number) in answer.results.iter().zip(1..) {
        assert_eq!(result.finding_id, id(number).to_string());
        let Some(Outcome::Ok(outcome)) = &result.outcome else { panic!("{result:?}") };
        assert_eq!(outcome.triage.as_ref().unwrap().state(), TriageState::Acknowledged);
        assert!(outcome.changed);
    }
}

#[tokio::test]
async fn an_atomic_batch_with_one_refusal_does_nothing_and_names_it() {
    let world = World::holding([sample(1, 70), sample(2, 70)]).await;
    let stale = wire::TriageFindingRequest { etag: "\"t9\"".to_owned(), ..acknowledge(2) };

    let request = batch(vec![acknowledge(1), stale], wire::BatchMode::Atomic);
    let error = world.triage().batch_triage_findings(request).await.unwrap_err();

    assert_eq!(reason(&error), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(fact(&error, "index"), "1");
    assert_eq!(world.finding(1).unwrap().triage.version, 0);
}

#[tokio::test]
async fn an_independent_batch_tells_how_each_one_went() {
    let world = World::holding([sample(1, 70), sample(2, 70)]).await;
    let unsaid = wire::TriageFindingRequest { comment: String::new(), ..suppress(2) };
    let wrong = wire::TriageFindingRequest { finding_id: "x".to_owned(), ..acknowledge(5) };

    let requests = vec![acknowledge(1), unsaid, acknowledge(3), wrong];
    let request = batch(requests, wire::BatchMode::Independent);
    let answer = world.triage().batch_triage_findings(request).await.unwrap().into_inner();

    assert_eq!(answer.failed_count, 3);
    let outcomes: Vec<(&str, Vec<&str>)> = answer
        .results
        .iter()
        .map(|result| match result.outcome.as_ref().unwrap() {
            Outcome::Ok(_) => ("OK", Vec::new()),
            Outcome::Error(error) => (
                error.reason.as_str(),
                error.field_violations.iter().map(|v| v.field.as_str()).collect(),
            ),
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            ("OK", vec![]),
            ("INVALID_FIELD", vec!["comment"]),
            ("FINDING_NOT_FOUND", vec![]),
            ("INVALID_FIELD", vec!["finding_id"]),
        ]
    );
}

#[tokio::test]
async fn a_repeated_batch_gets_the_first_outcomes() {
    let world = World::holding([sample(1, 70), sample(2, 70)]).await;
    let request = wire::BatchTriageFindingsRequest {
        request_id: REQUEST_ID.to_owned(),
        ..batch(vec![acknowledge(1), acknowledge(2)], wire::BatchMode::Atomic)
    };

    let first = world.triage().batch_triage_findings(request.clone()).await.unwrap().into_inner();
    let again = world.triage().batch_triage_findings(request).await.unwrap().into_inner();

    assert!(!first.replayed && again.replayed);
    assert_eq!(again.results, first.results);
}

#[tokio::test]
async fn a_batch_with_a_finding_twice_or_ids_in_its_items_is_refused_as_a_whole() {
    let world = World::holding([sample(1, 70), sample(2, 70)]).await;
    let named = wire::TriageFindingRequest { request_id: REQUEST_ID.to_owned(), ..acknowledge(2) };

    let requests = vec![acknowledge(1), named, acknowledge(1)];
    let request = batch(requests, wire::BatchMode::Independent);
    let error = world.triage().batch_triage_findings(request).await.unwrap_err();

    assert_eq!(reason(&error), (Code::InvalidArgument, "INVALID_FIELD".to_owned()));
    assert_eq!(fields(&error), ["requests[1].request_id", "requests[2].finding_id"]);
    assert_eq!(world.finding(1).unwrap().triage.version, 0);
}
