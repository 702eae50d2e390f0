//! Merges and splits by people: moved at once, logged, respected by every later refresh.

use muster_core::change::ChangeKind;
use muster_core::finding::{Finding, Placement};
use muster_core::ids::{FindingId, Revision};
use muster_core::invariants::Violation;
use muster_core::plan::{RegroupError, Regrouping};
use muster_core::report::{Report, ReportKey, Status};
use muster_core::triage::{Actor, TriageAction, TriageState};
use muster_core::weakness::Classes;

use super::super::{Merge, Refused, Regrouped, Split, WriteError};
use super::one;
use crate::routes::Routes;
use crate::store::{MetaTable, Store, verify};
use crate::testing::{Bench, decision, id, report};

pub(super) fn by(action: &str) -> Regrouping {
    Regrouping {
        action: action.to_owned(),
        comment: "one and the same".to_owned(),
        actor: Actor { principal: "user:alice".to_owned(), on_behalf_of: String::new() },
        request_id: String::new(),
    }
}

pub(super) fn merging(into: FindingId, from: FindingId) -> Merge {
    Merge { into, from, by: by("merge"), into_etag: None, from_etag: None, request: None }
}

pub(super) fn splitting(finding: FindingId, report: &ReportKey) -> Split {
    Split { finding, report: report.clone(), by: by("split"), etag: None, request: None }
}

async fn merge(bench: &Bench, into: &Report, from: &Report) -> Regrouped {
    bench.writer.merge(merging(id(into), id(from))).await.unwrap()
}

fn get(bench: &Bench, id: FindingId) -> Finding {
    bench.store.findings(&[id]).unwrap().pop().flatten().unwrap()
}

fn keys(finding: &Finding) -> Vec<&str> {
    finding.reports.iter().map(|held| held.report.key.provider_id.as_str()).collect()
}

/// A second report about the same thing, as another path has it.
fn copy(of: &Report) -> Report {
    let mut copy = of.clone();
    copy.key.provider_id.push_str("/copy");
    copy
}

/// The same report, with news.
fn worse(report: &Report) -> Report {
    Report {
        title: format!("{}, and worse", report.title),
        severity_normalized: 69,
        ..report.clone()
    }
}

pub(super) fn violations(bench: &Bench) -> Vec<Violation> {
    verify::verify(&*bench.store).unwrap().violations.kept().to_vec()
}

#[tokio::test]
async fn a_merge_moves_all_reports_at_once_and_leaves_a_forwarding_record() {
    let bench = Bench::new();
    bench.ingest(&[report(1), copy(&report(1)), report(2)]).await;

    let done = merge(&bench, &report(2), &report(1)).await;

    assert_eq!((done.revision, done.replayed), (Revision(4), false));
    assert_eq!((done.finding.reports.len(), done.other.merged_into), (3, Some(id(&report(2)))));
    assert!(done.finding.reports.iter().all(|held| held.report.raw.is_empty()));
    let (into, from) = (get(&bench, id(&report(2))), get(&bench, id(&report(1))));
    assert!(from.reports.is_empty() && !from.facts.status.is_open());
    assert_eq!(from.priority.score, 0);
    assert!(!into.reports[0].report.raw.is_empty());
    let view = bench.view.read().unwrap();
    assert_eq!(view.report(&report(1).key.digest()).unwrap().finding, into.id);
    for (revision, field, other) in [(3, "merged_from", from.id), (4, "merged_into", into.id)] {
        let change = bench.store.change(Revision(revision)).unwrap().unwrap();
        assert_eq!(
            (change.action.as_str(), change.actor.principal.as_str()),
            ("merge", "user:alice")
        );
        assert!(change.kinds.contains(&ChangeKind::Regrouped) && change.is_decision());
        let named = change.fields.iter().find(|moved| moved.field == field).unwrap();
        assert_eq!(named.after, other.to_string());
        assert_eq!(change.fields.iter().filter(|moved| moved.field == "report").count(), 2);
    }
    assert_eq!(*bench.log.appended.lock().unwrap(), ["merge", "merge"]);
    drop(view);
    assert_eq!(violations(&bench), []);
}

