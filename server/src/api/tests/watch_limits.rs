//! What a watch costs, and how it proves that it lives: promise F3.

use std::time::Duration;

use muster_api::v1 as wire;
use muster_api::v1::watch_findings_response::Event;
use muster_api::v1::{FindingView, SnapshotMode};
use tokio::time::Instant;
use tonic::{Code, Streaming};
use tonic_types::StatusExt;

use super::sample::{NOW, sample};
use super::world::{World, reason};
use crate::api::Limits;

fn tail(filter: &str, heartbeat: i64) -> wire::WatchFindingsRequest {
    wire::WatchFindingsRequest {
        filter: filter.to_owned(),
        snapshot: SnapshotMode::None.into(),
        heartbeat_interval: Some(prost_types::Duration { seconds: heartbeat, nanos: 0 }),
        ..Default::default()
    }
}

async fn open(
    world: &World,
    request: wire::WatchFindingsRequest,
) -> Streaming<wire::WatchFindingsResponse> {
    world.findings().watch_findings(request).await.unwrap().into_inner()
}

async fn next(stream: &mut Streaming<wire::WatchFindingsResponse>) -> Event {
    stream.message().await.unwrap().expect("a watch does not end").event.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_bookmark_comes_every_heartbeat_and_moves_over_what_does_not_match() {
    let world = World::start().await;
    let mut stream = open(&world, tail("severity = CRITICAL", 7)).await;
    let Event::Bookmark(first) = next(&mut stream).await else { panic!() };
    let begin = Instant::now();

    world.observe((1..=5).map(|n| sample(n, 40)));
    let Event::Bookmark(second) = next(&mut stream).await else { panic!() };
    let Event::Bookmark(third) = next(&mut stream).await else { panic!() };
    world.observe([sample(6, 40), sample(7, 90)]);
    let Event::ChangeBatch(batch) = next(&mut stream).await else { panic!() };

    assert_eq!(first.position.unwrap().revision, 0);
    assert_eq!(second.position.unwrap().revision, 5, "looked at, though nothing matched");
    assert_eq!(second.head_revision, 5);
    assert_eq!(second.server_time.unwrap().seconds, NOW.0 / 1000);
    assert!(!second.coverage.unwrap().complete);
    assert_eq!(third.position.unwrap().revision, 5);
    assert_eq!(begin.elapsed(), Duration::from_secs(14));
    assert_eq!((batch.after_revision, batch.through_revision), (5, 7));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_costs_one_batch_and_delays_nobody() {
    // Thirty megabytes, far more than all the windows and buffers on the way.
    let big = "x".repeat(500 * 1024);
    let world = World::holding((1..=60).map(|n| sample(n, 70).with_raw(big.clone()))).await;
    let request =
        wire::WatchFindingsRequest { view: FindingView::Raw.into(), ..Default::default() };
    let mut stalled = open(&world, request).await;
    let mut prompt = open(&world, tail("", 15)).await;
    let Event::Bookmark(_) = next(&mut prompt).await else { panic!() };
    let read_before = world.store.findings_read();

    world.observe([sample(99, 90)]);
    let Event::ChangeBatch(_) = next(&mut prompt).await else { panic!("not delayed") };
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_mins(2) {
        let Event::Bookmark(_) = next(&mut prompt).await else { panic!() };
    }
    let read = world.store.findings_read() - read_before;

    let error = loop {
        match stalled.message().await {
            Ok(message) => assert!(message.is_some(), "it ends with an error"),
            Err(error) => break error,
        }
    };
    assert_eq!(reason(&error), (Code::Aborted, "SLOW_CONSUMER".to_owned()));
    assert!(read < 60, "read {read} of 60 for a client that takes nothing");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_slow_but_takes_something_is_waited_for() {
    let world = World::holding((1..=8).map(|n| sample(n, 70))).await;
    let request = wire::WatchFindingsRequest { max_batch_size: 1, ..Default::default() };
    let mut stream = open(&world, request).await;

    let mut events = 0;
    loop {
        tokio::time::advance(Duration::from_secs(50)).await;
        events += 1;
        if let Event::SnapshotEnd(end) = next(&mut stream).await {
            assert_eq!(end.findings_sent, 8);
            break;
        }
    }
    assert_eq!(events, 10);
}

#[tokio::test]
async fn one_watch_too_many_is_refused_until_another_ends() {
    let world = World::with_limits(Limits { watches_max: 2, ..Limits::default() }).await;
    let first = open(&world, tail("", 15)).await;
    let _second = open(&world, tail("", 15)).await;

    let error = world.findings().watch_findings(tail("", 15)).await.unwrap_err();
    drop(first);

    assert_eq!(reason(&error), (Code::ResourceExhausted, "TOO_MANY_WATCHES".to_owned()));
    let quota = error.get_details_quota_failure().unwrap();
    assert_eq!(quota.violations[0].subject, "watches");
    // The server notices that the first has left in its own time.
    while world.findings().watch_findings(tail("", 15)).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_outlives_the_deadline_of_calls() {
    let world = World::start().await;
    let mut request = tonic::Request::new(tail("", 20));
    request.metadata_mut().insert("grpc-timeout", "1S".parse().unwrap());
    let mut stream = world.findings().watch_findings(request).await.unwrap().into_inner();
    let begin = Instant::now();

    for _ in 0..4 {
        let Event::Bookmark(_) = next(&mut stream).await else { panic!() };
    }

    assert_eq!(begin.elapsed(), Duration::from_mins(1));
}
