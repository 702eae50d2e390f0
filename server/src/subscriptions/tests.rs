//! What is committed of a subscription is what is there after a restart.

use muster_core::ids::FindingId;
use muster_core::subscription::{Hold, Outstanding, Parked, Verdict};
use proptest::collection::btree_map;
use proptest::prelude::*;

use super::*;
use crate::store::MetaTable;
use crate::testing::{Bench, NOW, id, report};
use crate::writer::{Refused, WriteError};

fn act(kind: ActKind) -> Act {
    let by = Actor { principal: "user:ada".to_owned(), on_behalf_of: String::new() };
    Act { kind, by, at: NOW, comment: "why not".to_owned(), number: 0 }
}

fn subscription(bench: &Bench, name: &str) -> Subscription {
    Subscription {
        name: name.to_owned(),
        description: "tickets".to_owned(),
        filter: "score >= 40".to_owned(),
        image: Image::Full,
        kinds: vec![ChangeKind::Created, ChangeKind::Triaged],
        settings: Settings::default(),
        created: NOW,
        version: 1,
        log_id: bench.store.log_id(),
        acts: vec![act(ActKind::Created)],
    }
}

async fn ask(bench: &Bench, what: Action) -> Result<Done, SubscriptionError> {
    match bench.writer.subscription(Ask { name: "tickets".to_owned(), what }).await {
        Ok(done) => Ok(done),
        Err(WriteError::Refused(Refused::Subscription(error))) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

async fn create(bench: &Bench, start: Start) -> Done {
    let wanted = Box::new(subscription(bench, "tickets"));
    ask(bench, Action::Create(wanted, start)).await.unwrap()
}

/// What reading the log from the beginning to `head` finds of the first `count` reports.
fn read(entry: &Entry, count: u32) -> Take {
    let found = (1..=count).map(|number| {
        let revision = Revision(number.into());
        Found { key: Key::Change(revision), finding: id(&report(number)), revision, time: NOW }
    });
    let found: Vec<Found> = found.collect();
    Take {
        generation: entry.state.generation,
        from: entry.state.place,
        to: Place::Log(Revision(count.into())),
        keys: found.iter().map(|found| found.key).collect(),
        found,
        holder: Holder::Pull,
    }
}

fn ack(entry: &Entry, revision: u64, verdict: Verdict) -> Ack {
    let key = Key::Change(Revision(revision));
    Ack { generation: entry.state.generation, key, attempt: 1, verdict }
}

async fn with_reports(count: u32) -> Bench {
    let bench = Bench::new();
    let reports: Vec<_> = (1..=count).map(report).collect();
    bench.ingest(&reports).await;
    bench
}

fn rows(bench: &Bench) -> usize {
    bench.store.scan_meta(MetaTable::Subscription, &[], usize::MAX).unwrap().len()
}

#[tokio::test]
async fn what_is_delivered_acknowledged_and_parked_survives_a_restart() {
    let bench = with_reports(3).await;
    let entry = create(&bench, Start::Oldest).await.entry;

    let taken = ask(&bench, Action::Take(read(&entry, 3))).await.unwrap();
    let reject = Verdict::Reject { reason: "no such queue".to_owned() };
    let acks = vec![ack(&entry, 1, Verdict::Done), ack(&entry, 2, reject)];
    let settled = ask(&bench, Action::Settle(acks)).await.unwrap();
    let again = bench.restart();

    assert_eq!(taken.leases.len(), 3);
    assert_eq!(settled.outcomes, [Outcome::Accepted, Outcome::Accepted]);
    let entry = again.subscriptions.get("tickets").unwrap();
    assert_eq!(entry, settled.entry, "nothing else was told than what is stored");
    assert_eq!(entry.state.floor(), Revision(2));
    let parked = &entry.state.parked[&Key::Change(Revision(2))];
    assert_eq!((&*parked.reason, parked.attempts), ("no such queue", 1));
    let out: Vec<Key> = entry.state.outstanding.keys().copied().collect();
    assert_eq!(out, [Key::Change(Revision(3))]);
}

#[tokio::test]
async fn a_session_does_not_survive_a_restart_and_what_it_held_is_due() {
    let bench = with_reports(1).await;
    let entry = create(&bench, Start::Oldest).await.entry;
    let opened = ask(&bench, Action::Open("integration:tickets".to_owned())).await.unwrap();
    let holder = Holder::Session(opened.entry.state.epoch);
    let take = Take { holder, ..read(&entry, 1) };
    assert_eq!(ask(&bench, Action::Take(take)).await.unwrap().leases.len(), 1);
    assert_eq!(bench.subscriptions.get("tickets").unwrap().consumer, "integration:tickets");

    let again = bench.restart();

    let entry = again.subscriptions.get("tickets").unwrap().at(NOW);
    assert_eq!(entry.state.ready(NOW).count(), 1);
    assert_eq!((entry.state.epoch, entry.state.is_live), (1, false));
    let next = ask(&again, Action::Open(String::new())).await.unwrap();
    assert_eq!(next.entry.state.epoch, 2, "an epoch is never used again");
}

#[tokio::test]
async fn creating_it_again_answers_with_what_is_there_and_another_one_is_refused() {
    let bench = with_reports(2).await;
    let first = create(&bench, Start::Oldest).await;
    ask(&bench, Action::Take(read(&first.entry, 2))).await.unwrap();

    let second = create(&bench, Start::Now).await;
    let other = Subscription { image: Image::Raw, ..subscription(&bench, "tickets") };
    let other = ask(&bench, Action::Create(Box::new(other), Start::Now)).await;

    assert!(first.changed && !second.changed);
    assert_eq!(second.entry.state.outstanding.len(), 2, "its position is as it was");
    assert_eq!(other.unwrap_err(), SubscriptionError::Exists("tickets".to_owned()));
}

#[tokio::test]
async fn there_is_an_end_to_how_many_there_may_be() {
    let bench = Bench::new();
    for number in 0..SUBSCRIPTIONS_MAX {
        let subscription = subscription(&bench, &format!("one-{number}"));
        let state = State::new(Place::Log(Revision::ZERO), NOW);
        let entry = Entry { subscription, state, consumer: String::new() };
        bench.subscriptions.put(std::sync::Arc::new(entry));
    }

    let wanted = Box::new(subscription(&bench, "tickets"));
    let refused = ask(&bench, Action::Create(wanted, Start::Now)).await.unwrap_err();

    assert_eq!(refused, SubscriptionError::TooMany);
}

#[tokio::test]
async fn it_begins_where_it_was_asked_to() {
    for (start, place) in [
        (Start::Snapshot, Place::Snapshot { start: Revision(3), after: None }),
        (Start::Oldest, Place::Log(Revision(0))),
        (Start::Now, Place::Log(Revision(3))),
        (Start::After(Revision(1)), Place::Log(Revision(1))),
    ] {
        let bench = with_reports(3).await;

        create(&bench, start).await;

        assert_eq!(bench.restart().subscriptions.get("tickets").unwrap().state.place, place);
    }
}

#[tokio::test]
async fn what_two_readers_read_at_once_is_taken_once() {
    let bench = with_reports(2).await;
    let entry = create(&bench, Start::Oldest).await.entry;

    let first = ask(&bench, Action::Take(read(&entry, 2))).await.unwrap();
    let second = ask(&bench, Action::Take(read(&entry, 2))).await.unwrap();

    assert_eq!((first.leases.len(), first.moved), (2, false));
    assert_eq!((second.leases.len(), second.moved, second.changed), (0, true, false));
}

#[tokio::test]
async fn a_configuration_changes_under_its_etag_and_says_who_changed_it() {
    let bench = Bench::new();
    let entry = create(&bench, Start::Now).await.entry;
    let etag = entry.subscription.etag();
    let settings = Settings { attempts_max: 3, ..Settings::default() };
    let update = |etag: &str| Action::Update {
        etag: Some(etag.to_owned()),
        description: None,
        settings,
        act: act(ActKind::Updated),
    };

    let done = ask(&bench, update(&etag)).await.unwrap();
    let stale = ask(&bench, update(&etag)).await.unwrap_err();

    let current = done.entry.subscription.etag();
    assert_eq!(stale, SubscriptionError::EtagMismatch { name: "tickets".to_owned(), current });
    let again = bench.restart().subscriptions.get("tickets").unwrap();
    assert_eq!(again.subscription.settings.attempts_max, 3);
    let kinds: Vec<ActKind> = again.subscription.acts.iter().map(|act| act.kind).collect();
    assert_eq!(kinds, [ActKind::Created, ActKind::Updated]);
}

#[tokio::test]
async fn a_reset_needs_the_floor_that_its_author_saw() {
    let bench = with_reports(3).await;
    create(&bench, Start::Oldest).await;
    let reset = |floor| Action::Reset {
        start: Start::After(Revision(2)),
        expected_floor: Revision(floor),
        act: act(ActKind::Reset),
    };

    let moved = ask(&bench, reset(1)).await.unwrap_err();
    let done = ask(&bench, reset(0)).await.unwrap();

    let current = Revision(0);
    assert_eq!(moved, SubscriptionError::FloorMoved { name: "tickets".to_owned(), current });
    assert_eq!(done.entry.state.floor(), Revision(2));
    let act = done.entry.subscription.acts.last().unwrap();
    assert_eq!((act.kind, act.number, &*act.comment), (ActKind::Reset, 0, "why not"));
}

#[tokio::test]
async fn a_stale_one_delivers_nothing_until_it_is_reset() {
    let bench = with_reports(3).await;
    let entry = create(&bench, Start::Oldest).await.entry;
    bench.store.compact(Revision(1), &[]).unwrap();

    assert_eq!(entry.standing(&*bench.store), Standing::Stale);
    let refused = ask(&bench, Action::Take(read(&entry, 3))).await.unwrap_err();
    let (name, floor, oldest) = ("tickets".to_owned(), Revision(0), Revision(2));
    assert_eq!(refused, SubscriptionError::Stale { name, floor, oldest });

    let expected_floor = Revision(0);
    let reset = Action::Reset { start: Start::Oldest, expected_floor, act: act(ActKind::Reset) };
    let done = ask(&bench, reset).await.unwrap();
    assert_eq!(done.entry.standing(&*bench.store), Standing::Active);
}

#[tokio::test]
async fn a_position_in_another_log_is_stale() {
    let bench = Bench::new();
    let wanted = Subscription { log_id: [7; 16], ..subscription(&bench, "tickets") };

    let done = ask(&bench, Action::Create(Box::new(wanted), Start::Now)).await.unwrap();

    assert_eq!(done.entry.standing(&*bench.store), Standing::Stale);
}

#[tokio::test]
async fn parked_changes_are_delivered_again_or_dropped_and_a_deletion_leaves_no_row() {
    let bench = with_reports(3).await;
    let entry = create(&bench, Start::Oldest).await.entry;
    ask(&bench, Action::Take(read(&entry, 3))).await.unwrap();
    let reject = || Verdict::Reject { reason: String::new() };
    let acks = (1..=3).map(|revision| ack(&entry, revision, reject())).collect();
    ask(&bench, Action::Settle(acks)).await.unwrap();
    assert_eq!(rows(&bench), 5);

    let first = vec![Key::Change(Revision(1))];
    let again = Action::Resolve { keys: first.clone(), act: act(ActKind::Redelivered) };
    assert_eq!(ask(&bench, again).await.unwrap().resolved, first);
    let rest = Action::Resolve { keys: Vec::new(), act: act(ActKind::Discarded) };
    let done = ask(&bench, rest).await.unwrap();
    assert_eq!((done.resolved.len(), rows(&bench)), (2, 2));
    assert_eq!(done.entry.subscription.acts.last().unwrap().number, 2);

    let mut watched = bench.subscriptions.watch("tickets").unwrap();
    let by = act(ActKind::Updated).by;
    ask(&bench, Action::Delete { etag: None, by }).await.unwrap();
    assert!(watched.borrow_and_update().is_none(), "whoever waits for it learns of it");
    assert_eq!((rows(&bench), bench.subscriptions.len()), (0, 0));
    let gone = ask(&bench, Action::Close(1)).await.unwrap_err();
    assert_eq!(gone, SubscriptionError::NotFound("tickets".to_owned()));
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        any::<[u8; 16]>().prop_map(|id| Key::Snapshot(FindingId(id))),
        (0..1000_u64).prop_map(|revision| Key::Change(Revision(revision))),
    ]
}

fn outstanding() -> impl Strategy<Value = Outstanding> {
    let hold = prop_oneof![
        any::<i64>().prop_map(|time| Hold::Due(Millis(time))),
        any::<i64>().prop_map(|time| Hold::Until(Millis(time))),
        any::<u64>().prop_map(Hold::Session),
    ];
    (any::<[u8; 16]>(), any::<u64>(), any::<i64>(), any::<u32>(), hold, any::<bool>()).prop_map(
        |(finding, revision, time, attempts, hold, replayed)| Outstanding {
            finding: FindingId(finding),
            revision: Revision(revision),
            time: Millis(time),
            attempts,
            hold,
            replayed,
        },
    )
}

fn parked() -> impl Strategy<Value = Parked> {
    (any::<[u8; 16]>(), any::<u64>(), any::<u32>(), ".{0,20}").prop_map(
        |(finding, revision, attempts, reason)| Parked {
            finding: FindingId(finding),
            revision: Revision(revision),
            time: NOW,
            attempts,
            reason,
            at: NOW,
        },
    )
}

proptest! {
    #[test]
    fn rows_read_back_as_they_were_written(
        generation: u64,
        epoch: u64,
        out in btree_map(key(), outstanding(), 0..20),
        parked in btree_map(key(), parked(), 0..20),
        snapshot in prop::option::of(prop::option::of(any::<[u8; 16]>())),
    ) {
        // Of the keys alone: a change says its revision, a snapshot its finding.
        let out = out.into_iter().map(|(key, mut entry)| {
            match key {
                Key::Snapshot(id) => entry.finding = id,
                Key::Change(revision) => entry.revision = revision,
            }
            entry.replayed = true;
            (key, entry)
        });
        let out: std::collections::BTreeMap<_, _> = out.collect();
        let parked = parked.into_iter().filter(|(key, _)| !out.contains_key(key)).collect();
        let place = match snapshot {
            None => Place::Log(Revision(1000)),
            Some(after) => Place::Snapshot { start: Revision(9), after: after.map(FindingId) },
        };
        let state = State { generation, place, outstanding: out, parked, epoch, is_live: false };
        let bench_id = [9; 16];
        let subscription = Subscription {
            name: "a-b".to_owned(),
            description: String::new(),
            filter: String::new(),
            image: Image::Basic,
            kinds: ChangeKind::ALL.to_vec(),
            settings: Settings::default(),
            created: NOW,
            version: 4,
            log_id: bench_id,
            acts: vec![act(ActKind::Created), act(ActKind::Discarded)],
        };
        let entry = Entry { subscription, state, consumer: String::new() };

        let mut rows = row::Rows::default();
        for write in writes(None, &entry) {
            rows.add(&write.key, write.value.as_deref().unwrap()).unwrap();
        }

        prop_assert_eq!(rows.finish().unwrap(), vec![entry]);
    }

    #[test]
    fn no_bytes_make_it_panic(key: Vec<u8>, value: Vec<u8>) {
        let named = [b"tickets\0".as_slice(), &key].concat();
        drop(check_row(&named, &value));
        drop(check_row(&key, &value));
    }
}
