//! Merges and splits.

use muster_api::ACTOR_METADATA;
use muster_api::v1 as wire;
use muster_api::v1::triage_action::{Acknowledge, Action};
use muster_api::v1::watch_findings_response::Event;
use muster_api::v1::{ChangeKind, FilterEffect, FindingRelation, PlacementKind, Status};
use muster_core::ids::Revision;
use muster_core::report::IdentityRule;
use tonic::{Code, IntoRequest, Request};

use super::sample::{Sample, id, sample, unit};
use super::world::{World, fact, fields, reason};
use crate::store::Store;
use crate::writer::Ingest;

const REQUEST_ID: &str = "5f0c9d4e-6c4f-4f3e-9a55-0d9c3c1f7a10";

fn merge(from: u32, into: u32) -> wire::MergeFindingsRequest {
    wire::MergeFindingsRequest {
        into_id: id(into).to_string(),
        from_id: id(from).to_string(),
        comment: "one bucket, one owner".to_owned(),
        ..Default::default()
    }
}

fn split(number: u32, report: &str) -> wire::SplitFindingRequest {
    wire::SplitFindingRequest {
        finding_id: id(number).to_string(),
        report_key: report.to_owned(),
        comment: "not the same after all".to_owned(),
        ..Default::default()
    }
}

fn by_alice<T>(message: T) -> Request<T> {
    let mut request = message.into_request();
    request.metadata_mut().insert(ACTOR_METADATA, "user:alice".parse().unwrap());
    request
}

fn key(sample: &Sample) -> String {
    sample.observed().report.key.to_string()
}

async fn merged(world: &World, from: u32, into: u32) -> wire::MergeFindingsResponse {
    world.triage().merge_findings(by_alice(merge(from, into))).await.unwrap().into_inner()
}

async fn get(world: &World, id: &str) -> wire::Finding {
    let request = wire::GetFindingRequest { id: id.to_owned(), view: 0 };
    world.findings().get_finding(request).await.unwrap().into_inner().finding.unwrap()
}

/// Reads a report again, as a sweep does: by the writer, which knows where it belongs.
async fn refresh(world: &World, sample: &Sample) {
    let observed = sample.observed();
    let reports = vec![(observed.report, observed.content_hash)];
    let page = Ingest { reports, ..Ingest::default() };
    world.backend.writer.ingest(unit(), page).await.unwrap();
}

#[tokio::test]
async fn a_merge_moves_all_reports_and_leaves_a_forwarding_record() {
    let world = World::holding([sample(1, 40), sample(2, 90)]).await;

    let answer = merged(&world, 2, 1).await;

    assert!(!answer.replayed);
    assert_eq!(answer.moved_report_keys, [key(&sample(2, 90))]);
    let (into, from) = (answer.into.unwrap(), answer.from.unwrap());
    assert_eq!((into.revision, from.revision), (answer.revision - 1, answer.revision));
    assert_eq!((into.id.clone(), into.report_count), (id(1).to_string(), 2));
    assert_eq!(into.severity_normalized, 90, "the facts are folded again");
    assert_eq!((from.id.clone(), from.report_count), (id(2).to_string(), 0));
    assert_eq!((from.status(), from.merged_into_id), (Status::Resolved, into.id));
}

#[tokio::test]
async fn both_findings_say_who_merged_them_and_why() {
    let world = World::holding([sample(1, 40), sample(2, 90)]).await;
    merged(&world, 2, 1).await;
    // Entries between: the answer is looked for in the history.
    refresh(&world, &sample(2, 95)).await;

    let (into, from) =
        (get(&world, &id(1).to_string()).await, get(&world, &id(2).to_string()).await);

    let said = from.merged.unwrap();
    assert_eq!(said.actor.unwrap().principal, "user:alice");
    assert_eq!((said.action.as_str(), said.comment.as_str()), ("merge", "one bucket, one owner"));
    let placements: Vec<_> = into.reports.into_iter().map(|one| one.placement.unwrap()).collect();
    let moved: Vec<_> = placements.iter().map(wire::Placement::kind).collect();
    assert_eq!(moved, [PlacementKind::Origin, PlacementKind::Decision]);
    assert_eq!(placements[0].decided, None);
    let decided = placements[1].decided.clone().unwrap();
    assert_eq!(decided.time, said.time);
    assert_eq!(decided.actor.unwrap().principal, "user:alice");
}

