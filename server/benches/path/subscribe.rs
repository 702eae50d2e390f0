//! Durable consumers: what idle ones cost when findings are stored, and how fast one takes and
//! acknowledges a backlog, over loopback, each ack durable before it is confirmed.

use std::time::Instant;

use muster_api::v1::start_from::Position;
use muster_api::v1::{
    Ack, AckChangesRequest, CreateSubscriptionRequest, PullChangesRequest, StartFrom,
    StartPosition, SubscriptionConfig, ack,
};
use muster_client::Client;

use crate::ingest::{ingest, pages, rate};
use crate::stack::Stack;
use muster_testkit::documents::bulk::generate_asff;

/// Subscriptions that nobody reads.
const IDLE: usize = 1000;

/// Deliveries in one pull, and acks in one call.
const BATCH: usize = 1000;

pub(crate) fn run(count: u64) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(count));
}

async fn measure(count: u64) {
    println!("# {count} findings, {IDLE} subscriptions that nobody reads, one that is read");
    let fresh = pages(generate_asff(count, 11, jiff::Timestamp::now()));
    let alone = {
        let directory = tempfile::tempdir().expect("a directory");
        let stack = Stack::open(directory.path());
        let began = Instant::now();
        ingest(&stack, &fresh).await;
        rate(count, began.elapsed())
    };

    let directory = tempfile::tempdir().expect("a directory");
    let stack = Stack::open(directory.path());
    let served = stack.serve().await;
    let client = served.client();
    for number in 0..IDLE {
        create(&client, &format!("idle-{number}")).await;
    }
    let began = Instant::now();
    ingest(&stack, &fresh).await;
    let beside = rate(count, began.elapsed());
    println!("new findings with {IDLE} idle subscriptions: {beside:.0}/s");
    println!("  without: {alone:.0}/s; ratio {:.2} (goal 0.95)", beside / alone);

    let began = Instant::now();
    let (taken, pulls) = consume(&client, "idle-0", count).await;
    let took = began.elapsed();
    println!("delivered and acknowledged by one consumer: {:.0}/s", rate(taken, took));
    let each = took / u32::try_from(pulls.max(1)).unwrap_or(u32::MAX);
    println!("  {pulls} pulls and acks of at most {BATCH}, {each:.1?} for both");
    served.stop().await;
}

async fn create(client: &Client, name: &str) {
    let position = Some(Position::At(StartPosition::Now.into()));
    let config = SubscriptionConfig {
        max_outstanding: u32::try_from(BATCH).expect("small"),
        ..SubscriptionConfig::default()
    };
    let request = CreateSubscriptionRequest {
        id: name.to_owned(),
        config: Some(config),
        start: Some(StartFrom { position }),
    };
    client.create_subscription(request).await.expect("it is made");
}

/// Takes until nothing comes for a second; how many changes, and in how many pulls.
async fn consume(client: &Client, name: &str, count: u64) -> (u64, u64) {
    let (mut taken, mut pulls) = (0, 0);
    while taken < count {
        let request = PullChangesRequest {
            subscription_id: name.to_owned(),
            max_deliveries: i32::try_from(BATCH).expect("small"),
            wait: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        };
        let some = client.pull_changes(request).await.expect("a pull").deliveries;
        if some.is_empty() {
            break;
        }
        taken += some.len() as u64;
        pulls += 1;
        let done = || Some(ack::Verdict::Done(ack::Done {}));
        let acks = some.into_iter().map(|one| Ack { ack_id: one.ack_id, verdict: done() });
        let request = AckChangesRequest { subscription_id: name.to_owned(), acks: acks.collect() };
        client.ack_changes(request).await.expect("an ack");
    }
    (taken, pulls)
}