#[tokio::test]
async fn every_later_refresh_goes_to_where_the_merge_put_it_also_one_by_a_new_id() {
    let bench = Bench::new();
    bench.ingest(&[report(1), report(2)]).await;
    merge(&bench, &report(2), &report(1)).await;

    bench.ingest(&[worse(&report(1)), copy(&report(1)), worse(&report(2))]).await;

    let into = get(&bench, id(&report(2)));
    assert_eq!(into.reports.len(), 3);
    let placed = |key: &ReportKey| {
        into.reports.iter().find(|held| held.report.key == *key).unwrap().placed.clone()
    };
    assert_eq!(placed(&report(1).key), Placement::Decision);
    assert_eq!(placed(&report(2).key), Placement::Origin);
    assert!(get(&bench, id(&report(1))).reports.is_empty());
    assert_eq!(violations(&bench), []);
}

#[tokio::test]
async fn a_forwarding_record_takes_no_decisions_and_no_merges_and_says_where_to_go() {
    let bench = Bench::new();
    bench.ingest(&[report(1), report(2), report(3)]).await;
    merge(&bench, &report(2), &report(1)).await;
    let merged = Refused::Merged { id: id(&report(1)), into: id(&report(2)) };

    let decided = bench.writer.decide(one(decision(&report(1), TriageAction::Start))).await;
    assert!(matches!(decided, Err(WriteError::Atomic { refused, .. }) if refused == merged));
    for attempt in [
        bench.writer.merge(merging(id(&report(3)), id(&report(1)))).await,
        bench.writer.merge(merging(id(&report(1)), id(&report(3)))).await,
        bench.writer.split(splitting(id(&report(1)), &report(1).key)).await,
    ] {
        assert!(matches!(attempt, Err(WriteError::Refused(refused)) if refused == merged));
    }
    assert_eq!(bench.store.head(), Revision(5));
}

