//! Subscriptions are made, moved, and what they gave up is resolved.

use super::*;

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

    let time = crate::api::convert::timestamp(crate::testing::NOW.plus(61_000));
    assert_eq!(begin(Position::Time(time)).await.unwrap(), 2);
    delete().await;
    let future = crate::api::convert::timestamp(crate::testing::NOW.plus(1_000_000));
    assert_eq!(begin(Position::Time(future)).await.unwrap(), 4);
    delete().await;
    let cursor = list(wire::FindingView::Full).await;
    world.observe([sample(5, 90)]);
    assert_eq!(begin(Position::Cursor(cursor)).await.unwrap(), 4);
    delete().await;
    let other = begin(Position::Cursor(list(wire::FindingView::Basic).await)).await.unwrap_err();
    assert_eq!(reason(&other), (Code::InvalidArgument, "CURSOR_MISMATCH".to_owned()));
}
