//! Inspector.

use muster_core::report::Status;
use muster_core::unit::{SourceKind, UnitCondition};
use muster_sources::source::Fault as SourceFault;
use muster_testkit::{ErrorKind, Fault, FaultRule, Operation, World};
use serde_json::{Value, json};

use super::*;

const KIND: SourceKind = SourceKind::Inspector;

/// A finding, updated a number of seconds after the world began.
fn finding(number: i64) -> Value {
    json!({
        "findingArn": format!("arn:aws:inspector2:{REGION}:{ACCOUNT}:finding/{number:032x}"),
        "awsAccountId": ACCOUNT,
        "type": "PACKAGE_VULNERABILITY",
        "status": if number % 10 == 9 { "CLOSED" } else { "ACTIVE" },
        "severity": "HIGH",
        "title": format!("CVE-2026-{number} - libexample"),
        "description": "made up",
        "firstObservedAt": began().0 / 1000,
        "lastObservedAt": began().0 / 1000 + number,
        "updatedAt": began().0 / 1000 + number,
        "inspectorScore": 8.1,
        "resources": [{ "id": format!("i-{number:017x}"), "type": "AWS_EC2_INSTANCE", "region": REGION,
            "partition": "aws" }],
        "packageVulnerabilityDetails": { "vulnerabilityId": format!("CVE-2026-{number}"),
            "source": "NVD", "vulnerablePackages": [{ "name": "libexample", "version": "1" }] }
    })
}

/// Inspector with this many findings.
fn world(findings: i64) -> World {
    let mut world = empty_world();
    world.enable_inspector(&scope(), (0..findings).map(finding));
    world
}

#[tokio::test]
async fn a_sweep_reads_every_finding_and_an_incremental_pass_its_window() {
    let emulator = start(world(250)).await;
    let source = source(&emulator, KIND).await;

    let pages = read(&*source, sweep()).await.unwrap();
    let sizes: Vec<usize> = pages.iter().map(|page| page.documents.len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    let found = reports(&pages);
    assert_eq!(found.iter().filter(|report| report.status == Status::Resolved).count(), 25);
    assert_eq!(found[7].rule_id, "CVE-2026-7");

    let some = read(&*source, incremental(100_000, 149_000)).await.unwrap();
    assert_eq!(reports(&some).len(), 50);
}

#[tokio::test]
async fn where_it_is_off_an_empty_list_is_not_taken_for_clean() {
    let mut world = empty_world();
    world.add_account(ACCOUNT);
    let emulator = start(world).await;

    let found = source(&emulator, KIND).await.units().await.unwrap();

    let obstacle = found[0].obstacle.as_ref().unwrap();
    assert_eq!(obstacle.condition, UnitCondition::NotEnabled);
    assert!(obstacle.hint.contains("aws inspector2 enable"), "{obstacle:?}");
}

#[tokio::test]
async fn what_is_denied_names_the_action() {
    let emulator = start(world(1)).await;
    let source = source(&emulator, KIND).await;

    for (operation, name) in [
        (Operation::ListInspectorFindings, "inspector2:ListFindings"),
        (Operation::BatchGetAccountStatus, "inspector2:BatchGetAccountStatus"),
    ] {
        let denied = Fault::Error(ErrorKind::AccessDenied);
        let rule = emulator.inject(FaultRule::on(operation, denied));
        let error = match operation {
            Operation::BatchGetAccountStatus => source.units().await.map(drop).unwrap_err(),
            _ => read(&*source, sweep()).await.map(drop).unwrap_err(),
        };
        emulator.heal(rule);
        assert_eq!((error.condition, error.operation), (UnitCondition::Denied, name));
        assert!(error.hint.contains(name), "{error:?}");
    }
}

#[tokio::test]
async fn pages_that_never_end_are_found_out() {
    let emulator = start(world(250)).await;
    let source = source(&emulator, KIND).await;
    emulator.inject(FaultRule::on(Operation::ListInspectorFindings, Fault::RepeatToken));

    let error = read(&*source, sweep()).await.unwrap_err();

    assert_eq!(error.fault, SourceFault::RepeatedToken);
}
