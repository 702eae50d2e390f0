//! `muster subscriptions`.

use std::time::Duration;

use muster_api::v1::ack::Verdict;
use muster_api::v1::start_from::Position;
use muster_api::v1::*;
use muster_client::cli::Exit;
use tonic::Code;

use crate::cli::{SCRIPT, Terminal, muster_args};
use crate::fake::{Fake, State, status};
use crate::make::{HOSTILE, bucket, change, time};

fn span(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

fn subscription(state: SubscriptionState) -> Subscription {
    let config = SubscriptionConfig {
        description: "tickets of the platform team".into(),
        filter: "severity >= HIGH".into(),
        view: FindingView::Full.into(),
        kinds: vec![ChangeKind::Created.into(), ChangeKind::Triaged.into()],
        max_outstanding: 256,
        ack_deadline: Some(span(60)),
        max_delivery_attempts: Some(10),
        min_backoff: Some(span(1)),
        max_backoff: Some(span(600)),
    };
    let act = SubscriptionAct {
        kind: "reset".into(),
        actor: Some(Actor { principal: "user:ada".into(), on_behalf_of: String::new() }),
        time: Some(time("2026-11-30T12:00:00Z")),
        comment: "after the outage".into(),
        number: 7,
    };
    let standing = SubscriptionStatus {
        state: state.into(),
        ack_floor: 40,
        head_revision: 42,
        in_snapshot: false,
        oldest_unacked_age: Some(span(5400)),
        outstanding: 2,
        parked: u32::from(state == SubscriptionState::Stale),
        session_principal: "integration:tickets".into(),
        session_epoch: 3,
    };
    Subscription {
        id: "tickets".into(),
        config: Some(config),
        etag: "18f0-2".into(),
        create_time: Some(time("2026-11-01T00:00:00Z")),
        status: Some(standing),
        acts: vec![act],
    }
}

fn deliveries() -> Vec<Delivery> {
    let one = |revision: u64, snapshot: bool| Delivery {
        change: Some(change("3kq7", revision)),
        ack_id: format!("ack-{revision}"),
        attempt: 1,
        snapshot,
    };
    vec![one(4, true), one(5, false)]
}

fn parked() -> ParkedChange {
    ParkedChange {
        id: "5".into(),
        change: Some(Change { finding: Some(bucket()), ..change("3kq7", 5) }),
        attempts: 10,
        reason: HOSTILE.into(),
        park_time: Some(time("2026-12-01T11:00:00Z")),
    }
}

fn fake(state: SubscriptionState) -> Fake {
    let subscriptions = vec![subscription(state)];
    let (deliveries, parked) = (deliveries(), vec![parked()]);
    Fake::new(State { subscriptions, deliveries, parked, ..State::default() })
}

fn active() -> Fake {
    fake(SubscriptionState::Active)
}

fn line(words: &str) -> Vec<&str> {
    words.split(' ').collect()
}

#[tokio::test]
async fn one_is_made_where_it_should_start_and_shown() {
    let fake = active();
    let words = "subscriptions create tickets --filter critical --start now --attempts 3 \
                 --ack-deadline 2m --max-outstanding 9 --kinds created,triaged";

    let ran = muster_args(&fake, SCRIPT, &line(words)).await;
    let again = muster_args(&fake, SCRIPT, &line(words)).await;

    insta::assert_snapshot!(ran.all());
    assert!(again.stderr.contains("it was there already"), "{}", again.stderr);
    let sent = fake.state().creations[0].clone();
    let config = sent.config.unwrap();
    assert_eq!((&*sent.id, &*config.filter), ("tickets", "critical"));
    assert_eq!((config.max_delivery_attempts, config.max_outstanding), (Some(3), 9));
    assert_eq!(config.kinds, [ChangeKind::Created, ChangeKind::Triaged].map(i32::from));
    assert_eq!((config.ack_deadline, config.min_backoff), (Some(span(120)), None));
    let now = Position::At(StartPosition::Now.into());
    assert_eq!(sent.start.unwrap().position, Some(now));
}

#[tokio::test]
async fn a_list_says_where_each_stands_and_what_to_do() {
    let fake = fake(SubscriptionState::Stale);
    let terminal = Terminal { width: Some(100), ..SCRIPT };

    let ran = muster_args(&fake, terminal, &line("subs list")).await;
    let names = muster_args(&fake, SCRIPT, &line("subs ls -o name")).await;

    insta::assert_snapshot!(ran.all());
    assert_eq!(names.stdout, "tickets\n");
}

#[tokio::test]
async fn one_in_json_has_its_configuration_its_state_and_what_was_done() {
    let ran = muster_args(&active(), SCRIPT, &line("subscriptions get tickets -o json")).await;

    insta::assert_snapshot!(ran.stdout);
}

#[tokio::test]
async fn a_pull_prints_lines_and_acknowledges_only_when_told_to() {
    let fake = active();

    let ran = muster_args(&fake, SCRIPT, &line("subscriptions pull tickets -n 7 --wait 5s")).await;
    assert_eq!(fake.state().acks, []);
    let acked = muster_args(&fake, SCRIPT, &line("subscriptions pull tickets --ack")).await;

    insta::assert_snapshot!(ran.all());
    assert_eq!(ran.stdout, acked.stdout);
    assert!(acked.stderr.contains("2 deliveries, acknowledged"), "{}", acked.stderr);
    let state = fake.state();
    assert_eq!((state.pulls[0].max_deliveries, state.pulls[0].wait), (7, Some(span(5))));
    let ids: Vec<&str> = state.acks.iter().map(|ack| &*ack.ack_id).collect();
    assert_eq!(ids, ["ack-4", "ack-5"]);
    assert!(state.acks.iter().all(|ack| matches!(ack.verdict, Some(Verdict::Done(_)))));
}

#[tokio::test]
async fn an_ack_that_does_not_count_is_a_conflict() {
    let fake = active();
    fake.state().ack_status = Some(AckStatus::Unknown);

    let ran = muster_args(&fake, SCRIPT, &line("subscriptions pull tickets --ack")).await;

    assert_eq!(ran.exit, Exit::Conflict);
    assert!(ran.stderr.contains("2 of 2 deliveries not acknowledged: UNKNOWN"), "{}", ran.stderr);
}

#[tokio::test(start_paused = true)]
async fn a_pull_has_its_wait_on_top_of_the_timeout() {
    let fake = active();
    let stale = status(Code::FailedPrecondition, "SUBSCRIPTION_STALE", "it is stale");
    fake.state().errors.insert("PullChanges", [stale].into());
    let words = "subscriptions pull tickets --wait 55s --timeout 1s";

    let ran = muster_args(&fake, SCRIPT, &line(words)).await;

    assert_eq!(ran.exit, Exit::Failure);
    assert!(ran.stderr.contains("it is stale"), "{}", ran.stderr);
    let client = fake.client().with_timeout(Duration::from_millis(1));
    let request = PullChangesRequest { wait: Some(span(55)), ..PullChangesRequest::default() };
    assert!(client.pull_changes(request).await.is_ok());
}

#[tokio::test]
async fn what_was_given_up_is_listed_and_delivered_again_or_dropped() {
    let fake = active();
    let terminal = Terminal { width: Some(100), ..SCRIPT };

    let list = muster_args(&fake, terminal, &line("subscriptions parked tickets")).await;
    let again = line("subscriptions resolve tickets 5 --redeliver");
    let again = muster_args(&fake, SCRIPT, &again).await;
    let dropped = line("subscriptions resolve tickets --all --discard -m gone -o json");
    let dropped = muster_args(&fake, SCRIPT, &dropped).await;

    insta::assert_snapshot!(list.all());
    assert_eq!(again.stdout, "1 change due again\n");
    let document: serde_json::Value = serde_json::from_str(&dropped.stdout).unwrap();
    assert_eq!(document["resolved"], serde_json::json!(["5"]));
    let state = fake.state();
    assert_eq!(state.resolutions[0].resolution(), ParkedResolution::Redeliver);
    assert_eq!(
        (&state.resolutions[0].ids[..], &*state.resolutions[1].comment),
        (&["5".to_owned()][..], "gone")
    );
    assert!(state.resolutions[1].ids.is_empty());
}

#[tokio::test]
async fn a_reset_says_where_to_from_where_and_why() {
    let fake = active();
    let words = "subscriptions reset tickets --start 2026-11-30 --floor 40 -m outage";

    let ran = muster_args(&fake, SCRIPT, &line(words)).await;

    assert!(ran.stderr.contains("deliveries of before are unknown now"), "{}", ran.stderr);
    let sent = fake.state().resets[0].clone();
    assert_eq!((sent.expected_ack_floor, &*sent.comment), (40, "outage"));
    let at = Position::Time(time("2026-11-30T00:00:00Z"));
    assert_eq!(sent.start.unwrap().position, Some(at));
}

#[tokio::test]
async fn limits_are_changed_and_one_is_deleted() {
    let fake = active();

    let words = "subscriptions update tickets --attempts 0 --etag 18f0-2";
    let updated = muster_args(&fake, SCRIPT, &line(words)).await;
    let deleted = muster_args(&fake, SCRIPT, &line("subscriptions delete tickets")).await;

    assert_eq!(updated.exit, Exit::Ok);
    assert_eq!(deleted.stdout, "deleted tickets\n");
    let sent = fake.state().updates[0].clone();
    assert_eq!((sent.max_delivery_attempts, sent.max_outstanding), (Some(0), None));
    assert_eq!((&*sent.etag, sent.description), ("18f0-2", None));
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_is_sent() {
    for words in [
        "subscriptions create tickets --start yesterday",
        "subscriptions create tickets --max-outstanding 1001",
        "subscriptions reset tickets --start now -m why",
        "subscriptions resolve tickets --redeliver",
        "subscriptions resolve tickets 5",
        "subscriptions resolve tickets 5 --discard",
        "subscriptions pull tickets -o json",
    ] {
        let fake = active();
        let ran = muster_args(&fake, SCRIPT, &line(words)).await;

        assert_eq!(ran.exit, Exit::Usage, "{words}: {}", ran.stderr);
        assert!(fake.state().calls.is_empty(), "{words}");
    }
}
