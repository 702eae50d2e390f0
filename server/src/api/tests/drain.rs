//! How the server stops.

use std::time::Duration;

use muster_api::v1 as wire;
use muster_api::v1::triage_action::{Acknowledge, Action};
use muster_api::v1::watch_findings_response::Event;
use tokio::time::Instant;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use super::sample::{id, sample};
use super::world::{World, reason};
use crate::api::Part;
use crate::api::serve::Drained;

fn acknowledge(number: u32) -> wire::TriageFindingRequest {
    let action = Some(Action::Acknowledge(Acknowledge {}));
    wire::TriageFindingRequest {
        finding_id: id(number).to_string(),
        action: Some(wire::TriageAction { action }),
        ..Default::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_is_told_to_go_and_where_to_resume() {
    let world = World::holding([sample(1, 70)]).await;
    let store = std::sync::Arc::clone(&world.store);
    let mut stream = world
        .findings()
        .watch_findings(wire::WatchFindingsRequest::default())
        .await
        .unwrap()
        .into_inner();
    for _ in 0..3 {
        stream.message().await.unwrap();
    }

    let stop = tokio::spawn(world.stop());
    let Some(Event::GoAway(go)) = stream.message().await.unwrap().unwrap().event else { panic!() };
    let error = stream.message().await.unwrap_err();

    assert!(go.retry_delay.unwrap().seconds >= 1);
    assert_eq!(reason(&error), (Code::Unavailable, "DRAINING".to_owned()));
    assert!(error.get_details_retry_info().unwrap().retry_delay.is_some());
    assert_eq!(stop.await.unwrap(), Drained { cut: 0 });

    let world = World::over(store, crate::api::Limits::default()).await;
    world.observe([sample(2, 70)]);
    let request =
        wire::WatchFindingsRequest { cursor: go.position.unwrap().cursor, ..Default::default() };
    let mut stream = world.findings().watch_findings(request).await.unwrap().into_inner();
    let Some(Event::ChangeBatch(batch)) = stream.message().await.unwrap().unwrap().event else {
        panic!("nothing in between is lost");
    };
    assert_eq!((batch.after_revision, batch.through_revision), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_is_interrupted_resumes_in_its_middle() {
    // Twenty megabytes: more than the windows and buffers on the way, so it cannot be over yet.
    let big = "x".repeat(500 * 1024);
    let world = World::holding((1..=40).map(|n| sample(n, 70).with_raw(big.clone()))).await;
    let store = std::sync::Arc::clone(&world.store);
    let request =
        wire::WatchFindingsRequest { view: wire::FindingView::Raw.into(), ..Default::default() };
    let mut stream = world.findings().watch_findings(request.clone()).await.unwrap().into_inner();
    let mut ids = Vec::new();
    stream.message().await.unwrap();

    world.backend.drain.cancel();
    let stop = tokio::spawn(world.stop());
    let go = loop {
        match stream.message().await.unwrap().unwrap().event.unwrap() {
            Event::SnapshotBatch(batch) => {
                ids.extend(batch.findings.into_iter().map(|finding| finding.id));
            }
            Event::GoAway(go) => break go,
            other => panic!("{other:?}"),
        }
    };
    drop(stream);
    assert_eq!(stop.await.unwrap(), Drained { cut: 0 });

    let world = World::over(store, crate::api::Limits::default()).await;
    let request = wire::WatchFindingsRequest { cursor: go.position.unwrap().cursor, ..request };
    let mut stream = world.findings().watch_findings(request).await.unwrap().into_inner();
    loop {
        match stream.message().await.unwrap().unwrap().event.unwrap() {
            Event::SnapshotBatch(batch) => {
                ids.extend(batch.findings.into_iter().map(|finding| finding.id));
            }
            Event::SnapshotEnd(_) => break,
            other => panic!("{other:?}"),
        }
    }
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!((ids.len(), count), (40, 40), "each once");
}

#[tokio::test]
async fn calls_under_way_are_answered() {
    let world = World::holding([sample(1, 70)]).await;
    let held = world.hold_the_writer();
    let mut client = world.triage();
    let call = tokio::spawn(async move { client.triage_finding(acknowledge(1)).await });
    // The decision is committed before the writer is held up by its journal.
    while world.finding(1).unwrap().triage.version == 0 {
        tokio::task::yield_now().await;
    }

    let stop = tokio::spawn(world.stop());
    tokio::task::yield_now().await;
    drop(held);

    assert!(call.await.unwrap().unwrap().into_inner().changed);
    assert_eq!(stop.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_in_time_is_cut() {
    let world = World::holding([sample(1, 70)]).await;
    let _held = world.hold_the_writer();
    let mut client = world.triage();
    let call = tokio::spawn(async move { client.triage_finding(acknowledge(1)).await });
    while world.finding(1).unwrap().triage.version == 0 {
        tokio::task::yield_now().await;
    }
    let begin = Instant::now();

    let drained = world.stop().await;

    assert_eq!(drained, Drained { cut: 1 });
    assert_eq!(begin.elapsed(), Duration::from_secs(10));
    assert!(call.await.unwrap().is_err(), "nobody waits for ever");
}

#[tokio::test]
async fn health_says_what_works_and_ends_with_the_server() {
    let world = World::start().await;
    let mut client = HealthClient::new(world.channel());
    let ask = |part: Part| HealthCheckRequest { service: part.service_name().to_owned() };

    world.health.set(Part::Triage, false).await;
    let mut statuses = Vec::new();
    for part in Part::ALL {
        statuses.push(client.check(ask(part)).await.unwrap().into_inner().status());
    }
    let mut watch = client.watch(ask(Part::Findings)).await.unwrap().into_inner();
    let before = watch.message().await.unwrap().unwrap().status();
    let stop = tokio::spawn(world.stop());
    let after = watch.message().await.unwrap().unwrap().status();

    let serving = ServingStatus::Serving;
    let not = ServingStatus::NotServing;
    assert_eq!(statuses, [serving, serving, not, serving, serving, serving, serving]);
    assert_eq!((before, after), (serving, ServingStatus::NotServing));
    assert!(watch.message().await.unwrap().is_none(), "who watches is not kept");
    assert_eq!(stop.await.unwrap(), Drained { cut: 0 });
}
