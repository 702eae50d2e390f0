//! Durable consumers by polling, as clients meet them.

use std::collections::{BTreeMap, BTreeSet};

use muster_api::v1 as wire;
use muster_api::v1::ack::Verdict;
use muster_api::v1::start_from::Position;
use muster_api::v1::subscription_service_client::SubscriptionServiceClient;
use muster_api::v1::{AckStatus, FilterEffect, StartPosition, SubscriptionState};
use muster_core::ids::Revision;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::sample::{id, sample};
use super::watch::{OPEN_AND_BAD, listed, stir};
use super::world::{World, fact, fields, reason};
use crate::store::Store;

const NAME: &str = "tickets";

pub(super) fn service(world: &World) -> SubscriptionServiceClient<Channel> {
    SubscriptionServiceClient::new(world.channel())
}

fn at(position: StartPosition) -> wire::StartFrom {
    wire::StartFrom { position: Some(Position::At(position.into())) }
}

pub(super) fn wanted(filter: &str, start: StartPosition) -> wire::CreateSubscriptionRequest {
    let config = wire::SubscriptionConfig { filter: filter.to_owned(), ..Default::default() };
    let start = Some(at(start));
    wire::CreateSubscriptionRequest { id: NAME.to_owned(), config: Some(config), start }
}

pub(super) async fn create(
    world: &World,
    filter: &str,
    start: StartPosition,
) -> wire::Subscription {
    let done = service(world).create_subscription(wanted(filter, start)).await.unwrap();
    done.into_inner().subscription.unwrap()
}

async fn pull_some(world: &World, max_deliveries: i32) -> Vec<wire::Delivery> {
    let request = wire::PullChangesRequest {
        subscription_id: NAME.to_owned(),
        max_deliveries,
        ..Default::default()
    };
    service(world).pull_changes(request).await.unwrap().into_inner().deliveries
}

async fn pull(world: &World) -> Vec<wire::Delivery> {
    pull_some(world, 0).await
}

pub(super) fn done() -> Verdict {
    Verdict::Done(wire::ack::Done {})
}

fn reject() -> Verdict {
    Verdict::Reject(wire::ack::Reject { reason: "no such queue".to_owned() })
}

pub(super) fn ack(delivery: &wire::Delivery, verdict: Verdict) -> wire::Ack {
    wire::Ack { ack_id: delivery.ack_id.clone(), verdict: Some(verdict) }
}

async fn say(world: &World, acks: Vec<wire::Ack>) -> Vec<AckStatus> {
    let request = wire::AckChangesRequest { subscription_id: NAME.to_owned(), acks };
    let answer = service(world).ack_changes(request).await.unwrap().into_inner();
    answer.results.iter().map(wire::AckResult::status).collect()
}

async fn ack_all(world: &World, deliveries: &[wire::Delivery]) {
    let acks = deliveries.iter().map(|delivery| ack(delivery, done())).collect();
    let results = say(world, acks).await;
    assert!(results.iter().all(|status| *status == AckStatus::Accepted), "{results:?}");
}

pub(super) async fn get(world: &World) -> wire::Subscription {
    let request = wire::GetSubscriptionRequest { id: NAME.to_owned() };
    service(world).get_subscription(request).await.unwrap().into_inner().subscription.unwrap()
}

async fn status(world: &World) -> wire::SubscriptionStatus {
    get(world).await.status.unwrap()
}

fn reset(floor: u64, start: StartPosition) -> wire::ResetSubscriptionRequest {
    wire::ResetSubscriptionRequest {
        id: NAME.to_owned(),
        start: Some(at(start)),
        expected_ack_floor: floor,
        comment: "after the outage".to_owned(),
    }
}

fn change(delivery: &wire::Delivery) -> &wire::Change {
    delivery.change.as_ref().unwrap()
}

fn revisions(deliveries: &[wire::Delivery]) -> Vec<u64> {
    deliveries.iter().map(|delivery| change(delivery).revision).collect()
}

