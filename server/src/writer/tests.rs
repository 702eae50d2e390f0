mod model;
mod regroup;
mod relations;

use muster_core::change::ChangeKind;
use muster_core::ids::Revision;
use muster_core::report::{Severity, Unmapped};
use muster_core::time::DAY_MS;
use muster_core::triage::{TriageAction, TriageState};

use super::*;
use crate::store::{MetaTable, Store};
use crate::testing::{Bench, NOW, decision, id, page, report, unit};

fn one(decision: Decision) -> Decisions {
    Decisions { decisions: vec![decision], atomic: true, request: None }
}

#[tokio::test]
async fn a_page_is_durable_shown_and_published_when_it_is_answered() {
    let bench = Bench::new();

    let done = bench.ingest(&[report(1), report(2)]).await;

    assert_eq!((done.created, done.changed, done.head), (2, 0, Revision(2)));
    assert_eq!(bench.store.head(), Revision(2));
    assert_eq!(bench.view.read().unwrap().revision(), Revision(2));
    let recent = bench.feed.recent(Revision::ZERO, 10).unwrap();
    let revisions: Vec<_> = recent.iter().map(|done| done.change.revision.0).collect();
    assert_eq!(revisions, [1, 2]);
    assert!(recent.iter().all(|done| done.finding.reports[0].report.raw.is_empty()));
    assert!(!bench.finding(&report(1)).unwrap().reports[0].report.raw.is_empty());
}

#[tokio::test]
async fn the_same_page_again_writes_nothing() {
    let bench = Bench::new();
    bench.ingest(&[report(1)]).await;

    let again = bench.ingest(&[report(1)]).await;

    assert_eq!((again.created, again.changed, again.head), (0, 0, Revision(1)));
}

#[tokio::test]
async fn two_reports_of_one_finding_in_one_page_are_one_change() {
    let bench = Bench::new();
    let mut copy = report(1);
    copy.key.provider_id = "another".to_owned();

    let done = bench.ingest(&[report(1), copy]).await;

    assert_eq!((done.created, done.head), (1, Revision(1)));
    assert_eq!(bench.finding(&report(1)).unwrap().reports.len(), 2);
}

#[tokio::test]
async fn a_report_that_is_about_something_else_now_leaves_its_finding() {
    let bench = Bench::new();
    bench.ingest(&[report(1)]).await;
    let mut moved = report(1);
    moved.origin = report(2).origin;

    bench.ingest(&[moved.clone(), report(3)]).await;

    let (left, joined) = (bench.finding(&report(1)).unwrap(), bench.finding(&moved).unwrap());
    assert!(left.reports.is_empty() && !left.facts.status.is_open());
    assert_eq!(joined.reports.len(), 1);
    let view = bench.view.read().unwrap();
    assert_eq!(view.report(&moved.key.digest()).unwrap().finding, id(&moved));
}

#[tokio::test]
async fn an_older_version_that_comes_late_pulls_no_report_back() {
    let bench = Bench::new();
    let [old, new] = [(1, 10), (2, 20)].map(|(about, minutes)| {
        let mut version = report(1);
        version.origin = report(about).origin;
        version.provider_updated = Some(NOW.plus(minutes * 60_000));
        version
    });

    let both = [new.clone(), old.clone()];
    let [first, later] = both.each_ref().map(std::slice::from_ref);
    for page in [first, later, &both] {
        bench.ingest(page).await;
        let holder = bench.finding(&new).unwrap();

        assert_eq!(holder.reports.len(), 1);
        assert_eq!(holder.reports[0].report, new);
        assert!(bench.finding(&old).is_none(), "nobody says that any more");
    }
    let head = bench.store.head();
    bench.ingest(&[old]).await;
    assert_eq!(bench.store.head(), head, "what is known to be old is worth no write");
}

#[tokio::test]
async fn two_versions_in_one_page_are_the_newer_one() {
    let bench = Bench::new();
    let [old, new] = [(1, 10), (2, 20)].map(|(about, minutes)| {
        let mut version = report(1);
        version.origin = report(about).origin;
        version.provider_updated = Some(NOW.plus(minutes * 60_000));
        version
    });

    for page in [[old.clone(), new.clone()], [new.clone(), old.clone()]] {
        let fresh = Bench::new();
        fresh.ingest(&page).await;
        assert!(fresh.finding(&old).is_none());
        assert_eq!(fresh.finding(&new).unwrap().reports.len(), 1);
    }
    bench.ingest(std::slice::from_ref(&old)).await;
    bench.ingest(&[old.clone(), new.clone()]).await;
    assert!(bench.finding(&old).unwrap().reports.is_empty(), "it left for the other");
    assert_eq!(bench.finding(&new).unwrap().reports[0].report, new);
}

