//! Many consumers, many subscriptions, many changes.

use super::*;

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