async fn refused(world: &World) -> Status {
    let subscription_id = NAME.to_owned();
    let request = wire::PullChangesRequest { subscription_id, ..Default::default() };
    service(world).pull_changes(request).await.unwrap_err()
}

#[tokio::test]
async fn a_subscription_is_made_read_changed_listed_and_deleted() {
    let world = World::start().await;
    let mut client = service(&world);
    let asked = wanted(OPEN_AND_BAD, StartPosition::Now);
    let first = client.create_subscription(asked).await.unwrap().into_inner();
    let asked = wanted(OPEN_AND_BAD, StartPosition::Oldest);
    let again = client.create_subscription(asked).await.unwrap().into_inner();
    let asked = wanted("score >= 1", StartPosition::Now);
    let other = client.create_subscription(asked).await.unwrap_err();

    assert!(first.created && !again.created, "a retry is safe");
    assert_eq!(again.subscription, first.subscription);
    assert_eq!(reason(&other), (Code::AlreadyExists, "SUBSCRIPTION_EXISTS".to_owned()));
    let made = first.subscription.unwrap();
    let config = made.config.unwrap();
    assert_eq!((config.max_outstanding, config.max_delivery_attempts), (256, Some(10)));
    assert_eq!(config.kinds.len(), 6, "all but OBSERVED and RESCORED");

    let update = wire::UpdateSubscriptionRequest {
        id: NAME.to_owned(),
        etag: made.etag,
        max_outstanding: Some(7),
        ..Default::default()
    };
    let changed = service(&world).update_subscription(update.clone()).await.unwrap().into_inner();
    let stale = service(&world).update_subscription(update).await.unwrap_err();
    let changed = changed.subscription.unwrap();
    assert_eq!(changed.config.as_ref().unwrap().max_outstanding, 7);
    assert_eq!(reason(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(fact(&stale, "current_etag"), changed.etag);

    let world = world.restart().await;
    let list = wire::ListSubscriptionsRequest::default();
    let listed = service(&world).list_subscriptions(list.clone()).await.unwrap().into_inner();
    assert_eq!(listed.subscriptions, [changed]);
    let delete = wire::DeleteSubscriptionRequest { id: NAME.to_owned(), ..Default::default() };
    service(&world).delete_subscription(delete).await.unwrap();
    let gone = refused(&world).await;
    assert_eq!(reason(&gone), (Code::NotFound, "SUBSCRIPTION_NOT_FOUND".to_owned()));
    let listed = service(&world).list_subscriptions(list).await.unwrap().into_inner();
    assert_eq!(listed.subscriptions, []);
}

#[tokio::test]
async fn lists_have_pages() {
    let world = World::start().await;
    for name in ["one", "three", "two"] {
        let request = wire::CreateSubscriptionRequest { id: name.to_owned(), ..Default::default() };
        service(&world).create_subscription(request).await.unwrap();
    }
    let mut request = wire::ListSubscriptionsRequest { page_size: 2, ..Default::default() };
    let mut names = Vec::new();
    loop {
        let page = service(&world).list_subscriptions(request.clone()).await.unwrap().into_inner();
        names.extend(page.subscriptions.into_iter().map(|subscription| subscription.id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["one", "three", "two"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let world = World::start().await;
    let config = wire::SubscriptionConfig {
        max_outstanding: 1001,
        ack_deadline: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        kinds: vec![99],
        ..Default::default()
    };
    let request = wire::CreateSubscriptionRequest {
        id: "Tickets".to_owned(),
        config: Some(config),
        start: None,
    };

    let error = service(&world).create_subscription(request).await.unwrap_err();

    let wrong = ["id", "config.kinds[0]", "config.max_outstanding", "config.ack_deadline"];
    assert_eq!(fields(&error), wrong);
    let comment =
        wire::ResetSubscriptionRequest { comment: " ".into(), ..reset(0, StartPosition::Now) };
    let error = service(&world).reset_subscription(comment).await.unwrap_err();
    assert_eq!(fields(&error), ["comment"]);
}

#[tokio::test]
async fn the_snapshot_comes_first_then_changes_and_nothing_acknowledged_comes_again() {
    let world = World::holding([sample(1, 90), sample(2, 10), sample(3, 80)]).await;
    create(&world, OPEN_AND_BAD, StartPosition::Snapshot).await;
    let begun = status(&world).await;
    assert!(begun.in_snapshot && begun.ack_floor == 3);

    let snapshot = pull(&world).await;
    assert_eq!(revisions(&snapshot).into_iter().collect::<BTreeSet<_>>(), [1, 3].into());
    for delivery in &snapshot {
        assert!(delivery.snapshot && delivery.attempt == 1);
        assert_eq!(change(delivery).filter_effect(), FilterEffect::Entered);
        assert!(change(delivery).finding.is_some() && change(delivery).kinds.is_empty());
    }
    ack_all(&world, &snapshot).await;
    world.observe([sample(1, 90).closed(), sample(4, 95), sample(2, 10).closed()]);
    let tail = pull(&world).await;
    ack_all(&world, &tail).await;
    let world = world.restart().await;
    let after = pull(&world).await;

    let effects: Vec<_> = tail.iter().map(|one| change(one).filter_effect()).collect();
    assert_eq!(revisions(&tail), [4, 5], "the third does not match");
    assert_eq!(effects, [FilterEffect::Left, FilterEffect::Entered]);
    assert!(tail.iter().all(|delivery| !delivery.snapshot));
    assert_eq!(after, []);
    let status = status(&world).await;
    assert_eq!((status.ack_floor, status.in_snapshot, status.outstanding), (6, false, 0));
    assert_eq!(status.oldest_unacked_age, None);
}

#[tokio::test]
async fn what_changes_during_a_snapshot_is_delivered_once_by_the_log_or_by_the_snapshot() {
    let world = World::holding((1..=6).map(|number| sample(number, 90))).await;
    create(&world, OPEN_AND_BAD, StartPosition::Snapshot).await;
    let mut all = pull_some(&world, 2).await;
    // One moves so that people should know, one in a way that this subscription is not told of.
    world.observe([sample(1, 95), sample(2, 90).report_number(9), sample(7, 99)]);
    loop {
        let some = pull_some(&world, 2).await;
        if some.is_empty() {
            break;
        }
        ack_all(&world, &some).await;
        all.extend(some);
        if all.len() == 2 {
            break;
        }
        let acks = all[..2].iter().map(|delivery| ack(delivery, done())).collect();
        say(&world, acks).await;
    }

    let events: Vec<&str> = all.iter().map(|delivery| &*change(delivery).event_id).collect();
    let distinct: BTreeSet<&str> = events.iter().copied().collect();
    assert_eq!(events.len(), distinct.len(), "{events:?}");
    let findings: BTreeSet<&str> = all.iter().map(|one| &*change(one).finding_id).collect();
    assert_eq!(findings.len(), 7, "no finding is missing");
}

#[tokio::test]
async fn a_pull_that_waits_is_woken_by_a_change_and_by_what_is_due() {
    let world = World::start().await;
    create(&world, OPEN_AND_BAD, StartPosition::Now).await;
    let wait = |world: &World| {
        let mut client = service(world);
        let request = wire::PullChangesRequest {
            subscription_id: NAME.to_owned(),
            wait: Some(prost_types::Duration { seconds: 55, nanos: 0 }),
            ..Default::default()
        };
        tokio::spawn(async move { client.pull_changes(request).await.unwrap().into_inner() })
    };

    let waiting = wait(&world);
    tokio::task::yield_now().await;
    world.observe([sample(1, 10), sample(2, 90)]);
    let answer = waiting.await.unwrap();

    assert_eq!(revisions(&answer.deliveries), [2]);
    assert_eq!(answer.status.unwrap().outstanding, 1);
    let soon = wire::ack::Retry {
        delay: Some(prost_types::Duration { seconds: 0, nanos: 0 }),
        reason: "busy".to_owned(),
    };
    let waiting = wait(&world);
    tokio::task::yield_now().await;
    let said = say(&world, vec![ack(&answer.deliveries[0], Verdict::Retry(soon))]).await;
    let again = waiting.await.unwrap().deliveries;
    assert_eq!(said, [AckStatus::Accepted]);
    assert_eq!((revisions(&again), again[0].attempt), (vec![2], 2));
}

#[tokio::test]
async fn a_pull_that_waits_ends_with_the_server_and_with_its_clients_patience() {
    let world = World::start().await;
    create(&world, "", StartPosition::Now).await;
    let mut client = service(&world);
    let request = wire::PullChangesRequest {
        subscription_id: NAME.to_owned(),
        wait: Some(prost_types::Duration { seconds: 55, nanos: 0 }),
        ..Default::default()
    };
    let mut hurried = tonic::Request::new(request.clone());
    hurried.set_timeout(std::time::Duration::from_millis(200));

    let answer = client.pull_changes(hurried).await.unwrap().into_inner();
    assert_eq!(answer.deliveries, [], "an answer, not DEADLINE_EXCEEDED");

    let waiting = tokio::spawn(async move { client.pull_changes(request).await });
    tokio::task::yield_now().await;
    let drained = world.stop().await;
    assert_eq!(drained.cut, 0);
    // It was under way, or it came too late: never is it left hanging.
    if let Ok(answer) = waiting.await.unwrap() {
        assert_eq!(answer.into_inner().deliveries, []);
    }
}

#[tokio::test]
async fn what_is_not_acknowledged_in_time_comes_again_and_only_the_last_delivery_may_fail() {
    let world = World::holding([sample(1, 90), sample(2, 90)]).await;
    create(&world, "", StartPosition::Oldest).await;
    let first = pull(&world).await;
    assert_eq!(pull(&world).await, [], "somebody has them");

    ack_all(&world, &first[..1]).await;
    let world = world.restart().await;
    world.clock.pass(60_000);
    let second = pull(&world).await;

    assert_eq!((revisions(&second), second[0].attempt), (vec![2], 2));
    assert_eq!(change(&second[0]).event_id, change(&first[1]).event_id);
    let said = say(
        &world,
        vec![
            ack(&first[1], reject()),
            ack(&first[0], done()),
            wire::Ack { ack_id: "no-such-id".to_owned(), verdict: Some(done()) },
            ack(&first[1], done()),
        ],
    );
    let expected =
        [AckStatus::Outdated, AckStatus::AlreadySettled, AckStatus::Unknown, AckStatus::Accepted];
    assert_eq!(said.await, expected, "a late word is heard");
}

#[tokio::test]
async fn a_rejected_change_is_parked_listed_and_delivered_again_or_dropped() {
    let world = World::holding([sample(1, 90), sample(2, 90), sample(3, 90)]).await;
    create(&world, "", StartPosition::Oldest).await;
    let all = pull(&world).await;
    say(&world, all.iter().map(|delivery| ack(delivery, reject())).collect()).await;
    let list = wire::ListParkedChangesRequest {
        subscription_id: NAME.to_owned(),
        page_size: 2,
        ..Default::default()
    };
    let page = service(&world).list_parked_changes(list.clone()).await.unwrap().into_inner();
    let rest = wire::ListParkedChangesRequest { page_token: page.next_page_token, ..list };
    let rest = service(&world).list_parked_changes(rest).await.unwrap().into_inner();

    assert_eq!((page.parked.len(), rest.parked.len()), (2, 1));
    let parked = &page.parked[0];
    assert_eq!((&*parked.id, &*parked.reason, parked.attempts), ("1", "no such queue", 1));
    assert_eq!(parked.change.as_ref().unwrap().finding_id, id(1).to_string());
    let resolve = |ids: &[&str], resolution: wire::ParkedResolution| {
        let request = wire::ResolveParkedChangesRequest {
            subscription_id: NAME.to_owned(),
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            resolution: resolution.into(),
            comment: "the queue is back".to_owned(),
        };
        let mut client = service(&world);
        async move { client.resolve_parked_changes(request).await.unwrap().into_inner().ids }
    };
    assert_eq!(resolve(&["2", "77"], wire::ParkedResolution::Redeliver).await, ["2"]);
    assert_eq!(resolve(&[], wire::ParkedResolution::Discard).await, ["1", "3"]);
    let again = pull(&world).await;
    assert_eq!((revisions(&again), again[0].attempt), (vec![2], 1));
    let shown = get(&world).await;
    assert_eq!(shown.status.unwrap().parked, 0);
    let acts: Vec<(&str, u64)> = shown.acts.iter().map(|act| (&*act.kind, act.number)).collect();
    assert_eq!(acts, [("created", 0), ("redelivered", 1), ("discarded", 2)]);
}

#[tokio::test]
async fn one_that_falls_out_of_the_log_is_stale_until_it_is_reset_and_loses_no_finding() {
    let world = World::holding([sample(1, 90), sample(2, 90), sample(3, 10)]).await;
    create(&world, OPEN_AND_BAD, StartPosition::Oldest).await;
    let first = pull_some(&world, 1).await;
    world.store.compact(Revision(2), &[]).unwrap();

    let stale = refused(&world).await;
    assert_eq!(reason(&stale), (Code::FailedPrecondition, "SUBSCRIPTION_STALE".to_owned()));
    assert_eq!(
        (fact(&stale, "ack_floor"), fact(&stale, "oldest_revision")),
        ("0".into(), "3".into())
    );
    world.clock.pass(7_000);
    let standing = status(&world).await;
    assert_eq!(standing.state(), SubscriptionState::Stale);
    assert_eq!(standing.oldest_unacked_age.unwrap().seconds, 7, "at least");

    let moved = service(&world).reset_subscription(reset(9, StartPosition::Snapshot)).await;
    let moved = moved.unwrap_err();
    assert_eq!(reason(&moved), (Code::Aborted, "ACK_FLOOR_MOVED".to_owned()));
    service(&world).reset_subscription(reset(0, StartPosition::Snapshot)).await.unwrap();
    let all = pull(&world).await;
    assert_eq!(revisions(&all).into_iter().collect::<BTreeSet<_>>(), [1, 2].into());
    assert_eq!(
        change(&all[0]).event_id.split(':').next(),
        change(&first[0]).event_id.split(':').next()
    );
    let before = say(&world, vec![ack(&first[0], done())]).await;
    assert_eq!(before, [AckStatus::Unknown], "of before the reset");
    assert_eq!(status(&world).await.state(), SubscriptionState::Active);
    assert_eq!(get(&world).await.acts.last().unwrap().comment, "after the outage");
}

#[tokio::test]
async fn a_finding_that_retention_removed_is_delivered_without_its_image() {
    let world = World::holding([sample(1, 90), sample(2, 90)]).await;
    create(&world, "", StartPosition::Oldest).await;
    let first = pull(&world).await;
    world.store.compact(Revision(0), &[id(1)]).unwrap();
    world.clock.pass(60_000);

    let again = pull(&world).await;

    assert_eq!(revisions(&again), revisions(&first));
    assert!(change(&again[0]).finding.is_none() && change(&again[1]).finding.is_some());
    assert_eq!(change(&again[0]).finding_id, id(1).to_string());
}

#[tokio::test]
async fn a_quiet_subscription_gets_on_when_it_is_read_and_is_not_passed_by_retention() {
    let world = World::start().await;
    create(&world, "severity >= CRITICAL", StartPosition::Now).await;
    world.observe((1..=30).map(|number| sample(number, 10)));
    assert_eq!(status(&world).await.ack_floor, 0);

    assert_eq!(pull(&world).await, []);
    let world = world.restart().await;
    world.store.compact(Revision(29), &[]).unwrap();

    let status = status(&world).await;
    assert_eq!((status.ack_floor, status.state()), (30, SubscriptionState::Active));
}

#[tokio::test]
async fn of_findings_that_stay_only_the_kinds_asked_for_are_delivered() {
    let world = World::holding([sample(1, 90), sample(2, 90)]).await;
    let mut request = wanted("status = ACTIVE", StartPosition::Now);
    request.config.as_mut().unwrap().kinds = vec![wire::ChangeKind::Triaged.into()];
    service(&world).create_subscription(request).await.unwrap();

    world.observe([sample(1, 90).titled("Another"), sample(2, 90).closed()]);

    let some = pull(&world).await;
    assert_eq!(revisions(&some), [4], "that one ceases to match is always told");
    assert_eq!(change(&some[0]).filter_effect(), FilterEffect::Left);
}

#[tokio::test]
async fn one_with_as_much_unsettled_as_may_be_is_saturated() {
    let world = World::holding([sample(1, 90), sample(2, 90), sample(3, 90)]).await;
    let mut request = wanted("", StartPosition::Oldest);
    request.config.as_mut().unwrap().max_outstanding = 2;
    service(&world).create_subscription(request).await.unwrap();

    let first = pull(&world).await;
    assert_eq!((first.len(), status(&world).await.state()), (2, SubscriptionState::Saturated));
    assert_eq!(pull(&world).await, []);
    ack_all(&world, &first[1..]).await;
    assert_eq!(revisions(&pull(&world).await), [3]);
}

#[tokio::test]
async fn changes_of_one_finding_come_one_at_a_time_in_order() {
    let world = World::holding([sample(1, 90)]).await;
    create(&world, "", StartPosition::Oldest).await;
    world.observe([sample(1, 90).closed(), sample(2, 90), sample(1, 90)]);

    let first = pull(&world).await;
    assert_eq!(revisions(&first), [1, 3]);
    ack_all(&world, &first[..1]).await;
    let second = pull(&world).await;
    assert_eq!(revisions(&second), [2]);
    ack_all(&world, &second).await;
    assert_eq!(revisions(&pull(&world).await), [4]);
}

#[tokio::test]
async fn it_begins_at_a_time_or_a_cursor_of_the_same_query() {
    let world = World::start().await;
    for number in 1..=4 {
        world.observe([sample(number, 90)]);
        world.clock.pass(60_000);
    }
    let begin = |position: Position| {
        let mut client = service(&world);
        let mut request = wanted("", StartPosition::Now);
        request.start = Some(wire::StartFrom { position: Some(position) });
        async move {
            client
                .create_subscription(request)
                .await
                .map(|done| done.into_inner().subscription.unwrap().status.unwrap().ack_floor)
        }
    };
    let list = |view: wire::FindingView| {
        let request = wire::ListFindingsRequest { view: view.into(), ..Default::default() };
        let mut client = world.findings();
        async move { client.list_findings(request).await.unwrap().into_inner().position.unwrap().cursor }
    };
    let delete = || {
        let mut client = service(&world);
        let request = wire::DeleteSubscriptionRequest { id: NAME.to_owned(), ..Default::default() };
        async move { client.delete_subscription(request).await.unwrap() }
    };

    let time = crate::api::convert::timestamp(super::sample::NOW.plus(61_000));
    assert_eq!(begin(Position::Time(time)).await.unwrap(), 2);
    delete().await;
    let future = crate::api::convert::timestamp(super::sample::NOW.plus(1_000_000));
    assert_eq!(begin(Position::Time(future)).await.unwrap(), 4);
    delete().await;
    let cursor = list(wire::FindingView::Full).await;
    world.observe([sample(5, 90)]);
    assert_eq!(begin(Position::Cursor(cursor)).await.unwrap(), 4);
    delete().await;
    let other = begin(Position::Cursor(list(wire::FindingView::Basic).await)).await.unwrap_err();
    assert_eq!(reason(&other), (Code::InvalidArgument, "CURSOR_MISMATCH".to_owned()));
}

#[tokio::test]
async fn several_that_pull_at_once_share_the_changes_and_none_gets_what_another_has() {
    let world = World::start().await;
    create(&world, "", StartPosition::Now).await;
    let mut pullers = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let mut client = service(&world);
        pullers.spawn(async move {
            let mut got = Vec::new();
            loop {
                let request = wire::PullChangesRequest {
                    subscription_id: NAME.to_owned(),
                    max_deliveries: 5,
                    wait: Some(prost_types::Duration { seconds: 55, nanos: 0 }),
                };
                let some = client.pull_changes(request).await.unwrap().into_inner();
                let acks = some.deliveries.iter().map(|delivery| ack(delivery, done())).collect();
                let request = wire::AckChangesRequest { subscription_id: NAME.to_owned(), acks };
                client.ack_changes(request).await.unwrap();
                let numbers = revisions(&some.deliveries);
                got.extend(numbers);
                // The last change says that it is over; each gets one of those.
                if got.last().is_some_and(|last| *last > 200) {
                    return got;
                }
            }
        });
    }
    world.observe((1..=200).map(|number| sample(number, 90)));
    let mut all = Vec::new();
    let mut number = 200;
    while !pullers.is_empty() {
        number += 1;
        world.observe([sample(number, 90)]);
        all.extend(pullers.join_next().await.unwrap().unwrap());
    }

    all.sort_unstable();
    assert_eq!(all, (1..=u64::from(number)).collect::<Vec<_>>());
}

#[tokio::test]
async fn subscriptions_that_nobody_reads_cost_nothing_when_findings_change() {
    let world = World::start().await;
    for number in 0..50 {
        let request = wire::CreateSubscriptionRequest {
            id: format!("idle-{number}"),
            ..wanted("", StartPosition::Now)
        };
        service(&world).create_subscription(request).await.unwrap();
    }
    let rows = |world: &World| {
        world.store.scan_meta(crate::store::MetaTable::Subscription, &[], usize::MAX).unwrap()
    };
    let (before, read) = (rows(&world), world.store.findings_read());

    world.observe((1..=20).map(|number| sample(number, 90)));

    // Each observation reads the finding that it is of.
    assert_eq!(world.store.findings_read() - read, 0);
    assert_eq!(rows(&world), before);
}

#[tokio::test]
async fn a_consumer_of_a_restless_log_that_fails_and_restarts_ends_with_what_a_list_shows() {
    let mut random = StdRng::seed_from_u64(11);
    let mut world = World::holding((1..=30).map(|number| sample(number, 90))).await;
    create(&world, OPEN_AND_BAD, StartPosition::Snapshot).await;
    let mut held: BTreeMap<String, u64> = BTreeMap::new();
    let mut acknowledged = BTreeSet::new();

    let mut round = 0;
    loop {
        if round < 40 {
            stir(&world, &mut random, 30);
            stir(&world, &mut random, 30);
        }
        if round < 60 && round % 9 == 8 {
            // Its clock goes back, too.
            world = world.restart().await;
        }
        world.clock.pass(61_000);
        for delivery in pull_some(&world, 7).await {
            let change = change(&delivery);
            assert!(!acknowledged.contains(&change.event_id), "{} again", change.event_id);
            if round < 50 && random.random_ratio(1, 4) {
                continue;
            }
            if change.filter_effect() == FilterEffect::Left {
                held.remove(&change.finding_id);
            } else {
                let revision = change.finding.as_ref().unwrap().revision;
                held.insert(change.finding_id.clone(), revision);
            }
            acknowledged.insert(change.event_id.clone());
            ack_all(&world, &[delivery]).await;
        }
        let status = status(&world).await;
        round += 1;
        if round > 50 && status.outstanding == 0 && status.ack_floor == status.head_revision {
            break;
        }
        assert!(round < 1000, "it comes to an end: {status:?}");
    }

    let shown = listed(&world, OPEN_AND_BAD).await;
    let ids = |map: &BTreeMap<String, u64>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(ids(&held), ids(&shown));
}
