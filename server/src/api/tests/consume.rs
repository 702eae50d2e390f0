//! Durable consumers by stream: sessions, credit, fences and last words.

use std::collections::BTreeSet;

use muster_api::v1 as wire;
use muster_api::v1::consume_request::{self as say, Request as Said};
use muster_api::v1::consume_response::Response as Heard;
use muster_api::v1::{AckStatus, StartPosition};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;

use super::sample::sample;
use super::subscriptions::{ack, create, done, get, service, wanted};
use super::watch::{OPEN_AND_BAD, listed, stir};
use super::world::{World, fields, reason};
use crate::api::serve::Drained;
use crate::store::Store;

const NAME: &str = "tickets";

/// A consumer's two ends.
struct Consumer {
    say: mpsc::Sender<wire::ConsumeRequest>,
    heard: Streaming<wire::ConsumeResponse>,
}

impl Consumer {
    async fn open(world: &World, credit: Option<say::Credit>) -> Result<Self, Status> {
        let open = say::Open { subscription_id: NAME.to_owned(), credit };
        Self::begin(world, Said::Open(open)).await
    }

    async fn begin(world: &World, first: Said) -> Result<Self, Status> {
        let (say, said) = mpsc::channel(8);
        say.send(wire::ConsumeRequest { request: Some(first) }).await.unwrap();
        let heard = service(world).consume(ReceiverStream::new(said)).await?.into_inner();
        Ok(Self { say, heard })
    }

    async fn say(&self, request: Said) {
        self.say.send(wire::ConsumeRequest { request: Some(request) }).await.unwrap();
    }

    async fn ack(&self, deliveries: &[wire::Delivery]) {
        let acks = deliveries.iter().map(|delivery| ack(delivery, done())).collect();
        self.say(Said::Acks(say::AckBatch { acks })).await;
    }

    async fn next(&mut self) -> Heard {
        self.heard.message().await.unwrap().expect("a session says why it ends").response.unwrap()
    }

    async fn opened(&mut self) -> u64 {
        let Heard::Opened(opened) = self.next().await else { panic!("`opened` is the first") };
        opened.session_epoch
    }

    async fn deliveries(&mut self) -> Vec<wire::Delivery> {
        match self.next().await {
            Heard::Deliveries(batch) => batch.deliveries,
            other => panic!("{other:?}"),
        }
    }

    async fn results(&mut self) -> Vec<AckStatus> {
        match self.next().await {
            Heard::AckResults(batch) => batch.results.iter().map(wire::AckResult::status).collect(),
            other => panic!("{other:?}"),
        }
    }

    async fn ended(&mut self) -> Status {
        loop {
            match self.heard.message().await {
                Err(status) => return status,
                Ok(Some(_)) => {}
                Ok(None) => return Status::ok("half-closed"),
            }
        }
    }
}

fn credit(max_deliveries: u32) -> say::Credit {
    say::Credit { max_deliveries, max_bytes: 0 }
}

fn revisions(deliveries: &[wire::Delivery]) -> Vec<u64> {
    deliveries.iter().map(|delivery| delivery.change.as_ref().unwrap().revision).collect()
}

async fn holding(count: u32) -> World {
    let world = World::holding((1..=count).map(|number| sample(number, 90))).await;
    create(&world, "", StartPosition::Oldest).await;
    world
}

#[tokio::test]
async fn a_session_has_no_more_unsettled_than_its_credit_and_gets_what_happens() {
    let world = holding(3).await;
    let mut consumer = Consumer::open(&world, Some(credit(2))).await.unwrap();
    assert_eq!(consumer.opened().await, 1);

    let first = consumer.deliveries().await;
    assert_eq!(revisions(&first), [1, 2]);
    consumer.ack(&first[..1]).await;
    assert_eq!(consumer.results().await, [AckStatus::Accepted]);
    assert_eq!(revisions(&consumer.deliveries().await), [3]);
    world.observe([sample(4, 90)]);
    consumer.say(Said::Credit(credit(9))).await;
    assert_eq!(revisions(&consumer.deliveries().await), [4]);
    consumer.say(Said::KeepAlive(say::KeepAlive {})).await;
    world.observe([sample(5, 90)]);
    assert_eq!(revisions(&consumer.deliveries().await), [5], "woken by the log");

    let status = get(&world).await.status.unwrap();
    assert_eq!((&*status.session_principal, status.outstanding), ("user:anonymous", 4));
}

#[tokio::test]
async fn bytes_count_too_and_one_delivery_is_always_let_through() {
    let world = holding(3).await;
    let small = Some(say::Credit { max_deliveries: 100, max_bytes: 1 });
    let mut consumer = Consumer::open(&world, small).await.unwrap();
    consumer.opened().await;

    for revision in 1..=3 {
        let one = consumer.deliveries().await;
        assert_eq!(revisions(&one), [revision]);
        consumer.ack(&one).await;
        assert_eq!(consumer.results().await, [AckStatus::Accepted]);
    }
}