#[tokio::test]
async fn a_checkpoint_is_stored_with_the_page_that_it_covers() {
    let bench = Bench::new();
    let checkpoint = Checkpoint { sweeps: 3, memo: "m".to_owned(), ..Checkpoint::default() };
    let page = Ingest { checkpoint: Some(checkpoint.clone()), ..page(&[report(1)]) };

    bench.writer.ingest(unit(), page).await.unwrap();

    let stored = crate::collect::checkpoints(&*bench.store).unwrap();
    assert_eq!(stored.get(&unit().to_string()), Some(&checkpoint));
}

#[tokio::test]
async fn a_document_that_cannot_be_mapped_is_kept_once() {
    let bench = Bench::new();
    let document = Unmapped { error: "id: missing".to_owned(), raw: "{}".into() };
    let page = Ingest { unmapped: vec![document.clone(), document], ..Ingest::default() };

    let first = bench.writer.ingest(unit(), page.clone()).await.unwrap();
    let second = bench.writer.ingest(unit(), page).await.unwrap();

    assert_eq!((first.unmapped, second.unmapped), (1, 0));
    let rows = bench.store.scan_meta(MetaTable::Quarantine, &[], 10).unwrap();
    let kept = crate::quarantine::Kept::read(&rows[0].1).unwrap();
    assert_eq!((rows.len(), kept.error.as_str(), &kept.raw[..]), (1, "id: missing", &b"{}"[..]));
    assert_eq!(bench.quarantine.count(&unit().to_string()), 1);
    let reopened = crate::quarantine::Quarantine::open(&*bench.store).unwrap();
    assert_eq!(reopened.count(&unit().to_string()), 1);
}

#[tokio::test]
async fn a_decision_is_in_the_journal_when_it_is_answered() {
    let bench = Bench::new();
    bench.ingest(&[report(1)]).await;

    let done = bench.writer.decide(one(decision(&report(1), TriageAction::Start))).await.unwrap();

    let decided = done.results[0].as_ref().unwrap();
    assert!(decided.changed && !done.replayed);
    assert_eq!(decided.revision, Revision(2));
    assert_eq!(decided.finding.triage.state, TriageState::InProgress);
    assert_eq!(*bench.log.appended.lock().unwrap(), ["start"]);
    let change = bench.store.change(Revision(2)).unwrap().unwrap();
    assert_eq!(
        (change.actor.principal.as_str(), change.kinds),
        ("user:alice", vec![ChangeKind::Triaged])
    );
}

