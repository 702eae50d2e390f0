//! Whose account is read: by the keys, or by a role in another account.

use muster_core::unit::{SourceKind, UnitCondition};
use muster_sources::aws::{AwsSettings, RoleSettings};
use muster_testkit::{Operation, Scope as At};

use super::*;

const MEMBER: &str = "444455556666";

fn settings(emulator: &Emulator) -> AwsSettings {
    AwsSettings {
        account: None,
        backoff: Duration::from_millis(1),
        ..AwsSettings::emulator(REGION.parse().unwrap(), ACCOUNT.parse().unwrap(), emulator.url())
    }
}

fn role(emulator: &Emulator, external_id: Option<&str>) -> AwsSettings {
    let role = RoleSettings {
        arn: format!("arn:aws:iam::{MEMBER}:role/MusterReader"),
        external_id: external_id.map(str::to_owned),
        session_name: "muster".to_owned(),
    };
    AwsSettings { role: Some(role), ..settings(emulator) }
}

/// An emulator whose second account gives its role only for an external id. The SDK compares the
/// end of a session with the time of this machine, so the world lies in the future.
async fn start_two_accounts() -> Emulator {
    let mut world = World::new(7, "2100-01-01T00:00:00Z".parse().unwrap());
    world.enable_guardduty(&scope());
    world.enable_guardduty(&At::new(MEMBER, REGION));
    let config = Config::new(world)
        .limits(Limits::unlimited())
        .default_account(Some(ACCOUNT.to_owned()))
        .external_id(MEMBER, "open sesame");
    Emulator::start(config).await.unwrap()
}

#[tokio::test]
async fn sts_names_the_account_when_the_settings_do_not() {
    let emulator = start_two_accounts().await;

    let account = connect(&settings(&emulator), Arc::new(Unpaced)).await.unwrap();

    assert_eq!(account.id().as_str(), ACCOUNT);
}

#[tokio::test]
async fn a_role_reads_its_own_account_and_is_taken_once_for_all_calls() {
    let emulator = start_two_accounts().await;

    let account = connect(&role(&emulator, Some("open sesame")), Arc::new(Unpaced)).await.unwrap();
    let source = account.source(SourceKind::GuardDuty, &REGION.parse().unwrap()).unwrap();
    let unit = only_unit(&*source).await;
    read(&*source, sweep()).await.unwrap();

    assert_eq!(unit.account.as_str(), MEMBER);
    emulator.with_world(|world| {
        assert_eq!(unit.part, world.detector(&At::new(MEMBER, REGION)).unwrap().id());
    });
    let calls = emulator.calls();
    assert_eq!(calls.of(Operation::AssumeRole).calls, 1);
    assert_eq!(calls.of(Operation::GetCallerIdentity).calls, 0);
    assert_eq!(calls.in_scope(Operation::ListDetectors, &scope()).calls, 0);
}

#[tokio::test]
async fn without_the_external_id_the_role_is_refused_by_name() {
    let emulator = start_two_accounts().await;

    let account = connect(&role(&emulator, None), Arc::new(Unpaced)).await.unwrap();
    let source = account.source(SourceKind::GuardDuty, &REGION.parse().unwrap()).unwrap();
    let error = source.units().await.unwrap_err();

    assert_eq!((error.operation, error.condition), ("sts:AssumeRole", UnitCondition::Denied));
    assert!(error.hint.contains("arn:aws:iam::444455556666:role/MusterReader"), "{}", error.hint);
    assert!(error.hint.contains("external id"), "{}", error.hint);
}
