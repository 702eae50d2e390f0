//! What is delivered, when, and how often.

use super::*;

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