#[tokio::test]
async fn a_later_refresh_respects_a_merge() {
    let world = World::holding([sample(1, 40), sample(2, 90)]).await;
    merged(&world, 2, 1).await;

    refresh(&world, &sample(2, 20)).await;
    refresh(&world, &sample(2, 20).report_number(7)).await;

    assert_eq!(world.finding(1).unwrap().reports.len(), 3, "the new report of it came along");
    assert!(world.finding(2).unwrap().reports.is_empty());
}

#[tokio::test]
async fn a_split_of_what_came_by_a_merge_undoes_it() {
    let world =
        World::holding([sample(1, 40), sample(2, 90), sample(2, 90).report_number(7)]).await;
    merged(&world, 2, 1).await;
    let key = key(&sample(2, 90));

    let answer = world.triage().split_finding(by_alice(split(1, &key))).await.unwrap().into_inner();

    assert_eq!(answer.moved_report_keys.len(), 2, "what came with it goes with it");
    assert!(answer.moved_report_keys.contains(&key));
    let (rest, back) = (answer.finding.unwrap(), answer.split.unwrap());
    assert_eq!((rest.report_count, back.report_count), (1, 2));
    assert_eq!(back.id, id(2).to_string());
    assert_eq!((back.status(), back.merged_into_id.as_str()), (Status::Active, ""));
    assert_eq!(back.merged, None);
    let kinds = back.reports.iter().map(|report| report.placement.as_ref().unwrap().kind());
    assert!(kinds.into_iter().all(|kind| kind == PlacementKind::Origin), "as if it never was");
}

#[tokio::test]
async fn a_report_that_is_split_off_is_a_finding_of_its_own() {
    let world = World::holding([sample(1, 40), sample(1, 90).report_number(7)]).await;
    let key = key(&sample(1, 90).report_number(7));

    let answer = world.triage().split_finding(by_alice(split(1, &key))).await.unwrap().into_inner();

    assert_eq!(answer.moved_report_keys, [key]);
    let split = get(&world, &answer.split.unwrap().id).await;
    assert_eq!(split.report_count, 1);
    let placement = split.reports[0].placement.clone().unwrap();
    assert_eq!(placement.kind(), PlacementKind::Decision);
    assert_eq!(placement.decided.unwrap().comment, "not the same after all");
    // And it stays away.
    refresh(&world, &sample(1, 95).report_number(7)).await;
    assert_eq!(world.finding(1).unwrap().reports.len(), 1);
}

