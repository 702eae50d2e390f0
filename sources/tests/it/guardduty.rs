//! `GuardDuty`.

use muster_core::report::Status;
use muster_core::unit::{SourceKind, UnitCondition};
use muster_sources::source::Fault as Failure;
use muster_testkit::{Event, Fault, FaultRule, Operation, Resource, Threat};
use serde_json::{Value, json};

use super::*;

const KIND: SourceKind = SourceKind::GuardDuty;

fn world() -> World {
    let mut world = empty_world();
    world.enable_guardduty(&scope());
    world
}

fn threat(name: &str) -> Event {
    Event::Threat(Threat {
        name: name.to_owned(),
        kind: "UnauthorizedAccess:EC2/SSHBruteForce".to_owned(),
        scope: scope(),
        resource: Resource::instance(&scope(), name),
        count: 3,
        age_hours: 2,
        sample: false,
    })
}

/// An emulator with this many threats.
async fn start_with(threats: usize) -> Emulator {
    let emulator = start(world()).await;
    for number in 0..threats {
        emulator.apply(threat(&format!("threat-{number}"))).unwrap();
    }
    emulator
}

#[tokio::test]
async fn a_sweep_reads_every_finding_of_the_detector_archived_or_not() {
    let emulator = start_with(120).await;
    emulator.apply(Event::Archive { name: "threat-7".to_owned() }).unwrap();
    let source = source(&emulator, KIND).await;

    let pages = read(&*source, sweep()).await.unwrap();

    let sizes: Vec<usize> = pages.iter().map(|page| page.documents.len()).collect();
    assert_eq!(sizes, [50, 50, 20]);
    let reports = reports(&pages);
    assert_eq!(reports.iter().filter(|report| report.status == Status::Archived).count(), 1);
    let detector = emulator.with_world(|world| world.detector(&scope()).unwrap().id().to_owned());
    assert_eq!(only_unit(&*source).await.part, detector);
}

#[tokio::test]
async fn an_incremental_pass_asks_for_milliseconds_and_the_same_on_every_page() {
    let emulator = start_with(60).await;

    let pages =
        read(&*source(&emulator, KIND).await, incremental(-HOUR_MS, HOUR_MS)).await.unwrap();

    assert_eq!(reports(&pages).len(), 60);
    let since = began().plus(-HOUR_MS).0;
    let window = json!({ "greaterThanOrEqual": since, "lessThan": since + 2 * HOUR_MS });
    let calls = emulator.calls();
    let lists: Vec<Value> = calls
        .requests_of(Operation::ListGuardDutyFindings)
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    assert_eq!(lists.len(), 2);
    for list in lists {
        assert_eq!(list["findingCriteria"], json!({ "criterion": { "updatedAt": window } }));
        assert_eq!(list["maxResults"], 50);
        assert_eq!(list["sortCriteria"], json!({ "attributeName": "updatedAt", "orderBy": "ASC" }));
    }
}

#[tokio::test]
async fn an_incremental_pass_after_the_last_change_reads_nothing() {
    let emulator = start_with(3).await;

    let pages =
        read(&*source(&emulator, KIND).await, incremental(HOUR_MS, 2 * HOUR_MS)).await.unwrap();

    assert!(reports(&pages).is_empty());
    assert_eq!(emulator.calls().of(Operation::GetGuardDutyFindings).calls, 0);
}

#[tokio::test]
async fn an_id_that_is_listed_and_gone_is_passed_over() {
    let emulator = start_with(3).await;
    let gone = Fault::ExtraDocument(json!("0123456789abcdef0123456789abcdef"));
    emulator.inject(FaultRule::on(Operation::ListGuardDutyFindings, gone));

    let pages = read(&*source(&emulator, KIND).await, sweep()).await.unwrap();

    assert_eq!(reports(&pages).len(), 3);
}

#[tokio::test]
async fn without_a_detector_there_is_a_unit_that_says_so() {
    let mut world = empty_world();
    world.add_account(ACCOUNT);
    let emulator = start(world).await;

    let found = source(&emulator, KIND).await.units().await.unwrap();

    let [found] = found.as_slice() else { panic!("one unit expected: {found:?}") };
    assert_eq!(found.unit.to_string(), "guardduty/111122223333/eu-west-1");
    let obstacle = found.obstacle.as_ref().unwrap();
    assert_eq!((obstacle.condition, obstacle.fault), (UnitCondition::NotEnabled, Failure::Absent));
    assert!(obstacle.hint.contains("aws guardduty create-detector --enable --region eu-west-1"));
}

#[tokio::test]
async fn the_bytes_of_a_finding_are_those_that_were_sent() {
    let emulator = start_with(1).await;

    let pages = read(&*source(&emulator, KIND).await, sweep()).await.unwrap();

    let raw: Value = serde_json::from_slice(&reports(&pages)[0].raw).unwrap();
    let sent = emulator
        .with_world(|world| world.detector(&scope()).unwrap().documents().next().unwrap().clone());
    assert_eq!(raw, sent);
}
