//! What a watch delivers: promises F1 and F2.

use std::collections::BTreeMap;

use muster_api::v1 as wire;
use muster_api::v1::watch_findings_response::Event;
use muster_api::v1::{FilterEffect, FindingView, SnapshotMode};
use muster_core::ids::Revision;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use tonic::{Code, Status, Streaming};

use super::sample::{id, sample};
use super::world::{World, fact, reason};
use crate::store::Store;

pub(super) const OPEN_AND_BAD: &str = "severity >= HIGH AND status = ACTIVE";

fn watch(filter: &str) -> wire::WatchFindingsRequest {
    wire::WatchFindingsRequest { filter: filter.to_owned(), ..Default::default() }
}

fn tail(filter: &str) -> wire::WatchFindingsRequest {
    wire::WatchFindingsRequest { snapshot: SnapshotMode::None.into(), ..watch(filter) }
}

fn resume(filter: &str, cursor: &str) -> wire::WatchFindingsRequest {
    wire::WatchFindingsRequest { cursor: cursor.to_owned(), ..watch(filter) }
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

async fn refused(world: &World, request: wire::WatchFindingsRequest) -> Status {
    match world.findings().watch_findings(request).await {
        Err(error) => error,
        Ok(stream) => stream.into_inner().message().await.unwrap_err(),
    }
}

/// What a client holds that follows the rules of the contract, and checks its guarantees.
#[derive(Default)]
struct Follower {
    held: BTreeMap<String, u64>,
    /// Received since `SnapshotStart`; `None` outside a snapshot.
    snapshot: Option<Vec<String>>,
    covered: Option<u64>,
    cursor: String,
}

impl Follower {
    fn accept(&mut self, event: Event) {
        match event {
            Event::SnapshotStart(start) => {
                self.snapshot = Some(Vec::new());
                self.covered = None;
                self.cursor = start.position.unwrap().cursor;
            }
            Event::SnapshotBatch(batch) => {
                assert!(!batch.findings.is_empty());
                let received = self.snapshot.get_or_insert_default();
                received.extend(batch.findings.iter().map(|finding| finding.id.clone()));
                for finding in &batch.findings {
                    keep(&mut self.held, finding);
                }
                self.cursor = batch.cursor;
            }
            Event::SnapshotEnd(end) => {
                let received = self.snapshot.take().unwrap_or_default();
                self.held.retain(|id, _| received.contains(id));
                self.cover(end.position.unwrap());
            }
            Event::ChangeBatch(batch) => self.changes(batch),
            Event::Bookmark(bookmark) => {
                let position = bookmark.position.unwrap();
                assert!(position.revision >= self.covered.unwrap_or_default());
                assert!(bookmark.head_revision >= position.revision);
                self.cover(position);
            }
            Event::GoAway(_) => panic!("nobody stops the server here"),
        }
    }

    fn changes(&mut self, batch: wire::ChangeBatch) {
        if let Some(covered) = self.covered {
            assert_eq!(batch.after_revision, covered, "batches join");
        }
        let mut last = batch.after_revision;
        for change in &batch.changes {
            assert!(last < change.revision && change.revision <= batch.through_revision);
            last = change.revision;
            let finding = change.finding.as_ref().unwrap();
            assert!(finding.revision >= change.revision, "at least as new as the change");
            match change.filter_effect() {
                FilterEffect::Entered | FilterEffect::Stayed => keep(&mut self.held, finding),
                FilterEffect::Left => {
                    self.held.remove(&change.finding_id);
                }
                FilterEffect::Unspecified => panic!("{change:?}"),
            }
        }
        self.covered = Some(batch.through_revision);
        self.cursor = batch.cursor;
    }

    fn cover(&mut self, position: wire::LogPosition) {
        self.covered = Some(position.revision);
        self.cursor = position.cursor;
    }

    /// A resumed stream may repeat, so its first interval may begin earlier.
    fn reconnected(&mut self) {
        self.covered = None;
    }
}

/// The client rule: an image counts unless a newer one is held.
fn keep(held: &mut BTreeMap<String, u64>, finding: &wire::Finding) {
    let newest = held.entry(finding.id.clone()).or_default();
    *newest = finding.revision.max(*newest);
}

/// What a list shows: ids with their revisions.
pub(super) async fn listed(world: &World, filter: &str) -> BTreeMap<String, u64> {
    let request = wire::ListFindingsRequest {
        filter: filter.to_owned(),
        page_size: 1000,
        ..Default::default()
    };
    let page = world.findings().list_findings(request).await.unwrap().into_inner();
    page.findings.into_iter().map(|finding| (finding.id, finding.revision)).collect()
}

/// Something happens to one of the first `count` findings.
pub(super) fn stir(world: &World, random: &mut impl Rng, count: u32) {
    let number = random.random_range(1..=count);
    let severity = *[10, 40, 70, 90, 100].get(random.random_range(0..5)).unwrap();
    let changed = sample(number, severity);
    let closes = random.random_ratio(1, 4);
    world.observe([if closes { changed.closed() } else { changed }]);
}

#[tokio::test]
async fn a_watch_is_a_snapshot_most_urgent_first_then_changes() {
    let world = World::holding([sample(1, 40), sample(2, 90), sample(3, 70)]).await;
    let request = wire::WatchFindingsRequest { max_batch_size: 2, ..watch("severity >= MEDIUM") };
    let mut stream = open(&world, request).await;

    let Event::SnapshotStart(start) = next(&mut stream).await else { panic!() };
    assert_eq!((start.count, start.position.unwrap().revision), (3, 3));
    assert_eq!(start.canonical_filter, "severity >= MEDIUM");
    let mut ids = Vec::new();
    for expected in [2, 1] {
        let Event::SnapshotBatch(batch) = next(&mut stream).await else { panic!() };
        assert_eq!(batch.findings.len(), expected);
        ids.extend(batch.findings.into_iter().map(|finding| finding.id));
    }
    assert_eq!(ids, [2, 3, 1].map(|number| id(number).to_string()));
    let Event::SnapshotEnd(end) = next(&mut stream).await else { panic!() };
    assert_eq!((end.findings_sent, end.position.unwrap().revision), (3, 3));

    world.observe([sample(4, 10), sample(5, 90), sample(1, 10)]);
    let mut changes = Vec::new();
    while changes.len() < 2 {
        let Event::ChangeBatch(batch) = next(&mut stream).await else { panic!() };
        changes.extend(batch.changes);
    }
    let effects: Vec<_> = changes.iter().map(|c| (c.revision, c.filter_effect())).collect();
    assert_eq!(effects, [(5, FilterEffect::Entered), (6, FilterEffect::Left)]);
    assert_eq!(changes[0].finding.as_ref().unwrap().id, id(5).to_string());
    assert!(changes[0].event_id.ends_with(":5"));
}

#[tokio::test(start_paused = true)]
async fn who_follows_has_what_a_list_shows_whatever_happens_meanwhile() {
    for seed in 0..20 {
        let mut random = StdRng::seed_from_u64(seed);
        let world = World::holding((1..=25).map(|n| sample(n, 70))).await;
        let request = || wire::WatchFindingsRequest { max_batch_size: 3, ..watch(OPEN_AND_BAD) };
        let mut stream = open(&world, request()).await;
        let mut follower = Follower::default();

        for _ in 0..60 {
            follower.accept(next(&mut stream).await);
            for _ in 0..random.random_range(0..4) {
                stir(&world, &mut random, 25);
            }
            if random.random_ratio(1, 5) {
                let again =
                    wire::WatchFindingsRequest { cursor: follower.cursor.clone(), ..request() };
                stream = open(&world, again).await;
                follower.reconnected();
            }
        }
        let head = world.store.head().0;
        while follower.snapshot.is_some() || follower.covered != Some(head) {
            follower.accept(next(&mut stream).await);
        }

        assert_eq!(follower.held, listed(&world, OPEN_AND_BAD).await, "seed {seed}");
    }
}

#[tokio::test]
async fn a_snapshot_resumes_where_it_was_and_begins_again_from_its_start() {
    let world = World::holding((1..=6).map(|n| sample(n, 70))).await;
    let request = wire::WatchFindingsRequest { max_batch_size: 2, ..watch("") };
    let mut stream = open(&world, request).await;
    let Event::SnapshotStart(start) = next(&mut stream).await else { panic!() };
    let Event::SnapshotBatch(first) = next(&mut stream).await else { panic!() };
    drop(stream);
    world.observe([sample(9, 100)]);

    let mut rest = open(&world, resume("", &first.cursor)).await;
    let Event::SnapshotBatch(batch) = next(&mut rest).await else { panic!() };
    let Event::SnapshotEnd(end) = next(&mut rest).await else { panic!() };
    let Event::ChangeBatch(changes) = next(&mut rest).await else { panic!() };
    let mut again = open(&world, resume("", &start.position.unwrap().cursor)).await;
    let Event::SnapshotStart(begun) = next(&mut again).await else { panic!() };

    assert_eq!((batch.findings.len(), end.findings_sent), (4, 4), "what was left of it");
    assert!(batch.findings.iter().all(|f| first.findings.iter().all(|g| f.id != g.id)));
    assert_eq!(end.position.unwrap().revision, 6, "the tail begins where the snapshot did");
    assert_eq!((changes.after_revision, changes.through_revision), (6, 7));
    assert_eq!(begun.position.unwrap().revision, 6);
}

#[tokio::test]
async fn a_tail_resumes_after_the_last_batch_even_in_another_process() {
    let world = World::holding([sample(1, 70)]).await;
    let mut stream = open(&world, tail("")).await;
    let Event::Bookmark(bookmark) = next(&mut stream).await else { panic!() };
    assert_eq!(bookmark.position.unwrap().revision, 1);
    world.observe([sample(2, 70)]);
    let Event::ChangeBatch(batch) = next(&mut stream).await else { panic!() };
    drop(stream);
    world.observe([sample(3, 70), sample(2, 90)]);

    // The feed of a new process is empty: what was missed comes from the log.
    let world = world.restart().await;
    let mut stream = open(&world, resume("", &batch.cursor)).await;

    let Event::ChangeBatch(batch) = next(&mut stream).await else { panic!() };
    assert_eq!((batch.after_revision, batch.through_revision), (2, 4));
    let revisions: Vec<_> = batch.changes.iter().map(|change| change.revision).collect();
    assert_eq!(revisions, [3, 4]);
}

#[tokio::test]
async fn a_list_leads_into_a_watch_without_a_gap() {
    let world = World::holding([sample(1, 90), sample(2, 90)]).await;
    let request = wire::ListFindingsRequest {
        filter: "severity >= HIGH".to_owned(),
        page_size: 1,
        ..Default::default()
    };
    let page = world.findings().list_findings(request).await.unwrap().into_inner();
    world.observe([sample(2, 10), sample(3, 90)]);

    let cursor = page.position.unwrap().cursor;
    let mut stream = open(&world, resume("severity>=HIGH", &cursor)).await;

    let Event::ChangeBatch(batch) = next(&mut stream).await else { panic!() };
    let effects: Vec<_> = batch.changes.iter().map(wire::Change::filter_effect).collect();
    assert_eq!(effects, [FilterEffect::Left, FilterEffect::Entered]);
    assert_eq!(batch.after_revision, 2);
}

#[tokio::test]
async fn raw_documents_are_read_from_the_store_and_bytes_cut_a_batch() {
    let big = "x".repeat(500 * 1024);
    let world = World::start().await;
    let request = wire::WatchFindingsRequest { view: FindingView::Raw.into(), ..tail("") };
    let mut stream = open(&world, request).await;
    let Event::Bookmark(_) = next(&mut stream).await else { panic!() };

    world.observe((1..=5).map(|n| sample(n, 70).with_raw(big.clone())));

    let mut follower = Follower { covered: Some(0), ..Follower::default() };
    let mut batches = 0;
    while follower.covered != Some(5) {
        let event = next(&mut stream).await;
        if let Event::ChangeBatch(batch) = &event {
            assert!(batch.changes.len() <= 2, "1 MiB holds two");
            let finding = batch.changes[0].finding.as_ref().unwrap();
            assert_eq!(finding.reports[0].raw_json.len(), big.len());
            batches += 1;
        }
        follower.accept(event);
    }
    assert!(batches >= 3);
    assert_eq!(follower.held.len(), 5);
}

#[tokio::test]
async fn a_cursor_is_refused_where_it_does_not_belong() {
    let world = World::holding([sample(1, 70)]).await;
    let other = World::holding([sample(1, 70)]).await;
    let cursor = |world: &World| {
        let mut client = world.findings();
        async move {
            let page = client.list_findings(wire::ListFindingsRequest::default()).await.unwrap();
            page.into_inner().position.unwrap().cursor
        }
    };
    let (ours, theirs) = (cursor(&world).await, cursor(&other).await);
    let mut cut = ours.clone();
    cut.pop();

    let mismatch = refused(&world, resume("status = ACTIVE", &ours)).await;
    let detail = wire::WatchFindingsRequest { view: FindingView::Full.into(), ..resume("", &ours) };
    let detail = refused(&world, detail).await;
    let changed = refused(&world, resume("", &theirs)).await;
    let malformed = refused(&world, resume("", &cut)).await;

    let mismatched = (Code::InvalidArgument, "CURSOR_MISMATCH".to_owned());
    assert_eq!(reason(&mismatch), mismatched);
    assert_eq!(reason(&detail), mismatched);
    assert_eq!(reason(&changed), (Code::FailedPrecondition, "LOG_CHANGED".to_owned()));
    assert_eq!(fact(&changed, "log_id"), crate::api::cursor::hex(world.store.log_id()));
    assert_eq!(reason(&malformed), (Code::InvalidArgument, "TOKEN_MALFORMED".to_owned()));
}

#[tokio::test]
async fn a_cursor_older_than_the_log_is_expired_and_says_what_is_left() {
    let world = World::start().await;
    let page = world.findings().list_findings(wire::ListFindingsRequest::default()).await.unwrap();
    let cursor = page.into_inner().position.unwrap().cursor;
    world.observe((1..=4).map(|n| sample(n, 70)));
    world.store.compact(Revision(3), &[]).unwrap();

    let error = refused(&world, resume("", &cursor)).await;

    assert_eq!(reason(&error), (Code::OutOfRange, "CURSOR_EXPIRED".to_owned()));
    assert_eq!(fact(&error, "oldest_revision"), "4");
}

#[tokio::test]
async fn a_cursor_ahead_of_the_log_is_of_another_incarnation() {
    let world = World::holding([sample(1, 70)]).await;
    let binding = crate::api::cursor::Binding {
        log_id: world.store.log_id(),
        query: crate::api::cursor::query_hash(&["watch", "", "basic"]),
    };
    let live = crate::api::cursor::Place::Live(Revision(9));
    let cursor = crate::api::cursor::encode(&live, &binding);

    let error = refused(&world, resume("", &cursor)).await;

    assert_eq!(reason(&error), (Code::FailedPrecondition, "LOG_CHANGED".to_owned()));
}