#[tokio::test]
async fn what_cannot_be_moved_is_refused_with_the_reason_and_nothing_moves() {
    let bench = Bench::new();
    bench.ingest(&[report(1), report(2)]).await;
    let (one, two, nobody) = (id(&report(1)), id(&report(2)), id(&report(9)));
    let etag = Some("\"t9\"".to_owned());

    let merges = [
        (merging(one, one), Refused::Regroup(RegroupError::Same(one))),
        (merging(one, nobody), Refused::NotFound(nobody)),
        (
            Merge { from_etag: etag.clone(), ..merging(one, two) },
            Refused::EtagMismatch { id: two, current: "\"t0\"".to_owned() },
        ),
    ];
    for (merge, expected) in merges {
        let refused = bench.writer.merge(merge).await.unwrap_err();
        assert!(matches!(&refused, WriteError::Refused(why) if *why == expected), "{refused}");
    }
    let splits = [
        (splitting(one, &report(1).key), "only this to say"),
        (splitting(one, &report(2).key), "no report"),
        (Split { etag, ..splitting(one, &report(1).key) }, "etag"),
    ];
    for (split, expected) in splits {
        let refused = bench.writer.split(split).await.unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    assert_eq!(bench.store.head(), Revision(2));
    assert_eq!(bench.store.scan_meta(MetaTable::Route, &[], 10).unwrap(), []);
}

#[tokio::test]
async fn a_split_of_what_came_by_a_merge_undoes_the_merge() {
    let bench = Bench::new();
    bench.ingest(&[report(1), copy(&report(1)), report(2)]).await;
    bench.writer.decide(one(decision(&report(1), TriageAction::Start))).await.unwrap();
    merge(&bench, &report(2), &report(1)).await;

    let done = bench.writer.split(splitting(id(&report(2)), &report(1).key)).await.unwrap();

    assert_eq!((done.finding.id, done.other.id), (id(&report(2)), id(&report(1))));
    let revived = get(&bench, id(&report(1)));
    assert_eq!((revived.reports.len(), revived.merged_into), (2, None));
    assert!(revived.reports.iter().all(|held| held.placed == Placement::Origin));
    assert_eq!(revived.triage.state, TriageState::InProgress);
    assert_eq!(revived.facts.status, Status::Active);
    assert_eq!(bench.store.scan_meta(MetaTable::Route, &[], 10).unwrap(), []);
    bench.ingest(&[worse(&report(1)), worse(&report(2))]).await;
    assert_eq!(get(&bench, id(&report(1))).reports.len(), 2);
    assert_eq!(get(&bench, id(&report(2))).reports.len(), 1);
    assert_eq!(violations(&bench), []);
}

#[tokio::test]
async fn the_undoing_of_a_merge_takes_what_was_merged_before_it_along() {
    let bench = Bench::new();
    bench.ingest(&[report(1), report(2), report(3)]).await;
    merge(&bench, &report(2), &report(1)).await;
    merge(&bench, &report(3), &report(2)).await;

    bench.writer.split(splitting(id(&report(3)), &report(2).key)).await.unwrap();

    assert_eq!(get(&bench, id(&report(2))).reports.len(), 2);
    bench.ingest(&[worse(&report(1)), worse(&report(2)), worse(&report(3))]).await;
    assert_eq!(get(&bench, id(&report(2))).reports.len(), 2);
    assert_eq!(keys(&get(&bench, id(&report(3)))), [report(3).key.provider_id]);
    assert_eq!(violations(&bench), []);
}

#[tokio::test]
async fn a_split_of_one_report_among_its_equals_takes_that_one_alone_and_keeps_it_away() {
    let bench = Bench::new();
    let (first, second) = (report(1), copy(&report(1)));
    bench.ingest(&[first.clone(), second.clone()]).await;

    let done = bench.writer.split(splitting(id(&first), &second.key)).await.unwrap();

    assert!(done.other.key.starts_with("split|"), "{}", done.other.key);
    assert_eq!(done.other.reports[0].placed, Placement::Decision);
    bench.ingest(&[worse(&first), worse(&second)]).await;
    assert_eq!(keys(&get(&bench, id(&first))), [first.key.provider_id.as_str()]);
    assert_eq!(keys(&get(&bench, done.other.id)), [second.key.provider_id.as_str()]);
    // Merged again, and split again, it is the same finding.
    bench.writer.merge(merging(id(&first), done.other.id)).await.unwrap();
    let again = bench.writer.split(splitting(id(&first), &second.key)).await.unwrap();
    assert_eq!(again.other.id, done.other.id);
    assert_eq!(violations(&bench), []);
}

#[tokio::test]
async fn what_was_split_can_have_others_merged_into_it_and_leave_them() {
    let bench = Bench::new();
    let (first, second) = (report(1), copy(&report(1)));
    bench.ingest(&[first.clone(), second.clone(), report(2)]).await;
    let split = bench.writer.split(splitting(id(&first), &second.key)).await.unwrap().other.id;
    bench.writer.merge(merging(split, id(&report(2)))).await.unwrap();

    let done = bench.writer.split(splitting(split, &second.key)).await.unwrap();

    assert_ne!(done.other.id, split);
    bench.ingest(&[worse(&first), worse(&second), worse(&report(2))]).await;
    assert_eq!(keys(&get(&bench, split)), [report(2).key.provider_id.as_str()]);
    assert_eq!(keys(&get(&bench, done.other.id)), [second.key.provider_id.as_str()]);
    assert_eq!(violations(&bench), []);
}

#[tokio::test]
async fn a_repeated_call_gets_the_first_outcome_and_moves_nothing() {
    let bench = Bench::new();
    bench.ingest(&[report(1), report(2)]).await;
    let request = |id: &str, hash| Some((id.to_owned(), [hash; 32]));
    let (one, two) = (id(&report(1)), id(&report(2)));
    let join = |hash| Merge { request: request("m", hash), ..merging(one, two) };
    let part = || Split { request: request("s", 3), ..splitting(one, &report(2).key) };

    let merged = bench.writer.merge(join(1)).await.unwrap();
    let again = bench.writer.merge(join(1)).await.unwrap();
    let other = bench.writer.merge(join(2)).await.unwrap_err();
    let split = bench.writer.split(part()).await.unwrap();
    let repeated = bench.writer.split(part()).await.unwrap();

    assert!(!merged.replayed && again.replayed && !split.replayed && repeated.replayed);
    assert_eq!((merged.revision, again.revision), (Revision(4), Revision(4)));
    assert_eq!((again.finding.id, again.other.id), (one, two));
    assert_eq!((split.revision, repeated.revision), (Revision(6), Revision(6)));
    assert_eq!((repeated.finding.id, repeated.other.id), (one, two));
    assert!(matches!(other, WriteError::RequestIdReused(_)));
    assert_eq!(bench.store.head(), Revision(6));
}

#[tokio::test]
async fn after_retention_a_merged_report_makes_the_same_finding_again() {
    use muster_core::time::DAY_MS;
    let bench = Bench::with_retention(DAY_MS);
    let closed = |report: Report| Report { status: Status::Resolved, ..report };
    bench.ingest(&[closed(report(1)), closed(report(2))]).await;
    merge(&bench, &report(2), &report(1)).await;
    bench.clock.pass(8 * DAY_MS);
    bench.ingest(&[report(3)]).await;
    while bench.writer.housekeep().await.unwrap() > 0 {}
    assert_eq!(bench.store.findings(&[id(&report(1)), id(&report(2))]).unwrap(), [None, None]);

    bench.ingest(&[report(1)]).await;

    let again = get(&bench, id(&report(2)));
    assert_eq!(keys(&again), [report(1).key.provider_id]);
    assert_eq!(violations(&bench), []);
}

#[tokio::test]
async fn routes_hold_after_a_restart() {
    let bench = Bench::new();
    bench.ingest(&[report(1), report(2)]).await;
    merge(&bench, &report(2), &report(1)).await;

    let restarted = bench.restart();

    restarted.ingest(&[worse(&report(1)), report(3)]).await;
    assert_eq!(get(&restarted, id(&report(2))).reports.len(), 2);
    let classes = Classes::builtin();
    let routes = Routes::new(&*restarted.store, &classes).unwrap();
    assert_eq!(routes.place(&report(1)).unwrap().id, id(&report(2)));
    assert_eq!(violations(&restarted), []);
}

#[tokio::test]
async fn a_merge_whose_answer_is_lost_is_whole_and_a_repeat_gets_its_outcome() {
    let bench = Bench::new();
    bench.ingest(&[report(1), report(2)]).await;
    let request = Some(("m".to_owned(), [1; 32]));
    let merge = Merge { request, ..merging(id(&report(2)), id(&report(1))) };
    // The journal refuses: the writer ends between the commit and the answer.
    *bench.log.full.lock().unwrap() = true;
    assert!(matches!(bench.writer.merge(merge.clone()).await, Err(WriteError::Closed(_))));

    let restarted = bench.restart();
    *restarted.log.full.lock().unwrap() = false;
    let again = restarted.writer.merge(merge).await.unwrap();

    assert!(again.replayed);
    assert_eq!(again.revision, Revision(4));
    restarted.ingest(&[worse(&report(1))]).await;
    assert_eq!(get(&restarted, id(&report(2))).reports.len(), 2);
    assert_eq!(violations(&restarted), []);
}