#[tokio::test]
async fn a_merge_and_a_split_with_a_known_request_id_give_the_first_outcome() {
    let world = World::holding([sample(1, 40), sample(2, 90), sample(3, 40)]).await;
    let request = wire::MergeFindingsRequest { request_id: REQUEST_ID.to_owned(), ..merge(2, 1) };
    let ask = async || {
        let answer = world.triage().merge_findings(by_alice(request.clone())).await;
        answer.unwrap().into_inner()
    };

    let (first, again) = (ask().await, ask().await);

    assert!(!first.replayed && again.replayed);
    assert_eq!(
        (first.revision, &first.into, &first.from),
        (again.revision, &again.into, &again.from)
    );
    assert_eq!(first.moved_report_keys, again.moved_report_keys);
    let other = wire::MergeFindingsRequest { request_id: REQUEST_ID.to_owned(), ..merge(3, 1) };
    let reused = world.triage().merge_findings(by_alice(other)).await.unwrap_err();
    assert_eq!(reason(&reused), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
    let key = key(&sample(2, 90));
    let request = "5f0c9d4e-6c4f-4f3e-9a55-0d9c3c1f7a11".to_owned();
    let request = wire::SplitFindingRequest { request_id: request, ..split(1, &key) };
    let ask = async || {
        let answer = world.triage().split_finding(by_alice(request.clone())).await;
        answer.unwrap().into_inner()
    };
    let (first, again) = (ask().await, ask().await);
    assert!(!first.replayed && again.replayed);
    assert_eq!((first.revision, first.split), (again.revision, again.split));
    assert_eq!(first.moved_report_keys, again.moved_report_keys);
}

#[tokio::test]
async fn a_finding_that_was_merged_takes_no_decisions_and_names_the_one_that_does() {
    let world = World::holding([sample(1, 40), sample(2, 90), sample(3, 40)]).await;
    merged(&world, 2, 1).await;
    let acknowledge = wire::TriageFindingRequest {
        finding_id: id(2).to_string(),
        action: Some(wire::TriageAction { action: Some(Action::Acknowledge(Acknowledge {})) }),
        ..Default::default()
    };
    let key = key(&sample(2, 90));

    let refused = [
        world.triage().merge_findings(merge(2, 3)).await.unwrap_err(),
        world.triage().merge_findings(merge(3, 2)).await.unwrap_err(),
        world.triage().split_finding(split(2, &key)).await.unwrap_err(),
        world.triage().triage_finding(acknowledge).await.unwrap_err(),
    ];

    for status in refused {
        let expected = (Code::FailedPrecondition, "FINDING_MERGED".to_owned());
        assert_eq!(reason(&status), expected, "{status:?}");
        assert_eq!(fact(&status, "merged_into"), id(1).to_string());
    }
}

#[tokio::test]
async fn what_cannot_be_regrouped_is_refused_with_its_reason() {
    let world = World::holding([sample(1, 40), sample(2, 90).threat()]).await;
    let only = key(&sample(1, 40));

    let threat = world.triage().merge_findings(merge(2, 1)).await.unwrap_err();
    let whole = world.triage().split_finding(split(1, &only)).await.unwrap_err();

    for status in [&threat, &whole] {
        let expected = (Code::FailedPrecondition, "CANNOT_REGROUP".to_owned());
        assert_eq!(reason(status), expected, "{status:?}");
    }
    assert!(threat.message().contains("threat"), "{threat:?}");
    assert!(whole.message().contains("nothing to split"), "{whole:?}");
}

#[tokio::test]
async fn findings_and_reports_that_do_not_exist_are_told_apart() {
    let world = World::holding([sample(1, 40), sample(1, 40).report_number(7)]).await;

    let into = world.triage().merge_findings(merge(1, 9)).await.unwrap_err();
    let from = world.triage().merge_findings(merge(9, 1)).await.unwrap_err();
    let finding = world.triage().split_finding(split(9, "asff|x")).await.unwrap_err();
    let report = world.triage().split_finding(split(1, "asff|x")).await.unwrap_err();

    for status in [into, from, finding] {
        assert_eq!(reason(&status), (Code::NotFound, "FINDING_NOT_FOUND".to_owned()));
    }
    assert_eq!(reason(&report), (Code::NotFound, "REPORT_NOT_FOUND".to_owned()));
    let known: Vec<String> = serde_json::from_str(&fact(&report, "report_keys")).unwrap();
    let expected = [key(&sample(1, 40)), key(&sample(1, 40).report_number(7))];
    assert_eq!(known, expected, "it lists what there is");
}

#[tokio::test]
async fn an_error_that_lists_reports_fits_its_header() {
    let world = World::start().await;
    world.observe((0..64).map(|number| sample(1, 40).report_number(1_000_000 + number)));

    let status = world.triage().split_finding(split(1, "asff|x")).await.unwrap_err();

    let known: Vec<String> = serde_json::from_str(&fact(&status, "report_keys")).unwrap();
    assert!(!known.is_empty() && known.len() <= 20, "{known:?}");
    assert!(status.message().contains("it has 64"), "{}", status.message());
}

#[tokio::test]
async fn conditions_are_on_the_finding_that_they_name() {
    let world =
        World::holding([sample(1, 40), sample(2, 40).report_number(7), sample(2, 40)]).await;
    let stale = || "\"0-000000000000\"".to_owned();

    let into = wire::MergeFindingsRequest { into_etag: stale(), ..merge(2, 1) };
    let from = wire::MergeFindingsRequest { from_etag: stale(), ..merge(2, 1) };
    let of_split = wire::SplitFindingRequest { etag: stale(), ..split(2, &key(&sample(2, 40))) };
    let into = world.triage().merge_findings(into).await.unwrap_err();
    let from = world.triage().merge_findings(from).await.unwrap_err();
    let of_split = world.triage().split_finding(of_split).await.unwrap_err();

    for (status, number) in [(into, 1), (from, 2), (of_split, 2)] {
        assert_eq!(reason(&status), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
        let current = get(&world, &id(number).to_string()).await.triage.unwrap().etag;
        assert_eq!(fact(&status, "current_etag"), current);
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_request_is_named() {
    let world = World::start().await;

    let merge = wire::MergeFindingsRequest {
        into_id: "fnd_short".to_owned(),
        from_id: String::new(),
        comment: " \n".to_owned(),
        request_id: "7".to_owned(),
        ..Default::default()
    };
    let split = wire::SplitFindingRequest { report_key: "smoke|x".to_owned(), ..split(1, "") };
    let same = wire::MergeFindingsRequest { comment: String::new(), ..self::merge(1, 1) };

    let wrong = world.triage().merge_findings(merge).await.unwrap_err();
    assert_eq!(fields(&wrong), ["into_id", "from_id", "comment", "request_id"]);
    let wrong = world.triage().split_finding(split).await.unwrap_err();
    assert_eq!(fields(&wrong), ["report_key"]);
    let wrong = world.triage().merge_findings(same).await.unwrap_err();
    assert_eq!(fields(&wrong), ["from_id", "comment"]);
}

#[tokio::test]
async fn the_history_of_both_findings_tells_the_merge_and_its_undoing() {
    let world = World::holding([sample(1, 40), sample(2, 90)]).await;
    merged(&world, 2, 1).await;
    let key = key(&sample(2, 90));
    world.triage().split_finding(by_alice(split(1, &key))).await.unwrap();

    for (number, fields) in [(1, ["split_into", "merged_from"]), (2, ["split_from", "merged_into"])]
    {
        let request =
            wire::ListFindingHistoryRequest { id: id(number).to_string(), ..Default::default() };
        let page = world.findings().list_finding_history(request).await.unwrap().into_inner();
        let actions: Vec<_> = page.changes.iter().map(|one| one.action.as_str()).collect();
        assert_eq!(actions, ["split", "merge", ""]);
        for (change, field) in page.changes.iter().zip(fields) {
            assert!(change.kinds.contains(&ChangeKind::Regrouped.into()), "{change:?}");
            assert_eq!(change.actor.as_ref().unwrap().principal, "user:alice");
            let named = |name: &str| change.fields.iter().any(|one| one.field == name);
            assert!(named(field) && named("report"), "{change:?}");
        }
    }
}

#[tokio::test]
async fn a_watcher_of_open_findings_sees_the_one_stay_and_the_other_leave() {
    let world = World::holding([sample(1, 40), sample(2, 90)]).await;
    let request = wire::WatchFindingsRequest {
        filter: "status = ACTIVE".to_owned(),
        snapshot: wire::SnapshotMode::None.into(),
        ..Default::default()
    };
    let mut stream = world.findings().watch_findings(request).await.unwrap().into_inner();
    merged(&world, 2, 1).await;

    let mut seen = Vec::new();
    while seen.len() < 2 {
        let event = stream.message().await.unwrap().unwrap().event.unwrap();
        if let Event::ChangeBatch(batch) = event {
            seen.extend(batch.changes);
        }
    }

    let effects: Vec<_> =
        seen.iter().map(|one| (one.finding_id.clone(), one.filter_effect())).collect();
    let (one, two) = (id(1).to_string(), id(2).to_string());
    assert_eq!(effects, [(one, FilterEffect::Stayed), (two, FilterEffect::Left)]);
    assert!(seen.iter().all(|one| one.kinds.contains(&ChangeKind::Regrouped.into())), "{seen:?}");
}

#[tokio::test]
async fn lists_of_open_findings_leave_forwarding_records_out() {
    let world = World::holding([sample(1, 40), sample(2, 90)]).await;
    merged(&world, 2, 1).await;

    let open =
        wire::ListFindingsRequest { filter: "status = ACTIVE".to_owned(), ..Default::default() };
    let open = world.findings().list_findings(open).await.unwrap().into_inner();

    assert_eq!(open.findings.len(), 1);
    assert_eq!(open.findings[0].id, id(1).to_string());
}

#[tokio::test]
async fn a_history_that_is_gone_leaves_a_merge_unexplained_and_the_finding_readable() {
    let world = World::holding([sample(1, 40), sample(2, 90)]).await;
    let answer = merged(&world, 2, 1).await;
    world.store.compact(Revision(answer.revision), &[]).unwrap();

    let from = get(&world, &id(2).to_string()).await;

    assert_eq!(from.merged_into_id, id(1).to_string());
    assert_eq!(from.merged, None);
}

#[tokio::test]
async fn other_open_findings_on_the_resource_are_named_threats_first() {
    let world = World::holding([
        sample(1, 40),
        sample(2, 90).on_resource_of(1),
        sample(3, 20).on_resource_of(1),
        sample(4, 10).on_resource_of(1).threat(),
        sample(5, 90).on_resource_of(1).closed(),
        sample(6, 90),
    ])
    .await;

    let shown = get(&world, &id(1).to_string()).await;

    let related: Vec<_> = shown.related.iter().map(|one| one.id.clone()).collect();
    assert_eq!(related, [4, 2, 3].map(|number| id(number).to_string()));
    let second = &shown.related[1];
    assert_eq!((second.title.as_str(), second.status()), ("Sample 2", Status::Active));
    assert_eq!(second.relation(), FindingRelation::SameResource);
    assert!(second.score > shown.related[2].score);
}

#[tokio::test]
async fn what_the_weakness_classes_link_is_named_with_the_class() {
    let account = crate::testing::report(1).account;
    let root = format!("arn:aws:iam::{account}:root");
    let snapshot = format!("arn:aws:ec2:eu-west-1:{account}:snapshot/snap-1");
    let world = World::holding([
        sample(1, 90).says(IdentityRule::TrustedAdvisor, "ePs02jT06w", &snapshot),
        sample(2, 90).says(IdentityRule::Control, "EC2.1", &root),
        sample(3, 90).says(IdentityRule::Control, "IAM.6", &root),
        sample(4, 10).says(IdentityRule::Control, "EC2.999", &snapshot),
    ])
    .await;

    let shown = get(&world, &id(1).to_string()).await;

    let related = shown.related.iter();
    let related: Vec<_> =
        related.map(|one| (one.id.clone(), one.relation(), one.weakness_class.as_str())).collect();
    let whole = (id(2).to_string(), FindingRelation::Whole, "ebs.snapshot_public");
    let here = (id(4).to_string(), FindingRelation::SameResource, "");
    assert_eq!(related, [whole, here], "what else the account has is not its business");
}

#[tokio::test]
async fn a_threat_that_raises_the_score_is_named_as_such() {
    let world = World::start().await;
    refresh(&world, &sample(1, 40)).await;
    let request = wire::WatchFindingsRequest {
        snapshot: wire::SnapshotMode::None.into(),
        ..Default::default()
    };
    let mut stream = world.findings().watch_findings(request).await.unwrap().into_inner();
    refresh(&world, &sample(2, 80).on_resource_of(1).threat()).await;
    // What is related follows in a commit of its own.
    let related = |change: &wire::Change| change.fields.iter().any(|moved| moved.field == "threat");
    loop {
        let event = stream.message().await.unwrap().unwrap().event.unwrap();
        if matches!(event, Event::ChangeBatch(batch) if batch.changes.iter().any(related)) {
            break;
        }
    }

    let shown = get(&world, &id(1).to_string()).await;

    let related: Vec<_> = shown.related.iter().map(wire::RelatedFinding::relation).collect();
    assert_eq!(related, [FindingRelation::Threat]);
    let batch = wire::BatchGetFindingsRequest {
        ids: vec![id(1).to_string()],
        view: wire::FindingView::Full.into(),
    };
    let batch = world.findings().batch_get_findings(batch).await.unwrap().into_inner();
    assert_eq!(batch.findings[0].related, shown.related, "both calls say it");
}
