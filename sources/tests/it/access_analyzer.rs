//! IAM Access Analyzer.

use std::collections::{BTreeMap, BTreeSet};

use muster_core::unit::{SourceKind, UnitCondition};
use muster_sources::source::Fault as Failure;
use muster_testkit::{
    Access, AccessKind, AnalyzerKind, ErrorKind, Event, Fault, FaultRule, Operation, Resource,
};
use serde_json::{Value, json};

use super::*;

const KIND: SourceKind = SourceKind::AccessAnalyzer;

/// A world with one analyzer, and its ARN.
fn world(kind: AnalyzerKind) -> (World, String) {
    let mut world = empty_world();
    world.add_account(ACCOUNT);
    let arn = world.create_analyzer(&scope(), "analyzer", kind);
    (world, arn)
}

fn access(name: &str, analyzer: &str, kind: AccessKind, age_hours: u32) -> Event {
    Event::Access(Access {
        name: name.to_owned(),
        analyzer: analyzer.to_owned(),
        resource: Resource::role(ACCOUNT, name),
        kind,
        age_hours,
    })
}

fn shared(name: &str, analyzer: &str) -> Event {
    let kind = AccessKind::External {
        principal: ("AWS".to_owned(), "444455556666".to_owned()),
        actions: vec!["sts:AssumeRole".to_owned()],
        condition: BTreeMap::new(),
        is_public: false,
    };
    access(name, analyzer, kind, 30)
}

fn unused_permissions(services: usize) -> AccessKind {
    let service =
        |number| (format!("service-{number:02}"), vec![format!("service-{number:02}:Get")]);
    AccessKind::UnusedPermission((0..services).map(service).collect())
}

/// The ids of the details that were asked for.
fn fetched(emulator: &Emulator) -> BTreeSet<String> {
    emulator
        .calls()
        .requests_of(Operation::GetAccessFindingV2)
        .map(|request| {
            let path = request.target.strip_prefix("/findingv2/").unwrap();
            path.split_once('?').unwrap().0.to_owned()
        })
        .collect()
}

#[tokio::test]
async fn an_external_analyzer_is_read_without_a_call_for_each_finding() {
    let (world, arn) = world(AnalyzerKind::Account);
    let emulator = start(world).await;
    for number in 0..130 {
        emulator.apply(shared(&format!("share-{number}"), &arn)).unwrap();
    }
    let source = source(&emulator, KIND).await;

    let pages = read(&*source, sweep()).await.unwrap();

    let sizes: Vec<usize> = pages.iter().map(|page| page.documents.len()).collect();
    assert_eq!(sizes, [100, 30]);
    assert_eq!(reports(&pages).len(), 130);
    assert_eq!(only_unit(&*source).await.part, arn);
    assert_eq!(emulator.calls().of(Operation::GetAccessFindingV2).calls, 0);
    // One more: which resources the analyzer may not look at.
    let calls = emulator.calls();
    let first: Value = calls
        .requests_of(Operation::ListAccessFindings)
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .next()
        .unwrap();
    assert_eq!(first["filter"], json!({ "error": { "exists": true } }));
    assert_eq!(calls.of(Operation::ListAccessFindings).calls, 3);
}

#[tokio::test]
async fn the_first_sweep_fetches_the_details_of_all() {
    let (world, arn) = world(AnalyzerKind::AccountUnusedAccess);
    let emulator = start(world).await;
    for number in 0..3 {
        let kind = AccessKind::UnusedRole { last_accessed: None };
        emulator.apply(access(&format!("role-{number}"), &arn, kind, 300)).unwrap();
    }

    let pages = read(&*source(&emulator, KIND).await, sweep()).await.unwrap();

    assert_eq!(reports(&pages).len(), 3);
    assert!(pages.iter().all(|page| page.present.is_empty()));
    assert_eq!(fetched(&emulator).len(), 3);
}