#[tokio::test]
async fn a_new_session_ends_the_old_one_and_gets_what_it_held() {
    let world = holding(2).await;
    let mut first = Consumer::open(&world, None).await.unwrap();
    first.opened().await;
    let held = first.deliveries().await;
    assert_eq!(held.len(), 2);

    let mut second = Consumer::open(&world, None).await.unwrap();
    assert_eq!(second.opened().await, 2);
    let fenced = first.ended().await;
    assert_eq!(reason(&fenced), (Code::Aborted, "SESSION_SUPERSEDED".to_owned()));
    let again = second.deliveries().await;
    assert_eq!((revisions(&again), again[0].attempt), (vec![1, 2], 2));
    second.ack(&held[..1]).await;
    assert_eq!(second.results().await, [AckStatus::Accepted], "a late word is heard");
    let status = get(&world).await.status.unwrap();
    assert_eq!((status.session_epoch, status.outstanding), (2, 1), "the fenced one closed nothing");
}

#[tokio::test]
async fn what_a_session_held_is_due_when_it_ends() {
    let world = holding(1).await;
    let mut first = Consumer::open(&world, None).await.unwrap();
    first.opened().await;
    assert_eq!(first.deliveries().await.len(), 1);

    let Consumer { say, mut heard } = first;
    drop(say);
    assert!(heard.message().await.unwrap().is_none(), "a half-closed session ends well");
    let mut second = Consumer::open(&world, None).await.unwrap();
    second.opened().await;
    assert_eq!(second.deliveries().await[0].attempt, 2);
    drop(second);
    while !get(&world).await.status.unwrap().session_principal.is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_drain_says_goodbye_and_nothing_is_lost() {
    let world = holding(2).await;
    let mut consumer = Consumer::open(&world, Some(credit(1))).await.unwrap();
    consumer.opened().await;
    let first = consumer.deliveries().await;
    consumer.ack(&first).await;
    assert_eq!(consumer.results().await, [AckStatus::Accepted]);
    assert_eq!(revisions(&consumer.deliveries().await), [2]);

    let store = std::sync::Arc::clone(&world.store);
    let stop = tokio::spawn(world.stop());
    let Heard::SessionEnd(end) = consumer.next().await else { panic!("it says goodbye") };
    assert!(end.retry_delay.unwrap().seconds >= 1);
    let ended = consumer.ended().await;
    assert_eq!(reason(&ended), (Code::Unavailable, "DRAINING".to_owned()));
    assert!(ended.get_details_retry_info().unwrap().retry_delay.is_some());
    assert_eq!(stop.await.unwrap(), Drained { cut: 0 });

    let world = World::over(store, crate::api::Limits::default()).await;
    let mut consumer = Consumer::open(&world, None).await.unwrap();
    assert_eq!(consumer.opened().await, 2);
    let again = consumer.deliveries().await;
    assert_eq!((revisions(&again), again[0].attempt), (vec![2], 2));
}

#[tokio::test]
async fn a_reset_or_a_deletion_ends_the_session() {
    let world = holding(1).await;
    let mut consumer = Consumer::open(&world, None).await.unwrap();
    consumer.opened().await;
    consumer.deliveries().await;
    let reset = wire::ResetSubscriptionRequest {
        id: NAME.to_owned(),
        start: None,
        expected_ack_floor: 0,
        comment: "again".to_owned(),
    };
    service(&world).reset_subscription(reset).await.unwrap();
    let ended = consumer.ended().await;
    assert_eq!(reason(&ended), (Code::Aborted, "SESSION_SUPERSEDED".to_owned()));

    let mut consumer = Consumer::open(&world, None).await.unwrap();
    consumer.opened().await;
    let delete = wire::DeleteSubscriptionRequest { id: NAME.to_owned(), ..Default::default() };
    service(&world).delete_subscription(delete).await.unwrap();
    let ended = consumer.ended().await;
    assert_eq!(reason(&ended), (Code::NotFound, "SUBSCRIPTION_NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn a_silent_session_is_told_where_it_stands_and_then_loses_what_it_held() {
    let world = holding(1).await;
    let mut consumer = Consumer::open(&world, None).await.unwrap();
    consumer.opened().await;
    consumer.deliveries().await;
    tokio::time::pause();

    let Heard::Status(status) = consumer.next().await else { panic!("within 30 s") };
    assert_eq!((status.outstanding, status.session_epoch), (1, 1));
    let ended = consumer.ended().await;
    assert_eq!(reason(&ended), (Code::Aborted, "SESSION_EXPIRED".to_owned()));

    tokio::time::resume();
    let mut consumer = Consumer::open(&world, None).await.unwrap();
    consumer.opened().await;
    assert_eq!(consumer.deliveries().await[0].attempt, 2);
}

#[tokio::test]
async fn a_session_begins_with_open_and_only_once() {
    let world = holding(1).await;
    let refused = Consumer::begin(&world, Said::KeepAlive(say::KeepAlive {})).await;
    assert_eq!(fields(&refused.err().unwrap()), ["request"]);

    let mut consumer = Consumer::open(&world, None).await.unwrap();
    consumer.opened().await;
    let open = say::Open { subscription_id: NAME.to_owned(), credit: None };
    consumer.say(Said::Open(open)).await;
    assert_eq!(fields(&consumer.ended().await), ["open"]);
}

#[tokio::test]
async fn more_consumers_than_may_be_are_refused() {
    let limits = crate::api::Limits { consumers_max: 1, ..Default::default() };
    let world = World::with_limits(limits).await;
    create(&world, "", StartPosition::Oldest).await;
    let mut first = Consumer::open(&world, None).await.unwrap();
    first.opened().await;

    let refused = Consumer::open(&world, None).await.err().unwrap();

    assert_eq!(reason(&refused), (Code::ResourceExhausted, "TOO_MANY_CONSUMERS".to_owned()));
}

#[tokio::test]
async fn sessions_that_fail_break_off_and_fence_each_other_miss_nothing_and_repeat_nothing() {
    let mut random = StdRng::seed_from_u64(5);
    let mut world = World::holding((1..=20).map(|number| sample(number, 90))).await;
    let mut request = wanted(OPEN_AND_BAD, StartPosition::Snapshot);
    request.config.as_mut().unwrap().max_delivery_attempts = Some(0);
    service(&world).create_subscription(request).await.unwrap();
    let (mut held, mut acknowledged) = (BTreeSet::new(), BTreeSet::new());
    let mut last = 0;
    let mut consumer = Consumer::open(&world, Some(credit(3))).await.unwrap();
    // Delivered to this session, and nothing said of it yet.
    let mut waiting: Vec<wire::Delivery> = Vec::new();

    for round in 0.. {
        if round < 100 {
            stir(&world, &mut random, 20);
            // One that begins or ceases to match: there is always something to wait for.
            let flipped = sample(21, 90);
            world.observe([if round % 2 == 0 { flipped } else { flipped.closed() }]);
            last = world.store.head().0;
        }
        let standing = get(&world).await.status.unwrap();
        if acknowledged.contains(&last) && standing.outstanding == 0 {
            break;
        }
        match random.random_range(0..40) {
            0 => {
                waiting.clear();
                consumer = Consumer::open(&world, Some(credit(3))).await.unwrap();
            }
            1 => {
                waiting.clear();
                drop(consumer);
                world = world.restart().await;
                consumer = Consumer::open(&world, Some(credit(3))).await.unwrap();
            }
            _ => {}
        }
        while waiting.is_empty() {
            match consumer.next().await {
                Heard::Deliveries(batch) => waiting.extend(batch.deliveries),
                Heard::Opened(_) | Heard::Status(_) => {}
                other => panic!("{other:?}"),
            }
        }
        let batch = std::mem::take(&mut waiting);
        let mut acks = Vec::new();
        for delivery in &batch {
            let change = delivery.change.as_ref().unwrap();
            assert!(!acknowledged.contains(&change.revision), "{} again", change.revision);
            if random.random_ratio(1, 5) {
                let delay = Some(prost_types::Duration { seconds: 0, nanos: 0 });
                let retry = wire::ack::Retry { delay, reason: "busy".to_owned() };
                acks.push(ack(delivery, wire::ack::Verdict::Retry(retry)));
                continue;
            }
            if change.filter_effect() == wire::FilterEffect::Left {
                held.remove(&change.finding_id);
            } else {
                held.insert(change.finding_id.clone());
            }
            acknowledged.insert(change.revision);
            acks.push(ack(delivery, done()));
        }
        consumer.say(Said::Acks(say::AckBatch { acks })).await;
        loop {
            match consumer.next().await {
                Heard::AckResults(results) => {
                    let fine = |result: &wire::AckResult| result.status() == AckStatus::Accepted;
                    assert!(results.results.iter().all(fine), "{results:?}");
                    break;
                }
                Heard::Deliveries(more) => waiting.extend(more.deliveries),
                Heard::Opened(_) | Heard::Status(_) => {}
                end @ Heard::SessionEnd(_) => panic!("{end:?}"),
            }
            assert!(batch.len() + waiting.len() <= 3, "more than was granted");
        }
        assert!(round < 1000, "it comes to an end");
    }

    let shown: BTreeSet<String> = listed(&world, OPEN_AND_BAD).await.into_keys().collect();
    assert_eq!(held, shown);
}
