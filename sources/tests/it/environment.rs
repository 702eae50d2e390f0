//! The standard variables and files.
//!
//! A test never changes the environment that it shares with others: each of these starts itself
//! again as a process with an environment of its own.

use std::path::Path;
use std::process::Stdio;

use muster_core::unit::SourceKind;
use muster_sources::aws::{AwsSettings, CredentialsSettings};
use muster_testkit::{ControlFindings, Operation, Scope as At};

use super::*;

/// Set in the process that is started.
const PROFILE: &str = "MUSTER_TEST_PROFILE";

/// The account of the keys in the environment, and of those in the profile.
const BY_VARIABLE: (&str, &str) = ("AKIAVARIABLE", "111111111111");
const BY_PROFILE: (&str, &str) = ("AKIAPROFILE", "222222222222");

/// What the started process does: a sweep of Security Hub with nothing but its environment.
#[tokio::test]
#[ignore = "started by the others, with an environment"]
async fn child() {
    let profile = std::env::var(PROFILE).ok().filter(|profile| !profile.is_empty());
    let settings = AwsSettings {
        credentials: CredentialsSettings::Chain { profile },
        ..AwsSettings::new(REGION.parse().unwrap())
    };
    let account = connect(&settings, Arc::new(Unpaced)).await.unwrap();
    let source = account.source(SourceKind::SecurityHub, &REGION.parse().unwrap()).unwrap();

    read(&*source, sweep()).await.unwrap();
}

async fn start_two_accounts() -> Emulator {
    let mut world = empty_world();
    for (_, account) in [BY_VARIABLE, BY_PROFILE] {
        world.enable_security_hub(&At::new(account, REGION), ControlFindings::PerControl);
    }
    let config = Config::new(world)
        .access_key(BY_VARIABLE.0, BY_VARIABLE.1)
        .access_key(BY_PROFILE.0, BY_PROFILE.1)
        .default_account(None);
    Emulator::start(config).await.unwrap()
}

/// Starts `child` with these variables and no others.
async fn run_child(home: &Path, variables: &[(&str, &str)]) {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "environment::child", "--ignored"])
        .env_clear()
        .env("HOME", home)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied())
        .stdin(Stdio::null());

    let output = command.output().await.unwrap();

    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

fn calls_in(emulator: &Emulator, operation: Operation, account: &str) -> u64 {
    emulator.calls().in_scope(operation, &At::new(account, REGION)).calls
}

#[tokio::test]
async fn endpoints_and_keys_come_from_the_standard_variables() {
    let emulator = start_two_accounts().await;
    let home = tempfile::tempdir().unwrap();
    let keys = [("AWS_ACCESS_KEY_ID", BY_VARIABLE.0), ("AWS_SECRET_ACCESS_KEY", "s")];

    let all = [&keys[..], &[("AWS_ENDPOINT_URL", emulator.url())]].concat();
    run_child(home.path(), &all).await;
    assert_eq!(calls_in(&emulator, Operation::GetFindings, BY_VARIABLE.1), 1);

    let each = [
        ("AWS_ENDPOINT_URL_SECURITYHUB", emulator.url()),
        ("AWS_ENDPOINT_URL_STS", emulator.url()),
    ];
    run_child(home.path(), &[&keys[..], &each].concat()).await;
    assert_eq!(calls_in(&emulator, Operation::GetFindings, BY_VARIABLE.1), 2);
}

#[tokio::test]
async fn a_profile_in_the_settings_comes_before_keys_in_the_environment() {
    let emulator = start_two_accounts().await;
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    let file =
        format!("[audit]\naws_access_key_id = {}\naws_secret_access_key = s\n", BY_PROFILE.0);
    std::fs::write(home.path().join(".aws/credentials"), file).unwrap();

    let variables = [
        ("AWS_ACCESS_KEY_ID", BY_VARIABLE.0),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_ENDPOINT_URL", emulator.url()),
        (PROFILE, "audit"),
    ];
    run_child(home.path(), &variables).await;

    assert_eq!(calls_in(&emulator, Operation::GetFindings, BY_PROFILE.1), 1);
    assert_eq!(calls_in(&emulator, Operation::GetFindings, BY_VARIABLE.1), 0);
}