#[tokio::test]
async fn what_did_not_change_is_only_named() {
    let (world, arn) = world(AnalyzerKind::AccountUnusedAccess);
    let emulator = start(world).await;
    for (name, age_hours) in [("old", 300), ("older", 400), ("new", 1)] {
        let kind = AccessKind::UnusedRole { last_accessed: None };
        emulator.apply(access(name, &arn, kind, age_hours)).unwrap();
    }
    let source = source(&emulator, KIND).await;
    let first = read(&*source, sweep()).await.unwrap();
    let keys: BTreeSet<_> = reports(&first).iter().map(|report| report.key.clone()).collect();
    let new = emulator.with_world(|world| world.ids("new"));

    let watermark = Some(began().plus(-10 * HOUR_MS));
    let known = Checkpoint { watermark, ..Checkpoint::default() };
    for pass in [incremental(-10 * HOUR_MS, 0), Pass { checkpoint: known, ..sweep() }] {
        let before = emulator.calls().of(Operation::GetAccessFindingV2).calls;
        let pages = read(&*source, pass).await.unwrap();

        let present: Vec<_> = pages.iter().flat_map(|page| page.present.clone()).collect();
        let reported = reports(&pages);
        assert_eq!((present.len(), reported.len()), (2, 1));
        let together: BTreeSet<_> =
            present.into_iter().chain(reported.iter().map(|report| report.key.clone())).collect();
        assert_eq!(together, keys);
        assert_eq!(emulator.calls().of(Operation::GetAccessFindingV2).calls, before + 1);
        let last = emulator.calls();
        let last = last.requests_of(Operation::GetAccessFindingV2).next_back().unwrap();
        assert!(last.target.contains(&new[0]), "{}", last.target);
    }
}

#[tokio::test]
async fn all_pages_of_the_details_make_one_report() {
    let (world, arn) = world(AnalyzerKind::AccountUnusedAccess);
    let emulator = start(world).await;
    emulator.apply(access("wide", &arn, unused_permissions(24), 300)).unwrap();

    let pages = read(&*source(&emulator, KIND).await, sweep()).await.unwrap();

    let reports = reports(&pages);
    assert_eq!(reports.len(), 1);
    let raw = std::str::from_utf8(&reports[0].raw).unwrap();
    assert!(raw.contains("service-00") && raw.contains("service-23"), "{raw}");
    assert_eq!(emulator.calls().of(Operation::GetAccessFindingV2).calls, 3);
}

#[tokio::test]
async fn a_finding_that_goes_between_list_and_details_is_passed_over() {
    let (world, arn) = world(AnalyzerKind::AccountUnusedAccess);
    let emulator = start(world).await;
    for name in ["one", "two"] {
        let kind = AccessKind::UnusedRole { last_accessed: None };
        emulator.apply(access(name, &arn, kind, 300)).unwrap();
    }
    let gone = Fault::Error(ErrorKind::NotFound);
    emulator.inject(FaultRule::on(Operation::GetAccessFindingV2, gone).times(1));

    let pages = read(&*source(&emulator, KIND).await, sweep()).await.unwrap();

    assert_eq!(reports(&pages).len(), 1);
}

#[tokio::test]
async fn a_unit_is_read_as_its_analyzer_wants_also_when_nothing_was_listed_before() {
    let (world, arn) = world(AnalyzerKind::AccountUnusedAccess);
    let emulator = start(world).await;
    let source = source(&emulator, KIND).await;
    let unit = Unit { part: arn, ..source.scope() };

    read_unit(&*source, &unit, sweep()).await.unwrap();

    let calls = emulator.calls();
    assert_eq!(calls.of(Operation::ListAnalyzers).calls, 1);
    assert_eq!(calls.of(Operation::ListAccessFindings).calls, 0);
    assert_eq!(calls.of(Operation::ListAccessFindingsV2).calls, 1);
}

#[tokio::test]
async fn an_analyzer_that_is_gone_or_off_says_so() {
    let (mut world, arn) = world(AnalyzerKind::Account);
    world.disable_analyzer(&arn);
    let emulator = start(world).await;
    let source = source(&emulator, KIND).await;

    let found = source.units().await.unwrap();
    let obstacle = found[0].obstacle.clone().unwrap();
    assert_eq!(found[0].unit.part, arn);
    assert_eq!((obstacle.condition, obstacle.fault), (UnitCondition::NotEnabled, Failure::Absent));
    assert!(obstacle.message.contains("DISABLED"), "{}", obstacle.message);

    emulator.with_world(|world| world.delete_analyzer(&arn));
    let error = read_unit(&*source, &found[0].unit, sweep()).await.unwrap_err();
    assert_eq!(error.condition, UnitCondition::NotEnabled);

    let found = source.units().await.unwrap();
    assert_eq!(found[0].unit.part, "");
    let obstacle = found[0].obstacle.clone().unwrap();
    assert!(obstacle.hint.contains("create-analyzer"), "{}", obstacle.hint);
}