#[tokio::test]
async fn a_condition_that_does_not_hold_changes_nothing_and_says_what_holds() {
    let bench = Bench::new();
    bench.ingest(&[report(1)]).await;
    let stale = Decision {
        etag: Some("\"t9\"".to_owned()),
        ..decision(&report(1), TriageAction::Acknowledge)
    };
    let changed =
        Decision { content_version: Some(7), ..decision(&report(1), TriageAction::Acknowledge) };
    let nobody = decision(&report(9), TriageAction::Acknowledge);

    for (asked, expected) in
        [(stale, "has etag \"t0\" now"), (changed, "version 1 now"), (nobody, "no finding")]
    {
        let error = bench.writer.decide(one(asked)).await.unwrap_err();

        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(bench.store.head(), Revision(1));
}

#[tokio::test]
async fn an_atomic_call_changes_all_or_nothing_and_an_independent_one_what_it_can() {
    let bench = Bench::new();
    bench.ingest(&[report(1)]).await;
    let decisions = vec![
        decision(&report(1), TriageAction::Acknowledge),
        decision(&report(9), TriageAction::Acknowledge),
    ];

    let atomic = Decisions { decisions: decisions.clone(), atomic: true, request: None };
    let error = bench.writer.decide(atomic).await.unwrap_err();
    assert!(matches!(error, WriteError::Atomic { index: 1, .. }), "{error}");
    assert_eq!(bench.store.head(), Revision(1));

    let independent = Decisions { decisions, atomic: false, request: None };
    let done = bench.writer.decide(independent).await.unwrap();
    assert!(done.results[0].as_ref().unwrap().changed);
    assert!(matches!(done.results[1], Err(Refused::NotFound(_))));
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_outcome() {
    let bench = Bench::new();
    bench.ingest(&[report(1)]).await;
    let ask = |hash| Decisions {
        decisions: vec![
            decision(&report(1), TriageAction::Acknowledge),
            Decision { etag: Some("x".to_owned()), ..decision(&report(9), TriageAction::Start) },
        ],
        atomic: false,
        request: Some(("5e2c".to_owned(), hash)),
    };

    let first = bench.writer.decide(ask([1; 32])).await.unwrap();
    let again = bench.writer.decide(ask([1; 32])).await.unwrap();
    let other = bench.writer.decide(ask([2; 32])).await.unwrap_err();

    assert!(!first.replayed && again.replayed);
    assert_eq!(again.results[0].as_ref().unwrap().revision, Revision(2));
    assert!(again.results[0].as_ref().unwrap().changed);
    assert_eq!(again.results[1].as_ref().unwrap_err(), first.results[1].as_ref().unwrap_err());
    assert!(matches!(other, WriteError::RequestIdReused(_)));
    assert_eq!(bench.store.head(), Revision(2));
}

#[tokio::test]
async fn requests_that_wait_together_are_done_in_order() {
    let bench = Bench::new();
    bench.ingest(&[report(1)]).await;
    let states = [TriageAction::Acknowledge, TriageAction::Start, TriageAction::Reopen];

    let asked = states.map(|action| bench.writer.decide(one(decision(&report(1), action))));
    let done = futures::future::join_all(asked).await;

    let revisions: Vec<_> = done
        .iter()
        .map(|done| done.as_ref().unwrap().results[0].as_ref().unwrap().revision.0)
        .collect();
    assert_eq!(revisions, [2, 3, 4]);
    assert_eq!(bench.finding(&report(1)).unwrap().triage.state, TriageState::New);
}

#[tokio::test]
async fn a_snooze_that_is_over_returns_as_a_logged_change() {
    let bench = Bench::new();
    bench.ingest(&[report(1)]).await;
    let until = crate::testing::NOW.plus(1000);
    bench.writer.decide(one(decision(&report(1), TriageAction::Snooze { until }))).await.unwrap();
    assert_eq!(bench.view.read().unwrap().ended(crate::testing::NOW), []);

    bench.clock.pass(1000);
    let ended = bench.view.read().unwrap().ended(until);
    let changed = bench.writer.tick(ended).await.unwrap();

    assert_eq!(changed, 1);
    let change = bench.store.change(Revision(3)).unwrap().unwrap();
    assert_eq!(change.actor.principal, "system:expiry");
    assert_eq!(bench.finding(&report(1)).unwrap().triage.state, TriageState::New);
}

#[tokio::test]
async fn a_refresh_changes_no_decision() {
    let bench = Bench::new();
    bench.ingest(&[report(1)]).await;
    bench.writer.decide(one(decision(&report(1), TriageAction::Acknowledge))).await.unwrap();
    let mut worse = report(1);
    (worse.severity, worse.severity_normalized) = (Severity::Critical, 95);

    bench.ingest(&[worse]).await;

    let finding = bench.finding(&report(1)).unwrap();
    assert_eq!((finding.triage.state, finding.triage.stale), (TriageState::Acknowledged, true));
    assert_eq!(finding.content_version, 2);
}

#[tokio::test]
async fn what_is_over_its_retention_goes_in_steps_and_the_rest_stays() {
    let bench = Bench::with_retention(DAY_MS);
    let mut closed = report(1);
    closed.status = muster_core::report::Status::Resolved;
    bench.ingest(&[closed.clone(), report(2)]).await;
    let request = Some(("old".to_owned(), [0; 32]));
    let asked = Decisions { request, ..one(decision(&report(2), TriageAction::Start)) };
    bench.writer.decide(asked).await.unwrap();

    bench.clock.pass(8 * DAY_MS);
    bench.ingest(&[report(3)]).await;
    let mut removed = 0;
    loop {
        match bench.writer.housekeep().await.unwrap() {
            0 => break,
            step => removed += step,
        }
    }

    // Three log entries, the closed finding and the outcome of the call.
    assert_eq!(removed, 5);
    assert_eq!(bench.store.oldest(), Revision(4));
    assert_eq!(bench.finding(&closed), None);
    assert!(bench.finding(&report(2)).is_some() && bench.finding(&report(3)).is_some());
    assert!(!bench.view.read().unwrap().contains(id(&closed)));
    assert_eq!(bench.store.scan_meta(MetaTable::Request, &[], 10).unwrap(), []);
}

#[tokio::test]
async fn a_journal_that_refuses_ends_the_writer_and_nothing_is_acknowledged() {
    let bench = Bench::new();
    *bench.log.full.lock().unwrap() = true;

    let first = bench.writer.ingest(unit(), page(&[report(1)])).await.unwrap_err();
    let second = bench.writer.ingest(unit(), page(&[report(2)])).await.unwrap_err();

    assert!(first.to_string().contains("no space left"), "{first}");
    assert!(matches!(second, WriteError::Closed(_)));
    // What was not acknowledged is not shown either.
    assert_eq!(bench.feed.head(), Revision::ZERO);
}
